"""The parts of the certificate profiles of all platforms: groups of properties, and their abstract and concrete types.

Source: Graph beta metadata (trusted root, PKCS, imported PFX and SCEP profiles). The metadata declares names, validity
and key settings non-nullable; live tenants nevertheless show null for unset ones, so null is accepted.
"""

from __future__ import annotations

from fauxtune.core.graph import enums
from fauxtune.core.graph.configuration import DEVICE_CONFIGURATION
from fauxtune.core.odata.schema.fidelity import EXACT, Fidelity, approximated, stored
from fauxtune.core.odata.schema.types import ComplexType, Edm, Entity, EnumType, Navigation, Property

_NO_CHOICE = stored("no app gets a certificate, or requests one")

EXTENDED_KEY_USAGE = ComplexType(
    "extendedKeyUsage",
    (Property("name"), Property("objectIdentifier")),
    source="Graph: extendedKeyUsage (beta)",
    beta_only=True,
)
CUSTOM_SUBJECT_ALTERNATIVE_NAME = ComplexType(
    "customSubjectAlternativeName",
    (Property("sanType", enums.SUBJECT_ALTERNATIVE_NAME_TYPE), Property("name")),
    source="Graph: customSubjectAlternativeName (beta)",
    beta_only=True,
)
SILENT_CERTIFICATE_ACCESS = ComplexType(
    "androidDeviceOwnerSilentCertificateAccess",
    (Property("packageId"),),
    source="Graph: androidDeviceOwnerSilentCertificateAccess (beta)",
    beta_only=True,
    fidelity=_NO_CHOICE,
)

_ONE_STORE = stored("the device keeps all certificates in one store")

CERTIFICATE_STATES = Navigation(
    "managedDeviceCertificateStates", "managedDeviceCertificateState", collection=True, contained=True
)

EXTENDED_KEY_USAGES = (Property("extendedKeyUsages", EXTENDED_KEY_USAGE, collection=True),)
KEY_STORAGE_PROVIDER = (Property("keyStorageProvider", enums.KEY_STORAGE_PROVIDER_OPTION, nullable=False),)
DEPLOYMENT_CHANNEL = (
    Property(
        "deploymentChannel",
        enums.APPLE_DEPLOYMENT_CHANNEL,
        fidelity=stored("everything is sent to the device's channel"),
    ),
)
ALL_APPS_ACCESS = (Property("allowAllAppsAccess", Edm.BOOLEAN, nullable=False),)
AUTHORITY_TYPE = (
    Property(
        "certificationAuthorityType",
        enums.DEVICE_MANAGEMENT_CERTIFICATION_AUTHORITY,
        nullable=False,
        fidelity=approximated(
            "where it contradicts the other two values that name the authority, the profile is an error on the device"
        ),
    ),
)
#: Which apps of an owned Android device may use the certificate.
ACCESS = (
    Property("certificateAccessType", enums.ANDROID_DEVICE_OWNER_CERTIFICATE_ACCESS_TYPE, fidelity=_NO_CHOICE),
    Property("silentCertificateAccessDetails", SILENT_CERTIFICATE_ACCESS, collection=True, fidelity=_NO_CHOICE),
)

TRUSTED_ROOT = (Property("trustedRootCertificate", Edm.BINARY, nullable=False), Property("certFileName"))
DESTINATION_STORE = (Property("destinationStore", enums.CERTIFICATE_DESTINATION_STORE, nullable=False),)
IMPORTED = (Property("intendedPurpose", enums.INTENDED_PURPOSE, nullable=False),)

#: The authority of a PKCS certificate; the oldest kinds have only these properties.
AUTHORITY = (
    Property("certificationAuthority"),
    Property("certificationAuthorityName"),
    Property("certificateTemplateName"),
    Property(
        "subjectAlternativeNameFormatString",
        fidelity=stored("shown in the states of certificates; names come from the type and the list beside it"),
    ),
)
SUBJECT = (Property("subjectNameFormatString"),)
CUSTOM_NAMES = (Property("customSubjectAlternativeNames", CUSTOM_SUBJECT_ALTERNATIVE_NAME, collection=True),)
STORE = (Property("certificateStore", enums.CERTIFICATE_STORE, fidelity=_ONE_STORE),)
PKCS = (*AUTHORITY, *SUBJECT, *STORE, *CUSTOM_NAMES)

#: The server of a SCEP certificate, and its key; iOS has no choice of `hashAlgorithm`.
HASH = (Property("hashAlgorithm", enums.HASH_ALGORITHMS),)
SCEP = (
    Property(
        "scepServerUrls", collection=True, fidelity=approximated("each device gets one of them, always the same one")
    ),
    Property("subjectNameFormatString"),
    Property("keyUsage", enums.KEY_USAGES),
    Property("keySize", enums.KEY_SIZE),
    Property("subjectAlternativeNameFormatString"),
)


def source(name: str) -> str:
    """The document for a beta type."""
    return f"Graph: {name} (beta)"


def certificate_base(
    name: str,
    *more: Property,
    base: Entity = DEVICE_CONFIGURATION,
    names: EnumType = enums.SUBJECT_NAME_FORMAT,
    root: str | None = None,
    fidelity: Fidelity = EXACT,
) -> Entity:
    """An abstract base of certificate profiles; `root` is the type that `rootCertificate` refers to."""
    return Entity(
        name,
        (
            Property("renewalThresholdPercentage", Edm.INT32),
            Property(
                "subjectNameFormat",
                names,
                fidelity=approximated("commonNameAsDurableDeviceId is the device's id in the directory"),
            ),
            Property("certificateValidityPeriodValue", Edm.INT32),
            Property(
                "certificateValidityPeriodScale",
                enums.CERTIFICATE_VALIDITY_PERIOD_SCALE,
                fidelity=approximated("a month has 30 days, and a year 365"),
            ),
            Property(
                "subjectAlternativeNameType",
                enums.SUBJECT_ALTERNATIVE_NAME_TYPE,
                fidelity=approximated("emailAddress and userPrincipalName give a name; the other members do not"),
            ),
            *more,
        ),
        base=base,
        abstract=True,
        beta_only=True,
        polymorphic=True,
        navigations=_root(root),
        source=source(name),
        fidelity=fidelity,
    )


def root_profile(name: str, *more: Property, fidelity: Fidelity = EXACT) -> Entity:
    """A type of trusted-root profiles."""
    return Entity(
        name,
        (*TRUSTED_ROOT, *more),
        base=DEVICE_CONFIGURATION,
        beta_only=True,
        polymorphic=True,
        source=source(name),
        fidelity=fidelity,
    )


def certificate_profile(
    name: str, *properties: Property, base: Entity, root: str | None = None, fidelity: Fidelity = EXACT
) -> Entity:
    """A type of profiles that give devices certificates, with the states of these certificates."""
    return Entity(
        name,
        properties,
        base=base,
        beta_only=True,
        polymorphic=True,
        navigations=(CERTIFICATE_STATES, *_root(root)),
        source=source(name),
        fidelity=fidelity,
    )


def scep_profile(name: str, *more: Property, base: Entity, root: str | None = None) -> Entity:
    """A type of SCEP profiles."""
    return certificate_profile(name, *SCEP, *more, base=base, root=root)


def _root(target: str | None) -> tuple[Navigation, ...]:
    return () if target is None else (Navigation("rootCertificate", target),)
