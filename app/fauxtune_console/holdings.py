"""What a device holds, as people see it: chips with a mark, a symbol, and the state in words; cards of devices.

A state looks different by its symbol and its border, not only by colour (WCAG 2.2, 1.4.1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from fauxtune.core.model.certificates import SYMBOLS, purpose
from fauxtune.core.model.ids import EnrollmentId, ProfileId, TenantId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.platforms import Platform
from fauxtune.core.model.settings import MEMBER, Setting, Unit, node_of
from fauxtune.core.model.states import EnrollmentState, ItemState, Source
from fauxtune.core.model.words.device_words import VARIANTS
from fauxtune.core.pki.foreign import is_intermediate
from fauxtune.operations.insight.whatif_outcomes import Consequence
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries.insight import overview as queries
from fauxtune.storage.rows.devices import NamedEnrollmentRow
from fauxtune_console.shown_marks import mark

#: data. A source -> its symbol, and its words.
SOURCES: dict[Source, tuple[str, str]] = {
    source: (SYMBOLS[source], words)
    for source, words in (
        (Source.ROOT, "trusted root"),
        (Source.PKCS, "certificate of this device (PKCS)"),
        (Source.IMPORTED, "imported certificate"),
        (Source.SCEP, "certificate of this device (SCEP)"),
        (Source.EMAIL, "e-mail account"),
        (Source.SETTING, "setting"),
    )
}
#: A certificate that devices keep between a root and the certificates of people.
INTERMEDIATE = ("△", "intermediate certificate")
#: data. A state -> the symbol behind the mark, and its words.
STATES: dict[ItemState, tuple[str, str]] = {
    ItemState.WANTED: ("…", "not sent yet"),
    ItemState.SENT: ("→", "sent, not confirmed yet"),
    ItemState.INSTALLED: ("", "installed"),
    ItemState.FAILED: ("!", "failed"),
    ItemState.REMOVING: ("←", "being removed"),
    ItemState.REMOVED: ("×", "removed"),
    ItemState.KEPT: ("=", "no longer wanted, stays on the device"),
}
#: data. A platform -> the class of its card.
FAMILIES: dict[Platform, str] = {
    Platform.ANDROID: "android",
    Platform.IOS: "apple",
    Platform.IPADOS: "apple",
    Platform.MACOS: "apple",
    Platform.WINDOWS: "windows",
    Platform.WINDOWS_10_MOBILE: "windows",
    Platform.WINDOWS_PHONE_81: "windows",
}
#: data. What would become of a script or an app, in words.
WORK: dict[str, str] = {
    "run": "runs",
    "stop": "runs no more",
    "install": "is installed",
    "uninstall": "is uninstalled",
    "offer": "is offered",
    "keep": "stays as it is",
}
#: The most settings of an item that are listed, and the most characters of a value.
_MOST_SETTINGS, _LONGEST_VALUE = 20, 60
_ENDED = {EnrollmentState.ACTIVE: "", EnrollmentState.ENDING: "ending", EnrollmentState.ENDED: "ended"}


@dataclass(frozen=True, slots=True)
class Chip:
    """One item on one device. `title` is the whole of it in words, for a pointer and for a screen reader."""

    key: str
    source: str
    symbol: str
    letters: str
    hue: int
    state: str
    sign: str
    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Card:
    """One device. `state`: "", "ending" or "ended". `waiting`: it has not checked in since something changed."""

    id: EnrollmentId
    name: str
    variant: str
    family: str
    state: str
    cause: str
    waiting: bool
    last_checkin: datetime | None
    chips: tuple[Chip, ...]


def source_words(row: LedgerRow) -> tuple[str, str]:
    """Return the symbol and the words of an item's source: the certificate of an intermediate authority is no root."""
    between = row.source is Source.ROOT and row.payload is not None and is_intermediate(row.payload)
    return INTERMEDIATE if between else SOURCES[row.source]


def setting_words(row: LedgerRow) -> str:
    """Return the settings of an item with their values, and which of them are in conflict; nothing for other items."""
    if row.source is not Source.SETTING or row.payload is None:
        return ""
    settings = Unit.decode(row.payload).settings
    words = [
        f"{node_of(setting.address).rpartition('/')[2]}: {_value(setting)}{_standing(setting)}"
        for setting in settings[:_MOST_SETTINGS]
    ]
    more = len(settings) - len(words)
    return "; ".join([*words, *([f"and {more} more"] if more > 0 else [])])


def _standing(setting: Setting) -> str:
    if setting.in_conflict:
        return " (in conflict)"
    if setting.stricter:
        return " (by compliance, before other values)" if setting.below else " (by compliance)"
    return ""


def _value(setting: Setting) -> str:
    if setting.value is None:
        return "not applied"
    text = str(setting.value) if setting.form == MEMBER else setting.text
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def chip(row: LedgerRow, *, names: Mapping[ProfileId, str]) -> Chip:
    """Return the chip of an item; `names`: the profiles' names by id."""
    symbol, kind = source_words(row)
    sign, state = STATES[row.state]
    profiles = [names[claim.profile] for claim in row.claims if claim.profile in names]
    name = ", ".join(profiles) or kind
    letters = mark(row.thumbprint or row.key)
    exists = row.thumbprint is not None or row.source is Source.ROOT
    words = [kind, f"“{name}”", state]
    if exists:
        words.insert(1, f"with the mark {letters.letters}")
    if row.purpose:
        words.append(f"for {purpose(row.purpose)}")
    if row.problem is not None:
        words.append(row.problem.message)
    elif row.waits_for:
        words.append(row.waits_for)
    return Chip(
        key=row.key,
        source=row.source.value,
        symbol=symbol,
        letters=letters.letters if exists else "",
        hue=letters.hue,
        state=row.state.value,
        sign=sign,
        name=name,
        title=", ".join(words),
    )


def effect_chip(consequence: Consequence) -> Chip:
    """Return the chip of an item that a task would change; dashed while the certificate does not exist yet."""
    source = Source(consequence.source)
    symbol, kind = SOURCES[source]
    letters = mark(consequence.thumbprint or consequence.item)
    exists = consequence.thumbprint is not None or source is Source.ROOT
    return Chip(
        key=consequence.item,
        source=source.value,
        symbol=symbol,
        letters=letters.letters if exists else "",
        hue=letters.hue,
        state=(ItemState.INSTALLED if exists else ItemState.WANTED).value,
        sign="",
        name="e-mail account" if source is Source.EMAIL else "new one",
        title=f"{kind}, with the mark {letters.letters}" if exists else kind,
    )


def card(row: NamedEnrollmentRow, *, items: list[LedgerRow], names: Mapping[ProfileId, str], now: datetime) -> Card:
    """Return the card of a device with these items."""
    order = list(Source)
    rows = sorted(items, key=lambda item: (order.index(item.source), item.key))
    return Card(
        id=row.id,
        name=row.device_name or VARIANTS[row.variant],
        variant=VARIANTS[row.variant],
        family=FAMILIES[row.platform],
        state=_ENDED[row.state],
        cause="" if row.cause is None else row.cause.value,
        waiting=row.state is EnrollmentState.ACTIVE and not row.is_settled(now),
        last_checkin=row.last_checkin_at,
        chips=tuple(chip(item, names=names) for item in rows),
    )


def cards_of(
    connection: Connection, tenant_id: TenantId, *, rows: Sequence[NamedEnrollmentRow], now: datetime
) -> dict[EnrollmentId, Card]:
    """Return the card of each of these devices."""
    items = queries.ledgers_of(connection, tenant_id, devices=[row.id for row in rows])
    profiles = {claim.profile for ledger in items.values() for item in ledger for claim in item.claims}
    names = configuration_queries.names_of_policies(connection, tenant_id, ids=profiles)
    return {row.id: card(row, items=items.get(row.id, []), names=names, now=now) for row in rows}
