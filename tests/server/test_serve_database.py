"""A server whose database goes away, comes back, is locked, is taken over by somebody else, or is read by others."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.support.postgresql import PostgresServer, running_server
from tests.support.running_server import SECONDS, serving

USER = {
    "accountEnabled": True,
    "displayName": "Dora",
    "mailNickname": "dora",
    "userPrincipalName": "dora@contoso.example",
    "passwordProfile": {"password": "Fauxtune1!"},
}

#: A request of each surface that has to look for a tenant which nobody has asked for yet.
REQUESTS: list[tuple[str, str, dict[str, str]]] = [
    ("POST", "/fabrikam/oauth2/v2.0/token", {"client_id": "x", "grant_type": "client_credentials"}),
    ("GET", "/mdm/fabrikam/android/v1/enterprises/x/devices/y/policy", {}),
    ("GET", "/mdm/fabrikam/apple/enroll?token=x", {}),
    ("GET", "/mdm/fabrikam/windows/EnrollmentServer/Discovery.svc", {}),
    ("GET", "/pki/fabrikam/issuing/crl", {}),
    ("GET", "/push/fabrikam/token", {}),
    ("DELETE", "/connector/fabrikam/v1/sessions/x", {}),
    ("GET", "/_fauxtune/v1/tenants/fabrikam", {}),
]


@pytest.fixture
def own_postgresql() -> Iterator[PostgresServer]:
    """A server of this test's own, which it may stop."""
    with running_server() as server:
        yield server


def _is_refused(client: httpx.Client, method: str = "GET") -> None:
    answer = client.request(method, "/v1.0/users", json=USER if method == "POST" else None)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "ServiceUnavailable")
    assert int(answer.headers["retry-after"]) > 0
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["notReady"]) == (503, ["database"])
    assert client.get("/livez").status_code == 200


def test_a_server_whose_postgresql_is_restarted_says_so_works_again_and_ends_cleanly(
    tmp_path: Path, own_postgresql: PostgresServer, commands: Path
) -> None:
    url = own_postgresql.url(own_postgresql.create())
    with (
        serving("--data-dir", tmp_path, "--database-url", url, commands=commands) as server,
        server.signed_in() as client,
    ):
        assert client.get("/readyz").status_code == 200
        own_postgresql.stop()
        for _ in range(20):
            _is_refused(client)
        for method, path, body in REQUESTS:
            answer = client.request(method, path, data=body)
            assert (path, answer.status_code) == (path, 503)
            assert int(answer.headers["retry-after"]) > 0
            assert "database" in answer.text
        own_postgresql.start()
        # The pool may still hold broken connections; a request that gets one is answered 503.
        answers = [client.get("/v1.0/users").status_code for _ in range(20)]
        assert answers[-1] == 200
        assert client.post("/v1.0/users", json=USER).status_code == 201
        assert client.get("/readyz").status_code == 200
        own_postgresql.stop()
        code, errors = server.stop(signal.SIGTERM)
    assert code == 0
    assert "Traceback" not in errors
    assert errors.count("cannot be used") <= 2
    assert len(errors.splitlines()) <= 5


def test_a_server_whose_database_is_taken_over_stops_and_says_by_whom(
    tmp_path: Path, own_postgresql: PostgresServer, commands: Path
) -> None:
    url = own_postgresql.url(own_postgresql.create())
    with serving("--data-dir", tmp_path, "--database-url", url, commands=commands) as server:
        address = url.replace("postgresql+psycopg", "postgresql")
        with psycopg.connect(address, autocommit=True, application_name="somebody else") as other:
            other.execute(
                "SELECT pg_terminate_backend(l.pid), pg_advisory_lock(l.objid::bigint)"
                " FROM pg_locks l WHERE l.locktype = 'advisory'"
            )
            _, errors = server.process.communicate(timeout=SECONDS)
    assert server.process.returncode == 1
    assert "in use by somebody else" in errors
    assert "Traceback" not in errors


def test_a_table_that_another_program_locks_keeps_neither_readers_nor_the_end_of_the_server_waiting(
    tmp_path: Path, own_postgresql: PostgresServer, commands: Path
) -> None:
    url = own_postgresql.url(own_postgresql.create())
    address = url.replace("postgresql+psycopg", "postgresql")
    with (
        serving("--data-dir", tmp_path, "--database-url", url, commands=commands) as server,
        psycopg.connect(address) as other,
        psycopg.connect(address, autocommit=True) as observer,
        server.signed_in() as client,
        ThreadPoolExecutor() as threads,
    ):
        other.execute("LOCK TABLE users IN EXCLUSIVE MODE")  # reads go on
        submit = threads.submit(client.post, "/v1.0/users", json=USER)
        while not observer.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchall():
            assert not submit.done()
        assert httpx.get(f"{server.endpoints['http']}/pki/contoso/root/ca.cer").status_code == 200
        # `stop` waits longer than the service for a lock, but not as long as the lock is held.
        assert server.stop(signal.SIGTERM) == (0, "")
        assert submit.result().status_code == 503
        other.rollback()
        assert not other.execute("SELECT 1 FROM users WHERE upn_key = 'dora@contoso.example'").fetchall()


def test_a_file_that_another_program_locks_is_unavailable_until_it_lets_go(tmp_path: Path, commands: Path) -> None:
    with serving("--data-dir", tmp_path, commands=commands) as server, server.signed_in() as client:
        other = sqlite3.connect(tmp_path / "fauxtune.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        _is_refused(client, "POST")
        assert client.get("/v1.0/users").status_code == 200
        other.execute("ROLLBACK")
        other.close()
        assert client.post("/v1.0/users", json=USER).status_code == 201
        assert client.get("/readyz").status_code == 200
        code, errors = server.stop()
    assert code == 0
    assert len(errors.splitlines()) == 2
    assert "Traceback" not in errors


def test_the_file_of_the_database_is_for_its_owner_in_every_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    before = os.umask(0)
    try:
        with serving("--data-dir", tmp_path) as server:
            files = list(tmp_path.glob("fauxtune.sqlite*"))
            assert {file.suffix for file in files} >= {".sqlite", ".sqlite-wal"}
            assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
            code, errors = server.stop()
    finally:
        os.umask(before)
    assert code == 0
    assert [line.rpartition(": ")[2] for line in errors.splitlines()] == [f"chmod go-rwx {tmp_path}"]


def test_a_start_warns_of_a_database_that_others_may_read(tmp_path: Path, commands: Path) -> None:
    file = tmp_path / "elsewhere.sqlite"
    file.touch(mode=0o644)
    with serving("--data-dir", tmp_path / "data", "--database-url", f"sqlite:///{file}", commands=commands) as server:
        code, errors = server.stop()
    assert code == 0
    assert [line.rpartition(": ")[2] for line in errors.splitlines()] == [f"chmod go-rwx {file}"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
