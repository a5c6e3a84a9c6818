"""The states of compliance and which is worse: of a setting and a policy (Graph: complianceStatus), and of a device
(complianceState). When a failure becomes one of the device is in `grace`, and so is the state of a device.

Intune, "Create a compliance policy", the table of severities: the highest severity of all policies is the device's
state. Unverified: the places of `remediated`, `notAssigned` and `conflict`, which that table does not have.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum


class Status(StrEnum):
    """The state of one setting or one policy on one device (Graph: complianceStatus)."""

    UNKNOWN = "unknown"
    NOT_APPLICABLE = "notApplicable"
    COMPLIANT = "compliant"
    REMEDIATED = "remediated"
    NON_COMPLIANT = "nonCompliant"
    ERROR = "error"
    CONFLICT = "conflict"
    NOT_ASSIGNED = "notAssigned"


class DeviceState(StrEnum):
    """The state of a device (Graph: complianceState, in small letters throughout)."""

    UNKNOWN = "unknown"
    COMPLIANT = "compliant"
    NON_COMPLIANT = "noncompliant"
    CONFLICT = "conflict"
    ERROR = "error"
    IN_GRACE_PERIOD = "inGracePeriod"
    CONFIG_MANAGER = "configManager"


#: From the least severe to the most severe.
SEVERITY = (
    Status.NOT_ASSIGNED,
    Status.UNKNOWN,
    Status.NOT_APPLICABLE,
    Status.COMPLIANT,
    Status.REMEDIATED,
    Status.NON_COMPLIANT,
    Status.CONFLICT,
    Status.ERROR,
)
DEVICE_SEVERITY = (
    DeviceState.UNKNOWN,
    DeviceState.COMPLIANT,
    DeviceState.IN_GRACE_PERIOD,
    DeviceState.NON_COMPLIANT,
    DeviceState.CONFLICT,
    DeviceState.ERROR,
)
#: complianceGracePeriodExpirationDateTime of a device that is not in a period of grace.
NO_GRACE = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
#: How often Intune judges the contact of devices, and here what only time changes.
JUDGED_EVERY = timedelta(days=1)
#: isCompliant of the directory's device; a device that was not judged yet has null there.
_ALLOWED = (DeviceState.COMPLIANT, DeviceState.IN_GRACE_PERIOD, DeviceState.CONFIG_MANAGER)


def worst(statuses: Iterable[Status]) -> Status:
    """Return the most severe status; `unknown` if there is no status."""
    return max(statuses, key=SEVERITY.index, default=Status.UNKNOWN)


def worst_of_device(states: Iterable[DeviceState]) -> DeviceState:
    """Return the most severe state; `unknown` if there is no state."""
    return max(states, key=DEVICE_SEVERITY.index, default=DeviceState.UNKNOWN)


def is_compliant(state: DeviceState) -> bool | None:
    """Return isCompliant of the directory's device: during the period of grace a device counts as compliant."""
    return None if state is DeviceState.UNKNOWN else state in _ALLOWED
