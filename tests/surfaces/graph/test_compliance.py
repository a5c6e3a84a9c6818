"""Compliance through Graph: policies that are created, assigned and judged; what each resource then shows."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest

from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.devices.android import AndroidOverHttp
from tests.support.graph import (
    DEVICES,
    EVERYBODY,
    TENANT,
    Json,
    advance_clock,
    create,
    document,
    documents,
    error_message,
    id_of_group,
    id_of_user,
)
from tests.surfaces.graph.conftest import Enroll

pytestmark = pytest.mark.both_in_soak

POLICIES = "/deviceManagement/deviceCompliancePolicies"
WORK_PROFILE = "#microsoft.graph.androidWorkProfileCompliancePolicy"
IOS = "#microsoft.graph.iosCompliancePolicy"
BUILT_IN = "DefaultDeviceCompliancePolicy"
VERSION = "AndroidWorkProfileCompliancePolicy.OsMinimumVersion"
ENCRYPTION = "AndroidWorkProfileCompliancePolicy.StorageRequireEncryption"


async def policy(graph: httpx.AsyncClient, *, grace: int = 0, kind: str = WORK_PROFILE, **settings: Any) -> str:
    """Create a compliance policy and assign it to everybody; its id."""
    block = {"actionType": "block", "gracePeriodHours": grace, "notificationTemplateId": ""}
    body = {
        "@odata.type": kind,
        "displayName": "Phones",
        "scheduledActionsForRule": [{"ruleName": "PasswordRequired", "scheduledActionConfigurations": [block]}],
        **settings,
    }
    new = await create(graph, POLICIES, **body)
    await assign(graph, new["id"], EVERYBODY)
    return str(new["id"])


async def assign(graph: httpx.AsyncClient, policy_id: str, *targets: Json) -> None:
    answer = await graph.post(f"{POLICIES}/{policy_id}/assign", json={"assignments": list(targets)})
    assert answer.status_code == 200, answer.text


async def report(phone: AndroidOverHttp, *, version: str = "16", encrypted: bool = True) -> None:
    """Check in with what compliance looks at."""
    body = {
        "appliedPolicyVersion": phone.applied_version,
        "keyStore": {},
        "softwareInfo": {"androidVersion": version},
        "deviceSettings": {"encryptionStatus": "ACTIVE" if encrypted else "INACTIVE"},
    }
    answer = await phone.call("POST", ":reportStatus", body=body)
    assert answer.status_code == 200, answer.text


def path_of(phone: AndroidOverHttp) -> str:
    return f"{DEVICES}/{phone.managed_device_id}"


async def states(graph: httpx.AsyncClient, phone: AndroidOverHttp) -> dict[str, str]:
    """The states of the policies of a device, by their names."""
    rows = await documents(graph, f"{path_of(phone)}/deviceCompliancePolicyStates")
    return {row["displayName"]: row["state"] for row in rows}


async def test_a_device_is_shown_as_it_was_judged(
    beta: httpx.AsyncClient, v1: httpx.AsyncClient, enroll: Enroll
) -> None:
    key = await policy(beta, osMinimumVersion="17", storageRequireEncryption=True)
    phone = await enroll()
    assert (await document(v1, path_of(phone)))["complianceState"] == "unknown"
    await report(phone)
    record = await document(v1, path_of(phone))
    assert (record["complianceState"], record["complianceGracePeriodExpirationDateTime"]) == (
        "noncompliant",
        "9999-12-31T23:59:59Z",
    )
    (entra,) = await documents(v1, "/devices", **{"$filter": f"deviceId eq '{record['azureADDeviceId']}'"})
    assert entra["isCompliant"] is False
    assert await documents(v1, DEVICES, **{"$filter": "complianceState eq 'noncompliant'"})
    assert await states(v1, phone) == {"Phones": "nonCompliant", "Default Device Compliance Policy": "compliant"}
    rows = await documents(beta, f"{path_of(phone)}/deviceCompliancePolicyStates")
    mine = next(row for row in rows if row["id"] == key)
    assert (mine["platformType"], mine["settingCount"], mine["settingStates"], mine["userPrincipalName"]) == (
        "androidWorkProfile",
        2,
        [],
        "alice@contoso.example",
    )
    below = f"{path_of(phone)}/deviceCompliancePolicyStates/{key}"
    assert (await document(beta, below))["state"] == "nonCompliant"
    settings = await documents(v1, f"{below}/settingStates")
    assert {setting["setting"]: (setting["state"], setting["currentValue"]) for setting in settings} == {
        VERSION: ("nonCompliant", "16"),
        ENCRYPTION: ("compliant", "true"),
    }
    assert settings[0]["sources"] == [{"id": key, "displayName": "Phones", "sourceType": "deviceConfiguration"}]
    (failing,) = await documents(beta, f"{path_of(phone)}/getNonCompliantSettings()")
    assert failing["setting"] == VERSION


async def test_the_statuses_of_a_policy_count_devices_and_users(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    key = await policy(beta, osMinimumVersion="16", storageRequireEncryption=True)
    alices, bobs, carols = await enroll("alice"), await enroll("bob"), await enroll("carol")
    await report(alices)
    await report(bobs, encrypted=False)
    one = f"{POLICIES}/{key}"
    rows = await documents(beta, f"{one}/deviceStatuses", **{"$filter": "status eq 'nonCompliant'"})
    assert [row["userPrincipalName"] for row in rows] == ["bob@contoso.example"]
    assert rows[0]["id"].split("_") == [key, bobs.managed_device_id, await id_of_user(beta, "bob")]
    users = await documents(beta, f"{one}/userStatuses")
    assert {row["userPrincipalName"]: row["status"] for row in users} == {
        "alice@contoso.example": "compliant",
        "bob@contoso.example": "nonCompliant",
    }
    counts = await document(beta, f"{one}/deviceStatusOverview")
    assert {name: counts[name] for name in ("pendingCount", "successCount", "failedCount", "errorCount")} == {
        "pendingCount": 1,
        "successCount": 1,
        "failedCount": 1,
        "errorCount": 0,
    }
    assert (await document(beta, f"{one}/userStatusOverview"))["failedCount"] == 1
    summaries = await documents(beta, f"{one}/deviceSettingStateSummaries")
    assert {row["settingName"]: (row["compliantDeviceCount"], row["nonCompliantDeviceCount"]) for row in summaries} == {
        VERSION: (2, 0),
        ENCRYPTION: (1, 1),
    }
    # A policy that was changed since is not known, until the device comes.
    answer = await beta.patch(one, json={"@odata.type": WORK_PROFILE, "storageRequireEncryption": False})
    assert answer.status_code == 200, answer.text
    assert await states(beta, bobs) == {"Phones": "unknown", "Default Device Compliance Policy": "compliant"}
    await report(bobs, encrypted=False)
    assert (await states(beta, bobs))["Phones"] == "compliant"
    assert (await document(beta, path_of(carols)))["complianceState"] == "unknown"


async def test_the_tenants_summaries(beta: httpx.AsyncClient, v1: httpx.AsyncClient, enroll: Enroll) -> None:
    quiet = await enroll("carol")
    await report(quiet)
    await policy(beta, grace=24, storageRequireEncryption=True)
    phone = await enroll("alice")
    await report(phone, encrypted=False)
    counts = await document(v1, "/deviceManagement/deviceCompliancePolicyDeviceStateSummary")
    assert (counts["compliantDeviceCount"], counts["inGracePeriodCount"], counts["nonCompliantDeviceCount"]) == (
        1,
        1,
        0,
    )
    rows = await documents(v1, "/deviceManagement/deviceCompliancePolicySettingStateSummaries")
    by_setting = {(row["setting"], row["platformType"]): row for row in rows}
    assert by_setting[ENCRYPTION, "androidForWork"]["nonCompliantDeviceCount"] == 1
    assert by_setting[f"{BUILT_IN}.RequireRemainContact", "all"]["compliantDeviceCount"] == 2
    summary = by_setting[ENCRYPTION, "androidForWork"]["id"]
    element = await document(v1, f"/deviceManagement/deviceCompliancePolicySettingStateSummaries/{summary}")
    assert element["@odata.context"].endswith("#deviceManagement/deviceCompliancePolicySettingStateSummaries/$entity")
    (row,) = await documents(
        beta, f"/deviceManagement/deviceCompliancePolicySettingStateSummaries/{summary}/deviceComplianceSettingStates"
    )
    assert (row["deviceId"], row["state"]) == (phone.managed_device_id, "nonCompliant")


async def test_a_device_of_a_tenant_without_policies_shows_the_built_in_one(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll
) -> None:
    phone = await enroll()
    assert await states(beta, phone) == {"Default Device Compliance Policy": "compliant"}
    key = (await documents(beta, f"{path_of(phone)}/deviceCompliancePolicyStates"))[0]["id"]
    settings = f"{path_of(phone)}/deviceCompliancePolicyStates/{key}/settingStates"
    assert [each["setting"].removeprefix(f"{BUILT_IN}.") for each in await documents(beta, settings)] == [
        "RequireRemainContact",
        "RequireDeviceCompliancePolicyAssigned",
        "RequireUserExistence",
    ]
    await advance_clock(http, "P31D")
    assert (await document(beta, path_of(phone)))["complianceState"] == "noncompliant"
    assert await states(beta, phone) == {"Default Device Compliance Policy": "nonCompliant"}
    await report(phone)
    assert (await document(beta, path_of(phone)))["complianceState"] == "compliant"


@ON_BOTH_DATABASES
async def test_a_policy_that_is_taken_away_counts_at_once(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    first, second = await policy(beta, osMinimumVersion="17"), await policy(beta, storageRequireEncryption=True)
    phone = await enroll()
    await report(phone, encrypted=False)
    await assign(beta, first)
    assert (await document(beta, path_of(phone)))["complianceState"] == "noncompliant"
    assert (await beta.delete(f"{POLICIES}/{second}")).status_code == 204
    assert (await document(beta, path_of(phone)))["complianceState"] == "compliant"
    assert await states(beta, phone) == {"Default Device Compliance Policy": "compliant"}


@ON_BOTH_DATABASES
async def test_the_tenants_switches(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll()
    await policy(beta, kind=IOS, passcodeRequired=True)
    settings = {"secureByDefault": True, "deviceComplianceCheckinThresholdDays": 7}
    answer = await beta.patch("/deviceManagement", json={"settings": settings})
    assert answer.status_code == 200, answer.text
    assert answer.json()["settings"]["deviceComplianceCheckinThresholdDays"] == 7
    shown = await document(beta, "/deviceManagement/settings")
    assert (shown["secureByDefault"], shown["isScheduledActionEnabled"]) == (True, True)
    await report(phone)
    # A policy of another platform is none for this device.
    assert await states(beta, phone) == {"Phones": "notApplicable", "Default Device Compliance Policy": "nonCompliant"}
    assert (await document(beta, path_of(phone)))["complianceState"] == "noncompliant"


@pytest.mark.parametrize("by", ["Graph", "control"])
async def test_whoever_changes_a_switch_of_compliance_has_devices_judged_once_more(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll, by: str
) -> None:
    async def switch(on: bool) -> None:
        if by == "Graph":
            answer = await beta.patch("/deviceManagement", json={"settings": {"secureByDefault": on}})
        else:
            answer = await http.patch(TENANT, json={"settings": {"compliance.secureByDefault": on}})
        assert answer.status_code == 200, answer.text

    phone = await enroll()
    await switch(True)
    await report(phone)
    assert (await document(beta, path_of(phone)))["complianceState"] == "noncompliant"
    await switch(False)
    assert (await document(beta, path_of(phone)))["complianceState"] == "compliant", "without a check-in"
    assert await states(beta, phone) == {"Default Device Compliance Policy": "compliant"}
    await switch(True)
    assert (await document(beta, path_of(phone)))["complianceState"] == "noncompliant"


SCRIPTS = "/deviceManagement/deviceComplianceScripts"
WINDOWS = "#microsoft.graph.windows10CompliancePolicy"


async def test_a_compliance_script_has_one_policy_and_is_not_deleted_while_it_has(beta: httpx.AsyncClient) -> None:
    text = base64.b64encode(b"#" * 300 * 1024).decode()
    script = (await create(beta, SCRIPTS, displayName="BIOS", publisher="Us", detectionScriptContent=text))["id"]
    too_large = base64.b64encode(b"#" * 1_048_577).decode()
    sent = {"displayName": "X", "publisher": "Us", "detectionScriptContent": too_large}
    assert (await beta.post(SCRIPTS, json=sent)).status_code == 400
    asks: Json = {"deviceCompliancePolicyScript": {"deviceComplianceScriptId": script, "rulesContent": None}}
    first = await policy(beta, kind=WINDOWS, **asks)
    assert (await beta.patch(f"{POLICIES}/{first}", json={"@odata.type": WINDOWS, **asks})).status_code == 200
    block = {"actionType": "block", "gracePeriodHours": 0, "notificationTemplateId": ""}
    rule = {"ruleName": "PasswordRequired", "scheduledActionConfigurations": [block]}
    body = {"@odata.type": WINDOWS, "displayName": "Second", "scheduledActionsForRule": [rule], **asks}
    refused = await beta.post(POLICIES, json=body)
    assert (refused.status_code, "'Phones' has this script already" in error_message(refused)) == (400, True)
    refused = await beta.delete(f"{SCRIPTS}/{script}")
    assert (refused.status_code, "'Phones' has this script" in error_message(refused)) == (400, True)
    (await beta.delete(f"{POLICIES}/{first}")).raise_for_status()
    (await beta.delete(f"{SCRIPTS}/{script}")).raise_for_status()


async def test_grace_ends_within_a_year(beta: httpx.AsyncClient) -> None:
    for hours, status in ((8760, 201), (8761, 400), (9000, 400), (-1, 400)):
        block = {"actionType": "block", "gracePeriodHours": hours, "notificationTemplateId": ""}
        rule = {"ruleName": "PasswordRequired", "scheduledActionConfigurations": [block]}
        body = {"@odata.type": WINDOWS, "displayName": "P", "scheduledActionsForRule": [rule]}
        assert (await beta.post(POLICIES, json=body)).status_code == status


@pytest.mark.parametrize(
    ("settings", "status", "words"),
    [
        ({"deviceComplianceCheckinThresholdDays": 0}, 400, "1 to 120 days"),
        ({"deviceComplianceCheckinThresholdDays": 121}, 400, "1 to 120 days"),
        ({"deviceComplianceCheckinThresholdDays": "7"}, 400, "deviceComplianceCheckinThresholdDays"),
        ({"secureByDefault": None}, 400, "secureByDefault"),
        ({"frob": 1}, 400, "frob"),
        ({"enableLogCollection": True}, 501, "enableLogCollection"),
    ],
)
async def test_a_switch_that_cannot_be_set(
    beta: httpx.AsyncClient, settings: dict[str, Any], status: int, words: str
) -> None:
    before = await document(beta, "/deviceManagement/settings")
    answer = await beta.patch("/deviceManagement", json={"settings": {"secureByDefault": True, **settings}})
    assert answer.status_code == status, answer.text
    assert words in error_message(answer)
    assert await document(beta, "/deviceManagement/settings") == before


async def test_what_if_names_the_devices_whose_compliance_would_change(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll
) -> None:
    key = await policy(beta, grace=48, storageRequireEncryption=True)
    phone, other = await enroll("alice"), await enroll("bob")
    await report(phone)
    await report(other, encrypted=False)
    body = {"@odata.type": WORK_PROFILE, "osMinimumVersion": "17"}
    question = {"method": "PATCH", "url": f"{POLICIES}/{key}", "body": body}
    answer = (await http.post(f"{TENANT}/whatif", json=question)).json()
    changes = {device["device"]: device["compliance"] for device in answer["devices"]}
    assert set(changes) == {phone.enrollment_id}
    assert (changes[phone.enrollment_id]["before"], changes[phone.enrollment_id]["after"]) == (
        "compliant",
        "inGracePeriod",
    )
    assert changes[phone.enrollment_id]["settings"] == [VERSION]
    later = (await http.post(f"{TENANT}/whatif/time", json={"by": "P3D"})).json()
    assert [(device["device"], device["compliance"]["after"]) for device in later["devices"]] == [
        (other.enrollment_id, "noncompliant")
    ]
    away = (await http.post(f"{TENANT}/whatif/time", json={"by": "P31D"})).json()
    assert {device["device"] for device in away["devices"]} == {phone.enrollment_id, other.enrollment_id}
    assert (await http.post(f"{TENANT}/whatif/time", json={"by": "-P1D"})).status_code == 400
    assert (await document(beta, path_of(other)))["complianceState"] == "inGracePeriod"


async def test_the_diagnosis_says_why_a_device_does_not_comply(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll
) -> None:
    await policy(beta, osMinimumVersion="17")
    phone = await enroll()
    await report(phone)
    answer = (await http.get(f"{TENANT}/diagnose", params={"device": phone.enrollment_id})).json()
    (finding,) = [each for each in answer["findings"] if each["code"] == "device-not-compliant"]
    assert finding["severity"] == "warning"
    assert (
        "the policy 'Phones' requires that the operating system is at least a version (the device reported 16)"
        in finding["message"]
    )
    assert finding["evidence"]["settings"] == [VERSION]
    await report(phone, version="17")
    answer = (await http.get(f"{TENANT}/diagnose", params={"device": phone.enrollment_id})).json()
    assert "device-not-compliant" not in {each["code"] for each in answer["findings"]}


async def test_the_diagnosis_of_a_user_shows_what_compliance_finds_where_no_profile_reaches_a_device(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll
) -> None:
    phone = await enroll()
    (await beta.patch("/deviceManagement", json={"settings": {"secureByDefault": True}})).raise_for_status()
    await report(phone)
    for question in ({"user": "alice"}, {"device": phone.enrollment_id}):
        answer = (await http.get(f"{TENANT}/diagnose", params=question)).json()
        (fix,) = [finding["fix"] for finding in answer["findings"] if finding["code"] == "device-not-compliant"]
        assert (fix.startswith("Assign a compliance policy to the device"), answer["chains"]) == (True, [])


async def test_a_group_decides_who_is_judged(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    key = await policy(beta, storageRequireEncryption=True)
    pilots = await id_of_group(beta, "SMIME Pilot")
    await assign(beta, key, {"target": {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": pilots}})
    inside, outside = await enroll("alice"), await enroll("carol")
    for phone in (inside, outside):
        await report(phone, encrypted=False)
    shown = [(await document(beta, path_of(phone)))["complianceState"] for phone in (inside, outside)]
    assert shown == ["noncompliant", "compliant"]


@ON_BOTH_DATABASES
async def test_an_administrator_decides_who_of_the_list_is_retired(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll
) -> None:
    key = await policy(beta, storageRequireEncryption=True)
    items = [{"actionType": name, "gracePeriodHours": 0} for name in ("block", "retire")]
    rules = {"deviceComplianceScheduledActionForRules": [{"ruleName": None, "scheduledActionConfigurations": items}]}
    assert (await beta.post(f"{POLICIES}/{key}/scheduleActionsForRules", json=rules)).status_code == 200
    first, second = await enroll("alice"), await enroll("bob")
    for phone in (first, second):
        await report(phone, encrypted=False)
    listed = f"{POLICIES}/getDevicesScheduledToRetire()"
    assert {each["managedDeviceId"] for each in await documents(beta, listed)} == {
        first.managed_device_id,
        second.managed_device_id,
    }
    table = json.loads((await beta.post(f"{POLICIES}/getNoncompliantDevicesToRetire", json={"top": 1})).content)
    assert (table["TotalRowCount"], len(table["Values"])) == (2, 1)
    act = f"{POLICIES}/setScheduledRetireState"
    for body in ({"state": "frob", "managedDeviceIds": []}, {"state": "confirmRetire", "managedDeviceIds": 5}):
        assert (await beta.post(act, json=body)).status_code == 400
    confirmed = {"state": "confirmRetire", "managedDeviceIds": [first.managed_device_id], "scopedToAllDevices": False}
    assert (await beta.post(act, json=confirmed)).status_code == 204
    assert (await document(beta, path_of(first)))["managementState"] == "retirePending"
    assert [each["managedDeviceId"] for each in await documents(beta, listed)] == [second.managed_device_id]
    assert (await beta.post(act, json={"state": "cancelRetire", "scopedToAllDevices": True})).status_code == 204
    assert await documents(beta, listed) == []
    await advance_clock(http, "P1D")
    assert (await document(beta, path_of(second)))["managementState"] == "managed"
    assert await documents(beta, listed) == []


async def test_what_others_report_of_a_device_counts_at_once(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll
) -> None:
    await policy(
        beta,
        deviceThreatProtectionEnabled=True,
        deviceThreatProtectionRequiredSecurityLevel="low",
        osMinimumVersion="9",
    )
    phone = await enroll()
    await report(phone)
    facts = f"{TENANT}/devices/{phone.enrollment_id}/partnerFacts"
    assert (await document(beta, path_of(phone)))["complianceState"] == "noncompliant"
    answer = await http.post(facts, json={"facts": {"partnerReportedThreatState": "lowSeverity"}})
    assert answer.status_code == 204, answer.text
    record = await document(beta, path_of(phone))
    assert (record["complianceState"], record["partnerReportedThreatState"]) == ("compliant", "lowSeverity")
    for wrong in ({"partnerReportedThreatState": "frob"}, {"isEncrypted": True}, {"isBitLockerEnabled": "yes"}):
        assert (await http.post(facts, json={"facts": wrong})).status_code == 400
    assert (await http.post(f"{TENANT}/devices/x/partnerFacts", json={"facts": {}})).status_code == 404
    assert (await document(beta, path_of(phone)))["complianceState"] == "compliant"
