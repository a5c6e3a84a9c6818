"""The rows of the removal table: what the documents state about certificates and accounts, in the documents' terms.

"R+V" removed from the device and revoked at the CA, "R" removed only, "V" revoked only, "-" stays. A cell is the first
row that fits: rows for few kinds of device stand before rows for all of them. "Unverified:" marks what no document
states and is chosen here; `against` is another document (or another place of the same) that contradicts it.

A device whose record is deleted has no rows: `lookup` gives it those of a wipe or of a retirement.

#: data
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Authority, Cause, Incident, Source
from fauxtune.core.model.tenants import Edition


class Reissued(StrEnum):
    """The replacement of a lost item: a newly issued one, the same one, or none."""

    NEW = "new"
    SAME = "same"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Document:
    """A public page. `dates` are those of the text on which an edition rests."""

    title: str
    dates: Mapping[Edition, str]

    def cited(self, edition: Edition, says: str = "") -> str:
        """The page, its date, and its statement."""
        return f"{self.title}, {self.dates[edition]}" + (f": {says}" if says else "")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. Without an edition: both. Without an authority: every possible one."""

    variants: tuple[Variant, ...]
    causes: tuple[Cause | Incident, ...]
    verdict: str
    document: Document
    says: str = ""
    reissued: Reissued = Reissued.NO
    edition: Edition | None = None
    authority: Authority | None = None
    against: tuple[Document, str] | None = None


def _document(title: str, *, old: str = "2020-03", new: str = "2024-04") -> Document:
    return Document(title, {Edition.APRIL_2020: old, Edition.CURRENT: new})


PAGE = _document("Remove SCEP or PKCS certificates in Microsoft Intune", old="2019-11-21", new="2024-04-08")
NEXT_PAGE = _document("Remove SCEP or PKCS certificates in Microsoft Intune", old="2020-03-19", new="2024-04-08")
ACTIONS = _document("Remove devices by using wipe, retire, or manually unenrolling the device", new="2020-03")
SMIME = _document("S/MIME overview to sign and encrypt email in Intune")
GENERAL = _document(
    "Common questions about device profiles in Intune",
    old="2020-03-10",
    new="2026-03-26",
)
PARTNERS = _document("Add partner certification authority in Intune using SCEP", old="2019-07-03", new="2024-10-15")
DIGICERT = _document(
    "Set up Intune Certificate Connector for DigiCert PKI Platform", old="2019-06-19", new="2019-06-19"
)
PKCS_PAGE = _document("Configure and use PKCS certificates with Intune")
SCEP_PAGE = _document("Create and assign SCEP certificate profiles in Intune")
EMAIL_PAGE = _document("Add email settings to devices using Intune")

_V = Variant
_ANY = tuple(Variant)
_WINDOWS = (_V.WINDOWS, _V.WINDOWS_10_MOBILE)
_PHONE = (_V.WINDOWS_PHONE_81,)
_IOS = (_V.IOS, _V.IPADOS)
_MACOS = (_V.MACOS,)
_KNOX = (_V.ANDROID_KNOX,)
_LEGACY = (_V.ANDROID_DEVICE_ADMIN,)
_WORK_PROFILE = (_V.ANDROID_WORK_PROFILE,)
_OWNER = (_V.ANDROID_FULLY_MANAGED, _V.ANDROID_DEDICATED, _V.ANDROID_CORPORATE_WORK_PROFILE, _V.ANDROID_AOSP)
_ANDROID = (*_KNOX, *_LEGACY, *_WORK_PROFILE, *_OWNER)

_WIPE = (Cause.WIPE,)
_UNENROLL = (Cause.UNENROLL,)
_RETIRE = (Cause.RETIRE,)
_ENDS = (*_WIPE, *_RETIRE, *_UNENROLL)
#: The profile no longer targets the device or its user. Unverified: that another primary user is the same case.
_LEAVES = (Cause.PROFILE_DELETED, Cause.UNASSIGNED, Cause.LEFT_GROUP, Cause.USER_CHANGED)
_LOSES = (Cause.USER_DELETED, Cause.LICENCE_LOST)
_EDITED = (Incident.PROFILE_EDITED,)
_BY_HAND = (Incident.DELETED_BY_USER,)
_KEEPING = (Incident.WIPE_KEEPING_ENROLLMENT,)
_RENEWED = (Incident.RENEWED,)

_NEW, _SAME = Reissued.NEW, Reissued.SAME
_NO_REMOVAL = "Android legacy devices are not enabled for certificate removal"
_NOT_VALIDATED = "Unverified: Android Enterprise devices are not validated there"
_WHOLE_PROFILE = "removing company data removes everything in the work profile"
_NO_MAC_WIPE = "Unverified: there the wipe of macOS is not supported"
_REAPPLIED = "Unverified: MDM policies are reapplied, and certificates are not mentioned"
_SAME_CASE = "Unverified: stated for SCEP and PKCS certificates"
_NOT_STATED = "Unverified: no document states it for imported certificates"
_CHECKED = "Unverified: settings are checked at every check-in, and restored"
_GOES_GENERALLY = (GENERAL, "certificate profiles that no longer apply are removed from all supported devices")
_GOES_BY_INTRODUCTION = (PAGE, "its introduction: removed when the profile no longer targets the device or user")
_PHONE_RETIRE = (ACTIONS, "Windows Phone 8.1, certificate profile settings: not supported")
_ISSUED_AGAIN = "found to be missing at the next check-in, and a new certificate is issued"
_TAKES_ITS_PLACE = "Unverified: the new one takes its place on the device; no document says that the old one is revoked"
_FIELD = _document("Reports from the field", old="undated", new="undated")

_OWNER_SCEP = "Android device owner: SCEP certificates cannot be revoked"

_ROOT = (
    Row(_LEGACY, _WIPE, "R", ACTIONS, "restores the device to its factory settings"),
    Row(_LEGACY, (*_RETIRE, *_UNENROLL), "-", PAGE, _NO_REMOVAL),
    Row(_LEGACY, _LEAVES, "-", PAGE, _NO_REMOVAL, against=_GOES_GENERALLY),
    Row(_WORK_PROFILE, _ENDS, "R", ACTIONS, _WHOLE_PROFILE),
    Row(_OWNER, _ENDS, "R", PAGE, _NOT_VALIDATED),
    Row(_MACOS, _WIPE, "R", PAGE, _NO_MAC_WIPE),
    Row(_PHONE, (*_RETIRE, *_UNENROLL), "R", PAGE, "Windows devices", against=_PHONE_RETIRE),
    Row(_ANY, _ENDS, "R", PAGE),
    Row(_ANY, _LEAVES, "R", GENERAL, "certificate profiles that no longer apply are removed"),
    Row(_ANY, _LOSES, "-", PAGE, _SAME_CASE),
    Row(_ANY, _EDITED, "-", PAGE, _SAME_CASE),
    Row(_ANY, _BY_HAND, "-", GENERAL, _CHECKED, reissued=_SAME),
    Row(_ANY, _KEEPING, "R", ACTIONS, _REAPPLIED, reissued=_SAME),
)

_PKCS = (
    # Deleted by hand.
    Row(
        _ANY,
        _BY_HAND,
        "-",
        DIGICERT,
        "the same certificate is redeployed, without a request to the connector",
        reissued=_SAME,
        authority=Authority.DIGICERT,
    ),
    Row(_ANY, _BY_HAND, "-", PAGE, _ISSUED_AGAIN, reissued=_NEW, against=(_FIELD, "the same certificate comes back")),
    Row(_ANY, _KEEPING, "R+V", PAGE, "Unverified: it does not distinguish one wipe from the other", reissued=_NEW),
    Row(_ANY, _RENEWED, "R", PKCS_PAGE, _TAKES_ITS_PLACE, reissued=_NEW),
    # What stays, everywhere.
    Row((*_WORK_PROFILE, *_OWNER), _EDITED, "-", PAGE, _NOT_VALIDATED),
    Row((*_WORK_PROFILE, *_OWNER), _LOSES, "-", PAGE, _NOT_VALIDATED),
    Row(_LEGACY, (*_EDITED, *_LOSES), "-", PAGE, "Unverified: stated for Samsung Knox"),
    Row(
        _MACOS,
        (*_EDITED, *_LOSES),
        "-",
        PKCS_PAGE,
        "Unverified: macOS is listed, so like iOS",
        edition=Edition.APRIL_2020,
        against=(PAGE, "PKCS certificates are not supported on macOS"),
    ),
    Row(_ANY, _EDITED, "-", PAGE, "stay when an administrator changes the profile"),
    Row(_ANY, _LOSES, "-", PAGE, "stay when the licence is lost, or the user is removed from the directory"),
    # The end of the enrolment.
    Row(_LEGACY, (*_RETIRE, *_UNENROLL), "V", ACTIONS, "revoked but not removed"),
    Row(_LEGACY, _WIPE, "R+V", ACTIONS, "Unverified: factory settings; revoked as when it is retired"),
    Row(_WORK_PROFILE, _ENDS, "R+V", PAGE, _NOT_VALIDATED),
    Row(_OWNER, _ENDS, "R+V", PAGE, _NOT_VALIDATED),
    Row(
        _MACOS,
        _ENDS,
        "R+V",
        PKCS_PAGE,
        "Unverified: macOS is listed, so like iOS",
        edition=Edition.APRIL_2020,
        against=(PAGE, "PKCS certificates are not supported on macOS"),
    ),
    Row(_MACOS, _WIPE, "R+V", PAGE, _NO_MAC_WIPE),
    Row(_ANY, _ENDS, "R+V", PAGE),
    # The profile no longer applies.
    Row(_WINDOWS, _LEAVES, "-", PAGE, "stay", edition=Edition.APRIL_2020, against=_GOES_GENERALLY),
    Row(_WINDOWS, _LEAVES, "R", PAGE, "removed when the profile no longer targets the device or user"),
    Row(
        _MACOS,
        _LEAVES,
        "R",
        PKCS_PAGE,
        "Unverified: macOS is listed, so like iOS",
        edition=Edition.APRIL_2020,
        against=(NEXT_PAGE, "they stay; before that, PKCS certificates are not supported on macOS"),
    ),
    Row((*_MACOS, *_KNOX), _LEAVES, "-", PAGE, "stay", edition=Edition.CURRENT, against=_GOES_BY_INTRODUCTION),
    Row(_KNOX, _LEAVES, "-", PAGE, "stay", against=_GOES_GENERALLY),
    Row(_LEGACY, _LEAVES, "-", PAGE, _NO_REMOVAL, against=_GOES_GENERALLY),
    Row(_IOS, _LEAVES, "R", PAGE, "removed when the profile is removed from the group assignment"),
    Row(_ANY, _LEAVES, "R", PAGE, _NOT_VALIDATED),
)

_SCEP = (
    Row(_ANY, _BY_HAND, "-", PAGE, _ISSUED_AGAIN, reissued=_NEW),
    Row(_ANY, _KEEPING, "R+V", PAGE, "Unverified: it does not distinguish one wipe from the other", reissued=_NEW),
    Row(_ANY, _RENEWED, "R", SCEP_PAGE, _TAKES_ITS_PLACE, reissued=_NEW),
    # Android device owner.
    Row((_V.ANDROID_AOSP,), (*_ENDS, *_LEAVES), "R", PAGE, f"Unverified: like other modes, {_OWNER_SCEP}"),
    Row(_OWNER, (*_ENDS, *_LEAVES), "R", PAGE, _OWNER_SCEP, edition=Edition.CURRENT),
    Row(_OWNER, (*_ENDS, *_LEAVES), "R", PAGE, f"Unverified: as in 2024, {_OWNER_SCEP}"),
    Row(_OWNER, _EDITED, "-", PAGE, f"Unverified: {_OWNER_SCEP}", reissued=_NEW),
    # Android by device administrator.
    Row(_KNOX, _RETIRE, "V", PAGE, "revoked", against=(ACTIONS, "Samsung Knox: removed and revoked")),
    Row(_KNOX, _LEAVES, "V", PAGE, "revoked", against=_GOES_GENERALLY),
    Row(_LEGACY, _WIPE, "R+V", ACTIONS, "Unverified: factory settings; revoked as when it is retired"),
    Row(_LEGACY, (*_RETIRE, *_UNENROLL), "V", ACTIONS, "revoked but not removed"),
    Row(_LEGACY, _LEAVES, "V", PAGE, f"Unverified: as Samsung Knox; {_NO_REMOVAL}", against=_GOES_GENERALLY),
    Row(
        _KNOX,
        (Cause.USER_DELETED,),
        "-",
        PAGE,
        "stay when the user is removed from the directory",
        against=(PAGE, "Samsung Knox: revoked when the user is removed from the directory"),
    ),
    # All others.
    Row(_WORK_PROFILE, (*_ENDS, *_LEAVES), "R+V", PAGE, _NOT_VALIDATED),
    Row(_MACOS, _WIPE, "R+V", PAGE, _NO_MAC_WIPE),
    Row(_PHONE, (*_RETIRE, *_UNENROLL), "R+V", PAGE, "Windows devices", against=_PHONE_RETIRE),
    Row(_ANY, (*_ENDS, *_LEAVES), "R+V", PAGE),
    Row((*_WORK_PROFILE, *_LEGACY), _EDITED, "V", PAGE, _NOT_VALIDATED, reissued=_NEW),
    Row(_ANY, _EDITED, "V", PAGE, "revoked when an administrator changes the profile", reissued=_NEW),
    Row((*_WORK_PROFILE, *_OWNER, *_LEGACY), _LOSES, "-", PAGE, _NOT_VALIDATED),
    Row(_ANY, _LOSES, "-", PAGE, "stay when the licence is lost, or the user is removed from the directory"),
)

_IMPORTED = (
    Row(
        _LEGACY,
        (*_RETIRE, *_UNENROLL),
        "-",
        PAGE,
        _NO_REMOVAL,
        against=(SMIME, "imported certificates are removed with company data"),
    ),
    Row(_LEGACY, _LEAVES, "-", PAGE, _NO_REMOVAL, against=_GOES_GENERALLY),
    Row(_LEGACY, (Cause.CERTIFICATE_DELETED,), "-", PAGE, _NO_REMOVAL),
    Row(
        _PHONE,
        (*_RETIRE, *_UNENROLL),
        "R",
        SMIME,
        "removed with company data, never revoked",
        against=_PHONE_RETIRE,
    ),
    Row(_ANY, _ENDS, "R", SMIME, "removed with company data or at the end of management, never revoked"),
    Row(_ANY, _LEAVES, "R", GENERAL, f"{_NOT_STATED}; certificate profiles that no longer apply are removed"),
    Row(_ANY, _LOSES, "-", PAGE, f"{_NOT_STATED}; SCEP and PKCS certificates stay"),
    Row(_ANY, _EDITED, "-", PAGE, f"{_NOT_STATED}; PKCS certificates stay"),
    Row(
        _ANY,
        (Cause.CERTIFICATE_DELETED,),
        "R",
        SMIME,
        "Unverified: all certificates of a user are deployed, and this one was deleted",
    ),
    Row(_ANY, _BY_HAND, "-", SMIME, "every imported certificate is deployed to every device", reissued=_SAME),
    Row(_ANY, _KEEPING, "R", ACTIONS, _REAPPLIED, reissued=_SAME),
)

_EMAIL = (
    Row(_WORK_PROFILE, _ENDS, "R", ACTIONS, _WHOLE_PROFILE),
    Row(_ANY, _ENDS, "R", ACTIONS, "email profiles and accounts that Intune provisioned are removed"),
    Row(_ANY, _LEAVES, "R", GENERAL, "email profiles that no longer apply are removed"),
    Row(_ANY, _LOSES, "R", GENERAL, "Unverified: without user or licence no e-mail account"),
    Row(
        _ANY, _EDITED, "-", EMAIL_PAGE, "the changed account takes its place, and asks for the password", reissued=_NEW
    ),
    Row(_ANY, _BY_HAND, "-", GENERAL, _CHECKED, reissued=_SAME),
    Row(_ANY, _KEEPING, "R", ACTIONS, _REAPPLIED, reissued=_SAME),
)

_SETTING = (
    Row(_WORK_PROFILE, _ENDS, "R", ACTIONS, _WHOLE_PROFILE),
    Row(_ANY, _ENDS, "R", ACTIONS, "settings that Intune configured are not enforced any more"),
    Row(
        _WINDOWS,
        (*_LEAVES, *_LOSES),
        "-",
        GENERAL,
        "settings are not removed from Windows devices",
        edition=Edition.APRIL_2020,
    ),
    Row(
        (*_WINDOWS, *_PHONE),
        _LEAVES,
        "R",
        GENERAL,
        "Unverified: each provider decides; here all of them give the setting up",
        against=(GENERAL, "a setting can keep its value, as the provider has it"),
    ),
    Row(_ANDROID, (*_LEAVES, *_LOSES), "-", GENERAL, "settings are not removed from Android devices"),
    Row(
        _IOS,
        _LEAVES,
        "R",
        GENERAL,
        "all settings are removed except voice roaming, data roaming and synchronization while roaming. "
        "Differs from Intune: here these three go as well",
    ),
    Row(_ANY, _LEAVES, "R", GENERAL, "settings of profiles that no longer apply are removed"),
    Row(_ANY, _LOSES, "R", GENERAL, "Unverified: without user or licence no profile applies"),
    Row(_ANY, _EDITED, "-", GENERAL, "the new value takes the place of the old one", reissued=_NEW),
    Row(_ANY, _BY_HAND, "-", GENERAL, _CHECKED, reissued=_SAME),
    Row(_ANY, _KEEPING, "R", ACTIONS, _REAPPLIED, reissued=_SAME),
)

ROWS: dict[Source, Iterable[Row]] = {
    Source.ROOT: _ROOT,
    Source.PKCS: _PKCS,
    Source.IMPORTED: _IMPORTED,
    Source.SCEP: _SCEP,
    Source.EMAIL: _EMAIL,
    Source.SETTING: _SETTING,
}
