"""building.py's profiles: one of nearly every kind, each with its references, and who gets it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from tests.interop.building_clients import Tenant, at_once, model

CONFIGURATIONS = "https://graph.microsoft.com/beta/deviceManagement/deviceConfigurations"
ROOTS = (
    "AndroidTrustedRootCertificate",
    "AndroidForWorkTrustedRootCertificate",
    "AndroidWorkProfileTrustedRootCertificate",
    "AndroidDeviceOwnerTrustedRootCertificate",
    "AospDeviceOwnerTrustedRootCertificate",
    "IosTrustedRootCertificate",
    "MacOSTrustedRootCertificate",
    "Windows81TrustedRootCertificate",
    "WindowsPhone81TrustedRootCertificate",
)
PKCS = (
    "AndroidPkcsCertificateProfile",
    "AndroidForWorkPkcsCertificateProfile",
    "AndroidWorkProfilePkcsCertificateProfile",
    "AndroidDeviceOwnerPkcsCertificateProfile",
    "AospDeviceOwnerPkcsCertificateProfile",
    "IosPkcsCertificateProfile",
    "MacOSPkcsCertificateProfile",
    "Windows10PkcsCertificateProfile",
)
SCEP = (
    "AndroidScepCertificateProfile",
    "AndroidForWorkScepCertificateProfile",
    "AndroidWorkProfileScepCertificateProfile",
    "AndroidDeviceOwnerScepCertificateProfile",
    "AospDeviceOwnerScepCertificateProfile",
    "IosScepCertificateProfile",
    "MacOSScepCertificateProfile",
    "Windows81SCEPCertificateProfile",
    "WindowsPhone81SCEPCertificateProfile",
)
IMPORTED = (
    "AndroidImportedPFXCertificateProfile",
    "AndroidForWorkImportedPFXCertificateProfile",
    "AndroidDeviceOwnerImportedPFXCertificateProfile",
    "IosImportedPFXCertificateProfile",
    "MacOSImportedPFXCertificateProfile",
    "Windows10ImportedPFXCertificateProfile",
    "WindowsPhone81ImportedPFXCertificateProfile",
)
MAIL = (
    "IosEasEmailProfileConfiguration",
    "AndroidEasEmailProfileConfiguration",
    "AndroidForWorkGmailEasConfiguration",
    "AndroidWorkProfileGmailEasConfiguration",
    "AndroidWorkProfileNineWorkEasConfiguration",
    "Windows10EasEmailProfileConfiguration",
    "WindowsPhoneEASEmailProfileConfiguration",
)


async def build_profiles(tenant: Tenant) -> None:
    """All kinds: roots first, then the certificates that refer to them, then the mail profiles that refer to those."""
    file = certificate_file()
    roots = await at_once(
        made(tenant, name, trusted_root_certificate=file, cert_file_name="root.cer") for name in ROOTS
    )
    by_platform = {re.split("TrustedRoot", type(root).__name__)[0]: root for root in roots}
    await at_once(
        made(
            tenant,
            name,
            certification_authority=f"ca.{tenant.domain}",
            certification_authority_name="Contoso Issuing CA",
            certificate_template_name="SmimeSigning",
            renewal_threshold_percentage=20,
            **root_of(name, by_platform),
        )
        for name in PKCS
    )
    await at_once(
        made(
            tenant,
            name,
            scep_server_urls=["https://ndes.contoso.example/certsrv/mscep/mscep.dll"],
            key_size=model("KeySize").Size2048,
            # Of flags the SDK writes a single one. Several go beside its properties, as Graph writes them.
            additional_data={"keyUsage": "digitalSignature,keyEncipherment"},
            **({"hash_algorithm": model("HashAlgorithms").Sha2} if has(name, "hash_algorithm") else {}),
            **root_of(name, by_platform),
        )
        for name in SCEP
    )
    purpose = model("IntendedPurpose").SmimeEncryption
    await at_once(made(tenant, name, intended_purpose=purpose) for name in IMPORTED)
    await at_once(made(tenant, name, host_name=f"mail.{tenant.domain}", **mail_of(name, tenant)) for name in MAIL)


async def made(tenant: Tenant, name: str, **properties: Any) -> Any:
    """One profile, which comes back as what it is."""
    profile = await tenant.beta.device_management.device_configurations.post(
        model(name)(display_name=f"Built {name}", description="Built by a program", **properties)
    )
    assert type(profile).__name__ == name
    tenant.profiles[name] = str(profile.id)
    return profile


def has(name: str, attribute: str) -> bool:
    """Whether a kind of profile has it."""
    return hasattr(model(name), attribute)


def certificate_file() -> bytes:
    """A root certificate."""
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Built Root")]), datetime.now(UTC)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=3650))
    authority = x509.BasicConstraints(ca=True, path_length=None)
    return builder.add_extension(authority, critical=True).sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def root_of(name: str, roots: dict[str, Any]) -> dict[str, Any]:
    """The root of the same platform, by the property that the kind has for it, if it has one."""
    if not has(name, "root_certificate"):
        return {}
    return {"root_certificate": roots[re.split("Pkcs|Scep|SCEP", name)[0]]}


def mail_of(name: str, tenant: Tenant) -> dict[str, Any]:
    """Certificates of a mail account: bound, as portal and tools do."""
    bound = {
        "IosEasEmailProfileConfiguration": {
            "smimeSigningCertificate": "IosPkcsCertificateProfile",
            "smimeEncryptionCertificate": "IosImportedPFXCertificateProfile",
        },
        "AndroidWorkProfileGmailEasConfiguration": {"identityCertificate": "AndroidWorkProfileScepCertificateProfile"},
    }.get(name, {})
    more = {f"{key}@odata.bind": f"{CONFIGURATIONS}('{tenant.profiles[kind]}')" for key, kind in bound.items()}
    named = {"account_name": "Contoso"} if has(name, "account_name") else {}
    return {"additional_data": more, **named}


async def assign_profiles(tenant: Tenant, departments: tuple[str, ...], *, sites: tuple[str, ...]) -> int:
    """Each to a department without another, or to a site's devices; three through filters. How many assignments."""
    target, kinds = model("DeviceConfigurationAssignment"), model("DeviceAndAppManagementAssignmentFilterType")
    filtered = {
        "AndroidWorkProfilePkcsCertificateProfile": "Pixels",
        "Windows10PkcsCertificateProfile": "Owned by us",
        "IosPkcsCertificateProfile": "Apple's",
    }

    def targets(number: int, name: str) -> list[Any]:
        if name in filtered:
            which, how = tenant.filters[filtered[name]], kinds.Include
            return [
                model("AllLicensedUsersAssignmentTarget")(
                    device_and_app_management_assignment_filter_id=which,
                    device_and_app_management_assignment_filter_type=how,
                )
            ]
        group, other = departments[number % len(departments)], departments[(number + 1) % len(departments)]
        if number % 2:
            return [model("GroupAssignmentTarget")(group_id=tenant.groups[sites[number % len(sites)]])]
        return [
            model("GroupAssignmentTarget")(group_id=tenant.groups[group]),
            model("ExclusionGroupAssignmentTarget")(group_id=tenant.groups[other]),
        ]

    async def assign(number: int, name: str) -> int:
        body_type = model("AssignPostRequestBody", folder="device_management.device_configurations.item.assign")
        one = tenant.beta.device_management.device_configurations.by_device_configuration_id(tenant.profiles[name])
        body = body_type(assignments=[target(target=each) for each in targets(number, name)])
        answer = await one.assign.post(body)
        return len(answer.value or ())

    return sum(await at_once(assign(number, name) for number, name in enumerate(sorted(tenant.profiles))))
