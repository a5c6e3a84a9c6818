"""THE list of rules, in the order in which they are tried; what is left over comes last.

#: data
"""

from __future__ import annotations

from fauxtune.core.engine.diagnosis import certificate_rules, delivery_rules, order_rules, reach_rules
from fauxtune.core.engine.diagnosis.facts import Facts
from fauxtune.core.engine.diagnosis.findings import Finding, Rule, Severity, explained, finding

_IMPORTED = 'Intune: "Configure and use imported PKCS certificates"'
_PKCS = 'Intune: "Configure and use PKCS certificates with Intune"'
_SMIME = 'Intune: "S/MIME overview to sign and encrypt email"'
_ASSIGN = 'Intune: "Assign user and device profiles"'
_CONNECTOR = 'Intune: "Certificate connector for Microsoft Intune"'
_ERRORS = 'Intune: "Troubleshoot policies and profiles"'
_ERROR, _WARNING = Severity.ERROR, Severity.WARNING

RULES: tuple[Rule, ...] = (
    Rule(
        code="enrollment-over",
        severity=_ERROR,
        judge=delivery_rules.enrollment_over,
        means="The device that was asked about is not managed any more.",
        fix="Enrol it again.",
        source='Intune: "Remove devices by using wipe, retire, or manually unenrolling the device"',
    ),
    Rule(
        code="user-deleted",
        severity=_ERROR,
        judge=delivery_rules.user_deleted,
        means="The device's user was deleted from the directory: no profile reaches the device.",
        fix="Retire or wipe the device, or enrol it for another user.",
        source='Intune: "Remove devices by using wipe, retire, or manually unenrolling the device"',
    ),
    Rule(
        code="not-licensed",
        severity=_ERROR,
        judge=delivery_rules.not_licensed,
        means="The user has no licence for device management: no profile reaches any of the user's devices.",
        fix="Assign a licence that has Intune in it.",
        source='Intune: "Assign licenses to users so they can enroll devices in Intune"',
    ),
    Rule(
        code="kept-only",
        severity=_ERROR,
        judge=reach_rules.kept_only,
        means="The profile that was asked about is of a kind that is kept and delivered to nobody here.",
        fix="Ask about a profile of certificates or e-mail.",
        source="Graph: deviceConfiguration",
    ),
    Rule(
        code="assigned-to-nobody",
        severity=_ERROR,
        judge=reach_rules.assigned_to_nobody,
        means="The profile that was asked about has no assignment, or exclusions alone.",
        fix="Assign it to a group that the user or the device is in.",
        source=_ASSIGN,
    ),
    Rule(
        code="assigned-elsewhere",
        severity=_ERROR,
        judge=reach_rules.assigned_elsewhere,
        means="No assignment of the profile that was asked about names the device or its user.",
        fix="Add the user or the device to one of the groups, or assign the profile to a group that they are in.",
        source=_ASSIGN,
    ),
    Rule(
        code="excluded",
        severity=_ERROR,
        judge=reach_rules.excluded,
        means="An assignment names the device or its user, and an exclusion of the same kind takes it back.",
        fix="Take the user or the device out of the excluded group.",
        source=_ASSIGN,
    ),
    Rule(
        code="filtered-out",
        severity=_ERROR,
        judge=reach_rules.filtered_out,
        means="An assignment names the device or its user, and its filter does not let the device through.",
        fix="Correct the filter's rule, or assign without it.",
        source='Intune: "Use filters when assigning your apps, policies, and profiles"',
    ),
    Rule(
        code="other-platform",
        severity=_ERROR,
        judge=reach_rules.other_platform,
        means="The profile that was asked about is for another kind of device.",
        fix="Create a profile of the kind for this device.",
        source='Intune: "Supported platforms and certificate profiles"',
    ),
    Rule(
        code="not-in-edition",
        severity=_WARNING,
        judge=reach_rules.not_in_edition,
        means="The profile reaches a device that takes no profiles of this kind, by the documentation of the month "
        "that the tenant goes by (setting `edition`). An error where that profile was asked about.",
        fix="Leave these devices out of the assignment, or let the tenant go by another edition.",
        source='Intune: "Supported platforms and certificate profiles"',
    ),
    Rule(
        code="purpose-unsupported",
        severity=_WARNING,
        judge=reach_rules.purpose_unsupported,
        means="An imported PFX profile is for a purpose, such as `vpn`, that the real service does not support.",
        fix="Use a PKCS or SCEP profile for this purpose.",
        source=_IMPORTED,
    ),
    Rule(
        code="nothing-imported",
        severity=_ERROR,
        judge=delivery_rules.nothing_imported,
        means="An imported PFX profile reaches a device, and no certificate for its purpose was imported for the user.",
        fix="Import one with the profile's intended purpose, or take the profile away.",
        source=_IMPORTED,
        explains=True,
    ),
    Rule(
        code="purpose-without-profile",
        severity=_ERROR,
        judge=delivery_rules.purpose_without_profile,
        means="A certificate was imported, and no imported PFX profile for its purpose reaches a device of the user. A "
        "warning where it comes to another device of the user.",
        fix="Create such a profile for the device's platform, or assign the one that is there to the user's group.",
        source=_IMPORTED,
    ),
    Rule(
        code="key-missing",
        severity=_ERROR,
        judge=delivery_rules.key_missing,
        means="No connector has the key that the password of the PFX file was encrypted with.",
        fix="Give the connector that key (Import-IntunePrivateKey), or import the certificate again with another.",
        source=_IMPORTED,
        explains=True,
    ),
    Rule(
        code="key-unnamed",
        severity=_ERROR,
        judge=delivery_rules.key_unnamed,
        means="The certificate was imported with a public-key file alone, so that its record names no key.",
        fix="Import it again with providerName and keyName.",
        source=_IMPORTED,
        explains=True,
    ),
    Rule(
        code="purpose-key-usage",
        severity=_ERROR,
        judge=certificate_rules.purpose_key_usage,
        means="The certificate's key usage does not allow the purpose that it was imported for: encryption needs "
        "keyEncipherment, dataEncipherment or keyAgreement, signing digitalSignature or nonRepudiation.",
        fix="Import it for the other purpose, or another certificate for this one. Intune itself does not look.",
        source="RFC 8550 4.4.2, RFC 5280 4.2.1.3",
        explains=True,
    ),
    Rule(
        code="purpose-extended-usage",
        severity=_ERROR,
        judge=certificate_rules.purpose_extended_usage,
        means="A certificate for S/MIME has extended key usages, and e-mail protection is not among them.",
        fix="Import a certificate with the extended key usage 1.3.6.1.5.5.7.3.4.",
        source="RFC 8550 4.4.4, RFC 5280 4.2.1.12",
    ),
    Rule(
        code="address-mismatch",
        severity=_ERROR,
        judge=certificate_rules.address_mismatch,
        means="A certificate that is in use for mail does not carry the user's primary SMTP address (property mail). "
        "Certificates that have expired are history and may carry an older one.",
        fix="Issue a certificate for that address, or correct the user's.",
        source="RFC 8550 3",
    ),
    Rule(
        code="expired-without-successor",
        severity=_ERROR,
        judge=certificate_rules.expired_without_successor,
        means="The newest certificate of a purpose has expired; or a device's own has, and was not renewed.",
        fix="Import the successor and keep the old ones for old mail; or let the device check in.",
        source=_SMIME,
    ),
    Rule(
        code="expires-soon",
        severity=_WARNING,
        judge=certificate_rules.expires_soon,
        means="The newest imported certificate of a purpose has at most 30 days left.",
        fix="Import its successor: nothing renews an imported certificate.",
        source=_SMIME,
    ),
    Rule(
        code="gap-in-time",
        severity=_WARNING,
        judge=certificate_rules.gap_in_time,
        means="Between two encryption certificates there was a time when none was valid. An error while it lasts.",
        fix="Import the certificate of that time, if there was one.",
        source=_SMIME,
    ),
    Rule(
        code="revoked-in-use",
        severity=_ERROR,
        judge=certificate_rules.revoked_in_use,
        means="A device is to use a certificate that is on its authority's revocation list, and has no other.",
        fix="Import another, or have the device's own issued anew.",
        source="RFC 8550 4.2",
    ),
    Rule(
        code="encryption-per-device",
        severity=_WARNING,
        judge=certificate_rules.encryption_per_device,
        means="A PKCS or SCEP profile gives each of the user's several devices an encryption certificate of its own: "
        "what was encrypted for one device cannot be read on another.",
        fix="Import one encryption certificate for all devices; let the profile's template allow signing alone.",
        source=_SMIME,
    ),
    Rule(
        code="validity-period",
        severity=_WARNING,
        judge=order_rules.validity_period,
        means="A PKCS profile asks for a validity of less than five days or more than 24 months, or for more than its "
        "template allows.",
        fix="Choose a validity of 5 days to 24 months, and a template that allows it.",
        source=_PKCS,
    ),
    Rule(
        code="proof-of-origin",
        severity=_WARNING,
        judge=order_rules.proof_of_origin,
        means="A PKCS profile gives an iPhone or iPad a certificate by a template with the key usage nonRepudiation "
        '("Signature is proof of origin"), which must be off for them.',
        fix="Take nonRepudiation out of the template, or use another.",
        source=_PKCS,
    ),
    Rule(
        code="root-elsewhere",
        severity=_ERROR,
        judge=delivery_rules.root_elsewhere,
        means="A certificate profile reaches a device, and the trusted-root profile of its authority is assigned to "
        "other groups.",
        fix="Assign both to the same groups.",
        source=_PKCS,
        explains=True,
    ),
    Rule(
        code="root-missing",
        severity=_ERROR,
        judge=delivery_rules.root_missing,
        means="A certificate profile reaches a device, and there is no trusted-root profile of its authority for this "
        "kind of device.",
        fix="Create one, and assign it to the same groups.",
        source=_PKCS,
        explains=True,
    ),
    Rule(
        code="reference-out-of-reach",
        severity=_ERROR,
        judge=delivery_rules.reference_out_of_reach,
        means="An e-mail profile names the certificate of another profile, which does not reach the device.",
        fix="Assign both to the same groups.",
        source='Intune: "Add email settings to devices"',
        explains=True,
    ),
    Rule(
        code="role-without-connector",
        severity=_ERROR,
        judge=delivery_rules.role_without_connector,
        means="What reaches a device needs a connector's role that no connector has.",
        fix="Install a connector with that role.",
        source=_CONNECTOR,
    ),
    Rule(
        code="connector-offline",
        severity=_ERROR,
        judge=delivery_rules.connector_offline,
        means="Every connector with a role that is needed is offline, does not run, or is too old to be served.",
        fix="Start one of them.",
        source=_CONNECTOR,
    ),
    Rule(
        code="device-silent",
        severity=_ERROR,
        judge=delivery_rules.device_silent,
        means="The device has not checked in for 30 days.",
        fix="Switch it on, connect it, and let it check in.",
        source='Intune: "Device compliance policies", the compliance status validity period',
    ),
    Rule(
        code="connector-refused",
        severity=_ERROR,
        judge=delivery_rules.connector_refused,
        means="The connector could not do what an item needs: the number and its words say why.",
        fix="Put right what the message says; the connector is asked again after an hour.",
        source=_CONNECTOR,
        last=True,
    ),
    Rule(
        code="device-refused",
        severity=_ERROR,
        judge=delivery_rules.device_refused,
        means="The device was given an item and refused it: the number and its words say why.",
        fix="Look at the device.",
        source=_ERRORS,
        last=True,
    ),
    Rule(
        code="profile-impossible",
        severity=_ERROR,
        judge=delivery_rules.profile_impossible,
        means="The profile asks for what cannot be made for this device: a variable without a value, an account "
        "without an address.",
        fix="Correct the profile, or the user's data.",
        source=_ERRORS,
        last=True,
    ),
)

CODES: frozenset[str] = frozenset(rule.code for rule in RULES)


def find(facts: Facts) -> list[Finding]:
    """All that is wrong, in the order of the rules. What failed as the consequence of something found is left out."""
    found: list[Finding] = []
    for rule in RULES:
        judged = [each for each in rule.judge(facts) if not (rule.last and explained(each, found))]
        found.extend(finding(rule, each) for each in judged)
    return found
