"""Short calls of Graph, readers of its errors, and the profiles that many tests create."""

from __future__ import annotations

import json
from typing import Any

import httpx

from fauxtune.core.profiles.catalog import Kind, kind

Json = dict[str, Any]
PROFILES = "/deviceManagement/deviceConfigurations"
DEVICES = "/deviceManagement/managedDevices"
PFX = "/deviceManagement/userPfxCertificates"
ABSENT = "00000000-0000-4000-8000-000000000000"
ROOT = "#microsoft.graph.androidWorkProfileTrustedRootCertificate"
IMPORTED = "#microsoft.graph.androidForWorkImportedPFXCertificateProfile"
PKCS = "#microsoft.graph.androidWorkProfilePkcsCertificateProfile"
SCEP = "#microsoft.graph.androidWorkProfileScepCertificateProfile"
STORED = "#microsoft.graph.androidWorkProfileCustomConfiguration"
EVERYBODY: Json = {"target": {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}}
SIGNING: Json = {
    "@odata.type": PKCS,
    "certificationAuthority": "ca.contoso.example",
    "certificationAuthorityName": "Contoso Issuing CA",
    "certificateTemplateName": "SmimeSigning",
    "subjectNameFormat": "commonNameIncludingEmail",
    "subjectAlternativeNameType": "emailAddress",
    "certificateValidityPeriodValue": 6,
    "certificateValidityPeriodScale": "months",
}
TENANT = "/_fauxtune/v1/tenants/contoso"


def error_message(answer: httpx.Response) -> str:
    """Return the message of an error, in either dialect: Intune's is itself a JSON text."""
    message: str = answer.json()["error"]["message"]
    if not message.startswith("{"):
        return message
    inner: str = json.loads(message)["Message"]
    return inner.partition(" - Operation ID")[0]


def error_code(answer: httpx.Response) -> str:
    """Return the code of an error."""
    code: str = answer.json()["error"]["code"]
    return code


async def ids(graph: httpx.AsyncClient, path: str) -> list[str]:
    """Return the ids of a collection."""
    answer = await graph.get(path)
    assert answer.status_code == 200, answer.text
    return [entry["id"] for entry in answer.json()["value"]]


async def id_of_group(graph: httpx.AsyncClient, name: str) -> str:
    """Return the id of a group with this display name."""
    (found,) = (await graph.get("/groups", params={"$filter": f"displayName eq '{name}'"})).json()["value"]
    return str(found["id"])


async def id_of_user(graph: httpx.AsyncClient, name: str) -> str:
    """Return the id of a user of the seed."""
    return str((await graph.get(f"/users/{name}@contoso.example")).json()["id"])


async def create(graph: httpx.AsyncClient, path: str, /, **body: Any) -> Json:
    """POST, which must answer 201 or, where programs expect it, 200; the new entity."""
    answer = await graph.post(path, json=body)
    assert answer.status_code in (200, 201), answer.text
    document: Json = answer.json()
    return document


def known_kind(name: str) -> Kind:
    """Return the kind of profile of this name, which must be known."""
    result = kind(name)
    assert result is not None
    return result


async def create_assigned(graph: httpx.AsyncClient, *targets: Json, **body: Any) -> str:
    """Create a profile and assign it to `targets`, or to all users; its id."""
    profile = str((await create(graph, PROFILES, **{"displayName": "P", **body}))["id"])
    await assign(graph, profile, *(targets or (EVERYBODY,)))
    return profile


async def assign(graph: httpx.AsyncClient, profile: str, *targets: Json) -> None:
    """Replace the assignments of a profile."""
    answer = await graph.post(f"{PROFILES}/{profile}/assign", json={"assignments": list(targets)})
    assert answer.status_code == 200, answer.text


async def waive_trusted_roots(http: httpx.AsyncClient) -> None:
    """Let PKCS certificates be delivered without the root of their authority."""
    answer = await http.patch(TENANT, json={"settings": {"requireTrustedRoot": False}})
    assert answer.status_code == 200, answer.text


async def advance_clock(http: httpx.AsyncClient, by: str) -> None:
    """Advance the tenant's clock by an ISO 8601 duration: tokens, which go by the system's, stay valid."""
    answer = await http.post(f"{TENANT}/clock/advance", json={"by": by})
    assert answer.status_code == 200, answer.text


async def documents(graph: httpx.AsyncClient, path: str, **options: str) -> list[Json]:
    """Return the elements of a collection."""
    answer = await graph.get(path, params=options)
    assert answer.status_code == 200, answer.text
    entries: list[Json] = answer.json()["value"]
    return entries


async def document(graph: httpx.AsyncClient, path: str) -> Json:
    """Return one entity."""
    answer = await graph.get(path)
    assert answer.status_code == 200, answer.text
    result: Json = answer.json()
    return result


def nonzero_counts(found: Json) -> dict[str, int]:
    """Return the properties that count something and are not zero."""
    return {name: value for name, value in found.items() if name.endswith("Count") and value}
