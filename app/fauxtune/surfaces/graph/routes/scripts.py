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
from fauxtune.surfaces.graph.routes.collections import read, read_collection

_MANAGED_DEVICE = entity("managedDevice")
_FORMER_READ, _FORMER_WRITE = needs.SCRIPTS.of(Edition.APRIL_2020)
_BY_OWNER = approximated("by the owners of the devices that the script reached")
_LAST = approximated("of the last run on each device: earlier ones are not kept")
_NONE_OF_MICROSOFT = approximated("without scripts of Microsoft's own, which are not here")
_SERVICE = "deviceManagement"
_read = partial(read, permissions=needs.READ_SCRIPTS, former_permissions=_FORMER_READ, beta_only=True)
_collection = partial(read_collection, permissions=needs.READ_SCRIPTS, former_permissions=_FORMER_READ, beta_only=True)


def _of(states: ScriptStates) -> Iterator[Route[Handler]]:
    one = f"{_SERVICE}/{states.family}/{{resource}}"
    runs = f"{one}/deviceRunStates"
    summaries = ("List runs by device", "Count runs by device", "Get the run on a device")
    yield from _collection(runs, states.runs, summaries=summaries, returns=states.state)
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
    summaries = ("List runs by user", "Count runs by user", "Get the runs of a user")
    yield from _collection(users, states.users, summaries=summaries, returns=user, fidelity=_BY_OWNER)
    summaries = ("List assignments to groups", "Count assignments to groups", "Get one of them")
    yield from _collection(groups, states.groups, summaries=summaries, returns=group)


def _of_devices(root: str) -> tuple[Route[Handler], ...]:
    return read_collection(
        f"{root}/{{device}}/deviceHealthScriptStates",
        script_states.OF_DEVICE,
        summaries=(
            "List remediations of a device",
            "Count remediations of a device",
            "Get the state of a remediation on a device",
        ),
        returns=script_states.POLICY_STATE,
        permissions=needs.READ_MANAGED,
        beta_only=True,
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
