"""What three families do beyond their rules: intents, templates of notifications, terms and conditions.

Graph: localizedNotificationMessage. A language is kept in lower case, as the real service shows it; a template has
one default message, and no default language before there is one.

Graph: termsAndConditions; Intune: "Create terms and conditions" (2020-03 and later): a typo that is mended keeps the
number.
"""

from __future__ import annotations

from collections.abc import Sequence

from fauxtune.core.graph.index import entity
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.policies import intents as rules
from fauxtune.core.policies.compliance import MESSAGES, TEMPLATES
from fauxtune.operations.profiles import resources
from fauxtune.operations.profiles.resources import Hooks
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import resources as queries
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
    identified = [{**setting, "id": setting.get("id") or tx.ids.uuid()} for setting in settings]
    resources.rewritten(tx, row, rules=rules.INTENTS, document={**row.document, _SETTINGS: identified})


def _lower_locale(_tx: Transaction, document: JsonObject, _before: ResourceRow | None) -> JsonObject:
    return {**document, "locale": document["locale"].lower()}


def _created(tx: Transaction, row: ResourceRow) -> None:
    if row.document["isDefault"]:
        _set_default(tx, row)


def _changed(tx: Transaction, row: ResourceRow, before: ResourceRow) -> None:  # noqa: PLR0917 - a hook
    if row.document["isDefault"]:
        _set_default(tx, row)
    elif before.document["isDefault"]:
        _write_default(tx, row.parent_id, locale=None)


def _deleting(tx: Transaction, row: ResourceRow) -> None:
    if row.document["isDefault"]:
        _write_default(tx, row.parent_id, locale=None)


def _set_default(tx: Transaction, row: ResourceRow) -> None:
    """Make this message the only default one of its template."""
    others = queries.resources_of_family(tx.connection, tx.tenant.id, family=MESSAGES.name, parent_id=row.parent_id)
    for other in others:
        if other.id != row.id and other.document["isDefault"]:
            document = {**other.document, "isDefault": False}
            queries.change_resource(tx.connection, other, document=document)
    _write_default(tx, row.parent_id, locale=row.document["locale"])


def _write_default(tx: Transaction, template_id: str, *, locale: str | None) -> None:
    template = resources.get(tx, TEMPLATES, key=template_id)
    document = {**template.document, "defaultLocale": locale}
    queries.change_resource(tx.connection, template, document=document)


MESSAGE_HOOKS = Hooks(check=_lower_locale, created=_created, changed=_changed, deleting=_deleting)


def _versioned(_tx: Transaction, document: JsonObject, before: ResourceRow | None) -> JsonObject:
    """Return the terms with the higher version that a client sends, else with the one that they have."""
    old = 1 if before is None else before.document["version"]
    return {**document, "version": old if before is None else max(old, document["version"])}


TERMS_HOOKS = Hooks(check=_versioned)
