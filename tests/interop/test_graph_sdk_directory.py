"""The directory through both of Microsoft's SDKs: users, groups, devices, what the tenant says of itself."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from kiota_abstractions.api_error import APIError

from tests.interop.sdk import WARNINGS, PasswordCredential, Sdk, ServedTenant, asking, both, everything, names, refusal

pytestmark = WARNINGS

INTUNE = uuid.UUID("061f9ace-7d42-4136-88ac-31dc755f143f")
OBJECTS = "https://graph.microsoft.com/v1.0/directoryObjects"


@pytest.fixture(params=["v1.0", "beta"])
async def as_alice(request: pytest.FixtureRequest, served_tenant: ServedTenant) -> AsyncIterator[Sdk]:
    """The SDK as alice, who signed in with her password."""
    async with both(request.param, served_tenant, azure=PasswordCredential(served_tenant, "alice")) as opened:
        yield opened


async def new_user(sdk: Sdk, name: str, **more: Any) -> Any:
    return await sdk.graph.users.post(
        sdk.model("User")(
            account_enabled=True,
            display_name=name.title(),
            mail_nickname=name,
            user_principal_name=sdk.served_tenant.upn(name),
            password_profile=sdk.model("PasswordProfile")(password="Wonder-1234"),
            **more,
        )
    )


async def new_group(sdk: Sdk, name: str, **bound: list[str]) -> Any:
    return await sdk.graph.groups.post(
        sdk.model("Group")(
            display_name=name,
            mail_enabled=False,
            mail_nickname=name.lower(),
            security_enabled=True,
            additional_data={f"{key}@odata.bind": [f"{OBJECTS}/{each}" for each in ids] for key, ids in bound.items()},
        )
    )


async def new_device(sdk: Sdk, name: str) -> Any:
    return await sdk.graph.devices.post(
        sdk.model("Device")(
            account_enabled=True,
            device_id=str(uuid.uuid4()),
            display_name=name,
            operating_system="Windows",
            operating_system_version="10.0.22631",
            alternative_security_ids=[sdk.model("AlternativeSecurityId")(type=2, key=b"key")],
        )
    )


async def ids(sdk: Sdk, builder: Any, **options: Any) -> set[str]:
    return {str(each.id) for each in await everything(sdk.graph, await builder.get(asking(builder, **options)))}


async def test_a_user_lives_from_post_to_delete(sdk: Sdk) -> None:
    user = await new_user(sdk, "zoe", department="Sales", other_mails=["zoe@home.example"], usage_location="DE")
    one = sdk.graph.users.by_user_id(user.id)
    chosen = asking(one, select=["id", "department", "otherMails", "accountEnabled", "createdDateTime"])
    answer = await one.get(chosen)
    assert (answer.department, answer.other_mails, answer.account_enabled) == ("Sales", ["zoe@home.example"], True)
    assert answer.created_date_time.tzinfo is not None
    assert (await one.get()).department is None, "shown only when asked for"

    assert await one.patch(sdk.model("User")(department="Law", job_title="Counsel")) is None
    named = sdk.graph.users_with_user_principal_name(sdk.served_tenant.upn("zoe"))
    assert (await named.get()).id == user.id
    changed = await sdk.graph.users.by_user_id(sdk.served_tenant.upn("zoe")).get(
        asking(one, select=["department", "jobTitle"])
    )
    assert (changed.department, changed.job_title) == ("Law", "Counsel")
    # An explicit null is said beside the model, which writes none.
    await one.patch(sdk.model("User")(additional_data={"jobTitle": None}))
    assert (await one.get()).job_title is None

    await one.delete()
    with pytest.raises(APIError) as gone:
        await one.get()
    assert refusal(gone.value) == (404, "Request_ResourceNotFound")


async def test_licences_are_given_listed_and_taken(sdk: Sdk) -> None:
    user = await new_user(sdk, "liz", usage_location="DE")
    one = sdk.graph.users.by_user_id(user.id)
    body = sdk.model("users.item.assign_license.AssignLicensePostRequestBody")
    licence = sdk.model("AssignedLicense")(sku_id=INTUNE, disabled_plans=[])
    await one.assign_license.post(body(add_licenses=[licence], remove_licenses=[]))
    assert [each.sku_id for each in (await one.license_details.get()).value] == [INTUNE]
    (sku,) = [each for each in (await sdk.graph.subscribed_skus.get()).value if each.sku_id == INTUNE]
    assert sku.consumed_units >= 1
    assert (await sdk.graph.subscribed_skus.by_subscribed_sku_id(sku.id).get()).sku_part_number == sku.sku_part_number
    await one.assign_license.post(body(add_licenses=[], remove_licenses=[INTUNE]))
    assert (await one.license_details.get()).value == []
    await one.delete()


async def test_a_manager_is_set_read_expanded_and_removed(sdk: Sdk) -> None:
    graph, reference = sdk.graph, sdk.model("ReferenceUpdate")
    alice = await graph.users.by_user_id(sdk.served_tenant.upn("alice")).get()
    bob = graph.users.by_user_id(sdk.served_tenant.upn("bob"))
    await bob.manager.ref.put(reference(odata_id=f"{OBJECTS}/{alice.id}"))
    assert (await bob.manager.get()).id == alice.id
    expanded = await bob.get(asking(bob, expand=["manager"]))
    assert type(expanded.manager) is sdk.model("User")
    assert await ids(sdk, graph.users.by_user_id(alice.id).direct_reports) == {expanded.id}
    await bob.manager.ref.delete()
    with pytest.raises(APIError) as none:
        await bob.manager.get()
    assert refusal(none.value)[0] == 404


async def test_users_are_searched_filtered_sorted_and_paged(sdk: Sdk) -> None:
    users = sdk.graph.users
    options: dict[str, Any] = {"top": 1, "orderby": ["displayName desc"], "select": ["displayName"], "count": True}
    first = await users.get(
        asking(users, eventual=True, filter=f"endsWith(mail,'{sdk.served_tenant.domain}')", **options)
    )
    assert (first.odata_count, len(first.value)) == (3, 1)
    assert names(await everything(sdk.graph, first)) == ["Carol Clark", "Bob Brown", "Alice Adams"]
    searched = await users.get(asking(users, eventual=True, search='"displayName:brown"'))
    assert names(searched.value) == ["Bob Brown"]
    assert await users.count.get(asking(users.count, eventual=True, filter="startsWith(displayName,'Al')")) == 1
    with pytest.raises(APIError) as refused:
        await users.get(asking(users, filter="nonsense eq"))
    assert refusal(refused.value)[0] == 400


async def test_groups_hold_people_devices_and_groups(sdk: Sdk) -> None:
    graph = sdk.graph
    alice, bob = [await graph.users.by_user_id(sdk.served_tenant.upn(name)).get() for name in ("alice", "bob")]
    device = await new_device(sdk, "Desk")
    inner = await new_group(sdk, "Inner", members=[alice.id, device.id], owners=[bob.id])
    outer = await new_group(sdk, "Outer", members=[inner.id])
    one, other = graph.groups.by_group_id(inner.id), graph.groups.by_group_id(outer.id)
    members = await everything(graph, await one.members.get())
    assert {type(member) for member in members} == {sdk.model("User"), sdk.model("Device")}
    assert await ids(sdk, one.members.graph_user) == {alice.id}
    assert await ids(sdk, one.members.graph_device) == {device.id}
    assert await ids(sdk, other.transitive_members) == {inner.id, alice.id, device.id}
    assert await ids(sdk, other.transitive_members.graph_user, top=1) == {alice.id}
    assert await one.members.count.get(asking(one.members.count, eventual=True)) == 2
    assert await ids(sdk, one.owners) == {bob.id}
    # The SDK takes references for strings: it counts them, and cannot read `{"@odata.id": ...}`.
    assert len((await one.members.ref.get()).value) == 2

    reference = sdk.model("ReferenceCreate")
    await one.members.ref.post(reference(odata_id=f"{OBJECTS}/{bob.id}"))
    with pytest.raises(APIError, match="already exist"):
        await one.members.ref.post(reference(odata_id=f"{OBJECTS}/{bob.id}"))
    await one.members.by_directory_object_id(bob.id).ref.delete()
    # The other way to name who goes: `members/$ref?@id=`.
    await one.members.ref.delete(asking(one.members.ref, verb="Delete", id=f"{OBJECTS}/{device.id}"))
    assert await ids(sdk, one.members) == {alice.id}
    await one.owners.ref.post(reference(odata_id=f"{OBJECTS}/{alice.id}"))
    await one.owners.by_directory_object_id(bob.id).ref.delete()
    assert await ids(sdk, one.owners) == {alice.id}
    for each in (one, other, graph.devices.by_device_id(device.id)):
        await each.delete()


async def test_whose_member_one_is(sdk: Sdk) -> None:
    graph = sdk.graph
    carol = graph.users.by_user_id(sdk.served_tenant.upn("carol"))
    inner = await new_group(sdk, "Nest", members=[(await carol.get()).id])
    outer = await new_group(sdk, "Tree", members=[inner.id])
    assert {"Nest", "All Staff"} == set(names((await carol.member_of.get()).value))
    assert {"Nest", "Tree", "All Staff"} == set(names((await carol.transitive_member_of.get()).value))
    assert await ids(sdk, carol.member_of.graph_group) >= {inner.id}
    check = sdk.model("users.item.check_member_groups.CheckMemberGroupsPostRequestBody")
    answer = await carol.check_member_groups.post(check(group_ids=[outer.id, str(uuid.uuid4())]))
    assert answer.value == [outer.id]
    every = sdk.model("users.item.get_member_groups.GetMemberGroupsPostRequestBody")
    answer = await carol.get_member_groups.post(every(security_enabled_only=True))
    assert {inner.id, outer.id} < set(answer.value)
    for each in (inner, outer):
        await graph.groups.by_group_id(each.id).delete()


async def test_one_of_a_list_is_had_by_its_id(sdk: Sdk) -> None:
    graph = sdk.graph
    (staff,) = (await graph.groups.get(asking(graph.groups, filter="displayName eq 'All Staff'"))).value
    group, alice = graph.groups.by_group_id(staff.id), graph.users.by_user_id(sdk.served_tenant.upn("alice"))
    user = await alice.get()
    one = await group.members.by_directory_object_id(user.id).graph_user.get()
    assert one.user_principal_name == user.user_principal_name
    answer = await group.transitive_members.by_directory_object_id(user.id).get()
    assert type(answer) is sdk.model("User")
    for lists in (alice.member_of, alice.transitive_member_of):
        assert (await lists.by_directory_object_id(staff.id).get()).display_name == "All Staff"
        assert (await lists.by_directory_object_id(staff.id).graph_group.get()).id == staff.id
    with pytest.raises(APIError) as none:
        await alice.member_of.by_directory_object_id(user.id).get()
    assert refusal(none.value) == (404, "Request_ResourceNotFound")
    (licence,) = (await alice.license_details.get()).value
    assert (await alice.license_details.by_license_details_id(licence.id).get()).sku_id == INTUNE
    assert await alice.license_details.count.get() == 1
    result = await alice.get(asking(alice, expand=["licenseDetails", "memberOf"]))
    assert [license_detail.sku_id for license_detail in result.license_details] == [INTUNE]
    assert staff.id in {each.id for each in result.member_of}


async def test_what_has_an_id_is_had_through_every_collection(sdk: Sdk) -> None:
    user = await sdk.graph.users.by_user_id(sdk.served_tenant.upn("alice")).get()
    for name in ("users", "groups", "devices", "organization"):
        body = sdk.model(f"{name}.get_by_ids.GetByIdsPostRequestBody")
        answer = await getattr(sdk.graph, name).get_by_ids.post(body(ids=[user.id]))
        assert [type(each) for each in answer.value] == [sdk.model("User")], name


async def test_groups_are_changed_filtered_and_expanded(sdk: Sdk) -> None:
    groups = sdk.graph.groups
    (staff,) = (await groups.get(asking(groups, filter="displayName eq 'All Staff'", expand=["members"]))).value
    assert set(names(staff.members)) == {"Alice Adams", "Bob Brown", "Carol Clark"}
    one = groups.by_group_id(staff.id)
    assert await one.patch(sdk.model("Group")(description="All of us")) is None
    assert (await one.get(asking(one, select=["description"]))).description == "All of us"
    assert await groups.count.get(asking(groups.count, eventual=True)) >= 2
    user = await new_user(sdk, "gus")
    await one.patch(sdk.model("Group")(additional_data={"members@odata.bind": [f"{OBJECTS}/{user.id}"]}))
    assert user.id in await ids(sdk, one.members)
    await sdk.graph.users.by_user_id(user.id).delete()
    assert user.id not in await ids(sdk, one.members)


async def test_an_entra_device_lives_from_post_to_delete(sdk: Sdk) -> None:
    devices = sdk.graph.devices
    device = await new_device(sdk, "Laptop 7")
    one = devices.by_device_id(device.id)
    assert device.id != device.device_id
    (found,) = (await devices.get(asking(devices, filter=f"deviceId eq '{device.device_id}'"))).value
    assert (found.id, found.operating_system, found.is_managed) == (device.id, "Windows", device.is_managed)
    # The other key that Graph has for it.
    assert (await sdk.graph.devices_with_device_id(device.device_id).get()).id == device.id
    await one.patch(sdk.model("Device")(account_enabled=False))
    assert (await one.get()).account_enabled is False
    group = await new_group(sdk, "Laptops", members=[device.id])
    assert names((await one.member_of.get()).value) == ["Laptops"]
    await one.delete()
    assert await ids(sdk, sdk.graph.groups.by_group_id(group.id).members) == set()
    with pytest.raises(APIError) as gone:
        await one.get()
    assert refusal(gone.value) == (404, "Request_ResourceNotFound")
    await sdk.graph.groups.by_group_id(group.id).delete()


async def test_what_the_tenant_says_of_itself(sdk: Sdk) -> None:
    (organization,) = (await sdk.graph.organization.get()).value
    assert organization.id == sdk.served_tenant.tenant
    assert [
        verified_domain.name for verified_domain in organization.verified_domains if verified_domain.is_default
    ] == [sdk.served_tenant.domain]
    one = await sdk.graph.organization.by_organization_id(sdk.served_tenant.tenant).get()
    assert one.display_name == organization.display_name
    assert [each.id for each in (await sdk.graph.domains.get()).value] == [sdk.served_tenant.domain]
    assert (await sdk.graph.domains.count.get(), await sdk.graph.organization.count.get()) == (1, 1)
    alice = await sdk.graph.users.by_user_id(sdk.served_tenant.upn("alice")).get()
    result = await sdk.graph.directory_objects.by_directory_object_id(alice.id).get()
    assert type(result) is sdk.model("User")
    body = sdk.model("directory_objects.get_by_ids.GetByIdsPostRequestBody")
    answer = await sdk.graph.directory_objects.get_by_ids.post(body(ids=[alice.id], types=["user"]))
    assert names(answer.value) == ["Alice Adams"]


async def test_me_is_who_signed_in(as_alice: Sdk) -> None:
    me = as_alice.me()
    answer = await me.get()
    assert answer.user_principal_name == as_alice.served_tenant.upn("alice")
    assert (await me.get(asking(me, select=["id", "accountEnabled"]))).account_enabled is True
    assert set(names((await me.member_of.get()).value)) == {"All Staff", "SMIME Pilot"}
    assert (await me.managed_devices.get()).value == []
    assert (await me.license_details.get()).value != []


async def test_an_application_has_no_me(sdk: Sdk) -> None:
    with pytest.raises(APIError) as refused:
        await sdk.me().get()
    assert refusal(refused.value)[0] == 400
