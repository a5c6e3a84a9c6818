"""The facts that a diagnosis judges: a user's certificates, the devices as their next check-in would find them, and the
connectors that serve them. Only reads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fauxtune.core.engine.diagnosis.absence_rules import FOLLOWED
from fauxtune.core.engine.diagnosis.delivery_rules import root_sha256
from fauxtune.core.engine.diagnosis.facts import (
    Connector,
    Device,
    Facts,
    KnownProfile,
    SelectedProfile,
    Unreached,
    UserFacts,
    source_of,
)
from fauxtune.core.engine.planning.plan import plan
from fauxtune.core.engine.planning.targeting import Assignment, Membership, Reach, ReachStatus, reach_of
from fauxtune.core.faults.matching import Occasion
from fauxtune.core.model.ids import EnrollmentId, ProfileId
from fauxtune.core.model.network import SERVICE
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import EnrollmentState, Source
from fauxtune.core.profiles.catalog import KINDS, kind
from fauxtune.core.profiles.family import Profile
from fauxtune.operations.ca.issuance import all_templates
from fauxtune.operations.connectors.selection import how_to_start, why_silent
from fauxtune.operations.devices.audience import Audience, Filters
from fauxtune.operations.insight.certificates import certificates_of
from fauxtune.operations.insight.device_facts import compliance_of, end_of_ra, is_by_scep, scripts_of_devices, tries_of
from fauxtune.operations.insight.device_report import apps_of_devices
from fauxtune.operations.insight.target_words import TargetWords
from fauxtune.operations.runtime.fault_hits import device_names, user_names
from fauxtune.operations.runtime.live_faults import TenantFaults
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.visits.situations import (
    ROLES,
    DeviceSituation,
    Ledger,
    situations,
)
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries.insight import diagnosis as queries
from fauxtune.storage.rows.certificates import ConnectorRow, RequestRow
from fauxtune.storage.rows.configuration import ProfileRow
from fauxtune.storage.rows.devices import NamedEnrollmentRow
from fauxtune.storage.rows.directory import UserRow

_KNOWN = (Source.ROOT, Source.IMPORTED)


@dataclass(frozen=True, slots=True)
class Owned:
    """Enrolments of one user. `user` is None if they have no user or it was deleted."""

    user: UserRow | None
    devices: Sequence[NamedEnrollmentRow]


@dataclass(frozen=True, slots=True)
class Selection:
    """The profile that a diagnosis is about, or the app in the form of one, and the kinds of device that it is for."""

    profile: Profile
    variants: frozenset[str]
    is_app: bool = False


def gather(
    tx: Transaction, parts: Sequence[Owned], *, selection: Selection | None = None, is_open: bool = False
) -> list[Facts]:
    """Return the facts about each of these parts, in order, with as many statements for many devices as for one; but
    apps are planned for each device, in tenants that have some. `is_open`: the question is also what does not come.
    """
    selected_profile = None if selection is None else selection.profile
    devices = [device for part in parts for device in part.devices]
    people = {part.user.id: part.user for part in parts if part.user is not None}
    audience = Audience.of(tx, devices, besides=people.keys())
    examined = _with_state(tx, devices, examined=_devices(tx, devices, audience=audience), selection=selection)
    counts = queries.device_counts(tx.connection, tx.tenant.id, user_ids=people.keys())
    known = _known(tx)
    reaching = {profile.id: profile for device in examined.values() for profile in device.profiles}
    if selected_profile is not None:
        reaching.setdefault(selected_profile.id, selected_profile)
    referred = {target for profile in reaching.values() for target in profile.references.values()}
    certificates = certificates_of(tx, people.keys())
    others = _followed(tx) if is_open else []
    issued_by = {owned.profile for of_user in certificates.values() for owned in of_user if owned.profile is not None}
    ids = sorted({*reaching, *referred, *issued_by, *(each.id for each in known), *(each.id for each in others)})
    assignments = configuration_queries.assignments_by_profile(tx.connection, tx.tenant.id, ids=ids)
    targets = {profile_id: configuration_queries.assignment_targets(rows) for profile_id, rows in assignments.items()}
    reaches: dict[str | None, Reach] = {}
    if selected_profile is not None:
        reaches = _approaches(tx, targets[selected_profile.id], devices=devices, audience=audience)
    unreached = _unreached(tx, others, devices=examined, rows=devices, targets=targets, audience=audience)
    by_scep = is_by_scep([*examined.values()])
    if by_scep:
        tries = tries_of(tx, [*examined.values()])
        examined = {key: replace(device, challenges=tries[device.id]) for key, device in examined.items()}
    shared = replace(
        _of_tenant(tx),
        known_profiles=known,
        names=configuration_queries.names(tx.connection, tx.tenant.id, ids={*map(ProfileId, ids)}),
        **_in_words(tx, targets),
        ra_expires_at=end_of_ra(tx) if by_scep else None,
        unreached=unreached if is_open else None,
    )
    return [
        replace(
            shared,
            user=None if part.user is None else _person(part.user),
            certificates=() if part.user is None else certificates[part.user.id],
            devices=tuple(examined[device.id] for device in part.devices),
            kinds_of_user=_kinds_of(tx, part) if is_open else frozenset(),
            device_count=0 if part.user is None else counts.get(part.user.id, 0),
            selected=None
            if selection is None
            else SelectedProfile(
                selection.profile,
                {device.id: reaches[device.id] for device in part.devices}
                or {None: _approach(targets[selection.profile.id], part.user, audience=audience)},
                selection.is_app,
                selection.variants,
            ),
        )
        for part in parts
    ]


def _of_tenant(tx: Transaction) -> Facts:
    return Facts(
        now=tx.now,
        edition=tx.tenant.edition,
        connectors=_connectors(tx),
        keys=_keys(tx),
        roles=ROLES,
        templates={all_template.name.lower(): all_template for all_template in all_templates(tx, "issuing")},
        intermediate=_intermediate(tx),
        scep_server=tx.tenant.scep_server,
    )


def _with_state(
    tx: Transaction,
    rows: Sequence[NamedEnrollmentRow],
    *,
    examined: Mapping[EnrollmentId, Device],
    selection: Selection | None,
) -> dict[EnrollmentId, Device]:
    """Return these devices with their compliance, scripts and apps."""
    judged, scripts = compliance_of(tx, rows), scripts_of_devices(tx, rows)
    apps = apps_of_devices(tx, rows, selected=selection.profile.id if selection and selection.is_app else None)
    return {
        key: replace(device, compliance=judged.get(key), scripts=scripts.get(key, ()), apps=apps.get(key, ()))
        for key, device in examined.items()
    }


def _person(user: UserRow) -> UserFacts:
    document = user.document
    name = str(document.get("userPrincipalName") or user.id)
    return UserFacts(user.id, name=name, mail=document.get("mail"), licensed=bool(user.licensed))


def _devices(tx: Transaction, rows: Sequence[NamedEnrollmentRow], *, audience: Audience) -> dict[EnrollmentId, Device]:
    """Return enrolments by id; active ones as their next check-in would find them."""
    ledgers = device_queries.ledgers(tx.connection, [row.id for row in rows])
    active = [row for row in rows if row.state is EnrollmentState.ACTIVE]
    present = situations(tx, active, ledgers=ledgers, audience=audience)
    others = connector_queries.requests_of(tx.connection, {row.id for row in rows} - present.keys())
    devices = {}
    for row in rows:
        if row.id in present:
            device = _as_it_is(row, ledgers[row.id], requests=present[row.id].requests)
            devices[row.id] = _as_next_check_in(
                device, present[row.id], is_behind=row.generation != row.settled_generation
            )
        else:
            requests = [served_request for served_request in others if served_request.enrollment_id == row.id]
            devices[row.id] = _as_it_is(row, ledgers[row.id], requests=requests)
    if tx.faults is None:
        return devices
    return {row.id: replace(devices[row.id], blocked_host=_blocked_host(tx, row, faults=tx.faults)) for row in rows}


def _blocked_host(tx: Transaction, row: NamedEnrollmentRow, *, faults: TenantFaults) -> str | None:
    """Return the host of the service that a firewall keeps the device from; None if there is no such."""
    known = (tx.connection, tx.tenant.id)
    occasion = Occasion(
        surface="devices",
        devices=device_names(*known, key=row.id) if faults.names_devices else frozenset(),
        users=user_names(*known, key=row.user_id) if faults.names_users else frozenset(),
        hosts=SERVICE,
    )
    return faults.blocked(occasion, now=tx.now)


def _as_it_is(row: NamedEnrollmentRow, ledger: Ledger, *, requests: Iterable[RequestRow]) -> Device:
    return Device(
        id=row.id,
        name=row.device_name,
        variant=row.variant,
        enrolled_at=row.enrolled_at,
        user_id=row.user_id,
        state=row.state,
        cause=row.cause,
        last_checkin_at=row.last_checkin_at,
        rows=ledger,
        ledger=ledger,
        refused=frozenset(request.item_key for request in requests if request.state == "failed"),
    )


def _as_next_check_in(device: Device, present: DeviceSituation, *, is_behind: bool) -> Device:
    planned = plan(present.situation)
    items = present.situation.items.values()
    return replace(
        device,
        profiles=present.profiles,
        rows={**device.ledger, **planned.rows},
        roots={
            claim.profile: item.needs_root for item in items for claim in item.claims if item.needs_root is not None
        },
        orders={claim.profile: item.order for item in items for claim in item.claims if item.order},
        pending=is_behind or planned.policy_changed,
    )


def _intermediate(tx: Transaction) -> str:
    issuing = authority_queries.authority(tx.connection, tx.tenant.id, name="issuing")
    return "" if issuing is None else hashlib.sha256(issuing.certificate).hexdigest()


def _connectors(tx: Transaction) -> tuple[Connector, ...]:
    rows = connector_queries.connector_rows(tx.connection, tx.tenant.id)
    return tuple(_connector(tx, row) for row in rows)


def _connector(tx: Transaction, row: ConnectorRow) -> Connector:
    why = why_silent(row, now=tx.now, faults=tx.faults)
    return Connector(
        row.name,
        frozenset(row.roles),
        offline_reason=None if why is None else f"'{row.name}' {why}",
        remedy=how_to_start(row, now=tx.now, faults=tx.faults),
    )


def _keys(tx: Transaction) -> frozenset[tuple[str, str]]:
    rows = connector_queries.connector_key_rows(tx.connection, tx.tenant.id)
    return frozenset((row.provider, row.key_name) for row in rows)


def _known(tx: Transaction) -> tuple[KnownProfile, ...]:
    """Return the tenant's trusted root and imported PFX profiles, whether or not they reach anybody."""
    names = [each.name for each in KINDS if each.family.source in _KNOWN]
    rows = queries.profiles_of_kinds(tx.connection, tx.tenant.id, kinds=names)
    return tuple(_known_profile(row) for row in rows)


def _known_profile(row: ProfileRow) -> KnownProfile:
    known, document = kind(row.kind), row.document
    assert known is not None
    assert known.family.source is not None
    is_root = known.family.source is Source.ROOT
    return KnownProfile(
        id=ProfileId(row.id),
        kind=row.kind,
        name=str(document.get("displayName") or row.id),
        source=known.family.source,
        mark=root_sha256(document) if is_root else str(document.get("intendedPurpose") or "unassigned"),
    )


def _followed(tx: Transaction) -> list[Profile]:
    """Return the tenant's profiles for certificates and e-mail, whether or not they reach anybody."""
    names = [each.name for each in KINDS if each.family.source in FOLLOWED and each.has_status]
    return [stored(row) for row in queries.profiles_of_kinds(tx.connection, tx.tenant.id, kinds=names)]


def stored(row: ProfileRow) -> Profile:
    """Return a profile as it is stored."""
    return Profile(
        id=ProfileId(row.id), kind=row.kind, version=row.version, document=row.document, references=row.navigations
    )


def _unreached(
    tx: Transaction,
    profiles: Sequence[Profile],
    *,
    devices: Mapping[EnrollmentId, Device],
    rows: Sequence[NamedEnrollmentRow],
    targets: Mapping[ProfileId, list[Assignment]],
    audience: Audience,
) -> dict[str, tuple[Unreached, ...]]:
    """Return, for each device, those of the profiles that give it nothing, each with how its assignments reach it."""
    filters = Filters.of(tx, rows, assignments=[target for one in profiles for target in targets[one.id]])
    result: dict[str, tuple[Unreached, ...]] = {}
    for row in rows:
        given = {profile.id for profile in devices[row.id].profiles}
        membership, matches = audience.membership(row), filters.matching(row)
        result[row.id] = tuple(
            Unreached(one, source, reach_of(targets[one.id], membership, matches=matches))
            for one in profiles
            if one.id not in given and (source := source_of(one)) is not None
        )
    return result


def _kinds_of(tx: Transaction, part: Owned) -> frozenset[Variant]:
    """Return the kinds of all devices of the part's user, or of its devices if they have no user."""
    rows = part.devices
    if part.user is not None:
        rows = queries.devices_of_user(tx.connection, tx.tenant.id, user_id=part.user.id)
    return frozenset(row.variant for row in rows)


def _in_words(tx: Transaction, targets: Mapping[ProfileId, Sequence[Assignment]]) -> dict[str, Any]:
    """Return the facts about whom profiles are assigned to."""
    words = TargetWords.of(tx, targets)
    return {"targets": words.in_words(targets), "options": words.as_options(targets)}


def _approaches(
    tx: Transaction, assignments: list[Assignment], *, devices: Sequence[NamedEnrollmentRow], audience: Audience
) -> dict[str | None, Reach]:
    """Return how a profile with these assignments reaches each of the devices."""
    filters = Filters.of(tx, devices, assignments=assignments)
    return {row.id: reach_of(assignments, audience.membership(row), matches=filters.matching(row)) for row in devices}


def _approach(assignments: list[Assignment], user: UserRow | None, *, audience: Audience) -> Reach:
    """Return how a profile with these assignments would reach a user who has no device."""
    groups = audience.groups_of(None if user is None else user.id)
    reach = reach_of(assignments, Membership(has_user=user is not None, user_groups=groups))
    nobody = user is None and reach.status is not ReachStatus.NOBODY
    return Reach(ReachStatus.NO_DEVICE) if nobody else reach
