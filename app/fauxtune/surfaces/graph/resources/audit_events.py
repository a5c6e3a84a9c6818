"""The audit log. Graph: auditEvent: list, get, getAuditCategories, getAuditActivityTypes."""

from __future__ import annotations

from fauxtune.core.graph.index import entity
from fauxtune.operations.insight import audit_rules
from fauxtune.storage.collections.tenant import AUDIT_EVENTS
from fauxtune.surfaces.graph.call import Answer, Call
from fauxtune.surfaces.graph.families.index import FAMILIES
from fauxtune.surfaces.graph.lists import Listed, count_rows, get_element, list_rows, stored

AUDIT_EVENT = entity("auditEvent")

#: Of the families, without what is below others: that has the same component and category.
_SUBJECTS = tuple(family.subject() for families in FAMILIES.values() for family in families)
_CONTEXT = "deviceManagement/auditEvents"
_TEXTS = "Collection(Edm.String)"
_LISTED = Listed(collection=AUDIT_EVENTS, entity=AUDIT_EVENT, context=_CONTEXT, document=stored)


async def list_events(call: Call) -> Answer:
    """GET /deviceManagement/auditEvents."""
    return await list_rows(call, _LISTED)


async def count_events(call: Call) -> Answer:
    """GET /deviceManagement/auditEvents/$count."""
    return await count_rows(call, _LISTED)


async def get_event(call: Call) -> Answer:
    """GET .../{event}."""
    return await get_element(call, _LISTED, key=call.keys["event"])


async def list_categories(call: Call) -> Answer:
    """GET .../getAuditCategories: those that something here is recorded under."""
    return _texts(call, sorted({*audit_rules.categories(), *(subject.category for subject in _SUBJECTS)}))


async def list_activity_types(call: Call) -> Answer:
    """GET .../getAuditActivityTypes(category='...'): nothing for a category that does not exist (Unverified)."""
    category = call.keys["category"]
    known = [subject for subject in _SUBJECTS if subject.category.lower() == category.lower()]
    names = {*audit_rules.activity_types(category), *(name for subject in known for name in subject.activities())}
    return _texts(call, sorted(names))


def _texts(call: Call, texts: list[str]) -> Answer:
    return Answer(200, {"@odata.context": call.context(_TEXTS), "value": texts})
