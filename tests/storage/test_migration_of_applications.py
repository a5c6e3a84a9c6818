"""A database that has been used: applications keep their secrets, came with their tenants, and have every consent."""

from __future__ import annotations

import json

from sqlalchemy import text

from fauxtune.core.model.ids import TenantId
from fauxtune.storage import migrate
from fauxtune.storage.database import Database
from fauxtune.storage.queries.applications import first_application

TENANT = {
    "id": "t-1",
    "name": "contoso",
    "domain": "contoso.example",
    "created_at": "2026-11-24T10:00:00.000000Z",
    "ca_host": "ca",
    "ca_name": "CA",
    "public_http_url": "http://localhost",
    "clock_mode": "system",
    "clock_offset": 0,
    "settings": "{}",
    "journal_seq": 0,
}
APPLICATION = {"tenant_id": "t-1", "client_id": "c-1", "name": "One", "secret": "s", "roles": json.dumps(["A.B"])}


def test_applications_that_were_there_are_as_they_were(database_url: str) -> None:
    database = Database(database_url)
    migrate.upgrade(database, to="0001")
    with database.engine.begin() as connection:
        for table, values in (("tenants", TENANT), ("applications", APPLICATION)):
            names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)
    migrate.upgrade(database)
    with database.engine.begin() as connection:
        result = first_application(connection, TenantId("t-1"))
    database.close()
    assert result is not None
    assert (result.secret, result.roles, result.redirect_uris) == ("s", ["A.B"], [])
    assert result.created_at.isoformat() == "2026-11-24T10:00:00+00:00"
    assert result.consented_scopes == ["*"]
    assert (result.secret_digest, result.certificate) == (None, None)
