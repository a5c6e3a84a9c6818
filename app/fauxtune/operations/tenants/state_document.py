"""The document of a tenant: everything that belongs to it, as JSON that people can read, compare and keep in Git.

`{"format","version","revision","tenant":{...},"keys":{...},"encodings":{...},"tables":{"users":[{...}], ...}}`. Tables
come by name, rows in the order of their keys, members in the order of the table's columns; a member without a value is
left out. So equal tenants have equal documents, byte for byte. Certificates are PEM, other bytes base64: `encodings`
names them.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import orjson

from fauxtune.core.model.text import JsonObject
from fauxtune.storage.tenant_state import Kind, Row, StateColumn, TenantState, columns

FORMAT = "fauxtune tenant"
#: Raised when a reader of the document must know more than before. The tables' columns have the revision.
VERSION = 1
BASE64 = "base64"
#: The labels of PEM (RFC 7468) by the ends of columns' names.
_LABELS = {"certificate": "CERTIFICATE", "public_key": "PUBLIC KEY", "crl": "X509 CRL"}
_WIDTH = 64


def document_of(
    state: TenantState, *, revision: str, keys: Mapping[str, Mapping[str, str]] | None = None
) -> JsonObject:
    """Return the document. `keys`: the private keys of the service and of the connectors, PEM by their names."""
    own = columns()["tenants"]
    return {
        "format": FORMAT,
        "version": VERSION,
        "revision": revision,
        "tenant": _object(own, [state.tenant[column.name] for column in own]),
        **({} if keys is None else {"keys": keys}),
        "encodings": encodings(),
        "tables": {name: [_object(columns()[name], row) for row in rows] for name, rows in state.rows.items()},
    }


def written(document: JsonObject) -> bytes:
    """Return the document as JSON, one property a line."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def encodings() -> dict[str, dict[str, str]]:
    """Return how the bytes of each column are written: base64, or the label of their PEM."""
    result = {
        name: {column.name: encoding_of(column.name) for column in described if column.kind is Kind.BYTES}
        for name, described in columns().items()
    }
    return {name: each for name, each in result.items() if each}


@cache
def encoding_of(name: str) -> str:
    """Return how the bytes of a column of this name are written."""
    return next((label for end, label in _LABELS.items() if name.endswith(end)), BASE64)


def pem(content: bytes, label: str) -> str:
    """Return bytes in PEM (RFC 7468)."""
    text = base64.b64encode(content).decode()
    lines = [text[start : start + _WIDTH] for start in range(0, len(text), _WIDTH)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def _object(described: Iterable[StateColumn], row: Row | list[Any]) -> JsonObject:
    return {
        column.name: _value(column, value) for column, value in zip(described, row, strict=True) if value is not None
    }


def _value(column: StateColumn, value: Any) -> Any:
    match column.kind:
        case Kind.JSON:
            return orjson.loads(value)
        case Kind.BYTES:
            encoding = encoding_of(column.name)
            return base64.b64encode(value).decode() if encoding == BASE64 else pem(value, encoding)
        case _:
            return value
