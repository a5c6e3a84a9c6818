"""The document of a tenant: everything that belongs to it, as JSON that people can read, compare and keep in Git.

`{"format","version","revision","tenant":{...},"keys":{...},"encodings":{...},"tables":{"users":[{...}], ...}}`. Tables
come by name, rows in the order of their keys, members in the order of the table's columns; a member without a value is
left out. So equal tenants have equal documents, byte for byte. Certificates are PEM, other bytes base64: `encodings`
names them. An export has the tenant as it was at one moment.

A document that an older version exported is brought to the tables of today. Since the first export (revision 0023)
tables and columns have only been added. A table that a document lacks is empty, a column has its default; what a
migration did beside that stands here.
"""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import orjson
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.errors import NotFound
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.runtime.dry_run import rolled_back
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.tenants.keys import KeyFiles, key_files
from fauxtune.storage.database import Connection
from fauxtune.storage.migrate import newest_revision
from fauxtune.storage.tenant_state import Kind, Row, StateColumn, TenantState, columns, read_state

FORMAT = "fauxtune tenant"
#: Raised when a reader of the document must know more than before. The tables' columns have the revision.
VERSION = 1
BASE64 = "base64"
#: The labels of PEM (RFC 7468) by the ends of columns' names.
_LABELS = {"certificate": "CERTIFICATE", "public_key": "PUBLIC KEY", "crl": "X509 CRL"}
_WIDTH = 64
#: The revision of the tables with which exports began.
OLDEST = "0023"


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


def bring_up_to_date(document: dict[str, Any], *, revision: str) -> None:
    """Give a document of an older revision what it lacks of this one, in place; leave any other as it is. What is wrong
    in it stays, and is found when it is read.
    """
    written = document["revision"]
    if re.fullmatch(r"\d{4}", written) is None or not OLDEST <= written < revision:
        return
    tables = document["tables"]
    if written < "0047":
        tables["scep_certificates"] = _reported_certificates(tables.get("scep_challenges"))
    for name, described in columns().items():
        if name == "tenants":
            continue
        added = {column.name: column.default for column in described if column.default is not None}
        rows = tables.setdefault(name, [])
        if added and isinstance(rows, list):
            tables[name] = [{**added, **row} if isinstance(row, dict) else row for row in rows]
    given = document["encodings"]
    for name, encoding in encodings().items():
        known = given.get(name)
        given[name] = {**encoding, **known} if isinstance(known, dict) else encoding
    document["revision"] = revision


def _reported_certificates(challenges: Any) -> list[dict[str, Any]]:
    """Return the certificates that authorities reported: before revision 0047 they were in outcomes of challenges."""
    return [
        {
            "challenge_id": row.get("id"),
            "thumbprint": str(row["outcome"].get("thumbprint") or "").lower(),
            "enrollment_id": row.get("enrollment_id"),
            "profile_id": row.get("profile_id"),
            "report": row["outcome"],
            "reported_at": row.get("created_at"),
        }
        for row in (challenges if isinstance(challenges, list) else [])
        if isinstance(row, dict) and row.get("state") == "issued" and isinstance(row.get("outcome"), dict)
    ]


async def export_tenant(emulator: Emulator, tenant: Tenant, *, with_keys: bool | None = None) -> bytes:
    """Return the tenant's document as JSON. `with_keys`: with its private keys; by default only those of a test
    tenant, which are no secrets. The same state gives the same bytes.
    """
    state, files = await state_of(emulator, tenant)
    with_keys = tenant.is_test_tenant if with_keys is None else with_keys

    def write() -> bytes:
        keys = private_keys(emulator, files) if with_keys else None
        return written(document_of(state, revision=newest_revision(), keys=keys))

    return await asyncio.to_thread(write)


async def state_of(emulator: Emulator, tenant: Tenant) -> tuple[TenantState, KeyFiles]:
    """Return the tenant's state and the names of its private keys, as they were at one moment. Raises NotFound."""

    def read(connection: Connection) -> tuple[TenantState, KeyFiles]:
        return held_state(connection, tenant.id), key_files(connection, tenant.id)

    return await rolled_back(emulator.runner.database, read)


def held_state(connection: Connection, tenant_id: TenantId) -> TenantState:
    """Return the tenant's state. Raises NotFound if it was deleted."""
    state = read_state(connection, tenant_id)
    if state is None:
        raise NotFound(f"There is no tenant '{tenant_id}'.")
    return state


def private_keys(emulator: Emulator, files: KeyFiles) -> dict[str, dict[str, str]]:
    """Return the private keys as PEM by their names: those of the service, those of the connectors. Blocks."""
    return {
        "service": {name: _pem(emulator.keys, name) for name in sorted(set(files.service))},
        "connector": {name: _pem(emulator.connector_keys, name) for name in sorted(set(files.connector))},
    }


def _pem(store: KeyStore, name: str) -> str:
    return store.load(name).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
