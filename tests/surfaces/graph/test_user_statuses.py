"""Graph: deviceConfigurationUserStatus, deviceConfigurationUserOverview; the tenant's and the settings' summaries."""

from __future__ import annotations

import httpx
import pytest

from tests.support.graph import (
    ABSENT,
    IMPORTED,
    PROFILES,
    ROOT,
    STORED,
    assign,
    create_assigned,
    document,
    documents,
    error_code,
    id_of_user,
    nonzero_counts,
)
from tests.surfaces.graph.conftest import Enroll

DEVICES_SUMMARY = "/deviceManagement/deviceConfigurationDeviceStateSummaries"
USERS_SUMMARY = "/deviceManagement/deviceConfigurationUserStateSummaries"


async def test_a_user_is_pending_then_a_success_then_an_error_then_none(
    beta: httpx.AsyncClient, enroll: Enroll, root_file: str
) -> None:
    profile = await create_assigned(beta, **{"@odata.type": ROOT, "trustedRootCertificate": root_file})
    users, overview = f"{PROFILES}/{profile}/userStatuses", f"{PROFILES}/{profile}/userStatusOverview"
    phone = await enroll("alice")
    (status,) = await documents(beta, users)
    assert (status["status"], status["devicesCount"]) == ("unknown", 1)
    assert status["lastReportedDateTime"] == "0001-01-01T00:00:00Z"
    assert nonzero_counts(await document(beta, overview)) == {"pendingCount": 1}
    await phone.check_in()
    assert [document["status"] for document in await documents(beta, users)] == ["unknown"]
    await phone.settle()
    (status,) = await documents(beta, users)
    assert status == {
        "id": f"{await id_of_user(beta, 'alice')}_{profile}",
        "userDisplayName": "Alice Adams",
        "devicesCount": 1,
        "status": "compliant",
        "lastReportedDateTime": "2026-11-24T10:00:00Z",
        "userPrincipalName": "alice@contoso.example",
    }
    assert nonzero_counts(await document(beta, overview)) == {"successCount": 1}
    await phone.refuse(f"caCerts[sha256={next(iter(phone.roots))}]")
    assert [document["status"] for document in await documents(beta, users)] == ["error"]
    assert nonzero_counts(await document(beta, overview)) == {"errorCount": 1}
    await assign(beta, profile)
    await phone.settle()
    assert await documents(beta, users) == []
    assert nonzero_counts(await document(beta, overview)) == {}


async def test_a_user_fares_as_the_worst_of_the_devices(
    beta: httpx.AsyncClient, enroll: Enroll, root_file: str
) -> None:
    profile = await create_assigned(beta, **{"@odata.type": ROOT, "trustedRootCertificate": root_file})
    first, second, third = await enroll("alice"), await enroll("alice"), await enroll("bob")
    await first.settle()
    await second.settle()
    await second.refuse(f"caCerts[sha256={next(iter(second.roots))}]")
    await third.settle()
    path = f"{PROFILES}/{profile}/userStatuses"
    result = await documents(beta, path, **{"$orderby": "userDisplayName"})
    assert [(each["status"], each["devicesCount"]) for each in result] == [("error", 2), ("compliant", 1)]
    assert nonzero_counts(await document(beta, f"{PROFILES}/{profile}/userStatusOverview")) == {
        "successCount": 1,
        "errorCount": 1,
    }
    assert (await beta.get(f"{path}/$count")).text == "2"
    assert (await beta.get(f"{path}/$count", params={"$filter": "devicesCount gt 1"})).text == "1"
    (one,) = await documents(beta, path, **{"$filter": "status eq 'error' and contains(userPrincipalName,'alice')"})
    answer = await document(beta, f"{path}/{one['id']}")
    assert answer.pop("@odata.context").endswith(f"deviceConfigurations('{profile}')/userStatuses/$entity")
    assert answer == one
    assert await document(beta, f"{path}('{one['id'].upper()}')?$select=status") == {
        "@odata.context": f"https://localhost:8443/beta/$metadata#deviceManagement/deviceConfigurations('{profile}')"
        "/userStatuses/$entity",
        "id": one["id"],
        "status": "error",
    }


async def test_users_are_paged(beta: httpx.AsyncClient, enroll: Enroll, root_file: str) -> None:
    profile = await create_assigned(beta, **{"@odata.type": ROOT, "trustedRootCertificate": root_file})
    for user in ("alice", "bob", "carol"):
        await (await enroll(user)).settle()
    seen, link = [], f"{PROFILES}/{profile}/userStatuses?$top=2&$count=true"
    while link:
        page = (await beta.get(link)).json()
        assert page["@odata.count"] == 3
        seen.append([entry["userDisplayName"] for entry in page["value"]])
        link = page.get("@odata.nextLink", "")
    assert [len(each) for each in seen] == [2, 1]
    assert sorted(seen[0] + seen[1]) == ["Alice Adams", "Bob Brown", "Carol Clark"]


async def test_whoever_has_no_licence_any_more_or_is_gone_is_not_pending(
    beta: httpx.AsyncClient, enroll: Enroll, root_file: str
) -> None:
    phones = [await enroll(user) for user in ("alice", "bob", "carol")]
    profile = await create_assigned(beta, **{"@odata.type": ROOT, "trustedRootCertificate": root_file})
    (licence,) = (await beta.get("/users/bob@contoso.example/licenseDetails")).json()["value"]
    taken = {"addLicenses": [], "removeLicenses": [licence["skuId"]]}
    assert (await beta.post("/users/bob@contoso.example/assignLicense", json=taken)).status_code == 200
    assert (await beta.delete("/users/carol@contoso.example")).status_code == 204
    for name in ("deviceStatusOverview", "userStatusOverview"):
        assert nonzero_counts(await document(beta, f"{PROFILES}/{profile}/{name}")) == {"pendingCount": 1}
    for phone in phones:
        await phone.settle()
    for name in ("deviceStatusOverview", "userStatusOverview"):
        assert nonzero_counts(await document(beta, f"{PROFILES}/{profile}/{name}")) == {"successCount": 1}


async def test_a_device_that_is_to_lose_the_profile_makes_nobody_less_pending(
    beta: httpx.AsyncClient, enroll: Enroll, root_file: str
) -> None:
    profile = await create_assigned(beta, **{"@odata.type": ROOT, "trustedRootCertificate": root_file})
    await (await enroll("alice")).settle()
    await enroll("bob")
    group = (await beta.get("/groups", params={"$filter": "displayName eq 'All Staff'"})).json()["value"][0]["id"]
    members = (await beta.get(f"/groups/{group}/members")).json()["value"]
    alice = next(member["id"] for member in members if member["userPrincipalName"].startswith("alice"))
    assert (await beta.delete(f"/groups/{group}/members/{alice}/$ref")).status_code == 204
    await assign(beta, profile, {"target": {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": group}})
    counts = nonzero_counts(await document(beta, f"{PROFILES}/{profile}/deviceStatusOverview"))
    assert counts == {"pendingCount": 1, "successCount": 1}


async def test_a_profile_that_nothing_acts_upon_is_not_applicable(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    profile = await create_assigned(beta, **{"@odata.type": STORED})
    for user, mode in (("alice", "work-profile"), ("bob", "fully-managed")):
        await (await enroll(user, mode=mode)).settle()
    assert [document["status"] for document in await documents(beta, f"{PROFILES}/{profile}/userStatuses")] == [
        "notApplicable"
    ]
    assert nonzero_counts(await document(beta, f"{PROFILES}/{profile}/deviceStatusOverview")) == {
        "notApplicableCount": 1,
        "notApplicablePlatformCount": 1,
    }
    assert nonzero_counts(await document(beta, f"{PROFILES}/{profile}/userStatusOverview")) == {"notApplicableCount": 1}
    (summary,) = await documents(beta, f"{PROFILES}/{profile}/deviceSettingStateSummaries")
    assert (nonzero_counts(summary), summary["settingName"]) == (
        {"notApplicableDeviceCount": 1},
        STORED.rpartition(".")[2],
    )


async def test_settings_are_summed_up(beta: httpx.AsyncClient, enroll: Enroll, root_file: str) -> None:
    profile = await create_assigned(beta, **{"@odata.type": ROOT, "trustedRootCertificate": root_file})
    await (await enroll("alice")).settle()
    await (await enroll("bob")).check_in()
    (summary,) = await documents(beta, f"{PROFILES}/{profile}/deviceSettingStateSummaries")
    word = "androidWorkProfileTrustedRootCertificate.trustedRootCertificate"
    assert summary == {
        "id": f"{profile}_{word}",
        "settingName": "Trusted root certificate",
        "instancePath": word,
        "unknownDeviceCount": 1,
        "notApplicableDeviceCount": 0,
        "compliantDeviceCount": 1,
        "remediatedDeviceCount": 0,
        "nonCompliantDeviceCount": 0,
        "errorDeviceCount": 0,
        "conflictDeviceCount": 0,
    }


async def test_the_tenant_counts_each_device_and_each_user_once(
    beta: httpx.AsyncClient, v1: httpx.AsyncClient, enroll: Enroll, root_file: str
) -> None:
    assert (
        nonzero_counts(await document(beta, DEVICES_SUMMARY))
        == nonzero_counts(await document(beta, USERS_SUMMARY))
        == {}
    )
    await create_assigned(beta, **{"@odata.type": ROOT, "trustedRootCertificate": root_file})
    await (await enroll("alice")).settle()
    await (await enroll("bob")).settle()
    assert nonzero_counts(await document(v1, DEVICES_SUMMARY)) == {"compliantDeviceCount": 2}
    await create_assigned(beta, **{"@odata.type": IMPORTED, "intendedPurpose": "smimeEncryption"})
    second = await enroll("alice")
    await second.settle()
    assert nonzero_counts(await document(beta, DEVICES_SUMMARY)) == {"compliantDeviceCount": 2, "errorDeviceCount": 1}
    assert nonzero_counts(await document(beta, USERS_SUMMARY)) == {"compliantUserCount": 1, "errorUserCount": 1}
    assert set(await document(beta, f"{DEVICES_SUMMARY}?$select=errorDeviceCount")) == {
        "@odata.context",
        "id",
        "errorDeviceCount",
    }
    assert (await v1.get(USERS_SUMMARY)).status_code == 400


async def test_nothing_is_in_conflict(beta: httpx.AsyncClient, v1: httpx.AsyncClient) -> None:
    path = "/deviceManagement/deviceConfigurationConflictSummary"
    assert (await document(beta, path))["value"] == []
    assert (await beta.get(f"{path}/$count")).text == "0"
    assert (await beta.get(f"{path}/{ABSENT}")).status_code == 404
    assert (await v1.get(path)).status_code == 400


async def test_v1_has_fewer_counts(v1: httpx.AsyncClient, beta: httpx.AsyncClient) -> None:
    profile = await create_assigned(beta, **{"@odata.type": IMPORTED})
    result = await document(v1, f"{PROFILES}/{profile}/userStatusOverview")
    assert set(await document(beta, f"{PROFILES}/{profile}/userStatusOverview")) - set(result) == {"conflictCount"}
    assert (result["id"], result["configurationVersion"]) == (profile, 1)


@pytest.mark.parametrize("name", ["userStatuses", "deviceStatuses"])
async def test_an_unknown_status_is_not_found(beta: httpx.AsyncClient, enroll: Enroll, name: str) -> None:
    profile = await create_assigned(beta, **{"@odata.type": IMPORTED})
    other = await create_assigned(beta, **{"@odata.type": IMPORTED})
    await (await enroll("alice")).settle()
    (status,) = await documents(beta, f"{PROFILES}/{profile}/{name}")
    assert (await document(beta, f"{PROFILES}/{profile}/{name}/{status['id']}"))["status"] == "error"
    for path in (f"{profile}/{name}/{ABSENT}", f"{other}/{name}/{status['id']}", f"{ABSENT}/{name}/{status['id']}"):
        answer = await beta.get(f"{PROFILES}/{path}")
        assert (answer.status_code, error_code(answer)) == (404, "ResourceNotFound")
    for path in (f"{ABSENT}/{name}", f"{ABSENT}/userStatusOverview", f"{ABSENT}/deviceSettingStateSummaries"):
        assert (await beta.get(f"{PROFILES}/{path}")).status_code == 404


@pytest.mark.parametrize(
    "options",
    [{"$filter": "nothing eq 1"}, {"$filter": "status eq"}, {"$select": "toaster"}, {"$orderby": "toaster"}],
    ids=str,
)
async def test_options_that_make_no_sense_are_refused(beta: httpx.AsyncClient, options: dict[str, str]) -> None:
    profile = await create_assigned(beta, **{"@odata.type": IMPORTED})
    for name in ("userStatuses", "deviceStatuses", "deviceSettingStateSummaries"):
        answer = await beta.get(f"{PROFILES}/{profile}/{name}", params=options)
        assert (answer.status_code, error_code(answer)) == (400, "BadRequest")
