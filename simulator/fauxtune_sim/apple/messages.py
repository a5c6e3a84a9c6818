"""The messages between an Apple device and its MDM server, as dictionaries of a property list; and property lists from
outside: XML or binary, no entities, of limited size, usually with a dictionary on top.

Apple: "Mobile Device Management Protocol", check-in messages (Authenticate, TokenUpdate, CheckOut, SetBootstrapToken,
GetBootstrapToken) and commands with their answers. `tests/wire/apple` holds an example of each. `plistlib` refuses
entity declarations; all other exceptions from damaged or hostile lists become AnswerBroken here.
"""

from __future__ import annotations

import binascii
import plistlib
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.parsers.expat import ExpatError

import orjson

from fauxtune_sim.errors import AnswerBroken

#: A profile with all keys that a user ever had is far smaller.
MOST_BYTES = 16 * 1024 * 1024
_DAMAGE = (
    plistlib.InvalidFileException,
    ExpatError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
    struct.error,
    binascii.Error,
)
CHECK_IN_TYPE = "application/x-apple-aspen-mdm-checkin"
COMMAND_TYPE = "application/x-apple-aspen-mdm"
SIGNATURE_HEADER = "Mdm-Signature"
#: With status 403: the device is to unenrol itself (Apple: "Handling Unrecognized Devices").
_UNRECOGNIZED = "com.apple.unrecognized.device"


def read_any(data: bytes, *, what: str) -> Any:
    """The value of a property list. Raises AnswerBroken, with `what` in its text, if it cannot be read."""
    if len(data) > MOST_BYTES:
        raise AnswerBroken(f"{what} is larger than {MOST_BYTES} bytes")
    try:
        return plistlib.loads(data)
    except _DAMAGE as damaged:
        raise AnswerBroken(f"{what} is not a readable property list: {damaged}") from damaged


def read_plist(data: bytes, *, what: str) -> dict[str, Any]:
    """The dictionary of a property list. Raises AnswerBroken if it cannot be read or is not a dictionary."""
    document = read_any(data, what=what)
    if not isinstance(document, dict):
        raise AnswerBroken(f"{what} is a property list, but not a dictionary")
    return document


def write_plist(document: dict[str, Any]) -> bytes:
    """The dictionary as XML, its keys in their order."""
    return plistlib.dumps(document, sort_keys=False)


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the server. `request_type` is empty if the message has none: CommandFormatError answers it."""

    uuid: str
    request_type: str
    parameters: dict[str, Any] = field(default_factory=dict)

    def text(self, name: str) -> str | None:
        """A parameter if it is a text, else None."""
        value = self.parameters.get(name)
        return value if isinstance(value, str) else None


def authenticate(udid: str, topic: str, *, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Authenticate, the first message of an enrolment."""
    return {"MessageType": "Authenticate", "Topic": topic, "UDID": udid, **facts}


def token_update(
    udid: str, topic: str, *, token: bytes, push_magic: str, unlock_token: bytes | None, first: bool
) -> dict[str, Any]:
    """TokenUpdate, with the token for pushes. Only iOS and iPadOS have an `unlock_token`."""
    message: dict[str, Any] = {
        "MessageType": "TokenUpdate",
        "Topic": topic,
        "UDID": udid,
        "Token": token,
        "PushMagic": push_magic,
        "NotOnConsole": False,
    }
    if first:
        message["AwaitingConfiguration"] = False
    if unlock_token is not None:
        message["UnlockToken"] = unlock_token
    return message


def check_out(udid: str, topic: str) -> dict[str, Any]:
    """CheckOut: the MDM profile was removed."""
    return {"MessageType": "CheckOut", "Topic": topic, "UDID": udid}


def set_bootstrap_token(udid: str, topic: str, *, token: bytes) -> dict[str, Any]:
    """SetBootstrapToken: a Mac stores its bootstrap token at the server."""
    return {
        "MessageType": "SetBootstrapToken",
        "Topic": topic,
        "UDID": udid,
        "BootstrapToken": token,
        "AwaitingConfiguration": False,
    }


def get_bootstrap_token(udid: str, topic: str) -> dict[str, Any]:
    """GetBootstrapToken: a Mac requests its bootstrap token."""
    return {"MessageType": "GetBootstrapToken", "Topic": topic, "UDID": udid}


def bootstrap_token(body: bytes) -> bytes | None:
    """Read the answer to GetBootstrapToken: the token, or None if the server does not have it."""
    if not body:
        return None
    token = read_plist(body, what="the answer to GetBootstrapToken").get("BootstrapToken")
    if not isinstance(token, bytes | None):
        raise AnswerBroken("the bootstrap token is not data")
    return token or None


def idle(udid: str) -> dict[str, Any]:
    """Idle: the device requests the first command of a connection."""
    return {"Status": "Idle", "UDID": udid}


def acknowledged(udid: str, command: Command, *, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Acknowledged: the command was executed; `answer` has the keys of its response."""
    return {"Status": "Acknowledged", "UDID": udid, "CommandUUID": command.uuid, **answer}


def error(udid: str, command: Command, *, chain: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Error: the command failed; the chain begins with the outermost error."""
    error_chain = [dict(link) for link in chain]
    return {"Status": "Error", "UDID": udid, "CommandUUID": command.uuid, "ErrorChain": error_chain}


def command_format_error(udid: str, command: Command, *, chain: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """CommandFormatError: the command is malformed, as the chain explains."""
    return error(udid, command, chain=chain) | {"Status": "CommandFormatError"}


def not_now(udid: str, command: Command) -> dict[str, Any]:
    """NotNow: the device is locked or busy, and the server keeps the command."""
    return {"Status": "NotNow", "UDID": udid, "CommandUUID": command.uuid}


def command(body: bytes) -> Command | None:
    """Read the server's answer to a report: a command, or None for an empty body (no more commands).

    Raises AnswerBroken if the command has no CommandUUID, without which it cannot be answered.
    """
    if not body:
        return None
    message = read_plist(body, what="the server's command")
    uuid, content = message.get("CommandUUID"), message.get("Command")
    if not isinstance(uuid, str) or not uuid:
        raise AnswerBroken("the server's command has no CommandUUID")
    if not isinstance(content, dict) or not isinstance(content.get("RequestType"), str):
        return Command(uuid, "")
    parameters = {name: value for name, value in content.items() if name != "RequestType"}
    return Command(uuid, content["RequestType"], parameters)


def is_unrecognized(status: int, body: bytes) -> bool:
    """Whether an answer orders the device to unenrol: 401, or 403 with the code for it, as JSON or plist."""
    if status != 403:
        return status == 401
    try:
        document: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            document = read_plist(body, what="the refusal")
        except AnswerBroken:
            return False
    return isinstance(document, dict) and document.get("code") == _UNRECOGNIZED
