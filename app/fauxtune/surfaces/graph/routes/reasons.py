"""Why parts of Graph are not emulated, in the words of the 501 and of docs/coverage.md.

#: data
"""

from __future__ import annotations

COMPLIANCE = "devices here are neither judged nor marked by compliance policies"
SCRIPTS = "no program runs on the devices here"
CATALOG = "the settings catalog is not kept here; device configurations (deviceConfigurations) are"
TEMPLATES = "administrative templates are not kept here; device configurations (deviceConfigurations) are"
BASELINES = "security baselines are not kept here; device configurations (deviceConfigurations) are"
UPDATES = "operating systems are not updated here"
AUTOPILOT = "devices here enrol by a user's own hand, not by Windows Autopilot"
ENROLLMENT = "enrolment has no restrictions and no pages of its own here"
APPLE = "Apple's programmes (push certificates, automated enrolment, volume purchase) are not connected here"
ANDROID = "no managed Google Play account is bound here"
PARTNERS = "no partner's service is connected here"
ROLES = "a caller may do everything that a permission in the token allows: there are no Intune roles"
TELLING = "no messages are sent by e-mail or shown on a page here"
APPS = "devices here take no apps"
REPORTS = "reports are not made here; counts and states are under each resource"
ESCROW = "simulated devices have no keys or passwords of their own that they would give away"
HEALTH = "devices here report nothing of malware, protection or encryption"
COMANAGED = "there is no Configuration Manager"
ANALYTICS = "the devices here have no telemetry"
CLOUD_PC = "there are no Cloud PCs"
AUTHORITY = "what may be managed is not switched on and off here"
ACCESS = "every token is good wherever it is used from"
DIRECTORY = "of the directory there are users, groups, devices, memberships, licences and the organization"
OFFICE = "there is no Exchange, no Teams and no other service of Microsoft 365"
EXTENSIONS = "the directory keeps the properties that Graph declares, and no extensions"
GONE = "deleted users, groups and devices are gone at once: there is no recycle bin"
KINDS = "profiles of this kind are not kept here; the kinds that are stand in the list of profile kinds"
