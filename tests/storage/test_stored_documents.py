"""Documents as they are read from the database."""

from __future__ import annotations

import math

from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import ResourceId, TenantId
from fauxtune.core.model.text import JsonObject
from fauxtune.storage.collections.resources import resources_of
from fauxtune.storage.database import Connection, Database
from fauxtune.storage.migrate import upgrade
from fauxtune.storage.queries import collections, resources
from fauxtune.storage.rows.resources import ResourceRow
from tests.support.tenant import START


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
