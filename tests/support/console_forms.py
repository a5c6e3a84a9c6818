"""What a person does in the console's forms, in a browser with or without scripts."""

from __future__ import annotations

from collections.abc import Sequence

from playwright.sync_api import Locator, Page, expect


def press(page: Page, words: str) -> None:
    """Press a button, or follow a link that looks like one, also in a menu that has to be opened first."""
    main = page.get_by_role("main")
    link = main.get_by_role("link", name=words, exact=True)
    shown = main.get_by_role("button", name=words, exact=True).or_(link)
    hidden = page.get_by_role("link", name=words, exact=True, include_hidden=True)
    menu = main.locator("details.more:not([open])", has=hidden)
    shown.or_(menu).first.wait_for(state="attached")
    if not shown.count():
        menu.locator("> summary").first.click()
    shown.first.click()


def create_profile(page: Page, overview: str, *, kind: str, name: str, choices: Sequence[str] = ()) -> None:
    """Create a profile of a kind for all platforms and all users, from the overview on, after its effects were shown.

    `choices`: labels of further boxes and circles.
    """
    page.goto(overview)
    page.get_by_role("navigation", name="Pages", exact=True).get_by_role("link", name="Profiles").click()
    press(page, "New profile")
    page.get_by_role("link", name=kind).click()
    page.locator("input[name=name]").fill(name)
    for label in ("All of these", "All users", *choices):
        page.get_by_label(label).first.check()
    press(page, "Next: what would happen")
    expect(page.get_by_role("heading", name="What would happen")).to_be_visible()
    page.get_by_role("button", name="Create and assign").click()
    expect(page.get_by_role("status")).to_contain_text(name)


def import_certificate(page: Page, overview: str, *, person: str) -> None:
    """Have the CA issue a certificate and import it for a person, after the effects were shown."""
    page.goto(overview)
    page.get_by_role("link", name=person).click()
    press(page, "Import a certificate…")
    press(page, "Next: what would happen")
    press(page, "Import")
    expect(page.get_by_role("status")).to_contain_text("imported")


def card(page: Page, device: str) -> Locator:
    """Return the card of a device on the overview; that of an ended one is folded."""
    return page.locator(".card", has=page.get_by_role("heading", name=device, exact=True, include_hidden=True))


def marks(page: Page, device: str, *, kind: str) -> list[str]:
    """Return the marks of what a device's card shows as installed, of one kind: pkcs, imported."""
    return card(page, device).locator(f".chip.{kind}.s-installed b").all_inner_texts()
