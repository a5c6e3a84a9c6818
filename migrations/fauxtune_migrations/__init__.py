"""Alembic's environment and the revisions of the database. `fauxtune db upgrade` applies them."""
