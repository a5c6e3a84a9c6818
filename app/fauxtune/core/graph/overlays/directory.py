"""Directory objects: users, groups, Entra devices, and the tenant's organization and licences.

Source: Graph reference, user, group, device, organization, domain, subscribedSku, licenseDetails. Comparisons in the
directory ignore case.

#: data
"""

from __future__ import annotations

from fauxtune.core.odata.schema.fidelity import ALWAYS_EMPTY, ALWAYS_NULL, NEVER_SHOWN, approximated, stored
from fauxtune.core.odata.schema.overlay import Overlay

_SYNCHRONISED = approximated("can be written: no synchronised directory fills it")
_MAILBOX = approximated("as it was written: no mailbox changes it")
_BARE = approximated("null unless a client writes it: an enrolment does not set it")
_NO_EXPIRY = approximated("always null: no password expires")
_THREE = approximated("always the same three")

#: Properties of a user that programs select, and that nothing here sets.
_NEVER_SET = (
    "externalUserState isManagementRestricted isResourceAccount "
    "lastPasswordChangeDateTime legalAgeGroupClassification onPremisesLastSyncDateTime signInActivity"
)
_KEPT = (
    "ageGroup consentProvidedForMinor employeeHireDate employeeLeaveDateTime preferredDataLocation showInAddressList"
)
DIRECTORY = (
    Overlay("entity", server="id"),
    Overlay(
        "directoryObject",
        server="deletedDateTime",
        when_selected="deletedDateTime",
        different={approximated("always null: deleted objects are gone at once"): "deletedDateTime"},
    ),
    Overlay(
        "user",
        server="createdDateTime creationType imAddresses onPremisesSyncEnabled securityIdentifier "
        f"signInSessionsValidFromDateTime {_NEVER_SET}",
        required="displayName userPrincipalName accountEnabled mailNickname passwordProfile",
        defaults={"userType": "Member"},
        secret={"passwordProfile": None},
        when_selected="accountEnabled assignedLicenses city companyName country createdDateTime creationType "
        "department employeeId employeeType faxNumber imAddresses mailNickname onPremisesDistinguishedName "
        "onPremisesDomainName onPremisesExtensionAttributes onPremisesImmutableId onPremisesSamAccountName "
        "onPremisesSecurityIdentifier onPremisesSyncEnabled onPremisesUserPrincipalName otherMails passwordPolicies "
        "passwordProfile postalCode proxyAddresses securityIdentifier signInSessionsValidFromDateTime state "
        f"streetAddress usageLocation userType {_NEVER_SET} {_KEPT}",
        ignores_case="displayName givenName jobTitle mail mobilePhone officeLocation preferredLanguage surname "
        "userPrincipalName city companyName country creationType department employeeId employeeType faxNumber "
        "imAddresses mailNickname onPremisesDistinguishedName onPremisesDomainName onPremisesImmutableId "
        "onPremisesSamAccountName onPremisesSecurityIdentifier onPremisesUserPrincipalName otherMails "
        "passwordPolicies postalCode proxyAddresses securityIdentifier state streetAddress usageLocation userType",
        different={
            ALWAYS_NULL: _NEVER_SET,
            stored("kept and shown: nothing here depends on it"): _KEPT,
            _MAILBOX: "mail proxyAddresses",
            approximated("its domain need not be one of the tenant's"): "userPrincipalName",
            approximated("can be written, which the real service leaves to assignLicense"): "assignedLicenses",
            approximated("always empty: there is no Teams"): "imAddresses",
            _SYNCHRONISED: "onPremisesDistinguishedName onPremisesDomainName onPremisesSamAccountName "
            "onPremisesSecurityIdentifier onPremisesUserPrincipalName",
            stored("no password expires, and every password is accepted"): "passwordPolicies",
            approximated(
                "refresh tokens from before it are refused; a change of the password does not set it"
            ): "signInSessionsValidFromDateTime",
            stored("licences are assigned without one"): "usageLocation",
            stored("guests have the rights of members"): "userType",
        },
    ),
    Overlay(
        "group",
        server="createdDateTime expirationDateTime isManagementRestricted mail onPremisesSyncEnabled proxyAddresses "
        "renewedDateTime securityIdentifier",
        when_selected="isManagementRestricted",
        required="displayName mailEnabled mailNickname securityEnabled",
        ignores_case="classification description displayName groupTypes mail mailNickname "
        "membershipRuleProcessingState preferredDataLocation preferredLanguage proxyAddresses securityIdentifier "
        "theme visibility",
        different={
            ALWAYS_NULL: "isManagementRestricted",
            approximated("always null: groups do not expire"): "expirationDateTime",
            stored("there are no directory roles"): "isAssignableToRole",
            approximated(
                "rules of devicePhysicalIds and enrollmentProfileName are evaluated; by another nobody is a member"
            ): "membershipRule",
            stored("the data has one place"): "preferredDataLocation",
            stored("there is no Exchange"): "resourceBehaviorOptions",
            stored("there is no Teams"): "resourceProvisioningOptions",
            stored("there is no Outlook to show it"): "theme",
            stored("everybody can see and join a group"): "visibility",
        },
    ),
    Overlay(
        "device",
        server="approximateLastSignInDateTime complianceExpirationDateTime isManagementRestricted "
        "onPremisesLastSyncDateTime onPremisesSyncEnabled registrationDateTime",
        when_selected="isManagementRestricted",
        required="accountEnabled deviceId displayName operatingSystem operatingSystemVersion",
        defaults={"accountEnabled": True},
        unfilterable="alternativeSecurityIds",
        ignores_case="*",
        different={
            stored("a disabled device can still check in"): "accountEnabled",
            approximated("as it was written: a device that registers does not set it"): "alternativeSecurityIds",
            ALWAYS_NULL: "approximateLastSignInDateTime complianceExpirationDateTime isManagementRestricted",
            approximated("of an Autopilot device; else as a client wrote it"): "enrollmentProfileName physicalIds",
            _BARE: "deviceCategory deviceMetadata deviceOwnership deviceVersion enrollmentType managementType "
            "mdmAppId profileType",
            approximated("as the device is judged; what a client writes stands until that changes"): "isCompliant",
            approximated("clients with the permission to write devices can set it, not only Intune"): "isManaged",
            approximated("empty unless a client writes it"): "systemLabels",
            approximated("null for a device that enrolled"): "registrationDateTime",
            approximated(
                "AzureAd for a Windows computer that enrols, Workplace for other devices; else as it was written"
            ): "trustType",
        },
    ),
    Overlay("licenseDetails", fidelity=approximated("the form of the id, `<user>_<licence>`, is the emulator's")),
    Overlay(
        "subscribedSku",
        different={
            approximated("always Enabled"): "capabilityStatus",
            approximated("always a million: licences do not run out"): "prepaidUnits",
            ALWAYS_EMPTY: "subscriptionIds",
        },
    ),
    Overlay("endpoint", nullable="capability uri"),
    Overlay(
        "organization",
        # Unverified: shown only when it is selected, as clients do.
        when_selected="mobileDeviceManagementAuthority",
        different={
            ALWAYS_EMPTY: "assignedPlans businessPhones marketingNotificationEmails "
            "securityComplianceNotificationMails securityComplianceNotificationPhones technicalNotificationMails",
            ALWAYS_NULL: "city country countryLetterCode defaultUsageLocation postalCode preferredLanguage state "
            "street",
            approximated(
                "always intune; that it is shown only when selected is the emulator's reading"
            ): "mobileDeviceManagementAuthority",
            approximated("always AAD"): "tenantType",
            approximated("a single domain, which has every role"): "verifiedDomains",
        },
    ),
    Overlay(
        "domain",
        different={
            _NO_EXPIRY: "passwordNotificationWindowInDays passwordValidityPeriodInDays",
            _THREE: "supportedServices",
        },
    ),
    Overlay(
        "assignedLicense",
        required="skuId",
        different={
            stored("a licence allows the management of devices whatever plans of it are disabled"): "disabledPlans"
        },
    ),
    Overlay("assignedPlan", fidelity=NEVER_SHOWN),
    Overlay(
        "passwordProfile",
        required="password",
        different={
            stored("users are not asked for a new password"): "forceChangePasswordNextSignIn "
            "forceChangePasswordNextSignInWithMfa",
            approximated("every password is accepted"): "password",
        },
    ),
    Overlay("verifiedDomain", different={_THREE: "capabilities"}),
)
