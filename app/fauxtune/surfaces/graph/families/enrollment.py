"""How devices are enrolled: enrolment configurations, corporate identifiers, Apple's and Google's programmes.

#: data
"""

from __future__ import annotations

from fauxtune.core.odata.schema.fidelity import approximated, stored
from fauxtune.core.policies import enrollment as rules
from fauxtune.core.policies.rules import Rules
from fauxtune.operations.profiles.enrollment_programmes import CONFIGURATION_HOOKS, VPP_HOOKS
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.families.family import Action, Assigned, Family
from fauxtune.surfaces.graph.resources import enrollment

_AUDIT = ("Enrollment", "Enrollment")
_NO_EFFECT = stored("kept and assigned; no enrolment asks it")
_RESTRICTS = approximated(
    "limits and restrictions refuse enrolments, a default only when changed; Hello and status page reach PCs; others "
    "are kept"
)
_NOT_CONNECTED = stored("kept; no service of Apple's or Google's is called")

HEADING = "Enrolment"
FAMILIES: tuple[Family, ...] = (
    Family(
        "deviceManagement/deviceEnrollmentConfigurations",
        "deviceEnrollmentConfiguration",
        "an enrolment configuration",
        rules.ENROLLMENT_CONFIGURATIONS,
        read=needs.READ_SERVICE,
        write=needs.WRITE_SERVICE,
        audit=_AUDIT,
        without=reasons.ENROLLMENT,
        assigned=Assigned("enrollmentConfigurationAssignment", key="enrollmentConfigurationAssignments", done=200),
        actions=(
            Action(
                "setPriority",
                enrollment.set_priority,
                "Set the priority of an enrolment configuration",
                required="priority",
            ),
        ),
        hooks=CONFIGURATION_HOOKS,
        fidelity=_RESTRICTS,
    ),
    Family(
        "deviceManagement/importedDeviceIdentities",
        "importedDeviceIdentity",
        "a corporate identifier",
        rules.CORPORATE_IDENTIFIERS,
        read=needs.READ_SERVICE,
        write=needs.WRITE_SERVICE,
        audit=_AUDIT,
        without=reasons.ENROLLMENT,
        verbs="list get delete",
        actions=(
            Action(
                "importDeviceIdentityList",
                enrollment.import_identities,
                "Import corporate identifiers",
                on_all=True,
                status=200,
                returns="importedDeviceIdentityResult",
                many=True,
            ),
            Action(
                "searchExistingIdentities",
                enrollment.search_identities,
                "Search corporate identifiers that are imported already",
                on_all=True,
                reads=True,
                status=200,
                returns="importedDeviceIdentity",
                many=True,
            ),
        ),
        fidelity=approximated(
            "a device that one of them names is corporate when it enrols; the state 'failed' does not occur"
        ),
    ),
    Family(
        "deviceManagement/troubleshootingEvents",
        "deviceManagementTroubleshootingEvent",
        "an event for troubleshooting",
        rules.TROUBLESHOOTING,
        read=needs.READ_MANAGED,
        write=needs.WRITE_MANAGED,
        audit=_AUDIT,
        without=reasons.ENROLLMENT,
        verbs="list get",
        fidelity=approximated("of failed enrolments there are those that a restriction refused, the last 1,000"),
    ),
    Family(
        "deviceManagement/appleUserInitiatedEnrollmentProfiles",
        "appleUserInitiatedEnrollmentProfile",
        "an enrolment profile for users of Apple devices",
        Rules("appleUserInitiatedEnrollmentProfiles", prioritized=True),
        read=needs.READ_SERVICE,
        write=needs.WRITE_SERVICE,
        audit=_AUDIT,
        without=reasons.APPLE,
        assigned=Assigned("appleEnrollmentProfileAssignment", verbs="list get create update delete", action=False),
        fidelity=_NO_EFFECT,
    ),
    Family(
        "deviceManagement/depOnboardingSettings",
        "depOnboardingSetting",
        "a token of Apple's automated device enrolment",
        rules.DEP_TOKENS,
        read=needs.READ_SERVICE,
        write=needs.WRITE_SERVICE,
        audit=_AUDIT,
        without=reasons.APPLE,
        actions=(
            Action(
                "syncWithAppleDeviceEnrollmentProgram", enrollment.sync_dep, "Fetch the devices of a token from Apple"
            ),
            Action("uploadDepToken", enrollment.upload_dep_token, "Renew a token", required="depToken"),
        ),
        below=(
            Family(
                "enrollmentProfiles",
                "enrollmentProfile",
                "an enrolment profile of Apple devices",
                rules.DEP_PROFILES,
                read=needs.READ_SERVICE,
                write=needs.WRITE_SERVICE,
                audit=_AUDIT,
                without=reasons.APPLE,
                fidelity=_NOT_CONNECTED,
            ),
        ),
        fidelity=_NOT_CONNECTED,
    ),
    Family(
        "deviceAppManagement/vppTokens",
        "vppToken",
        "a token of Apple's volume purchases",
        rules.VPP_TOKENS,
        read=(*needs.READ_SERVICE, *needs.READ_APPS),
        write=(*needs.WRITE_SERVICE, *needs.WRITE_APPS),
        audit=("MobileApp", "Application"),
        without=reasons.APPLE,
        actions=(
            Action(
                "syncLicenses",
                enrollment.sync_licenses,
                "Fetch the licences of a token from Apple",
                status=200,
                returns="vppToken",
            ),
        ),
        hooks=VPP_HOOKS,
        fidelity=_NOT_CONNECTED,
    ),
    Family(
        "deviceManagement/androidDeviceOwnerEnrollmentProfiles",
        "androidDeviceOwnerEnrollmentProfile",
        "an enrolment profile of company-owned Android devices",
        rules.DEVICE_OWNER_PROFILES,
        read=(*needs.READ_CONFIGURATION, *needs.READ_SERVICE),
        write=(*needs.WRITE_CONFIGURATION, *needs.WRITE_SERVICE),
        audit=_AUDIT,
        without=reasons.ANDROID,
        actions=(
            Action(
                "createToken", enrollment.create_token, "Make an enrolment token", required="tokenValidityInSeconds"
            ),
            Action("revokeToken", enrollment.revoke_token, "End an enrolment token"),
        ),
        fidelity=_NOT_CONNECTED,
    ),
)
