"""Microsoft's Graph SDK for Python, unchanged, refers from profile to profile: by its typed properties, which it writes
as nested objects, and by `@odata.bind`; and it reads what `$expand` gives into its own types.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from msgraph_beta import GraphServiceClient
from msgraph_beta.generated.models.android_work_profile_pkcs_certificate_profile import (
    AndroidWorkProfilePkcsCertificateProfile,
)
from msgraph_beta.generated.models.android_work_profile_trusted_root_certificate import (
    AndroidWorkProfileTrustedRootCertificate,
)
from msgraph_beta.generated.models.device_configuration import DeviceConfiguration
from msgraph_beta.generated.models.intended_purpose import IntendedPurpose
from msgraph_beta.generated.models.ios_eas_email_profile_configuration import IosEasEmailProfileConfiguration
from msgraph_beta.generated.models.ios_imported_p_f_x_certificate_profile import IosImportedPFXCertificateProfile
from msgraph_beta.generated.models.ios_pkcs_certificate_profile import IosPkcsCertificateProfile
from msgraph_beta.generated.models.o_data_errors.o_data_error import ODataError

from tests.interop.sdk import WARNINGS, client, new_tenant
from tests.support.certificates import self_signed
from tests.support.running_server import Running

pytestmark = WARNINGS

CA = {
    "certification_authority": "ca.contoso.example",
    "certification_authority_name": "Contoso Issuing CA",
    "certificate_template_name": "SmimeSigning",
}


@pytest.fixture
async def graph(server: Running) -> AsyncIterator[GraphServiceClient]:
    with new_tenant(server) as served_tenant:
        async with client(served_tenant) as opened:
            yield opened


async def made(graph: GraphServiceClient, profile: DeviceConfiguration) -> DeviceConfiguration:
    answer = await graph.device_management.device_configurations.post(profile)
    assert answer is not None
    return answer


async def expanded(graph: GraphServiceClient, profile: DeviceConfiguration, *what: str) -> DeviceConfiguration:
    one = graph.device_management.device_configurations.by_device_configuration_id(str(profile.id))
    address = f"{graph.request_adapter.base_url}/deviceManagement/deviceConfigurations/{profile.id}"
    answer = await one.with_url(f"{address}?$expand={','.join(what)}").get()
    assert answer is not None
    return answer


def certificate_file(key: rsa.RSAPrivateKey) -> bytes:
    return self_signed(key, "Root", begin=datetime.now(UTC), authority=True).public_bytes(Encoding.DER)


async def test_a_typed_property_is_a_reference_and_comes_back_typed_when_expanded(
    graph: GraphServiceClient, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    file = certificate_file(raw_rsa_keys[0])
    root = await made(
        graph, AndroidWorkProfileTrustedRootCertificate(display_name="Root", trusted_root_certificate=file)
    )
    assert isinstance(root, AndroidWorkProfileTrustedRootCertificate)
    profile = await made(
        graph, AndroidWorkProfilePkcsCertificateProfile(display_name="Signing", root_certificate=root, **CA)
    )
    assert isinstance(profile, AndroidWorkProfilePkcsCertificateProfile)
    assert profile.root_certificate is None, "a reference is written and not shown"
    cast = "microsoft.graph.androidWorkProfilePkcsCertificateProfile/rootCertificate"
    for what in (cast, "rootCertificate"):
        result = await expanded(graph, profile, what, "assignments")
        assert isinstance(result, AndroidWorkProfilePkcsCertificateProfile)
        assert isinstance(result.root_certificate, AndroidWorkProfileTrustedRootCertificate)
        assert (result.root_certificate.id, result.assignments) == (root.id, [])
    one = graph.device_management.device_configurations.by_device_configuration_id(str(root.id))
    with pytest.raises(ODataError, match="'Signing' \\(rootCertificate\\)"):
        await one.delete()


async def test_an_ios_mail_profile_is_bound_to_its_certificates_and_read_with_them(graph: GraphServiceClient) -> None:
    signing = await made(graph, IosPkcsCertificateProfile(display_name="Signing", **CA))
    encryption = await made(
        graph,
        IosImportedPFXCertificateProfile(display_name="Encryption", intended_purpose=IntendedPurpose.SmimeEncryption),
    )
    url = "https://graph.microsoft.com/beta/deviceManagement/deviceConfigurations"
    mail = await made(
        graph,
        IosEasEmailProfileConfiguration(
            display_name="Mail",
            account_name="Contoso",
            host_name="mail.contoso.example",
            smime_signing_enabled=True,
            additional_data={
                "smimeSigningCertificate@odata.bind": f"{url}('{signing.id}')",
                "smimeEncryptionCertificate@odata.bind": f"{url}('{encryption.id}')",
            },
        ),
    )
    kind = "microsoft.graph.iosEasEmailProfileConfiguration"
    result = await expanded(graph, mail, f"{kind}/smimeSigningCertificate", f"{kind}/smimeEncryptionCertificate")
    assert isinstance(result, IosEasEmailProfileConfiguration)
    assert isinstance(result.smime_signing_certificate, IosPkcsCertificateProfile)
    assert isinstance(result.smime_encryption_certificate, IosImportedPFXCertificateProfile)
    assert (result.smime_signing_certificate.id, result.smime_encryption_certificate.id) == (signing.id, encryption.id)
    # What was read is sent back, its certificates as nested objects: they are references still.
    one = graph.device_management.device_configurations.by_device_configuration_id(str(mail.id))
    result.description = "changed"
    changed = await one.patch(result)
    assert changed is not None
    assert (changed.description, changed.version) == ("changed", 2)
    again = await expanded(graph, mail, f"{kind}/smimeSigningCertificate")
    assert isinstance(again, IosEasEmailProfileConfiguration)
    assert again.smime_signing_certificate is not None
    assert again.smime_signing_certificate.id == signing.id
