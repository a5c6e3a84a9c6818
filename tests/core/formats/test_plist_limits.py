"""Property lists that would cost a server more than any device is worth are refused before they are read."""

from __future__ import annotations

import plistlib
import struct
from typing import Any

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.formats import plist
from fauxtune.core.formats.plist_xml import MOST_VALUES


def array(*objects: int) -> bytes:
    """A binary array: a count of four bytes, references of three."""
    return b"\xaf\x12" + struct.pack(">I", len(objects)) + b"".join(number.to_bytes(3, "big") for number in objects)


def binary(content: bytes, offsets: list[int]) -> bytes:
    """A binary list whose objects stand at these places of `content`; the first is the root."""
    table = b"".join((8 + offset).to_bytes(4, "big") for offset in offsets)
    return b"bplist00" + content + table + struct.pack(">6xBBQQQ", 4, 3, len(offsets), 0, 8 + len(content))


def declared(subset: str, content: str = "<dict/>") -> bytes:
    return f'<?xml version="1.0"?><!DOCTYPE plist [{subset}]><plist>{content}</plist>'.encode()


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
