"""docs/architecture.md: the rooms are drawn from the imports."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.repository.pictures import BEGIN, END, page_with_picture

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architecture.md"


def test_the_picture_of_the_rooms_is_that_of_the_imports() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page_with_picture(page) == page, "make pictures draws it again"


def test_a_page_without_the_markers_is_an_error() -> None:
    for page in ("", BEGIN, END):
        with pytest.raises(ValueError, match="lacks the markers"):
            page_with_picture(page)
