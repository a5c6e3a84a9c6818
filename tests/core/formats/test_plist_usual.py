"""Property lists in the usual form: read as the general reader reads them, or left to it; written as by plistlib."""

from __future__ import annotations

import plistlib
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.core.errors import Invalid
from fauxtune.core.formats.plist_text import write_xml
from fauxtune.core.formats.plist_usual import read_usual
from fauxtune.core.formats.plist_xml import DEEPEST, MOST_VALUES, read_xml

_TEXTS = st.text(st.characters(max_codepoint=0x17F, exclude_characters="\0"), max_size=12).filter(
    lambda text: all(ord(letter) >= 0x20 or letter in "\t\n\r" for letter in text)
)
_SIMPLE = (
    _TEXTS
    | st.binary(max_size=200)
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.datetimes(min_value=datetime(1, 1, 1)).map(lambda moment: moment.replace(microsecond=0))
)
_VALUES = st.recursive(_SIMPLE, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4))
_LISTS = st.dictionaries(_TEXTS, _VALUES, max_size=5)
#: What a piece of a document can be changed into, and places between its elements can get.
_PIECES = (
    *(
        "<dict>",
        "</dict>",
        "<dict/>",
        "<array>",
        "</array>",
        "<array/>",
        "<key>b</key>",
        "<key/>",
        "<true/>",
        "<false/>",
    ),
    *(
        "<string>x</string>",
        "<string/>",
        "<string>a&amp;b</string>",
        "text",
        "\r\n",
        "<!-- c -->",
        "<![CDATA[x]]>",
        "]]>",
    ),
    *("<integer>0x1F</integer>", "<integer>5 </integer>", f"<integer>{2**64}</integer>", "<real>inf</real>"),
    *("<data>AA\n\tEC</data>", "<data>A</data>", "<data/>", "<date>2026-11-28T10:00:00Z</date>", "<date>today</date>"),
    *("</plist>", "<plist>", " ", "\t", "\x0b", "\x7f", "<string a='b'>x</string>", "<string >x</string >", "<true />"),
)


def agree(body: bytes) -> None:
    """What the quick reader reads, the general one reads too, to the same values of the same types."""
    quick = read_usual(body)
    if quick is not None:
        assert repr(quick) == repr(read_xml(body))


@settings(deadline=None, max_examples=300)
@given(_LISTS)
def test_lists_are_written_as_plistlib_writes_them(values: dict[str, Any]) -> None:
    written = write_xml(values)
    assert written == plistlib.dumps(values, sort_keys=False)
    agree(written)


def test_what_devices_send_is_read_without_a_parser() -> None:
    message = {
        "UDID": "A0",
        "Status": "Acknowledged",
        "CertificateList": [{"Data": bytes(1200), "IsIdentity": True, "CommonName": "It's"}, {}],
        "QueryResponses": {"Version": 17, "Level": 0.5, "Off": False, "None": [], "When": datetime(2026, 1, 2)},
    }
    assert read_usual(plistlib.dumps(message)) == message
    assert read_usual(b'<plist version="1.0"><dict><key>Status</key><string/></dict></plist>') == {"Status": ""}


@settings(deadline=None, max_examples=300)
@given(_LISTS, st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 30), st.sampled_from(_PIECES)), max_size=3))
def test_both_readers_agree_on_changed_documents(values: dict[str, Any], changes: list[tuple[int, int, str]]) -> None:
    text = plistlib.dumps(values, sort_keys=False).decode()
    for number, length, piece in changes:
        borders = [place for place, letter in enumerate(text) if letter == "<"] + [len(text)]
        place = borders[number % len(borders)] if number % 3 else number % len(text)
        text = text[:place] + piece + text[place + (length if number % 2 else 0) :]
    agree(text.encode())


@settings(deadline=None, max_examples=150)
@given(st.lists(st.sampled_from(_PIECES), max_size=12).map("".join))
def test_both_readers_agree_on_any_order_of_elements(inside: str) -> None:
    agree(f'<plist version="1.0"><dict><key>o</key>{inside}</dict></plist>'.encode())


@pytest.mark.parametrize("value", ["a\0", "\x1b", 2**64, -(2**63) - 1, None, {1: 2}.keys()])
def test_what_no_list_holds_is_not_written(value: Any) -> None:
    with pytest.raises((ValueError, TypeError, OverflowError)):
        write_xml({"a": value})


@pytest.mark.parametrize("depth", [DEEPEST - 1, DEEPEST, DEEPEST + 1])
def test_the_depth_has_one_limit(depth: int) -> None:
    body = b'<plist version="1.0"><dict><key>a</key>' + b"<array>" * depth + b"</array>" * depth + b"</dict></plist>"
    agree(body)


@pytest.mark.parametrize("count", [MOST_VALUES - 2, MOST_VALUES - 1, MOST_VALUES])
def test_the_number_of_values_has_one_limit(count: int) -> None:
    body = b'<plist version="1.0"><dict><key>a</key><array>' + b"<true/>" * count + b"</array></dict></plist>"
    agree(body)
    if count == MOST_VALUES:
        with pytest.raises(Invalid, match="more than 20000 values"):
            read_xml(body)
