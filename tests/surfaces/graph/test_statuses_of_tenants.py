"""How things fare in one tenant is nobody else's to see."""

from __future__ import annotations

import httpx
import pytest

from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.tenants.seeds import BUILT_IN, parse_seed
from fauxtune.server.bootstrap import seed_tenant
from tests.support.certificates import PfxImport
from tests.support.graph import (
    DEVICES,
    IMPORTED,
    PFX,
    PROFILES,
    SIGNING,
    create,
    create_assigned,
    documents,
    nonzero_counts,
    waive_trusted_roots,
)
from tests.surfaces.graph.conftest import Enroll

MANAGEMENT = "/deviceManagement"
CERTIFICATES = "managedDeviceCertificateStates"


@pytest.fixture
async def other(http: httpx.AsyncClient, emulator: Emulator) -> dict[str, str]:
    """The headers of another tenant's application."""
    application = {"clientId": "fab01c00-0000-4000-8000-00000000a991", "secret": "another secret"}
    seed = {"name": "fabrikam", "domain": "fabrikam.example", "applications": [application], "users": []}
    await seed_tenant(
        emulator, parse_seed({**BUILT_IN, "id": "fab01c00-0000-4000-8000-000000000001", **seed, "groups": []})
    )
    form = {
        "grant_type": "client_credentials",
        "client_id": application["clientId"],
        "client_secret": application["secret"],
        "scope": "https://graph.microsoft.com/.default",
    }
    answer = await http.post("/fabrikam/oauth2/v2.0/token", data=form)
    assert answer.status_code == 200, answer.text
    return {"authorization": f"Bearer {answer.json()['access_token']}"}


async def test_every_view_is_empty_or_not_found_for_another_tenant(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll, file_of_alice: PfxImport, other: dict[str, str]
) -> None:
    await waive_trusted_roots(http)
    imported = await create_assigned(beta, **{"@odata.type": IMPORTED, "intendedPurpose": "smimeEncryption"})
    signing = await create_assigned(beta, **SIGNING)
    await create(beta, PFX, **file_of_alice.body("alice@contoso.example"))
    phone = await enroll("alice")
    await phone.settle()
    lists = (
        f"{PROFILES}/{imported}/deviceStatuses",
        f"{PROFILES}/{imported}/userStatuses",
        f"{PROFILES}/{signing}/{CERTIFICATES}",
        f"{DEVICES}/{phone.managed_device_id}/deviceConfigurationStates",
        f"{MANAGEMENT}/deviceConfigurationsAllManagedDeviceCertificateStates",
        f"{MANAGEMENT}/ndesConnectors",
        f"{MANAGEMENT}/certificateConnectorDetails",
    )
    for path in lists:
        first = (await documents(beta, path))[0]
        answer = await http.get(f"/beta{path}/{first['id']}", headers=other)
        assert answer.status_code == 404, path
    for path in (*lists[:4], *(f"{PROFILES}/{imported}/{name}StatusOverview" for name in ("device", "user"))):
        assert (await http.get(f"/beta{path}", headers=other)).status_code == 404, path
    assert (await http.get(f"/beta{lists[4]}", headers=other)).json()["value"] == []
    (connector,) = await documents(beta, lists[5])
    assert (await http.delete(f"/beta{lists[5]}/{connector['id']}", headers=other)).status_code == 404
    for name in ("Device", "User"):
        summary = await http.get(f"/beta{MANAGEMENT}/deviceConfiguration{name}StateSummaries", headers=other)
        assert nonzero_counts(summary.json()) == {}
