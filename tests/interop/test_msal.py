"""Microsoft's MSAL and azure-identity for Python, unchanged, get tokens in every way that Entra ID's pages describe.

They are given `verify` (the CA file) and `instance_discovery=False`: for a host that they do not know they would else
ask login.microsoftonline.com whether it is an authority, whatever the host itself says. Where a person would click,
httpx does what the browser would: it loads the page and sends the form back.
"""

from __future__ import annotations

import html
import re
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import msal
import pytest
import requests
from azure.identity import CertificateCredential, DeviceCodeCredential
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from requests.adapters import HTTPAdapter

from tests.support.certificates import self_signed, thumbprint
from tests.support.running_server import Running

ALICE, PASSWORD = "alice@contoso.example", "Fauxtune1!"
TENANT = "c0ffee00-0000-4000-8000-000000000001"
GRAPH = "https://graph.microsoft.com/.default"
SCOPES = ["https://graph.microsoft.com/User.Read.All"]
NATIVE = "http://localhost:53682/callback"

#: MSAL would rather have anything but passwords.
OLD_GRANT = pytest.mark.filterwarnings("ignore:This API has been deprecated for public client flows")
#: MSAL would rather have response_mode=form_post; both are tested.
BY_QUERY = pytest.mark.filterwarnings("ignore:response_mode='form_post' is recommended")


class WithPort(HTTPAdapter):
    """Takes what MSAL sends to the authority's host without its port to where the authority is."""

    def __init__(self, origin: str) -> None:
        super().__init__()
        self._origin = origin

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        request.url = f"{self._origin}{request.path_url}"
        return super().send(request, *args, **kwargs)


def session(server: Running) -> requests.Session:
    """The transport for the password grant (MSAL's documented parameter `http_client`): MSAL asks how a user signs in
    at the authority's host on port 443, whatever the authority's port is. A server on 443 needs no such thing.
    """
    result = requests.Session()
    result.verify = server.endpoints["caFile"]
    result.mount("https://localhost/common/userrealm/", WithPort(server.https))
    return result


@dataclass(frozen=True, slots=True)
class Identity:
    """A key and its certificate, PEM; the certificate's thumbprint."""

    key: str
    certificate: str
    thumbprint: str


@pytest.fixture(scope="module")
def identity(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> Identity:
    """Self-signed, as an administrator makes one for an app registration."""
    key, now = raw_rsa_keys[3], datetime.now(UTC)
    certificate = self_signed(key, "build agent", begin=now - timedelta(days=1))
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Identity(private.decode(), certificate.public_bytes(pem).decode(), thumbprint(certificate))


@pytest.fixture(autouse=True)
def _no_other_authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where these are set, `requests` prefers them to what MSAL tells it by `verify`."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def browser(server: Running) -> Iterator[httpx.Client]:
    """What a person sits in front of."""
    with server.client() as client:
        yield client


@pytest.fixture
def registered(browser: httpx.Client, identity: Identity) -> Iterator[str]:
    """An application with this certificate; its client id."""
    body = {"displayName": "build agent", "certificate": identity.certificate, "roles": ["User.Read.All"]}
    answer = browser.post("/_fauxtune/v1/tenants/contoso/applications", json=body)
    assert answer.status_code == 201, answer.text
    yield answer.json()["clientId"]
    browser.delete(f"/_fauxtune/v1/tenants/contoso/applications/{answer.json()['clientId']}")


def public(server: Running, authority: str = "organizations", **more: Any) -> msal.PublicClientApplication:
    return msal.PublicClientApplication(
        server.endpoints["clientId"],
        authority=f"{server.https}/{authority}",
        verify=server.endpoints["caFile"],
        instance_discovery=False,
        **more,
    )


def confidential(
    server: Running, credential: Any = None, *, client_id: str | None = None, authority: str = TENANT, **more: Any
) -> msal.ConfidentialClientApplication:
    return msal.ConfidentialClientApplication(
        client_id or server.endpoints["clientId"],
        client_credential=credential or server.endpoints["clientSecret"],
        authority=f"{server.https}/{authority}",
        verify=server.endpoints["caFile"],
        instance_discovery=False,
        **more,
    )


def token_of(answer: dict[str, Any]) -> str:
    assert "access_token" in answer, answer.get("error_description")
    return str(answer["access_token"])


def names(browser: httpx.Client, answer: dict[str, Any]) -> set[str]:
    """Who Graph shows to the bearer of this token."""
    result = browser.get("/v1.0/users", headers={"authorization": f"Bearer {token_of(answer)}"})
    assert result.status_code == 200, result.text
    return {entry["userPrincipalName"] for entry in result.json()["value"]}


def inputs(page: httpx.Response) -> dict[str, str]:
    """The hidden fields of the page's first form."""
    form = page.text.partition("<form")[2].partition("</form>")[0]
    matches = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form)
    return {html.unescape(name): html.unescape(value) for name, value in matches}


def button(page: httpx.Response, user: str) -> dict[str, str]:
    """What clicking this user sends."""
    match = re.search(rf'<button name="user" value="([^"]*)">[^<]*<small>{re.escape(user)}</small>', page.text)
    assert match, page.text
    return {**inputs(page), "user": html.unescape(match[1])}


def sign_in(browser: httpx.Client, address: str, *, user: str = ALICE) -> httpx.Response:
    page = browser.get(address)
    assert page.status_code == 200, page.text
    return browser.post(address, data=button(page, user))


def sign_in_device(browser: httpx.Client, address: str, code: str, *, user: str = ALICE) -> None:
    page = browser.get(address, params={"user_code": code})
    assert browser.post(address, data=button(page, user)).status_code == 200


@pytest.mark.parametrize("authority", [TENANT, "contoso.example", "contoso"])
def test_an_application_with_a_secret(server: Running, browser: httpx.Client, authority: str) -> None:
    application = confidential(server, authority=authority)
    assert ALICE in names(browser, application.acquire_token_for_client([GRAPH]))
    assert application.acquire_token_for_client([GRAPH])["token_source"] == "cache"


def test_a_wrong_secret_is_told_in_entra_ids_words(server: Running) -> None:
    answer = confidential(server, "wrong").acquire_token_for_client([GRAPH])
    assert (answer["error"], answer["error_codes"]) == ("invalid_client", [7000215])


@pytest.mark.parametrize("how", ["thumbprint", "certificate", "both", "domain"])
def test_an_application_with_a_certificate(
    server: Running, browser: httpx.Client, *, identity: Identity, registered: str, how: str
) -> None:
    # By thumbprint MSAL signs RS256 with x5t; by certificate PS256 with x5t#S256, and sends the certificate along.
    credential = {"private_key": identity.key}
    if how in {"thumbprint", "both"}:
        credential["thumbprint"] = identity.thumbprint
    if how in {"certificate", "both", "domain"}:
        credential["public_certificate"] = identity.certificate
    authority = "contoso.example" if how == "domain" else TENANT
    application = confidential(server, credential, client_id=registered, authority=authority)
    assert ALICE in names(browser, application.acquire_token_for_client([GRAPH]))


def test_a_certificate_of_somebody_else_is_refused(server: Running, identity: Identity) -> None:
    credential = {"private_key": identity.key, "thumbprint": identity.thumbprint}
    answer = confidential(server, credential).acquire_token_for_client([GRAPH])
    assert (answer["error"], answer["error_codes"]) == ("invalid_client", [700027])


@OLD_GRANT
@pytest.mark.parametrize("authority", [TENANT, "contoso.example", "common", "organizations"])
def test_a_user_with_a_password_and_later_without(server: Running, browser: httpx.Client, authority: str) -> None:
    application = public(server, authority, http_client=session(server))
    first = application.acquire_token_by_username_password(ALICE, PASSWORD, SCOPES)
    assert ALICE in names(browser, first)
    assert first["id_token_claims"]["preferred_username"] == ALICE

    (account,) = application.get_accounts(ALICE)
    assert application.acquire_token_silent(SCOPES, account)["token_source"] == "cache"
    renewed = application.acquire_token_silent_with_error(SCOPES, account, force_refresh=True)
    assert renewed["token_source"] == "identity_provider"
    assert token_of(renewed) != token_of(first)
    assert ALICE in names(browser, renewed)


@OLD_GRANT
def test_a_user_through_a_confidential_client(server: Running, browser: httpx.Client) -> None:
    application = confidential(server, http_client=session(server))
    answer = application.acquire_token_by_username_password(ALICE, PASSWORD, SCOPES)
    (account,) = application.get_accounts()
    assert ALICE in names(browser, answer)
    assert ALICE in names(browser, application.acquire_token_silent(SCOPES, account, force_refresh=True))


@OLD_GRANT
def test_a_wrong_password(server: Running) -> None:
    application = public(server, http_client=session(server))
    answer = application.acquire_token_by_username_password(ALICE, "wrong", SCOPES)
    assert (answer["error"], answer["error_codes"]) == ("invalid_grant", [50126])


@pytest.mark.parametrize("authority", [TENANT, "contoso.example", "common", "organizations"])
def test_a_device_with_a_code(server: Running, browser: httpx.Client, authority: str) -> None:
    application = public(server, authority)
    flow = application.initiate_device_flow(SCOPES)
    assert flow["user_code"] in flow["message"]
    once: Callable[[dict[str, Any]], bool] = lambda _flow: True  # noqa: E731 - how MSAL is told not to wait
    pending = application.acquire_token_by_device_flow(flow, exit_condition=once)
    assert (pending["error"], pending["error_codes"]) == ("authorization_pending", [70016])

    sign_in_device(browser, flow["verification_uri"], flow["user_code"].lower())
    flow.pop("latest_attempt_at")  # MSAL warns of clients that ask again at once
    answer = application.acquire_token_by_device_flow(flow)
    assert ALICE in names(browser, answer)
    assert answer["id_token_claims"]["preferred_username"] == ALICE
    (account,) = application.get_accounts()
    assert ALICE in names(browser, application.acquire_token_silent(SCOPES, account, force_refresh=True))


@BY_QUERY
@pytest.mark.parametrize("authority", [TENANT, "contoso.example", "common", "organizations"])
def test_a_browser_with_a_click(server: Running, browser: httpx.Client, authority: str) -> None:
    application = public(server, authority)
    flow = application.initiate_auth_code_flow(SCOPES, redirect_uri=NATIVE, login_hint=ALICE)
    back = sign_in(browser, flow["auth_uri"])
    assert back.status_code == 302
    assert back.headers["location"].startswith(f"{NATIVE}?")
    answer = application.acquire_token_by_auth_code_flow(
        flow, dict(parse_qsl(urlsplit(back.headers["location"]).query))
    )
    assert ALICE in names(browser, answer)
    (account,) = application.get_accounts()
    assert account["username"] == ALICE
    assert ALICE in names(browser, application.acquire_token_silent(SCOPES, account, force_refresh=True))


def test_a_web_application_by_form_post(server: Running, browser: httpx.Client) -> None:
    application = confidential(server)
    flow = application.initiate_auth_code_flow(SCOPES, redirect_uri=NATIVE, response_mode="form_post")
    page = sign_in(browser, flow["auth_uri"], user="bob@contoso.example")
    answer = application.acquire_token_by_auth_code_flow(flow, inputs(page))
    assert answer["id_token_claims"]["preferred_username"] == "bob@contoso.example"
    assert ALICE in names(browser, answer)


@BY_QUERY
def test_a_code_that_was_used_is_worth_nothing(server: Running, browser: httpx.Client) -> None:
    flow = public(server).initiate_auth_code_flow(SCOPES, redirect_uri=NATIVE)
    back = dict(parse_qsl(urlsplit(sign_in(browser, flow["auth_uri"]).headers["location"]).query))
    token_of(public(server).acquire_token_by_auth_code_flow(flow, back))
    again = public(server).acquire_token_by_auth_code_flow(flow, back)
    assert (again["error"], again["error_codes"]) == ("invalid_grant", [54005])


@BY_QUERY
def test_a_code_with_another_verifier_is_worth_nothing(server: Running, browser: httpx.Client) -> None:
    flow = public(server).initiate_auth_code_flow(SCOPES, redirect_uri=NATIVE)
    back = dict(parse_qsl(urlsplit(sign_in(browser, flow["auth_uri"]).headers["location"]).query))
    stolen = public(server).acquire_token_by_auth_code_flow({**flow, "code_verifier": "A" * 43}, back)
    assert (stolen["error"], stolen["error_codes"]) == ("invalid_grant", [501481])


def test_azure_identity_with_a_certificate(
    server: Running, browser: httpx.Client, *, identity: Identity, registered: str
) -> None:
    with CertificateCredential(
        TENANT,
        registered,
        certificate_data=(identity.key + identity.certificate).encode(),
        authority=server.https,
        disable_instance_discovery=True,
        connection_verify=server.endpoints["caFile"],
    ) as credential:
        token = credential.get_token(GRAPH).token
    assert ALICE in names(browser, {"access_token": token})


def test_azure_identity_with_a_device_code(server: Running, browser: httpx.Client) -> None:
    with DeviceCodeCredential(
        server.endpoints["clientId"],
        tenant_id=TENANT,
        authority=server.https,
        prompt_callback=lambda address, code, _until: sign_in_device(browser, address, code),
        disable_instance_discovery=True,
        connection_verify=server.endpoints["caFile"],
    ) as credential:
        token = credential.get_token(GRAPH).token
    assert ALICE in names(browser, {"access_token": token})


def test_the_host_itself_knows_instance_discovery(server: Running) -> None:
    """With name resolution that says login.microsoftonline.com is here, MSAL would ask this and need no switch."""
    address = f"{server.https}/common/discovery/instance?api-version=1.1"
    context: ssl.SSLContext = server.trusting()
    document = httpx.get(f"{address}&authorization_endpoint={server.https}/common", verify=context).json()
    assert document["tenant_discovery_endpoint"].startswith(server.https)
