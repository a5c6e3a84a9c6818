"""Which language a client prefers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fauxtune.core.language.catalogue import Language, preferred


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
