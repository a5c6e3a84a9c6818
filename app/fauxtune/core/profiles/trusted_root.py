"""Trusted roots: a certificate that the device shall trust, root or intermediate.

Graph: androidWorkProfileTrustedRootCertificate and its siblings. `trustedRootCertificate` is the .cer file's bytes,
DER or PEM.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.errors import Invalid
from fauxtune.core.model.editions import Changed, Edition, Stated
from fauxtune.core.model.items import REMEDIATION_FAILED, Item, Problem, root_key
from fauxtune.core.model.platforms import Variant, major_version
from fauxtune.core.model.states import Source
from fauxtune.core.pki.foreign import certificate_from, is_authority
from fauxtune.core.pki.names import subject_text
from fauxtune.core.profiles.world import Family, Profile, World


def certificate_of(document: dict[str, Any]) -> x509.Certificate:
    """The certificate in a trusted-root profile. Invalid when it holds none that can be read, or a private key."""
    data = _bytes(document)
    if b"PRIVATE KEY" in data:
        raise Invalid(
            "trustedRootCertificate holds a private key; upload the certificate alone.", target="trustedRootCertificate"
        )
    return certificate_from(data, target="trustedRootCertificate")


def _bytes(document: dict[str, Any]) -> bytes:
    text = document.get("trustedRootCertificate")
    if not text:
        raise Invalid("trustedRootCertificate is required: the .cer file's bytes.", target="trustedRootCertificate")
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, TypeError) as error:
        raise Invalid(f"trustedRootCertificate is not base64: {error}.", target="trustedRootCertificate") from None


def _check(document: dict[str, Any]) -> None:
    """Intune: "Create trusted certificate profiles" (2024-09-23): root and intermediate certificates only. Unverified:
    that the service looks into the certificate when the profile is made.
    """
    certificate = certificate_of(document)
    if not is_authority(certificate):
        raise Invalid(
            f"trustedRootCertificate is the certificate of '{subject_text(certificate.subject)}', which may issue none "
            "itself: a trusted-root profile takes the certificate of a root or intermediate authority "
            "(BasicConstraints with CA, or a self-issued certificate of version 1).",
            target="trustedRootCertificate",
        )


#: Kind of device -> the last version of Android on which its manager can install a root. Other kinds have no limit.
LAST_WITH_ROOTS: Changed[Mapping[Variant, int]] = Changed(
    "Trusted roots on Android devices with a device administrator",
    {
        Edition.APRIL_2020: Stated(
            {},
            "They are installed on every version.",
            "Create a trusted certificate profile in Microsoft Intune, 2019-11-22",
        ),
        Edition.CURRENT: Stated(
            {Variant.ANDROID_DEVICE_ADMIN: 10, Variant.ANDROID_KNOX: 12},
            "They are installed on Android 10 and earlier, with Samsung Knox on Android 12 and earlier; on later "
            "versions the profile fails, and the user installs the certificate by hand.",
            "Trusted root certificate profiles for Microsoft Intune, 2024-09-23",
        ),
    },
)


def _refusal(world: World) -> str | None:
    """Why this device cannot be given any root; None where it can, or where its version is not known."""
    last = None if world.variant is None else LAST_WITH_ROOTS.of(world.edition).get(world.variant)
    version = major_version(world.os_version)
    if last is None or version is None or version <= last:
        return None
    return (
        f"The device runs Android {version}. Under a device administrator a trusted root can be installed on "
        f"Android {last} and earlier only: its user has to install it by hand."
    )


def _items(profile: Profile, world: World) -> tuple[Item, ...]:
    """What is stored may be from a time when less was checked: it is then an error of this profile."""
    # Windows has several stores, so that the same certificate can be in two.
    store = profile.document.get("destinationStore") or "trusted"
    item = Item(key=root_key(profile.id, store), source=Source.ROOT, claims=(profile.claim,))
    try:
        certificate = certificate_of(profile.document)
    except Invalid as error:
        return (replace(item, problem=Problem(REMEDIATION_FAILED, error.message)),)
    der = certificate.public_bytes(Encoding.DER)
    digest = hashlib.sha256(der).hexdigest()
    refusal = _refusal(world)
    return (
        replace(
            item,
            problem=None if refusal is None else Problem(REMEDIATION_FAILED, refusal),
            key=root_key(digest, store),
            fingerprint=digest,
            thumbprint=hashlib.sha1(der, usedforsecurity=False).hexdigest(),
            not_after=certificate.not_valid_after_utc,
            payload=der,
        ),
    )


FAMILY = Family(name="trusted root", check=_check, items=_items, source=Source.ROOT)
