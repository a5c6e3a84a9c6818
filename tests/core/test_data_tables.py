"""What is wrong in a table of data is told with its file and line: all tables, and the mistakes that are likely."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from fauxtune.core.engine.diagnosis.rules import CODES, read_rules, rules
from fauxtune.core.faults.effects import read_effects
from fauxtune.core.mail.apps import read_apps
from fauxtune.core.profiles.setting_tables.reading import read_words
from fauxtune.core.scep.verification.cases import read_cases
from fauxtune.core.tables import Line, Mistake, read_lines

APP = Path(__file__).resolve().parents[2] / "app"
#: The tables and what reads them.
READERS: dict[str, Callable[[Iterable[Line]], object]] = {
    "fauxtune/core/engine/diagnosis/rules.txt": read_rules,
    "fauxtune/core/faults/effects.txt": read_effects,
    "fauxtune/core/mail/apps.txt": read_apps,
    **{
        f"fauxtune/core/profiles/setting_tables/{name}.txt": read_words
        for name in ("android", "apple", "compliance", "enrollment", "windows")
    },
    "fauxtune/core/scep/verification/cases.txt": read_cases,
}
_APPS, _CASES, _EFFECTS, _RULES = "mail/apps.txt", "verification/cases.txt", "faults/effects.txt", "diagnosis/rules.txt"
_SETTINGS = "setting_tables/windows.txt"
#: Of a table: what stands in it, what a hurried person writes in place of its last occurrence, and what is said.
MISTAKES = [
    (_APPS, "app gmail Gmail", "app gmail", "after 'app' stands NAME TITLE PACKAGE, not gmail com.google.android.gm"),
    (_APPS, "on=macos", "on=mac", "there is no kind of device 'mac'; the nearest are 'macos'"),
    (_APPS, " on=macos like", " like", "an app is on some kind of device"),
    (_APPS, "like=web\n", "\n", "this app has no rule 'steps' in an edition"),
    (_APPS, "like=by-user", "like=by-usr", "there is no value of like 'by-usr'; the nearest are 'by-user'"),
    (_APPS, " choice none", " choise none", "there is no rule 'choise'; the nearest are 'choice'"),
    (_APPS, " choice none", " choice nobody", "there is no value of choice 'nobody'; the nearest are"),
    (_APPS, "by=owa", "by=own", "there is no document 'own'; the nearest are 'owa'"),
    (_APPS, "edition=2020-04", "edition=2020", "there is no value of edition '2020'; the nearest are '2020-04'"),
    (_RULES, "\nerror no-device", "\neror no-device", "there is no kind of line 'eror'; the nearest are 'error'"),
    (
        _RULES,
        "error no-device",
        "error nodevice",
        "there is no function of the rule 'nodevice'; the nearest are 'no-device'",
    ),
    (_RULES, "by=smime", "by=smine", "there is no document 'smine'; the nearest are 'smime'"),
    (_RULES, " last by=", " lasts by=", "there is no kind of rule 'lasts'; the nearest are 'last'"),
    (_RULES, '\n fix "Enrol one."', "", 'below this line stands one more: fix "Text."'),
    (_RULES, ' fix "Enrol one."', " fix Enrol one.", "after 'fix' stands TEXT, not Enrol one."),
    (_SETTINGS, "\neach ", "\neech ", "there is no kind of section 'eech'; the nearest are 'each'"),
    (_SETTINGS, " int *\n", " integer *\n", "there is no form 'integer'"),
    (_SETTINGS, " true:true", " true=true", "there is no option 'true' here"),
    (_SETTINGS, " true:true", " true", "values are from:to,from:to or one of *, joined, days, milliseconds, not true"),
    (_SETTINGS, " int *\n", " int\n", "stands ADDRESS FORM VALUES [STRICTER], not "),
    ("compliance.txt", " most\n", " more\n", "there is no stricter value 'more'"),
    (_CASES, "code=SignatureValidationFailed", "code=Signature", "there is no value of code 'Signature'"),
    (_CASES, "by=client", "by=clients", "there is no document 'clients'; the nearest are 'client'"),
    (_CASES, "\n  right ", "\n  rigth ", "there is no kind of line 'rigth'; the nearest are 'right'"),
    (
        _EFFECTS,
        "effect halfBody",
        "effect halfbody",
        "there is no kind of effect 'halfbody'; the nearest are 'halfBody'",
    ),
    (_EFFECTS, "in=device", "in=devices", "there is no place 'devices'; the nearest are 'device'"),
    (_EFFECTS, "members=lag", "members=delay", "there is no member 'delay'"),
    (_EFFECTS, "match=path", "match=paths", "there is no member of a match 'paths'; the nearest are 'path'"),
    (_EFFECTS, " 7000112 ", " many ", "a whole number stands here, such as 12, not 'many'"),
]


def _table(name: str) -> tuple[str, str, Callable[[Iterable[Line]], object]]:
    """The path of a table, its text, and its reader."""
    ((path, read),) = [(path, read) for path, read in READERS.items() if path.endswith(name)]
    return path, (APP / path).read_text(encoding="utf-8"), read


def _read(read: Callable[[Iterable[Line]], object], path: str, text: str) -> None:
    result = read(read_lines(path, text))
    if isinstance(result, Iterable):
        tuple(result)


@pytest.mark.parametrize(("name", "right", "wrong", "message"), MISTAKES)
def test_a_mistake_has_its_line(name: str, right: str, wrong: str, message: str) -> None:
    path, text, read = _table(name)
    assert right in text
    before, _, after = text.rpartition(right)
    with pytest.raises(Mistake, match=re.escape(message)) as caught:
        _read(read, path, f"{before}{wrong}{after}")
    # What continues a line has the number of its first line.
    line = before.count("\n") + 1 + right.startswith("\n") - wrong.startswith("\n")
    numbers = "|".join(str(line + more) for more in (-2, -1, 0, 1))
    assert re.match(rf"{re.escape(path)}, line ({numbers}): ", str(caught.value))


@pytest.mark.parametrize("path", READERS)
def test_an_option_that_nobody_knows_is_refused_in_every_kind_of_line(path: str) -> None:
    _, text, read = _table(path)
    _read(read, path, text)
    lines = text.split("\n")
    for number in _told_apart(lines):
        changed = "\n".join([*lines[:number], f"{lines[number]} unheard-of=1", *lines[number + 1 :]])
        with pytest.raises(Mistake, match=rf"{re.escape(path)}, line {number + 1}: there is no option 'unheard-of'"):
            _read(read, path, changed)


def _told_apart(lines: list[str]) -> Iterator[int]:
    """The first lines with each first word, some of each depth: those that an option can be appended to."""
    seen: set[str] = set()
    depths: Counter[int] = Counter()
    for number, (line, following) in enumerate(pairwise([*lines, ""])):
        word, depth = line.strip().partition(" ")[0], len(line) - len(line.lstrip())
        ends = (
            word in ("", "#") or word.startswith("+") or following.strip().startswith("+") or line.endswith(("}", "]"))
        )
        if not ends and word not in seen and depths[depth] < 12 and len(line) < 180:
            seen.add(word)
            depths[depth] += 1
            yield number


def test_each_rule_of_the_diagnosis_has_its_texts_once() -> None:
    assert sorted(rule.code for rule in rules()) == sorted(CODES)
