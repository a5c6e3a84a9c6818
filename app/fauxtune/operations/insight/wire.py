"""The recorded exchanges of a tenant, as people read them: who called, why it was refused, and the messages decoded.

Secrets are masked here, when somebody reads: the recorder (`runtime.wire`) keeps messages as they came. Strangers may
have sent messages that take a second to read: that is done in a thread (`Emulator.readers`), one after the other.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.hosts import LOCAL_NAMES, host_in
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.surfaces import Surface, surface_of
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.wire import RecordedExchange
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import applications, devices, diagnosis, directory
from fauxtune.storage.rows.devices import NamedEnrollmentRow

if TYPE_CHECKING:
    from fauxtune.core.decoding.parts import Direction, Part

T = TypeVar("T")

#: The surface of a path that no surface serves.
OTHER = "other"
#: Devices of one name whose exchanges are looked for.
_MOST_OF_ONE_NAME = 100
#: Digits of a length that is believed.
_MOST_DIGITS = 16
#: Characters of an address in a list, and of one that is shown alone.
_LISTED_ADDRESS, _WHOLE_ADDRESS = 2000, 16 * 1024
#: Devices may call themselves anything.
_ID = re.compile(r"[0-9a-f-]{36}")
_STATUS = re.compile(r"[1-5]([0-9]{2}|xx)|error", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Permission:
    """An operation of Graph that was tried, and the permissions of which one suffices. `granted_by`: those of them that
    the token has; without any, the permissions are missing (unless none is needed).
    """

    operation: str
    needs: tuple[str, ...]
    granted_by: tuple[str, ...]

    @property
    def is_missing(self) -> bool:
        """Whether the token has none of them."""
        return bool(self.needs) and not self.granted_by


@dataclass(frozen=True, slots=True)
class Who:
    """The sender of a request, as far as it is known. `device` is the enrolment's id. Names are those of this moment;
    None for what was deleted. The user of a device is its primary user.
    """

    application: str | None = None
    application_name: str | None = None
    user: str | None = None
    user_name: str | None = None
    device: str | None = None
    device_name: str | None = None
    managed_device_id: str | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer, without their headers and bodies. `status`: None if the connection ended before an
    answer. `refusal`: why it was refused, also where the protocol says that in a message with status 200.
    """

    number: int
    time: datetime
    tenant_time: datetime | None
    surface: str
    method: str
    url: str
    status: int | None
    milliseconds: float
    request_id: str
    who: Who
    permissions: tuple[Permission, ...]
    refusal: str | None
    request_length: int
    response_length: int


@dataclass(frozen=True, slots=True)
class Message:
    """The headers and the decoded body of a request or a response. `length`: the bytes of the whole body; it is
    truncated if fewer were kept. `head`: what address and headers of a request say: its query in words, the claims of
    its token, who signed it.
    """

    headers: tuple[tuple[str, str], ...]
    content_type: str
    length: int
    truncated: bool
    parts: tuple[Part, ...]
    head: tuple[Part, ...] = ()

    @property
    def text(self) -> str:
        """The body as one text; empty for one that has no text."""
        return self.parts[0].text if self.parts else ""


@dataclass(frozen=True, slots=True)
class WholeExchange:
    """An exchange with its messages. `address`: the whole URL that was called; `is_ours`: whether its host is this
    server, as far as is known; `as_curl`: the request as a command for a shell, of an exchange that is read alone.
    """

    exchange: Exchange
    address: str
    is_ours: bool
    request: Message
    response: Message
    as_curl: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Exchanges, oldest first, and the number after which the next ones come. `stopped`: the number at which a search
    for a text stopped, as messages take too long to read; it goes on after it, or before it if it began at the newest.
    """

    exchanges: list[Exchange]
    next: int
    stopped: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which exchanges are wanted. `after`: the first ones after this number; 0: the newest ones, or the newest `before`
    a number. `surface`: one of
    `Surface`, its first part ("devices") or its last ("apple"). `device`: the id of an enrolment or a managedDevice, or
    a device's name. `status`: 404, 4xx, 5xx or error (4xx, 5xx, no answer, or refused in the message). `text`: in the
    address, the reason, or what is shown of the bodies.
    """

    after: int = 0
    before: int | None = None
    surface: str | None = None
    device: str | None = None
    status: str | None = None
    text: str | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class _Selected:
    """Exchanges as they were recorded; otherwise like `Page`."""

    rows: list[RecordedExchange]
    next: int
    stopped: int | None = None


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
    described = await _in_thread(
        emulator, tenant, work=lambda: [_exchange(row, who(row), longest=_LISTED_ADDRESS) for row in selected.rows]
    )
    return Page(described, selected.next, selected.stopped)


async def exchange(emulator: Emulator, tenant: Tenant | None, *, number: int) -> WholeExchange:
    """Return one exchange with its messages decoded. Raises NotFound if it was never recorded, or is forgotten."""
    from fauxtune.operations.insight.wire_curl import as_curl

    def read() -> WholeExchange:
        whole = _whole(emulator, row, who=who(row))
        return replace(whole, as_curl=as_curl(whole))

    row = emulator.wire.exchange(_id(tenant), number=number)
    who = await _names_of(emulator, tenant, rows=[row])
    return await _in_thread(emulator, tenant, work=read)


async def har(emulator: Emulator, tenant: Tenant | None, *, wanted: Wanted) -> AsyncIterator[bytes]:
    """Return the pieces of a HAR 1.2 document of the wanted exchanges. Each exchange is read when it is its turn, so
    that a slow reader keeps none in memory; those that are forgotten meanwhile are left out.
    """
    selected = await _selected(emulator, tenant, wanted=wanted)
    who = await _names_of(emulator, tenant, rows=selected.rows)
    numbers = [row.number for row in selected.rows]
    return _archive(emulator, tenant, numbers=numbers, stopped=selected.stopped, who=who)


async def _archive(
    emulator: Emulator,
    tenant: Tenant | None,
    *,
    numbers: list[int],
    stopped: int | None,
    who: Callable[[RecordedExchange], Who],
) -> AsyncIterator[bytes]:
    from fauxtune.operations.insight import wire_har

    yield wire_har.BEGIN
    separator = b""
    for number in numbers:
        try:
            row = emulator.wire.exchange(_id(tenant), number=number)
        except NotFound:
            continue
        yield separator + await _in_thread(
            emulator, tenant, work=partial(lambda row: wire_har.entry(_whole(emulator, row, who=who(row))), row)
        )
        separator = b","
    yield wire_har.end(stopped)


def clear(emulator: Emulator, tenant: Tenant | None) -> None:
    """Forget the exchanges of a tenant (None: of no tenant)."""
    emulator.wire.clear(_id(tenant))


def surfaces() -> list[str]:
    """Return the words that `surface` may be."""
    words = [part for surface in Surface for part in (surface.value, *surface.value.split("/"))]
    return [*dict.fromkeys(words), OTHER]


async def _selected(emulator: Emulator, tenant: Tenant | None, *, wanted: Wanted) -> _Selected:
    tenant_id = _id(tenant)
    newest = emulator.wire.newest(tenant_id)
    # A number that was not given yet is one from before a restart: reading starts over.
    after = wanted.after if wanted.after <= newest else 0
    _check_words(wanted)
    ids = None if wanted.device is None else await _device_ids(emulator, tenant_id, device=wanted.device)
    candidates = (
        row
        for row in emulator.wire.exchanges(tenant_id, after=after, before=wanted.before, newest_first=after == 0)
        if (ids is None or row.caller.device in ids)
        and _is_of_surface(row, wanted.surface)
        and _has_status(row, wanted.status)
    )
    rows, stopped = await _with_text(emulator, tenant, candidates=candidates, wanted=wanted)
    if after == 0:
        return _Selected(rows[::-1], newest, stopped)
    if stopped is not None:
        return _Selected(rows, stopped, stopped)
    return _Selected(rows, rows[-1].number if len(rows) == wanted.limit else newest)


async def _with_text(
    emulator: Emulator, tenant: Tenant | None, *, candidates: Iterable[RecordedExchange], wanted: Wanted
) -> tuple[list[RecordedExchange], int | None]:
    """Those that have the text, and the number at which the search had to stop. Each search reads at least one."""
    if wanted.text is None:
        return list(islice(candidates, wanted.limit)), None
    text, rows = wanted.text.casefold(), []
    ends, last = monotonic() + emulator.wire.bounds.search_seconds, None
    for row in candidates:
        if last is not None and monotonic() >= ends:
            return rows, last
        if await _in_thread(emulator, tenant, work=partial(_contains, row, text)):
            rows.append(row)
        last = row.number
        if len(rows) == wanted.limit:
            break
    return rows, None


def _check_words(wanted: Wanted) -> None:
    words = surfaces()
    if wanted.surface is not None and wanted.surface.lower() not in words:
        raise Invalid(f"There is no surface '{wanted.surface}': it is one of {', '.join(words)}.", target="surface")
    if wanted.status is not None and not _STATUS.fullmatch(wanted.status):
        raise Invalid(
            f"status must be a number such as 404, or 4xx, 5xx or error, not '{wanted.status}'.", target="status"
        )


def _is_of_surface(row: RecordedExchange, wanted: str | None) -> bool:
    if wanted is None:
        return True
    surface = _surface(row)
    return wanted.lower() in (surface, *surface.split("/"))


def _has_status(row: RecordedExchange, wanted: str | None) -> bool:
    if wanted is None:
        return True
    if wanted.lower() == "error":
        return row.status is None or row.status >= 400 or row.caller.refusal is not None
    return row.status is not None and (str(row.status) == wanted or f"{row.status // 100}xx" == wanted.lower())


async def _device_ids(emulator: Emulator, tenant_id: TenantId | None, *, device: str) -> set[str]:
    """The ids under which the device is recorded: a refused one may have named itself by an id that does not exist."""
    ids = {device.lower()}
    if tenant_id is not None:
        known = await emulator.runner.read(_devices, tenant_id, device=device)
        if known:
            ids |= known
        elif all(row.caller.device not in ids for row in emulator.wire.exchanges(tenant_id)):
            raise NotFound(f"There is no device '{device}'; use its name, or the id of its enrolment or managedDevice.")
    return ids


def _devices(connection: Connection, tenant_id: TenantId, *, device: str) -> set[str]:
    """The enrolments with this id, managedDevice or name, ended ones too."""
    row = devices.enrollment_named(connection, tenant_id, key=device)
    if row is not None:
        return {row.id}
    return {each.id for each in diagnosis.devices_named(connection, tenant_id, name=device, limit=_MOST_OF_ONE_NAME)}


def _contains(row: RecordedExchange, text: str) -> bool:
    """Whether the text is in what is shown of the exchange. What was sent is looked at first: it is quicker to read."""
    url = _url(row, longest=_WHOLE_ADDRESS)
    if text in f"{row.method} {url} {row.request_id} {_refusal(row) or ''}".casefold():
        return True
    if not any(text in body.decode("utf-8", "replace").casefold() for body in (row.request_body, row.response_body)):
        return False
    # A masked value must not be found: whoever guesses would learn it letter by letter.
    messages = (_request(row), _response(row))
    return any(text in readable.casefold() for message in messages for readable in _texts(message.parts))


def _texts(parts: Iterable[Part]) -> Iterable[str]:
    for part in parts:
        yield part.title
        yield part.text
        yield from (value for _, value in part.facts)
        yield from _texts(part.parts)


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


def _exchange(row: RecordedExchange, who: Who, *, longest: int) -> Exchange:
    caller = row.caller
    return Exchange(
        number=row.number,
        time=row.began,
        tenant_time=None if row.clock is None else row.clock.now(row.began),
        surface=_surface(row),
        method=row.method,
        url=_url(row, longest=longest),
        status=row.status,
        milliseconds=round(row.seconds * 1000, 1),
        request_id=row.request_id,
        who=who,
        permissions=tuple(
            Permission(" ".join(operation), needs, tuple(each for each in needs if each in caller.permissions))
            for operation, needs in caller.demands
        ),
        refusal=_refusal(row),
        request_length=_request_length(row),
        response_length=row.response_length,
    )


def _whole(emulator: Emulator, row: RecordedExchange, *, who: Who) -> WholeExchange:
    exchange = _exchange(row, who, longest=_WHOLE_ADDRESS)
    host = dict(row.request_headers).get(b"host", b"localhost").decode("latin-1")
    addresses = emulator.addresses
    is_ours = host_in(host) in (addresses.names or LOCAL_NAMES | addresses.hosts())
    return WholeExchange(exchange, f"{row.scheme}://{host}{exchange.url}", is_ours, _request(row), _response(row))


def _request(row: RecordedExchange) -> Message:
    from fauxtune.core.decoding import describe_headers, query_part

    message = _message(
        row, row.request_headers, body=row.request_body, length=_request_length(row), direction="request"
    )
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in row.request_headers]
    query = [query_part(row.query.decode("latin-1"))] if row.query and surface_of(row.path) is Surface.GRAPH else []
    return replace(message, head=(*query, *describe_headers(headers)))


def _response(row: RecordedExchange) -> Message:
    return _message(row, row.response_headers, body=row.response_body, length=row.response_length, direction="response")


def _message(
    row: RecordedExchange, headers: list[tuple[bytes, bytes]], *, body: bytes, length: int, direction: Direction
) -> Message:
    from fauxtune.core.decoding import decode, mask_headers

    texts = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    content_type = next((value for name, value in texts if name.lower() == "content-type"), "")
    return Message(
        headers=tuple(mask_headers(texts)),
        content_type=content_type,
        length=length,
        truncated=len(body) < length,
        parts=tuple(decode(body, content_type=content_type, path=_raw_url(row), direction=direction)),
    )


def _request_length(row: RecordedExchange) -> int:
    """The bytes of the request's body. One that was refused at once was not read, but announced."""
    announced = dict(row.request_headers).get(b"content-length", b"")
    return row.request_length or (int(announced) if announced.isdigit() and len(announced) < _MOST_DIGITS else 0)


def _surface(row: RecordedExchange) -> str:
    surface = surface_of(row.path)
    return OTHER if surface is None else surface.value


def _url(row: RecordedExchange, *, longest: int) -> str:
    from fauxtune.core.decoding import mask_url

    return mask_url(_raw_url(row), longest=longest)


def _refusal(row: RecordedExchange) -> str | None:
    """Why it was refused, masked: a message repeats what the client sent."""
    from fauxtune.core.decoding import mask_text

    return None if row.caller.refusal is None else mask_text(row.caller.refusal)


def _raw_url(row: RecordedExchange) -> str:
    url = row.raw_path.decode("latin-1")
    query = row.query.decode("latin-1")
    return f"{url}?{query}" if query else url


def _id(tenant: Tenant | None) -> TenantId | None:
    return None if tenant is None else tenant.id
