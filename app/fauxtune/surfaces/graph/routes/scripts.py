"""The runs of scripts: of each script by device and by user, counted; and of each device.

#: data
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from fauxtune.core.graph.index import entity
from fauxtune.core.model.tenants import Edition
from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.types import EXACT, approximated
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.families import scripts as script_states
from fauxtune.surfaces.graph.families.scripts import COMPLIANCE, HEALTH, PLAIN, ScriptStates
from fauxtune.surfaces.graph.routes.collections import read

_MANAGED_DEVICE = entity("managedDevice")
_FORMER_READ, _FORMER_WRITE = needs.SCRIPTS.of(Edition.APRIL_2020)
_BY_OWNER = approximated("by the owners of the devices that the script reached")
_LAST = approximated("of the last run on each device: earlier ones are not kept")
_NONE_OF_MICROSOFT = approximated("without scripts of Microsoft's own, which are not here")
_SERVICE = "deviceManagement"
_read = partial(read, permissions=needs.READ_SCRIPTS, former_permissions=_FORMER_READ, beta_only=True)
_read_device = partial(read, permissions=needs.READ_MANAGED, beta_only=True)


def _of(states: ScriptStates) -> Iterator[Route[Handler]]:
    one = f"{_SERVICE}/{states.family}/{{resource}}"
    runs, source = f"{one}/deviceRunStates", states.state.source
    yield _read(runs, states.runs.every, summary="List runs by device", returns=states.state, many=True)
    yield _read(f"{runs}/$count", states.runs.count, summary="Count runs by device", source=source)
    yield _read(f"{runs}/{{state}}", states.runs.get, summary="Get the run on a device", returns=states.state)
    yield _read(
        f"{runs}/{{state}}/managedDevice", states.device, summary="Get the device of a run", returns=_MANAGED_DEVICE
    )
    yield _read(
        f"{one}/runSummary",
        states.summarized,
        summary="Count runs by their states",
        returns=states.summary,
        fidelity=_BY_OWNER if states in PLAIN else EXACT,
        dated=True,
    )


def _of_plain(states: ScriptStates) -> Iterator[Route[Handler]]:
    one = f"{_SERVICE}/{states.family}/{{resource}}"
    users, groups = f"{one}/userRunStates", f"{one}/groupAssignments"
    user, group = script_states.USER_STATE, script_states.GROUP_ASSIGNMENT
    yield _read(users, states.users.every, summary="List runs by user", returns=user, many=True, fidelity=_BY_OWNER)
    yield _read(f"{users}/$count", states.users.count, summary="Count runs by user", source=user.source)
    yield _read(
        f"{users}/{{state}}", states.users.get, summary="Get the runs of a user", returns=user, fidelity=_BY_OWNER
    )
    yield _read(groups, states.group_assignments, summary="List assignments to groups", returns=group, many=True)
    yield _read(
        f"{groups}/$count", states.count_group_assignments, summary="Count assignments to groups", source=group.source
    )
    yield _read(f"{groups}/{{element}}", states.group_assignment, summary="Get one of them", returns=group)


def _of_devices(root: str) -> Iterator[Route[Handler]]:
    states, returns = f"{root}/{{device}}/deviceHealthScriptStates", script_states.POLICY_STATE
    yield _read_device(
        states,
        script_states.OF_DEVICE.every,
        summary="List remediations of a device",
        returns=returns,
        many=True,
    )
    yield _read_device(
        f"{states}/$count",
        script_states.OF_DEVICE.count,
        summary="Count remediations of a device",
        source=returns.source,
    )
    yield _read_device(
        f"{states}/{{state}}",
        script_states.OF_DEVICE.get,
        summary="Get the state of a remediation on a device",
        returns=returns,
    )


def _counted() -> Iterator[Route[Handler]]:
    scripts = f"{_SERVICE}/deviceHealthScripts"
    yield _read(
        f"{scripts}/getRemediationSummary",
        script_states.overview,
        summary="Count remediations and remediated devices",
        source="Graph: deviceHealthScript: getRemediationSummary",
        fidelity=_NONE_OF_MICROSOFT,
    )
    yield _read(
        f"{scripts}/{{resource}}/getRemediationHistory",
        script_states.history,
        summary="Count the devices of a remediation by day",
        source="Graph: deviceHealthScript: getRemediationHistory",
        fidelity=_LAST,
        dated=True,
    )


SCRIPT_RUNS: tuple[Route[Handler], ...] = (
    *(route for states in (*PLAIN, HEALTH, COMPLIANCE) for route in _of(states)),
    *(route for states in PLAIN for route in _of_plain(states)),
    *(
        route
        for root in ("deviceManagement/managedDevices", "users/{user}/managedDevices", "me/managedDevices")
        for route in _of_devices(root)
    ),
    *_counted(),
)
