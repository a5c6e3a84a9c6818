"""The certificate kinds of iOS, iPadOS and macOS.

Source: Graph beta metadata. `iosCertificateProfile`, which all of iOS derives from, exists in v1.0 too and has no
settings. Apple's subject names have an enumeration of their own; PKCS has neither extended key usages nor a root.
"""

from __future__ import annotations

from fauxtune.core.graph import enums
from fauxtune.core.graph.certificate_profiles import (
    ALL_APPS_ACCESS,
    CUSTOM_NAMES,
    DEPLOYMENT_CHANNEL,
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
from fauxtune.core.graph.configuration import DEVICE_CONFIGURATION
from fauxtune.core.odata.schema.fidelity import stored
from fauxtune.core.odata.schema.types import Entity

IOS_CERTIFICATE_PROFILE = Entity(
    "iosCertificateProfile",
    base=DEVICE_CONFIGURATION,
    polymorphic=True,
    source="Graph: iosCertificateProfile",
    fidelity=stored("it has no settings, and gives devices nothing"),
)
IOS_BASE = certificate_base(
    "iosCertificateProfileBase",
    base=IOS_CERTIFICATE_PROFILE,
    names=enums.APPLE_SUBJECT_NAME_FORMAT,
)
MACOS_BASE = certificate_base("macOSCertificateProfileBase", names=enums.APPLE_SUBJECT_NAME_FORMAT)

PROFILES = (
    IOS_CERTIFICATE_PROFILE,
    IOS_BASE,
    MACOS_BASE,
    root_profile("iosTrustedRootCertificate"),
    root_profile("macOSTrustedRootCertificate", *DEPLOYMENT_CHANNEL),
    certificate_profile("iosPkcsCertificateProfile", *PKCS, base=IOS_BASE),
    certificate_profile("macOSPkcsCertificateProfile", *PKCS, *ALL_APPS_ACCESS, *DEPLOYMENT_CHANNEL, base=MACOS_BASE),
    certificate_profile("iosImportedPFXCertificateProfile", *IMPORTED, base=IOS_CERTIFICATE_PROFILE),
    certificate_profile("macOSImportedPFXCertificateProfile", *IMPORTED, *DEPLOYMENT_CHANNEL, base=MACOS_BASE),
    scep_profile(
        "iosScepCertificateProfile",
        *STORE,
        *CUSTOM_NAMES,
        *EXTENDED_KEY_USAGES,
        base=IOS_BASE,
        root="iosTrustedRootCertificate",
    ),
    scep_profile(
        "macOSScepCertificateProfile",
        *HASH,
        *STORE,
        *CUSTOM_NAMES,
        *EXTENDED_KEY_USAGES,
        *ALL_APPS_ACCESS,
        *DEPLOYMENT_CHANNEL,
        base=MACOS_BASE,
        root="macOSTrustedRootCertificate",
    ),
)
