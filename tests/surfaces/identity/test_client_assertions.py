"""An application that proves itself with its certificate (RFC 7523), and every way in which it fails to."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc import jws, jwt
from joserfc.jwk import RSAKey

from tests.support.certificates import self_signed
from tests.support.clock import FixedClock
from tests.support.sign_in import SECRET, read_error, verified_claims

APPLICATIONS = "/_fauxtune/v1/tenants/contoso/applications"
TENANT = "c0ffee00-0000-4000-8000-000000000001"
CLIENT = "5e1fc0de-0000-4000-8000-000000000001"
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TOKEN = "/contoso/oauth2/v2.0/token"
WRONG_SIGNATURE = (401, "invalid_client", 700027)
MALFORMED = (400, "invalid_request", 50027)

#: Lists in lists in lists.
DEEP = base64.urlsafe_b64encode(b"[" * 20_000).decode().rstrip("=")

Assertion = Callable[..., str]


@pytest.fixture(scope="session")
def certificate(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> x509.Certificate:
    """Self-signed with the first key of the ring."""
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    return self_signed(raw_rsa_keys[0], "agent", begin=begin, lifetime=timedelta(days=900), serial=1)


@pytest.fixture
async def registered(http: httpx.AsyncClient, certificate: x509.Certificate) -> None:
    """The application CLIENT, with that certificate and no secret."""
    body = {"clientId": CLIENT, "certificate": certificate.public_bytes(Encoding.PEM).decode()}
    answer = await http.post(APPLICATIONS, json=body)
    assert answer.status_code == 201, answer.text


@pytest.fixture
def assertion(clock: FixedClock, certificate: x509.Certificate, raw_rsa_keys: list[rsa.RSAPrivateKey]) -> Assertion:
    """`assertion(alg="PS256", header={...}, key=1, aud=...)`: a JWT that is right but for what is said."""

    def make(*, alg: str = "PS256", header: dict[str, Any] | None = None, key: int = 0, **claims: Any) -> str:
        now = clock.now().timestamp()
        right: dict[str, Any] = {
            "aud": f"https://localhost:8443/{TENANT}/oauth2/v2.0/token",
            "iss": CLIENT,
            "sub": CLIENT,
        }
        right |= {"jti": "1", "nbf": now, "exp": now + 600, "iat": now}
        body = {name: value for name, value in {**right, **claims}.items() if value is not None}
        head = {"alg": alg, **(named(certificate, "x5t#S256") if header is None else header)}
        return jwt.encode(head, body, RSAKey.import_key(raw_rsa_keys[key]), registry=jws.JWSRegistry(algorithms=[alg]))

    return make


def named(certificate: x509.Certificate, word: str) -> dict[str, str]:
    digest = certificate.fingerprint(hashes.SHA256() if word == "x5t#S256" else hashes.SHA1())
    return {word: base64.urlsafe_b64encode(digest).decode().rstrip("=")}


async def ask(http: httpx.AsyncClient, signed: str, *, page: str = TOKEN, **changes: str | None) -> httpx.Response:
    form = {"grant_type": "client_credentials", "client_id": CLIENT, "scope": "https://graph.microsoft.com/.default"}
    form |= {"client_assertion_type": TYPE, "client_assertion": signed}
    return await http.post(page, data={n: v for n, v in {**form, **changes}.items() if v is not None})


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("alg", ["PS256", "RS256"])
@pytest.mark.parametrize("word", ["x5t#S256", "x5t", "kid"])
async def test_a_certificate_is_as_good_as_a_secret(
    http: httpx.AsyncClient, assertion: Assertion, *, certificate: x509.Certificate, alg: str, word: str
) -> None:
    answer = await ask(http, assertion(alg=alg, header=named(certificate, word)))
    assert answer.status_code == 200, answer.text
    claims = await verified_claims(http, answer.json()["access_token"])
    assert (claims["appid"], claims["appidacr"]) == (CLIENT, "2")


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize(
    "audience",
    [
        "https://localhost:8443/contoso/oauth2/v2.0/token",
        "https://localhost:8443/CONTOSO.example/oauth2/v2.0/token",
        f"https://localhost:8443/{TENANT}/oauth2/token",
        f"https://localhost:8443/{TENANT}/v2.0",
        "https://localhost:8443/common/oauth2/v2.0/token",
        f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token",
        [f"https://login.microsoftonline.com/{TENANT}/v2.0", "https://elsewhere.example"],
    ],
)
async def test_the_audience_is_the_token_endpoint_by_any_of_its_names(
    http: httpx.AsyncClient, assertion: Assertion, *, audience: object
) -> None:
    assert (await ask(http, assertion(aud=audience))).status_code == 200


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"aud": "https://evil.example/contoso/oauth2/v2.0/token"}, (401, "invalid_client", 700023)),
        ({"aud": "https://localhost:8443/fabrikam/oauth2/v2.0/token"}, (401, "invalid_client", 700023)),
        ({"aud": "https://localhost:8443/contoso/oauth2/v2.0/token/x"}, (401, "invalid_client", 700023)),
        ({"aud": None}, (401, "invalid_client", 700023)),
        ({"aud": 7}, (401, "invalid_client", 700023)),
        ({"iss": "c0ffee00-0000-4000-8000-00000000a991"}, (401, "invalid_client", 700021)),
        ({"sub": "c0ffee00-0000-4000-8000-00000000a991"}, (401, "invalid_client", 700021)),
        ({"iss": None}, (401, "invalid_client", 700021)),
        ({"exp": 1}, (401, "invalid_client", 700024)),
        ({"nbf": 9e12}, (401, "invalid_client", 700024)),
        ({"exp": None}, MALFORMED),
        ({"exp": "soon"}, MALFORMED),
        ({"nbf": True}, MALFORMED),
        ({"exp": {}}, MALFORMED),
        ({"key": 1}, WRONG_SIGNATURE),
        ({"alg": "RS512"}, WRONG_SIGNATURE),
        ({"header": {}}, WRONG_SIGNATURE),
        ({"header": {"x5t": "AAAA"}}, WRONG_SIGNATURE),
        ({"header": {"kid": "x"}}, WRONG_SIGNATURE),
    ],
)
async def test_an_assertion_that_is_wrong_is_refused_with_the_reason(
    http: httpx.AsyncClient, assertion: Assertion, *, claims: dict[str, Any], expected: tuple[int, str, int]
) -> None:
    assert read_error(await ask(http, assertion(**claims))) == expected


@pytest.mark.usefixtures("registered")
async def test_an_assertion_ends(http: httpx.AsyncClient, assertion: Assertion, clock: FixedClock) -> None:
    signed = assertion()
    clock.forward(minutes=14)  # ten minutes, and five for watches that differ
    assert (await ask(http, signed)).status_code == 200
    clock.forward(minutes=1)
    assert read_error(await ask(http, signed)) == (401, "invalid_client", 700024)


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize(
    "signed",
    ["x", "x.y.z", "....", "\u00e9.\u00e9.\u00e9", "e30.e30.e30", "x" * 100_000, f"{DEEP}.e30.e30", f"e30.{DEEP}.e30"],
    ids=range(8),
)
async def test_rubbish_is_malformed_with_or_without_a_client_id(http: httpx.AsyncClient, signed: str) -> None:
    for client in (CLIENT, None):
        status, _, code = read_error(await ask(http, signed, client_id=client))
        assert (status, code) in {(400, 50027), (401, 700027)}


@pytest.mark.usefixtures("registered")
async def test_no_key_that_is_public_signs(
    http: httpx.AsyncClient, assertion: Assertion, certificate: x509.Certificate
) -> None:
    _, body, signature = assertion().split(".")
    words = named(certificate, "x5t#S256")
    none = base64.urlsafe_b64encode(f'{{"alg":"none","x5t#S256":"{words["x5t#S256"]}"}}'.encode()).decode().rstrip("=")
    assert read_error(await ask(http, f"{none}.{body}.")) == WRONG_SIGNATURE
    assert read_error(await ask(http, f"{none}.{body}.{signature}")) == WRONG_SIGNATURE
    hs256 = (
        base64.urlsafe_b64encode(f'{{"alg":"HS256","x5t#S256":"{words["x5t#S256"]}"}}'.encode()).decode().rstrip("=")
    )
    for public in (certificate.public_bytes(Encoding.DER), certificate.public_bytes(Encoding.PEM)):
        mac = hmac.digest(public, f"{hs256}.{body}".encode(), "sha256")
        signed = f"{hs256}.{body}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
        assert read_error(await ask(http, signed)) == WRONG_SIGNATURE


@pytest.mark.usefixtures("registered")
async def test_the_client_id_may_be_left_out(http: httpx.AsyncClient, assertion: Assertion) -> None:
    assert (await ask(http, assertion(), client_id=None)).status_code == 200
    unknown = assertion(sub="00000000-0000-4000-8000-000000000000")
    assert read_error(await ask(http, unknown, client_id=None)) == (400, "unauthorized_client", 700016)


@pytest.mark.usefixtures("registered")
async def test_one_credential_of_the_right_type_is_enough(http: httpx.AsyncClient, assertion: Assertion) -> None:
    signed = assertion()
    assert read_error(await ask(http, signed, client_secret=SECRET)) == (400, "invalid_request", 9002313)
    assert read_error(await ask(http, signed, client_assertion_type=None)) == (400, "invalid_request", 900144)
    assert read_error(await ask(http, signed, client_assertion_type="jwt")) == (400, "invalid_request", 9002313)
    without = await ask(http, signed, client_assertion=None)
    assert read_error(without) == (400, "invalid_request", 7000216)
    assert read_error(await ask(http, signed, client_assertion=None, client_secret="x")) == (
        401,
        "invalid_client",
        7000215,
    )


@pytest.mark.usefixtures("registered")
async def test_an_application_without_a_certificate_cannot_use_one(
    http: httpx.AsyncClient, assertion: Assertion
) -> None:
    seeded = "c0ffee00-0000-4000-8000-00000000a991"
    assert read_error(await ask(http, assertion(iss=seeded, sub=seeded), client_id=seeded)) == WRONG_SIGNATURE
    await http.patch(f"{APPLICATIONS}/{CLIENT}", json={"certificate": None})
    assert read_error(await ask(http, assertion())) == WRONG_SIGNATURE


@pytest.mark.usefixtures("registered")
async def test_a_user_signs_in_through_it_too(http: httpx.AsyncClient, assertion: Assertion) -> None:
    user = {"grant_type": "password", "username": "alice@contoso.example", "password": "Fauxtune1!"}
    answer = await ask(http, assertion(), page="/common/oauth2/v2.0/token", **user)
    assert (await verified_claims(http, answer.json()["access_token"]))["appidacr"] == "2"
    assert read_error(await ask(http, assertion(key=2), **user)) == WRONG_SIGNATURE
