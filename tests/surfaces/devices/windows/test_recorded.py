"""What a refused Windows device sent is on record, with the reason, though its session is refused with status 200."""

from __future__ import annotations

import json

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.devices import windows_messages
from tests.support.devices.windows import ALICE, Enroll, WindowsDevice
from tests.support.wire import recorded, whole


async def test_a_refused_session_says_why_though_its_status_is_200(http: httpx.AsyncClient, enroll: Enroll) -> None:
    pc = await enroll()
    await pc.check_in()
    (enrolment,) = await recorded(http, text="RequestSecurityToken", surface="windows")
    body = windows_messages.sync("9", 1, windows_messages.opening(), source="a device to find")
    answer = await pc.post(body, sign=False)
    assert answer.status_code == 200
    (exchange,) = await recorded(http, status="error")
    assert (exchange["status"], exchange["surface"]) == (200, "devices/windows")
    assert exchange["refusal"].startswith("The device has sent no proof of identity")
    assert "a device to find" in json.dumps((await whole(http, exchange))["request"])
    ids = {each["caller"]["device"] for each in await recorded(http, text="MDM.svc", status="2xx")} - {None}
    assert ids == {enrolment["caller"]["device"]} == {pc.enrollment_id}


async def test_a_refused_enrolment_has_its_fault_and_no_password(
    http: httpx.AsyncClient, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    pc = WindowsDevice(http, raw_rsa_keys[0])
    answer = await pc.enroll(windows_messages.by_password(ALICE, "a-wrong-password"))
    assert answer.status_code == 500
    exchange = (await recorded(http, status="5xx"))[-1]
    assert (exchange["surface"], bool(exchange["refusal"])) == ("devices/windows", True)
    document = json.dumps(await whole(http, exchange))
    assert ALICE in document
    assert "a-wrong-password" not in document
