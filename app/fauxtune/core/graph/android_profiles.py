"""Android's certificate kinds: device administrator, work profile, owned devices, and AOSP.

Source: Graph beta metadata. The work profile's imported PFX kind is androidForWork..., and derives from the device
administrator's base; the other androidForWork... kinds are what the work profile's were before.
"""

from __future__ import annotations

from fauxtune.core.graph.certificate_profiles import (
    ACCESS,
    AUTHORITY,
    AUTHORITY_TYPE,
    CUSTOM_NAMES,
    EXTENDED_KEY_USAGES,
    HASH,
    IMPORTED,
    PKCS,
    STORE,
    certificate_base,
    certificate_profile,
    root_profile,
    scep_profile,
)

ADMINISTRATOR_BASE = certificate_base(
    "androidCertificateProfileBase", *EXTENDED_KEY_USAGES, root="androidTrustedRootCertificate"
)
FOR_WORK_BASE = certificate_base(
    "androidForWorkCertificateProfileBase", *EXTENDED_KEY_USAGES, root="androidForWorkTrustedRootCertificate"
)
WORK_PROFILE_BASE = certificate_base(
    "androidWorkProfileCertificateProfileBase", *EXTENDED_KEY_USAGES, root="androidWorkProfileTrustedRootCertificate"
)
DEVICE_OWNER_BASE = certificate_base(
    "androidDeviceOwnerCertificateProfileBase", *EXTENDED_KEY_USAGES, root="androidDeviceOwnerTrustedRootCertificate"
)
AOSP_BASE = certificate_base(
    "aospDeviceOwnerCertificateProfileBase",
    *EXTENDED_KEY_USAGES,
    root="aospDeviceOwnerTrustedRootCertificate",
)

BASES = (ADMINISTRATOR_BASE, FOR_WORK_BASE, WORK_PROFILE_BASE, DEVICE_OWNER_BASE, AOSP_BASE)
ROOTS = (
    root_profile("androidTrustedRootCertificate"),
    root_profile("androidForWorkTrustedRootCertificate"),
    root_profile("androidWorkProfileTrustedRootCertificate"),
    root_profile("androidDeviceOwnerTrustedRootCertificate"),
    root_profile("aospDeviceOwnerTrustedRootCertificate"),
)
PKCS_PROFILES = (
    certificate_profile("androidPkcsCertificateProfile", *AUTHORITY, base=ADMINISTRATOR_BASE),
    certificate_profile("androidForWorkPkcsCertificateProfile", *AUTHORITY, base=FOR_WORK_BASE),
    certificate_profile("androidWorkProfilePkcsCertificateProfile", *PKCS, base=WORK_PROFILE_BASE),
    certificate_profile(
        "androidDeviceOwnerPkcsCertificateProfile", *PKCS, *AUTHORITY_TYPE, *ACCESS, base=DEVICE_OWNER_BASE
    ),
    certificate_profile("aospDeviceOwnerPkcsCertificateProfile", *PKCS, *AUTHORITY_TYPE, base=AOSP_BASE),
)
IMPORTED_PROFILES = (
    certificate_profile("androidImportedPFXCertificateProfile", *IMPORTED, base=ADMINISTRATOR_BASE),
    certificate_profile("androidForWorkImportedPFXCertificateProfile", *IMPORTED, base=ADMINISTRATOR_BASE),
    certificate_profile("androidDeviceOwnerImportedPFXCertificateProfile", *IMPORTED, *ACCESS, base=DEVICE_OWNER_BASE),
)
SCEP_PROFILES = (
    scep_profile("androidScepCertificateProfile", *HASH, base=ADMINISTRATOR_BASE),
    scep_profile("androidForWorkScepCertificateProfile", *HASH, *STORE, *CUSTOM_NAMES, base=FOR_WORK_BASE),
    scep_profile("androidWorkProfileScepCertificateProfile", *HASH, *STORE, *CUSTOM_NAMES, base=WORK_PROFILE_BASE),
    scep_profile(
        "androidDeviceOwnerScepCertificateProfile", *HASH, *STORE, *CUSTOM_NAMES, *ACCESS, base=DEVICE_OWNER_BASE
    ),
    scep_profile("aospDeviceOwnerScepCertificateProfile", *HASH, *STORE, *CUSTOM_NAMES, base=AOSP_BASE),
)

PROFILES = (*BASES, *ROOTS, *PKCS_PROFILES, *IMPORTED_PROFILES, *SCEP_PROFILES)
