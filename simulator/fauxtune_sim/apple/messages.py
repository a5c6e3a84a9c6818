"""What an Apple device and its MDM server say to one another, as dictionaries of a property list.

Apple: "Mobile Device Management Protocol", check-in messages (Authenticate, TokenUpdate, CheckOut, SetBootstrapToken,
GetBootstrapToken) and commands with their answers. `tests/wire/apple` holds an example of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from fauxtune_sim.apple.plist import read_plist
from fauxtune_sim.errors import AnswerBroken

CHECK_IN_TYPE = "application/x-apple-aspen-mdm-checkin"
COMMAND_TYPE = "application/x-apple-aspen-mdm"
SIGNATURE_HEADER = "Mdm-Signature"
#: With status 403: the device is to unenrol itself (Apple: "Handling Unrecognized Devices").
_UNRECOGNIZED = "com.apple.unrecognized.device"


@dataclass(frozen=True, slots=True)
class Command:
    """What the device is told. `request_type` is empty if the message does not say: CommandFormatError answers it."""

    uuid: str
    request_type: str
    parameters: dict[str, Any] = field(default_factory=dict)

    def text(self, name: str) -> str | None:
        """A parameter that is a text; None if it is missing or something else."""
        value = self.parameters.get(name)
        return value if isinstance(value, str) else None


def authenticate(udid: str, topic: str, *, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The first message of an enrolment."""
    return {"MessageType": "Authenticate", "Topic": topic, "UDID": udid, **facts}


def token_update(
    udid: str, topic: str, *, token: bytes, push_magic: str, unlock_token: bytes | None, first: bool
) -> dict[str, Any]:
    """Where the device hears of news. Only iOS and iPadOS have an `unlock_token`."""
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
    """The MDM profile is gone."""
    return {"MessageType": "CheckOut", "Topic": topic, "UDID": udid}


def set_bootstrap_token(udid: str, topic: str, *, token: bytes) -> dict[str, Any]:
    """A Mac leaves its bootstrap token with the server."""
    return {
        "MessageType": "SetBootstrapToken",
        "Topic": topic,
        "UDID": udid,
        "BootstrapToken": token,
        "AwaitingConfiguration": False,
    }


def get_bootstrap_token(udid: str, topic: str) -> dict[str, Any]:
    """A Mac asks for it."""
    return {"MessageType": "GetBootstrapToken", "Topic": topic, "UDID": udid}


def bootstrap_token(body: bytes) -> bytes | None:
    """The answer to GetBootstrapToken: the token, or None if the server has none."""
    if not body:
        return None
    token = read_plist(body, what="the answer to GetBootstrapToken").get("BootstrapToken")
    if not isinstance(token, bytes | None):
        raise AnswerBroken("the bootstrap token is not data")
    return token or None


def idle(udid: str) -> dict[str, Any]:
    """Nothing to report; is there anything to do?"""
    return {"Status": "Idle", "UDID": udid}


def acknowledged(udid: str, command: Command, *, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Done; `answer` is what the command asked for."""
    return {"Status": "Acknowledged", "UDID": udid, "CommandUUID": command.uuid, **answer}


def error(udid: str, command: Command, *, chain: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Not done, and why: outermost error first."""
    return {"Status": "Error", "UDID": udid, "CommandUUID": command.uuid, "ErrorChain": [dict(one) for one in chain]}


def command_format_error(udid: str, command: Command, *, chain: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The command could not be understood, and what is wrong with it."""
    return error(udid, command, chain=chain) | {"Status": "CommandFormatError"}


def not_now(udid: str, command: Command) -> dict[str, Any]:
    """The device is locked or busy: the server keeps the command."""
    return {"Status": "NotNow", "UDID": udid, "CommandUUID": command.uuid}


def command(body: bytes) -> Command | None:
    """Read the server's answer to a report: a command, or None for an empty body, which means that there is nothing.

    AnswerBroken if it cannot even be answered, having no CommandUUID.
    """
    if not body:
        return None
    message = read_plist(body, what="the server's command")
    uuid, told = message.get("CommandUUID"), message.get("Command")
    if not isinstance(uuid, str) or not uuid:
        raise AnswerBroken("the server's command has no CommandUUID")
    if not isinstance(told, dict) or not isinstance(told.get("RequestType"), str):
        return Command(uuid, "")
    return Command(uuid, told["RequestType"], {name: value for name, value in told.items() if name != "RequestType"})


def is_unrecognized(status: int, body: bytes) -> bool:
    """Whether an answer tells the device to unenrol itself: 401, or 403 with the code for it, as JSON or plist."""
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
