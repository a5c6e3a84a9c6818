"""Profiles that reach somebody, and devices that refuse what they are given."""

from __future__ import annotations

from typing import Any

import httpx

from tests.support.graph import PROFILES, Json, made

ROOT = "#microsoft.graph.androidWorkProfileTrustedRootCertificate"
IMPORTED = "#microsoft.graph.androidForWorkImportedPFXCertificateProfile"
PKCS = "#microsoft.graph.androidWorkProfilePkcsCertificateProfile"
SCEP = "#microsoft.graph.androidWorkProfileScepCertificateProfile"
STORED = "#microsoft.graph.androidWorkProfileGeneralDeviceConfiguration"
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


async def assigned(graph: httpx.AsyncClient, *targets: Json, **body: Any) -> str:
    """The id of a new profile that reaches everybody, or these."""
    profile = str((await made(graph, PROFILES, **{"displayName": "P", **body}))["id"])
    await assign(graph, profile, *(targets or (EVERYBODY,)))
    return profile


async def assign(graph: httpx.AsyncClient, profile: str, *targets: Json) -> None:
    """Whom the profile reaches from now on."""
    answer = await graph.post(f"{PROFILES}/{profile}/assign", json={"assignments": list(targets)})
    assert answer.status_code == 200, answer.text


async def without_roots(http: httpx.AsyncClient) -> None:
    """PKCS certificates come without the root of their authority."""
    answer = await http.patch(TENANT, json={"settings": {"requireTrustedRoot": False}})
    assert answer.status_code == 200, answer.text


async def later(http: httpx.AsyncClient, by: str) -> None:
    """The tenant's clock is put forward: tokens, which go by the system's, stay good."""
    answer = await http.post(f"{TENANT}/clock/advance", json={"by": by})
    assert answer.status_code == 200, answer.text


async def documents(graph: httpx.AsyncClient, path: str, **options: str) -> list[Json]:
    """The elements of a collection."""
    answer = await graph.get(path, params=options)
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["value"]
    return found


async def document(graph: httpx.AsyncClient, path: str) -> Json:
    """One thing."""
    answer = await graph.get(path)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def numbers(found: Json) -> dict[str, int]:
    """The counts that are not zero."""
    return {name: value for name, value in found.items() if name.endswith("Count") and value}
