"""Intents: made of a template, with the settings of that and what is sent besides."""

from __future__ import annotations

from collections.abc import Sequence

from fauxtune.core.graph.index import entity
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.policies import intents as rules
from fauxtune.operations.profiles import resources
from fauxtune.operations.profiles.resources import Hooks
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.rows.resources import ResourceRow

_KIND, _SETTINGS = "deviceManagementIntent", "settings"


def _with_settings(_tx: Transaction, document: JsonObject, before: ResourceRow | None) -> JsonObject:
    """A new intent has the settings of its template, changed by those that were sent."""
    if before is not None:
        return document
    template = rules.template(document.get("templateId") or "")
    settings = rules.merged(rules.default_settings(template), document.get(_SETTINGS) or [])
    return {**document, "templateId": template.id, _SETTINGS: settings}


INTENT_HOOKS = Hooks(check=_with_settings)


def create_instance(tx: Transaction, template_id: str, *, document: JsonObject) -> ResourceRow:
    """Create an intent of a template. Raises NotFound for one that does not exist."""
    template = resources.get(tx, rules.TEMPLATES, key=template_id)
    whole = {**defaults(entity(_KIND)), **document, "templateId": template.id}
    return resources.create(tx, rules.INTENTS, kind=_KIND, document=whole, hooks=INTENT_HOOKS)


def update_settings(tx: Transaction, intent_id: str, *, changes: Sequence[JsonObject]) -> None:
    """Change settings of an intent; the others stay. Raises Invalid for one that does not exist."""
    row = resources.get(tx, rules.INTENTS, key=intent_id)
    settings = rules.merged(row.document[_SETTINGS], list(changes))
    identified = [{**each, "id": each.get("id") or tx.ids.uuid()} for each in settings]
    resources.rewritten(tx, row, rules=rules.INTENTS, document={**row.document, _SETTINGS: identified})
