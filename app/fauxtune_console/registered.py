"""Issued and imported certificates as people see them: a chip with a mark, how they stand, usage, a line of time.

Places on the line are percentages of the picture's width, so that it fits any screen and its letters keep their size.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fauxtune.core.model.certificates import CertificateStatus, certificate_status
from fauxtune.core.model.certificates import reason as reason_words
from fauxtune.core.model.states import Source
from fauxtune.core.pki.crl import HOLD
from fauxtune.core.pki.template import CLIENT_AUTHENTICATION, EMAIL_PROTECTION, ENCRYPTING_FILE_SYSTEM
from fauxtune.operations.insight.certificates import source_of
from fauxtune.storage.database import Connection
from fauxtune.storage.queries.authorities import DEVICES
from fauxtune.storage.queries.insight import register
from fauxtune.storage.queries.insight.register import Standing, Wanted
from fauxtune.storage.rows.certificates import RegisteredRow, RevocationState
from fauxtune_console.call import TenantCall
from fauxtune_console.holdings import INTERMEDIATE, SOURCES, Chip
from fauxtune_console.shown_marks import mark

#: data. What a certificate was issued for -> its symbol, and its words.
KINDS: dict[str, tuple[str, str]] = {
    "imported": (SOURCES[Source.IMPORTED][0], "issued here and imported"),
    "pkcs": (SOURCES[Source.PKCS][0], "of one device (PKCS)"),
    "scep": (SOURCES[Source.SCEP][0], "of one device (SCEP)"),
    "external": (SOURCES[Source.IMPORTED][0], "imported, of another CA"),
    "identity": ("▣", "identity of a device"),
    "authority": (SOURCES[Source.ROOT][0], "certification authority"),
    "intermediate": (INTERMEDIATE[0], "intermediate certification authority"),
    "issued": ("○", "issued by hand"),
    "foreign": ("◇", "of another authority"),
}
#: data. How certificates stand, in the words of a filter.
STANDINGS: dict[Standing, str] = {
    Standing.GOOD: "Valid",
    Standing.EXPIRED: "Expired",
    Standing.NOT_YET_VALID: "Not valid yet",
    Standing.REVOKED: "Revoked",
    Standing.ON_HOLD: "On hold",
    Standing.WAITING: "Revocation waits",
}
#: data. A revocation that a connector was to ask for -> its words.
REVOCATIONS: dict[RevocationState, str] = {
    "asked": "a connector is to have it revoked",
    "waiting": "it is revoked when its authority is back on line",
    "refused": "its template does not let connectors revoke",
}
#: data. RFC 5280 4.2.1.3.
USAGES: dict[str, str] = {
    "digitalSignature": "digital signature",
    "nonRepudiation": "proof of origin (non-repudiation)",
    "keyEncipherment": "encryption of keys (RSA)",
    "dataEncipherment": "encryption of data",
    "keyAgreement": "key agreement (EC)",
    "keyCertSign": "signing of certificates",
    "cRLSign": "signing of CRLs",
}
#: data. RFC 5280 4.2.1.12, and Microsoft's.
EXTENDED_USAGES: dict[str, str] = {
    EMAIL_PROTECTION: "e-mail protection (S/MIME)",
    CLIENT_AUTHENTICATION: "client authentication",
    ENCRYPTING_FILE_SYSTEM: "encrypting file system",
    "1.3.6.1.5.5.7.3.1": "server authentication",
    "1.3.6.1.5.5.7.3.9": "OCSP signing",
}


@dataclass(frozen=True, slots=True)
class State:
    """How something stands: the class of its symbol, and its words."""

    css: str
    words: str


def certificate_chip(thumbprint: str, *, kind: str) -> Chip:
    """Return the chip of a certificate, with the mark that it has everywhere. `kind`: a key of KINDS."""
    symbol, words = KINDS[kind]
    letters = mark(thumbprint)
    source = {"external": "imported", "authority": "root", "intermediate": "root"}.get(kind, kind)
    return Chip(
        key=thumbprint,
        source=source,
        symbol=symbol,
        letters=letters.letters,
        hue=letters.hue,
        state="",
        sign="",
        name=words,
        title=f"certificate {letters.letters}, {words}",
    )


def kind_of(row: RegisteredRow) -> str:
    """Return what a registered certificate was issued for."""
    if row.authority == DEVICES:
        return "identity"
    return source_of(row, imported=row.imported) or "issued"


def state_of(row: RegisteredRow, *, now: datetime) -> State:
    """Return how a registered certificate stands."""
    status = certificate_status(
        not_before=row.not_before, not_after=row.not_after, revoked=row.revoked_at is not None, now=now
    )
    return state(status, reason=row.reason, revocation=row.revocation_state)


def state(status: CertificateStatus | None, *, reason: str | None, revocation: RevocationState | None) -> State:
    """Return how a certificate stands, in words; None for one of another CA, which is not asked."""
    match status:
        case None:
            return State("off", "not known: another CA issued it")
        case CertificateStatus.REVOKED if reason == HOLD:
            return State("wait", "on hold")
        case CertificateStatus.REVOKED:
            return State("bad", f"revoked: {reason_words(reason)}")
        case _ if revocation is not None:
            return State("wait", f"not revoked yet: {REVOCATIONS[revocation]}")
        case CertificateStatus.EXPIRED:
            return State("off", "expired")
        case CertificateStatus.NOT_YET_VALID:
            return State("wait", "not valid yet")
        case CertificateStatus.GOOD:
            return State("good", "valid")


def usage_words(names: Iterable[str]) -> str:
    """Return key usages in words."""
    return ", ".join(USAGES.get(name, name) for name in names) or "anything"


def extended_usage_words(oids: Iterable[str]) -> str:
    """Return extended key usages in words; an unknown one by its number."""
    return ", ".join(EXTENDED_USAGES.get(oid, oid) for oid in oids) or "anything"


@dataclass(frozen=True, slots=True)
class Line:
    """One certificate of a list."""

    row: RegisteredRow
    chip: Chip
    state: State


def read_lines(
    connection: Connection, call: TenantCall, *, wanted: Wanted, start: int, size: int
) -> tuple[list[Line], int]:
    """Return one page of the wanted certificates, and how many there are in all."""
    rows = register.page(connection, call.tenant.id, wanted=wanted, at=call.now, offset=start, limit=size)
    total = register.count(connection, call.tenant.id, wanted=wanted, at=call.now)
    lines = [
        Line(row, certificate_chip(row.thumbprint, kind=kind_of(row)), state_of(row, now=call.now)) for row in rows
    ]
    return lines, total


_YEAR = timedelta(days=365.25)
#: What lies further away makes the rest too small to see: such a bar runs to the edge.
_PAST, _FUTURE = 10 * _YEAR, 5 * _YEAR
_ROW, _TOP = 26, 22
_MOST_TICKS = 8
#: data. Months between two ticks of the axis, the smallest first.
_STEPS = (1, 3, 6, 12, 24, 60)
#: Half the width of the words of a tick, in percent of a picture of usual width.
_NARROW = 3.0
#: A bar that begins so far to the right has its words before its end.
_RIGHT = 70.0


@dataclass(frozen=True, slots=True)
class Span:
    """The validity of one certificate. `mark`: its letters, `hue`: its colour's number, `words`: what it is."""

    mark: str
    hue: int
    words: str
    begins: datetime
    ends: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: `x` and `width` in percent; `cut`: where it was revoked. `text_x`, `anchor`: where its words stand."""

    span: Span
    y: int
    x: float
    width: float
    cut: float | None
    text_x: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """The picture. `ticks`: places of the axis with their words."""

    height: int
    now: float
    ticks: tuple[tuple[float, str], ...]
    bars: tuple[Bar, ...]


def timeline(spans: Sequence[Span], *, now: datetime) -> Timeline:
    """Return the picture of these certificates, the one that begins first at the top."""
    begin = max(min([now, *(span.begins for span in spans)]), now - _PAST)
    end = min(max([now, *(span.ends for span in spans)]), now + _FUTURE)
    margin = max((end - begin) * 0.03, timedelta(days=1))
    scale = _Scale(begin - margin, end + margin)
    ordered = sorted(spans, key=lambda span: (span.begins, span.ends, span.mark))
    bars = tuple(_bar(span, scale, y=_TOP + _ROW * number) for number, span in enumerate(ordered))
    present = scale.place(now)
    # The words of a tick that stands beside the present would run into "now".
    ticks = tuple((place, words if abs(place - present) > 2 * _NARROW else "") for place, words in _ticks(scale))
    return Timeline(_TOP + _ROW * len(bars) + 6, present, ticks, bars)


@dataclass(frozen=True, slots=True)
class _Scale:
    begin: datetime
    end: datetime

    def place(self, moment: datetime) -> float:
        """The place of a moment in percent; what is outside stands at the edge."""
        share = (moment - self.begin) / (self.end - self.begin)
        return round(min(max(share, 0.0), 1.0) * 100, 2)


def _bar(span: Span, scale: _Scale, *, y: int) -> Bar:
    left, right = scale.place(span.begins), scale.place(span.ends)
    width = max(round(right - left, 2), 0.3)
    cut = None
    if span.revoked_at is not None:
        cut = min(max(scale.place(span.revoked_at), left), right)
    is_right = left > _RIGHT
    return Bar(span, y, left, width, cut, text_x=right if is_right else left, anchor="end" if is_right else "start")


def _ticks(scale: _Scale) -> list[tuple[float, str]]:
    """Return the first days of months or years, few enough to read."""
    months = (scale.end.year - scale.begin.year) * 12 + scale.end.month - scale.begin.month
    step = next((step for step in _STEPS if months / step <= _MOST_TICKS), _STEPS[-1])
    first = scale.begin.year * 12 + scale.begin.month - 1
    ticks = []
    for number in range(first - first % step + step, first + months + 1, step):
        year, month = divmod(number, 12)
        day = scale.begin.replace(year=year, month=month + 1, day=1, hour=0, minute=0, second=0, microsecond=0)
        ticks.append((scale.place(day), f"{year}" if step >= 12 else f"{year}-{month + 1:02}"))
    return [(place, words) for place, words in ticks if _NARROW < place < 100 - _NARROW]
