"""Android's profile kinds: trusted root, PKCS and imported PFX, for the work profile and for owned devices.

Source: Graph beta metadata. The work profile's imported PFX kind is androidForWork..., and derives from the device
administrator's base.
"""

from __future__ import annotations

from fauxtune.core.odata.entities import enums
from fauxtune.core.odata.entities.configuration import (
    ANDROID_CERTIFICATE_PROFILE_BASE,
    ANDROID_DEVICE_OWNER_CERTIFICATE_PROFILE_BASE,
    ANDROID_WORK_PROFILE_CERTIFICATE_PROFILE_BASE,
    CUSTOM_SUBJECT_ALTERNATIVE_NAME,
    DEVICE_CONFIGURATION,
)
from fauxtune.core.odata.schema import ComplexType, Edm, Entity, Navigation, Property

_CERTIFICATE_STATES = Navigation(
    "managedDeviceCertificateStates", "managedDeviceCertificateState", collection=True, contained=True
)
_TRUSTED_ROOT = (Property("trustedRootCertificate", Edm.BINARY), Property("certFileName"))
_PKCS = (
    Property("certificationAuthority"),
    Property("certificationAuthorityName"),
    Property("certificateTemplateName"),
    Property("subjectAlternativeNameFormatString"),
    Property("subjectNameFormatString"),
    Property("certificateStore", enums.CERTIFICATE_STORE),
    Property("customSubjectAlternativeNames", CUSTOM_SUBJECT_ALTERNATIVE_NAME, collection=True),
)
_IMPORTED = (Property("intendedPurpose", enums.INTENDED_PURPOSE),)
_ACCESS = (
    Property("certificateAccessType", enums.ANDROID_DEVICE_OWNER_CERTIFICATE_ACCESS_TYPE),
    Property(
        "silentCertificateAccessDetails",
        ComplexType("androidDeviceOwnerSilentCertificateAccess", (Property("packageId"),)),
        collection=True,
    ),
)


def _kind(name: str, *properties: Property, base: Entity) -> Entity:
    """A concrete kind; those below a certificate base know how each device's certificate fares."""
    return Entity(
        name,
        properties,
        base=base,
        beta_only=True,
        polymorphic=True,
        navigations=() if base is DEVICE_CONFIGURATION else (_CERTIFICATE_STATES,),
    )


ANDROID_WORK_PROFILE_TRUSTED_ROOT = _kind(
    "androidWorkProfileTrustedRootCertificate", *_TRUSTED_ROOT, base=DEVICE_CONFIGURATION
)
ANDROID_DEVICE_OWNER_TRUSTED_ROOT = _kind(
    "androidDeviceOwnerTrustedRootCertificate", *_TRUSTED_ROOT, base=DEVICE_CONFIGURATION
)
ANDROID_WORK_PROFILE_PKCS = _kind(
    "androidWorkProfilePkcsCertificateProfile", *_PKCS, base=ANDROID_WORK_PROFILE_CERTIFICATE_PROFILE_BASE
)
ANDROID_DEVICE_OWNER_PKCS = _kind(
    "androidDeviceOwnerPkcsCertificateProfile",
    *_PKCS,
    Property("certificationAuthorityType", enums.DEVICE_MANAGEMENT_CERTIFICATION_AUTHORITY),
    *_ACCESS,
    base=ANDROID_DEVICE_OWNER_CERTIFICATE_PROFILE_BASE,
)
ANDROID_WORK_PROFILE_IMPORTED_PFX = _kind(
    "androidForWorkImportedPFXCertificateProfile", *_IMPORTED, base=ANDROID_CERTIFICATE_PROFILE_BASE
)
ANDROID_DEVICE_OWNER_IMPORTED_PFX = _kind(
    "androidDeviceOwnerImportedPFXCertificateProfile",
    *_IMPORTED,
    *_ACCESS,
    base=ANDROID_DEVICE_OWNER_CERTIFICATE_PROFILE_BASE,
)
