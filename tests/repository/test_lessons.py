"""The lessons: each has its picture, its sources with dates, and a line to prove it; links lead somewhere."""

from __future__ import annotations

import re

import pytest

from tests.repository.lessons import FOLDER, PICTURES, words


@pytest.mark.parametrize("lesson", PICTURES)
def test_a_lesson_has_a_picture_a_proof_and_sources_with_dates(lesson: str) -> None:
    text = (FOLDER / f"{lesson}.md").read_text(encoding="utf-8")
    assert f"]({lesson}.svg)" in text
    assert "**Prove it" in text
    sources = text.partition("**Sources:**")[2]
    assert len(re.findall(r"\d{4}-\d\d", sources)) >= 3
    assert len(text.split()) < 450, "a lesson is short"


@pytest.mark.parametrize("lesson", PICTURES)
def test_a_picture_is_whole_in_itself(lesson: str) -> None:
    svg = (FOLDER / f"{lesson}.svg").read_text(encoding="utf-8")
    assert len(words(svg)) > 4
    assert "prefers-color-scheme: dark" in svg
    assert "<script" not in svg
    assert re.findall(r"""(?:href|src|url)\s*[=(]""", svg) == []


def test_the_list_names_every_lesson() -> None:
    listed = re.findall(r"\(([0-9a-z-]+)\.md\)", (FOLDER / "README.md").read_text(encoding="utf-8"))
    assert listed == list(PICTURES)
    assert sorted(path.stem for path in FOLDER.glob("[0-9]*.md")) == listed


def test_links_of_lessons_lead_to_files() -> None:
    for file in FOLDER.glob("*.md"):
        for link in re.findall(r"\]\(([^)#]+)", file.read_text(encoding="utf-8")):
            assert (FOLDER / link).exists(), f"{file.name}: {link}"
