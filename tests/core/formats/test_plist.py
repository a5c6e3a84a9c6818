"""Property lists in XML: read and refused as plistlib does, and refused unread if they would cost too much."""

from __future__ import annotations

import plistlib
import struct
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.core.errors import Invalid
from fauxtune.core.formats import plist
from fauxtune.core.formats.plist_xml import MOST_VALUES, read_xml

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


def array(*objects: int) -> bytes:
    """A binary array: a count of four bytes, references of three."""
    return b"\xaf\x12" + struct.pack(">I", len(objects)) + b"".join(number.to_bytes(3, "big") for number in objects)


def binary(content: bytes, offsets: list[int]) -> bytes:
    """A binary list whose objects stand at these places of `content`; the first is the root."""
    table = b"".join((8 + offset).to_bytes(4, "big") for offset in offsets)
    return b"bplist00" + content + table + struct.pack(">6xBBQQQ", 4, 3, len(offsets), 0, 8 + len(content))


def declared(subset: str, content: str = "<dict/>") -> bytes:
    return f'<?xml version="1.0"?><!DOCTYPE plist [{subset}]><plist>{content}</plist>'.encode()


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


def test_attributes_that_every_element_would_get_are_refused() -> None:
    """They take minutes: expat looks at each for each element."""
    many = " ".join(f"a{number} CDATA 'x'" for number in range(1_000))
    with pytest.raises(Invalid, match="must not declare entities"):
        plist.parse(declared(f"<!ATTLIST true {many}>", "<dict><key>a</key><true/></dict>"))


def test_entities_are_refused_in_every_encoding() -> None:
    body = declared('<!ENTITY a "x">').decode().replace('version="1.0"', 'version="1.0" encoding="UTF-16"')
    with pytest.raises(Invalid, match="must not declare entities"):
        plist.parse(body.encode("utf-16"))


def test_apples_own_document_type_is_no_reason_to_refuse() -> None:
    assert b"<!DOCTYPE" in plistlib.dumps({"a": 1})
    assert plist.parse(plistlib.dumps({"a": 1})) == {"a": 1}


def test_objects_that_share_their_bytes_are_refused() -> None:
    """A thousand names for one megabyte are a gigabyte."""
    root, data = array(*range(1, 1_001)), b"\x4f\x12" + struct.pack(">I", 1_000_000) + bytes(1_000_000)
    with pytest.raises(Invalid, match="must not overlap"):
        plist.parse(binary(root + data, [0] + [len(root)] * 1_000))


def test_a_binary_list_that_names_very_many_objects_is_refused() -> None:
    root = array(*[1] * (2 * MOST_VALUES + 1))
    with pytest.raises(Invalid, match="more than 20000 values"):
        plist.parse(binary(root + b"\x50", [0, len(root)]))
    with pytest.raises(Invalid, match="more than 20000 values"):
        plist.parse(b"bplist00" + struct.pack(">6xBBQQQ", 1, 1, 2**60, 0, 8))


@pytest.mark.parametrize(
    "body",
    [
        b"<plist><array>" + b"<true/>" * (2 * MOST_VALUES + 1),
        b"<plist>" + b"<array>" * 100,
        b"<plist><dict " + b" ".join(b"a%d=''" % number for number in range(100)) + b"/></plist>",
        b"<plist><dict><key>a</key><string>" + b"\n" * 100_001 + b"</string></dict></plist>",
    ],
    ids=["elements", "depth", "attributes", "lines"],
)
def test_xml_is_counted_before_it_is_kept(body: bytes) -> None:
    """The first two never end: who reads them whole would say that."""
    with pytest.raises(Invalid, match="must not"):
        plist.parse(body)


@pytest.mark.parametrize("form", [plistlib.FMT_XML, plistlib.FMT_BINARY])
def test_the_lists_that_devices_send_are_read(form: plistlib.PlistFormat) -> None:
    listed = [
        {"Data": bytes([n % 256]) * 1_200, "IsIdentity": False, "CommonName": f"Authority {n}"} for n in range(400)
    ]
    message = {"UDID": "x", "Status": "Acknowledged", "CertificateList": listed, "Größe": [1.5, -3, 2**63, {"a": b""}]}
    assert plist.parse(plistlib.dumps(message, fmt=form)) == message


@pytest.mark.parametrize("value", ["a\0b", 2**64, -(2**63) - 1, float("nan"), float("inf")])
def test_what_nothing_can_keep_is_refused(value: Any) -> None:
    with pytest.raises(Invalid, match=r"NUL|64 bits|finite"):
        plist.check_size({"QueryResponses": {"DeviceName": [value]}})


def test_an_endless_integer_is_refused() -> None:
    body = b"<plist><dict><key>a</key><integer>0x" + b"f" * 5_000 + b"</integer></dict></plist>"
    with pytest.raises(Invalid, match="64 bits"):
        plist.parse(body)


def test_a_key_with_a_nul_is_refused() -> None:
    with pytest.raises(Invalid, match="NUL"):
        plist.parse(plistlib.dumps({"a\0": 1}, fmt=plistlib.FMT_BINARY))
