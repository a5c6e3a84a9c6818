"""XML property lists: read as plistlib reads them, and refused where it refuses them."""

from __future__ import annotations

import plistlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.core.errors import Invalid
from fauxtune.core.formats import plist
from fauxtune.core.formats.plist_xml import read_xml

_TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
_SIMPLE = (
    _TEXTS
    | st.binary(max_size=200)
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.datetimes(min_value=datetime(1000, 1, 1)).map(lambda moment: moment.replace(microsecond=0))
)
_VALUES = st.recursive(_SIMPLE, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4))
#: Parts of lists, that fit together or not.
_PIECES: Sequence[str] = (
    *("<dict>", "</dict>", "<dict/>", "<array>", "</array>", "<key>a</key>", "<key>b</key>", "<key/>", "<true/>"),
    *("<string>x &amp; y</string>", "<string>", "</string>", "text", "<integer>0x1F</integer>", "<integer>5</integer>"),
    *("<integer>five</integer>", "<real>1.5</real>", "<data>AA\n\tEC</data>", "<data>A</data>", "<unknown>", "\n"),
    *("</unknown>", "<date>2026-11-28T10:00:00Z</date>", "<date>today</date>", "<!-- a comment -->", "<false/>"),
)


def of_plistlib(body: bytes) -> Any:
    """What plistlib reads, None for what it refuses."""
    try:
        return plistlib.loads(body, fmt=plistlib.FMT_XML)
    except Exception:  # whatever it raises on such bytes
        return None


@settings(deadline=None)
@given(_VALUES)
def test_what_plistlib_writes_is_read(value: Any) -> None:
    assert read_xml(plistlib.dumps(value, sort_keys=False)) == value


@settings(deadline=None, max_examples=500)
@given(st.lists(st.sampled_from(_PIECES), max_size=12).map("".join))
def test_any_document_has_the_values_that_plistlib_reads(inside: str) -> None:
    body = f"<plist><dict><key>o</key>{inside}</dict></plist>".encode()
    expected = of_plistlib(body)
    try:
        values = plist.parse(body)
    except Invalid:
        # plistlib takes an empty key for no key.
        assert expected is None or b"<key/>" in body
    else:
        assert values == expected


@pytest.mark.parametrize(
    "inside",
    ["<true/>", "<key>a</key>", "<key>a</key><key>b</key>", "<key>a</key><integer/>", "<key>a</key><date>2026Z</date>"],
    ids=["no key", "no value", "two keys", "no number", "no day"],
)
def test_what_is_no_list_is_refused(inside: str) -> None:
    with pytest.raises(Invalid, match="is not a property list"):
        plist.parse(f"<plist><dict>{inside}</dict></plist>".encode())


def test_a_text_that_references_divide_is_whole() -> None:
    assert plist.parse(b"<plist><dict><key>a&amp;b</key><string>1 &lt; 2\r\n&#65;</string></dict></plist>") == {
        "a&b": "1 < 2\nA"
    }
