"""Rows of enrolments, of Graph's records of them, and of what devices hold and were asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from fauxtune.core.model.actions import ActionState, DeviceAction
from fauxtune.core.model.ids import (
    DeviceCategoryId,
    DirectoryDeviceId,
    EnrollmentId,
    ItemKey,
    ManagedDeviceId,
    TenantId,
    UserId,
)
from fauxtune.core.model.platforms import Platform, Variant
from fauxtune.core.model.states import Cause, EnrollmentState, ItemState
from fauxtune.core.model.steps import StepKind, StepState
from fauxtune.core.model.text import JsonObject


@dataclass(frozen=True, slots=True)
class EnrollmentRow:
    """The relation between a tenant and a device."""

    id: EnrollmentId
    tenant_id: TenantId
    platform: Platform
    mode: str | None
    variant: Variant
    user_id: UserId | None
    hardware_key: str
    directory_device_id: DirectoryDeviceId
    state: EnrollmentState
    cause: Cause | None
    credential_digest: str | None
    push_token: str
    identity_certificate: bytes
    enrolled_at: datetime
    last_checkin_at: datetime | None
    generation: int
    settled_generation: int
    due_at: datetime
    report_digest: str | None
    policy_version: int
    plans: int
    facts: JsonObject
    inventory_at: datetime | None
    wire_state: JsonObject | None

    def is_settled(self, now: datetime) -> bool:
        """Whether the device has planned with all changes that concern it, and nothing is due."""
        return self.generation == self.settled_generation and self.due_at > now


class EnrollmentChanges(TypedDict, total=False):
    """Columns of an enrolment that change."""

    user_id: UserId | None
    state: EnrollmentState
    cause: Cause | None
    credential_digest: str | None
    push_token: str
    identity_certificate: bytes
    last_checkin_at: datetime | None
    generation: int
    settled_generation: int
    due_at: datetime
    report_digest: str | None
    policy_version: int
    plans: int
    facts: JsonObject
    inventory_at: datetime | None
    wire_state: JsonObject | None


@dataclass(frozen=True, slots=True)
class NamedEnrollmentRow(EnrollmentRow):
    """An enrolment with the device's name: that of Graph's record while there is one, else the device's own."""

    device_name: str | None


@dataclass(frozen=True, slots=True)
class ListedDeviceRow(NamedEnrollmentRow):
    """A named enrolment with its user's displayName and userPrincipalName; None without a user that still exists."""

    user_name: str | None
    user_principal_name: str | None


@dataclass(frozen=True, slots=True)
class ManagedDeviceRow:
    """Graph's record of an enrolment (managedDevice); from `device_name` on, columns repeat parts of the document."""

    tenant_id: TenantId
    id: ManagedDeviceId
    enrollment_id: EnrollmentId
    user_id: UserId | None
    category_id: DeviceCategoryId | None
    document: JsonObject
    device_name: str | None
    operating_system: str | None
    compliance_state: str | None
    management_agent: str | None
    owner_type: str | None
    user_principal_name: str | None
    serial_number: str | None
    azure_ad_device_id: str | None
    enrolled_at: datetime | None


class ManagedDeviceChanges(TypedDict, total=False):
    """Columns of Graph's record that change beside its document."""

    user_id: UserId | None
    category_id: DeviceCategoryId | None


@dataclass(frozen=True, slots=True)
class JoinedDeviceRow(ManagedDeviceRow):
    """Graph's record with columns of its enrolment and its category, as lists show it."""

    last_checkin_at: datetime | None
    variant: Variant
    enrollment_state: EnrollmentState
    category_name: str | None


@dataclass(frozen=True, slots=True)
class DeviceCategoryRow:
    """A device category (Graph: deviceCategory)."""

    tenant_id: TenantId
    id: DeviceCategoryId
    display_name: str
    created_at: datetime
    document: JsonObject


class DeviceCategoryChanges(TypedDict, total=False):
    """Columns of a device category that change."""

    display_name: str
    document: JsonObject


@dataclass(frozen=True, slots=True)
class DeviceActionRow:
    """An action that an admin ordered for a device; `state` is Graph's actionState."""

    id: str
    tenant_id: TenantId
    enrollment_id: EnrollmentId
    action: DeviceAction
    state: ActionState
    details: JsonObject | None
    created_at: datetime
    completed_at: datetime | None


class DeviceActionChanges(TypedDict, total=False):
    """Columns of an action that change."""

    state: ActionState
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step that was sent to a device; `answer` is kept for a question until all questions are answered."""

    id: str
    tenant_id: TenantId
    enrollment_id: EnrollmentId
    kind: StepKind
    subject: str
    fingerprint: str
    state: StepState
    answer: JsonObject | None
    told_at: datetime


class StepChanges(TypedDict, total=False):
    """Columns of a step that change."""

    state: StepState
    answer: JsonObject | None


@dataclass(frozen=True, slots=True)
class DeviceIdentityRow:
    """An identity certificate that a device has without being enrolled with it, by its SHA-256."""

    digest: str
    tenant_id: TenantId
    user_id: UserId
    certificate: bytes
    hardware_key: str | None
    facts: JsonObject | None


class DeviceIdentityChanges(TypedDict, total=False):
    """Columns of a device identity that change."""

    hardware_key: str | None
    facts: JsonObject | None


@dataclass(frozen=True, slots=True)
class EnrollmentTokenRow:
    """An enrolment token, by its SHA-256."""

    digest: str
    tenant_id: TenantId
    user_id: UserId
    expires_at: datetime
    uses_left: int


@dataclass(frozen=True, slots=True)
class OpenItemRow:
    """An item of a device's ledger that is under way; `message`: why it waits."""

    enrollment_id: EnrollmentId
    item_key: ItemKey
    state: ItemState
    message: str | None


@dataclass(frozen=True, slots=True)
class HolderRow:
    """A device that holds a certificate; `state` is that of its item."""

    enrollment_id: EnrollmentId
    user_id: UserId | None
    state: ItemState
