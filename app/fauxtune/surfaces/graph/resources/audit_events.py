"""The audit log. Graph: auditEvent: list, get, getAuditCategories, getAuditActivityTypes."""

from __future__ import annotations

from fauxtune.core.errors import NotFound
from fauxtune.core.graph.tenant import AUDIT_EVENT
from fauxtune.core.odata.documents.view import view
from fauxtune.operations.insight import audit
from fauxtune.storage.queries import collections
from fauxtune.surfaces.graph.call import Answer, Call, check_options, entity_answer
from fauxtune.surfaces.graph.lists import Listed, count_rows, list_rows

_CONTEXT = "deviceManagement/auditEvents"
_TEXTS = "Collection(Edm.String)"
_LISTED = Listed(collection="auditEvents", entity=AUDIT_EVENT, context=_CONTEXT)


async def list_events(call: Call) -> Answer:
    """GET /deviceManagement/auditEvents."""
    return await list_rows(call, _LISTED)


async def count_events(call: Call) -> Answer:
    """GET /deviceManagement/auditEvents/$count."""
    return await count_rows(call, _LISTED)


async def get_event(call: Call) -> Answer:
    """GET .../{event}."""
    check_options(call, AUDIT_EVENT)
    key = call.keys["event"]
    row = await call.emulator.runner.read(collections.element, call.tenant.id, collection=_LISTED.collection, key=key)
    if row is None:
        raise NotFound(f"There is no auditEvent '{key}'.")
    shown = view(AUDIT_EVENT, row["document"], version=call.version, select=call.query.select)
    return entity_answer(call, shown, context=_CONTEXT)


async def list_categories(call: Call) -> Answer:
    """GET .../getAuditCategories: those that something here is recorded under."""
    return _texts(call, audit.categories())


async def list_activity_types(call: Call) -> Answer:
    """GET .../getAuditActivityTypes(category='...'): nothing for a category that does not exist (Unverified)."""
    return _texts(call, audit.activity_types(call.keys["category"]))


def _texts(call: Call, texts: list[str]) -> Answer:
    return Answer(200, {"@odata.context": call.context(_TEXTS), "value": texts})
