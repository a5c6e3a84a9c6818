"""Why parts of Graph are not emulated, in the words of the 501 and of docs/coverage.md.

#: data
"""

from __future__ import annotations

from fauxtune.core.reports import catalog as of_reports

COMPLIANCE = "devices are judged by compliance policies; this is not among what the emulation does with them"
ELEVATION = "devices here run no programs that could want more rights"
SCRIPTS = "what devices report of their runs is read here; there are no scripts of Microsoft's own"
CATALOG = "of the settings catalog there are policies, settings, templates, reusable settings and a few definitions"
TEMPLATES = "of administrative templates there are policies, values, categories, a few definitions and uploaded files"
BASELINES = "of security baselines there are templates, intents, settings, categories and assignments"
UPDATES = of_reports.UPDATES
AUTOPILOT = "of Autopilot there are the import, profiles, their assignment and the enrolment with them"
ENROLLMENT = "enrolment restrictions refuse devices here; this is not among what the emulation does with them"
APPLE = "Apple's programmes (push certificates, automated enrolment, volume purchase) are not connected here"
ANDROID = "no managed Google Play account is bound here"
PARTNERS = "no partner's service is connected here"
ROLES = "Intune roles are kept here, but restrict nobody: a caller may do all that a permission in the token allows"
TELLING = "branding, terms and messages are kept here, but no page shows them and nobody accepts terms"
APPS = "apps are kept, assigned and installed; what else there is of them is not"
APP_PROTECTION = of_reports.APP_PROTECTION
APP_SUMMARIES = "Graph has them no more; states of apps stand below users/{id}/mobileAppIntentAndStates"
APP_STATES = "the state of an app configuration on a device is among the device's deviceConfigurationStates"
REPORTS = "of reports there are those of devices, profiles, certificates and apps (deviceManagement/reports)"
ESCROW = "of what devices escrow there are recovery keys of BitLocker and FileVault and passwords of Windows LAPS"
APP_REPORTS = of_reports.APPS
COMPLIANCE_REPORTS = of_reports.COMPLIANCE
HEALTH = of_reports.HEALTH
COMANAGED = of_reports.COMANAGED
ANALYTICS = of_reports.ANALYTICS
CLOUD_PC = "there are no Cloud PCs"
AUTHORITY = "what may be managed is not switched on and off here"
ACCESS = "every token is good wherever it is used from"
DIRECTORY = "of the directory there are users, groups, devices, memberships, licences, applications and organization"
OFFICE = "there is no Exchange, no Teams and no other service of Microsoft 365"
EXTENSIONS = "the directory keeps the properties that Graph declares, and no extensions"
GONE = "deleted users, groups and devices are gone at once: there is no recycle bin"
NO_MORE = "the list that it belongs to is answered, and nothing more of it"
CLEANUP = "no device is retired by a rule here"
APPROVALS = "of approvals there are policies, requests, decisions and their use"
SETS = "what is in a policy set is not assigned by it here"
KINDS = "profiles of this kind are not kept here; the kinds that are stand in the list of profile kinds"
GRANTS = "list them, or ask for one of them at oauth2PermissionGrants/{id}"
DEVICES_WITH_AN_APP = "list them, or ask for one of them at deviceManagement/managedDevices/{id}"
