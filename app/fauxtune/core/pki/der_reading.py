"""DER, read strictly: tags of one byte, and definite lengths in their shortest form (X.690 10.1).

asn1crypto, which reads all of ASN.1, takes ten times as long.
"""

from __future__ import annotations

_LONG_TAG, _LONG_LENGTH = 0x1F, 0x80


class Malformed(ValueError):
    """The bytes are not DER, or not of the structure that is read."""


class Part:
    """A part of a message, read from front to back. All methods raise Malformed for other elements than they read."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def tag(self) -> int | None:
        """The tag of the next element; None at the end."""
        return self._data[self._at] if self._at < len(self._data) else None

    def take(self, tag: int) -> bytes:
        """The content of the next element, which must have this tag."""
        start, stop = self._bounds(tag)
        self._at = stop
        return self._data[start:stop]

    def take_whole(self, tag: int) -> bytes:
        """The next element, which must have this tag, with tag and length."""
        begin = self._at
        _, stop = self._bounds(tag)
        self._at = stop
        return self._data[begin:stop]

    def take_last(self, tag: int) -> bytes:
        """The content of the last element, which must have this tag."""
        content = self.take(tag)
        self.end()
        return content

    def take_rest(self, tag: int | None = None, *, most: int) -> list[bytes]:
        """All other elements with tag and length, at most so many: those with this tag, or with any."""
        elements: list[bytes] = []
        while (present := self.tag) is not None:
            if len(elements) == most:
                raise Malformed("it has too many elements")
            elements.append(self.take_whole(present if tag is None else tag))
        return elements

    def skip(self, element: bytes) -> None:
        """Pass over the next element, which must be this one."""
        if not self._data.startswith(element, self._at):
            raise Malformed("another element is expected")
        self._at += len(element)

    def end(self) -> None:
        """Check that there is no other element."""
        if self._at != len(self._data):
            raise Malformed("there is more than there should be")

    def _bounds(self, tag: int) -> tuple[int, int]:
        data, at = self._data, self._at
        if len(data) < at + 2 or data[at] != tag or tag & _LONG_TAG == _LONG_TAG:
            raise Malformed(f"an element with the tag {tag:#x} is expected")
        length, start = data[at + 1], at + 2
        if length >= _LONG_LENGTH:
            size = length - _LONG_LENGTH
            length = int.from_bytes(data[start : start + size], "big")
            start += size
            # DER: the shortest form, and never indefinite.
            if size not in (1, 2, 3, 4) or length < _LONG_LENGTH or length >> (8 * (size - 1)) == 0:
                raise Malformed("a length is not as DER writes it")
        if start + length > len(data):
            raise Malformed("it ends too early")
        return start, start + length
