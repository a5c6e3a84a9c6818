"""Graph: applications, their service principals, and what is granted to them, down to the next token."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from tests.support.certificates import self_signed
from tests.support.graph import ABSENT, error_code, error_message

pytestmark = pytest.mark.both_in_soak

Json = dict[str, Any]
GRAPH, INTUNE = "00000003-0000-0000-c000-000000000000", "0000000a-0000-0000-c000-000000000000"
READ_DEVICES = "2f51be20-0bb4-4fed-bf7b-db946066c75e"


async def _application(graph: httpx.AsyncClient, **more: Any) -> Json:
    answer = await graph.post("/applications", json={"displayName": "Backup", **more})
    assert answer.status_code == 201, answer.text
    document: Json = answer.json()
    return document


async def _with_principal(graph: httpx.AsyncClient) -> tuple[Json, Json]:
    application = await _application(graph)
    answer = await graph.post("/servicePrincipals", json={"appId": application["appId"]})
    assert answer.status_code == 201, answer.text
    return application, answer.json()


async def _id_of(graph: httpx.AsyncClient, client_id: str) -> str:
    answer = await graph.get("/servicePrincipals", params={"$filter": f"appId eq '{client_id}'", "$select": "id"})
    (found,) = answer.raise_for_status().json()["value"]
    return str(found["id"])


async def _roles(http: httpx.AsyncClient, application: Json, secret: str, *, resource: str = GRAPH) -> list[str]:
    form = {
        "grant_type": "client_credentials",
        "client_id": application["appId"],
        "client_secret": secret,
        "scope": f"{resource}/.default",
    }
    answer = await http.post("/contoso/oauth2/v2.0/token", data=form)
    assert answer.status_code == 200, answer.text
    claims = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
    return list(claims["roles"])


async def test_an_application_is_registered_given_a_password_and_a_permission_and_its_token_has_it(
    beta: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    application, principal = await _with_principal(beta)
    password = (await beta.post(f"/applications/{application['id']}/addPassword")).raise_for_status().json()
    assert await _roles(http, application, password["secretText"]) == []
    grant = {"principalId": principal["id"], "resourceId": await _id_of(beta, GRAPH), "appRoleId": READ_DEVICES}
    answer = await beta.post(f"/servicePrincipals/{principal['id']}/appRoleAssignments", json=grant)
    assert answer.status_code == 201, answer.text
    assignment = answer.json()
    assert {name: assignment[name] for name in grant} == grant
    assert assignment["resourceDisplayName"] == "Microsoft Graph"
    assert await _roles(http, application, password["secretText"]) == ["DeviceManagementManagedDevices.Read.All"]
    path = f"/servicePrincipals/{principal['id']}/appRoleAssignments"
    assert [item["id"] for item in (await beta.get(path)).json()["value"]] == [assignment["id"]]
    again = await beta.post(path, json=grant)
    assert (again.status_code, "already exists" in error_message(again)) == (400, True)
    assert (await beta.delete(f"{path}/{assignment['id']}")).status_code == 204
    assert await _roles(http, application, password["secretText"]) == []
    assert (await beta.get(f"{path}/$count")).text == "0"


async def test_a_role_of_intunes_own_service_is_granted_from_the_side_of_the_resource(
    beta: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    application, principal = await _with_principal(beta)
    password = (await beta.post(f"/applications/{application['id']}/addPassword")).json()["secretText"]
    intune = (await beta.get(f"/servicePrincipals(appId='{INTUNE}')")).raise_for_status().json()
    (role,) = [role for role in intune["appRoles"] if role["value"] == "scep_challenge_provider"]
    grant = {"principalId": principal["id"], "resourceId": intune["id"], "appRoleId": role["id"]}
    answer = await beta.post(f"/servicePrincipals/{intune['id']}/appRoleAssignedTo", json=grant)
    assert answer.status_code == 201, answer.text
    assigned = (await beta.get(f"/servicePrincipals/{intune['id']}/appRoleAssignedTo")).json()["value"]
    assert [each["principalDisplayName"] for each in assigned] == ["Backup"]
    assert await _roles(http, application, password, resource=INTUNE) == ["scep_challenge_provider"]


async def test_an_application_without_service_principal_gets_no_token(
    v1: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    application = await _application(v1)
    password = (await v1.post(f"/applications/{application['id']}/addPassword")).json()["secretText"]
    form = {"grant_type": "client_credentials", "client_id": application["appId"], "client_secret": password}
    answer = await http.post("/contoso/oauth2/v2.0/token", data={**form, "scope": f"{GRAPH}/.default"})
    assert (answer.status_code, answer.json()["error_codes"]) == (400, [7000229])


async def test_a_password_is_shown_once_and_can_be_removed(v1: httpx.AsyncClient, http: httpx.AsyncClient) -> None:
    application, _principal = await _with_principal(v1)
    body = {"passwordCredential": {"displayName": "ci", "endDateTime": "2030-01-01T00:00:00Z"}}
    one = f"/applications/{application['id']}"
    password = (await v1.post(f"{one}/addPassword", json=body)).raise_for_status().json()
    assert (password["displayName"], password["endDateTime"]) == ("ci", "2030-01-01T00:00:00Z")
    other = (await v1.post(f"{one}/addPassword")).json()
    shown = (await v1.get(one)).json()["passwordCredentials"]
    assert [each["keyId"] for each in shown] == [password["keyId"], other["keyId"]]
    assert [each["secretText"] for each in shown] == [None, None]
    assert password["secretText"].startswith(shown[0]["hint"])
    assert (await v1.post(f"{one}/removePassword", json={"keyId": password["keyId"]})).status_code == 204
    assert await _roles(http, application, other["secretText"]) == []
    with pytest.raises(AssertionError, match="7000215"):
        await _roles(http, application, password["secretText"])
    missing = await v1.post(f"{one}/removePassword", json={"keyId": ABSENT})
    assert (missing.status_code, error_code(missing)) == (400, "Request_BadRequest")


async def test_a_secret_of_the_control_surface_is_a_password_that_graph_removes(
    v1: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    made = (await http.post("/_fauxtune/v1/tenants/contoso/applications", json={"roles": []})).json()
    application = (await v1.get(f"/applications(appId='{made['clientId']}')")).raise_for_status().json()
    (password,) = application["passwordCredentials"]
    assert await _roles(http, application, made["secret"]) == []
    body = {"keyId": password["keyId"]}
    assert (await v1.post(f"/applications/{application['id']}/removePassword", json=body)).status_code == 204
    with pytest.raises(AssertionError):
        await _roles(http, application, made["secret"])


async def test_properties_of_an_application_are_kept_and_its_redirect_addresses_are_the_sign_ins(
    v1: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    access = [{"resourceAppId": GRAPH, "resourceAccess": [{"id": READ_DEVICES, "type": "Role"}]}]
    application = await _application(v1, requiredResourceAccess=access, notes="nightly")
    # CLI for Microsoft 365 adds to what is there.
    assert application["publicClient"] == application["spa"] == {"redirectUris": []}
    change = {"displayName": "Backup 2", "web": {"redirectUris": ["https://app.example/signin", "http://localhost"]}}
    assert (await v1.patch(f"/applications/{application['id']}", json=change)).status_code == 204
    shown = (await v1.get(f"/applications/{application['id']}")).json()
    assert (shown["displayName"], shown["notes"]) == ("Backup 2", "nightly")
    assert shown["requiredResourceAccess"] == access
    assert shown["web"]["redirectUris"] == change["web"]["redirectUris"]  # type: ignore[index]
    control = (await http.get(f"/_fauxtune/v1/tenants/contoso/applications/{application['appId']}")).json()
    assert (control["displayName"], control["redirectUris"]) == ("Backup 2", ["https://app.example/signin"])


async def test_a_certificate_is_a_key_credential(
    v1: httpx.AsyncClient, http: httpx.AsyncClient, raw_rsa_keys: list[RSAPrivateKey]
) -> None:
    application = await _application(v1)
    der = self_signed(raw_rsa_keys[0]).public_bytes(Encoding.DER)
    credential = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": base64.b64encode(der).decode()}
    one = f"/applications/{application['id']}"
    assert (await v1.patch(one, json={"keyCredentials": [credential]})).status_code == 204
    (shown,) = (await v1.get(one)).json()["keyCredentials"]
    assert (shown["type"], shown["usage"], shown["key"]) == ("AsymmetricX509Cert", "Verify", None)
    control = (await http.get(f"/_fauxtune/v1/tenants/contoso/applications/{application['appId']}")).json()
    assert base64.b64decode(shown["customKeyIdentifier"]).hex().upper() == control["thumbprint"].upper()
    assert (await v1.patch(one, json={"keyCredentials": []})).status_code == 204
    assert (await v1.get(one)).json()["keyCredentials"] == []


async def test_consent_is_what_tokens_of_users_may_carry(v1: httpx.AsyncClient, http: httpx.AsyncClient) -> None:
    application, principal = await _with_principal(v1)
    body = {
        "clientId": principal["id"],
        "consentType": "AllPrincipals",
        "resourceId": await _id_of(v1, GRAPH),
        "scope": "openid User.Read Group.Read.All",
    }
    answer = await v1.post("/oauth2PermissionGrants", json=body)
    assert answer.status_code == 201, answer.text
    grant = answer.json()
    assert {name: grant[name] for name in body} == body
    assert error_code(await v1.post("/oauth2PermissionGrants", json=body)) == "Request_BadRequest"
    control = f"/_fauxtune/v1/tenants/contoso/applications/{application['appId']}"
    assert (await http.get(control)).json()["consentedScopes"] == ["User.Read", "Group.Read.All"]
    one = f"/oauth2PermissionGrants/{grant['id']}"
    assert (await v1.patch(one, json={"scope": "User.Read"})).status_code == 204
    assert (await v1.get(one)).json()["scope"] == "User.Read"
    of_principal = (await v1.get(f"/servicePrincipals/{principal['id']}/oauth2PermissionGrants")).json()["value"]
    assert [each["id"] for each in of_principal] == [grant["id"]]
    wrong = await v1.patch(one, json={"scope": "User.Reed"})
    assert (wrong.status_code, "User.Read" in error_message(wrong)) == (400, True)
    assert (await v1.delete(one)).status_code == 204
    assert (await v1.get(one)).status_code == 404
    assert (await http.get(control)).json()["consentedScopes"] == []


async def test_the_lists_are_filtered_selected_and_counted(v1: httpx.AsyncClient, beta: httpx.AsyncClient) -> None:
    await _with_principal(v1)
    by_name = {"$filter": "startswith(displayName,'Microsoft')", "$orderby": "displayName", "$select": "displayName"}
    names = [item["displayName"] for item in (await v1.get("/servicePrincipals", params=by_name)).json()["value"]]
    assert names == ["Microsoft Graph", "Microsoft Intune API"]
    params = {"$filter": f"servicePrincipalNames/any(n:n eq '{GRAPH}')", "$count": "true", "$top": "1"}
    answer = (await v1.get("/servicePrincipals", params=params)).json()
    assert (answer["@odata.count"], len(answer["value"])) == (1, 1)
    assert len((await beta.get(f"/servicePrincipals/{answer['value'][0]['id']}")).json()["appRoles"]) > 500
    assert "publishedPermissionScopes" not in answer["value"][0]
    applications = await v1.get("/applications", params={"$filter": "displayName eq 'backup'"})
    assert [item["displayName"] for item in applications.json()["value"]] == ["Backup"]
    assert int((await v1.get("/applications/$count")).text) == len((await v1.get("/applications")).json()["value"])


async def test_a_service_principal_goes_with_its_application(v1: httpx.AsyncClient) -> None:
    application, principal = await _with_principal(v1)
    assert (await v1.patch(f"/servicePrincipals/{principal['id']}", json={"notes": "x"})).status_code == 204
    assert (await v1.get(f"/servicePrincipals/{principal['id']}")).json()["notes"] == "x"
    again = await v1.post("/servicePrincipals", json={"appId": application["appId"]})
    assert (again.status_code, "already in use" in error_message(again)) == (400, True)
    assert (await v1.delete(f"/servicePrincipals/{principal['id']}")).status_code == 204
    assert (await v1.get(f"/servicePrincipals/{principal['id']}")).status_code == 404
    assert (await v1.get(f"/applications/{application['id']}")).status_code == 200
    assert (await v1.delete(f"/applications/{application['id']}")).status_code == 204
    assert (await v1.get(f"/applications/{application['id']}")).status_code == 404


async def test_endpoints_are_found_by_the_id_of_intunes_service_principal(v1: httpx.AsyncClient) -> None:
    intune = await _id_of(v1, INTUNE)
    by_id = (await v1.get(f"/servicePrincipals/{intune}/endpoints")).raise_for_status().json()["value"]
    by_app = (await v1.get(f"/servicePrincipals/appId={INTUNE}/endpoints")).raise_for_status().json()["value"]
    assert by_id == by_app != []
    assert (await v1.get(f"/servicePrincipals/{await _id_of(v1, GRAPH)}/endpoints")).json()["value"] == []


async def test_a_service_principal_is_a_directory_object(v1: httpx.AsyncClient) -> None:
    _own, principal = await _with_principal(v1)
    shown = (await v1.get(f"/directoryObjects/{principal['id']}")).raise_for_status().json()
    assert (shown["@odata.type"], shown["displayName"]) == ("#microsoft.graph.servicePrincipal", "Backup")
    body: Json = {"ids": [principal["id"], ABSENT]}
    for types, found in ((None, 1), (["servicePrincipal"], 1), (["user"], 0)):
        answer = await v1.post("/directoryObjects/getByIds", json=body | ({} if types is None else {"types": types}))
        assert len(answer.raise_for_status().json()["value"]) == found, types


async def test_an_app_id_in_the_place_of_an_id_is_not_found(v1: httpx.AsyncClient) -> None:
    application, principal = await _with_principal(v1)
    by_app = application["appId"]
    for collection, document in (("applications", application), ("servicePrincipals", principal)):
        assert (await v1.get(f"/{collection}/{by_app}")).status_code == 404
        for key in (f"(appId='{by_app}')", f"/appId={by_app}", f"/{document['id'].upper()}"):
            assert (await v1.get(f"/{collection}{key}")).json()["id"] == document["id"], key


@pytest.mark.parametrize(
    ("path", "body", "why"),
    [
        ("/applications", {}, "displayName"),
        ("/applications", {"displayName": ""}, "displayName"),
        ("/applications", {"displayName": "x", "web": {"redirectUris": ["ftp://x"]}}, "redirectUris"),
        ("/applications", {"displayName": "x", "keyCredentials": [{"key": "AAAA"}]}, "certificate"),
        ("/applications", {"displayName": "x", "keyCredentials": [{"type": "x"}]}, "key"),
        ("/applications", {"displayName": "x", "colour": "red"}, "colour"),
        ("/servicePrincipals", {"appId": ABSENT}, "valid application object"),
        ("/servicePrincipals", {"appId": GRAPH}, "already in use"),
        ("/oauth2PermissionGrants", {"clientId": ABSENT, "consentType": "x", "resourceId": ABSENT}, "consentType"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_changes_nothing(
    v1: httpx.AsyncClient, path: str, body: Json, why: str
) -> None:
    before = (await v1.get(f"{path}/$count")).text
    answer = await v1.post(path, json=body)
    assert (answer.status_code, error_code(answer)) == (400, "Request_BadRequest"), answer.text
    assert why in error_message(answer)
    assert (await v1.get(f"{path}/$count")).text == before


async def test_roles_that_do_not_exist_and_principals_of_others_are_refused(v1: httpx.AsyncClient) -> None:
    _other, principal = await _with_principal(v1)
    graph, path = await _id_of(v1, GRAPH), f"/servicePrincipals/{principal['id']}/appRoleAssignments"
    good = {"principalId": principal["id"], "resourceId": graph, "appRoleId": READ_DEVICES}
    for wrong in ({"appRoleId": ABSENT}, {"resourceId": ABSENT}, {"principalId": ABSENT}, {"principalId": graph}):
        answer = await v1.post(path, json=good | wrong)
        assert answer.status_code in (400, 404), answer.text
    assert (await v1.patch(f"/servicePrincipals/{graph}", json={"notes": "x"})).status_code == 400
    assert (await v1.delete(f"/servicePrincipals/{graph}")).status_code == 400
    assert (await v1.get(path)).json()["value"] == []


async def test_a_role_that_an_application_declares_is_granted_and_kept(v1: httpx.AsyncClient) -> None:
    role = {
        "allowedMemberTypes": ["Application"],
        "description": "d",
        "displayName": "d",
        "id": "11111111-2222-4333-8444-555555555555",
        "isEnabled": True,
        "value": "Things.Read",
    }
    api = await _application(v1, appRoles=[role])
    resource = (await v1.post("/servicePrincipals", json={"appId": api["appId"]})).json()
    assert [app_role["value"] for app_role in resource["appRoles"]] == ["Things.Read"]
    _client, principal = await _with_principal(v1)
    grant = {"principalId": principal["id"], "resourceId": resource["id"], "appRoleId": role["id"]}
    path = f"/servicePrincipals/{principal['id']}/appRoleAssignments"
    made = (await v1.post(path, json=grant)).raise_for_status().json()
    assert (await v1.get(f"{path}/{made['id']}")).json()["resourceId"] == resource["id"]
    assert (await v1.delete(f"/servicePrincipals/{resource['id']}/appRoleAssignedTo/{made['id']}")).status_code == 204
    assert (await v1.get(path)).json()["value"] == []
