"""The recorded exchanges of a tenant, as people read them: who called, why it was refused, and the messages decoded.

Secrets are masked here, when somebody reads: the recorder (`runtime.wire`) keeps messages as they came. Strangers may
have sent messages that take a second to read: that is done in a thread (`Emulator.readers`), one after the other.
"""

from __future__ import annotations

import asyncio
import re
import shlex
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.addresses import surface_words
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime import wire_across
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.wire import Recorded, RecordedExchange
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import applications, devices, directory
from fauxtune.storage.queries.insight import diagnosis
from fauxtune.storage.rows.devices import NamedEnrollmentRow
from fauxtune_wire import har as wire_har
from fauxtune_wire.exchanges import (
    OTHER,
    Exchange,
    Who,
    WholeExchange,
    contains,
    described,
    surface,
    whole,
)

if TYPE_CHECKING:
    pass


# A recorded request as a command of curl, for a POSIX shell (POSIX 2.2.2: single quotes).
#
# Credentials are not in it: the header Authorization has $TOKEN, which `fauxtune env --for curl` sets, and other masked
# values stand as they are shown. The caller chose the host: a token is sent to this server only. Brackets and braces of
# the address are no patterns (curl: URL globbing).

_PATTERN = re.compile(r"[\[\]{}]")
#: Headers that curl or the connection writes.
_LEFT_OUT = {"host", "content-length", "connection", "accept-encoding", "transfer-encoding", "user-agent", "expect"}


def as_curl(whole: WholeExchange) -> str:
    """Return the command. A body without text is read from a file that the reader must provide."""
    literal = " -g" if _PATTERN.search(whole.address) else ""
    parts = [f"curl -sS{literal} -X {shlex.quote(whole.exchange.method)} {_quoted(whole.address)}"]
    for name, value in whole.request.headers:
        if name.lower() == "authorization" and whole.is_ours:
            scheme = value.partition(" ")[0]
            parts.append(f'-H "Authorization: {scheme if scheme.isalpha() else "Bearer"} $TOKEN"')
        elif name.lower() not in _LEFT_OUT:
            parts.append(f"-H {_quoted(f'{name}: {value}')}")
    if whole.request.length:
        text = whole.request.text
        parts.append(f"--data-raw {_quoted(text)}" if text else "--data-binary @body.bin")
    return " \\\n  ".join(parts)


def _quoted(text: str) -> str:
    """The text in single quotes, without characters that a terminal would obey."""
    return shlex.quote(
        "".join(each if each.isprintable() or each in "\n\t" else "\N{REPLACEMENT CHARACTER}" for each in text)
    )


T = TypeVar("T")

#: Devices of one name whose exchanges are looked for.
_MOST_OF_ONE_NAME = 100
#: Exchanges that a thread is given at a time; so many seconds after it began, or so many bytes, it does no more of
#: them.
_AT_ONCE, _TURN, _PIECE = 50, 0.05, 256 * 1024
#: Devices may call themselves anything.
_ID = re.compile(r"[0-9a-f-]{36}")
#: The query of a request that waits for news.
_WAITS = re.compile(rb"(?:^|&)wait=(?!0*(?:&|$))")
_STATUS = re.compile(r"[1-5]([0-9]{2}|xx)|error", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Page:
    """Exchanges, oldest first, and the number after which the next ones come. `stopped`: the number at which a search
    for a text stopped, as messages take too long to read; it goes on after it, or before it if it began at the newest.
    `waits`: requests that waited for news and are left out.
    """

    exchanges: list[Exchange]
    next: int
    stopped: int | None = None
    waits: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which exchanges are wanted. `after`: the first ones after this number; 0: the newest ones, or the newest `before`
    a number. `surface`: one of
    `Surface`, its first part ("devices") or its last ("apple"). `device`: the id of an enrolment or a managedDevice, or
    a device's name. `status`: 404, 4xx, 5xx or error (4xx, 5xx, no answer, or refused in the message). `text`: in the
    address, the reason, or what is shown of the bodies. `waits`: also those that waited for news, such as the push
    channel of a device, and were answered.
    """

    after: int = 0
    before: int | None = None
    surface: str | None = None
    device: str | None = None
    status: str | None = None
    text: str | None = None
    limit: int = 100
    waits: bool = True


@dataclass(frozen=True, slots=True)
class _Selected:
    """Exchanges as they were recorded; otherwise like `Page`."""

    rows: list[RecordedExchange]
    next: int
    kept: Recorded
    stopped: int | None = None
    waits: int = 0


async def exchanges(
    emulator: Emulator,
    tenant: Tenant | None,
    *,
    after: int = 0,
    surface: str | None = None,
    device: str | None = None,
    status: str | None = None,
    text: str | None = None,
    limit: int = 100,
) -> list[Exchange]:
    """Return the exchanges of a tenant (None: of no tenant) that are wanted (see `Wanted`), oldest first. Raises
    Invalid for an unknown surface or status, NotFound for an unknown device.
    """
    wanted = Wanted(after=after, surface=surface, device=device, status=status, text=text, limit=limit)
    return (await page(emulator, tenant, wanted=wanted)).exchanges


async def page(emulator: Emulator, tenant: Tenant | None, *, wanted: Wanted) -> Page:
    """Return what `exchanges` returns, and where to go on."""
    selected = await _selected(emulator, tenant, wanted=wanted)
    who = await _names_of(emulator, tenant, rows=selected.rows)
    exchanges = await _in_thread(emulator, tenant, work=lambda: [described(row, who(row)) for row in selected.rows])
    return Page(exchanges, selected.next, selected.stopped, selected.waits)


async def exchange(emulator: Emulator, tenant: Tenant | None, *, number: int) -> WholeExchange:
    """Return one exchange with its messages decoded. Raises NotFound if it was never recorded, or is forgotten."""
    kept = await wire_across.recorded(emulator, _id(tenant), after=number - 1, before=number + 1)
    row = kept.exchange(number)
    if row is None:
        most = emulator.wire.bounds.exchanges
        raise NotFound(f"There is no exchange {number}: the newest is {kept.newest}, and the last {most} are kept.")
    who = await _names_of(emulator, tenant, rows=[row])

    def read(row: RecordedExchange) -> WholeExchange:
        one = whole(emulator, row, who=who(row))
        return replace(one, as_curl=as_curl(one))

    return await _in_thread(emulator, tenant, work=partial(read, row))


async def har(emulator: Emulator, tenant: Tenant | None, *, wanted: Wanted) -> AsyncIterator[bytes]:
    """Return the pieces of a HAR 1.2 document of the wanted exchanges. Each exchange is read when it is its turn, so
    that a slow reader keeps none in memory; those that are forgotten meanwhile are left out.
    """
    selected = await _selected(emulator, tenant, wanted=wanted)
    who = await _names_of(emulator, tenant, rows=selected.rows)
    numbers = [row.number for row in selected.rows]
    return _archive(emulator, tenant, numbers=numbers, selected=selected, who=who)


async def _archive(
    emulator: Emulator,
    tenant: Tenant | None,
    *,
    numbers: list[int],
    selected: _Selected,
    who: Callable[[RecordedExchange], Who],
) -> AsyncIterator[bytes]:
    yield wire_har.BEGIN
    separator, waiting = b"", deque(numbers)
    while waiting:
        # One that is forgotten meanwhile is left out.
        rows = [row for number in _taken(waiting) if (row := selected.kept.exchange(number)) is not None]
        entries = await _in_thread(emulator, tenant, work=partial(_entries, emulator, rows, who=who))
        waiting.extendleft(row.number for row in reversed(rows[len(entries) :]))
        if entries:
            yield separator + b",".join(entries)
            separator = b","
    yield wire_har.end(selected.stopped)


def _taken(waiting: deque[int]) -> list[int]:
    """Take the next numbers away, as many as one turn may need."""
    return [waiting.popleft() for _ in range(min(_AT_ONCE, len(waiting)))]


def _entries(
    emulator: Emulator, rows: list[RecordedExchange], *, who: Callable[[RecordedExchange], Who]
) -> list[bytes]:
    """The entries of the first of these exchanges, as many as one turn allows."""
    ends, entries = monotonic() + _TURN, list[bytes]()
    for row in rows:
        entries.append(wire_har.entry(whole(emulator, row, who=who(row))))
        if monotonic() >= ends or sum(map(len, entries)) >= _PIECE:
            break
    return entries


async def clear(emulator: Emulator, tenant: Tenant | None) -> None:
    """Forget the exchanges of a tenant (None: of no tenant)."""
    await wire_across.clear(emulator, _id(tenant))


def surfaces() -> list[str]:
    """Return the words that `surface` may be."""
    return [*surface_words(), OTHER]


async def _selected(emulator: Emulator, tenant: Tenant | None, *, wanted: Wanted) -> _Selected:
    tenant_id = _id(tenant)
    # A device may have been recorded under an id earlier.
    kept = await wire_across.recorded(emulator, tenant_id, after=0 if wanted.device else wanted.after)
    # A number that was not given yet is one from before a restart: reading starts over.
    after = wanted.after
    if after > kept.newest:
        after, kept = 0, await wire_across.recorded(emulator, tenant_id)
    _check_words(wanted)
    ids = None if wanted.device is None else await _device_ids(emulator, tenant_id, device=wanted.device, kept=kept)
    left_out = Counter[str]()
    candidates = (
        row
        for row in kept.exchanges(after=after, before=wanted.before, newest_first=after == 0)
        if (ids is None or row.caller.device in ids)
        and _is_of_surface(row, wanted.surface)
        and _has_status(row, wanted.status)
        and (wanted.waits or not _waited(row, left_out))
    )
    # Now, for what is recorded while these are searched comes after them.
    newest = kept.newest
    rows, stopped = await _with_text(emulator, tenant, candidates=candidates, wanted=wanted)
    if after == 0:
        return _Selected(rows[::-1], newest, kept, stopped, left_out.total())
    if stopped is not None:
        return _Selected(rows, stopped, kept, stopped)
    return _Selected(rows, rows[-1].number if len(rows) == wanted.limit else newest, kept)


async def _with_text(
    emulator: Emulator, tenant: Tenant | None, *, candidates: Iterator[RecordedExchange], wanted: Wanted
) -> tuple[list[RecordedExchange], int | None]:
    """Those that have the text, and the number at which the search had to stop. Each search reads at least one."""
    if wanted.text is None:
        return list(islice(candidates, wanted.limit)), None
    text, rows = wanted.text.casefold(), list[RecordedExchange]()
    ends, waiting = monotonic() + emulator.wire.bounds.search_seconds, deque[RecordedExchange]()
    last: int | None = None
    while True:
        waiting.extend(islice(candidates, _AT_ONCE - len(waiting)))
        if not waiting or len(rows) == wanted.limit:
            return rows, None
        if last is not None and monotonic() >= ends:
            return rows, last
        search = partial(_search, [*waiting], text, most=wanted.limit - len(rows), ends=min(ends, monotonic() + _TURN))
        matching, read = await _in_thread(emulator, tenant, work=search)
        rows += matching
        for _ in range(read):
            last = waiting.popleft().number


def _search(
    candidates: list[RecordedExchange], text: str, *, most: int, ends: float
) -> tuple[list[RecordedExchange], int]:
    """The first of these exchanges that have the text, at most so many, and how many were read: the first in any case,
    others until the turn ends.
    """
    matching: list[RecordedExchange] = []
    for read, row in enumerate(candidates, 1):
        if contains(row, text):
            matching.append(row)
        if len(matching) == most or monotonic() >= ends:
            return matching, read
    return matching, len(candidates)


def _check_words(wanted: Wanted) -> None:
    words = surfaces()
    if wanted.surface is not None and wanted.surface.lower() not in words:
        raise Invalid(f"There is no surface '{wanted.surface}': it is one of {', '.join(words)}.", target="surface")
    if wanted.status is not None and not _STATUS.fullmatch(wanted.status):
        raise Invalid(
            f"status must be a number such as 404, or 4xx, 5xx or error, not '{wanted.status}'.", target="status"
        )


def _waited(row: RecordedExchange, counted: Counter[str]) -> bool:
    """Whether a request waited for news and was answered: devices send nothing else for hours. It is counted."""
    is_wait = row.method == "GET" and _WAITS.search(row.query) is not None and not _has_status(row, "error")
    counted[row.method] += is_wait
    return is_wait


def _is_of_surface(row: RecordedExchange, wanted: str | None) -> bool:
    if wanted is None:
        return True
    word = surface(row)
    return wanted.lower() in (word, *word.split("/"))


def _has_status(row: RecordedExchange, wanted: str | None) -> bool:
    if wanted is None:
        return True
    if wanted.lower() == "error":
        return row.status is None or row.status >= 400 or row.caller.refusal is not None
    return row.status is not None and (str(row.status) == wanted or f"{row.status // 100}xx" == wanted.lower())


async def _device_ids(emulator: Emulator, tenant_id: TenantId | None, *, device: str, kept: Recorded) -> set[str]:
    """The ids under which the device is recorded: a refused one may have named itself by an id that does not exist."""
    ids = {device.lower()}
    if tenant_id is not None:
        known = await emulator.runner.read(_devices, tenant_id, device=device)
        if known:
            ids |= known
        elif all(row.caller.device not in ids for row in kept.exchanges()):
            raise NotFound(f"There is no device '{device}'; use its name, or the id of its enrolment or managedDevice.")
    return ids


def _devices(connection: Connection, tenant_id: TenantId, *, device: str) -> set[str]:
    """The enrolments with this id, managedDevice or name, ended ones too."""
    row = devices.enrollment_named(connection, tenant_id, key=device)
    if row is not None:
        return {row.id}
    return {
        enrollment.id
        for enrollment in diagnosis.devices_named(connection, tenant_id, name=device, limit=_MOST_OF_ONE_NAME)
    }


async def _in_thread(emulator: Emulator, tenant: Tenant | None, *, work: Callable[[], T]) -> T:
    return await asyncio.wrap_future(emulator.readers.submit(_id(tenant) or "", work))


async def _names_of(
    emulator: Emulator, tenant: Tenant | None, *, rows: list[RecordedExchange]
) -> Callable[[RecordedExchange], Who]:
    if tenant is None or not rows:
        return lambda row: Who(row.caller.application, user=row.caller.user)
    return await emulator.runner.read(_names, tenant.id, rows=rows)


def _names(
    connection: Connection, tenant_id: TenantId, *, rows: list[RecordedExchange]
) -> Callable[[RecordedExchange], Who]:
    """Return a function that names who sent a request."""
    device_ids = {device for row in rows if (device := row.caller.device) and _ID.fullmatch(device)}
    known: dict[str, NamedEnrollmentRow] = {
        row.id: row for row in diagnosis.devices_by_id(connection, tenant_id, ids=device_ids)
    }
    user_ids = {row.caller.user for row in rows} | {row.user_id for row in known.values()}
    users = directory.user_names(connection, tenant_id, ids={each for each in user_ids if each is not None})
    clients = {row.client_id: row.name for row in applications.all_applications(connection, tenant_id)}

    def who(row: RecordedExchange) -> Who:
        caller = row.caller
        device = None if caller.device is None else known.get(caller.device)
        user = caller.user if device is None else device.user_id
        return Who(
            application=caller.application,
            application_name=clients.get(caller.application or ""),
            user=user,
            user_name=users.get(user or ""),
            device=caller.device,
            device_name=None if device is None else device.device_name,
            managed_device_id=None if device is None else device.facts.get("managedDeviceId"),
        )

    return who


def _id(tenant: Tenant | None) -> TenantId | None:
    return None if tenant is None else tenant.id
