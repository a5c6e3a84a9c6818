"""A program that knows Microsoft's SDKs and nothing of us builds a whole tenant, reads it back and takes it down."""

from __future__ import annotations

import re
from argparse import Namespace
from pathlib import Path

from tests.interop.sdk import WARNINGS, ServedTenant

pytestmark = WARNINGS


def test_the_program_knows_nothing_of_us() -> None:
    for file in Path(__file__).parent.glob("building*.py"):
        imports = re.findall(
            r"^\s*(?:import|from) (fauxtune\S*|tests\S*)", file.read_text(encoding="utf-8"), re.MULTILINE
        )
        assert all(name.startswith("tests.interop.building_") for name in imports), (file.name, imports)


async def test_a_tenant_is_built_read_back_and_taken_down_by_the_sdks_alone(served_tenant: ServedTenant) -> None:
    from tests.interop import building  # here: the SDKs load for seconds

    summary = await building.main(
        Namespace(
            url=served_tenant.server.https,
            ca=served_tenant.server.endpoints["caFile"],
            tenant_id=served_tenant.tenant,
            client_id=served_tenant.client_id,
            client_secret=served_tenant.secret,
        )
    )
    added = {"users": 200, "groups": 16, "devices": 500, "deviceConfigurations": 40, "assignmentFilters": 3}
    assert summary["built"] == {**added, "managedDevices": 0}
    assert summary["after"] == summary["before"]
    assert summary["before"]["users"] == 3
