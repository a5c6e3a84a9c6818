"""What alembic runs for every command: one connection, handed over by whoever asks (`config.attributes`)."""

from __future__ import annotations

from alembic import context

from fauxtune.storage.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    render_item=context.config.attributes.get("render_item"),
)
with context.begin_transaction():
    context.run_migrations()
