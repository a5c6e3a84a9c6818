"""Requests that nobody's library makes: each is answered in Entra ID's words, quickly, and never with a 500."""

from __future__ import annotations

import base64
import json
from itertools import product
from typing import Any

import httpx
import pytest

from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.sign_in import CLIENT, FORM, hidden_fields, read_error, read_redirect

TOKEN = "/contoso/oauth2/v2.0/token"
AUTHORIZE = "/contoso/oauth2/v2.0/authorize"
GRANTS = (
    "client_credentials",
    "password",
    "authorization_code",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:device_code",
)
#: A value for every parameter, so that each of them is looked at.
WHOLE = {
    **FORM,
    "username": "alice@contoso.example",
    "password": "Fauxtune1!",
    "code": "x",
    "refresh_token": "x",
    "device_code": "x",
    "redirect_uri": "http://localhost",
    "code_verifier": "x",
}
ODD = ("\x00", "a\x00b", "\ufffd", "x" * 20_000, "'", "\u202e", "İ", "ß", "%00", "' OR 1=1 --", "{}", "[]")


def _part(content: object) -> str:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


#: What passes for a JWT at first sight.
TOKENS = {
    "no algorithm": f"{_part({'alg': 'none'})}.{_part({'tid': 'contoso'})}.",
    "another algorithm": f"{_part({'alg': 'HS256'})}.e30.AA",
    "header of a list": f"{_part([])}.e30.AA",
    "header of a number": f"{_part(1)}.e30.AA",
    "header of nothing": f"{_part(None)}.e30.AA",
    "algorithm of a list": f"{_part({'alg': ['RS256']})}.e30.AA",
    "critical number": f"{_part({'alg': 'RS256', 'crit': 5})}.e30.AA",
    "critical stranger": f"{_part({'alg': 'RS256', 'crit': ['x'], 'x': 1})}.e30.AA",
    "unencoded": f"{_part({'alg': 'RS256', 'b64': False, 'crit': ['b64']})}.e30.AA",
    "key id of a list": f"{_part({'alg': 'RS256', 'kid': [1]})}.e30.AA",
    "key in it": f"{_part({'alg': 'RS256', 'jwk': 5, 'jku': 5, 'x5c': 5})}.e30.AA",
    "encrypted": f"{_part({'alg': 'RSA-OAEP', 'enc': 'A128GCM', 'zip': 'DEF'})}.AA.AA.AA.AA",
    "deep header": f"{_part(b'[' * 9000)}.e30.AA",
    "deep payload": f"{_part({'alg': 'RS256'})}.{_part(b'[' * 9000)}.AA",
    "dots": "....",
    "no UTF-8": f"{_part(bytes([255]))}.e30.AA",
}


@ON_BOTH_DATABASES
@pytest.mark.parametrize("odd", ODD)
async def test_odd_values_of_any_parameter_are_refused(http: httpx.AsyncClient, odd: str) -> None:
    for grant in GRANTS:
        for name in WHOLE:
            answer = await http.post(TOKEN, data={**WHOLE, "grant_type": grant, name: odd})
            assert answer.status_code in (200, 400, 401), (grant, name, answer.text)
    question = {"client_id": CLIENT, "redirect_uri": "http://localhost", "response_type": "code", "scope": "openid"}
    more = {
        "login_hint": "alice@contoso.example",
        "prompt": "none",
        "state": "s",
        "nonce": "n",
        "response_mode": "query",
    }
    for name in {**question, **more}:
        answer = await http.get(AUTHORIZE, params={**question, **more, name: odd})
        assert answer.status_code in (200, 302, 400), (name, answer.text)
    for path in ("/contoso/oauth2/deviceauth", "/common/oauth2/deviceauth"):
        assert (await http.get(path, params={"user_code": odd})).status_code == 400, path


async def test_what_is_no_token_of_ours_is_good_for_nothing(http: httpx.AsyncClient, subtests: pytest.Subtests) -> None:
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    asserted = {"grant_type": "client_credentials", "scope": "x/.default", "client_assertion_type": kind}
    for name, text in TOKENS.items():
        with subtests.test(name):
            assert (await http.get("/v1.0/users", headers={"authorization": f"Bearer {text}"})).status_code == 401
            for form in (
                {"grant_type": "refresh_token", "client_id": CLIENT, "refresh_token": text},
                {**asserted, "client_assertion": text},
                {**asserted, "client_assertion": text, "client_id": CLIENT},
            ):
                assert read_error(await http.post(TOKEN, data=form))[0] in (400, 401), form
            assert read_error(await http.post(AUTHORIZE, data={"ticket": text, "user": "x"}))[0] == 400


@pytest.mark.parametrize(
    "credentials", [b"Basic", b"Basic \xe9\xe9", b"Basic AA", b"Basic " + base64.b64encode(b"\xff:\xff"), b"Basic ===="]
)
async def test_malformed_basic_credentials_are_refused(http: httpx.AsyncClient, credentials: bytes) -> None:
    answer = await http.post(TOKEN, data=FORM, headers={b"authorization": credentials})
    assert read_error(answer) == (400, "invalid_request", 9002313)


@pytest.mark.parametrize(
    "body", [b"a&" * 1_900_000, b"a=b&" * 1_000_000, b"a=" + b"x" * 3_000_000, b"grant_type=x&" * 200]
)
async def test_a_form_is_as_large_as_forms_are(http: httpx.AsyncClient, body: bytes) -> None:
    answer = await http.post(TOKEN, content=body, headers={"content-type": "application/x-www-form-urlencoded"})
    assert read_error(answer) == (400, "invalid_request", 9002313)
    assert len(answer.content) < 1000


async def test_a_scope_does_not_swell_a_token(http: httpx.AsyncClient) -> None:
    answer = await http.post(TOKEN, data={**FORM, "scope": f"https://{'x' * 5000}/.default"})
    assert read_error(answer) == (400, "invalid_request", 9002313)


async def test_the_tokens_of_each_kind_are_none_of_another(http: httpx.AsyncClient) -> None:
    form = {**WHOLE, "grant_type": "password", "scope": "openid offline_access"}
    issued = (await http.post(TOKEN, data=form)).json()
    results = {"client_id": CLIENT, "redirect_uri": "http://localhost", "response_type": "code", "scope": "openid"}
    ticket = hidden_fields(await http.get(AUTHORIZE, params=results))["ticket"]
    for text in (issued["id_token"], issued["refresh_token"], ticket):
        assert (await http.get("/v1.0/users", headers={"authorization": f"Bearer {text}"})).status_code == 401
    for text in (issued["id_token"], issued["access_token"], ticket):
        again = {"grant_type": "refresh_token", "client_id": CLIENT, "refresh_token": text}
        assert read_error(await http.post(TOKEN, data=again))[1] == "invalid_grant"
    for text in (issued["id_token"], issued["access_token"], issued["refresh_token"]):
        assert read_error(await http.post(AUTHORIZE, data={"ticket": text, "user": "alice@contoso.example"}))[0] == 400


EVIL = (
    "https://evil.example/",
    "//evil.example",
    "http://localhost.evil.example/",
    "http://localhost@evil.example/",
    "http://localhost:80@evil.example/",
    "http://localhost\\@evil.example/",
    "http://127.0.0.1.evil.example",
    "http://[::1].evil.example",
    "http://localhost:8400evil.example",
    "http://localhost/\r\nset-cookie: a=b",
    "http://localhost/\t",
    "http://localhost#@evil.example",
    "javascript:alert(1)//http://localhost",
    "data:text/html,http://localhost",
    "HTTP://LOCALHOST.evil.example",
    f"msal{CLIENT}://auth/../evil",
    f"msal{CLIENT}://auth.evil.example",
    "https://login.microsoftonline.com/common/oauth2/nativeclient/../evil",
    "https://login.microsoftonline.com@evil.example/common/oauth2/nativeclient",
    " http://localhost",
    "",
)


async def test_nobody_is_sent_to_where_nothing_is_registered(http: httpx.AsyncClient) -> None:
    form_post = {"response_mode": "form_post", "prompt": "none"}
    ways: list[dict[str, str]] = [{}, {"prompt": "none"}, {"response_type": "token"}, form_post]
    for uri, more in product(EVIL, ways):
        question = {"client_id": CLIENT, "redirect_uri": uri, "response_type": "code", "scope": "openid", **more}
        answer = await http.get(AUTHORIZE, params=question, headers={"accept": "text/html"})
        assert answer.status_code == 400, question
        assert "location" not in answer.headers, question
        assert "<form" not in answer.text, question


async def test_markup_in_names_and_parameters_stays_text(http: httpx.AsyncClient, app_token: str) -> None:
    markup = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    graph = {"authorization": f"Bearer {app_token}"}
    alice = "/v1.0/users/alice@contoso.example"
    changed = await http.patch(alice, json={"displayName": markup}, headers=graph)
    assert changed.status_code == 204, changed.text
    application = f"/_fauxtune/v1/tenants/contoso/applications/{CLIENT}"
    assert (await http.patch(application, json={"displayName": markup})).status_code == 200
    question = {"client_id": CLIENT, "redirect_uri": "http://localhost", "response_type": "code", "scope": "openid"}
    pages = [
        await http.get(AUTHORIZE, params=question),
        await http.get(AUTHORIZE, params={**question, "client_id": markup}, headers={"accept": "text/html"}),
        await http.get(AUTHORIZE, params={**question, "redirect_uri": markup}, headers={"accept": "text/html"}),
        await http.get(AUTHORIZE, params={**question, "prompt": markup, "response_mode": "form_post", "state": markup}),
        await http.get(f"/{markup.replace('/', '')}/oauth2/v2.0/authorize", headers={"accept": "text/html"}),
        await http.get("/contoso/oauth2/deviceauth", params={"user_code": markup}),
        await _device_page(http),
    ]
    for page in pages:
        assert page.headers["content-type"].startswith("text/html"), page.text
        assert "<script>alert" not in page.text
        assert "<img" not in page.text
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert "unsafe" not in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"


async def _device_page(http: httpx.AsyncClient) -> httpx.Response:
    begun = await http.post("/contoso/oauth2/v2.0/devicecode", data={"client_id": CLIENT, "scope": "openid"})
    return await http.get("/contoso/oauth2/deviceauth", params={"user_code": begun.json()["user_code"]})


@ON_BOTH_DATABASES
async def test_a_code_is_nobodys_but_its_clients_and_its_tenants(http: httpx.AsyncClient) -> None:
    other = (await http.post("/_fauxtune/v1/tenants", json={"name": "fabrikam"})).json()
    second = (await http.post("/_fauxtune/v1/tenants/contoso/applications")).json()["clientId"]
    base = {"client_id": CLIENT, "redirect_uri": "http://localhost", "response_type": "code"}
    question = {**base, "scope": "openid offline_access", "prompt": "none", "login_hint": "alice@contoso.example"}

    async def code() -> dict[str, Any]:
        _, given = read_redirect(await http.get(AUTHORIZE, params=question))
        redeemed = {"grant_type": "authorization_code", "client_id": CLIENT, "redirect_uri": "http://localhost"}
        return {**redeemed, "code": given["code"]}

    form = await code()
    for changes in ({"client_id": second}, {"redirect_uri": "http://localhost/"}, {"code_verifier": "a" * 43}):
        assert (await http.post(TOKEN, data={**form, **changes})).status_code in (400, 401)
    elsewhere = "/fabrikam/oauth2/v2.0/token"
    for client_id in (CLIENT, other["clientId"]):
        assert (await http.post(elsewhere, data={**form, "client_id": client_id})).status_code == 400
    # Whoever failed has not used it up; then it is good once.
    issued = await http.post(TOKEN, data=form)
    assert issued.status_code == 200, issued.text
    assert read_error(await http.post(TOKEN, data=form))[1] == "invalid_grant"
    refresh = {"grant_type": "refresh_token", "refresh_token": issued.json()["refresh_token"]}
    assert (await http.post(TOKEN, data={**refresh, "client_id": second})).status_code == 400
    for client_id in (CLIENT, other["clientId"]):
        assert (await http.post(elsewhere, data={**refresh, "client_id": client_id})).status_code == 400
    assert (await http.post(TOKEN, data={**refresh, "client_id": CLIENT})).status_code == 200


@ON_BOTH_DATABASES
async def test_who_was_disabled_or_is_gone_gets_nothing_more(http: httpx.AsyncClient, app_token: str) -> None:
    graph = {"authorization": f"Bearer {app_token}"}
    alice = "/v1.0/users/alice@contoso.example"
    signed_in = {**WHOLE, "grant_type": "password", "scope": "openid offline_access"}
    refresh = {
        "grant_type": "refresh_token",
        "client_id": CLIENT,
        "refresh_token": (await http.post(TOKEN, data=signed_in)).json()["refresh_token"],
    }
    question = {"client_id": CLIENT, "redirect_uri": "http://localhost", "response_type": "code", "scope": "openid"}
    named = {"prompt": "none", "login_hint": "alice@contoso.example"}
    _, given = read_redirect(await http.get(AUTHORIZE, params={**question, **named}))
    code = {"grant_type": "authorization_code", "client_id": CLIENT, "redirect_uri": "http://localhost"}
    code["code"] = given["code"]
    assert (await http.patch(alice, json={"accountEnabled": False}, headers=graph)).status_code == 204
    for form in (signed_in, refresh, code):
        assert read_error(await http.post(TOKEN, data=form)) == (400, "invalid_grant", 50057)
    assert (await http.delete(alice, headers=graph)).status_code == 204
    for form in (signed_in, refresh, code):
        assert read_error(await http.post(TOKEN, data=form))[1] == "invalid_grant"


@ON_BOTH_DATABASES
async def test_revoked_sessions_end_refresh_tokens_and_no_others(http: httpx.AsyncClient, app_token: str) -> None:
    graph = {"authorization": f"Bearer {app_token}"}
    signed_in = {**WHOLE, "grant_type": "password", "scope": "openid offline_access"}
    tokens = [
        (await http.post(TOKEN, data={**signed_in, "username": f"{name}@contoso.example"})).json()["refresh_token"]
        for name in ("alice", "bob")
    ]
    revoked = await http.post("/v1.0/users/alice@contoso.example/revokeSignInSessions", headers=graph)
    assert revoked.status_code == 200, revoked.text
    refresh = {"grant_type": "refresh_token", "client_id": CLIENT}
    alice, bob = [await http.post(TOKEN, data={**refresh, "refresh_token": token}) for token in tokens]
    assert read_error(alice) == (400, "invalid_grant", 50173)
    assert bob.status_code == 200
    again = (await http.post(TOKEN, data=signed_in)).json()["refresh_token"]
    assert (await http.post(TOKEN, data={**refresh, "refresh_token": again})).status_code == 200


@ON_BOTH_DATABASES
async def test_a_deleted_tenant_is_gone_for_its_tokens(http: httpx.AsyncClient) -> None:
    other = (await http.post("/_fauxtune/v1/tenants", json={"name": "fabrikam"})).json()
    form = {**WHOLE, "grant_type": "password", "client_id": other["clientId"], "username": "alice@fabrikam.example"}
    form["scope"] = "offline_access https://graph.microsoft.com/.default"
    del form["client_secret"]
    issued = (await http.post("/fabrikam/oauth2/v2.0/token", data=form)).json()
    bearer = {"authorization": f"Bearer {issued['access_token']}"}
    assert (await http.get("/v1.0/users", headers=bearer)).status_code == 200
    assert (await http.delete("/_fauxtune/v1/tenants/fabrikam")).status_code == 204
    assert (await http.get("/v1.0/users", headers=bearer)).status_code == 401
    refresh = {"grant_type": "refresh_token", "client_id": other["clientId"], "refresh_token": issued["refresh_token"]}
    for path in ("/fabrikam/oauth2/v2.0/token", "/common/oauth2/v2.0/token", TOKEN):
        assert (await http.post(path, data=refresh)).status_code == 400


@pytest.mark.parametrize("address", ["http://[", "//[", "https://[x]/y", "", "x", "\x00"])
async def test_an_address_that_is_none_names_no_tenant(http: httpx.AsyncClient, address: str) -> None:
    answer = await http.get("/common/discovery/instance", params={"authorization_endpoint": address})
    assert answer.status_code == 200, answer.text


@ON_BOTH_DATABASES
@pytest.mark.parametrize("path", ["/%00/v2.0/.well-known/openid-configuration", "/a%00b/oauth2/v2.0/authorize"])
async def test_a_tenant_has_no_nul_in_its_name(http: httpx.AsyncClient, path: str) -> None:
    assert read_error(await http.get(path))[0] == 400
    assert (await http.get("/common/UserRealm/a@%00")).status_code in (200, 400)
    assert (await http.get("/_fauxtune/v1/tenants/a%00")).status_code in (400, 404)
