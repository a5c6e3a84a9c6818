"""What OAuth libraries ask first: OpenID documents, keys, instance and user discovery."""

from __future__ import annotations

import httpx
import pytest

from fauxtune.core.model.tenants import Tenant
from tests.support.sign_in import FORM, verified_claims


@pytest.mark.parametrize("key", ["contoso", "contoso.example", "c0ffee00-0000-4000-8000-000000000001"])
async def test_each_version_of_a_tenants_document_names_the_issuer_of_its_tokens(
    http: httpx.AsyncClient, tenant: Tenant, key: str
) -> None:
    for version, issuer in (("/v2.0", f"/{tenant.id}/v2.0"), ("", f"/{tenant.id}/")):
        document = (await http.get(f"/{key}{version}/.well-known/openid-configuration")).json()
        assert document["issuer"] == f"https://localhost:8443{issuer}"
        assert document["token_endpoint"] == f"https://localhost:8443/{tenant.id}/oauth2{version}/token"
        assert (await http.get(document["jwks_uri"])).json()["keys"]
        assert "authorization_endpoint" in document


async def test_under_the_public_name_tokens_of_version_one_have_a_host_of_their_own(
    http: httpx.AsyncClient, tenant: Tenant
) -> None:
    headers = {"host": "login.microsoftonline.com"}
    document = (await http.get("/contoso/.well-known/openid-configuration", headers=headers)).json()
    token = (await http.post("/contoso/oauth2/v2.0/token", data=FORM, headers=headers)).json()["access_token"]
    claims = await verified_claims(http, token)
    assert document["issuer"] == claims["iss"] == claims["idp"] == f"https://sts.windows.net/{tenant.id}/"
    graph = {"host": "graph.microsoft.com", "authorization": f"Bearer {token}"}
    assert (await http.get("/v1.0/users", headers=graph)).status_code == 200


async def test_the_document_leads_to_the_keys(http: httpx.AsyncClient) -> None:
    document = (await http.get("/contoso/v2.0/.well-known/openid-configuration")).json()
    (key,) = (await http.get(document["jwks_uri"])).json()["keys"]
    assert (key["kty"], key["use"], key["alg"]) == ("RSA", "sig", "RS256")
    assert key["kid"]
    assert key.keys().isdisjoint({"d", "p", "q", "dp", "dq", "qi"})


async def test_addresses_follow_the_host_that_was_asked_and_no_forwarded_header(http: httpx.AsyncClient) -> None:
    headers = {"host": "emulator.test:9443", "x-forwarded-host": "evil.example", "x-forwarded-proto": "http"}
    document = (await http.get("/contoso/v2.0/.well-known/openid-configuration", headers=headers)).json()
    assert document["issuer"].startswith("https://emulator.test:9443/")


async def test_the_common_document_has_a_pattern_for_an_issuer(http: httpx.AsyncClient) -> None:
    document = (await http.get("/organizations/v2.0/.well-known/openid-configuration")).json()
    assert document["issuer"] == "https://localhost:8443/{tenantid}/v2.0"
    assert document["token_endpoint"] == "https://localhost:8443/organizations/oauth2/v2.0/token"


@pytest.mark.parametrize("path", ["v2.0/.well-known/openid-configuration", "discovery/v2.0/keys"])
async def test_an_unknown_tenant_has_no_documents(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(f"/fabrikam/{path}")
    assert (answer.status_code, answer.json()["error_codes"]) == (400, [90002])


async def test_instance_discovery_knows_this_host_and_the_cloud_it_stands_for(http: httpx.AsyncClient) -> None:
    endpoint = "https://localhost:8443/contoso/oauth2/v2.0/authorize"
    params = {"api-version": "1.1", "authorization_endpoint": endpoint}
    document = (await http.get("/common/discovery/instance", params=params)).json()
    assert document["tenant_discovery_endpoint"].endswith("/contoso/v2.0/.well-known/openid-configuration")
    aliases = {alias for entry in document["metadata"] for alias in entry["aliases"]}
    assert {"localhost:8443", "login.microsoftonline.com"} <= aliases


async def test_under_the_public_name_the_cloud_is_the_public_one_and_named_once(http: httpx.AsyncClient) -> None:
    headers = {"host": "login.microsoftonline.com"}
    document = (await http.get("/common/discovery/instance", headers=headers)).json()
    assert document["tenant_discovery_endpoint"].startswith("https://login.microsoftonline.com/common/")
    (entry,) = document["metadata"]
    assert entry["preferred_network"] == "login.microsoftonline.com"
    document = (await http.get("/contoso/v2.0/.well-known/openid-configuration", headers=headers)).json()
    assert document["cloud_instance_name"] == "microsoftonline.com"
    assert document["msgraph_host"] == "graph.microsoft.com"


@pytest.mark.parametrize("word", ["UserRealm", "userrealm", "USERREALM"])
async def test_a_user_of_ours_signs_in_with_a_password(http: httpx.AsyncClient, word: str) -> None:
    known = (await http.get(f"/common/{word}/alice@contoso.example?api-version=1.0")).json()
    assert (known["account_type"], known["domain_name"]) == ("Managed", "contoso.example")
    unknown = (await http.get(f"/common/{word}/alice@fabrikam.example?api-version=1.0")).json()
    assert unknown["account_type"] == "Unknown"


@pytest.mark.parametrize("key", ["contoso", "common"])
async def test_the_document_lists_what_is_there_and_all_of_it_answers(http: httpx.AsyncClient, key: str) -> None:
    document = (await http.get(f"/{key}/v2.0/.well-known/openid-configuration")).json()
    assert document["grant_types_supported"] == [
        "authorization_code",
        "client_credentials",
        "password",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:device_code",
    ]
    assert document["code_challenge_methods_supported"] == ["S256", "plain"]
    assert document["response_types_supported"] == ["code"]
    assert "private_key_jwt" in document["token_endpoint_auth_methods_supported"]
    for grant in document["grant_types_supported"]:
        refusal = await http.post(document["token_endpoint"], data={"grant_type": grant})
        assert refusal.json()["error"] != "unsupported_grant_type"
    assert (await http.post(document["device_authorization_endpoint"])).json()["error_codes"] == [900144]
    assert (await http.get(document["authorization_endpoint"])).json()["error_codes"] == [900144]
    assert (await http.get(document["end_session_endpoint"])).status_code == 200


async def test_azure_cli_finds_its_cloud_its_tenant_and_no_subscriptions(
    http: httpx.AsyncClient, tenant: Tenant
) -> None:
    cloud = (await http.get("/metadata/endpoints?api-version=2022-09-01")).json()
    assert cloud["resourceManager"] == cloud["microsoftGraphResourceId"] == "https://localhost:8443"
    assert cloud["authentication"]["loginEndpoint"] == "https://localhost:8443"
    scope = f"{cloud['authentication']['audiences'][0]}/.default"
    token = (await http.post("/contoso/oauth2/v2.0/token", data={**FORM, "scope": scope})).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    (own,) = (await http.get("/tenants?api-version=2022-12-01", headers=headers)).json()["value"]
    assert (own["tenantId"], own["defaultDomain"]) == (tenant.id, tenant.domain)
    assert (await http.get("/subscriptions?api-version=2022-12-01", headers=headers)).json()["value"] == []
    for path in ("/tenants", "/subscriptions"):
        refusal = await http.get(path)
        assert (refusal.status_code, refusal.json()["error"]) == (401, "invalid_client")
