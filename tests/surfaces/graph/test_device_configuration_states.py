"""Graph: deviceConfigurationState and deviceConfigurationSettingState."""

from __future__ import annotations

import httpx

from tests.support.certificates import PfxImport
from tests.support.graph import (
    ABSENT,
    DEVICES,
    IMPORTED,
    PFX,
    ROOT,
    SCEP,
    STORED,
    assign,
    create,
    create_assigned,
    document,
    documents,
    error_code,
    id_of_user,
)
from tests.surfaces.graph.conftest import Enroll

FAILED = -2016281112


async def test_a_profile_on_a_device_from_pending_to_gone(
    beta: httpx.AsyncClient, enroll: Enroll, root_file: str
) -> None:
    profile = await create_assigned(
        beta, **{"@odata.type": ROOT, "trustedRootCertificate": root_file, "displayName": "Root"}
    )
    phone = await enroll("alice")
    path = f"{DEVICES}/{phone.managed_device_id}/deviceConfigurationStates"
    assert await documents(beta, path) == []
    await phone.check_in()
    (state,) = await documents(beta, path)
    alice = await id_of_user(beta, "alice")
    assert state == {
        "id": profile,
        "settingStates": [],
        "displayName": "Root",
        "version": 1,
        "platformType": "androidWorkProfile",
        "state": "unknown",
        "settingCount": 1,
        "userId": alice,
        "userPrincipalName": "alice@contoso.example",
    }
    await phone.settle()
    result = await document(beta, f"{path}/{profile}")
    (sha256,) = phone.roots
    assert result.pop("@odata.context").endswith(
        f"managedDevices('{phone.managed_device_id}')/deviceConfigurationStates/$entity"
    )
    assert result == {
        **state,
        "state": "compliant",
        "settingStates": [
            {
                "setting": "androidWorkProfileTrustedRootCertificate.trustedRootCertificate",
                "settingName": "Trusted root certificate",
                "instanceDisplayName": sha256.lower(),
                "state": "compliant",
                "errorCode": 0,
                "errorDescription": None,
                "userId": alice,
                "userName": "Alice Adams",
                "userEmail": "alice@contoso.example",
                "userPrincipalName": "alice@contoso.example",
                "sources": [{"id": profile, "displayName": "Root", "sourceType": "deviceConfiguration"}],
                "currentValue": sha256.lower(),
                "settingInstanceId": sha256.lower(),
            }
        ],
    }
    await phone.refuse(f"caCerts[sha256={sha256}]")
    (setting,) = (await document(beta, f"{path}/{profile}"))["settingStates"]
    assert (setting["state"], setting["errorCode"], setting["currentValue"]) == ("error", FAILED, None)
    assert "full" in setting["errorDescription"]
    await assign(beta, profile)
    await phone.settle()
    assert await documents(beta, path) == []
    assert (await beta.get(f"{path}/{profile}")).status_code == 404


async def test_each_imported_certificate_is_a_setting_of_its_own(
    beta: httpx.AsyncClient, v1: httpx.AsyncClient, enroll: Enroll, file_of_alice: PfxImport
) -> None:
    profile = await create_assigned(beta, **{"@odata.type": IMPORTED, "intendedPurpose": "smimeEncryption"})
    phone = await enroll("alice")
    await phone.settle()
    path = f"{DEVICES}/{phone.managed_device_id}/deviceConfigurationStates/{profile}"
    (none,) = (await document(beta, path))["settingStates"]
    assert (none["state"], none["errorCode"], none["instanceDisplayName"]) == ("error", FAILED, None)
    assert "smimeEncryption" in none["errorDescription"]
    await create(beta, PFX, **file_of_alice.body("alice@contoso.example"))
    await phone.settle()
    settings = await document(beta, f"{path}/settingStates")
    assert settings["@odata.context"].endswith("#Collection(microsoft.graph.deviceConfigurationSettingState)")
    (given,) = settings["value"]
    assert (given["state"], given["currentValue"]) == ("compliant", file_of_alice.thumbprint)
    assert given["settingName"] == "Imported PFX certificate"
    assert (await v1.get(f"{path}/settingStates")).status_code == 400
    (older,) = (await document(v1, path))["settingStates"]
    assert set(given) - set(older) == {"settingInstanceId"}


async def test_v1_has_older_words(beta: httpx.AsyncClient, v1: httpx.AsyncClient, enroll: Enroll) -> None:
    await create_assigned(beta, **{"@odata.type": STORED})
    phone = await enroll("alice")
    await phone.settle()
    (state,) = await documents(v1, f"{DEVICES}/{phone.managed_device_id}/deviceConfigurationStates")
    assert (state["state"], state["platformType"], state["settingCount"]) == ("notApplicable", "androidForWork", 1)
    assert not {"userId", "userPrincipalName"} & set(state)


async def test_a_scep_profile_without_a_root_says_what_it_lacks(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    body = {
        "scepServerUrls": ["https://ndes.contoso.example/certsrv/mscep/mscep.dll"],
        "keySize": "size2048",
        "keyUsage": "digitalSignature",
        "hashAlgorithm": "sha2",
    }
    profile = await create_assigned(beta, **{"@odata.type": SCEP, **body})
    phone = await enroll("alice")
    await phone.settle()
    (setting,) = (await document(beta, f"{DEVICES}/{phone.managed_device_id}/deviceConfigurationStates/{profile}"))[
        "settingStates"
    ]
    assert (setting["state"], setting["errorCode"]) == ("error", FAILED)
    assert setting["errorDescription"].startswith("rootCertificate does not refer to a profile")


async def test_states_are_filtered_sorted_and_counted_by_every_property(
    beta: httpx.AsyncClient, enroll: Enroll, root_file: str
) -> None:
    await create_assigned(beta, **{"@odata.type": ROOT, "trustedRootCertificate": root_file, "displayName": "A"})
    await create_assigned(beta, **{"@odata.type": IMPORTED, "displayName": "B"})
    phone = await enroll("alice")
    await phone.settle()
    path = f"{DEVICES}/{phone.managed_device_id}/deviceConfigurationStates"
    names = [document["displayName"] for document in await documents(beta, path, **{"$orderby": "displayName desc"})]
    assert names == ["B", "A"]
    for condition in (
        "state eq 'error'",
        "displayName eq 'B' and version eq 1 and settingCount ge 1",
        "platformType eq 'androidWorkProfile' and state ne 'compliant'",
        "userPrincipalName eq 'alice@contoso.example' and startswith(displayName,'B')",
    ):
        assert [document["displayName"] for document in await documents(beta, path, **{"$filter": condition})] == ["B"]
    for name in ("displayName", "version", "platformType", "state", "settingCount", "userId", "userPrincipalName"):
        assert len(await documents(beta, path, **{"$orderby": name, "$select": name})) == 2
    assert (await beta.get(f"{path}/$count")).text == "2"
    assert (await beta.get(path, params={"$top": "1", "$count": "true"})).json()["@odata.count"] == 2


async def test_a_users_own_devices_have_them_too(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    profile = await create_assigned(beta, **{"@odata.type": IMPORTED})
    phone = await enroll("alice")
    await phone.settle()
    path = f"managedDevices/{phone.managed_device_id}/deviceConfigurationStates"
    (state,) = await documents(beta, f"/users/alice@contoso.example/{path}")
    assert state["id"] == profile
    assert (await document(beta, f"/users/alice@contoso.example/{path}/{profile}"))["state"] == "error"
    assert (await beta.get(f"/users/bob@contoso.example/{path}")).status_code == 404


async def test_what_does_not_exist_is_not_found(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    profile = await create_assigned(beta, **{"@odata.type": IMPORTED})
    phone, idle = await enroll("alice"), await enroll("bob", mode="fully-managed")
    await phone.settle()
    await idle.settle()
    for path in (
        f"{ABSENT}/deviceConfigurationStates",
        f"{ABSENT}/deviceConfigurationStates/{profile}",
        f"{phone.managed_device_id}/deviceConfigurationStates/{ABSENT}",
        f"{idle.managed_device_id}/deviceConfigurationStates/{profile}",
        f"{idle.managed_device_id}/deviceConfigurationStates/{profile}/settingStates",
    ):
        answer = await beta.get(f"{DEVICES}/{path}")
        assert (answer.status_code, error_code(answer)) == (404, "ResourceNotFound")
