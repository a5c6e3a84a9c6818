"""XML as these wires need it: read by local names, whitespace trimmed, and nothing that could do harm.

A document type declaration is refused, and with it every entity but XML's own five: SOAP 1.2 1.0 and OMA-DM forbid it.
What Windows documents show with one prefix today has another tomorrow (and a sample says `metinfo` for `metinf`), so
names are compared without their namespace.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from fauxtune.core.errors import Invalid

#: Bytes of a document. A device says how much it takes; it does not send more than that either.
SIZE_LIMIT = 512 * 1024
DEPTH_LIMIT = 48
ELEMENT_LIMIT = 10_000
#: XML 1.0 2.2 has no place for these, escaped or not.
_NO_CHARACTERS = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Malformed(Invalid):
    """This is no XML that can be read: the only refusal that is answered with 400."""


@dataclass(slots=True)
class Element:
    """An element by its local name; attributes go by their local names too."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its own text, without the blanks around it."""
        return "".join(self.pieces).strip()

    def all(self, name: str) -> Iterator[Element]:
        """Its children of this name."""
        return (each for each in self.children if each.name == name)

    def find(self, *path: str) -> Element | None:
        """The first element at the end of the path, or None."""
        found: Element | None = self
        for name in path:
            found = next(found.all(name), None) if found is not None else None
        return found

    def text_at(self, *path: str, default: str = "") -> str:
        """The text at the end of the path; the default where nothing is."""
        found = self.find(*path)
        return default if found is None else found.text

    def descendant(self, name: str) -> Element | None:
        """The first element of this name at any depth, itself included."""
        waiting = [self]
        while waiting:
            each = waiting.pop()
            if each.name == name:
                return each
            waiting.extend(reversed(each.children))
        return None


class _Builder:
    """Takes the parser's events; refuses what is not to be read at all."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._seen = 0

    def doctype(self, *_declared: object) -> None:
        raise Malformed("A document type declaration is not allowed here, and entities of one's own neither.")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._seen += 1
        if len(self._open) >= DEPTH_LIMIT or self._seen > ELEMENT_LIMIT:
            raise Malformed(f"At most {DEPTH_LIMIT} levels and {ELEMENT_LIMIT} elements are read.")
        element = Element(_local(name), {_local(each): value for each, value in attributes.items()})
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, _name: str) -> None:
        self._open.pop()

    def text(self, data: str) -> None:
        self._open[-1].pieces.append(data)


def parse(document: bytes) -> Element:
    """The root element. Malformed for what is no XML, too large, too deep, or declares a document type."""
    if len(document) > SIZE_LIMIT:
        raise Malformed(f"The document must not be larger than {SIZE_LIMIT // 1024} KiB.")
    builder = _Builder()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = builder.doctype
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    try:
        parser.Parse(document, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise Malformed(f"This is no XML: {error}.") from None
    if builder.root is None:
        raise Malformed("The document is empty; an XML document was expected.")
    return builder.root


def clean(text: str) -> str:
    """The text without the characters that XML has no place for."""
    return _NO_CHARACTERS.sub("", text)


def tag(name: str, content: str = "", /, **attributes: str) -> str:
    """An element with markup inside. Attributes in the order given; `__` in a name stands for a colon."""
    told = "".join(f" {key.replace('__', ':')}={quoteattr(clean(value))}" for key, value in attributes.items())
    return f"<{name}{told}>{content}</{name}>" if content else f"<{name}{told}/>"


def leaf(name: str, value: str, /, **attributes: str) -> str:
    """An element with text inside."""
    return tag(name, escape(clean(value)), **attributes)


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
