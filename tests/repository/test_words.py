"""Words and forms that may not come back: riddles, questions as docstrings, sentences that need their context.

Docstrings stand alone in an editor's hover; messages are read by people whose English is a second language.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.support.sources import source

ROOT = Path(__file__).resolve().parents[2]
CODE = ("app", "simulator", "bench")
#: Comments of columns, which are strings there, belong to the schema of the databases that exist.
SCHEMA = "app/fauxtune/storage/rows"
PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs")

#: A form that may not be written -> what to write. (Texts in backticks and quotation marks are left out.)
FORMS: dict[str, str] = {
    r"(?<!there )\b(?:is|are|was|were|be) none\b(?! of\b)": "say what is missing: 'has no ...', 'does not exist'",
    r"\bthere (?:is|are) none\b": "say what is missing: 'has no ...', 'does not exist'",
    r"\bnone (?:of ours|any more)\b": "say what it is not: 'not one of the emulator's', 'no longer one'",
    r"\b[Nn]obody's\b": "say who is missing: 'no user's'",
    r"\b[Aa]new\b": "again",
    r"\bin vain\b": "without effect",
    r"\b(?:has|have) not (?:the|a|an|any)\b": "lacks, has no",
    r"\bin thought\b": "simulated",
    r"\bfor ever\b": "permanently",
    r"\bin little\b": "in short",
    r"\bbefalls?\b": "happens to",
    r"\bwares\b": "name the things",
    r"\bfar(?:es|ed)\b": "status, outcome",
    r"\bfate\b": "outcome",
    r"\b[Dd]oors?\b": "endpoint, listener",
    r"\bat rest\b": "settled; inactive",
}
#: A docstring may not begin like this: it would need what stands around it.
BEGINNINGS: dict[str, str] = {
    r"The same\b": "name what it is",
    r"As (?:`|above\b|in\b|for\b)": "name what it is",
    r"The reverse\b": "name what it is",
    r"(?:Is|Are|Was|Were|Do|Does|Did|Has|Have|Can|May|Must|Should)\b.*\?": "Whether ...",
}


#: What is held to "only X", where "X alone" can be read as "X without company": docstrings and comments below these
#: folders, and the pages that people write.
SAYING_ONLY = ("app/fauxtune/core/", "app/fauxtune/operations/")
_ALONE = re.compile(r"(?<!\bstand )(?<!\bstands )(?<!\blet )(?<!\bleft )(?<!\bor )\balone\b")
_COMMENT = re.compile(r"(?:^|  ) *#:? (.*)", re.MULTILINE)

#: A value has a noun for a name.
PARTICIPLES = {"found", "told", "asked", "made", "said", "shown"}
#: Where it stands, and what is written there.
Places = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Words:
    """What people read of the code: docstrings, strings of more than one word (docstrings among them), and names."""

    docstrings: Places
    strings: Places
    participles: Places


@cache
def _words() -> Words:
    words = Words([], [], [])
    for folder in CODE:
        for file in sorted((ROOT / folder).rglob("*.py")):
            if "__pycache__" not in file.parts:
                read, name = source(file), str(file.relative_to(ROOT))
                words.docstrings.extend((f"{name}:{line}", text) for line, text in read.docstrings)
                if file.parent != ROOT / SCHEMA:
                    words.strings.extend((f"{name}:{line}", text) for line, text in read.strings)
                words.participles.extend((f"{name}:{line}", each) for line, each in read.names if each in PARTICIPLES)
    return words


@cache
def _texts() -> Places:
    """Every string of the code that is more than one word, and every paragraph of the pages, without what is quoted."""
    paragraphs: Places = []
    for name in PAGES:
        path = ROOT / name
        for page in sorted(path.rglob("*.md")) if path.is_dir() else [path]:
            text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
            paragraphs += [(str(page.relative_to(ROOT)), paragraph) for paragraph in text.split("\n\n")]
    return [(place, _prose(text)) for place, text in (*_words().strings, *paragraphs)]


def _prose(text: str) -> str:
    """The text without what is quoted, on one line."""
    return " ".join(re.sub(r"``?[^`]*``?|\"[^\"]*\"|'[^']{2,40}'", "", text).split())


def test_there_are_texts_to_judge() -> None:
    places = {place.partition("/")[0].partition(":")[0] for place, _ in _texts()}
    assert {*CODE, *PAGES} <= places
    assert _words().docstrings


@pytest.mark.parametrize("form", FORMS)
def test_a_form_stays_away(form: str) -> None:
    search = re.compile(form).search
    places = [
        f"{place}: ...{text[max(0, match.start() - 30) : match.end() + 30]}..."
        for place, text in _texts()
        for match in [search(text)]
        if match
    ]
    assert not places, f"write instead: {FORMS[form]}\n" + "\n".join(places)


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_a_docstring_stands_alone(beginning: str) -> None:
    places = [f"{place}: {text[:80]}" for place, text in _words().docstrings if re.match(beginning, text)]
    assert not places, f"write instead: {BEGINNINGS[beginning]}\n" + "\n".join(places)


def _said_in_code_and_on_pages() -> Places:
    """The docstrings and comments of `SAYING_ONLY`, and the paragraphs of pages that no program writes."""
    files = [file for folder in SAYING_ONLY for file in sorted((ROOT / folder).rglob("*.py"))]
    comments = [(file.name, text) for file in files for text in _COMMENT.findall(file.read_text(encoding="utf-8"))]
    docstrings = [(place, text) for place, text in _words().docstrings if place.startswith(SAYING_ONLY)]
    generated = {place for place, text in _texts() if text.startswith(("This page is generated", "Generated by"))}
    pages = [(place, text) for place, text in _texts() if place.endswith(".md") and place not in generated]
    return [*docstrings, *comments, *pages]


def test_only_is_said_where_alone_has_two_meanings() -> None:
    said = _said_in_code_and_on_pages()
    assert len(said) > 5_000
    places = [f"{place}: {text[:120]}" for place, text in said if _ALONE.search(_prose(text))]
    assert not places, "write 'only X', or 'X by itself':\n" + "\n".join(places)


def test_a_docstring_asks_nothing() -> None:
    places = [f"{place}: {text[:80]}" for place, text in _words().docstrings if re.search(r"\?(?:\s|$)", _prose(text))]
    assert not places, "write a statement:\n" + "\n".join(places)


def test_values_are_named_by_nouns() -> None:
    places = [f"{place}: {name}" for place, name in _words().participles]
    assert not places, "\n".join(places)


def test_any_exception_is_caught_only_where_contributing_says_so() -> None:
    """A defect is to be seen: it is caught where one request ends and the next begins."""
    found = {
        file.relative_to(ROOT).as_posix()
        for source in ("app", "simulator", "migrations")
        for file in (ROOT / source).rglob("*.py")
        if re.search(r"except \(?Exception\b", file.read_text(encoding="utf-8"))
    }
    assert found == {
        "app/fauxtune/server/middleware.py",
        "app/fauxtune/server/neighbours.py",
        "app/fauxtune/testing/failure.py",
        "simulator/fauxtune_sim/hosting/host.py",
    }
