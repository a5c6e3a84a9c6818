"""A trainer's lesson: one certificate for each device, one that is the same everywhere, and a phone that is wiped."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from fauxtune_sim.platforms import Platform
from tests.support.console_forms import card, create_profile, marks, press
from tests.support.console_tenant import ConsoleTenant

pytestmark = pytest.mark.program("chromium", package="chromium")
_OWN, _SAME = "Certificate of its own for each device", "One certificate on all devices of a person"
_DEVICES = ("Phone", "iPhone", "PC")


def test_a_lesson(page: Page, tenant: ConsoleTenant) -> None:
    create_profile(page, tenant.url(), kind=_OWN, name="Signing")
    page.goto(tenant.url())
    page.evaluate("window.sameDocument = true")
    tenant.enroll(name="Phone")
    tenant.enroll(name="iPhone", platform=Platform.IOS)
    tenant.enroll(name="PC", platform=Platform.WINDOWS)
    expect(page.locator(".chip.pkcs.s-installed")).to_have_count(3)
    own = {device: marks(page, device, kind="pkcs") for device in _DEVICES}
    assert len({mark for each in own.values() for mark in each}) == 3, "each device has a mark of its own"

    tenant.import_certificate("alice")
    create_profile(page.context.new_page(), tenant.url(), kind=_SAME, name="Mail of years")
    expect(page.locator(".chip.imported.s-installed")).to_have_count(3)
    shared = [marks(page, device, kind="imported") for device in _DEVICES]
    assert shared == [shared[0]] * 3, "an imported certificate has one mark everywhere"
    assert page.evaluate("window.sameDocument"), "the page stayed up to date without being loaded again"

    page.get_by_role("link", name="iPhone", exact=True).click()
    press(page, "Wipe…")
    effects = page.get_by_role("region", name="What would happen").get_by_role("row", name="iPhone")
    expect(effects).to_contain_text("its enrolment ends")
    removed, revoked = (effects.locator(f"[data-label='{words}']") for words in ("Removed", "Revoked at the CA"))
    assert set(removed.locator(".chip b").all_inner_texts()) >= {*own["iPhone"], *shared[0]}
    assert revoked.locator(".chip b").all_inner_texts() == own["iPhone"], "what is imported is not revoked"
    press(page, "Wipe")
    outcome = page.locator("section", has=page.get_by_role("heading", name="What became of what it held"))
    expect(outcome).to_contain_text("Revoked: 1 certificate. Not revoked: 1 imported certificate.")
    expect(page.locator(".verdict.end")).to_be_visible()
    page.get_by_role("link", name="Overview").click()
    expect(card(page, "iPhone")).to_contain_text("ended: wiped")
    expect(card(page, "iPhone").locator(".chip")).to_have_count(0)
    assert marks(page, "PC", kind="pkcs") == own["PC"]
