"""`fauxtune db upgrade`: the schema brought up to date without a start."""

from __future__ import annotations

from fauxtune.server import lifespan
from fauxtune.settings import Settings
from fauxtune.storage import migrate


def upgrade(settings: Settings) -> tuple[bool, str]:
    """Was there anything to do, and the revision now. StartRefused or Conflict while a server owns the database."""
    with lifespan.data_folder(settings) as folder, lifespan.database(settings, folder, migrated=False) as (opened, _):
        changed = migrate.upgrade(opened)
        return changed, str(opened.run_now(migrate.revision))
