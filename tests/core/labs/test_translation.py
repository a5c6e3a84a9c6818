"""Translations of labs: those of the package are whole, and every mistake of one is named with its line."""

from __future__ import annotations

from importlib.resources import files

import pytest

from fauxtune.core.language.catalogue import Language, catalogue_of
from fauxtune_labs.core.lab import Lab
from fauxtune_labs.core.reading import read_lab, skeleton
from fauxtune_labs.core.translation import mapped, mistakes_of, texts_of, updated

_LABS = files("fauxtune_labs").joinpath("texts")
NAMES = _LABS.joinpath("order.txt").read_text(encoding="utf-8").split()
LANGUAGES = [language for language in Language if language is not Language.ENGLISH]


@pytest.fixture(scope="module")
def lab() -> Lab:
    return read_lab("retired-phone", skeleton())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_lab_of_the_package_is_translated_and_nothing_else_is(name: str, language: Language) -> None:
    lab = read_lab(name, _LABS.joinpath(name, "lab.toml").read_text(encoding="utf-8"))
    text = _LABS.joinpath(name, f"{language}.po").read_text(encoding="utf-8")
    assert [str(mistake) for mistake in mistakes_of(lab, text)] == [], "make messages, and translate what is empty"
    other = mapped(lab, catalogue_of(language, text).gettext)
    assert (other.title != lab.title, other.story != lab.story, other.idea != lab.idea) == (True, True, True)
    assert mapped(other, lambda _text: "") == mapped(lab, lambda _text: ""), "only texts differ"


def test_every_text_for_people_is_in_the_catalogue_once(lab: Lab) -> None:
    texts = texts_of(lab)
    assert len(set(texts)) == len(texts)
    step = lab.steps[0]
    assert {lab.title, lab.idea, lab.story, step.title, *step.hints, step.wrong[0].text} <= set(texts)
    assert {lab.predict.text, lab.quiz.choices[1].why, lab.proofs[0].text} <= set(texts)
    assert step.wrong[0].says not in texts


def test_a_new_catalogue_has_every_text_and_no_translation(lab: Lab) -> None:
    text = updated(lab, language=Language.ITALIAN)
    assert len(mistakes_of(lab, text)) == len(texts_of(lab))
    assert {mistake.message.rpartition(" is ")[2] for mistake in mistakes_of(lab, text)} == {"not translated yet"}
    assert mapped(lab, catalogue_of(Language.ITALIAN, text).gettext) == lab, "what is not translated is English"


def test_missing_and_surplus_texts_are_named_with_the_line(lab: Lab) -> None:
    text = updated(lab, language=Language.ITALIAN).replace('msgstr ""\n\n', 'msgstr "x"\n\n')[: -len('msgstr ""\n')]
    text += 'msgstr "x"\n\nmsgid "Nobody says this"\nmsgstr "Nessuno"\n'
    line = text.splitlines().index('msgid "Nobody says this"') + 1
    assert [str(mistake) for mistake in mistakes_of(lab, text)] == [
        f"line {line}: the lab does not say “Nobody says this”"
    ]
    changed = mapped(lab, lambda each: "Another title" if each == lab.title else each)
    first, *_ = mistakes_of(changed, text)
    assert str(first) == "line 1: no translation of “Another title”"
    assert updated(changed, language=Language.ITALIAN, catalogue=text).count('msgstr "x"') == len(texts_of(lab)) - 1


def test_what_is_no_catalogue_is_named(lab: Lab) -> None:
    assert "header" in str(mistakes_of(lab, "")[0])
    broken = updated(lab, language=Language.ITALIAN) + "\nmsgid nothing\n"
    assert mistakes_of(lab, broken)[0].line == len(broken.splitlines())
