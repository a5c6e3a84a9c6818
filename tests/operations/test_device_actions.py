"""Actions of an administrator at the level of operations: what they leave in the ledger, and who may be asked."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fauxtune.core.engine.device_actions.table import RETIREMENTS_A_DAY
from fauxtune.core.errors import Invalid, NotFound, UnsupportedAction
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.ids import ItemKey, ManagedDeviceId
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.devices import available_actions
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import devices as queries
from tests.support.devices.android import AndroidInProcess
from tests.support.devices.stepwise import enrol_by_token
from tests.support.predictions import settle_all
from tests.support.tenant import Contoso


async def test_a_device_that_is_reset_and_stays_enrolled_is_given_everything_anew(contoso: Contoso) -> None:
    root = await contoso.root_text()
    await contoso.profile("windows81TrustedRootCertificate", "All Staff", trustedRootCertificate=root)
    pkcs = await contoso.profile("windows10PkcsCertificateProfile", "All Staff", **contoso.pkcs_document())
    device = await enrol_by_token(contoso, "alice")
    await settle_all(device)
    key = ItemKey(f"pkcs/{pkcs}")
    old = (await contoso.look(queries.ledger_rows, device.enrollment_id))[key]
    await contoso.do(device_actions.wipe, (await device.record()).id, options={"keepEnrollmentData": True})
    assert (await device.row()).state == "active"
    assert await contoso.certificate_status(old.serial or "") == "good", "the device has not heard of it yet"
    await settle_all(device)
    record = (await device.record()).document
    assert record["managementState"] == "managed"
    assert [device_action_result["actionState"] for device_action_result in record["deviceActionResults"]] == ["done"]
    assert await contoso.certificate_status(old.serial or "") == "revoked"
    assert await device.states() == {"root": "installed", "pkcs": "installed"}
    new = (await contoso.look(queries.ledger_rows, device.enrollment_id))[key]
    assert new.serial != old.serial, "a reset device makes do with no old certificate"
    assert device.holds[key] == new.thumbprint


async def test_an_operation_waits_until_it_is_confirmed_and_is_confirmed_once(contoso: Contoso) -> None:
    phone = await contoso.enroll("alice", mode="fully-managed")
    await phone.settle()
    await contoso.action(phone, device_actions.ask, action=DeviceAction.LOCK)
    for _ in range(3):
        assert (await phone.check_in()).operations == 1
    ((operation, scope),) = await phone.operations()
    assert scope == ""
    await phone.complete(operation)
    with pytest.raises(NotFound, match=operation):
        await phone.complete(operation)
    assert (await phone.check_in()).operations == 0
    types = [event.type for event in await contoso.events()]
    assert (types.count("remoteLockRequested"), types.count("actionDone")) == (1, 1)


@pytest.mark.parametrize(
    ("mode", "action"),
    [
        ("fully-managed", device_actions.wipe),
        ("work-profile", device_actions.retire),
        ("work-profile", device_actions.delete),
    ],
)
async def test_a_device_that_must_leave_is_pushed(contoso: Contoso, mode: str, action: Callable[..., None]) -> None:
    phone = await contoso.enroll("alice", mode=mode)
    await phone.settle()
    before = (await phone.row()).generation
    await contoso.action(phone, action)
    assert (await phone.row()).generation == before + 1, "the push channel counts by generations"


async def test_a_device_cannot_confirm_what_another_was_asked(contoso: Contoso) -> None:
    phones = [await contoso.enroll(name, mode="fully-managed") for name in ("alice", "bob")]
    await contoso.action(phones[0], device_actions.ask, action=DeviceAction.LOCK)
    ((operation, _scope),) = await phones[0].operations()
    with pytest.raises(NotFound, match=operation):
        await phones[1].complete(operation)
    assert [order.id for order in await _pending(contoso, phones[0])] == [operation]


@pytest.mark.both_databases
async def test_an_hour_after_a_notification_the_device_can_be_sent_another(contoso: Contoso) -> None:
    phone = await contoso.enroll("alice")
    note = {"notificationTitle": "Lunch", "notificationBody": "Soup"}
    for _ in range(10):
        await contoso.action(phone, device_actions.ask, action=DeviceAction.NOTIFY, details=note)
        contoso.clock.forward(minutes=5)
    with pytest.raises(Invalid, match="10 notifications within an hour"):
        await contoso.action(phone, device_actions.ask, action=DeviceAction.NOTIFY, details=note)
    contoso.clock.forward(minutes=10)
    await contoso.action(phone, device_actions.ask, action=DeviceAction.NOTIFY, details=note)


async def test_the_passcode_is_in_no_event(contoso: Contoso) -> None:
    phone = await contoso.enroll("alice")
    await contoso.action(phone, device_actions.ask, action=DeviceAction.RESET_PASSCODE)
    (order,) = await _pending(contoso, phone)
    assert order.details["passcode"] not in str(await contoso.events())


async def test_what_a_kind_cannot_do_leaves_no_trace(contoso: Contoso) -> None:
    phone = await contoso.enroll("alice")
    before = (await phone.row(), await phone.record(), len(await contoso.events()))
    with pytest.raises(UnsupportedAction):
        await contoso.action(phone, device_actions.ask, action=DeviceAction.REBOOT)
    assert (await phone.row(), await phone.record(), len(await contoso.events())) == before


async def test_many_devices_are_told_apart(contoso: Contoso) -> None:
    owned, personal = await contoso.enroll("alice", mode="fully-managed"), await contoso.enroll("bob")
    known = [(await phone.record()).id for phone in (owned, personal)]
    execute = await contoso.do(available_actions.execute, [*known, ManagedDeviceId("x")], action=DeviceAction.WIPE)
    assert execute == {
        "successfulDeviceIds": known[:1],
        "failedDeviceIds": [],
        "notFoundDeviceIds": ["x"],
        "notSupportedDeviceIds": known[1:],
    }


async def _pending(contoso: Contoso, phone: AndroidInProcess) -> list[device_actions.Order]:
    row = await phone.row()

    def read(tx: Transaction) -> list[device_actions.Order]:
        return device_actions.pending(tx, row)

    result: list[device_actions.Order] = await contoso.do(read)
    return result


async def test_a_tenant_retires_a_thousand_devices_a_day_and_no_more(
    contoso: Contoso, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert RETIREMENTS_A_DAY == 1000
    monkeypatch.setattr(device_actions, "RETIREMENTS_A_DAY", 1)
    first, second = [await contoso.enroll("alice", hardware=each) for each in ("1", "2")]
    await contoso.action(first, device_actions.retire)
    with pytest.raises(Invalid, match="within a day"):
        await contoso.action(second, device_actions.retire)
    contoso.clock.forward(days=1)
    await contoso.action(second, device_actions.retire)
    await contoso.switch(edition="2020-04")
    await contoso.action(await contoso.enroll("bob"), device_actions.retire)
