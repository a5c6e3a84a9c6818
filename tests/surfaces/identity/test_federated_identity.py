"""Applications that show a token of another issuer in place of a secret, and every way in which it is refused."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jws, jwt
from joserfc.jwk import KeySet, RSAKey

from tests.support.clock import FixedClock
from tests.support.sign_in import CLIENT, read_error, verified_claims

TENANT = "c0ffee00-0000-4000-8000-000000000001"
OWN_ISSUER = f"https://localhost:8443/_identity/{TENANT}"
ISSUER, SUBJECT = "https://token.actions.example", "repo:contoso/mdm:ref:refs/heads/main"
AUDIENCE = "api://AzureADTokenExchange"
APPLICATION = f"/_fauxtune/v1/tenants/contoso/applications/{CLIENT}"
TOKENS = "/_fauxtune/v1/tenants/contoso/identity/tokens"
CREDENTIALS = f"/v1.0/applications(appId='{CLIENT}')/federatedIdentityCredentials"
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

Make = Callable[..., str]


async def show(http: httpx.AsyncClient, token: str, *, application: str = CLIENT) -> httpx.Response:
    form = {
        "grant_type": "client_credentials",
        "client_id": application,
        "scope": "https://graph.microsoft.com/.default",
    }
    form |= {"client_assertion_type": TYPE, "client_assertion": token}
    return await http.post("/contoso/oauth2/v2.0/token", data=form)


async def trust(http: httpx.AsyncClient, app_token: str, **changes: Any) -> None:
    body = {"name": "ci-main", "issuer": ISSUER, "subject": SUBJECT, "audiences": [AUDIENCE], **changes}
    made = await http.post(CREDENTIALS, json=body, headers={"Authorization": f"Bearer {app_token}"})
    assert made.status_code == 201, made.text


@pytest.fixture
def keys(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> list[RSAKey]:
    """Two keys of the foreign issuer; the first one is published."""
    return [RSAKey.import_key(key, {"kid": f"key-{number}"}) for number, key in enumerate(raw_rsa_keys[:2])]


def key_set(*keys: RSAKey) -> dict[str, Any]:
    return dict(KeySet(list(keys)).as_dict(private=False))


@pytest.fixture
def make(keys: list[RSAKey], clock: FixedClock) -> Make:
    """`make(key=1, header={...}, sub=...)`: a token of the foreign issuer that is right but for what is said."""

    def made(*, key: int = 0, header: dict[str, Any] | None = None, **changes: Any) -> str:
        now = int(clock.now().timestamp())
        claims = {"iss": ISSUER, "sub": SUBJECT, "aud": AUDIENCE, "iat": now, "nbf": now, "exp": now + 600, **changes}
        body = {name: value for name, value in claims.items() if value is not None}
        head = {"alg": "RS256", "kid": f"key-{key}", **(header or {})}
        return jwt.encode(head, body, keys[key], registry=jws.JWSRegistry(algorithms=[head["alg"]]))

    return made


@pytest.fixture
async def trusted(http: httpx.AsyncClient, app_token: str, keys: list[RSAKey]) -> None:
    """The seeded application accepts the foreign issuer, whose keys it was given."""
    await trust(http, app_token)
    answer = await http.patch(APPLICATION, json={"issuerKeys": {ISSUER: key_set(keys[0])}})
    assert answer.json()["issuerKeys"] == {ISSUER: key_set(keys[0])}


@pytest.mark.usefixtures("trusted")
async def test_a_token_of_the_issuer_is_as_good_as_a_secret(http: httpx.AsyncClient, make: Make) -> None:
    answer = await show(http, make())
    assert answer.status_code == 200, answer.text
    claims = await verified_claims(http, answer.json()["access_token"])
    assert (claims["appid"], "Application.ReadWrite.All" in claims["roles"]) == (CLIENT, True)
    assert (await show(http, make(aud=["other", AUDIENCE]))).status_code == 200


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        ({"iss": "https://token.actions.example/"}, (401, "invalid_client", 700211), "issuer 'https://token"),
        ({"iss": "https://other.example"}, (401, "invalid_client", 700211), "issuer 'https://other.example'"),
        ({"sub": SUBJECT.upper()}, (401, "invalid_client", 700213), f"subject '{SUBJECT.upper()}'"),
        ({"sub": None}, (401, "invalid_client", 700213), "subject 'None'"),
        ({"aud": "api://other"}, (401, "invalid_client", 700212), "audience 'api://other'"),
        ({"aud": None}, (401, "invalid_client", 700212), "audience"),
        ({"exp": 1000}, (401, "invalid_client", 700024), "not within its valid time range"),
        ({"nbf": 9_999_999_999}, (401, "invalid_client", 700024), "not within its valid time range"),
        ({"exp": None}, (400, "invalid_request", 50027), "'exp'"),
        ({"exp": "soon"}, (400, "invalid_request", 50027), "'exp'"),
        ({"nbf": True}, (400, "invalid_request", 50027), "'nbf'"),
        ({"key": 1}, (401, "invalid_client", 700027), "The key was not found"),
        ({"key": 1, "header": {"kid": "key-0"}}, (401, "invalid_client", 700027), "failed signature validation"),
        ({"header": {"alg": "PS256"}}, (401, "invalid_client", 700027), "RS256"),
    ],
)
async def test_another_token_is_refused_with_the_reason(
    changes: dict[str, Any], error: tuple[int, str, int], says: str, http: httpx.AsyncClient, make: Make
) -> None:
    refused = await show(http, make(**changes))
    assert read_error(refused) == error
    assert says in refused.json()["error_description"]


@pytest.mark.usefixtures("trusted")
async def test_a_token_without_a_signature_is_refused(http: httpx.AsyncClient, make: Make, keys: list[RSAKey]) -> None:
    _, claims, signature = make().split(".")

    def head(**members: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(members).encode()).decode().rstrip("=")

    for algorithm in ("none", "None", "NONE"):
        for end in ("", signature):
            assert read_error(await show(http, f"{head(alg=algorithm, kid='key-0')}.{claims}.{end}"))[2] in {
                50027,
                700027,
            }
    # The public key is no secret of HS256.
    body = json.loads(base64.urlsafe_b64decode(claims + "=="))
    signed = f"{head(alg='HS256', kid='key-0')}.{claims}"
    mac = hmac.digest(keys[0].as_pem(private=False), signed.encode(), "sha256")
    forged = f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
    assert read_error(await show(http, forged))[2] == 700027
    strange = f"{head(alg='RS256', kid=7)}.{claims}.{signature}"
    assert read_error(await show(http, strange))[2] in {50027, 700027}
    changed = base64.urlsafe_b64encode(json.dumps({**body, "exp": body["exp"] + 1}).encode()).decode().rstrip("=")
    assert read_error(await show(http, f"{make().split('.')[0]}.{changed}.{signature}"))[2] == 700027


async def test_an_application_that_trusts_nobody_accepts_no_token(http: httpx.AsyncClient, make: Make) -> None:
    assert read_error(await show(http, make())) == (401, "invalid_client", 700211)


@pytest.mark.usefixtures("trusted")
async def test_another_application_does_not_accept_it(http: httpx.AsyncClient, make: Make) -> None:
    made = await http.post("/_fauxtune/v1/tenants/contoso/applications", json={})
    refused = await show(http, make(), application=made.json()["clientId"])
    assert read_error(refused) == (401, "invalid_client", 700211)


async def test_a_foreign_issuer_without_keys_is_not_asked(http: httpx.AsyncClient, app_token: str, make: Make) -> None:
    await trust(http, app_token)
    refused = await show(http, make())
    assert read_error(refused) == (400, "invalid_request", 50166)
    assert "token.actions.example, which this server does not call" in refused.json()["error_description"]


@asynccontextmanager
async def issuer_here(documents: dict[str, Any]) -> AsyncIterator[str]:
    """An issuer on a free port of this machine, with what it has at each path: JSON, or bytes. Yields its address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
        content = documents.get(path)
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        status = "404 Not Found" if content is None else "200 OK"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        documents.setdefault("/.well-known/openid-configuration", {"issuer": address, "jwks_uri": f"{address}/jwks"})
        yield address


async def test_an_issuer_on_this_machine_is_asked_for_its_keys(
    http: httpx.AsyncClient, app_token: str, make: Make, keys: list[RSAKey]
) -> None:
    documents: dict[str, Any] = {"/jwks": key_set(keys[0])}
    async with issuer_here(documents) as issuer:
        await trust(http, app_token, issuer=issuer)
        assert (await show(http, make(iss=issuer))).status_code == 200
        assert read_error(await show(http, make(iss=issuer, key=1)))[2] == 700027
        documents["/jwks"] = key_set(*keys)  # it rolls its keys over
        assert (await show(http, make(iss=issuer, key=1))).status_code == 200
        for broken in (b"<html>", b"[]", {"keys": 1}, {"keys": [7]}, None, b"x" * 70_000, b"[" * 10_000):
            documents["/jwks"] = broken
            assert read_error(await show(http, make(iss=issuer))) == (400, "invalid_request", 50166), broken
        documents["/.well-known/openid-configuration"] = {
            "issuer": "https://other.example",
            "jwks_uri": f"{issuer}/jwks",
        }
        assert "names another issuer" in (await show(http, make(iss=issuer))).json()["error_description"]
        documents["/.well-known/openid-configuration"] = {"issuer": issuer, "jwks_uri": "https://198.51.100.7/jwks"}
        refused = await show(http, make(iss=issuer))
        assert "198.51.100.7, which this server does not call" in refused.json()["error_description"]
    refused = await show(http, make(iss=issuer))
    assert read_error(refused) == (400, "invalid_request", 50166)


async def own_token(http: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await http.post(TOKENS, json={"subject": "nightly", **body})
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def test_the_own_issuer_signs_tokens_that_the_application_accepts(
    http: httpx.AsyncClient, app_token: str, clock: FixedClock
) -> None:
    made = await own_token(http, application=CLIENT)
    token = made.pop("token")
    assert made == {
        "issuer": OWN_ISSUER,
        "subject": "nightly",
        "audience": AUDIENCE,
        "expiresAt": made["expiresAt"],
    }
    assert (await show(http, token)).status_code == 200
    document = (await http.get(f"/_identity/{TENANT}/.well-known/openid-configuration")).json()
    assert document["issuer"] == OWN_ISSUER
    published = KeySet.import_key_set((await http.get(document["jwks_uri"])).json())
    claims = jwt.decode(token, published, algorithms=["RS256"]).claims
    assert (claims["iss"], claims["sub"], claims["aud"]) == (OWN_ISSUER, "nightly", AUDIENCE)
    headers = {"Authorization": f"Bearer {app_token}"}
    (credential,) = (await http.get(CREDENTIALS, headers=headers)).json()["value"]
    assert (credential["name"], credential["subject"]) == ("fauxtune", "nightly")
    wire = (await http.get("/_fauxtune/v1/tenants/contoso/wire")).text
    assert (TOKENS in wire, token in wire) == (True, False)
    clock.forward(hours=1, minutes=6)
    assert read_error(await show(http, token))[2] == 700024


async def test_a_token_of_the_own_issuer_is_no_access_token_and_an_access_token_is_none_of_it(
    http: httpx.AsyncClient, app_token: str
) -> None:
    token = (await own_token(http, application=CLIENT))["token"]
    refused = await http.get("/v1.0/users", headers={"Authorization": f"Bearer {token}"})
    assert refused.status_code == 401
    assert read_error(await show(http, app_token))[2] == 700211
    await trust(http, app_token, name="itself", issuer=f"https://localhost:8443/{TENANT}/", subject="x")
    assert read_error(await show(http, app_token))[2] in {700213, 50166}


async def test_the_trust_follows_the_subject(http: httpx.AsyncClient, app_token: str) -> None:
    first = await own_token(http, application=CLIENT)
    await own_token(http, application=CLIENT)
    second = await own_token(http, subject="weekly", audience="api://mine", application=CLIENT)
    headers = {"Authorization": f"Bearer {app_token}"}
    (credential,) = (await http.get(CREDENTIALS, headers=headers)).json()["value"]
    assert (credential["subject"], credential["audiences"]) == ("weekly", ["api://mine"])
    assert (await show(http, second["token"])).status_code == 200
    assert read_error(await show(http, first["token"]))[2] == 700213


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"subject": ""}, 400),
        ({"subject": "x" * 601}, 400),
        ({"expires": "PT0S"}, 400),
        ({"expires": "-PT1H"}, 400),
        ({"expires": "P366D"}, 400),
        ({"expires": "tomorrow"}, 400),
        ({"audience": ""}, 400),
        ({"application": "5e1fc0de-0000-4000-8000-000000000009"}, 404),
    ],
)
async def test_a_token_that_cannot_be_made_changes_nothing(
    body: dict[str, Any], status: int, http: httpx.AsyncClient, app_token: str
) -> None:
    refused = await http.post(TOKENS, json={"subject": "nightly", "application": CLIENT, **body})
    assert refused.status_code == status, refused.text
    headers = {"Authorization": f"Bearer {app_token}"}
    assert (await http.get(CREDENTIALS, headers=headers)).json()["value"] == []


@pytest.mark.parametrize("bad", [{}, {"keys": []}, {"keys": [{"kty": "oct", "k": "AAAA"}]}, {"keys": [7]}])
async def test_what_is_no_public_key_set_is_refused(bad: dict[str, Any], http: httpx.AsyncClient) -> None:
    assert (await http.patch(APPLICATION, json={"issuerKeys": {ISSUER: bad}})).status_code == 400


async def test_a_private_key_is_refused_and_so_are_too_many_keys(http: httpx.AsyncClient, keys: list[RSAKey]) -> None:
    private = {"keys": [keys[0].as_dict(private=True)]}
    refused = await http.patch(APPLICATION, json={"issuerKeys": {ISSUER: private}})
    assert (refused.status_code, "private" in refused.text) == (400, True)
    many = {f"https://issuer-{number}.example": key_set(keys[0]) for number in range(21)}
    assert (await http.patch(APPLICATION, json={"issuerKeys": many})).status_code == 400
    huge = {ISSUER: {**key_set(keys[0]), "x": "y" * 40_000}}
    assert (await http.patch(APPLICATION, json={"issuerKeys": huge})).status_code == 400
    assert (await http.patch(APPLICATION, json={"issuerKeys": {ISSUER: key_set(keys[0])}})).status_code == 200
    cleared = await http.patch(APPLICATION, json={"issuerKeys": None})
    assert "issuerKeys" not in cleared.json()
