"""Whole sessions against a scripted server: enrolment, check-ins, refusals, wipes, leaving, renewal."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12

from fauxtune_sim.agent.by_platform import agent_for, load_device
from fauxtune_sim.agent.cadence import TenantTime
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import AnswerBroken, NotAllowedHere, ServerRefused, ServerUnreachable
from fauxtune_sim.platforms import Platform
from fauxtune_sim.windows.client import WindowsAgent

WINDOWS = (Platform.WINDOWS, Platform.WINDOWS_10_MOBILE, Platform.WINDOWS_PHONE_81)
UNENROLL = ("1226", "com.microsoft:mdm.unenrollment.userrequest")
LOGIN = ("1224", "com.microsoft/MDM/LoginStatus")


def freeze(agent: WindowsAgent, moment: datetime) -> None:
    """The tenant's clock stands at a moment."""
    agent.time = TenantTime()
    for monotonic in (1.0, 2.0):
        agent.time.learn(moment, monotonic=monotonic)


def root_add(server: Any) -> str:
    name = server.words.thumb(server.pki.root)
    uri = f"./Device/Vendor/MSFT/RootCATrustedCertificates/Root/{name}/EncodedCertificate"
    return str(server.words.add(uri, server.words.encoded(server.pki.root), "b64"))


@pytest.mark.parametrize("platform", WINDOWS)
async def test_a_device_enrols_where_discovery_sends_it(server: Any, joined: Any, platform: Platform) -> None:
    agent = await joined(platform)
    enrollment = agent.enrollment
    assert (enrollment.name, enrollment.user_principal_name) == ("enrolment-1", "alice@contoso.example")
    assert (enrollment.push_token, enrollment.provider) == ("push-1", "MS DM Server")
    assert enrollment.identity().certificate == server.identity
    assert enrollment.address == f"{server.url}/elsewhere/manage"
    poll = ("Vendor", "MSFT", "DMClient", "Provider", "MS DM Server", "Poll", "NumberOfFirstRetries")
    assert agent.device.state.nodes[poll] == "5"
    assert all("Unheard" not in path for path in agent.device.state.nodes)


def said(root: Any, name: str) -> str | None:
    find = root.find(f".//{{*}}{name}")
    return None if find is None else find.text


@pytest.mark.parametrize(
    ("platform", "device_type", "version", "probe"),
    [
        (Platform.WINDOWS, "CIMClient_Windows", "5.0", "ENROLLClient"),
        (Platform.WINDOWS_10_MOBILE, "WindowsPhone", "4.0", "Windows Phone 8 Enrollment Client"),
        (Platform.WINDOWS_PHONE_81, "WindowsPhone", "2.0", "Windows Phone 8 Enrollment Client"),
    ],
)
async def test_discovery_says_what_kind_of_device_asks(
    server: Any, joined: Any, platform: Platform, device_type: str, version: str, probe: str
) -> None:
    await joined(platform)
    assert server.probes == [probe]
    assert said(server.soap[0], "DeviceType") == device_type
    assert said(server.soap[0], "RequestVersion") == version
    assert said(server.soap[0], "AuthPolicy") == "Federated"


async def test_the_certificate_request_tells_of_the_device(server: Any, joined: Any) -> None:
    agent = await joined()
    items = server.soap[2].findall(".//{*}ContextItem")
    context = {one.get("Name"): one.findtext("{*}Value") for one in items}
    hardware = agent.device.hardware
    assert context["DeviceID"] == agent.enrollment.device_id
    assert context["HWDevID"] == hardware.hardware_id
    assert (context["OSVersion"], context["OSEdition"]) == (hardware.os_version, "48")
    assert (context["EnrollmentType"], context["DeviceType"]) == ("Full", "CIMClient_Windows")
    assert context["DeviceName"] == "DESKTOP-1"
    token = server.soap[2].find(".//{*}Security/{*}BinarySecurityToken")
    assert base64.b64decode(token.text) == b"good"
    assert token.get("ValueType").endswith("DeviceEnrollmentUserToken")


async def test_a_user_may_enrol_with_a_password(server: Any, transport: Any) -> None:
    agent = WindowsAgent(Device.new(platform=Platform.WINDOWS), transport)
    user, password = "alice@contoso.example", "p<ss&word"
    await agent.enroll(server=server.url, tenant="contoso", user=user, password=password)
    assert said(server.soap[0], "EmailAddress") == user
    assert said(server.soap[0], "AuthPolicy") == "OnPremise"
    assert (said(server.soap[2], "Username"), said(server.soap[2], "Password")) == (user, password)


async def test_a_json_web_token_is_said_to_be_one(server: Any, transport: Any) -> None:
    agent = WindowsAgent(Device.new(platform=Platform.WINDOWS), transport)
    await agent.enroll(server=server.url, tenant="contoso", token="eyJhbGciOiJub25lIn0.eyJ1cG4iOiJhIn0.")
    token = server.soap[2].find(".//{*}Security/{*}BinarySecurityToken")
    assert token.get("ValueType") == "urn:ietf:params:oauth:token-type:jwt"


@pytest.mark.parametrize(
    ("subcode", "error", "number", "word"),
    [
        ("s:MessageFormat", "", "0x80180001", "message"),
        ("s:Authentication", "", "0x80180002", "token"),
        ("s:Authorization", "", "0x80180003", "may not"),
        ("s:CertificateRequest", "", "0x80180004", "certificate request"),
        ("s:EnrollmentServer", "", "0x80180005", "internal error"),
        ("a:InternalServiceFault", "", "0x80180006", "unexpected error"),
        ("a:InvalidSecurity", "", "0x80180007", "header"),
        ("s:authorization", "devicecapreached", "0x80180013", "allowed number"),
        ("s:Authorization", "DeviceNotSupported", "0x80180014", "kind"),
        ("s:Authorization", "UserLicense", "0x80180018", "licence"),
        ("s:EnrollmentServer", "InMaintenance", "0x80180017", "maintained"),
    ],
)
@pytest.mark.parametrize("status", [500, 200])
async def test_a_fault_is_told_in_words_with_windows_number(
    server: Any, joined: Any, subcode: str, error: str, number: str, word: str, status: int
) -> None:
    server.fault, server.status = (subcode, error, "because"), status
    device = Device.new(platform=Platform.WINDOWS)
    with pytest.raises(ServerRefused, match=word) as refused:
        await joined(device=device)
    assert refused.value.code == number
    assert "because" in str(refused.value)
    assert not device.is_enrolled
    assert device.state is None or not device.state.document()["nodes"]


async def test_a_server_without_enrolment_is_refused(server: Any, transport: Any) -> None:
    agent = WindowsAgent(Device.new(platform=Platform.WINDOWS), transport)
    with pytest.raises(ServerRefused, match="no enrolment service"):
        await agent.enroll(server=f"{server.url}/nowhere", tenant="contoso", token="good")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('name="ADDR"', 'name="ADRR"', "management server"),
        ("wap-provisioningdoc", "provisioningdoc", "wap-provisioningdoc"),
        ('type="My"', 'type="Your"', "no certificate"),
        ("<wap", "<!DOCTYPE wap><wap", "DOCTYPE"),
    ],
)
async def test_a_provisioning_document_that_cannot_be_used_is_refused(
    server: Any, joined: Any, old: str, new: str, why: str
) -> None:
    server.document = lambda text: text.replace(old, new)
    device = Device.new(platform=Platform.WINDOWS)
    with pytest.raises(AnswerBroken, match=why):
        await joined(device=device)
    assert not device.is_enrolled


async def test_trap_19_a_server_that_does_not_say_xml_would_get_wbxml_and_is_refused(server: Any, joined: Any) -> None:
    server.document = lambda text: text.replace('value="application/vnd.syncml.dm+xml"', 'value=""')
    with pytest.raises(AnswerBroken, match="WBXML"):
        await joined()


async def test_a_certificate_for_another_key_is_refused(server: Any, joined: Any, pki: Any) -> None:
    other = server.words.encoded(pki.root)

    def swapped(text: str) -> str:
        return text.replace(server.words.encoded(server.identity), other)

    server.document = swapped
    with pytest.raises(AnswerBroken, match="is not for this device"):
        await joined()


async def test_the_policy_may_want_longer_keys(server: Any, joined: Any) -> None:
    server.minimal_key_length = 3072
    agent = await joined()
    assert agent.enrollment.identity().key.key_size == 3072


@pytest.mark.parametrize("platform", WINDOWS)
async def test_the_first_message_greets(server: Any, joined: Any, platform: Platform) -> None:
    agent = await joined(platform)
    done = await agent.check_in()
    (first,) = server.heard
    assert (done.settled, done.reports) == (True, 1)
    assert first.alerts() == [("1201", ""), LOGIN]
    assert first.text("SyncHdr/Source/LocURI") == agent.enrollment.device_id
    assert first.text("SyncHdr/Target/LocURI") == agent.enrollment.address
    assert (first.text("SyncHdr/SessionID"), first.text("SyncHdr/MsgID")) == ("1", "1")
    sources = [one.text for one in first.root.findall(".//{*}Replace/{*}Item/{*}Source/{*}LocURI")]
    assert sources == [f"./DevInfo/{name}" for name in ("DevId", "Man", "Mod", "DmV", "Lang")]
    assert first.root.find("./{*}SyncBody/{*}Final") is not None
    assert first.signature is not None
    assert first.signature.signer == server.identity
    assert first.signature.signing_time is not None


async def test_trap_20_session_numbers_count_in_decimal_or_hex(server: Any, joined: Any) -> None:
    for platform, wanted in ((Platform.WINDOWS, "10"), (Platform.WINDOWS_10_MOBILE, "A")):
        agent = await joined(platform)
        agent.enrollment.sessions = 9
        await agent.check_in()
        assert server.heard[-1].text("SyncHdr/SessionID") == wanted


async def test_a_session_goes_on_until_there_are_no_more_commands(server: Any, joined: Any) -> None:
    agent = await joined()
    server.script = [[root_add(server)], [server.words.get("./DevDetail/SwV")]]
    done = await agent.check_in()
    assert [one.text("SyncHdr/MsgID") for one in server.heard] == ["1", "2", "3"]
    assert server.heard[1].statuses() == [("Add", "200")]
    assert server.heard[2].statuses() == [("Get", "200")]
    assert server.heard[2].text("SyncBody/Results/Item/Source/LocURI") == "./DevDetail/SwV"
    assert server.heard[2].text("SyncBody/Results/Item/Data") == agent.device.hardware.os_version
    assert server.heard[1].text("SyncBody/Status/Cmd") == "SyncHdr"
    assert (done.settled, done.reports, len(done.installed)) == (True, 3, 1)
    server.script = []
    quiet = await agent.check_in()
    assert (quiet.reports, quiet.installed, quiet.removed) == (1, [], [])


async def test_a_server_that_never_rests_is_left(server: Any, joined: Any) -> None:
    agent = await joined()
    server.script = [[server.words.get("./DevInfo/Man")] for _ in range(100)]
    done = await agent.check_in()
    assert not done.settled
    assert done.reports == 64


async def test_refusals_are_told(server: Any, joined: Any) -> None:
    agent = await joined()
    server.script = [[server.words.add("./Vendor/MSFT/Nothing/A", "1"), server.words.delete("./Vendor/MSFT/Nothing")]]
    done = await agent.check_in()
    (refusal,) = done.refused
    assert (refusal.setting, refusal.path) == ("Nothing", "./Vendor/MSFT/Nothing/A")
    assert done.settled


async def test_a_push_makes_the_next_session_the_servers(server: Any, joined: Any) -> None:
    agent = await joined()
    assert (await agent.poll_push(after=0, wait=0)).wakes
    await agent.check_in()
    await agent.check_in()
    assert [one.alerts()[0][0] for one in server.heard] == ["1200", "1201"]


async def test_the_server_may_move_the_push_channel(server: Any, joined: Any) -> None:
    agent = await joined()
    push = "./Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/Push"
    server.script = [
        [server.words.replace(f"{push}/PFN", f"{server.url}/push/the-tenants-id/push-2", "chr")],
        [server.words.get(f"{push}/ChannelURI"), server.words.get(f"{push}/Status")],
    ]
    await agent.check_in()
    assert agent.enrollment.push_token == "push-2"
    texts = [one.text for one in server.heard[-1].root.findall(".//{*}Results/{*}Item/{*}Data")]
    assert texts == [f"{server.url}/push/the-tenants-id/push-2", "0"]
    server.script = [[server.words.replace(f"{push}/PFN", "Contoso.App_8wekyb3d8bbwe", "chr")]]
    await agent.check_in()
    assert agent.enrollment.push_token == ""


async def test_login_status_says_whether_the_user_is_there(server: Any, joined: Any) -> None:
    agent = await joined()
    agent.log_in(False)
    server.script = [[server.words.get("./User/Vendor/MSFT/ActiveSync/Accounts")]]
    await agent.check_in()
    assert server.heard[0].root.findtext(".//{*}Alert/{*}Item/{*}Data") == "none"
    assert server.heard[1].statuses() == [("Get", "405")]


@pytest.mark.parametrize("status", [404, 410])
async def test_what_the_server_has_forgotten_the_device_forgets(server: Any, joined: Any, status: int) -> None:
    agent = await joined()
    server.script = [[root_add(server)]]
    await agent.check_in()
    server.status = status
    done = await agent.check_in()
    assert done.ended is not None
    assert not agent.device.is_enrolled
    assert agent.device.keystore.is_empty
    assert agent.device.state.document()["nodes"] == []


async def test_a_refused_session_of_an_enrolment_that_ended_is_the_end(server: Any, joined: Any) -> None:
    agent = await joined()
    server.verdict = 403
    assert (await agent.check_in()).ended is not None
    assert not agent.device.is_enrolled


@pytest.mark.parametrize(("status", "verdict"), [(200, 401), (200, 407), (200, 500), (503, 212), (400, 212)])
async def test_other_refusals_change_nothing(server: Any, joined: Any, status: int, verdict: int) -> None:
    agent = await joined()
    server.status, server.verdict = status, verdict
    with pytest.raises(ServerRefused):
        await agent.check_in()
    assert agent.device.is_enrolled


async def test_trap_23_the_service_ends_the_enrolment_and_hears_an_alert_in_a_new_session(
    server: Any, joined: Any
) -> None:
    agent = await joined()
    server.script = [
        [root_add(server)],
        [server.words.execute("./Device/Vendor/MSFT/DMClient/Unenroll", "MS DM Server"), root_add(server)],
    ]
    done = await agent.check_in()
    assert [(one.text("SyncHdr/SessionID"), one.text("SyncHdr/MsgID")) for one in server.heard] == [
        ("1", "1"),
        ("1", "2"),
        ("2", "1"),
    ]
    assert server.heard[-1].alerts() == [("1201", ""), LOGIN, UNENROLL]
    assert server.heard[-1].root.findtext(".//{*}Alert[3]/{*}Item/{*}Data") == "1"
    assert done.ended == "the service ended the enrolment"
    assert agent.device.keystore.is_empty
    assert not agent.device.is_enrolled


async def test_trap_23_a_wipe_is_acknowledged_once_and_then_there_is_silence(server: Any, joined: Any) -> None:
    agent = await joined()
    agent.device.condition.reboots = 3
    server.script = [[server.words.execute("./Device/Vendor/MSFT/RemoteWipe/doWipe")], [root_add(server)]]
    done = await agent.check_in()
    assert server.heard[-1].statuses() == [("Exec", "200")]
    assert len(server.heard) == 2
    assert (done.ended, done.executed) == ("factory reset", ["doWipe"])
    assert agent.device.condition.reboots == 0
    assert agent.device.keystore.is_empty
    with pytest.raises(NotAllowedHere, match="factory reset"):
        await agent.check_in()


async def test_a_wipe_that_keeps_the_enrolment_starts_again_from_nothing(server: Any, joined: Any) -> None:
    agent = await joined()
    server.script = [
        [root_add(server)],
        [server.words.execute("./Device/Vendor/MSFT/RemoteWipe/doWipePersistUserData")],
    ]
    done = await agent.check_in()
    assert (done.ended, done.settled) == (None, False)
    assert agent.device.is_enrolled
    assert agent.device.keystore.is_empty
    server.script = [[server.words.get("./Device/Vendor/MSFT/RootCATrustedCertificates/Root")], [root_add(server)]]
    again = await agent.check_in()
    assert server.heard[-2].text("SyncBody/Results/Item/Data") == ""
    assert (again.settled, len(again.installed)) == (True, 1)


@pytest.mark.parametrize("platform", WINDOWS)
async def test_the_user_leaves_with_an_alert(server: Any, joined: Any, platform: Platform) -> None:
    agent = await joined(platform)
    assert await agent.unenroll() is None
    assert server.heard[-1].alerts() == [("1201", ""), LOGIN, UNENROLL]
    assert not agent.device.is_enrolled
    assert agent.device.ended == "the user disconnected the work account"


async def test_the_user_leaves_even_if_nobody_hears_it(server: Any, joined: Any) -> None:
    agent = await joined()
    server.status = 503
    assert "503" in str(await agent.unenroll())
    assert not agent.device.is_enrolled


async def test_a_wipe_that_was_accepted_happens_although_nobody_hears_so(server: Any, joined: Any) -> None:
    agent = await joined()
    server.script = [[server.words.execute("./Device/Vendor/MSFT/RemoteWipe/doWipe")]]
    server.hangs_up_after = 1
    assert (await agent.check_in()).ended == "factory reset"


async def test_a_certificate_that_ends_soon_is_renewed_by_the_old_one(server: Any, joined: Any, pki: Any) -> None:
    agent = await joined()
    before = server.identity
    ends = before.not_valid_after_utc
    freeze(agent, ends - timedelta(days=43))
    await agent.check_in()
    assert server.identity == before
    freeze(agent, ends - timedelta(days=20))
    done = await agent.check_in()
    assert done.refused == ()
    assert server.identity != before
    assert agent.enrollment.identity().certificate == server.identity
    assert server.heard[-1].signature.signer == server.identity


async def test_a_renewal_that_is_refused_does_not_end_the_conversation(server: Any, joined: Any) -> None:
    agent = await joined()
    held = server.identity
    freeze(agent, held.not_valid_after_utc)
    server.fault = ("s:EnrollmentServer", "NotEligibleToRenew", "too early")
    done = await agent.check_in()
    (refusal,) = done.refused
    assert "too early" in refusal.why
    assert done.settled
    assert agent.enrollment.identity().certificate == held


async def test_a_device_is_the_same_after_it_was_read_from_its_folder(
    server: Any, joined: Any, pki: Any, tmp_path: Path
) -> None:
    identity = pki.issue()
    blob = pkcs12.serialize_key_and_certificates(
        b"a", identity.key, identity.certificate, None, BestAvailableEncryption(b"secret")
    )
    device = Device.new("pc", platform=Platform.WINDOWS, folder=tmp_path)
    agent = await joined(device=device)
    node = f"./User/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall/{server.words.thumb(identity.certificate)}"
    server.script = [[root_add(server), server.words.atomic(*server.words.pfx(node, blob))]]
    assert len((await agent.check_in()).installed) == 2
    again = load_device(tmp_path)
    assert isinstance(agent_for(again, agent._transport), WindowsAgent)
    assert again.state == device.state
    assert again.keystore.document() == device.keystore.document()
    assert again.keystore.identity(server.words.thumb(identity.certificate)).certificate.public_bytes(
        Encoding.DER
    ) == identity.certificate.public_bytes(Encoding.DER)


async def test_an_answer_of_another_session_is_refused(server: Any, joined: Any) -> None:
    agent = await joined()
    server.session = "99"
    with pytest.raises(AnswerBroken, match="99"):
        await agent.check_in()


async def test_a_server_that_is_away_changes_nothing(server: Any, joined: Any) -> None:
    agent = await joined()
    server.hangs_up_after = 0
    with pytest.raises(ServerUnreachable):
        await agent.check_in()
    assert agent.device.is_enrolled
