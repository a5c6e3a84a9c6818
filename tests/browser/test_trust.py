"""The page on trust in a browser: for everybody, in light and dark, narrow and wide, without a request to anywhere."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.support.browsing import NEEDS_A_BROWSER, findings, too_wide

pytestmark = NEEDS_A_BROWSER


def test_the_page_suits_everybody_and_gives_the_root(page: Page) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto("/trust")
        page.get_by_text("After the lesson").first.click()
        assert findings(page) == [], scheme
    for width in (360, 2560):
        page.set_viewport_size({"width": width, "height": 900})
        assert too_wide(page) == []
    with page.expect_download() as download:
        page.get_by_role("link", name="ca.pem").click()
    assert download.value.path().read_bytes().startswith(b"-----BEGIN CERTIFICATE-----")
    expect(page.get_by_role("link", name="/console")).to_have_attribute(
        "href", re.compile(r"https://localhost:\d+/console")
    )
