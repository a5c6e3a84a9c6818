"""What a browser notices while a test uses the console, and the accessibility checks of axe."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    Request,
    expect,
    sync_playwright,
)

#: Chromium without windows takes less than half of the processor time; Debian has it from 13 on.
_PROGRAMS = ("chromium-headless-shell", "chromium")
NEEDS_A_BROWSER = pytest.mark.program(*_PROGRAMS, package=_PROGRAMS[0])
#: Milliseconds for what should happen at once, on a machine that has other work.
PATIENCE = 20_000


def browser_program() -> str | None:
    """Return the path of the first browser that this machine has."""
    return next(filter(None, map(shutil.which, _PROGRAMS)), None)


#: For many pages that are looked at for a moment. The browser draws a frame only when it is told to, and nobody tells
#: it: pages are laid out and work as they do otherwise, but a click would wait for frames, so that one uses keys.
#: Scripts are not optimized, since the next page begins anew. Together that halves the processor time.
TO_LOOK_ONLY = (
    "--enable-begin-frame-control",
    "--run-all-compositor-stages-before-draw",
    "--js-flags=--no-turbofan --no-maglev",
)


@contextmanager
def launched(*arguments: str) -> Iterator[Browser]:
    """A browser until the block ends, with further arguments."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        # Pages are drawn by the processor: to emulate a graphics card beside that costs a tenth of the time.
        every = ["--no-sandbox", "--disable-gpu", *arguments]
        browser = playwright.chromium.launch(executable_path=browser_program(), args=every)
        yield browser
        browser.close()


@dataclass  # without slots: Playwright marks the object whose methods it calls
class Watch:
    """Collects what no page of the console may cause: console messages, errors, dialogs, requests to other hosts."""

    host: str
    complaints: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        """Watch every page of a window."""
        context.on("console", self._on_message)
        context.on("weberror", lambda error: self.complaints.append(f"error: {error.error}"))
        context.on("dialog", self._on_dialog)
        context.on("request", self._on_request)

    def forgive(self, *words: str) -> None:
        """Drop the complaints that contain one of these words: they belong to what the test does."""
        self.complaints[:] = [
            complaint for complaint in self.complaints if not any(word in complaint for word in words)
        ]

    def _on_message(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning", "assert"}:
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def _on_dialog(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _on_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in {"data", "blob"} and address.netloc != self.host:
            self.complaints.append(f"request to another host: {request.url}")


@cache
def axe() -> str:
    """Return the program of axe, for pages and for the scripts that a window runs in each of its pages."""
    return (files("axe_playwright_python") / "axe.min.js").read_text()


_CONTRAST = "color-contrast"


def findings(page: Page) -> list[str]:
    """Return the serious and critical findings of axe on a page. Rules whose findings are less than that do not run."""
    return _violations(page, {})


def _violations(page: Page, rules: dict[str, Any], *, without: str = "[]") -> list[str]:
    """Run axe; `without`: an expression for the elements that are left out."""
    options: dict[str, Any] = {"resultTypes": ["violations"], "preload": False} | rules
    run = f"""async (options) => {{
      if (!window.axe) return null;
      const slight = axe._audit.rules.filter((rule) => ["minor", "moderate"].includes(rule.impact));
      const off = Object.fromEntries(slight.map((rule) => [rule.id, {{ enabled: false }}]));
      const rules = {{ ...off, ...options.rules }};
      return (await axe.run({{ exclude: {without} }}, {{ ...options, rules }})).violations;
    }}"""
    found = page.evaluate(run, options)
    if found is None:
        page.evaluate(axe())  # through the debugging protocol: the page's own policy forbids it, as it should
        found = page.evaluate(run, options)
    return [
        f"{finding['id']}: {finding['help']}: {node['html'][:200]}"
        for finding in found
        if finding["impact"] in {"serious", "critical"}
        for node in finding["nodes"][:3]
    ]


#: Sets window.alike to the elements of a page that look like one that was looked at before, and returns what is new. An
#: element looks like another if it has the same tags, classes and states, from the body down to its leaves.
_ALIKE = """(known) => {
  const seen = new Set(known.split(" ")), fresh = [];
  const states = ["aria-current", "aria-invalid", "disabled", "open", "type"];
  const own = (each) => [each.tagName, each.getAttribute("class"), ...states.map((name) => each.getAttribute(name)),
    [...each.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.nodeValue.trim() !== "")].join(" ");
  const below = (each) => `${own(each)}(${[...each.children].map(below).join()})`;
  const number = (text) => {
    let high = 0xdeadbeef, low = 0x41c6ce57;
    for (let at = 0; at < text.length; at++) {
      high = Math.imul(high ^ text.charCodeAt(at), 2654435761);
      low = Math.imul(low ^ text.charCodeAt(at), 1597334677);
    }
    return (4294967296 * (2097151 & high) + (low >>> 0)).toString(36);
  };
  window.alike = [];
  const visit = (each, above) => {
    const beside = each.previousElementSibling ? own(each.previousElementSibling) : "";
    const look = number(`${above}>${beside}+${below(each)}`);
    if (seen.has(look)) { window.alike.push(each); return; }
    seen.add(look);
    fresh.push(look);
    for (const child of each.children) visit(child, `${above}>${own(each)}`);
  };
  for (const each of document.body.children) visit(each, "");
  return fresh.join(" ");
}"""


@dataclass(slots=True)
class Accessibility:
    """The findings of axe on many pages of one window. The contrast of colours is by far its slowest rule: it looks at
    what no page had before, in both colour schemes.
    """

    _looks: set[str] = field(default_factory=set)
    _schemes: list[Literal["light", "dark"]] = field(default_factory=lambda: ["light", "dark"])

    def findings(self, page: Page) -> list[str]:
        """Return the serious and critical findings of axe on a page in light and dark colours."""
        # As one text: to hand over thousands of numbers takes longer than all else.
        fresh, found = page.evaluate(_ALIKE, " ".join(self._looks)), list[str]()
        # Beginning with the colours that the last page ended with: a change styles the whole page anew.
        for scheme in self._schemes:
            page.emulate_media(color_scheme=scheme)
            if scheme == "light":
                found += _violations(page, {"rules": {_CONTRAST: {"enabled": False}}})
            if fresh:
                contrast = _violations(page, {"runOnly": [_CONTRAST]}, without="window.alike")
                found += [f"{scheme}: {each}" for each in contrast]
        self._schemes.reverse()
        if not found:
            self._looks.update(fresh.split())
        return found


def too_wide(page: Page) -> list[str]:
    """Return what makes the page itself scroll sideways, or nothing."""
    elements: list[str] = page.evaluate(
        """() => {
          const root = document.scrollingElement, width = root.clientWidth;
          if (root.scrollWidth <= width) return [];
          const wide = [...document.body.querySelectorAll("*")].filter((each) =>
            each.getBoundingClientRect().right > width + 1 && !each.closest(".scroll, pre"));
          return [`${root.scrollWidth} of ${width} px`, ...wide.slice(0, 3).map((each) => each.outerHTML.slice(0, 99))];
        }"""
    )
    return elements


_HEXADECIMAL = re.compile(r"\b(?=[0-9a-fA-F-]*\d)[0-9a-fA-F]{8}-?[0-9a-fA-F][0-9a-fA-F-]*\b")


def hexadecimal(page: Page) -> list[str]:
    """Return the hexadecimal numbers of more than eight characters that are seen without opening anything."""
    # Without a locator, for which Playwright would load a program of its own into each page.
    return _HEXADECIMAL.findall(page.evaluate("document.querySelector('main').innerText"))


def wrong_way(page: Page, name: str) -> list[str]:
    """Return where this name, in a script that runs from right to left, does not run so, or turns more than itself."""
    places: list[str] = page.evaluate(
        """(name) => {
          const at = (text, place) => {
            const range = document.createRange();
            range.setStart(text, place);
            range.setEnd(text, place + 1);
            return range.getBoundingClientRect();
          };
          const wrong = [], texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          for (let text = texts.nextNode(); text; text = texts.nextNode()) {
            const each = text.parentElement, style = getComputedStyle(each), from = text.nodeValue.indexOf(name);
            if (style.direction === "rtl" && !each.textContent.includes(name)) wrong.push(`turned: ${each.outerHTML}`);
            if (text.nodeValue.trim() !== name || !each.checkVisibility()) continue;
            const isBefore = at(text, from).right > at(text, from + name.length - 2).left;
            if (style.direction !== "rtl" || !isBefore) wrong.push(`${style.direction}: ${each.outerHTML}`);
          }
          for (const each of document.querySelectorAll("html, header, nav, main, table, tr, td, th, h1, h2, h3, li")) {
            if (getComputedStyle(each).direction !== "ltr") wrong.push(`layout: ${each.outerHTML.slice(0, 200)}`);
          }
          return wrong;
        }""",
        name,
    )
    return places
