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


class Snapshot(Answer):
    """A state of the tenant that was kept under a name. `createdDateTime` is by the system's clock."""

    name: str
    created_date_time: str
    tenant_date_time: str = Field(description="the tenant's time then")
    size: int = Field(description="bytes that it takes in the database")
    users: int
    devices: int = Field(description="enrolments, also those that have ended")
    revision: str = Field(description="of the database's schema")
    is_restorable: bool = Field(description="whether the schema is still that of this server")


class RowChanges(Answer):
    """What becomes of the rows of a table."""

    lost: int = Field(description="rows that are there and will not be")
    added: int = Field(description="rows that come, or come back")
    changed: int = Field(description="rows that get other values")


class Import(Answer):
    """What an import changed, by table."""

    id: str
    name: str
    is_new: bool = Field(description="whether the tenant was not there before")
    changes: dict[str, RowChanges]


class Restoration(Answer):
    """What restoring changes, by table; a table that stays as it is is left out."""

    snapshot: Snapshot | None = Field(description="null: the state in which the tenant was created")
    changes: dict[str, RowChanges]
