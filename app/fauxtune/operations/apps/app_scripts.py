"""Scripts that install or uninstall a Win32 app, as parts of a version of its content."""

from __future__ import annotations

import base64
import binascii

from fauxtune.core.errors import Invalid
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.apps import CONTENT_SCRIPT_RULES
from fauxtune.operations.profiles import resources
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import resources as queries
from fauxtune.storage.rows.resources import ResourceRow

KINDS = ("win32LobAppInstallPowerShellScript", "win32LobAppUninstallPowerShellScript")
#: Bytes of a script (Intune: "Add, assign, and monitor a Win32 app"), and scripts of a version here.
LARGEST, MOST = 50 * 1024, 10


def scripts_of(tx: Transaction, content: ResourceRow) -> list[ResourceRow]:
    """Return the scripts of a version of content, oldest first."""
    family = CONTENT_SCRIPT_RULES.name
    return queries.resources_of_family(tx.connection, tx.tenant.id, family=family, parent_id=content.path)


def add(tx: Transaction, content: ResourceRow, *, kind: str, document: JsonObject) -> ResourceRow:
    """Add a script to a version of content. Raises Invalid for one that is too large, or no base64.

    Unverified: that it is committed at once.
    """
    _check(document.get("content"))
    if len(scripts_of(tx, content)) >= MOST:
        raise Invalid(f"A content version has at most {MOST} scripts here.")
    full = {**document, "state": "commitSuccess"}
    return resources.create(tx, CONTENT_SCRIPT_RULES, kind=kind, document=full, parent=content)


def delete(tx: Transaction, content: ResourceRow, *, key: str) -> None:
    """Delete a script. Raises NotFound."""
    resources.delete(tx, CONTENT_SCRIPT_RULES, key=key, parent=content)


def _check(content: object) -> None:
    try:
        size = len(base64.b64decode(str(content or ""), validate=True))
    except binascii.Error:
        raise Invalid("The content of a script is base64.", target="content") from None
    if size > LARGEST:
        raise Invalid(f"A script has at most {LARGEST // 1024} KiB; this one has {size:,} bytes.", target="content")
