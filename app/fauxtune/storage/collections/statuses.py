"""The statuses of profiles: by device, by user, and of the profiles of one device. Every property is an expression of
its own, so that rows are documents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Select,
    String,
    TableClause,
    and_,
    case,
    cast,
    column,
    exists,
    func,
    literal,
    select,
    table,
    type_coerce,
)

from fauxtune.core.engine.planning.setting_conflicts import ITEM_STATUSES
from fauxtune.core.graph.index import NO_END
from fauxtune.core.model.ids import EnrollmentId, ProfileId, TenantId
from fauxtune.core.model.platforms import FACTS
from fauxtune.core.model.states import SEVERITY, ProfileStatus
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.schema.types import NEVER
from fauxtune.storage.collections.base import Collection, documents
from fauxtune.storage.columns import Word
from fauxtune.storage.odata import as_rows, contains
from fauxtune.storage.tables import enrollments, ledger, managed_devices, profile_states, profiles
from fauxtune.storage.tenancy import of_tenant, same_tenant


@dataclass(frozen=True, slots=True)
class ConfigurationStateRow:
    """The state of a profile on a device, and the columns that the states of its settings are made from. `device`: the
    document of the managed device.
    """

    document: JsonObject
    kind: str
    enrollment_id: EnrollmentId
    error_code: int | None
    message: str | None
    device: JsonObject


_NOBODY = "00000000-0000-0000-0000-000000000000"


def of_device(name: str) -> ColumnElement[Any]:
    """Return a text of Graph's record of the device."""
    text: ColumnElement[Any] = managed_devices.c.document[name].as_string()
    return text


def as_text(moment: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a time in the form of documents."""
    return type_coerce(moment, String())


def constant(value: str | int) -> ColumnElement[Any]:
    """Return the same value for every row; typed, because clients may sort by it."""
    return cast(literal(value), Integer() if isinstance(value, int) else String())


def labelled(columns: Mapping[str, ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    """Return the properties as columns with their names."""
    return [value.label(name) for name, value in columns.items()]


def claims(profile_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the profile wants, or once wanted, the item of the ledger: its id stands nowhere else in `wanted_by` than
    in claims of its own.
    """
    return contains(cast(ledger.c.wanted_by, String()), profile_id)


def worst(status: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the most severe status of a group."""
    ranks = {status.value: rank for rank, status in enumerate(SEVERITY)}
    words = {rank: word for word, rank in ranks.items()}
    return case(words, value=func.max(case(ranks, value=status, else_=0)))


#: Graph's word for the platform of an enrolment.
POLICY_PLATFORM: ColumnElement[Any] = case(
    {variant.value: facts.policy_platform for variant, facts in FACTS.items()}, value=enrollments.c.variant
)

#: The status of each profile on each device: what was reported, and what waits.
FARES: TableClause = table(
    "fares",
    column("enrollment_id", Word),
    column("profile_id", Word),
    column("status", Word),
    column("reported_at", Word),
)
_OF_DEVICE: dict[str, ColumnElement[Any]] = {
    "id": func.coalesce(managed_devices.c.user_id, _NOBODY) + "_" + FARES.c.profile_id + "_" + managed_devices.c.id,
    "deviceDisplayName": of_device("deviceName"),
    "userName": of_device("userDisplayName"),
    "deviceModel": of_device("model"),
    "platform": constant(0),
    "complianceGracePeriodExpirationDateTime": constant(NO_END),
    "status": FARES.c.status,
    "lastReportedDateTime": FARES.c.reported_at,
    "userPrincipalName": of_device("userPrincipalName"),
}

_LIVE_ITEMS = (
    select(func.count())
    .where(
        ledger.c.enrollment_id == profile_states.c.enrollment_id,
        ledger.c.state.in_([state.value for state in ITEM_STATUSES]),
        claims(profile_states.c.profile_id),
    )
    .correlate(profile_states)
    .scalar_subquery()
)
_OF_PROFILE: dict[str, ColumnElement[Any]] = {
    "id": profile_states.c.profile_id,
    "displayName": profiles.c.document["displayName"].as_string(),
    "version": profile_states.c.version,
    "platformType": POLICY_PLATFORM,
    "state": profile_states.c.status,
    # A profile that gives the device nothing has one setting: itself.
    "settingCount": func.coalesce(func.nullif(_LIVE_ITEMS, 0), 1),
    "userId": managed_devices.c.user_id,
    "userPrincipalName": of_device("userPrincipalName"),
}
#: What the states of single settings are made from.
_OF_SETTINGS = (
    profiles.c.kind,
    profile_states.c.enrollment_id,
    profile_states.c.error_code,
    profile_states.c.message,
    managed_devices.c.document.label("device"),
)

_USER_STATUSES: TableClause = table(
    "user_statuses",
    column("id", Word),
    column("userDisplayName", Word),
    column("devicesCount", Integer),
    column("status", Word),
    column("lastReportedDateTime", Word),
    column("userPrincipalName", Word),
    column("part_of", Word),
)


def fares(tenant_id: TenantId, waiting: Mapping[ProfileId, Sequence[EnrollmentId]]) -> CTE:
    """The rows of `FARES` for these profiles. A device that waits is pending, and has never reported."""
    reported = select(
        profile_states.c.enrollment_id,
        profile_states.c.profile_id,
        profile_states.c.status,
        as_text(profile_states.c.reported_at).label("reported_at"),
    ).where(of_tenant(profile_states, tenant_id), profile_states.c.profile_id.in_(list(waiting)))
    pairs = [{"profile": profile_id, "device": device} for profile_id, devices in waiting.items() for device in devices]
    rows, (profile, device) = as_rows(pairs, "profile", "device")
    same = and_(profile_states.c.enrollment_id == device, profile_states.c.profile_id == profile)
    unreported = (
        select(device, profile, constant(ProfileStatus.PENDING.value), constant(NEVER))
        .select_from(rows)
        .where(~exists().where(same))
    )
    return reported.union_all(unreported).cte(FARES.name)


def _device_statuses(tenant_id: TenantId, waiting: Mapping[ProfileId, Sequence[EnrollmentId]]) -> Select[Any]:
    return (
        select(*labelled(_OF_DEVICE), FARES.c.profile_id.label("part_of"))
        .join_from(FARES, managed_devices, managed_devices.c.enrollment_id == FARES.c.enrollment_id)
        .where(of_tenant(managed_devices, tenant_id))
        .add_cte(fares(tenant_id, waiting))
    )


def _user_statuses(tenant_id: TenantId, waiting: Mapping[ProfileId, Sequence[EnrollmentId]]) -> Select[Any]:
    """A row for each of these profiles and each user who has a device that it reaches."""
    grouped = (
        select(
            (managed_devices.c.user_id + "_" + FARES.c.profile_id).label("id"),
            func.max(of_device("userDisplayName")).label("userDisplayName"),
            func.count().label("devicesCount"),
            worst(FARES.c.status).label("status"),
            func.max(FARES.c.reported_at).label("lastReportedDateTime"),
            func.max(of_device("userPrincipalName")).label("userPrincipalName"),
            FARES.c.profile_id.label("part_of"),
        )
        .join_from(FARES, managed_devices, managed_devices.c.enrollment_id == FARES.c.enrollment_id)
        .where(of_tenant(managed_devices, tenant_id), managed_devices.c.user_id.is_not(None))
        .group_by(managed_devices.c.user_id, FARES.c.profile_id)
    )
    statuses = fares(tenant_id, waiting)
    return select(*_USER_STATUSES.c).add_cte(statuses, grouped.cte(_USER_STATUSES.name))


def _configuration_states(tenant_id: TenantId) -> Select[Any]:
    same = and_(same_tenant(profiles, profile_states), profiles.c.id == profile_states.c.profile_id)
    return (
        select(*labelled(_OF_PROFILE), *_OF_SETTINGS)
        .join_from(profile_states, managed_devices, managed_devices.c.enrollment_id == profile_states.c.enrollment_id)
        .join(enrollments, enrollments.c.id == profile_states.c.enrollment_id)
        .join(profiles, same)
        # The device is looked up by its key, which begins with the tenant.
        .where(of_tenant(profile_states, tenant_id), of_tenant(managed_devices, tenant_id))
    )


_state = documents(_OF_PROFILE)


def _state_row(values: Sequence[Any]) -> ConfigurationStateRow:
    return ConfigurationStateRow(_state(values), *values[len(_OF_PROFILE) :])


DEVICE_STATUSES: Collection[JsonObject] = Collection(
    row=documents(_OF_DEVICE),
    reached=_device_statuses,
    document=managed_devices.c.document,
    columns=_OF_DEVICE,
    order=(managed_devices.c.id,),
)

USER_STATUSES: Collection[JsonObject] = Collection(
    row=documents(_USER_STATUSES.c.keys()),
    reached=_user_statuses,
    document=_USER_STATUSES.c.id,
    columns={name: value for name, value in _USER_STATUSES.c.items() if name != "part_of"},
    order=(_USER_STATUSES.c.id,),
)

CONFIGURATION_STATES: Collection[ConfigurationStateRow] = Collection(
    row=_state_row,
    statement=_configuration_states,
    document=managed_devices.c.document,
    columns=_OF_PROFILE,
    order=(profiles.c.created_at, profiles.c.id),
    parent=managed_devices.c.id,
)
