"""XML property lists, written as plistlib writes them, byte for byte, in a third of its time
(tests/core/formats/test_plist_usual.py).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n'
    '<plist version="1.0">\n'
)
_TAIL = "</plist>\n"
#: Characters that are not written as they are: some have a reference, others cannot be written.
_SPECIAL = re.compile(r"[\x00-\x08\x0b-\x1f&<>]")
_REFUSED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
#: Columns of a line of data, of which each tab takes some; the fewest that are used.
_COLUMNS, _TAB, _FEWEST = 76, 8, 16
_SMALLEST, _GREATEST = -(2**63), 2**64 - 1


def write_xml(values: Mapping[str, Any] | list[Any]) -> bytes:
    """Write a property list. Raises ValueError, TypeError or OverflowError for what no property list can hold."""
    pieces = [_HEAD]
    _write(values, "", pieces=pieces)
    pieces.append(_TAIL)
    return "".join(pieces).encode()


def _write(value: Any, tabs: str, *, pieces: list[str]) -> None:
    if isinstance(value, str):
        pieces.append(f"{tabs}<string>{_text(value)}</string>\n")
    elif isinstance(value, bool):
        pieces.append(f"{tabs}<true/>\n" if value else f"{tabs}<false/>\n")
    elif isinstance(value, int):
        if not _SMALLEST <= value <= _GREATEST:
            raise OverflowError(value)
        pieces.append(f"{tabs}<integer>{value:d}</integer>\n")
    elif isinstance(value, Mapping):
        _write_dictionary(value, tabs, pieces=pieces)
    elif isinstance(value, bytes):
        pieces.append(f"{tabs}<data>\n{_lines(value, tabs)}{tabs}</data>\n")
    elif isinstance(value, list | tuple):
        _write_array(value, tabs, pieces=pieces)
    elif isinstance(value, float):
        pieces.append(f"{tabs}<real>{value!r}</real>\n")
    elif isinstance(value, datetime):
        pieces.append(f"{tabs}<date>{value.replace(tzinfo=None).isoformat(timespec='seconds')}Z</date>\n")
    else:
        raise TypeError(f"unsupported type: {type(value)}")


def _write_dictionary(values: Mapping[str, Any], tabs: str, *, pieces: list[str]) -> None:
    if not values:
        pieces.append(f"{tabs}<dict/>\n")
        return
    pieces.append(f"{tabs}<dict>\n")
    inner = tabs + "\t"
    for key, value in values.items():
        pieces.append(f"{inner}<key>{_text(key)}</key>\n")
        _write(value, inner, pieces=pieces)
    pieces.append(f"{tabs}</dict>\n")


def _write_array(values: list[Any] | tuple[Any, ...], tabs: str, *, pieces: list[str]) -> None:
    if not values:
        pieces.append(f"{tabs}<array/>\n")
        return
    pieces.append(f"{tabs}<array>\n")
    for value in values:
        _write(value, tabs + "\t", pieces=pieces)
    pieces.append(f"{tabs}</array>\n")


def _text(text: str) -> str:
    if _SPECIAL.search(text) is None:
        return text
    if _REFUSED.search(text):
        raise ValueError("strings can't contain control characters; use bytes instead")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _lines(data: bytes, tabs: str) -> str:
    width = max(_FEWEST, _COLUMNS - _TAB * len(tabs)) // 4 * 4
    encoded = binascii.b2a_base64(data, newline=False).decode()
    return "".join(f"{tabs}{encoded[place : place + width]}\n" for place in range(0, len(encoded), width))
