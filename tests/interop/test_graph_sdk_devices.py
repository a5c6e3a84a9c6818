"""Managed devices through both of Microsoft's SDKs: a small fleet enrolled, listed, changed and acted upon."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from kiota_abstractions.api_error import APIError

from tests.interop.sdk import (
    SCOPE,
    WARNINGS,
    PasswordCredential,
    Sdk,
    ServedTenant,
    asking,
    both,
    everything,
    new_tenant,
    refusal,
)
from tests.support.running_server import Running, fauxtune

pytestmark = WARNINGS


@dataclass(slots=True)
class Phones:
    """Ids of enrolled phones. A test takes what it changes, so that none sees what another did."""

    managed: list[str]
    work_profiles: list[str]


@pytest.fixture(scope="module")
def served_tenant(server: Running) -> Iterator[ServedTenant]:
    """A tenant of the current edition in every run: only there fully managed phones are restarted and renamed."""
    with new_tenant(server, edition="current") as made:
        yield made


@pytest.fixture(scope="module")
def phones(served_tenant: ServedTenant) -> Phones:
    """A small fleet of alice's and bob's. It does not stay connected: what is asked of it stays pending."""
    where = (
        "--server",
        served_tenant.server.https,
        "--ca",
        served_tenant.server.endpoints["caFile"],
        "--tenant",
        served_tenant.name,
    )
    who = ("--user", served_tenant.upn("alice"), "--user", served_tenant.upn("bob"))
    kinds = ("--mix", "android:1,android/fully-managed:2", "--keys", "1")
    words = ("fleet", "--devices", "24", *kinds, *who, *where, "--output", "json")
    done = fauxtune(*words, program="fauxtune-sim", commands=served_tenant.server.commands)
    assert done.returncode == 0, done.stderr + done.stdout
    assert json.loads(done.stdout)["settled"] == 24
    with served_tenant.server.client() as http:
        form = {"client_id": served_tenant.client_id, "client_secret": served_tenant.secret, "scope": SCOPE}
        token = http.post(
            f"/{served_tenant.tenant}/oauth2/v2.0/token", data={"grant_type": "client_credentials", **form}
        ).json()["access_token"]
        answer = http.get("/v1.0/deviceManagement/managedDevices", headers={"Authorization": f"Bearer {token}"})
    entries = answer.raise_for_status().json()["value"]
    profiles = [entry["id"] for entry in entries if entry["operatingSystem"] == "AndroidForWork"]
    return Phones([entry["id"] for entry in entries if entry["id"] not in profiles], profiles)


def one(sdk: Sdk, device: str) -> Any:
    return sdk.graph.device_management.managed_devices.by_managed_device_id(device)


async def listed(sdk: Sdk, **options: Any) -> list[Any]:
    devices = sdk.graph.device_management.managed_devices
    return await everything(sdk.graph, await devices.get(asking(devices, **options)))


async def test_devices_are_listed_in_pages_sorted_filtered_and_counted(sdk: Sdk, phones: Phones) -> None:
    devices = sdk.graph.device_management.managed_devices
    first = await devices.get(asking(devices, top=5, orderby=["deviceName"], select=["id", "deviceName"], count=True))
    assert len(first.value) == 5
    graph = await everything(sdk.graph, first)
    assert len(graph) == first.odata_count == await devices.count.get()
    assert [each.device_name for each in graph] == sorted(each.device_name for each in graph)
    assert graph[0].operating_system is None, "not chosen"
    alices = await listed(
        sdk, filter=f"userPrincipalName eq '{sdk.served_tenant.upn('alice')}' and operatingSystem ne 'iOS'"
    )
    assert {alice.user_display_name for alice in alices} == {"Alice Adams"}
    assert 0 < len(alices) < len(graph)
    owned = await listed(sdk, filter="managedDeviceOwnerType eq 'company'")
    assert {each.managed_device_owner_type.value for each in owned} == {"company"}
    assert await listed(sdk, filter="lastSyncDateTime lt 2020-01-01T00:00:00Z") == []
    name = graph[0].device_name
    assert [each.device_name for each in await listed(sdk, filter=f"startswith(deviceName,'{name}')")] == [name]
    with pytest.raises(APIError) as refused:
        await listed(sdk, filter="deviceName near 'here'")
    assert refusal(refused.value) == (400, "BadRequest")


async def test_a_device_has_its_user_and_its_entra_device(sdk: Sdk, phones: Phones) -> None:
    device = one(sdk, phones.managed[-1])
    answer = await device.get()
    (user,) = (await device.users.get()).value
    assert (user.id, user.user_principal_name) == (answer.user_id, answer.user_principal_name)
    devices = sdk.graph.devices
    (entra,) = (await devices.get(asking(devices, filter=f"deviceId eq '{answer.azure_a_d_device_id}'"))).value
    assert (entra.is_managed, entra.display_name) == (True, answer.device_name)
    theirs = sdk.graph.users.by_user_id(user.id)
    assert answer.id in {each.id for each in (await theirs.managed_devices.get()).value}
    assert (await theirs.managed_devices.by_managed_device_id(answer.id).get()).id == answer.id
    assert entra.id in {each.id for each in (await theirs.owned_devices.get()).value}
    (built_in,) = (await device.device_compliance_policy_states.get()).value
    assert (built_in.display_name, built_in.state.value) == ("Default Device Compliance Policy", "compliant")
    assert (await device.device_configuration_states.get()).value == []


async def test_what_belongs_to_devices_comes_along(sdk: Sdk, phones: Phones) -> None:
    parts = ["users", "deviceCategory", "deviceConfigurationStates"]
    for each in await listed(sdk, expand=parts):
        assert [user.id for user in each.users] == [each.user_id]
        assert each.device_category.display_name == each.device_category_display_name
        assert each.device_configuration_states is not None
    device = one(sdk, phones.managed[0])
    assert len((await device.get(asking(device, expand=parts))).users) == 1
    assert await device.log_collection_requests.count.get() == 0
    with pytest.raises(APIError) as none:
        await device.device_compliance_policy_states.by_device_compliance_policy_state_id("x").get()
    assert refusal(none.value)[0] == 404
    alice = sdk.graph.users.by_user_id(sdk.served_tenant.upn("alice"))
    mine = (await alice.get(asking(alice, expand=["managedDevices"]))).managed_devices
    assert {each.id for each in mine} == {each.id for each in (await alice.managed_devices.get()).value}


async def test_the_overview_counts_by_system(sdk: Sdk, phones: Phones) -> None:
    overview = await sdk.graph.device_management.managed_device_overview.get()
    assert overview.enrolled_device_count == await sdk.graph.device_management.managed_devices.count.get()
    assert overview.device_operating_system_summary.android_count > 0
    assert overview.device_operating_system_summary.ios_count == 0


async def test_a_device_is_changed(sdk: Sdk, phones: Phones) -> None:
    device = one(sdk, phones.managed[-2])
    changed = await device.patch(sdk.model("ManagedDevice")(managed_device_name="Reception", notes="At the door"))
    assert changed.managed_device_name == "Reception"
    # Some properties are shown only where they are chosen by name.
    assert (await device.get(asking(device, select=["id", "notes"]))).notes == "At the door"
    # What was read goes back as it is: what the service alone decides stays.
    whole = await device.get()
    whole.serial_number, whole.notes = "1", "By the door"
    again = await device.patch(whole)
    assert (again.serial_number, again.managed_device_name) == (changed.serial_number, "Reception")


async def test_a_device_is_put_into_a_category(sdk: Sdk, phones: Phones) -> None:
    categories = sdk.graph.device_management.device_categories
    answer = await categories.post(sdk.model("DeviceCategory")(display_name="Field", description="Outside"))
    category = categories.by_device_category_id(answer.id)
    assert (await category.patch(sdk.model("DeviceCategory")(description="Abroad"))).description == "Abroad"
    assert answer.id in {each.id for each in (await categories.get()).value}
    device = one(sdk, phones.managed[-3])
    url = f"{sdk.graph.request_adapter.base_url}/deviceManagement/deviceCategories/{answer.id}"
    await device.device_category.ref.put(sdk.model("ReferenceUpdate")(odata_id=url))
    assert (await device.device_category.get()).display_name == "Field"
    assert (await device.get()).device_category_display_name == "Field"
    await device.device_category.ref.delete()
    await category.delete()
    with pytest.raises(APIError) as gone:
        await category.get()
    assert refusal(gone.value) == (404, "ResourceNotFound")
    assert (await device.get()).device_category_display_name == "Unknown"


async def test_a_device_is_wiped(sdk: Sdk, phones: Phones) -> None:
    device = one(sdk, phones.managed.pop())
    body = sdk.model("device_management.managed_devices.item.wipe.WipePostRequestBody")
    with pytest.raises(APIError) as refused:  # it is a Windows device's
        await device.wipe.post(body(keep_enrollment_data=True))
    assert refusal(refused.value) == (400, "BadRequest")
    await device.wipe.post(body())
    answer = await device.get()
    assert answer.management_state.value == "wipePending"
    assert [
        (device_action_result.action_name, device_action_result.action_state.value)
        for device_action_result in answer.device_action_results
    ] == [("wipe", "pending")]


async def test_a_work_profile_is_retired_and_cannot_be_wiped(sdk: Sdk, phones: Phones) -> None:
    device = one(sdk, phones.work_profiles.pop())
    body = sdk.model("device_management.managed_devices.item.wipe.WipePostRequestBody")
    with pytest.raises(APIError) as refused:
        await device.wipe.post(body())
    assert refusal(refused.value)[0] == 400
    await device.retire.post()
    assert (await device.get()).management_state.value == "retirePending"


async def test_a_device_is_synchronized_locked_and_restarted(sdk: Sdk, phones: Phones) -> None:
    device = one(sdk, phones.managed.pop())
    for action in (device.sync_device, device.remote_lock, device.reboot_now):
        assert await action.post() is None
    results = {
        device_action_result.action_name: device_action_result.action_state.value
        for device_action_result in (await device.get()).device_action_results
    }
    assert results.keys() >= {"remoteLock", "rebootNow"}
    assert results["remoteLock"] == "pending"


async def test_what_a_device_cannot_do_is_refused_with_the_reason(sdk: Sdk, phones: Phones) -> None:
    device = one(sdk, phones.managed[-4])
    defender = sdk.model(
        "device_management.managed_devices.item.windows_defender_scan.WindowsDefenderScanPostRequestBody"
    )
    with pytest.raises(APIError, match="Windows") as refused:
        await device.windows_defender_scan.post(defender(quick_scan=True))
    assert refusal(refused.value)[0] in {400, 501}


async def test_a_deleted_record_is_gone_at_once(sdk: Sdk, phones: Phones) -> None:
    device = one(sdk, phones.managed.pop())
    await device.delete()
    for again in (device.get, device.sync_device.post, device.delete):
        with pytest.raises(APIError) as gone:
            await again()
        assert refusal(gone.value) == (404, "ResourceNotFound")


async def test_a_device_is_not_made_by_post(sdk: Sdk) -> None:
    with pytest.raises(APIError, match="enrol") as refused:
        await sdk.graph.device_management.managed_devices.post(sdk.model("ManagedDevice")(device_name="Thing"))
    assert refusal(refused.value)[0] == 400


async def test_one_action_for_many_devices(served_tenant: ServedTenant, phones: Phones) -> None:
    async with both("beta", served_tenant) as sdk:
        wanted, unknown = [phones.managed.pop(), phones.managed.pop()], "00000000-0000-0000-0000-00000000dead"
        body = sdk.model("device_management.managed_devices.execute_action.ExecuteActionPostRequestBody")
        answer = await sdk.graph.device_management.managed_devices.execute_action.post(
            body(
                action_name=sdk.model("ManagedDeviceRemoteAction").RebootNow,
                device_ids=[*wanted, unknown],
            )
        )
        assert set(answer.successful_device_ids) == set(wanted)
        assert answer.not_found_device_ids == [unknown]
        for each in wanted:
            (result,) = (await one(sdk, each).get()).device_action_results
            assert (result.action_name, result.action_state.value) == ("rebootNow", "pending")


async def test_what_only_beta_can_ask(served_tenant: ServedTenant, phones: Phones) -> None:
    async with both("beta", served_tenant) as sdk:
        device = one(sdk, phones.managed.pop())
        names = "device_management.managed_devices.item.set_device_name.SetDeviceNamePostRequestBody"
        await device.set_device_name.post(sdk.model(names)(device_name="Front desk"))
        (result,) = (await device.get()).device_action_results
        assert (result.action_name, result.action_state.value) == ("setDeviceName", "pending")
        tagged = await device.patch(sdk.model("ManagedDevice")(role_scope_tag_ids=["0"]))
        assert tagged.role_scope_tag_ids == ["0"]
        assert (await device.detected_apps.get()).value == []


async def test_ones_own_devices(served_tenant: ServedTenant, phones: Phones) -> None:
    async with both("v1.0", served_tenant, azure=PasswordCredential(served_tenant, "bob")) as sdk:
        mine = (await sdk.me().managed_devices.get()).value
        assert {each.user_principal_name for each in mine} == {served_tenant.upn("bob")}
        assert (await sdk.me().managed_devices.by_managed_device_id(mine[0].id).get()).id == mine[0].id
