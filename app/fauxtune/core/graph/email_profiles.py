"""The e-mail kinds: accounts of Exchange ActiveSync. Only those of iOS and of Samsung Knox have S/MIME.

Source: Graph beta metadata. macOS has no such kind; those of Windows have no settings for S/MIME.
"""

from __future__ import annotations

from fauxtune.core.graph import enums
from fauxtune.core.graph.base import ENTITY
from fauxtune.core.graph.certificate_profiles import source
from fauxtune.core.graph.configuration import DEVICE_CONFIGURATION
from fauxtune.core.odata.schema.fidelity import EXACT, Fidelity, approximated, stored
from fauxtune.core.odata.schema.types import Edm, Entity, EnumType, Navigation, Owner, Property

DERIVED_CREDENTIAL_SETTINGS = Entity(
    "deviceManagementDerivedCredentialSettings",
    (
        Property("helpUrl"),
        Property("displayName"),
        Property("issuer", enums.DEVICE_MANAGEMENT_DERIVED_CREDENTIAL_ISSUER, nullable=False),
        Property("notificationType", enums.DEVICE_MANAGEMENT_DERIVED_CREDENTIAL_NOTIFICATION_TYPE),
        Property("renewalThresholdPercentage", Edm.INT32, nullable=False),
    ),
    base=ENTITY,
    beta_only=True,
    source=source("deviceManagementDerivedCredentialSettings"),
    fidelity=approximated("none exists, and none can be created"),
)


_SMIME = approximated("enables the certificates that the profile refers to: its effect is not documented")
_ONE_ACCOUNT = approximated(
    "an application has one account: a second profile is in conflict, which is the emulator's reading"
)
_DERIVED = approximated("derivedCredential is an error on the device: it is not emulated")


def _one_of(name: str, kind: EnumType, *, fidelity: Fidelity = EXACT) -> Property:
    return Property(name, kind, nullable=False, fidelity=fidelity)


def _switch(name: str) -> Property:
    return Property(name, Edm.BOOLEAN, nullable=False)


#: The metadata allows null for these; an unset one is null, which means no.
def _optional_switches(*names: str) -> tuple[Property, ...]:
    return tuple(Property(name, Edm.BOOLEAN) for name in names)


_ACCOUNT = Property("accountName", nullable=False)
_HOST = Property("hostName", nullable=False)
_ADDRESS = _one_of(
    "emailAddressSource",
    enums.USER_EMAIL_SOURCE,
    fidelity=approximated("a user without mail has no account, whatever is set here: that is the emulator's reading"),
)
_DURATION = _one_of("durationOfEmailToSync", enums.EMAIL_SYNC_DURATION)
_SCHEDULE = _one_of("emailSyncSchedule", enums.EMAIL_SYNC_SCHEDULE)
_METHOD = _one_of("authenticationMethod", enums.EAS_AUTHENTICATION_METHOD, fidelity=_DERIVED)
_SAMSUNGS_WORDS = approximated(
    "sent the settings that it shares with Gmail, by Gmail's names, and of S/MIME only that it signs"
)
#: Nine's own names of settings are not public.
_NINES_WORDS = approximated(
    "sent the settings that it shares with Gmail, by Gmail's names; a second account is in conflict"
)
_NINE = tuple(
    Property(
        name, Edm.BOOLEAN, nullable=False, fidelity=stored("not sent to Nine: its names of settings are not public")
    )
    for name in ("syncCalendar", "syncContacts", "syncTasks")
)
_SYNCED = (_switch("syncCalendar"), _switch("syncContacts"), _switch("syncTasks"))


def _profile(
    name: str,
    *properties: Property,
    base: Entity,
    navigations: tuple[Navigation, ...] = (),
    fidelity: Fidelity = EXACT,
) -> Entity:
    return Entity(
        name,
        properties,
        base=base,
        beta_only=True,
        polymorphic=True,
        navigations=navigations,
        source=source(name),
        fidelity=fidelity,
    )


EAS_BASE = Entity(
    "easEmailProfileConfigurationBase",
    (
        _one_of("usernameSource", enums.USER_EMAIL_SOURCE),
        Property("usernameAADSource", enums.USERNAME_SOURCE),
        Property("userDomainNameSource", enums.DOMAIN_NAME_SOURCE),
        Property("customDomainName"),
    ),
    base=DEVICE_CONFIGURATION,
    abstract=True,
    beta_only=True,
    polymorphic=True,
    source=source("easEmailProfileConfigurationBase"),
)


def _work_base(name: str, *, certificates: str) -> Entity:
    """The base of the accounts of Gmail and Nine in a work profile."""
    return Entity(
        name,
        (
            _METHOD,
            _DURATION,
            _ADDRESS,
            _HOST,
            _switch("requireSsl"),
            _one_of("usernameSource", enums.ANDROID_USERNAME_SOURCE),
        ),
        base=DEVICE_CONFIGURATION,
        abstract=True,
        beta_only=True,
        polymorphic=True,
        navigations=(Navigation("identityCertificate", certificates),),
        source=source(name),
    )


FOR_WORK_BASE = _work_base("androidForWorkEasEmailProfileBase", certificates="androidForWorkCertificateProfileBase")
WORK_PROFILE_BASE = _work_base(
    "androidWorkProfileEasEmailProfileBase", certificates="androidWorkProfileCertificateProfileBase"
)

IOS = _profile(
    "iosEasEmailProfileConfiguration",
    _ACCOUNT,
    Property("authenticationMethod", enums.EAS_AUTHENTICATION_METHOD, fidelity=_DERIVED),
    *_optional_switches(
        "blockMovingMessagesToOtherEmailAccounts",
        "blockSendingEmailFromThirdPartyApps",
        "blockSyncingRecentlyUsedEmailAddresses",
    ),
    _DURATION,
    _ADDRESS,
    Property("easServices", enums.EAS_SERVICES),
    *_optional_switches("easServicesUserOverrideEnabled"),
    _HOST,
    Property("requireSmime", Edm.BOOLEAN, fidelity=_SMIME),
    *_optional_switches(
        "smimeEnablePerMessageSwitch",
        "smimeEncryptByDefaultEnabled",
        "smimeSigningEnabled",
        "smimeSigningUserOverrideEnabled",
        "smimeEncryptByDefaultUserOverrideEnabled",
        "smimeSigningCertificateUserOverrideEnabled",
        "smimeEncryptionCertificateUserOverrideEnabled",
    ),
    _switch("requireSsl"),
    *_optional_switches("useOAuth"),
    Property("signingCertificateType", enums.EMAIL_CERTIFICATE_TYPE, fidelity=_DERIVED),
    Property("encryptionCertificateType", enums.EMAIL_CERTIFICATE_TYPE, fidelity=_DERIVED),
    Property("perAppVPNProfileId"),
    base=EAS_BASE,
    navigations=(
        # SCEP and PKCS to sign in to the server; for S/MIME also imported certificates.
        Navigation("identityCertificate", "iosCertificateProfileBase"),
        Navigation("smimeSigningCertificate", "iosCertificateProfile"),
        Navigation("smimeEncryptionCertificate", "iosCertificateProfile"),
        Navigation("derivedCredentialSettings", DERIVED_CREDENTIAL_SETTINGS.name),
    ),
)
KNOX = _profile(
    "androidEasEmailProfileConfiguration",
    _ACCOUNT,
    _METHOD,
    *_SYNCED,
    _switch("syncNotes"),
    _DURATION,
    _ADDRESS,
    _SCHEDULE,
    _HOST,
    Property("requireSmime", Edm.BOOLEAN, nullable=False, fidelity=_SMIME),
    _switch("requireSsl"),
    _one_of("usernameSource", enums.ANDROID_USERNAME_SOURCE),
    Property("userDomainNameSource", enums.DOMAIN_NAME_SOURCE),
    Property("customDomainName"),
    base=DEVICE_CONFIGURATION,
    navigations=(
        Navigation("identityCertificate", "androidCertificateProfileBase"),
        Navigation("smimeSigningCertificate", "androidCertificateProfileBase"),
    ),
    fidelity=_SAMSUNGS_WORDS,
)
_WINDOWS = (_ACCOUNT, *_SYNCED, _DURATION, _ADDRESS, _SCHEDULE, _HOST, _switch("requireSsl"))

PROFILES = (
    DERIVED_CREDENTIAL_SETTINGS,
    EAS_BASE,
    FOR_WORK_BASE,
    WORK_PROFILE_BASE,
    IOS,
    KNOX,
    _profile("androidForWorkGmailEasConfiguration", base=FOR_WORK_BASE, fidelity=_ONE_ACCOUNT),
    _profile("androidForWorkNineWorkEasConfiguration", *_NINE, base=FOR_WORK_BASE, fidelity=_NINES_WORDS),
    _profile("androidWorkProfileGmailEasConfiguration", base=WORK_PROFILE_BASE, fidelity=_ONE_ACCOUNT),
    _profile("androidWorkProfileNineWorkEasConfiguration", *_NINE, base=WORK_PROFILE_BASE, fidelity=_NINES_WORDS),
    _profile("windows10EasEmailProfileConfiguration", *_WINDOWS, base=EAS_BASE),
    _profile(
        "windowsPhoneEASEmailProfileConfiguration",
        *_WINDOWS,
        # Read-only in Graph: a client's value is ignored.
        Property("applyOnlyToWindowsPhone81", Edm.BOOLEAN, nullable=False, owner=Owner.SERVER),
        base=EAS_BASE,
    ),
)
