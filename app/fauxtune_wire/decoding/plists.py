"""Property lists, XML and binary: Apple's messages, commands, reports and configuration profiles.

Apple: "Device Management" (check-in, commands and queries, profiles), "Property List Programming Guide".
"""

from __future__ import annotations

import plistlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from fauxtune.core.formats import plist
from fauxtune_wire.decoding.body import Body
from fauxtune_wire.decoding.parts import Fact, Part
from fauxtune_wire.decoding.xml_text import root_of

# Apple's messages, commands, states and payloads in words. Apple: "Device Management".
#
# #: data

MESSAGES: dict[str, str] = {
    "Authenticate": "it begins to enrol",
    "TokenUpdate": "it can be woken by a push from now on",
    "CheckOut": "it has left",
    "SetBootstrapToken": "it leaves its bootstrap token with the server",
    "GetBootstrapToken": "it asks for its bootstrap token",
    "UserAuthenticate": "a user of it asks for a channel",
    "DeclarativeManagement": "declarative management",
    "GetToken": "it asks for a token of a service",
}

STATUSES: dict[str, str] = {
    "Idle": "it is ready for the next command",
    "Acknowledged": "the command was carried out",
    "Error": "the command failed",
    "CommandFormatError": "it cannot read the command",
    "NotNow": "it cannot do it now, and will report again",
}

COMMANDS: dict[str, str] = {
    "CertificateList": "list the installed certificates",
    "ClearPasscode": "remove the passcode",
    "DeviceInformation": "say what kind of device it is",
    "DeviceLocation": "say where the device is",
    "DeviceLock": "lock the device",
    "DisableLostMode": "end lost mode",
    "EnableLostMode": "begin lost mode",
    "EraseDevice": "erase everything",
    "InstallProfile": "install a configuration profile",
    "PlayLostModeSound": "play a sound",
    "ProfileList": "list the installed profiles",
    "RemoveProfile": "remove a configuration profile",
    "RestartDevice": "restart",
    "SecurityInfo": "say how the device is secured",
    "Settings": "change settings",
    "ShutDownDevice": "shut down",
}

PAYLOADS: dict[str, str] = {
    "Configuration": "configuration profile",
    "com.apple.eas.account": "Exchange ActiveSync account",
    "com.apple.ews.account": "Exchange account",
    "com.apple.mail.managed": "mail account",
    "com.apple.mdm": "device management (MDM)",
    "com.apple.security.pem": "certificate (PEM)",
    "com.apple.security.pkcs1": "certificate",
    "com.apple.security.pkcs12": "certificate with its private key (PKCS#12)",
    "com.apple.security.root": "trusted root certificate",
    "com.apple.security.scep": "certificate that the device requests by SCEP",
    "com.apple.vpn.managed": "VPN",
    "com.apple.wifi.managed": "Wi-Fi network",
}


_BINARY = b"bplist00"
#: Keys that say who sends, in words.
_SENDER = {"UDID": "Device", "EnrollmentID": "Enrolment", "UserID": "User", "UserShortName": "User name"}
_ABOUT = {
    "DeviceName": "Name",
    "SerialNumber": "Serial number",
    "ProductName": "Model",
    "OSVersion": "System",
    "Topic": "Push topic",
    "CommandUUID": "Command",
    "Endpoint": "Endpoint",
}
#: Bytes that are a message of their own, by their keys.
_MESSAGES = frozenset({"Payload", "EncryptedPayloadContent"})
#: Keys of a command that the title or a part says.
_SAID_ELSEWHERE = frozenset({"RequestType", "Payload", "Queries"})
_MOST_LISTED = 50


def read(body: Body) -> list[Part] | None:
    """Read a property list; None for anything else."""
    if not (body.data.startswith(_BINARY) or root_of(body.data) == "plist"):
        return None
    values = plist.parse(body.data)
    masked = body.masking.document(values)
    text = "\n".join(_lines(values, masked, indent=0))
    parts = [part for key, data in _enclosed(values) for part in _unfolded(body, key, data=data)]
    return [Part(_title(masked, body), "xml", text, tuple(_facts(values, masked)), tuple(parts))]


def _title(masked: Any, body: Body) -> str:
    match masked:
        case {"MessageType": str(kind)}:
            return f"{kind}, {body.sender}: {MESSAGES.get(kind, 'a message that is not known here')}"
        case {"Command": {"RequestType": str(kind)}}:
            return f"Command {kind}, {body.sender}: {COMMANDS.get(kind, 'a command that is not known here')}"
        case {"Status": str(status)}:
            return f"{status}, {body.sender}: {STATUSES.get(status, 'a state that is not known here')}"
        case {"PayloadType": "Configuration"}:
            return f"Configuration profile “{masked.get('PayloadDisplayName', 'without a name')}”"
        case {"BootstrapToken": _}:
            return "The bootstrap token of the Mac"
    return f"Property list, {body.sender}"


def _facts(values: plist.Plist, masked: Any) -> Iterator[Fact]:
    for key, words in (_SENDER | _ABOUT).items():
        if isinstance(values.get(key), str) and values[key]:
            yield words, str(masked[key])
    command = masked.get("Command")
    if isinstance(command, dict):
        yield from ((key, _words(value)) for key, value in command.items() if key not in _SAID_ELSEWHERE)
        yield from _queries(command)
    for number, link in enumerate(_dictionaries(masked.get("ErrorChain")), 1):
        text = link.get("USEnglishDescription") or link.get("LocalizedDescription") or "no description"
        yield f"Error {number}", f"{link.get('ErrorDomain', 'no domain')} {link.get('ErrorCode', '')}: {text}"
    yield from _answers(masked)
    if values.get("PayloadType") == "Configuration":
        yield from _profile(masked)


def _queries(command: dict[str, Any]) -> Iterator[Fact]:
    queries = command.get("Queries")
    if isinstance(queries, list):
        yield "Queries", ", ".join(map(str, queries[:_MOST_LISTED]))


def _answers(masked: Any) -> Iterator[Fact]:
    """What a report says: properties, certificates, profiles."""
    for name in ("QueryResponses", "SecurityInfo"):
        answers = masked.get(name)
        if isinstance(answers, dict):
            yield from ((str(key), _words(value)) for key, value in answers.items())
    for certificate in _dictionaries(masked.get("CertificateList")):
        kind = "identity (with its key)" if certificate.get("IsIdentity") is True else "certificate"
        yield "Certificate", f"{certificate.get('CommonName', 'no name')}: {kind}"
    for profile in _dictionaries(masked.get("ProfileList")):
        name, managed = profile.get("PayloadDisplayName", "no name"), profile.get("IsManaged")
        inner = ", ".join(_payload(payload) for payload in _dictionaries(profile.get("PayloadContent")))
        yield "Profile", f"{name} ({'managed' if managed is True else 'not managed'}){f': {inner}' if inner else ''}"


def _profile(masked: Any) -> Iterator[Fact]:
    """What is in a configuration profile, payload by payload."""
    for key, words in (("PayloadIdentifier", "Identifier"), ("PayloadOrganization", "Organization")):
        if masked.get(key):
            yield words, str(masked[key])
    if masked.get("IsEncrypted") is True:
        yield "Payloads", "encrypted for the device"
    for number, payload in enumerate(_dictionaries(masked.get("PayloadContent")), 1):
        name = payload.get("PayloadDisplayName")
        yield f"Payload {number}", f"{_payload(payload)}{f', “{name}”' if name else ''}"


def _payload(payload: dict[str, Any]) -> str:
    kind = str(payload.get("PayloadType", "of no type"))
    return PAYLOADS.get(kind, kind)


def _dictionaries(value: Any) -> list[dict[str, Any]]:
    return [each for each in value[:_MOST_LISTED] if isinstance(each, dict)] if isinstance(value, list) else []


def _words(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case dict() | list():
            return f"{len(value)} values"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    return str(value)


def _enclosed(values: Any, depth: int = 0) -> Iterator[tuple[str, bytes]]:
    """The messages in a list that are not certificates: a profile in a command, an envelope in a profile."""
    if isinstance(values, dict) and depth < 3:
        for key, value in values.items():
            if key in _MESSAGES and isinstance(value, bytes):
                yield key, value
            else:
                yield from _enclosed(value, depth + 1)


def _unfolded(body: Body, key: str, *, data: bytes) -> list[Part]:
    where = "the profile" if key == "Payload" else "the encrypted payloads"
    return [replace(part, facts=(("Where", where), *part.facts)) for part in body.unfold(data)]


def _lines(value: Any, masked: Any, *, indent: int) -> Iterator[str]:
    """The lines of a value in the XML of property lists, a key and its value on one line; bytes are named."""
    space = "  " * indent
    if isinstance(value, dict):
        yield f"{space}<dict>"
        for (key, inner), (name, shown_as) in zip(value.items(), masked.items(), strict=False):
            lines = list(_lines(inner, shown_as, indent=indent + 1))
            yield f"{space}  <key>{escape(str(name if isinstance(key, str) else key))}</key> {lines[0].lstrip()}"
            yield from lines[1:]
        yield f"{space}</dict>"
    elif isinstance(value, list):
        yield f"{space}<array>"
        for inner, shown_as in zip(value, masked, strict=False):
            yield from _lines(inner, shown_as, indent=indent + 1)
        yield f"{space}</array>"
    else:
        yield f"{space}{_leaf(value, masked)}"


def _leaf(value: Any, masked: Any) -> str:
    match value:
        case bool():
            return "<true/>" if value else "<false/>"
        case bytes():
            return f"<data>{escape(str(masked))}</data>"
        case int():
            return f"<integer>{masked}</integer>"
        case float():
            return f"<real>{masked}</real>"
        case datetime():
            return f"<date>{value:%Y-%m-%dT%H:%M:%SZ}</date>"
        case plistlib.UID():
            return f"<uid>{value.data}</uid>"
    return f"<string>{escape(str(masked))}</string>"
