"""What ends while others work with it: tenants that are deleted, and workers whose parent is killed."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa

from fauxtune.core.model.ids import TenantId
from fauxtune.storage.database import Database
from fauxtune.storage.queries.tenants import row_counts
from tests.support.neighbours import eventually
from tests.support.running_server import serving
from tests.support.under_load import Answered, imported_file, keep_importing

#: How many tenants are deleted under load: `make soak` deletes 50.
DELETIONS = int(os.environ.get("SOAK_DELETIONS", "1"))


def test_tenants_that_are_deleted_under_load_leave_no_row(tmp_path: Path, postgresql_url: str, commands: Path) -> None:
    arguments = ("--data-dir", tmp_path / "data", "--database-url", postgresql_url, "--workers", "2")
    every, database = "/_fauxtune/v1/tenants", Database(postgresql_url)
    with serving(*arguments, commands=commands) as server, server.client() as client:

        def work(tenant: str, by: int) -> set[int]:
            """Write into the tenant until it is gone; the statuses of the answers."""
            codes = set[int]()
            with server.client() as own:
                for number in range(2000):
                    own.post(f"{every}/{tenant}/snapshots", json={"name": f"{by}-{number}"})
                    codes.add(own.post(f"{every}/{tenant}/applications", json={"displayName": "x"}).status_code)
                    if 404 in codes:
                        return codes
            raise AssertionError("the tenant is still there")

        for _ in range(DELETIONS):
            seed = {"name": "brief", "domain": "brief.example", "keys": "shared"}
            tenant = client.post(every, json=seed).raise_for_status().json()["id"]
            with ThreadPoolExecutor(4) as load:
                working = [load.submit(work, tenant, by) for by in range(4)]
                time.sleep(0.3)
                client.delete(f"{every}/{tenant}").raise_for_status()
            assert set().union(*(future.result() for future in working)) <= {201, 404, 503}
            left = database.run_now(row_counts, TenantId(tenant))
            assert {name: number for name, number in left.items() if number} == {}
        code, errors = server.stop(signal.SIGTERM)
    database.close()
    assert (code, "Traceback" in errors) == (0, False), errors


def test_workers_end_with_their_parent_and_answer_until_then(
    tmp_path: Path, postgresql_url: str, raw_rsa_keys: list[rsa.RSAPrivateKey], commands: Path
) -> None:
    arguments = ("--data-dir", tmp_path / "data", "--database-url", postgresql_url, "--workers", "2")
    answered, stop, pfx = Answered(), threading.Event(), imported_file(raw_rsa_keys[0])
    with serving(*arguments, commands=commands) as server, ThreadPoolExecutor(3) as load, ExitStack() as held:
        address, pid = urlsplit(server.endpoints["http"]), server.endpoints["pid"]
        workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        half = [held.enter_context(socket.create_connection((address.hostname, address.port))) for _ in range(8)]
        for each in half:  # a request that does not come to its end
            each.sendall(b"POST /v1.0/groups HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
        working = [load.submit(keep_importing, server, pfx, stop, answered) for _ in range(3)]
        eventually(lambda: len(answered.imports) > 20)
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))
        stop.set()
        for one in working:
            one.result()
        errors = server.process.stderr.read() if server.process.stderr else ""
    assert "Traceback" not in errors, errors
    assert answered.refused <= {503}
