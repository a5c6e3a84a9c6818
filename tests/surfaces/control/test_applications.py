"""Applications as the control surface has them: made, listed, changed, taken away; and what their tokens are worth."""

from __future__ import annotations

import base64
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import text

from fauxtune.core.errors import Conflict, Invalid
from fauxtune.core.model.permissions import ALL_ROLES
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.tenants.creation import found_tenant
from fauxtune.operations.tenants.seeds import BUILT_IN, parse_seed
from fauxtune.storage.queries.applications import all_applications, first_application
from tests.support.certificates import self_signed
from tests.support.control import ABSENT, Json, create, error_code, members
from tests.support.hostile_der import PILLS, Change, altered

SEEDED = "c0ffee00-0000-4000-8000-00000000a991"
GRAPH = "https://graph.microsoft.com/.default"


def certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return self_signed(key, "agent", begin=datetime(2026, 1, 1, tzinfo=UTC), lifetime=timedelta(days=9), serial=1)


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return certificate(key).public_bytes(Encoding.PEM).decode()


async def token(http: httpx.AsyncClient, client: str, secret: str, *, tenant: str = "contoso") -> httpx.Response:
    form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret, "scope": GRAPH}
    return await http.post(f"/{tenant}/oauth2/v2.0/token", data=form)


async def bearer(http: httpx.AsyncClient, client: str, secret: str) -> dict[str, str]:
    answer = await token(http, client, secret)
    assert answer.status_code == 200, answer.text
    return {"authorization": f"Bearer {answer.json()['access_token']}"}


async def test_a_new_application_shows_its_secret_once(http: httpx.AsyncClient, contoso: httpx.AsyncClient) -> None:
    application = await create(contoso, "/applications", displayName="Reader", roles=["User.Read.All"])
    names = {"clientId", "displayName", "roles", "consentedScopes", "redirectUris", "secret", "createdDateTime"}
    assert set(application) == names
    assert (application["displayName"], application["roles"]) == ("Reader", ["User.Read.All"])
    assert application["consentedScopes"] == ["*"]

    secret = application.pop("secret")
    client = application["clientId"]
    assert (await contoso.get(f"/applications/{client.upper()}")).json() == application
    assert {member["clientId"] for member in await members(contoso, "/applications")} == {SEEDED, client}
    assert secret not in (await contoso.get("/applications")).text
    headers = await bearer(http, client, secret)
    assert (await http.get("/v1.0/users", headers=headers)).status_code == 200
    assert (await http.get("/v1.0/groups", headers=headers)).status_code == 403


async def test_nothing_has_to_be_said(contoso: httpx.AsyncClient) -> None:
    application = (await contoso.post("/applications")).json()
    assert application["roles"] == list(ALL_ROLES)
    assert application["secret"]
    assert application["displayName"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("User.Read.Al", "Did you mean User.Read.All or "),
        ("DeviceManagementManagedDevice.Read.All", "DeviceManagementManagedDevices.Read.All"),
        ("Group.ReadWrite.All ", "Group.ReadWrite.All"),
        ("Nothing.Like.This.At.All", "Microsoft Graph has no permission 'Nothing.Like.This.At.All'."),
    ],
)
async def test_a_mistyped_permission_is_refused_and_the_right_one_named(
    control: httpx.AsyncClient, contoso: httpx.AsyncClient, name: str, hint: str
) -> None:
    seed = {"applications": [{"roles": ["User.Read.All", name]}]}
    for answer in (
        await contoso.post("/applications", json={"roles": ["User.Read.All", name]}),
        await contoso.patch(f"/applications/{SEEDED}", json={"roles": [name]}),
        await control.post("/tenants", json={"seed": seed}),
    ):
        assert (answer.status_code, hint in answer.text) == (400, True), answer.text
    assert [member["roles"] for member in await members(contoso, "/applications")] == [list(ALL_ROLES)]


async def test_a_given_secret_is_not_shown_and_nothing_of_it_is_kept(
    http: httpx.AsyncClient,
    contoso: httpx.AsyncClient,
    *,
    emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    given, later = "given-secret-of-mine", "later-secret-of-mine"
    application = await create(contoso, "/applications", secret=given, clientId=ABSENT.upper())
    assert application["clientId"] == ABSENT
    assert "secret" not in application
    await bearer(http, ABSENT, given)
    changed = await contoso.patch(f"/applications/{ABSENT}", json={"secret": later})
    assert (await token(http, ABSENT, given)).status_code == 401
    await bearer(http, ABSENT, later)

    everything = [application, changed.json(), *await members(contoso, "/applications"), await listed_events(contoso)]
    with emulator.runner.database.engine.connect() as connection:
        everything.append([tuple(row) for row in connection.execute(text("SELECT * FROM applications"))])
    for secret in (given, later):
        assert secret not in json.dumps(everything, default=str)
        assert secret not in caplog.text


async def listed_events(tenant: httpx.AsyncClient) -> list[Json]:
    events: list[Json] = (await tenant.get("/journal")).json()["events"]
    return events


async def test_a_certificate_stands_in_for_a_secret(
    http: httpx.AsyncClient, contoso: httpx.AsyncClient, *, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    application = await create(contoso, "/applications", certificate=pem(raw_rsa_keys[1]))
    assert "secret" not in application
    assert application["certificate"] == pem(raw_rsa_keys[1])
    assert application["thumbprint"] == certificate(raw_rsa_keys[1]).fingerprint(hashes.SHA1()).hex()
    client = application["clientId"]
    assert (await token(http, client, "")).json()["error_codes"] == [7000216]
    assert (await token(http, client, "None")).status_code == 401

    other = (await contoso.patch(f"/applications/{client}", json={"certificate": pem(raw_rsa_keys[2])})).json()
    assert other["thumbprint"] != application["thumbprint"]
    none = (await contoso.patch(f"/applications/{client}", json={"certificate": None})).json()
    assert "certificate" not in none
    assert "thumbprint" not in none


async def test_permissions_change_with_the_next_token(http: httpx.AsyncClient, contoso: httpx.AsyncClient) -> None:
    application = await create(contoso, "/applications", roles=["User.Read.All"])
    client, secret = application["clientId"], application["secret"]
    before = await bearer(http, client, secret)
    answer = await contoso.patch(
        f"/applications/{client}", json={"roles": ["Group.Read.All", "Group.Read.All"], "displayName": "Groups"}
    )
    assert (answer.json()["roles"], answer.json()["displayName"]) == (["Group.Read.All"], "Groups")
    after = await bearer(http, client, secret)
    assert (await http.get("/v1.0/users", headers=before)).status_code == 200
    assert (await http.get("/v1.0/users", headers=after)).status_code == 403
    assert (await http.get("/v1.0/groups", headers=after)).status_code == 200


async def test_a_deleted_applications_tokens_are_worth_nothing_at_once(
    http: httpx.AsyncClient, contoso: httpx.AsyncClient
) -> None:
    application = await create(contoso, "/applications")
    client, secret = application["clientId"], application["secret"]
    headers = await bearer(http, client, secret)
    assert (await http.get("/beta/users", headers=headers)).status_code == 200
    user = {"grant_type": "password", "username": "alice@contoso.example", "password": "Fauxtune1!"}
    user |= {"client_id": client, "scope": "offline_access"}
    refresh = (await http.post("/common/oauth2/v2.0/token", data=user)).json()["refresh_token"]

    assert (await contoso.delete(f"/applications/{client}")).status_code == 204
    refused = await http.get("/beta/users", headers=headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")
    assert (await token(http, client, secret)).json()["error_codes"] == [700016]
    form = {"grant_type": "refresh_token", "client_id": client, "refresh_token": refresh}
    assert (await http.post("/contoso/oauth2/v2.0/token", data=form)).json()["error_codes"] == [700016]
    assert (await contoso.delete(f"/applications/{client}")).status_code == 404
    other = await bearer(http, SEEDED, "fauxtune-not-a-secret")
    assert (await http.get("/beta/users", headers=other)).status_code == 200


@pytest.mark.parametrize("change", PILLS.values(), ids=PILLS)
async def test_a_certificate_that_would_break_its_readers_later_is_refused(
    contoso: httpx.AsyncClient, raw_rsa_keys: list[rsa.RSAPrivateKey], change: Change
) -> None:
    key = raw_rsa_keys[1]
    body = base64.encodebytes(altered(certificate(key), key, change)).decode()
    text = f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"
    answer = await contoso.post("/applications", json={"displayName": "Reader", "certificate": text})
    assert answer.status_code == 400, answer.text
    assert "certificate is not an X.509 certificate" in answer.json()["error"]["message"]


@pytest.mark.parametrize("member", ["clientId", "displayName", "roles", "secret", "certificate", "redirectUris"])
async def test_a_wrong_member_is_named_and_changes_nothing(
    contoso: httpx.AsyncClient, member: str, *, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    wrong: dict[str, list[Any]] = {
        "clientId": ["rubbish", "", 7, ABSENT + "\n"],
        "displayName": ["", " ", "x" * 300, "a\nb", 7],
        "roles": ["User.Read.All", [7], [""], ["no permission"], ["User.Read.All\n"], ["A.B"] * 300, {}],
        "secret": ["", "x" * 2000, 7],
        "certificate": ["", "rubbish", 7, pem(ec.generate_private_key(ec.SECP256R1())), _broken(raw_rsa_keys[1])],
        "redirectUris": [
            "https://a.example",
            ["http://a.example/"],
            ["https://a.example/#x"],
            ["https://a b/"],
            [None],
        ],
    }
    before = await members(contoso, "/applications")
    for value in wrong[member]:
        answers = [await contoso.post("/applications", json={member: value})]
        if member != "clientId":
            answers.append(await contoso.patch(f"/applications/{SEEDED}", json={"displayName": "New", member: value}))
        for answer in answers:
            assert (answer.status_code, error_code(answer)) == (400, "Invalid"), value
            assert answer.json()["error"]["message"].startswith(member), answer.text
    assert await members(contoso, "/applications") == before


def _broken(key: rsa.RSAPrivateKey) -> str:
    lines = pem(key).splitlines()
    return "\n".join([lines[0], *lines[3:]])


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'"x"', b'{"name":"x"}', b"\xff"])
async def test_a_body_that_is_none_is_refused(contoso: httpx.AsyncClient, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = await contoso.patch(f"/applications/{SEEDED}", content=body, headers=headers)
    assert (answer.status_code, error_code(answer)) == (400, "Invalid")
    for member in ("displayName", "roles", "redirectUris"):
        answer = await contoso.patch(f"/applications/{SEEDED}", json={member: None})
        assert (answer.status_code, member in answer.json()["error"]["message"]) == (400, True)


async def test_names_that_are_taken_or_unknown(control: httpx.AsyncClient, contoso: httpx.AsyncClient) -> None:
    taken = await contoso.post("/applications", json={"clientId": SEEDED.upper()})
    assert (taken.status_code, error_code(taken)) == (409, "Conflict")
    for tenant, client in (("contoso", ABSENT), ("contoso", "rubbish"), ("nowhere", SEEDED)):
        path = f"/tenants/{tenant}/applications/{client}"
        answers = [await control.get(path), await control.patch(path, json={}), await control.delete(path)]
        assert [(answer.status_code, error_code(answer)) for answer in answers] == [(404, "NotFound")] * 3
    for answer in (
        await control.get("/tenants/nowhere/applications"),
        await control.post("/tenants/nowhere/applications"),
    ):
        assert (answer.status_code, error_code(answer)) == (404, "NotFound")


async def test_the_journal_tells_of_applications(contoso: httpx.AsyncClient) -> None:
    client = (await create(contoso, "/applications"))["clientId"]
    await contoso.patch(f"/applications/{client}", json={"secret": "x" * 20, "roles": []})
    await contoso.patch(f"/applications/{client}", json={})
    await contoso.delete(f"/applications/{client}")
    events = [
        (listed_event["type"], listed_event["detail"])
        for listed_event in await listed_events(contoso)
        if "clientId" in listed_event["detail"]
    ]
    assert events == [
        ("applicationAdded", {"clientId": client}),
        ("applicationChanged", {"clientId": client, "changed": ["roles", "secret"]}),
        ("applicationDeleted", {"clientId": client}),
    ]


async def test_the_seeded_secret_stays_the_one_that_is_shown(
    http: httpx.AsyncClient, control: httpx.AsyncClient, contoso: httpx.AsyncClient
) -> None:
    await create(contoso, "/applications", clientId=ABSENT)  # its id would come first
    tenant = (await control.get("/tenants/contoso")).json()
    assert (tenant["clientId"], tenant["clientSecret"]) == (SEEDED, "fauxtune-not-a-secret")
    await contoso.patch(f"/applications/{SEEDED}", json={"secret": "another"})
    assert (await control.get("/tenants/contoso")).json()["clientSecret"] == "another"
    await bearer(http, SEEDED, "another")
    await contoso.patch(f"/applications/{SEEDED}", json={"secret": None})
    assert (await control.get("/tenants/contoso")).json()["clientSecret"] is None
    assert (await token(http, SEEDED, "another")).status_code == 401
    assert (await token(http, SEEDED, "None")).status_code == 401


async def test_a_seed_brings_applications(emulator: Emulator, raw_rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    applications = [
        {"name": "One", "secret": "one", "roles": ["User.Read.All"]},
        {"name": "Two", "certificate": pem(raw_rsa_keys[1]), "redirectUris": ["https://app.example/"]},
    ]
    seed = parse_seed({"name": "fabrikam", "domain": "fabrikam.example", "applications": applications})
    tenant = await found_tenant(emulator, seed, name="fabrikam")
    by_key = {application.name: application for application in await emulator.runner.read(all_applications, tenant.id)}
    assert (by_key["One"].secret, by_key["One"].roles) == ("one", ["User.Read.All"])
    assert by_key["Two"].certificate == certificate(raw_rsa_keys[1]).public_bytes(Encoding.DER)
    assert (by_key["Two"].secret, by_key["Two"].redirect_uris) == (None, ["https://app.example/"])
    result = await emulator.runner.read(first_application, tenant.id)
    assert result is not None
    assert result.name == "One"


@pytest.mark.parametrize(
    ("applications", "problem", "word"),
    [
        ([{"certificate": "rubbish"}], Invalid, "certificate"),
        ([{"redirectUris": ["http://app.example/"]}], Invalid, "redirectUris"),
        (BUILT_IN["applications"] * 2, Conflict, SEEDED),
    ],
)
async def test_a_seed_with_a_wrong_application_is_refused(
    emulator: Emulator, applications: list[Json], *, problem: type[Exception], word: str
) -> None:
    document = {"id": "fab01c00-0000-4000-8000-000000000001", "name": "fabrikam", "domain": "fabrikam.example"}
    seed = parse_seed({**document, "applications": applications})
    with pytest.raises(problem, match=word):
        await found_tenant(emulator, seed, name="fabrikam", domain="fabrikam.example")


async def test_a_neighbours_applications_are_out_of_reach(
    http: httpx.AsyncClient, contoso: httpx.AsyncClient, fabrikam: httpx.AsyncClient
) -> None:
    ours = await create(contoso, "/applications")
    path = f"/applications/{ours['clientId']}"
    for answer in (
        await fabrikam.get(path),
        await fabrikam.patch(path, json={"displayName": "mine"}),
        await fabrikam.delete(path),
    ):
        assert (answer.status_code, error_code(answer)) == (404, "NotFound")
    assert (await token(http, ours["clientId"], ours["secret"], tenant="fabrikam")).json()["error_codes"] == [700016]
    twin = await create(fabrikam, "/applications", clientId=ours["clientId"], secret="another")
    await fabrikam.delete(f"/applications/{twin['clientId']}")
    headers = await bearer(http, ours["clientId"], ours["secret"])
    assert (await http.get("/beta/users", headers=headers)).status_code == 200
