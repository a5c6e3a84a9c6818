"""Documents of compliance: the states of policies and settings, from the rows in which they are stored."""

from __future__ import annotations

from fauxtune.core.engine.compliance.built_in import BUILT_IN_NAME
from fauxtune.core.engine.compliance.setting_states import SettingState
from fauxtune.core.engine.compliance.settings import KINDS
from fauxtune.core.engine.compliance.states import Status
from fauxtune.core.model.text import JsonObject
from fauxtune.storage.collections.compliance import SYSTEM_ACCOUNT
from fauxtune.storage.rows.compliance import ComplianceStateRow
from fauxtune.storage.rows.resources import ResourceRow
from fauxtune.surfaces.graph.call import Json

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
    return [_setting(SettingState.from_document(each), row, name=str(name), device=device) for each in row.settings]


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
