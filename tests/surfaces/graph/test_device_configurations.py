"""Graph: deviceConfiguration; its life, and what its views show."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from fauxtune.core.graph.index import entity
from fauxtune.core.model.tenants import Edition, Tenant
from fauxtune.core.odata.schema.types import Version
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.tenants.tenants import change_settings
from tests.support.certificates import base64_of, self_signed
from tests.support.clock import FixedClock
from tests.support.graph import ABSENT, PROFILES, create, error_code, error_message, ids
from tests.support.hostile_der import PILLS, Change, altered

ROOT = "#microsoft.graph.androidWorkProfileTrustedRootCertificate"
PKCS = "#microsoft.graph.androidDeviceOwnerPkcsCertificateProfile"
PFX_KIND = "#microsoft.graph.androidForWorkImportedPFXCertificateProfile"
SIGNING: dict[str, Any] = {
    "@odata.type": PKCS,
    "displayName": "Signing",
    "certificationAuthority": "ca.contoso.example",
    "certificationAuthorityName": "Contoso Issuing CA",
    "certificateTemplateName": "SmimeSigning",
}


async def test_a_profile_is_made_with_every_property_that_its_type_has(beta: httpx.AsyncClient) -> None:
    answer = await beta.post(PROFILES, json=SIGNING)
    profile = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"https://localhost:8443/beta{PROFILES}('{profile['id']}')"
    assert list(profile)[:3] == ["@odata.context", "@odata.type", "id"]
    assert profile["@odata.context"] == (
        "https://localhost:8443/beta/$metadata#deviceManagement/deviceConfigurations/$entity"
    )
    declared = set(entity(PKCS).properties_in(Version.BETA))
    assert set(profile) - {"@odata.context", "@odata.type"} == declared
    unset = {
        "description": None,
        "roleScopeTagIds": ["0"],
        "supportsScopeTags": True,
        "version": 1,
        "extendedKeyUsages": [],
        "subjectAlternativeNameType": None,
        "renewalThresholdPercentage": None,
        "certificateAccessType": None,
        "silentCertificateAccessDetails": [],
        "createdDateTime": "2026-11-24T10:00:00Z",
        "lastModifiedDateTime": "2026-11-24T10:00:00Z",
    }
    assert {name: profile[name] for name in unset} == unset
    assert (await beta.get(f"{PROFILES}/{profile['id']}")).json() == profile


async def test_what_the_server_owns_is_not_taken_from_a_client(beta: httpx.AsyncClient) -> None:
    profile = await create(
        beta,
        PROFILES,
        **SIGNING,
        id="00000000-0000-0000-0000-000000000000",
        version=7,
        createdDateTime="2001-01-01T00:00:00Z",
        supportsScopeTags=False,
    )
    assert profile["id"] != "00000000-0000-0000-0000-000000000000"
    assert (profile["version"], profile["supportsScopeTags"]) == (1, True)
    assert profile["createdDateTime"] == "2026-11-24T10:00:00Z"


async def test_a_change_merges_and_counts(beta: httpx.AsyncClient, clock: FixedClock) -> None:
    profile = await create(beta, PROFILES, **SIGNING, description="old", renewalThresholdPercentage=20)
    clock.forward(minutes=5)
    changes = {"@odata.type": PKCS, "description": None, "displayName": "New"}
    answer = await beta.patch(f"{PROFILES}('{profile['id']}')", json=changes)
    assert answer.status_code == 200
    changed = answer.json()
    assert changed == {
        **profile,
        "description": None,
        "displayName": "New",
        "version": 2,
        "lastModifiedDateTime": "2026-11-24T10:05:00Z",
    }
    assert (await beta.get(f"{PROFILES}/{profile['id']}")).json() == changed
    without_type = await beta.patch(f"{PROFILES}/{profile['id']}", json={"displayName": "Newer"})
    assert (without_type.status_code, without_type.json()["version"]) == (200, 3)


async def test_the_kind_of_a_profile_is_for_ever(beta: httpx.AsyncClient) -> None:
    profile = await create(beta, PROFILES, **SIGNING)
    for kind in (ROOT, "#microsoft.graph.nothing"):
        answer = await beta.patch(f"{PROFILES}/{profile['id']}", json={"@odata.type": kind, "displayName": "x"})
        assert (answer.status_code, error_code(answer)) == (400, "BadRequest")
    base = {"@odata.type": "#microsoft.graph.deviceConfiguration", "displayName": "y"}
    assert (await beta.patch(f"{PROFILES}/{profile['id']}", json=base)).status_code == 200


@pytest.mark.parametrize("edition", Edition)
async def test_purpose_and_provider_of_imported_certificates_are_fixed_after_2020(
    beta: httpx.AsyncClient, emulator: Emulator, tenant: Tenant, edition: Edition
) -> None:
    await emulator.runner.run(tenant, change_settings, {"edition": edition.value})
    kind = "#microsoft.graph.windows10ImportedPFXCertificateProfile"
    before = {"intendedPurpose": "smimeEncryption", "keyStorageProvider": "useSoftwareKsp"}
    profile = await create(beta, PROFILES, **{"@odata.type": kind, "displayName": "Encryption", **before})
    path, kept = f"{PROFILES}/{profile['id']}", edition is Edition.CURRENT
    for name, value in {"intendedPurpose": "smimeSigning", "keyStorageProvider": "useTpmKspOtherwiseFail"}.items():
        assert (await beta.patch(path, json={name: before[name], "displayName": "Again"})).status_code == 200
        answer = await beta.patch(path, json={name: value, "displayName": name})
        assert answer.status_code == (400 if kept else 200)
        assert not kept or f"{name} cannot be changed after the profile was created" in error_message(answer)
        document = (await beta.get(path)).json()
        assert (document[name], document["displayName"]) == ((before[name], "Again") if kept else (value, name))


@pytest.mark.parametrize("edition", Edition)
async def test_the_channel_of_macos_is_fixed_once_the_profile_is_assigned_after_2020(
    beta: httpx.AsyncClient, emulator: Emulator, tenant: Tenant, edition: Edition
) -> None:
    await emulator.runner.run(tenant, change_settings, {"edition": edition.value})
    kind = "#microsoft.graph.macOSImportedPFXCertificateProfile"
    values = {"intendedPurpose": "smimeEncryption", "deploymentChannel": "deviceChannel"}
    profile = await create(beta, PROFILES, **{"@odata.type": kind, "displayName": "Mac", **values})
    path = f"{PROFILES}/{profile['id']}"
    assert (await beta.patch(path, json={"deploymentChannel": "userChannel"})).status_code == 200
    everybody = {"target": {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}}
    assert (await beta.post(f"{path}/assign", json={"assignments": [everybody]})).status_code == 200
    answer = await beta.patch(path, json={"deploymentChannel": "deviceChannel"})
    assert answer.status_code == (400 if edition is Edition.CURRENT else 200)


async def test_flags_come_back_lowest_bit_first(beta: httpx.AsyncClient) -> None:
    sent = {"subjectAlternativeNameType": "userPrincipalName, EmailAddress"}
    profile = await create(beta, PROFILES, **SIGNING, **sent)
    assert profile["subjectAlternativeNameType"] == "emailAddress,userPrincipalName"


async def test_types_are_found_in_any_casing_and_told_in_graphs(beta: httpx.AsyncClient) -> None:
    profile = await create(beta, PROFILES, **{**SIGNING, "@odata.type": PKCS.lower().removeprefix("#")})
    assert profile["@odata.type"] == PKCS


async def test_navigations_are_taken_and_not_told(beta: httpx.AsyncClient, root_file: str) -> None:
    root = await create(
        beta,
        PROFILES,
        **{
            "@odata.type": "#microsoft.graph.androidDeviceOwnerTrustedRootCertificate",
            "displayName": "Root",
            "trustedRootCertificate": root_file,
        },
    )
    url = f"https://graph.microsoft.com/beta/deviceManagement/deviceConfigurations('{root['id']}')"
    for bound in ({"rootCertificate@odata.bind": url}, {"rootCertificate": {"id": root["id"]}}):
        profile = await create(beta, PROFILES, **SIGNING, **bound)
        for shown in (profile, (await beta.get(f"{PROFILES}/{profile['id']}")).json()):
            assert not [name for name in shown if name.startswith("rootCertificate")]
    absent = {"rootCertificate@odata.bind": url.replace(root["id"], ABSENT)}
    refused = await beta.post(PROFILES, json={**SIGNING, **absent})
    assert (refused.status_code, error_code(refused)) == (400, "BadRequest")
    assert ABSENT in error_message(refused)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"@odata.type": None}, "@odata.type is required"),
        ({"@odata.type": "#microsoft.graph.frobnicate"}, "could not be resolved by the model"),
        ({"@odata.type": "#microsoft.graph.deviceConfiguration"}, "abstract"),
        ({"@odata.type": "#microsoft.graph.user"}, "user"),
        ({"@odata.type": 7}, "must be a text"),
        ({"displayName": None}, "displayName"),
        ({"displayName": ""}, "displayName"),
        ({"colour": "red"}, "The property 'colour' does not exist"),
        ({"displayname": "x"}, "'displayName' is there twice"),
        ({"renewalThresholdPercentage": 0}, "must be 1 to 99"),
        ({"renewalThresholdPercentage": 100}, "must be 1 to 99"),
        ({"renewalThresholdPercentage": "20"}, "not an Int32"),
        ({"certificationAuthority": ""}, "certificationAuthority is required"),
        ({"certificateTemplateName": None}, "certificateTemplateName is required"),
        ({"subjectNameFormat": "custom"}, "subjectNameFormatString is required"),
        ({"subjectNameFormat": "loud"}, "use one of commonName"),
        ({"subjectAlternativeNameType": ["emailAddress"]}, "write the name"),
        ({"rootCertificate@odata.bind": "root"}, "not a reference"),
        ({"owners@odata.bind": []}, "'owners' does not exist"),
    ],
)
async def test_what_can_never_work_is_refused_and_leaves_nothing(
    beta: httpx.AsyncClient, change: dict[str, Any], why: str
) -> None:
    answer = await beta.post(PROFILES, json={**SIGNING, **change})
    assert (answer.status_code, error_code(answer)) == (400, "BadRequest"), answer.text
    assert why in error_message(answer)
    assert await ids(beta, PROFILES) == []


@pytest.mark.parametrize("change", [{"renewalThresholdPercentage": 100}, {"displayName": None}, {"colour": "red"}])
async def test_a_refused_change_leaves_the_profile_as_it_was(beta: httpx.AsyncClient, change: dict[str, Any]) -> None:
    profile = await create(beta, PROFILES, **SIGNING)
    answer = await beta.patch(f"{PROFILES}/{profile['id']}", json={"description": "new", **change})
    assert (answer.status_code, error_code(answer)) == (400, "BadRequest")
    assert (await beta.get(f"{PROFILES}/{profile['id']}")).json() == profile


@pytest.mark.parametrize(
    "file", [None, "", "AAAA", "bm8gY2VydGlmaWNhdGU=", "no base64!", "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t"]
)
async def test_a_root_that_does_not_parse_is_refused(beta: httpx.AsyncClient, file: str | None) -> None:
    body = {"@odata.type": ROOT, "displayName": "Root", "trustedRootCertificate": file}
    answer = await beta.post(PROFILES, json=body)
    assert (answer.status_code, error_code(answer)) == (400, "BadRequest")
    assert "trustedRootCertificate" in error_message(answer)
    assert await ids(beta, PROFILES) == []


@pytest.mark.parametrize("change", PILLS.values(), ids=PILLS)
async def test_a_root_that_would_break_its_readers_later_is_refused(
    beta: httpx.AsyncClient, raw_rsa_keys: list[rsa.RSAPrivateKey], change: Change
) -> None:
    key = raw_rsa_keys[3]
    broken = base64.b64encode(altered(self_signed(key, authority=True), key, change)).decode()
    answer = await beta.post(PROFILES, json={"@odata.type": ROOT, "displayName": "R", "trustedRootCertificate": broken})
    assert answer.status_code == 400, answer.text
    assert "trustedRootCertificate is not an X.509 certificate" in error_message(answer)


async def test_a_leaf_is_no_root(beta: httpx.AsyncClient, raw_rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    leaf = base64_of(self_signed(raw_rsa_keys[3], authority=False))
    answer = await beta.post(PROFILES, json={"@odata.type": ROOT, "displayName": "R", "trustedRootCertificate": leaf})
    assert answer.status_code == 400, answer.text
    assert "'CN=Alice', which is not an authority" in error_message(answer)


async def test_a_profile_is_deleted(beta: httpx.AsyncClient) -> None:
    profile = await create(beta, PROFILES, **SIGNING)
    answer = await beta.delete(f"{PROFILES}/{profile['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert await ids(beta, PROFILES) == []


@pytest.mark.parametrize(
    ("method", "tail", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"displayName": "x"}),
        ("DELETE", "", None),
        ("POST", "/assign", {"assignments": []}),
        ("GET", "/assignments", None),
        ("GET", "/deviceStatuses", None),
        ("GET", "/deviceStatusOverview", None),
    ],
)
async def test_a_profile_that_is_not_there_is_not_found(
    beta: httpx.AsyncClient, method: str, tail: str, body: dict[str, Any] | None
) -> None:
    answer = await beta.request(method, f"{PROFILES}/{ABSENT}{tail}", json=body)
    assert (answer.status_code, error_code(answer)) == (404, "ResourceNotFound")
    assert error_message(answer) == f"There is no deviceConfiguration '{ABSENT}'."


async def test_v1_does_not_know_these_kinds_but_shows_what_all_have(
    beta: httpx.AsyncClient, v1: httpx.AsyncClient
) -> None:
    refused = await v1.post(PROFILES, json=SIGNING)
    assert (refused.status_code, error_code(refused)) == (400, "BadRequest")
    assert "could not be resolved by the model" in error_message(refused)
    assert await ids(beta, PROFILES) == []
    profile = await create(beta, PROFILES, **SIGNING)
    document = (await v1.get(f"{PROFILES}/{profile['id']}")).json()
    assert set(document) == {
        "@odata.context",
        "@odata.type",
        "id",
        "lastModifiedDateTime",
        "createdDateTime",
        "description",
        "displayName",
        "version",
    }
    assert document["@odata.type"] == PKCS
    assert (await v1.patch(f"{PROFILES}/{profile['id']}", json={"displayName": "x"})).status_code == 400
    (listed,) = (await v1.get(PROFILES)).json()["value"]
    assert listed == {name: value for name, value in document.items() if name != "@odata.context"}


async def test_a_list_says_of_each_what_it_is(beta: httpx.AsyncClient, root_file: str) -> None:
    await create(beta, PROFILES, **SIGNING)
    await create(beta, PROFILES, **{"@odata.type": ROOT, "displayName": "Root", "trustedRootCertificate": root_file})
    await create(beta, PROFILES, **{"@odata.type": PFX_KIND, "displayName": "Imported", "intendedPurpose": "vpn"})
    document = (await beta.get(PROFILES)).json()
    assert document["@odata.count"] == 3
    assert sorted(entry["@odata.type"] for entry in document["value"]) == sorted([PKCS, ROOT, PFX_KIND])
    of_kind = {"$filter": "isof('microsoft.graph.androidForWorkImportedPFXCertificateProfile')"}
    (found,) = (await beta.get(PROFILES, params=of_kind)).json()["value"]
    assert (found["displayName"], found["intendedPurpose"]) == ("Imported", "vpn")
    assert (await beta.get(f"{PROFILES}/$count")).text == "3"


async def test_a_cast_leaves_the_profiles_of_one_kind(beta: httpx.AsyncClient) -> None:
    signing = await create(beta, PROFILES, **SIGNING)
    kind = SIGNING["@odata.type"].rpartition(".")[2]
    other = "iosPkcsCertificateProfile" if kind != "iosPkcsCertificateProfile" else "macOSPkcsCertificateProfile"
    cast, none = f"{PROFILES}/microsoft.graph.{kind}", f"{PROFILES}/microsoft.graph.{other}"
    assert [item["id"] for item in (await beta.get(cast)).json()["value"]] == [signing["id"]]
    assert (await beta.get(f"{cast}/$count")).text == "1"
    assert (await beta.get(none)).json()["value"] == []
    assert (await beta.get(f"{PROFILES}/microsoft.graph.user")).status_code == 400
    one = f"{PROFILES}/{signing['id']}"
    assert (await beta.get(f"{one}/microsoft.graph.{kind}")).status_code == 200
    for path in (f"{one}/microsoft.graph.{other}", f"{one}/microsoft.graph.{other}/assignments"):
        assert (await beta.get(path)).status_code == 404, path
