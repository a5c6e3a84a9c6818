"""One person: certificates on a line of time, what is wrong with them, the devices, and who can read what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import Response

from fauxtune.core.engine.diagnosis.certificate_rules import usage_of
from fauxtune.core.engine.diagnosis.facts import UserCertificate
from fauxtune.core.model.certificates import CertificateStatus, certificate_status, purpose, reason
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.states import EnrollmentState, ItemState, Source
from fauxtune.core.model.words.device_words import VARIANTS
from fauxtune.operations.insight import diagnosis
from fauxtune.operations.insight.diagnosis import History
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries.insight import groups_and_profiles
from fauxtune.storage.queries.insight import overview as queries
from fauxtune.storage.rows.devices import NamedEnrollmentRow
from fauxtune_console.call import TenantCall
from fauxtune_console.causes import notices
from fauxtune_console.holdings import SOURCES, Card, cards_of
from fauxtune_console.registered import Span, timeline
from fauxtune_console.shown_marks import mark

#: Bars in the picture: the newest; the table has all.
_MOST_BARS = 40
#: Columns of the table of who can read what.
_MOST_DEVICES = 12
#: data. What the key usage of a certificate allows -> its words.
_USAGES = {"signing": "signing", "encryption": "encryption", "both": "signing and encryption", "other": "other uses"}
#: data. A status -> its class, and its words.
_STATUSES: dict[CertificateStatus, tuple[str, str]] = {
    CertificateStatus.GOOD: ("good", "valid"),
    CertificateStatus.REVOKED: ("bad", "revoked"),
    CertificateStatus.EXPIRED: ("off", "expired"),
    CertificateStatus.NOT_YET_VALID: ("wait", "not valid yet"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A device, in a table of the person's certificates."""

    id: EnrollmentId
    name: str
    ended: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One certificate. `use`: what it is for; `serial`: its number in the tenant's register, if it is there; `on`: the
    devices that have it; `nowhere`: what is said if no device has; `has`: for each device of the table of readers,
    whether it has the private key.
    """

    certificate: UserCertificate
    letters: str
    hue: int
    symbol: str
    source: str
    use: str
    issuer: str
    css: str
    status: str
    why: str
    profile: str
    serial: str | None
    on: tuple[Place, ...]
    nowhere: str
    has: tuple[str, ...]
    reach: str
    findings: int

    @property
    def matters(self) -> bool:
        """Whether the certificate is valid, or is on a device."""
        return bool(self.on) or self.css in {"good", "wait"}


@dataclass(frozen=True, slots=True)
class _Read:
    """What one transaction reads."""

    history: History
    enrollments: list[NamedEnrollmentRow]
    cards: Mapping[EnrollmentId, Card]
    groups: Mapping[str, str]


async def user(call: TenantCall) -> Response:
    """Show one person, by id or userPrincipalName."""
    read = await call.run(_read, call.request.path_params["user"])
    row, facts = read.history.user, read.history.facts
    live = [enrollment for enrollment in read.enrollments if enrollment.state is not EnrollmentState.ENDED]
    ended = [enrollment for enrollment in reversed(read.enrollments) if enrollment.state is EnrollmentState.ENDED]
    readers = _readers(read)
    lines = [_line(certificate, read, readers=readers) for certificate in facts.certificates]
    name = str(row.document.get("displayName") or row.document["userPrincipalName"])
    spans = [span for line in lines if (span := _span(line)) is not None]
    return call.page(
        "user.html",
        user=row,
        name=name,
        address=str(row.document["userPrincipalName"]),
        mail=row.document.get("mail"),
        live=[read.cards[named_enrollment.id] for named_enrollment in live],
        ended=[read.cards[named_enrollment.id] for named_enrollment in ended],
        lines=[line for line in lines if line.matters],
        past=[line for line in lines if not line.matters],
        picture=timeline(spans[-_MOST_BARS:], now=call.now) if spans else None,
        hidden_bars=max(0, len(spans) - _MOST_BARS),
        keyed=[line for line in lines if line.certificate.source is not None and any(line.has)],
        unreadable=sum(line.certificate.source is not None and not any(line.has) for line in lines),
        readers=readers[:_MOST_DEVICES],
        more_readers=max(0, len(readers) - _MOST_DEVICES),
        findings=notices(call, read.history.findings, user=row.id),
        groups=dict(sorted(read.groups.items(), key=lambda item: item[1].casefold())),
        now=call.now,
    )


def _read(tx: Transaction, key: str) -> _Read:
    history = diagnosis.history(tx, key)
    tenant_id, user_id = tx.tenant.id, history.user.id
    enrollments = queries.enrollments_of(tx.connection, tenant_id, users=[user_id])
    groups = directory_queries.memberships(tx.connection, tenant_id, member_id=user_id)
    return _Read(
        history,
        enrollments,
        cards_of(tx.connection, tenant_id, rows=enrollments, now=tx.now),
        groups_and_profiles.group_names(tx.connection, tenant_id, ids=groups),
    )


def _readers(read: _Read) -> list[Place]:
    """Return the devices that can have a private key of the person: those that are managed, and those on which one
    stayed.
    """
    keep = {holder.device for certificate in read.history.facts.certificates for holder in certificate.holders}
    return [
        Place(row.id, row.device_name or VARIANTS[row.variant], row.state is EnrollmentState.ENDED)
        for row in read.enrollments
        if row.state is not EnrollmentState.ENDED or row.id in keep
    ]


def _line(certificate: UserCertificate, read: _Read, *, readers: Sequence[Place]) -> Line:
    facts = read.history.facts
    status = certificate_status(
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        revoked=certificate.revoked_at is not None,
        now=facts.now,
    )
    css, words = _STATUSES[status]
    letters = mark(certificate.thumbprint)
    symbol, source = ("○", "issued by the authority, on no device")
    if certificate.source is not None:
        symbol, source = SOURCES[certificate.source]
    holders = {holder.device: holder.state for holder in certificate.holders}
    has = tuple(_has(holders.get(place.id)) for place in readers)
    in_register = certificate.source is not Source.IMPORTED or certificate.template is not None
    return Line(
        certificate=certificate,
        letters=letters.letters,
        hue=letters.hue,
        symbol=symbol,
        source=source,
        use=_use(certificate),
        issuer="" if certificate.contents is None else _common_name(certificate.contents.issuer),
        css=css,
        status=words,
        why=reason(certificate.reason) if status is CertificateStatus.REVOKED else "",
        profile=str(facts.names.get(certificate.profile, "")) if certificate.profile is not None else "",
        serial=certificate.serial if in_register else None,
        on=tuple(place for place in readers if place.id in holders),
        nowhere=_nowhere(certificate, read),
        has=has[:_MOST_DEVICES],
        reach=_reach(certificate, sum(map(bool, has)), of=len(readers)),
        findings=len(read.history.about(certificate)),
    )


def _use(certificate: UserCertificate) -> str:
    """Return what a certificate is for: the purpose with which it was imported, else what its key usage allows."""
    if certificate.purpose:
        return purpose(certificate.purpose)
    return "" if certificate.contents is None else _USAGES[usage_of(certificate.contents)]


def _has(state: ItemState | None) -> str:
    """Return how a device has a private key: "has", "keeps" though it is not wanted there any more, or not at all."""
    return "" if state is None else "keeps" if state is ItemState.KEPT else "has"


def _nowhere(certificate: UserCertificate, read: _Read) -> str:
    """Return why no device has the certificate: it was removed from the one for which it was issued, or never sent."""
    names = {row.id: row.device_name or VARIANTS[row.variant] for row in read.enrollments}
    if certificate.device is None:
        return "no device"
    return f"removed from {names.get(EnrollmentId(certificate.device), 'a device')}, or not there yet"


def _reach(certificate: UserCertificate, count: int, *, of: int) -> str:
    """Return on how many of the person's devices the private key is, in words."""
    if not count:
        return "no device"
    if certificate.source is not Source.IMPORTED:
        return "this device only" if count == 1 else f"{count} devices"
    return f"all {of} devices" if count == of > 1 else f"{count} of {of} devices"


def _common_name(name: str) -> str:
    """Return the CN of a distinguished name, or the whole of it without one."""
    for part in name.split(","):
        label, _, value = part.strip().partition("=")
        if label.upper() == "CN":
            return value
    return name


def _span(line: Line) -> Span | None:
    certificate = line.certificate
    if certificate.not_before is None or certificate.not_after is None:
        return None
    words = ", ".join(part for part in (line.use, "imported" if certificate.source is Source.IMPORTED else "") if part)
    return Span(line.letters, line.hue, words, certificate.not_before, certificate.not_after, certificate.revoked_at)
