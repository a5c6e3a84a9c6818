"""Why a report of Intune is not made here, in the words of the 501 and of docs/coverage.md: as an export job, and as an
action of Graph.

#: data
"""

from __future__ import annotations

APPS = "of apps there are lists, counts and installations by device and by user; this report is not made"
APP_PROTECTION = "no app on a device reads app protection policies, and none reports anything"
COMPLIANCE = "no report has the states of compliance policies: they stand below each policy and each device"
HEALTH = "of protection and encryption there is only what a device's facts and its compliance say; none reports malware"
UPDATES = "operating systems are not updated here"
COMANAGED = "there is no Configuration Manager"
ANALYTICS = "the devices here have no telemetry"
DETECTED_APPS = "detected apps stand below deviceManagement/detectedApps; no report has them"
SCRIPTS = "no report has the runs of scripts: they stand below each script and each device"
SETTINGS = (
    "the states of single settings are answered by getConfigurationSettingsReport and "
    "getConfigurationSettingDetailsReport; this report is not made"
)
DEVICES_OF_POLICIES = (
    "no report is only of assignments: DeviceStatusesByConfigurationProfile has the devices of a policy"
)
ENROLLMENT = "no report has enrolments: autopilotEvents and troubleshootingEvents tell of them"
RETIRING = "the devices that are to be retired are answered by getDevicesScheduledToRetire; no report has them"
LISTS = "policies and users are read from their own lists; no report has them"
GROUP_POLICY = "no group policy objects are analysed here"
REMOTE_HELP = "no device here is helped from afar"
