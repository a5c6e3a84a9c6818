"""The generated pages of docs/: each is made from the tables that the code runs on (`fauxtune openapi` writes them)."""
