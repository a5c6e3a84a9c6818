"""Directory objects: users, groups, Entra devices, and what the tenant says of itself and its licences.

Source: Graph reference, user, group, device, organization, domain, subscribedSku, licenseDetails. Comparisons in the
directory ignore case.
"""

from __future__ import annotations

from fauxtune.core.odata.fidelity import approximated, stored
from fauxtune.core.odata.schema import (
    ENTITY,
    ComplexType,
    Edm,
    Entity,
    EnumType,
    Navigation,
    Owner,
    Property,
    Shown,
)


def _hidden(name: str, kind: Edm = Edm.STRING, *, owner: Owner = Owner.CLIENT) -> Property:
    """One that only `$select` brings to light."""
    return Property(name, kind, owner=owner, shown=Shown.WHEN_SELECTED, ignores_case=kind is Edm.STRING)


def _shown(name: str, kind: Edm = Edm.STRING, *, owner: Owner = Owner.CLIENT) -> Property:
    return Property(name, kind, owner=owner, ignores_case=kind is Edm.STRING)


PASSWORD_PROFILE = ComplexType(
    "passwordProfile",
    (
        Property("forceChangePasswordNextSignIn", Edm.BOOLEAN),
        Property("forceChangePasswordNextSignInWithMfa", Edm.BOOLEAN),
        Property("password", required=True),
    ),
)
ASSIGNED_LICENSE = ComplexType(
    "assignedLicense",
    (Property("disabledPlans", Edm.GUID, collection=True), Property("skuId", Edm.GUID, required=True)),
)

ALTERNATIVE_SECURITY_ID = ComplexType(
    "alternativeSecurityId",
    (Property("identityProvider"), Property("key", Edm.BINARY), Property("type", Edm.INT32)),
)
EXTENSION_ATTRIBUTES = ComplexType(
    "onPremisesExtensionAttributes", tuple(Property(f"extensionAttribute{number}") for number in range(1, 16))
)

DIRECTORY_OBJECT = Entity(
    "directoryObject",
    (_hidden("deletedDateTime", Edm.DATE_TIME, owner=Owner.SERVER),),
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
        _shown("mail"),
        _shown("mobilePhone"),
        _shown("officeLocation"),
        _shown("preferredLanguage"),
        _shown("surname"),
        Property("userPrincipalName", nullable=False, required=True, ignores_case=True),
        Property("accountEnabled", Edm.BOOLEAN, required=True, shown=Shown.WHEN_SELECTED),
        Property(
            "assignedLicenses",
            ASSIGNED_LICENSE,
            collection=True,
            shown=Shown.WHEN_SELECTED,
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
        Property("imAddresses", collection=True, owner=Owner.SERVER, shown=Shown.WHEN_SELECTED, ignores_case=True),
        Property("mailNickname", required=True, shown=Shown.WHEN_SELECTED, ignores_case=True),
        _hidden("onPremisesDistinguishedName"),
        _hidden("onPremisesDomainName"),
        Property("onPremisesExtensionAttributes", EXTENSION_ATTRIBUTES, shown=Shown.WHEN_SELECTED),
        _hidden("onPremisesImmutableId"),
        _hidden("onPremisesSamAccountName"),
        _hidden("onPremisesSecurityIdentifier"),
        _hidden("onPremisesSyncEnabled", Edm.BOOLEAN, owner=Owner.SERVER),
        _hidden("onPremisesUserPrincipalName"),
        Property("otherMails", collection=True, shown=Shown.WHEN_SELECTED, ignores_case=True),
        _hidden("passwordPolicies"),
        Property("passwordProfile", PASSWORD_PROFILE, required=True, write_only=True, shown=Shown.WHEN_SELECTED),
        _hidden("postalCode"),
        Property("proxyAddresses", collection=True, shown=Shown.WHEN_SELECTED, ignores_case=True),
        _hidden("securityIdentifier", owner=Owner.SERVER),
        _hidden("signInSessionsValidFromDateTime", Edm.DATE_TIME, owner=Owner.SERVER),
        _hidden("state"),
        _hidden("streetAddress"),
        _hidden("usageLocation"),
        Property("userType", default="Member", shown=Shown.WHEN_SELECTED, ignores_case=True),
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
        _shown("expirationDateTime", Edm.DATE_TIME, owner=Owner.SERVER),
        Property("groupTypes", collection=True, ignores_case=True),
        Property("isAssignableToRole", Edm.BOOLEAN),
        _shown("mail", owner=Owner.SERVER),
        Property("mailEnabled", Edm.BOOLEAN, required=True),
        Property("mailNickname", required=True, ignores_case=True),
        Property("membershipRule", fidelity=stored("kept and not evaluated: a dynamic group has no members")),
        Property("membershipRuleProcessingState", ignores_case=True, fidelity=stored("no rule is evaluated")),
        _shown("onPremisesSyncEnabled", Edm.BOOLEAN, owner=Owner.SERVER),
        _shown("preferredDataLocation"),
        _shown("preferredLanguage"),
        Property("proxyAddresses", collection=True, owner=Owner.SERVER, ignores_case=True),
        _shown("renewedDateTime", Edm.DATE_TIME, owner=Owner.SERVER),
        Property("resourceBehaviorOptions", collection=True, fidelity=stored("there is no Exchange")),
        Property("resourceProvisioningOptions", collection=True, fidelity=stored("there is no Teams")),
        Property("securityEnabled", Edm.BOOLEAN, required=True),
        _shown("securityIdentifier", owner=Owner.SERVER),
        _shown("theme"),
        _shown("visibility"),
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
        Property("accountEnabled", Edm.BOOLEAN, default=True, required=True),
        Property("alternativeSecurityIds", ALTERNATIVE_SECURITY_ID, collection=True, filterable=False),
        _shown("approximateLastSignInDateTime", Edm.DATE_TIME, owner=Owner.SERVER),
        _shown("complianceExpirationDateTime", Edm.DATE_TIME, owner=Owner.SERVER),
        _shown("deviceCategory"),
        Property("deviceId", required=True, ignores_case=True),
        _shown("deviceMetadata"),
        _shown("deviceOwnership"),
        Property("deviceVersion", Edm.INT32),
        Property("displayName", required=True, ignores_case=True),
        _shown("enrollmentProfileName"),
        _shown("enrollmentType"),
        Property("extensionAttributes", EXTENSION_ATTRIBUTES),
        Property(
            "isCompliant", Edm.BOOLEAN, fidelity=approximated("whoever may write devices may set it, not Intune alone")
        ),
        Property("isManaged", Edm.BOOLEAN),
        Property("isRooted", Edm.BOOLEAN),
        _shown("managementType"),
        _shown("manufacturer"),
        _shown("mdmAppId"),
        _shown("model"),
        _shown("onPremisesLastSyncDateTime", Edm.DATE_TIME, owner=Owner.SERVER),
        _shown("onPremisesSyncEnabled", Edm.BOOLEAN, owner=Owner.SERVER),
        Property("operatingSystem", required=True, ignores_case=True),
        Property("operatingSystemVersion", required=True, ignores_case=True),
        Property("physicalIds", collection=True, ignores_case=True),
        _shown("profileType"),
        Property("registrationDateTime", Edm.DATE_TIME, owner=Owner.SERVER),
        Property("systemLabels", collection=True, ignores_case=True),
        _shown("trustType"),
    ),
    base=DIRECTORY_OBJECT,
    navigations=(
        *_MEMBER_OF,
        Navigation("registeredOwners", "directoryObject", collection=True, contained=True),
        Navigation("registeredUsers", "directoryObject", collection=True, contained=True),
    ),
    source="Graph: device",
)

#: The kinds of directory objects, by the word under which the database has them.
KINDS: dict[str, Entity] = {"user": USER, "group": GROUP, "device": DEVICE}
#: What a mixed list can be filtered and sorted by: whatever any kind has.
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
)
LICENSE_UNITS_DETAIL = ComplexType(
    "licenseUnitsDetail",
    tuple(Property(name, Edm.INT32) for name in ("enabled", "lockedOut", "suspended", "warning")),
)
SUBSCRIBED_SKU = Entity(
    "subscribedSku",
    (
        Property("accountId"),
        Property("accountName"),
        Property("appliesTo"),
        Property("capabilityStatus"),
        Property("consumedUnits", Edm.INT32),
        Property("prepaidUnits", LICENSE_UNITS_DETAIL),
        Property("servicePlans", SERVICE_PLAN_INFO, collection=True),
        Property("skuId", Edm.GUID),
        Property("skuPartNumber"),
        Property("subscriptionIds", collection=True),
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
)

ASSIGNED_PLAN = ComplexType(
    "assignedPlan",
    (
        Property("assignedDateTime", Edm.DATE_TIME),
        Property("capabilityStatus"),
        Property("service"),
        Property("servicePlanId", Edm.GUID),
    ),
)
VERIFIED_DOMAIN = ComplexType(
    "verifiedDomain",
    (
        Property("capabilities"),
        Property("isDefault", Edm.BOOLEAN),
        Property("isInitial", Edm.BOOLEAN),
        Property("name"),
        Property("type"),
    ),
)
MDM_AUTHORITY = EnumType("mdmAuthority", ("unknown", "intune", "sccm", "office365"))
ORGANIZATION = Entity(
    "organization",
    (
        Property("assignedPlans", ASSIGNED_PLAN, collection=True),
        Property("businessPhones", collection=True),
        Property("city"),
        Property("country"),
        Property("countryLetterCode"),
        Property("createdDateTime", Edm.DATE_TIME),
        Property("defaultUsageLocation"),
        Property("displayName"),
        Property("marketingNotificationEmails", collection=True),
        # Unverified: shown only when it is selected, as clients ask for it.
        Property("mobileDeviceManagementAuthority", MDM_AUTHORITY, nullable=False, shown=Shown.WHEN_SELECTED),
        Property("onPremisesLastSyncDateTime", Edm.DATE_TIME),
        Property("onPremisesSyncEnabled", Edm.BOOLEAN),
        Property("postalCode"),
        Property("preferredLanguage"),
        Property("securityComplianceNotificationMails", collection=True),
        Property("securityComplianceNotificationPhones", collection=True),
        Property("state"),
        Property("street"),
        Property("technicalNotificationMails", collection=True),
        Property("tenantType"),
        Property("verifiedDomains", VERIFIED_DOMAIN, collection=True),
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
        Property("passwordNotificationWindowInDays", Edm.INT32),
        Property("passwordValidityPeriodInDays", Edm.INT32),
        Property("supportedServices", collection=True),
    ),
    base=ENTITY,
    source="Graph: domain",
)
