"""Why a certificate is missing: the chain in the console, and the page on which the break is mended."""

from __future__ import annotations

import httpx

from tests.support.console import show, text_of
from tests.support.tenant import Contoso
from tests.surfaces.console.conftest import Enroll


async def test_a_break_is_shown_with_the_page_that_mends_it(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll
) -> None:
    alice = await contoso.user_id("alice")
    await contoso.group("Sales", alice)
    await contoso.imported_profile("Sales")
    phone = await enroll("alice")
    await phone.settle()
    page = await console.get("/why?user=alice@contoso.example")
    text = text_of(page)
    assert "The way breaks: look for ✗." in text
    assert "A certificate was imported broken:" in text
    assert f'href="/console/contoso/users/{alice}/import"' in page.text
    await contoso.import_pfx("alice")
    await phone.settle_completely()
    mended = await show(console, "/why?user=Alice")
    assert "No link is broken." in mended
    assert "It is installed holds:" in mended


async def test_a_question_that_cannot_be_answered_says_why(console: httpx.AsyncClient) -> None:
    assert "One of the three is enough." in await show(console, "/why")
    answer = await console.get("/why?user=nobody%3Cscript%3Ealert(1)%3C/script%3E")
    assert answer.status_code == 404
    assert "nobody<script>" in text_of(answer)
    assert "<script>alert" not in answer.text
