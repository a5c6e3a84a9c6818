"""One recorded exchange, as people read it: its line in a list, and its messages decoded and without secrets.

Pure: what it says depends on the recorded exchange, and on the names that it is given.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from fauxtune.core.model.addresses import LOCAL_NAMES, Surface, host_in, is_answered, surface_of
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.wire import RecordedExchange
from fauxtune_wire.decoding import (
    Masking,
    decode,
    describe_headers,
    hidden_in,
    mask_headers,
    mask_text,
    mask_url,
    query_part,
)
from fauxtune_wire.decoding.parts import Direction, Part

#: The surface of a path that no surface serves.
OTHER = "other"
#: Digits of a length that is believed.
_MOST_DIGITS = 16
#: Characters of an address in a list, and of one that is shown by itself.
LISTED_ADDRESS, _WHOLE_ADDRESS = 2000, 16 * 1024


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
    server, as far as is known; `as_curl`: the request as a command for a shell, of an exchange that is read by itself.
    """

    exchange: Exchange
    address: str
    is_ours: bool
    request: Message
    response: Message
    as_curl: str = ""


def described(row: RecordedExchange, who: Who, *, longest: int = LISTED_ADDRESS) -> Exchange:
    """Return an exchange without its messages. `longest`: characters of its address."""
    caller = row.caller
    return Exchange(
        number=row.number,
        time=row.began,
        tenant_time=None if row.clock is None else row.clock.now(row.began),
        surface=surface(row),
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


def whole(emulator: Emulator, row: RecordedExchange, *, who: Who) -> WholeExchange:
    """Return an exchange with its messages decoded."""
    exchange = described(row, who, longest=_WHOLE_ADDRESS)
    masking = _masking(row)
    host = dict(row.request_headers).get(b"host", b"localhost").decode("latin-1")
    addresses = emulator.addresses
    is_ours = is_answered(host_in(host), addresses.names or LOCAL_NAMES | addresses.hosts())
    return WholeExchange(
        exchange,
        f"{row.scheme}://{host}{exchange.url}",
        is_ours,
        _request(row, masking=masking),
        _response(row, masking=masking),
    )


def _request(row: RecordedExchange, *, masking: Masking) -> Message:
    message = _message(
        row,
        row.request_headers,
        body=row.request_body,
        length=_request_length(row),
        direction="request",
        masking=masking,
    )
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in row.request_headers]
    query = [query_part(row.query.decode("latin-1"))] if row.query and surface_of(row.path) is Surface.GRAPH else []
    return replace(message, head=(*query, *describe_headers(headers)))


def _response(row: RecordedExchange, *, masking: Masking) -> Message:
    """Return the answer; `masking` has read the request, which the answer may repeat."""
    return _message(
        row,
        row.response_headers,
        body=row.response_body,
        length=row.response_length,
        direction="response",
        masking=masking,
    )


def _message(
    row: RecordedExchange,
    headers: list[tuple[bytes, bytes]],
    *,
    body: bytes,
    length: int,
    direction: Direction,
    masking: Masking,
) -> Message:
    texts = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    content_type = next((value for name, value in texts if name.lower() == "content-type"), "")
    return Message(
        headers=tuple((name, masking.sweep(value)) for name, value in mask_headers(texts)),
        content_type=content_type,
        length=length,
        truncated=len(body) < length,
        parts=tuple(decode(body, content_type=content_type, path=_raw_url(row), direction=direction, masking=masking)),
    )


def _request_length(row: RecordedExchange) -> int:
    """The bytes of the request's body. One that was refused at once was not read, but announced."""
    announced = dict(row.request_headers).get(b"content-length", b"")
    return row.request_length or (int(announced) if announced.isdigit() and len(announced) < _MOST_DIGITS else 0)


def surface(row: RecordedExchange) -> str:
    """Return the word of the surface that served it."""
    surface = surface_of(row.path)
    return OTHER if surface is None else surface.value


def _url(row: RecordedExchange, *, longest: int) -> str:
    return mask_url(_raw_url(row), longest=longest)


def _refusal(row: RecordedExchange) -> str | None:
    """Why it was refused, masked: a message repeats what the client sent."""
    if row.caller.refusal is None:
        return None
    masking = _masking(row)
    _request(row, masking=masking)
    return masking.sweep(mask_text(row.caller.refusal))


def _masking(row: RecordedExchange) -> Masking:
    """The masking of the whole exchange: an answer may repeat the secrets of the address."""
    return Masking(hidden={*hidden_in(_raw_url(row))})


def _raw_url(row: RecordedExchange) -> str:
    url = row.raw_path.decode("latin-1")
    query = row.query.decode("latin-1")
    return f"{url}?{query}" if query else url


def contains(row: RecordedExchange, text: str) -> bool:
    """Whether the text is in what is shown of the exchange. What was sent is looked at first: it is quicker to read."""
    url = _url(row, longest=_WHOLE_ADDRESS)
    if text in f"{row.method} {url} {row.request_id} {_refusal(row) or ''}".casefold():
        return True
    if not any(text in body.decode("utf-8", "replace").casefold() for body in (row.request_body, row.response_body)):
        return False
    # A masked value must not be found: whoever guesses would learn it letter by letter.
    masking = _masking(row)
    messages = (_request(row, masking=masking), _response(row, masking=masking))
    return any(text in readable.casefold() for message in messages for readable in _texts(message.parts))


def _texts(parts: Iterable[Part]) -> Iterable[str]:
    for part in parts:
        yield part.title
        yield part.text
        yield from (value for _, value in part.facts)
        yield from _texts(part.parts)
