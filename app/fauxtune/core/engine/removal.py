"""What goes from a device, and what is revoked at the CA: a table, not conditions.

Each cell names the document it comes from. Editions: "2024-04" is the page "Remove SCEP or PKCS certificates in
Microsoft Intune" of 2024-04-08 with the S/MIME overview of that time; "2020-03" the documentation of March 2020.
Neither page validates PKCS on Android work profile and device owner; the cells for them are chosen, and say so.
"""

from __future__ import annotations

from dataclasses import dataclass

from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Cause, Source


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happens to an item when it is no longer wanted."""

    removed: bool
    revoked: bool
    source: str


_PAGE = "Remove SCEP or PKCS certificates in Microsoft Intune, 2024-04"
_SMIME = "S/MIME overview to sign and encrypt email in Intune: removed with company data, never revoked"
_GENERAL = "Common questions about device profiles: certificate profiles are removed when they no longer apply"

_ENDS = (Cause.WIPE, Cause.RETIRE, Cause.UNENROLL, Cause.DELETE)
_LEAVES = (Cause.USER_CHANGED, Cause.PROFILE_DELETED, Cause.UNASSIGNED, Cause.LEFT_GROUP)
_LOSES = (Cause.USER_DELETED, Cause.LICENCE_LOST)

_R_AND_V = Outcome(removed=True, revoked=True, source=f"{_PAGE} (Unverified: not validated there for Android)")
_R_PKCS = Outcome(removed=True, revoked=False, source=f"{_PAGE} (Unverified: not validated there for Android)")
_STAYS = Outcome(removed=False, revoked=False, source=f"{_PAGE}: certificates stay (Unverified: for Android)")

_ACCOUNT = Outcome(
    removed=True,
    revoked=False,
    source="Common questions about device profiles: e-mail profiles are removed when they no longer apply; retire too",
)
# Unverified: the documents say what becomes of certificates then, and nothing of accounts.
_ACCOUNT_LOST = Outcome(removed=True, revoked=False, source="Unverified: without user or licence no e-mail account")

_ANDROID: dict[tuple[Source, Cause], Outcome] = {
    **{(Source.PKCS, cause): _R_AND_V for cause in _ENDS},
    **{(Source.PKCS, cause): _R_PKCS for cause in _LEAVES},
    **{(Source.PKCS, cause): _STAYS for cause in _LOSES},
    # Unverified: no document says what becomes of imported certificates when their profile no longer applies.
    **{(Source.IMPORTED, cause): Outcome(removed=True, revoked=False, source=_SMIME) for cause in _ENDS},
    **{(Source.IMPORTED, cause): Outcome(removed=True, revoked=False, source=_GENERAL) for cause in _LEAVES},
    **{(Source.IMPORTED, cause): _STAYS for cause in _LOSES},
    (Source.IMPORTED, Cause.CERTIFICATE_DELETED): Outcome(
        removed=True,
        revoked=False,
        source="Unverified: the record is gone, so the device loses it next",
    ),
    **{(Source.ROOT, cause): Outcome(removed=True, revoked=False, source=_PAGE) for cause in _ENDS},
    **{(Source.ROOT, cause): Outcome(removed=True, revoked=False, source=_GENERAL) for cause in _LEAVES},
    **{(Source.ROOT, cause): _STAYS for cause in _LOSES},
    **{(Source.EMAIL, cause): _ACCOUNT for cause in (*_ENDS, *_LEAVES)},
    **{(Source.EMAIL, cause): _ACCOUNT_LOST for cause in _LOSES},
}

#: (variant, edition) -> the cells. Both editions agree on these two variants.
TABLE: dict[tuple[Variant, str], dict[tuple[Source, Cause], Outcome]] = {
    (variant, edition): _ANDROID
    for variant in (Variant.ANDROID_WORK_PROFILE, Variant.ANDROID_FULLY_MANAGED)
    for edition in ("2020-03", "2024-04")
}

EDITIONS = ("2020-03", "2024-04")

#: The variants that the table speaks of: devices of no other kind can enrol.
VARIANTS = tuple(dict.fromkeys(variant for variant, _edition in TABLE))


def outcome(variant: Variant, edition: str, *, source: Source, cause: Cause) -> Outcome:
    """The cell. KeyError for a combination that cannot occur (a root is never "deleted from the service")."""
    return TABLE[variant, edition][source, cause]
