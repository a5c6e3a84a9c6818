"""Read and write XML as a device does: elements by their local names, never a document type.

A DOCTYPE is refused before its content is parsed, so no entities are expanded. Namespaces are not compared: Microsoft's
own samples disagree about them (a trailing slash, `metinfo` for `metinf`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from fauxtune_sim.errors import AnswerBroken

_DEEPEST = 64


@dataclass(slots=True)
class Element:
    """One element: its local name, its attributes by local name, its children, and its own text without the space
    around it."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def first(self, *path: str) -> Element | None:
        """The first element along a path of names (any case), or None."""
        element = self
        for name in path:
            child = next(element.children_named(name), None)
            if child is None:
                return None
            element = child
        return element

    def children_named(self, name: str) -> Iterator[Element]:
        """The children of this name (any case)."""
        return (child for child in self.children if child.name.lower() == name.lower())

    def text_at(self, *path: str) -> str:
        """The text of the first element along a path, or "" if there is no such element."""
        element = self.first(*path)
        return "" if element is None else element.text

    def descendant(self, name: str) -> Element | None:
        """The first descendant of this name (any case), depth first, or None."""
        for child in self.children:
            if child.name.lower() == name.lower():
                return child
            if (element := child.descendant(name)) is not None:
                return element
        return None


class _Forbidden(Exception):
    """XML that no message of these protocols may have."""


class _Builder:
    def __init__(self) -> None:
        self.root: Element | None = None
        self.open: list[Element] = []
        self.texts: list[list[str]] = []

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if len(self.open) >= _DEEPEST:
            raise _Forbidden(f"elements are nested deeper than {_DEEPEST}")
        element = Element(_local(name), {_local(key): value for key, value in attributes.items()})
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)
        self.texts.append([])

    def end(self, _name: str) -> None:
        self.open.pop().text = "".join(self.texts.pop()).strip()

    def text(self, data: str) -> None:
        self.texts[-1].append(data)

    def doctype(self, *_what: object) -> None:
        raise _Forbidden("a DOCTYPE is not allowed")


def read(data: bytes, *, what: str) -> Element:
    """The root element. Raises AnswerBroken, with `what` in its text, for malformed XML or a DOCTYPE."""
    builder = _Builder()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = builder.begin
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = builder.doctype
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, _Forbidden, LookupError, ValueError) as broken:
        raise AnswerBroken(f"{what} is not XML that a device reads: {broken}") from broken
    if builder.root is None:
        raise AnswerBroken(f"{what} is empty")
    return builder.root


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def tag(name: str, *content: str, **attributes: str) -> str:
    """An element whose content is XML already; `_` in attribute names stands for `:`."""
    attribute_text = "".join(f" {key.replace('_', ':', 1)}={quoteattr(value)}" for key, value in attributes.items())
    inside = "".join(content)
    return f"<{name}{attribute_text}>{inside}</{name}>" if inside else f"<{name}{attribute_text}/>"


def text(value: str) -> str:
    """A value, escaped, as the content of an element."""
    return escape(value)
