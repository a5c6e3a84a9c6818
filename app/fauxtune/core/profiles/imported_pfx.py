"""Imported PFX: every certificate of the device's user that was imported for the profile's purpose, expired ones too.

Graph: androidDeviceOwnerImportedPFXCertificateProfile and its siblings; Intune: "Configure and use imported PKCS
certificates": the same certificates, with their history, on every device of the user, so that old mail stays readable.
"""

from __future__ import annotations

from typing import Any

from fauxtune.core.model.items import Item, imported_key
from fauxtune.core.model.states import Source
from fauxtune.core.model.tenants import Changed, Edition, Stated
from fauxtune.core.profiles.family import Family, Profile, Recipient

#: Intended purposes that can be set, but that the documents do not support.
UNSUPPORTED_PURPOSES: Changed[frozenset[str]] = Changed(
    "Intended purposes of imported certificates that are not supported",
    {
        Edition.APRIL_2020: Stated(
            frozenset(),
            "None.",
            "Configure and use imported PKCS certificates with Intune, 2020-03-04",
        ),
        Edition.CURRENT: Stated(
            frozenset({"vpn"}),
            "`vpn`: it is accepted and delivered, and the diagnosis reports it.",
            "Configure and use imported PKCS certificates with Intune, 2022 and 2023-04-27",
        ),
    },
)


def _purpose(profile: Profile) -> str:
    return str(profile.document.get("intendedPurpose") or "unassigned")


def _check(_document: dict[str, Any]) -> None:
    """Accept every purpose: it is only a tag that selects certificates."""


def _items(profile: Profile, recipient: Recipient) -> tuple[Item, ...]:
    return tuple(
        Item(
            key=imported_key(certificate.thumbprint),
            source=Source.IMPORTED,
            claims=(profile.claim,),
            fingerprint=certificate.fingerprint,
            purpose=certificate.purpose,
            thumbprint=certificate.thumbprint,
            not_before=certificate.not_before,
            not_after=certificate.not_after,
        )
        for certificate in recipient.imported
        if certificate.purpose == _purpose(profile)
    )


def _nothing(profile: Profile, has_user: bool) -> str:
    if not has_user:
        return "Imported certificates belong to the device's user, but this device has no user."
    return f"No certificate with the purpose '{_purpose(profile)}' was imported for the user of this device."


FAMILY = Family(name="imported PFX", check=_check, items=_items, source=Source.IMPORTED, explain_empty=_nothing)
