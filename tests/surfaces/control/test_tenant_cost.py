"""A tenant costs few statements, and leaves no row, no file and nothing in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate, load_pem_x509_certificates
from cryptography.x509.ocsp import OCSPRequestBuilder
from sqlalchemy import Connection, select

from fauxtune.core.model.ids import TenantId
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.storage.tables import metadata
from fauxtune.storage.tenancy import across_tenants
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.devices.android import AndroidOverHttp
from tests.support.statements import statements

pytestmark = ON_BOTH_DATABASES

#: What PostgreSQL is asked beside: rows of three tables that are locked before a tenant is deleted; then the tenant's
#: own row, and once more which tables have rows, for what came meanwhile.
_LOCKS = {"sqlite": 0, "postgresql": 5}
_BASE = "/_fauxtune/v1"


def _rows(connection: Connection) -> dict[str, list[str]]:
    """Return all rows of all tables."""
    every = {table.name: across_tenants(select(table), "a test compares all") for table in metadata.sorted_tables}
    return {name: sorted(map(repr, connection.execute(statement))) for name, statement in every.items()}


def _files(folder: Path) -> dict[str, bytes]:
    """Return the private keys but those that test tenants share, of which there are few."""
    return {str(file): file.read_bytes() for file in folder.rglob("*.pem") if not file.name.startswith("shared-")}


async def _token(control: httpx.AsyncClient, tenant: dict[str, Any]) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": tenant["clientId"],
        "client_secret": tenant["clientSecret"],
        "scope": "https://graph.microsoft.com/.default",
    }
    answer = await control.post(f"{tenant['authority']}/{tenant['id']}/oauth2/v2.0/token", data=form)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


async def test_a_tenant_is_made_used_and_deleted_with_few_statements(
    control: httpx.AsyncClient, emulator: Emulator
) -> None:
    """Two for each table that gets rows, for its beginning is kept, and few that look; deleting it asks once which
    tables have rows.
    """
    with statements(emulator) as creation:
        tenant = (await control.post("/tenants", json={"keys": "shared"})).json()
    with statements(emulator) as first_token:
        await _token(control, tenant)
    with statements(emulator) as deletion:
        assert (await control.delete(f"/tenants/{tenant['id']}")).status_code == 204
    locks = _LOCKS[emulator.runner.database.engine.dialect.name]
    assert (len(creation), len(first_token), len(deletion)) == (24, 1, 16 + locks)
    assert len([each for each in creation if each.startswith("INSERT")]) == 11


async def test_the_people_of_a_seed_cost_no_statement_each(control: httpx.AsyncClient, emulator: Emulator) -> None:
    users = [{"userPrincipalName": f"user{number}"} for number in range(5)]
    groups = [{"displayName": "Everybody", "members": [user["userPrincipalName"] for user in users]}]
    counts = []
    for seed in ({"users": users[:1]}, {"users": users}, {"users": users, "groups": groups}):
        with statements(emulator) as sent:
            assert (await control.post("/tenants", json={"seed": seed, "keys": "shared"})).status_code == 201
        counts.append(len(sent))
    assert counts == [20, 20, 24]


async def _use(tenant: httpx.AsyncClient, http: httpx.AsyncClient, *, name: str, key: RSAPrivateKey) -> None:
    """Make a tenant have rows and files of many kinds."""
    phone = await AndroidOverHttp.enrolled(http, key=key, tenant=name, user="alice", obeys=True)
    await phone.check_in()
    issued = (await tenant.post("/certificates", json={"template": "SmimeBoth", "email": "x@y.example"})).json()
    leaf = load_pem_x509_certificate(issued["certificate"].encode())
    issuing, *_ = load_pem_x509_certificates(issued["chain"].encode())
    request = OCSPRequestBuilder().add_certificate(leaf, issuing, SHA256()).build().public_bytes(Encoding.DER)
    assert (await http.post(f"/pki/{name}/issuing/ocsp", content=request)).status_code == 200
    assert (await http.get(f"/pki/{name}/issuing/crl")).status_code == 200
    for path in ("/authorities/issuing/rollover", "/digicert"):
        assert (await tenant.post(path)).status_code == 201
    (connector,) = (await tenant.get("/connectors")).json()["value"]
    more = {"providerName": "P", "keyName": "More"}
    assert (await tenant.post(f"/connectors/{connector['id']}/keys", json=more)).status_code == 201
    assert (await tenant.put(f"/connectors/{connector['id']}/raCertificate", json={})).status_code in (200, 201)
    assert (await tenant.post("/applications", json={"displayName": "Another"})).status_code == 201


@pytest.mark.parametrize("keys", ["own", "shared"])
async def test_a_deleted_tenant_leaves_every_table_and_every_folder_as_they_were(
    control: httpx.AsyncClient,
    http: httpx.AsyncClient,
    emulator: Emulator,
    seeded: tuple[str, Path],
    raw_rsa_keys: list[RSAPrivateKey],
    keys: str,
) -> None:
    rows, files = await emulator.runner.read(_rows), _files(seeded[1])
    seed = {"users": [{"userPrincipalName": "alice"}], "keys": keys}
    assert (await control.post("/tenants", json={"name": "fabrikam", "seed": seed})).status_code == 201
    await _use(_at(control, "fabrikam"), http, name="fabrikam", key=raw_rsa_keys[0])
    meanwhile = await emulator.runner.read(_rows)
    assert len([name for name in rows if rows[name] != meanwhile[name]]) >= 14
    assert len(_files(seeded[1])) - len(files) == {"own": 10, "shared": 5}[keys]
    assert (await control.delete("/tenants/fabrikam")).status_code == 204
    assert await emulator.runner.read(_rows) == rows
    assert _files(seeded[1]) == files


def _at(control: httpx.AsyncClient, name: str) -> httpx.AsyncClient:
    """Return a client of one tenant."""
    base = f"https://localhost:8443{_BASE}/tenants/{name}"
    return httpx.AsyncClient(transport=control._transport, base_url=base, event_hooks=control.event_hooks)


async def test_a_deleted_tenant_is_not_remembered(control: httpx.AsyncClient, emulator: Emulator) -> None:
    tenant = (await control.post("/tenants", json={"keys": "shared"})).json()
    token = await _token(control, tenant)
    users = {"authorization": f"Bearer {token}"}
    assert (await control.get("https://localhost:8443/v1.0/users", headers=users)).status_code == 200
    assert (await control.delete(f"/tenants/{tenant['id']}")).status_code == 204
    # The request that deleted it is one of no tenant.
    assert set(emulator.wire._rings) <= {None, TenantId("c0ffee00-0000-4000-8000-000000000001")}
    held = (emulator.tokens, emulator.signals, emulator.turns, emulator.workers, emulator.runner)
    assert [type(each).__name__ for each in held if tenant["id"] in repr(_state(each))] == []
    assert (await control.get("https://localhost:8443/v1.0/users", headers=users)).status_code == 401


def _state(part: object) -> dict[str, object]:
    return {name: value for name, value in vars(part).items() if not hasattr(value, "__dict__")}
