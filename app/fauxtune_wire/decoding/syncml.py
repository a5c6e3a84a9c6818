"""SyncML (OMA-DM 1.2): each command with its address and data, in order, and its numbers and nodes in words.
OMA-TS-DM_RepPro 1.2; MS-MDM 2.2; Windows: CSP reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from fauxtune.core.engine.diagnosis.numbers import SYNCML
from fauxtune.core.formats.xml import Element, parse
from fauxtune_wire.decoding.body import Body
from fauxtune_wire.decoding.parts import Fact, Part, counted, shortened
from fauxtune_wire.decoding.xml_text import node_kind, pretty, root_of

_GROUPS = frozenset({"Atomic", "Sequence"})
_DEEPEST_GROUP = 3
_THUMBPRINT = re.compile(r"\b([0-9A-Fa-f]{8})[0-9A-Fa-f]{12,}\b")
_LONGEST_DATA = 200


def read(body: Body) -> list[Part] | None:
    """Read a SyncML message; None for anything else."""
    if root_of(body.data) != "SyncML":
        return None
    message = parse(body.data)
    text = pretty(body)
    # The text masks the whole document, and unfolds what is in it: the table repeats nothing.
    body = body.beside()
    facts = [*_header(message), *_commands(message.find("SyncBody") or message, body)]
    number = message.text_at("SyncHdr", "MsgID", default="?")
    title = f"SyncML, {body.sender}: message {number} of session {message.text_at('SyncHdr', 'SessionID', default='?')}"
    return [Part(title, "xml", text, tuple(facts))]


def _header(message: Element) -> Iterator[Fact]:
    header = message.find("SyncHdr") or message
    yield "From", header.text_at("Source", "LocURI", default="nobody")
    yield "To", header.text_at("Target", "LocURI", default="nobody")
    if size := header.text_at("Meta", "MaxMsgSize"):
        yield "Largest message", f"{size} bytes"


def _commands(around: Element, body: Body, *, group: str = "", depth: int = 0) -> Iterator[Fact]:
    for command in around.children:
        number = command.text_at("CmdID")
        name = f"{group}{number}. {command.name}" if number else f"{group}{command.name}"
        match command.name:
            case "CmdID" | "Meta":
                continue
            case "Status":
                yield f"{number}. Status of {_reference(command)}", _status(command)
            case "Results":
                yield from ((f"{number}. Result of {_reference(command)}", text) for text in _items(command, body))
            case "Alert":
                yield name, _alert(command, body)
            case "Final":
                yield "Final", "the last message of this package"
            case _ if command.name in _GROUPS and depth < _DEEPEST_GROUP:
                parts = [child for child in command.children if child.name not in ("CmdID", "Meta")]
                yield name, _group(parts, command.name)
                yield from _commands(command, body, group=f"{group}{number} › ", depth=depth + 1)
            case _:
                yield from ((name, text) for text in _items(command, body, in_group=bool(group)))


def _group(parts: list[Element], name: str) -> str:
    order = "all or nothing" if name == "Atomic" else "in this order"
    purpose = next((words for part in parts for item in part.all("Item") if (words := _purpose(item))), "")
    return f"{counted(len(parts), 'command')}, {order}{purpose}"


def _purpose(item: Element) -> str:
    """What the address of an item is for, in brackets; empty if that is not known."""
    _, steps = _split(item.text_at("Target", "LocURI"))
    words = next((words for node, words in NODES.items() if steps.startswith(node)), "")
    return f" ({words})" if words else ""


def _reference(command: Element) -> str:
    name = command.text_at("Cmd")
    number = command.text_at("CmdRef", default="?")
    where = f"{number} {name}".strip() if number != "0" else name or "the header"
    return f"{where} (message {command.text_at('MsgRef', default='?')})"


def _status(command: Element) -> str:
    code = command.text_at("Data")
    return f"{code}: {STATUSES.get(code, 'a status that is not known here')}"


def _alert(command: Element, body: Body) -> str:
    code = command.text_at("Data")
    words = ALERTS.get(code, "an alert that is not known here")
    items = [
        f"{item.text_at('Meta', 'Type')} = {body.masking.text('', item.text_at('Data'))}".removeprefix(" = ")
        for item in command.all("Item")
    ]
    return f"{code}: {words}{': ' if items else ''}{', '.join(items)}"


def _items(command: Element, body: Body, *, in_group: bool = True) -> list[str]:
    items = [_item(item, body) + ("" if in_group else _purpose(item)) for item in command.all("Item")]
    return items or [body.masking.text("", command.text_at("Data")) or "no item"]


def _item(item: Element, body: Body) -> str:
    address = item.text_at("Target", "LocURI") or item.text_at("Source", "LocURI")
    words, data = _address(address), item.find("Data")
    if data is None:
        return words
    kind, text = node_kind(address), data.text
    value = body.masking.hide(text, kind) if kind else body.masking.text("", text)
    if data.children:
        value = f"{counted(len(data.children), 'element')}, below"
    if address.endswith("/Status"):
        value = _result(value)
    return f"{words} = {shortened(_short(value), _LONGEST_DATA) or 'empty'}"


def _result(value: str) -> str:
    """A result of Windows, which is a number in decimal or hexadecimal, in words."""
    try:
        number = int(value, 0) & 0xFFFFFFFF
    except ValueError:
        return value
    return f"0x{number:08X}: {RESULTS.get(number, 'a result that is not known here')}"


def _address(address: str) -> str:
    root, steps = _split(address)
    return ROOTS.get(root, "") + _short(unquote(steps) or address or "no address")


def _split(address: str) -> tuple[str, str]:
    """The root of an address and the rest."""
    root = next((each for each in ROOTS if address.startswith(each)), "")
    return root, address.removeprefix(root)


def _short(text: str) -> str:
    """The text with only the beginning of thumbprints."""
    return _THUMBPRINT.sub(r"\1…", text)


STATUSES: dict[str, str] = {
    "200": "done",
    "202": "accepted, and carried out later",
    "212": "the credentials are accepted",
    "213": "a part of the data is received, the rest is awaited",
    "214": "cancelled",
    "215": "not carried out",
    "216": "rolled back",
    **{str(number): words for number, words in SYNCML.items()},
}

ALERTS: dict[str, str] = {
    "1200": "the server began the session",
    "1201": "the device began the session",
    "1222": "the next message, please",
    "1223": "the session is aborted",
    "1224": "an event of the client",
    "1226": "a message of the client",
}

#: The roots of nodes, in words.
ROOTS: dict[str, str] = {
    "./Device/Vendor/MSFT/": "device: ",
    "./Vendor/MSFT/": "device: ",
    "./User/Vendor/MSFT/": "user: ",
    "./": "",
}

#: Nodes without their roots, in words; the first that an address begins with counts.
NODES: dict[str, str] = {
    "RootCATrustedCertificates/Root": "trusted roots",
    "RootCATrustedCertificates/CA": "certificates of authorities",
    "CertificateStore/Root": "trusted roots",
    "CertificateStore/CA": "certificates of authorities",
    "ClientCertificateInstall/PFXCertInstall": "certificate with its key",
    "ActiveSync/Accounts": "Exchange account",
    "RemoteWipe/doWipeProtected": "factory reset that cannot be interrupted",
    "RemoteWipe": "factory reset",
    "RemoteLock": "lock",
    "Reboot": "restart",
    "DMClient/Unenroll": "end of the management",
}

#: Windows' results (HRESULT) of installing a PFX in words. Microsoft: "Common HRESULT values"; MS-ERREF 2.1.
RESULTS: dict[int, str] = {
    0x00000000: "success",
    0x80070005: "access denied",
    0x80070056: "the password of the PFX is wrong",
    0x80070057: "an argument is wrong",
    0x8009000B: "the key cannot be used like this",
    0x80090016: "there is no such key container",
    0x80090029: "this is not supported",
    0x80092004: "there is no such certificate or key",
}
