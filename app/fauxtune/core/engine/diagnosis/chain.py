"""The way of one profile to one device, link by link: import, key, profile, purpose, assignment, ..., installed.

A link breaks by the findings that belong to it; where there is none, the facts say whether it holds or is awaited.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from operator import attrgetter

from fauxtune.core.engine.diagnosis.approach import Way
from fauxtune.core.engine.diagnosis.certificate_rules import can
from fauxtune.core.engine.diagnosis.facts import Device, Facts, name_of, purpose_of, source_of
from fauxtune.core.engine.diagnosis.findings import Finding, Severity
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.profiles.world import Profile


class LinkStatus(StrEnum):
    """It holds; it is broken; the profile is not for this device; or time or somebody is awaited."""

    OK = "ok"
    BROKEN = "broken"
    NOT_APPLICABLE = "notApplicable"
    WAITING = "waiting"


SentStep = tuple[LinkStatus, str]


@dataclass(frozen=True, slots=True)
class Subject:
    """One profile on one device; without a device: as far as it goes for the user."""

    facts: Facts
    profile: Profile
    device: Device | None

    @property
    def source(self) -> Source | None:
        """What the profile gives."""
        return source_of(self.profile)

    @property
    def thumbprints(self) -> frozenset[str | None]:
        """The certificates that the profile is about."""
        if self.source is Source.IMPORTED:
            purpose = purpose_of(self.profile)
            held = self.facts.imported(purpose) or [
                each for each in self.facts.imported() if each.contents is not None and can(each.contents, purpose)
            ]
            return frozenset(each.thumbprint for each in held)
        rows = [] if self.device is None else self.device.claimed(self.profile.id)
        return frozenset(row.thumbprint for row in rows)

    @property
    def arrives(self) -> bool:
        """Does the profile reach the device?"""
        return self.device is not None and self.device.profile(self.profile.id) is not None

    def concerns(self, finding: Finding) -> bool:
        """Is the finding about this profile on this device?"""
        found = finding.found
        role = None if self.source is None else self.facts.roles.get(self.source)
        return (
            found.device in (None, None if self.device is None else self.device.id)
            and found.profile in (None, self.profile.id)
            and (found.certificate is None or found.profile is not None or found.certificate in self.thumbprints)
            and found.role in (None, role)
        )


@dataclass(frozen=True, slots=True)
class Link:
    """One link as it stands. `findings`: what belongs to it, errors first; `message` is the first one's, if any."""

    name: str
    status: LinkStatus
    message: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Chain:
    """All links of one profile on one device that its kind has."""

    subject: Subject
    links: tuple[Link, ...]

    @property
    def status(self) -> LinkStatus:
        """That of the worst link: broken, then not applicable (nothing will come), then waiting."""
        found = [link.status for link in self.links]
        worst = (LinkStatus.BROKEN, LinkStatus.NOT_APPLICABLE, LinkStatus.WAITING)
        return next((each for each in worst if each in found), LinkStatus.OK)

    @property
    def broken(self) -> Link | None:
        """The first link that is broken."""
        return next((link for link in self.links if link.status is LinkStatus.BROKEN), None)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of link: which findings break it, what it says without one, and which profiles have it (empty: all)."""

    name: str
    codes: frozenset[str]
    tell: Callable[[Subject], SentStep]
    sources: frozenset[Source] = frozenset()


def chain(subject: Subject, findings: list[Finding]) -> Chain:
    """The chain, from everything that was found."""
    mine = [each for each in findings if subject.concerns(each)]
    # What is not applicable brings nothing, so that nothing of it has to be there.
    brings = subject.profile.applies
    kinds = [each for each in LINKS if not each.sources or (brings and subject.source in each.sources)]
    return Chain(subject, tuple(_link(kind, subject, findings=mine) for kind in kinds))


def _link(kind: Kind, subject: Subject, *, findings: list[Finding]) -> Link:
    mine = [each for each in findings if each.code in kind.codes]
    mine.sort(key=lambda each: each.severity is not Severity.ERROR)
    if mine and mine[0].severity is Severity.ERROR:
        return Link(kind.name, LinkStatus.BROKEN, mine[0].found.message, tuple(mine))
    status, message = kind.tell(subject)
    return Link(kind.name, status, mine[0].found.message if mine else message, tuple(mine))


def _ok(message: str) -> SentStep:
    return LinkStatus.OK, message


def _waits(message: str) -> SentStep:
    return LinkStatus.WAITING, message


def _enrolled(subject: Subject) -> SentStep:
    if subject.device is None:
        return _waits("No device that the profile is for is enrolled.")
    return _ok(f"{subject.device.variant}, enrolled {subject.device.enrolled_at:%Y-%m-%d}.")


def _imported(subject: Subject) -> SentStep:
    purpose = purpose_of(subject.profile)
    count = len(subject.facts.imported(purpose))
    return _ok(f"{count} certificate(s) imported for {purpose}." if count else "One was imported, for another purpose.")


def _keyed(subject: Subject) -> SentStep:
    names = sorted({each.key_name or "" for each in subject.facts.imported() if each.thumbprint in subject.thumbprints})
    return _ok(f"A connector has the key {', '.join(repr(name) for name in names)}." if names else "No key is needed.")


def _made(subject: Subject) -> SentStep:
    return _ok(f"'{name_of(subject.profile)}', of the kind {subject.profile.kind}.")


def _usable(subject: Subject) -> SentStep:
    if not any(each.thumbprint in subject.thumbprints for each in subject.facts.imported()):
        return _ok("There is no certificate yet.")
    return _ok(_unopened(subject) or f"Key usage and extended key usage allow {purpose_of(subject.profile)}.")


def _addressed(subject: Subject) -> SentStep:
    return _ok(_unopened(subject) or "No certificate in use carries another address than the user's.")


def _unopened(subject: Subject) -> str | None:
    """What cannot be judged yet, if anything."""
    held = [each for each in subject.facts.imported() if each.thumbprint in subject.thumbprints]
    unknown = sum(each.contents is None for each in held)
    if not unknown:
        return None
    return f"{unknown} of {len(held)} cannot be looked into until a connector has opened the file for a device."


def _valid(subject: Subject) -> SentStep:
    mine = [each for each in subject.facts.certificates if each.thumbprint in subject.thumbprints]
    newest = max((each for each in mine if each.not_after is not None), key=attrgetter("not_after"), default=None)
    if newest is None:
        return _ok("There is no certificate yet.")
    if newest.not_before is not None and newest.not_before > subject.facts.now:
        return _waits(f"The newest is not valid before {newest.not_before:%Y-%m-%d}.")
    return _ok(f"The newest is valid until {newest.not_after:%Y-%m-%d}.")


def _licensed(subject: Subject) -> SentStep:
    user = subject.facts.user
    return _ok("The device has no user." if user is None else f"{user.name} has a licence.")


def _assigned(subject: Subject) -> SentStep:
    asked = subject.facts.asked
    key = None if subject.device is None else subject.device.id
    way = None if asked is None or asked.profile.id != subject.profile.id else asked.approaches.get(key)
    if way is not None and way.way is Way.NO_DEVICE:
        return _waits(f"It is assigned to {subject.facts.assigned(subject.profile.id)} and reaches no enrolled device.")
    return _ok(f"It is assigned to {subject.facts.assigned(subject.profile.id)}.")


def _let_through(_subject: Subject) -> SentStep:
    return _ok("No filter is in the way.")


def _fits(subject: Subject) -> SentStep:
    return _ok("The profile is for devices of this kind." if subject.device else "There is no device to compare with.")


def _current(subject: Subject) -> SentStep:
    return _ok(f"It applies in the edition {subject.facts.edition}.")


def _trusted(subject: Subject) -> SentStep:
    root = None if subject.device is None else subject.device.roots.get(subject.profile.id)
    if root is None or subject.device is None:
        return _ok("No root has to be there first.")
    states = [row.state for key, row in subject.device.rows.items() if key.startswith(f"root/{root}/")]
    if ItemState.INSTALLED in states:
        return _ok("The authority's root is on the device.")
    return _waits("The authority's root is on its way to the device.")


def _referred(subject: Subject) -> SentStep:
    awaited = []
    for target in subject.profile.references.values() if subject.device is not None else ():
        assert subject.device is not None
        rows = subject.device.claimed(target)
        if not rows or any(row.state is not ItemState.INSTALLED for row in rows):
            awaited.append(subject.facts.names.get(target, target))
    if awaited:
        return _waits(f"The certificates of {', '.join(repr(name) for name in awaited)} are not on the device.")
    return _ok("The certificates that it names are on the device.")


def _served(subject: Subject) -> SentStep:
    role = None if subject.source is None else subject.facts.roles.get(subject.source)
    if role is None:
        return _ok("No connector is needed.")
    able = [each.name for each in subject.facts.connectors if role in each.roles and each.online]
    return _ok(f"{', '.join(repr(name) for name in able)} has the role {role} and is online.")


def _heard(subject: Subject) -> SentStep:
    device = subject.device
    if device is None:
        return _waits("There is no device.")
    if device.last_checkin_at is None:
        return _waits("The device has not checked in since it was enrolled.")
    ago = _ago(subject.facts.now - device.last_checkin_at)
    if device.pending:
        return _waits(f"The device checked in {ago} ago; what has changed since waits for the next time.")
    return _ok(f"The device checked in {ago} ago.")


def _accepted(_subject: Subject) -> SentStep:
    return _ok("The device refused nothing.")


def _installed(subject: Subject) -> SentStep:
    if subject.device is None or not subject.arrives:
        return _waits("Nothing of it is wanted on the device.")
    if not subject.profile.applies:
        return LinkStatus.NOT_APPLICABLE, "It is not applicable to devices of this kind."
    rows = [subject.device.ledger.get(row.key, row) for row in subject.device.claimed(subject.profile.id)]
    waiting = [row for row in rows if row.state is not ItemState.INSTALLED]
    if not rows:
        return _waits("Nothing of it is wanted on the device.")
    done = f"{len(rows) - len(waiting)} of {len(rows)} installed"
    if not waiting:
        return _ok(f"{done}.")
    return _waits(f"{done}: {_why(waiting[0].state, waiting[0].waits_for)}.")


def _why(state: ItemState, waits_for: str | None) -> str:
    match state:
        case ItemState.SENT:
            return "the device was given it and has not confirmed"
        case ItemState.FAILED:
            return "it failed when it was last tried"
        case _:
            return f"it waits for {waits_for or 'the next check-in'}"


def _ago(span: timedelta) -> str:
    minutes = max(int(span.total_seconds() // 60), 0)
    for size, word in ((24 * 60, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            count = minutes // size
            return f"{count} {word}" if count == 1 else f"{count} {word}s"
    return "a moment"


_CERTIFIED = frozenset({Source.IMPORTED, Source.PKCS, Source.SCEP})
_OWN = frozenset({Source.PKCS, Source.SCEP})
_BROUGHT = frozenset({Source.IMPORTED})

#: THE links, in the order of the way. Each code of a rule stands in one of them.
LINKS: tuple[Kind, ...] = (
    Kind("enrollment", frozenset({"enrollment-over"}), _enrolled),
    Kind("import", frozenset({"nothing-imported", "purpose-without-profile"}), _imported, _BROUGHT),
    Kind("connectorKey", frozenset({"key-missing", "key-unnamed"}), _keyed, _BROUGHT),
    Kind("profile", frozenset({"kept-only", "profile-impossible", "proof-of-origin"}), _made),
    Kind("purpose", frozenset({"purpose-key-usage", "purpose-extended-usage"}), _usable, _BROUGHT),
    Kind("address", frozenset({"address-mismatch"}), _addressed, _CERTIFIED),
    Kind(
        "validity",
        frozenset(
            {
                *("expired-without-successor", "expires-soon", "gap-in-time", "revoked-in-use"),
                *("encryption-per-device", "validity-period"),
            }
        ),
        _valid,
        _CERTIFIED,
    ),
    Kind("licence", frozenset({"not-licensed", "user-deleted"}), _licensed),
    Kind("assignment", frozenset({"assigned-to-nobody", "assigned-elsewhere", "excluded"}), _assigned),
    Kind("filter", frozenset({"filtered-out"}), _let_through),
    Kind("platform", frozenset({"other-platform"}), _fits),
    Kind("edition", frozenset({"not-in-edition", "purpose-unsupported"}), _current),
    Kind("trustedRoot", frozenset({"root-elsewhere", "root-missing"}), _trusted, _OWN),
    Kind("reference", frozenset({"reference-out-of-reach"}), _referred, frozenset({Source.EMAIL})),
    Kind(
        "connector",
        frozenset({"role-without-connector", "connector-offline", "connector-refused"}),
        _served,
        _CERTIFIED | {Source.EMAIL},
    ),
    Kind("checkIn", frozenset({"device-silent"}), _heard),
    Kind("device", frozenset({"device-refused"}), _accepted),
    Kind("installed", frozenset(), _installed),
)
