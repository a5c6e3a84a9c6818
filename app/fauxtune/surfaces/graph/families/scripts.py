"""Scripts (PowerShell and shell scripts, custom attributes, remediations), and their runs.

Runs are listed by device and by user, counted, and those of one device. Graph: deviceRunStates, userRunStates,
runSummary of deviceManagementScript and its siblings; deviceHealthScriptStates of managedDevice.

The id of a state is `<script>:<device>`, as in the real service, which names the device nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from fauxtune.core.clock import iso
from fauxtune.core.errors import NotFound
from fauxtune.core.graph.index import complex_type, entity
from fauxtune.core.model.ids import ManagedDeviceId, ProfileId
from fauxtune.core.model.tenants import Edition
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import EXACT, Entity, approximated
from fauxtune.core.policies.scripts import REMEDIATION, rules_of
from fauxtune.operations.scripts.device_scripts import SCRIPT_HOOKS
from fauxtune.storage.collections import scripts as collections
from fauxtune.storage.collections.base import Collection
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import configuration as assignment_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import resources as resource_queries
from fauxtune.storage.queries import script_runs
from fauxtune.storage.rows.resources import ListedResourceRow, ResourceRow
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.call import Answer, Call, Json, check_options, entity_answer
from fauxtune.surfaces.graph.declared import Routes
from fauxtune.surfaces.graph.families.family import Assigned, Family
from fauxtune.surfaces.graph.lists import Listed, computed
from fauxtune.surfaces.graph.resources.device_parts import MANAGED_DEVICE, listed_document
from fauxtune.surfaces.graph.resources.managed_devices import DEVICE_PATHS, device_row
from fauxtune.surfaces.graph.resources.parts import Below, Computed, Found, Part, add_parts, by_name, placed

USER_STATE = entity("deviceManagementScriptUserState")
POLICY_STATE = entity("deviceHealthScriptPolicyState")
GROUP_ASSIGNMENT = entity("deviceManagementScriptGroupAssignment")
HISTORY = complex_type("deviceHealthScriptRemediationHistory")
OVERVIEW = complex_type("deviceHealthScriptRemediationSummary")
#: Graph: issueRemediatedCumulativeDeviceCount counts so many days.
_COUNTED_DAYS = timedelta(days=30)
_FORMER_READ, _FORMER_WRITE = needs.SCRIPTS.of(Edition.APRIL_2020)
_BY_OWNER = approximated("by the owners of the devices that the script reached")
SCRIPT_PARTS = Routes("deviceManagement", read=needs.READ_SCRIPTS, former_read=_FORMER_READ, beta_only=True)
REMEDIATIONS = Routes(
    "deviceManagement/deviceHealthScripts",
    source="Graph: deviceHealthScript: {verb}",
    read=needs.READ_SCRIPTS,
    former_read=_FORMER_READ,
    beta_only=True,
)
DEVICE_STATES = Routes(
    *DEVICE_PATHS, type=POLICY_STATE, source=POLICY_STATE.source, read=needs.READ_MANAGED, beta_only=True
)


def _devices(call: Call, connection: Connection, rows: Sequence[JsonObject]) -> list[Json | None]:
    ids = [ManagedDeviceId(row[collections.DEVICE]) for row in rows]
    known = device_queries.managed_devices_by_id(connection, call.tenant.id, ids=ids)
    by_id = {row.id: listed_document(row) for row in known}
    return [by_id.get(key) for key in ids]


_PARTS: dict[str, Part[JsonObject]] = by_name(Part("managedDevice", MANAGED_DEVICE, _devices))


@dataclass(frozen=True)
class ScriptStates:
    """The states of the scripts of one family. `summary`: the type of what counts them."""

    family: str
    state: Entity
    summary: Entity
    collection: Collection[JsonObject]

    @property
    def runs(self) -> Below[ResourceRow, JsonObject]:
        """What .../{script}/deviceRunStates answers."""
        return Below(self._script, self._listed, key="state")

    @property
    def users(self) -> Below[ResourceRow, JsonObject]:
        """What .../{script}/userRunStates answers: one for each user of a device that the script has reached.
        Unverified: that devices count which it reached by a group of devices.
        """
        return Below(self._script, self._users, key="state")

    async def device(self, call: Call) -> Answer:
        """GET .../{script}/deviceRunStates/{state}/managedDevice."""
        script = await self._script(call)
        check_options(call, MANAGED_DEVICE)
        device = ManagedDeviceId(call.keys["state"].removeprefix(f"{script.id}:"))
        rows = await call.read(device_queries.managed_devices_by_id, call.tenant.id, ids=[device])
        if not rows:
            raise NotFound(f"There is no {self.state.name} '{call.keys['state']}'.")
        document = view(MANAGED_DEVICE, listed_document(rows[0]), version=call.version, select=call.query.select)
        return entity_answer(call, document, context="deviceManagement/managedDevices")

    async def summarized(self, call: Call) -> Answer:
        """GET .../{script}/runSummary."""
        script = await self._script(call)
        check_options(call, self.summary)
        (document,) = await call.read(lambda connection: self._summaries(call, connection, [script]))
        document = view(self.summary, document, version=call.version, select=call.query.select)
        return entity_answer(call, document, context=self._below(script, "runSummary"))

    def run_summary(self) -> Part[ListedResourceRow]:
        """`$expand=runSummary`. Of remediations it counts the last days, so that its answer depends on the moment."""
        is_dated = self.summary.find("lastScriptRunDateTime") is not None
        return Part("runSummary", self.summary, self._summaries, dated=is_dated)

    def _summaries(self, call: Call, connection: Connection, scripts: Sequence[ResourceRow]) -> list[Json]:
        known = {prop.name for prop in self.summary.properties} | {"id"}
        documents = [{"id": script.id, **self._counted(call, connection, script=script)} for script in scripts]
        return [{name: value for name, value in document.items() if name in known} for document in documents]

    def _counted(self, call: Call, connection: Connection, *, script: ResourceRow) -> Json:
        if self.summary.find("lastScriptRunDateTime") is None:
            return dict(script_runs.of_script(connection, call.tenant.id, script_id=script.id))
        since = call.emulator.runner.now(call.tenant) - _COUNTED_DAYS
        numbers, last = script_runs.of_remediation(connection, call.tenant.id, script_id=script.id, since=since)
        return {**numbers, "detectionScriptNotApplicableDeviceCount": 0, "lastScriptRunDateTime": last}

    @property
    def groups(self) -> Computed:
        """What .../{script}/groupAssignments answers: the assignments to groups, in their old form."""
        return Computed(GROUP_ASSIGNMENT, self._groups, key="element")

    async def _groups(self, call: Call) -> Found:
        script = await self._script(call)
        rows = await call.read(assignment_queries.assignments_of, call.tenant.id, profile_id=ProfileId(script.id))
        documents = [{"id": row.id, "targetGroupId": row.group_id} for row in rows if row.kind.value == "group"]
        return self._below(script, "groupAssignments"), documents

    async def _script(self, call: Call) -> ResourceRow:
        key = call.keys["resource"]
        row = await call.read(resource_queries.resource, call.tenant.id, family=self.family, resource_id=key)
        if row is None:
            raise NotFound(f"There is no '{key}' in {self.family}.")
        return row

    def _listed(self, _call: Call, script: ResourceRow) -> Listed[JsonObject]:
        context = self._below(script, "deviceRunStates")

        def expand(call: Call, connection: Connection, rows: Sequence[JsonObject]) -> list[Json]:
            place = f"{context}('{{}}')/managedDevice"
            return add_parts(call, connection, rows, parts=_PARTS, place=lambda row, _part: place.format(row["id"]))

        return Listed(
            collection=self.collection,
            entity=self.state,
            context=context,
            document=computed,
            expandable=tuple(_PARTS),
            expand=expand,
        )

    def _users(self, _call: Call, script: ResourceRow) -> Listed[JsonObject]:
        context = self._below(script, "userRunStates")
        return Listed(collection=collections.SCRIPT_USERS, entity=USER_STATE, context=context, document=computed)

    def _below(self, script: ResourceRow, name: str) -> str:
        return f"deviceManagement/{self.family}('{script.id}')/{name}"


_STATE, _SUMMARY = entity("deviceManagementScriptDeviceState"), entity("deviceManagementScriptRunSummary")
PLAIN = tuple(
    ScriptStates(family, _STATE, _SUMMARY, collections.SCRIPT_DEVICES)
    for family in ("deviceManagementScripts", "deviceShellScripts", "deviceCustomAttributeShellScripts")
)
HEALTH = ScriptStates(
    "deviceHealthScripts",
    entity("deviceHealthScriptDeviceState"),
    entity("deviceHealthScriptRunSummary"),
    collections.REMEDIATION_DEVICES,
)
COMPLIANCE = ScriptStates(
    "deviceComplianceScripts",
    entity("deviceComplianceScriptDeviceState"),
    entity("deviceComplianceScriptRunSummary"),
    collections.COMPLIANCE_DEVICES,
)


def _declare_runs(states: ScriptStates) -> None:
    one = f"/{states.family}/{{resource}}"
    runs, is_plain = f"{one}/deviceRunStates", states in PLAIN
    SCRIPT_PARTS.collection(
        runs,
        states.runs,
        *("List runs by device", "Count runs by device", "Get the run on a device"),
        returns=states.state,
    )
    SCRIPT_PARTS.get(f"{runs}/{{state}}/managedDevice", summary="Get the device of a run", returns=MANAGED_DEVICE)(
        states.device
    )
    SCRIPT_PARTS.get(
        f"{one}/runSummary",
        summary="Count runs by their states",
        returns=states.summary,
        fidelity=_BY_OWNER if is_plain else EXACT,
        dated=True,
    )(states.summarized)
    if is_plain:
        SCRIPT_PARTS.collection(
            f"{one}/userRunStates",
            states.users,
            *("List runs by user", "Count runs by user", "Get the runs of a user"),
            returns=USER_STATE,
            fidelity=_BY_OWNER,
        )
        SCRIPT_PARTS.collection(
            f"{one}/groupAssignments",
            states.groups,
            *("List assignments to groups", "Count assignments to groups", "Get one of them"),
            returns=GROUP_ASSIGNMENT,
        )


for _states in (*PLAIN, HEALTH, COMPLIANCE):
    _declare_runs(_states)


@REMEDIATIONS.function(
    "/getRemediationSummary", fidelity=approximated("without scripts of Microsoft's own, which are not here")
)
async def overview(call: Call) -> Answer:
    """Count remediations and remediated devices."""

    def read(connection: Connection) -> Json:
        family = REMEDIATION.family
        return {
            "scriptCount": resource_queries.count_of(connection, call.tenant.id, family=family),
            "remediatedDeviceCount": script_runs.remediated(connection, call.tenant.id, family=family),
        }

    return _value(call, OVERVIEW.full_name, await call.read(read))


@REMEDIATIONS.function(
    "/{resource}/getRemediationHistory",
    fidelity=approximated("of the last run on each device: earlier ones are not kept"),
    dated=True,
)
async def history(call: Call) -> Answer:
    """Count the devices of a remediation by day."""
    key, now = call.keys["resource"], call.emulator.runner.now(call.tenant)

    def read(connection: Connection) -> Json:
        script = resource_queries.resource(connection, call.tenant.id, family=REMEDIATION.family, resource_id=key)
        if script is None:
            raise NotFound(f"There is no '{key}' in {REMEDIATION.family}.")
        days = script_runs.by_day(connection, call.tenant.id, script_id=script.id, since=now - _COUNTED_DAYS)
        names = ("date", "remediatedDeviceCount", "noIssueDeviceCount", "detectFailedDeviceCount")
        return {
            "lastModifiedDateTime": iso(now),
            "historyData": [dict(zip(names, day, strict=True)) for day in days],
        }

    return _value(call, HISTORY.full_name, await call.read(read))


def _value(call: Call, name: str, document: Json) -> Answer:
    return Answer(200, {"@odata.context": call.context(name), **document})


DEVICE_STATES.collection(
    "/deviceHealthScriptStates",
    Below(
        device_row,
        placed(
            Listed(collection=collections.DEVICE_REMEDIATIONS, entity=POLICY_STATE, context="", document=computed),
            lambda device: f"deviceManagement/managedDevices('{device.id}')/deviceHealthScriptStates",
        ),
        key="state",
    ),
    *("List remediations of a device", "Count remediations of a device"),
    "Get the state of a remediation on a device",
)


_AUDIT = ("DeviceManagementScript", "DeviceConfiguration")
_SCRIPTED = Assigned(
    "deviceManagementScriptAssignment",
    key="deviceManagementScriptAssignments",
    old_key="deviceManagementScriptGroupAssignments",
    done=200,
)
_REMEDIATED = Assigned("deviceHealthScriptAssignment", key="deviceHealthScriptAssignments", done=200)
#: The same for all of them: a script is found by its id.
_COUNTED = (PLAIN[0].run_summary(),)

HEADING = "Scripts"
FAMILIES: tuple[Family, ...] = (
    Family(
        "deviceManagement/deviceManagementScripts",
        "deviceManagementScript",
        "a PowerShell script",
        rules_of("deviceManagementScripts"),
        read=needs.READ_SCRIPTS,
        write=needs.WRITE_SCRIPTS,
        former_read=_FORMER_READ,
        former_write=_FORMER_WRITE,
        audit=_AUDIT,
        without=reasons.SCRIPTS,
        assigned=_SCRIPTED,
        hidden_in_lists="scriptContent",
        parts=_COUNTED,
        hooks=SCRIPT_HOOKS,
    ),
    Family(
        "deviceManagement/deviceShellScripts",
        "deviceShellScript",
        "a shell script",
        rules_of("deviceShellScripts"),
        read=needs.READ_SCRIPTS,
        write=needs.WRITE_SCRIPTS,
        former_read=_FORMER_READ,
        former_write=_FORMER_WRITE,
        audit=_AUDIT,
        without=reasons.SCRIPTS,
        assigned=_SCRIPTED,
        hidden_in_lists="scriptContent",
        parts=_COUNTED,
        hooks=SCRIPT_HOOKS,
    ),
    Family(
        "deviceManagement/deviceCustomAttributeShellScripts",
        "deviceCustomAttributeShellScript",
        "a custom attribute script",
        rules_of("deviceCustomAttributeShellScripts", fixed="customAttributeName customAttributeType displayName"),
        read=needs.READ_SCRIPTS,
        write=needs.WRITE_SCRIPTS,
        former_read=_FORMER_READ,
        former_write=_FORMER_WRITE,
        audit=_AUDIT,
        without=reasons.SCRIPTS,
        assigned=_SCRIPTED,
        hidden_in_lists="scriptContent",
        parts=_COUNTED,
        hooks=SCRIPT_HOOKS,
    ),
    Family(
        "deviceManagement/deviceHealthScripts",
        "deviceHealthScript",
        "a remediation",
        rules_of("deviceHealthScripts"),
        read=needs.READ_SCRIPTS,
        write=needs.WRITE_SCRIPTS,
        former_read=_FORMER_READ,
        former_write=_FORMER_WRITE,
        audit=_AUDIT,
        without=reasons.SCRIPTS,
        assigned=_REMEDIATED,
        hidden_in_lists="detectionScriptContent remediationScriptContent",
        parts=(HEALTH.run_summary(),),
        hooks=SCRIPT_HOOKS,
    ),
)
