"""Microsoft's Graph SDK for Python, unchanged, does the main job against a real server.

It uses Graph alone, and the connector's public key, which an administrator gets out of band. Devices are simulated.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.core.exceptions import ClientAuthenticationError
from cryptography.hazmat.primitives.asymmetric import rsa
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.headers_collection import HeadersCollection
from msgraph_beta import GraphServiceClient
from msgraph_beta.generated.device_management.device_configurations.item.assign.assign_post_request_body import (
    AssignPostRequestBody,
)
from msgraph_beta.generated.device_management.managed_devices.item.wipe.wipe_post_request_body import (
    WipePostRequestBody,
)
from msgraph_beta.generated.models.android_device_owner_imported_p_f_x_certificate_profile import (
    AndroidDeviceOwnerImportedPFXCertificateProfile,
)
from msgraph_beta.generated.models.android_for_work_imported_p_f_x_certificate_profile import (
    AndroidForWorkImportedPFXCertificateProfile,
)
from msgraph_beta.generated.models.android_work_profile_pkcs_certificate_profile import (
    AndroidWorkProfilePkcsCertificateProfile,
)
from msgraph_beta.generated.models.android_work_profile_trusted_root_certificate import (
    AndroidWorkProfileTrustedRootCertificate,
)
from msgraph_beta.generated.models.assigned_license import AssignedLicense
from msgraph_beta.generated.models.compliance_status import ComplianceStatus
from msgraph_beta.generated.models.custom_subject_alternative_name import CustomSubjectAlternativeName
from msgraph_beta.generated.models.device_configuration import DeviceConfiguration
from msgraph_beta.generated.models.device_configuration_assignment import DeviceConfigurationAssignment
from msgraph_beta.generated.models.exclusion_group_assignment_target import ExclusionGroupAssignmentTarget
from msgraph_beta.generated.models.group import Group
from msgraph_beta.generated.models.group_assignment_target import GroupAssignmentTarget
from msgraph_beta.generated.models.intended_purpose import IntendedPurpose
from msgraph_beta.generated.models.managed_device import ManagedDevice
from msgraph_beta.generated.models.management_state import ManagementState
from msgraph_beta.generated.models.o_data_errors.o_data_error import ODataError
from msgraph_beta.generated.models.password_profile import PasswordProfile
from msgraph_beta.generated.models.reference_create import ReferenceCreate
from msgraph_beta.generated.models.subject_alternative_name_type import SubjectAlternativeNameType
from msgraph_beta.generated.models.subject_name_format import SubjectNameFormat
from msgraph_beta.generated.models.user import User
from msgraph_beta.generated.models.user_pfx_padding_scheme import UserPfxPaddingScheme
from msgraph_beta.generated.users.item.assign_license.assign_license_post_request_body import (
    AssignLicensePostRequestBody,
)
from msgraph_core.tasks.page_iterator import PageIterator

from tests.interop.pfx import import_of
from tests.interop.sdk import SCOPE, WARNINGS, client, contoso, credential
from tests.support.running_server import EDITION, Running, fauxtune

pytestmark = WARNINGS

PROVIDER, KEY_NAME = "Microsoft Software Key Storage Provider", "PFXEncryptionKey"
PASSWORD = "secret of the file"
INTUNE = "061f9ace-7d42-4136-88ac-31dc755f143f"


@pytest.fixture
async def graph(server: Running) -> AsyncIterator[GraphServiceClient]:
    """The SDK's client, as the seeded application."""
    async with client(contoso(server)) as opened:
        yield opened


def simulator(server: Running, *arguments: str | Path) -> Any:
    """One command of `fauxtune-sim`; its JSON."""
    done = fauxtune(*arguments, "--output", "json", program="fauxtune-sim", commands=server.commands)
    assert done.returncode == 0, f"{arguments}: {done.stderr}{done.stdout}"
    return json.loads(done.stdout)


def enrolled(server: Running, state: Path, *, upn: str, mode: str) -> Path:
    where = ("--server", server.https, "--ca", server.endpoints["caFile"], "--tenant", "contoso")
    simulator(server, "enroll", "--mode", mode, "--user", upn, "--state", state, *where)
    simulator(server, "checkin", "--state", state, "--until-settled")
    return state


def held(server: Running, state: Path, source: str) -> list[str]:
    """The thumbprints of what the device holds from there."""
    return [each["thumbprint"] for each in simulator(server, "keystore", "--state", state) if each["source"] == source]


async def new_user(graph: GraphServiceClient, name: str) -> User:
    user = await graph.users.post(
        User(
            account_enabled=True,
            display_name=name.title(),
            mail=f"{name}@contoso.example",
            mail_nickname=name,
            user_principal_name=f"{name}@contoso.example",
            password_profile=PasswordProfile(password="Wonder-1234", force_change_password_next_sign_in=False),
        )
    )
    assert user is not None
    return user


async def new_group(graph: GraphServiceClient, name: str, *members: str | None) -> str:
    group = await graph.groups.post(
        Group(display_name=name, mail_enabled=False, mail_nickname=name, security_enabled=True)
    )
    assert group is not None
    assert group.id is not None
    for member in members:
        url = f"https://graph.microsoft.com/v1.0/directoryObjects/{member}"
        await graph.groups.by_group_id(group.id).members.ref.post(ReferenceCreate(odata_id=url))
    return str(group.id)


async def assigned(graph: GraphServiceClient, profile: DeviceConfiguration, *, group: str) -> DeviceConfiguration:
    """The profile as the service made it, assigned to the group."""
    result = await graph.device_management.device_configurations.post(profile)
    assert type(result) is type(profile), "it comes back as what it is, not as its base"
    assert result.id is not None
    target = DeviceConfigurationAssignment(target=GroupAssignmentTarget(group_id=group))
    answer = await graph.device_management.device_configurations.by_device_configuration_id(result.id).assign.post(
        AssignPostRequestBody(assignments=[target])
    )
    assert answer is not None
    assert [each.id for each in answer.value or ()] == [f"{result.id}_{group}"]
    return result


async def devices_of(graph: GraphServiceClient, upn: str) -> list[ManagedDevice]:
    answer = await graph.device_management.managed_devices.get()
    assert answer is not None
    return [each for each in answer.value or () if each.user_principal_name == upn]


async def new_licensed_user(graph: GraphServiceClient, name: str) -> User:
    user = await new_user(graph, name)
    licence = AssignedLicense(sku_id=uuid.UUID(INTUNE), disabled_plans=[])
    await graph.users.by_user_id(str(user.id)).assign_license.post(
        AssignLicensePostRequestBody(add_licenses=[licence], remove_licenses=[])
    )
    return user


async def profiles_of_a_work_profile(
    server: Running, graph: GraphServiceClient, *, group: str
) -> list[DeviceConfiguration]:
    """Root and intermediate, a certificate of each device's own, and the imported ones: all assigned to the group."""
    results: list[DeviceConfiguration] = []
    for name in ("root", "issuing"):
        file = await _certificate(server, name)
        profile = AndroidWorkProfileTrustedRootCertificate(
            display_name=name, trusted_root_certificate=file, cert_file_name=f"{name}.cer"
        )
        results.append(await assigned(graph, profile, group=group))
    signing = AndroidWorkProfilePkcsCertificateProfile(
        display_name="Signing",
        certification_authority="ca.contoso.example",
        certification_authority_name="Contoso Issuing CA",
        certificate_template_name="SmimeSigning",
        renewal_threshold_percentage=20,
        subject_name_format=SubjectNameFormat.Custom,
        subject_name_format_string="CN={{UserName}},E={{EmailAddress}}",
        # Of flags the SDK writes a single member only; a list of them it leaves out.
        custom_subject_alternative_names=[
            CustomSubjectAlternativeName(san_type=SubjectAlternativeNameType.EmailAddress, name="{{EmailAddress}}")
        ],
    )
    reading = AndroidForWorkImportedPFXCertificateProfile(
        display_name="Reading", intended_purpose=IntendedPurpose.SmimeEncryption
    )
    return [*results, *[await assigned(graph, each, group=group) for each in (signing, reading)]]


async def check_success(graph: GraphServiceClient, profile: DeviceConfiguration) -> None:
    """One device reports, and reports success."""
    one = graph.device_management.device_configurations.by_device_configuration_id(str(profile.id))
    statuses, overview = await one.device_statuses.get(), await one.device_status_overview.get()
    assert statuses is not None
    assert overview is not None
    assert [each.status for each in statuses.value or ()] == [ComplianceStatus.Compliant]
    assert (overview.success_count, overview.pending_count, overview.error_count) == (1, 0, 0)


async def test_the_main_job_with_graph_alone(
    server: Running, graph: GraphServiceClient, tmp_path: Path, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    dora = await new_licensed_user(graph, "dora")
    upn = str(dora.user_principal_name)
    inner = await new_group(graph, "divers", dora.id)
    outer = await new_group(graph, "sports", inner)
    members = await graph.groups.by_group_id(outer).members.get()
    assert members is not None
    assert [type(each) for each in members.value or ()] == [Group]
    profiles = await profiles_of_a_work_profile(server, graph, group=outer)

    sent = import_of(contoso(server), upn, key=raw_rsa_keys[5])
    imported = await graph.device_management.user_pfx_certificates.post(sent)
    assert imported is not None
    assert imported.id == f"{str(dora.id).replace('-', '')}-{sent.thumbprint}"
    assert (imported.encrypted_pfx_blob, imported.encrypted_pfx_password) == (b"\0", "")
    assert imported.padding_scheme is UserPfxPaddingScheme.OaepSha512

    state = enrolled(server, tmp_path / "phone", upn=upn, mode="work-profile")
    assert held(server, state, "imported") == [sent.thumbprint]
    assert (len(held(server, state, "pkcs")), len(held(server, state, "root"))) == (1, 2)
    for profile in profiles:
        await check_success(graph, profile)

    (device,) = await devices_of(graph, upn)
    assert (device.operating_system, device.management_state) == ("AndroidForWork", ManagementState.Managed)
    action = graph.device_management.managed_devices.by_managed_device_id(str(device.id))
    with pytest.raises(ODataError) as refused:
        await action.wipe.post(WipePostRequestBody())
    assert (refused.value.response_status_code, _code(refused.value)) == (400, "BadRequest")
    await action.retire.post()
    retiring = await action.get()
    assert retiring is not None
    assert retiring.management_state is ManagementState.RetirePending
    simulator(server, "checkin", "--state", state)
    assert simulator(server, "keystore", "--state", state) == []
    assert await devices_of(graph, upn) == []


@pytest.mark.skipif(EDITION == "2020-04", reason="in 2020 fully managed devices take no imported certificates")
async def test_a_fully_managed_device_is_wiped(
    server: Running, graph: GraphServiceClient, tmp_path: Path, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    upn = "bob@contoso.example"
    bob = await graph.users.by_user_id(upn).get()
    assert bob is not None
    group = await new_group(graph, "owners", bob.id)
    profile = AndroidDeviceOwnerImportedPFXCertificateProfile(
        display_name="Mail", intended_purpose=IntendedPurpose.SmimeEncryption
    )
    await assigned(graph, profile, group=group)
    sent = import_of(contoso(server), upn, key=raw_rsa_keys[6])
    imported = await graph.device_management.user_pfx_certificates.post(sent)
    assert imported is not None
    state = enrolled(server, tmp_path / "phone", upn=upn, mode="fully-managed")
    assert held(server, state, "imported") == [sent.thumbprint]
    (device,) = await devices_of(graph, upn)
    action = graph.device_management.managed_devices.by_managed_device_id(str(device.id))
    await action.sync_device.post()
    with pytest.raises(ODataError) as refused:
        await action.wipe.post(WipePostRequestBody(keep_enrollment_data=True))
    assert _code(refused.value) == "BadRequest"
    # The SDK writes every flag of an empty body as false.
    await action.wipe.post(WipePostRequestBody())
    simulator(server, "checkin", "--state", state)
    assert simulator(server, "keystore", "--state", state) == []
    assert await devices_of(graph, upn) == []
    await graph.device_management.user_pfx_certificates.by_user_p_f_x_certificate_id(str(imported.id)).delete()


async def test_profiles_are_changed_excluded_listed_and_deleted(graph: GraphServiceClient) -> None:
    profiles = graph.device_management.device_configurations
    group = await new_group(graph, "everyone")
    result = await assigned(
        graph,
        AndroidForWorkImportedPFXCertificateProfile(display_name="Old", intended_purpose=IntendedPurpose.Vpn),
        group=group,
    )
    one = profiles.by_device_configuration_id(str(result.id))
    changed = await one.patch(AndroidForWorkImportedPFXCertificateProfile(display_name="New"))
    assert isinstance(changed, AndroidForWorkImportedPFXCertificateProfile)
    assert (changed.display_name, changed.version, changed.intended_purpose) == ("New", 2, IntendedPurpose.Vpn)
    targets = [ExclusionGroupAssignmentTarget(group_id=group)]
    body = AssignPostRequestBody(assignments=[DeviceConfigurationAssignment(target=target) for target in targets])
    await one.assign.post(body)
    assignments = await one.assignments.get()
    assert assignments is not None
    assert [type(each.target) for each in assignments.value or ()] == [ExclusionGroupAssignmentTarget]
    listed = await profiles.get()
    assert listed is not None
    assert result.id in [each.id for each in listed.value or ()]
    await one.delete()
    with pytest.raises(ODataError) as gone:
        await one.get()
    assert (gone.value.response_status_code, _code(gone.value)) == (404, "ResourceNotFound")


async def test_lists_are_paged_filtered_and_counted(graph: GraphServiceClient) -> None:
    from msgraph_beta.generated.users.users_request_builder import UsersRequestBuilder  # here: importing it warns

    query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
        top=1, select=["id", "displayName"], orderby=["displayName"], filter="endswith(mail,'@contoso.example')"
    )
    first = await graph.users.get(RequestConfiguration(query_parameters=query))
    assert first is not None
    assert len(first.value or ()) == 1
    assert first.odata_next_link is not None
    names: list[str] = []

    def note(user: User) -> bool:
        names.append(str(user.display_name))
        return True

    await PageIterator(first, graph.request_adapter).iterate(note)
    assert names == sorted(names)
    assert {"Alice Adams", "Bob Brown", "Carol Clark"} <= set(names)
    headers = HeadersCollection()
    headers.add("ConsistencyLevel", "eventual")
    number = await graph.users.count.get(RequestConfiguration(headers=headers))
    assert number is not None
    assert number >= len(names)


async def test_refusals_are_typed(server: Running, graph: GraphServiceClient) -> None:
    with pytest.raises(ODataError) as missing:
        await graph.users.by_user_id("nobody@contoso.example").get()
    error = missing.value
    assert (error.response_status_code, _code(error)) == (404, "Request_ResourceNotFound")
    assert error.error is not None
    assert error.error.inner_error is not None
    assert error.error.inner_error.request_id
    with pytest.raises(ODataError) as taken:
        await new_user(graph, "alice")
    assert taken.value.error is not None
    assert "userPrincipalName already exists" in str(taken.value.error.message)
    assert [detail.target for detail in taken.value.error.details or ()] == ["userPrincipalName"]
    staff = await graph.groups.get()
    assert staff is not None
    group = next(each for each in staff.value or () if each.display_name == "All Staff")
    alice = await graph.users.by_user_id("alice@contoso.example").get()
    assert alice is not None
    url = f"https://graph.microsoft.com/v1.0/users/{alice.id}"
    with pytest.raises(ODataError) as there:
        await graph.groups.by_group_id(str(group.id)).members.ref.post(ReferenceCreate(odata_id=url))
    assert there.value.error is not None
    assert "already exist" in str(there.value.error.message)


async def test_the_same_import_twice_is_a_conflict(
    server: Running, graph: GraphServiceClient, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    certificates = graph.device_management.user_pfx_certificates
    sent = import_of(contoso(server), "carol@contoso.example", key=raw_rsa_keys[7])
    imported = await certificates.post(sent)
    assert imported is not None
    with pytest.raises(ODataError) as again:
        await certificates.post(sent)
    assert (again.value.response_status_code, _code(again.value)) == (409, "Conflict")
    one = certificates.by_user_p_f_x_certificate_id(str(imported.id))
    # What was read goes back as it is: the dummies in place of the secrets change nothing.
    imported.key_name = "Other"
    changed = await one.patch(imported)
    assert changed is not None
    assert (changed.key_name, changed.encrypted_pfx_blob) == ("Other", b"\0")
    await one.delete()
    listed = await certificates.get()
    assert listed is not None
    assert imported.id not in [each.id for each in listed.value or ()]


async def test_a_wrong_secret_is_told_by_the_credential(server: Running) -> None:
    with (
        credential(contoso(server), secret="wrong") as azure,
        pytest.raises(ClientAuthenticationError, match="AADSTS7000215"),
    ):
        azure.get_token(SCOPE)


async def _certificate(server: Running, authority: str) -> bytes:
    async with httpx.AsyncClient(verify=server.trusting()) as http:
        return (await http.get(f"{server.https}/pki/contoso/{authority}/ca.cer")).content


def _code(error: ODataError) -> str | None:
    return None if error.error is None else error.error.code
