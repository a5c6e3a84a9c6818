"""Directory objects: users, groups, and the Entra devices that groups can hold.

Source: Graph reference, user, group, device. Comparisons in the directory ignore case.
"""

from __future__ import annotations

from fauxtune.core.odata.schema import ENTITY, ComplexType, Edm, Entity, Navigation, Owner, Property, Shown


def _hidden(name: str, kind: Edm = Edm.STRING, *, owner: Owner = Owner.CLIENT) -> Property:
    """One that only `$select` brings to light."""
    return Property(name, kind, owner=owner, shown=Shown.WHEN_SELECTED, ignores_case=kind is Edm.STRING)


def _shown(name: str, *, owner: Owner = Owner.CLIENT) -> Property:
    return Property(name, owner=owner, ignores_case=True)


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

DIRECTORY_OBJECT = Entity(
    "directoryObject",
    (_hidden("deletedDateTime", Edm.DATE_TIME, owner=Owner.SERVER),),
    base=ENTITY,
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
        _hidden("department"),
        _hidden("employeeId"),
        Property("mailNickname", required=True, shown=Shown.WHEN_SELECTED, ignores_case=True),
        _hidden("onPremisesDistinguishedName"),
        _hidden("onPremisesSamAccountName"),
        _hidden("onPremisesUserPrincipalName"),
        Property("otherMails", collection=True, shown=Shown.WHEN_SELECTED, ignores_case=True),
        _hidden("passwordPolicies"),
        Property("passwordProfile", PASSWORD_PROFILE, required=True, write_only=True, shown=Shown.WHEN_SELECTED),
        _hidden("postalCode"),
        Property("proxyAddresses", collection=True, shown=Shown.WHEN_SELECTED, ignores_case=True),
        _hidden("state"),
        _hidden("streetAddress"),
        _hidden("usageLocation"),
        Property("userType", default="Member", shown=Shown.WHEN_SELECTED, ignores_case=True),
    ),
    base=DIRECTORY_OBJECT,
    navigations=(
        *_MEMBER_OF,
        Navigation("managedDevices", "managedDevice", collection=True, contained=True),
        Navigation("ownedDevices", "directoryObject", collection=True, contained=True),
        Navigation("registeredDevices", "directoryObject", collection=True, contained=True),
    ),
)

GROUP = Entity(
    "group",
    (
        Property("createdDateTime", Edm.DATE_TIME, owner=Owner.SERVER),
        _shown("description"),
        Property("displayName", required=True, ignores_case=True),
        Property("groupTypes", collection=True, ignores_case=True),
        _shown("mail", owner=Owner.SERVER),
        Property("mailEnabled", Edm.BOOLEAN, required=True),
        Property("mailNickname", required=True, ignores_case=True),
        Property("membershipRule"),
        Property("membershipRuleProcessingState", ignores_case=True),
        Property("securityEnabled", Edm.BOOLEAN, required=True),
        _shown("securityIdentifier", owner=Owner.SERVER),
        _shown("visibility"),
    ),
    base=DIRECTORY_OBJECT,
    navigations=(
        Navigation("members", "directoryObject", collection=True),
        Navigation("owners", "directoryObject", collection=True),
        Navigation("transitiveMembers", "directoryObject", collection=True, contained=True),
        *_MEMBER_OF,
    ),
)

DEVICE = Entity(
    "device",
    (
        Property("accountEnabled", Edm.BOOLEAN, default=True),
        Property("deviceId", ignores_case=True),
        Property("deviceOwnership", ignores_case=True),
        Property("displayName", ignores_case=True),
        Property("enrollmentProfileName", ignores_case=True),
        Property("enrollmentType", ignores_case=True),
        Property("isCompliant", Edm.BOOLEAN),
        Property("isManaged", Edm.BOOLEAN),
        Property("managementType", ignores_case=True),
        Property("manufacturer", ignores_case=True),
        Property("mdmAppId", ignores_case=True),
        Property("model", ignores_case=True),
        Property("operatingSystem", ignores_case=True),
        Property("operatingSystemVersion", ignores_case=True),
        Property("registrationDateTime", Edm.DATE_TIME, owner=Owner.SERVER),
        Property("trustType", ignores_case=True),
    ),
    base=DIRECTORY_OBJECT,
    navigations=(
        *_MEMBER_OF,
        Navigation("registeredOwners", "directoryObject", collection=True, contained=True),
        Navigation("registeredUsers", "directoryObject", collection=True, contained=True),
    ),
)
