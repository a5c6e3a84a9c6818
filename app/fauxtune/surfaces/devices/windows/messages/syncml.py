"""OMA-DM 1.2 in XML: a device's message, and the answer.

OMA-TS-DM_RepPro 1.2; MS-MDM 2.2 and 3. The device chooses the session's id (decimal or hexadecimal); it is sent back
unchanged. CmdIDs are unique in a message, across statuses, commands and their parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from fauxtune.core.formats.xml import Element, Malformed, leaf, parse, tag

MEDIA_TYPE = "application/vnd.syncml.dm+xml; charset=utf-8"
_NAMESPACE, _META = "SYNCML:SYNCML1.2", "syncml:metinf"
#: The default of MaxMsgSize (MS-MDM).
USUAL_SIZE = 524_288
_LONGEST_NUMBER = 9
#: The id is stored with the device.
_LONGEST_SESSION = 255

OK, AUTHENTICATED = 200, 212
BAD_REQUEST, INVALID_CREDENTIALS, FORBIDDEN, NOT_FOUND, MISSING_CREDENTIALS = 400, 401, 403, 404, 407
NOT_ALLOWED = 405

CLIENT_EVENT, GENERIC_ALERT, ABORT = "1224", "1226", "1223"
LOGIN_STATUS = "com.microsoft/mdm/loginstatus"
#: The alert of a device that needs more time: the session stays open, and nothing new is sent.
STILL_BUSY = "reversed-domain-name:com.microsoft.mdm.requestpending"
UNENROLLED = "com.microsoft:mdm.unenrollment.userrequest"

#: Commands of a device, each of which gets a Status.
_KNOWN_COMMANDS = frozenset({"Alert", "Replace", "Add", "Delete", "Get", "Exec", "Atomic", "Sequence", "Copy", "Put"})
_UNANSWERED = frozenset({"Status", "Results", "Final"})


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a command; addresses are LocURIs."""

    target: str = ""
    source: str = ""
    format: str = ""
    type: str = ""
    data: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """One command of a device; `name` may be unknown. `data`: the code of an Alert."""

    name: str
    id: str
    data: str = ""
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """A Status: the code of the server's command `command` in its message `message`. `targets`: its items."""

    message: str
    command: str
    code: int
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Results:
    """Results: the data of a Get."""

    message: str
    command: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A device's message."""

    session: str
    number: int
    source: str
    target: str
    largest: int
    commands: tuple[Received, ...] = ()
    statuses: tuple[Status, ...] = ()
    results: tuple[Results, ...] = ()

    def alerts(self, code: str) -> Iterator[Item]:
        """Return the items of the alerts with this code."""
        for command in self.commands:
            if command.name == "Alert" and command.data == code:
                yield from command.items

    def alerted(self, code: str, kind: str) -> str | None:
        """Return the data of the alert of this type, or None."""
        return next((item.data for item in self.alerts(code) if item.type.lower() == kind), None)


def read(document: bytes) -> Message:
    """Read a message. Raises Malformed for invalid XML or an unusable header; malformed commands are accepted."""
    root = parse(document)
    header, body = root.find("SyncHdr"), root.find("SyncBody")
    if root.name != "SyncML" or header is None or body is None:
        raise Malformed("The message must be a SyncML document with SyncHdr and SyncBody.")
    session, number = header.text_at("SessionID"), header.text_at("MsgID")
    source = header.text_at("Source", "LocURI")
    if not session or not source:
        raise Malformed("SyncHdr must have a SessionID, and Source/LocURI with the device's id.")
    if len(session) > _LONGEST_SESSION:
        raise Malformed(f"SessionID must not have more than {_LONGEST_SESSION} characters.")
    if not _is_number(number) or int(number) == 0:
        raise Malformed(f"MsgID must be a decimal number from 1, not '{number}'.")
    largest = header.text_at("Meta", "MaxMsgSize")
    return Message(
        session=session,
        number=int(number),
        source=source,
        target=header.text_at("Target", "LocURI"),
        largest=min(int(largest), USUAL_SIZE) if _is_number(largest) and int(largest) else USUAL_SIZE,
        commands=tuple(_received(element) for element in body.children if element.name not in _UNANSWERED),
        statuses=tuple(status for element in body.all("Status") if (status := _status(element)) is not None),
        results=tuple(_results(element) for element in body.all("Results")),
    )


def _received(element: Element) -> Received:
    return Received(
        name=element.name,
        id=element.text_at("CmdID"),
        data=element.text_at("Data"),
        items=tuple(_item(item) for item in element.all("Item")),
    )


def _item(element: Element) -> Item:
    meta = element.find("Meta")
    data = element.find("Data")
    return Item(
        target=element.text_at("Target", "LocURI"),
        source=element.text_at("Source", "LocURI"),
        format="" if meta is None else meta.text_at("Format"),
        type="" if meta is None else meta.text_at("Type"),
        data="" if data is None else data.text,
    )


def _status(element: Element) -> Status | None:
    code = element.text_at("Data")
    if not _is_number(code):
        return None
    targets = tuple(target.text for target in element.all("TargetRef"))
    return Status(element.text_at("MsgRef"), element.text_at("CmdRef"), int(code), targets)


def _results(element: Element) -> Results:
    items = tuple(_item(item) for item in element.all("Item"))
    return Results(element.text_at("MsgRef"), element.text_at("CmdRef"), items)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER


@dataclass(frozen=True, slots=True)
class Command:
    """One command for a device. `role` says what its status means for its step; it is not part of the message. An
    Atomic has parts in place of an address.
    """

    name: str
    uri: str = ""
    data: str | None = field(default=None, repr=False)
    format: str | None = None
    role: str = ""
    parts: tuple[Command, ...] = ()

    def document(self) -> dict[str, Any]:
        """Write the command as JSON, to be stored until the next message."""
        members = {"name": self.name, "uri": self.uri, "data": self.data, "format": self.format, "role": self.role}
        return {**members, "parts": [part.document() for part in self.parts]}

    @classmethod
    def of(cls, document: dict[str, Any]) -> Command:
        """Read what `document` wrote."""
        return replace(cls(**{**document, "parts": ()}), parts=tuple(cls.of(part) for part in document["parts"]))


@dataclass(frozen=True, slots=True)
class Placed:
    """A command in a message, with the CmdIDs of itself and its parts."""

    command: Command
    id: int
    parts: tuple[tuple[Command, int], ...]


class Reply:
    """The answer to a message, being written: statuses first, then commands while there is room."""

    def __init__(self, message: Message, *, header_status: int, why: str = "") -> None:
        #: Bytes that it may have.
        self.largest = message.largest
        self._message = message
        self._ids = count(1)
        self._parts: list[str] = []
        self._header = _header(message)
        self._size = len(_document(self._header, ""))
        self._add_status("0", "SyncHdr", code=header_status, why=why)
        self._smallest = self._size

    def statuses(self) -> None:
        """Add a status for each command of the device: 200; 405 for one that needs a tree, which a server has not; 400
        for an unknown command.
        """
        for command in self._message.commands:
            code = OK
            if command.name not in _KNOWN_COMMANDS:
                code = BAD_REQUEST
            elif command.name not in ("Alert", "Replace"):
                code = NOT_ALLOWED
            if command.id:
                self._add_status(command.id, command.name, code=code)

    def fits_alone(self, command: Command) -> bool:
        """Whether a message to this device has room for the command."""
        return self._smallest + len(_rendered(command, count(1))[0].encode()) <= self.largest

    def add(self, command: Command) -> Placed | None:
        """Add the command. None if there is no room for it any more."""
        ids = list(zip(_pieces(command), self._ids, strict=False))
        text, placed = _rendered(command, iter([number for _, number in ids]))
        if self._size + len(text.encode()) > self.largest:
            # CmdIDs that were taken and not used do no harm: they stay unique.
            return None
        self._size += len(text.encode())
        self._parts.append(text)
        return placed

    def document(self) -> bytes:
        """Return the whole message."""
        return _document(self._header, "".join(self._parts))

    def _add_status(self, command: str, name: str, *, code: int, why: str = "") -> None:
        text = _status_text(next(self._ids), command, name, message=self._message.number, code=code, why=why)
        self._size += len(text.encode())
        self._parts.append(text)


def _header(message: Message) -> str:
    content = leaf("VerDTD", "1.2") + leaf("VerProto", "DM/1.2")
    content += leaf("SessionID", message.session) + leaf("MsgID", str(message.number))
    content += tag("Target", leaf("LocURI", message.source)) + tag("Source", leaf("LocURI", message.target))
    return tag("SyncHdr", content)


def _document(header: str, body: str) -> bytes:
    return tag("SyncML", header + tag("SyncBody", body + tag("Final")), xmlns=_NAMESPACE).encode()


def _status_text(  # noqa: PLR0917
    number: int, command: str, name: str, *, message: int, code: int, why: str
) -> str:
    members = (
        ("CmdID", str(number)),
        ("MsgRef", str(message)),
        ("CmdRef", command),
        ("Cmd", name),
        ("Data", str(code)),
    )
    item = tag("Item", leaf("Data", why)) if why else ""
    return tag("Status", "".join(leaf(key, value) for key, value in members) + item)


def _pieces(command: Command) -> Sequence[Command]:
    return (command, *command.parts)


def _rendered(command: Command, ids: Iterator[int]) -> tuple[str, Placed]:
    number = next(ids)
    if command.name == "Atomic":
        numbered = tuple((part, next(ids)) for part in command.parts)
        inner = "".join(_single(part, own) for part, own in numbered)
        return tag("Atomic", leaf("CmdID", str(number)) + inner), Placed(command, number, numbered)
    return _single(command, number), Placed(command, number, ())


def _single(command: Command, number: int) -> str:
    item = tag("Target", leaf("LocURI", command.uri))
    if command.format is not None:
        meta = leaf("Format", command.format, xmlns=_META) + leaf("Type", "text/plain", xmlns=_META)
        item += tag("Meta", meta)
    if command.data is not None:
        item += leaf("Data", command.data)
    return tag(command.name, leaf("CmdID", str(number)) + tag("Item", item))
