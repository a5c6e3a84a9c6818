"""The catalogues have every message that the code says, with the same values in it, and no other."""

from __future__ import annotations

import pytest

from fauxtune.core.language.catalogue import Language, read_po
from tests.repository.messages import DOMAINS, SENTENCES, TRANSLATED, catalogue_file, messages, places, updated

CATALOGUES = [(language, domain) for language in TRANSLATED for domain in DOMAINS]
HEADER = 'msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n'


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_a_catalogue_has_the_messages_of_its_domain_and_no_others(language: Language, domain: str) -> None:
    catalogue = catalogue_file(language, domain).read_text("utf-8")
    entries = {entry.text: entry for entry in read_po(catalogue).entries}
    sources = messages(domain)
    assert [text for text in sources if text not in entries] == [], "missing: run `make messages`, and translate them"
    assert [text for text in entries if text not in sources] == [], "stale: run `make messages`"
    assert [text for text, entry in entries.items() if not all(entry.forms)] == [], "not translated"
    assert [text for text, entry in entries.items() if entry.many != sources[text].many] == []
    assert catalogue == updated(domain, catalogue), "not in the order and form of the writer: run `make messages`"
    assert max(map(len, catalogue.splitlines())) <= 200


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_a_translation_has_the_values_of_its_message(language: Language, domain: str) -> None:
    for entry in read_po(catalogue_file(language, domain).read_text("utf-8")).entries:
        expected = places(entry.text) | (places(entry.many) if entry.many else set())
        for form in entry.forms:
            assert places(form) <= expected, entry.text
        # What is recognised may have the ending of an English plural as a value, which no other language needs.
        assert set().union(*map(places, entry.forms)) == expected or domain in SENTENCES, entry.text


def test_a_missing_message_is_added_and_a_stale_one_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DOMAINS, "sample", ("tests/core/language/sample",))
    before = HEADER + '\nmsgid "No longer said"\nmsgstr "Non più"\n\nmsgid "Said here"\nmsgstr "Detto qui"\n'
    after = read_po(updated("sample", before))
    assert {entry.text: entry.forms for entry in after.entries} == {
        "Said here": ("Detto qui",),
        "%(number)s thing": ("", ""),
        "On %(page)s of the template": ("",),
    }
