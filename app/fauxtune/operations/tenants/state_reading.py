"""Reading the document of a tenant, which anybody may have written: completely, or refused with every mistake named.

Beside it: `importing` (whose document it may be), `replacing` (what rows must have in common, what it takes the place
of).

Each mistake has its place, a JSON pointer (RFC 6901). What is read is only data: nothing in a document is executed.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from fauxtune.core.errors import DocumentRefused, FauxtuneError, Invalid
from fauxtune.core.formats.json_text import check_elements, pointer
from fauxtune.core.pki.foreign import certificate_from
from fauxtune.operations.tenants.state_document import (
    BASE64,
    FORMAT,
    OLDEST,
    VERSION,
    bring_up_to_date,
    encoding_of,
    encodings,
)
from fauxtune.storage.tenant_state import Kind, Row, Rows, StateColumn, TenantState, columns

#: Members and elements of a document: one of a thousand devices has some 600,000.
MOST_ELEMENTS = 1_000_000
#: So many mistakes are named; the others are counted.
MOST_NAMED = 100
_DEEPEST = 60
_MEMBERS = {"format": str, "version": int, "revision": str, "tenant": dict, "encodings": dict, "tables": dict}
#: As `core.clock.iso` writes times.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}0Z", re.ASCII)
_STORES = ("service", "connector")
#: JSON columns that hold lists of texts, and the one that holds pairs of ids; all others hold objects.
_LISTS = frozenset(
    {
        ("applications", "roles"),
        ("applications", "consented_scopes"),
        ("applications", "redirect_uris"),
        ("certificates", "key_usage"),
        ("connectors", "roles"),
    }
)
_PAIRS = ("ledger", "wanted_by")


@dataclass(slots=True)
class Mistakes:
    """The mistakes of a document, in the order of their places."""

    named: list[tuple[str, str]] = field(default_factory=list)
    count: int = 0

    def add(self, sentence: str, *place: str | int) -> None:
        """Note what is wrong at a place."""
        self.count += 1
        if len(self.named) < MOST_NAMED:
            self.named.append((pointer(place), sentence))

    def check(self) -> None:
        """Raise DocumentRefused if there is any mistake."""
        if not self.count:
            return
        lines = [f"{place or 'the document'}: {sentence}" for place, sentence in self.named]
        more = f"; and {self.count - len(self.named)} more" if self.count > len(self.named) else ""
        raise DocumentRefused(
            f"The document cannot be imported, and nothing was changed: {'; '.join(lines)}{more}.",
            mistakes=tuple(self.named),
        )


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """What a document says. `keys`: private keys as PEM, by `service` and `connector` and their names; None: it has
    none.
    """

    state: TenantState
    keys: Mapping[str, Mapping[str, str]] | None


def read_document(content: bytes, *, revision: str) -> ReadDocument:
    """Return what a document says. Raises DocumentRefused, Invalid. Takes its time: call it in a thread."""
    check_elements(content, most=MOST_ELEMENTS)
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise Invalid(f"The document is not JSON: {error}.") from None
    if not isinstance(document, dict):
        raise Invalid("The document is not a JSON object.")
    mistakes = Mistakes()
    _check_members(document, mistakes)
    mistakes.check()  # what follows depends on it
    bring_up_to_date(document, revision=revision)
    _check_head(document, mistakes, revision=revision)
    mistakes.check()
    own = _row(document["tenant"], columns()["tenants"], mistakes=mistakes, place=("tenant",), table="tenants")
    rows = _rows(document["tables"], mistakes)
    keys = _keys(document["keys"], mistakes) if "keys" in document else None
    mistakes.check()
    names = [column.name for column in columns()["tenants"]]
    return ReadDocument(TenantState(dict(zip(names, own, strict=True)), rows), keys)


def _check_members(document: dict[str, Any], mistakes: Mistakes) -> None:
    for name in document.keys() - _MEMBERS.keys() - {"keys"}:
        mistakes.add("there is no such member", name)
    for name, type_ in _MEMBERS.items():
        if name not in document:
            mistakes.add("it is missing", name)
        elif type(document[name]) is not type_:
            mistakes.add(f"it must be {_WORDS[type_]}", name)


def _check_head(document: dict[str, Any], mistakes: Mistakes, *, revision: str) -> None:
    if document["format"] != FORMAT:
        mistakes.add(f"it must be '{FORMAT}', as in an export of a tenant", "format")
    elif document["version"] != VERSION:
        mistakes.add(f"this version of Fauxtune reads version {VERSION}", "version")
    elif document["revision"] != revision:
        mistakes.add(
            f"the document has the tables of revision '{document['revision']}', and this server reads those of "
            f"{OLDEST} to {revision}: export the tenant from a server of this version",
            "revision",
        )
    elif document["encodings"] != encodings():
        mistakes.add("it must be as in an export: it says how bytes are written, and does not change that", "encodings")


_WORDS: dict[type, str] = {str: "a text", int: "an integer", dict: "an object", list: "a list", bool: "true or false"}


def _rows(tables: dict[str, Any], mistakes: Mistakes) -> Rows:
    known = columns()
    for name in tables.keys() - known.keys() | tables.keys() & {"tenants"}:
        mistakes.add("there is no such table", "tables", name)
    result: Rows = {}
    for name, described in known.items():
        if name == "tenants":
            continue
        if not isinstance(tables.get(name), list):
            mistakes.add("it must be a list of rows; without rows []", "tables", name)
            continue
        result[name] = [
            _row(row, described, mistakes=mistakes, place=("tables", name, number), table=name)
            for number, row in enumerate(tables[name])
        ]
    return result


def _row(
    row: Any,
    described: tuple[StateColumn, ...],
    *,
    mistakes: Mistakes,
    place: tuple[str | int, ...],
    table: str,
) -> Row:
    if not isinstance(row, dict):
        mistakes.add("a row must be an object", *place)
        return ()
    for name in row.keys() - {column.name for column in described}:
        mistakes.add("there is no such column", *place, name)
    values = []
    for column in described:
        value = row.get(column.name)
        if value is not None:
            try:
                value = _value(value, column, table=table)
            except ValueError as error:
                mistakes.add(str(error), *place, column.name)
        elif not column.is_optional:
            mistakes.add("it is missing", *place, column.name)
        values.append(value)
    return tuple(values)


def _value(value: Any, column: StateColumn, *, table: str) -> Any:
    """Return a value as the database has it. Raises ValueError with what is wrong."""
    match column.kind:
        case Kind.JSON:
            _check_shape(value, (table, column.name))
            return _json(value, column)
        case Kind.BYTES:
            return _bytes(_text(value), encoding_of(column.name))
        case Kind.INTEGER:
            bits = 63 if column.is_long else 31
            if type(value) is not int or not -(2**bits) <= value < 2**bits:
                raise ValueError(f"it must be an integer of {bits + 1} bits")
        case Kind.BOOLEAN:
            if not isinstance(value, bool):
                raise ValueError("it must be true or false")
        case Kind.TIME:
            _check_time(_text(value))
        case Kind.TEXT:
            _text(value)
    if column.choices is not None and value not in column.choices:
        raise ValueError(f"it must be one of {', '.join(sorted(column.choices))}")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("it must be a text")
    if "\0" in value:
        raise ValueError("it has a NUL character")
    return value


def _check_time(text: str) -> None:
    try:
        if _TIME.fullmatch(text):
            datetime.fromisoformat(text[:-2])
            return
    except ValueError:
        pass
    raise ValueError("it must be a time such as 2026-11-24T10:00:00.0000000Z")


def _check_shape(value: Any, column: tuple[str, str]) -> None:
    if column == _PAIRS:
        if not isinstance(value, list) or not all(_are_texts(each) and len(each) == 2 for each in value):
            raise ValueError("it must be a list of pairs of texts")
    elif column in _LISTS:
        if not _are_texts(value):
            raise ValueError("it must be a list of texts")
    elif not isinstance(value, dict):
        raise ValueError("it must be an object")


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _json(value: Any, column: StateColumn) -> str:
    text = json.dumps(value)  # as the database's driver writes it: a row that is equal is not written again
    if text.count("{") + text.count("[") > _DEEPEST:
        _check_depth(value)
    if "\\u0000" in text.replace("\\\\", ""):
        raise ValueError("a text in it has a NUL character")
    if column.read is not None:
        try:
            column.read(value)
        except (KeyError, ValueError, TypeError, AttributeError, FauxtuneError):
            raise ValueError("this version cannot read it") from None
    return text


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return
    raise ValueError(f"it is nested deeper than {_DEEPEST} levels")


def _bytes(text: str, encoding: str) -> bytes:
    if encoding == BASE64:
        return _decoded(text, what="base64")
    begin, end = f"-----BEGIN {encoding}-----", f"-----END {encoding}-----"
    inner = text.strip()
    if not inner.startswith(begin) or not inner.endswith(end):
        raise ValueError(f"it must be PEM with the label {encoding}")
    content = _decoded("".join(inner[len(begin) : -len(end)].split()), what="PEM")
    if encoding == "CERTIFICATE":
        try:
            certificate_from(content)
        except Invalid as error:
            raise ValueError(error.message.rstrip(".")) from None
    return content


def _decoded(text: str, *, what: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"it must be {what}") from None


def _keys(keys: Any, mistakes: Mistakes) -> Mapping[str, Mapping[str, str]]:
    if not isinstance(keys, dict):
        mistakes.add("it must be an object", "keys")
        return {}
    for name in keys.keys() - set(_STORES):
        mistakes.add("there are keys of the service and of the connector", "keys", name)
    result: dict[str, dict[str, str]] = {}
    for store in _STORES:
        of_store = keys.get(store, {})
        if not isinstance(of_store, dict):
            mistakes.add("it must be an object", "keys", store)
            continue
        for name, text in of_store.items():
            if not isinstance(text, str):
                mistakes.add("it must be a private key, PEM", "keys", store, name)
        result[store] = {name: text for name, text in of_store.items() if isinstance(text, str)}
    return result
