"""Which conditions the directory answers only to clients that can wait, and which it never answers."""

from __future__ import annotations

import pytest

from fauxtune.core.graph.index import ENTITIES, entity
from fauxtune.core.graph.references import ANY_OBJECT
from fauxtune.core.graph.search import is_advanced, is_unsupported
from fauxtune.core.odata.query.filter import parse_filter

USER = entity("user")


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
