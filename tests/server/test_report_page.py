"""The page of a report: its size at the bounds, what it escapes, and that it is whole in itself."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from fauxtune.core.language.catalogue import Language, catalogue
from fauxtune_report.evidence.chapters import chapters
from fauxtune_report.evidence.claim import claims_of
from fauxtune_report.evidence.facts import Facts
from fauxtune_report.evidence.view import View
from fauxtune_report.page.writing import DOMAIN, LARGEST_PAGE, Addresses, page
from tests.core.evidence.sample import facts_of, largest

ADDRESSES = Addresses("report-files", "sh report-files/prove.sh")


def written(facts: Facts, language: Language = Language.ENGLISH) -> str:
    view = View.of(facts)
    return page(view, chapters(view), catalogue=catalogue(language, DOMAIN), addresses=ADDRESSES)


@pytest.mark.parametrize("language", Language)
def test_the_largest_report_is_below_a_megabyte_and_escapes_every_name(language: Language) -> None:
    text = written(largest(), language)
    assert len(text.encode()) < LARGEST_PAGE
    assert "<script" not in text
    assert "alert(1)" in text, "the names are there"
    assert "\x1b" not in text


def test_a_page_refers_to_nothing_but_its_folder_and_itself() -> None:
    text = written(largest())
    addresses = set(re.findall(r"""(?:href|src|url)[=(]["']?([^"'\s>)]+)""", text))
    assert {address for address in addresses if not address.startswith("#")} == {"data:,", "report-files/"}
    assert "@import" not in text


def test_a_tenant_without_anything_has_all_chapters_which_say_so() -> None:
    view = View.of(facts_of(devices=[]))
    text = written(view.facts)
    assert text.count('<section class="chapter"') == len(chapters(view)) >= 9
    assert text.count("Nothing of the kind happened in this tenant.") >= 9


def test_each_claim_has_a_number_of_its_own_and_its_line() -> None:
    view = View.of(largest())
    numbers = [number for number, _ in claims_of(chapters(view))]
    assert len(set(numbers)) == len(numbers) > 50
    text = written(view.facts)
    assert text.count('<div class="claim"') == text.count('<div class="proof"') == len(numbers)


def test_a_chapter_says_nothing_twice_and_draws_no_table_twice() -> None:
    facts = largest()
    unchanged = tuple(replace(mail, before=mail.now) for mail in facts.mails)
    view = View.of(replace(facts, mails=unchanged))
    text = written(view.facts)
    assert "at the end</h3>" in text
    assert "before the first device left</h3>" not in text, "it would be the same table"
    (who,) = (chapter for chapter in chapters(view) if chapter.id == "readings")
    said = [str(claim.sentence) for _, claim in claims_of([who])]
    assert len(set(said)) == len(said) > 1


def test_the_italian_page_has_no_english_sentence_left() -> None:
    italian = catalogue(Language.ITALIAN, DOMAIN)
    sentences = [text for text in italian.forms if len(text) > 40 and "%(" not in text]
    assert len(sentences) > 20
    text = written(facts_of(devices=["Alice's phone"]), Language.ITALIAN)
    assert 'lang="it"' in text
    assert [sentence for sentence in sentences if sentence in text] == []
