"""Revision 0012: one setting `edition` takes the place of `removalEdition` and `connectorEdition`.

A tenant that had either of them at 2020 goes by 2020-04, any other by the current edition. Its connectors stay as they
are: setting the edition once more installs those of the edition.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_OLD = {"removalEdition": "2020-03", "connectorEdition": "2020"}


def upgrade() -> None:
    """Go to this revision."""
    tenants = sa.table("tenants", sa.column("id", sa.String), sa.column("settings", sa.JSON))
    connection = op.get_bind()
    for tenant_id, settings in connection.execute(sa.select(tenants.c.id, tenants.c.settings)).all():
        old = any(settings.get(name) == value for name, value in _OLD.items())
        kept = {name: value for name, value in settings.items() if name not in _OLD}
        changed = {**kept, "edition": "2020-04" if old else "current"}
        connection.execute(sa.update(tenants).where(tenants.c.id == tenant_id).values(settings=changed))
