"""The compliance of one device, by policy and setting. Graph: managedDevice: deviceCompliancePolicyStates.

The id of a state is that of its policy. Lists leave `settingStates` empty, as the service does: the path below a state
has them. A device that was never judged shows only the built-in policy, as it is at this moment.
"""

from __future__ import annotations

from dataclasses import dataclass

from fauxtune.core.engine.compliance.judging import BUILT_IN_NAME
from fauxtune.core.engine.compliance.setting_states import SettingState
from fauxtune.core.engine.compliance.settings import KINDS
from fauxtune.core.engine.compliance.states import Status
from fauxtune.core.errors import NotFound
from fauxtune.core.graph.index import complex_type, entity
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import approximated
from fauxtune.operations.compliance import judging
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.collections.compliance import SYSTEM_ACCOUNT
from fauxtune.storage.queries import resources
from fauxtune.storage.rows.devices import JoinedDeviceRow
from fauxtune.storage.rows.resources import ComplianceStateRow, ResourceRow
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Answer, Call, Json, check_options
from fauxtune.surfaces.graph.declared import Routes
from fauxtune.surfaces.graph.lists import collection_answer
from fauxtune.surfaces.graph.resources.managed_devices import DEVICE_PATHS, device_row
from fauxtune.surfaces.graph.resources.parts import Computed, Found

POLICY_STATE = entity("deviceCompliancePolicyState")
SETTING_STATE = complex_type("deviceCompliancePolicySettingState")
OF_DEVICE = Routes(*DEVICE_PATHS, read=needs.READ_MANAGED, dated=True)
_SOME = approximated("settings whose facts no device here reports are unknown")
_FAILING = frozenset({Status.NON_COMPLIANT.value, Status.ERROR.value, Status.CONFLICT.value})


@dataclass(frozen=True, slots=True)
class _States:
    """The states of a device's policies, and these policies by id; the built-in one has no row among them."""

    rows: list[ComplianceStateRow]
    policies: dict[str, ResourceRow]


@OF_DEVICE.get("/deviceCompliancePolicyStates/{state}/settingStates", source=SETTING_STATE.source, fidelity=_SOME)
async def list_settings(call: Call) -> Answer:
    """List the settings of a compliance policy on a device."""
    device, key = await device_row(call), call.keys["state"]
    states = await _states(call, device)
    row = next((state for state in states.rows if state.policy_id.lower() == key.lower()), None)
    if row is None:
        raise _missing(key)
    return _settings(call, setting_documents(row, states.policies.get(row.policy_id), device=device.document))


@OF_DEVICE.get("/getNonCompliantSettings()", source=SETTING_STATE.source, beta_only=True, fidelity=_SOME)
async def failing_settings(call: Call) -> Answer:
    """List the settings that a device does not meet."""
    check_options(call, POLICY_STATE)
    device = await device_row(call)
    states = await _states(call, device)
    every = [
        document
        for row in states.rows
        for document in setting_documents(row, states.policies.get(row.policy_id), device=device.document)
    ]
    return _settings(call, [each for each in every if each["state"] in _FAILING])


def _settings(call: Call, settings: list[Json]) -> Answer:
    whole = view(POLICY_STATE, {"settingStates": settings}, version=call.version)
    return collection_answer(
        call,
        whole["settingStates"],
        context=f"Collection({SETTING_STATE.full_name})",
        total=len(settings) if call.query.count else None,
    )


async def _read(call: Call) -> Found:
    device = await device_row(call)
    return _context(device), _documents(await _states(call, device), device)


OF_DEVICE.collection(
    "/deviceCompliancePolicyStates",
    Computed(POLICY_STATE, _read, key="state"),
    *("List compliance policies of a device", "Count compliance policies of a device"),
    "Get the state of a compliance policy on a device",
    returns=POLICY_STATE,
    fidelity=approximated(
        "by device and setting as at its last check-in; the policy that every device has is among them"
    ),
)


async def _states(call: Call, device: JoinedDeviceRow) -> _States:
    def read(tx: Transaction) -> _States:
        rows = judging.states_of(tx, device.enrollment_id)
        ids = [row.policy_id for row in rows]
        return _States(rows, resources.resources_by_id(tx.connection, tx.tenant.id, ids=ids))

    return await call.run(read)


def _documents(states: _States, device: JoinedDeviceRow) -> list[Json]:
    return [state_document(row, states.policies.get(row.policy_id), device=device.document) for row in states.rows]


def _missing(key: str) -> NotFound:
    return NotFound(f"There is no deviceCompliancePolicyState '{key}'.")


def _context(device: JoinedDeviceRow) -> str:
    return f"deviceManagement/managedDevices('{device.id}')/deviceCompliancePolicyStates"


_SYSTEM = "System account"
_EVERY_PLATFORM = "all"


def platform_of(kind: str | None) -> str:
    """Return the platform of a kind of policy, in Graph's words; the built-in policy is for all of them."""
    known = None if kind is None else KINDS.get(kind)
    return _EVERY_PLATFORM if known is None else known.platform


def state_document(row: ComplianceStateRow, policy: ResourceRow | None, *, device: JsonObject) -> Json:
    """Return the state of a policy on a device. `policy` is None for the built-in one; `device` is Graph's record. The
    state of a policy that was changed since the device was judged by it is unknown.
    """
    is_outdated = policy is not None and policy.version != row.version
    by_user = row.user_id is not None
    return {
        "id": row.policy_id,
        "displayName": BUILT_IN_NAME if policy is None else policy.document.get("displayName"),
        "version": row.version if policy is None else policy.version,
        "platformType": platform_of(None if policy is None else policy.kind),
        "state": (Status.UNKNOWN if is_outdated else row.status).value,
        "settingCount": len(row.settings),
        "settingStates": [],
        "userId": row.user_id or SYSTEM_ACCOUNT,
        "userPrincipalName": device.get("userPrincipalName") if by_user else _SYSTEM,
    }


def setting_documents(row: ComplianceStateRow, policy: ResourceRow | None, *, device: JsonObject) -> list[Json]:
    """Return the states of a policy's settings on a device."""
    name = BUILT_IN_NAME if policy is None else policy.document.get("displayName")
    return [
        _setting(SettingState.from_document(setting), row, name=str(name), device=device) for setting in row.settings
    ]


def _setting(state: SettingState, row: ComplianceStateRow, *, name: str, device: JsonObject) -> Json:
    return {
        "setting": state.setting,
        "settingName": None,
        "instanceDisplayName": None,
        "settingInstanceId": None,
        "state": state.status.value,
        "errorCode": state.code if state.status is Status.ERROR else 0,
        "errorDescription": state.error or None,
        **user_of(row.user_id is not None, device=device),
        "currentValue": state.value,
        "sources": [{"id": row.policy_id, "displayName": name, "sourceType": "deviceConfiguration"}],
    }


def user_of(by_user: bool, *, device: JsonObject) -> Json:
    """Return whom a state is about: the device's user, or the system account."""
    if not by_user:
        return {"userId": SYSTEM_ACCOUNT, "userName": _SYSTEM, "userEmail": "", "userPrincipalName": _SYSTEM}
    return {
        "userId": device.get("userId"),
        "userName": device.get("userDisplayName"),
        "userEmail": device.get("emailAddress"),
        "userPrincipalName": device.get("userPrincipalName"),
    }
