"""A trainer's lesson: one certificate for each device, one that is the same everywhere, and a phone that is wiped."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from fauxtune_sim.platforms import Platform
from tests.support.browsing import NEEDS_A_BROWSER, PATIENCE, Watch
from tests.support.console_forms import card, create_profile, import_certificate, marks, press
from tests.support.console_tenant import ConsoleTenant
from tests.support.running_server import Running

pytestmark = NEEDS_A_BROWSER
_OWN, _SAME = "Certificate of its own for each device", "One certificate on all devices of a person"
_DEVICES = {"Phone": Platform.ANDROID, "iPhone": Platform.IOS, "PC": Platform.WINDOWS}


@pytest.fixture
def plain_page(browser: Browser, server: Running, watch: Watch) -> Iterator[Page]:
    """A page in a browser whose scripts are switched off."""
    context = browser.new_context(base_url=server.endpoints["http"], java_script_enabled=False)
    context.set_default_timeout(PATIENCE)
    watch.over(context)
    yield context.new_page()
    context.close()


def test_a_lesson(page: Page, tenant: ConsoleTenant) -> None:
    forms = page.context.new_page()
    page.goto(tenant.url())
    page.evaluate("window.sameDocument = true")
    _lesson(page, tenant, forms=forms, refresh=lambda: None)
    assert page.evaluate("window.sameDocument"), "the overview stayed up to date without being loaded again"

    _equal_marks_light_up(page)


def _equal_marks_light_up(page: Page) -> None:
    """Point at an imported certificate, tap it, and give it the focus: it lights up on both devices that have it."""
    shared, own = (card(page, "PC").locator(f".chip.{kind}") for kind in ("imported", "pkcs"))
    lit, everything = page.locator("main [data-lit]"), page.locator("main[data-lit]")
    for point in (shared.hover, shared.focus, shared.click):
        point()
        expect(lit).to_have_count(2)
        assert set(lit.locator("b").all_inner_texts()) == {shared.locator("b").inner_text()}
        expect(own).not_to_have_css("opacity", "1")  # the others fade
        page.locator("footer").hover()
        page.evaluate("document.activeElement.blur()")
        expect(everything).to_have_count(0)
    own.focus()
    expect(lit).to_have_count(1)


def test_the_lesson_without_scripts(plain_page: Page, tenant: ConsoleTenant) -> None:
    def refresh() -> None:
        tenant.settle()
        plain_page.reload()

    plain_page.goto(tenant.url())
    _lesson(plain_page, tenant, forms=plain_page.context.new_page(), refresh=refresh)


def _lesson(overview: Page, tenant: ConsoleTenant, *, forms: Page, refresh: Callable[[], None]) -> None:
    """Work in one window, and watch the overview in another one."""
    create_profile(forms, tenant.url(), kind=_OWN, name="Signing")
    for name, platform in _DEVICES.items():
        tenant.enroll(name=name, platform=platform)
    refresh()
    expect(overview.locator(".chip.pkcs.s-installed")).to_have_count(len(_DEVICES))
    own = {device: marks(overview, device, kind="pkcs") for device in _DEVICES}
    assert len({mark for each in own.values() for mark in each}) == len(_DEVICES), "each device has a mark of its own"

    import_certificate(forms, tenant.url(), person="Alice Adams")
    create_profile(forms, tenant.url(), kind=_SAME, name="Mail of years")
    refresh()
    expect(overview.locator(".chip.imported.s-installed")).to_have_count(len(_DEVICES))
    shared = [marks(overview, device, kind="imported") for device in _DEVICES]
    assert shared == [shared[0]] * len(_DEVICES), "an imported certificate has one mark everywhere"

    _wipe(forms, tenant, own=own["iPhone"], shared=shared[0])
    refresh()
    expect(card(overview, "iPhone")).to_contain_text("ended: wiped")
    expect(card(overview, "iPhone").locator(".chip")).to_have_count(0)
    assert marks(overview, "PC", kind="pkcs") == own["PC"]
    forms.reload()
    outcome = forms.locator("section", has=forms.get_by_role("heading", name="What was removed and revoked"))
    expect(outcome).to_contain_text("Revoked: 1 certificate. Not revoked: 1 imported certificate.")


def _wipe(page: Page, tenant: ConsoleTenant, *, own: list[str], shared: list[str]) -> None:
    """Wipe the iPhone after its effects were shown: what is removed, and what is revoked as well."""
    page.goto(tenant.url())
    page.get_by_role("link", name="iPhone", exact=True).click()
    press(page, "Wipe…")
    effects = page.get_by_role("region", name="What would happen").get_by_role("row", name="iPhone")
    expect(effects).to_contain_text("its enrolment ends")
    removed, revoked = (effects.locator(f"[data-label='{words}']") for words in ("Removed", "Revoked at the CA"))
    assert set(removed.locator(".chip b").all_inner_texts()) >= {*own, *shared}
    assert revoked.locator(".chip b").all_inner_texts() == own, "what is imported is not revoked"
    press(page, "Wipe")
    expect(page.locator(".verdict.end")).to_be_visible()
