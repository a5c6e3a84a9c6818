"""XML for SOAP and OMA-DM: read by local names, with trimmed text, and without dangerous constructs.

A document type declaration is refused, and with it every entity but XML's own five: SOAP 1.2 1.0 and OMA-DM forbid it.
Microsoft's documents use different prefixes for one namespace (and a sample has `metinfo` for `metinf`), so names are
compared without their namespace.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from fauxtune.core.errors import Invalid

#: Bytes of a document: the default MaxMsgSize of devices, which send no larger messages.
SIZE_LIMIT = 512 * 1024
DEPTH_LIMIT = 48
ELEMENT_LIMIT = 10_000
#: Characters that XML 1.0 2.2 does not allow, escaped or not.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: These, and others that are not written as they are, in a text or in an attribute: blanks but the space, &, <, >, ".
_NOT_AS_IT_IS = re.compile("[^ !#-%'-;=?-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Malformed(Invalid):
    """The document is not valid XML: the only error that is answered with 400."""


@dataclass(slots=True)
class Element:
    """An element; names of elements and attributes are local names, or as written (`prefixes` of `parse`)."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The element's own text, without blanks around it."""
        return "".join(self.pieces).strip()

    def all(self, name: str) -> Iterator[Element]:
        """Return the children of this name."""
        return (child for child in self.children if child.name == name)

    def find(self, *path: str) -> Element | None:
        """Return the first element at the end of the path, or None."""
        element = self
        for name in path:
            for child in element.children:
                if child.name == name:
                    element = child
                    break
            else:
                return None
        return element

    def text_at(self, *path: str, default: str = "") -> str:
        """Return the text at the end of the path; `default` if there is no element."""
        element = self.find(*path)
        return default if element is None else element.text


class _Builder:
    """Builds the tree from the parser's events, within limits."""

    def __init__(self, *, elements: int) -> None:
        self.root: Element | None = None
        self._most = elements
        self._open: list[Element] = []
        self._seen = 0

    def doctype(self, *_declared: object) -> None:
        raise Malformed("The document must not have a document type declaration or entities of its own.")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._seen += 1
        if len(self._open) >= DEPTH_LIMIT or self._seen > self._most:
            raise Malformed(f"The document must not have more than {DEPTH_LIMIT} levels and {self._most} elements.")
        if attributes:
            attributes = {_local(key): value for key, value in attributes.items()}
        element = Element(_local(name), attributes, [], [])
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, _name: str) -> None:
        self._open.pop()

    def text(self, data: str) -> None:
        self._open[-1].pieces.append(data)


def parse(document: bytes, *, prefixes: bool = False, size: int = SIZE_LIMIT, elements: int = ELEMENT_LIMIT) -> Element:
    """Return the root element. Raises Malformed for invalid XML, too large or deep ones, and document types.

    `prefixes`: names are as written, and declarations of namespaces are attributes: for a copy to be read by people.
    `size`: the most bytes; `elements`: the most elements.
    """
    if len(document) > size:
        raise Malformed(f"The document must not be larger than {size // 1024} KiB.")
    builder = _Builder(elements=elements)
    parser = expat.ParserCreate(namespace_separator=None if prefixes else " ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = builder.doctype
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    try:
        parser.Parse(document, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise Malformed(f"The body is not XML: {error}.") from None
    if builder.root is None:
        raise Malformed("The body is empty; it must be an XML document.")
    return builder.root


def clean(text: str) -> str:
    """Return the text without the characters that XML does not allow."""
    return _NOT_XML.sub("", text)


def tag(name: str, content: str = "", /, **attributes: str) -> str:
    """Write an element with markup inside. `__` in an attribute's name stands for a colon."""
    markup = name
    for key, value in attributes.items():
        quoted = quoteattr(clean(value)) if _NOT_AS_IT_IS.search(value) else f'"{value}"'
        markup += f" {key.replace('__', ':')}={quoted}"
    return f"<{markup}>{content}</{name}>" if content else f"<{markup}/>"


def leaf(name: str, value: str, /, **attributes: str) -> str:
    """Write an element with text inside."""
    return tag(name, escape(clean(value)) if _NOT_AS_IT_IS.search(value) else value, **attributes)


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
