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
from tests.support.browsing import (
    NEEDS_A_BROWSER,
    PATIENCE,
    TO_LOOK_ONLY,
    Accessibility,
    Watch,
    axe,
    hexadecimal,
    launched,
    too_wide,
    wrong_way,
)
from tests.support.console_everything import ARABIC, HOSTILE, populate
from tests.support.console_pages import Site, explore, html_pages
from tests.support.console_tenant import ConsoleTenant
from tests.support.running_server import Running
from tests.support.simulated_devices import SimulatedDevices

pytestmark = NEEDS_A_BROWSER
_WIDTHS, _HEIGHT = (360, 390, 1280, 2560), 300
#: Pages that show messages as they were sent.
_HEXADECIMAL = {"/wire/{number}", "/users/{user}/mail/{uid}/source"}
#: Addresses of a page that are looked at, where two are too few: each kind of profile has a form of its own.
_LOOKS = {"/profiles/new": 9}


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
def browser() -> Iterator[Browser]:
    """What these tests ask of a page is how it is laid out."""
    with launched(*TO_LOOK_ONLY) as browser:
        yield browser


@pytest.fixture(scope="module")
def watched(browser: Browser, server: Running) -> Iterator[tuple[Page, Watch]]:
    """One page for all tests, and what the browser noticed since the last one."""
    # Nothing moves while it is looked at: what is new on a page glows for three seconds.
    context = browser.new_context(base_url=server.endpoints["http"], reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    watch = Watch(urlsplit(server.endpoints["http"]).netloc)
    context.add_init_script(axe())
    watch.over(context)
    yield context.new_page(), watch
    context.close()


@pytest.fixture(scope="module")
def accessibility() -> Accessibility:
    """What all tests of this file have looked at."""
    return Accessibility()


def test_every_link_leads_to_a_page(site: Site) -> None:
    assert site.dead == [], "\n".join(site.dead)


def test_links_lead_to_every_page(site: Site) -> None:
    assert html_pages() - set(site.addresses) == set()


@pytest.mark.parametrize("path", sorted(html_pages()))
def test_a_page_suits_everybody(
    path: str, site: Site, watched: tuple[Page, Watch], accessibility: Accessibility
) -> None:
    page, watch = watched
    watch.complaints.clear()
    for address in site.addresses[path][: _LOOKS.get(path, 2)]:
        page.goto(address)
        _suits_everybody(page, accessibility, hexadecimal_allowed=path in _HEXADECIMAL)
        assert watch.complaints == [], address


def test_faults_that_are_planted_in_a_page_are_found(
    site: Site, watched: tuple[Page, Watch], accessibility: Accessibility
) -> None:
    """So that "no findings" says something, also of a page whose looks are known already."""
    page, watch = watched
    page.goto(site.addresses["/users/{user}"][0])
    assert accessibility.findings(page) == []
    page.evaluate("""() => {
      const main = document.querySelector("main");
      main.insertAdjacentHTML("beforeend", '<button></button> <input type="text"> <img src="data:,"> <p>pale</p>');
      Object.assign(main.lastElementChild.style, {color: "#888", background: "#777"});  // the policy forbids style=
    }""")
    planted = {"button-name", "label", "image-alt", "light: color-contrast", "dark: color-contrast"}
    found = accessibility.findings(page)
    assert {rule for rule in planted for each in found if each.startswith(f"{rule}: ")} == planted, found
    assert len(found) == len(planted)
    watch.forgive("data:,")  # the planted image, which the policy refuses


@pytest.mark.parametrize(("width", "most"), [(1280, 100), (1024, 90), (390, 150)])
def test_head_and_menu_leave_the_screen_to_the_page(
    width: int, most: int, site: Site, watched: tuple[Page, Watch]
) -> None:
    page, _watch = watched
    page.set_viewport_size({"width": width, "height": 800})
    for path in ("", "/profiles", "/journal", "/labs"):
        page.goto(site.addresses[path][0])
        menu = page.get_by_role("navigation", name="Pages", exact=True)
        below = menu.evaluate("each => each.getBoundingClientRect().bottom")
        assert below <= most, f"{path} at {width} px"
        group = menu.locator(".group.here")
        assert group.locator("[aria-current=page]").is_visible(), f"{path} at {width} px"
        assert menu.locator(".name").evaluate_all("each => each.every((one) => one.checkVisibility())"), "every group"


def test_a_menu_of_tasks_opens_within_a_phone(site: Site, watched: tuple[Page, Watch]) -> None:
    page, _watch = watched
    page.goto(site.addresses["/users/{user}"][0])
    menu = page.locator(".actions details.more")
    for width in (390, 1024):
        page.set_viewport_size({"width": width, "height": 800})
        menu.evaluate("each => { each.open = true; }")
        assert menu.get_by_role("link").count() >= 3
        assert too_wide(page) == [], f"{width} px"


@pytest.mark.parametrize("path", ["", "/users", "/groups", "/devices"])
def test_names_are_shown_as_they_are(path: str, site: Site, watched: tuple[Page, Watch]) -> None:
    page, watch = watched
    page.goto(site.addresses[path][0])
    names = page.get_by_role("main").get_by_role("link").all_inner_texts()
    assert {HOSTILE, ARABIC} <= {name.strip() for name in names}, "the checks above see both"
    assert watch.complaints == [], "no part of a name was executed"


def test_a_device_is_printed_whole(site: Site, watched: tuple[Page, Watch]) -> None:
    page, _watch = watched
    page.set_viewport_size({"width": 720, "height": 1000})
    page.emulate_media(media="print", color_scheme="dark")
    for path in ("/devices", "/devices/{device}"):
        page.goto(site.addresses[path][0])
        assert too_wide(page) == [], path
        cut = "each => each.filter((one) => getComputedStyle(one).overflowX !== 'visible').length"
        assert page.locator(".scroll").evaluate_all(cut) == 0, "paper does not scroll"
        assert page.locator("h1").evaluate("each => getComputedStyle(each).color") == "rgb(0, 0, 0)", "ink on paper"
        assert page.locator(".clock time").is_visible(), "when it was so"
    page.emulate_media(media="screen")


@pytest.mark.parametrize(
    ("path", "fill", "button"),
    [
        ("/profiles/new?kind=pkcs", {"name": "Named only"}, "Next: what would happen"),  # refused: no platform
        ("/profiles/new?kind=pkcs", {"name": "New", "platform": "all", "target": "users"}, "Next: what would happen"),
        ("/users/{user}/import", {}, "Next: what would happen"),
        ("/users/{user}/enroll", {}, "Make a token"),
        ("/authority/issue", {}, "Issue"),  # refused: for nobody
        ("/states", {"state": "bob has a licence"}, "Bring the tenant into it"),
        ("/states", {"state": "bob is rich"}, "Bring the tenant into it"),  # refused: not known
        ("/devices/new", {"user": "nobody"}, "Add the device"),  # refused: not known
    ],
)
def test_the_answer_to_a_form_suits_everybody(
    path: str, fill: dict[str, str], button: str, site: Site, watched: tuple[Page, Watch], accessibility: Accessibility
) -> None:
    page, watch = watched
    path, mark, query = path.partition("?")
    page.goto(next(address for address in site.addresses[path] if address.endswith(mark + query)))
    for name, value in fill.items():
        box = page.locator(f"main input[name={name}][value={value!r}]")
        if box.count():
            box.first.press("Space")  # by keys: this browser draws nothing, and nobody could click
            assert box.first.is_checked()
        else:
            page.locator(f"main input[name={name}]").first.fill(value)
    with page.expect_navigation():
        page.get_by_role("main").get_by_role("button", name=button, exact=True).first.press("Enter")
    watch.forgive("status of 400")
    _suits_everybody(page, accessibility, hexadecimal_allowed=False)


def _suits_everybody(page: Page, accessibility: Accessibility, *, hexadecimal_allowed: bool) -> None:
    where = page.url
    assert accessibility.findings(page) == [], where
    assert hexadecimal_allowed or hexadecimal(page) == [], where
    assert wrong_way(page, ARABIC) == [], where
    for width in _WIDTHS:
        page.set_viewport_size({"width": width, "height": _HEIGHT})
        assert too_wide(page) == [], f"{where} at {width} px"
