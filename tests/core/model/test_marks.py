"""The marks of certificates: what is a mark, that none comes twice, and the colours of a person."""

from __future__ import annotations

import hashlib

from fauxtune.core.model.certificates import HUES, MOST, Mark, Marks
from fauxtune.core.model.states import Source


def thumbprint(number: int) -> str:
    return hashlib.sha1(str(number).encode(), usedforsecurity=False).hexdigest()


def test_no_two_certificates_of_a_tenant_have_the_same_mark_and_the_first_ones_have_four_letters() -> None:
    marks = Marks()
    for number in range(MOST):
        marks.decide(thumbprint(number))
    letters = [marks.of(thumbprint(number)).letters for number in range(MOST)]
    assert len(set(letters)) == MOST
    assert {len(letter) for letter in letters[:300]} == {4}
    # Later ones are called by their digits, which nobody takes for a mark.
    marks.decide(thumbprint(MOST))
    late = marks.of(thumbprint(MOST))
    assert late.letters == thumbprint(MOST)[:8]
    assert not late.is_spoken
    assert len(marks) == MOST


def test_a_mark_that_was_shown_stays_whatever_comes_later_and_its_case_does_not_count() -> None:
    marks = Marks()
    marks.decide(thumbprint(1))
    before = marks.of(thumbprint(1))
    for number in range(2, 2000):
        marks.decide(thumbprint(number))
    marks.decide(thumbprint(1).upper(), person="somebody else")
    assert marks.of(thumbprint(1).upper()) == before
    assert marks.name(thumbprint(1)) == f"{before.letters} ({thumbprint(1)[:8]})"


def test_the_certificates_of_one_person_have_different_colours_which_are_far_apart_at_first() -> None:
    marks = Marks()
    for number in range(HUES):
        marks.decide(thumbprint(number), person="alice@contoso.example")
    hues = [marks.of(thumbprint(number)).hue for number in range(HUES)]
    assert len(set(hues)) == HUES
    first = hues[:4]
    assert all(min((one - other) % 11, (other - one) % 11) >= 2 for one in first for other in first if one != other)
    marks.decide(thumbprint(99), person="bob@contoso.example")
    assert marks.of(thumbprint(99)).hue == Marks().of(thumbprint(99)).hue


def test_what_is_no_certificate_has_a_colour_and_no_letters_and_an_unknown_certificate_its_digits() -> None:
    assert Marks().of("email/alice").letters == ""
    assert Marks().of(thumbprint(7)).letters == thumbprint(7)[:8]
    assert Marks().name(thumbprint(7)) == thumbprint(7)[:8]


def test_an_imported_certificate_stays_one_whoever_issued_it() -> None:
    marks = Marks()
    marks.decide(thumbprint(1))
    assert marks.source(thumbprint(1)) is None
    marks.decide(thumbprint(1), source=Source.IMPORTED)
    marks.decide(thumbprint(1), source=Source.PKCS)
    assert marks.source(thumbprint(1)) is Source.IMPORTED
    marks.tell(thumbprint(2), Mark("MULE", 3), source=Source.SCEP)
    assert marks.beginning_with([thumbprint(2)[:8], "nothing"]) == [thumbprint(2)]
