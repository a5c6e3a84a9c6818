"""What is asked at every message of a device is found by an index, however much a tenant holds.

SQLite decides without statistics: it takes an index that covers a query before one that finds more of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from fauxtune.core.graph.index import entity
from fauxtune.core.model.actions import ActionState
from fauxtune.core.model.ids import ConnectorId, EnrollmentId, ProfileId, TenantId, UserId
from fauxtune.storage.collections.base import Collection
from fauxtune.storage.collections.resources import PROFILES, resources_of
from fauxtune.storage.database import Database, sqlite_url
from fauxtune.storage.queries import (
    certificates,
    collections,
    connectors,
    device_records,
    devices,
    imported_pfx,
    tenants,
    visits,
)
from fauxtune.storage.queries.insight import diagnosis, overview, register, statuses
from fauxtune.storage.queries.insight.overview import DeviceFilter, DeviceState
from fauxtune.storage.queries.insight.register import Standing, Wanted
from fauxtune.storage.tables import metadata


def plan(connection: Connection, query: Callable[[Connection], Any]) -> list[str]:
    """How SQLite would go about everything that this query asks."""
    results: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        results.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    query(connection)
    event.remove(connection, "before_cursor_execute", note)
    assert results
    steps_of = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values) for text, values in results]
    return [str(row[-1]) for step in steps_of for row in step]


START = datetime(2026, 11, 24, tzinfo=UTC)
DEVICE, TENANT = EnrollmentId("device"), TenantId("tenant")
#: Names, so many that SQLite would rather read all of a tenant.
MANY = [str(number) for number in range(100)]


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """A connection to an empty database with all tables."""
    database = Database(sqlite_url(tmp_path / "plans.sqlite"))
    metadata.create_all(database.engine)
    with database.engine.connect() as connection:
        yield connection
    database.close()


@pytest.mark.parametrize(
    "query",
    [
        lambda connection: devices.ledger_rows(connection, DEVICE),
        lambda connection: devices.enrollment_by_credential(connection, "digest"),
        lambda connection: device_records.actions(connection, DEVICE, states=[ActionState.PENDING]),
        lambda connection: visits.sent_steps(connection, DEVICE),
        lambda connection: visits.device_of_credential(connection, "digest"),
        lambda connection: visits.delete_steps(connection, DEVICE, ids=["a", "b"]),
        lambda connection: visits.identity(connection, "digest"),
        lambda connection: diagnosis.devices_by_id(connection, TENANT, ids=MANY),
        lambda connection: devices.unsettled(connection, TENANT, now=START, ids=MANY),
        lambda connection: diagnosis.holders_of_certificates(connection, TENANT, thumbprints=MANY),
        lambda connection: diagnosis.certificates_of_users(
            connection, TENANT, user_ids=[UserId(name) for name in MANY]
        ),
        lambda connection: diagnosis.managed_device_ids(connection, TENANT, enrollment_ids=MANY),
        lambda connection: imported_pfx.imported_one(connection, TENANT, user=UserId("u"), thumbprint="t"),
        lambda connection: overview.device_names(connection, TENANT, ids=[EnrollmentId(name) for name in MANY]),
        lambda connection: statuses.reached_devices(connection, TENANT, ids=[EnrollmentId(name) for name in MANY]),
    ],
    ids=[
        *("ledger", "credential", "actions", "sent steps", "visit", "delete", "identity"),
        *("devices by their ids", "which of some devices are unsettled", "holders", "certificates of users"),
        *("records of devices", "an imported certificate", "names of devices", "reached devices"),
    ],
)
def test_nothing_is_searched_by_its_tenant_alone(query: Callable[[Connection], Any], connection: Connection) -> None:
    result = plan(connection, query)
    for each in result:
        assert not each.startswith("SCAN"), each
        assert "(tenant_id=?)" not in each, each


def test_the_devices_of_profiles_are_counted_by_indices_alone(connection: Connection) -> None:
    """A row of a device's record is large: to count ten thousand must not read them."""
    waiting: statuses.Waiting = {ProfileId("a"): [], ProfileId("b"): []}
    result = plan(
        connection,
        lambda connection: statuses.device_counts_of_each(connection, TenantId("t"), waiting_devices=waiting),
    )
    assert sorted(each.partition(" USING ")[2].partition(" (")[0] for each in result if "SEARCH" in each) == [
        "COVERING INDEX ix_profile_states_profile",
        "COVERING INDEX sqlite_autoindex_managed_devices_2",
    ]


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (lambda connection: tenants.newest_events(connection, TENANT, device=DEVICE, limit=20), "ix_journal_device"),
        (
            lambda connection: overview.devices(
                connection, TENANT, matching=DeviceFilter(START, state=DeviceState.FAILED), limit=1
            ),
            "ix_ledger_failed",
        ),
        (
            lambda connection: certificates.certificates_on_device(
                connection, TENANT, enrollment_id=DEVICE, thumbprints=["a"]
            ),
            "ix_certificates_enrollment_id",
        ),
        (
            lambda connection: certificates.certificates_on_device(
                connection, TENANT, enrollment_id=DEVICE, thumbprints=["a"]
            ),
            "ix_certificates_thumbprint",
        ),
        (
            lambda connection: register.page(
                connection, TENANT, wanted=Wanted(user=UserId("u")), at=START, offset=0, limit=5
            ),
            "ix_certificates_user",
        ),
        (
            lambda connection: register.page(
                connection, TENANT, wanted=Wanted(text="ab12"), at=START, offset=0, limit=5
            ),
            "ix_certificates_thumbprint",
        ),
        (
            lambda connection: certificates.revoked(connection, TENANT, authority_name="issuing"),
            "ix_certificates_revoked",
        ),
        (
            lambda connection: certificates.asked_revocations(connection, TENANT, before=START),
            "ix_certificates_asked",
        ),
        (
            lambda connection: certificates.certificate_counts(connection, TENANT, at=START),
            "ix_certificates_newest",
        ),
        (
            lambda connection: connectors.newest_connector_events(
                connection, TENANT, connector_id=ConnectorId("c"), event_id=1050, limit=5
            ),
            "ix_connector_events_connector",
        ),
        (
            lambda connection: register.where_held(connection, TENANT, thumbprint="a", limit=5),
            "ix_ledger_thumbprint",
        ),
    ],
    ids=[
        *("a device's events", "failed items", "a device's certificates", "imported certificates"),
        *("a user's", "by number", "on the CRL", "to be revoked", "counts", "a connector's log", "holders"),
    ],
)
def test_what_a_page_of_a_device_or_of_the_authority_shows_is_found_by_its_own_index(
    query: Callable[[Connection], Any], index: str, connection: Connection
) -> None:
    result = plan(connection, query)
    assert any(f"INDEX {index}" in each for each in result), result


@pytest.mark.parametrize(
    "wanted",
    [Wanted(), Wanted(template="SmimeSigning"), *(Wanted(standing=standing) for standing in Standing)],
    ids=["all", "template", *(standing.value for standing in Standing)],
)
def test_the_register_is_ordered_and_counted_by_indices_alone(wanted: Wanted, connection: Connection) -> None:
    """A certificate has a kilobyte: a page of a hundred thousand must not read those that it does not show."""
    pages = plan(connection, lambda each: register.page(each, TENANT, wanted=wanted, at=START, offset=0, limit=50))
    counts = plan(connection, lambda each: register.count(each, TENANT, wanted=wanted, at=START))
    assert any("ix_certificates_newest" in page for page in pages), "in the order of the list"
    assert not any("TEMP B-TREE" in page for page in pages), pages
    on_few = {Standing.ON_CRL, Standing.WAITING, Standing.REVOKED, Standing.ON_HOLD}
    for count in counts:
        assert "COVERING INDEX" in count or wanted.standing in on_few, counts


@pytest.mark.parametrize(
    ("collection", "shape"),
    [
        (PROFILES, "deviceConfiguration"),
        (resources_of(TENANT, "configurationPolicies", without=["settings"]), "deviceManagementConfigurationPolicy"),
    ],
    ids=["profiles", "policies"],
)
def test_a_page_of_policies_is_read_in_the_order_of_an_index(
    collection: Collection[Any], shape: str, connection: Connection
) -> None:
    """A policy has kilobytes: a page of ten thousand must not read those that it does not show."""
    steps_of = plan(
        connection,
        lambda each: collections.page(each, TENANT, collection=collection, entity=entity(shape), limit=1000),
    )
    assert any("_oldest" in step for step in steps_of), steps_of
    assert not any("TEMP B-TREE" in step for step in steps_of), steps_of
