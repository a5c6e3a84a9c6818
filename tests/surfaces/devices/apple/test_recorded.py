"""What a refused Apple device sent is on record, with the reason, under the device if that is known."""

from __future__ import annotations

import json
import plistlib

from tests.support.apple_tenant import BASE, AppleTenant
from tests.support.wire import all_parts, recorded, whole


async def test_a_device_that_is_no_longer_managed_is_named(contoso: AppleTenant) -> None:
    device = await contoso.enrolled_fleet()
    row = await contoso.row(device)
    await device.check_out()
    body = plistlib.dumps({"UDID": device.udid, "Status": "Idle"})
    answer = await contoso.http.put(f"{BASE}/server", content=body, headers={"Mdm-Signature": device.signature(body)})
    assert answer.status_code == 403
    (exchange,) = await recorded(contoso.http, device=row.id, status="error")
    assert exchange["surface"] == "devices/apple"
    assert exchange["refusal"] == f"The enrolment of the device '{row.id}' has ended (unenroll)."
    assert exchange["caller"]["userPrincipalName"] == "alice@contoso.example"
    document = await whole(contoso.http, exchange)
    assert device.udid in json.dumps(list(all_parts(document["request"]["parts"])))
    # Its messages before were those of the device, too.
    assert len(await recorded(contoso.http, device=row.id, status="200")) == 2  # TokenUpdate, CheckOut


async def test_a_message_without_an_identity_is_there_with_the_reason(contoso: AppleTenant) -> None:
    body = plistlib.dumps({"MessageType": "Authenticate", "UDID": "a-udid-to-find"})
    answer = await contoso.http.put(f"{BASE}/checkin", content=body)
    assert answer.status_code == 400
    (exchange,) = await recorded(contoso.http, surface="apple", status="400")
    assert exchange["refusal"].startswith("The request brings no identity")
    assert exchange["caller"]["device"] is None
    assert "a-udid-to-find" in json.dumps((await whole(contoso.http, exchange))["request"])


async def test_the_challenge_of_an_enrolment_is_not_shown(contoso: AppleTenant) -> None:
    profile = await contoso.enrollment_profile()
    (exchange,) = await recorded(contoso.http, text="/apple/enroll")
    challenges = [
        payload["PayloadContent"]["Challenge"]
        for payload in plistlib.loads(profile)["PayloadContent"]
        if payload["PayloadType"] == "com.apple.security.scep"
    ]
    document = json.dumps([exchange, await whole(contoso.http, exchange)])
    assert challenges
    assert not [challenge for challenge in challenges if challenge in document]
