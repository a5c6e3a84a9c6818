"""The certificate kinds of Windows, Windows 10 Mobile and Windows Phone 8.1.

Source: Graph beta metadata. The windows81... kinds are those of Windows 10 and 11 as well: there are no others for
trusted roots and SCEP. Windows Phone's imported PFX kind derives from the base of Windows, its SCEP kind from its own.
"""

from __future__ import annotations

from fauxtune.core.graph import enums
from fauxtune.core.graph.certificate_profiles import (
    CUSTOM_NAMES,
    DESTINATION_STORE,
    EXTENDED_KEY_USAGES,
    HASH,
    IMPORTED,
    KEY_STORAGE_PROVIDER,
    PKCS,
    certificate_base,
    certificate_profile,
    root_profile,
    scep_profile,
    source,
)
from fauxtune.core.graph.configuration import DEVICE_CONFIGURATION
from fauxtune.core.odata.schema.fidelity import stored
from fauxtune.core.odata.schema.types import Entity, Property

#: A key that is made on the device is made for its user, or for the machine.
_OWN_STORE = (Property("certificateStore", enums.CERTIFICATE_STORE),)
BASE = certificate_base("windowsCertificateProfileBase", *KEY_STORAGE_PROVIDER)
WINDOWS_10_BASE = Entity(
    "windows10CertificateProfileBase",
    base=BASE,
    abstract=True,
    beta_only=True,
    polymorphic=True,
    source=source("windows10CertificateProfileBase"),
)
WINDOWS_81_BASE = Entity(
    "windows81CertificateProfileBase",
    (*EXTENDED_KEY_USAGES, *CUSTOM_NAMES),
    base=BASE,
    abstract=True,
    beta_only=True,
    polymorphic=True,
    source=source("windows81CertificateProfileBase"),
)
WINDOWS_PHONE_81_BASE = certificate_base(
    "windowsPhone81CertificateProfileBase", *EXTENDED_KEY_USAGES, *KEY_STORAGE_PROVIDER
)
#: Deprecated: it has no purpose that could select certificates.
PFX_IMPORT = Entity(
    "windows10PFXImportCertificateProfile",
    KEY_STORAGE_PROVIDER,
    base=DEVICE_CONFIGURATION,
    beta_only=True,
    polymorphic=True,
    source=source("windows10PFXImportCertificateProfile"),
    fidelity=stored("deprecated: no document says which certificates it gives, so it gives none"),
)

PROFILES = (
    BASE,
    WINDOWS_10_BASE,
    WINDOWS_81_BASE,
    WINDOWS_PHONE_81_BASE,
    root_profile("windows81TrustedRootCertificate", *DESTINATION_STORE),
    root_profile("windowsPhone81TrustedRootCertificate"),
    certificate_profile("windows10PkcsCertificateProfile", *PKCS, *EXTENDED_KEY_USAGES, base=WINDOWS_10_BASE),
    certificate_profile("windows10ImportedPFXCertificateProfile", *IMPORTED, base=BASE),
    certificate_profile("windowsPhone81ImportedPFXCertificateProfile", *IMPORTED, base=BASE),
    PFX_IMPORT,
    scep_profile(
        "windows81SCEPCertificateProfile",
        *HASH,
        *_OWN_STORE,
        base=WINDOWS_81_BASE,
        root="windows81TrustedRootCertificate",
    ),
    scep_profile(
        "windowsPhone81SCEPCertificateProfile",
        *HASH,
        base=WINDOWS_PHONE_81_BASE,
        root="windowsPhone81TrustedRootCertificate",
    ),
)
