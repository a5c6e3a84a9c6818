"""client_credentials: what an application gets, and every way in which it is told no."""

from __future__ import annotations

import base64
from datetime import timedelta

import httpx
import pytest

from fauxtune.core.model.permissions import ALL_ROLES
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.tenants.tenants import advance_clock
from tests.support.clock import FixedClock
from tests.support.sign_in import CLIENT, FORM, SECRET, verified_claims


async def test_a_token_has_the_claims_of_an_application(
    http: httpx.AsyncClient, tenant: Tenant, clock: FixedClock
) -> None:
    answer = await http.post("/contoso/oauth2/v2.0/token", data=FORM)

    assert answer.status_code == 200
    body = answer.json()
    assert {name: body[name] for name in body if name != "access_token"} == {
        "token_type": "Bearer",
        "expires_in": 3599,
        "ext_expires_in": 3599,
    }
    assert answer.headers["cache-control"] == "no-store"
    claims = await verified_claims(http, body["access_token"])
    now = int(clock.now().timestamp())
    assert claims["aud"] == "https://localhost"
    assert claims["iss"] == claims["idp"] == f"https://localhost:8443/{tenant.id}/"
    assert (claims["tid"], claims["appid"], claims["ver"]) == (tenant.id, CLIENT, "1.0")
    # What CLI for Microsoft 365 calls the connection: without it, it does not log in.
    assert claims["app_displayname"] == "Fauxtune test client"
    assert claims["roles"] == list(ALL_ROLES)
    assert (claims["iat"], claims["exp"]) == (now, now + 3599)
    assert claims["oid"] != CLIENT
    assert "scp" not in claims


@pytest.mark.parametrize("key", ["contoso", "CONTOSO", "contoso.example", "c0ffee00-0000-4000-8000-000000000001"])
async def test_the_tenant_may_be_named_by_id_name_or_domain(http: httpx.AsyncClient, key: str) -> None:
    assert (await http.post(f"/{key}/oauth2/v2.0/token", data=FORM)).status_code == 200


@pytest.mark.parametrize(
    ("scope", "audience"),
    [
        ("https://localhost/.default", "https://localhost"),
        ("https://graph.microsoft.com/.default", "https://graph.microsoft.com"),
        ("https://graph.microsoft.com//.default", "https://graph.microsoft.com/"),
        ("00000003-0000-0000-c000-000000000000/.default", "00000003-0000-0000-c000-000000000000"),
        (".default", "00000003-0000-0000-c000-000000000000"),
    ],
)
async def test_the_audience_is_the_resource_of_the_scope(http: httpx.AsyncClient, scope: str, audience: str) -> None:
    answer = await http.post("/contoso/oauth2/v2.0/token", data={**FORM, "scope": scope})
    assert (await verified_claims(http, answer.json()["access_token"]))["aud"] == audience


async def test_credentials_may_come_by_http_basic(http: httpx.AsyncClient) -> None:
    form = {name: FORM[name] for name in ("grant_type", "scope")}
    answer = await http.post("/contoso/oauth2/v2.0/token", data=form, auth=(CLIENT, SECRET))
    assert answer.status_code == 200


@pytest.mark.parametrize("value", ["Basic !!!", "Basic " + base64.b64encode(b"no colon").decode()])
async def test_a_malformed_basic_header_is_named(http: httpx.AsyncClient, value: str) -> None:
    answer = await http.post("/contoso/oauth2/v2.0/token", data=FORM, headers={"authorization": value})
    assert answer.status_code == 400
    assert "Authorization header" in answer.json()["error_description"]


@pytest.mark.parametrize(
    ("change", "status", "error", "code"),
    [
        ({"grant_type": None}, 400, "invalid_request", 900144),
        ({"grant_type": "device_code"}, 400, "unsupported_grant_type", 70003),
        ({"client_id": None}, 400, "invalid_request", 900144),
        ({"client_id": "c0ffee00-0000-4000-8000-0000000000ff"}, 400, "unauthorized_client", 700016),
        ({"client_secret": None}, 400, "invalid_request", 7000216),
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": "w\u00f6rong"}, 401, "invalid_client", 7000215),
        ({"scope": None}, 400, "invalid_request", 900144),
        ({"scope": "https://localhost/User.Read"}, 400, "invalid_scope", 1002012),
        ({"scope": "https://a/.default https://b/.default"}, 400, "invalid_scope", 1002012),
    ],
)
async def test_a_refusal_is_worded_as_entra_id_words_it(
    http: httpx.AsyncClient, change: dict[str, str | None], status: int, error: str, code: int
) -> None:
    form = {name: value for name, value in {**FORM, **change}.items() if value is not None}
    answer = await http.post("/contoso/oauth2/v2.0/token", data=form)
    body = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [code])
    assert body["error_description"].startswith(f"AADSTS{code}: ")
    assert SECRET not in answer.text


async def test_an_unknown_tenant_is_90002(http: httpx.AsyncClient) -> None:
    answer = await http.post("/fabrikam/oauth2/v2.0/token", data=FORM)
    assert (answer.status_code, answer.json()["error_codes"]) == (400, [90002])
    assert "fabrikam" in answer.json()["error_description"]


async def test_an_application_has_no_tenant_to_be_guessed(http: httpx.AsyncClient) -> None:
    answer = await http.post("/common/oauth2/v2.0/token", data=FORM)
    assert (answer.status_code, answer.json()["error_codes"]) == (400, [50059])


async def test_a_refusal_can_be_found_again(http: httpx.AsyncClient, clock: FixedClock) -> None:
    correlation = "5d9fe4c2-5f3b-4b0c-8f7c-3f7a3a1b6f10"
    answer = await http.post("/contoso/oauth2/v2.0/token", headers={"client-request-id": correlation})
    body = answer.json()
    assert body["correlation_id"] == correlation
    assert body["trace_id"] == answer.headers["request-id"]
    assert body["timestamp"] == f"{clock.now():%Y-%m-%d %H:%M:%S}Z"
    assert body["error_uri"] == "https://localhost:8443/error?code=900144"


async def test_what_this_surface_does_not_serve_is_refused_in_its_own_words(http: httpx.AsyncClient) -> None:
    wrong_verb = await http.get("/contoso/oauth2/v2.0/token")
    unknown = await http.get("/contoso/oauth2/v2.0/nothing")
    assert (wrong_verb.status_code, wrong_verb.json()["error"]) == (405, "invalid_request")
    assert (unknown.status_code, unknown.json()["error"]) == (404, "invalid_request")


async def test_a_body_that_is_too_long_is_refused_unread(http: httpx.AsyncClient) -> None:
    answer = await http.post("/contoso/oauth2/v2.0/token", content=b"x" * (4 * 1024 * 1024 + 1))
    assert answer.status_code == 413
    assert answer.json()["error"] == "invalid_request"


async def test_a_token_outlives_a_year_of_the_tenants_time_but_not_an_hour_of_the_clients(
    http: httpx.AsyncClient, emulator: Emulator, tenant: Tenant, *, clock: FixedClock
) -> None:
    token = (await http.post("/contoso/oauth2/v2.0/token", data=FORM)).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}

    await emulator.runner.run(tenant, advance_clock, timedelta(days=365), system_now=clock.now())
    assert (await http.get("/beta/users", headers=headers)).status_code == 200

    clock.forward(hours=1)
    assert (await http.get("/beta/users", headers=headers)).status_code == 401
