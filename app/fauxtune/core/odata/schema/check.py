"""Finds what is wrong in the text of a schema table: it reads every block, and compares the names with one another.

A model checks each type of which it builds the properties; the repository's tests check them all, in 0.2 s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from fauxtune.core.odata.schema.overlay import NO_OVERLAY, Overlay
from fauxtune.core.odata.schema.table import Mistake, NavigationRow, PropertyRow, SchemaTable
from fauxtune.core.odata.schema.types import Edm, Json

_PRIMITIVES = frozenset(edm.value.removeprefix("Edm.") for edm in Edm)
_OF_PROPERTIES = (
    *("server", "client", "required", "nullable", "never_null", "unfilterable"),
    *("when_selected", "blank_unless_selected", "ignores_case"),
)
_NUMBERS = ("Int32", "Int64", "Byte")


def mistakes(table: SchemaTable) -> Iterator[Mistake]:
    """Every mistake of the text, and of a block with a line that cannot be read only the first such line."""
    for name in table.names():
        yield from mistakes_of(table, name)
    for place in table.operations():
        try:
            yield from _of_operation(table, place)
        except Mistake as mistake:
            yield mistake


def mistakes_of(table: SchemaTable, name: str) -> Iterator[Mistake]:
    """The mistakes in the block of one type."""
    try:
        if table.head(name).kind == "enum":
            yield from _of_enumeration(table, name)
        else:
            yield from _of_structure(table, name)
    except Mistake as mistake:
        yield mistake


def _of_enumeration(table: SchemaTable, name: str) -> Iterator[Mistake]:
    members = table.members(name)
    if not members:
        yield table.mistake(name, f"'{name}' has no members")
    for field in ("name", "number"):
        for value, times in Counter(getattr(each, field) for each in members).items():
            if times > 1:
                where = [each.name for each in members if getattr(each, field) == value][-1]
                yield table.mistake(name, f"two members of '{name}' have the {field} {value}", row=where, last=True)


def _of_structure(table: SchemaTable, name: str) -> Iterator[Mistake]:
    head, rows, links = table.head(name), table.properties(name), table.navigations(name)
    if head.base is not None and _kind(table, head.base) != head.kind:
        yield table.mistake(name, f"the base '{head.base}' is no {head.kind} type of the table")
    seen: dict[str, PropertyRow | NavigationRow] = {}
    every: Iterable[PropertyRow | NavigationRow] = (*rows, *links)
    for row in every:
        before = seen.setdefault(row.name, row)
        # A property may have another type in v1.0.
        if before is not row and ("v1" in before.marks) == ("v1" in row.marks):
            yield table.mistake(name, f"'{name}' has '{row.name}' already", row=row.name, last=True)
    for own in rows:
        yield from _of_type(table, name, row=own)
    for link in links:
        kind = _kind(table, link.target)
        if kind != "entity" and not (kind is None and "elsewhere" in link.marks):
            what = _unknown(link.target) if kind is None else f"'{link.target}' is no entity: nothing leads to it"
            yield table.mistake(name, what, row=link.name)
    overlay = table.overlay(name)
    if overlay is not NO_OVERLAY:
        known = {row.name: row for row in rows}
        yield from _of_names(table, name, overlay=overlay, properties=set(known), links={link.name for link in links})
        for field, value in overlay.defaults.items():
            if field in known and not _fits(table, known[field], value=value):
                yield table.mistake(name, f"the default of '{field}' is no {known[field].type}", word=field)


def _of_type(table: SchemaTable, owner: str, *, row: PropertyRow) -> Iterator[Mistake]:
    """What is wrong with the type of a property or of a parameter."""
    kind = _kind(table, row.type)
    if kind is None and "elsewhere" not in row.marks:
        yield table.mistake(owner, _unknown(row.type), row=row.name)
    elif kind == "entity" and "/" not in owner:
        yield table.mistake(owner, f"'{row.type}' is an entity: ` {row.name} -> {row.type}` leads to it", row=row.name)


def _of_names(
    table: SchemaTable, name: str, *, overlay: Overlay, properties: set[str], links: set[str]
) -> Iterator[Mistake]:
    """What the lines with `~` name, and nothing has."""
    named = {each for text in _OF_PROPERTIES for each in getattr(overlay, text).split()}
    named.update(overlay.defaults, overlay.secret, overlay.variants, " ".join(overlay.different.values()).split())
    for each, times in Counter(" ".join(overlay.different.values()).split()).items():
        if times > 1:
            yield table.mistake(name, f"how near '{each}' comes is said twice", word=each, last=True)
    for each in sorted(named - properties - {"*"}):
        yield table.mistake(name, f"'{name}' has no property '{each}' of its own", word=each)
    for each in sorted({*overlay.parts.split(), *overlay.linked.split()} - links):
        yield table.mistake(name, f"'{name}' has no navigation '{each}' of its own", word=each)
    for each in sorted({*overlay.only.split()} - properties - links - {"*"}):
        yield table.mistake(name, f"'{name}' has neither a property nor a navigation '{each}' of its own", word=each)
    for each in sorted({kind for names in overlay.variants.values() for kind in names.split()}):
        if _kind(table, each) != "complex":
            yield table.mistake(name, f"'{each}' is no complex type of the table", word=each)
    for alias, own in overlay.aliases.items():
        if own not in properties | _inherited(table, name):
            yield table.mistake(name, f"'{name}' has no property '{own}'", word=alias)


def _of_operation(table: SchemaTable, place: str) -> Iterator[Mistake]:
    operation = table.operation(*place.rsplit("/", 1))
    if "gone" in operation.marks:
        return
    if _kind(table, operation.bound_to) is None:
        yield table.mistake(place, _unknown(operation.bound_to))
    for row in operation.parameters:
        yield from _of_type(table, place, row=row)
    returned = (operation.returns or "String").strip("[]?")
    if _kind(table, returned) is None:
        yield table.mistake(place, _unknown(returned), row="=")


def _inherited(table: SchemaTable, name: str) -> set[str]:
    names, base = set[str](), table.head(name).base
    while base is not None and _kind(table, base) is not None:
        names.update(row.name for row in table.properties(base))
        base = table.head(base).base
    return names


def _kind(table: SchemaTable, name: str) -> str | None:
    """The kind of a type of the table, or `primitive`; None for another name."""
    if name in _PRIMITIVES:
        return "primitive"
    try:
        return table.head(name).kind
    except KeyError:
        return None


def _unknown(name: str) -> str:
    return f"the type '{name}' has no block here"


def _fits(table: SchemaTable, row: PropertyRow, *, value: Json) -> bool:
    if row.collection:
        return isinstance(value, tuple)
    if row.type == "Boolean" or row.type in _NUMBERS:
        return type(value) is (bool if row.type == "Boolean" else int)
    if _kind(table, row.type) == "enum":
        return value in {each.name for each in table.members(row.type)}
    return isinstance(value, str)
