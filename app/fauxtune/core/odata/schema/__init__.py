"""The description of types: properties, enumerations, complex types, entities, and how faithful each is."""
