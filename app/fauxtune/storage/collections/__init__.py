"""Graph's collections as the database has them, one module an area."""
