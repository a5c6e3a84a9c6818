"""The chain from one profile to one device, link by link: import, key, profile, purpose, assignment, ..., installed.

A link is broken by the findings that belong to it; without one, the facts decide whether it holds or is waited for.
The chain of an app is in `app_rules`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter

from fauxtune.core.engine.diagnosis.certificate_rules import allows
from fauxtune.core.engine.diagnosis.facts import (
    Device,
    DeviceApp,
    Facts,
    ScepTry,
    name_of,
    purpose_of,
    source_of,
)
from fauxtune.core.engine.diagnosis.findings import Finding, Severity, ago
from fauxtune.core.engine.planning.targeting import ReachStatus
from fauxtune.core.model.certificates import purpose as purpose_words
from fauxtune.core.model.connectors import ROLE_WORDS
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.model.words.device_words import VARIANTS
from fauxtune.core.profiles.family import Profile
from fauxtune.core.profiles.kind_words import kind_words


class LinkStatus(StrEnum):
    """The link holds, is broken, does not apply to this device, or waits for the device, a connector or time."""

    OK = "ok"
    BROKEN = "broken"
    NOT_APPLICABLE = "notApplicable"
    WAITING = "waiting"


Assessment = tuple[LinkStatus, str]


@dataclass(frozen=True, slots=True)
class Subject:
    """One profile on one device; without a device, the links that concern only the user can be judged."""

    facts: Facts
    profile: Profile
    device: Device | None

    @property
    def source(self) -> Source | None:
        """The source of the items that the profile gives."""
        return source_of(self.profile)

    @property
    def app(self) -> DeviceApp | None:
        """How the app stands on the device; None if nothing is known of it there."""
        apps = () if self.device is None else self.device.apps
        return next((app for app in apps if app.id == self.profile.id), None)

    @property
    def thumbprints(self) -> frozenset[str | None]:
        """The certificates that the profile is about."""
        if self.source is Source.IMPORTED:
            purpose = purpose_of(self.profile)
            held = self.facts.imported(purpose) or [
                certificate
                for certificate in self.facts.imported()
                if certificate.contents is not None and allows(certificate.contents, purpose)
            ]
            return frozenset(certificate.thumbprint for certificate in held)
        rows = [] if self.device is None else self.device.claimed(self.profile.id)
        return frozenset(row.thumbprint for row in rows)

    @property
    def is_reached(self) -> bool:
        """Whether the profile reaches the device."""
        return self.device is not None and self.device.profile(self.profile.id) is not None

    def concerns(self, finding: Finding) -> bool:
        """Whether the finding is about this profile on this device."""
        about = finding.observation
        role = self.facts.role_of(self.profile)
        return (
            not (about.without_device and self.device is not None)
            and about.device in (None, None if self.device is None else self.device.id)
            and about.profile in (None, self.profile.id)
            and (about.certificate is None or about.profile is not None or about.certificate in self.thumbprints)
            and about.role in (None, role)
        )


@dataclass(frozen=True, slots=True)
class Link:
    """The state of one link. `findings` are those that belong to it, errors first; `message` is that of the first."""

    name: str
    status: LinkStatus
    message: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Chain:
    """All links that a profile of its kind has, on one device."""

    subject: Subject
    links: tuple[Link, ...]

    @property
    def status(self) -> LinkStatus:
        """The worst status of a link: broken, then not applicable (nothing will come), then waiting."""
        statuses = [link.status for link in self.links]
        worst = (LinkStatus.BROKEN, LinkStatus.NOT_APPLICABLE, LinkStatus.WAITING)
        return next((status for status in worst if status in statuses), LinkStatus.OK)

    @property
    def broken(self) -> Link | None:
        """The first link that is broken."""
        return next((link for link in self.links if link.status is LinkStatus.BROKEN), None)


@dataclass(frozen=True, slots=True)
class LinkKind:
    """A kind of link: the codes of the findings that break it, its assessment without one, and the sources of profiles
    that have it (empty: all).
    """

    name: str
    codes: frozenset[str]
    assess: Callable[[Subject], Assessment]
    sources: frozenset[Source] = frozenset()


def chain(subject: Subject, findings: list[Finding], *, links: Sequence[LinkKind]) -> Chain:
    """The chain of the subject, from all findings, with these links."""
    related = [finding for finding in findings if subject.concerns(finding)]
    # A profile that does not apply gives nothing, so that nothing else has to be there for it.
    gives = subject.profile.applies
    kinds = [kind for kind in links if not kind.sources or (gives and subject.source in kind.sources)]
    return Chain(subject, tuple(_link(kind, subject, findings=related) for kind in kinds))


def _link(kind: LinkKind, subject: Subject, *, findings: list[Finding]) -> Link:
    related = [finding for finding in findings if finding.code in kind.codes]
    related.sort(key=lambda finding: finding.severity is not Severity.ERROR)
    if related and related[0].severity is Severity.ERROR:
        return Link(kind.name, LinkStatus.BROKEN, related[0].observation.message, tuple(related))
    status, message = kind.assess(subject)
    return Link(kind.name, status, related[0].observation.message if related else message, tuple(related))


def _ok(message: str) -> Assessment:
    return LinkStatus.OK, message


def _waiting(message: str) -> Assessment:
    return LinkStatus.WAITING, message


def _enrollment(subject: Subject) -> Assessment:
    if subject.device is None:
        return _waiting("No device of a kind that it is for is enrolled.")
    return _ok(f"{VARIANTS[subject.device.variant]}, enrolled on {subject.device.enrolled_at:%Y-%m-%d}.")


def _import(subject: Subject) -> Assessment:
    purpose = purpose_of(subject.profile)
    count = len(subject.facts.imported(purpose))
    return _ok(
        f"{count} certificate{' was' if count == 1 else 's were'} imported for {purpose_words(purpose)}."
        if count
        else "A certificate was imported, but for another purpose."
    )


def _connector_key(subject: Subject) -> Assessment:
    names = sorted(
        {
            certificate.key_name or ""
            for certificate in subject.facts.imported()
            if certificate.thumbprint in subject.thumbprints
        }
    )
    return _ok(f"A connector has the key {', '.join(repr(name) for name in names)}." if names else "No key is needed.")


def _profile(subject: Subject) -> Assessment:
    return _ok(f"'{name_of(subject.profile)}', {kind_words(subject.profile.kind)}.")


def _purpose(subject: Subject) -> Assessment:
    if not any(certificate.thumbprint in subject.thumbprints for certificate in subject.facts.imported()):
        return _ok("There is no certificate yet.")
    return _ok(
        _unopened(subject) or f"Key usage and extended key usage allow {purpose_words(purpose_of(subject.profile))}."
    )


def _address(subject: Subject) -> Assessment:
    return _ok(_unopened(subject) or "No certificate in use has an address other than the user's.")


def _unopened(subject: Subject) -> str | None:
    """A sentence about certificates that cannot be checked yet; None if all can."""
    held = [certificate for certificate in subject.facts.imported() if certificate.thumbprint in subject.thumbprints]
    unknown = sum(certificate.contents is None for certificate in held)
    if not unknown:
        return None
    return f"{unknown} of {len(held)} cannot be checked until a connector has opened the file for a device."


def _validity(subject: Subject) -> Assessment:
    held = [certificate for certificate in subject.facts.certificates if certificate.thumbprint in subject.thumbprints]
    newest = max(
        (certificate for certificate in held if certificate.not_after is not None),
        key=attrgetter("not_after"),
        default=None,
    )
    if newest is None:
        return _ok("There is no certificate yet.")
    if newest.not_before is not None and newest.not_before > subject.facts.now:
        return _waiting(f"The newest is not valid before {newest.not_before:%Y-%m-%d}.")
    return _ok(f"The newest is valid until {newest.not_after:%Y-%m-%d}.")


def _licence(subject: Subject) -> Assessment:
    user = subject.facts.user
    return _ok("The device has no user." if user is None else f"{user.name} has a licence.")


def _assignment(subject: Subject) -> Assessment:
    selected = subject.facts.selected
    key = None if subject.device is None else subject.device.id
    reach = None if selected is None or selected.profile.id != subject.profile.id else selected.reaches.get(key)
    if reach is not None and reach.status is ReachStatus.NO_DEVICE:
        return _waiting(
            f"It is assigned to {subject.facts.assigned(subject.profile.id)} and reaches no enrolled device."
        )
    return _ok(f"It is assigned to {subject.facts.assigned(subject.profile.id)}.")


def _filter(_subject: Subject) -> Assessment:
    return _ok("No filter leaves the device out.")


def _platform(subject: Subject) -> Assessment:
    return _ok("The profile is for devices of this kind." if subject.device else "There is no device to compare with.")


def _edition(subject: Subject) -> Assessment:
    return _ok(f"It applies in the edition {subject.facts.edition}.")


def _trusted_root(subject: Subject) -> Assessment:
    if subject.source is Source.SCEP:
        return _referred_root(subject)
    root = None if subject.device is None else subject.device.roots.get(subject.profile.id)
    if root is None or subject.device is None:
        return _ok("No root certificate is needed first.")
    states = [row.state for key, row in subject.device.rows.items() if key.startswith(f"root/{root}/")]
    if ItemState.INSTALLED in states:
        return _ok("The authority's root is on the device.")
    return _waiting("The authority's root is on its way to the device.")


def _referred_root(subject: Subject) -> Assessment:
    """The root to which a SCEP profile refers."""
    target = subject.profile.references.get("rootCertificate")
    if target is None or subject.device is None:
        return _ok("The profile refers to no trusted root.")
    rows = subject.device.claimed(target)
    name = subject.facts.names.get(target, target)
    if rows and all(row.state is ItemState.INSTALLED for row in rows):
        return _ok(f"The root of '{name}' is on the device.")
    return _waiting(f"The root of '{name}' is on its way to the device.")


def _reference(subject: Subject) -> Assessment:
    awaited = []
    for target in subject.profile.references.values() if subject.device is not None else ():
        assert subject.device is not None
        rows = subject.device.claimed(target)
        if not rows or any(row.state is not ItemState.INSTALLED for row in rows):
            awaited.append(subject.facts.names.get(target, target))
    if awaited:
        return _waiting(f"The certificates of {', '.join(repr(name) for name in awaited)} are not on the device.")
    return _ok("The certificates that it refers to are on the device.")


def _connector(subject: Subject) -> Assessment:
    role = subject.facts.role_of(subject.profile)
    if role is None:
        return _ok("No connector is needed.")
    serving = [connector.name for connector in subject.facts.connectors if role in connector.roles and connector.online]
    return _ok(f"{', '.join(repr(name) for name in serving)} has the role {ROLE_WORDS[role]} and is on line.")


def _server(subject: Subject) -> Assessment:
    challenge = _challenge_of(subject)
    if challenge is not None and challenge.url:
        url, is_own = challenge.url, subject.facts.is_own_server(challenge.url)
    else:
        url = ", ".join(
            str(scep_server_url) for scep_server_url in subject.profile.document.get("scepServerUrls") or ()
        )
        is_own = subject.facts.role_of(subject.profile) is not None
    if is_own:
        return _ok(f"The device requests it at the tenant's own SCEP server, {url}.")
    return _ok(f"The device requests it at {url}.")


def _challenge(subject: Subject) -> Assessment:
    challenge = _challenge_of(subject)
    if challenge is None:
        return _waiting("The device was given no challenge yet.")
    given = f"Given at {challenge.given_at:%Y-%m-%d %H:%M}"
    match challenge.state:
        case "given":
            return _waiting(f"{given}; no SCEP server has asked about it.")
        case "validated":
            return _ok(f"{given}; the request is the one that the profile asks for.")
        case "issued":
            return _ok(f"{given}; the authority issued the certificate.")
        case _:
            return _ok(f"{given}; {challenge.code or challenge.state}.")


def _challenge_of(subject: Subject) -> ScepTry | None:
    return None if subject.device is None else subject.device.challenges.get(subject.profile.id)


def _check_in(subject: Subject) -> Assessment:
    device = subject.device
    if device is None:
        return _waiting("There is no device.")
    if device.last_checkin_at is None:
        return _waiting("The device has not checked in since it was enrolled.")
    passed = ago(subject.facts.now - device.last_checkin_at)
    if device.pending:
        return _waiting(f"The device checked in {passed} ago; later changes wait for its next check-in.")
    return _ok(f"The device checked in {passed} ago.")


def _device(_subject: Subject) -> Assessment:
    return _ok("The device refused nothing.")


def _installed(subject: Subject) -> Assessment:
    if subject.device is None or not subject.is_reached:
        return _waiting("The profile gives this device nothing.")
    if not subject.profile.applies:
        return LinkStatus.NOT_APPLICABLE, "It is not applicable to devices of this kind."
    rows = [subject.device.ledger.get(row.key, row) for row in subject.device.claimed(subject.profile.id)]
    waiting = [row for row in rows if row.state is not ItemState.INSTALLED]
    if not rows:
        return _waiting("The profile gives this device nothing.")
    done = f"{len(rows) - len(waiting)} of {len(rows)} installed"
    if not waiting:
        return _ok(f"{done}.")
    return _waiting(f"{done}: {_why(waiting[0].state, waiting[0].waits_for)}.")


def _why(state: ItemState, waits_for: str | None) -> str:
    match state:
        case ItemState.SENT:
            return "it was sent to the device, which has not confirmed it"
        case ItemState.FAILED:
            return "the last attempt failed"
        case _:
            return f"it waits for {waits_for or 'the next check-in'}"


_WITH_CERTIFICATE = frozenset({Source.IMPORTED, Source.PKCS, Source.SCEP})
_OWN = frozenset({Source.PKCS, Source.SCEP})
_FROM_IMPORT = frozenset({Source.IMPORTED})
_BY_SCEP = frozenset({Source.SCEP})

#: THE links, in their order. Each rule's code belongs to one of them.
LINKS: tuple[LinkKind, ...] = (
    LinkKind("enrollment", frozenset({"enrollment-over", "enrollment-refused", "no-device"}), _enrollment),
    LinkKind("import", frozenset({"nothing-imported", "purpose-without-profile"}), _import, _FROM_IMPORT),
    LinkKind("connectorKey", frozenset({"key-missing", "key-unnamed"}), _connector_key, _FROM_IMPORT),
    LinkKind(
        "profile",
        frozenset(
            {
                "kept-only",
                "profile-impossible",
                "proof-of-origin",
                "scep-subject-escaped",
                "settings-in-conflict",
                "compliance-goes-before",
            }
        ),
        _profile,
    ),
    LinkKind("purpose", frozenset({"purpose-key-usage", "purpose-extended-usage"}), _purpose, _FROM_IMPORT),
    LinkKind("address", frozenset({"address-mismatch"}), _address, _WITH_CERTIFICATE),
    LinkKind(
        "validity",
        frozenset(
            {
                *("expired-without-successor", "expires-soon", "gap-in-time", "revoked-in-use"),
                *("encryption-per-device", "validity-period"),
            }
        ),
        _validity,
        _WITH_CERTIFICATE,
    ),
    LinkKind("licence", frozenset({"not-licensed", "user-deleted"}), _licence),
    LinkKind(
        "assignment",
        frozenset({"assigned-to-nobody", "assigned-elsewhere", "excluded", "nothing-assigned"}),
        _assignment,
    ),
    LinkKind("filter", frozenset({"filtered-out"}), _filter),
    LinkKind("platform", frozenset({"other-platform"}), _platform),
    LinkKind("edition", frozenset({"not-in-edition", "purpose-unsupported"}), _edition),
    LinkKind("trustedRoot", frozenset({"root-elsewhere", "root-missing", "intermediate-missing"}), _trusted_root, _OWN),
    LinkKind("reference", frozenset({"reference-out-of-reach"}), _reference, frozenset({Source.EMAIL})),
    LinkKind(
        "connector",
        frozenset({"role-without-connector", "connector-offline", "connector-refused"}),
        _connector,
        _WITH_CERTIFICATE | {Source.EMAIL},
    ),
    LinkKind(
        "scepServer", frozenset({"scep-server-unreachable", "scep-ra-expired", "scep-address-http"}), _server, _BY_SCEP
    ),
    LinkKind(
        "checkIn",
        frozenset({"network-blocked", "device-silent", "device-not-compliant", "script-waits", "script-failed"}),
        _check_in,
    ),
    LinkKind(
        "challenge",
        frozenset(
            {
                *("scep-challenge-expired", "scep-challenge-refused", "scep-request-differs", "scep-clock"),
                *("scep-authority-refused", "scep-approval-pending"),
            }
        ),
        _challenge,
        _BY_SCEP,
    ),
    LinkKind("device", frozenset({"device-refused"}), _device),
    LinkKind("installed", frozenset(), _installed),
)
