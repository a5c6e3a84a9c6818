"""Graph: managedDeviceCertificateState and managedAllDeviceCertificateState.

A device that refuses something in words of its own: Graph shows it, or the device is told what is wrong.
"""

from __future__ import annotations

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fauxtune.core.graph.index import entity
from fauxtune.core.odata.schema.types import Edm, Version
from tests.support.certificates import PfxImport
from tests.support.devices.android import AndroidOverHttp
from tests.support.graph import (
    ABSENT,
    DEVICES,
    IMPORTED,
    PFX,
    PROFILES,
    ROOT,
    SCEP,
    SIGNING,
    TENANT,
    advance_clock,
    assign,
    create,
    create_assigned,
    document,
    documents,
    error_code,
    error_message,
    id_of_user,
    waive_trusted_roots,
)
from tests.surfaces.graph.conftest import Enroll

NAME = "managedDeviceCertificateStates"
ALL = "/deviceManagement/deviceConfigurationsAllManagedDeviceCertificateStates"
FAILED = -2016281112
#: What is shown of a certificate that does not exist yet.
AWAITED = {
    "devicePlatform": "androidWorkProfile",
    "certificateKeyUsage": None,
    "certificateValidityPeriodUnits": "months",
    "certificateIssuanceState": "issuePending",
    "certificateKeyStorageProvider": "useTpmKspOtherwiseUseSoftwareKsp",
    "certificateSubjectNameFormat": "commonNameIncludingEmail",
    "certificateSubjectAlternativeNameFormat": "emailAddress",
    "certificateRevokeStatus": "none",
    "certificateProfileDisplayName": "P",
    "deviceDisplayName": "alice_AndroidForWork",
    "userDisplayName": "Alice Adams",
    "certificateExpirationDateTime": "0001-01-01T00:00:00Z",
    "certificateLastIssuanceStateChangedDateTime": "2026-11-24T10:00:00Z",
    "lastCertificateStateChangeDateTime": "2026-11-24T10:00:00Z",
    "certificateIssuer": None,
    "certificateThumbprint": None,
    "certificateSerialNumber": None,
    "certificateKeyLength": 0,
    "certificateEnhancedKeyUsage": None,
    "certificateValidityPeriod": 6,
    "certificateSubjectNameFormatString": None,
    "certificateSubjectAlternativeNameFormatString": None,
    "certificateIssuanceDateTime": "0001-01-01T00:00:00Z",
    "certificateErrorCode": 0,
}


async def _status(graph: httpx.AsyncClient, profile: str) -> str:
    (found,) = await documents(graph, f"{PROFILES}/{profile}/deviceStatuses")
    return str(found["status"])


async def test_a_pkcs_certificate_from_pending_to_deleted(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll
) -> None:
    await waive_trusted_roots(http)
    (connector,) = (await http.get(f"{TENANT}/connectors")).json()["value"]
    await http.patch(f"{TENANT}/connectors/{connector['id']}", json={"state": "offline"})
    profile = await create_assigned(beta, **SIGNING)
    phone = await enroll("alice")
    path = f"{PROFILES}/{profile}/microsoft.graph.androidWorkProfilePkcsCertificateProfile/{NAME}"
    assert await documents(beta, path) == []
    await phone.check_in()
    (waiting,) = await documents(beta, path)
    assert waiting == {"id": f"{profile}_{phone.managed_device_id}", **AWAITED}
    assert await documents(beta, ALL) == []
    await advance_clock(http, "PT1H")
    await http.patch(f"{TENANT}/connectors/{connector['id']}", json={"state": "online"})
    await phone.check_in()
    (issued,) = await documents(beta, path)
    (register,) = (await http.get(f"{TENANT}/certificates")).json()["value"]
    changes = {name: value for name, value in issued.items() if value != waiting[name]}
    assert changes == {
        "certificateKeyUsage": "digitalSignature",
        "certificateIssuanceState": "issued",
        "certificateExpirationDateTime": "2027-05-23T11:00:00Z",
        "certificateLastIssuanceStateChangedDateTime": "2026-11-24T11:00:00Z",
        "lastCertificateStateChangeDateTime": "2026-11-24T11:00:00Z",
        "certificateIssuer": "CN=Contoso Issuing CA,O=EMULATOR - NOT TRUSTED",
        "certificateThumbprint": register["thumbprint"],
        "certificateSerialNumber": register["serial"],
        "certificateKeyLength": 2048,
        "certificateEnhancedKeyUsage": "1.3.6.1.5.5.7.3.4",
        "certificateIssuanceDateTime": "2026-11-24T10:50:00Z",
    }
    await phone.settle()
    assert (await document(beta, f"{path}/{issued['id']}"))["certificateIssuanceState"] == "installed"
    await phone.refuse(f"keyPairs[alias=pkcs-{profile}]", setting="keyPairs")
    (refused,) = await documents(beta, path)
    assert (refused["certificateIssuanceState"], refused["certificateErrorCode"]) == ("installFailed", FAILED)
    await phone.settle()
    await assign(beta, profile)
    await phone.check_in()
    assert [document["certificateIssuanceState"] for document in await documents(beta, path)] == [
        "removedFromCollection"
    ]
    await phone.settle()
    (gone,) = await documents(beta, path)
    assert (gone["certificateIssuanceState"], gone["certificateRevokeStatus"]) == ("deleted", "none")


async def test_what_a_retired_device_held_is_shown_until_its_record_goes(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll
) -> None:
    await waive_trusted_roots(http)
    profile = await create_assigned(beta, **SIGNING)
    phone = await enroll("alice")
    await phone.settle()
    (state,) = await documents(beta, ALL)
    revoked = await http.post(
        f"{TENANT}/certificates/{state['certificateSerialNumber']}/revoke", json={"reason": "superseded"}
    )
    assert revoked.status_code == 200, revoked.text
    (state,) = await documents(beta, ALL)
    (own,) = await documents(beta, f"{PROFILES}/{profile}/{NAME}")
    assert (state["certificateRevokeStatus"], own["certificateRevokeStatus"]) == ("revoked", "revoked")
    assert state["certificateRevokeStatusLastChangeDateTime"] == "2026-11-24T10:00:00Z"
    assert (await beta.post(f"{DEVICES}/{phone.managed_device_id}/retire")).status_code == 204
    await phone.obey()
    assert await documents(beta, ALL) == []
    assert await documents(beta, f"{PROFILES}/{profile}/{NAME}") == []


async def test_a_certificate_that_is_renewed_says_so(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll
) -> None:
    await waive_trusted_roots(http)
    profile = await create_assigned(beta, **SIGNING)
    phone = await enroll("alice")
    await phone.settle()
    (connector,) = (await http.get(f"{TENANT}/connectors")).json()["value"]
    await http.patch(f"{TENANT}/connectors/{connector['id']}", json={"state": "offline"})
    await advance_clock(http, "P170D")
    await phone.check_in()
    (state,) = await documents(beta, f"{PROFILES}/{profile}/{NAME}")
    assert state["certificateIssuanceState"] == "renewalRequested"


async def test_imported_certificates_have_a_row_each(
    beta: httpx.AsyncClient, enroll: Enroll, file_of_alice: PfxImport
) -> None:
    profile = await create_assigned(beta, **{"@odata.type": IMPORTED, "intendedPurpose": "smimeEncryption"})
    await create(beta, PFX, **file_of_alice.body("alice@contoso.example"))
    phones = [await enroll("alice"), await enroll("alice")]
    for phone in phones:
        await phone.settle()
    path = f"{PROFILES}/{profile}/{NAME}"
    result = await documents(beta, path)
    thumbprint = file_of_alice.thumbprint
    assert {each["id"] for each in result} == {f"{profile}_{phone.managed_device_id}_{thumbprint}" for phone in phones}
    (state, _other) = result
    assert state["certificateIssuanceState"] == "installed"
    assert state["certificateThumbprint"] == thumbprint
    assert state["certificateIssuanceDateTime"] == "2026-01-31T10:00:00Z"
    assert state["certificateExpirationDateTime"] == "2027-01-31T10:00:00Z"
    assert (state["certificateSerialNumber"], state["certificateIssuer"]) == (None, None)
    everywhere = await documents(beta, ALL)
    assert {each["id"] for each in everywhere} == {f"{phone.managed_device_id}_{thumbprint}" for phone in phones}
    owner, pfx = await id_of_user(beta, "alice"), thumbprint
    assert (await beta.delete(f"{PFX}/{owner.replace('-', '')}-{pfx}")).status_code == 204
    await phones[0].settle()
    states = {
        document["id"].split("_")[1]: document["certificateIssuanceState"] for document in await documents(beta, path)
    }
    assert states[phones[0].managed_device_id] == "deleted"


async def test_a_scep_profile_says_that_no_challenge_was_made(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    body = {
        "scepServerUrls": ["https://ndes.contoso.example/certsrv/mscep/mscep.dll"],
        "keySize": "size2048",
        "keyUsage": "digitalSignature",
        "hashAlgorithm": "sha2",
    }
    profile = await create_assigned(beta, **{"@odata.type": SCEP, **body})
    await (await enroll("alice")).settle()
    (state,) = await documents(beta, f"{PROFILES}/{profile}/{NAME}")
    assert (state["certificateIssuanceState"], state["certificateErrorCode"]) == ("challengeIssueFailed", FAILED)
    assert state["certificateKeyUsage"] == "digitalSignature"
    assert await documents(beta, ALL) == []


async def test_all_certificates_of_the_tenant(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll, file_of_alice: PfxImport
) -> None:
    await waive_trusted_roots(http)
    await create_assigned(beta, **{**SIGNING, "certificateTemplateName": "SmimeBoth"})
    await create_assigned(beta, **{"@odata.type": IMPORTED, "intendedPurpose": "smimeEncryption"})
    await create(beta, PFX, **file_of_alice.body("alice@contoso.example"))
    alice, bob = await enroll("alice"), await enroll("bob")
    await alice.settle()
    await bob.settle()
    issued = [document for document in await documents(beta, ALL) if document["certificateSerialNumber"]]
    result = next(each for each in issued if each["userPrincipalName"].startswith("bob"))
    assert result == {
        "id": f"{bob.managed_device_id}_{result['certificateThumbprint']}",
        "certificateRevokeStatus": "none",
        "certificateRevokeStatusLastChangeDateTime": "0001-01-01T00:00:00Z",
        "managedDeviceDisplayName": "bob_AndroidForWork",
        "userPrincipalName": "bob@contoso.example",
        "certificateExpirationDateTime": "2027-05-23T10:00:00Z",
        "certificateIssuerName": "CN=Contoso Issuing CA,O=EMULATOR - NOT TRUSTED",
        "certificateThumbprint": result["certificateThumbprint"],
        "certificateSerialNumber": result["certificateSerialNumber"],
        "certificateSubjectName": result["certificateSubjectName"],
        "certificateKeyUsages": 0x80 | 0x20,
        "certificateExtendedKeyUsages": "1.3.6.1.5.5.7.3.4",
        "certificateIssuanceDateTime": "2026-11-24T09:50:00Z",
    }
    assert "bob@contoso.example" in result["certificateSubjectName"]
    (one,) = await documents(
        beta, ALL, **{"$filter": "certificateKeyUsages eq 160 and contains(userPrincipalName,'bob')"}
    )
    assert one == result
    assert (await document(beta, f"{ALL}('{result['id']}')"))["id"] == result["id"]
    assert (await beta.get(f"{ALL}/$count")).text == "3"
    seen, link = [], f"{ALL}?$top=2&$orderby=certificateExpirationDateTime"
    while link:
        page = (await beta.get(link)).json()
        seen.append([entry["certificateExpirationDateTime"] for entry in page["value"]])
        link = page.get("@odata.nextLink", "")
    assert [len(each) for each in seen] == [2, 1]
    assert seen[0] + seen[1] == sorted(seen[0] + seen[1])


@pytest.mark.parametrize("name", ["managedDeviceCertificateState", "managedAllDeviceCertificateState"])
async def test_every_property_can_be_filtered_and_sorted_by(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll, name: str
) -> None:
    await waive_trusted_roots(http)
    profile = await create_assigned(beta, **SIGNING)
    await (await enroll("alice")).settle()
    path = ALL if "All" in name else f"{PROFILES}/{profile}/{NAME}"
    (state,) = await documents(beta, path)
    for each in entity(name).properties_in(Version.BETA).values():
        value = state[each.name]
        plain = value is None or each.type in (Edm.INT32, Edm.DATE_TIME)
        literal = "null" if value is None else str(value) if plain else f"'{value}'"
        assert await documents(beta, path, **{"$filter": f"{each.name} eq {literal}"}) == [state], each.name
        assert await documents(beta, path, **{"$filter": f"{each.name} ne {literal}"}) == [], each.name
        assert await documents(beta, path, **{"$orderby": f"{each.name} desc"}) == [state], each.name


async def test_a_cast_must_be_the_profiles_type_and_the_type_must_have_states(
    beta: httpx.AsyncClient, v1: httpx.AsyncClient, root_file: str
) -> None:
    profile = await create_assigned(beta, **SIGNING)
    for cast in ("androidWorkProfilePkcsCertificateProfile", "androidWorkProfileCertificateProfileBase"):
        assert await documents(beta, f"{PROFILES}/{profile}/microsoft.graph.{cast}/{NAME}") == []
    wrong = await beta.get(f"{PROFILES}/{profile}/microsoft.graph.iosPkcsCertificateProfile/{NAME}")
    assert (wrong.status_code, error_code(wrong)) == (404, "ResourceNotFound")
    assert "androidWorkProfilePkcsCertificateProfile, not a iosPkcsCertificateProfile" in error_message(wrong)
    root = await create_assigned(beta, **{"@odata.type": ROOT, "trustedRootCertificate": root_file})
    for path in (f"{root}/{NAME}", f"{root}/microsoft.graph.{ROOT.rpartition('.')[2]}/{NAME}/$count"):
        answer = await beta.get(f"{PROFILES}/{path}")
        assert (answer.status_code, error_code(answer)) == (400, "BadRequest")
    assert (await v1.get(f"{PROFILES}/{profile}/{NAME}")).status_code == 400
    assert (await v1.get(ALL)).status_code == 400


async def test_an_unknown_state_is_not_found(beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll) -> None:
    await waive_trusted_roots(http)
    profile, other = await create_assigned(beta, **SIGNING), await create_assigned(beta, **SIGNING)
    await (await enroll("alice")).settle()
    (state,) = await documents(beta, f"{PROFILES}/{profile}/{NAME}")
    paths = (
        f"{PROFILES}/{profile}/{NAME}/{ABSENT}",
        f"{PROFILES}/{other}/{NAME}/{state['id']}",
        f"{PROFILES}/{ABSENT}/{NAME}",
        f"{ALL}/{ABSENT}",
        f"{ALL}/{state['id']}",
    )
    for path in paths:
        answer = await beta.get(path)
        assert (answer.status_code, error_code(answer)) == (404, "ResourceNotFound"), path


@pytest.mark.parametrize("path", ["pkcs-{}", 'keyPairs[alias="pkcs-{}"]', "keyPairs[0]"])
async def test_a_refused_key_pair_is_an_error_of_its_profile_however_it_is_named(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll, path: str
) -> None:
    await waive_trusted_roots(http)
    profile = await create_assigned(beta, **SIGNING)
    phone = await enroll("alice")
    await phone.settle()
    await phone.refuse(path.format(profile), setting="keyPairs")
    assert await _status(beta, profile) == "error"


async def test_a_refusal_that_names_nothing_is_answered_with_400_and_changes_nothing(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll
) -> None:
    await waive_trusted_roots(http)
    profile = await create_assigned(beta, **SIGNING)
    phone = await enroll("alice")
    await phone.settle()
    before = await _status(beta, profile)
    for setting, path in (("keyPairs", "the certificate"), ("passwordPolicies", "")):
        body = {
            "appliedPolicyVersion": phone.applied_version,
            "nonComplianceDetails": [{"settingName": setting, "fieldPath": path}],
        }
        answer = await phone.call("POST", ":reportStatus", body=body)
        assert answer.status_code == 400
        error = answer.json()["error"]
        assert (error["status"], "keyPairs" in error["message"]) == ("INVALID_ARGUMENT", True)
    assert await _status(beta, profile) == before


@pytest.mark.parametrize(
    ("words", "right", "wrong"),
    [
        ({"mode": "ios"}, "mode is one of work-profile, fully-managed,", "windows"),
        ({"csr": "-----BEGIN CERTIFICATE REQUEST-----"}, "csr: this is PEM;", "Value error"),
    ],
)
async def test_an_enrolment_that_is_refused_says_what_this_door_takes(
    http: httpx.AsyncClient, csr: str, words: dict[str, str], right: str, wrong: str
) -> None:
    body = {"enrollmentToken": "x", "csr": csr, **words}
    answer = await http.post("/mdm/contoso/android/v1/enterprises/contoso/devices:enroll", json=body)
    assert answer.status_code == 400
    message = answer.json()["error"]["message"]
    assert (right in message, wrong in message) == (True, False), message


async def test_a_device_owner_that_says_no_mode_is_fully_managed(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, raw_rsa_keys: list[RSAPrivateKey]
) -> None:
    phone = await AndroidOverHttp.enrolled(http, key=raw_rsa_keys[0], managementMode="DEVICE_OWNER")
    await phone.settle()
    (record,) = await documents(beta, "/deviceManagement/managedDevices")
    assert record["deviceEnrollmentType"] == "androidEnterpriseFullyManaged"
