"""What exists in the real service and is not emulated: 501 with the reason, where a 400 would mislead.

#: data
"""

from __future__ import annotations

from collections.abc import Iterator

from fauxtune.core.errors import NotEmulated
from fauxtune.core.odata.fidelity import refused
from fauxtune.core.odata.paths import Route
from fauxtune.surfaces.graph.call import Answer, Call, Handler

_CONNECTOR = "deviceManagement/certificateConnectorDetails/{connector}"
_METRICS = "which metrics a connector has is not documented"
_SERVICE, _APPS = "deviceManagement", "deviceAppManagement"


def absent(method: str, template: str, *, summary: str, why: str, beta_only: bool = False) -> Route[Handler]:
    """What answers 501 with this reason, whatever is sent."""

    async def not_emulated(call: Call) -> Answer:
        raise NotEmulated(f"{call.path} exists in Microsoft Graph but is not emulated: {why} (see docs/coverage.md).")

    return Route(method, template, not_emulated, summary, status=501, beta_only=beta_only, fidelity=refused(why))


#: Collections that common tools read first: where, whether v1.0 has them, and what the emulator has nothing of.
_COMPLIANCE = "devices here are neither judged nor marked by compliance policies"
_SCRIPTS = "no program runs on the devices here"
_CATALOG = "the settings catalog is not kept here; device configurations (deviceConfigurations) are"
_TEMPLATES = "administrative templates are not kept here; device configurations (deviceConfigurations) are"
_BASELINES = "security baselines are not kept here; device configurations (deviceConfigurations) are"
_UPDATES = "operating systems are not updated here"
_AUTOPILOT = "devices here enrol by a user's own hand, not by Windows Autopilot"
_ENROLLMENT = "enrolment has no restrictions and no pages of its own here"
_APPLE = "Apple's programmes (push certificates, automated enrolment, volume purchase) are not connected here"
_ANDROID = "no managed Google Play account is bound here"
_PARTNERS = "no partner's service is connected here"
_ROLES = "whoever has a permission in the token may do everything that it allows: there are no Intune roles"
_TELLING = "nobody is told anything by e-mail or on a page here"
_APPS_WHY = "devices here take no apps"
_REPORTS = "Intune's reports are not made here; counts and states are under each resource"
_COLLECTIONS: tuple[tuple[str, str, bool, str], ...] = (
    (_SERVICE, "deviceCompliancePolicies", False, _COMPLIANCE),
    (_SERVICE, "compliancePolicies", True, _COMPLIANCE),
    (_SERVICE, "deviceComplianceScripts", True, _COMPLIANCE),
    (_SERVICE, "deviceCompliancePolicySettingStateSummaries", False, _COMPLIANCE),
    (_SERVICE, "deviceManagementScripts", True, _SCRIPTS),
    (_SERVICE, "deviceShellScripts", True, _SCRIPTS),
    (_SERVICE, "deviceCustomAttributeShellScripts", True, _SCRIPTS),
    (_SERVICE, "deviceHealthScripts", True, _SCRIPTS),
    (_SERVICE, "configurationPolicies", True, _CATALOG),
    (_SERVICE, "configurationPolicyTemplates", True, _CATALOG),
    (_SERVICE, "configurationSettings", True, _CATALOG),
    (_SERVICE, "configurationCategories", True, _CATALOG),
    (_SERVICE, "reusablePolicySettings", True, _CATALOG),
    (_SERVICE, "reusableSettings", True, _CATALOG),
    (_SERVICE, "groupPolicyConfigurations", True, _TEMPLATES),
    (_SERVICE, "groupPolicyDefinitions", True, _TEMPLATES),
    (_SERVICE, "groupPolicyUploadedDefinitionFiles", True, _TEMPLATES),
    (_SERVICE, "intents", True, _BASELINES),
    (_SERVICE, "templates", True, _BASELINES),
    (_SERVICE, "resourceAccessProfiles", True, "certificate profiles are kept as deviceConfigurations"),
    (_SERVICE, "hardwareConfigurations", True, _SCRIPTS),
    (_SERVICE, "windowsDriverUpdateProfiles", True, _UPDATES),
    (_SERVICE, "windowsFeatureUpdateProfiles", True, _UPDATES),
    (_SERVICE, "windowsQualityUpdateProfiles", True, _UPDATES),
    (_SERVICE, "windowsQualityUpdatePolicies", True, _UPDATES),
    (_SERVICE, "iosUpdateStatuses", False, _UPDATES),
    (_SERVICE, "windowsAutopilotDeviceIdentities", False, _AUTOPILOT),
    (_SERVICE, "importedWindowsAutopilotDeviceIdentities", False, _AUTOPILOT),
    (_SERVICE, "windowsAutopilotDeploymentProfiles", True, _AUTOPILOT),
    (_SERVICE, "autopilotEvents", True, _AUTOPILOT),
    (_SERVICE, "importedDeviceIdentities", True, _ENROLLMENT),
    (_SERVICE, "deviceEnrollmentConfigurations", False, _ENROLLMENT),
    (_SERVICE, "depOnboardingSettings", True, _APPLE),
    (_SERVICE, "appleUserInitiatedEnrollmentProfiles", True, _APPLE),
    (_SERVICE, "androidDeviceOwnerEnrollmentProfiles", True, _ANDROID),
    (_SERVICE, "androidForWorkEnrollmentProfiles", True, _ANDROID),
    (_SERVICE, "complianceManagementPartners", False, _PARTNERS),
    (_SERVICE, "deviceManagementPartners", False, _PARTNERS),
    (_SERVICE, "remoteAssistancePartners", False, _PARTNERS),
    (_SERVICE, "mobileThreatDefenseConnectors", False, _PARTNERS),
    (_SERVICE, "exchangeConnectors", False, _PARTNERS),
    (_SERVICE, "roleDefinitions", False, _ROLES),
    (_SERVICE, "roleAssignments", False, _ROLES),
    (_SERVICE, "resourceOperations", False, _ROLES),
    (_SERVICE, "operationApprovalPolicies", True, _ROLES),
    (_SERVICE, "notificationMessageTemplates", False, _TELLING),
    (_SERVICE, "termsAndConditions", False, _TELLING),
    (_SERVICE, "intuneBrandingProfiles", True, _TELLING),
    (_SERVICE, "detectedApps", False, _APPS_WHY),
    (_SERVICE, "troubleshootingEvents", False, "what went wrong stands in the states of profiles and in the journal"),
    (_SERVICE, "remoteActionAudits", True, "device actions stand in the audit log (auditEvents)"),
    (_APPS, "mobileApps", False, _APPS_WHY),
    (_APPS, "mobileAppCategories", False, _APPS_WHY),
    (_APPS, "mobileAppConfigurations", False, _APPS_WHY),
    (_APPS, "targetedManagedAppConfigurations", False, _APPS_WHY),
    (_APPS, "managedAppPolicies", False, _APPS_WHY),
    (_APPS, "iosManagedAppProtections", False, _APPS_WHY),
    (_APPS, "androidManagedAppProtections", False, _APPS_WHY),
    (_APPS, "windowsInformationProtectionPolicies", False, _APPS_WHY),
    (_APPS, "mdmWindowsInformationProtectionPolicies", False, _APPS_WHY),
    (_APPS, "policySets", True, _APPS_WHY),
    (_APPS, "vppTokens", False, _APPLE),
    ("identity/conditionalAccess", "policies", False, "every token is good wherever it is used from"),
    ("identity/conditionalAccess", "namedLocations", False, "every token is good wherever it is used from"),
)
#: The same for what a tenant has one of.
_SINGLETONS: tuple[tuple[str, str, bool, str], ...] = (
    (_SERVICE, "applePushNotificationCertificate", False, _APPLE),
    (_SERVICE, "androidManagedStoreAccountEnterpriseSettings", True, _ANDROID),
    (_SERVICE, "conditionalAccessSettings", False, _PARTNERS),
    (_SERVICE, "deviceCompliancePolicyDeviceStateSummary", False, _COMPLIANCE),
    (_SERVICE, "softwareUpdateStatusSummary", False, _UPDATES),
    (_SERVICE, "intuneBrand", False, _TELLING),
    (_SERVICE, "reports", False, _REPORTS),
)


def _refused_collections() -> Iterator[Route[Handler]]:
    """The verbs of each, and what is one level below an element: an action, or its parts."""
    for parent, name, beta_only, why in _COLLECTIONS:
        every, one = f"{parent}/{name}", f"{parent}/{name}/{{id}}"
        verbs = (
            ("GET", every, f"List {name}"),
            ("POST", every, f"Create one of the {name}"),
            ("GET", f"{every}/$count", f"Count {name}"),
            ("GET", one, f"Get one of the {name}"),
            ("PATCH", one, f"Update one of the {name}"),
            ("DELETE", one, f"Delete one of the {name}"),
            ("POST", f"{one}/assign", f"Assign one of the {name}"),
            ("GET", f"{one}/assignments", f"List the assignments of one of the {name}"),
        )
        for method, template, summary in verbs:
            yield absent(method, template, summary=summary, why=why, beta_only=beta_only)
    for parent, name, beta_only, why in _SINGLETONS:
        for method, verb in (("GET", "Get"), ("PATCH", "Update")):
            yield absent(method, f"{parent}/{name}", summary=f"{verb} {name}", why=why, beta_only=beta_only)


ABSENT: tuple[Route[Handler], ...] = (
    absent("POST", f"{_CONNECTOR}/getHealthMetrics", summary="How a connector fares", why=_METRICS, beta_only=True),
    absent(
        "POST",
        f"{_CONNECTOR}/getHealthMetricTimeSeries",
        summary="How a connector fared",
        why=_METRICS,
        beta_only=True,
    ),
    absent(
        "GET",
        "deviceManagement/deviceConfigurations/{profile}/getOmaSettingPlainTextValue/{secret}",
        summary="The value of an encrypted setting",
        why="nothing is encrypted, the value stands in the setting",
    ),
    *_refused_collections(),
)
