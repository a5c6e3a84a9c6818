"""Reports, changes and notifications, through Microsoft's SDKs of both versions: the server calls a receiver."""

from __future__ import annotations

import asyncio
import io
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from kiota_abstractions.api_error import APIError

from tests.interop.sdk import WARNINGS, Sdk, refusal
from tests.support.receivers import Receiver, receiving

pytestmark = WARNINGS

SECONDS = 20


async def until(receiver: Receiver, number: int) -> list[dict[str, Any]]:
    """Wait until so many notifications have come."""
    async with asyncio.timeout(SECONDS):
        while len(receiver.notifications) < number:
            await asyncio.sleep(0.05)
    return receiver.notifications


async def test_a_report_is_exported_polled_and_downloaded(sdk: Sdk) -> None:
    jobs = sdk.graph.device_management.reports.export_jobs
    kind, formats = sdk.model("DeviceManagementExportJob"), sdk.model("DeviceManagementReportFileFormat")
    job = await jobs.post(kind(report_name="DeviceCompliance", select=["DeviceName", "OS"], format=formats.Csv))
    status, seen = sdk.model("DeviceManagementReportStatus"), [job.status]
    while seen[-1] is not status.Completed:
        job = await jobs.by_device_management_export_job_id(job.id).get()
        seen.append(job.status)
    assert seen == [status.NotStarted, status.InProgress, status.Completed]
    assert job.expiration_date_time > job.request_date_time
    async with httpx.AsyncClient(verify=sdk.served_tenant.server.trusting()) as anybody:
        content = (await anybody.get(job.url)).raise_for_status().content
    assert zipfile.ZipFile(io.BytesIO(content)).read(f"{job.id}.csv") == b"DeviceName,OS,OS_loc\r\n"
    await jobs.by_device_management_export_job_id(job.id).delete()
    with pytest.raises(APIError) as gone:
        await jobs.by_device_management_export_job_id(job.id).get()
    assert refusal(gone.value) == (404, "ResourceNotFound")
    with pytest.raises(APIError) as unlisted:
        await jobs.get()
    assert refusal(unlisted.value) == (400, "No method match route template")


async def test_a_report_action_answers_with_bytes(sdk: Sdk) -> None:
    action = sdk.graph.device_management.reports.get_device_non_compliance_report
    folder = "device_management.reports.get_device_non_compliance_report"
    body = sdk.model(f"{folder}.GetDeviceNonComplianceReportPostRequestBody")
    content = await action.post(body(select=["DeviceName"], skip=0, top=10))
    assert content.startswith(b'{"TotalRowCount": 0')


async def test_users_are_followed_by_delta_links(sdk: Sdk) -> None:
    users = sdk.graph.users
    page = await users.delta.get()
    assert {user.user_principal_name.partition("@")[0] for user in page.value} >= {"alice", "bob", "carol"}
    alice = next(user for user in page.value if user.user_principal_name.startswith("alice"))
    await users.by_user_id(alice.id).patch(sdk.model("User")(job_title=f"Chief of {sdk.package.__name__}"))
    later = await users.delta.with_url(page.odata_delta_link).get()
    assert [(user.id, user.job_title) for user in later.value] == [(alice.id, f"Chief of {sdk.package.__name__}")]
    assert (await users.delta.with_url(later.odata_delta_link).get()).value == []
    groups = await sdk.graph.groups.delta.get()
    staff = next(group for group in groups.value if group.display_name == "All Staff")
    assert alice.id in {str(each["id"]) for each in staff.additional_data["members@delta"]}
    assert (await sdk.graph.devices.delta.get()).odata_delta_link


async def test_changes_are_told_to_a_receiver_until_the_subscription_is_deleted(sdk: Sdk) -> None:
    async with receiving() as receiver:
        subscriptions, kind = sdk.graph.subscriptions, sdk.model("Subscription")
        end = datetime.now(UTC) + timedelta(hours=2)
        wanted = kind(
            resource="users",
            change_type="updated,deleted",
            notification_url=receiver.url,
            expiration_date_time=end,
            client_state="ours",
        )
        made = await subscriptions.post(wanted)
        assert made.id in [each.id for each in (await subscriptions.get()).value]
        alice = await sdk.graph.users.by_user_id(sdk.served_tenant.upn("alice")).get()
        for city in ("Ghent", "Bruges"):
            await sdk.graph.users.by_user_id(alice.id).patch(sdk.model("User")(city=f"{city} {sdk.package.__name__}"))
        told = await until(receiver, 2)
        assert {(each["clientState"], each["changeType"], each["resource"]) for each in told} == {
            ("ours", "updated", f"Users/{alice.id}")
        }
        one = subscriptions.by_subscription_id(made.id)
        renewed = await one.patch(kind(expiration_date_time=end + timedelta(hours=1)))
        assert renewed.expiration_date_time == end + timedelta(hours=1)
        await one.reauthorize.post()
        await one.delete()
        await sdk.graph.users.by_user_id(alice.id).patch(sdk.model("User")(city="Lille"))
        with pytest.raises(APIError) as gone:
            await one.get()
        assert refusal(gone.value)[0] == 404
        assert len(receiver.notifications) == 2
