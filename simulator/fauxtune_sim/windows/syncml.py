"""The messages of an OMA-DM session in both directions (OMA-TS-SyncML-RepPro 1.2, MS-MDM 2.2).

A device reads a server's messages tolerantly (by local names, without Final) and writes exactly what Windows writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from fauxtune_sim.errors import AnswerBroken
from fauxtune_sim.windows.markup import Element, read, tag, text

CONTENT_TYPE = "application/vnd.syncml.dm+xml; charset=utf-8"
#: MaxMsgSize: the largest message that the device accepts.
MOST_BYTES = 524_288

CLIENT_INITIATED, SERVER_INITIATED, ABORT, CLIENT_EVENT, GENERIC = "1201", "1200", "1223", "1224", "1226"
LOGIN_STATUS = "com.microsoft/MDM/LoginStatus"
UNENROLLMENT = "com.microsoft:mdm.unenrollment.userrequest"

_COMMANDS = {"Add", "Replace", "Delete", "Exec", "Get", "Atomic", "Sequence", "Alert"}
#: Elements of a server's message that are not commands.
_NO_COMMANDS = {"Status", "Results", "Final"}


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
    """A command of the server: its name, its CmdID (`number`), its items, and the children of Atomic and Sequence.
    `number` is None if the CmdID is missing; `known` is False for an element that the protocol does not have.
    """

    name: str
    number: str | None
    items: tuple[Item, ...] = ()
    children: tuple[Command, ...] = ()
    data: str = ""
    known: bool = True


@dataclass(frozen=True, slots=True)
class Status:
    """The Status of one command."""

    message: str
    command: str
    name: str
    code: int
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Results:
    """The Results of a Get. `below` are further nodes, if the Get asked for all below one: address, format, data."""

    message: str
    command: str
    source: str
    format: str
    data: str
    below: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Alert:
    """An Alert of the device: a code, and for events their type and data."""

    code: str
    type: str | None = None
    format: str | None = None
    data: str = ""


@dataclass(frozen=True, slots=True)
class Header:
    """The SyncHdr: session and message ids, target and source."""

    session: str
    message: str
    target: str
    source: str


@dataclass(frozen=True, slots=True)
class ServerMessage:
    """A message of the server. `final`: its package ends with it."""

    header: Header
    statuses: tuple[Status, ...]
    commands: tuple[Command, ...]
    final: bool

    @property
    def session_status(self) -> int | None:
        """The code of the SyncHdr's Status, which shows whether the device is known; None without such a Status."""
        return next(
            (status.code for status in self.statuses if status.command == "0" and status.name == "SyncHdr"), None
        )


@dataclass(frozen=True, slots=True)
class ClientMessage:
    """The content of one message of the device."""

    statuses: Sequence[Status] = ()
    results: Sequence[Results] = ()
    alerts: Sequence[Alert] = ()
    facts: Sequence[Item] = ()


def server_message(data: bytes) -> ServerMessage:
    """Read a message of the server. Raises AnswerBroken if it is not a SyncML message."""
    root = read(data, what="the server's message")
    header, body = root.first("SyncHdr"), root.first("SyncBody")
    if root.name != "SyncML" or header is None or body is None:
        raise AnswerBroken("the server's message is not a SyncML message with a SyncHdr and a SyncBody")
    session, message = header.text_at("SessionID"), header.text_at("MsgID")
    if not session or not message:
        raise AnswerBroken("the server's message has no SessionID or no MsgID")
    return ServerMessage(
        header=Header(session, message, header.text_at("Target", "LocURI"), header.text_at("Source", "LocURI")),
        statuses=tuple(_status(element) for element in body.children_named("Status")),
        commands=tuple(_command(element) for element in body.children if element.name not in _NO_COMMANDS),
        final=body.first("Final") is not None,
    )


def _status(element: Element) -> Status:
    code = element.text_at("Data")
    if not code.isdecimal():
        raise AnswerBroken(
            f"the server's Status {element.text_at('CmdRef')} has the code {code!r}, which is not a number"
        )
    return Status(
        message=element.text_at("MsgRef"),
        command=element.text_at("CmdRef"),
        name=element.text_at("Cmd"),
        code=int(code),
        target=element.text_at("TargetRef") or None,
    )


def _command(element: Element) -> Command:
    number = element.text_at("CmdID")
    shared = _meta(element.first("Meta"))
    return Command(
        name=element.name,
        number=number if number and number != "0" else None,
        items=tuple(_item(item, shared) for item in element.children_named("Item")),
        children=tuple(
            _command(child)
            for child in element.children
            if child.name not in {"CmdID", "Meta", "Item", "Data", "NoResp"}
        )
        if element.name in {"Atomic", "Sequence"}
        else (),
        data=element.text_at("Data"),
        known=element.name in _COMMANDS,
    )


def _item(element: Element, shared: tuple[str | None, str | None]) -> Item:
    form, kind = _meta(element.first("Meta"))
    return Item(
        target=element.text_at("Target", "LocURI"),
        source=element.text_at("Source", "LocURI"),
        format=form or shared[0],
        type=kind or shared[1],
        data=element.text_at("Data"),
    )


def _meta(element: Element | None) -> tuple[str | None, str | None]:
    if element is None:
        return None, None
    return element.text_at("Format") or None, element.text_at("Type") or None


@dataclass(slots=True)
class Writer:
    """Writes the messages of one session; `sent` is the MsgID of the last one."""

    session: str
    server: str
    device: str
    sent: int = 0
    _numbers: Iterator[int] = field(default_factory=lambda: iter(()))

    def write(self, message: ClientMessage) -> bytes:
        """Write the next message of the session as XML."""
        self.sent += 1
        self._numbers = iter(range(1, 1_000_000))
        body = [
            *(self._status(status) for status in message.statuses),
            *(self._alert(alert) for alert in message.alerts),
            *(self._results(results) for results in message.results),
            *([self._replace(message.facts)] if message.facts else []),
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

    def _status(self, status: Status) -> str:
        return tag(
            "Status",
            self._number(),
            tag("MsgRef", text(status.message)),
            tag("CmdRef", text(status.command)),
            tag("Cmd", text(status.name)),
            tag("TargetRef", text(status.target)) if status.target is not None else "",
            tag("Data", str(status.code)),
        )

    def _results(self, results: Results) -> str:
        rows = ((results.source, results.format, results.data), *results.below)
        return tag(
            "Results",
            self._number(),
            tag("MsgRef", text(results.message)),
            tag("CmdRef", text(results.command)),
            tag("Cmd", "Get"),
            *(_result(source, form, data=data) for source, form, data in rows),
        )

    def _alert(self, alert: Alert) -> str:
        if alert.type is None:
            # MS-MDM demands an Item in every Alert; Windows omits it in 1200 and 1201.
            return tag("Alert", self._number(), tag("Data", alert.code))
        form = tag("Format", alert.format, xmlns="syncml:metinf") if alert.format else ""
        item = tag("Item", tag("Meta", _type(alert.type), form), tag("Data", text(alert.data)))
        return tag("Alert", self._number(), tag("Data", alert.code), item)

    def _replace(self, facts: Sequence[Item]) -> str:
        items = (tag("Item", tag("Source", _uri(item.source)), tag("Data", text(item.data))) for item in facts)
        return tag("Replace", self._number(), *items)


def _result(source: str, form: str, *, data: str) -> str:
    meta = tag("Meta", tag("Format", form, xmlns="syncml:metinf"), _type("text/plain"))
    return tag("Item", tag("Source", _uri(source)), meta, tag("Data", text(data)))


def _uri(value: str) -> str:
    return tag("LocURI", text(value))


def _type(value: str) -> str:
    return tag("Type", text(value), xmlns="syncml:metinf")
