"""`/docs` in Chromium: Swagger UI draws every document under the page's policy, and requests can be tried out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.support.running_server import Running, serving

pytestmark = pytest.mark.program("chromium", package="chromium")
_PATIENCE = 60_000


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with serving("--ephemeral") as running:
        yield running


@pytest.fixture(scope="module")
def page(server: Running) -> Iterator[Page]:
    """A page whose addresses begin at the server."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        context = browser.new_context(base_url=server.endpoints["http"])
        context.set_default_timeout(_PATIENCE)
        yield context.new_page()
        browser.close()


def _open(page: Page, path: str) -> None:
    page.goto(path)
    page.wait_for_selector("#document[data-ready]")


def _try_first(page: Page, path: str) -> str:
    """Try out the request that reads this path; return the status of its answer."""
    row = page.locator(".opblock-get", has=page.locator(f'[data-path="{path}"]'))
    row.locator(".opblock-summary-control").click()
    row.locator(".btn.execute").click()
    return row.locator("tr.response .response-col_status").first.inner_text().strip()


def test_documents_are_drawn_without_a_complaint_of_the_browser(page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for name in ("control", "identity", "devices", "connector", "graph-profiles", "graph-managed-devices"):
        _open(page, f"/docs/{name}")
        expect(page.locator("nav a[aria-current=page]")).to_have_attribute("href", f"/docs/{name}")
        page.locator(".opblock-tag").first.click()
        page.locator(".opblock-summary-control").first.click()
        page.locator(".opblock-body .opblock-section").first.wait_for()
    assert complaints == []


def test_a_request_of_the_control_surface_can_be_tried_out(page: Page) -> None:
    _open(page, "/docs/control")
    page.locator(".opblock-tag", has_text="tenants").click()
    assert _try_first(page, "/_fauxtune/v1/tenants") == "200"


def test_a_token_for_graph_is_one_click_away(page: Page) -> None:
    _open(page, "/docs/graph-the-directory")
    page.get_by_role("button", name="Get a token").click()
    expect(page.locator("#token output")).to_contain_text("60 minutes")
    page.locator(".opblock-tag", has_text="v1.0 users").click()
    assert _try_first(page, "/v1.0/users") == "200"


def test_without_scripts_the_document_can_be_downloaded(page: Page) -> None:
    assert page.context.browser is not None
    plain = page.context.browser.new_context(java_script_enabled=False, base_url=page.url).new_page()
    plain.goto("/docs/devices")
    assert "downloads it" in plain.locator("noscript").inner_text()
    with plain.expect_download() as download:
        plain.get_by_text("Download devices.json").click()
    assert download.value.suggested_filename == "devices.json"
    plain.context.close()
