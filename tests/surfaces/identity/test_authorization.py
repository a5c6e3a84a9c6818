"""The authorization endpoint and its code: the page, the click, the way back, and every way in which it fails."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from typing import Any, TypedDict, Unpack

import httpx
import pytest

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.directory.users_and_groups import create_user, delete_user, update_user
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.tenants.creation import found_tenant
from fauxtune.operations.tenants.seeds import parse_seed
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.clock import FixedClock
from tests.support.sign_in import (
    CLIENT,
    SECRET,
    hidden_fields,
    listed_users,
    read_error,
    read_redirect,
    verified_claims,
)

PAGE = "/contoso/oauth2/v2.0/authorize"
TOKEN = "/contoso/oauth2/v2.0/token"
HERE = "http://localhost:5000/signin?app=1"
ALICE = "alice@contoso.example"
VERIFIER = "a-verifier-that-is-long-enough-for-everybody-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
QUERY = {
    "client_id": CLIENT,
    "response_type": "code",
    "redirect_uri": HERE,
    "scope": "openid profile offline_access https://graph.microsoft.com/User.Read",
    "state": 'x"><script>&é',
    "nonce": "n-1",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
    "client_info": "1",
}


class Changes(TypedDict, total=False):
    """Parameters that are replaced, or left out (None)."""

    client_id: str | None
    response_type: str | None
    response_mode: str | None
    redirect_uri: str | None
    scope: str | None
    state: str | None
    prompt: str | None
    login_hint: str | None
    nonce: str | None
    code_challenge: str | None
    code_challenge_method: str | None


def query(**changes: Unpack[Changes]) -> dict[str, str]:
    return {name: str(value) for name, value in {**QUERY, **changes}.items() if value is not None}


async def click(
    http: httpx.AsyncClient, *, user: str = ALICE, page: str = PAGE, **changes: Unpack[Changes]
) -> httpx.Response:
    opened = await http.get(page, params=query(**changes))
    assert opened.status_code == 200, opened.text
    return await http.post(page, data={**hidden_fields(opened), "user": user})


async def code_for(http: httpx.AsyncClient, *, user: str = ALICE, **changes: Unpack[Changes]) -> str:
    _, parameters = read_redirect(await click(http, user=user, **changes), separator="&")
    return parameters["code"]


async def redeem(http: httpx.AsyncClient, code: str, *, page: str = TOKEN, **changes: str | None) -> httpx.Response:
    form = {"grant_type": "authorization_code", "client_id": CLIENT, "code": code, "redirect_uri": HERE}
    form |= {"code_verifier": VERIFIER, "client_info": "1"}
    return await http.post(page, data={n: v for n, v in {**form, **changes}.items() if v is not None})


async def test_one_click_leads_to_a_users_tokens(http: httpx.AsyncClient, tenant: Tenant) -> None:
    page = await http.get(PAGE, params=QUERY)
    assert listed_users(page) == [ALICE, "bob@contoso.example", "carol@contoso.example"]

    address, parameters = read_redirect(await click(http), separator="&")
    assert address == HERE
    assert parameters["state"] == QUERY["state"]
    answer = await redeem(http, parameters["code"])
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    identity = await verified_claims(http, body["id_token"])
    access = await verified_claims(http, body["access_token"])
    assert (identity["nonce"], identity["aud"], identity["preferred_username"]) == ("n-1", CLIENT, ALICE)
    assert (access["upn"], access["tid"], access["appidacr"]) == (ALICE, tenant.id, "0")
    assert "User.Read" in access["scp"].split()
    assert body["client_info"] == parameters["client_info"]
    assert body["refresh_token"]


async def test_the_page_has_no_file_but_itself_and_escapes_everything(
    http: httpx.AsyncClient, emulator: Emulator, tenant: Tenant
) -> None:
    document = {"displayName": "<img src=x onerror=1>", "userPrincipalName": '"><b>@contoso.example'}
    await emulator.runner.run(tenant, create_user, document)
    page = await http.get(PAGE, params=QUERY)
    assert "<img" not in page.text
    assert "<script" not in page.text
    assert '"><b>' not in page.text
    assert "src=" not in page.text.replace("&lt;img src=x", "")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self' http://localhost:5000;" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("hint", "prompt", "people"),
    [
        (ALICE, None, 1),
        (ALICE.upper(), "login", 1),
        (ALICE, "select_account", 3),
        ("nobody@contoso.example", None, 3),
        ("", "consent", 3),
    ],
)
async def test_a_hint_leaves_one_user(http: httpx.AsyncClient, hint: str, *, prompt: str | None, people: int) -> None:
    page = await http.get(PAGE, params=query(login_hint=hint, prompt=prompt))
    assert len(listed_users(page)) == people


async def test_somebody_who_is_not_listed_can_be_named(http: httpx.AsyncClient) -> None:
    page = await http.get(PAGE, params=query(login_hint=ALICE))
    answer = await http.post(PAGE, data={**hidden_fields(page), "user": " Bob@Contoso.Example "})
    _, parameters = read_redirect(answer, separator="&")
    body = (await redeem(http, parameters["code"])).json()
    assert (await verified_claims(http, body["access_token"]))["upn"] == "bob@contoso.example"


@pytest.mark.parametrize("mode", ["fragment", "form_post"])
async def test_the_answer_comes_as_the_client_wants_it(http: httpx.AsyncClient, mode: str) -> None:
    answer = await click(http, response_mode=mode)
    if mode == "fragment":
        address, parameters = read_redirect(answer, separator="#")
        assert address == HERE
    else:
        assert f'action="{HERE}"' in answer.text
        assert "form-action http://localhost:5000;" in answer.headers["content-security-policy"]
        assert "<script>&é" not in answer.text
        parameters = hidden_fields(answer)
    assert parameters["state"] == QUERY["state"]
    assert (await redeem(http, parameters["code"])).status_code == 200


@pytest.mark.parametrize(
    "uri",
    [
        "http://localhost",
        "http://localhost:1/a/b?c=d",
        "https://localhost:8443/x",
        "http://127.0.0.1:9/",
        "http://[::1]:9/",
        "https://login.microsoftonline.com/common/oauth2/nativeclient",
        "https://localhost:8443/common/oauth2/nativeclient",
        f"msal{CLIENT}://auth",
    ],
)
async def test_loopback_and_native_addresses_need_no_registration(http: httpx.AsyncClient, uri: str) -> None:
    answer = await click(http, redirect_uri=uri, state=None)
    assert answer.headers["location"].startswith(uri)
    assert "code=" in answer.headers["location"]


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.example/",
        "http://localhost.evil.example/",
        "http://localhost@evil.example/",
        "http://localhost:80@evil.example/",
        "http://127.0.0.1.evil.example/",
        "http://localhost:5000/#fragment",
        "http://localhost:5000/\r\nset-cookie: a=b",
        "http://localhost\\@evil.example",
        "//evil.example",
        "javascript:alert(1)",
        "urn:ietf:wg:oauth:2.0:oob",
        "msal00000000-0000-4000-8000-000000000000://auth",
        "http://localhost/" + "x" * 3000,
    ],
)
async def test_nobody_is_sent_anywhere_else(http: httpx.AsyncClient, uri: str) -> None:
    for prompt in ("", "none", "rubbish"):
        answer = await http.get(PAGE, params=query(redirect_uri=uri, prompt=prompt))
        assert read_error(answer) == (400, "invalid_request", 50011)
        assert "location" not in answer.headers


async def test_an_https_address_is_good_once_it_is_registered(http: httpx.AsyncClient) -> None:
    base = "/_fauxtune/v1/tenants/contoso/applications"
    body = {"redirectUris": ["https://app.example/signin"]}
    client = (await http.post(base, json=body)).json()["clientId"]
    answer = await click(http, client_id=client, redirect_uri=body["redirectUris"][0])
    address, _ = read_redirect(answer)
    assert address == "https://app.example/signin"
    for other in ("https://app.example/signin/", "https://app.example/signin?x=1", "https://app.example/"):
        assert (await http.get(PAGE, params=query(client_id=client, redirect_uri=other))).status_code == 400


@pytest.mark.parametrize(
    ("change", "error", "code"),
    [
        ({"response_type": None}, "invalid_request", 900144),
        ({"response_type": "id_token token"}, "unsupported_response_type", 70005),
        ({"response_mode": "web_message"}, "invalid_request", 70007),
        ({"prompt": "rubbish"}, "invalid_request", 9002313),
        ({"scope": None}, "invalid_request", 900144),
        ({"scope": "https://a/.default https://b/.default"}, "invalid_request", 28000),
        ({"scope": "x" * 5000}, "invalid_request", 9002313),
        ({"code_challenge": None}, "invalid_request", 900144),
        ({"code_challenge": "short"}, "invalid_request", 50147),
        ({"code_challenge_method": "S512"}, "invalid_request", 50147),
        ({"prompt": "none"}, "login_required", 50058),
        ({"prompt": "none", "login_hint": "nobody@contoso.example"}, "login_required", 50058),
    ],
)
async def test_other_flaws_go_back_to_the_client(
    http: httpx.AsyncClient, change: dict[str, str | None], *, error: str, code: int
) -> None:
    address, parameters = read_redirect(await http.get(PAGE, params=query(**change)), separator="&")
    assert address == HERE
    assert (parameters["error"], parameters["state"]) == (error, QUERY["state"])
    assert parameters["error_description"].startswith(f"AADSTS{code}: ")
    assert parameters["error_uri"] == f"https://localhost:8443/error?code={code}"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"client_id": None}, 900144),
        ({"client_id": "00000000-0000-4000-8000-000000000000"}, 700016),
        ({"redirect_uri": None}, 900144),
    ],
)
async def test_without_client_or_address_nobody_is_sent_back(
    http: httpx.AsyncClient, change: dict[str, str | None], code: int
) -> None:
    for page in (PAGE, "/common/oauth2/v2.0/authorize"):
        assert read_error(await http.get(page, params=query(**change)))[::2] == (400, code)


async def test_without_a_page_a_hint_is_enough(http: httpx.AsyncClient) -> None:
    answer = await http.get(PAGE, params=query(prompt="none", login_hint=ALICE))
    _, parameters = read_redirect(answer, separator="&")
    assert (await redeem(http, parameters["code"])).status_code == 200


async def test_whoever_cancels_declines(http: httpx.AsyncClient) -> None:
    page = await http.get(PAGE, params=QUERY)
    _, parameters = read_redirect(await http.post(PAGE, data={**hidden_fields(page), "decline": "1"}), separator="&")
    assert parameters["error"] == "access_denied"
    assert parameters["error_description"].startswith("AADSTS65004: ")


async def test_a_click_counts_with_its_own_ticket_only(
    http: httpx.AsyncClient, emulator: Emulator, *, clock: FixedClock, tenant: Tenant
) -> None:
    ticket = hidden_fields(await http.get(PAGE, params=QUERY))
    signed_in = {"grant_type": "password", "client_id": CLIENT, "username": ALICE, "password": "Fauxtune1!"}
    signed_in["scope"] = "offline_access"
    refresh = (await http.post(TOKEN, data=signed_in)).json()["refresh_token"]
    for wrong in ("", "rubbish", ticket["ticket"][:-4] + "AAAA", refresh):
        assert (await http.post(PAGE, data={"ticket": wrong, "user": ALICE})).status_code == 400
    # A ticket is neither good elsewhere, nor as a token.
    for page in ("/common/oauth2/v2.0/authorize", "/contoso/oauth2/deviceauth"):
        assert (await http.post(page, data={**ticket, "user": ALICE})).status_code == 400
    form = {"grant_type": "refresh_token", "client_id": CLIENT, "refresh_token": ticket["ticket"]}
    assert read_error(await http.post(TOKEN, data=form)) == (400, "invalid_grant", 9002313)
    assert read_error(await http.post(PAGE, data={**ticket, "user": "zoe@contoso.example"}))[2] == 50034
    assert read_error(await http.post(PAGE, data=ticket))[2] == 900144
    await emulator.runner.run(tenant, update_user, ALICE, changes={"accountEnabled": False})
    assert read_error(await http.post(PAGE, data={**ticket, "user": ALICE}))[2] == 50057
    _, parameters = read_redirect(await http.get(PAGE, params=query(prompt="none", login_hint=ALICE)), separator="&")
    assert parameters["error"] == "access_denied"
    clock.forward(minutes=11)
    assert read_error(await http.post(PAGE, data={**ticket, "user": ALICE}))[2] == 50089


async def test_a_code_is_good_once(http: httpx.AsyncClient) -> None:
    code = await code_for(http)
    assert (await redeem(http, code)).status_code == 200
    assert read_error(await redeem(http, code)) == (400, "invalid_grant", 54005)


@ON_BOTH_DATABASES
async def test_of_many_who_come_with_one_code_one_gets_tokens(http: httpx.AsyncClient) -> None:
    code = await code_for(http)
    answers = await asyncio.gather(*(redeem(http, code) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7


async def test_what_is_wrong_does_not_use_the_code_up(http: httpx.AsyncClient) -> None:
    code = await code_for(http)
    other = (await http.post("/_fauxtune/v1/tenants/contoso/applications", json={})).json()["clientId"]
    changes: list[tuple[dict[str, Any], tuple[int, str, int]]] = [
        ({"redirect_uri": "http://localhost:5000/signin"}, (401, "invalid_client", 500112)),
        ({"redirect_uri": None}, (400, "invalid_request", 900144)),
        ({"code_verifier": "B" * 43}, (400, "invalid_grant", 501481)),
        ({"code_verifier": CHALLENGE}, (400, "invalid_grant", 501481)),
        ({"code_verifier": None}, (400, "invalid_grant", 501481)),
        ({"client_id": other}, (400, "invalid_grant", 9002313)),
        ({"client_secret": "wrong"}, (401, "invalid_client", 7000215)),
        ({"scope": "https://a/.default https://b/.default"}, (400, "invalid_request", 28000)),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:device_code"}, (400, "bad_verification_code", 70018)),
        ({"code": "rubbish"}, (400, "invalid_grant", 9002313)),
        ({"code": None}, (400, "invalid_request", 900144)),
    ]
    for change, expected in changes:
        assert read_error(await redeem(http, **{"code": code, **change})) == expected, change
    body = (await redeem(http, code, client_secret=SECRET)).json()
    assert (await verified_claims(http, body["access_token"]))["appidacr"] == "1"


async def test_a_code_lives_ten_minutes(http: httpx.AsyncClient, clock: FixedClock) -> None:
    first, second = await code_for(http), await code_for(http)
    clock.forward(minutes=9, seconds=59)
    assert (await redeem(http, first)).status_code == 200
    clock.forward(seconds=1)
    assert read_error(await redeem(http, second)) == (400, "invalid_grant", 70008)
    clock.forward(hours=2)
    await code_for(http)  # old ones are swept away when new ones come
    assert read_error(await redeem(http, second)) == (400, "invalid_grant", 9002313)


async def test_a_plain_challenge_is_its_own_verifier(http: httpx.AsyncClient) -> None:
    for method in ("plain", None):
        code = await code_for(http, code_challenge=VERIFIER, code_challenge_method=method)
        assert read_error(await redeem(http, code, code_verifier="C" * 43))[2] == 501481
        assert (await redeem(http, code)).status_code == 200


async def test_a_verifier_without_a_challenge_is_an_attack(http: httpx.AsyncClient) -> None:
    code = await code_for(http, code_challenge=None, code_challenge_method=None)
    assert read_error(await redeem(http, code)) == (400, "invalid_grant", 501481)
    assert (await redeem(http, code, code_verifier=None)).status_code == 200


async def test_a_code_goes_with_its_user_its_application_and_its_tenant(
    http: httpx.AsyncClient, emulator: Emulator, *, tenant: Tenant
) -> None:
    other = parse_seed({"name": "fabrikam", "domain": "fabrikam.example"})
    await found_tenant(emulator, other, name="fabrikam")
    code = await code_for(http)
    elsewhere = await redeem(http, code, page="/fabrikam/oauth2/v2.0/token")
    assert read_error(elsewhere) == (400, "invalid_grant", 9002313)
    assert (await redeem(http, code, page="/common/oauth2/v2.0/token")).status_code == 200

    code = await code_for(http)
    await emulator.runner.run(tenant, delete_user, ALICE)
    assert read_error(await redeem(http, code)) == (400, "invalid_grant", 50173)
    code = await code_for(http, user="bob@contoso.example")
    await http.delete(f"/_fauxtune/v1/tenants/contoso/applications/{CLIENT}")
    assert read_error(await redeem(http, code)) == (400, "unauthorized_client", 700016)


async def test_common_shows_the_users_of_every_tenant_that_knows_the_application(
    http: httpx.AsyncClient, emulator: Emulator
) -> None:
    seed = {"id": "fab01c00-0000-4000-8000-000000000001", "name": "fabrikam", "domain": "fabrikam.example"}
    seed |= {"applications": [{"clientId": CLIENT}], "users": [{"userPrincipalName": "zoe"}]}  # type: ignore[dict-item]
    result = await found_tenant(emulator, parse_seed(seed), name="fabrikam", domain="fabrikam.example")
    page = "/organizations/oauth2/v2.0/authorize"
    assert "zoe@fabrikam.example" in listed_users(await http.get(page, params=QUERY))
    _, parameters = read_redirect(await click(http, user="zoe@fabrikam.example", page=page), separator="&")
    body = (await redeem(http, parameters["code"], page="/organizations/oauth2/v2.0/token")).json()
    assert (await verified_claims(http, body["access_token"]))["tid"] == result.id


async def test_a_browser_is_told_in_a_page(http: httpx.AsyncClient) -> None:
    headers = {"accept": "text/html,application/xhtml+xml"}
    answer = await http.get(PAGE, params=query(client_id="<script>"), headers=headers)
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.status_code == 400
    assert "AADSTS700016" in answer.text
    assert "<script>" not in answer.text
    program = await http.post(TOKEN, headers={"accept": "text/html, image/gif, */*; q=.2"})
    assert read_error(program) == (400, "invalid_request", 900144)


@pytest.mark.parametrize("path", ["oauth2/v2.0/logout", "oauth2/logout", "oauth2/nativeclient"])
async def test_plain_pages_send_nobody_away(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(f"/contoso/{path}?post_logout_redirect_uri=https://evil.example")
    assert answer.status_code == 200
    assert "evil" not in answer.text
