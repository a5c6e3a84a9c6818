"""The Apple agent against a server with NanoMDM's rules: it enrols, obeys, is refused, renews, and leaves."""

from __future__ import annotations

import asyncio
import plistlib
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from fauxtune_sim.agent.by_platform import load_device
from fauxtune_sim.apple.client import AppleAgent
from fauxtune_sim.apple.facts import System
from fauxtune_sim.apple.store import ProfileStore
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import AnswerBroken, NotAllowedHere, ProfileRefused, ServerRefused
from fauxtune_sim.facts.apple import AppleHardware
from fauxtune_sim.platforms import Platform
from tests.simulator.apple.known import codes, enrollment, hardware

if TYPE_CHECKING:
    from fauxtune_sim.server.transport import Transport
    from tests.simulator.apple.conftest import Enrol, Maker, MdmServer
    from tests.simulator.conftest import Pki

CHECK_IN, COMMAND = "application/x-apple-aspen-mdm-checkin", "application/x-apple-aspen-mdm"
PLATFORMS = (Platform.IOS, Platform.IPADOS, Platform.MACOS)


def profiles(agent: AppleAgent) -> list[str]:
    assert isinstance(agent.device.state, ProfileStore)
    return list(agent.device.state.profiles)


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_a_device_enrols_and_connects_until_there_is_nothing_more(
    enrol: Enrol, server: MdmServer, platform: Platform
) -> None:
    agent = await enrol(platform=platform)
    kept, known = enrollment(agent), hardware(agent)
    authenticate, token = server.check_ins
    assert (authenticate["MessageType"], authenticate["UDID"]) == ("Authenticate", known.udid)
    assert (authenticate["SerialNumber"], authenticate["OSVersion"]) == (known.serial_number, known.os_version)
    assert (token["MessageType"], len(token["Token"]), token["PushMagic"]) == ("TokenUpdate", 32, kept.push_magic)
    assert ("UnlockToken" in token) is (platform is not Platform.MACOS)
    results = [server.tell("ProfileList"), server.tell("CertificateList"), server.tell("SecurityInfo")]
    done = await agent.check_in()
    assert (done.settled, done.reports, done.refused) == (True, 4, ())
    assert [one.report["Status"] for one in results if one.report] == ["Acknowledged"] * 3
    assert server.methods == {("PUT", CHECK_IN), ("PUT", COMMAND)}
    assert server.reports[0] == {"Status": "Idle", "UDID": known.udid}
    assert set(server.signed_by) == {kept.identity().certificate}


async def test_the_identity_comes_from_scep_with_the_serial_number_in_its_name(enrol: Enrol, server: MdmServer) -> None:
    agent = await enrol()
    (asked,) = server.scep.requests
    assert (asked["kind"], asked["cipher"], asked["digest"], asked["method"]) == ("19", "aes128_cbc", "sha256", "POST")
    assert asked["csr"].subject.rfc4514_string() == f"O=Contoso,CN={agent.device.hardware.serial_number}"
    assert agent.device.keystore.is_empty


@pytest.mark.parametrize("old", [False, True], ids=["modern", "old ciphers"])
async def test_an_identity_can_come_in_the_profile(enrol: Enrol, make: Maker, server: MdmServer, old: bool) -> None:
    agent = await enrol(make.enrollment(make.device_pkcs12(old=old)))
    assert (await agent.check_in()).settled
    assert server.scep.requests == []


async def test_a_token_gets_the_profile_from_our_own_service(
    make: Maker, server: MdmServer, transport: Transport
) -> None:
    server.profile = make.enrollment(
        make.scep(SubjectAltName={"ntPrincipalName": "alice@contoso.example"}),
    )
    agent = AppleAgent(Device.new(platform=Platform.IOS), transport)
    with pytest.raises(ServerRefused, match="the token is used up") as refused:
        await agent.enroll(server=server.url, tenant="contoso", token="bad", key=make.keys())
    assert refused.value.status == 401
    assert not agent.device.is_enrolled
    await agent.enroll(server=server.url, tenant="contoso", token="good", key=make.keys())
    kept = enrollment(agent)
    assert (kept.user_principal_name, kept.push_token) == ("alice@contoso.example", kept.token.hex())
    with pytest.raises(NotAllowedHere, match="enrolled already"):
        await agent.enroll_with_profile(server.profile)


async def test_an_unknown_user_is_the_one_that_the_caller_knows(
    make: Maker, server: MdmServer, transport: Transport
) -> None:
    server.profile = make.enrollment()
    agent = AppleAgent(Device.new(platform=Platform.MACOS), transport)
    await agent.enroll(server=server.url, tenant="contoso", token="good", user="bob@contoso.example", key=make.keys())
    assert enrollment(agent).user_principal_name == "bob@contoso.example"


@pytest.mark.parametrize("device", [Platform.IOS, Platform.MACOS])
async def test_an_enrolment_survives_a_restart(
    enrol: Enrol, server: MdmServer, transport: Transport, pki: Pki, make: Maker, device: Platform, tmp_path: Path
) -> None:
    agent = await enrol(device=Device.new("mine", platform=device, folder=tmp_path / "mine"))
    server.tell("InstallProfile", Payload=make.profile(make.root(pki.root), make.identity(pki.issue())))
    await agent.check_in()
    again = AppleAgent(load_device(tmp_path / "mine"), transport)
    assert again.device.enrollment == agent.device.enrollment
    assert again.device.state == agent.device.state
    assert again.device.keystore.document() == agent.device.keystore.document()
    server.tell("RemoveProfile", Identifier="test.profile")
    assert (await again.check_in()).removed == ["test.profile"]
    assert again.device.keystore.is_empty


async def test_nothing_stays_of_an_enrolment_that_the_server_does_not_want(
    make: Maker, server: MdmServer, transport: Transport, pki: Pki
) -> None:
    identity, server.refuses = make.scep(), "Authenticate"
    profile = make.profile(identity, make.mdm(identity), make.root(pki.root), identifier="test.enrollment")
    agent = AppleAgent(Device.new(platform=Platform.IOS), transport)
    with pytest.raises(ServerRefused, match="not today"):
        await agent.enroll_with_profile(profile, key=make.keys())
    assert (agent.device.is_enrolled, agent.device.keystore.is_empty, profiles(agent)) == (False, True, [])


async def test_a_token_update_that_fails_is_sent_again(enrol: Enrol, server: MdmServer) -> None:
    server.refuses = "TokenUpdate"
    agent = await enrol()
    assert (agent.device.is_enrolled, server.enabled) == (True, set())
    server.refuses = None
    assert (await agent.check_in()).settled
    assert [one["MessageType"] for one in server.check_ins] == ["Authenticate", "TokenUpdate"]
    await agent.check_in()
    assert len(server.check_ins) == 2


async def test_a_mac_leaves_its_bootstrap_token_where_the_server_can_keep_it(
    enrol: Enrol, server: MdmServer, make: Maker
) -> None:
    capable = make.enrollment(ServerCapabilities=["com.apple.mdm.bootstraptoken"])
    await enrol(capable, platform=Platform.MACOS)
    assert server.check_ins[-1]["MessageType"] == "SetBootstrapToken"
    await enrol(make.enrollment(ServerCapabilities=["com.apple.mdm.bootstraptoken"]), platform=Platform.IPADOS)
    assert server.check_ins[-1]["MessageType"] == "TokenUpdate"


async def test_a_profile_without_mdm_enrols_nobody(make: Maker, transport: Transport, pki: Pki) -> None:
    agent = AppleAgent(Device.new(platform=Platform.IOS), transport)
    with pytest.raises(ProfileRefused, match="no MDM payload"):
        await agent.enroll_with_profile(make.profile(make.root(pki.root)), key=make.keys())
    with pytest.raises(ProfileRefused, match="MCProfileErrorDomain 1000"):
        await agent.enroll_with_profile(b"hello", key=make.keys())
    curve = make.identity(pki.issue(key=ec.generate_private_key(ec.SECP256R1())))
    for identity in ({"PayloadUUID": "?"}, curve):
        with pytest.raises(ProfileRefused, match="MCMDMErrorDomain 12016"):
            await agent.enroll_with_profile(make.profile(curve, make.mdm(identity)), key=make.keys())


WRONG: dict[str, tuple[dict[str, Any], int]] = {
    "no rights": ({"AccessRights": 0}, 12000),
    "rights that do not fit together": ({"AccessRights": 2}, 12000),
    "another topic": ({"Topic": "com.example"}, 12022),
    "no address": ({"ServerURL": "ftp://x"}, 2004),
    "no topic": ({"Topic": ""}, 2002),
    "a number for an address": ({"ServerURL": 7}, 2003),
}


@pytest.mark.parametrize("case", WRONG)
async def test_an_mdm_payload_that_cannot_be_is_refused(make: Maker, transport: Transport, case: str) -> None:
    keys, code = WRONG[case]
    agent = AppleAgent(Device.new(platform=Platform.IOS), transport)
    with pytest.raises(ProfileRefused, match=rf"4001.* {code}\)"):
        await agent.enroll_with_profile(make.enrollment(**keys), key=make.keys())


@pytest.mark.parametrize("status", [400, 404, 410, 500, 503])
async def test_a_server_in_trouble_loses_nothing(
    enrol: Enrol, server: MdmServer, make: Maker, pki: Pki, status: int
) -> None:
    agent = await enrol()
    server.tell("InstallProfile", Payload=make.profile(make.root(pki.root)))
    await agent.check_in()
    server.trouble = status
    with pytest.raises(ServerRefused, match="in trouble"):
        await agent.check_in()
    assert (agent.device.is_enrolled, len(agent.device.keystore.trusted)) == (True, 1)
    server.trouble = None
    assert (await agent.check_in()).settled


@pytest.mark.parametrize(
    "refusal",
    [b'{"code": "com.apple.unrecognized.device"}', plistlib.dumps({"code": "com.apple.unrecognized.device"}), None],
    ids=["json", "plist", "401"],
)
async def test_a_device_that_the_server_does_not_know_forgets_everything(
    enrol: Enrol, server: MdmServer, make: Maker, pki: Pki, refusal: bytes | None
) -> None:
    agent = await enrol()
    server.tell("InstallProfile", Payload=make.profile(make.root(pki.root), make.identity(pki.issue())))
    await agent.check_in()
    server.unknown, server.trouble = refusal, None if refusal else 401
    done = await agent.check_in()
    assert done.ended is not None
    assert "does not know this device" in done.ended
    assert (agent.device.is_enrolled, agent.device.keystore.is_empty, profiles(agent)) == (False, True, [])


async def test_any_other_403_is_no_reason_to_leave(enrol: Enrol, server: MdmServer) -> None:
    agent = await enrol()
    for server.unknown in (b"", b"no", b'{"code": "another"}', b"[]", plistlib.dumps(["x"])):
        with pytest.raises(ServerRefused):
            await agent.check_in()
    assert agent.device.is_enrolled


GARBAGE = {
    "no plist": b"hello",
    "truncated": plistlib.dumps({"CommandUUID": "1", "Command": {"RequestType": "ProfileList"}})[:-30],
    "an array": plistlib.dumps(["x"]),
    "no CommandUUID": plistlib.dumps({"Command": {"RequestType": "ProfileList"}}),
    "a number for an id": plistlib.dumps({"CommandUUID": 7, "Command": {}}),
    "entities": b'<?xml version="1.0"?><!DOCTYPE p [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><plist><dict><key>CommandUUID'
    b"</key><string>&c;</string></dict></plist>",
    "broken binary": b"bplist00\xff\xff\xff\xff",
}


@pytest.mark.parametrize("case", GARBAGE)
async def test_an_answer_that_is_no_command_breaks_off_the_connection_and_nothing_else(
    enrol: Enrol, server: MdmServer, case: str
) -> None:
    agent = await enrol()
    server.garbage = GARBAGE[case]
    with pytest.raises(AnswerBroken):
        await agent.check_in()
    server.garbage = None
    assert (await agent.check_in()).settled


@pytest.mark.parametrize(
    "command",
    [
        {},
        {"RequestType": 7},
        {"RequestType": "InstallProfile"},
        {"RequestType": "InstallProfile", "Payload": "text"},
        {"RequestType": "RemoveProfile"},
        {"RequestType": "DeviceInformation", "Queries": "UDID"},
    ],
    ids=str,
)
async def test_a_malformed_command_is_answered_with_a_format_error(
    enrol: Enrol, server: MdmServer, command: dict[str, Any]
) -> None:
    agent = await enrol()
    queued = server.tell("x")
    queued.command = command
    assert (await agent.check_in()).settled
    assert queued.report is not None
    assert queued.report["Status"] == "CommandFormatError"


async def test_an_unknown_command_is_an_error_that_says_so(enrol: Enrol, server: MdmServer) -> None:
    agent = await enrol()
    queued = server.tell("SetWallpaper")
    done = await agent.check_in()
    assert codes(queued.report) == [(12021, "MCMDMErrorDomain")]
    (refusal,) = done.refused
    assert (refusal.setting, refusal.path, refusal.is_unknown) == ("SetWallpaper", "SetWallpaper", True)


async def test_a_server_that_asks_for_provisioning_profiles_is_told_that_there_are_no_such(
    enrol: Enrol, server: MdmServer
) -> None:
    agent = await enrol()
    queued = server.tell("ProvisioningProfileList")
    assert (await agent.check_in()).refused == ()
    assert queued.report is not None
    assert queued.report["ProvisioningProfileList"] == []


async def test_without_its_right_a_server_is_not_obeyed(enrol: Enrol, server: MdmServer, make: Maker) -> None:
    agent = await enrol(make.enrollment(AccessRights=1))
    by_key = {
        kind: server.tell(kind, Payload=b"x", Identifier="x", Queries=["UDID", "SerialNumber", "WiFiMAC"])
        for kind in ("InstallProfile", "RemoveProfile", "DeviceLock", "EraseDevice", "SecurityInfo", "ProfileList")
    }
    queries = server.tell("DeviceInformation", Queries=["UDID", "SerialNumber", "WiFiMAC", "Nonsense"])
    await agent.check_in()
    refused = {kind for kind, one in by_key.items() if codes(one.report) == [(12007, "MCMDMErrorDomain")]}
    assert refused == by_key.keys() - {"ProfileList"}
    assert queries.report is not None
    assert queries.report["QueryResponses"] == {"UDID": enrollment(agent).name}
    assert agent.device.is_enrolled
    assert "SerialNumber" not in server.check_ins[0]


async def test_queries_that_the_device_cannot_answer_are_absent(enrol: Enrol, server: MdmServer) -> None:
    agent = await enrol(platform=Platform.IPADOS)
    results = ["DeviceName", "OSVersion", "ProductName", "WiFiMAC", "IMEI", "DeviceCapacity", "Nonsense", "HostName"]
    queries = server.tell("DeviceInformation", Queries=[*results, 7, ["x"]])
    await agent.check_in()
    assert queries.report is not None
    answers = queries.report["QueryResponses"]
    assert answers.keys() == {"DeviceName", "OSVersion", "ProductName", "WiFiMAC", "DeviceCapacity"}
    assert (answers["DeviceName"], len(answers["WiFiMAC"])) == ("a device", 17)


async def test_a_locked_phone_puts_off_and_is_asked_again_when_it_is_idle(
    enrol: Enrol, server: MdmServer, make: Maker, pki: Pki
) -> None:
    agent = await enrol()
    agent.device.condition.locked = True
    put_off = server.tell("InstallProfile", Payload=make.profile(make.root(pki.root)))
    tell = server.tell("ProfileList")
    secured = server.tell("SecurityInfo")
    listed = server.tell("CertificateList")
    done = await agent.check_in()
    assert (done.settled, done.installed) == (False, [])
    statuses = [one["Status"] for one in server.reports]
    # After an acknowledgement the server offers again what was put off; after NotNow it offers something else.
    assert statuses == ["Idle", "NotNow", "Acknowledged", "NotNow", "NotNow", "Acknowledged", "NotNow"]
    assert (put_off.put_off, tell.put_off, secured.put_off, listed.put_off) == (True, False, True, False)
    agent.device.condition.locked = False
    done = await agent.check_in()
    assert (done.settled, done.installed) == (True, ["test.profile"])


async def test_certificates_are_listed_while_locked_but_not_before_the_first_unlock_since_the_start(
    enrol: Enrol, server: MdmServer
) -> None:
    """Apple, "Certificate List"."""
    agent = await enrol()
    condition = agent.device.condition
    listings = []
    for happens in (partial(condition.lock, True), condition.restart, partial(condition.lock, False)):
        happens()
        tell = server.tell("CertificateList")
        await agent.check_in()
        listings.append(tell.put_off)
        server.queue.clear()
    assert listings == [False, True, False]


@pytest.mark.parametrize(
    ("platform", "version", "lists"),
    [(Platform.IOS, "15.3.1", True), (Platform.IOS, "15.4", False), (Platform.MACOS, "14.5", True)],
)
def test_which_systems_list_certificates_before_the_first_unlock(
    platform: Platform, version: str, *, lists: bool
) -> None:
    assert System.of(platform, version).lists_certificates_before_unlock is lists


async def test_a_locked_mac_puts_off_nothing(enrol: Enrol, server: MdmServer, make: Maker, pki: Pki) -> None:
    agent = await enrol(platform=Platform.MACOS)
    agent.device.condition.restart()
    server.tell("DeviceLock", PIN="123456")
    listed = server.tell("CertificateList")
    wrong = server.tell("DeviceLock", PIN="12")
    server.tell("InstallProfile", Payload=make.profile(make.root(pki.root)))
    done = await agent.check_in()
    assert (done.settled, done.installed, done.executed) == (True, ["test.profile"], ["DeviceLock"])
    assert codes(wrong.report) == [(12008, "MCMDMErrorDomain")]
    assert not listed.put_off
    assert (agent.device.condition.locked, agent.device.condition.passcode) == (True, "123456")


async def test_the_same_command_twice_does_no_harm(enrol: Enrol, server: MdmServer, make: Maker, pki: Pki) -> None:
    agent = await enrol()
    data = make.profile(make.root(pki.root), make.identity(pki.issue()))
    server.tell("InstallProfile", Payload=data)
    assert (await agent.check_in()).installed == ["test.profile"]
    before = agent.device.keystore.document()
    again = server.tell("InstallProfile", Payload=data)
    assert (await agent.check_in()).installed == []
    assert again.report is not None
    assert again.report["Status"] == "Acknowledged"
    assert agent.device.keystore.document() == before


@pytest.mark.parametrize("asks", [True, False], ids=["with CheckOut", "silently"])
async def test_removing_the_mdm_profile_takes_everything_that_mdm_brought(
    enrol: Enrol, server: MdmServer, make: Maker, pki: Pki, asks: bool
) -> None:
    agent = await enrol(make.enrollment(CheckOutWhenRemoved=asks))
    signing = make.identity(pki.issue())
    account = make.exchange(SMIMESigningEnabled=True, SMIMESigningCertificateUUID=signing["PayloadUUID"])
    server.tell("InstallProfile", Payload=make.profile(signing, account, identifier="mail"))
    server.tell("InstallProfile", Payload=make.profile(make.root(pki.root), identifier="root"))
    await agent.check_in()
    assert len(agent.device.accounts) == 1
    removal = server.tell("RemoveProfile", Identifier="test.enrollment")
    done = await agent.check_in()
    assert done.ended == "the server removed the MDM profile"
    assert removal.report is not None
    assert removal.report["Status"] == "Acknowledged"
    assert (server.check_ins[-1]["MessageType"] == "CheckOut") is asks
    assert (profiles(agent), agent.device.keystore.is_empty, agent.device.accounts) == ([], True, {})
    assert not agent.device.is_enrolled


async def test_a_user_who_removes_the_mdm_profile_is_told_of_if_the_server_wants_it(
    enrol: Enrol, server: MdmServer, make: Maker
) -> None:
    agent = await enrol()
    assert await agent.unenroll() is None
    assert server.check_ins[-1]["MessageType"] == "CheckOut"
    silent = await enrol(make.enrollment(CheckOutWhenRemoved=False))
    assert "does not ask" in str(await silent.unenroll())
    assert (silent.device.is_enrolled, silent.device.ended) == (False, "the user removed the MDM profile")


async def test_a_profile_that_may_not_be_removed_stays(enrol: Enrol, make: Maker) -> None:
    identity = make.scep()
    agent = await enrol(make.profile(identity, make.mdm(identity), PayloadRemovalDisallowed=True))
    with pytest.raises(NotAllowedHere, match="may not remove"):
        await agent.unenroll()
    assert agent.device.is_enrolled


async def test_erasing_is_acknowledged_then_everything_is_gone_and_the_same_hardware_enrols_again(
    enrol: Enrol, server: MdmServer, make: Maker, pki: Pki
) -> None:
    agent = await enrol()
    before, udid = enrollment(agent), hardware(agent).udid
    server.tell("InstallProfile", Payload=make.profile(make.root(pki.root), identifier="root"))
    await agent.check_in()
    agent.device.condition.locked = True
    erase = server.tell("EraseDevice", PIN="123456")
    done = await agent.check_in()
    assert (done.ended, done.executed, server.reports[-1]["CommandUUID"]) == (
        "factory reset",
        ["EraseDevice"],
        erase.uuid,
    )
    assert server.check_ins[-1]["MessageType"] == "TokenUpdate"
    assert (agent.device.keystore.is_empty, profiles(agent), agent.device.condition.locked) == (True, [], False)
    again = await enrol(device=agent.device)
    assert (hardware(again).udid, set(server.bound)) == (udid, {udid})
    assert enrollment(again).identity_certificate != before.identity_certificate
    assert (await again.check_in()).settled


async def test_a_profile_that_is_not_installed_cannot_be_removed(enrol: Enrol, server: MdmServer) -> None:
    agent = await enrol()
    removal = server.tell("RemoveProfile", Identifier="not there")
    await agent.check_in()
    assert codes(removal.report) == [(12013, "MCMDMErrorDomain")]
    assert profiles(agent) == ["test.enrollment"]


async def test_only_a_push_with_its_own_magic_wakes_a_device(
    make: Maker, server: MdmServer, transport: Transport
) -> None:
    server.profile = make.enrollment()
    agent = AppleAgent(Device.new(platform=Platform.IOS), transport)
    await agent.enroll(server=server.url, tenant="contoso", token="good", key=make.keys())
    for push, wakes in ((None, False), ({"mdm": "another"}, False), ({"mdm": enrollment(agent).push_magic}, True)):
        server.pushes.append(push)
        assert (await agent.poll_push(after=len(server.pushes) - 1, wait=0)).wakes is wakes


async def test_a_server_with_no_end_of_commands_does_not_hold_the_device(enrol: Enrol, server: MdmServer) -> None:
    agent = await enrol()
    server.garbage = plistlib.dumps({"CommandUUID": "again", "Command": {"RequestType": "ProfileList"}})
    async with asyncio.timeout(60):
        done = await agent.check_in()
    assert (done.settled, agent.device.is_enrolled) == (False, True)


async def test_an_old_phone_enrols_too(enrol: Enrol) -> None:
    device = Device.new("old", platform=Platform.IOS)
    assert isinstance(device.hardware, AppleHardware)
    device.hardware = replace(device.hardware, os_version="9.3.5", build_version="13G36")
    assert (await (await enrol(device=device)).check_in()).settled
