"""Terms and conditions. Graph: termsAndConditions. Unverified: that a new text raises the version by itself."""

from __future__ import annotations

from fauxtune.core.model.text import JsonObject
from fauxtune.operations.profiles.resources import Hooks
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.rows.resources import ResourceRow

_TEXTS = ("title", "bodyText", "acceptanceStatement")


def _versioned(_tx: Transaction, document: JsonObject, before: ResourceRow | None) -> JsonObject:
    """Raise the version of terms with a new text, to the higher number that a client sends or by one."""
    if before is None:
        return {**document, "version": 1}
    version, old = document["version"], before.document
    if version <= old["version"]:
        version = old["version"] + any(document[name] != old[name] for name in _TEXTS)
    return {**document, "version": version}


TERMS_HOOKS = Hooks(check=_versioned)
