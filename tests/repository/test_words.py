"""Words and forms that may not come back: riddles, questions as docstrings, sentences that need their context.

Docstrings stand alone in an editor's hover; messages are read by people whose English is a second language.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = ("app", "simulator", "bench")
#: Comments of columns belong to the schema of the databases that exist.
SCHEMA = "app/fauxtune/storage/tables"
PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs")

#: A form that may not be written -> what to write. (Texts in backticks and quotation marks are left out.)
FORMS: dict[str, str] = {
    r"(?<!there )\b(?:is|are|was|were|be) none\b(?! of\b)": "say what is missing: 'has no ...', 'does not exist'",
    r"\bnone (?:of ours|any more)\b": "say what it is not: 'not one of the emulator's', 'no longer one'",
    r"\b[Nn]obody's\b": "say who is missing: 'no user's'",
    r"\b[Aa]new\b": "again",
    r"\bin vain\b": "without effect",
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


def _modules() -> Iterator[tuple[Path, ast.Module]]:
    for folder in CODE:
        for file in sorted((ROOT / folder).rglob("*.py")):
            if "__pycache__" not in file.parts and file.parent != ROOT / SCHEMA:
                yield file.relative_to(ROOT), ast.parse(file.read_text(encoding="utf-8"))


#: A value has a noun for a name.
PARTICIPLES = {"found", "told", "asked", "made", "said", "shown"}


@cache
def _docstrings() -> tuple[tuple[str, str], ...]:
    return tuple(_read_docstrings())


def _read_docstrings() -> Iterator[tuple[str, str]]:
    for file, module in _modules():
        for node in ast.walk(module):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                text = ast.get_docstring(node)
                if text is not None:
                    yield f"{file}:{getattr(node, 'lineno', 1)}", text


@cache
def _texts() -> tuple[tuple[str, str], ...]:
    """Read once: it takes two seconds, and every form is looked for."""
    return tuple(_read_texts())


def _read_texts() -> Iterator[tuple[str, str]]:
    """Every string of the code that is more than one word, docstrings among them, and every paragraph of the pages."""
    for file, module in _modules():
        for node in ast.walk(module):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
                yield f"{file}:{node.lineno}", node.value
    for name in PAGES:
        path = ROOT / name
        for page in sorted(path.rglob("*.md")) if path.is_dir() else [path]:
            for paragraph in re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL).split("\n\n"):
                yield str(page.relative_to(ROOT)), paragraph


@cache
def _prose(text: str) -> str:
    """The text without what is quoted, on one line."""
    return " ".join(re.sub(r"``?[^`]*``?|\"[^\"]*\"|'[^']{2,40}'", "", text).split())


def test_there_are_texts_to_judge() -> None:
    places = {place.partition("/")[0].partition(":")[0] for place, _ in _texts()}
    assert {*CODE, *PAGES} <= places
    assert _docstrings()


@pytest.mark.parametrize("form", FORMS)
def test_a_form_stays_away(form: str) -> None:
    places = [
        f"{place}: ...{_prose(text)[max(0, match.start() - 30) : match.end() + 30]}..."
        for place, text in _texts()
        for match in [re.search(form, _prose(text))]
        if match
    ]
    assert not places, f"write instead: {FORMS[form]}\n" + "\n".join(places)


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_a_docstring_stands_alone(beginning: str) -> None:
    places = [f"{place}: {text[:80]}" for place, text in _docstrings() if re.match(beginning, text)]
    assert not places, f"write instead: {BEGINNINGS[beginning]}\n" + "\n".join(places)


def test_a_docstring_asks_nothing() -> None:
    places = [f"{place}: {text[:80]}" for place, text in _docstrings() if re.search(r"\?(?:\s|$)", _prose(text))]
    assert not places, "write a statement:\n" + "\n".join(places)


def test_values_are_named_by_nouns() -> None:
    places = []
    for file, module in _modules():
        for node in ast.walk(module):
            if isinstance(node, ast.arg) and node.arg in PARTICIPLES:
                places.append(f"{file}:{node.lineno}: {node.arg}")
            elif isinstance(node, ast.Name) and node.id in PARTICIPLES and isinstance(node.ctx, ast.Store):
                places.append(f"{file}:{node.lineno}: {node.id}")
    assert not places, "\n".join(places)
