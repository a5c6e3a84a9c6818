"""Graph: what an administrator asks of one device, from the request to the device's answer."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fauxtune.core.errors import NotFound
from fauxtune.core.graph.device_actions import FORMS
from fauxtune.core.model.actions import DeviceAction
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.devices import available_actions
from fauxtune.operations.runtime.emulator import Emulator
from tests.support.clock import FixedClock
from tests.support.graph import ABSENT, DEVICES, error_code, error_message, id_of_user
from tests.surfaces.graph.conftest import Enroll

Json = dict[str, Any]
OWNED = "fully-managed"
NOTE = {"notificationTitle": "Lunch", "notificationBody": "Soup"}


async def _record(graph: httpx.AsyncClient, device: str) -> Json:
    answer = await graph.get(f"{DEVICES}/{device}")
    assert answer.status_code == 200, answer.text
    document: Json = answer.json()
    return document


async def _results(graph: httpx.AsyncClient, device: str) -> dict[str, Json]:
    record = await _record(graph, device)
    return {result["actionName"]: result for result in record["deviceActionResults"]}


async def _ask(graph: httpx.AsyncClient, device: str, action: str, body: Json | None = None) -> None:
    answer = await graph.post(f"{DEVICES}/{device}/{action}", json=body)
    assert (answer.status_code, answer.content) == (204, b""), answer.text


@pytest.mark.parametrize(
    ("action", "body", "command"),
    [
        ("remoteLock", None, {"type": "LOCK"}),
        ("rebootNow", {}, {"type": "REBOOT"}),
        ("playLostModeSound", {"durationInMinutes": "3"}, {"type": "PLAY_SOUND", "soundDuration": "180s"}),
        ("playLostModeSound", {}, {"type": "PLAY_SOUND", "soundDuration": "60s"}),
        ("setDeviceName", {"deviceName": "Desk 1"}, {"type": "SET_DEVICE_NAME", "deviceName": "Desk 1"}),
        (
            "sendCustomNotificationToCompanyPortal",
            NOTE,
            {"type": "SHOW_NOTIFICATION", "notification": {"title": "Lunch", "body": "Soup"}},
        ),
    ],
)
async def test_an_action_travels_to_the_device_and_its_states_are_shown(
    beta: httpx.AsyncClient, enroll: Enroll, clock: FixedClock, action: str, body: Json | None, command: Json
) -> None:
    phone = await enroll("alice", mode="work-profile" if body == NOTE else OWNED)
    await phone.settle()
    await _ask(beta, phone.managed_device_id, action, body)
    (pending,) = (await _results(beta, phone.managed_device_id)).values()
    assert (pending["actionName"], pending["actionState"]) == (action, "pending")
    assert pending["startDateTime"] == pending["lastUpdatedDateTime"] == "2026-11-24T10:00:00Z"
    clock.forward(minutes=1)
    assert (await phone.check_in()).operations == 1
    assert (await _results(beta, phone.managed_device_id))[action]["actionState"] == "active"
    # A device that lost the first answer is told again.
    assert (await phone.check_in()).operations == 1
    clock.forward(minutes=1)
    (operation,) = await phone.obey()
    assert {name: operation["metadata"][name] for name in command} == command
    done = (await _results(beta, phone.managed_device_id))[action]
    assert (done["actionState"], done["startDateTime"]) == ("done", "2026-11-24T10:00:00Z")
    assert done["lastUpdatedDateTime"] == "2026-11-24T10:02:00Z"
    assert (await phone.check_in()).operations == 0
    assert (await _record(beta, phone.managed_device_id))["managementState"] == "managed"


async def test_plain_results_carry_no_type_and_the_others_do(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll("alice", mode=OWNED)
    for action in ("rebootNow", "locateDevice", "remoteLock"):
        await _ask(beta, phone.managed_device_id, action)
    results = await _results(beta, phone.managed_device_id)
    assert set(results["rebootNow"]) == {"actionName", "actionState", "startDateTime", "lastUpdatedDateTime"}
    assert results["locateDevice"]["@odata.type"] == "#microsoft.graph.locateDeviceActionResult"
    assert results["locateDevice"]["deviceLocation"] is None
    assert results["remoteLock"]["unlockPin"] is None


async def test_a_new_passcode_is_told_to_the_device_and_then_to_the_administrator(
    beta: httpx.AsyncClient, v1: httpx.AsyncClient, enroll: Enroll
) -> None:
    phone = await enroll("alice")
    await _ask(v1, phone.managed_device_id, "resetPasscode")
    assert (await _results(beta, phone.managed_device_id))["resetPasscode"]["passcode"] is None
    (operation,) = await phone.obey()
    passcode = operation["metadata"]["newPassword"]
    assert (operation["metadata"]["type"], len(passcode)) == ("RESET_PASSWORD", 8)
    result = (await _results(beta, phone.managed_device_id))["resetPasscode"]
    assert result["@odata.type"] == "#microsoft.graph.resetPasscodeActionResult"
    assert (result["passcode"], result["errorCode"]) == (passcode, 0)
    assert (await _results(v1, phone.managed_device_id))["resetPasscode"]["errorCode"] == 0


async def test_a_device_says_where_it_is(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll("alice", mode=OWNED)
    await _ask(beta, phone.managed_device_id, "locateDevice")
    await phone.obey(response={"location": {"latitude": 47.5, "longitude": -122.25, "altitude": 12}})
    assert (await _results(beta, phone.managed_device_id))["locateDevice"]["deviceLocation"] == {
        "lastCollectedDateTime": "2026-11-24T10:00:00Z",
        "longitude": -122.25,
        "latitude": 47.5,
        "altitude": 12.0,
        "horizontalAccuracy": 0.0,
        "verticalAccuracy": 0.0,
        "heading": 0.0,
        "speed": 0.0,
    }


async def test_lost_mode_is_for_supervised_ios_devices_and_no_android_device_is_asked(
    beta: httpx.AsyncClient, enroll: Enroll
) -> None:
    phone = await enroll("alice", mode=OWNED)
    for action in ("enableLostMode", "disableLostMode"):
        answer = await beta.post(f"{DEVICES}/{phone.managed_device_id}/{action}", json={})
        assert (answer.status_code, "supervised iOS" in error_message(answer)) == (400, True), answer.text
    assert (await phone.check_in()).operations == 0
    assert (await _record(beta, phone.managed_device_id))["lostModeState"] == "disabled"


async def test_a_new_name_shows_once_the_device_has_it(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll("alice", mode=OWNED)
    before = (await _record(beta, phone.managed_device_id))["deviceName"]
    await _ask(beta, phone.managed_device_id, "setDeviceName", {"deviceName": "Desk 1"})
    assert (await _record(beta, phone.managed_device_id))["deviceName"] == before
    await phone.obey()
    record = await _record(beta, phone.managed_device_id)
    assert record["deviceName"] == "Desk 1"
    entries = (await beta.get(DEVICES, params={"$filter": "deviceName eq 'Desk 1'"})).json()["value"]
    assert [entry["id"] for entry in entries] == [phone.managed_device_id]
    (entra,) = (await beta.get("/devices", params={"$filter": "displayName eq 'Desk 1'"})).json()["value"]
    assert entra["deviceId"] == record["azureADDeviceId"]


@pytest.mark.parametrize(("error", "state"), [({"code": 9, "message": "no"}, "failed"), ({"code": 12}, "notSupported")])
async def test_a_device_that_cannot_says_so(beta: httpx.AsyncClient, enroll: Enroll, error: Json, state: str) -> None:
    phone = await enroll("alice", mode=OWNED)
    await _ask(beta, phone.managed_device_id, "setDeviceName", {"deviceName": "Desk 1"})
    await phone.obey(error=error)
    assert (await _results(beta, phone.managed_device_id))["setDeviceName"]["actionState"] == state
    assert (await _record(beta, phone.managed_device_id))["deviceName"] != "Desk 1"
    assert (await phone.check_in()).operations == 0


async def test_the_newest_of_a_name_takes_the_place_of_the_older(
    beta: httpx.AsyncClient, enroll: Enroll, clock: FixedClock
) -> None:
    phone = await enroll("alice", mode=OWNED)
    await _ask(beta, phone.managed_device_id, "setDeviceName", {"deviceName": "One"})
    clock.forward(minutes=1)
    await _ask(beta, phone.managed_device_id, "setDeviceName", {"deviceName": "Two"})
    (operation,) = await phone.obey()
    assert operation["metadata"]["deviceName"] == "Two"
    result = (await _results(beta, phone.managed_device_id))["setDeviceName"]
    assert (result["actionState"], result["startDateTime"]) == ("done", "2026-11-24T10:01:00Z")


async def test_an_end_takes_the_place_of_everything_and_nothing_follows_it(
    beta: httpx.AsyncClient, enroll: Enroll
) -> None:
    phone = await enroll("alice", mode=OWNED)
    await _ask(beta, phone.managed_device_id, "remoteLock")
    await _ask(beta, phone.managed_device_id, "wipe")
    states = {name: result["actionState"] for name, result in (await _results(beta, phone.managed_device_id)).items()}
    assert states == {"remoteLock": "canceled", "wipe": "pending"}
    answer = await beta.post(f"{DEVICES}/{phone.managed_device_id}/remoteLock")
    assert (answer.status_code, error_code(answer)) == (400, "BadRequest")
    assert "the device is ending (wipePending)" in error_message(answer)
    await _ask(beta, phone.managed_device_id, "syncDevice")
    (operation,) = await phone.obey()
    assert operation["metadata"]["type"] == "WIPE"
    gone = await beta.post(f"{DEVICES}/{phone.managed_device_id}/remoteLock")
    assert (gone.status_code, error_code(gone)) == (404, "ResourceNotFound")


@pytest.mark.parametrize(
    ("edition", "mode", "scope"),
    [
        ("current", "fully-managed", "DEVICE"),
        ("current", "dedicated", "DEVICE"),
        ("current", "corporate-work-profile", "DEVICE"),
        ("current", "aosp", "DEVICE"),
        ("current", "work-profile", "COMPANY_DATA"),
        ("current", "device-admin", "COMPANY_DATA"),
        ("2020-04", "fully-managed", "COMPANY_DATA"),
        ("2020-04", "dedicated", "COMPANY_DATA"),
    ],
)
async def test_a_device_whose_record_is_deleted_is_wiped_or_retired_as_its_kind_and_the_edition_say(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll, edition: str, mode: str, scope: str
) -> None:
    await _go_by(http, edition)
    phone = await enroll("alice", mode=mode)
    await _ask(beta, phone.managed_device_id, "syncDevice")
    assert (await beta.delete(f"{DEVICES}/{phone.managed_device_id}")).status_code == 204
    (operation,) = await phone.obey()
    assert operation["metadata"] | {"createTime": ""} == {
        "type": "WIPE",
        "scope": scope,
        "createTime": "",
        "duration": "600s",
    }


async def _go_by(http: httpx.AsyncClient, edition: str) -> None:
    settings = {"settings": {"edition": edition}}
    (await http.patch("/_fauxtune/v1/tenants/contoso", json=settings)).raise_for_status()


@pytest.mark.parametrize(
    ("mode", "action", "then", "now"),
    [
        ("fully-managed", "retire", 204, 400),
        ("corporate-work-profile", "retire", 204, 400),
        ("aosp", "retire", 204, 400),
        ("dedicated", "retire", 400, 400),
        ("device-admin", "wipe", 204, 400),
        ("knox", "wipe", 204, 400),
        ("work-profile", "remoteLock", 204, 400),
        ("device-admin", "remoteLock", 204, 400),
        ("fully-managed", "locateDevice", 400, 204),
        ("fully-managed", "playLostModeSound", 400, 204),
        ("fully-managed", "rebootNow", 400, 204),
        ("corporate-work-profile", "rebootNow", 400, 400),
        ("fully-managed", "resetPasscode", 400, 204),
    ],
)
async def test_whether_an_action_is_accepted_depends_on_the_edition(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll, mode: str, action: str, then: int, now: int
) -> None:
    for edition, status in (("2020-04", then), ("current", now)):
        await _go_by(http, edition)
        phone = await enroll("alice", mode=mode)
        answer = await beta.post(f"{DEVICES}/{phone.managed_device_id}/{action}")
        assert answer.status_code == status, (edition, answer.text)
        if status == 400:
            assert f"{action} is not supported by a device of the kind android/{mode}" in error_message(answer)
            assert (await phone.check_in()).operations == 0


@pytest.mark.parametrize(("title", "body", "why"), [("x" * 51, "y", "most 50"), ("x", "y" * 501, "most 500")])
@pytest.mark.parametrize("edition", ["2020-04", "current"])
async def test_a_notification_that_is_too_long_is_refused_in_every_edition(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll, edition: str, title: str, body: str, why: str
) -> None:
    await _go_by(http, edition)
    phone = await enroll("alice")
    path = f"{DEVICES}/{phone.managed_device_id}/sendCustomNotificationToCompanyPortal"
    answer = await beta.post(path, json={"notificationTitle": title, "notificationBody": body})
    assert (answer.status_code, why in error_message(answer)) == (400, True), answer.text
    fits = {"notificationTitle": title[:50], "notificationBody": body[:500]}
    assert (await beta.post(path, json=fits)).status_code == 204


async def test_the_eleventh_notification_of_an_hour_is_refused_for_its_device_alone(
    beta: httpx.AsyncClient, enroll: Enroll
) -> None:
    phone, other = await enroll("alice"), await enroll("bob")
    for _ in range(10):
        await _ask(beta, phone.managed_device_id, "sendCustomNotificationToCompanyPortal", NOTE)
    answer = await beta.post(f"{DEVICES}/{phone.managed_device_id}/sendCustomNotificationToCompanyPortal", json=NOTE)
    assert (answer.status_code, "10 notifications within an hour" in error_message(answer)) == (400, True), answer.text
    body = {
        "actionName": "customTextNotification",
        "deviceIds": [phone.managed_device_id, other.managed_device_id],
        **NOTE,
    }
    document = (await beta.post(f"{DEVICES}/executeAction", json=body)).json()
    assert (document["failedDeviceIds"], document["successfulDeviceIds"]) == (
        [phone.managed_device_id],
        [other.managed_device_id],
    )


@pytest.mark.parametrize("form", FORMS, ids=lambda form: str(form.action))
async def test_every_action_is_answered_with_204_or_with_a_reason(
    beta: httpx.AsyncClient, v1: httpx.AsyncClient, enroll: Enroll, form: Any
) -> None:
    body = {prop.name: "x" for prop in form.body.properties if prop.required}
    for mode in ("work-profile", OWNED):
        phone = await enroll("alice", mode=mode)
        path = f"{DEVICES}/{phone.managed_device_id}/{form.action}"
        if form.beta_only:
            assert error_code(await v1.post(path, json=body)) == "BadRequest", "v1.0 does not know it"
        answer = await beta.post(path, json=body)
        assert answer.status_code in (204, 400, 501), answer.text
        if answer.status_code != 204:
            assert str(form.action) in error_message(answer)
            assert await _results(beta, phone.managed_device_id) == {}
    missing = await beta.post(f"{DEVICES}/{ABSENT}/{form.action}", json=body)
    assert (missing.status_code, error_code(missing)) == (404, "ResourceNotFound")


@pytest.mark.parametrize(
    ("action", "status", "why"),
    [
        ("rebootNow", 400, "only fully managed"),
        ("windowsDefenderScan", 400, "Windows 10 and later"),
        ("shutDown", 400, "Apple devices"),
        ("requestRemoteAssistance", 501, "TeamViewer"),
    ],
)
async def test_what_a_work_profile_cannot_do_is_refused_with_the_reason(
    beta: httpx.AsyncClient, enroll: Enroll, action: str, status: int, why: str
) -> None:
    phone = await enroll("alice")
    answer = await beta.post(f"{DEVICES}/{phone.managed_device_id}/{action}")
    assert (answer.status_code, why in error_message(answer)) == (status, True), answer.text
    assert (await phone.check_in()).operations == 0


@pytest.mark.parametrize(
    ("action", "body", "why"),
    [
        ("setDeviceName", {}, "deviceName"),
        ("setDeviceName", {"deviceName": None}, "deviceName"),
        ("setDeviceName", {"deviceName": ""}, "deviceName"),
        ("setDeviceName", {"deviceName": "  "}, "deviceName"),
        ("setDeviceName", {"deviceName": "x" * 64}, "63"),
        ("setDeviceName", {"deviceName": "a\nb"}, "one line"),
        ("setDeviceName", {"deviceName": "a\x00b"}, "NUL"),
        ("setDeviceName", {"deviceName": ["x"]}, "deviceName"),
        ("setDeviceName", {"name": "x"}, "'name' does not exist"),
        ("playLostModeSound", {"durationInMinutes": "0"}, "1 to 60"),
        ("playLostModeSound", {"durationInMinutes": "\N{SUPERSCRIPT TWO}"}, "1 to 60"),
        ("playLostModeSound", {"durationInMinutes": 2}, "durationInMinutes"),
        ("sendCustomNotificationToCompanyPortal", {"notificationTitle": "x"}, "notificationBody"),
        ("enableLostMode", {"message": 1}, "message"),
        ("wipe", {"macOsUnlockCode": "12345"}, "six digits"),
        ("wipe", {"macOsUnlockCode": "12345\N{SUPERSCRIPT TWO}"}, "six digits"),
        ("wipe", {"macOsUnlockCode": "123456"}, "macOS"),
        ("wipe", {"obliterationBehavior": "sometimes"}, "obliterationBehavior"),
        ("wipe", {"obliterationBehavior": "always"}, "macOS"),
        ("wipe", {"persistEsimDataPlan": True}, "persistEsimDataPlan"),
        ("wipe", {"keepUserData": True}, "keepUserData"),
        ("wipe", {"useProtectedWipe": True}, "useProtectedWipe"),
        ("remoteLock", {"pin": 1}, "'pin' does not exist"),
    ],
)
async def test_a_body_that_says_something_impossible_changes_nothing(
    beta: httpx.AsyncClient, enroll: Enroll, action: str, body: Json, why: str
) -> None:
    phone = await enroll("alice", mode=OWNED)
    answer = await beta.post(f"{DEVICES}/{phone.managed_device_id}/{action}", json=body)
    assert (answer.status_code, error_code(answer)) == (400, "BadRequest"), answer.text
    assert why in error_message(answer)
    record = await _record(beta, phone.managed_device_id)
    assert (record["managementState"], record["deviceActionResults"]) == ("managed", [])


@pytest.mark.parametrize("content", [b"[]", b"{", b'"x"', b"\xff", b"7"])
async def test_a_body_that_is_no_object_is_refused(beta: httpx.AsyncClient, enroll: Enroll, content: bytes) -> None:
    phone = await enroll("alice", mode=OWNED)
    headers = {"content-type": "application/json"}
    for action in ("remoteLock", "wipe", "setDeviceName"):
        answer = await beta.post(f"{DEVICES}/{phone.managed_device_id}/{action}", content=content, headers=headers)
        assert (answer.status_code, error_code(answer)) == (400, "BadRequest")
    assert await _results(beta, phone.managed_device_id) == {}


async def test_all_that_is_null_or_false_in_a_wipe_is_left_out(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll("alice", mode=OWNED)
    flags = dict.fromkeys(("keepEnrollmentData", "keepUserData", "persistEsimDataPlan", "useProtectedWipe"), False)
    await _ask(
        beta, phone.managed_device_id, "wipe", {**flags, "macOsUnlockCode": None, "obliterationBehavior": "Default"}
    )
    assert (await _record(beta, phone.managed_device_id))["managementState"] == "wipePending"


async def test_the_same_actions_are_below_a_user(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    phone, other = await enroll("alice", mode=OWNED), await enroll("bob", mode=OWNED)
    alice = await id_of_user(beta, "alice")
    for key in (alice, "alice@contoso.example"):
        assert (await beta.post(f"/users/{key}/managedDevices/{phone.managed_device_id}/remoteLock")).status_code == 204
        assert (await beta.post(f"/users/{key}/managedDevices/{other.managed_device_id}/remoteLock")).status_code == 404
        assert (await beta.post(f"/users/{key}/managedDevices/{other.managed_device_id}/wipe")).status_code == 404
        assert (await beta.delete(f"/users/{key}/managedDevices/{other.managed_device_id}")).status_code == 404
    assert await _results(beta, other.managed_device_id) == {}
    assert (
        await beta.post(f"/users/{alice}/managedDevices('{phone.managed_device_id}')/microsoft.graph.wipe")
    ).status_code == 204
    assert (await beta.post(f"/users/{ABSENT}/managedDevices/{phone.managed_device_id}/retire")).status_code == 404


async def test_another_tenants_devices_are_not_found(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, emulator: Emulator, enroll: Enroll
) -> None:
    other = await emulator.runner.tenant(
        (await http.post("/_fauxtune/v1/tenants", json={"name": "other"})).json()["id"]
    )
    phone = await enroll("alice", mode=OWNED)
    for action in (DeviceAction.WIPE, DeviceAction.LOCK, DeviceAction.SYNC, DeviceAction.DELETE):
        with pytest.raises(NotFound):
            await emulator.runner.run(other, device_actions.perform, phone.managed_device_id, action=action)
    execute = await emulator.runner.run(
        other, available_actions.execute, [phone.managed_device_id], action=DeviceAction.LOCK
    )
    assert execute["notFoundDeviceIds"] == [phone.managed_device_id]
    assert await _results(beta, phone.managed_device_id) == {}


async def test_many_devices_are_asked_at_once_and_each_is_told_apart(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    owned, personal, ending = await enroll("alice", mode=OWNED), await enroll("bob"), await enroll("carol", mode=OWNED)
    await _ask(beta, ending.managed_device_id, "wipe")
    body = {
        "actionName": "RebootNow",
        "realAction": "rebootNow",
        "deviceIds": [
            owned.managed_device_id,
            personal.managed_device_id,
            ending.managed_device_id,
            ABSENT,
            "x",
            owned.managed_device_id.upper(),
        ],
        "keepEnrollmentData": False,
    }
    answer = await beta.post(f"{DEVICES}/executeAction", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "@odata.context": "https://localhost:8443/beta/$metadata#microsoft.graph.bulkManagedDeviceActionResult",
        "successfulDeviceIds": [owned.managed_device_id],
        "failedDeviceIds": [ending.managed_device_id],
        "notFoundDeviceIds": [ABSENT, "x"],
        "notSupportedDeviceIds": [personal.managed_device_id],
    }
    (operation,) = await owned.obey()
    assert operation["metadata"]["type"] == "REBOOT"


@pytest.mark.parametrize(
    ("name", "more", "state"),
    [
        ("retire", {}, "retirePending"),
        ("wipe", {"keepUserData": False}, "wipePending"),
        ("syncDevice", {}, "managed"),
        ("setDeviceName", {"deviceName": "Desk"}, "managed"),
        ("customTextNotification", NOTE, "managed"),
    ],
)
async def test_bulk_actions_are_the_single_ones(
    beta: httpx.AsyncClient, enroll: Enroll, name: str, more: Json, state: str
) -> None:
    phone = await enroll("alice", mode="work-profile" if name in ("retire", "customTextNotification") else OWNED)
    body = {"actionName": name, "deviceIds": [phone.managed_device_id], **more}
    assert (await beta.post(f"{DEVICES}/executeAction", json=body)).json()["successfulDeviceIds"] == [
        phone.managed_device_id
    ]
    record = await _record(beta, phone.managed_device_id)
    assert (record["managementState"], len(record["deviceActionResults"])) == (state, 1)


async def test_a_bulk_deletion_drops_the_records(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    phones = [await enroll(user) for user in ("alice", "bob")]
    body = {"actionName": "delete", "deviceIds": [phone.managed_device_id for phone in phones]}
    assert len((await beta.post(f"{DEVICES}/executeAction", json=body)).json()["successfulDeviceIds"]) == 2
    assert (await beta.get(f"{DEVICES}/$count")).text == "0"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({}, "actionName"),
        ({"actionName": "explode", "deviceIds": [ABSENT]}, "explode"),
        ({"actionName": "unknownFutureValue", "deviceIds": [ABSENT]}, "unknownFutureValue"),
        ({"actionName": "wipe"}, "deviceIds"),
        ({"actionName": "wipe", "deviceIds": []}, "deviceIds"),
        ({"actionName": "wipe", "deviceIds": ABSENT}, "deviceIds"),
        ({"actionName": "wipe", "deviceIds": [None]}, "deviceIds"),
        ({"actionName": "wipe", "deviceIds": [7]}, "deviceIds"),
        ({"actionName": "wipe", "deviceIds": [""]}, "deviceIds"),
        ({"actionName": "wipe", "deviceIds": [str(n) for n in range(101)]}, "at most 100"),
        ({"actionName": "setDeviceName", "deviceIds": [ABSENT]}, "deviceName"),
        ({"actionName": "customTextNotification", "deviceIds": [ABSENT]}, "notificationTitle"),
        ({"actionName": "retire", "deviceIds": [ABSENT], "realAction": True}, "realAction"),
    ],
)
async def test_a_bulk_action_that_makes_no_sense_is_refused(beta: httpx.AsyncClient, body: Json, why: str) -> None:
    answer = await beta.post(f"{DEVICES}/executeAction", json=body)
    assert (answer.status_code, error_code(answer)) == (400, "BadRequest"), answer.text
    assert why in error_message(answer)


async def test_v1_has_no_bulk_actions(v1: httpx.AsyncClient) -> None:
    answer = await v1.post(f"{DEVICES}/executeAction", json={"actionName": "retire", "deviceIds": [ABSENT]})
    assert answer.status_code in (400, 404)
