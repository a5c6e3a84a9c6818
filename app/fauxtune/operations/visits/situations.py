"""The situations of devices: all that their plans depend on, read for many devices with as many statements as for one.

What one device's plan depends on is read in the same way only for it: so planning, what-if and diagnosis agree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from fauxtune.core.engine.planning.desired import counting, desired_items, with_wishes
from fauxtune.core.engine.planning.ledger import is_requested
from fauxtune.core.engine.planning.plan import ConnectorAnswer, Situation
from fauxtune.core.engine.planning.renewal import renewal
from fauxtune.core.engine.planning.targeting import Assignment, Matches, Membership, target
from fauxtune.core.engine.removal.decisions import Standing
from fauxtune.core.model.ids import EnrollmentId, GroupId, ItemKey, ProfileId
from fauxtune.core.model.items import Item, LedgerRow, Order, Problem, scep_key
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.scep import ScepAttempt
from fauxtune.core.model.states import Authority, Source
from fauxtune.core.model.tenants import Edition
from fauxtune.core.pki.authority import DIGICERT
from fauxtune.core.profiles.catalog import kind
from fauxtune.core.profiles.family import AuthorityFacts, ImportedCertificate, Profile, Recipient
from fauxtune.core.profiles.variables import variables
from fauxtune.operations.ca import authorities
from fauxtune.operations.connectors.selection import connectors_of, waited_for
from fauxtune.operations.devices.audience import Audience, Filters
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import connectors as request_queries
from fauxtune.storage.queries import imported_pfx as pfx_queries
from fauxtune.storage.queries import scep as queries
from fauxtune.storage.rows.certificates import ServedRequestRow
from fauxtune.storage.rows.configuration import ProfileRow
from fauxtune.storage.rows.devices import EnrollmentRow

# How often, and when, devices were given a challenge for certificates that they do not have yet. Only reads.

#: The states of a challenge after which a device may still be waiting for its certificate.
_ANSWERED = ("validated", "issued")


def attempts_of(
    tx: Transaction, ledgers: Mapping[EnrollmentId, Mapping[ItemKey, LedgerRow]]
) -> dict[EnrollmentId, dict[tuple[ItemKey, str], ScepAttempt]]:
    """Return what devices were given to get certificates by SCEP that they do not have yet, by item and fingerprint.
    No statement is run if no device is to get one.
    """
    trying = [device for device, rows in ledgers.items() if any(is_requested(row) for row in rows.values())]
    attempts: dict[EnrollmentId, dict[tuple[ItemKey, str], ScepAttempt]] = {device: {} for device in ledgers}
    if not trying:
        return attempts
    for row in queries.challenges_of(tx.connection, tx.tenant.id, enrollment_ids=trying):
        known, key = attempts[row.enrollment_id], (scep_key(row.profile_id), row.fingerprint or "")
        known[key] = ScepAttempt(
            count=known[key].count + 1 if key in known else 1,
            given_at=row.created_at,
            expires_at=row.expires_at,
            is_answered=row.state in _ANSWERED,
        )
    return attempts


#: The connector's role for each source.
ROLES = {Source.PKCS: "pkcs", Source.IMPORTED: "imported-pfx"}

#: A device's ledger, by item.
Ledger = Mapping[ItemKey, LedgerRow]


@dataclass(frozen=True, slots=True)
class DeviceSituation:
    """What the plan of one device depends on; the profiles that reach it; and all that was ever asked of the
    connectors for it.
    """

    situation: Situation
    profiles: tuple[Profile, ...]
    requests: tuple[ServedRequestRow, ...]

    def after(self, *, rows: Ledger, requests: Sequence[ServedRequestRow]) -> DeviceSituation:
        """Return the situation after its own plan, which has changed these two, and nothing else that is in it."""
        situation = replace(self.situation, rows=rows, answers=_answers(requests))
        return replace(self, situation=situation, requests=tuple(requests))


@dataclass(frozen=True, slots=True)
class _Desired:
    """The profiles that reach one device, the items that they give it, and the imported certificates of its user."""

    profiles: tuple[Profile, ...]
    items: Mapping[ItemKey, Item]
    imported: tuple[ImportedCertificate, ...]


def situations(
    tx: Transaction,
    devices: Sequence[EnrollmentRow],
    *,
    ledgers: Mapping[EnrollmentId, Ledger],
    audience: Audience | None = None,
    requests: Mapping[EnrollmentId, Sequence[ServedRequestRow]] | None = None,
) -> dict[EnrollmentId, DeviceSituation]:
    """Return the situations of these devices at this moment, by device. `ledgers`: the ledger of each of them.
    `audience`: their users and groups, `requests`: all that was asked of the connectors for each, if they were read
    already.
    """
    if not devices:
        return {}
    audience = audience or Audience.of(tx, devices)
    desired = _desired(tx, devices, audience=audience)
    standings = _standings(tx, devices, desired=desired, audience=audience, ledgers=ledgers)
    requests = _requests(tx, devices) if requests is None else requests
    attempts = attempts_of(tx, ledgers)
    connectors = connectors_of(tx)
    waiting_for = {source: waited_for(connectors, role, now=tx.now, faults=tx.faults) for source, role in ROLES.items()}
    return {
        device.id: DeviceSituation(
            Situation(
                now=tx.now,
                variant=device.variant,
                edition=tx.tenant.edition,
                items=desired[device.id].items,
                rows=ledgers[device.id],
                answers=_answers(requests[device.id]),
                standing=standings[device.id],
                waiting_for=waiting_for,
                attempts=attempts[device.id],
            ),
            desired[device.id].profiles,
            tuple(requests[device.id]),
        )
        for device in devices
    }


def _desired(tx: Transaction, devices: Sequence[EnrollmentRow], *, audience: Audience) -> dict[EnrollmentId, _Desired]:
    profiles = _profiles(tx, devices, audience=audience)
    every = [profile for reaching in profiles.values() for profile in reaching]
    # Nearly always the profiles that a profile refers to reach the device as well: then no statement is run.
    elsewhere = frozenset(
        target_id
        for reaching in profiles.values()
        for target_id in _referred(reaching) - {profile.id for profile in reaching}
    )
    names = tx.known(
        ("names", elsewhere), lambda: configuration_queries.names(tx.connection, tx.tenant.id, ids=elsewhere)
    )
    users = frozenset(audience.users)
    imported = tx.known(
        ("imported", users), lambda: pfx_queries.imported_of_users(tx.connection, tx.tenant.id, user_ids=users)
    )
    known = _authorities(tx, every)
    desired = {}
    for device in devices:
        reaching, user = profiles[device.id], audience.user_of(device)
        own = () if user is None else imported[user.id]
        recipient = Recipient(
            edition=tx.tenant.edition,
            variant=device.variant,
            os_version=device.facts.get("osVersion"),
            variables=variables(None if user is None else user.document, device.facts, edition=tx.tenant.edition),
            has_user=user is not None,
            imported=own,
            authorities=known,
            require_trusted_root=bool(tx.tenant.setting("requireTrustedRoot")),
            names={profile.id: str(profile.document.get("displayName")) for profile in reaching}
            | {target_id: names[target_id] for target_id in _referred(reaching) & names.keys()},
        )
        desired[device.id] = _Desired(reaching, desired_items(reaching, recipient), own)
    return desired


def claiming(tx: Transaction, ids: frozenset[ProfileId]) -> Mapping[ProfileId, ProfileRow]:
    """Return the profiles with these ids: those that claim what is delivered."""
    return tx.known(
        ("profiles", ids), lambda: configuration_queries.profiles_by_id(tx.connection, tx.tenant.id, ids=ids)
    )


def _referred(profiles: Iterable[Profile]) -> set[ProfileId]:
    return {target_id for profile in profiles for target_id in profile.references.values()}


def _profiles(
    tx: Transaction, devices: Sequence[EnrollmentRow], *, audience: Audience
) -> dict[EnrollmentId, tuple[Profile, ...]]:
    """The profiles that reach each device; none if its user is gone or has no licence."""
    entitled = [device for device in devices if audience.is_entitled(device)]
    reaching: dict[EnrollmentId, tuple[Profile, ...]] = {device.id: () for device in devices}
    if not entitled:
        return reaching
    memberships = {device.id: audience.membership(device) for device in entitled}
    groups = frozenset(
        group for membership in memberships.values() for group in membership.user_groups | membership.device_groups
    )
    candidates = tx.known(("candidates", groups), lambda: _candidates(tx, groups))
    filters = Filters.of(
        tx, entitled, assignments=(assignment for _profile, listed in candidates for assignment in listed)
    )
    # Devices that are alike get the same profiles: their user's groups, their own, and their kind decide, and filters.
    alike: dict[tuple[object, Membership], tuple[Profile, ...]] = {}
    for device in entitled:
        key = (device.id if filters.documents else device.variant, memberships[device.id])
        if key not in alike:
            alike[key] = _applied(
                candidates,
                memberships[device.id],
                matches=filters.matching(device),
                variant=device.variant,
                edition=tx.tenant.edition,
            )
        reaching[device.id] = alike[key]
    return reaching


def _candidates(tx: Transaction, groups: frozenset[GroupId]) -> list[tuple[Profile, list[Assignment]]]:
    """The profiles that can reach these groups; of policies of the settings catalog with what they ask for."""
    rows = configuration_queries.candidates(tx.connection, tx.tenant.id, groups=groups)
    return [(with_wishes(profile, tenant=tx.tenant.id), listed) for profile, listed in rows]


def _applied(
    candidates: Iterable[tuple[Profile, list[Assignment]]],
    membership: Membership,
    *,
    matches: Matches,
    variant: Variant,
    edition: Edition,
) -> tuple[Profile, ...]:
    applied = []
    for profile, assignments in candidates:
        known = kind(profile.kind)
        assignment = target(assignments, membership, matches=matches)
        if known is not None and assignment is not None and known.reaches(variant, document=profile.document):
            applies = known.applies(variant, edition=edition)
            applied.append(replace(profile, assignment=assignment.id, applies=applies))
    return counting(applied)


def _authorities(tx: Transaction, profiles: Iterable[Profile]) -> tuple[AuthorityFacts, ...]:
    """The tenant's own CA, and DigiCert's, if a profile names it and the tenant has one."""
    host = str(tx.tenant.setting("digicert.host"))
    named = any(str(profile.document.get("certificationAuthority")).lower() == host.lower() for profile in profiles)
    return tx.known(
        ("authorities", host if named else ""), lambda: _read_authorities(tx, digicert=host if named else "")
    )


def _read_authorities(tx: Transaction, *, digicert: str) -> tuple[AuthorityFacts, ...]:
    """`digicert`: the host of DigiCert's CA if a profile names it."""
    templates = authority_queries.template_documents(tx.connection, tx.tenant.id, authority_name="issuing")
    root = authorities.certificate(tx.connection, tx.tenant, name="root")
    enterprise = AuthorityFacts(
        host=tx.tenant.ca_host,
        name=tx.tenant.ca_name,
        root_sha256=authorities.sha256(root),
        templates=tuple(templates),
    )
    other_root = None
    if digicert:
        other_root = authority_queries.authority(tx.connection, tx.tenant.id, name=f"{DIGICERT}-root")
    if other_root is None:
        return (enterprise,)
    theirs = authority_queries.template_documents(tx.connection, tx.tenant.id, authority_name=DIGICERT)
    partner = AuthorityFacts(
        host=digicert,
        name="Symantec",
        root_sha256=hashlib.sha256(other_root.certificate).hexdigest(),
        templates=tuple(theirs),
        kind=Authority.DIGICERT,
    )
    return (enterprise, partner)


def _standings(
    tx: Transaction,
    devices: Sequence[EnrollmentRow],
    *,
    desired: Mapping[EnrollmentId, _Desired],
    audience: Audience,
    ledgers: Mapping[EnrollmentId, Ledger],
) -> dict[EnrollmentId, Standing]:
    """The facts that decide causes of removal: of profiles and assignments, those that once claimed unwanted items."""
    claims = {
        device.id: [
            claim
            for key, row in ledgers[device.id].items()
            if key not in desired[device.id].items
            for claim in row.claims
        ]
        for device in devices
    }
    every = [claim for listed in claims.values() for claim in listed]
    profiles, assignments = configuration_queries.standing(
        tx.connection,
        tx.tenant.id,
        profile_ids={claim.profile for claim in every},
        assignment_ids={claim.assignment for claim in every},
    )
    standings = {}
    for device in devices:
        user = audience.user_of(device)
        standings[device.id] = Standing(
            user_id=device.user_id,
            user_exists=user is not None,
            user_licensed=user is not None and bool(user.licensed),
            certificates=frozenset(certificate.thumbprint for certificate in desired[device.id].imported),
            profiles=profiles & {claim.profile for claim in claims[device.id]},
            assignments=assignments & {claim.assignment for claim in claims[device.id]},
        )
    return standings


def _requests(tx: Transaction, devices: Iterable[EnrollmentRow]) -> Mapping[EnrollmentId, Sequence[ServedRequestRow]]:
    """What was asked of the connectors for each device, oldest first."""
    requests: dict[EnrollmentId, list[ServedRequestRow]] = {device.id: [] for device in devices}
    for row in request_queries.requests_of(tx.connection, requests.keys()):
        requests[row.enrollment_id].append(row)
    return requests


def _answers(requests: Iterable[ServedRequestRow]) -> dict[tuple[ItemKey, str], ConnectorAnswer]:
    return {(request.item_key, request.fingerprint): _answer(request) for request in requests}


def _answer(request: ServedRequestRow) -> ConnectorAnswer:
    if request.state == "failed":
        assert request.error_code is not None
        assert request.answered_at is not None
        return ConnectorAnswer.refused(Problem(request.error_code, request.message or ""), at=request.answered_at)
    # A certificate that the authority has issued to a connector is no answer until its file has arrived.
    if request.state == "open":
        return ConnectorAnswer()
    if request.serial is None:
        return ConnectorAnswer(answered=True)
    if request.authority is None:
        return ConnectorAnswer(answered=True, serial=request.serial)
    assert isinstance(request.order, Order)
    assert request.not_before is not None
    assert request.not_after is not None
    return ConnectorAnswer(
        answered=True,
        serial=request.serial,
        thumbprint=request.thumbprint,
        renew_at=renewal(request.not_before, request.not_after, percent=request.order.renew_percent),
        not_after=request.not_after,
        authority=Authority.named(request.authority),
    )
