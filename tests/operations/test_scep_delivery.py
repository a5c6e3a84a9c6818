"""What a device gets to request a certificate by SCEP: the request, an address, and a challenge of its own."""

from __future__ import annotations

import pytest

from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.items import scep_key
from fauxtune.core.model.scep import ScepDelivery
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.scep.challenge import Challenge
from fauxtune.operations.checkin import deliverables, scep_challenges
from fauxtune.operations.checkin.deliverables import url_for
from fauxtune.storage.queries import scep as queries
from fauxtune.storage.rows.scep import ScepChallengeRow
from tests.support.devices.android import AndroidInProcess
from tests.support.tenant import SCEP_SETTINGS, Contoso


async def delivery_to(phone: AndroidInProcess) -> ScepDelivery:
    (item,) = [item for item in await phone.policy() if item.row.source is Source.SCEP]
    assert item.scep is not None
    return item.scep


async def content(contoso: Contoso, challenge: str) -> Challenge:
    opened = await contoso.do(scep_challenges.open_challenge, challenge, keys=contoso.emulator.keys)
    assert isinstance(opened, Challenge)
    return opened


async def challenges(contoso: Contoso, phone: AndroidInProcess) -> list[ScepChallengeRow]:
    return await contoso.look(queries.challenges_of, contoso.tenant.id, enrollment_ids=[phone.enrollment_id])


async def test_a_device_gets_a_challenge_for_its_own_request_and_the_same_one_for_an_hour(contoso: Contoso) -> None:
    profile = await contoso.scep_profile()
    phone = await contoso.enroll("alice")
    await phone.settle()
    assert (await phone.item(Source.SCEP)).state is ItemState.SENT, "no connector is asked"
    first = await delivery_to(phone)
    assert first.url in SCEP_SETTINGS["scepServerUrls"]
    assert first.ca_thumbprint == (await phone.item(Source.ROOT)).thumbprint
    assert not first.renews
    challenge = await content(contoso, first.challenge)
    assert (challenge.profile, challenge.device) == (profile, phone.managed_device_id)
    assert challenge.user == await contoso.user_id("alice")
    assert challenge.request == first.request
    assert challenge.request.subject == "CN=alice"
    contoso.clock.forward(minutes=59)
    again = await delivery_to(phone)
    assert (await content(contoso, again.challenge)) == challenge
    contoso.clock.forward(minutes=1)
    later = await content(contoso, (await delivery_to(phone)).challenge)
    assert later.id != challenge.id
    assert [row.id for row in await challenges(contoso, phone)] == [challenge.id, later.id]


async def test_a_quiet_check_in_makes_no_challenge_and_one_that_nobody_used_is_given_anew(contoso: Contoso) -> None:
    await contoso.scep_profile()
    phone = await contoso.enroll("alice")
    version = (await phone.settle()).policy_version
    (first,) = await challenges(contoso, phone)
    plans = await phone.plans()
    assert (await phone.check_in()).policy_version == version
    assert await phone.plans() == plans, "it is quiet"
    assert await challenges(contoso, phone) == [first]
    contoso.clock.forward(hours=1)
    assert (await phone.settle()).policy_version > version, "it reads its policy once more"
    assert len(await challenges(contoso, phone)) == 2


@pytest.mark.both_databases
async def test_of_challenges_that_nobody_used_the_newest_are_kept(
    contoso: Contoso, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliverables, "_MOST_UNUSED", 3)
    await contoso.scep_profile()
    phone, other = await contoso.enroll("alice"), await contoso.enroll("bob")
    for process in (phone, other):
        await process.settle()
    given = []
    for _ in range(6):
        given.append((await content(contoso, (await delivery_to(phone)).challenge)).id)
        contoso.clock.forward(hours=1)
    assert [row.id for row in await challenges(contoso, phone)] == given[-3:]
    assert len(await challenges(contoso, other)) == 1


async def test_two_devices_of_one_user_have_challenges_that_are_not_each_others(contoso: Contoso) -> None:
    await contoso.scep_profile()
    phones = [await contoso.enroll("alice") for _ in range(2)]
    for phone in phones:
        await phone.settle()
    devices = [(await content(contoso, (await delivery_to(phone)).challenge)).device for phone in phones]
    assert devices == [phone.managed_device_id for phone in phones]


async def test_a_device_begins_with_the_same_address_and_android_gets_the_others_too_but_not_in_2020(
    contoso: Contoso,
) -> None:
    await contoso.scep_profile()
    phone = await contoso.enroll("alice")
    await phone.settle()
    urls = tuple(SCEP_SETTINGS["scepServerUrls"])
    delivery = await delivery_to(phone)
    assert delivery.url == url_for(urls, phone.enrollment_id)
    assert sorted((delivery.url, *delivery.other_urls)) == sorted(urls)
    await contoso.switch(edition="2020-04")
    await phone.settle()
    delivery = await delivery_to(phone)
    assert (delivery.url, delivery.other_urls) == (url_for(urls, phone.enrollment_id), ())
    assert {url_for(urls, type(phone.enrollment_id)(str(number))) for number in range(20)} == set(urls)


async def test_without_its_root_a_profile_is_an_error_that_says_so(contoso: Contoso) -> None:
    root = await contoso.profile(
        "androidWorkProfileTrustedRootCertificate", trustedRootCertificate=await contoso.root_text(), displayName="Root"
    )
    profile = await contoso.scep_profile(root=root)
    phone = await contoso.enroll("alice")
    await phone.settle()
    state = await contoso.profile_state(phone, profile)
    assert (state.status, state.message) == (
        "error",
        "rootCertificate refers to the profile 'Root', which does not reach this device: assign it to the same group.",
    )
    await contoso.assign(root, "All Staff")
    await phone.settle()
    assert (await phone.ledger())[scep_key(ProfileId(profile))].state is ItemState.SENT
