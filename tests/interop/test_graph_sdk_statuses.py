"""How profiles fare on devices, through Microsoft's SDKs: two phones hold certificates, and every list says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from tests.interop.sdk import WARNINGS, Sdk, ServedTenant, asking, both, everything, names, new_tenant
from tests.support.running_server import Running, fauxtune

pytestmark = WARNINGS

ROOT, SIGNING = "AndroidDeviceOwnerTrustedRootCertificate", "AndroidDeviceOwnerPkcsCertificateProfile"


async def assigned(sdk: Sdk, kind: str, **properties: Any) -> str:
    """A profile for all users: its id."""
    profiles = sdk.graph.device_management.device_configurations
    profile = await profiles.post(sdk.model(kind)(display_name=kind, **properties))
    item = sdk.model("DeviceConfigurationAssignment")(target=sdk.model("AllLicensedUsersAssignmentTarget")())
    body = sdk.model("device_management.device_configurations.item.assign.AssignPostRequestBody")
    await profiles.by_device_configuration_id(profile.id).assign.post(body(assignments=[item]))
    return str(profile.id)


async def build(served_tenant: ServedTenant) -> dict[str, str]:
    """Ids by kind: both roots of the tenant, a certificate, and what no phone here takes."""
    async with both("beta", served_tenant) as sdk, httpx.AsyncClient(verify=served_tenant.server.trusting()) as http:
        results = {"IosCustomConfiguration": await assigned(sdk, "IosCustomConfiguration")}
        for name in ("root", "issuing"):
            file = (await http.get(f"{served_tenant.server.https}/pki/{served_tenant.name}/{name}/ca.cer")).content
            results[ROOT] = await assigned(sdk, ROOT, trusted_root_certificate=file, cert_file_name="ca.cer")
        results[SIGNING] = await assigned(
            sdk,
            SIGNING,
            certification_authority=f"ca.{served_tenant.domain}",
            certification_authority_name="Contoso Issuing CA",
            certificate_template_name="SmimeSigning",
            renewal_threshold_percentage=20,
            subject_name_format=sdk.model("SubjectNameFormat").CommonName,
        )
    return results


@pytest.fixture(scope="module")
def served_tenant(server: Running) -> Iterator[ServedTenant]:
    """A tenant of the current edition in every run: only there fully managed phones have PKCS certificates."""
    with new_tenant(server, edition="current") as made:
        yield made


@pytest.fixture(scope="module")
def profiles(served_tenant: ServedTenant) -> dict[str, str]:
    """The profiles; then alice and bob enrol a fully managed phone each, and both settle."""
    result = asyncio.run(build(served_tenant))
    words = [
        *("fleet", "--devices", "2", "--mix", "android/fully-managed"),
        *(
            "--user",
            served_tenant.upn("alice"),
            "--user",
            served_tenant.upn("bob"),
            "--server",
            served_tenant.server.https,
        ),
        *("--ca", served_tenant.server.endpoints["caFile"], "--tenant", served_tenant.name, "--output", "json"),
    ]
    done = fauxtune(*words, program="fauxtune-sim", commands=served_tenant.server.commands)
    assert done.returncode == 0, done.stderr + done.stdout
    return result


@pytest.fixture
async def beta(served_tenant: ServedTenant, profiles: dict[str, str]) -> AsyncIterator[Sdk]:
    """The SDK, when all is settled."""
    async with both("beta", served_tenant) as opened:
        yield opened


def one(sdk: Sdk, profile: str) -> Any:
    return sdk.graph.device_management.device_configurations.by_device_configuration_id(profile)


async def test_each_device_and_each_user_has_a_status(beta: Sdk, profiles: dict[str, str]) -> None:
    upns = {beta.served_tenant.upn("alice"), beta.served_tenant.upn("bob")}
    for kind in (ROOT, SIGNING):
        profile = one(beta, profiles[kind])
        graph = await everything(beta.graph, await profile.device_statuses.get(asking(profile.device_statuses, top=1)))
        assert {each.user_principal_name for each in graph} == upns
        assert {each.status.value for each in graph} == {"compliant"}
        single = profile.device_statuses.by_device_configuration_device_status_id(graph[0].id)
        assert (await single.get()).device_display_name == graph[0].device_display_name
        assert await profile.device_statuses.count.get() == 2
        mine = asking(profile.device_statuses, filter=f"userPrincipalName eq '{beta.served_tenant.upn('bob')}'")
        assert len((await profile.device_statuses.get(mine)).value) == 1
        users = (await profile.user_statuses.get()).value
        assert {(user.user_principal_name, user.devices_count) for user in users} == {(upn, 1) for upn in upns}


async def test_the_overviews_count_them(beta: Sdk, profiles: dict[str, str]) -> None:
    signing = one(beta, profiles[SIGNING])
    devices, users = await signing.device_status_overview.get(), await signing.user_status_overview.get()
    assert (devices.success_count, devices.pending_count, devices.error_count) == (2, 0, 0)
    assert (users.success_count, users.error_count) == (2, 0)
    elsewhere = await one(beta, profiles["IosCustomConfiguration"]).device_status_overview.get()
    assert (elsewhere.success_count, elsewhere.not_applicable_platform_count) == (0, 2)
    tenant = await beta.graph.device_management.device_configuration_device_state_summaries.get()
    assert tenant.error_device_count == 0
    assert tenant.compliant_device_count > 0


async def test_a_device_says_how_its_profiles_fare(beta: Sdk, profiles: dict[str, str]) -> None:
    devices = beta.graph.device_management.managed_devices
    for device in (await devices.get()).value:
        states = devices.by_managed_device_id(device.id).device_configuration_states
        by_key = {each.display_name: each for each in (await states.get()).value}
        assert {ROOT, SIGNING} <= by_key.keys()
        assert {by_key[name].state.value for name in (ROOT, SIGNING)} == {"compliant"}
        single = states.by_device_configuration_state_id(by_key[SIGNING].id)
        assert (await single.get()).display_name == SIGNING


async def test_every_issued_certificate_has_a_state(beta: Sdk) -> None:
    every = beta.graph.device_management.device_configurations_all_managed_device_certificate_states
    value = (await every.get()).value
    upns = {beta.served_tenant.upn("alice"), beta.served_tenant.upn("bob")}
    assert {each.user_principal_name for each in value} == upns
    assert all("Contoso Issuing CA" in each.certificate_issuer_name for each in value)
    assert len({each.certificate_thumbprint for each in value}) == 2
    assert await every.count.get() == 2


async def test_whom_the_profiles_reach(beta: Sdk, profiles: dict[str, str]) -> None:
    body = beta.model(
        "device_management.device_configurations.get_targeted_users_and_devices."
        "GetTargetedUsersAndDevicesPostRequestBody"
    )
    reached = beta.graph.device_management.device_configurations.get_targeted_users_and_devices
    answer = await reached.post(body(device_configuration_ids=[profiles[SIGNING]]))
    upns = {beta.served_tenant.upn("alice"), beta.served_tenant.upn("bob")}
    assert upns <= {each.user_principal_name for each in answer.value}
    assert len([each for each in answer.value if each.device_id]) == 2


async def test_v1_shows_the_same_statuses(beta: Sdk, profiles: dict[str, str]) -> None:
    async with both("v1.0", beta.served_tenant) as v1:
        profile = one(v1, profiles[SIGNING])
        assert type(await profile.get()) is v1.model("DeviceConfiguration")
        assert len((await profile.device_statuses.get()).value) == 2
        assert (await profile.device_status_overview.get()).success_count == 2
        assert len(names((await v1.graph.device_management.device_configurations.get()).value)) == 4
