"""Terms and conditions: their version rises where an administrator requires that users accept them again.

Graph: termsAndConditions; Intune: "Create terms and conditions" (2020-03 and later): a typo that is mended keeps the
number.
"""

from __future__ import annotations

from fauxtune.core.model.text import JsonObject
from fauxtune.operations.profiles.resources import Hooks
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.rows.resources import ResourceRow


def _versioned(_tx: Transaction, document: JsonObject, before: ResourceRow | None) -> JsonObject:
    """Return the terms with the higher version that a client sends, else with the one that they have."""
    old = 1 if before is None else before.document["version"]
    return {**document, "version": old if before is None else max(old, document["version"])}


TERMS_HOOKS = Hooks(check=_versioned)
