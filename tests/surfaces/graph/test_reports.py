"""Graph: deviceManagement/reports: export jobs with their files, cached reports, actions that answer with a table."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import Any

import httpx
import pytest

from fauxtune.core.reports.catalog import REPORTS
from fauxtune.operations.insight import export_jobs
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.graph import (
    ABSENT,
    ROOT,
    advance_clock,
    create,
    create_assigned,
    documents,
    error_code,
    error_message,
    id_of_user,
)
from tests.surfaces.graph.conftest import Enroll

pytestmark = pytest.mark.both_in_soak

JOBS, REPORTING = "/deviceManagement/reports/exportJobs", "/deviceManagement/reports"


async def exported(graph: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    """Export a report and ask until it is completed; the job."""
    job = await create(graph, JOBS, **body)
    statuses = [job["status"]]
    while statuses[-1] not in {"completed", "failed"}:
        job = (await graph.get(f"{JOBS}('{job['id']}')")).raise_for_status().json()
        statuses.append(job["status"])
    assert statuses == ["notStarted", "inProgress", "completed"]
    return job


async def content_of(http: httpx.AsyncClient, job: dict[str, Any]) -> str:
    """Download the file of a job, as anybody, and unpack it."""
    answer = await http.get(job["url"])
    assert answer.status_code == 200, answer.text
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    (name,) = archive.namelist()
    assert name == f"{job['id']}.{job['format']}"
    return archive.read(name).decode()


async def rows_of(http: httpx.AsyncClient, graph: httpx.AsyncClient, **body: Any) -> list[dict[str, str]]:
    """Export a report as csv; its rows."""
    text = await content_of(http, await exported(graph, **body))
    return list(csv.DictReader(io.StringIO(text, newline="")))


async def test_a_job_goes_on_each_time_that_it_is_asked_about_and_its_file_is_fetched_without_a_token(
    beta: httpx.AsyncClient, v1: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll
) -> None:
    await enroll("alice", serial="S1")
    job = await create(v1, JOBS, reportName="Devices", filter="(OwnerType eq '2')", select=["DeviceName", "UPN"])
    assert job == {
        "@odata.context": "https://localhost:8443/v1.0/$metadata#deviceManagement/reports/exportJobs/$entity",
        "id": job["id"],
        "reportName": "Devices",
        "filter": "(OwnerType eq '2')",
        "select": ["DeviceName", "UPN"],
        "format": "csv",
        "localizationType": "localizedValuesAsAdditionalColumn",
        "snapshotId": None,
        "status": "notStarted",
        "url": None,
        "requestDateTime": "2026-11-24T10:00:00Z",
        "expirationDateTime": "0001-01-01T00:00:00Z",
    }
    assert job["id"].startswith("Devices_")
    asked = (await beta.get(f"{JOBS}/{job['id']}")).json()
    assert (asked["status"], asked["url"], asked["search"]) == ("inProgress", None, None)
    done = (await v1.get(f"{JOBS}('{job['id']}')")).json()
    assert (done["status"], done["expirationDateTime"]) == ("completed", "2026-11-24T16:00:00Z")
    assert f"{job['id']}.zip?" in done["url"]
    assert "sig=" in done["url"]
    text = await content_of(http, done)
    assert text == "DeviceName,UPN\r\nalice_AndroidForWork,alice@contoso.example\r\n"


async def test_the_address_of_a_file_expires_with_its_job_and_proves_itself(
    beta: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    job = await exported(beta, reportName="Devices")
    forged = job["url"].replace("sig=", "sig=A")
    assert (await http.get(forged)).status_code == 403
    assert (await http.get(job["url"].partition("?")[0])).status_code == 401
    assert (await http.put(job["url"], content=b"x", headers={"x-ms-blob-type": "BlockBlob"})).status_code == 403
    await advance_clock(http, "PT5H59M")
    assert (await http.get(job["url"])).status_code == 200
    await advance_clock(http, "PT2M")
    assert (await http.get(job["url"])).status_code == 403
    gone = await beta.get(f"{JOBS}/{job['id']}")
    assert (gone.status_code, error_code(gone)) == (404, "ResourceNotFound")


async def test_the_list_of_jobs_is_not_routed(beta: httpx.AsyncClient, v1: httpx.AsyncClient) -> None:
    for graph in (beta, v1):
        answer = await graph.get(JOBS)
        assert (answer.status_code, error_code(answer)) == (400, "No method match route template")


async def test_a_device_that_was_judged_is_in_the_reports_and_among_the_changes_of_the_directory(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll
) -> None:
    phone, other = await enroll("alice", serial="S1"), await enroll("bob", serial="S2")
    for android_over_http in (phone, other):
        await android_over_http.settle()
    select = ["UPN", "ComplianceState"]
    assert await rows_of(http, beta, reportName="DeviceNonCompliance", select=select) == []
    first = (await beta.get("/devices/delta?$select=isCompliant&$deltaToken=latest")).json()["@odata.deltaLink"]
    block = {"actionType": "block", "gracePeriodHours": 0, "notificationTemplateId": ""}
    policy = await create(
        beta,
        "/deviceManagement/deviceCompliancePolicies",
        **{"@odata.type": "#microsoft.graph.androidWorkProfileCompliancePolicy"},
        displayName="Phones",
        osMinimumVersion="99",
        scheduledActionsForRule=[{"ruleName": "PasswordRequired", "scheduledActionConfigurations": [block]}],
    )
    target = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": await _group_of(beta, "alice")}
    assigned = await beta.post(
        f"/deviceManagement/deviceCompliancePolicies/{policy['id']}/assign", json={"assignments": [{"target": target}]}
    )
    assert assigned.status_code == 200, assigned.text
    body = {"appliedPolicyVersion": phone.applied_version, "keyStore": {}, "softwareInfo": {"androidVersion": "16"}}
    for _ in range(2):
        await phone.call("POST", ":reportStatus", body=body)
    (row,) = await rows_of(http, beta, reportName="DeviceNonCompliance", select=select)
    assert (row["UPN"], row["ComplianceState_loc"]) == ("alice@contoso.example", "Not compliant")
    (changed,) = (await beta.get(first)).json()["value"]
    assert changed["isCompliant"] is False


async def _group_of(graph: httpx.AsyncClient, user: str) -> str:
    """A group with this user alone; its id."""
    group = await create(
        graph, "/groups", displayName="Few", mailNickname="few", mailEnabled=False, securityEnabled=True
    )
    link = {"@odata.id": f"https://localhost:8443/v1.0/directoryObjects/{await id_of_user(graph, user)}"}
    assert (await graph.post(f"/groups/{group['id']}/members/$ref", json=link)).status_code == 204
    return str(group["id"])


@ON_BOTH_DATABASES
async def test_two_equal_requests_are_two_jobs_and_a_deleted_one_takes_its_file_along(
    beta: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    first, second = [await exported(beta, reportName="Devices") for _ in range(2)]
    assert first["id"] != second["id"]
    assert (await beta.delete(f"{JOBS}/{first['id']}")).status_code == 204
    assert (await http.get(first["url"])).status_code == 404
    assert (await http.get(second["url"])).status_code == 200
    assert (await beta.delete(f"{JOBS}/{first['id']}")).status_code == 404


async def test_a_json_file_has_its_rows_as_values(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll
) -> None:
    await enroll("alice")
    job = await exported(beta, reportName="DeviceCompliance", format="json", select=["UPN", "ComplianceState", "OS"])
    (row,) = json.loads(await content_of(http, job))["values"]
    assert row == {
        "UPN": "alice@contoso.example",
        "ComplianceState": 1,
        "ComplianceState_loc": "Compliant",
        "OS": 3,
        "OS_loc": "Android",
    }


async def test_localizable_columns_are_doubled_or_replaced_but_not_in_the_reports_of_all_devices(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll
) -> None:
    await enroll("alice")
    select = ["OwnerType"]
    (doubled,) = await rows_of(http, beta, reportName="DeviceCompliance", select=select)
    assert doubled == {"OwnerType": "2", "OwnerType_loc": "Personal"}
    replaced = {"select": select, "localizationType": "ReplaceLocalizableValues"}
    (short,) = await rows_of(http, beta, reportName="DeviceCompliance", **replaced)
    assert short == {"OwnerType": "Personal"}
    for name, value in (("Devices", {"OwnerType": "2"}), ("DevicesWithInventory", {"Ownership": "Personal"})):
        assert await rows_of(http, beta, reportName=name, select=select) == [value]
        assert await rows_of(http, beta, reportName=name, **replaced) == [value]


async def test_a_filter_compares_numbers_times_and_texts_quoted_or_not(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll
) -> None:
    await enroll("alice", serial="A")
    await advance_clock(http, "P1D")
    await enroll("bob", mode="fully-managed", serial="B")

    async def serials(condition: str) -> list[str]:
        rows = await rows_of(http, beta, reportName="Devices", select=["SerialNumber"], filter=condition)
        return sorted(row["SerialNumber"] for row in rows)

    assert await serials("(OwnerType eq '1')") == ["B"]
    assert await serials("OwnerType eq 2") == ["A"]
    assert await serials("(CreatedDate ge 2026-11-25T00:00:00Z)") == ["B"]
    assert await serials("(CreatedDate lt '2026-11-25') and (JailBroken ne 'x')") == ["A"]
    assert await serials("OwnerType in ('1', '2')") == ["A", "B"]
    assert await serials("not (CategoryName eq 'UNKNOWN')") == []


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"reportName": "Devices", "select": ["Colour"]}, 400, "has no column 'Colour'"),
        ({"reportName": "Devices", "filter": "Colour eq 'red'"}, 400, "Could not find a property named 'Colour'"),
        ({"reportName": "Devices", "filter": "DeviceName eq 'x'"}, 400, "cannot be used in filters"),
        ({"reportName": "Devices", "filter": "(OwnerType eq"}, 400, "Invalid filter clause"),
        ({"reportName": "Devices", "filter": "OwnerType eq 'x'"}, 400, "cannot be compared"),
        ({"reportName": "Devices", "format": "pdf"}, 400, "use csv or json"),
        ({"reportName": "Devices", "format": "xml"}, 400, "is not a value of"),
        ({"reportName": "Nothing"}, 400, "PostExportJobAsync not supported for reportType Nothing"),
        ({"reportName": ""}, 400, "reportName"),
        ({}, 400, "reportName"),
        ({"reportName": "FeatureUpdateDeviceState"}, 400, "needs a filter for its column PolicyId"),
        ({"reportName": "FeatureUpdateDeviceState", "filter": f"(PolicyId eq '{ABSENT}')"}, 501, "not updated here"),
        ({"reportName": "DefenderAgents"}, 501, "none reports malware"),
    ],
)
async def test_what_cannot_be_exported_is_refused_at_once(
    beta: httpx.AsyncClient, body: dict[str, Any], status: int, says: str
) -> None:
    answer = await beta.post(JOBS, json=body)
    assert answer.status_code == status, answer.text
    assert says in error_message(answer)


@ON_BOTH_DATABASES
async def test_every_report_can_be_exported_with_all_of_its_columns(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll, root_file: str, subtests: pytest.Subtests
) -> None:
    device = await enroll("alice")
    await create_assigned(beta, **{"@odata.type": ROOT, "certFileName": "r.cer", "trustedRootCertificate": root_file})
    await device.settle()
    await enroll("bob")
    for report in REPORTS:
        with subtests.test(report.name):
            names = [column.name for column in report.columns if not column.hidden]
            needed = {"filter": f"({report.required} eq '{ABSENT}')"} if report.required else {}
            rows = await rows_of(http, beta, reportName=report.name, select=names, **needed)
            heads = {column.head for column in report.columns if not column.hidden}
            assert all(heads <= set(row) for row in rows)
    statuses = await rows_of(http, beta, reportName="DeviceStatusesByConfigurationProfile")
    assert sorted((row["UPN"], row["PolicyStatus_loc"]) for row in statuses) == [
        ("alice@contoso.example", "Succeeded"),
        ("bob@contoso.example", "Unknown"),
    ]
    (counts,) = await rows_of(http, beta, reportName="ConfigurationPolicyDeviceAggregates")
    assert (counts["NumberOfCompliantDevices"], counts["NumberOfInProgressDevices"]) == ("1", "1")


async def test_a_tenant_keeps_so_many_jobs_and_the_oldest_go_first(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_jobs, "MOST_JOBS", 2)
    first = await exported(beta, reportName="Devices")
    await advance_clock(http, "PT1M")
    second = await exported(beta, reportName="Devices")
    await create(beta, JOBS, reportName="Devices")
    assert (await beta.get(f"{JOBS}/{first['id']}")).status_code == 404
    assert (await http.get(first["url"])).status_code == 404
    assert (await http.get(second["url"])).status_code == 200


async def test_a_report_that_grows_too_large_fails(
    beta: httpx.AsyncClient, enroll: Enroll, monkeypatch: pytest.MonkeyPatch
) -> None:
    await enroll("alice")
    monkeypatch.setattr(export_jobs, "MOST_CHARACTERS", 10)
    job = await create(beta, JOBS, reportName="Devices")
    assert (await beta.get(f"{JOBS}/{job['id']}")).json()["status"] == "inProgress"
    failed = (await beta.get(f"{JOBS}/{job['id']}")).json()
    assert (failed["status"], failed["url"]) == ("failed", None)


@ON_BOTH_DATABASES
async def test_an_action_answers_with_a_table_in_the_order_of_the_reports_columns(
    beta: httpx.AsyncClient, v1: httpx.AsyncClient, enroll: Enroll, root_file: str
) -> None:
    device = await enroll("alice", serial="S1")
    profile = await create_assigned(
        beta, **{"@odata.type": ROOT, "certFileName": "r.cer", "trustedRootCertificate": root_file}
    )
    await device.settle()
    path = f"{REPORTING}/getConfigurationPolicyDevicesReport"
    condition = (
        f"(PolicyId eq '{profile}') and (PolicyBaseTypeName eq 'Microsoft.Management.Services.Api.DeviceConfiguration')"
    )
    answer = await beta.post(path, json={"select": ["UPN", "PolicyStatus", "PolicyId"], "filter": condition})
    assert answer.headers["content-type"].startswith("application/octet-stream")
    assert answer.json() == {
        "TotalRowCount": 1,
        "Schema": [
            {"Column": "PolicyId", "PropertyType": "String"},
            {"Column": "UPN", "PropertyType": "String"},
            {"Column": "PolicyStatus", "PropertyType": "Int32"},
            {"Column": "PolicyStatus_loc", "PropertyType": "String"},
        ],
        "Values": [[profile, "alice@contoso.example", 2, "Succeeded"]],
        "SessionId": "",
    }
    none = await v1.post(f"{REPORTING}/getPolicyNonComplianceReport", json={})
    assert none.json()["TotalRowCount"] == 0
    assert (await v1.post(path, json={})).status_code == 400


async def test_a_table_is_searched_sorted_and_paged(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll
) -> None:
    for user in ("alice", "bob", "carol"):
        await enroll(user)
    await create(beta, f"{REPORTING}/cachedReportConfigurations", id=f"Devices_{ABSENT}", select=["UPN"])
    for _ in range(2):
        await beta.get(f"{REPORTING}/cachedReportConfigurations/Devices_{ABSENT}")

    async def upns(**asked: Any) -> list[str]:
        answer = await beta.post(f"{REPORTING}/getCachedReport", json={"id": f"Devices_{ABSENT}", **asked})
        assert answer.status_code == 200, answer.text
        return [row[0].partition("@")[0] for row in answer.json()["Values"]]

    assert await upns(orderBy=["UPN desc"]) == ["carol", "bob", "alice"]
    assert await upns(orderBy=["UPN"], skip=1, top=1) == ["bob"]
    assert await upns(search="CAROL") == ["carol"]
    for refused in ({"orderBy": ["Colour"]}, {"skip": -1}, {"select": ["Colour"]}, {"filter": "x"}):
        answer = await beta.post(f"{REPORTING}/getCachedReport", json={"id": f"Devices_{ABSENT}", **refused})
        assert answer.status_code == 400, answer.text
    grouped = await beta.post(f"{REPORTING}/getCachedReport", json={"id": f"Devices_{ABSENT}", "groupBy": ["UPN"]})
    assert grouped.status_code == 501


async def test_a_cached_report_is_configured_before_it_is_read(
    beta: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    path, key = f"{REPORTING}/cachedReportConfigurations", f"DeviceCompliance_{ABSENT}"
    early = await beta.post(f"{REPORTING}/getCachedReport", json={"id": key})
    assert early.status_code == 404
    made = await create(beta, path, id=key, filter="", orderBy=["UPN"], select=["UPN"])
    assert (made["reportName"], made["status"], made["lastRefreshDateTime"]) == (
        "DeviceCompliance",
        "notStarted",
        "0001-01-01T00:00:00Z",
    )
    unready = await beta.post(f"{REPORTING}/getCachedReport", json={"id": key})
    assert (unready.status_code, "until it is completed" in error_message(unready)) == (400, True)
    assert [(await beta.get(f"{path}/{key}")).json()["status"] for _ in range(2)] == ["inProgress", "completed"]
    assert (await beta.post(f"{REPORTING}/getCachedReport", json={"id": key})).json()["Values"] == []
    assert [document["id"] for document in await documents(beta, path)] == [key]
    assert (await beta.patch(f"{path}/{key}", json={"select": ["OS"]})).json()["status"] == "notStarted"
    assert (await beta.patch(f"{path}/{key}", json={"select": ["Colour"]})).status_code == 400
    await advance_clock(http, "P3DT1M")
    assert (await beta.get(f"{path}/{key}")).status_code == 404
    await create(beta, path, id=key)
    assert (await beta.delete(f"{path}/{key}")).status_code == 204
    assert (await beta.delete(f"{path}/{key}")).status_code == 404


async def test_actions_without_data_say_why(beta: httpx.AsyncClient, v1: httpx.AsyncClient) -> None:
    for action in ("getFailedMobileAppsReport", "getUnhealthyDefenderAgentsReport", "getReportFilters"):
        answer = await beta.post(f"{REPORTING}/{action}", json={})
        assert (answer.status_code, "is not emulated" in error_message(answer)) == (501, True)
