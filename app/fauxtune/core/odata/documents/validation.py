"""A client's JSON body: read leniently, brought into the schema's spelling, checked against its type.

What is left is its normal form for storage. Rules: OData JSON 4.01. Unknown properties are refused with OData's own
words, what the server owns is ignored, annotations are tolerated, absent is not null, an explicit null clears.

Names are taken in any case. Graph takes the names of properties in any case: released clients send `mailNickName` for
`mailNickname` (CLI for Microsoft 365 11.11), and work. No document says so: Unverified. OData JSON 4.01 4.6 has
annotations in lower case.

JSON with single quotes, as public PowerShell scripts send it, is converted to JSON. That is not standard: the real
service accepts `{'assignments':[...]}`, and so do the actions here that allow it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from fauxtune.core.errors import Invalid
from fauxtune.core.model.text import text_value
from fauxtune.core.odata.schema.types import (
    ComplexType,
    Edm,
    Entity,
    EnumType,
    Navigation,
    Owner,
    Property,
    StructuredType,
    Version,
    bare_name,
    qualified,
)
from fauxtune.core.odata.schema.values import primitive

_BIND = "@odata.bind"


def accept(entity: Entity, body: Mapping[str, Any], *, partial: bool, version: Version) -> dict[str, Any]:
    """Check a body, and return the properties that were sent, in normal form (complex values are complete).

    `partial`: a PATCH, in which nothing is required. Raises Invalid with the property in its message and as `target`.
    Navigations and binds are left out: see `binds`.
    """
    if not isinstance(body, Mapping):
        raise Invalid(f"The body must be a JSON object that describes a {entity.full_name}.")
    _check_type(entity, body, partial=partial)
    if entity.beta_only and version is Version.V1:
        raise Invalid(f"The type '{entity.full_name}' could not be resolved by the model: it exists in beta only.")
    accepted = _members(entity, body, version=version)
    if not partial:
        _check_required(entity, accepted)
    return accepted


def defaults(entity: StructuredType) -> dict[str, Any]:
    """A complete document: every declared property except `id`, with its initial value."""
    known = entity.properties_in(Version.BETA)
    return {name: prop.initial() for name, prop in known.items() if name != "id"}


def binds(entity: Entity, body: Mapping[str, Any], *, reference_id: Callable[[str], str]) -> dict[str, list[str]]:
    """The ids that the body binds to each navigation: `{"rootCertificate": ["<id>"]}`; an empty list clears it.

    Reads `nav@odata.bind` (a URL, a list of them, or null) and the nested `{"id": ...}` that the SDKs send. Raises
    Invalid for a navigation that the type does not have, and for a URL that `reference_id` refuses.
    """
    ids: dict[str, list[str]] = {}
    for key, value in body.items():
        navigation = entity.navigation(key.removesuffix(_BIND))
        if key.endswith(_BIND):
            if navigation is None or navigation.contained:
                raise _unknown(entity, key.removesuffix(_BIND))
            ids[navigation.name] = _bound(navigation, value, reference_id=reference_id)
        elif navigation is not None and not navigation.contained:
            ids.setdefault(navigation.name, _nested(navigation, value, reference_id=reference_id))
    return ids


def type_name(body: Mapping[str, Any]) -> str | None:
    """The body's `@odata.type` without `#` and namespace, or None. Raises Invalid if it is not a text."""
    value = body.get("@odata.type")
    if value is not None and not isinstance(value, str):
        raise Invalid(f"The '@odata.type' must be a text like '#{qualified('typeName')}'.", target="@odata.type")
    return None if value is None else bare_name(value)


def _check_type(entity: Entity, body: Mapping[str, Any], *, partial: bool) -> None:
    sent = type_name(body)
    if entity.abstract and not partial:
        raise Invalid(f"'{entity.full_name}' is abstract: name a concrete type in '@odata.type'.", target="@odata.type")
    # A client whose model does not have the concrete type sends the base that it knows.
    allowed = entity.lineage() if partial else (entity,)
    if sent is not None and sent.lower() not in {kind.name.lower() for kind in allowed}:
        raise Invalid(
            f"The type '#{qualified(sent)}' does not fit: this is and stays a '{entity.odata_type}'.",
            target="@odata.type",
        )


def _members(kind: StructuredType, body: Mapping[str, Any], *, version: Version) -> dict[str, Any]:
    known = kind.properties_in(version)
    accepted: dict[str, Any] = {}
    for key, value in body.items():
        if "@" in key:
            continue
        prop = known.get(key) or kind.find(key, version=version)
        if prop is None:
            if isinstance(kind, Entity) and kind.navigation(key) is not None:
                continue
            if kind.open and kind.find(key) is None:
                accepted[key] = value
                continue
            raise _unknown(kind, key)
        if prop.name in accepted:
            raise twice(prop.name, written=key)
        if prop.owner is Owner.CLIENT:
            accepted[prop.name] = _checked(prop, value, version=version)
    return accepted


def _checked(prop: Property, value: object, *, version: Version) -> Any:
    try:
        return _value(prop, value, version=version)
    except Invalid as error:
        reason = error.message.removeprefix(f"Invalid value for property '{error.target}': ")
        path = prop.name if error.target is None else f"{prop.name}/{error.target}"
        raise Invalid(f"Invalid value for property '{path}': {reason}", target=path) from error


def _value(prop: Property, value: object, *, version: Version) -> Any:
    if prop.collection:
        if value is None:
            # Unverified: a collection is never null in OData; read as empty.
            return []
        if not isinstance(value, list):
            raise Invalid("it is a collection: write it as a JSON array.")
        return [_single(prop, element, version=version) for element in value]
    if value is None:
        if not prop.nullable:
            raise Invalid("it cannot be null.")
        return None
    return _single(prop, value, version=version)


def _single(prop: Property, value: object, *, version: Version) -> Any:
    kind = prop.type
    if isinstance(kind, Edm):
        return primitive(value, kind)
    if isinstance(kind, EnumType):
        if isinstance(value, int) and not isinstance(value, bool):
            return kind.named(value, version=version)
        if not isinstance(value, str):
            raise Invalid(f"{value!r} is not a text: write the name of a member of {qualified(kind.name)}.")
        return kind.canonical(value, version=version)
    if not isinstance(value, Mapping):
        raise Invalid(f"it must be a JSON object that describes a {kind.full_name}.")
    return _complex(prop, value, declared=kind, version=version)


def _complex(prop: Property, value: Mapping[str, Any], *, declared: ComplexType, version: Version) -> dict[str, Any]:
    kind = _variant(prop, value, declared=declared)
    sent = _members(kind, value, version=version)
    _check_required(kind, sent)
    typed = {"@odata.type": kind.odata_type} if declared.polymorphic else {}
    return {**typed, **defaults(kind), **sent}


def _variant(prop: Property, value: Mapping[str, Any], *, declared: ComplexType) -> ComplexType:
    name = type_name(value)
    choices = {kind.name.lower(): kind for kind in (declared, *prop.variants) if not kind.abstract}
    kind = choices.get((name or declared.name).lower())
    if kind is None:
        known = ", ".join(choice.odata_type for choice in choices.values())
        problem = "it has no '@odata.type'" if name is None else f"'{name}' is not a type for it"
        raise Invalid(f"{problem}: use one of {known}.")
    return kind


def _check_required(kind: StructuredType, accepted: Mapping[str, Any]) -> None:
    for name, prop in kind.properties_in(Version.BETA).items():
        if prop.required and accepted.get(name) in (None, ""):
            raise Invalid(f"A value is required for property '{name}' of resource '{kind.name}'.", target=name)


def _bound(navigation: Navigation, value: object, *, reference_id: Callable[[str], str]) -> list[str]:
    urls = [] if value is None else value if isinstance(value, list) else [value]
    if not navigation.collection and len(urls) > 1:
        raise Invalid(f"'{navigation.name}' refers to one thing, not to {len(urls)}.", target=navigation.name)
    return [_reference(navigation, url, reference_id=reference_id) for url in urls]


def _nested(navigation: Navigation, value: object, *, reference_id: Callable[[str], str]) -> list[str]:
    things = [] if value is None else value if isinstance(value, list) else [value]
    ids = []
    for thing in things:
        if not isinstance(thing, Mapping):
            raise Invalid(f"'{navigation.name}' must be an object with an 'id'.", target=navigation.name)
        known = thing.get("@odata.id", thing.get("id"))
        if isinstance(known, str) and "/" not in known:
            ids.append(text_value(known))
        else:
            ids.append(_reference(navigation, known, reference_id=reference_id))
    return ids


def _reference(navigation: Navigation, url: object, *, reference_id: Callable[[str], str]) -> str:
    if not isinstance(url, str):
        raise Invalid(f"'{navigation.name}' must be bound to a URL, not to {url!r}.", target=navigation.name)
    try:
        return reference_id(url)
    except Invalid as error:
        raise Invalid(f"'{navigation.name}' cannot be bound: {error.message}", target=navigation.name) from None


def _unknown(kind: StructuredType, name: str) -> Invalid:
    hint = "" if kind.find(name) is None else " It exists in beta only."
    return Invalid(
        f"The property '{name}' does not exist on type '{kind.full_name}'. "
        f"Make sure to only use property names that are defined by the type.{hint}",
        target=name,
    )


#: The annotations that are read (OData JSON 4.01 4.6.3, 4.6.8, 8.5).
_ANNOTATIONS = ("odata.type", "odata.id", "odata.bind")


def respell(body: dict[str, Any], *, spellings: Mapping[str, str | None]) -> None:
    """Give the members of all objects in a body the names that `spellings` has for their lower-case forms. Others, and
    those that types spell differently (None), stay as they are: `accept` finds these by the type.

    Raises Invalid for an object in which a name is there twice, in different cases.
    """
    values: list[object] = [body]
    while values:
        value = values.pop()
        if isinstance(value, list):
            values.extend(each for each in value if isinstance(each, dict | list))
        elif isinstance(value, dict):
            values.extend(each for each in value.values() if isinstance(each, dict | list))
            _respell(value, spellings=spellings)


def twice(name: str, *, written: str) -> Invalid:
    """The refusal of an object that has a property twice; `written`: as the client spelled it the second time."""
    return Invalid(f"The property '{name}' is there twice: once more as '{written}'. Send it once.", target=name)


def _respell(members: dict[str, Any], *, spellings: Mapping[str, str | None]) -> None:
    names = {key: _spelled(key, spellings=spellings) for key in members}
    if all(key == name for key, name in names.items()):
        return
    sent = list(members.items())
    members.clear()
    for key, value in sent:
        name = names[key]
        if name in members:
            first = next(each for each, spelled in names.items() if spelled == name)
            raise twice(name, written=key if key != name else first)
        members[name] = value


def _spelled(key: str, *, spellings: Mapping[str, str | None]) -> str:
    name, at, annotation = key.partition("@")
    if annotation.lower() in _ANNOTATIONS:
        annotation = annotation.lower()
    return f"{spellings.get(name.lower()) or name}{at}{annotation}"


_TEXT = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'((?:[^'\\]|\\.)*)'", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def double_quoted(text: str) -> str:
    """Put single-quoted strings into double quotes; text in double quotes stays as it is."""
    return _TEXT.sub(lambda match: match[0] if match[1] is None else _string(match[1]), text)


def _string(inner: str) -> str:
    # \u1234 stays an escape; \' and the others are replaced by their characters.
    plain = _ESCAPE.sub(lambda match: match[0] if match[1] == "u" else _CONTROLS.get(match[1], match[1]), inner)
    return json.dumps(plain).replace("\\\\u", "\\u")
