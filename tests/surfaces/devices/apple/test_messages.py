"""Apple's messages as the server reads them: the examples that both sides read, and bytes of people who mean harm."""

from __future__ import annotations

import contextlib
import json
import plistlib
import random
from datetime import datetime
from typing import Any

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.formats import plist
from fauxtune.surfaces.devices.apple import messages
from fauxtune.surfaces.devices.apple.messages import CommandResults, ErrorLink, Status
from tests.support.apple_examples import FOLDER, example

DEVICE = "00008110-000A1C2E3F40801E"
COMMAND = "c1a3f0f0-7d57-4c39-9a0f-3f7d1b0f6a10"
#: What a device sends; the others are a server's.
SENT = sorted(
    file.stem for file in FOLDER.glob("*.plist") if {"MessageType", "Status"} & plistlib.loads(file.read_bytes()).keys()
)


@pytest.mark.parametrize("name", SENT)
def test_every_example_of_a_device_is_read_in_xml_and_in_binary(name: str) -> None:
    xml = example(name)
    binary = plistlib.dumps(plistlib.loads(xml), fmt=plistlib.FMT_BINARY)
    read = messages.read(xml)
    assert messages.read(binary) == read
    assert read.sender.id


def test_an_iphone_says_who_it_is() -> None:
    result = messages.read(example("authenticate-iphone"))
    assert isinstance(result, messages.Authenticate)
    assert (result.sender.id, result.product_name, result.os_version) == (DEVICE, "iPhone15,2", "17.5.1")
    assert (result.serial_number, result.imei, result.meid) == ("F2LX30QJN70M", "35 123456 789012 3", "35123456789012")


def test_mdmb_names_no_operating_system() -> None:
    result = messages.read(example("authenticate-mdmb"))
    assert isinstance(result, messages.Authenticate)
    assert (result.os_version, result.product_name, result.model) == ("", "", "")


def test_fleets_client_has_two_ids_another_topic_and_a_flag_in_words() -> None:
    """Fleet's test client: UDID and EnrollmentID, of which NanoMDM takes the first; NotOnConsole is "false"."""
    result = messages.read(example("token-update-fleet"))
    assert isinstance(result, messages.TokenUpdate)
    assert not result.sender.id.startswith("testenrollmentid")
    assert (result.not_on_console, result.awaiting_configuration, len(result.token)) == (False, True, 41)


def test_a_token_has_any_length() -> None:
    """mdmb: "fakeToken"."""
    result = messages.read(example("token-update-mdmb"))
    assert isinstance(result, messages.TokenUpdate)
    assert (result.token, result.unlock_token, result.push_magic) == (b"fakeToken", None, "fakePushMagic")


def test_without_a_udid_the_enrollment_id_counts() -> None:
    result = messages.read(plistlib.dumps({"MessageType": "CheckOut", "EnrollmentID": "e-1"}))
    assert result == messages.CheckOut(messages.Sender("e-1"))


def test_a_chain_of_errors_is_outermost_first() -> None:
    result = messages.read(example("error-pkcs12-password"))
    assert isinstance(result, CommandResults)
    assert (result.status, result.command) == (Status.ERROR, COMMAND)
    assert result.errors == (
        ErrorLink(4001, "MCInstallationErrorDomain", "The profile could not be installed."),
        ErrorLink(9000, "MCCertificateErrorDomain", "The password for the certificate is incorrect."),
    )


def test_idle_names_no_command() -> None:
    assert messages.read(example("idle")) == CommandResults(messages.Sender(DEVICE), Status.IDLE)


def test_what_is_not_served_says_what_it_is_about() -> None:
    result = messages.read(example("declarative-management"))
    assert result == messages.Unsupported(messages.Sender(DEVICE), "DeclarativeManagement", "tokens")


def test_unknown_keys_are_passed_over() -> None:
    document = plistlib.loads(example("idle")) | {"SomethingNewer": [1, {"a": datetime(2026, 1, 1)}]}
    result = messages.read(plistlib.dumps(document))
    assert isinstance(result, CommandResults)
    assert result.status is Status.IDLE


@pytest.mark.parametrize(
    ("document", "key"),
    [
        ({"MessageType": "CheckOut"}, "UDID"),
        ({"MessageType": "CheckOut", "UDID": ""}, "UDID"),
        ({"MessageType": "CheckOut", "UDID": 7}, "UDID"),
        ({"MessageType": "CheckOut", "UDID": b"x"}, "UDID"),
        ({"MessageType": "CheckOut", "UDID": ["x"]}, "UDID"),
        ({"MessageType": "CheckOut", "UDID": "x" * 5000}, "UDID"),
        ({"MessageType": 1, "UDID": "x"}, "MessageType"),
        ({"MessageType": "", "UDID": "x"}, "MessageType"),
        ({"MessageType": "Authenticate", "UDID": "x"}, "Topic"),
        ({"MessageType": "Authenticate", "UDID": "x", "Topic": "t", "OSVersion": 17.5}, "OSVersion"),
        ({"MessageType": "TokenUpdate", "UDID": "x", "Topic": "t", "PushMagic": "m"}, "Token"),
        ({"MessageType": "TokenUpdate", "UDID": "x", "Topic": "t", "Token": "m", "PushMagic": "m"}, "Token"),
        ({"MessageType": "TokenUpdate", "UDID": "x", "Topic": "t", "Token": b"m"}, "PushMagic"),
        ({"MessageType": "TokenUpdate", "UDID": "x", "Topic": "t", "Token": b"", "PushMagic": ""}, "PushMagic"),
        ({"MessageType": "SetBootstrapToken", "UDID": "x", "BootstrapToken": "text"}, "BootstrapToken"),
        ({"Status": "Idle"}, "UDID"),
        ({"Status": "Fine", "UDID": "x"}, "Status"),
        ({"Status": True, "UDID": "x"}, "Status"),
        ({"Status": "Idle", "UDID": "x", "NotOnConsole": "maybe"}, "NotOnConsole"),
        ({"Status": "Acknowledged", "UDID": "x"}, "CommandUUID"),
        ({"Status": "Error", "UDID": "x", "CommandUUID": 1}, "CommandUUID"),
        ({"Status": "Error", "UDID": "x", "CommandUUID": "1", "ErrorChain": {}}, "ErrorChain"),
        ({"Status": "Error", "UDID": "x", "CommandUUID": "1", "ErrorChain": ["no"]}, "ErrorChain"),
        ({"Status": "Error", "UDID": "x", "CommandUUID": "1", "ErrorChain": [{}]}, "ErrorCode"),
        ({"Status": "Error", "UDID": "x", "CommandUUID": "1", "ErrorChain": [{"ErrorCode": True}]}, "ErrorCode"),
        ({"Status": "Error", "UDID": "x", "CommandUUID": "1", "ErrorChain": [{"ErrorCode": "9"}]}, "ErrorCode"),
    ],
)
def test_a_key_that_is_missing_or_of_another_type_is_named(document: dict[str, Any], key: str) -> None:
    with pytest.raises(Invalid, match=key) as refused:
        messages.read(plistlib.dumps(document))
    assert refused.value.target == key


ENTITIES = b"""<?xml version="1.0"?>
<!DOCTYPE plist [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<plist version="1.0"><dict><key>Status</key><string>&c;</string><key>UDID</key><string>x</string></dict></plist>"""
EXTERNAL = ENTITIES.replace(b'<!ENTITY a "aaaaaaaaaa">', b'<!ENTITY a SYSTEM "file:///etc/passwd">')


@pytest.mark.parametrize("body", [ENTITIES, EXTERNAL, ENTITIES.decode().encode("utf-16")])
def test_entities_are_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        messages.read(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00",
        b"{}",
        b"bplist00",
        b"bplist00" + b"\xff" * 40,
        b"<plist/>",
        b"<plist><dict></plist>",
        b"<plist><string>x</string></plist>",
        b"<plist><array/></plist>",
        b"<plist><dict><key>a</key></dict></plist>",
        b"<plist><dict><key>a</key><date>yesterday</date></dict></plist>",
        b"<plist><dict><key>a</key><data>?</data></dict></plist>",
        b"<plist><key>a</key></plist>",
        b"<?xml version='1.0' encoding='no-such'?><plist><dict/></plist>",
        b"<plist><dict><key>a</key><integer>" + b"9" * 5000 + b"</integer></dict></plist>",
        b"<plist>" + b"<array>" * 5000 + b"</array>" * 5000 + b"</plist>",
        b"<plist><dict><key>a</key>" + b"<array>" * 40 + b"</array>" * 40 + b"</dict></plist>",
        b"<plist><dict><key>a</key><array>" + b"<true/>" * 60_000 + b"</array></dict></plist>",
        b" " * (5 * 1024 * 1024),
    ],
    ids=range(19),
)
def test_what_is_no_property_list_or_too_much_of_one_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        messages.read(body)


def test_a_binary_list_that_refers_to_one_part_very_often_is_refused() -> None:
    """Thirty arrays, each of which holds the next one sixteen times: a few hundred bytes that would be 10^36 values."""
    objects = [bytes([0xAF, 0x10, 16]) + bytes([n + 1]) * 16 for n in range(30)] + [b"\x09"]
    body = bytearray(b"bplist00")
    offsets = []
    for each in objects:
        offsets.append(len(body))
        body += each
    table = len(body)
    body += b"".join(offset.to_bytes(2, "big") for offset in offsets)
    body += bytes(6) + bytes([2, 1]) + len(objects).to_bytes(8, "big") + bytes(8) + table.to_bytes(8, "big")
    with pytest.raises(Invalid, match="must not"):
        messages.read(bytes(body))


def test_damaged_bytes_are_invalid_and_nothing_else() -> None:
    base = [
        plistlib.dumps(plistlib.loads(example(name)), fmt=fmt)
        for name in ("token-update-iphone", "profile-list", "error-pkcs12-password")
        for fmt in (plistlib.FMT_XML, plistlib.FMT_BINARY)
    ]
    chance = random.Random(7)
    for _ in range(3000):
        body = bytearray(chance.choice(base))
        for _ in range(chance.randint(1, 5)):
            body[chance.randrange(len(body))] = chance.randrange(256)
        with contextlib.suppress(Invalid):
            messages.read(bytes(body))


@pytest.mark.parametrize(
    ("read", "answer", "key"),
    [
        (messages.profile_list, {"ProfileList": "x"}, "ProfileList"),
        (messages.profile_list, {"ProfileList": [1]}, "ProfileList"),
        (messages.profile_list, {"ProfileList": [{}]}, "PayloadIdentifier"),
        (messages.profile_list, {"ProfileList": [{"PayloadIdentifier": "a", "PayloadUUID": 1}]}, "PayloadUUID"),
        (messages.certificate_list, {"CertificateList": [{"IsIdentity": True}]}, "Data"),
        (messages.certificate_list, {"CertificateList": [{"Data": "PEM"}]}, "Data"),
        (messages.certificate_list, {"CertificateList": [{"Data": b"", "IsIdentity": 1}]}, "IsIdentity"),
    ],
)
def test_an_answer_of_another_shape_is_refused(read: Any, answer: dict[str, Any], key: str) -> None:
    with pytest.raises(Invalid, match=key):
        read(answer)


def test_a_command_is_written_as_apple_has_it() -> None:
    written = plistlib.loads(messages.command("u-1", {"RequestType": "ProfileList"}))
    assert written == {"CommandUUID": "u-1", "Command": {"RequestType": "ProfileList"}}


def test_who_is_not_recognised_is_told_in_apples_words() -> None:
    words = "This device is not enrolled."
    unrecognized = messages.unrecognized(words, message=words)
    assert plistlib.loads(plist.write(unrecognized)) == plistlib.loads(example("unrecognized-device"))
    assert unrecognized == json.loads((FOLDER / "unrecognized-device.json").read_text())


def test_a_bootstrap_token_is_given_back_as_in_the_example() -> None:
    assert plistlib.loads(messages.bootstrap_token(b"bootstrap token")) == plistlib.loads(example("bootstrap-token"))
