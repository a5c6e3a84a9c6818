"""The server of the test library: on PostgreSQL, at an address, and what is said when there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from fauxtune.testing import Server, ServerNotStarted


def test_a_server_keeps_its_data_in_postgresql_and_finds_them_again(postgresql_url: str, tmp_path: Path) -> None:
    with Server.start(database=postgresql_url, data=tmp_path / "data", edition="2020-04") as server:
        tenant = server.tenant()
        phone = tenant.devices.enroll("alice", "android")
        assert tenant.journal.events("enrolled", device=phone)
    with pytest.raises(ServerNotStarted, match="no Fauxtune server at"):
        Server.at(server.url)
    with Server.start(database=postgresql_url, data=tmp_path / "data") as server:
        rows = server.client(tenant=tenant.id).control("GET", "/devices")["value"]
        assert [row["deviceName"] for row in rows] == [phone.name]
        with Server.at(server.url, ca_file=server.ca_file) as other, other.tenant(seed="none") as empty:
            assert empty.graph.get("/v1.0/users").json()["value"] == []


def test_a_server_that_ends_at_once_is_an_error_with_its_last_lines(tmp_path: Path) -> None:
    with pytest.raises(ServerNotStarted, match="before it was ready:") as refusal:
        Server.start(arguments=["--seed", str(tmp_path / "no.json")])
    assert "no.json" in str(refusal.value)
