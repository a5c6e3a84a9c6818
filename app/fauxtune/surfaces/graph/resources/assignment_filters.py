"""Filters of assignments. Graph: deviceAndAppManagementAssignmentFilter, validateFilter, getState,
getSupportedProperties, getPlatformSupportedProperties.
"""

from __future__ import annotations

from fauxtune.core.engine.assignment_filters.language import Operator, Vocabulary
from fauxtune.core.engine.assignment_filters.properties import APPS, vocabulary_of
from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import entity, enumeration
from fauxtune.core.odata.documents.validation import accept, defaults
from fauxtune.core.odata.documents.view import view
from fauxtune.operations.profiles import assignment_filters as operations
from fauxtune.storage.collections.assignments import ASSIGNMENT_FILTERS
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Json, created, entity_answer
from fauxtune.surfaces.graph.lists import Listed, collection_answer, count_rows, element_row, get_element, list_rows

ASSIGNMENT_FILTER = entity("deviceAndAppManagementAssignmentFilter")
DEVICE_PLATFORM_TYPE = enumeration("devicePlatformType")

_CONTEXT = "deviceManagement/assignmentFilters"
_LISTED = Listed(
    collection=ASSIGNMENT_FILTERS, entity=ASSIGNMENT_FILTER, context=_CONTEXT, document=lambda row: row.document
)
_PROPERTIES = "Collection(microsoft.graph.assignmentFilterSupportedProperty)"
_WORDS = {
    Operator.EQ: "equals",
    Operator.NE: "notEquals",
    Operator.GT: "greaterThan",
    Operator.GE: "greaterThanOrEquals",
    Operator.LT: "lessThan",
    Operator.LE: "lessThanOrEquals",
}


async def list_filters(call: Call) -> Answer:
    """GET /deviceManagement/assignmentFilters."""
    return await list_rows(call, _LISTED)


async def count_filters(call: Call) -> Answer:
    """GET /deviceManagement/assignmentFilters/$count."""
    return await count_rows(call, _LISTED)


async def get_filter(call: Call) -> Answer:
    """GET .../{filter}."""
    return await get_element(call, _LISTED, key=call.keys["filter"])


async def create_filter(call: Call) -> Answer:
    """POST: the rule is read, and refused with the place where it goes wrong."""
    sent = accept(ASSIGNMENT_FILTER, call.body(), partial=False, version=call.version)
    document = {**defaults(ASSIGNMENT_FILTER), **sent}
    document = await call.run(operations.create_filter, document)
    return created(call, view(ASSIGNMENT_FILTER, document, version=call.version), collection=_CONTEXT)


async def update_filter(call: Call) -> Answer:
    """PATCH .../{filter}: 200 with the entity."""
    changes = accept(ASSIGNMENT_FILTER, call.body(), partial=True, version=call.version)
    if any(changes.get(name) == "" for name in ("displayName", "rule")):
        raise Invalid("Neither displayName nor rule can be empty.")
    document = await call.run(operations.update_filter, call.keys["filter"], changes=changes)
    return entity_answer(call, view(ASSIGNMENT_FILTER, document, version=call.version), context=_CONTEXT)


async def delete_filter(call: Call) -> Answer:
    """DELETE .../{filter}."""
    await call.run(operations.delete_filter, call.keys["filter"])
    return NO_CONTENT


async def validate_filter(call: Call) -> Answer:
    """POST .../validateFilter: whether the rule can be read. An empty one is a 400, as the real service has it."""
    body = call.body().get(ASSIGNMENT_FILTER.name)
    if not isinstance(body, dict):
        raise Invalid(f'The body must be {{"{ASSIGNMENT_FILTER.name}": {{...}}}}.', target=ASSIGNMENT_FILTER.name)
    sent = {**defaults(ASSIGNMENT_FILTER), **accept(ASSIGNMENT_FILTER, body, partial=True, version=call.version)}
    if not sent["rule"].strip():
        raise Invalid("A value is required for property 'rule'.", target="rule")
    try:
        operations.check_rule(sent)
    except Invalid:
        valid = False
    else:
        valid = True
    return _complex(call, "assignmentFilterValidationResult", {"isValidRule": valid})


async def get_state(call: Call) -> Answer:
    """GET .../getState: filters are always on here, as they are in the real service by now."""
    return _complex(call, "assignmentFilterState", {"enabled": True})


async def supported_properties(call: Call) -> Answer:
    """GET .../{filter}/getSupportedProperties: what rules for its platform can say."""
    document = (await element_row(call, _LISTED, key=call.keys["filter"])).document
    apps = document["assignmentFilterManagementType"] == "apps"
    vocabulary = vocabulary_of(document["platform"], apps=apps)
    return collection_answer(call, _properties(vocabulary), context=_PROPERTIES)


async def platform_properties(call: Call) -> Answer:
    """GET .../getPlatformSupportedProperties(platform='iOS'): the same before there is a filter."""
    platform = DEVICE_PLATFORM_TYPE.canonical(call.keys["platform"], version=call.version)
    vocabulary = vocabulary_of(platform, apps=platform in APPS)
    return collection_answer(call, _properties(vocabulary), context=_PROPERTIES)


def _properties(vocabulary: Vocabulary) -> list[Json]:
    return [
        {
            "name": f"{vocabulary.entity}.{known.name}",
            "dataType": "Version" if known.version else "String",
            "isCollection": False,
            "evaluationSource": "deviceCheckIn",
            "propertyRegexConstraint": None,
            "supportedOperators": [_WORDS.get(each, each.value) for each in Operator if each in known.operators],
            "supportedValues": [],
        }
        for known in vocabulary.properties.values()
    ]


def _complex(call: Call, name: str, document: Json) -> Answer:
    return Answer(200, {"@odata.context": call.context(f"microsoft.graph.{name}"), **document})
