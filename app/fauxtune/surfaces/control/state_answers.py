"""The answers of the control surface about the state of a tenant."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from fauxtune.surfaces.control.answers import Answer


class PrivateKeys(Answer):
    """Private keys, PKCS#8 in PEM, by the names that rows have for them."""

    service: dict[str, str]
    connector: dict[str, str]


class TenantDocument(Answer):
    """Everything that belongs to a tenant. A member of a row that has no value is left out."""

    format: Literal["fauxtune tenant"]
    version: int
    revision: str = Field(description="of the database's schema, whose tables and columns these are")
    tenant: dict[str, Any] = Field(description="its name, domain, clock and settings")
    keys: PrivateKeys | None = None
    encodings: dict[str, dict[str, str]] = Field(
        description="the columns that hold bytes: base64, or the label of their PEM"
    )
    tables: dict[str, list[dict[str, Any]]] = Field(description="the rows of each table, in the order of their keys")
