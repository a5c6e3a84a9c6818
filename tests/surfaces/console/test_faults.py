"""The page of faults: from a list of common ones to a rule that strikes, and away again."""

from __future__ import annotations

import re

import httpx

from fauxtune.core.faults.presets import PRESETS
from fauxtune.core.faults.reading import rule_of
from fauxtune.core.faults.rule import Kind
from fauxtune.core.faults.writing import warnings
from tests.support.console import done, send_from, show, submit, text_of
from tests.surfaces.conftest import token_of_application

NEW = "/faults/new"


def test_every_choice_is_a_rule_that_can_strike_and_every_kind_can_be_chosen() -> None:
    rules = [
        rule_of({"match": preset.match, "effect": preset.effect})
        for group in PRESETS.values()
        for preset in group.values()
    ]
    assert {rule.effect.kind for rule in rules} == set(Kind)
    assert not any(warnings(rule, is_served=lambda _path, _method: True) for rule in rules)


async def test_a_fault_is_chosen_strikes_is_switched_off_and_deleted(
    console: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    headers = {"authorization": f"Bearer {await token_of_application(http)}"}
    assert "Nothing goes wrong on purpose" in await show(console, "/faults")
    chosen = {"preset": "unavailable", "which": "next", "count": "2", "path": "/users", "method": "GET"}
    done(await send_from(console, NEW, to=NEW, fields=chosen))
    text = await show(console, "/faults")
    assert "503, Retry-After 5 s" in text
    assert "GET /users of graph" in text
    assert "the next 2" in text
    assert "has not struck yet" in text
    assert (await http.get("/v1.0/users", headers=headers)).status_code == 503
    text = await show(console, "/faults")
    assert "1 of 1" in text
    assert "has struck" in text
    (fault,) = (await http.get("/_fauxtune/v1/tenants/contoso/faults")).json()["value"]
    for to, words in (("off", "switched off"), ("on", "has struck"), ("delete", "Nothing goes wrong")):
        done(await send_from(console, "/faults", to=f"/faults/{fault['id']}", fields={"to": to}))
        assert words in await show(console, "/faults")


async def test_a_ready_made_set_is_added_and_all_faults_are_deleted(console: httpx.AsyncClient) -> None:
    done(await submit(console, NEW, preset="chaos", count="3"))
    assert "Chaos: throttled" in await show(console, "/faults")
    assert "Nothing goes wrong on purpose any more." in await show(console, "/faults/clear")
    done(await submit(console, "/faults/clear"))
    assert "Nothing goes wrong on purpose." in await show(console, "/faults")


async def test_what_cannot_be_used_is_marked_and_nothing_is_added(console: httpx.AsyncClient) -> None:
    for form, words in (
        ({"preset": "explode"}, "Choose what goes wrong."),
        ({"preset": "slow", "which": "next", "count": "many"}, "Write a whole number."),
        ({"preset": "slow", "path": "users"}, "begins with a slash"),
        ({"preset": "slow", "which": "nth", "count": "0"}, "from 1 to"),
    ):
        answer = await send_from(console, NEW, to=NEW, fields=form)
        assert answer.status_code == 400
        assert words in text_of(answer)
    assert "Nothing goes wrong on purpose." in await show(console, "/faults")


async def test_a_fault_that_can_never_strike_says_so(console: httpx.AsyncClient) -> None:
    done(await send_from(console, NEW, to=NEW, fields={"preset": "slow", "path": "/user"}))
    assert "nothing is served at /user" in await show(console, "/faults")


async def test_a_page_without_faults_offers_some_whose_form_is_filled_in(console: httpx.AsyncClient) -> None:
    page = (await console.get("/faults")).text
    offered = re.findall(r'href="/console/contoso/faults/new\?preset=([\w-]+)"', page)
    assert len(offered) >= 4
    for preset in offered:
        form = (await console.get(f"/faults/new?preset={preset}")).text
        assert f'<option value="{preset}" selected>' in form
