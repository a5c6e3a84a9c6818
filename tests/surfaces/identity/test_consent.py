"""Delegated permissions: a token of a user carries what was asked for, if it was consented to; else it is refused."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.sign_in import CLIENT, hidden_fields, read_error, read_redirect, verified_claims

ALICE = "alice@contoso.example"
TOKEN = "/contoso/oauth2/v2.0/token"
GRAPH = "https://graph.microsoft.com"
APPLICATION = f"/_fauxtune/v1/tenants/contoso/applications/{CLIENT}"
PASSWORD = {"grant_type": "password", "client_id": CLIENT, "username": ALICE, "password": "Fauxtune1!"}
BROWSER = {
    "client_id": CLIENT,
    "redirect_uri": "http://localhost",
    "response_type": "code",
    "scope": f"offline_access {GRAPH}/Group.Read.All",
}


async def _consent(http: httpx.AsyncClient, *scopes: str) -> None:
    answer = await http.patch(APPLICATION, json={"consentedScopes": list(scopes)})
    assert (answer.status_code, answer.json()["consentedScopes"]) == (200, list(scopes))


async def _token(http: httpx.AsyncClient, scope: str, **more: str) -> httpx.Response:
    return await http.post(TOKEN, data={**PASSWORD, "scope": scope, **more})


async def _scopes(http: httpx.AsyncClient, answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return str((await verified_claims(http, answer.json()["access_token"]))["scp"]).split()


async def _graph(http: httpx.AsyncClient, answer: httpx.Response, *paths: str) -> list[int]:
    bearer = {"authorization": f"Bearer {answer.json()['access_token']}"}
    return [(await http.get(f"/v1.0{path}", headers=bearer)).status_code for path in paths]


async def _code(http: httpx.AsyncClient) -> dict[str, str]:
    """The form that redeems an authorization code for BROWSER's scope."""
    page = await http.get("/contoso/oauth2/v2.0/authorize", params=BROWSER)
    click = {**hidden_fields(page), "user": ALICE}
    _, sent = read_redirect(await http.post("/contoso/oauth2/v2.0/authorize", data=click))
    return {
        "grant_type": "authorization_code",
        "client_id": CLIENT,
        "code": sent["code"],
        "redirect_uri": "http://localhost",
    }


def _without_consent(answer: httpx.Response) -> None:
    body = answer.json()
    assert read_error(answer) == (400, "invalid_grant", 65001), answer.text
    assert body["suberror"] == "consent_required"
    assert (
        f"not consented to use the application with ID '{CLIENT}' named 'Fauxtune test client'. Send an "
        in (body["error_description"])
    )


async def test_a_users_token_may_do_what_was_asked_for_and_nothing_else(http: httpx.AsyncClient) -> None:
    token = await _token(http, f"openid profile {GRAPH}/User.Read")
    assert sorted(await _scopes(http, token)) == ["User.Read", "openid", "profile"]
    assert await _graph(http, token, "/me", "/users", "/deviceManagement/managedDevices") == [200, 403, 403]


async def test_the_default_scope_gives_all_that_was_consented_to(http: httpx.AsyncClient) -> None:
    await _consent(http, "User.Read", "Group.Read.All")
    everything = await _token(http, f"{GRAPH}/.default")
    assert await _scopes(http, everything) == ["User.Read", "Group.Read.All"]
    assert await _graph(http, everything, "/me", "/groups", "/users") == [200, 200, 403]
    await _consent(http)
    _without_consent(await _token(http, f"{GRAPH}/.default"))
    assert await _scopes(http, await _token(http, "openid")) == ["openid"]


async def test_what_was_consented_to_does_not_bind_the_application_itself(http: httpx.AsyncClient) -> None:
    await _consent(http)
    form = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": "fauxtune-not-a-secret"}
    own = await http.post(TOKEN, data={**form, "scope": f"{GRAPH}/.default"})
    claims = await verified_claims(http, own.json()["access_token"])
    assert ("User.ReadWrite.All" in claims["roles"], "scp" in claims) == (True, False)
    assert await _graph(http, own, "/users") == [200]


async def test_without_consent_a_password_gives_no_token(http: httpx.AsyncClient) -> None:
    await _consent(http, "User.Read")
    assert (await _token(http, f"{GRAPH}/User.Read")).status_code == 200
    _without_consent(await _token(http, f"{GRAPH}/User.Read {GRAPH}/Group.Read.All"))


async def test_without_consent_a_refresh_token_gives_no_further_scope(http: httpx.AsyncClient) -> None:
    await _consent(http, "User.Read", "Group.Read.All")
    first = (await _token(http, f"offline_access {GRAPH}/User.Read")).json()["refresh_token"]
    form = {"grant_type": "refresh_token", "client_id": CLIENT, "refresh_token": first}
    further = {**form, "scope": f"{GRAPH}/Group.Read.All"}
    assert await _scopes(http, await http.post(TOKEN, data=further)) == ["Group.Read.All"]
    await _consent(http, "User.Read")
    _without_consent(await http.post(TOKEN, data=further))
    assert await _scopes(http, await http.post(TOKEN, data=form)) == ["User.Read"]


async def test_without_consent_a_device_code_gives_no_token(http: httpx.AsyncClient) -> None:
    await _consent(http, "User.Read")
    form = {"client_id": CLIENT, "scope": f"{GRAPH}/Group.Read.All"}
    begun = (await http.post("/contoso/oauth2/v2.0/devicecode", data=form)).json()
    page = await http.get("/contoso/oauth2/deviceauth", params={"user_code": begun["user_code"]})
    assert (
        await http.post("/contoso/oauth2/deviceauth", data={**hidden_fields(page), "user": ALICE})
    ).status_code == 200
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    poll = {"grant_type": grant, "client_id": CLIENT, "device_code": begun["device_code"]}
    _without_consent(await http.post(TOKEN, data=poll))


async def test_without_consent_a_code_gives_no_token_and_stays_good(http: httpx.AsyncClient) -> None:
    redeem = await _code(http)
    await _consent(http, "User.Read")
    _without_consent(await http.post(TOKEN, data=redeem))
    await _consent(http, "Group.Read.All")
    assert await _scopes(http, await http.post(TOKEN, data=redeem)) == ["Group.Read.All"]


@pytest.mark.parametrize(
    ("more", "error"),
    [({}, "access_denied"), ({"prompt": "none", "login_hint": ALICE}, "interaction_required")],
)
async def test_without_consent_a_browser_is_sent_back_with_the_error(
    http: httpx.AsyncClient, more: dict[str, str], error: str
) -> None:
    await _consent(http, "User.Read")
    answer = await http.get("/contoso/oauth2/v2.0/authorize", params={**BROWSER, **more})
    address, sent = read_redirect(answer)
    assert (address, sent["error"]) == ("http://localhost", error)
    assert sent["error_description"].startswith("AADSTS65001: The user or administrator has not consented to use the")


@pytest.mark.parametrize(
    ("scope", "hint"),
    [
        (f"{GRAPH}/User.Raed", "Did you mean User.Read "),
        ("User.Reed.All", "Did you mean User.Read.All "),
        (f"{GRAPH}/", "no permission ''"),
        (f"{GRAPH}/.default {GRAPH}/User.Read", "cannot be combined"),
    ],
)
async def test_a_scope_that_graph_has_not_is_refused_everywhere(http: httpx.AsyncClient, scope: str, hint: str) -> None:
    device = {"client_id": CLIENT, "scope": scope}
    for answer in (await _token(http, scope), await http.post("/contoso/oauth2/v2.0/devicecode", data=device)):
        assert read_error(answer) == (400, "invalid_scope", 70011)
        assert hint in answer.json()["error_description"]
    _, sent = read_redirect(await http.get("/contoso/oauth2/v2.0/authorize", params={**BROWSER, "scope": scope}))
    assert (sent["error"], hint in sent["error_description"]) == ("invalid_scope", True)


async def test_the_case_of_a_scope_does_not_matter(http: httpx.AsyncClient) -> None:
    answer = await _token(http, "user.read")
    assert await _scopes(http, answer) == ["User.Read"]
    # MSAL looks the token up by the words that were asked for.
    assert {part.rpartition("/")[2] for part in answer.json()["scope"].split()} == {"User.Read", "user.read"}


async def test_bare_permissions_and_those_with_graphs_address_are_of_one_resource(http: httpx.AsyncClient) -> None:
    answer = await _token(http, f"User.Read {GRAPH}/Group.Read.All")
    claims = await verified_claims(http, answer.json()["access_token"])
    assert (claims["aud"], claims["scp"]) == (GRAPH, "User.Read Group.Read.All")
    assert read_error(await _token(http, "User.Read https://vault.azure.net/Read")) == (400, "invalid_request", 28000)


@pytest.mark.parametrize(("audience", "scopes"), [("api://other", ["Read"]), ("https://vault.azure.net", ["Read"])])
async def test_permissions_of_another_resource_are_given_as_asked(
    http: httpx.AsyncClient, audience: str, scopes: list[str]
) -> None:
    await _consent(http)
    assert await _scopes(http, await _token(http, f"{audience}/Read")) == scopes
    whole = await _token(http, f"{audience}/.default")
    assert (await verified_claims(http, whole.json()["access_token"]))["scp"] == "user_impersonation"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (["user.read", "User.Read"], ["User.Read"]),
        (["*", "User.Read"], ["*"]),
        ([], []),
        (["Device.ReadWrit.All"], "Did you mean Device.ReadWrite.All "),
        (None, "consentedScopes is a list"),
        (["*"] * 201, ["*"]),
        (["User.Read"] * 201, "consentedScopes is a list of up to 200"),
    ],
)
async def test_consent_is_kept_in_graphs_own_words(http: httpx.AsyncClient, sent: Any, kept: Any) -> None:
    answer = await http.patch(APPLICATION, json={"consentedScopes": sent})
    if isinstance(kept, str):
        assert (answer.status_code, kept in answer.text) == (400, True), answer.text
        kept = ["*"]
    assert (await http.get(APPLICATION)).json()["consentedScopes"] == kept
