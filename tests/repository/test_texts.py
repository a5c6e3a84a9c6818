"""What must not stand in the repository: secrets, this machine's paths, registry hosts, unfinished business.

And what must: a docstring in every module, a file behind every page and every module that a text names, and subjects of
commits that a list of commits has room for (CONTRIBUTING.md, "Commits").
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

from fauxtune.server.intercept import HOSTS

ROOT = Path(__file__).resolve().parents[2]

#: What may not be written -> why, for the one who reads the failure. (The brackets keep this file from finding itself.)
#: A pattern that begins with a letter is found four times as fast as one that begins with a look at what stands before.
FORBIDDEN: dict[str, str] = {
    r"pypi[.]org\b|files[.]pythonhosted|registry[.]npmjs": "a registry host: the installer knows where packages are",
    r"TO[D]O\b|FIX[M]E\b": "unfinished business: finish it, or write it into the issue tracker",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}": "a private key: keys are made when they are needed",
    r"gh[pousr]_[A-Za-z0-9]{30,}|AKIA[0-9A-Z]{16}\b|xox[abp]-[0-9A-Za-z-]{20,}": "a token of a real service",
    r"eyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}": "a signed token",
    r"/(?<![\w.~}]/)(?:home|Users)/[a-z]\w*/": "a path below somebody's home",
}


def _git(*arguments: str) -> str:
    command = ["git", "-c", "safe.directory=*", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout


@cache
def _texts() -> dict[str, str]:
    """Path -> text of every file that git tracks or would track, except those that are not text."""
    listed = _git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    texts = {}
    for name in listed:
        file = ROOT / name
        if name and file.is_file():
            raw = file.read_bytes()
            if b"\0" not in raw[:4096]:
                texts[name] = raw.decode("utf-8")
    return texts


def _places(pattern: str) -> list[str]:
    return [
        f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {match.group()[:60]}"
        for name, text in _texts().items()
        for match in re.finditer(pattern, text)
    ]


@pytest.mark.parametrize("pattern", FORBIDDEN, ids=lambda pattern: FORBIDDEN[pattern].partition(":")[0])
def test_no_text_contains(pattern: str) -> None:
    places = _places(pattern)
    assert not places, FORBIDDEN[pattern]


def test_no_text_names_the_folder_it_was_written_in() -> None:
    if len(ROOT.parts) > 2:  # a checkout at /app would find every mention of app/
        folder = re.escape(str(ROOT))
        assert not _places(rf"{folder}(?<![\w.]{folder})(?![\w-])")


def _says_what_it_is_for(module: str) -> bool:
    """Whether it has a docstring. Nearly all begin with one, and need not be parsed, which takes milliseconds each."""
    begins_with_one = re.match(r'(?:#.*\n|\n)*"""(?:[^"\\]|"(?!""))+"""\n', module)
    return begins_with_one is not None or ast.get_docstring(ast.parse(module)) is not None


def test_every_module_says_what_it_is_for() -> None:
    mute = [name for name, text in _texts().items() if name.endswith(".py") and not _says_what_it_is_for(text)]
    assert not mute, "no docstring in " + " ".join(mute)


def test_every_page_that_a_text_names_is_there() -> None:
    """A relative link, or the name of a .md file: of use to a reader only if the file came along."""
    there = {Path(name).name for name in _texts()}
    missing = []
    for name, text in _texts().items():
        if name.endswith((".lock", ".json")):
            continue
        mentions = set(re.findall(r"(?<![\w/:.-])[\w./-]+\.md\b", text)) if ".md" in text else set()
        links = set(re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", text)) if name.endswith(".md") else set()
        missing += [f"{name}: {mention}" for mention in mentions if Path(mention).name not in there]
        missing += [f"{name}: {link}" for link in links if not (ROOT / name).parent.joinpath(link).exists()]
    assert not missing


def test_every_module_that_a_text_names_is_there() -> None:
    """A name in backticks with a folder before it (`core/pki/cms.py`), or with a package (`core.pki.cms`)."""
    modules = _ends(Path(name).with_suffix("").as_posix() for name in _texts() if name.endswith(".py"))
    folders = _ends(Path(name).parent.as_posix() for name in _texts() if name.endswith(".py"))
    missing = []
    for name, text in _texts().items():
        if not name.endswith((".py", ".md")) or name == "CHANGELOG.md":
            continue
        # What a recipe makes is not there: tests/repository/test_new_collection.py.
        files = re.findall(r"(?<!new file )`((?:\w+/)+\w+)\.py`", text)
        dotted = re.findall(r"`((?:core|operations|surfaces|storage|fauxtune(?:_[a-z]+)?)(?:\.[a-z_0-9]+)+)[`.]", text)
        missing += [f"{name}: {file}.py" for file in files if file not in modules]
        for each in dotted:
            path = each.replace(".", "/")  # its last part may be a function of a module
            if path not in modules | folders and path.rpartition("/")[0] not in modules:
                missing.append(f"{name}: {each}")
    assert not missing


def _ends(paths: Iterable[str]) -> set[str]:
    """The paths, and what is left of each without its first folders."""
    return {path[place:] for path in paths for place in (0, *(match.end() for match in re.finditer("/", path)))}


def test_every_decision_is_listed_and_a_replaced_one_leads_to_the_later_one() -> None:
    folder = "docs/decisions/"
    records = {name: text for name, text in _texts().items() if re.fullmatch(rf"{folder}\d{{4}}-.*", name)}
    assert len(records) > 50
    listed = re.findall(r"^\| \[\d{4}\]\((.*?)\) \|", _texts()[f"{folder}README.md"], re.MULTILINE)
    assert listed == sorted(name.removeprefix(folder) for name in records)
    unaware = [
        f"{older} does not name {name}"
        for name, text in records.items()
        for match in re.finditer(r"\breplaces?\b[^:]*?\]\((\d{4}-[\w-]+\.md)\)", text, re.IGNORECASE)
        for older in [match[1]]
        if f"{folder}{older}" < name and f"]({name.removeprefix(folder)})" not in records[f"{folder}{older}"]
    ]
    assert not unaware


def test_the_tests_that_stand_for_public_samples_of_mail_exist() -> None:
    texts = _texts()
    named = set(re.findall(r"`(test_\w+)`", texts["docs/mail-samples.md"]))
    tests = "".join(text for name, text in texts.items() if name.startswith("tests/"))
    assert len(named) > 10
    assert [name for name in sorted(named) if f"def {name}(" not in tests] == []


def test_the_readme_names_every_host_for_which_the_proxy_answers() -> None:
    assert [host for host in HOSTS if f"`{host}`" not in _texts()["README.md"]] == []


def test_a_commit_has_a_subject_that_fits_into_a_list() -> None:
    """Merges are named by git. Older commits than `.gitattributes` had no rule."""
    if not _git("rev-list", "--all", "--max-count=1"):
        pytest.skip("there is no history")
    *_, since = _git("log", "--diff-filter=A", "--format=%H", "--", ".gitattributes").split()
    newer = _git("log", "--no-merges", "--ancestry-path", "--format=%h %s", f"{since}..HEAD").splitlines()
    subjects = [line.partition(" ") for line in newer]
    assert [f"{commit} {text}" for commit, _, text in subjects if len(text) > 72 or text.endswith(".")] == []
