"""The console without a pointer: every step by keys, and always a visible focus."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.support.browsing import NEEDS_A_BROWSER
from tests.support.console_tenant import ConsoleTenant

pytestmark = NEEDS_A_BROWSER
#: Whether the focused element shows it: an outline of at least two pixels.
_IS_SEEN = "() => parseFloat(getComputedStyle(document.activeElement).outlineWidth) >= 2"
_NAME = "() => document.activeElement.innerText || document.activeElement.name || document.activeElement.id"


def walk(page: Page, to: str, *, most: int = 60) -> None:
    """Press Tab until an element that says `to` has the focus; each one on the way shows that it has it."""
    seen = []
    for _ in range(most):
        page.keyboard.press("Tab")
        seen.append(str(page.evaluate(_NAME)))
        assert page.evaluate(_IS_SEEN), f"nobody sees that '{seen[-1]}' has the focus"
        if seen[-1] == to:
            return
    raise AssertionError(f"'{to}' is not reached: {seen}")


def walk_back(page: Page, to: str) -> None:
    """Press Shift+Tab until an element that says `to` has the focus."""
    for _ in range(30):
        if page.evaluate(_NAME) == to:
            return
        page.keyboard.press("Shift+Tab")
    raise AssertionError(f"'{to}' is not reached")


def enter(page: Page) -> None:
    """Press Enter, which leads to another page."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_a_group_is_made_and_filled_by_keys(page: Page, tenant: ConsoleTenant) -> None:
    page.goto(tenant.url())
    page.keyboard.press("Tab")
    assert page.evaluate(_NAME) == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate(_NAME).startswith(tenant.name), "the skip link leads to the content"
    walk_back(page, "Groups")
    enter(page)
    walk(page, "New group")
    enter(page)
    walk(page, "name")
    page.keyboard.type("Night shift")
    enter(page)
    expect(page.get_by_role("heading", name="Night shift")).to_be_visible()
    walk(page, "Add members")
    enter(page)
    walk(page, "member")
    page.keyboard.press("Space")
    walk(page, "Next: what would happen")
    enter(page)
    walk(page, "Add")
    enter(page)
    expect(page.get_by_role("status")).to_contain_text("joined the group")
