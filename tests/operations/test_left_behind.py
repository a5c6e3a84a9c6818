"""What a device administrator leaves on the phone: known after the end of the enrolment, until the phone is wiped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fauxtune.core.model.states import EnrollmentState, ItemState
from fauxtune.operations.devices import actions as device_actions
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries import key_holdings
from tests.support.devices.android import AndroidInProcess
from tests.support.predictions import DEVICES, predict, predicted
from tests.support.tenant import Contoso

pytestmark = pytest.mark.both_databases


async def equipped(contoso: Contoso, name: str, *, hardware: str) -> tuple[AndroidInProcess, str]:
    """A phone with a root and a certificate of its own: it, and that certificate's thumbprint."""
    phone = await contoso.enroll(name, mode="device-admin", hardware=hardware)
    await phone.settle()
    mark = (await phone.item()).thumbprint
    assert mark is not None
    return phone, mark


async def profiles(contoso: Contoso) -> None:
    await contoso.profile(
        "androidTrustedRootCertificate", "All Staff", trustedRootCertificate=await contoso.root_text()
    )
    await contoso.profile("androidPkcsCertificateProfile", "All Staff", **contoso.pkcs_document())


async def holders(contoso: Contoso, mark: str) -> list[tuple[str, str]]:
    result = await contoso.look(key_holdings.holders, contoso.tenant.id, thumbprint=mark)
    return [(holder.enrollment_id, holder.state) for holder in result]


async def confirm(phone: AndroidInProcess) -> None:
    ((operation, _scope),) = await phone.operations()
    await phone.complete(operation)


@pytest.mark.parametrize("action", [device_actions.retire, device_actions.delete, None])
async def test_what_stays_is_kept_in_the_ledger_and_no_removal_is_claimed(
    contoso: Contoso, action: Callable[..., Any] | None
) -> None:
    await profiles(contoso)
    phone, mark = await equipped(contoso, "alice", hardware="DA1")
    serial = str((await phone.item()).serial)
    if action is None:
        await phone.unenroll()
    else:
        await contoso.action(phone, action)
        await confirm(phone)
    assert (await phone.row()).state == EnrollmentState.ENDED.value
    assert {row.state for row in (await phone.ledger()).values()} == {ItemState.KEPT}
    assert await contoso.events("removed", device=phone) == []
    assert await holders(contoso, mark) == [(phone.enrollment_id, "kept")]
    assert await contoso.certificate_status(serial) == "revoked"
    assert await contoso.look(queries.managed_device_of, phone.enrollment_id) is None


async def test_what_never_came_is_not_said_to_stay(contoso: Contoso) -> None:
    await contoso.profile("androidPkcsCertificateProfile", "All Staff", **contoso.pkcs_document())
    phone = await contoso.enroll("alice", mode="device-admin")
    await phone.settle()
    assert await phone.states() == {"pkcs": "failed"}
    await phone.unenroll()
    assert {row.state for row in (await phone.ledger()).values()} == {ItemState.REMOVED}
    assert await contoso.events("removed", device=phone) == []


async def test_what_was_offered_and_never_confirmed_is_not_said_to_stay(contoso: Contoso) -> None:
    await profiles(contoso)
    phone = await contoso.enroll("alice", mode="device-admin")
    await phone.check_in()
    assert await phone.states() == {"root": "sent", "pkcs": "wanted"}
    await phone.unenroll()
    assert {row.state for row in (await phone.ledger()).values()} == {ItemState.REMOVED}


async def test_a_wipe_takes_what_earlier_enrolments_of_the_same_phone_left_and_nothing_of_others(
    contoso: Contoso,
) -> None:
    # Today a device administrator cannot be wiped.
    await contoso.switch(edition="2020-04")
    await profiles(contoso)
    first, mark = await equipped(contoso, "alice", hardware="DA2")
    other, others = await equipped(contoso, "bob", hardware="DA3")
    for phone in (first, other):
        await phone.unenroll()
    again, new = await equipped(contoso, "alice", hardware="DA2")
    assert new != mark
    assert await holders(contoso, mark) == [(first.enrollment_id, "kept")]
    await contoso.action(again, device_actions.wipe)
    await confirm(again)
    assert (await holders(contoso, mark), await holders(contoso, new)) == ([], [])
    assert await holders(contoso, others) == [(other.enrollment_id, "kept")]


async def test_what_if_knows_that_a_retired_device_administrator_keeps_its_certificates(contoso: Contoso) -> None:
    await profiles(contoso)
    phone, _mark = await equipped(contoso, "alice", hardware="DA4")
    serial = str((await phone.item()).serial)
    result = await predict(contoso, "POST", f"{DEVICES}/{(await phone.record()).id}/retire")
    assert predicted(result, phone) == {"install": set(), "remove": set(), "reissue": set(), "revoke": {serial}}
