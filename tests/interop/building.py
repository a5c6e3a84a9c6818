"""A tenant of 200 users, 500 devices and 40 profiles: built, read back and taken down with Microsoft's SDKs alone.

    python -m tests.interop.building --url https://localhost:8443 --ca .fauxtune/tls/ca.pem

msgraph-sdk does the directory, most of it in batches; msgraph-beta-sdk does what v1.0 does not know. The devices are
Entra's: a managed device comes by enrolment alone, in Graph as it is. What was in the tenant before stays as it was,
and nothing else is left. The last line is a summary, as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from tests.interop.building_clients import Tenant, asking, at_once, connected, everything, in_batches, model, v1
from tests.interop.building_profiles import MAIL, PKCS, assign_profiles, build_profiles

USERS, DEVICES, PROFILES = 200, 500, 40
DEPARTMENTS = ("Sales", "Finance", "Research", "Production", "Law", "Support", "Purchasing", "Press", "Staff", "Board")
SITES = ("Berlin", "Paris", "Rome", "Vienna", "Oslo")
SYSTEMS = ("Windows", "iOS", "macOS", "Android")
INTUNE = uuid.UUID("061f9ace-7d42-4136-88ac-31dc755f143f")
DIRECTORY = "https://graph.microsoft.com/v1.0/directoryObjects"
#: What Graph takes in one `members@odata.bind`.
BOUND = 20


def chunks(ids: Sequence[str]) -> Iterable[list[str]]:
    """As many as can be bound at once."""
    for start in range(0, len(ids), BOUND):
        yield [f"{DIRECTORY}/{each}" for each in ids[start : start + BOUND]]


async def build_users(tenant: Tenant) -> None:
    """People with licences, a tenth of them with a manager."""
    people = [
        v1("User")(
            account_enabled=True,
            display_name=f"Person {number:03}",
            given_name="Person",
            surname=f"{number:03}",
            department=DEPARTMENTS[number % len(DEPARTMENTS)],
            mail=f"person{number:03}@{tenant.domain}",
            mail_nickname=f"person{number:03}",
            user_principal_name=f"person{number:03}@{tenant.domain}",
            usage_location="DE",
            password_profile=v1("PasswordProfile")(password="Wonder-1234", force_change_password_next_sign_in=False),
        )
        for number in range(USERS)
    ]
    users = tenant.v1.users
    await in_batches(tenant, [users.to_post_request_information(person) for person in people])
    result = await everything(tenant.v1, users, top=100, filter="startswith(userPrincipalName,'person')")
    tenant.users = {each.display_name: each.id for each in result}
    one = tenant.v1.users.by_user_id
    body_type = model("AssignLicensePostRequestBody", sdk="msgraph", folder="users.item.assign_license")
    body = body_type(add_licenses=[v1("AssignedLicense")(sku_id=INTUNE, disabled_plans=[])], remove_licenses=[])
    ids = list(tenant.users.values())
    await in_batches(tenant, [one(each).assign_license.to_post_request_information(body) for each in ids])
    chief = v1("ReferenceUpdate")(odata_id=f"{DIRECTORY}/{ids[0]}")
    await in_batches(
        tenant, [one(each).manager.ref.to_put_request_information(chief) for each in ids[1 : 1 + USERS // 10]]
    )


async def build_devices(tenant: Tenant) -> None:
    """Entra devices, as if they had been registered."""
    devices = tenant.v1.devices
    await in_batches(
        tenant,
        [
            devices.to_post_request_information(
                v1("Device")(
                    account_enabled=number % 50 != 0,
                    device_id=str(uuid.uuid4()),
                    display_name=f"Device {number:03}",
                    operating_system=SYSTEMS[number % len(SYSTEMS)],
                    operating_system_version=f"{10 + number % 5}.0",
                    trust_type="AzureAd",
                    alternative_security_ids=[v1("AlternativeSecurityId")(type=2, key=number.to_bytes(4, "big"))],
                )
            )
            for number in range(DEVICES)
        ],
    )
    result = await everything(tenant.v1, devices, top=200, filter="startswith(displayName,'Device ')")
    tenant.devices = {each.display_name: each.id for each in result}


async def build_groups(tenant: Tenant) -> None:
    """A group a department with its people, one of those groups, and a group a site with its devices."""
    users, devices = list(tenant.users.values()), list(tenant.devices.values())
    members = {
        **{name: users[number :: len(DEPARTMENTS)] for number, name in enumerate(DEPARTMENTS)},
        **{name: devices[number :: len(SITES)] for number, name in enumerate(SITES)},
    }
    for name, ids in members.items():
        await build_group(tenant, name, ids=ids, owner=users[0])
    await build_group(tenant, "Everybody", ids=[tenant.groups[name] for name in DEPARTMENTS], owner=users[0])
    # One by one, as scripts do: the first device of each site is in the group of the next as well.
    for number, name in enumerate(SITES):
        following = tenant.groups[SITES[(number + 1) % len(SITES)]]
        reference = v1("ReferenceCreate")(odata_id=f"{DIRECTORY}/{members[name][0]}")
        await tenant.v1.groups.by_group_id(following).members.ref.post(reference)


async def build_group(tenant: Tenant, name: str, *, ids: Sequence[str], owner: str) -> None:
    """Twenty members are given with the group, the rest as changes of it."""
    first, *rest = chunks(ids)
    group = v1("Group")(
        display_name=name,
        mail_enabled=False,
        mail_nickname=name.lower(),
        security_enabled=True,
        additional_data={"members@odata.bind": first, "owners@odata.bind": [f"{DIRECTORY}/{owner}"]},
    )
    answer = await tenant.v1.groups.post(group)
    assert answer is not None
    assert answer.id is not None
    tenant.groups[name] = answer.id
    for more in rest:
        change = v1("Group")(additional_data={"members@odata.bind": more})
        await tenant.v1.groups.by_group_id(answer.id).patch(change)


async def build_filters(tenant: Tenant) -> None:
    """Filters of assignments."""
    platform = model("DevicePlatformType")
    rules = {
        "Pixels": (platform.AndroidForWork, '(device.manufacturer -eq "Google")'),
        "Owned by us": (platform.Windows10AndLater, '(device.deviceOwnership -eq "Corporate")'),
        "Apple's": (platform.IOS, '(device.manufacturer -eq "Apple")'),
    }
    for name, (of, rule) in rules.items():
        answer = await tenant.beta.device_management.assignment_filters.post(
            model("DeviceAndAppManagementAssignmentFilter")(display_name=name, platform=of, rule=rule)
        )
        assert answer is not None
        tenant.filters[name] = str(answer.id)


# ------------------------------------------------------------------------------------------------------------- reading


async def count(tenant: Tenant) -> dict[str, int]:
    """How much of everything there is."""
    management, beta = tenant.v1.device_management, tenant.beta.device_management
    counted = {
        "users": (tenant.v1.users, True),
        "groups": (tenant.v1.groups, True),
        "devices": (tenant.v1.devices, True),
        "managedDevices": (management.managed_devices, False),
        "deviceConfigurations": (beta.device_configurations, False),
        "assignmentFilters": (beta.assignment_filters, False),
    }
    return {
        name: await builder.count.get(asking(builder.count, eventual=eventual))
        for name, (builder, eventual) in counted.items()
    }


async def read_users(tenant: Tenant) -> None:
    """All by pages; some by filters; their manager, licences and groups."""
    users, ids = tenant.v1.users, list(tenant.users.values())
    everybody = await everything(tenant.v1, users, top=50, select=["id", "displayName", "department"])
    mine = {each.display_name: each for each in everybody if each.id in set(ids)}
    assert {name: each.id for name, each in mine.items()} == tenant.users
    sales = await everything(
        tenant.v1,
        users,
        top=7,
        filter="department eq 'Sales' and startswith(displayName,'Person')",
        orderby=["displayName"],
        count=True,
        eventual=True,
    )
    assert [sale.display_name for sale in sales] == sorted(name for name in mine if mine[name].department == "Sales")
    first = await users.get(asking(users, top=1, count=True, eventual=True, filter="department eq 'Sales'"))
    assert first is not None
    assert (first.odata_count, len(first.value or ())) == (USERS // len(DEPARTMENTS), 1)
    one = users.by_user_id(ids[1])
    answer = await one.get(asking(one, select=["id", "assignedLicenses"], expand=["manager"]))
    assert answer is not None
    assert [assigned_license.sku_id for assigned_license in answer.assigned_licenses or ()] == [INTUNE]
    assert answer.manager is not None
    assert answer.manager.id == ids[0]
    reports = await everything(tenant.v1, users.by_user_id(ids[0]).direct_reports)
    assert len(reports) == USERS // 10
    groups = await everything(tenant.v1, one.transitive_member_of)
    assert {group.id for group in groups} == {tenant.groups[DEPARTMENTS[1]], tenant.groups["Everybody"]}


async def read_devices(tenant: Tenant) -> None:
    """All by pages, those of a system, those that are disabled."""
    devices = tenant.v1.devices
    result = await everything(tenant.v1, devices, top=120, filter="startswith(displayName,'Device ')")
    assert {each.display_name: each.id for each in result} == tenant.devices
    macs = await everything(tenant.v1, devices, top=100, filter="operatingSystem eq 'macOS'", select=["displayName"])
    assert len(macs) == DEVICES // len(SYSTEMS)
    disabled = await everything(tenant.v1, devices, filter="accountEnabled eq false", orderby=["displayName"])
    assert [each.display_name for each in disabled] == [f"Device {number:03}" for number in range(0, DEVICES, 50)]
    at_first = devices.by_device_id(tenant.devices["Device 000"])
    places = await everything(tenant.v1, at_first.member_of)
    assert {place.display_name for place in places} == set(SITES[:2])


async def read_groups(tenant: Tenant) -> None:
    """Who is in them: direct, nested, cast, expanded."""
    for name in (*DEPARTMENTS, *SITES):
        members = tenant.v1.groups.by_group_id(tenant.groups[name]).members
        expected = USERS // len(DEPARTMENTS) if name in DEPARTMENTS else DEVICES // len(SITES) + 1
        assert await members.count.get(asking(members.count, eventual=True)) == expected, name
    sales = tenant.v1.groups.by_group_id(tenant.groups["Sales"])
    result = await everything(tenant.v1, sales.members, top=15, select=["id"])
    assert {each.id for each in result} == {tenant.users[f"Person {number:03}"] for number in range(0, USERS, 10)}
    everybody = tenant.v1.groups.by_group_id(tenant.groups["Everybody"])
    nested = await everything(tenant.v1, everybody.transitive_members.graph_user, top=90)
    assert {each.id for each in nested} == set(tenant.users.values())
    expanded = await everybody.get(asking(everybody, expand=["members"]))
    assert expanded is not None
    assert {member.id for member in expanded.members or ()} == {tenant.groups[name] for name in DEPARTMENTS}
    owners = await everything(tenant.v1, everybody.owners)
    assert [owner.id for owner in owners] == [tenant.users["Person 000"]]


async def read_profiles(tenant: Tenant, *, assignments: int) -> None:
    """All with their assignments; of one kind; what they refer to."""
    profiles = tenant.beta.device_management.device_configurations
    beta = await everything(tenant.beta, profiles, top=15, expand=["assignments"], orderby=["displayName"])
    mine = {type(each).__name__: each for each in beta if each.id in set(tenant.profiles.values())}
    assert {name: each.id for name, each in mine.items()} == tenant.profiles
    assert sum(len(each.assignments or ()) for each in mine.values()) == assignments
    filtered = mine["IosPkcsCertificateProfile"].assignments[0].target
    assert filtered.device_and_app_management_assignment_filter_id == tenant.filters["Apple's"]
    ours = "displayName eq 'Built IosPkcsCertificateProfile'"
    of_kind = await everything(
        tenant.beta, profiles, filter=f"isof('microsoft.graph.iosPkcsCertificateProfile') and {ours}"
    )
    assert [type(each).__name__ for each in of_kind] == ["IosPkcsCertificateProfile"]
    await at_once(read_root(tenant, name) for name in PKCS if hasattr(mine[name], "root_certificate"))
    one = profiles.by_device_configuration_id(tenant.profiles[MAIL[0]])
    kind = "microsoft.graph.iosEasEmailProfileConfiguration"
    mail = await one.get(asking(one, expand=[f"{kind}/smimeSigningCertificate", f"{kind}/smimeEncryptionCertificate"]))
    assert mail.smime_signing_certificate.id == tenant.profiles["IosPkcsCertificateProfile"]
    assert mail.smime_encryption_certificate.id == tenant.profiles["IosImportedPFXCertificateProfile"]


async def read_root(tenant: Tenant, name: str) -> None:
    """A certificate profile refers to its platform's root."""
    one = tenant.beta.device_management.device_configurations.by_device_configuration_id(tenant.profiles[name])
    answer: Any = await one.get(asking(one, expand=["rootCertificate"]))
    root = answer.root_certificate
    assert root.id == tenant.profiles[type(root).__name__]
    assert type(root).__name__ == name.replace("PkcsCertificateProfile", "TrustedRootCertificate")


# ------------------------------------------------------------------------------------------------------------ removing


async def remove(tenant: Tenant) -> None:
    """All that was made, in the order that references want: mail, certificates, roots; then who had them."""
    management = tenant.beta.device_management
    ids = list(reversed(tenant.profiles.values()))
    for each in ids:  # one after the other: none may go before what refers to it
        await management.device_configurations.by_device_configuration_id(each).delete()
    await at_once(
        management.assignment_filters.by_device_and_app_management_assignment_filter_id(each).delete()
        for each in tenant.filters.values()
    )
    graph = tenant.v1
    gone = [graph.groups.by_group_id(group).to_delete_request_information() for group in tenant.groups.values()]
    gone += [graph.devices.by_device_id(device).to_delete_request_information() for device in tenant.devices.values()]
    gone += [graph.users.by_user_id(user).to_delete_request_information() for user in tenant.users.values()]
    await in_batches(tenant, gone)


async def main(arguments: argparse.Namespace) -> dict[str, Any]:
    """The whole story, and its summary."""
    started = time.monotonic()

    def told(what: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {what}", flush=True)

    async with connected(arguments) as tenant:
        before = await count(tenant)
        told(f"{tenant.domain} as it is: {before}")
        await build_users(tenant)
        told(f"{len(tenant.users)} users with licences")
        await build_devices(tenant)
        told(f"{len(tenant.devices)} Entra devices")
        await build_groups(tenant)
        told(f"{len(tenant.groups)} groups")
        await build_filters(tenant)
        await build_profiles(tenant)
        told(f"{len(tenant.filters)} assignment filters, {len(tenant.profiles)} profiles")
        assignments = await assign_profiles(tenant, DEPARTMENTS, sites=SITES)
        told(f"{assignments} assignments")
        built = await count(tenant)
        added = {name: number - before[name] for name, number in built.items()}
        assert (added["users"], added["devices"], added["deviceConfigurations"]) == (USERS, DEVICES, PROFILES), added
        for read in (read_users(tenant), read_devices(tenant), read_groups(tenant)):
            await read
        told("users, devices and groups read back")
        await read_profiles(tenant, assignments=assignments)
        told("profiles read back")
        await remove(tenant)
        after = await count(tenant)
        assert after == before, f"left: {after}, not {before}"
        told("all gone again")
        return {"before": before, "built": added, "assignments": assignments, "after": after, **tenant.requests}


def parsed() -> argparse.Namespace:
    """The command line. The defaults are the application that a new server has."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--url", required=True, help="the server's HTTPS address")
    parser.add_argument("--ca", required=True, help="PEM file of the authority to trust")
    parser.add_argument("--tenant-id", default="c0ffee00-0000-4000-8000-000000000001")
    parser.add_argument("--client-id", default="c0ffee00-0000-4000-8000-00000000a991")
    parser.add_argument("--client-secret", default="fauxtune-not-a-secret")
    return parser.parse_args()


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(parsed()))))
