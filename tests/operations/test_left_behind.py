"""What a device administrator leaves on the phone: known after the end of the enrolment, until the phone is wiped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fauxtune.core.model.states import EnrollmentState, ItemState
from fauxtune.operations.devices import actions as device_actions
from fauxtune.storage.queries import devices as queries
from tests.operations.office import Office
from tests.support.devices.android import AndroidInProcess
from tests.support.predictions import DEVICES, predict, predicted


async def equipped(office: Office, name: str, *, hardware: str) -> tuple[AndroidInProcess, str]:
    """A phone with a root and a certificate of its own: it, and that certificate's thumbprint."""
    phone = await office.enroll(name, mode="device-admin", hardware=hardware)
    await phone.settle()
    mark = (await phone.item()).thumbprint
    assert mark is not None
    return phone, mark


async def profiles(office: Office) -> None:
    await office.profile("androidTrustedRootCertificate", "All Staff", trustedRootCertificate=await office.root_text())
    await office.profile("androidPkcsCertificateProfile", "All Staff", **office.pkcs_document())


async def holders(office: Office, mark: str) -> list[tuple[str, str]]:
    found = await office.look(queries.holders, office.tenant.id, thumbprint=mark)
    return [(each["enrollment_id"], each["state"]) for each in found]


async def confirm(phone: AndroidInProcess) -> None:
    ((operation, _scope),) = await phone.operations()
    await phone.complete(operation)


@pytest.mark.parametrize("action", [device_actions.retire, device_actions.delete, None])
async def test_what_stays_is_kept_in_the_ledger_and_no_removal_is_claimed(
    office: Office, action: Callable[..., Any] | None
) -> None:
    await profiles(office)
    phone, mark = await equipped(office, "alice", hardware="DA1")
    serial = str((await phone.item()).serial)
    if action is None:
        await phone.unenroll()
    else:
        await office.action(phone, action)
        await confirm(phone)
    assert (await phone.row())["state"] == EnrollmentState.ENDED.value
    assert {row.state for row in (await phone.ledger()).values()} == {ItemState.KEPT}
    assert await office.events("removed", device=phone) == []
    assert await holders(office, mark) == [(phone.enrollment_id, "kept")]
    assert await office.certificate_status(serial) == "revoked"
    assert await office.look(queries.managed_device_of, phone.enrollment_id) is None


async def test_what_never_came_is_not_said_to_stay(office: Office) -> None:
    await office.profile("androidPkcsCertificateProfile", "All Staff", **office.pkcs_document())
    phone = await office.enroll("alice", mode="device-admin")
    await phone.settle()
    assert await phone.states() == {"pkcs": "failed"}
    await phone.unenroll()
    assert {row.state for row in (await phone.ledger()).values()} == {ItemState.REMOVED}
    assert await office.events("removed", device=phone) == []


async def test_a_wipe_takes_what_earlier_enrolments_of_the_same_phone_left_and_nothing_of_others(
    office: Office,
) -> None:
    # Today a device administrator cannot be wiped.
    await office.switch(edition="2020-04")
    await profiles(office)
    first, mark = await equipped(office, "alice", hardware="DA2")
    other, others = await equipped(office, "bob", hardware="DA3")
    for phone in (first, other):
        await phone.unenroll()
    again, new = await equipped(office, "alice", hardware="DA2")
    assert new != mark
    assert await holders(office, mark) == [(first.enrollment_id, "kept")]
    await office.action(again, device_actions.wipe)
    await confirm(again)
    assert (await holders(office, mark), await holders(office, new)) == ([], [])
    assert await holders(office, others) == [(other.enrollment_id, "kept")]


async def test_what_if_knows_that_a_retired_device_administrator_keeps_its_certificates(office: Office) -> None:
    await profiles(office)
    phone, _mark = await equipped(office, "alice", hardware="DA4")
    serial = str((await phone.item()).serial)
    found = await predict(office, "POST", f"{DEVICES}/{(await phone.record())['id']}/retire")
    assert predicted(found, phone) == {"install": set(), "remove": set(), "reissue": set(), "revoke": {serial}}
