"""`/docs`: Swagger UI draws the documents under the page's policy, and requests can be tried out."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.support.browsing import NEEDS_A_BROWSER, findings, too_wide

pytestmark = NEEDS_A_BROWSER


def _open(page: Page, path: str) -> None:
    page.goto(path)
    page.wait_for_selector("#document[data-ready]")
    expect(page.get_by_role("combobox", name="Interface")).to_have_value(path.removeprefix("/docs/"))


def _try_first(page: Page, path: str) -> str:
    """Try out the request that reads this path; return the status of its answer."""
    row = page.locator(".opblock-get", has=page.locator(f'[data-path="{path}"]'))
    row.locator(".opblock-summary-control").click()
    row.locator(".btn.execute").click()
    return row.locator("tr.response .response-col_status").first.inner_text().strip()


def test_documents_are_drawn(page: Page) -> None:
    for name in ("identity", "devices", "connector", "graph-profiles"):
        _open(page, f"/docs/{name}")
        page.locator(".opblock-tag").first.click()
        page.locator(".opblock-summary-control").first.click()
        page.locator(".opblock-body .opblock-section").first.wait_for()


def test_the_page_suits_everybody(page: Page) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        _open(page, "/docs/graph-profiles")
        assert findings(page) == [], scheme
    for width in (360, 2560):
        page.set_viewport_size({"width": width, "height": 900})
        assert too_wide(page) == [], f"{width} px"


def test_a_request_of_the_control_surface_can_be_tried_out(page: Page) -> None:
    page.goto("/docs")
    page.get_by_role("combobox", name="Interface").select_option("control")
    page.get_by_role("button", name="Open").click()
    page.wait_for_url("**/docs/control")
    page.wait_for_selector("#document[data-ready]")
    page.get_by_label("Part").select_option("tenants")
    page.locator(".opblock-tag", has_text="tenants").click()
    assert _try_first(page, "/_fauxtune/v1/tenants") == "200"


def test_a_token_for_graph_is_one_click_away(page: Page) -> None:
    _open(page, "/docs/graph-the-directory")
    page.get_by_role("button", name="Get a token").click()
    expect(page.locator("#token output")).to_contain_text("60 minutes")
    page.get_by_label("Part").select_option("v1.0 users")
    page.locator(".opblock-tag", has_text="v1.0 users").click()
    assert _try_first(page, "/v1.0/users") == "200"


def test_without_scripts_the_document_can_be_downloaded(browser: Browser, page: Page) -> None:
    page.goto("/docs/devices")
    plain = browser.new_context(java_script_enabled=False).new_page()
    plain.goto(page.url)
    assert "downloads it" in plain.locator("noscript").inner_text()
    with plain.expect_download() as download:
        plain.get_by_text("Download devices.json").click()
    assert download.value.suggested_filename == "devices.json"
    plain.context.close()
