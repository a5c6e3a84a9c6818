"""Files and functions stay small, and no name says "various things".

Limits: 500 lines a file, 60 lines a function, 200 characters a line of any text below app and simulator. Tables of data
do not count for the first: a module that says so with a line beginning `#: data`, and migrations (each is a list of
columns). Medians and 90th percentiles are printed as a thermometer; their goals are 150 and 300 lines a file, 12 and 35
lines a function.
"""

from __future__ import annotations

import re
import statistics
import subprocess
from pathlib import Path

import pytest

from tests.repository.sizes import House, house
from tests.support.sources import source

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("app", "simulator", "migrations", "tests", "bench")
FILE_LIMIT, FUNCTION_LIMIT = 500, 60
VERSIONS = ROOT / "migrations" / "fauxtune_migrations" / "versions"
VAGUE = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "managers", "processor", "processors"}


def _files() -> list[Path]:
    return sorted(file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py"))


def _is_data(file: Path, text: str) -> bool:
    return bool(re.search(r"^#: data\b", text, flags=re.MULTILINE)) or file.is_relative_to(VERSIONS)


def _functions(file: Path) -> list[tuple[str, int]]:
    """The functions of a file, with their lines."""
    name = file.relative_to(ROOT)
    return [(f"{name}:{line} {function}", lines) for line, function, lines in source(file).functions]


def _percentile(sizes: list[int], percent: int) -> int:
    return sorted(sizes)[min(len(sizes) - 1, len(sizes) * percent // 100)]


def test_no_file_is_longer_than_the_limit() -> None:
    texts = {file: file.read_text(encoding="utf-8") for file in _files()}
    lines = {file: text.count("\n") for file, text in texts.items()}
    too_long = {
        str(file.relative_to(ROOT)): count
        for file, count in lines.items()
        if count > FILE_LIMIT and not _is_data(file, texts[file])
    }
    assert not too_long


def test_no_function_is_longer_than_the_limit() -> None:
    too_long = {
        name: lines
        for file in _files()
        if not file.is_relative_to(VERSIONS)
        for name, lines in _functions(file)
        if lines > FUNCTION_LIMIT
    }
    assert not too_long


#: So many characters a line of a text below the packages has at most.
LINE_LIMIT = 200
#: data. Texts with longer lines, and why.
LONGER_LINES = {
    "app/fauxtune_docs/examples.json": "a text of JSON cannot be broken, and recorded tokens are long",
}


def test_no_line_of_a_text_is_longer_than_a_screen() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "app", "simulator"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    too_long = set[str]()
    for name in filter(None, listed.stdout.split("\0")):
        text = (ROOT / name).read_text(encoding="utf-8")
        if any(len(line) > LINE_LIMIT for line in text.split("\n")):
            too_long.add(name)
    assert too_long == set(LONGER_LINES)


def _words(class_name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z]*|[a-z]+", class_name)}


def test_no_module_and_no_class_has_a_vague_name() -> None:
    modules = [str(file) for file in _files() if VAGUE & {*re.split(r"[_.]", file.stem), file.parent.name}]
    classes = [
        f"{file.relative_to(ROOT)}:{line}"
        for file in _files()
        for line, name in source(file).classes
        if VAGUE & _words(name)
    ]
    assert not modules + classes


def test_medians_are_printed_and_not_judged(capsys: pytest.CaptureFixture[str]) -> None:
    rows = []
    for folder in FOLDERS:
        files = sorted((ROOT / folder).rglob("*.py"))
        lengths = [count for count in (file.read_text(encoding="utf-8").count("\n") for file in files) if count]
        functions = [lines for file in files for _, lines in _functions(file)]
        if lengths and functions:
            rows.append(
                f"  {folder:<11}{len(lengths):>4} files, median {statistics.median(lengths):>4.0f}, "
                f"p90 {_percentile(lengths, 90):>4}; {len(functions):>5} functions, "
                f"median {statistics.median(functions):>3.0f}, p90 {_percentile(functions, 90):>3}"
            )
    with capsys.disabled():
        print("\nlines:", *rows, sep="\n")
    assert rows


#: So many there are at most; whoever takes some away lowers the number.
AT_MOST = {
    "lazyImports": 111,
    "typeCheckingImports": 40,
    "smallModules": 10,
    "longestFolder": 30,
    "circles": 0,
    "tenantConditions": 0,
}


def test_hidden_imports_and_small_modules_do_not_grow() -> None:
    read = house()
    assert len(read.modules) > 500
    grown = {
        figure: read.listed(figure) or count for figure, most in AT_MOST.items() if (count := read.count(figure)) > most
    }
    assert not grown


def test_circles_are_found_through_imports_of_every_kind() -> None:
    texts = {
        "app/fauxtune/a.py": "import fauxtune.b\n",
        "app/fauxtune/b.py": "def f():\n    from fauxtune import c\n",
        "app/fauxtune/c.py": "if TYPE_CHECKING:\n    from fauxtune.d import D\n",
        "app/fauxtune/d.py": "PLACE = 'fauxtune.a:x'\n",
        "app/fauxtune/e.py": "import fauxtune.a\n",
    }
    assert House(texts).listed("circles") == ["fauxtune.a fauxtune.b fauxtune.c fauxtune.d"]
    assert House(texts).count("lazyImports") == 2
    texts["app/fauxtune/d.py"] = "ROWS = (Command('scep a', '', 'Its help.'),)\n"
    assert House(texts).count("circles") == 1
    assert House(texts).count("lazyImports") == 1
    texts["app/fauxtune/d.py"] = "PARTS = (Part('its paths', ('a',)),)\n"
    assert House(texts).count("circles") == 1
    texts["app/fauxtune/d.py"] = "EXTENSION = Extension(package='fauxtune', route='a:route')\n"
    assert House(texts).count("circles") == 1
    texts["app/fauxtune/d.py"] = "OWN = 'fauxtune.d'\n"
    assert (House(texts).count("circles"), House(texts).count("lazyImports")) == (0, 1)
