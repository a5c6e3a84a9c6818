"""What writers of Windows management servers get wrong, one test each. The numbers are those of the list of traps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from fauxtune.core.model.ids import ManagedDeviceId
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.server.factory import Application
from tests.support.clock import FixedClock
from tests.support.devices import windows_messages
from tests.support.devices.windows import ALICE, PASSWORD, Assign, Enroll, Ledger, Switch, WindowsDevice, anywhere, held

pytestmark = pytest.mark.both_in_soak

PATH = "/mdm/contoso/windows/EnrollmentServer"
SECURITY = windows_messages.by_password(ALICE, PASSWORD)
IDENTITIES = "./User/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall"


@pytest.fixture
async def software_key(assign: Assign) -> str:
    """A PKCS profile with a software key, and the root that it needs."""
    await assign("windows81TrustedRootCertificate", destinationStore="computerCertStoreRoot")
    return await assign("windows10PkcsCertificateProfile", keyStorageProvider="useSoftwareKsp")


@pytest.fixture
def pc(http: httpx.AsyncClient, keys: Iterator[rsa.RSAPrivateKey]) -> WindowsDevice:
    """A device that has not enrolled yet."""
    return WindowsDevice(http, next(keys))


async def test_trap_16_answers_have_a_length_are_never_chunked_and_the_probe_is_answered(
    http: httpx.AsyncClient, enroll: Enroll
) -> None:
    probes = [await http.get(path) for path in (f"{PATH}/Discovery.svc", "/EnrollmentServer/Discovery.svc")]
    pc = await enroll()
    answers = [
        *probes,
        await http.post(f"{PATH}/Discovery.svc", content=windows_messages.discover()),
        await http.post(f"{PATH}/Policy.svc", content=windows_messages.get_policies(SECURITY)),
        await http.post(f"{PATH}/Policy.svc", content=windows_messages.get_policies("")),
        await pc.enroll(SECURITY),
        await pc.post(windows_messages.sync("1", 1, windows_messages.opening(), source="D")),
    ]
    for answer in answers:
        assert answer.headers["content-length"] == str(len(answer.content))
        assert "transfer-encoding" not in answer.headers
    assert [(probe.status_code, probe.content) for probe in probes] == [(200, b"")] * 2


async def test_trap_17_the_answer_relates_to_the_request_and_values_are_padded_broken_and_repeated(
    pc: WindowsDevice,
) -> None:
    # The requests of these tests have a padded MessageID, a certificate request in lines, padded values and two MACs.
    answer = await pc.enroll(SECURITY)
    assert answer.status_code == 200, answer.text
    root = ElementTree.fromstring(answer.content)
    assert anywhere(root, "RelatesTo").text == windows_messages.MESSAGE_ID
    assert pc.parameters("EntDeviceName") == ["DESKTOP-TEST"]


async def test_trap_18_a_private_extension_a_request_that_all_devices_share_and_an_empty_address(
    http: httpx.AsyncClient, keys: Iterator[rsa.RSAPrivateKey], switch: Switch
) -> None:
    await switch({"windows.rootPaths": True})
    answer = await http.post("/EnrollmentServer/Discovery.svc", content=windows_messages.discover(""))
    assert b"DiscoverResult" in answer.content
    shared = next(keys)
    first, second = WindowsDevice(http, shared), WindowsDevice(http, shared)
    for windows_device in (first, second):
        assert (await windows_device.enroll(SECURITY)).status_code == 200
    assert first.enrollment_id != second.enrollment_id
    for windows_device in (first, second):
        assert (await windows_device.check_in()).statuses["0"] == "200"


async def test_trap_19_the_default_encoding_is_xml(enroll: Enroll) -> None:
    pc = await enroll()
    assert pc.parameters("DEFAULTENCODING") == ["application/vnd.syncml.dm+xml"]


@pytest.mark.parametrize("session", ["1", "007", "1F", "{a b}", "&<>"])
async def test_trap_20_a_session_is_called_as_the_device_calls_it(enroll: Enroll, session: str) -> None:
    pc = await enroll()
    named = session.replace("&", "&amp;").replace("<", "&lt;")
    assert (await pc.say(1, windows_messages.opening(), session=named)).session == session


async def test_trap_20_statuses_are_attributed_by_message_and_number_across_requests_and_a_restart(
    enroll: Enroll, software_key: str, ledger: Ledger, emulator: Emulator
) -> None:
    pc = await enroll()
    pc.session += 1
    answer, number = await pc.say(1, windows_messages.opening()), 1
    while answer.commands:
        # Another application over the same database: all that it knows of the session is what was kept.
        transport = httpx.ASGITransport(Application(emulator))
        pc.http = httpx.AsyncClient(transport=transport, base_url="https://localhost:8443")
        number += 1
        # Statuses for a command of the first message under a number of another are of no command at all.
        stray = windows_messages.status(90, message=number + 7, command=answer.commands[0].id, name="Add", code=500)
        stray += windows_messages.status(91, message=number - 1, command="4711", name="Add", code=500)
        answer = await pc.say(number, stray + pc.obey(answer))
    items = await ledger(pc)
    assert items[f"pkcs/{software_key}"]["state"] == "installed"
    assert {item["state"] for item in items.values()} == {"installed"}


async def test_trap_21_a_pfx_file_goes_into_one_atomic_behind_a_delete(enroll: Enroll, software_key: str) -> None:
    pc = await enroll()
    await pc.check_in()
    order = [command for command in pc.seen if command.name == "Atomic" or command.uri.startswith(f"{IDENTITIES}/")]
    assert [command.name for command in order] == ["Delete", "Atomic", "Get"]
    delete, atomic, _ = order
    assert {part.name for part in atomic.parts} == {"Add"}
    assert {part.uri.rpartition("/")[0] for part in atomic.parts} == {delete.uri}
    assert len(pc.opened) == 1


@pytest.mark.parametrize(
    ("edition", "provider", "location", "exportable"),
    [
        ("2020-04", "useSoftwareKsp", "3", "true"),
        ("2020-04", "useTpmKspOtherwiseUseSoftwareKsp", "2", "false"),
        ("current", "useSoftwareKsp", "3", "false"),
        ("current", "useTpmKspOtherwiseUseSoftwareKsp", "2", "false"),
    ],
)
async def test_trap_21_a_key_is_exportable_only_in_software_and_only_in_2020(
    enroll: Enroll,
    assign: Assign,
    switch: Switch,
    *,
    edition: str,
    provider: str,
    location: str,
    exportable: str,
) -> None:
    await switch({"edition": edition})
    await assign("windows81TrustedRootCertificate", destinationStore="computerCertStoreRoot")
    await assign("windows10PkcsCertificateProfile", keyStorageProvider=provider)
    pc = await enroll()
    await pc.check_in()
    assert list(held(pc, "/PFXKeyExportable").values()) == [exportable]
    assert list(held(pc, "/KeyLocation").values()) == [location]


async def test_trap_21_a_failed_part_is_the_error_and_heals_at_a_later_session(
    enroll: Enroll, software_key: str, ledger: Ledger, clock: FixedClock
) -> None:
    pc = await enroll()
    key = f"pkcs/{software_key}"
    pc.refuses = {f"{IDENTITIES}/": 500}
    await pc.check_in()
    failed = (await ledger(pc))[key]
    assert (failed["state"], failed["errorCode"]) == ("failed", -2016345612)
    assert "SyncML status 500" in failed["error"]
    assert not held(pc, "/PFXCertBlob")
    pc.refuses = {}
    clock.forward(days=8)
    await pc.check_in()
    assert (await ledger(pc))[key]["state"] == "installed"


async def test_trap_22_the_users_nodes_are_told_only_while_the_user_is_there(
    enroll: Enroll, software_key: str, ledger: Ledger
) -> None:
    pc = await enroll()
    for login in ("none", "others", None):
        await pc.check_in(login=login)
    assert pc.seen
    assert not [command for command in pc.seen for one in (command, *command.parts) if one.uri.startswith("./User/")]
    assert (await ledger(pc))[f"pkcs/{software_key}"]["state"] in ("wanted", "sent")
    await pc.check_in(login="user")
    await pc.check_in(login="user")
    assert (await ledger(pc))[f"pkcs/{software_key}"]["state"] == "installed"
    roots = [command.uri for command in pc.seen if "/RootCATrustedCertificates/Root" in command.uri]
    assert roots
    assert all(root.startswith("./Device/") for root in roots)


@pytest.mark.parametrize("action", ["retire", "delete"])
async def test_trap_23_unenroll_is_never_acknowledged_and_the_alert_is_the_proof(
    enroll: Enroll, emulator: Emulator, tenant: Tenant, http: httpx.AsyncClient, app_token: str, action: str
) -> None:
    pc = await enroll()
    await pc.check_in()
    await emulator.runner.run(tenant, getattr(device_actions, action), await record_of(http, app_token))
    pc.session += 1
    say = await pc.say(1, windows_messages.opening())
    assert [(command.uri, command.data) for command in say.commands] == [
        ("./Device/Vendor/MSFT/DMClient/Unenroll", "MS DM Server")
    ]
    # The session was broken off; the next begins with the alert. Had nothing come, it would be told again.
    pc.session += 1
    assert [command.uri for command in (await pc.say(1, windows_messages.opening())).commands] == [say.commands[0].uri]
    pc.session += 1
    last = await pc.say(1, windows_messages.opening(more=windows_messages.UNENROLLED))
    assert (last.statuses["0"], last.statuses["4"], last.commands) == ("212", "200", ())
    assert "retired" in await events(http) if action == "retire" else "deleted" in await events(http)
    pc.session += 1
    assert (await pc.say(1, windows_messages.opening())).statuses == {"0": "403"}


async def test_trap_23_a_wipe_is_acknowledged_once_and_then_there_is_silence(
    enroll: Enroll, emulator: Emulator, tenant: Tenant, http: httpx.AsyncClient, app_token: str
) -> None:
    pc = await enroll()
    await pc.check_in()
    await emulator.runner.run(tenant, device_actions.wipe, ManagedDeviceId(await record_of(http, app_token)))
    pc.session += 1
    say = await pc.say(1, windows_messages.opening())
    assert [command.uri for command in say.commands] == ["./Device/Vendor/MSFT/RemoteWipe/doWipe"]
    last = await pc.say(2, pc.obey(say))
    assert (last.statuses["0"], last.commands) == ("200", ())
    assert "wiped" in await events(http)
    assert (await pc.say(1, windows_messages.opening())).statuses == {"0": "403"}


async def test_trap_24_accounts_have_encoded_braces_and_are_deleted_before_they_are_added_again(
    enroll: Enroll, assign: Assign
) -> None:
    mail = await assign("windows10EasEmailProfileConfiguration", hostName="mail.contoso.example")
    pc = await enroll()
    await pc.check_in()
    node = f"./User/Vendor/MSFT/ActiveSync/Accounts/%7B{mail}%7D"
    result = [
        command
        for command in pc.seen
        if command.uri == node or any(part.uri.startswith(node) for part in command.parts)
    ]
    assert [command.name for command in result] == ["Delete", "Atomic"]
    assert not [part for command in result for part in command.parts if "{" in part.uri]


async def test_trap_25_names_are_local_and_a_document_type_is_refused(enroll: Enroll) -> None:
    pc = await enroll()
    body = (
        windows_messages.opening()
        .replace("syncml:metinf", "syncml:metinfo")
        .replace("<Alert>", "<Alert xmlns='urn:other'>")
    )
    answer = await pc.post(windows_messages.sync("1", 1, body, source=pc.device_id))
    assert answer.status_code == 200
    root = ElementTree.fromstring(answer.content)
    assert root.tag == "{SYNCML:SYNCML1.2}SyncML"
    evil = (
        b'<!DOCTYPE SyncML [<!ENTITY a "b">]>'
        + windows_messages.sync("1", 1, windows_messages.opening(), source="&a;")[38:]
    )
    for document in (evil, b"<SyncML>", b"", b"\x02\x00\x00\x6a"):
        assert (await pc.post(document)).status_code == 400


async def record_of(http: httpx.AsyncClient, app_token: str) -> str:
    """Graph's id of the one device."""
    url = "/beta/deviceManagement/managedDevices"
    answer = await http.get(url, headers={"authorization": f"Bearer {app_token}"})
    (found,) = answer.json()["value"]
    return str(found["id"])


async def events(http: httpx.AsyncClient) -> list[str]:
    """What the journal says happened."""
    answer = await http.get("/_fauxtune/v1/tenants/contoso/journal")
    result: list[dict[str, Any]] = answer.json()["events"]
    return [each["type"] for each in result]
