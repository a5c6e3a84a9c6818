"""Graph: deviceConfigurationDeviceStatus and deviceConfigurationDeviceOverview."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest
import sqlalchemy
from cryptography.hazmat.primitives.asymmetric import rsa

from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.storage.database import Connection
from fauxtune.storage.tables import profiles
from fauxtune.storage.tenancy import across_tenants
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.certificates import self_signed
from tests.support.graph import DEVICES, PROFILES, create, error_code, id_of_group, id_of_user, ids
from tests.support.hostile_der import altered, of_the_year_0
from tests.surfaces.graph.conftest import Enroll

ROOT = "#microsoft.graph.androidWorkProfileTrustedRootCertificate"
IMPORTED = "#microsoft.graph.androidForWorkImportedPFXCertificateProfile"
EVERYBODY = {"target": {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}}


async def _assigned(beta: httpx.AsyncClient, *targets: dict[str, Any], **body: Any) -> str:
    profile = str((await create(beta, PROFILES, displayName="P", **body))["id"])
    answer = await beta.post(f"{PROFILES}/{profile}/assign", json={"assignments": list(targets or [EVERYBODY])})
    assert answer.status_code == 200, answer.text
    return profile


async def _statuses(graph: httpx.AsyncClient, profile: str, **options: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = (await graph.get(f"{PROFILES}/{profile}/deviceStatuses", params=options)).json()[
        "value"
    ]
    return entries


async def _counts(graph: httpx.AsyncClient, profile: str) -> dict[str, int]:
    document = (await graph.get(f"{PROFILES}/{profile}/deviceStatusOverview")).json()
    return {name: value for name, value in document.items() if name.endswith("Count") and value}


async def test_a_profile_is_pending_then_a_success(beta: httpx.AsyncClient, enroll: Enroll, root_file: str) -> None:
    profile = await _assigned(beta, **{"@odata.type": ROOT, "trustedRootCertificate": root_file})
    phone = await enroll("alice")
    (status,) = await _statuses(beta, profile)
    assert (status["status"], status["lastReportedDateTime"]) == ("unknown", "0001-01-01T00:00:00Z")
    assert await _counts(beta, profile) == {"pendingCount": 1}
    await phone.check_in()
    (status,) = await _statuses(beta, profile)
    assert (status["status"], status["lastReportedDateTime"]) == ("unknown", "2026-11-24T10:00:00Z")
    assert await _counts(beta, profile) == {"pendingCount": 1}
    await phone.settle()
    (status,) = await _statuses(beta, profile)
    assert status == {
        "id": f"{await id_of_user(beta, 'alice')}_{profile}_{phone.managed_device_id}",
        "deviceDisplayName": "alice_AndroidForWork",
        "userName": "Alice Adams",
        "deviceModel": "Pixel 9",
        "platform": 0,
        "complianceGracePeriodExpirationDateTime": "9999-12-31T23:59:59Z",
        "status": "compliant",
        "lastReportedDateTime": "2026-11-24T10:00:00Z",
        "userPrincipalName": "alice@contoso.example",
    }
    assert await _counts(beta, profile) == {"successCount": 1}


async def test_a_loop_over_the_rows_sees_a_device_that_has_not_checked_in_since_the_assignment(
    beta: httpx.AsyncClient, enroll: Enroll, root_file: str
) -> None:
    phones = {user: await enroll(user) for user in ("alice", "bob")}
    kiosk = await enroll("carol", mode="fully-managed")
    for phone in (*phones.values(), kiosk):
        await phone.settle()
    profile = await _assigned(beta, **{"@odata.type": ROOT, "trustedRootCertificate": root_file})
    rows = {status["userName"]: status for status in await _statuses(beta, profile)}
    assert {name: row["status"] for name, row in rows.items()} == {"Alice Adams": "unknown", "Bob Brown": "unknown"}
    path = f"{PROFILES}/{profile}/deviceStatuses"
    assert (await beta.get(f"{path}/{rows['Alice Adams']['id']}")).json()["deviceDisplayName"] == "alice_AndroidForWork"
    assert (await beta.get(f"{path}/$count")).text == "2"
    waiting = await _statuses(beta, profile, **{"$filter": "status eq 'unknown'", "$orderby": "userName desc"})
    assert [each["userName"] for each in waiting] == ["Bob Brown", "Alice Adams"]
    assert await _counts(beta, profile) == {"pendingCount": 2, "notApplicablePlatformCount": 1}
    expanded = (await beta.get(f"{PROFILES}?$expand=deviceStatuses")).json()["value"]
    assert [len(each["deviceStatuses"]) for each in expanded if each["id"] == profile] == [2]
    await phones["alice"].settle()
    assert {status["userName"]: status["status"] for status in await _statuses(beta, profile)} == {
        "Alice Adams": "compliant",
        "Bob Brown": "unknown",
    }
    assert await _counts(beta, profile) == {"successCount": 1, "pendingCount": 1, "notApplicablePlatformCount": 1}
    await beta.post(f"{PROFILES}/{profile}/assign", json={"assignments": []})
    assert [status["userName"] for status in await _statuses(beta, profile)] == ["Alice Adams"], (
        "it holds the root still"
    )


async def test_a_device_that_is_given_nothing_is_not_pending(
    beta: httpx.AsyncClient, enroll: Enroll, root_file: str
) -> None:
    profile = await _assigned(beta, **{"@odata.type": ROOT, "trustedRootCertificate": root_file})
    phone = await enroll("alice")
    assert len(await _statuses(beta, profile)) == 1
    assert (await beta.post(f"{DEVICES}/{phone.managed_device_id}/retire")).status_code == 204
    assert await _statuses(beta, profile) == []


async def test_what_goes_wrong_is_an_error(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    profile = await _assigned(beta, **{"@odata.type": IMPORTED, "intendedPurpose": "smimeEncryption"})
    phone = await enroll("alice")
    await phone.settle()
    assert [status["status"] for status in await _statuses(beta, profile)] == ["error"]
    assert await _counts(beta, profile) == {"errorCount": 1}


async def test_a_device_of_another_kind_is_counted_and_not_listed(
    beta: httpx.AsyncClient, enroll: Enroll, root_file: str
) -> None:
    profile = await _assigned(beta, **{"@odata.type": ROOT, "trustedRootCertificate": root_file})
    phones = [await enroll("alice"), await enroll("bob", mode="fully-managed")]
    for phone in phones:
        await phone.settle()
    assert [status["deviceDisplayName"] for status in await _statuses(beta, profile)] == ["alice_AndroidForWork"]
    assert await _counts(beta, profile) == {"successCount": 1, "notApplicablePlatformCount": 1}


async def test_the_groups_decide_and_so_do_exclusions(beta: httpx.AsyncClient, enroll: Enroll, root_file: str) -> None:
    pilot, staff = await id_of_group(beta, "SMIME Pilot"), await id_of_group(beta, "All Staff")
    nested = {"@odata.id": f"https://graph.microsoft.com/v1.0/groups/{pilot}"}
    outer = await create(
        beta, "/groups", displayName="Outer", mailEnabled=False, mailNickname="o", securityEnabled=True
    )
    assert (await beta.post(f"/groups/{outer['id']}/members/$ref", json=nested)).status_code == 204
    group, exclusion = "#microsoft.graph.groupAssignmentTarget", "#microsoft.graph.exclusionGroupAssignmentTarget"
    body = {"@odata.type": ROOT, "trustedRootCertificate": root_file}
    through_outer = await _assigned(beta, {"target": {"@odata.type": group, "groupId": outer["id"]}}, **body)
    without_pilot = await _assigned(
        beta,
        {"target": {"@odata.type": group, "groupId": staff}},
        {"target": {"@odata.type": exclusion, "groupId": pilot}},
        **body,
    )
    for user in ("alice", "carol"):
        await (await enroll(user)).settle()
    assert [status["userName"] for status in await _statuses(beta, through_outer)] == ["Alice Adams"]
    assert [status["userName"] for status in await _statuses(beta, without_pilot)] == ["Carol Clark"]


async def test_what_is_unassigned_has_no_status(beta: httpx.AsyncClient, enroll: Enroll, root_file: str) -> None:
    profile = await _assigned(beta, **{"@odata.type": ROOT, "trustedRootCertificate": root_file})
    phone = await enroll("alice")
    await phone.settle()
    await beta.post(f"{PROFILES}/{profile}/assign", json={"assignments": []})
    await phone.settle()
    assert await _statuses(beta, profile) == []
    assert await _counts(beta, profile) == {}


@ON_BOTH_DATABASES
async def test_statuses_are_filtered_sorted_counted_and_paged(
    beta: httpx.AsyncClient, enroll: Enroll, root_file: str
) -> None:
    profile = await _assigned(beta, **{"@odata.type": ROOT, "trustedRootCertificate": root_file})
    other = await _assigned(beta, **{"@odata.type": ROOT, "trustedRootCertificate": root_file})
    for user in ("bob", "alice", "carol"):
        phone = await enroll(user)
        await (phone.check_in() if user == "bob" else phone.settle())
    path = f"{PROFILES}/{profile}/deviceStatuses"
    names = [status["userName"] for status in await _statuses(beta, profile, **{"$orderby": "userName desc"})]
    assert names == ["Carol Clark", "Bob Brown", "Alice Adams"]
    pending = await _statuses(beta, profile, **{"$filter": "status eq 'unknown'", "$select": "id,userName"})
    assert [each["userName"] for each in pending] == ["Bob Brown"]
    assert set(pending[0]) == {"id", "userName"}
    assert (await beta.get(f"{path}/$count")).text == "3"
    assert (await beta.get(f"{path}?$count=true")).json()["@odata.count"] == 3
    seen, link = [], f"{path}?$top=2"
    while link:
        document = (await beta.get(link)).json()
        seen.append([entry["id"] for entry in document["value"]])
        link = document.get("@odata.nextLink", "")
    assert [len(page) for page in seen] == [2, 1]
    assert sorted(seen[0] + seen[1]) == sorted(await ids(beta, path))
    assert len(await _statuses(beta, other)) == 3


@pytest.mark.parametrize("token", ["x", "-1", "1.0", "\N{SUPERSCRIPT TWO}", "9" * 30, ""])
async def test_a_token_that_was_never_given_out_is_refused(beta: httpx.AsyncClient, token: str) -> None:
    profile = await _assigned(beta, **{"@odata.type": IMPORTED})
    answer = await beta.get(f"{PROFILES}/{profile}/deviceStatuses", params={"$skiptoken": token})
    assert (answer.status_code, error_code(answer)) == (400, "BadRequest")


async def test_v1_has_fewer_counts(beta: httpx.AsyncClient, v1: httpx.AsyncClient, enroll: Enroll) -> None:
    profile = await _assigned(beta, **{"@odata.type": IMPORTED})
    await (await enroll("alice")).settle()
    document = (await v1.get(f"{PROFILES}/{profile}/deviceStatusOverview")).json()
    assert document == {
        "@odata.context": (
            "https://localhost:8443/v1.0/$metadata#deviceManagement/deviceConfigurations"
            f"('{profile}')/deviceStatusOverview/$entity"
        ),
        "id": profile,
        "pendingCount": 0,
        "notApplicableCount": 0,
        "successCount": 0,
        "errorCount": 1,
        "failedCount": 0,
        "lastUpdateDateTime": "2026-11-24T10:00:00Z",
        "configurationVersion": 1,
    }
    assert "platform" not in (await _statuses(v1, profile))[0]


async def test_a_root_that_is_stored_broken_is_an_error_on_the_device_and_of_no_other_profile(
    beta: httpx.AsyncClient,
    emulator: Emulator,
    enroll: Enroll,
    root_file: str,
    *,
    raw_rsa_keys: list[rsa.RSAPrivateKey],
) -> None:
    bad, good = [await _assigned(beta, **{"@odata.type": ROOT, "trustedRootCertificate": root_file}) for _ in "ab"]
    broken = altered(self_signed(raw_rsa_keys[3], authority=True), raw_rsa_keys[3], of_the_year_0)

    def plant(connection: Connection) -> None:
        where, why = profiles.c.id == bad, "a test knows the profile"
        read = across_tenants(sqlalchemy.select(profiles.c.document), why)
        document = connection.execute(read.where(where)).scalar_one()
        changed = {**document, "trustedRootCertificate": base64.b64encode(broken).decode()}
        connection.execute(across_tenants(profiles.update(), why).where(where).values(document=changed))

    await emulator.runner.read(plant)
    phone = await enroll("alice")
    await phone.settle()
    assert [status["status"] for status in await _statuses(beta, bad)] == ["error"]
    assert [status["status"] for status in await _statuses(beta, good)] == ["compliant"]
    entries = (
        await beta.get(f"/deviceManagement/managedDevices/{phone.managed_device_id}/deviceConfigurationStates")
    ).json()["value"]
    assert sorted(entry["state"] for entry in entries) == ["compliant", "error"]
