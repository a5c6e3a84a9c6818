"""A program as anybody writes it for the real service: no address, no authority and no switch in it is ours.

test_intercept.py runs it. The environment names the proxy, the CA file and the credentials; the arguments are the file
with the connector's public key, which an administrator hands out, and a user name. It prints what it saw, as JSON.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from azure.identity import EnvironmentCredential
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph_beta import GraphServiceClient
from msgraph_beta.generated.device_management.device_configurations.item.assign.assign_post_request_body import (
    AssignPostRequestBody,
)
from msgraph_beta.generated.models.android_for_work_imported_p_f_x_certificate_profile import (
    AndroidForWorkImportedPFXCertificateProfile,
)
from msgraph_beta.generated.models.device_configuration_assignment import DeviceConfigurationAssignment
from msgraph_beta.generated.models.group import Group
from msgraph_beta.generated.models.group_assignment_target import GroupAssignmentTarget
from msgraph_beta.generated.models.intended_purpose import IntendedPurpose
from msgraph_beta.generated.models.password_profile import PasswordProfile
from msgraph_beta.generated.models.reference_create import ReferenceCreate
from msgraph_beta.generated.models.user import User
from msgraph_beta.generated.models.user_p_f_x_certificate import UserPFXCertificate
from msgraph_beta.generated.models.user_pfx_intended_purpose import UserPfxIntendedPurpose
from msgraph_beta.generated.models.user_pfx_padding_scheme import UserPfxPaddingScheme
from msgraph_beta.generated.users.users_request_builder import UsersRequestBuilder
from msgraph_core.tasks.page_iterator import PageIterator


async def new_user(graph: GraphServiceClient, upn: str) -> User:
    name = upn.partition("@")[0]
    user = await graph.users.post(
        User(
            account_enabled=True,
            display_name=name.title(),
            mail=upn,
            mail_nickname=name,
            user_principal_name=upn,
            password_profile=PasswordProfile(password="Wonder-1234", force_change_password_next_sign_in=False),
        )
    )
    assert user is not None
    return user


async def new_group(graph: GraphServiceClient, member: User) -> str:
    group = await graph.groups.post(
        Group(display_name="Proxied", mail_enabled=False, mail_nickname="proxied", security_enabled=True)
    )
    assert group is not None
    assert group.id is not None
    url = f"https://graph.microsoft.com/v1.0/directoryObjects/{member.id}"
    await graph.groups.by_group_id(group.id).members.ref.post(ReferenceCreate(odata_id=url))
    return str(group.id)


async def assigned_profile(graph: GraphServiceClient, group: str) -> str:
    profiles = graph.device_management.device_configurations
    profile = await profiles.post(
        AndroidForWorkImportedPFXCertificateProfile(
            display_name="Reading", intended_purpose=IntendedPurpose.SmimeEncryption
        )
    )
    assert profile is not None
    target = DeviceConfigurationAssignment(target=GroupAssignmentTarget(group_id=group))
    answer = await profiles.by_device_configuration_id(str(profile.id)).assign.post(
        AssignPostRequestBody(assignments=[target])
    )
    assert answer is not None
    (made,) = answer.value or []
    return str(made.id)


def certificate_with_key(upn: str) -> tuple[x509.Certificate, rsa.RSAPrivateKey]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, upn)]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    return certificate, key


async def imported(graph: GraphServiceClient, upn: str, *, connector: rsa.RSAPublicKey) -> tuple[str, str]:
    """Thumbprint, and the id that the service gave."""
    certificate, key = certificate_with_key(upn)
    oaep = padding.OAEP(padding.MGF1(hashes.SHA512()), hashes.SHA512(), None)
    thumbprint = certificate.fingerprint(hashes.SHA1()).hex()
    answer = await graph.device_management.user_pfx_certificates.post(
        UserPFXCertificate(
            user_principal_name=upn,
            thumbprint=thumbprint,
            intended_purpose=UserPfxIntendedPurpose.SmimeEncryption,
            start_date_time=certificate.not_valid_before_utc,
            expiration_date_time=certificate.not_valid_after_utc,
            provider_name="Microsoft Software Key Storage Provider",
            key_name="PFXEncryptionKey",
            padding_scheme=UserPfxPaddingScheme.OaepSha512,
            encrypted_pfx_blob=pkcs12.serialize_key_and_certificates(
                b"mail", key, certificate, None, serialization.BestAvailableEncryption(b"secret")
            ),
            encrypted_pfx_password=base64.b64encode(connector.encrypt(b"secret", oaep)).decode(),
        )
    )
    assert answer is not None
    return thumbprint, str(answer.id)


async def paged_users(graph: GraphServiceClient) -> tuple[str, list[str]]:
    """The first link to more, and everybody."""
    query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(top=1, orderby=["displayName"])
    first = await graph.users.get(RequestConfiguration(query_parameters=query))
    assert first is not None
    names: list[str] = []

    def note(user: User) -> bool:
        names.append(str(user.user_principal_name))
        return True

    await PageIterator(first, graph.request_adapter).iterate(note)
    return str(first.odata_next_link), names


async def main(key_file: str, upn: str) -> None:
    connector = serialization.load_pem_public_key(Path(key_file).read_bytes())
    assert isinstance(connector, rsa.RSAPublicKey)
    with EnvironmentCredential() as credential:
        graph = GraphServiceClient(credential)
        user = await new_user(graph, upn)
        group = await new_group(graph, user)
        assignment = await assigned_profile(graph, group)
        thumbprint, certificate = await imported(graph, upn, connector=connector)
        link, users = await paged_users(graph)
        # What the credential was told, for the test to see whose word it believed.
        token = credential.get_token("https://graph.microsoft.com/.default").token
    results = {
        "userId": user.id,
        "groupId": group,
        "assignment": assignment,
        "thumbprint": thumbprint,
        "certificate": certificate,
        "nextLink": link,
        "users": users,
        "issuer": json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))["iss"],
    }
    print(json.dumps(results))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
