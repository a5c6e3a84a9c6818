"""Compliance policies, apps and scripts in the console: created, assigned with a look at the effects, deleted."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.support.console import done, show, submit, text_of

NEW: dict[str, tuple[dict[str, str], str]] = {
    "compliance": ({"platform": "ios", "settings": "passcodeRequired = true\nosMinimumVersion = 17.0"}, "iOS/iPadOS"),
    "app": ({"kind": "ios-store", "of": "com.example.notes"}, "an app of Apple's App Store, by its bundle id"),
    "script": ({"kind": "remediation", "script": "exit 1", "remedy": "exit 0"}, "remediation, on Windows"),
}


@pytest.mark.parametrize("noun", NEW)
async def test_one_is_created_assigned_with_a_look_at_the_effects_and_deleted(
    console: httpx.AsyncClient, noun: str
) -> None:
    fields, kind = NEW[noun]
    page = done(await submit(console, f"/managed/{noun}/new", name="Ours", **fields)).partition("?")[0]
    path = re.sub(r"^.*/console/contoso", "", page)
    assert f"{kind}. Assigned to: nobody" in await show(console, path)
    wanted = {"target": "users", "intent": "required"}
    preview = text_of(await submit(console, f"{path}/assign", step="confirm", **wanted))
    assert "It is assigned to all users as well." in preview
    assert "nobody" in await show(console, path)
    done(await submit(console, f"{path}/assign", step="change", **wanted))
    assert "Assigned to: all users" in await show(console, path)
    assert "Ours" in await show(console, "/managed")
    done(await submit(console, f"{path}/delete"))
    assert "Ours" not in await show(console, "/managed")
    assert (await console.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("noun", "fields", "says"),
    [
        ("compliance", {"platform": "ios", "settings": "passcodeRequired"}, "has no value"),
        ("compliance", {"platform": "ios", "settings": "noSuch = 1"}, "noSuch"),
        ("compliance", {"platform": "beos"}, "Choose a platform"),
        ("app", {"kind": "msi", "of": "x"}, "Choose a kind"),
        ("script", {"kind": "shell", "script": "exit", "remedy": "exit"}, "A remediation has two scripts"),
        ("script", {"kind": "powershell", "script": "exit", "name": ""}, "Give it a name"),
    ],
)
async def test_a_form_that_is_refused_says_why_and_creates_nothing(
    console: httpx.AsyncClient, noun: str, fields: dict[str, str], says: str
) -> None:
    before = await show(console, "/managed")
    answer = await submit(console, f"/managed/{noun}/new", **{"name": "Ours", **fields})
    assert (answer.status_code, says in text_of(answer)) == (400, True)
    assert await show(console, "/managed") == before


async def test_an_unknown_kind_of_page_is_not_found(console: httpx.AsyncClient) -> None:
    assert (await console.get("/managed/printer/new")).status_code == 404
