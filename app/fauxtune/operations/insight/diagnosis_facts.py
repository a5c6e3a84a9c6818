"""The facts that a diagnosis judges: a user's certificates, the devices as their next check-in would find them, and the
connectors that serve them. Only reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from cryptography import x509

from fauxtune.core.clock import from_iso
from fauxtune.core.engine.diagnosis.delivery_rules import root_sha256
from fauxtune.core.engine.diagnosis.facts import (
    Connector,
    Device,
    Facts,
    Holder,
    KnownProfile,
    SelectedProfile,
    UserCertificate,
    UserFacts,
)
from fauxtune.core.engine.diagnosis.reach import Reach, ReachStatus, reach_of
from fauxtune.core.engine.planning.plan import plan
from fauxtune.core.engine.planning.targeting import Assignment, Membership, TargetKind
from fauxtune.core.model.ids import FilterId, ProfileId, UserId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import EnrollmentState, ItemState, Source
from fauxtune.core.pki.contents import contents
from fauxtune.core.pki.names import serial_hex
from fauxtune.core.profiles.catalog import KINDS, kind
from fauxtune.core.profiles.family import Profile
from fauxtune.operations.ca.templates import all_templates
from fauxtune.operations.checkin.planning import ROLES, groups_of, matching, situation
from fauxtune.operations.connectors.selection import how_to_start, why_silent
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import assignment_filters as filter_queries
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import connector_requests as request_queries
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import diagnosis as queries
from fauxtune.storage.rows.certificates import CertificateRow, ConnectorRow
from fauxtune.storage.rows.configuration import FilterRow, ProfileRow
from fauxtune.storage.rows.devices import NamedEnrollmentRow
from fauxtune.storage.rows.diagnosis import HolderRow, ImportedCertificateRow
from fauxtune.storage.rows.directory import UserRow

_KNOWN = (Source.ROOT, Source.IMPORTED)


def gather(
    tx: Transaction,
    *,
    user: UserRow | None,
    devices: Sequence[NamedEnrollmentRow],
    selected_profile: Profile | None = None,
) -> Facts:
    """Return the facts about these enrolments of one user. `user` is None if they have no user or it was deleted."""
    examined = [_device(tx, device) for device in devices]
    count = 0 if user is None else len(queries.devices_of_user(tx.connection, tx.tenant.id, user_id=user.id))
    known = _known(tx)
    reaching = {profile.id: profile for device in examined for profile in device.profiles}
    if selected_profile is not None:
        reaching.setdefault(selected_profile.id, selected_profile)
    referred = {target for profile in reaching.values() for target in profile.references.values()}
    certificates = () if user is None else certificates_of(tx, user.id)
    issued_by = {certificate.profile for certificate in certificates if certificate.profile is not None}
    ids = sorted({*reaching, *referred, *issued_by, *(each.id for each in known)})
    assignments = configuration_queries.assignments_by_profile(tx.connection, tx.tenant.id, ids=ids)
    targets = {each: configuration_queries.assignment_targets(rows) for each, rows in assignments.items()}
    return Facts(
        now=tx.now,
        edition=tx.tenant.edition,
        user=None if user is None else _person(user),
        certificates=certificates,
        devices=tuple(examined),
        device_count=count,
        connectors=_connectors(tx),
        keys=_keys(tx),
        known_profiles=known,
        names=configuration_queries.names(tx.connection, tx.tenant.id, ids={ProfileId(each) for each in ids}),
        targets=_in_words(tx, targets),
        roles=ROLES,
        templates={all_template.name.lower(): all_template for all_template in all_templates(tx, "issuing")},
        selected=None
        if selected_profile is None
        else SelectedProfile(
            selected_profile, _approaches(tx, targets[selected_profile.id], user=user, devices=devices)
        ),
    )


def certificates_of(tx: Transaction, user_id: UserId) -> tuple[UserCertificate, ...]:
    """Return every certificate of the user, oldest first: imported ones, those of devices, and those that the CA issued
    by hand.
    """
    imported = [_imported(row) for row in queries.imported_of_user(tx.connection, tx.tenant.id, user_id=user_id)]
    thumbprints = {certificate.thumbprint for certificate in imported}
    registered = queries.certificates_of_user(tx.connection, tx.tenant.id, user_id=user_id)
    others = [_issued(row) for row in registered if row.thumbprint not in thumbprints]
    certificates = sorted([*imported, *others], key=lambda each: (str(each.not_before or ""), each.thumbprint))
    holders = queries.holders_of_certificates(
        tx.connection, tx.tenant.id, thumbprints=[certificate.thumbprint for certificate in certificates]
    )
    return tuple(_with_holders(certificate, holders.get(certificate.thumbprint, ())) for certificate in certificates)


def _imported(row: ImportedCertificateRow) -> UserCertificate:
    starts = row.document.get("startDateTime")
    certificate = UserCertificate(
        thumbprint=row.thumbprint,
        source=Source.IMPORTED,
        not_before=None if not starts else from_iso(str(starts)),
        not_after=row.not_after,
        serial=row.serial,
        template=row.template,
        purpose=row.purpose,
        provider=row.provider,
        key_name=row.key_name,
        revoked_at=row.revoked_at,
        reason=row.reason,
    )
    return certificate if row.certificate is None else _with_contents(certificate, row.certificate)


def _with_contents(certificate: UserCertificate, der: bytes) -> UserCertificate:
    """Add the contents of the X.509 certificate, which `core.pki.foreign` read before it was stored."""
    known = x509.load_der_x509_certificate(der)
    return replace(
        certificate,
        not_before=known.not_valid_before_utc,
        not_after=known.not_valid_after_utc,
        contents=contents(known),
        serial=serial_hex(known),
    )


def _issued(row: CertificateRow) -> UserCertificate:
    word = str(row.item_key or "").partition("/")[0]
    return UserCertificate(
        thumbprint=row.thumbprint,
        source=Source(word) if word in (Source.PKCS, Source.SCEP) else None,
        not_before=row.not_before,
        not_after=row.not_after,
        contents=contents(x509.load_der_x509_certificate(row.certificate)),
        serial=row.serial,
        template=row.template,
        device=row.enrollment_id,
        profile=None if row.profile_id is None else ProfileId(row.profile_id),
        revoked_at=row.revoked_at,
        reason=row.reason,
    )


def _with_holders(certificate: UserCertificate, rows: Iterable[HolderRow]) -> UserCertificate:
    return replace(certificate, holders=tuple(Holder(row.enrollment_id, ItemState(row.state)) for row in rows))


def _person(user: UserRow) -> UserFacts:
    document = user.document
    name = str(document.get("userPrincipalName") or user.id)
    return UserFacts(user.id, name=name, mail=document.get("mail"), licensed=bool(user.licensed))


def _device(tx: Transaction, row: NamedEnrollmentRow) -> Device:
    """Return an enrolment; an active one as its next check-in would find it."""
    ledger = device_queries.ledger_rows(tx.connection, row.id)
    requests = request_queries.requests(tx.connection, row.id)
    device = Device(
        id=row.id,
        name=row.device_name,
        variant=Variant(row.variant),
        enrolled_at=row.enrolled_at,
        user_id=row.user_id,
        state=EnrollmentState(row.state),
        cause=row.cause,
        last_checkin_at=row.last_checkin_at,
        rows=ledger,
        ledger=ledger,
        refused=frozenset(request.item_key for request in requests if request.state == "failed"),
    )
    if row.state is not EnrollmentState.ACTIVE:
        return device
    now, profiles = situation(tx, row, rows=ledger)
    planned = plan(now)
    items = now.items.values()
    return replace(
        device,
        profiles=profiles,
        rows={**ledger, **planned.rows},
        roots={
            claim.profile: item.needs_root for item in items for claim in item.claims if item.needs_root is not None
        },
        orders={claim.profile: item.order for item in items for claim in item.claims if item.order},
        pending=row.generation != row.settled_generation or planned.policy_changed,
    )


def _connectors(tx: Transaction) -> tuple[Connector, ...]:
    rows = connector_queries.connector_rows(tx.connection, tx.tenant.id)
    return tuple(_connector(tx, row) for row in rows)


def _connector(tx: Transaction, row: ConnectorRow) -> Connector:
    why = why_silent(row, now=tx.now)
    return Connector(
        row.name,
        frozenset(row.roles),
        offline_reason=None if why is None else f"'{row.name}' {why}",
        remedy=how_to_start(row),
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


def _in_words(tx: Transaction, targets: dict[ProfileId, list[Assignment]]) -> dict[ProfileId, tuple[str, ...]]:
    """Return the targets of each profile in words."""
    every = [each for listed in targets.values() for each in listed]
    groups = queries.group_names(tx.connection, tx.tenant.id, ids={each.group for each in every if each.group})
    filters = filter_queries.filters_by_id(
        tx.connection, tx.tenant.id, ids={each.filter for each in every if each.filter}
    )
    return {
        profile: tuple(_target(each, groups=groups, filters=filters) for each in listed)
        for profile, listed in targets.items()
    }


def _target(each: Assignment, *, groups: dict[str, str], filters: dict[FilterId, FilterRow]) -> str:
    named = f"the group '{groups.get(each.group or '', each.group)}'"
    words = {
        TargetKind.GROUP: named,
        TargetKind.EXCLUSION: f"not {named}",
        TargetKind.ALL_DEVICES: "all devices",
        TargetKind.ALL_USERS: "all users",
        TargetKind.COLLECTION: "a collection of Configuration Manager",
    }
    text = f"{'taken from ' if each.removes else ''}{words[each.kind]}"
    if each.filter is None:
        return text
    known = filters.get(each.filter)
    name = each.filter if known is None else known.document.get("displayName") or each.filter
    return f"{text} ({'without' if each.filter_excludes else 'only'} those of the filter '{name}')"


def _approaches(
    tx: Transaction, assignments: list[Assignment], *, user: UserRow | None, devices: Sequence[NamedEnrollmentRow]
) -> dict[str | None, Reach]:
    """Return how a profile with these assignments reaches each of the devices."""
    users = groups_of(tx, None if user is None else user.id)
    if not devices:
        reach = reach_of(assignments, Membership(has_user=user is not None, user_groups=users))
        nobody = user is None and reach.status is not ReachStatus.NOBODY
        return {None: Reach(ReachStatus.NO_DEVICE) if nobody else reach}
    ways: dict[str | None, Reach] = {}
    for row in devices:
        membership = Membership(
            has_user=user is not None,
            user_groups=users,
            device_groups=groups_of(tx, row.directory_device_id),
        )
        ways[row.id] = reach_of(assignments, membership, matches=matching(tx, row, assignments=assignments))
    return ways
