"""Groups in the console: who is in them, what they bring, and what a change of them would do."""

from __future__ import annotations

import httpx
import pytest

from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import GroupId, ProfileId
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.policies.apps import APP_RULES
from fauxtune.core.policies.scripts import rules_of
from fauxtune.operations.insight.whatif import Limits
from fauxtune.operations.profiles import resources
from fauxtune.operations.profiles.assignments import Assignable, NewAssignment
from fauxtune_console import tasks
from tests.support.assigned_apps import assigned_app
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.console import done, show, submit, text_of
from tests.support.tenant import Contoso
from tests.surfaces.console.conftest import Enroll

ARABIC = "موظفو المبيعات"
HOSTILE = "<script>alert(1)</script>"


async def test_the_list_has_members_and_assigned_profiles(console: httpx.AsyncClient, contoso: Contoso) -> None:
    contoso.groups["SMIME Pilot"] = await group_id(console, "SMIME Pilot")
    await contoso.root_profile("SMIME Pilot")
    page = await show(console, "/groups")
    assert "All Staff 3 people nothing" in page
    assert "SMIME Pilot 2 people androidWorkProfileTrustedRootCertificate" in page


@ON_BOTH_DATABASES
async def test_a_group_shows_all_that_is_assigned_to_it(console: httpx.AsyncClient, contoso: Contoso) -> None:
    contoso.groups["SMIME Pilot"] = group = await group_id(console, "SMIME Pilot")
    await contoso.root_profile("SMIME Pilot")
    await assigned_app(contoso, "iosStoreApp", HOSTILE, "available", bundleId="com.contoso.n", to_group=True)
    outlook = next(rule for rule in APP_RULES.built_in if rule.kind == "androidStoreApp")
    targets = [NewAssignment(TargetKind.EXCLUSION, GroupId(group), {}, more={"intent": "required"})]
    for rules, kind in ((APP_RULES, None), (rules_of("deviceShellScripts"), "deviceShellScript")):
        key = outlook.id
        if kind is not None:
            document = {**defaults(entity(kind)), "displayName": "Clean up", "scriptContent": ""}
            key = str((await contoso.do(resources.create, rules, kind=kind, document=document)).id)
        to = Assignable(ProfileId(key), noun="thing", platforms=None)
        await contoso.do(resources.assign, rules, key=key, to=to, targets=targets)
    page = await show(console, f"/groups/{group}")
    assert f"{HOSTILE} app, available" in page
    assert "androidWorkProfileTrustedRootCertificate" in page
    assert "not Clean up shell script" in page
    assert f"not {outlook.document['displayName']} app, required" in page
    assert "and 0 more" not in (listed := await show(console, "/groups"))
    assert "not Clean up shell script" in listed


@ON_BOTH_DATABASES
async def test_a_page_behind_the_last_leads_to_the_last(console: httpx.AsyncClient) -> None:
    group = await group_id(console, "SMIME Pilot")
    answer = await console.get(f"/groups/{group}?text=b&page=9")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/console/contoso/groups/{group}?text=b&page=1")
    assert "1–1 of 1 member" in text_of(await console.get(answer.headers["location"].partition("/contoso")[2]))
    assert "1–2 of 2 members" in await show(console, f"/groups/{group}")


async def test_a_group_is_found_by_a_part_of_its_name(console: httpx.AsyncClient) -> None:
    page = await show(console, "/groups?text=pilot")
    assert "SMIME Pilot" in page
    assert "All Staff" not in page
    assert "No group's name contains “nowhere”." in await show(console, "/groups?text=nowhere")


@pytest.mark.parametrize("name", [ARABIC, HOSTILE, "x" * 256])
async def test_any_name_can_be_given_and_is_shown_as_text(console: httpx.AsyncClient, name: str) -> None:
    address = done(await submit(console, "/groups/new", name=name, description=name))
    page = await console.get(address)
    assert name in text_of(page)
    assert "<script>alert" not in page.text
    assert "<script>alert" not in (await console.get("/groups")).text


async def test_a_refused_name_is_kept_in_the_form_with_the_reason(console: httpx.AsyncClient) -> None:
    answer = await submit(console, "/groups/new", name="y" * 257, description="kept")
    assert answer.status_code == 400
    assert "at most 256 are allowed" in text_of(answer)
    assert "y" * 257 in answer.text
    assert 'value="kept"' in answer.text


@ON_BOTH_DATABASES
async def test_a_member_is_added_after_its_effects_were_shown(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll
) -> None:
    contoso.groups["SMIME Pilot"] = group = await group_id(console, "SMIME Pilot")
    await contoso.root_profile("SMIME Pilot")
    phone = await enroll("carol")
    await phone.settle()
    offered = await show(console, f"/groups/{group}/add?text=carol")
    assert "Carol Clark carol@contoso.example person" in offered
    path = f"/groups/{group}/add?member={await contoso.user_id('carol')}"
    page = await show(console, path)
    assert "“Carol Clark” would become a member of “SMIME Pilot”." in page
    assert "carol_AndroidForWork carol@contoso.example" in page
    assert "the profile 'androidWorkProfileTrustedRootCertificate' reaches the device" in page
    assert f"/beta/groups/{group}/members/$ref" in page
    assert "2 people" in await show(console, f"/groups/{group}")
    done(await submit(console, path))
    assert "3 people" in await show(console, f"/groups/{group}")
    await phone.settle()
    assert len(phone.roots) == 1


async def test_removing_a_member_says_what_its_devices_lose(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll
) -> None:
    contoso.groups["SMIME Pilot"] = group = await group_id(console, "SMIME Pilot")
    await contoso.root_profile("SMIME Pilot")
    phone = await enroll("alice")
    await phone.settle()
    path = f"/groups/{group}/remove?member={await contoso.user_id('alice')}"
    assert "alice_AndroidForWork" in await show(console, path)
    done(await submit(console, path))
    await phone.settle()
    assert phone.roots == set()


async def test_a_group_is_deleted(console: httpx.AsyncClient) -> None:
    group = await group_id(console, "SMIME Pilot")
    assert "Nothing changes on any device." in await show(console, f"/groups/{group}/delete")
    assert done(await submit(console, f"/groups/{group}/delete")).endswith("/contoso/groups")
    gone = await console.get(f"/groups/{group}")
    assert gone.status_code == 404
    assert "It may have been deleted meanwhile." in text_of(gone)


async def test_what_is_gone_meanwhile_is_a_clear_page(console: httpx.AsyncClient, contoso: Contoso) -> None:
    group = await group_id(console, "SMIME Pilot")
    member = await contoso.user("dora")
    path = f"/groups/{group}/add?member={member}"
    page = await console.get(path)
    assert page.status_code == 200
    assert (await console.get(f"/groups/{group}/add?member=nobody")).status_code == 404
    assert (await console.get(f"/groups/{group}/remove")).status_code == 400
    forged = await console.post(path, data={"form_token": "forged"})
    assert forged.status_code == 403
    assert "2 people" in await show(console, f"/groups/{group}")


async def test_of_many_devices_a_page_shows_the_first_and_says_how_many_there_are(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "_FEW", Limits(devices=1, seconds=60))
    contoso.groups["SMIME Pilot"] = group = await group_id(console, "SMIME Pilot")
    await contoso.root_profile("SMIME Pilot")
    for user in ("alice", "bob"):
        await (await enroll(user)).settle()
    page = await show(console, f"/groups/{group}/delete")
    assert page.count("_AndroidForWork") == 1
    assert (
        "2 devices would look at this change. These are the effects on the first 1 of them. Show more of them" in page
    )
    more = await show(console, f"/groups/{group}/delete?effects=more")
    assert more.count("_AndroidForWork") == 2
    assert "would look at this change" not in more


async def test_groups_in_groups_and_devices_are_named(console: httpx.AsyncClient, enroll: Enroll) -> None:
    staff, pilot = await group_id(console, "All Staff"), await group_id(console, "SMIME Pilot")
    await (await enroll("bob")).settle()
    offered = await console.get(f"/groups/{staff}/add?text=bob_")
    device = offered.text.partition('name="member" value="')[2].partition('"')[0]
    assert "<small><bdi>Android Enterprise (work profile)</bdi></small>" in offered.text
    done(await submit(console, f"/groups/{staff}/add?member={device}&member={pilot}"))
    assert "3 people, 1 device, 1 group" in await show(console, f"/groups/{staff}")
    assert "Part of All Staff" in await show(console, f"/groups/{pilot}")


async def group_id(console: httpx.AsyncClient, name: str) -> str:
    """Return the id of a group, by the link in the list."""
    before, _, _ = (await console.get("/groups", params={"text": name})).text.partition(f"<bdi>{name}</bdi>")
    return before.rpartition("/groups/")[2].partition('"')[0]
