"""A server with a control token: the console asks for it once, in a form, and forgets the browser when it is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.browsing import NEEDS_A_BROWSER, Watch, findings
from tests.support.running_server import Running, serving

pytestmark = NEEDS_A_BROWSER
_TOKEN = "a token with “quotes”"


@pytest.fixture(scope="module")
def server(commands: Path) -> Iterator[Running]:
    with serving("--ephemeral", FAUXTUNE_CONTROL_TOKEN=_TOKEN, commands=commands) as running:
        yield running


def test_the_token_opens_the_page_that_was_asked_for(page: Page, watch: Watch) -> None:
    page.goto("/console/contoso/journal")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert findings(page) == []
    page.get_by_label("Control token").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("That is not the control token.")
    page.get_by_label("Control token").fill(_TOKEN)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Journal")).to_be_visible()
    assert page.url.endswith("/console/contoso/journal")
    (cookie,) = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert _TOKEN not in cookie["value"]
    page.get_by_role("button", name="Freeze").click()
    expect(page.get_by_role("status")).to_contain_text("The clock of contoso now shows")
    watch.forgive("401")
