"""Rows of compliance as it was last judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fauxtune.core.engine.compliance.states import DeviceState, Status
from fauxtune.core.model.ids import EnrollmentId, ManagedDeviceId, TenantId, UserId
from fauxtune.core.model.text import JsonObject


@dataclass(frozen=True, slots=True)
class ComplianceStateRow:
    """The state of one policy on one device. `settings`: the states of its settings as documents."""

    enrollment_id: EnrollmentId
    policy_id: str
    tenant_id: TenantId
    status: Status
    version: int
    user_id: UserId | None
    failed_at: datetime | None
    error_at: datetime | None
    grace_ends_at: datetime
    reported_at: datetime
    done: list[str]
    settings: list[JsonObject]


@dataclass(frozen=True, slots=True)
class DeviceComplianceRow:
    """The state of one device. `held`: the state that an error leaves in force."""

    enrollment_id: EnrollmentId
    tenant_id: TenantId
    state: DeviceState
    held: DeviceState | None
    judged_at: datetime
    due_at: datetime
    retire_policy_id: str | None
    retire_listed_at: datetime | None


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
