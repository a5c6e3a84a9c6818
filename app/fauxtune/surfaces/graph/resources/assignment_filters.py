"""Filters of assignments, and how they were evaluated.

Graph: deviceAndAppManagementAssignmentFilter; deviceManagement: evaluateAssignmentFilter and
getAssignmentFiltersStatusDetails; assignmentFilterEvaluationStatusDetails of a managedDevice.
"""

from __future__ import annotations

from fauxtune.core.clock import iso
from fauxtune.core.engine.assignment_filters.language import Operator, Vocabulary, meets, parse_rule
from fauxtune.core.engine.assignment_filters.matching import APPS, PLATFORMS, device_values, vocabulary_of
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.graph.index import MODEL, entity, enumeration
from fauxtune.core.model.ids import ManagedDeviceId
from fauxtune.core.odata.documents.validation import accept, defaults
from fauxtune.core.odata.schema.overlay import Overlay
from fauxtune.core.odata.schema.types import approximated
from fauxtune.operations.insight.audit_rules import FILTER
from fauxtune.operations.profiles import assignment_filters as operations
from fauxtune.operations.profiles.assignment_filters import Evaluation, evaluations
from fauxtune.storage.collections.resources import ASSIGNMENT_FILTERS
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import filters_and_tags as queries
from fauxtune.storage.rows.devices import JoinedDeviceRow
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Answer, Call, Json
from fauxtune.surfaces.graph.declared import Routes
from fauxtune.surfaces.graph.lists import collection_answer, element_row
from fauxtune.surfaces.graph.resources.managed_devices import DEVICE_PATHS, device_id_of
from fauxtune.surfaces.graph.resources.own_family import RowFamily
from fauxtune.surfaces.graph.resources.parts import Computed, Found

ASSIGNMENT_FILTER = entity("deviceAndAppManagementAssignmentFilter")
DEVICE_PLATFORM_TYPE = enumeration("devicePlatformType")

FILTERS = RowFamily(
    "deviceManagement/assignmentFilters",
    "deviceAndAppManagementAssignmentFilter",
    "an assignment filter",
    ASSIGNMENT_FILTERS,
    key="filter",
    read=needs.READ_CONFIGURATION,
    write=needs.WRITE_CONFIGURATION,
    subject=FILTER,
    created_by=operations.create_filter,
    changed_by=operations.update_filter,
    deleted_by=operations.delete_filter,
    fidelities={
        "update": approximated("400 for another platform or management type"),
        "delete": approximated("400 while it is used, in words of our own"),
    },
)
FILTER_PARTS = Routes(
    FILTERS.path,
    source=f"Graph: {ASSIGNMENT_FILTER.name}: {{verb}}",
    read=needs.READ_CONFIGURATION,
    write=needs.READ_CONFIGURATION,
    beta_only=True,
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


@FILTER_PARTS.action("/validateFilter")
async def validate_filter(call: Call) -> Answer:
    """Whether a rule can be read.

    An empty one is a 400, as the real service has it.
    """
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


@FILTER_PARTS.function("/getState", fidelity=approximated("they always are"))
async def get_state(call: Call) -> Answer:
    """Whether filters are on.

    They always are here, as they are in the real service by now.
    """
    return _complex(call, "assignmentFilterState", {"enabled": True})


@FILTER_PARTS.function("/{filter}/getSupportedProperties")
async def supported_properties(call: Call) -> Answer:
    """What rules for the filter's platform can say."""
    document = (await element_row(call, FILTERS.listed, key=call.keys["filter"])).document
    apps = document["assignmentFilterManagementType"] == "apps"
    vocabulary = vocabulary_of(document["platform"], apps=apps)
    return collection_answer(call, _properties(vocabulary), context=_PROPERTIES)


@FILTER_PARTS.function("/getPlatformSupportedProperties/{platform}")
async def platform_properties(call: Call) -> Answer:
    """What rules for a platform can say."""
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
            "supportedOperators": [
                _WORDS.get(operator, operator.value) for operator in Operator if operator in known.operators
            ],
            "supportedValues": [],
        }
        for known in vocabulary.properties.values()
    ]


def _complex(call: Call, name: str, document: Json) -> Answer:
    return Answer(200, {"@odata.context": call.context(f"microsoft.graph.{name}"), **document})


EVALUATION_REQUEST = MODEL.parameters(
    "deviceManagement",
    "evaluateAssignmentFilter",
    overlay=Overlay(required="data"),
)
EVALUATION_STATUS_DETAILS = entity("assignmentFilterEvaluationStatusDetails")

_NOW = approximated("evaluated when asked, not as of the last check-in")
EVALUATION = Routes(
    "deviceManagement",
    source="Graph: deviceManagement: {verb}",
    write=needs.READ_CONFIGURATION,
    beta_only=True,
)
EVALUATIONS = Routes(
    *DEVICE_PATHS,
    type=EVALUATION_STATUS_DETAILS,
    read=needs.READ_MANAGED,
    beta_only=True,
    fidelity=_NOW,
    dated=True,
)

#: The most devices of one answer, and how many there are unasked (assignmentFilterEvaluateRequest: top).
_MOST = 100


@EVALUATION.action(
    "/evaluateAssignmentFilter",
    fidelity=approximated("the shape of the answer follows Intune's reports; its columns are our own"),
)
async def evaluate_filter(call: Call) -> Answer:
    """The devices that meet a rule.

    The devices that meet a rule, as a table.

    Graph says only that the answer is a stream; the shape is that of Intune's reports. Unverified: its columns.
    """
    request = accept(EVALUATION_REQUEST, call.body(), partial=False, version=call.version)["data"]
    top, skip = _bounded(request["top"], default=_MOST), max(request["skip"] or 0, 0)
    for each in request["orderBy"]:
        if each.strip().lower().partition(" ")[0] != "devicename":
            raise Invalid("The devices come sorted by deviceName only.", target="orderBy")
    devices = await call.read(lambda connection: _meeting(call, connection, request=request))
    if any(each.strip().lower().endswith(" desc") for each in request["orderBy"]):
        devices.reverse()
    return Answer(200, _table(devices[skip : skip + top], total=len(devices), platform=request["platform"]))


async def _found_for_device(call: Call) -> Found:
    return _path(call), await _statuses(call)


def _no_filter(key: str) -> NotFound:
    return NotFound(f"No filter looks at the device for '{key}'.")


#: The profiles whose filters look at a device.
EVALUATIONS.collection(
    "/assignmentFilterEvaluationStatusDetails",
    Computed(EVALUATION_STATUS_DETAILS, _found_for_device, key="status", missing=_no_filter),
    *("List the profiles whose filters look at a device", "Count them", "Get one of them"),
    count={"dated": False},
)


@EVALUATION.action("/getAssignmentFiltersStatusDetails", fidelity=_NOW)
async def status_details(call: Call) -> Answer:
    """What a profile's filters find of one device."""
    body = call.body()
    device, payload = body.get("managedDeviceId"), body.get("payloadId")
    if not isinstance(device, str) or not isinstance(payload, str):
        raise Invalid("Both managedDeviceId and payloadId (the id of a profile) are required.")
    filter_ids = body.get("assignmentFilterIds") or None
    if filter_ids is not None and not (
        isinstance(filter_ids, list) and all(isinstance(filter_id, str) for filter_id in filter_ids)
    ):
        raise Invalid("assignmentFilterIds is a list of ids.", target="assignmentFilterIds")
    record, filter_evaluations = await _evaluations(call, device_id=ManagedDeviceId(device))
    record_for_filters = await call.read(queries.record_for_filters, call.tenant.id, enrollment_id=record.enrollment_id)
    ids = None if filter_ids is None else {filter_id.lower() for filter_id in filter_ids}
    chosen = [e for e in filter_evaluations if e.profile == payload.lower() and (ids is None or e.filter.id in ids)]
    at = iso(call.emulator.runner.now(call.tenant))
    platform = chosen[0].filter.document["platform"] if chosen else ""
    document = {
        "@odata.context": call.context("microsoft.graph.assignmentFilterStatusDetails"),
        "managedDeviceId": record.id,
        "payloadId": payload.lower(),
        "userId": record.document.get("userId"),
        "deviceProperties": [
            {"name": name, "value": value}
            for name, value in (device_values(record_for_filters, platform=platform) if chosen else {}).items()
        ],
        "evalutionSummaries": [_summary(evaluation, at=at) for evaluation in chosen],
    }
    return Answer(200, document)


def _summary(evaluation: Evaluation, *, at: str) -> Json:
    document = evaluation.filter.document
    kind = "exclude" if evaluation.excludes else "include"
    result = "match" if evaluation.matched else "notMatch"
    return {
        "assignmentFilterId": document["id"],
        "assignmentFilterDisplayName": document["displayName"],
        "assignmentFilterLastModifiedDateTime": document["lastModifiedDateTime"],
        "assignmentFilterPlatform": document["platform"],
        "assignmentFilterType": kind,
        "evaluationDateTime": at,
        "evaluationResult": result,
        "assignmentFilterTypeAndEvaluationResults": [{"assignmentFilterType": kind, "evaluationResult": result}],
    }


def _meeting(call: Call, connection: Connection, *, request: Json) -> list[tuple[Json, dict[str, str | None]]]:
    platform = request["platform"]
    rule = parse_rule(request["rule"], vocabulary_of(platform))
    variants = [variant.value for variant, known in PLATFORMS.items() if known == platform]
    search = (request["search"] or "").strip().casefold()
    meeting = []
    for record in queries.records_of_variants(connection, call.tenant.id, variants=variants):
        values = device_values(record, platform=platform)
        if meets(rule, values) and search in (values["deviceName"] or "").casefold():
            meeting.append((record, values))
    return meeting


def _table(devices: list[tuple[Json, dict[str, str | None]]], *, total: int, platform: str) -> Json:
    names = [known.name for known in vocabulary_of(platform).properties.values()]
    return {
        "TotalRowCount": total,
        "Columns": [{"Name": name, "PropertyType": "String"} for name in ("deviceId", "userPrincipalName", *names)],
        "Values": [
            [record["id"], record.get("userPrincipalName"), *(values[name] for name in names)]
            for record, values in devices
        ],
    }


def _bounded(sent: int | None, *, default: int) -> int:
    return default if sent is None or not 0 < sent <= _MOST else sent


async def _statuses(call: Call) -> list[Json]:
    record, filter_evaluations = await _evaluations(call, device_id=await device_id_of(call))
    # Unverified: the id; it must be one for each profile and device.
    ids = dict.fromkeys(evaluation.profile for evaluation in filter_evaluations)
    return [{"id": f"{profile}_{record.id}", "payloadId": profile} for profile in ids]


async def _evaluations(call: Call, *, device_id: ManagedDeviceId) -> tuple[JoinedDeviceRow, list[Evaluation]]:
    def read(connection: Connection) -> tuple[JoinedDeviceRow | None, list[Evaluation]]:
        record = device_queries.managed_device(connection, call.tenant.id, managed_device_id=device_id)
        return record, [] if record is None else evaluations(connection, call.tenant.id, record=record)

    record, filter_evaluations = await call.read(read)
    if record is None:
        raise NotFound(f"There is no managedDevice '{device_id}'.")
    return record, filter_evaluations


def _path(call: Call) -> str:
    return f"deviceManagement/managedDevices('{call.keys['device']}')/assignmentFilterEvaluationStatusDetails"
