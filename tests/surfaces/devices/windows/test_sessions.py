"""Windows devices are told what they shall hold, over OMA-DM, and the ledger follows what they answer."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.profiles import assignments
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.server.factory import Application
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.certificates import self_signed
from tests.support.clock import FixedClock
from tests.support.devices import windows_messages
from tests.support.devices.windows import Answer, Assign, Enroll, Ledger, Switch, held

MAIL = {"hostName": "mail.contoso.example", "accountName": "Work", "requireSsl": True}
ROOT = "windows81TrustedRootCertificate"


@pytest.fixture
async def everything(assign: Assign) -> list[str]:
    """A root, a PKCS certificate and an account, for Windows."""
    root = await assign(ROOT, destinationStore="computerCertStoreRoot")
    pkcs = await assign("windows10PkcsCertificateProfile", keyStorageProvider="useSoftwareKsp")
    return [root, pkcs, await assign("windows10EasEmailProfileConfiguration", **MAIL)]


async def states(ledger: Ledger, pc: Any) -> set[str]:
    return {each["state"] for each in (await ledger(pc)).values()}


@pytest.mark.parametrize("platform", ["windows", "windows10mobile"])
async def test_a_device_is_given_a_root_a_certificate_and_an_account(
    enroll: Enroll, everything: list[str], ledger: Ledger, platform: str
) -> None:
    pc = await enroll(platform)
    last = await pc.check_in()
    assert not last.commands
    assert last.is_final
    assert await states(ledger, pc) == {"installed"}
    _, pkcs, mail = everything
    assert {f"pkcs/{pkcs}", f"email/{mail}"} < set(await ledger(pc))
    assert len(held(pc, "/EncodedCertificate")) == len(held(pc, "/PFXCertBlob")) == len(held(pc, "/EmailAddress")) == 1
    result = len(pc.seen)
    # Nothing is new: one message, and statuses alone in its answer.
    pc.session += 1
    assert not (await pc.say(1, windows_messages.opening())).commands
    assert len(pc.seen) == result


@pytest.mark.parametrize("platform", ["windows", "windows10mobile"])
async def test_a_device_is_settled_after_few_messages(
    enroll: Enroll, assign: Assign, ledger: Ledger, platform: str, imported: Any
) -> None:
    await assign(ROOT, destinationStore="computerCertStoreRoot")
    await assign("windows10PkcsCertificateProfile", keyStorageProvider="useSoftwareKsp")
    await assign("windows10ImportedPFXCertificateProfile", intendedPurpose="smimeEncryption")
    pc = await enroll(platform)
    assert not (await pc.check_in()).commands
    assert await states(ledger, pc) == {"installed"}
    assert len(held(pc, "/PFXCertBlob")) == 2
    # The root, the imported file and all questions; the certificate that needs the root; statuses.
    assert len(pc.sizes) == 3


async def test_a_device_that_refuses_a_certificate_or_answers_half_is_settled_too(
    enroll: Enroll, everything: list[str], ledger: Ledger
) -> None:
    pc = await enroll()
    pc.refuses = {"./User/Vendor/MSFT/ClientCertificateInstall/": 500}
    assert not (await pc.check_in()).commands
    found = {key.partition("/")[0]: item["state"] for key, item in (await ledger(pc)).items()}
    assert found == {"root": "installed", "pkcs": "failed", "email": "installed"}
    half = await enroll()
    half.session += 1
    first = await half.say(1, windows_messages.opening())
    kept = [command for command in first.commands if command.name == "Add"]
    assert kept
    # It answers the installs only: the questions stay open, and are asked again in the next session.
    assert not (await half.say(2, half.obey(replace(first, commands=tuple(kept))))).commands
    assert not (await half.check_in()).commands
    assert await states(ledger, half) == {"installed"}


async def test_windows_phone_81_takes_its_own_kinds_in_its_own_tree(
    enroll: Enroll, assign: Assign, everything: list[str], ledger: Ledger
) -> None:
    await assign("windowsPhone81TrustedRootCertificate")
    mail = await assign("windowsPhoneEASEmailProfileConfiguration", **MAIL)
    phone = await enroll("windowsphone81")
    await phone.check_in(login=None)
    uris = [part.uri for command in phone.seen for part in (command, *command.parts) if part.uri]
    assert not [each for each in uris if each.startswith(("./User/", "./Device/"))]
    assert {key.partition("/")[0] for key in await ledger(phone)} == {"root", "email"}
    assert await states(ledger, phone) == {"installed"}
    assert held(phone, f"%7B{mail}%7D/AccountName")


async def test_a_desktop_takes_the_account_of_windows_phone_81_as_well(
    enroll: Enroll, assign: Assign, ledger: Ledger
) -> None:
    await assign("windowsPhoneEASEmailProfileConfiguration", **MAIL)
    pc = await enroll()
    await pc.check_in()
    assert await states(ledger, pc) == {"installed"}


async def test_what_is_no_longer_wanted_is_deleted(
    enroll: Enroll, everything: list[str], ledger: Ledger, emulator: Emulator, tenant: Tenant
) -> None:
    pc = await enroll()
    await pc.check_in()
    for profile in everything:
        await emulator.runner.run(tenant, assignments.assign, profile, targets=[])
    await pc.check_in()
    assert not held(pc, "/PFXCertBlob")
    assert not held(pc, "/EmailAddress")
    assert {each["state"] for key, each in (await ledger(pc)).items() if not key.startswith("root/")} == {"removed"}


async def test_what_the_user_deleted_is_given_again(
    enroll: Enroll, everything: list[str], ledger: Ledger, clock: FixedClock
) -> None:
    pc = await enroll()
    await pc.check_in()
    pc.tree.clear()
    clock.forward(days=8)
    await pc.check_in()
    await pc.check_in()
    assert await states(ledger, pc) == {"installed"}
    assert len(held(pc, "/EncodedCertificate")) == len(held(pc, "/PFXCertBlob")) == len(held(pc, "/EmailAddress")) == 1


async def test_a_renewed_certificate_takes_the_place_of_the_former_one(
    enroll: Enroll, everything: list[str], ledger: Ledger, clock: FixedClock
) -> None:
    pc = await enroll()
    await pc.check_in()
    (before,) = held(pc, "/PFXCertBlob")
    clock.forward(days=300)
    await pc.check_in()
    await pc.check_in()
    (after,) = held(pc, "/PFXCertBlob")
    assert before != after
    assert await states(ledger, pc) == {"installed"}


async def test_a_device_that_takes_little_is_told_in_more_messages(
    enroll: Enroll, everything: list[str], ledger: Ledger
) -> None:
    pc = await enroll(largest=9000)
    await pc.check_in()
    assert max(pc.sizes) <= 9000
    assert await states(ledger, pc) == {"installed"}
    small = await enroll(largest=2600)
    await small.check_in()
    assert max(small.sizes) <= 2600
    failed = (await ledger(small))[f"pkcs/{everything[1]}"]
    assert (failed["state"], failed["errorCode"]) == ("failed", -2016345699)
    assert "2600 bytes" in failed["error"]


async def test_a_session_that_stops_half_way_is_taken_up_by_the_next(
    enroll: Enroll, everything: list[str], ledger: Ledger
) -> None:
    pc = await enroll()
    for messages in range(4):
        await pc.check_in(messages=messages)
        if messages:
            # The device did the last it was told, and nobody heard of it.
            pc.session += 1
            pc.obey(await pc.say(1, windows_messages.opening()))
    await pc.check_in()
    await pc.check_in()
    assert await states(ledger, pc) == {"installed"}
    assert len(held(pc, "/PFXCertBlob")) == 1


async def test_a_message_that_is_sent_again_is_told_the_same_again(enroll: Enroll, everything: list[str]) -> None:
    pc = await enroll()
    pc.session += 1
    first = await pc.say(1, windows_messages.opening())
    again = await pc.say(1, windows_messages.opening())
    assert [command.uri for command in again.commands] == [command.uri for command in first.commands]
    second = await pc.say(2, pc.obey(again))
    lost = await pc.say(2, windows_messages.status(1, message=1, command="0", name="SyncHdr", code=200))
    assert [command.uri for command in lost.commands] == [command.uri for command in second.commands]


async def test_another_devices_session_is_none_of_ones_own(enroll: Enroll, everything: list[str]) -> None:
    first, second = await enroll(), await enroll()
    say = await first.say(1, windows_messages.opening(), session="7")
    refusals = "".join(
        windows_messages.status(2, message=1, command=command.id, name=command.name, code=500)
        for command in say.commands
    )
    answer = await second.say(2, refusals, session="7")
    # It begins a session by that: nothing that it says is an answer to anything that it was told.
    everybodys = [command.uri for command in say.commands if command.uri and not command.uri.startswith("./User/")]
    assert [command.uri for command in answer.commands] == everybodys
    assert answer.statuses["0"] == "212"
    assert not (await first.say(2, first.obey(say), session="7")).statuses.get("1")


async def test_a_device_that_needs_time_is_not_told_more(enroll: Enroll, everything: list[str]) -> None:
    pc = await enroll()
    pc.session += 1
    say = await pc.say(1, windows_messages.opening())
    busy = (
        "<Alert><CmdID>2</CmdID><Data>1224</Data><Item><Meta><Type xmlns='syncml:metinf'>Reversed-Domain-Name:com."
        "microsoft.mdm.requestpending</Type></Meta><Data>1</Data></Item></Alert>"
    )
    waiting = await pc.say(2, busy)
    assert (waiting.statuses, waiting.commands) == ({"0": "200", "2": "200"}, ())
    # The numbers are those of the message that it was told in.
    answer = pc.obey(say)
    assert (await pc.say(3, answer)).commands


async def test_a_session_that_the_device_breaks_off_is_over(enroll: Enroll, everything: list[str]) -> None:
    pc = await enroll()
    pc.session += 1
    await pc.say(1, windows_messages.opening())
    over = await pc.say(2, "<Alert><CmdID>2</CmdID><Data>1223</Data></Alert>")
    assert (over.statuses, over.commands) == ({"0": "200", "2": "200"}, ())


async def test_a_pushed_session_is_a_session(enroll: Enroll, everything: list[str]) -> None:
    pc = await enroll()
    pc.session += 1
    assert (await pc.say(1, windows_messages.opening(alert="1200"))).commands


@pytest.mark.parametrize(("edition", "stays"), [("2020-04", False), ("current", True)])
async def test_the_user_leaves_and_since_2022_the_record_stays_until_it_is_deleted(
    enroll: Enroll, switch: Switch, http: httpx.AsyncClient, app_token: str, *, edition: str, stays: bool
) -> None:
    await switch({"edition": edition})
    pc = await enroll()
    await pc.check_in()
    last = await pc.check_in(more=windows_messages.UNENROLLED)
    assert last.statuses["4"] == "200"
    url, caller = "/beta/deviceManagement/managedDevices", {"authorization": f"Bearer {app_token}"}
    entries = (await http.get(url, headers=caller)).json()["value"]
    assert len(entries) == stays
    for record in entries:
        for action in ("wipe", "retire", "syncDevice"):
            refused = await http.post(f"{url}/{record['id']}/{action}", headers=caller)
            assert (refused.status_code, "has unenrolled this device" in refused.text) == (400, True)
        assert (await http.delete(f"{url}/{record['id']}", headers=caller)).status_code == 204
    assert (await http.get(url, headers=caller)).json()["value"] == []
    assert (await pc.check_in()).statuses == {"0": "403"}


async def record(http: httpx.AsyncClient, app_token: str) -> dict[str, Any]:
    url = "/beta/deviceManagement/managedDevices"
    (found,) = (await http.get(url, headers={"authorization": f"Bearer {app_token}"})).json()["value"]
    return dict(found)


async def test_a_wipe_that_keeps_the_enrolment_gives_everything_anew(
    enroll: Enroll,
    everything: list[str],
    ledger: Ledger,
    emulator: Emulator,
    tenant: Tenant,
    http: httpx.AsyncClient,
    app_token: str,
) -> None:
    pc = await enroll()
    await pc.check_in()
    (before,) = held(pc, "/PFXCertBlob")
    device = (await record(http, app_token))["id"]
    await emulator.runner.run(tenant, device_actions.wipe, device, options={"keepEnrollmentData": True})
    pc.session += 1
    say = await pc.say(1, windows_messages.opening())
    assert say.commands[0].uri == "./Device/Vendor/MSFT/RemoteWipe/doWipePersistUserData"
    await pc.say(2, pc.obey(say))
    pc.tree.clear()
    for _ in range(3):
        await pc.check_in()
    assert await states(ledger, pc) == {"installed"}
    (after,) = held(pc, "/PFXCertBlob")
    assert before != after


@pytest.mark.parametrize(("code", "state"), [(500, "failed"), (405, "failed"), (406, "notSupported"), (202, None)])
async def test_a_wipe_that_the_device_refuses_has_failed(
    enroll: Enroll,
    emulator: Emulator,
    tenant: Tenant,
    http: httpx.AsyncClient,
    app_token: str,
    code: int,
    state: str | None,
) -> None:
    pc = await enroll()
    await pc.check_in()
    await emulator.runner.run(tenant, device_actions.wipe, (await record(http, app_token))["id"])
    pc.refuses = {"./Device/Vendor/MSFT/RemoteWipe/": code}
    await pc.check_in()
    if state is None:
        assert (await pc.check_in()).statuses == {"0": "403"}
    else:
        (result,) = (await record(http, app_token))["deviceActionResults"]
        assert (result["actionName"], result["actionState"]) == ("wipe", state)


async def test_facts_of_the_device_come_to_graph(enroll: Enroll, http: httpx.AsyncClient, app_token: str) -> None:
    pc = await enroll()
    pc.tree |= {
        "./DevDetail/SwV": "10.0.22631.1",
        "./DevDetail/Ext/Microsoft/DeviceName": "DESKTOP-OTHER",
        "./DevDetail/Ext/Microsoft/SMBIOSSerialNumber": "4711",
        "./DevInfo/Man": "Contoso",
        "./DevInfo/Mod": "Tablet 3",
    }
    await pc.check_in()
    result = await record(http, app_token)
    assert {name: result[name] for name in ("osVersion", "deviceName", "serialNumber", "manufacturer", "model")} == {
        "osVersion": "10.0.22631.1",
        "deviceName": "DESKTOP-OTHER",
        "serialNumber": "4711",
        "manufacturer": "Contoso",
        "model": "Tablet 3",
    }


@ON_BOTH_DATABASES
async def test_two_messages_at_once_are_served_one_after_the_other(
    enroll: Enroll, everything: list[str], ledger: Ledger
) -> None:
    pc = await enroll()
    answers = await asyncio.gather(*(pc.say(1, windows_messages.opening(), session=name) for name in ("a", "b", "c")))
    assert [answer.session for answer in answers] == ["a", "b", "c"]
    assert {len(answer.commands) for answer in answers} == {len(answers[0].commands)}
    await pc.check_in()
    assert await states(ledger, pc) == {"installed"}


# ------------------------------------------------------------------------------------------------------------ identity


async def test_a_certificate_of_the_connection_proves_the_device_as_well(
    enroll: Enroll, app: Application, everything: list[str]
) -> None:
    pc = await enroll()
    assert pc.certificate is not None
    der = pc.certificate.public_bytes(Encoding.DER)

    async def over_tls(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "extensions": {"tls": {"client_cert": der, "version": "TLSv1.3"}}}, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(over_tls)) as client:
        pc.http = client
        answer = await pc.post(windows_messages.sync("1", 1, windows_messages.opening(), source="anything"), sign=False)
    assert Answer.of(answer.content).commands


async def test_who_proves_nothing_or_with_another_body_is_refused(enroll: Enroll) -> None:
    pc = await enroll()
    body = windows_messages.sync("1", 1, windows_messages.opening(), source=pc.device_id)
    assert Answer.of((await pc.post(body, sign=False)).content).statuses == {"0": "407"}
    for signature in ("!", "MAA=", base64.b64encode(pc.sign(body + b" ")).decode()):
        answer = await pc.http.post(pc.management, content=body, headers={"mdm-signature": signature})
        assert (answer.status_code, Answer.of(answer.content).statuses) == (200, {"0": "401"})


async def test_a_device_of_another_tenant_and_one_of_nobody_are_refused(
    enroll: Enroll, http: httpx.AsyncClient, keys: Iterator[rsa.RSAPrivateKey]
) -> None:
    answer = await http.post("/_fauxtune/v1/tenants", json={"name": "fabrikam"})
    assert answer.status_code == 201
    pc = await enroll()
    mine = pc.management
    pc.management = f"/mdm/{answer.json()['id']}/windows/ManagementServer/MDM.svc"
    assert (await pc.check_in()).statuses == {"0": "401"}
    pc.management = "/ManagementServer/MDM.svc?mode=Maintenance&Platform=WoA"
    assert (await pc.check_in()).statuses["0"] in ("200", "212")
    pc.management = mine
    pc.key = next(keys)
    pc.certificate = self_signed(pc.key)
    assert (await pc.check_in()).statuses == {"0": "401"}


async def test_an_identity_that_is_over_by_its_date_is_refused(enroll: Enroll, clock: FixedClock) -> None:
    pc = await enroll()
    clock.forward(days=3651)
    assert (await pc.check_in()).statuses == {"0": "401"}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<Juggle><CmdID>2</CmdID></Juggle>",
        "<Atomic><CmdID>2</CmdID><Get><CmdID>3</CmdID></Get><Atomic><CmdID>4</CmdID></Atomic></Atomic>",
        "<Status/><Results/><Alert/><Replace/>",
        "<Status><MsgRef>1</MsgRef><CmdRef>x</CmdRef><Data>-1</Data></Status>",
        "<Alert><CmdID>2</CmdID><Data>1226</Data></Alert>",
        "<Alert><CmdID>2</CmdID><Data>1226</Data><Item><Meta><Type>com.other</Type></Meta></Item></Alert>",
        "<Alert><CmdID>9999999999999999999999</CmdID><Data>1201</Data></Alert>",
    ],
)
async def test_odd_messages_are_answered_and_end_nothing(enroll: Enroll, everything: list[str], body: str) -> None:
    pc = await enroll()
    pc.session += 1
    answer = await pc.say(1, body)
    assert answer.is_final
    await pc.check_in()
    assert (await pc.check_in()).statuses["0"] == "212"
