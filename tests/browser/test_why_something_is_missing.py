"""A certificate does not come: the page that says why leads to where it is mended, and then says that it is well."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from fauxtune.core.administration import emulation
from tests.support.browsing import NEEDS_A_BROWSER
from tests.support.console_forms import card, create_profile, press
from tests.support.console_tenant import ConsoleTenant

pytestmark = NEEDS_A_BROWSER


def test_a_connector_that_is_off_line_is_found_and_brought_back(page: Page, tenant: ConsoleTenant) -> None:
    create_profile(page, tenant.url(), kind="Certificate of its own for each device", name="Signing")
    (connector,) = tenant.control("GET", "/connectors")["value"]
    tenant.send(emulation.change_connector(connector["id"], state="offline"))
    tenant.enroll(name="Phone")
    page.goto(tenant.url())
    expect(card(page, "Phone").locator(".chip.pkcs.s-wanted")).to_have_count(1)
    page.get_by_role("link", name="Phone", exact=True).click()
    press(page, "Why is something missing?")
    expect(page.locator(".verdict")).to_contain_text("1 of 2 is missing. There is 1 thing to mend.")
    cause = page.locator(".cause")
    expect(cause).to_have_count(1)
    expect(cause).to_contain_text("A connector works: broken")
    cause.locator("details.chain summary").click()
    expect(cause.locator(".link.bad")).to_contain_text("A connector works")
    cause.get_by_role("button", name="on line").click()
    expect(page.get_by_role("status")).to_contain_text("is on line")
    expect(page.locator(".verdict")).to_contain_text("No link is broken.")
    page.get_by_role("link", name="Overview").click()
    expect(card(page, "Phone").locator(".chip.pkcs.s-installed b")).to_have_count(1)
