"""A PC at which nobody is logged in: the device's items are concluded, the user's wait for the user.

Microsoft: "Enterprise settings and policy management" (LoginStatus alert). Some clients never send the alert.
"""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.clock import FixedClock
from tests.support.devices import windows_messages
from tests.support.devices.windows import Answer, Assign, Enroll, Json, Ledger, WindowsDevice

ROOT = "windows81TrustedRootCertificate"
FACTS = {
    "./DevInfo/Man": "Contoso",
    "./DevInfo/Mod": "Tablet 3",
    "./DevDetail/Ext/Microsoft/SMBIOSSerialNumber": "4711",
}


async def record(http: httpx.AsyncClient, app_token: str) -> Json:
    url = "/beta/deviceManagement/managedDevices"
    answer = await http.get(url, headers={"authorization": f"Bearer {app_token}"})
    (found,) = answer.json()["value"]
    return dict(found)


async def is_settled(http: httpx.AsyncClient, pc: WindowsDevice) -> bool:
    answer = await http.get(f"/_fauxtune/v1/tenants/contoso/devices/{pc.enrollment_id}")
    return bool(answer.json()["settled"])


def states(items: dict[str, Json]) -> dict[str, str]:
    """By the first part of their keys."""
    return {key.partition("/")[0]: item["state"] for key, item in items.items()}


@pytest.mark.parametrize("login", ["none", "others", None])
async def test_a_pc_at_which_nobody_is_logged_in_concludes_its_inventory_and_settles(
    enroll: Enroll, assign: Assign, ledger: Ledger, http: httpx.AsyncClient, app_token: str, login: str | None
) -> None:
    await assign(ROOT, destinationStore="computerCertStoreRoot")
    pc = await enroll()
    pc.tree |= FACTS
    assert not (await pc.check_in(login=login)).commands
    assert states(await ledger(pc)) == {"root": "installed"}
    result = await record(http, app_token)
    assert (result["model"], result["serialNumber"]) == ("Tablet 3", "4711")
    assert result["usersLoggedOn"] == []
    assert await is_settled(http, pc)
    answer = len(pc.seen)
    assert not (await pc.check_in(login=login)).commands
    assert len(pc.seen) == answer, "nothing is asked or told a second time"


async def test_who_is_logged_in_when_the_pc_is_asked_is_shown_with_the_moment(
    enroll: Enroll, http: httpx.AsyncClient, app_token: str, clock: FixedClock
) -> None:
    pc = await enroll()
    pc.tree |= FACTS
    await pc.check_in(login="user")
    first = await record(http, app_token)
    (user,) = first["usersLoggedOn"]
    assert user["userId"] == first["userId"]
    clock.forward(minutes=5)
    await pc.check_in(login="user")
    assert (await record(http, app_token))["usersLoggedOn"] == [user], "it was not asked"
    url = f"/beta/deviceManagement/managedDevices/{first['id']}/syncDevice"
    (await http.post(url, headers={"authorization": f"Bearer {app_token}"})).raise_for_status()
    await pc.check_in(login="user")
    (later,) = (await record(http, app_token))["usersLoggedOn"]
    assert (later["userId"], later["lastLogOnDateTime"] > user["lastLogOnDateTime"]) == (first["userId"], True)


async def test_what_is_the_users_waits_for_the_log_in_and_the_devices_questions_are_not_asked_again(
    enroll: Enroll, assign: Assign, ledger: Ledger, http: httpx.AsyncClient
) -> None:
    await assign(ROOT, destinationStore="computerCertStoreRoot")
    await assign("windows10PkcsCertificateProfile", keyStorageProvider="useSoftwareKsp")
    pc = await enroll()
    for _ in range(3):
        assert not (await pc.check_in(login=None)).commands
    assert states(await ledger(pc)) == {"root": "installed", "pkcs": "sent"}
    uris = [command.uri for command in pc.seen if command.name == "Get"]
    assert len(uris) == len(set(uris))
    assert not any(uri.startswith("./User/") for uri in uris)
    assert not await is_settled(http, pc)
    await pc.check_in(login="user")
    assert set(states(await ledger(pc)).values()) == {"installed"}
    assert await is_settled(http, pc)


async def test_an_inventory_without_the_user_says_nothing_of_what_the_user_holds(
    enroll: Enroll, assign: Assign, ledger: Ledger, clock: FixedClock
) -> None:
    await assign(ROOT, destinationStore="computerCertStoreRoot")
    await assign("windows10PkcsCertificateProfile", keyStorageProvider="useSoftwareKsp")
    pc = await enroll()
    await pc.check_in()
    await pc.check_in()
    assert set(states(await ledger(pc)).values()) == {"installed"}
    pc.tree.clear()
    clock.forward(days=8)
    result = len(pc.seen)
    await pc.check_in(login="none")
    assert [command.name for command in pc.seen[result:] if "/Root/" in command.uri] == ["Add"], "its root was missed"
    assert states(await ledger(pc)) == {"root": "installed", "pkcs": "installed"}
    await pc.check_in(login="user")
    assert [command for command in pc.seen[result:] if command.name == "Atomic"], (
        "its certificate is missed once the user is there"
    )
    assert set(states(await ledger(pc)).values()) == {"installed"}


async def stay(pc: WindowsDevice) -> None:
    """Wait for pushes, and come to each with nobody logged in."""
    after = 0
    while True:
        answer = await pc.http.get(pc.parameters("PFN")[0], params={"after": after, "wait": 10})
        push = answer.json()
        after = push["seq"]
        if push["push"] is not None:
            await pc.check_in(login="none")


@ON_BOTH_DATABASES
async def test_settling_does_not_wait_for_a_user_who_is_not_there_and_says_so(
    enroll: Enroll, assign: Assign, http: httpx.AsyncClient
) -> None:
    await assign(ROOT, destinationStore="computerCertStoreRoot")
    pkcs = await assign("windows10PkcsCertificateProfile", keyStorageProvider="useSoftwareKsp")
    pc = await enroll()
    staying = asyncio.create_task(stay(pc))
    try:
        async with asyncio.timeout(30):
            settled = await http.post("/_fauxtune/v1/tenants/contoso/settle", json={"timeout": 60}, timeout=60)
    finally:
        staying.cancel()
    (waiting,) = settled.json()["waiting"]
    assert f"pkcs/{pkcs} until its user is there" in waiting["why"]
    assert "not connected" not in waiting["why"]


@pytest.mark.parametrize("said", ["user", None])
async def test_a_client_that_answers_every_question_with_a_status_alone_cannot_tell_and_is_believed(
    enroll: Enroll, assign: Assign, ledger: Ledger, said: str | None
) -> None:
    """Status 200 to a Get and no Results, as Fleet's load test does it."""
    await assign(ROOT, destinationStore="computerCertStoreRoot")
    await assign("windows10PkcsCertificateProfile", keyStorageProvider="useSoftwareKsp")
    pc = await enroll()
    for _ in range(2):
        pc.session += 1
        answer = await pc.say(1, windows_messages.opening(login=said))
        for number in range(2, 20):
            if not answer.commands:
                break
            answer = await pc.say(number, _all_well(answer))
        assert not answer.commands
    everything = {"root": "installed", "pkcs": "installed"}
    assert states(await ledger(pc)) == (everything if said else everything | {"pkcs": "sent"})


def _all_well(answer: Answer) -> str:
    number, reference = 1, int(answer.number)
    body = windows_messages.status(number, message=reference, command="0", name="SyncHdr", code=200)
    for told in answer.commands:
        for part in (told, *told.parts):
            number += 1
            body += windows_messages.status(number, message=reference, command=part.id, name=part.name, code=200)
    return body
