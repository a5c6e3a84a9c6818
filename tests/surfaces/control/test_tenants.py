"""Tenants come from seeds, are switched, and go without a trace.

Changes of one tenant that come at the same time: none undoes another.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import SETTINGS, Edition
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.tenants import creation as tenant_creation
from fauxtune.operations.tenants import seeding
from fauxtune.storage.collections.directory import USERS
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import collections
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune.storage.queries import tenants as queries
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.control import tenant_url


def _files(seeded: tuple[str, Path]) -> set[str]:
    return {str(file.relative_to(seeded[1])) for file in seeded[1].rglob("*.pem")}


async def test_a_tenant_of_the_built_in_seed_has_names_of_its_own(control: httpx.AsyncClient) -> None:
    answer = await control.post("/tenants", json={"seed": "contoso"})
    document = answer.json()
    assert answer.status_code == 201
    assert document["name"].startswith("t-")
    assert document["domain"] == f"{document['name']}.example"
    assert document["certificationAuthority"] == f"ca.{document['domain']}"
    assert document["certificationAuthorityName"] == "Contoso Issuing CA"
    assert document["authority"] == "https://localhost:8443"
    assert document["clientId"] != "c0ffee00-0000-4000-8000-00000000a991"
    for key in (document["id"], document["name"].upper(), document["domain"]):
        assert (await control.get(f"/tenants/{key}")).json() == document


async def test_the_published_secret_is_good_in_the_seeded_tenant_alone(control: httpx.AsyncClient) -> None:
    document = (await control.post("/tenants", json={"seed": "contoso"})).json()
    form = {"grant_type": "client_credentials", "client_id": document["clientId"], "scope": ".default"}
    address = f"{document['authority']}/{document['id']}/oauth2/v2.0/token"
    for secret, status in ((document["clientSecret"], 200), ("fauxtune-not-a-secret", 401)):
        assert (await control.post(address, data={**form, "client_secret": secret})).status_code == status
    again = (await control.post("/tenants", json={"seed": "contoso"})).json()
    assert again["clientSecret"] != document["clientSecret"]


async def test_a_secret_that_a_seed_brings_is_kept(control: httpx.AsyncClient) -> None:
    document = (await control.post("/tenants", json={"seed": {"applications": [{"secret": "one of mine"}]}})).json()
    assert document["clientSecret"] == "one of mine"


@pytest.mark.parametrize("body", [None, {}, {"seed": None}])
async def test_the_built_in_seed_is_the_default(control: httpx.AsyncClient, body: dict[str, object] | None) -> None:
    document = (await control.post("/tenants", json=body)).json()
    results = {"userPrincipalName": f"alice@{document['domain']}"}
    assert (await control.post(f"/tenants/{document['id']}/enrollmentTokens", json=results)).status_code == 201


async def test_a_new_tenants_application_gets_a_token(control: httpx.AsyncClient, http: httpx.AsyncClient) -> None:
    document = (await control.post("/tenants", json={})).json()
    form = {
        "grant_type": "client_credentials",
        "client_id": document["clientId"],
        "client_secret": document["clientSecret"],
        "scope": "https://graph.microsoft.com/.default",
    }
    assert (await http.post(f"/{document['id']}/oauth2/v2.0/token", data=form)).status_code == 200


@pytest.mark.parametrize("name", ["beta", "PKI", "mdm", "EnrollmentServer", "livez", "common"])
async def test_a_name_with_which_other_paths_begin_is_refused_for_a_tenant(
    control: httpx.AsyncClient, name: str
) -> None:
    answer = await control.post("/tenants", json={"name": name})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Invalid")
    assert name in answer.json()["error"]["message"]


async def test_a_seed_document_is_followed(control: httpx.AsyncClient) -> None:
    seed = {
        "users": [{"userPrincipalName": "dora"}],
        "certificationAuthority": {"name": "Dora's CA", "templates": [{"name": "Only"}]},
        "connectorKeys": [{"keyName": "Mine"}],
    }
    answer = await control.post("/tenants", json={"seed": seed, "name": "dora-inc", "domain": "Dora.Example"})
    document = answer.json()
    assert answer.status_code == 201
    assert (document["name"], document["domain"]) == ("dora-inc", "dora.example")
    assert document["certificationAuthorityName"] == "Dora's CA"
    (connector,) = (await control.get("/tenants/dora-inc/connectors")).json()["value"]
    (key,) = (await control.get(f"/tenants/dora-inc/connectors/{connector['id']}/keys")).json()["value"]
    assert key["keyName"] == "Mine"
    results = {"template": "Only", "userPrincipalName": "dora@dora.example"}
    assert (await control.post("/tenants/dora-inc/certificates", json=results)).status_code == 201


async def test_an_empty_tenant_has_nobody_in_it(control: httpx.AsyncClient) -> None:
    document = (await control.post("/tenants", json={"seed": "none", "name": "empty"})).json()
    results = {"userPrincipalName": f"alice@{document['domain']}"}
    assert (await control.post("/tenants/empty/enrollmentTokens", json=results)).status_code == 404


async def test_a_new_tenants_devices_are_admitted_and_a_deleted_ones_dismissed(
    control: httpx.AsyncClient, emulator: Emulator
) -> None:
    admitted: list[bytes] = []
    emulator.admit_device_authority = admitted.append
    emulator.dismiss_device_authority = admitted.remove
    document = (await control.post("/tenants", json={})).json()
    row = await emulator.runner.read(authority_queries.authority, document["id"], name="devices")
    assert row is not None
    assert admitted == [row.certificate]
    await control.delete(f"/tenants/{document['id']}")
    assert admitted == []


async def test_the_authority_is_the_public_url_where_there_is_one(
    control: httpx.AsyncClient, emulator: Emulator
) -> None:
    emulator.addresses = replace(emulator.addresses, public_url="https://mdm.example")
    assert (await control.get("/tenants/contoso")).json()["authority"] == "https://mdm.example"


@pytest.mark.parametrize(
    "body",
    [
        {"name": "contoso"},
        {"name": "CONTOSO"},
        {"domain": "contoso.example"},
        {"name": "c0ffee00-0000-4000-8000-000000000001"},
    ],
)
async def test_a_name_that_is_taken_is_a_conflict_and_leaves_no_keys(
    control: httpx.AsyncClient, seeded: tuple[str, Path], body: dict[str, str]
) -> None:
    before = _files(seeded)
    answer = await control.post("/tenants", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "Conflict")
    assert _files(seeded) == before


async def test_a_seed_that_fails_half_way_leaves_nothing(control: httpx.AsyncClient, seeded: tuple[str, Path]) -> None:
    before = _files(seeded)
    seed = {"applications": [{"certificate": "no certificate"}]}
    answer = await control.post("/tenants", json={"seed": seed, "name": "lost"})
    assert answer.status_code == 400, answer.text
    assert "certificate" in answer.json()["error"]["message"]
    assert _files(seeded) == before
    assert (await control.get("/tenants/lost")).status_code == 404


@pytest.mark.parametrize(
    ("seed", "wrong"),
    [
        (
            {
                "users": [{"displayName": "A"}, {"userPrincipalName": "b", "licence": True}],
                "groups": [{"members": []}],
                "certificationAuthority": {"templates": [{"name": ""}, {"name": "T", "colour": "red"}]},
            },
            (
                *("users.0.userPrincipalName: it is missing", "users.1.licence: there is no such member"),
                "groups.0.displayName",
                *("certificationAuthority.templates.0", "certificationAuthority.templates.1"),
            ),
        ),
        ({"groups": [{"displayName": "Lost", "members": ["nobody", "noone"]}]}, ("'nobody'", "'noone'")),
        ({"users": [{"userPrincipalName": "Twin"}, {"userPrincipalName": "twin"}]}, ("'twin' is there 2 times",)),
    ],
)
async def test_all_that_is_wrong_with_a_seed_is_said_at_once(
    control: httpx.AsyncClient, seed: dict[str, object], wrong: tuple[str, ...]
) -> None:
    answer = await control.post("/tenants", json={"seed": seed, "name": "lost"})
    assert answer.status_code == 400
    message = answer.json()["error"]["message"]
    assert [each for each in wrong if each not in message] == []


def _crowd(number: int) -> dict[str, object]:
    names = [f"user{index}" for index in range(number)]
    return {
        "users": [{"userPrincipalName": name} for name in names],
        "groups": [{"displayName": "Everybody", "members": names}],
    }


@ON_BOTH_DATABASES
async def test_a_large_seed_is_added_a_few_at_a_time_while_others_are_served(
    control: httpx.AsyncClient, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    served: list[int] = []

    def counted(tx: Transaction, steps: Sequence[seeding.Step], **more: Any) -> None:
        sizes.append(len(steps))
        seeding.add_some(tx, steps, **more)

    monkeypatch.setattr(tenant_creation, "add_some", counted)
    founded = asyncio.create_task(control.post("/tenants", json={"seed": _crowd(60)}))
    while not founded.done():
        served.append((await control.get("/tenants/contoso")).status_code)
        await asyncio.sleep(0)  # an answer within this process may have waited for nothing: the seed gets a turn
    document = (await founded).json()
    tenant = await emulator.runner.tenant(document["id"])
    count = await emulator.runner.read(collections.count, tenant.id, collection=USERS)
    assert count == 60
    assert (max(sizes), sum(sizes)) == (12, 60 + 1 + 60 - 12)
    assert len(served) > 5
    assert set(served) == {200}


async def test_a_large_seed_that_fails_late_leaves_nothing(
    control: httpx.AsyncClient, seeded: tuple[str, Path]
) -> None:
    before = _files(seeded), (await control.get("/tenants")).json()
    seed = _crowd(40)
    nameless = {**seed, "users": [*seed["users"], {"userPrincipalName": "a/b"}]}  # type: ignore[misc]
    answer = await control.post("/tenants", json={"name": "crowded", "seed": nameless})
    assert (answer.status_code, "userPrincipalName" in answer.text) == (400, True)
    assert (_files(seeded), (await control.get("/tenants")).json()) == before
    assert (await control.post("/tenants", json={"name": "crowded", "seed": seed})).status_code == 201


async def test_a_seed_and_any_other_body_have_only_so_many_elements(control: httpx.AsyncClient) -> None:
    large = await control.post("/tenants", json={"seed": {"users": ["x"] * 100_001}})
    wide = await control.post(
        "/tenants/contoso/whatif", json={"method": "POST", "url": "/users", "body": {"a": [1] * 3001}}
    )
    for answer, most in ((large, "100,000"), (wide, "3,000")):
        assert answer.status_code == 400
        assert f"too many elements: at most {most}" in answer.json()["error"]["message"]


@ON_BOTH_DATABASES
async def test_two_tenants_at_once_get_one_name_once(control: httpx.AsyncClient) -> None:
    both = await asyncio.gather(*(control.post("/tenants", json={"name": "twin"}) for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [201, 409]


async def test_settings_show_value_default_and_meaning(contoso: httpx.AsyncClient) -> None:
    settings = (await contoso.get(tenant_url(contoso))).json()["settings"]
    assert set(settings) == set(SETTINGS)
    assert settings["requireTrustedRoot"]["value"] is True
    answer = await contoso.patch(
        tenant_url(contoso), json={"settings": {"requireTrustedRoot": False, "edition": "2020-04"}}
    )
    assert answer.status_code == 200
    after = (await contoso.get(tenant_url(contoso))).json()["settings"]
    assert after == answer.json()["settings"]
    assert (after["requireTrustedRoot"]["value"], after["requireTrustedRoot"]["default"]) == (False, True)
    assert after["edition"]["value"] == "2020-04"


async def test_a_tenant_is_made_in_the_edition_that_it_names_or_in_the_servers(
    control: httpx.AsyncClient, emulator: Emulator
) -> None:
    async def made(body: dict[str, str]) -> tuple[str, list[str]]:
        answer = await control.post("/tenants", json=body)
        assert answer.status_code == 201, answer.text
        tenant = answer.json()
        connectors = (await control.get(f"/tenants/{tenant['name']}/connectors")).json()["value"]
        return tenant["settings"]["edition"]["value"], sorted(connector["program"] for connector in connectors)

    of_2020 = ("2020-04", ["intune-connector", "pfx-connector"])
    assert await made({}) == ("current", ["certificate-connector"])
    assert await made({"edition": "2020-04"}) == of_2020
    emulator.edition = Edition.APRIL_2020
    assert await made({}) == of_2020
    assert await made({"edition": "current"}) == ("current", ["certificate-connector"])
    refused = await control.post("/tenants", json={"edition": "2019"})
    assert (refused.status_code, "2020-04" in refused.text) == (400, True)


async def test_settings_are_turned_together_or_not_at_all(contoso: httpx.AsyncClient) -> None:
    answer = await contoso.patch(tenant_url(contoso), json={"settings": {"requireTrustedRoot": False, "nonsense": 1}})
    assert answer.status_code == 400
    assert (await contoso.get(tenant_url(contoso))).json()["settings"]["requireTrustedRoot"]["value"] is True


@ON_BOTH_DATABASES
async def test_a_deleted_tenant_leaves_no_row_and_no_key(
    control: httpx.AsyncClient, fabrikam: httpx.AsyncClient, emulator: Emulator, seeded: tuple[str, Path]
) -> None:
    tenant = (await fabrikam.get(tenant_url(fabrikam))).json()
    before = _files(seeded)
    assert (await fabrikam.delete(tenant_url(fabrikam))).status_code == 204
    assert sum((await emulator.runner.read(queries.row_counts, tenant["id"])).values()) == 0
    # Three authorities and the connector's key.
    assert len(before - _files(seeded)) == 4
    for key in (tenant["id"], "fabrikam", "fabrikam.example"):
        assert (await control.get(f"/tenants/{key}")).status_code == 404
    assert (await fabrikam.delete(tenant_url(fabrikam))).status_code == 404
    assert [entry["name"] for entry in (await control.get("/tenants")).json()["value"]] == ["contoso"]


async def _key_files(emulator: Emulator, tenant: str) -> set[str]:
    authorities = await emulator.runner.read(authority_queries.authorities_of, TenantId(tenant))
    keys = await emulator.runner.read(connector_queries.connector_key_rows, TenantId(tenant))
    return {*(row.key_name for row in authorities), *(row.file for row in keys)}


async def test_test_tenants_share_keys_that_no_other_tenant_gets(
    control: httpx.AsyncClient, emulator: Emulator, seeded: tuple[str, Path]
) -> None:
    before = _files(seeded)
    own = (await control.post("/tenants", json={})).json()
    plain = _files(seeded)
    tests = [(await control.post("/tenants", json={"keys": "shared"})).json() for _ in range(20)]
    by_seed = (await control.post("/tenants", json={"seed": {"keys": "shared"}})).json()
    assert {test["keys"] for test in (*tests, by_seed)} == {"shared"}
    assert own["keys"] == (await control.get("/tenants/contoso")).json()["keys"] == "own"
    # Sixteen keys for authorities and sixteen for connectors, however many tenants there are.
    shared = _files(seeded) - plain
    assert len(shared) == 32
    names = {Path(file).stem for file in shared}
    assert await _key_files(emulator, own["id"]) == {Path(file).stem for file in plain - before}
    for test in (*tests, by_seed):
        used = await _key_files(emulator, test["id"])
        assert used <= names
        assert len(used) >= 3


async def test_a_test_tenant_leaves_the_shared_keys_to_the_others(
    control: httpx.AsyncClient, seeded: tuple[str, Path]
) -> None:
    # The sixteen keys are used by six tenants: the second has keys of the last.
    names = [(await control.post("/tenants", json={"keys": "shared"})).json()["name"] for _ in range(12)]
    before = _files(seeded)
    for name in names[1:]:
        assert (await control.delete(f"/tenants/{name}")).status_code == 204
    assert _files(seeded) == before
    order = {"template": "SmimeBoth", "email": "x@y.example"}
    assert (await control.post(f"/tenants/{names[0]}/certificates", json=order)).status_code == 201


async def test_what_a_test_tenant_adds_of_its_own_goes_with_it(
    control: httpx.AsyncClient, seeded: tuple[str, Path]
) -> None:
    name = (await control.post("/tenants", json={"keys": "shared"})).json()["name"]
    before = _files(seeded)
    assert (await control.post(f"/tenants/{name}/authorities/issuing/rollover")).status_code == 201
    assert len(_files(seeded) - before) == 1
    assert (await control.delete(f"/tenants/{name}")).status_code == 204
    assert _files(seeded) == before


async def test_keys_are_own_or_shared(control: httpx.AsyncClient) -> None:
    for body in ({"keys": "borrowed"}, {"seed": {"keys": "borrowed"}}):
        answer = await control.post("/tenants", json=body)
        assert (answer.status_code, "'own' or 'shared'" in answer.text) == (400, True), answer.text


async def test_a_deleted_tenant_is_gone_for_everybody(
    http: httpx.AsyncClient, control: httpx.AsyncClient, fabrikam: httpx.AsyncClient
) -> None:
    tenant = (await fabrikam.get(tenant_url(fabrikam))).json()
    form = {
        "grant_type": "client_credentials",
        "client_id": tenant["clientId"],
        "client_secret": tenant["clientSecret"],
        "scope": "https://graph.microsoft.com/.default",
    }
    token = (await http.post("/fabrikam/oauth2/v2.0/token", data=form)).json()["access_token"]
    await fabrikam.delete(tenant_url(fabrikam))
    assert (await http.get("/pki/fabrikam/root/crl")).status_code == 404
    assert (await http.post("/fabrikam/oauth2/v2.0/token", data=form)).status_code == 400
    graph = await http.get("/v1.0/users", headers={"authorization": f"Bearer {token}"})
    assert graph.status_code in (401, 404)


async def test_a_name_is_free_again_after_its_tenant_went(
    control: httpx.AsyncClient, fabrikam: httpx.AsyncClient
) -> None:
    await fabrikam.delete(tenant_url(fabrikam))
    assert (await control.post("/tenants", json={"name": "fabrikam"})).status_code == 201


@ON_BOTH_DATABASES
async def test_who_reads_the_journal_of_a_tenant_that_goes_is_told(fabrikam: httpx.AsyncClient) -> None:
    last = (await fabrikam.get("/journal")).json()["next"]
    reading = asyncio.create_task(fabrikam.get("/journal", params={"after": last, "wait": 30}))
    await asyncio.sleep(0.05)
    await fabrikam.delete(tenant_url(fabrikam))
    answer = await reading
    assert answer.status_code == 404, answer.text


async def test_each_tenant_has_a_root_of_its_own(
    http: httpx.AsyncClient, contoso: httpx.AsyncClient, fabrikam: httpx.AsyncClient
) -> None:
    roots = [(await http.get(f"/pki/{name}/root/ca.cer")).content for name in ("contoso", "fabrikam")]
    assert roots[0] != roots[1]
    issued = (await fabrikam.post("/certificates", json={"template": "SmimeBoth", "email": "x@y.example"})).json()
    leaf = x509.load_pem_x509_certificate(issued["certificate"].encode())
    issuing, root = x509.load_pem_x509_certificates(issued["chain"].encode())
    leaf.verify_directly_issued_by(issuing)
    issuing.verify_directly_issued_by(root)
    assert root.public_bytes(Encoding.DER) == roots[1]
    assert base64.b64decode(issued["pfx"])


@ON_BOTH_DATABASES
async def test_switches_that_are_turned_together_are_all_turned(contoso: httpx.AsyncClient) -> None:
    url = str(contoso.base_url).rstrip("/")
    for number in range(8):
        results = {"graph.faithfulQuery": bool(number % 2), "requireTrustedRoot": bool(number % 2)}
        changed = await asyncio.gather(
            *(contoso.patch(url, json={"settings": {name: value}}) for name, value in results.items())
        )
        assert [answer.status_code for answer in changed] == [200, 200]
        settings = (await contoso.get(url)).json()["settings"]
        assert {name: settings[name]["value"] for name in results} == results


@ON_BOTH_DATABASES
async def test_steps_of_the_clock_that_are_made_together_add_up(contoso: httpx.AsyncClient) -> None:
    started = await contoso.put("/clock", json={"mode": "frozen", "now": "2030-01-01T00:00:00Z"})
    assert started.status_code == 200, started.text
    steps = await asyncio.gather(*(contoso.post("/clock/advance", json={"by": "PT1H"}) for _ in range(5)))
    assert [step.status_code for step in steps] == [200] * 5
    assert (await contoso.get("/clock")).json()["now"].startswith("2030-01-01T05:00:00")
