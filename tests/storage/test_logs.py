"""The logs of a tenant keep their newest entries, and another tenant's log is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Table, select

from fauxtune.core.model import tenants as bounds
from fauxtune.core.model.ids import ConnectorId, TenantId
from fauxtune.storage.queries import logs, tenants
from fauxtune.storage.rows.certificates import ConnectorEventRow
from fauxtune.storage.rows.tenants import AuditEventRow, JournalRow
from fauxtune.storage.tables import audit_events, connector_events, journal
from fauxtune.storage.tenancy import of_tenant

if TYPE_CHECKING:
    from tests.storage.conftest import Filler

OTHER = TenantId("0ther000-x")


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten entries are kept, and the oldest go at every fifth."""
    monkeypatch.setattr(bounds, "STEP", 5)
    monkeypatch.setattr(logs, "STEP", 5)
    for module, name in ((tenants, "MOST_JOURNAL"), (tenants, "MOST_CONNECTOR_EVENTS"), (logs, "MOST_AUDIT")):
        monkeypatch.setattr(module, name, 10)


def numbers(fill: Filler, log: Table, *, tenant_id: TenantId | None = None) -> list[int]:
    column = log.c["seq" if log is journal else "number"]
    statement = select(column).where(of_tenant(log, tenant_id or fill.tenant_id))
    return list(fill.connection.scalars(statement.order_by(column)))


def entry(fill: Filler, tenant_id: TenantId) -> JournalRow:
    return JournalRow(tenant_id, 0, fill.now, "retired", None, None, None, certificate=None, detail={})


def audited(fill: Filler, tenant_id: TenantId, *, number: int) -> AuditEventRow:
    return AuditEventRow(tenant_id, str(number), number, fill.now, "Device", {})


def test_the_journal_keeps_its_newest_entries_however_they_come(fill: Filler) -> None:
    type(fill)(fill.connection, OTHER).tenant()
    tenants.add_events(fill.connection, OTHER, events=[entry(fill, OTHER)])
    for _ in range(14):
        tenants.add_events(fill.connection, fill.tenant_id, events=[entry(fill, fill.tenant_id)])
    assert numbers(fill, journal) == [*range(1, 15)]
    tenants.add_events(fill.connection, fill.tenant_id, events=[entry(fill, fill.tenant_id)])
    assert numbers(fill, journal) == [*range(6, 16)]
    tenants.add_events(fill.connection, fill.tenant_id, events=[entry(fill, fill.tenant_id)] * 17)
    assert numbers(fill, journal) == [*range(23, 33)]
    assert numbers(fill, journal, tenant_id=OTHER) == [1]


def test_a_log_that_is_far_too_long_becomes_shorter_bit_by_bit(fill: Filler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenants, "MOST_JOURNAL", 1_000_000)
    tenants.add_events(fill.connection, fill.tenant_id, events=[entry(fill, fill.tenant_id)] * 50)
    monkeypatch.setattr(tenants, "MOST_JOURNAL", 10)
    lengths = []
    for _ in range(10):
        tenants.add_events(fill.connection, fill.tenant_id, events=[entry(fill, fill.tenant_id)] * 5)
        lengths.append(len(numbers(fill, journal)))
    assert lengths == [44, 38, 32, 26, 20, 14, 10, 10, 10, 10]


def test_the_logs_of_connectors_and_of_administrators_keep_their_newest_entries(fill: Filler) -> None:
    row = ConnectorEventRow(
        fill.tenant_id,
        0,
        1,
        "issued",
        fill.now,
        ConnectorId("c1"),
        "Connector",
        device=None,
        user=None,
        diagnostic_code=None,
        detail={},
    )
    tenants.add_events(fill.connection, fill.tenant_id, connector_events=[row] * 15, numbered=False)
    assert numbers(fill, connector_events) == [*range(6, 16)]
    assert numbers(fill, journal) == []
    for number in range(1, 16):
        last, _ = logs.last_number(fill.connection, fill.tenant_id, client_id="")
        assert last == number - 1
        logs.add_events(fill.connection, [audited(fill, fill.tenant_id, number=number)])
    assert numbers(fill, audit_events) == [*range(6, 16)]
