"""What two payloads contain: the account of ExchangeActiveSync, and a certificate that a device requests by SCEP.

com.apple.eas.account on iOS and iPadOS: from Graph's names (iosEasEmailProfileConfiguration) to those of Apple. Keys
that a later iOS ignores, or that are deprecated there, are written only where the device is, or may be, an earlier one.

com.apple.security.scep has no key for extended key usages, and none for a hash algorithm.

Apple: "Device Management", ExchangeActiveSync, SCEP.
"""

from __future__ import annotations

import re
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from fauxtune.core.model.mail_accounts import Account
from fauxtune.core.model.scep import ScepDelivery
from fauxtune.core.pki.names import parse_subject

Payload = dict[str, Any]

#: durationOfEmailToSync in days; with userDefined the user chooses.
_DAYS = {"unlimited": 0, "oneDay": 1, "threeDays": 3, "oneWeek": 7, "twoWeeks": 14, "oneMonth": 31}
_SERVICES = {
    "email": "EnableMail",
    "contacts": "EnableContacts",
    "calendars": "EnableCalendars",
    "reminders": "EnableReminders",
    "notes": "EnableNotes",
}
#: Switches: Graph's name and Apple's.
_SWITCHES = {
    "requireSsl": "SSL",
    "useOAuth": "OAuth",
    "blockMovingMessagesToOtherEmailAccounts": "PreventMove",
    "blockSendingEmailFromThirdPartyApps": "PreventAppSheet",
    "blockSyncingRecentlyUsedEmailAddresses": "disableMailRecentsSyncing",
    "smimeSigningUserOverrideEnabled": "SMIMESigningUserOverrideable",
    "smimeSigningCertificateUserOverrideEnabled": "SMIMESigningCertificateUUIDUserOverrideable",
    "smimeEncryptByDefaultUserOverrideEnabled": "SMIMEEncryptByDefaultUserOverrideable",
    "smimeEncryptionCertificateUserOverrideEnabled": "SMIMEEncryptionCertificateUUIDUserOverrideable",
    "smimeEnablePerMessageSwitch": "SMIMEEnableEncryptionPerMessageSwitch",
}
_CERTIFICATES = {
    "identityCertificate": "PayloadCertificateUUID",
    "smimeSigningCertificate": "SMIMESigningCertificateUUID",
    "smimeEncryptionCertificate": "SMIMEEncryptionCertificateUUID",
}
#: Apple: SMIMEEnabled is ignored from iOS 10 on; SMIMEEncryptionEnabled and SMIMEEnablePerMessageSwitch are deprecated
#: from iOS 12 on, where SMIMEEncryptByDefault and SMIMEEnableEncryptionPerMessageSwitch take their places.
_LATEST_OF_SWITCH, _LATEST_OF_OLD_NAMES = 9, 11
#: Characters that XML 1.0 does not allow.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
#: Apple: these types have names, all others are object identifiers.
_TYPES = {
    NameOID.COUNTRY_NAME: "C",
    NameOID.LOCALITY_NAME: "L",
    NameOID.STATE_OR_PROVINCE_NAME: "ST",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.COMMON_NAME: "CN",
}
_NAMES = {
    "emailAddress": "rfc822Name",
    "domainNameService": "dNSName",
    "universalResourceIdentifier": "uniformResourceIdentifier",
    "userPrincipalName": "ntPrincipalName",
}
_USAGES = {"digitalSignature": 1, "keyEncipherment": 4}
#: Apple's defaults: three retries, ten seconds apart.
_RETRIES, _RETRY_DELAY = 3, 10


def eas_settings(account: Account, *, certificates: dict[str, str], os_version: str | None) -> Payload:
    """Return the account's own keys of the payload. `certificates`: PayloadUUIDs by navigation."""
    values = account.settings
    required = bool(values.get("requireSmime"))
    # Unverified: requireSmime, the oldest of the switches, turns on signing and encryption if there is a certificate.
    signs = bool(values.get("smimeSigningEnabled")) or (required and "smimeSigningCertificate" in certificates)
    encrypts = bool(values.get("smimeEncryptByDefaultEnabled")) or (
        required and "smimeEncryptionCertificate" in certificates
    )
    return {
        "EmailAddress": text(account.address),
        "Host": text(account.host),
        "UserName": text(account.username),
        **{apple: bool(values.get(graph)) for graph, apple in _SWITCHES.items()},
        "SMIMESigningEnabled": signs,
        "SMIMEEncryptByDefault": encrypts,
        **{_CERTIFICATES[name]: uuid for name, uuid in certificates.items() if name in _CERTIFICATES},
        **_period(values),
        **_services(values),
        **_old_names(values, on=required or signs or encrypts, encrypts=encrypts, release=_release(os_version)),
    }


def text(value: str) -> str:
    """Return the text without the characters that a property list cannot hold."""
    return _NOT_XML.sub("", value)


def _period(settings: Payload) -> Payload:
    days = _DAYS.get(str(settings.get("durationOfEmailToSync")))
    return {} if days is None else {"MailNumberOfPastDaysToSync": days}


def _services(settings: Payload) -> Payload:
    """Graph accepts `none` in easServices; Apple demands that one of the five is true, so the device refuses that."""
    if settings.get("easServices") is None:
        return {}
    chosen = {word.strip() for word in str(settings["easServices"]).split(",")}
    may_change = bool(settings.get("easServicesUserOverrideEnabled"))
    switches = {key: word in chosen for word, key in _SERVICES.items()}
    return switches | {f"{key}UserOverridable": may_change for key in _SERVICES.values()}


def _old_names(settings: Payload, *, on: bool, encrypts: bool, release: int | None) -> Payload:
    keys: Payload = {}
    if release is None or release <= _LATEST_OF_SWITCH:
        keys["SMIMEEnabled"] = on
    if release is None or release <= _LATEST_OF_OLD_NAMES:
        keys["SMIMEEncryptionEnabled"] = encrypts
        keys["SMIMEEnablePerMessageSwitch"] = bool(settings.get("smimeEnablePerMessageSwitch"))
    return keys


def _release(os_version: str | None) -> int | None:
    """The major version, or None if it is not known."""
    major = (os_version or "").partition(".")[0]
    return int(major) if major.isascii() and major.isdigit() and len(major) < 5 else None


def scep_content(delivery: ScepDelivery) -> Payload:
    """Return the PayloadContent with which a device requests its certificate."""
    request = delivery.request
    payload: Payload = {
        "URL": text(delivery.url),
        "Subject": [[_pair(each) for each in part] for part in parse_subject(request.subject).rdns],
        "Challenge": delivery.challenge,
        "Keysize": request.bits,
        "Key Type": "RSA",
        "Key Usage": sum(_USAGES[word] for word in request.key_usages),
        "Retries": _RETRIES,
        "RetryDelay": _RETRY_DELAY,
    }
    if names := _alternative_names(request.names):
        payload["SubjectAltName"] = names
    if delivery.ca_thumbprint is not None:
        payload["CAFingerprint"] = bytes.fromhex(delivery.ca_thumbprint)
    return payload


def _pair(attribute: x509.NameAttribute[Any]) -> list[str]:
    return [_TYPES.get(attribute.oid, attribute.oid.dotted_string), text(str(attribute.value))]


def _alternative_names(names: tuple[tuple[str, str], ...]) -> Payload:
    """The names by Apple's keys: a text, or several in an array (apple/device-management, com.apple.security.scep)."""
    values: dict[str, list[str]] = {}
    for kind, name in names:
        values.setdefault(_NAMES[kind], []).append(text(name))
    return {key: texts[0] if len(texts) == 1 else texts for key, texts in values.items()}
