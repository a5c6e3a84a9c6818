"""Leases of requests, the connectors' log, and how many sign-ins under way are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from fauxtune.core.model.ids import ConnectorId, EnrollmentId, RequestId, TenantId
from fauxtune.storage.queries import applications, connectors, tenants
from fauxtune.storage.rows.tenants import SignInRow
from tests.storage.conftest import Filler
from tests.support.certificate_rows import connector_event_row, request_row

if TYPE_CHECKING:
    pass


def ask(connection: Connection, fill: Filler, name: str, *, role: str = "pkcs", seconds: int = 0, **more: str) -> None:
    row = request_row(
        fill.tenant_id,
        id=name,
        enrollment_id=f"device-{name}",
        role=role,
        created_at=fill.now + timedelta(seconds=seconds),
        **more,
    )
    connectors.put_requests(connection, [(row, {})], replaced=())


def test_free_requests_are_those_of_a_role_that_nobody_is_at_work_on_oldest_first(
    connection: Connection, fill: Filler
) -> None:
    ask(connection, fill, "late", seconds=2)
    ask(connection, fill, "early")
    ask(connection, fill, "other role", role="imported-pfx")
    ask(connection, fill, "another's", only_by="b")
    ask(connection, fill, "mine", only_by="a", seconds=1)
    ask(connection, fill, "the server's", only_by="server")
    where = {"connector_id": "a", "roles": ["pkcs"], "before": fill.now + timedelta(minutes=1), "limit": 10}

    def free(seconds: int = 0, **changes: object) -> list[str]:
        now = fill.now + timedelta(seconds=seconds)
        free_requests = connectors.free_requests(connection, fill.tenant_id, now=now, **{**where, **changes})  # type: ignore[arg-type]
        return [row.id for row in free_requests]

    assert free() == ["early", "mine", "late"]
    assert free(limit=1) == ["early"]
    assert free(before=fill.now) == ["early"]
    assert free(roles=[]) == []
    until = fill.now + timedelta(seconds=60)
    assert connectors.lease(connection, RequestId("early"), session="s", now=fill.now, until=until)
    assert not connectors.lease(connection, RequestId("early"), session="t", now=fill.now, until=until)
    assert free() == ["mine", "late"]
    assert free(seconds=60) == ["early", "mine", "late"]
    connectors.give_back(connection, fill.tenant_id, session="t")
    assert free() == ["mine", "late"]
    connectors.give_back(connection, fill.tenant_id, session="s")
    assert free() == ["early", "mine", "late"]
    connectors.release(connection, fill.tenant_id, connector_id=ConnectorId("b"))
    assert set(free()) == {"early", "mine", "late", "another's"}


def test_who_waits_is_told_by_role_and_moment(connection: Connection, fill: Filler) -> None:
    ask(connection, fill, "one")
    ask(connection, fill, "two", seconds=30)
    ask(connection, fill, "three", role="imported-pfx")
    later = fill.now + timedelta(seconds=10)
    waiting = connectors.devices_that_wait(connection, fill.tenant_id, roles=["pkcs"], before=later)
    assert waiting == {"device-one"}
    oldest = connectors.oldest_request(connection, fill.tenant_id, roles=["pkcs"], after=later)
    assert oldest == fill.now + timedelta(seconds=30)
    assert connectors.oldest_request(connection, fill.tenant_id, roles=["scep"], after=later) is None
    assert connectors.request(connection, TenantId("another"), request_id=RequestId("one")) is None


def test_events_are_numbered_without_gaps_and_read_by_what_they_are_about(connection: Connection, fill: Filler) -> None:
    for device in ("d", "e"):
        events = [connector_event_row(fill.tenant_id, event_id=event_id, device=device) for event_id in (1020, 1050)]
        tenants.add_events(connection, fill.tenant_id, connector_events=events)
    connector_log = connectors.connector_log(connection, fill.tenant_id)
    assert [row.number for row in connector_log] == [1, 2, 3, 4]
    of_one = connectors.connector_log(
        connection, fill.tenant_id, device=EnrollmentId("e"), event_id=1050, connector_id=ConnectorId("c")
    )
    assert [row.number for row in of_one] == [4]
    assert [row.number for row in connectors.connector_log(connection, fill.tenant_id, after=3)] == [4]
    assert len(connectors.connector_log(connection, fill.tenant_id, limit=2)) == 2


def test_the_newest_sign_ins_of_a_tenant_push_its_oldest_out(connection: Connection, fill: Filler) -> None:
    other = TenantId("another-tenant")
    for tenant in (fill.tenant_id, other):
        for number in range(5):
            row = SignInRow(
                digest=f"{tenant}-{number}",
                tenant_id=tenant,
                client_id="c",
                state="pending",
                scope="User.Read",
                user_code=None,
                any_tenant=False,
                user_tenant_id=None,
                user_id=None,
                redirect_uri=None,
                challenge=None,
                nonce=None,
                polled_at=None,
                expires_at=fill.now + timedelta(minutes=number),
            )
            applications.add_sign_in(connection, row)

    def kept(tenant: TenantId) -> list[int]:
        result = [applications.sign_in(connection, digest=f"{tenant}-{number}") for number in range(5)]
        return [number for number, row in enumerate(result) if row is not None]

    applications.forget_sign_ins(connection, fill.tenant_id, before=fill.now, most=2)
    assert (kept(fill.tenant_id), kept(other)) == ([3, 4], [0, 1, 2, 3, 4])
    applications.forget_sign_ins(connection, other, before=fill.now + timedelta(minutes=4), most=2)
    assert (kept(fill.tenant_id), kept(other)) == ([4], [4])
