"""`$search` becomes a condition or is refused; which conditions the directory answers only to clients that can wait."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import ENTITIES, entity
from fauxtune.core.graph.references import ANY_OBJECT
from fauxtune.core.graph.search import Searchable, is_advanced, is_unsupported, parse_search
from fauxtune.core.odata.query.expressions import matches
from fauxtune.core.odata.query.filter import parse_filter

MANAGED_DEVICE = entity("managedDevice")
USER = entity("user")
PEOPLE = Searchable(words=("displayName",), beginnings=("mail",))
ALICE: dict[str, Any] = {"displayName": "Alice van der-Berg (Sales)", "mail": "alice@contoso.example"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('"displayName:alice"', True),
        ('"displayName:ALI"', True),
        ('"displayName:van alice"', True),
        ('"displayName:berg"', True),
        ('"displayName:sales"', True),
        ('"DisplayName: der"', True),
        ('"displayName:lice"', False),
        ('"displayName:alice bob"', False),
        ('"mail:alice@"', True),
        ('"mail:contoso"', False),
        ('"displayName:bob" OR "mail:alice"', True),
        ('"displayName:bob" AND "mail:alice"', False),
        ('"displayName:bob" OR "displayName:ali" AND "mail:x"', False),
        ('("displayName:bob" OR "displayName:ali") AND "mail:a"', True),
        (r'"displayName:\"alice"', False),
    ],
)
def test_words_and_beginnings_are_found_in_any_case(text: str, found: bool) -> None:
    assert matches(parse_search(text, USER, searchable=PEOPLE), ALICE) is found


def test_null_is_never_found() -> None:
    assert not matches(parse_search('"mail:a"', USER, searchable=PEOPLE), {"displayName": "a", "mail": None})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "displayName:alice",
        "alice",
        '"alice"',
        '"jobTitle:x"',
        '"displayName:"',
        '"displayName:a',
        '"displayName:a" "mail:b"',
        '"displayName:a" and "mail:b"',
        '"displayName:a" AND',
        'OR "mail:b"',
        '("mail:b"',
        '"mail:b")',
        "((((",
        '"displayName:a" NOT "mail:b"',
        '"displayName:' + "a " * 11 + '"',
        " OR ".join(['"mail:b"'] * 21),
        '"mail:\x00"',
    ],
)
def test_what_is_malformed_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_search(text, USER, searchable=PEOPLE)
    assert refused.value.target == "$search"


@pytest.mark.parametrize(
    ("text", "found"), [("PIXEL", True), ('"s-12"', True), ("x", True), ("zz", False), ("%", False)]
)
def test_a_plain_text_is_looked_for_anywhere(text: str, found: bool) -> None:
    condition = parse_search(text, MANAGED_DEVICE, searchable=Searchable(anywhere=("deviceName", "serialNumber")))
    assert matches(condition, {"deviceName": "A pixel", "serialNumber": "XS-123"}) is found


@settings(deadline=None)
@given(st.text(alphabet='"ANDOR ()\\:displayNamemail', max_size=60))
def test_nothing_else_ever_comes_of_it(text: str) -> None:
    with suppress(Invalid):
        matches(parse_search(text, USER, searchable=PEOPLE), ALICE)


@pytest.mark.parametrize(
    ("text", "advanced"),
    [
        ("displayName eq 'a'", False),
        ("startswith(displayName,'a') or surname in ('a','b')", False),
        ("createdDateTime ge 2026-01-01T00:00:00Z", False),
        ("proxyAddresses/any(p:p eq 'smtp:x')", False),
        ("displayName ne 'a'", True),
        ("not startswith(displayName,'a')", True),
        ("endswith(mail,'a')", True),
        ("surname eq 'a' and mail eq null", True),
        ("proxyAddresses/any(p:endswith(p,'x'))", True),
        ("otherMails/any()", True),
    ],
)
def test_what_is_advanced(text: str, advanced: bool) -> None:
    assert is_advanced(parse_filter(text, USER)) is advanced


@pytest.mark.parametrize(
    ("text", "unsupported"),
    [
        ("displayName eq 'a'", False),
        ("contains(displayName,'a')", True),
        ("surname eq 'a' or not contains(displayName,'a')", True),
        ("isof('microsoft.graph.user')", True),
    ],
)
def test_what_is_not_answered_at_all(text: str, unsupported: bool) -> None:
    assert is_unsupported(parse_filter(text, ANY_OBJECT, types=ENTITIES)) is unsupported
