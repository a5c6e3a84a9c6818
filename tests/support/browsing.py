"""What a browser notices while a test uses the console, and the accessibility checks of axe."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Page, Request

#: Milliseconds for what should happen at once, on a machine that has other work.
PATIENCE = 20_000


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
        self.complaints[:] = [each for each in self.complaints if not any(word in each for word in words)]

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
def _axe() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text()


def findings(page: Page, *, rules: str = "") -> list[str]:
    """Return the serious and critical findings of axe on a page; `rules`: only this rule."""
    page.evaluate(_axe())  # through the debugging protocol: the page's own policy forbids it, as it should
    options: dict[str, Any] = {"resultTypes": ["violations"]} | ({"runOnly": [rules]} if rules else {})
    result = page.evaluate("options => axe.run(options)", options)
    return [
        f"{finding['id']}: {finding['help']}: {node['html'][:200]}"
        for finding in result["violations"]
        if finding["impact"] in {"serious", "critical"}
        for node in finding["nodes"][:3]
    ]


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
    return _HEXADECIMAL.findall(page.inner_text("main"))
