"""The messages of an OMA-DM session, both directions (OMA-TS-SyncML-RepPro 1.2, MS-MDM 2.2): read, and written.

A device reads what a server sends tolerantly (by local names, without Final) and writes exactly what Windows writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from fauxtune_sim.errors import AnswerBroken
from fauxtune_sim.windows.markup import Element, read, tag, text

CONTENT_TYPE = "application/vnd.syncml.dm+xml; charset=utf-8"
#: The largest message a device takes, as it tells the server.
MOST_BYTES = 524_288

CLIENT_INITIATED, SERVER_INITIATED, ABORT, CLIENT_EVENT, GENERIC = "1201", "1200", "1223", "1224", "1226"
LOGIN_STATUS = "com.microsoft/MDM/LoginStatus"
UNENROLLMENT = "com.microsoft:mdm.unenrollment.userrequest"

_COMMANDS = {"Add", "Replace", "Delete", "Exec", "Get", "Atomic", "Sequence", "Alert"}
#: What a server may also say, and what asks for nothing.
_SILENT = {"Status", "Results", "Final"}


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a command or of an alert."""

    target: str = ""
    source: str = ""
    format: str | None = None
    type: str | None = None
    data: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the server: its name, its number within the message, its items, and for Atomic and Sequence what
    is in it. `number` is None where the server forgot it; `known` is False for an element that the protocol has not.
    """

    name: str
    number: str | None
    items: tuple[Item, ...] = ()
    children: tuple[Command, ...] = ()
    data: str = ""
    known: bool = True


@dataclass(frozen=True, slots=True)
class Status:
    """What became of one command."""

    message: str
    command: str
    name: str
    code: int
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What a Get gave."""

    message: str
    command: str
    source: str
    format: str
    data: str


@dataclass(frozen=True, slots=True)
class Alert:
    """A report of the device: a code, and for events what happened."""

    code: str
    type: str | None = None
    format: str | None = None
    data: str = ""


@dataclass(frozen=True, slots=True)
class Header:
    """Who talks to whom, in which message of which session."""

    session: str
    message: str
    target: str
    source: str


@dataclass(frozen=True, slots=True)
class ServerMessage:
    """A message of the server. `final` says that its package ends with it."""

    header: Header
    statuses: tuple[Status, ...]
    commands: tuple[Command, ...]
    final: bool

    @property
    def verdict(self) -> int | None:
        """The status of the header, which says whether the device is known; None if the server did not give one."""
        return next((one.code for one in self.statuses if one.command == "0" and one.name == "SyncHdr"), None)


@dataclass(frozen=True, slots=True)
class Said:
    """What a device has to say in one message."""

    statuses: Sequence[Status] = ()
    results: Sequence[Result] = ()
    alerts: Sequence[Alert] = ()
    facts: Sequence[Item] = ()


def server_message(data: bytes) -> ServerMessage:
    """A message from the server; AnswerBroken if it is none."""
    root = read(data, what="the server's message")
    header, body = root.first("SyncHdr"), root.first("SyncBody")
    if root.name != "SyncML" or header is None or body is None:
        raise AnswerBroken("the server's message is no SyncML message with a SyncHdr and a SyncBody")
    session, message = header.said("SessionID"), header.said("MsgID")
    if not session or not message:
        raise AnswerBroken("the server's message has no SessionID or no MsgID")
    return ServerMessage(
        header=Header(session, message, header.said("Target", "LocURI"), header.said("Source", "LocURI")),
        statuses=tuple(_status(one) for one in body.each("Status")),
        commands=tuple(_command(one) for one in body.children if one.name not in _SILENT),
        final=body.first("Final") is not None,
    )


def _status(element: Element) -> Status:
    code = element.said("Data")
    if not code.isdecimal():
        raise AnswerBroken(f"the server's Status {element.said('CmdRef')} has the code {code!r}, which is no number")
    return Status(
        message=element.said("MsgRef"),
        command=element.said("CmdRef"),
        name=element.said("Cmd"),
        code=int(code),
        target=element.said("TargetRef") or None,
    )


def _command(element: Element) -> Command:
    number = element.said("CmdID")
    shared = _meta(element.first("Meta"))
    return Command(
        name=element.name,
        number=number if number and number != "0" else None,
        items=tuple(_item(one, shared) for one in element.each("Item")),
        children=tuple(
            _command(one) for one in element.children if one.name not in {"CmdID", "Meta", "Item", "Data", "NoResp"}
        )
        if element.name in {"Atomic", "Sequence"}
        else (),
        data=element.said("Data"),
        known=element.name in _COMMANDS,
    )


def _item(element: Element, shared: tuple[str | None, str | None]) -> Item:
    form, kind = _meta(element.first("Meta"))
    return Item(
        target=element.said("Target", "LocURI"),
        source=element.said("Source", "LocURI"),
        format=form or shared[0],
        type=kind or shared[1],
        data=element.said("Data"),
    )


def _meta(element: Element | None) -> tuple[str | None, str | None]:
    if element is None:
        return None, None
    return element.said("Format") or None, element.said("Type") or None


@dataclass(slots=True)
class Writer:
    """Writes the messages of one session: numbers from 1, rising; the first one is the device's greeting."""

    session: str
    server: str
    device: str
    sent: int = 0
    _numbers: Iterator[int] = field(default_factory=lambda: iter(()))

    def write(self, said: Said) -> bytes:
        """The next message."""
        self.sent += 1
        self._numbers = iter(range(1, 1_000_000))
        body = [
            *(self._status(one) for one in said.statuses),
            *(self._alert(one) for one in said.alerts),
            *(self._result(one) for one in said.results),
            *([self._replace(said.facts)] if said.facts else []),
            tag("Final"),
        ]
        return tag("SyncML", self._header(), tag("SyncBody", *body), xmlns="SYNCML:SYNCML1.2").encode()

    def _header(self) -> str:
        return tag(
            "SyncHdr",
            tag("VerDTD", "1.2"),
            tag("VerProto", "DM/1.2"),
            tag("SessionID", text(self.session)),
            tag("MsgID", str(self.sent)),
            tag("Target", _uri(self.server)),
            tag("Source", _uri(self.device)),
            tag("Meta", tag("MaxMsgSize", str(MOST_BYTES), xmlns="syncml:metinf")),
        )

    def _number(self) -> str:
        return tag("CmdID", str(next(self._numbers)))

    def _status(self, one: Status) -> str:
        return tag(
            "Status",
            self._number(),
            tag("MsgRef", text(one.message)),
            tag("CmdRef", text(one.command)),
            tag("Cmd", text(one.name)),
            tag("TargetRef", text(one.target)) if one.target is not None else "",
            tag("Data", str(one.code)),
        )

    def _result(self, one: Result) -> str:
        meta = tag("Meta", tag("Format", one.format, xmlns="syncml:metinf"), _type("text/plain"))
        return tag(
            "Results",
            self._number(),
            tag("MsgRef", text(one.message)),
            tag("CmdRef", text(one.command)),
            tag("Cmd", "Get"),
            tag("Item", tag("Source", _uri(one.source)), meta, tag("Data", text(one.data))),
        )

    def _alert(self, one: Alert) -> str:
        if one.type is None:
            # MS-MDM asks for an Item in every Alert; Windows leaves it out in 1200 and 1201.
            return tag("Alert", self._number(), tag("Data", one.code))
        form = tag("Format", one.format, xmlns="syncml:metinf") if one.format else ""
        item = tag("Item", tag("Meta", _type(one.type), form), tag("Data", text(one.data)))
        return tag("Alert", self._number(), tag("Data", one.code), item)

    def _replace(self, facts: Sequence[Item]) -> str:
        items = (tag("Item", tag("Source", _uri(one.source)), tag("Data", text(one.data))) for one in facts)
        return tag("Replace", self._number(), *items)


def _uri(value: str) -> str:
    return tag("LocURI", text(value))


def _type(value: str) -> str:
    return tag("Type", text(value), xmlns="syncml:metinf")
