"""A program that knows Microsoft's SDKs and nothing of us builds a whole tenant, reads it back and takes it down."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.interop.sdk import ServedTenant
from tests.support.running_server import environment

ROOT = Path(__file__).resolve().parents[2]


def test_a_tenant_is_built_read_back_and_taken_down_by_the_sdks_alone(served_tenant: ServedTenant) -> None:
    command = [
        *(
            sys.executable,
            "-m",
            "tests.interop.building",
            "--url",
            served_tenant.server.https,
            "--ca",
            served_tenant.server.endpoints["caFile"],
        ),
        *(
            "--tenant-id",
            served_tenant.tenant,
            "--client-id",
            served_tenant.client_id,
            "--client-secret",
            served_tenant.secret,
        ),
    ]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    added = {"users": 200, "groups": 16, "devices": 500, "deviceConfigurations": 40, "assignmentFilters": 3}
    assert summary["built"] == {**added, "managedDevices": 0}
    assert summary["after"] == summary["before"]
    assert summary["before"]["users"] == 3
