"""OData as Graph speaks it: schema, resource paths, expressions, query options. Pure."""
