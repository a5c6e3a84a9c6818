"""THE list of rules, in the order in which they are checked; rules about unexplained failures come last.

#: data
"""

from __future__ import annotations

from fauxtune.core.engine.diagnosis import (
    absence_rules,
    app_rules,
    certificate_rules,
    compliance_rules,
    delivery_rules,
    order_rules,
    reach_rules,
    scep_rules,
    script_rules,
    setting_rules,
)
from fauxtune.core.engine.diagnosis.facts import AppStanding, Facts
from fauxtune.core.engine.diagnosis.findings import Finding, Rule, Severity, finding, is_consequence

_IMPORTED = 'Intune: "Configure and use imported PKCS certificates"'
_PKCS = 'Intune: "Configure and use PKCS certificates with Intune"'
_SMIME = 'Intune: "S/MIME overview to sign and encrypt email"'
_ASSIGN = 'Intune: "Assign user and device profiles"'
_CONNECTOR = 'Intune: "Certificate connector for Microsoft Intune"'
_SCEP = 'Intune: "Create and assign SCEP certificate profiles", "Troubleshoot SCEP certificate profile deployment"'
_SCRIPTS = 'Intune: "Use PowerShell scripts on Windows devices", "Use shell scripts on macOS devices"'
_APPS = 'Intune: "Troubleshoot app installation issues"'
_WIN32 = 'Intune: "Add, assign, and monitor a Win32 app in Microsoft Intune"'
_PARTNER = 'Intune: "Add partner certification authority in Intune using SCEP"'
_ERRORS = 'Intune: "Troubleshoot policies and profiles"'
_ERROR, _WARNING = Severity.ERROR, Severity.WARNING

RULES: tuple[Rule, ...] = (
    Rule(
        code="enrollment-over",
        severity=_ERROR,
        check=delivery_rules.enrollment_over,
        meaning="The device is no longer managed.",
        fix="Enrol it again.",
        source='Intune: "Remove devices by using wipe, retire, or manually unenrolling the device"',
    ),
    Rule(
        code="user-deleted",
        severity=_ERROR,
        check=delivery_rules.user_deleted,
        meaning="The device's user was deleted from the directory: no profile reaches the device.",
        fix="Retire or wipe the device, or enrol it for another user.",
        source='Intune: "Remove devices by using wipe, retire, or manually unenrolling the device"',
    ),
    Rule(
        code="not-licensed",
        severity=_ERROR,
        check=delivery_rules.not_licensed,
        meaning="The user has no licence for device management: no profile reaches any of the user's devices.",
        fix="Assign a licence that has Intune in it.",
        source='Intune: "Assign licenses to users so they can enroll devices in Intune"',
    ),
    Rule(
        code="enrollment-refused",
        severity=_ERROR,
        check=absence_rules.enrollment_refused,
        meaning="An enrolment restriction refused a device of the user, who has enrolled no such device since. Only a "
        "warning if the device would be let in now.",
        fix="Change the restriction or its assignments, and enrol the device again.",
        source='Intune: "Set enrollment restrictions"',
    ),
    Rule(
        code="no-device",
        severity=_ERROR,
        check=absence_rules.no_device,
        meaning="The user has no device, and none was refused.",
        fix="Enrol one.",
        source='Intune: "Enroll devices in Microsoft Intune"',
    ),
    Rule(
        code="kept-only",
        severity=_ERROR,
        check=reach_rules.kept_only,
        meaning="Profiles of this kind are stored here, but not delivered to any device.",
        fix="Diagnose a profile for certificates or e-mail.",
        source="Graph: deviceConfiguration",
    ),
    Rule(
        code="assigned-to-nobody",
        severity=_ERROR,
        check=reach_rules.assigned_to_nobody,
        meaning="The profile has no assignment, or only exclusions. Where the question names no profile: it is for the "
        "device, which nothing else gives what it would give; a warning if the device has other certificates.",
        fix="Assign it to a group that the user or the device is in.",
        source=_ASSIGN,
    ),
    Rule(
        code="assigned-elsewhere",
        severity=_ERROR,
        check=reach_rules.assigned_elsewhere,
        meaning="No assignment of the profile includes the device or its user.",
        fix="Add the user or the device to one of the assigned groups, or assign the profile to one of their groups.",
        source=_ASSIGN,
    ),
    Rule(
        code="excluded",
        severity=_ERROR,
        check=reach_rules.excluded,
        meaning="An assignment includes the device or its user, but an exclusion of the same kind cancels it.",
        fix="Remove the user or the device from the excluded group.",
        source=_ASSIGN,
    ),
    Rule(
        code="filtered-out",
        severity=_ERROR,
        check=reach_rules.filtered_out,
        meaning="An assignment includes the device or its user, but its filter leaves the device out.",
        fix="Correct the filter's rule, or assign the profile without a filter.",
        source='Intune: "Use filters when assigning your apps, policies, and profiles"',
    ),
    Rule(
        code="other-platform",
        severity=_ERROR,
        check=reach_rules.other_platform,
        meaning="The profile is for another kind of device. Where the question names no profile: it is assigned to the "
        "user, who has no device of its kind; a warning if the device has other certificates.",
        fix="Create a profile for this kind of device.",
        source='Intune: "Supported platforms and certificate profiles"',
    ),
    Rule(
        code="nothing-assigned",
        severity=_ERROR,
        check=absence_rules.nothing_assigned,
        meaning="Nothing is assigned to the device: no profile, app or script.",
        fix="Create profiles for its kind, or assign those that there are.",
        source=_ASSIGN,
    ),
    Rule(
        code="not-in-edition",
        severity=_WARNING,
        check=reach_rules.not_in_edition,
        meaning="The profile reaches a device that does not support profiles of this kind in the tenant's edition "
        "(setting `edition`, the month of Intune's documentation). An error if the diagnosis is about that profile.",
        fix="Leave these devices out of the assignment, or change the tenant's edition.",
        source='Intune: "Supported platforms and certificate profiles"',
    ),
    Rule(
        code="purpose-unsupported",
        severity=_WARNING,
        check=reach_rules.purpose_unsupported,
        meaning="An imported PFX profile is for a purpose, such as `vpn`, that the real service does not support.",
        fix="Use a PKCS or SCEP profile for this purpose.",
        source=_IMPORTED,
    ),
    Rule(
        code="nothing-imported",
        severity=_ERROR,
        check=delivery_rules.nothing_imported,
        meaning="An imported PFX profile reaches a device, but no certificate for its purpose was imported for the "
        "user.",
        fix="Import one with the profile's intended purpose, or remove the profile's assignment.",
        source=_IMPORTED,
        explains=True,
    ),
    Rule(
        code="purpose-without-profile",
        severity=_ERROR,
        check=delivery_rules.purpose_without_profile,
        meaning="A certificate was imported, but no imported PFX profile for its purpose reaches a device of the "
        "user. A "
        "warning if one reaches another device of the user.",
        fix="Create such a profile for the device's platform, or assign an existing one to the user's group.",
        source=_IMPORTED,
    ),
    Rule(
        code="key-missing",
        severity=_ERROR,
        check=delivery_rules.key_missing,
        meaning="No connector has the key with which the password of the PFX file was encrypted.",
        fix="Give the connector that key (Import-IntunePrivateKey), or import the certificate again with another key.",
        source=_IMPORTED,
        explains=True,
    ),
    Rule(
        code="key-unnamed",
        severity=_ERROR,
        check=delivery_rules.key_unnamed,
        meaning="The certificate was imported with a public-key file alone, so its record names no key.",
        fix="Import it again with providerName and keyName.",
        source=_IMPORTED,
        explains=True,
    ),
    Rule(
        code="purpose-key-usage",
        severity=_ERROR,
        check=certificate_rules.purpose_key_usage,
        meaning="The certificate's key usage does not allow the purpose that it was imported for: encryption needs "
        "keyEncipherment, dataEncipherment or keyAgreement, signing needs digitalSignature or nonRepudiation.",
        fix="Import it for the other purpose, or import another certificate for this one. Intune itself does not "
        "check.",
        source="RFC 8550 4.4.2, RFC 5280 4.2.1.3",
        explains=True,
    ),
    Rule(
        code="purpose-extended-usage",
        severity=_ERROR,
        check=certificate_rules.purpose_extended_usage,
        meaning="A certificate for S/MIME has extended key usages, but e-mail protection is not among them.",
        fix="Import a certificate with the extended key usage 1.3.6.1.5.5.7.3.4.",
        source="RFC 8550 4.4.4, RFC 5280 4.2.1.12",
    ),
    Rule(
        code="address-mismatch",
        severity=_ERROR,
        check=certificate_rules.address_mismatch,
        meaning="A certificate that is in use for mail does not contain the user's primary SMTP address (property "
        "mail). "
        "Expired certificates are kept for old mail and may contain an older address.",
        fix="Issue a certificate for that address, or correct the user's address.",
        source="RFC 8550 3",
    ),
    Rule(
        code="expired-without-successor",
        severity=_ERROR,
        check=certificate_rules.expired_without_successor,
        meaning="The newest certificate for a purpose has expired, or a device's own certificate has expired without "
        "renewal.",
        fix="Import a successor and keep the old ones for old mail; or let the device check in, which renews its own.",
        source=_SMIME,
    ),
    Rule(
        code="expires-soon",
        severity=_WARNING,
        check=certificate_rules.expires_soon,
        meaning="The newest imported certificate for a purpose expires within 30 days.",
        fix="Import its successor: imported certificates are not renewed automatically.",
        source=_SMIME,
    ),
    Rule(
        code="gap-in-time",
        severity=_WARNING,
        check=certificate_rules.gap_in_time,
        meaning="Between two encryption certificates there is a time when none is valid. An error while that time "
        "lasts.",
        fix="Import the certificate of that time, if there was one.",
        source=_SMIME,
    ),
    Rule(
        code="revoked-in-use",
        severity=_ERROR,
        check=certificate_rules.revoked_in_use,
        meaning="A device uses a certificate that is on its authority's revocation list, and has no other.",
        fix="Import another, or have the device's own certificate issued again.",
        source="RFC 8550 4.2",
    ),
    Rule(
        code="encryption-per-device",
        severity=_WARNING,
        check=certificate_rules.encryption_per_device,
        meaning="A PKCS or SCEP profile gives each of the user's several devices an encryption certificate of its own: "
        "mail that was encrypted for one device cannot be read on another.",
        fix="Import one encryption certificate for all devices; let the profile's template allow only signing.",
        source=_SMIME,
    ),
    Rule(
        code="validity-period",
        severity=_WARNING,
        check=order_rules.validity_period,
        meaning="A PKCS or SCEP profile asks for a validity of less than five days, of more than 24 months, or of more "
        "than its template allows.",
        fix="Choose a validity of 5 days to 24 months, and a template that allows it.",
        source=_PKCS,
    ),
    Rule(
        code="proof-of-origin",
        severity=_WARNING,
        check=order_rules.proof_of_origin,
        meaning="A PKCS profile gives an iPhone or iPad a certificate from a template with the key usage "
        "nonRepudiation "
        '("Signature is proof of origin"), which must be off for these devices.',
        fix="Remove nonRepudiation from the template, or use another template.",
        source=_PKCS,
    ),
    Rule(
        code="root-elsewhere",
        severity=_ERROR,
        check=delivery_rules.root_elsewhere,
        meaning="A certificate profile reaches a device, but the trusted-root profile of its authority is assigned to "
        "other groups.",
        fix="Assign both to the same groups.",
        source=_PKCS,
        explains=True,
    ),
    Rule(
        code="root-missing",
        severity=_ERROR,
        check=delivery_rules.root_missing,
        meaning="A certificate profile reaches a device, but there is no trusted-root profile of its authority for "
        "this "
        "kind of device.",
        fix="Create one, and assign it to the same groups.",
        source=_PKCS,
        explains=True,
    ),
    Rule(
        code="intermediate-missing",
        severity=_WARNING,
        check=delivery_rules.intermediate_missing,
        meaning="The certificate of the issuing authority, between root and certificate, is deployed, but not to a "
        "device that has certificates of that authority.",
        fix="Assign its profile to the same groups as the certificate profile.",
        source=_SMIME,
    ),
    Rule(
        code="reference-out-of-reach",
        severity=_ERROR,
        check=delivery_rules.reference_out_of_reach,
        meaning="An e-mail profile refers to a certificate profile that does not reach the device.",
        fix="Assign both to the same groups.",
        source='Intune: "Add email settings to devices"',
        explains=True,
    ),
    Rule(
        code="role-without-connector",
        severity=_ERROR,
        check=delivery_rules.role_without_connector,
        meaning="A profile that reaches a device needs a connector with a role that no connector has.",
        fix="Install a connector with that role.",
        source=_CONNECTOR,
    ),
    Rule(
        code="connector-offline",
        severity=_ERROR,
        check=delivery_rules.connector_offline,
        meaning="Every connector with a needed role is off line, does not run, or is too old to be served.",
        fix="Set one of them on line (`fauxtune connector online NAME`), or start its process.",
        source=_CONNECTOR,
    ),
    Rule(
        code="scep-ra-expired",
        severity=_ERROR,
        check=scep_rules.ra_expired,
        meaning="The RA certificates of the tenant's own SCEP server have expired: it answers no device.",
        fix="Renew them at the connector.",
        source=_SCEP,
        explains=True,
    ),
    Rule(
        code="scep-server-unreachable",
        severity=_ERROR,
        check=scep_rules.server_unreachable,
        meaning="A device could not request its certificate by SCEP, and no SCEP server asked the service "
        "about the challenge: the address in the profile is wrong, out of reach, or no server answers "
        "there that asks Intune.",
        fix="See whether the device can reach the address in the profile.",
        source=_SCEP,
        explains=True,
    ),
    Rule(
        code="scep-challenge-expired",
        severity=_ERROR,
        check=scep_rules.challenge_expired,
        meaning="The challenge of a SCEP request was used after its hour, by the tenant's clock. A warning if "
        "nobody used it at all.",
        fix="Let the device check in: it is given a new challenge.",
        source=_SCEP,
        explains=True,
    ),
    Rule(
        code="scep-clock",
        severity=_ERROR,
        check=scep_rules.clock_behind,
        meaning="The challenge of a SCEP request was made in the future, by the tenant's clock, which was set back.",
        fix="Set the clock, and let the device check in: it is given a new challenge.",
        source=_PARTNER,
        explains=True,
    ),
    Rule(
        code="scep-request-differs",
        severity=_ERROR,
        check=scep_rules.request_differs,
        meaning="A device, or a server between, requested by SCEP what the profile does not ask for: another "
        "subject, alternative name, key usage, key size, extended key usage, or the renewal of a "
        "certificate that is not the device's.",
        fix="Compare the request with what the challenge contains (`fauxtune scep challenge list`).",
        source=_PARTNER,
        explains=True,
    ),
    Rule(
        code="scep-subject-escaped",
        severity=_ERROR,
        check=scep_rules.subject_escaped,
        meaning="The subject of a SCEP profile has `+`, `,`, `;` or `=` behind a backslash: devices make another "
        "subject of it, and the service answers SubjectNameMismatch.",
        fix="Put the value in quotation marks.",
        source=_SCEP,
        explains=True,
    ),
    Rule(
        code="scep-address-http",
        severity=_WARNING,
        check=scep_rules.address_without_https,
        meaning="A SCEP profile gives an Android device an address without HTTPS, which Android needs.",
        fix="Give the profile an https address of the SCEP server.",
        source=_SCEP,
    ),
    Rule(
        code="scep-challenge-refused",
        severity=_ERROR,
        check=scep_rules.challenge_refused,
        meaning="The service refused a SCEP request for its challenge: another device's, another tenant's, "
        "altered, or of a profile that does not reach the device any more.",
        fix="Let the device check in: it is given a new challenge.",
        source=_PARTNER,
        explains=True,
    ),
    Rule(
        code="scep-authority-refused",
        severity=_ERROR,
        check=scep_rules.authority_refused,
        meaning="The service confirmed a SCEP request, but the authority reported that it issued no certificate.",
        fix="See the authority's log.",
        source=_PARTNER,
        explains=True,
    ),
    Rule(
        code="scep-approval-pending",
        severity=_WARNING,
        check=scep_rules.approval_pending,
        meaning="A SCEP request waits at the authority until somebody approves it.",
        fix="Approve or deny it (`fauxtune scep request list`).",
        source=_SCEP,
        explains=True,
    ),
    Rule(
        code="network-blocked",
        severity=_ERROR,
        check=delivery_rules.network_blocked,
        meaning="A firewall keeps the device from the service (the fault networkBlocked).",
        fix="Open it for the hosts of managed devices, which the connector needs as well.",
        source='Intune: "Network endpoints for Microsoft Intune", 2025-06-24',
    ),
    Rule(
        code="device-silent",
        severity=_ERROR,
        check=delivery_rules.device_silent,
        meaning="The device has not checked in for 30 days.",
        fix="Switch it on, connect it, and let it check in.",
        source='Intune: "Device compliance policies", the compliance status validity period',
    ),
    Rule(
        code="device-not-compliant",
        severity=_WARNING,
        check=compliance_rules.not_compliant,
        meaning="The device does not meet a compliance policy: it failed when it was last judged, or is in its period "
        "of grace. Certificates and e-mail are delivered all the same.",
        fix="Correct the settings that are named on the device and let it check in, or change the policy.",
        source='Intune: "Monitor results of your device compliance policies"',
    ),
    Rule(
        code="script-waits",
        severity=_WARNING,
        check=script_rules.script_waits,
        meaning="A script reaches the device and has not run there: the device's agent has not asked since it was "
        "assigned or is due, its time has not come, or it runs for a user who is not signed in.",
        fix="Let the device check in, let its user sign in, or wait until the script is due.",
        source=_SCRIPTS,
    ),
    Rule(
        code="script-failed",
        severity=_WARNING,
        check=script_rules.script_failed,
        meaning="A script ran on the device, and ended with an error or found an issue that is still there.",
        fix="Correct what its output says, or the script: a changed script runs again.",
        source=_SCRIPTS,
    ),
    Rule(
        code="app-kept-only",
        severity=_ERROR,
        check=app_rules.stands(AppStanding.KEPT_ONLY),
        meaning="Apps of this kind are stored and assigned here, and no device installs them.",
        fix="Use a kind of app that devices install.",
        source='Intune: "Add apps to Microsoft Intune"',
    ),
    Rule(
        code="app-not-published",
        severity=_ERROR,
        check=app_rules.stands(AppStanding.NOT_PUBLISHED),
        meaning="The app has no content that is uploaded and committed.",
        fix="Upload its content and commit it.",
        source=_WIN32,
    ),
    Rule(
        code="app-nameless",
        severity=_ERROR,
        check=app_rules.stands(AppStanding.NAMELESS),
        meaning="The app says nothing by which a device would know it.",
        fix="Set its bundle, package or product identifier.",
        source='Intune: "Add apps to Microsoft Intune"',
    ),
    Rule(
        code="app-other-platform",
        severity=_ERROR,
        check=app_rules.stands(AppStanding.OTHER_PLATFORM),
        meaning="The app is for another kind of device.",
        fix="Add an app for this kind of device.",
        source='Intune: "Add apps to Microsoft Intune"',
    ),
    Rule(
        code="app-unfit",
        severity=_WARNING,
        check=app_rules.stands(AppStanding.UNFIT),
        meaning="The device does not meet what the app needs: its system is too old, or its processor, memory "
        "or free space does not fit. An error if the diagnosis is about that app.",
        fix="Update the device, or change what the app asks for.",
        source=_WIN32,
    ),
    Rule(
        code="app-dependency",
        severity=_WARNING,
        check=app_rules.stands(AppStanding.DEPENDENCY),
        meaning="What the app depends on cannot be on the device. An error if the diagnosis is about that app.",
        fix="Assign what it depends on, or let it be installed by itself.",
        source=_WIN32,
    ),
    Rule(
        code="app-superseded",
        severity=_WARNING,
        check=app_rules.stands(AppStanding.SUPERSEDED),
        meaning="Another app that reaches the device supersedes it.",
        fix="Nothing, unless the other app was not to supersede it.",
        source='Intune: "Add Win32 app supersedence"',
    ),
    Rule(
        code="app-failed",
        severity=_WARNING,
        check=app_rules.stands(AppStanding.FAILED),
        meaning="The device could not install or uninstall the app: a return code, or what the device says, "
        "tells why. An error if the diagnosis is about that app.",
        fix="Correct what the device says, and synchronise it.",
        source=_APPS,
    ),
    Rule(
        code="app-waits",
        severity=_WARNING,
        check=app_rules.stands(AppStanding.WAITS),
        meaning="The device has not been told yet to install or uninstall the app: it has to check in, or its "
        "management agent to ask for work.",
        fix="Let the device check in.",
        source=_APPS,
    ),
    Rule(
        code="settings-in-conflict",
        severity=_ERROR,
        check=setting_rules.in_conflict,
        meaning="Policies that reach a device ask for different values of one setting: none of them is applied, and "
        "the device keeps what it had.",
        fix="Let all of them ask for the same value, or only one of them for this setting.",
        source='Intune for Education: "Avoiding policy conflicts"',
        explains=True,
    ),
    Rule(
        code="compliance-goes-before",
        severity=_WARNING,
        check=setting_rules.gives_way,
        meaning="A profile asks for another value of a setting than a compliance policy that the device is made to "
        "meet: the policy goes before.",
        fix="Let the profile ask for the value of the compliance policy, or leave the setting out of it.",
        source='Intune, "Common questions, answers, and scenarios with policies and profiles", 2024-11-11',
    ),
    Rule(
        code="connector-refused",
        severity=_ERROR,
        check=delivery_rules.connector_refused,
        meaning="The connector could not provide an item: the error number and its message say why.",
        fix="Correct what the message says; the request is repeated after an hour.",
        source=_CONNECTOR,
        last=True,
    ),
    Rule(
        code="device-refused",
        severity=_ERROR,
        check=delivery_rules.device_refused,
        meaning="The device refused an item: the error number and its message say why.",
        fix="Check the device for what the message names.",
        source=_ERRORS,
        last=True,
    ),
    Rule(
        code="profile-impossible",
        severity=_ERROR,
        check=delivery_rules.profile_impossible,
        meaning="The profile asks for something that cannot be made for this device: a variable without a value, or "
        "an account "
        "without an address.",
        fix="Correct the profile, or the user's data.",
        source=_ERRORS,
        last=True,
    ),
)

CODES: frozenset[str] = frozenset(rule.code for rule in RULES)


def find(facts: Facts) -> list[Finding]:
    """Every finding, in the order of the rules. Failures that follow from another finding are left out."""
    findings: list[Finding] = []
    for rule in RULES:
        new = [one for one in rule.check(facts) if not (rule.last and is_consequence(one, findings))]
        findings.extend(finding(rule, observation) for observation in new)
    return findings
