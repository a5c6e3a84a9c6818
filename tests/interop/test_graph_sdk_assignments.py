"""Who gets a profile, and how profiles refer to one another, through Microsoft's SDKs."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from kiota_abstractions.api_error import APIError

from tests.interop.sdk import WARNINGS, Sdk, ServedTenant, asking, both, everything, names, refusal

pytestmark = WARNINGS

CA = {
    "certification_authority": "ca.contoso.example",
    "certification_authority_name": "Contoso Issuing CA",
    "certificate_template_name": "SmimeSigning",
}
ITEM = "device_management.device_configurations.item"


@pytest.fixture
async def beta(served_tenant: ServedTenant) -> AsyncIterator[Sdk]:
    """Beta alone knows certificate profiles, filters, and the old form of assignments."""
    async with both("beta", served_tenant) as opened:
        yield opened


async def made(sdk: Sdk, kind: str, **properties: Any) -> tuple[Any, Any]:
    """A profile, and the builder of its address."""
    profiles = sdk.graph.device_management.device_configurations
    profile = await profiles.post(sdk.model(kind)(**{"display_name": kind, **properties}))
    return profile, profiles.by_device_configuration_id(profile.id)


async def group_of(sdk: Sdk, name: str) -> str:
    groups = sdk.graph.groups
    (found,) = (await groups.get(asking(groups, filter=f"displayName eq '{name}'"))).value
    return str(found.id)


async def test_assignments_are_replaced_added_changed_and_removed(sdk: Sdk) -> None:
    staff, pilot = await group_of(sdk, "All Staff"), await group_of(sdk, "SMIME Pilot")
    profile, one = await made(sdk, "IosCustomConfiguration")
    item, target = sdk.model("DeviceConfigurationAssignment"), sdk.model("GroupAssignmentTarget")
    body = sdk.model(f"{ITEM}.assign.AssignPostRequestBody")
    answer = await one.assign.post(
        body(
            assignments=[
                item(target=target(group_id=staff)),
                item(target=sdk.model("ExclusionGroupAssignmentTarget")(group_id=pilot)),
                item(target=sdk.model("AllDevicesAssignmentTarget")()),
            ]
        )
    )
    kinds = {"GroupAssignmentTarget", "ExclusionGroupAssignmentTarget", "AllDevicesAssignmentTarget"}
    assert {type(each.target).__name__ for each in answer.value} == kinds
    assert f"{profile.id}_{staff}" in {each.id for each in answer.value}
    assert len((await one.assignments.get()).value) == await one.assignments.count.get() == 3

    await one.assign.post(body(assignments=[item(target=target(group_id=staff))]))
    added = await one.assignments.post(item(target=sdk.model("AllLicensedUsersAssignmentTarget")()))
    single = one.assignments.by_device_configuration_assignment_id(added.id)
    assert type((await single.get()).target) is sdk.model("AllLicensedUsersAssignmentTarget")
    await single.delete()
    assert [each.target.group_id for each in (await one.assignments.get()).value] == [staff]
    expanded = await one.get(asking(one, expand=["assignments"]))
    assert [assignment.target.group_id for assignment in expanded.assignments] == [staff]
    await one.assign.post(body(assignments=[]))
    assert (await one.assignments.get()).value == []
    with pytest.raises(APIError) as refused:
        await one.assign.post(body(assignments=[item(target=target(group_id=str(uuid.uuid4())))]))
    assert refusal(refused.value)[0] == 400
    await one.delete()


async def test_how_a_profile_fares_before_any_device_has_reported(sdk: Sdk) -> None:
    _, one = await made(sdk, "IosCustomConfiguration")
    overview = await one.device_status_overview.get()
    assert (overview.pending_count, overview.success_count, overview.error_count) == (0, 0, 0)
    users = await one.user_status_overview.get()
    assert (users.success_count, users.failed_count) == (0, 0)
    for listed in (one.device_statuses, one.user_statuses):
        assert (await listed.get()).value == []
        assert await listed.count.get() == 0
    summaries = await sdk.graph.device_management.device_configuration_device_state_summaries.get()
    assert summaries.error_device_count == 0
    await one.delete()


async def test_assignments_in_their_old_form(beta: Sdk) -> None:
    staff = await group_of(beta, "All Staff")
    profile, one = await made(beta, "IosCustomConfiguration")
    old = beta.model("DeviceConfigurationGroupAssignment")
    added = await one.group_assignments.post(old(target_group_id=staff, exclude_group=False))
    assert [each.target_group_id for each in (await one.group_assignments.get()).value] == [staff]
    single = one.group_assignments.by_device_configuration_group_assignment_id(added.id)
    assert (await single.device_configuration.get()).id == profile.id
    await single.delete()
    body = beta.model(f"{ITEM}.assign.AssignPostRequestBody")
    await one.assign.post(body(device_configuration_group_assignments=[old(target_group_id=staff, exclude_group=True)]))
    (found,) = (await one.assignments.get()).value
    assert type(found.target) is beta.model("ExclusionGroupAssignmentTarget")
    await one.delete()


async def test_filters_live_narrow_assignments_and_stay_while_they_are_used(beta: Sdk) -> None:
    management = beta.graph.device_management
    filters, kind = management.assignment_filters, beta.model("DeviceAndAppManagementAssignmentFilter")
    rule = '(device.manufacturer -eq "Apple")'
    new = await filters.post(kind(display_name="Apple's", platform=beta.model("DevicePlatformType").IOS, rule=rule))
    one = filters.by_device_and_app_management_assignment_filter_id(new.id)
    assert (await one.patch(kind(description="Made there"))).description == "Made there"
    assert names((await filters.get(asking(filters, orderby=["displayName"]))).value) == ["Apple's"]
    assert await filters.count.get() == 1
    profile, builder = await made(beta, "IosCustomConfiguration")
    how = beta.model("DeviceAndAppManagementAssignmentFilterType")
    target = beta.model("AllDevicesAssignmentTarget")(
        device_and_app_management_assignment_filter_id=new.id,
        device_and_app_management_assignment_filter_type=how.Include,
    )
    item = beta.model("DeviceConfigurationAssignment")(target=target)
    await builder.assign.post(beta.model(f"{ITEM}.assign.AssignPostRequestBody")(assignments=[item]))
    (found,) = (await builder.assignments.get()).value
    assert found.target.device_and_app_management_assignment_filter_id == new.id
    assert found.target.device_and_app_management_assignment_filter_type is how.Include
    assert [payload.payload_id for payload in (await one.get(asking(one, select=["payloads"]))).payloads] == [
        profile.id
    ]
    with pytest.raises(APIError) as refused:
        await one.delete()
    assert refusal(refused.value)[0] in {400, 409}
    await builder.delete()
    await one.delete()
    validate = beta.model("device_management.assignment_filters.validate_filter.ValidateFilterPostRequestBody")
    wrong = kind(display_name="x", platform=beta.model("DevicePlatformType").IOS, rule="(device.colour -eq 1)")
    assert (
        await filters.validate_filter.post(validate(device_and_app_management_assignment_filter=wrong))
    ).is_valid_rule is False


async def test_whom_profiles_reach(beta: Sdk) -> None:
    profile, one = await made(beta, "IosCustomConfiguration")
    body = beta.model(
        "device_management.device_configurations.get_targeted_users_and_devices."
        "GetTargetedUsersAndDevicesPostRequestBody"
    )
    profiles = beta.graph.device_management.device_configurations
    answer = await profiles.get_targeted_users_and_devices.post(body(device_configuration_ids=[profile.id]))
    assert answer.value == []
    await one.delete()


async def test_references_are_bound_nested_expanded_and_guarded(beta: Sdk) -> None:
    signing, signing_builder = await made(beta, "IosPkcsCertificateProfile", **CA)
    reading, reading_builder = await made(
        beta, "IosImportedPFXCertificateProfile", intended_purpose=beta.model("IntendedPurpose").SmimeEncryption
    )
    url = f"https://graph.microsoft.com/beta/deviceManagement/deviceConfigurations('{reading.id}')"
    account = {"account_name": "Contoso", "host_name": "mail.contoso.example"}
    _, mail = await made(
        beta,
        "IosEasEmailProfileConfiguration",
        smime_signing_certificate=signing,  # as a nested object
        additional_data={"smimeEncryptionCertificate@odata.bind": url},
        **account,
    )
    kind = "microsoft.graph.iosEasEmailProfileConfiguration"
    plain = await mail.get()
    assert (plain.smime_signing_certificate, plain.smime_encryption_certificate) == (None, None)
    expand = [f"{kind}/smimeSigningCertificate", f"{kind}/smimeEncryptionCertificate"]
    answer = await mail.get(asking(mail, expand=expand))
    assert type(answer.smime_signing_certificate) is type(signing)
    assert (answer.smime_signing_certificate.id, answer.smime_encryption_certificate.id) == (signing.id, reading.id)
    listed = beta.graph.device_management.device_configurations
    (same,) = [
        each
        for each in await everything(beta.graph, await listed.get(asking(listed, expand=[expand[1]])))
        if each.id == answer.id
    ]
    assert same.smime_encryption_certificate.id == reading.id
    with pytest.raises(APIError) as refused:
        await signing_builder.delete()
    assert refusal(refused.value)[0] == 400
    bad = {"smimeSigningCertificate@odata.bind": url.replace(reading.id, str(uuid.uuid4()))}
    with pytest.raises(APIError) as wrong:
        await mail.patch(beta.model("IosEasEmailProfileConfiguration")(additional_data=bad))
    assert refusal(wrong.value)[0] == 400
    for each in (mail, signing_builder, reading_builder):
        await each.delete()
