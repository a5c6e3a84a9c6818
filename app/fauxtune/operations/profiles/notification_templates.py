"""Templates of notifications: the default language follows from the messages.

Graph: localizedNotificationMessage. A language is kept in lower case, as the real service shows it; a template has one
default message, and no default language before there is one.
"""

from __future__ import annotations

from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.compliance import MESSAGES, TEMPLATES
from fauxtune.operations.profiles import resources
from fauxtune.operations.profiles.resources import Hooks
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import resources as queries
from fauxtune.storage.rows.resources import ResourceRow


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
