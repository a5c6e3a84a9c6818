"""What if: a request that is only being considered says what would come of it, and changes nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from fauxtune.core.errors import GraphRefused, Invalid, NotEmulated
from fauxtune.operations.checkin import waiting_until_settled as resting
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.insight.whatif import Limits, foresee, what_if
from fauxtune.operations.runtime.emulator import ProposedRequest, Send, Task, graph_not_served
from tests.support.devices.android import AndroidInProcess
from tests.support.devices.stepwise import enrol_by_token, enrol_iphone
from tests.support.predictions import (
    CONFIGURATIONS,
    DEVICES,
    LICENCE,
    all_rows,
    observed,
    predict,
    predicted,
    send,
    settle_all,
    snapshot,
)
from tests.support.tenant import Contoso


async def equipped(contoso: Contoso, *, mode: str = "work-profile", name: str = "alice") -> AndroidInProcess:
    owned = mode != "work-profile"
    await contoso.root_profile(owned=owned)
    await contoso.pkcs_profile(owned=owned, displayName="Signing")
    await contoso.imported_profile(owned=owned)
    await contoso.import_pfx(name)
    phone = await contoso.enroll(name, mode=mode)
    await settle_all(phone)
    assert set((await phone.states()).values()) == {"installed"}
    return phone


async def profile_of(phone: AndroidInProcess) -> str:
    return str((await phone.item()).claims[0].profile)


def keys(items: Any) -> list[str]:
    return sorted(item.source for item in items)


# --------------------------------------------------------------------------------------------------------- what it says


async def test_an_unassigned_profile_is_removed_and_not_revoked_with_cause_and_document(contoso: Contoso) -> None:
    phone = await equipped(contoso)
    profile = await profile_of(phone)
    (found,) = await predict(contoso, "POST", f"{CONFIGURATIONS}/{profile}/assign", {"assignments": []})
    own = await phone.item()
    assert (found.device, found.user_principal_name, found.ends) == (phone.enrollment_id, contoso.upn("alice"), None)
    assert found.device_name == (await phone.record()).document["deviceName"]
    assert (found.install, found.revoke, found.reissue) == ((), (), ())
    (gone,) = found.remove
    assert (gone.item, gone.source, gone.serial, gone.thumbprint) == (own.key, "pkcs", own.serial, own.thumbprint)
    assert (gone.profile, gone.profile_name, gone.cause) == (profile, "Signing", "unassigned")
    assert gone.why == "the assignment that brought it is gone"
    assert "2024-04-08" in (gone.document or "")


async def test_a_retired_device_loses_everything_and_its_own_certificate_is_revoked(contoso: Contoso) -> None:
    phone = await equipped(contoso)
    record = (await phone.record()).id
    (found,) = await predict(contoso, "POST", f"https://graph.microsoft.com/v1.0{DEVICES}/{record}/retire")
    assert found.ends == "retire"
    assert keys(found.remove) == ["imported", "pkcs", "root"]
    assert [(consequence.serial, consequence.cause) for consequence in found.revoke] == [
        ((await phone.item()).serial, "retire")
    ]
    assert found.managed_device == record


async def test_a_new_assignment_is_installed_to_its_end_and_says_who_is_asked(contoso: Contoso) -> None:
    root, pkcs = await contoso.root_profile(), await contoso.pkcs_profile(displayName="Signing")
    await contoso.assign(root)
    await contoso.assign(pkcs)
    phone = await contoso.enroll("alice")
    await settle_all(phone)
    body = {
        "requests": [
            {
                "id": str(number),
                "method": "POST",
                "url": f"{CONFIGURATIONS}/{each}/assign",
                "body": {"assignments": [{"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}]},
                "headers": {"Content-Type": "application/json"},
            }
            for number, each in enumerate((root, pkcs))
        ]
    }
    (found,) = await predict(contoso, "POST", "/v1.0/$batch", body)
    assert keys(found.install) == ["pkcs", "root"], "the certificate waits for the root, and gets it"
    (certificate,) = [consequence for consequence in found.install if consequence.source == "pkcs"]
    assert (certificate.serial, certificate.thumbprint) == (None, None)
    assert certificate.why == "the profile 'Signing' reaches the device; the connector is asked for it"
    assert await contoso.issued() == []


async def test_a_wipe_that_keeps_the_enrolment_gives_everything_anew(contoso: Contoso) -> None:
    await contoso.profile(
        "windows81TrustedRootCertificate", "All Staff", trustedRootCertificate=await contoso.root_text()
    )
    await contoso.profile("windows10PkcsCertificateProfile", "All Staff", **contoso.pkcs_document())
    await contoso.profile("windows10ImportedPFXCertificateProfile", "All Staff", intendedPurpose="smimeEncryption")
    await contoso.import_pfx("alice")
    device = await enrol_by_token(contoso, "alice")
    await settle_all(device)
    url = f"{DEVICES}/{(await device.record()).id}/wipe"
    before = await snapshot(contoso, [device])
    (found,) = await predict(contoso, "POST", url, {"keepEnrollmentData": True})
    assert found.ends is None
    assert {(consequence.source, consequence.reissued) for consequence in found.reissue} == {
        ("root", "same"),
        ("pkcs", "new"),
        ("imported", "same"),
    }
    assert [consequence.cause for consequence in found.revoke] == ["wipeKeepingEnrollment"]
    await send(contoso, "POST", url, {"keepEnrollmentData": True})
    await settle_all(device)
    assert observed(device, before, after=await snapshot(contoso, [device])) == predicted([found], device)


async def test_what_is_under_way_anyway_is_no_consequence(contoso: Contoso) -> None:
    phone = await equipped(contoso)
    await contoso.import_pfx("alice")
    later = await contoso.profile("androidForWorkImportedPFXCertificateProfile", intendedPurpose="smimeSigning")
    assert (await phone.row()).generation != (await phone.row()).settled_generation
    assert await predict(contoso, "POST", f"{DEVICES}/{(await phone.record()).id}/syncDevice") == []
    assert await predict(contoso, "PATCH", f"/users/{contoso.upn('alice')}", {"jobTitle": "Director"}) == []
    assert await predict(contoso, "DELETE", f"{CONFIGURATIONS}/{later}") == []
    await settle_all(phone)
    assert len(phone.holds) == 3


async def test_what_has_not_come_yet_cannot_be_lost(contoso: Contoso) -> None:
    phone = await equipped(contoso)
    held = set(phone.holds) | {f"root/{root}" for root in phone.roots}
    await contoso.pkcs_profile()
    (found,) = await predict(contoso, "DELETE", f"/groups/{contoso.groups['All Staff']}")
    assert (predicted([found], phone)["remove"], found.install) == (held, ())


async def test_a_lost_licence_leaves_everything_and_nothing_is_said(contoso: Contoso) -> None:
    await equipped(contoso)
    body = {"addLicenses": [], "removeLicenses": [LICENCE]}
    assert await predict(contoso, "POST", f"/users/{contoso.upn('alice')}/assignLicense", body) == []


async def test_a_device_that_is_wiped_already_has_nothing_more_to_lose(contoso: Contoso) -> None:
    phone = await equipped(contoso, mode="fully-managed")
    await contoso.action(phone, device_actions.wipe)
    profile = await profile_of(phone)
    assert await predict(contoso, "DELETE", f"{CONFIGURATIONS}/{profile}") == []


# ------------------------------------------------------------------------------------------------- what it leaves alone


async def test_nothing_is_changed_no_row_no_journal_no_push_no_kept_answer(contoso: Contoso) -> None:
    phone = await equipped(contoso, mode="fully-managed")
    profile, record = await profile_of(phone), (await phone.record()).id
    before, state = await all_rows(contoso), contoso.emulator.runner.database.state
    next_id = contoso.emulator.runner.ids
    for method, url, body in (
        ("POST", f"{DEVICES}/{record}/wipe", None),
        ("DELETE", f"{DEVICES}/{record}", None),
        ("DELETE", f"/users/{contoso.upn('alice')}", None),
        ("DELETE", f"{CONFIGURATIONS}/{profile}", None),
        ("PATCH", f"/users/{contoso.upn('alice')}", {"displayName": "Somebody"}),
        ("POST", "/groups", {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True}),
    ):
        await predict(contoso, method, url, body)
        assert await all_rows(contoso) == before, (method, url)
    assert contoso.emulator.runner.database.state is state, "what was kept is still true"
    assert contoso.emulator.runner.ids is next_id
    assert (await phone.check_in()).operations == 0
    assert set((await resting.settle(contoso.emulator, contoso.tenant, seconds=0)).settled) == {phone.enrollment_id}


async def test_ids_are_the_same_afterwards_as_if_nothing_had_been_tried(contoso: Contoso) -> None:
    phone = await equipped(contoso, mode="fully-managed")
    record = (await phone.record()).id
    ids = contoso.emulator.runner.ids
    state = ids._random.getstate()  # type: ignore[attr-defined]
    await predict(contoso, "POST", f"{DEVICES}/{record}/wipe")
    assert ids._random.getstate() == state  # type: ignore[attr-defined]


# ---------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("method", "url", "body", "status", "words"),
    [
        ("DELETE", "/users/nobody@nowhere.example", None, 404, "nobody@nowhere.example"),
        ("POST", f"{DEVICES}/unknown/wipe", None, 404, "unknown"),
        ("POST", "/v1.0/nonsense", {}, 400, "nonsense"),
        ("POST", "/users", {}, 400, "accountEnabled"),
        ("POST", f"{CONFIGURATIONS}/x/assign", {"assignments": 7}, 400, "assignments"),
        ("PATCH", "/me", {"displayName": "x"}, 400, "delegated"),
    ],
)
async def test_what_graph_refuses_is_refused_in_its_own_words(
    contoso: Contoso, method: str, url: str, body: Any, status: int, words: str
) -> None:
    with pytest.raises(GraphRefused) as caught:
        await predict(contoso, method, url, body)
    assert caught.value.status == status
    assert words in str(caught.value.document["error"])


async def test_a_device_of_a_kind_that_cannot_is_refused_and_nothing_changes(contoso: Contoso) -> None:
    phone = await equipped(contoso)
    before = await all_rows(contoso)
    with pytest.raises(GraphRefused, match="retire it"):
        await predict(contoso, "POST", f"{DEVICES}/{(await phone.record()).id}/wipe")
    assert await all_rows(contoso) == before


@pytest.mark.parametrize("method", ["GET", "HEAD", "", "NONSENSE"])
async def test_a_request_that_changes_nothing_is_no_question(contoso: Contoso, method: str) -> None:
    with pytest.raises(Invalid, match="changes nothing"):
        await predict(contoso, method, "/users")


@pytest.mark.parametrize("url", ["", "/", "/beta", "https://graph.microsoft.com/v1.0/", "http://[broken/users"])
async def test_an_address_that_names_nothing_is_refused(contoso: Contoso, url: str) -> None:
    with pytest.raises(Invalid):
        await predict(contoso, "DELETE", url)


async def test_an_emulator_without_graph_says_so(contoso: Contoso) -> None:
    contoso.emulator.graph = graph_not_served
    with pytest.raises(NotEmulated):
        await predict(contoso, "DELETE", "/users/x")


# -------------------------------------------------------------------------------------------------------- many devices


async def test_many_devices_are_looked_at_in_turns_and_each_is_told_of_once(contoso: Contoso) -> None:
    await contoso.root_profile()
    phones = [await contoso.enroll(name) for name in ("alice", "bob", "carol")]
    tablet = await enrol_iphone(contoso, "alice")
    await settle_all(*phones, tablet)
    request = ProposedRequest("DELETE", f"/groups/{contoso.groups['All Staff']}")
    result = await what_if(contoso.emulator, contoso.tenant, request=request, batch=0, at_once=1)
    assert [device.device for device in result] == sorted(phone.enrollment_id for phone in phones)
    assert all(keys(device.remove) == ["root"] for device in result)


async def test_limits_end_the_search_and_say_how_many_devices_are_left(contoso: Contoso) -> None:
    await contoso.root_profile()
    phones = [await contoso.enroll(name) for name in ("alice", "bob", "carol")]
    await settle_all(*phones)
    task = one_after_another(ProposedRequest("DELETE", f"/groups/{contoso.groups['All Staff']}"))
    few = Limits(devices=1, seconds=60)
    result = await foresee(contoso.emulator, contoso.tenant, task=task, limits=few, batch=0, at_once=1)
    assert (len(result.devices), result.examined, result.concerned) == (1, 1, 3)
    assert not result.is_whole
    whole = await foresee(
        contoso.emulator, contoso.tenant, task=task, limits=replace(few, devices=100), batch=0, at_once=1
    )
    assert (len(whole.devices), whole.examined, whole.is_whole) == (3, 3, True)


async def test_a_profile_is_created_and_assigned_in_one_dry_run(contoso: Contoso) -> None:
    phone = await contoso.enroll("alice")
    await settle_all(phone)
    body = {
        "@odata.type": "#microsoft.graph.androidWorkProfileTrustedRootCertificate",
        "displayName": "Root",
        "trustedRootCertificate": await contoso.root_text(),
    }
    target = {"target": {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}}

    async def create_and_assign(send: Send) -> None:
        created = await send(ProposedRequest("POST", CONFIGURATIONS, body))
        assert created is not None
        await send(ProposedRequest("POST", f"{CONFIGURATIONS}/{created['id']}/assign", {"assignments": [target]}))

    before = await all_rows(contoso)
    (found,) = (await foresee(contoso.emulator, contoso.tenant, task=create_and_assign)).devices
    assert [(consequence.source, consequence.profile_name) for consequence in found.install] == [("root", "Root")]
    assert await all_rows(contoso) == before


def one_after_another(*requests: ProposedRequest) -> Task:
    async def task(send: Send) -> None:
        for request in requests:
            await send(request)

    return task


async def test_devices_and_other_trials_are_served_meanwhile(contoso: Contoso) -> None:
    phones = [await equipped(contoso, name=name) for name in ("alice", "bob")]
    await settle_all(*phones)
    before = [await phone.ledger() for phone in phones]
    group = f"/groups/{contoso.groups['All Staff']}"
    work = [predict(contoso, "DELETE", group) for _ in range(4)] + [phone.check_in() for phone in phones * 3]
    answers = await asyncio.gather(*work)
    assert answers[0] == answers[1] == answers[2] == answers[3] != []
    assert [await phone.ledger() for phone in phones] == before


async def test_a_dry_run_has_caches_of_its_own_and_other_copies_share_them(contoso: Contoso) -> None:
    emulator = contoso.emulator
    dry = emulator.dry_run(emulator.runner)
    assert dry.answer_cache is not emulator.answer_cache
    assert dry.pki_cache is not emulator.pki_cache
    copy = replace(emulator, patience=1.0)
    assert (copy.answer_cache, copy.pki_cache) == (emulator.answer_cache, emulator.pki_cache)
