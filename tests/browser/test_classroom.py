"""A lesson in two browsers: a student signs in with a card and plays, and the instructor sees it and steps in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browsing import NEEDS_A_BROWSER, Watch, findings, too_wide
from tests.support.commands import Commands
from tests.support.console_forms import press
from tests.support.running_server import Running

pytestmark = NEEDS_A_BROWSER
#: The lab that all are set to, and the one that a student plays.
_LAB, _PLAYED, _TITLE = "removal-is-not-revocation", "import-once", "Import once, and every device can read"
_ROOM = "/console/-/classrooms/class"
#: Pixels of CSS between the margins of A4, and the cards on a sheet.
_A4, _ON_A_SHEET = 718, 8
_WIDTHS = (360, 1280, 2560)


@dataclass(frozen=True, slots=True)
class Room:
    """A classroom that is open, and its cards."""

    document: dict[str, Any]
    cards: Path

    def password(self, number: int) -> str:
        """The password on a card."""
        return str(self.document["seats"][number - 1]["password"])


@pytest.fixture(scope="module")
def room(server: Running, http: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("cards")
    run = Commands(Path(server.endpoints["caFile"]).parents[1])
    opened = run.json("classroom", "start", "9", "--lab", _PLAYED, "--lab", _LAB, "--out", folder)
    yield Room(opened, folder / "cards.html")
    http.delete("/_fauxtune/v1/classrooms/class")


@pytest.fixture
def student(browser: Browser, server: Running, watch: Watch, room: Room) -> Iterator[Page]:
    """The browser of a student who has signed in to the first seat."""
    context = browser.new_context(base_url=server.endpoints["http"], reduced_motion="reduce")
    watch.over(context)
    page = context.new_page()
    page.goto("/console/-/seat")
    watch.forgive("status of 401")
    assert findings(page) == []
    page.get_by_label("Password of your card").fill("wrong")
    press(page, "Sign in")
    expect(page.get_by_role("alert")).to_contain_text("No seat has this password")
    watch.forgive("status of 401")
    page.get_by_label("Password of your card").fill(room.password(1))
    press(page, "Sign in")
    yield page
    context.close()


def test_a_student_plays_and_the_instructor_sees_it(student: Page, page: Page, watch: Watch) -> None:
    page.goto(_ROOM)
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="class-01"))
    expect(row).to_contain_text("signed in")
    student.get_by_role("link", name=_TITLE).click()
    student.get_by_role("link", name="Start it").click()
    press(student, "Start")
    expect(row).to_contain_text("started")
    student.get_by_role("radio").first.check()
    press(student, "Answer")
    expect(row).to_contain_text("answered the first question")
    press(student, "A hint")
    expect(row).to_contain_text("1 hint")
    student.get_by_role("button", name="Check").first.click()
    expect(row).to_contain_text("checked: step 1 not yet")
    student.get_by_text("Three ways to do it").first.click()
    student.get_by_role("button", name="Do it for me").first.click()
    student.get_by_role("button", name="Check").first.click()
    expect(row.get_by_role("img", name="1 of 3 steps")).to_be_visible()
    # The instructor resets the seat, and opens it.
    row.get_by_role("button", name="Reset").click()
    expect(page.get_by_role("status")).to_contain_text("The seat class-01 is as the lab")
    expect(row.get_by_role("img", name="0 of 3 steps")).to_be_visible()
    row.get_by_role("link", name="class-01").click()
    expect(page.get_by_role("navigation", name="Pages", exact=True)).to_be_visible()
    # The student sees the own seat alone.
    student.goto("/console/class-02")
    expect(student.get_by_role("alert")).to_contain_text("opens only the tenant 'class-01'")
    watch.forgive("status of 403")
    student.goto("/console")
    student.get_by_role("button", name="Leave the seat").click()
    expect(student.get_by_label("Password of your card")).to_be_visible()
    watch.forgive("status of 401")


def test_the_instructor_steers_without_scripts(browser: Browser, server: Running, room: Room) -> None:
    context = browser.new_context(base_url=server.endpoints["http"], java_script_enabled=False)
    page = context.new_page()
    page.goto("/console")
    page.get_by_role("link", name="class", exact=True).click()
    press(page, "Freeze all clocks")
    expect(page.get_by_role("status")).to_contain_text("9 of 9 seats: frozen")
    press(page, "Let all clocks run")
    expect(page.get_by_role("status")).to_contain_text("9 of 9 seats: running")
    page.get_by_role("combobox", name="Seat").select_option("class-03")
    page.get_by_role("combobox", name="What goes wrong").select_option("offline")
    press(page, "Send it")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="class-03"))
    expect(row).to_contain_text("The connector is off line")
    context.close()
    assert len(room.document["seats"]) == 9


def test_all_seats_are_set_to_a_step_while_the_page_shows_how_many(page: Page, student: Page, room: Room) -> None:
    page.goto(_ROOM)
    page.get_by_role("combobox", name="Step").select_option(f"{_LAB}/2")
    press(page, "Set all seats…")
    press(page, "Set the seats")
    work = page.locator(".verdict")
    expect(work).to_contain_text(f"Setting all seats to step 2 of {_LAB}")
    expect(work).to_contain_text("9 of 9 done", timeout=120_000)
    expect(page.get_by_role("img", name="1 of 2 steps")).to_have_count(len(room.document["seats"]))
    expect(student.get_by_text("1 of 2 steps")).to_be_visible()  # the list of labs, which nobody has read again
    expect(page.locator("[data-glow]")).to_have_count(0)
    assert findings(page) == []
    page.emulate_media(color_scheme="dark")
    assert findings(page) == []
    for width in _WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert too_wide(page) == [], f"at {width} px"


def test_every_lab_of_a_class_is_seen_on_a_projector(
    server: Running, http: httpx.Client, page: Page, tmp_path: Path
) -> None:
    run = Commands(Path(server.endpoints["caFile"]).parents[1])
    run.json("classroom", "start", "1", "--class", "wall", "--out", tmp_path)
    page.goto(f"{_ROOM.removesuffix('class')}wall")
    for width in (1024, 1280):
        page.set_viewport_size({"width": width, "height": 768})
        hidden = page.locator(".scroll").evaluate("each => each.scrollWidth - each.clientWidth")
        assert hidden <= 0, f"at {width} px"
        assert page.locator("tbody .lab").count() > 12
        rows = page.locator("tbody tr").evaluate_all("all => all.map((each) => each.clientHeight)")
        assert max(rows) < 60, "twelve seats are seen at once"
    page.goto("about:blank")
    http.delete("/_fauxtune/v1/classrooms/wall")


@pytest.fixture
def cards(room: Room, browser: Browser) -> Iterator[Page]:
    """The cards, opened as a file; the test fails if the browser asks anybody for anything, or complains."""
    context = browser.new_context()
    watch, requests = Watch(""), list[str]()
    watch.over(context)
    context.on("request", lambda request: requests.append(request.url))
    page = context.new_page()
    page.goto(room.cards.as_uri())
    yield page
    assert requests == [room.cards.as_uri()]
    assert watch.complaints == []
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_a_card(scheme: Literal["light", "dark"], cards: Page) -> None:
    cards.emulate_media(color_scheme=scheme)
    assert findings(cards) == []
    for width in _WIDTHS:
        cards.set_viewport_size({"width": width, "height": 900})
        assert too_wide(cards) == [], f"at {width} px"


def test_cards_are_printed_on_a4_and_none_is_cut(cards: Page) -> None:
    cards.emulate_media(media="print", color_scheme="dark")
    cards.set_viewport_size({"width": _A4, "height": 1000})
    assert too_wide(cards) == []
    cut = (
        "each => each.filter((one) => one.scrollHeight > one.clientHeight + 1).map((one) => one.outerHTML.slice(0, 99))"
    )
    assert cards.locator(".card").evaluate_all(cut) == []
    pages = cards.pdf(prefer_css_page_size=True).count(b"/Type /Page\n")
    assert pages == -(-9 // _ON_A_SHEET)
    assert (
        cards.locator(".card").first.evaluate("each => getComputedStyle(each).backgroundColor") == "rgb(255, 255, 255)"
    )
