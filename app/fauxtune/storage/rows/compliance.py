"""Rows of compliance as it was last judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from sqlalchemy import Index

from fauxtune.core.engine.compliance.states import DeviceState, Status
from fauxtune.core.model.ids import EnrollmentId, ManagedDeviceId, TenantId, UserId
from fauxtune.core.model.text import JsonObject
from fauxtune.storage.columns import Key, table


@dataclass(frozen=True, slots=True)
class ComplianceStateRow:
    """The state of one policy on one device. `settings`: the states of its settings as documents."""

    enrollment_id: Key[EnrollmentId]
    policy_id: Annotated[Key[str], "a resource, or the built-in policy"]
    tenant_id: TenantId
    status: Annotated[Status, "Graph's complianceStatus"]
    version: Annotated[int, "that of the policy"]
    user_id: Annotated[UserId | None, "by whom the policy reaches the device; else it is the system account"]
    failed_at: Annotated[datetime | None, "when the present failure began"]
    error_at: Annotated[datetime | None, "when the present error began"]
    grace_ends_at: datetime
    reported_at: datetime
    done: Annotated[list[str], "the ids of scheduled actions done for the present failure"]
    settings: Annotated[list[JsonObject], "[{setting, status, value, error}, ...]"]


compliance_states = table(
    "compliance_states",
    ComplianceStateRow,
    Index("ix_compliance_states_policy", "tenant_id", "policy_id", "enrollment_id"),
)


@dataclass(frozen=True, slots=True)
class DeviceComplianceRow:
    """The state of one device. `held`: the state that an error leaves in force."""

    enrollment_id: Key[EnrollmentId]
    tenant_id: TenantId
    state: Annotated[DeviceState, "Graph's complianceState"]
    held: Annotated[DeviceState | None, "the state that an error leaves in force"]
    judged_at: datetime
    due_at: Annotated[datetime, "when time alone may change it, or an action is due"]
    retire_policy_id: Annotated[str | None, "of a device on the list of those to retire: the policy that put it there"]
    retire_listed_at: datetime | None


device_compliance = table(
    "device_compliance",
    DeviceComplianceRow,
    Index("ix_device_compliance_due", "tenant_id", "due_at"),
)


@dataclass(frozen=True, slots=True)
class RetireListRow:
    """A device on the list of those to retire, with Graph's record and the policy that put it there."""

    enrollment_id: EnrollmentId
    device_id: ManagedDeviceId
    device: JsonObject
    policy_id: str
    policy_name: str | None
    listed_at: datetime


@dataclass(frozen=True, slots=True)
class ComplianceSettingsRow:
    """The states of the settings of one policy on one device. `kind` is that of the policy; the built-in one has none.
    `device`: Graph's record.
    """

    policy_id: str
    kind: str | None
    settings: list[JsonObject]
    grace_ends_at: datetime
    user_id: UserId | None
    device_id: ManagedDeviceId
    device: JsonObject
