"""Directory objects: users, groups, Entra devices, and the tenant's organization and licences.

Source: Graph reference, user, group, device, organization, domain, subscribedSku, licenseDetails. Comparisons in the
directory ignore case.
"""

from __future__ import annotations

from fauxtune.core.graph.base import ENTITY
from fauxtune.core.odata.schema.fidelity import (
    ALWAYS_EMPTY,
    ALWAYS_NULL,
    EXACT,
    NEVER_SHOWN,
    Fidelity,
    approximated,
    stored,
)
from fauxtune.core.odata.schema.types import ComplexType, Edm, Entity, EnumType, Navigation, Owner, Property, Shown

_SYNCHRONISED = approximated("can be written: no synchronised directory fills it")
_MAILBOX = approximated("as it was written: no mailbox changes it")
_BARE = approximated("null unless a client writes it: an enrolment does not set it")


def _hidden(name: str, kind: Edm = Edm.STRING, *, owner: Owner = Owner.CLIENT, fidelity: Fidelity = EXACT) -> Property:
    """A property that is shown only with `$select`."""
    folds = kind is Edm.STRING
    return Property(name, kind, owner=owner, visibility=Shown.WHEN_SELECTED, ignores_case=folds, fidelity=fidelity)


def _shown(name: str, kind: Edm = Edm.STRING, *, owner: Owner = Owner.CLIENT, fidelity: Fidelity = EXACT) -> Property:
    return Property(name, kind, owner=owner, ignores_case=kind is Edm.STRING, fidelity=fidelity)


_NOT_ASKED = stored("users are not asked for a new password")
PASSWORD_PROFILE = ComplexType(
    "passwordProfile",
    (
        Property("forceChangePasswordNextSignIn", Edm.BOOLEAN, fidelity=_NOT_ASKED),
        Property("forceChangePasswordNextSignInWithMfa", Edm.BOOLEAN, fidelity=_NOT_ASKED),
        Property("password", required=True, fidelity=approximated("every password is accepted")),
    ),
    source="Graph: passwordProfile",
)
ASSIGNED_LICENSE = ComplexType(
    "assignedLicense",
    (
        Property(
            "disabledPlans",
            Edm.GUID,
            collection=True,
            fidelity=stored("a licence allows the management of devices whatever plans of it are disabled"),
        ),
        Property("skuId", Edm.GUID, required=True),
    ),
    source="Graph: assignedLicense",
)

ALTERNATIVE_SECURITY_ID = ComplexType(
    "alternativeSecurityId",
    (Property("identityProvider"), Property("key", Edm.BINARY), Property("type", Edm.INT32)),
    source="Graph: alternativeSecurityId",
)
EXTENSION_ATTRIBUTES = ComplexType(
    "onPremisesExtensionAttributes",
    tuple(Property(f"extensionAttribute{number}") for number in range(1, 16)),
    source="Graph: onPremisesExtensionAttributes",
)

DIRECTORY_OBJECT = Entity(
    "directoryObject",
    (
        _hidden(
            "deletedDateTime",
            Edm.DATE_TIME,
            owner=Owner.SERVER,
            fidelity=approximated("always null: deleted objects are gone at once"),
        ),
    ),
    base=ENTITY,
    source="Graph: directoryObject",
)

_MEMBER_OF = (
    Navigation("memberOf", "directoryObject", collection=True, contained=True),
    Navigation("transitiveMemberOf", "directoryObject", collection=True, contained=True),
)

USER = Entity(
    "user",
    (
        Property("businessPhones", collection=True),
        Property("displayName", required=True, ignores_case=True),
        _shown("givenName"),
        _shown("jobTitle"),
        _shown("mail", fidelity=_MAILBOX),
        _shown("mobilePhone"),
        _shown("officeLocation"),
        _shown("preferredLanguage"),
        _shown("surname"),
        Property(
            "userPrincipalName",
            nullable=False,
            required=True,
            ignores_case=True,
            fidelity=approximated("its domain need not be one of the tenant's"),
        ),
        Property("accountEnabled", Edm.BOOLEAN, required=True, visibility=Shown.WHEN_SELECTED),
        Property(
            "assignedLicenses",
            ASSIGNED_LICENSE,
            collection=True,
            visibility=Shown.WHEN_SELECTED,
            fidelity=approximated("can be written, which the real service leaves to assignLicense"),
        ),
        _hidden("city"),
        _hidden("companyName"),
        _hidden("country"),
        _hidden("createdDateTime", Edm.DATE_TIME, owner=Owner.SERVER),
        _hidden("creationType", owner=Owner.SERVER),
        _hidden("department"),
        _hidden("employeeId"),
        _hidden("employeeType"),
        _hidden("faxNumber"),
        Property(
            "imAddresses",
            collection=True,
            owner=Owner.SERVER,
            visibility=Shown.WHEN_SELECTED,
            ignores_case=True,
            fidelity=approximated("always empty: there is no Teams"),
        ),
        Property("mailNickname", required=True, visibility=Shown.WHEN_SELECTED, ignores_case=True),
        _hidden("onPremisesDistinguishedName", fidelity=_SYNCHRONISED),
        _hidden("onPremisesDomainName", fidelity=_SYNCHRONISED),
        Property("onPremisesExtensionAttributes", EXTENSION_ATTRIBUTES, visibility=Shown.WHEN_SELECTED),
        _hidden("onPremisesImmutableId"),
        _hidden("onPremisesSamAccountName", fidelity=_SYNCHRONISED),
        _hidden("onPremisesSecurityIdentifier", fidelity=_SYNCHRONISED),
        _hidden("onPremisesSyncEnabled", Edm.BOOLEAN, owner=Owner.SERVER),
        _hidden("onPremisesUserPrincipalName", fidelity=_SYNCHRONISED),
        Property("otherMails", collection=True, visibility=Shown.WHEN_SELECTED, ignores_case=True),
        _hidden("passwordPolicies", fidelity=stored("no password expires, and every password is accepted")),
        Property("passwordProfile", PASSWORD_PROFILE, required=True, write_only=True, visibility=Shown.WHEN_SELECTED),
        _hidden("postalCode"),
        Property(
            "proxyAddresses", collection=True, visibility=Shown.WHEN_SELECTED, ignores_case=True, fidelity=_MAILBOX
        ),
        _hidden("securityIdentifier", owner=Owner.SERVER),
        _hidden(
            "signInSessionsValidFromDateTime",
            Edm.DATE_TIME,
            owner=Owner.SERVER,
            fidelity=approximated(
                "refresh tokens from before it are refused; a change of the password does not set it"
            ),
        ),
        _hidden("state"),
        _hidden("streetAddress"),
        _hidden("usageLocation", fidelity=stored("licences are assigned without one")),
        Property(
            "userType",
            default="Member",
            visibility=Shown.WHEN_SELECTED,
            ignores_case=True,
            fidelity=stored("guests have the rights of members"),
        ),
    ),
    base=DIRECTORY_OBJECT,
    navigations=(
        *_MEMBER_OF,
        Navigation("directReports", "directoryObject", collection=True, contained=True),
        Navigation("licenseDetails", "licenseDetails", collection=True, contained=True),
        Navigation("managedDevices", "managedDevice", collection=True, contained=True),
        Navigation("manager", "directoryObject"),
        Navigation("ownedDevices", "directoryObject", collection=True, contained=True),
        Navigation("registeredDevices", "directoryObject", collection=True, contained=True),
    ),
    source="Graph: user",
)

GROUP = Entity(
    "group",
    (
        _shown("classification"),
        Property("createdDateTime", Edm.DATE_TIME, owner=Owner.SERVER),
        _shown("description"),
        Property("displayName", required=True, ignores_case=True),
        _shown(
            "expirationDateTime",
            Edm.DATE_TIME,
            owner=Owner.SERVER,
            fidelity=approximated("always null: groups do not expire"),
        ),
        Property("groupTypes", collection=True, ignores_case=True),
        Property("isAssignableToRole", Edm.BOOLEAN, fidelity=stored("there are no directory roles")),
        _shown("mail", owner=Owner.SERVER),
        Property("mailEnabled", Edm.BOOLEAN, required=True),
        Property("mailNickname", required=True, ignores_case=True),
        Property("membershipRule", fidelity=stored("stored and not evaluated: a dynamic group has no members")),
        Property("membershipRuleProcessingState", ignores_case=True, fidelity=stored("no rule is evaluated")),
        _shown("onPremisesSyncEnabled", Edm.BOOLEAN, owner=Owner.SERVER),
        _shown("preferredDataLocation", fidelity=stored("the data has one place")),
        _shown("preferredLanguage"),
        Property("proxyAddresses", collection=True, owner=Owner.SERVER, ignores_case=True),
        _shown("renewedDateTime", Edm.DATE_TIME, owner=Owner.SERVER),
        Property("resourceBehaviorOptions", collection=True, fidelity=stored("there is no Exchange")),
        Property("resourceProvisioningOptions", collection=True, fidelity=stored("there is no Teams")),
        Property("securityEnabled", Edm.BOOLEAN, required=True),
        _shown("securityIdentifier", owner=Owner.SERVER),
        _shown("theme", fidelity=stored("there is no Outlook to show it")),
        _shown("visibility", fidelity=stored("everybody can see and join a group")),
    ),
    base=DIRECTORY_OBJECT,
    navigations=(
        Navigation("members", "directoryObject", collection=True),
        Navigation("owners", "directoryObject", collection=True),
        Navigation("transitiveMembers", "directoryObject", collection=True, contained=True),
        *_MEMBER_OF,
    ),
    source="Graph: group",
)

DEVICE = Entity(
    "device",
    (
        Property(
            "accountEnabled",
            Edm.BOOLEAN,
            default=True,
            required=True,
            fidelity=stored("a disabled device can still check in"),
        ),
        Property(
            "alternativeSecurityIds",
            ALTERNATIVE_SECURITY_ID,
            collection=True,
            filterable=False,
            fidelity=approximated("as it was written: a device that registers does not set it"),
        ),
        _shown("approximateLastSignInDateTime", Edm.DATE_TIME, owner=Owner.SERVER, fidelity=ALWAYS_NULL),
        _shown("complianceExpirationDateTime", Edm.DATE_TIME, owner=Owner.SERVER, fidelity=ALWAYS_NULL),
        _shown("deviceCategory", fidelity=_BARE),
        Property("deviceId", required=True, ignores_case=True),
        _shown("deviceMetadata", fidelity=_BARE),
        _shown("deviceOwnership", fidelity=_BARE),
        Property("deviceVersion", Edm.INT32, fidelity=_BARE),
        Property("displayName", required=True, ignores_case=True),
        _shown("enrollmentProfileName", fidelity=_BARE),
        _shown("enrollmentType", fidelity=_BARE),
        Property("extensionAttributes", EXTENSION_ATTRIBUTES),
        Property(
            "isCompliant",
            Edm.BOOLEAN,
            fidelity=approximated(
                "true for a device that enrols; clients with the permission to write devices can change it"
            ),
        ),
        Property(
            "isManaged",
            Edm.BOOLEAN,
            fidelity=approximated("clients with the permission to write devices can set it, not only Intune"),
        ),
        Property("isRooted", Edm.BOOLEAN),
        _shown("managementType", fidelity=_BARE),
        _shown("manufacturer"),
        _shown("mdmAppId", fidelity=_BARE),
        _shown("model"),
        _shown("onPremisesLastSyncDateTime", Edm.DATE_TIME, owner=Owner.SERVER),
        _shown("onPremisesSyncEnabled", Edm.BOOLEAN, owner=Owner.SERVER),
        Property("operatingSystem", required=True, ignores_case=True),
        Property("operatingSystemVersion", required=True, ignores_case=True),
        Property(
            "physicalIds", collection=True, ignores_case=True, fidelity=approximated("empty unless a client writes it")
        ),
        _shown("profileType", fidelity=_BARE),
        Property(
            "registrationDateTime",
            Edm.DATE_TIME,
            owner=Owner.SERVER,
            fidelity=approximated("null for a device that enrolled"),
        ),
        Property(
            "systemLabels", collection=True, ignores_case=True, fidelity=approximated("empty unless a client writes it")
        ),
        _shown(
            "trustType",
            fidelity=approximated(
                "AzureAd for a Windows computer that enrols, Workplace for other devices; else as it was written"
            ),
        ),
    ),
    base=DIRECTORY_OBJECT,
    navigations=(
        *_MEMBER_OF,
        Navigation("registeredOwners", "directoryObject", collection=True, contained=True),
        Navigation("registeredUsers", "directoryObject", collection=True, contained=True),
    ),
    source="Graph: device",
)

#: The kinds of directory objects, by their names in the database.
KINDS: dict[str, Entity] = {"user": USER, "group": GROUP, "device": DEVICE}
#: The properties by which a mixed list can be filtered and sorted: those of every kind.
ANY_OBJECT = Entity(
    "directoryObject",
    tuple({prop.name: prop for kind in KINDS.values() for prop in kind.properties}.values()),
    base=DIRECTORY_OBJECT,
    navigations=tuple({nav.name: nav for kind in KINDS.values() for nav in kind.navigations}.values()),
    source="Graph: directoryObject",
)

SERVICE_PLAN_INFO = ComplexType(
    "servicePlanInfo",
    (
        Property("appliesTo"),
        Property("provisioningStatus"),
        Property("servicePlanId", Edm.GUID),
        Property("servicePlanName"),
    ),
    source="Graph: servicePlanInfo",
)
LICENSE_UNITS_DETAIL = ComplexType(
    "licenseUnitsDetail",
    tuple(Property(name, Edm.INT32) for name in ("enabled", "lockedOut", "suspended", "warning")),
    source="Graph: licenseUnitsDetail",
)
SUBSCRIBED_SKU = Entity(
    "subscribedSku",
    (
        Property("accountId"),
        Property("accountName"),
        Property("appliesTo"),
        Property("capabilityStatus", fidelity=approximated("always Enabled")),
        Property("consumedUnits", Edm.INT32),
        Property(
            "prepaidUnits", LICENSE_UNITS_DETAIL, fidelity=approximated("always a million: licences do not run out")
        ),
        Property("servicePlans", SERVICE_PLAN_INFO, collection=True),
        Property("skuId", Edm.GUID),
        Property("skuPartNumber"),
        Property("subscriptionIds", collection=True, fidelity=ALWAYS_EMPTY),
    ),
    base=ENTITY,
    source="Graph: subscribedSku",
)
LICENSE_DETAILS = Entity(
    "licenseDetails",
    (
        Property("servicePlans", SERVICE_PLAN_INFO, collection=True),
        Property("skuId", Edm.GUID),
        Property("skuPartNumber"),
    ),
    base=ENTITY,
    source="Graph: licenseDetails",
    fidelity=approximated("the form of the id, `<user>_<licence>`, is the emulator's"),
)

ENDPOINT = Entity(
    "endpoint",
    (
        Property("capability"),
        Property("providerId"),
        Property("providerName"),
        Property("providerResourceId"),
        Property("uri"),
    ),
    base=DIRECTORY_OBJECT,
    source="Graph: endpoint",
)

ASSIGNED_PLAN = ComplexType(
    "assignedPlan",
    (
        Property("assignedDateTime", Edm.DATE_TIME),
        Property("capabilityStatus"),
        Property("service"),
        Property("servicePlanId", Edm.GUID),
    ),
    source="Graph: assignedPlan",
    fidelity=NEVER_SHOWN,
)
VERIFIED_DOMAIN = ComplexType(
    "verifiedDomain",
    (
        Property("capabilities", fidelity=approximated("always the same three")),
        Property("isDefault", Edm.BOOLEAN),
        Property("isInitial", Edm.BOOLEAN),
        Property("name"),
        Property("type"),
    ),
    source="Graph: verifiedDomain",
)
MDM_AUTHORITY = EnumType("mdmAuthority", ("unknown", "intune", "sccm", "office365"))
ORGANIZATION = Entity(
    "organization",
    (
        Property("assignedPlans", ASSIGNED_PLAN, collection=True, fidelity=ALWAYS_EMPTY),
        Property("businessPhones", collection=True, fidelity=ALWAYS_EMPTY),
        Property("city", fidelity=ALWAYS_NULL),
        Property("country", fidelity=ALWAYS_NULL),
        Property("countryLetterCode", fidelity=ALWAYS_NULL),
        Property("createdDateTime", Edm.DATE_TIME),
        Property("defaultUsageLocation", fidelity=ALWAYS_NULL),
        Property("displayName"),
        Property("marketingNotificationEmails", collection=True, fidelity=ALWAYS_EMPTY),
        # Unverified: shown only when it is selected, as clients do.
        Property(
            "mobileDeviceManagementAuthority",
            MDM_AUTHORITY,
            nullable=False,
            visibility=Shown.WHEN_SELECTED,
            fidelity=approximated("always intune; that it is shown only when selected is the emulator's reading"),
        ),
        Property("onPremisesLastSyncDateTime", Edm.DATE_TIME),
        Property("onPremisesSyncEnabled", Edm.BOOLEAN),
        Property("postalCode", fidelity=ALWAYS_NULL),
        Property("preferredLanguage", fidelity=ALWAYS_NULL),
        Property("securityComplianceNotificationMails", collection=True, fidelity=ALWAYS_EMPTY),
        Property("securityComplianceNotificationPhones", collection=True, fidelity=ALWAYS_EMPTY),
        Property("state", fidelity=ALWAYS_NULL),
        Property("street", fidelity=ALWAYS_NULL),
        Property("technicalNotificationMails", collection=True, fidelity=ALWAYS_EMPTY),
        Property("tenantType", fidelity=approximated("always AAD")),
        Property(
            "verifiedDomains",
            VERIFIED_DOMAIN,
            collection=True,
            fidelity=approximated("a single domain, which has every role"),
        ),
    ),
    base=DIRECTORY_OBJECT,
    source="Graph: organization",
)
DOMAIN = Entity(
    "domain",
    (
        Property("authenticationType"),
        Property("availabilityStatus"),
        Property("isAdminManaged", Edm.BOOLEAN),
        Property("isDefault", Edm.BOOLEAN),
        Property("isInitial", Edm.BOOLEAN),
        Property("isRoot", Edm.BOOLEAN),
        Property("isVerified", Edm.BOOLEAN),
        Property(
            "passwordNotificationWindowInDays", Edm.INT32, fidelity=approximated("always null: no password expires")
        ),
        Property("passwordValidityPeriodInDays", Edm.INT32, fidelity=approximated("always null: no password expires")),
        Property("supportedServices", collection=True, fidelity=approximated("always the same three")),
    ),
    base=ENTITY,
    source="Graph: domain",
)
