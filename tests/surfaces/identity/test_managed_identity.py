"""Tokens for programs without a secret, as virtual machines, App Service and Azure Arc give them; their refusals."""

from __future__ import annotations

import asyncio
import stat
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.permissions import application_object_id, principal_id
from fauxtune.operations.directory import arc_challenges
from fauxtune.server.factory import Application
from fauxtune.server.system import SystemIds
from tests.support.clock import FixedClock
from tests.support.sign_in import CLIENT, FORM, verified_claims

TENANT = TenantId("c0ffee00-0000-4000-8000-000000000001")
OTHER = "5e1fc0de-0000-4000-8000-000000000002"
BASE = f"/_identity/contoso/{CLIENT}"
IMDS, ARC, APP_SERVICE = (
    f"{BASE}{tail}" for tail in ("/metadata/identity/oauth2/token", "/arc/metadata/identity/oauth2/token", "/msi/token")
)
WANTED = {"api-version": "2018-02-01", "resource": "https://graph.microsoft.com"}
METADATA = {"Metadata": "true"}
#: IDENTITY_HEADER.
OWN = {"X-IDENTITY-HEADER": principal_id(TENANT, CLIENT)}


@pytest.fixture
async def other(http: httpx.AsyncClient) -> str:
    """A second application, which may only read users."""
    body = {"clientId": OTHER, "displayName": "Nightly", "roles": ["User.Read.All"]}
    answer = await http.post("/_fauxtune/v1/tenants/contoso/applications", json=body)
    assert answer.status_code == 201, answer.text
    return OTHER


async def ask(http: httpx.AsyncClient, path: str = IMDS, **query: str) -> httpx.Response:
    headers = OWN if path == APP_SERVICE else METADATA
    return await http.get(path, params={**WANTED, **query}, headers=headers)


async def test_a_virtual_machine_gets_what_the_application_gets_with_its_secret(
    http: httpx.AsyncClient, clock: FixedClock
) -> None:
    document = (await ask(http)).json()
    now = int(clock.now().timestamp())
    token = document.pop("access_token")
    assert document == {
        "client_id": CLIENT,
        "expires_in": "3599",
        "ext_expires_in": "3599",
        "expires_on": str(now + 3599),
        "not_before": str(now - 300),
        "resource": "https://graph.microsoft.com",
        "token_type": "Bearer",
    }
    form = {**FORM, "scope": "https://graph.microsoft.com/.default"}
    by_secret = (await http.post("/contoso/oauth2/v2.0/token", data=form)).json()["access_token"]
    claims, expected = await verified_claims(http, token), await verified_claims(http, by_secret)
    differing = {name for name in claims | expected if claims.get(name) != expected.get(name)}
    assert differing == {"appidacr", "uti"}
    users = await http.get("/v1.0/users", headers={"Authorization": f"Bearer {token}"})
    assert users.status_code == 200


@pytest.mark.parametrize("path", [IMDS, APP_SERVICE, f"{IMDS}/", IMDS.upper().replace(CLIENT.upper(), CLIENT)])
async def test_another_application_is_named_by_its_id_or_by_its_principals(
    path: str, http: httpx.AsyncClient, other: str
) -> None:
    for name, value in (
        ("client_id", other.upper()),
        ("object_id", principal_id(TENANT, other)),
        ("object_id", application_object_id(TENANT, other)),
        ("principal_id", principal_id(TENANT, other)),
    ):
        answer = await ask(http, path, **{name: value})
        assert answer.status_code == 200, answer.text
        claims = await verified_claims(http, answer.json()["access_token"])
        assert (claims["appid"], claims["roles"]) == (other, ["User.Read.All"])


async def test_the_issuer_of_a_token_is_the_one_that_https_shows(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"http://localhost:8080{IMDS}", params=WANTED, headers=METADATA)
    claims = await verified_claims(http, answer.json()["access_token"])
    document = (await http.get(f"/{TENANT}/.well-known/openid-configuration")).json()
    assert claims["iss"] == document["issuer"]


@pytest.mark.parametrize(
    ("changes", "headers", "error", "says"),
    [
        ({}, {}, "bad_request_102", "Required metadata header not specified"),
        ({}, {"Metadata": "yes"}, "bad_request_102", "Required metadata header not specified"),
        ({}, {**METADATA, "X-Forwarded-For": "192.0.2.1"}, "invalid_request", "X-Forwarded-For"),
        ({"api-version": ""}, METADATA, "invalid_request", "'api-version' not specified"),
        ({"resource": ""}, METADATA, "invalid_request", "Required audience parameter not specified"),
        ({"resource": "https://graph.microsoft.com x"}, METADATA, "invalid_scope", "is not valid"),
        ({"client_id": OTHER}, METADATA, "invalid_request", "Identity not found"),
        ({"object_id": OTHER}, METADATA, "invalid_request", "Identity not found"),
        ({"msi_res_id": "/subscriptions/x"}, METADATA, "invalid_request", "Identity not found"),
        ({"client_id": CLIENT, "object_id": OTHER}, METADATA, "invalid_request", "Only one of"),
        ({"client_id": "\0"}, METADATA, "invalid_request", ""),
        ({"resource": "\0"}, METADATA, "invalid_request", "NUL"),
        ({"resource": "x" * 5000}, METADATA, "invalid_request", "4096"),
    ],
)
async def test_a_virtual_machine_is_refused_with_400(
    changes: dict[str, str], headers: dict[str, str], error: str, says: str, http: httpx.AsyncClient
) -> None:
    answer = await http.get(IMDS, params={**WANTED, **changes}, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert says in answer.json()["error_description"]
    assert answer.json().keys() == {"error", "error_description"}


@pytest.mark.parametrize(
    "path",
    [
        f"/_identity/nowhere/{CLIENT}/metadata/identity/oauth2/token",
        f"/_identity/contoso/{OTHER}/metadata/identity/oauth2/token",
        f"{BASE}/metadata/instance",
        "/_identity/contoso",
    ],
)
async def test_nothing_is_answered_404_which_clients_repeat(path: str, http: httpx.AsyncClient) -> None:
    assert (await ask(http, path)).status_code == 400


@pytest.mark.parametrize("path", [IMDS, ARC, APP_SERVICE])
async def test_a_post_is_not_allowed(path: str, http: httpx.AsyncClient) -> None:
    answer = await http.post(path, params=WANTED, headers={**METADATA, **OWN})
    assert answer.status_code == 405
    assert answer.json().keys() == (
        {"statusCode", "message"} if path == APP_SERVICE else {"error", "error_description"}
    )


@pytest.mark.parametrize("path", [IMDS, ARC, APP_SERVICE])
async def test_only_programs_of_this_machine_are_answered(path: str, app: Application) -> None:
    for peer, headers in (
        ("192.0.2.7", {}),
        ("127.0.0.1", {"Host": "trainer.example"}),
        ("127.0.0.1", {"Sec-Fetch-Site": "cross-site"}),
        ("127.0.0.1", {"Origin": "https://evil.example"}),
    ):
        transport = httpx.ASGITransport(app, client=(peer, 50000))
        async with httpx.AsyncClient(transport=transport, base_url="https://localhost:8443") as stranger:
            answer = await stranger.get(path, params=WANTED, headers={**METADATA, **OWN, **headers})
        assert answer.status_code == 403, (peer, headers)


@pytest.mark.parametrize("path", [IMDS, ARC, APP_SERVICE])
async def test_a_server_with_a_control_token_gives_no_tokens_without_a_secret(
    path: str, app: Application, http: httpx.AsyncClient
) -> None:
    app.state.emulator = replace(app.state.emulator, control_token="0123456789abcdef")
    answer = await ask(http, path)
    assert (answer.status_code, "control token" in answer.text) == (403, True)


async def test_an_application_without_a_service_principal_gets_no_token(
    http: httpx.AsyncClient, app_token: str
) -> None:
    signed_in = {"Authorization": f"Bearer {app_token}"}
    made = await http.post("/v1.0/applications", json={"displayName": "Alone"}, headers=signed_in)
    answer = await ask(http, client_id=made.json()["appId"])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")


async def test_app_service_has_its_own_form(http: httpx.AsyncClient, clock: FixedClock) -> None:
    document = (await ask(http, APP_SERVICE)).json()
    await verified_claims(http, document.pop("access_token"))
    assert document == {
        "client_id": CLIENT,
        "expires_on": str(int(clock.now().timestamp()) + 3599),
        "resource": "https://graph.microsoft.com",
        "token_type": "Bearer",
    }
    for header in ({}, {"X-IDENTITY-HEADER": "wrong"}, {"X-IDENTITY-HEADER": principal_id(TENANT, OTHER)}):
        refused = await http.get(APP_SERVICE, params=WANTED, headers=header)
        assert (refused.status_code, refused.json()["statusCode"]) == (401, 401)
        assert "IDENTITY_HEADER" in refused.json()["message"]
    absent = await ask(http, APP_SERVICE, client_id=OTHER)
    assert absent.json() == {"statusCode": 400, "message": "Identity not found"}


@pytest.fixture
def tokens_folder(app: Application, tmp_path: Path) -> Path:
    """The folder of the challenges of Azure Arc, which does not exist yet."""
    folder = tmp_path / "azcmagent" / "tokens"
    app.state.emulator = replace(app.state.emulator, arc_tokens=folder)
    return folder


async def challenged(http: httpx.AsyncClient) -> Path:
    answer = await ask(http, ARC)
    realm = answer.headers["www-authenticate"]
    assert (answer.status_code, realm.partition("=")[0]) == (401, "Basic realm")
    return Path(realm.partition("=")[2])


async def answered(http: httpx.AsyncClient, secret: str, **query: str) -> httpx.Response:
    headers = {**METADATA, "Authorization": f"Basic {secret}"}
    return await http.get(ARC, params={**WANTED, **query}, headers=headers)


async def test_azure_arc_takes_the_content_of_a_file_once(
    http: httpx.AsyncClient, tokens_folder: Path, other: str
) -> None:
    file = await challenged(http)
    assert (file.parent, file.suffix) == (tokens_folder, ".key")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    secret = file.read_text()
    document = (await answered(http, secret, client_id=other)).json()
    assert (document["client_id"], document["object_id"]) == (other, principal_id(TENANT, other))
    assert not file.exists()
    again = await answered(http, secret)
    assert (again.status_code, again.json()["error"]) == (401, "unauthorized")


async def test_azure_arc_refuses_other_secrets(http: httpx.AsyncClient, tokens_folder: Path, clock: FixedClock) -> None:
    file = await challenged(http)
    outside = tokens_folder.parent / "fauxtune-00000000-0000-4000-8000-000000000000.key"
    outside.write_text("../fauxtune-00000000-0000-4000-8000-000000000000:x")
    for wrong in ("", "x", file.stem, f"{file.stem}:wrong", outside.read_text()):
        assert (await answered(http, wrong)).status_code == 401
    assert outside.exists()
    late = await challenged(http)
    secret = late.read_text()
    clock.forward(seconds=61)
    assert (await answered(http, secret)).status_code == 401


async def test_a_request_that_would_be_refused_makes_no_file(http: httpx.AsyncClient, tokens_folder: Path) -> None:
    for query in ({"client_id": OTHER}, {"resource": ""}, {"api-version": ""}):
        assert (await ask(http, ARC, **query)).status_code == 400
    assert not tokens_folder.exists()


async def test_a_folder_that_cannot_be_written_is_named(http: httpx.AsyncClient, tokens_folder: Path) -> None:
    tokens_folder.parent.write_text("a file")
    answer = await ask(http, ARC)
    assert answer.status_code == 400
    assert str(tokens_folder) in answer.json()["error_description"]
    assert "--arc-tokens" in answer.json()["error_description"]


async def test_challenges_that_nobody_answers_do_not_pile_up(tokens_folder: Path) -> None:
    tokens_folder.mkdir(parents=True)
    real = tokens_folder / "11111111-1111-4111-8111-111111111111.key"
    real.write_text("of a real agent")
    for second in range(150):
        arc_challenges.challenge(tokens_folder, SystemIds(), now=1000.0 + second / 10)
    assert len(list(tokens_folder.glob("fauxtune-*.key"))) == 100
    arc_challenges.challenge(tokens_folder, SystemIds(), now=2000.0)
    assert len(list(tokens_folder.glob("fauxtune-*.key"))) == 1
    assert real.read_text() == "of a real agent"


async def test_of_two_answers_at_the_same_time_one_is_taken(http: httpx.AsyncClient, tokens_folder: Path) -> None:
    secret = (await challenged(http)).read_text()
    answers = await asyncio.gather(*(answered(http, secret) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200, *[401] * 7]


async def test_the_wire_shows_the_request_without_its_token(http: httpx.AsyncClient) -> None:
    await ask(http)
    answer = await http.get("/_fauxtune/v1/tenants/contoso/wire")
    assert IMDS in answer.text
    assert "eyJ" not in answer.text
