"""OData: schema, resource paths, query options, documents and descriptions. It knows no type of Graph."""
