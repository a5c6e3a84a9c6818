"""The settings of an e-mail account on iOS and iPadOS: from Graph's words to those of Apple's payload.

Apple: "Device Management", ExchangeActiveSync (com.apple.eas.account). Graph: iosEasEmailProfileConfiguration. Keys
that a later iOS ignores, or that are deprecated there, are written only where the device is, or may be, an earlier one.
"""

from __future__ import annotations

import re
from typing import Any

from fauxtune.core.model.accounts import Account

Payload = dict[str, Any]

#: durationOfEmailToSync in days; userDefined is left to the user.
_DAYS = {"unlimited": 0, "oneDay": 1, "threeDays": 3, "oneWeek": 7, "twoWeeks": 14, "oneMonth": 31}
_SERVICES = {
    "email": "EnableMail",
    "contacts": "EnableContacts",
    "calendars": "EnableCalendars",
    "reminders": "EnableReminders",
    "notes": "EnableNotes",
}
#: Switches that are the same in both vocabularies.
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
#: What XML 1.0 cannot say.
_UNSPEAKABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def settings(account: Account, *, certificates: dict[str, str], os_version: str | None) -> Payload:
    """The keys of the payload but those that every payload has. `certificates`: PayloadUUIDs by navigation."""
    said = account.settings
    required = bool(said.get("requireSmime"))
    # Unverified: requireSmime, the oldest of the switches, turns on what the profile refers to.
    signs = bool(said.get("smimeSigningEnabled")) or (required and "smimeSigningCertificate" in certificates)
    encrypts = bool(said.get("smimeEncryptByDefaultEnabled")) or (
        required and "smimeEncryptionCertificate" in certificates
    )
    return {
        "EmailAddress": text(account.address),
        "Host": text(account.host),
        "UserName": text(account.username),
        **{apple: bool(said.get(graph)) for graph, apple in _SWITCHES.items()},
        "SMIMESigningEnabled": signs,
        "SMIMEEncryptByDefault": encrypts,
        **{_CERTIFICATES[name]: uuid for name, uuid in certificates.items() if name in _CERTIFICATES},
        **_period(said),
        **_services(said),
        **_old_names(said, on=required or signs or encrypts, encrypts=encrypts, release=_release(os_version)),
    }


def text(value: str) -> str:
    """The text without what a property list cannot hold."""
    return _UNSPEAKABLE.sub("", value)


def _period(said: Payload) -> Payload:
    days = _DAYS.get(str(said.get("durationOfEmailToSync")))
    return {} if days is None else {"MailNumberOfPastDaysToSync": days}


def _services(said: Payload) -> Payload:
    """Graph takes `none`, a member of easServices; Apple wants one of the five to be true, so the device refuses it."""
    if said.get("easServices") is None:
        return {}
    chosen = {word.strip() for word in str(said["easServices"]).split(",")}
    may_change = bool(said.get("easServicesUserOverrideEnabled"))
    switched = {key: word in chosen for word, key in _SERVICES.items()}
    return switched | {f"{key}UserOverridable": may_change for key in _SERVICES.values()}


def _old_names(said: Payload, *, on: bool, encrypts: bool, release: int | None) -> Payload:
    found: Payload = {}
    if release is None or release <= _LATEST_OF_SWITCH:
        found["SMIMEEnabled"] = on
    if release is None or release <= _LATEST_OF_OLD_NAMES:
        found["SMIMEEncryptionEnabled"] = encrypts
        found["SMIMEEnablePerMessageSwitch"] = bool(said.get("smimeEnablePerMessageSwitch"))
    return found


def _release(os_version: str | None) -> int | None:
    """The major version, or None where it is not known."""
    major = (os_version or "").partition(".")[0]
    return int(major) if major.isascii() and major.isdigit() and len(major) < 5 else None
