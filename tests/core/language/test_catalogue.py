"""Messages in several languages: values, plurals, markup, and catalogues that are refused.

Also which language a client prefers, and how sentences that are made in English elsewhere are recognised and
translated, whatever people named things.
"""

from __future__ import annotations

import sys
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from fauxtune.core.language.catalogue import (
    Broken,
    Catalogue,
    Entry,
    Language,
    catalogue,
    count,
    preferred,
    read_po,
    say,
    written,
)
from fauxtune.core.language.recognition import Recogniser, recogniser

HEADER = 'msgid ""\nmsgstr ""\n"Language: it\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n'
PO = read_po(
    HEADER
    + """
# a remark
#: somewhere.py
msgid "%(device)s has %(what)s"
msgstr "Su %(device)s "
"c'è %(what)s"

msgid "%(number)s certificate"
msgid_plural "%(number)s certificates"
msgstr[0] "%(number)s certificato"
msgstr[1] "%(number)s certificati"
"""
)
ITALIAN = Catalogue(Language.ITALIAN, {entry.text: entry.forms for entry in PO.entries}, PO.plural)
ENGLISH = catalogue(Language.ENGLISH, "report")


def things(number: int) -> object:
    return count("%(number)s certificate", "%(number)s certificates", number=number)


_REACHES = Entry(
    "'%(profile)s' reaches the %(device)s (%(kind)s).", None, ("«%(profile)s» raggiunge %(device)s, %(kind)s.",), 1
)
_TWICE = Entry("The key of %(name)s is with %(name)s.", None, ("La chiave di %(name)s è con %(name)s.",), 2)


@pytest.fixture
def known() -> Recogniser:
    return Recogniser([_REACHES, _TWICE], int)


def test_a_message_in_a_message_is_translated_too() -> None:
    message = say("%(device)s has %(what)s", device="Alice's %(phone)s 100%", what=things(2))
    assert ENGLISH.render(message) == "Alice's %(phone)s 100% has 2 certificates"
    assert ITALIAN.render(message) == "Su Alice's %(phone)s 100% c'è 2 certificati"


@pytest.mark.parametrize(
    ("number", "english", "italian"), [(0, "0 certificates", "0 certificati"), (1, "1 certificate", "1 certificato")]
)
def test_the_number_decides_the_form(number: int, english: str, italian: str) -> None:
    message = count("%(number)s certificate", "%(number)s certificates", number=number)
    assert (ENGLISH.render(message), ITALIAN.render(message)) == (english, italian)


def test_what_is_not_in_the_catalogue_stays_english() -> None:
    assert ITALIAN.render(say("Nothing of the kind")) == "Nothing of the kind"


def test_values_in_markup_are_escaped_and_markup_is_kept() -> None:
    message = say("%(device)s has %(what)s", device="<b>", what=Markup("<i>x</i>"))
    result = ITALIAN.render(message, wrap=Markup, show=lambda value: value)
    assert result == "Su &lt;b&gt; c'è <i>x</i>"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the first entry must be the header"),
        ('msgid "a"\nmsgstr "b"\n', "the first entry must be the header"),
        ('msgid ""\nmsgstr "Language: it"\n', "no Plural-Forms"),
        (HEADER + '\nmsgid "a"\n', "needs msgid and msgstr"),
        (HEADER + '\nmsgid "a"\nmsgstr "b"\nmsgstr "c"\n', "stands twice"),
        (HEADER + '\nmsgid "a"\nmsgstr "b"\n\nmsgid "a"\nmsgstr "c"\n', "twice"),
        (HEADER + '\nmsgctxt "x"\nmsgid "a"\nmsgstr "b"\n', "line 6: expected a keyword"),
        (HEADER + '\nmsgid "a\nmsgstr "b"\n', "line 6"),
        (HEADER + '\nmsgid "a"\nmsgid_plural "as"\nmsgstr[0] "b"\n', "needs 2 forms"),
        (HEADER + '\n#, fuzzy\nmsgid "a"\nmsgstr "b"\n', "fuzzy"),
    ],
)
def test_a_broken_catalogue_is_refused_with_its_line(text: str, reason: str) -> None:
    with pytest.raises(Broken, match=reason):
        read_po(text)


@pytest.mark.parametrize(
    "text", ["a", 'Say "it" \\ ' * 30, "word " * 80, "è\n\t" * 90 + " end", f"{'x' * 250} after it"]
)
def test_a_written_entry_is_read_as_it_was(text: str) -> None:
    entries = [written(text, ["x" * 150 + " y" * 40]), written("one", ["uno", text], many=text)]
    po = read_po("\n".join([HEADER, *entries]))
    assert [(entry.text, entry.many, entry.forms) for entry in po.entries] == [
        (text, None, ("x" * 150 + " y" * 40,)),
        ("one", text, ("uno", text)),
    ]


def test_a_long_text_is_written_in_lines_of_200_characters() -> None:
    entry = written('four "words" stand here ' * 30, [""])
    assert (max(map(len, entry.splitlines())), entry.splitlines()[0], entry.splitlines()[-1]) == (
        200,
        'msgid ""',
        'msgstr ""',
    )


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("it", "it"),
        ("it-CH, it;q=0.9, en;q=0.8", "it"),
        ("en-GB,en;q=0.9,it;q=0.8", "en"),
        ("de, fr;q=0.9", "en"),
        ("de, it;q=0.2", "it"),
        ("en;q=0.3, it;q=0.7", "it"),
        ("it;q=0, en;q=0", "en"),
        ("it;q=nonsense", "en"),
        ("IT", "it"),
        ("*", "en"),
        ("italian", "en"),
    ],
)
def test_the_language_that_a_client_likes_best(header: str, language: str) -> None:
    assert preferred(header) is Language(language)


@given(st.text())
def test_any_header_has_an_answer(header: str) -> None:
    assert preferred(header) in Language


def test_a_value_ends_where_the_sentence_goes_on(known: Recogniser) -> None:
    assert known.translated("'Mail' reaches the A (b) (iOS).") == "«Mail» raggiunge A, b) (iOS."
    assert known.translated("'Mail' reaches the A.") == "'Mail' reaches the A."


def test_a_value_that_stands_twice_is_one_value(known: Recogniser) -> None:
    assert known.translated("The key of Alice is with Alice.") == "La chiave di Alice è con Alice."
    assert known.translated("The key of Alice is with Bob.") == "The key of Alice is with Bob."


def test_a_text_of_the_greatest_length_costs_few_steps() -> None:
    """Names may be made to look like sentences: with regular expressions, one text took longer than an hour."""
    italian = recogniser(Language.ITALIAN, "report", "commands", "labs", "console")
    steps = 0

    def count(*_: object) -> None:
        nonlocal steps
        steps += 1

    patterns = list(chain.from_iterable(italian._by_word.values()))
    hostile = max(patterns, key=lambda pattern: len(pattern.names)).literals
    for text in ("".join(hostile[:-1]) + "".join(hostile[1:-1]) * 2_000, "a. " * 2_000, "a; " * 2_000, "a, " * 2_000):
        sys.setprofile(count)
        italian.translated(text[:1_999])
        sys.setprofile(None)
    assert 0 < steps < 400_000
