"""The properties of an audit event: old and new values of what a request changed. Graph: auditProperty.

Names and values are written as the real service was seen to write them: in .NET's casing, parts of an object with a
dot, `<null>` for a cleared value. Differs from Intune: a property that can hold a secret is named without its content:
files, lists of objects (custom settings), whatever is write-only, and what a device's record shows only on request. A
long value is cut. `Unverified:` at which length the real service cuts one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fauxtune.core.odata.schema.types import ComplexType, Edm, EnumType, Owner, Property, Shown, StructuredType, Version

Document = Mapping[str, Any]

#: Properties that the server writes and that are recorded all the same: the others show no intention of the caller.
_RECORDED = {"id", "deviceCategoryDisplayName"}
#: In place of a content that is not written down.
LEFT_OUT = "<not recorded>"
_NULL = "<null>"
#: The characters of a value that are written down, so that an event has a bound.
_MOST_CHARACTERS = 4096


def modified(kind: StructuredType, *, old: Document | None, new: Document | None) -> list[dict[str, Any]]:
    """Return the properties in which the two differ, in the order of the type; all of one if the other is None."""
    return [*_differences(kind, old, new=new, prefix=""), *_undeclared(kind, old or {}, new=new or {})]


def pascal(word: str) -> str:
    """Return the word in .NET's casing: `displayName` becomes `DisplayName`."""
    return word[:1].upper() + word[1:]


def _differences(
    kind: StructuredType, old: Document | None, *, new: Document | None, prefix: str
) -> Iterator[dict[str, Any]]:
    for name, prop in kind.properties_in(Version.BETA).items():
        if prop.owner is Owner.SERVER and name not in _RECORDED:
            continue
        before, after = (None if each is None else each.get(name) for each in (old, new))
        if old is not None and new is not None and before == after:
            continue
        label = prefix + pascal(name)
        if isinstance(prop.type, ComplexType) and not prop.collection and not _is_secret(prop):
            yield from _within(prop, before, new=after, label=label)
        else:
            yield {
                "displayName": label,
                "oldValue": None if old is None else _text(prop, before),
                "newValue": None if new is None else _text(prop, after),
            }


def _undeclared(kind: StructuredType, old: Document, *, new: Document) -> Iterator[dict[str, Any]]:
    """Yield the properties that an open type stores beside its declared ones; their content is not recorded."""
    if not kind.open:
        return
    declared = kind.properties_in(Version.BETA)
    for name in dict.fromkeys((*old, *new)):
        if name not in declared and old.get(name) != new.get(name):
            before, after = (LEFT_OUT if name in each else None for each in (old, new))
            yield {"displayName": pascal(name), "oldValue": before, "newValue": after}


def _within(prop: Property, old: Document | None, *, new: Document | None, label: str) -> Iterator[dict[str, Any]]:
    type_name = (new or old or {}).get("@odata.type")
    assert isinstance(prop.type, ComplexType)
    kind = next((variant for variant in prop.variants if variant.odata_type == type_name), prop.type)
    if type_name is not None:
        types = [None if each is None else pascal(each["@odata.type"].rpartition(".")[2]) for each in (old, new)]
        if types[0] != types[1]:
            yield {"displayName": f"{label}.Type", "oldValue": types[0], "newValue": types[1]}
    yield from _differences(kind, old, new=new, prefix=f"{label}.")


def _text(prop: Property, value: Any) -> str:
    if value is None:
        return _NULL
    if _is_secret(prop):
        return LEFT_OUT
    text = ", ".join(_scalar(prop, each) for each in value) if prop.collection else _scalar(prop, value)
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}..."


def _scalar(prop: Property, value: Any) -> str:
    if isinstance(prop.type, EnumType):
        return ", ".join(pascal(part) for part in str(value).split(","))
    return str(value)


def _is_secret(prop: Property) -> bool:
    objects = prop.collection and isinstance(prop.type, ComplexType)
    return objects or prop.write_only or prop.type is Edm.BINARY or prop.visibility is Shown.BLANK_UNLESS_SELECTED
