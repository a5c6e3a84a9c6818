"""Rows of enrolments, of Graph's records of them, and of what devices hold and were asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypedDict

from sqlalchemy import DDL, Index, event

from fauxtune.core.model.actions import ActionState, DeviceAction, StepKind, StepState
from fauxtune.core.model.ids import (
    DeviceCategoryId,
    DirectoryDeviceId,
    EnrollmentId,
    ItemKey,
    ManagedDeviceId,
    TenantId,
    UserId,
)
from fauxtune.core.model.made_often import made_often
from fauxtune.core.model.platforms import Platform, Variant
from fauxtune.core.model.states import Cause, EnrollmentState, ItemState
from fauxtune.core.model.text import JsonObject
from fauxtune.storage.columns import Indexed, Key, Unique, table


@made_often
@dataclass(frozen=True, slots=True)
class EnrollmentRow:
    """The relation between a tenant and a device."""

    id: Key[EnrollmentId]
    tenant_id: TenantId
    platform: Platform
    mode: str | None
    variant: Variant
    user_id: UserId | None
    hardware_key: Annotated[str, "what tells that a device enrols again"]
    directory_device_id: DirectoryDeviceId
    state: EnrollmentState
    cause: Annotated[Cause | None, "why it ends"]
    credential_digest: Annotated[Unique[str | None], "SHA-256 of the bearer credential, or of the certificate"]
    push_token: Annotated[Indexed[str], "Apple devices make their own: it may not be unique"]
    identity_certificate: bytes
    enrolled_at: datetime
    last_checkin_at: datetime | None
    # The quiet path: a check-in is quiet while these agree, the moment is not due, and the report is the last one.
    generation: int
    settled_generation: int
    due_at: datetime
    report_digest: str | None
    policy_version: int
    plans: Annotated[int, "how often this device was planned"]
    facts: Annotated[JsonObject, "serialNumber, imei, model, osVersion, deviceName ..."]
    # Of devices that are managed step by step.
    inventory_at: Annotated[datetime | None, "when it is asked what it holds and what it is"]
    wire_state: Annotated[JsonObject | None, "what its platform's surface has to remember"]

    def is_settled(self, now: datetime) -> bool:
        """Whether the device has planned with all changes that concern it, and nothing is due."""
        return self.generation == self.settled_generation and self.due_at > now


enrollments = table(
    "enrollments",
    EnrollmentRow,
    Index("ix_enrollments_user", "tenant_id", "user_id"),
    Index("ix_enrollments_hardware", "tenant_id", "hardware_key"),
    Index("ix_enrollments_directory_device", "tenant_id", "directory_device_id"),
)


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


# PostgreSQL writes a changed row beside the old one. Each check-in and each change of what concerns a device changes a
# row here, which is large: with room for it on its page, none of the six indexes is written.
event.listen(
    enrollments,
    "after_create",
    DDL("ALTER TABLE enrollments SET (fillfactor = 50)").execute_if(dialect="postgresql"),  # type: ignore[no-untyped-call]
)


@dataclass(frozen=True, slots=True)
class ManagedDeviceRow:
    """Graph's record of an enrolment (managedDevice); from `device_name` on, columns repeat parts of the document."""

    tenant_id: Key[TenantId]
    id: Key[ManagedDeviceId]
    enrollment_id: Unique[EnrollmentId]
    user_id: UserId | None
    category_id: DeviceCategoryId | None
    document: JsonObject
    # Parts of the document that lists are filtered by: written only by `queries.devices`, together with it.
    device_name: str | None
    operating_system: str | None
    compliance_state: str | None
    management_agent: str | None
    owner_type: str | None
    user_principal_name: str | None
    serial_number: str | None
    azure_ad_device_id: str | None
    enrolled_at: datetime | None


managed_devices = table(
    "managed_devices",
    ManagedDeviceRow,
    # The order of lists comes last in each, so that a page of what a filter leaves is read in that order.
    Index("ix_managed_devices_order", "tenant_id", "enrolled_at", "id"),
    Index("ix_managed_devices_user", "tenant_id", "user_id", "enrolled_at", "id"),
    Index("ix_managed_devices_category", "tenant_id", "category_id"),
    # With all that a list by name is filtered by: a record is large.
    Index("ix_managed_devices_name", "tenant_id", "device_name", "enrollment_id", "user_principal_name"),
    Index("ix_managed_devices_operating_system", "tenant_id", "operating_system", "enrolled_at", "id"),
    Index("ix_managed_devices_compliance", "tenant_id", "compliance_state", "enrolled_at", "id"),
    Index("ix_managed_devices_agent", "tenant_id", "management_agent", "enrolled_at", "id"),
    Index("ix_managed_devices_owner", "tenant_id", "owner_type", "enrolled_at", "id"),
    Index("ix_managed_devices_upn", "tenant_id", "user_principal_name", "enrolled_at", "id"),
    Index("ix_managed_devices_serial", "tenant_id", "serial_number"),
    Index("ix_managed_devices_azure_ad", "tenant_id", "azure_ad_device_id"),
)


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

    tenant_id: Key[TenantId]
    id: Key[DeviceCategoryId]
    display_name: str
    created_at: datetime
    document: JsonObject


device_categories = table("device_categories", DeviceCategoryRow)


class DeviceCategoryChanges(TypedDict, total=False):
    """Columns of a device category that change."""

    display_name: str
    document: JsonObject


@dataclass(frozen=True, slots=True)
class DeviceActionRow:
    """An action that an admin ordered for a device; `state` is Graph's actionState."""

    id: Key[str]
    tenant_id: TenantId
    enrollment_id: Indexed[EnrollmentId]
    action: DeviceAction
    state: Annotated[ActionState, "Graph's actionState"]
    details: Annotated[JsonObject | None, "what the device is told beside the action's name"]
    created_at: datetime
    completed_at: datetime | None


device_actions = table(
    "device_actions",
    DeviceActionRow,
    Index("ix_device_actions_tenant", "tenant_id", "enrollment_id"),
)


class DeviceActionChanges(TypedDict, total=False):
    """Columns of an action that change."""

    state: ActionState
    completed_at: datetime | None


@made_often
@dataclass(frozen=True, slots=True)
class StepRow:
    """A step that was sent to a device; `answer` is kept for a question until all questions are answered."""

    id: Key[str]
    tenant_id: TenantId
    enrollment_id: Indexed[EnrollmentId]
    kind: Annotated[StepKind, "install, remove, action or question"]
    subject: Annotated[str, "an item's key, an action's id, or what is asked"]
    fingerprint: str
    state: Annotated[StepState, "how far the step has come"]
    answer: Annotated[JsonObject | None, "to a question, until all are answered"]
    told_at: datetime


steps = table(
    "steps",
    StepRow,
    Index("ix_steps_tenant", "tenant_id", "enrollment_id"),
)


class StepChanges(TypedDict, total=False):
    """Columns of a step that change."""

    state: StepState
    answer: JsonObject | None


@dataclass(frozen=True, slots=True)
class DeviceIdentityRow:
    """An identity certificate that a device has without being enrolled with it, by its SHA-256."""

    digest: Annotated[Key[str], "SHA-256 of the certificate"]
    tenant_id: TenantId
    user_id: UserId
    certificate: bytes
    hardware_key: Annotated[str | None, "the one device that may use it, once that is known"]
    facts: Annotated[JsonObject | None, "what the device said of itself: platform, and facts as of an enrolment"]


device_identities = table(
    "device_identities",
    DeviceIdentityRow,
    Index("ix_device_identities_tenant", "tenant_id"),
)


class DeviceIdentityChanges(TypedDict, total=False):
    """Columns of a device identity that change."""

    hardware_key: str | None
    facts: JsonObject | None


@dataclass(frozen=True, slots=True)
class EnrollmentTokenRow:
    """An enrolment token, by its SHA-256."""

    digest: Key[str]
    tenant_id: TenantId
    user_id: UserId
    expires_at: datetime
    uses_left: int


enrollment_tokens = table(
    "enrollment_tokens",
    EnrollmentTokenRow,
    Index("ix_enrollment_tokens_tenant", "tenant_id"),
)


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
