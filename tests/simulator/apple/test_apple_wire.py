"""The example messages of tests/wire/apple: what the simulator writes has their shape, and it reads the rest."""

from __future__ import annotations

import json
import plistlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fauxtune_sim.agent.cadence import read_push
from fauxtune_sim.apple import messages
from fauxtune_sim.apple.enrollment import EVERY_RIGHT, MDM, Right, mdm_payload, read_mdm
from fauxtune_sim.apple.facts import authenticate_facts, query_responses, security_info
from fauxtune_sim.apple.faults import Code, Fault
from fauxtune_sim.apple.mail_account import EXCHANGE
from fauxtune_sim.apple.messages import MOST_BYTES, read_plist
from fauxtune_sim.apple.payloads import CERTIFICATES, PKCS12, SCEP, certificate, scep_settings
from fauxtune_sim.apple.profiles import read_profile
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import AnswerBroken
from fauxtune_sim.platforms import Platform
from fauxtune_sim.scep.csr import ENCRYPTION, SIGNING

EXAMPLES = Path(__file__).parents[2] / "wire" / "apple"
PHONE, MAC = Platform.IOS, Platform.MACOS
RIGHTS = Right(EVERY_RIGHT)


def example(name: str) -> Any:
    return plistlib.loads((EXAMPLES / f"{name}.plist").read_bytes())


def shape(document: Any) -> Any:
    """The names and types of a message, without its values and order."""
    if isinstance(document, dict):
        return {name: shape(value) for name, value in document.items()}
    if isinstance(document, list):
        return [shape(document[0])] if document else []
    return type(document).__name__


def sent(document: dict[str, Any]) -> Any:
    """What arrives of a message."""
    return shape(plistlib.loads(plistlib.dumps(document)))


@pytest.mark.parametrize(("platform", "name"), [(PHONE, "authenticate-iphone"), (MAC, "authenticate-mac")])
def test_authenticate_has_the_shape_of_the_example(platform: Platform, name: str) -> None:
    device = Device.new(platform=platform)
    assert sent(messages.authenticate("u", "t", facts=authenticate_facts(device, RIGHTS))) == shape(example(name))


def test_a_token_update_has_the_shape_of_the_example() -> None:
    result = example("token-update-iphone")
    token_update = messages.token_update("u", "t", token=b"t", push_magic="m", unlock_token=b"u", first=True)
    assert sent(token_update) == shape(result)
    later = messages.token_update("u", "t", token=b"t", push_magic="m", unlock_token=None, first=False)
    assert result.keys() - later.keys() == {"UnlockToken", "AwaitingConfiguration"}


def test_the_small_messages_have_the_shape_of_the_examples() -> None:
    command = messages.Command("c", "x")
    fault = Fault(Code.INSTALL_FAILED, "outer", cause=Fault(Code.PKCS12_PASSWORD, "inner"))
    results = {
        "check-out": messages.check_out("u", "t"),
        "set-bootstrap-token": messages.set_bootstrap_token("u", "t", token=b"t"),
        "get-bootstrap-token": messages.get_bootstrap_token("u", "t"),
        "idle": messages.idle("u"),
        "acknowledged": messages.acknowledged("u", command, answer={}),
        "not-now": messages.not_now("u", command),
        "command-format-error": messages.command_format_error("u", command, chain=fault.chain()),
        "error-pkcs12-password": messages.error("u", command, chain=fault.chain()),
    }
    assert {name: sent(one) for name, one in results.items()} == {name: shape(example(name)) for name in results}


def test_error_codes_are_those_of_the_examples() -> None:
    chain = Fault(Code.INSTALL_FAILED, "outer", cause=Fault(Code.PKCS12_PASSWORD, "inner")).chain()
    error_chain = example("error-pkcs12-password")["ErrorChain"]
    assert [(one["ErrorCode"], one["ErrorDomain"]) for one in chain] == [
        (one["ErrorCode"], one["ErrorDomain"]) for one in error_chain
    ]
    for name, code in (("error-not-managed", Code.NOT_MANAGED), ("error-unknown-command", Code.REQUEST_UNKNOWN)):
        last = example(name)["ErrorChain"][-1]
        assert (last["ErrorCode"], last["ErrorDomain"]) == (code, Fault(code, "").domain)


def test_device_information_answers_what_the_example_answers() -> None:
    result = example("device-information")["QueryResponses"]
    device = Device.new(platform=PHONE)
    assert sent(query_responses(device, result, rights=RIGHTS)) == shape(result)
    command = messages.command((EXAMPLES / "command-device-information.plist").read_bytes())
    assert command is not None
    assert query_responses(device, command.parameters["Queries"], rights=RIGHTS).keys() == result.keys()


@pytest.mark.parametrize(("platform", "name"), [(PHONE, "security-info-iphone"), (MAC, "security-info-mac")])
def test_security_info_has_the_shape_of_the_example(platform: Platform, name: str) -> None:
    assert sent(security_info(Device.new(platform=platform))) == shape(example(name)["SecurityInfo"])


def test_lists_have_the_keys_of_the_examples() -> None:
    # What the agent answers is compared with these keys in the tests of profiles.
    (first, *_) = example("profile-list")["ProfileList"]
    assert {"PayloadIdentifier", "PayloadUUID", "PayloadContent", "IsManaged", "IsEncrypted"} <= first.keys()
    assert {"CommonName", "IsIdentity", "Data"} == example("certificate-list")["CertificateList"][0].keys()


def test_every_command_of_the_examples_is_read() -> None:
    read = {
        path.stem: messages.command(path.read_bytes())
        for path in EXAMPLES.glob("command-*.plist")
        if "CommandUUID" in (document := plistlib.loads(path.read_bytes())) and "Command" in document
    }
    assert {one.request_type for one in read.values() if one} == {
        "InstallProfile",
        "RemoveProfile",
        "ProfileList",
        "CertificateList",
        "DeviceInformation",
        "SecurityInfo",
        "InstallApplication",
        "RemoveApplication",
        "ManagedApplicationList",
        "InstalledApplicationList",
        "ManagedApplicationFeedback",
        "ActivationLockBypassCode",
        "DeviceLock",
        "EraseDevice",
    }
    install, remove = read["command-install-profile"], read["command-remove-profile"]
    assert install is not None
    assert remove is not None
    profile = read_profile(install.parameters["Payload"], identity=None, managed=True)
    assert profile.identifier == remove.text("Identifier")


@pytest.mark.parametrize(("name", "kind"), [("scep", SCEP), ("pkcs12", PKCS12)])
def test_an_enrolment_profile_is_read(name: str, kind: str) -> None:
    profile = read_profile((EXAMPLES / f"enrollment-{name}.mobileconfig").read_bytes(), identity=None, managed=False)
    assert [one.type for one in profile.payloads] == [kind, MDM, "com.apple.security.root"]
    result = mdm_payload(profile)
    assert result is not None
    settings = read_mdm(result)
    assert (settings.identity, settings.access_rights) == (profile.payloads[0].uuid, EVERY_RIGHT)
    assert (settings.sign_message, settings.check_out_when_removed, settings.takes_bootstrap_token) == (True,) * 3


def test_the_scep_payload_is_read() -> None:
    data = (EXAMPLES / "enrollment-scep.mobileconfig").read_bytes()
    payload = read_profile(data, identity=None, managed=False).payloads[0]
    settings = scep_settings(payload, {"SerialNumber": "C02XK1JJQ6"})
    request = settings.request
    assert request.subject == ((("CN", "C02XK1JJQ6"),), (("O", "Contoso"),))
    assert (request.challenge, request.key_size, settings.retries) == ("an enrolment token", 2048, 3)
    assert request.key_usages == (SIGNING, ENCRYPTION)


def test_the_profile_of_a_certificate_that_the_device_requests_is_read() -> None:
    data = (EXAMPLES / "profile-scep.mobileconfig").read_bytes()
    (payload,) = read_profile(data, identity=None, managed=True).payloads
    settings = scep_settings(payload, {})
    request = settings.request
    assert request.subject == (
        (("O", "Contoso"),),
        (("1.2.840.113549.1.9.1", "alice@contoso.example"),),
        (("CN", "alice"),),
    )
    assert (request.mail_names, request.principal_names) == (("alice@contoso.example", "a@contoso.example"), ("alice",))
    assert (request.key_size, request.key_usages) == (4096, (SIGNING, ENCRYPTION))
    assert settings.fingerprint == bytes.fromhex("cd" * 20)


@pytest.mark.parametrize("name", ["root", "intermediate", "pkcs", "email"])
def test_an_items_profile_is_read(name: str) -> None:
    profile = read_profile((EXAMPLES / f"profile-{name}.mobileconfig").read_bytes(), identity=None, managed=True)
    assert all(one.type in CERTIFICATES | {PKCS12, EXCHANGE} for one in profile.payloads)
    for payload in profile.payloads:
        if payload.type in CERTIFICATES:
            assert certificate(payload)
    if name == "email":
        account = profile.payloads[-1].keys
        uuids = {one.uuid for one in profile.payloads}
        assert {account.text("SMIMESigningCertificateUUID"), account.text("SMIMEEncryptionCertificateUUID")} < uuids


def test_the_settings_of_a_profile_are_read() -> None:
    data = (EXAMPLES / "profile-settings.mobileconfig").read_bytes()
    (payload,) = read_profile(data, identity=None, managed=True).installed.payloads
    assert payload.settings == {"forcePIN": True, "minLength": 6}


def test_an_encrypted_items_profile_asks_for_the_identity() -> None:
    with pytest.raises(Fault) as refused:
        read_profile((EXAMPLES / "profile-encrypted.mobileconfig").read_bytes(), identity=None, managed=True)
    assert refused.value.code == Code.PROFILE_CANNOT_DECRYPT


@pytest.mark.parametrize("name", ["unrecognized-device.plist", "unrecognized-device.json"])
def test_the_order_to_unenrol_is_read(name: str) -> None:
    body = (EXAMPLES / name).read_bytes()
    assert messages.is_unrecognized(403, body)
    assert not messages.is_unrecognized(400, body)


def test_the_bootstrap_token_is_read() -> None:
    assert messages.bootstrap_token((EXAMPLES / "bootstrap-token.plist").read_bytes()) == b"bootstrap token"
    assert messages.bootstrap_token(b"") is None
    with pytest.raises(AnswerBroken, match="not data"):
        messages.bootstrap_token(plistlib.dumps({"BootstrapToken": "text"}))


def test_the_push_carries_the_magic_of_the_token_update() -> None:
    push = read_push(json.loads((EXAMPLES / "push-answer.json").read_text()))
    assert push.message == {"mdm": example("token-update-iphone")["PushMagic"]}


def test_the_examples_are_of_one_device() -> None:
    names = ("authenticate-iphone", "token-update-iphone", "device-information", "idle", "not-now")
    assert len({example(name)["UDID"] for name in names}) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"\x00" * (MOST_BYTES + 1),
        b'<?xml version="1.0"?><!DOCTYPE p [<!ENTITY a SYSTEM "file:///etc/passwd">]><plist><dict/></plist>',
        b"<plist><dict><key>a</key><date>x</date></dict></plist>",
        b"<plist>" + b"<array>" * 2000 + b"</array>" * 2000 + b"</plist>",
        b"<plist><dict><key>a</key></dict></plist>",
        b"<plist><integer>1</integer></plist>",
        b"bplist00" + b"\x00" * 40,
        b"",
    ],
    ids=["huge", "entity", "date", "deep", "key alone", "number", "binary", "empty"],
)
def test_hostile_property_lists_are_refused_in_words(data: bytes) -> None:
    with pytest.raises(AnswerBroken, match="the command is"):
        read_plist(data, what="the command")


def test_a_device_tells_only_what_the_server_may_know() -> None:
    device = Device.new(platform=Platform.IPADOS)
    assert "SerialNumber" not in authenticate_facts(device, Right.INSPECT_PROFILES)
    device.hardware = replace(device.hardware, imei="351234567890123")
    facts = authenticate_facts(device, RIGHTS)
    assert facts["IMEI"] == "35 123456 789012 3"
