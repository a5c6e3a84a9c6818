"""Messages in several languages: values, plurals, markup, and catalogues that are refused."""

from __future__ import annotations

import pytest
from markupsafe import Markup

from fauxtune.core.language.catalogue import Broken, Catalogue, Language, catalogue, read_po, written
from fauxtune.core.language.message import count, say

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
