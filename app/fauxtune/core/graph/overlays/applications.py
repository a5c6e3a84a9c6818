"""Applications, service principals, and what is granted to them.

Source: Graph reference, application, servicePrincipal, appRoleAssignment, oAuth2PermissionGrant.

#: data
"""

from __future__ import annotations

from fauxtune.core.odata.schema.fidelity import ALWAYS_NULL, EXACT, approximated, stored
from fauxtune.core.odata.schema.overlay import Overlay

_NO_EFFECT = stored("kept and shown: nothing here depends on it")
_ONE = approximated("one certificate: the last that was written")
_NEVER_CHANGES = approximated("always null: nobody disables it")

APPLICATIONS = (
    Overlay(
        "application",
        only="api appId appRoles certification createdDateTime defaultRedirectUri description "
        "disabledByMicrosoftStatus displayName groupMembershipClaims identifierUris info isDeviceOnlyAuthSupported "
        "isFallbackPublicClient "
        "keyCredentials notes optionalClaims parentalControlSettings passwordCredentials publicClient publisherDomain "
        "requiredResourceAccess samlMetadataUrl serviceManagementReference signInAudience spa tags "
        "tokenEncryptionKeyId uniqueName verifiedPublisher web",
        server="appId certification createdDateTime disabledByMicrosoftStatus passwordCredentials publisherDomain "
        "uniqueName verifiedPublisher",
        required="displayName",
        ignores_case="displayName appId",
        different={
            EXACT: "appId createdDateTime displayName publisherDomain",
            _ONE: "keyCredentials",
            approximated("a password that has expired is still accepted"): "passwordCredentials",
            approximated("redirect addresses are checked, but for those of the loopback interface"): "web",
            _NEVER_CHANGES: "certification disabledByMicrosoftStatus uniqueName verifiedPublisher",
            _NO_EFFECT: "*",
        },
    ),
    Overlay(
        "servicePrincipal",
        only="accountEnabled addIns alternativeNames appDescription appDisplayName appId appOwnerOrganizationId "
        "appRoleAssignmentRequired appRoles applicationTemplateId description disabledByMicrosoftStatus displayName "
        "homepage info keyCredentials loginUrl logoutUrl notes notificationEmailAddresses oauth2PermissionScopes "
        "passwordCredentials preferredSingleSignOnMode publishedPermissionScopes publisherName replyUrls "
        "servicePrincipalNames servicePrincipalType signInAudience tags tokenEncryptionKeyId verifiedPublisher",
        server="appDescription appDisplayName appOwnerOrganizationId appRoles applicationTemplateId displayName "
        "disabledByMicrosoftStatus keyCredentials oauth2PermissionScopes passwordCredentials publishedPermissionScopes "
        "publisherName replyUrls servicePrincipalNames servicePrincipalType signInAudience verifiedPublisher",
        required="appId",
        ignores_case="displayName appDisplayName appId",
        different={
            EXACT: "appDisplayName appId appOwnerOrganizationId displayName servicePrincipalNames servicePrincipalType",
            approximated("those of Microsoft's own applications have their names as words"): "appRoles "
            "oauth2PermissionScopes publishedPermissionScopes",
            ALWAYS_NULL: "applicationTemplateId disabledByMicrosoftStatus verifiedPublisher",
            stored("a disabled one gets tokens too"): "accountEnabled",
            _NO_EFFECT: "*",
        },
    ),
    Overlay(
        "appRoleAssignment",
        only="appRoleId createdDateTime creationTimestamp principalDisplayName principalId principalType "
        "resourceDisplayName resourceId",
        server="createdDateTime creationTimestamp principalDisplayName principalType resourceDisplayName",
        required="appRoleId principalId resourceId",
        different={approximated("the moment at which the application was made"): "createdDateTime creationTimestamp"},
    ),
    Overlay(
        "oAuth2PermissionGrant",
        # Beta wants both and ignores them.
        client="clientId consentType expiryTime principalId resourceId scope startTime",
        nullable="startTime expiryTime",
        required="clientId consentType resourceId",
        different={
            approximated("AllPrincipals alone: consent counts for all users"): "consentType principalId",
            ALWAYS_NULL: "expiryTime",
            approximated("the moment at which the application was made"): "startTime",
        },
    ),
)
