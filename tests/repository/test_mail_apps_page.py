"""docs/mail-apps.md is what the table itself writes."""

from __future__ import annotations

from pathlib import Path

from fauxtune.core.mail.apps import APPS
from fauxtune_docs.openapi import PAGES

FILE = Path(__file__).resolve().parents[2] / "docs" / "mail-apps.md"


def test_the_page_is_current() -> None:
    assert FILE.read_text(encoding="utf-8") == PAGES["mail-apps"](FILE.parent), "write it with: make openapi"


def test_every_app_stands_in_each_table() -> None:
    page = PAGES["mail-apps"](FILE.parent)
    for app in APPS:
        assert page.count(f"| {app.title} (`{app.name}`) on ") >= 5
