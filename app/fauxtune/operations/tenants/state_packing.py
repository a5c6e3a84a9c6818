"""The state of a tenant as bytes that a snapshot stores: JSON, compressed. Nothing in them is executed when they are
read.
"""

from __future__ import annotations

import base64
import zlib
from functools import cache

import orjson

from fauxtune.storage.tenant_state import Kind, Row, Rows, TenantState, columns

#: The quickest: a state must be packed within milliseconds, and most of its bytes are keys, which no level shortens.
_LEVEL = 1


def packed(state: TenantState) -> bytes:
    """Return the state as bytes."""
    rows = {name: _texts(name, rows) for name, rows in state.rows.items() if rows}
    return zlib.compress(orjson.dumps({"tenant": state.tenant, "rows": rows}), _LEVEL)


def unpacked(content: bytes) -> TenantState:
    """Return the state that `packed` made into these bytes."""
    document = orjson.loads(zlib.decompress(content))
    rows: Rows = {name: _values(name, rows) for name, rows in document["rows"].items()}
    return TenantState(document["tenant"], rows)


@cache
def _places_of_bytes(name: str) -> tuple[int, ...]:
    return tuple(place for place, column in enumerate(columns()[name]) if column.kind is Kind.BYTES)


def _texts(name: str, rows: list[Row]) -> list[Row]:
    places = _places_of_bytes(name)
    if not places:
        return rows
    result = []
    for row in rows:
        values = list(row)
        for place in places:
            if values[place] is not None:
                values[place] = base64.b64encode(values[place]).decode()
        result.append(tuple(values))
    return result


def _values(name: str, rows: list[list[object]]) -> list[Row]:
    for row in rows:
        for place in _places_of_bytes(name):
            value = row[place]
            if isinstance(value, str):
                row[place] = base64.b64decode(value)
    return [tuple(row) for row in rows]
