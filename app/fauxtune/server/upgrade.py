"""`fauxtune db upgrade`: brings the schema up to date without a start."""

from __future__ import annotations

from fauxtune.server import lifespan
from fauxtune.settings import Settings
from fauxtune.storage import migrate


def upgrade(settings: Settings) -> tuple[bool, str]:
    """Upgrade the schema; return whether it changed, and its revision. Raises StartRefused or Conflict while a server
    uses the database.
    """
    with lifespan.data_folder(settings) as folder, lifespan.database(settings, folder, migrated=False) as (opened, _):
        changed = migrate.upgrade(opened)
        return changed, str(opened.run_now(migrate.revision))
