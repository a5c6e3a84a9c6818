"""Every page of the console, in a tenant where everything has a hostile or an Arabic name.

The pages are found by their links, and held against the console's own list: one that is added there is visited here.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page

from fauxtune.core.administration import emulation
from tests.support.browsing import PATIENCE, Watch, findings, hexadecimal, too_wide
from tests.support.console_everything import populate
from tests.support.console_pages import Site, explore, html_pages
from tests.support.console_tenant import ConsoleTenant
from tests.support.running_server import Running
from tests.support.simulated_devices import SimulatedDevices

pytestmark = pytest.mark.program("chromium", package="chromium")
_WIDTHS = (360, 390, 1280, 2560)
#: Pages that show messages as they were sent.
_HEXADECIMAL = {"/wire/{number}"}
#: Addresses of each page that are looked at.
_LOOKS = 2


@pytest.fixture(scope="module")
def site(http: httpx.Client, devices: SimulatedDevices) -> Site:
    tenant = ConsoleTenant.created(http, devices)
    populate(tenant)
    top, carol, alice = tenant.url(), tenant.user_id("carol"), tenant.upn("alice")
    pilot = f"{top}/groups/{tenant.group_id('SMIME Pilot')}"
    forms = [f"{top}/why?user={alice}", f"{top}/why?user={tenant.upn('bob')}", f"{pilot}/add?member={carol}"]
    site = explore(http, top, *forms, f"{top}/wire?status=error")
    other = ConsoleTenant.created(http, devices)  # the page that subscribes is there before, others after
    other.send(emulation.subscribe_digicert())
    return explore(http, other.url(), other.url("connectors"), site=site)


@pytest.fixture(scope="module")
def watched(browser: Browser, server: Running) -> Iterator[tuple[Page, Watch]]:
    """One page for all tests, and what the browser noticed since the last one."""
    context = browser.new_context(base_url=server.endpoints["http"])
    context.set_default_timeout(PATIENCE)
    watch = Watch(urlsplit(server.endpoints["http"]).netloc)
    watch.over(context)
    yield context.new_page(), watch
    context.close()


def test_every_link_leads_to_a_page(site: Site) -> None:
    assert site.dead == [], "\n".join(site.dead)


def test_links_lead_to_every_page(site: Site) -> None:
    assert html_pages() - set(site.addresses) == set()


@pytest.mark.parametrize("path", sorted(html_pages()))
def test_a_page_suits_everybody(path: str, site: Site, watched: tuple[Page, Watch]) -> None:
    page, watch = watched
    watch.complaints.clear()
    for address in site.addresses[path][:_LOOKS]:
        page.emulate_media(color_scheme="light")
        page.goto(address)
        assert findings(page) == [], address
        assert path in _HEXADECIMAL or hexadecimal(page) == [], address
        for width in _WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert too_wide(page) == [], f"{address} at {width} px"
        page.emulate_media(color_scheme="dark")
        assert findings(page, rules="color-contrast") == [], f"{address}, dark"
        assert watch.complaints == [], address
