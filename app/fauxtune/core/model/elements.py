"""How many elements a JSON text has, told without reading it: what is read holds the event loop, element by element.

JSON (RFC 8259): elements are parted by commas; those inside texts part nothing.
"""

from __future__ import annotations

from fauxtune.core.errors import Invalid


def check_elements(content: bytes, *, most: int) -> None:
    """Invalid for a JSON text with more members and elements than this, all levels together. A text that is no JSON may
    pass. A body of 4 MiB takes some milliseconds at most.
    """
    if content.count(b",") >= most and _parted(content, most=most) >= most:
        raise Invalid(f"The body has too many elements: at most {most:,} members and elements are read.")


def _parted(content: bytes, *, most: int) -> int:
    """The commas outside texts, or more than `most` where there are more texts than that takes."""
    # What is escaped ends no text.
    plain = content.replace(b"\\\\", b"").replace(b'\\"', b"")
    # A member has two texts at most, its name and its value.
    if plain.count(b'"') > 4 * most:
        return most
    return sum(part.count(b",") for part in plain.split(b'"')[::2])
