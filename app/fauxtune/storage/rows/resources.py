"""Rows of resources, and of what became of them on devices: of apps, scripts and compliance policies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypedDict

from sqlalchemy import Index

from fauxtune.core.engine.compliance.states import DeviceState, Status
from fauxtune.core.model.ids import EnrollmentId, ManagedDeviceId, ResourceId, TenantId, UserId
from fauxtune.core.model.text import JsonObject
from fauxtune.storage.columns import Key, Older, table


@dataclass(frozen=True, slots=True)
class ResourceRow:
    """A resource, or a part of one: `parent_id` has the ids above it, with / between, and is empty for a resource."""

    tenant_id: Key[TenantId]
    family: Annotated[Key[str], "the collection, such as deviceCompliancePolicies"]
    parent_id: Annotated[Key[str], "of a part: the ids above it, with / between; else empty"]
    id: Key[ResourceId]
    kind: Annotated[str, "the name of its type"]
    version: int
    created_at: datetime
    modified_at: datetime
    priority: int | None
    document: JsonObject

    @property
    def path(self) -> str:
        """What the rows of its own parts have as their `parent_id`."""
        return f"{self.parent_id}/{self.id}" if self.parent_id else self.id


resources = table(
    "resources",
    ResourceRow,
    # An assignment names what it assigns only by its id.
    Index("ix_resources_id", "tenant_id", "id"),
    Index("ix_resources_oldest", "tenant_id", "family", "created_at", "id"),
)


@dataclass(frozen=True, slots=True)
class ListedResourceRow(ResourceRow):
    """A resource of a list, and whether anything is assigned to it."""

    is_assigned: bool


class ResourceChanges(TypedDict, total=False):
    """Columns of a resource that change."""

    version: int
    modified_at: datetime
    priority: int | None
    document: JsonObject


@dataclass(frozen=True, slots=True)
class AppStateRow:
    """An app that is assigned to a device, and its state there."""

    tenant_id: TenantId
    enrollment_id: Key[EnrollmentId]
    app_id: Key[ResourceId]
    identifier: Annotated[str, "package or bundle"]
    intent: Annotated[str, "the one of several that wins"]
    state: Annotated[str, "Graph's resultantAppState"]
    error_code: int | None
    reason: Annotated[str | None, "the device's words for a failure"]
    version: Annotated[str | None, "of the installed app"]
    changed_at: datetime
    position: Annotated[int | None, "of its order among those of the device"] = None
    content: Annotated[str | None, "the version of the content that the device has"] = None
    attempted: Annotated[str | None, "the version of the content that failed"] = None
    attempts: Annotated[int, Older("0"), "failures of a management agent in a row"] = 0


app_states = table(
    "app_states",
    AppStateRow,
    Index("ix_app_states_app", "tenant_id", "app_id"),
)


@dataclass(frozen=True, slots=True)
class InstalledAppRow:
    """An app that a device has, with what names both."""

    app_id: ResourceId
    identifier: str
    version: str | None
    managed_device_id: ManagedDeviceId
    user_id: str | None
    intent: str
    state: str


@dataclass(frozen=True, slots=True)
class ScriptRunRow:
    """A script that reaches a device, and its last run there."""

    tenant_id: TenantId
    enrollment_id: Key[EnrollmentId]
    script_id: Key[ResourceId]
    family: Annotated[str, "the collection of the script"]
    version: Annotated[str, "a digest of what it says; another one runs again"]
    number: Annotated[int, "of its next run"]
    attempts: Annotated[int, "how often it failed in a row"]
    state: Annotated[str, "Graph's runState"]
    remediation: Annotated[str, "Graph's remediationState"]
    due_at: datetime | None
    ran_at: datetime | None
    remediated_at: Annotated[datetime | None, "the last time that it removed an issue"]
    results: Annotated[list[JsonObject], "of the parts of its last run"]


script_runs = table(
    "script_runs",
    ScriptRunRow,
    Index("ix_script_runs_script", "tenant_id", "script_id"),
)


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
