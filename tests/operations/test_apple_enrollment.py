"""Identity certificates that a device has before it is enrolled: bound to it once, its only proof from then on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fauxtune.core.errors import EnrollmentEnded, Invalid, NotAllowed, NotFound, NotLicensed, Unauthenticated
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.devices import apple, caller
from fauxtune.operations.devices.caller import identified
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import devices as device_queries
from tests.support.certificates import certificate_request
from tests.support.devices.stepwise import StepwiseDevice, apple_identity, authenticate, complete, enrol_iphone
from tests.support.tenant import Contoso


async def live(contoso: Contoso) -> int:
    return len(await contoso.look(device_queries.live_enrollments, contoso.tenant.id))


async def test_an_identity_alone_and_a_device_that_only_authenticated_are_not_enrolled(contoso: Contoso) -> None:
    tablet = await apple_identity(contoso, "alice")
    with pytest.raises(Invalid, match="authenticate first"):
        await complete(tablet)
    await authenticate(tablet)
    assert await live(contoso) == 0
    done = await complete(tablet)
    assert done is not None
    assert done.user_principal_name == contoso.upn("alice")
    record = await contoso.get(device_queries.managed_device_of, tablet.enrollment_id)
    by_key = {name: record.document[name] for name in ("operatingSystem", "osVersion", "udid", "serialNumber")}
    assert by_key == {"operatingSystem": "iOS", "osVersion": "17.5.1", "udid": "ios/1", "serialNumber": "ios/1"}


async def test_a_token_gives_one_identity_and_a_broken_request_leaves_it_usable(contoso: Contoso) -> None:
    token = await contoso.token("alice")
    with pytest.raises(Invalid):
        await contoso.do(apple.issue, b"garbage", token=token, keys=contoso.emulator.keys)
    await apple_identity(contoso, "alice", token=token)
    with pytest.raises(Unauthenticated):
        await apple_identity(contoso, "alice", token=token)


async def test_an_identity_is_bound_to_one_piece_of_hardware_for_good(contoso: Contoso) -> None:
    tablet = await enrol_iphone(contoso, "alice", hardware="ios/1")
    with pytest.raises(NotAllowed, match="another device"):
        await authenticate(tablet, hardware="ios/2")
    assert await live(contoso) == 1


async def test_authenticating_again_ends_what_the_device_was_and_the_same_certificate_enrols_anew(
    contoso: Contoso,
) -> None:
    tablet = await enrol_iphone(contoso, "alice", hardware="ios/1")
    first = tablet.enrollment_id
    await authenticate(tablet)
    assert await live(contoso) == 0
    assert await complete(tablet) is not None
    assert tablet.enrollment_id != first
    assert await live(contoso) == 1
    assert await complete(tablet, push_token="another") is None, "later ones only say where it listens"
    row = await tablet.row()
    assert (row.push_token, row.wire_state) == ("another", {"push": {"mdm": "another"}})


async def test_an_identity_whose_enrolment_an_admin_ended_enrols_nothing_any_more(contoso: Contoso) -> None:
    """It takes another token; nor does a device escape what was ordered by starting over."""
    retired, wiped = (
        await enrol_iphone(contoso, "alice", hardware="ios/1"),
        await apple_identity(contoso, "bob", number=1),
    )
    await authenticate(wiped, hardware="ios/2")
    await complete(wiped)
    await contoso.do(device_actions.retire, (await retired.record()).id)
    await contoso.do(device_actions.wipe, (await wiped.record()).id)
    await retired.check_in()
    for tablet, hardware, state in ((retired, "ios/1", "ended"), (wiped, "ios/2", "ending")):
        with pytest.raises(EnrollmentEnded, match=r"has ended \((retire|wipe)\)"):
            await authenticate(tablet, hardware=hardware)
        assert (await tablet.row()).state == state
    assert await live(contoso) == 1


async def test_who_enrols_one_piece_of_hardware_at_once_is_enrolled_once(contoso: Contoso) -> None:
    tablets = [await apple_identity(contoso, "alice", number=number % 3) for number in range(6)]
    for tablet in tablets:
        await authenticate(tablet, hardware="ios/1")
    assert None not in await asyncio.gather(*map(complete, tablets))
    assert await live(contoso) == 1


async def test_the_same_hardware_with_another_certificate_takes_the_place_of_the_first(contoso: Contoso) -> None:
    first = await enrol_iphone(contoso, "alice", hardware="ios/1")
    second = await apple_identity(contoso, "bob", number=1)
    await authenticate(second)
    await complete(second)
    assert await live(contoso) == 1

    def look(tx: Transaction, tablet: StepwiseDevice) -> None:
        identified(tx, tablet.caller)

    await contoso.do(look, second)
    with pytest.raises(EnrollmentEnded):
        await contoso.do(look, first)
    with pytest.raises(EnrollmentEnded):
        await complete(first)


async def test_a_user_who_is_gone_or_lost_the_licence_between_the_two_steps_does_not_enrol(contoso: Contoso) -> None:
    alices, bobs = await apple_identity(contoso, "alice"), await apple_identity(contoso, "bob", number=1)
    await authenticate(alices, hardware="ios/1")
    await authenticate(bobs, hardware="ios/2")
    await contoso.do(users_and_groups.delete_user, contoso.upn("alice"))
    await contoso.take_licence("bob")
    for tablet, words in ((alices, "no longer exists"), (bobs, "has no licence")):
        with pytest.raises(NotLicensed, match=words):
            await complete(tablet)
    assert await live(contoso) == 0


async def test_a_certificate_that_this_tenant_did_not_issue_to_a_device_is_unknown(contoso: Contoso) -> None:
    tablet = await apple_identity(contoso, "alice")
    other = await contoso.look(device_queries.live_enrollments, contoso.tenant.id)
    assert other == []
    tablet.certificate = tablet.certificate[:-1] + bytes([tablet.certificate[-1] ^ 1])
    with pytest.raises(NotFound, match="not issued by this service"):
        await authenticate(tablet)


async def test_a_renewed_identity_is_bound_to_the_same_hardware_and_taken_into_use_by_authenticating(
    contoso: Contoso,
) -> None:
    tablet = await enrol_iphone(contoso, "alice", hardware="ios/1")
    key = contoso.device_keys[1]
    csr = certificate_request(key, "tablet")
    again: dict[str, Any] = {"signer": tablet.certificate, "keys": contoso.emulator.keys}
    der = await contoso.do(apple.renew, csr, **again)
    renewed = StepwiseDevice(contoso=contoso, key=key, certificate=der)
    with pytest.raises(NotAllowed, match="another device"):
        await authenticate(renewed, hardware="ios/2")
    await authenticate(renewed)
    await complete(renewed)
    assert await live(contoso) == 1
    with pytest.raises(EnrollmentEnded, match="has ended"):
        await contoso.do(apple.renew, csr, **again)
    unknown: dict[str, Any] = {**again, "signer": b"none of ours"}
    with pytest.raises(NotFound):
        await contoso.do(apple.renew, csr, **unknown)


@pytest.mark.both_databases
async def test_two_devices_may_listen_under_one_token(contoso: Contoso) -> None:
    """mdmb tells the same token for every device."""
    first = await apple_identity(contoso, "alice")
    second = await apple_identity(contoso, "alice", number=1)
    for tablet, hardware in ((first, "ios/1"), (second, "ios/2")):
        await authenticate(tablet, hardware=hardware)
        await complete(tablet, push_token="66616b65546f6b656e")
    assert await live(contoso) == 2
    answer = await contoso.get(device_queries.enrollment_by_push_token, "66616b65546f6b656e")
    assert answer.id in {first.enrollment_id, second.enrollment_id}
    assert caller.digest(first.certificate) != caller.digest(second.certificate)
