"""A device that refuses something in words of its own: Graph shows it, or the device is told what is wrong."""

from __future__ import annotations

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tests.support.devices.android import AndroidOverHttp
from tests.support.graph import PROFILES, SIGNING, create_assigned, documents, waive_trusted_roots
from tests.surfaces.graph.conftest import Enroll


async def _status(graph: httpx.AsyncClient, profile: str) -> str:
    (found,) = await documents(graph, f"{PROFILES}/{profile}/deviceStatuses")
    return str(found["status"])


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
