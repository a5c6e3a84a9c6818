"""A table has a column for each field of its row type, of the field's type; what changes is among these fields.

Documents as they are read from the database.
"""

from __future__ import annotations

import math
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from types import ModuleType
from typing import Annotated, Any, Literal, get_type_hints, is_typeddict

import pytest
from sqlalchemy import BigInteger, Boolean, Index, Integer, LargeBinary, Table

from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import ResourceId, TenantId
from fauxtune.core.model.platforms import Platform
from fauxtune.core.model.text import JsonObject
from fauxtune.storage import rows as row_types
from fauxtune.storage.collections.resources import resources_of
from fauxtune.storage.columns import Choice, Document, Indexed, Key, Moment, Older, Unique, Word, metadata, table
from fauxtune.storage.database import Connection, Database
from fauxtune.storage.migrate import upgrade
from fauxtune.storage.queries import collections, resources
from fauxtune.storage.rows import certificates
from fauxtune.storage.rows.resources import ResourceRow
from tests.support.tenant import START

MODULES = [import_module(f"{row_types.__name__}.{module.name}") for module in pkgutil.iter_modules(row_types.__path__)]
Size = Literal["small", "large"]


@dataclass(frozen=True, slots=True)
class ThingRow:
    """A field of each kind."""

    tenant_id: Key[TenantId]
    number: Annotated[Key[int], "its place"]
    name: Unique[str]
    owner: Annotated[Indexed[str | None], "who has it"]
    size: Size | None
    platform: Platform
    is_new: bool
    weight: Annotated[int, Older("0"), "grams"]
    dust: Annotated[int | None, BigInteger()]
    made_at: datetime
    document: JsonObject
    labels: list[str] | None
    picture: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ThingContent:
    """What is read on its own."""

    name: str
    content: Annotated[bytes, "large"]


@pytest.fixture
def things() -> Iterator[Table]:
    made = table("things", ThingRow, Index("ix_things_size", "tenant_id", "size"), beside=ThingContent, after="made_at")
    yield made
    metadata.remove(made)


def test_the_fields_of_a_row_are_the_columns_of_its_table_in_their_order(things: Table) -> None:
    """A row is made from a whole row of its table, by position."""
    fields = list(ThingRow.__dataclass_fields__)
    assert [column.name for column in things.columns if column.name != "content"] == fields
    assert [column.name for column in things.columns][9:11] == ["made_at", "content"]


def test_columns_have_the_types_of_their_fields(things: Table) -> None:
    """Ids are text in the database, enumerations are members outside of it; JSON is what its readers make of it."""
    kinds = {column.name: type(column.type) for column in things.columns}
    assert kinds["number"] is kinds["weight"] is Integer
    assert kinds["is_new"] is Boolean
    assert kinds["dust"] is BigInteger
    assert kinds["made_at"] is Moment
    assert kinds["picture"] is kinds["content"] is LargeBinary
    assert {name for name in kinds if things.c[name].type is Word} == {"tenant_id", "name", "owner", "size"}
    assert {name for name in kinds if things.c[name].type is Document} == {"document", "labels"}
    assert isinstance(things.c.platform.type, Choice)
    assert things.c.platform.type.enumeration is Platform
    assert things.c.size.info == {"choices": {"small", "large"}}


def test_columns_are_what_stands_around_the_types_of_their_fields(things: Table) -> None:
    assert {column.name for column in things.columns if column.nullable} == {
        "owner",
        "size",
        "dust",
        "labels",
        "picture",
    }
    assert [column.name for column in things.primary_key] == ["tenant_id", "number"]
    assert things.c.number.autoincrement is False
    assert {column.name for column in things.columns if column.unique} == {"name"}
    assert {index.name for index in things.indexes} == {"ix_things_size", "ix_things_owner"}
    comments = {column.name: column.comment for column in things.columns if column.comment}
    assert comments == {"number": "its place", "owner": "who has it", "weight": "grams", "content": "large"}
    assert {column.name for column in things.columns if column.server_default} == {"weight"}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_changes_are_fields_of_the_row(module: ModuleType) -> None:
    for name, changes in vars(module).items():
        if is_typeddict(changes):
            row: Any = getattr(module, name.removesuffix("Changes") + "Row")
            fields_of_row = get_type_hints(row)
            if row is certificates.RequestRow:
                fields_of_row |= get_type_hints(certificates.AnswerRow)
            assert get_type_hints(changes).items() <= fields_of_row.items(), name


def test_no_comment_of_a_column_names_a_module() -> None:
    # PostgreSQL keeps comments, so a module that moves would change the schema.
    comments = {str(column): column.comment for known in metadata.tables.values() for column in known.columns}
    assert sum(map(bool, comments.values())) > 100
    places = re.compile(r"\b(core|operations|server|storage|surfaces)\.[a-z]")
    assert {column: comment for column, comment in comments.items() if comment and places.search(comment)} == {}


def test_what_only_pythons_own_reader_takes_is_read_too(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    upgrade(database)
    half, number = "\ud800", math.nan
    row = _row({"half": half, "number": number})

    def work(connection: Connection) -> dict[str, ResourceRow]:
        resources.add_resource(connection, row)
        return resources.resources_by_id(connection, TenantId("t-1"), ids=["r-1"])

    read = database.run_now(work)["r-1"].document
    database.close()
    assert read["half"] == half
    assert math.isnan(read["number"])


def test_a_list_leaves_out_members_that_nobody_reads(database_url: str) -> None:
    database = Database(database_url)
    upgrade(database)
    parts = {"settings": [1.5, {"deep": None}], "none": 1}
    row = _row({"id": "r-1", "kept": [{"a": 1}, None, "\u00e4"], **parts})

    def work(connection: Connection) -> list[dict[str, object]]:
        resources.add_resource(connection, row)
        collection = resources_of(row.tenant_id, row.family, without=["settings", "absent"])
        shape = entity("deviceCategory")
        rows = collections.page(connection, row.tenant_id, collection=collection, entity=shape, limit=2)
        return [listed_resource.document for listed_resource in rows]

    assert database.run_now(work) == [{"id": "r-1", "kept": [{"a": 1}, None, "\u00e4"], "none": 1}]
    database.close()


def _row(document: JsonObject) -> ResourceRow:
    return ResourceRow(
        tenant_id=TenantId("t-1"),
        family="deviceCategories",
        parent_id="",
        id=ResourceId("r-1"),
        kind="deviceCategory",
        version=1,
        created_at=START,
        modified_at=START,
        priority=None,
        document=document,
    )
