"""The page of states: every sentence has a form, which reaches it, and what became of it is said in words.

The page of snapshots: a state is kept, compared, restored and deleted; the tenant is reset and exported.
"""

from __future__ import annotations

from urllib.parse import quote

import httpx
import pytest

from fauxtune.core.model.words.provider_state_words import places
from fauxtune.core.model.words.provider_states import PLACES, SENTENCES
from tests.support.console import done, send_from, show, submit, text_of
from tests.support.tenant import Contoso


def form_of(sentence: str) -> str:
    return f"/states/reach?state={quote(sentence)}"


async def test_every_sentence_has_a_form_with_its_places_and_its_request(console: httpx.AsyncClient) -> None:
    listed = (await console.get("/states")).text
    for sentence in SENTENCES:
        page = await console.get(form_of(sentence.text))
        assert page.status_code == 200, sentence.text
        assert sentence.meaning in text_of(page)
        assert "PUT /_fauxtune/v1/tenants/contoso/states" in text_of(page)
        for place in places(sentence):
            assert f'name="{place}"' in page.text
    assert listed.count("/states/reach?state=") == len(SENTENCES)


async def test_a_state_is_reached_by_its_form_and_the_second_time_changes_nothing(
    console: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    path = form_of("{user} is a member of {group}")
    for words in ("The tenant is in this state now dora is a member of", "The tenant was in this state already"):
        answer = await send_from(console, path, to=path, fields={"user": "dora", "group": "Night shift"})
        assert answer.status_code == 200
        assert words in text_of(answer)
    groups = text_of(await console.get("/groups"))
    assert "Night shift" in groups
    clock = form_of("it is {date}")
    answer = await send_from(console, clock, to=clock, fields={"date": "2029-03-01"})
    assert "2029-03-01" in answer.text.partition("<main")[0], "the clock in the frame is that of the state"


async def test_a_sentence_in_ones_own_words_is_reached_or_the_nearest_are_named(console: httpx.AsyncClient) -> None:
    answer = await send_from(console, "/states", to="/states", fields={"state": "Alice  has no license."})
    assert "Alice has no license" in text_of(answer)
    assert "no licence: no device can enrol" in await show(console, "/users/alice@contoso.example")
    answer = await send_from(console, "/states", to="/states", fields={"state": "<b>alice</b> is rich"})
    assert answer.status_code == 400
    assert "The nearest are:" in text_of(answer)
    assert "<b>alice" not in answer.text


@pytest.mark.parametrize(
    ("sentence", "words", "place"),
    [
        ("{user} has {count} encryption certificates", {"user": "alice", "count": "many"}, "count"),
        ("{user} is a member of {group}", {"user": "alice; drop", "group": "Sales"}, "user"),
        ("{user}'s {device} refuses {delivery}", {"user": "alice", "device": "toaster", "delivery": "root"}, "device"),
        ("it is {date}", {"date": ""}, "date"),
    ],
)
async def test_words_that_do_not_fit_are_marked_and_nothing_is_changed(
    sentence: str, words: dict[str, str], place: str, console: httpx.AsyncClient
) -> None:
    answer = await send_from(console, form_of(sentence), to=form_of(sentence), fields=words)
    assert answer.status_code == 400
    assert "Nothing was changed." in text_of(answer)
    assert f'id="error-{place}"' in answer.text
    assert PLACES[place].meaning in text_of(answer)


async def test_what_a_state_needs_and_this_server_lacks_is_said(console: httpx.AsyncClient) -> None:
    path = form_of("{user} has an enrolled {device}")
    answer = await send_from(console, path, to=path, fields={"user": "alice", "device": "iPhone"})
    assert answer.status_code == 400
    assert "no host for simulated devices" in text_of(answer)
    answer = await send_from(
        console, "/devices/new?user=alice", to="/devices/new", fields={"user": "alice", "kind": "ios"}
    )
    assert "no host for simulated devices" in text_of(answer)
    assert (await console.get("/states/reach?state=x")).status_code == 404
    assert (await console.get("/devices/x/owner")).status_code == 404


async def test_a_state_is_kept_compared_restored_and_deleted(console: httpx.AsyncClient, contoso: Contoso) -> None:
    assert "No snapshot yet." in await show(console, "/snapshots")
    await submit(console, "/snapshots", name="before the wipe")
    page = await show(console, "/snapshots")
    assert "can be restored" in page
    assert "3 users, 0 devices" in page
    await contoso.user("dora")
    await contoso.enroll("alice")
    page = await show(console, "/snapshots/before the wipe/restore")
    assert "Lost: 1 user, 1 device" in page
    assert "/snapshots/before%20the%20wipe/restore" in page
    restored = await submit(console, "/snapshots/before the wipe/restore")
    assert done(restored).endswith("/console/contoso/snapshots")
    assert "Lost:" not in await show(console, "/snapshots/before the wipe/restore")
    await submit(console, "/snapshots/before the wipe/delete")
    assert "No snapshot yet." in await show(console, "/snapshots")
    assert (await console.get("/snapshots/before the wipe/restore")).status_code == 404


async def test_a_name_that_cannot_be_one_is_refused_beside_the_form(console: httpx.AsyncClient) -> None:
    await submit(console, "/snapshots", name="one")
    for name, words in (("<b>", "cannot be a name"), ("one", "already"), ("", "cannot be a name")):
        answer = await submit(console, "/snapshots", name=name)
        assert answer.status_code == 400
        assert words in answer.text
        assert "<b>" not in answer.text


async def test_a_tenant_is_reset_and_exported(console: httpx.AsyncClient, contoso: Contoso) -> None:
    exported = await console.get("/snapshots/export.json")
    assert exported.headers["content-disposition"] == 'attachment; filename="contoso.json"'
    assert "keys" not in exported.json()
    await contoso.user("dora")
    assert "Lost: 1 user." in await show(console, "/snapshots/reset")
    assert done(await submit(console, "/snapshots/reset")).endswith("/console/contoso/snapshots")
    assert (await console.get("/snapshots/export.json")).json()["tables"]["users"] == exported.json()["tables"]["users"]
