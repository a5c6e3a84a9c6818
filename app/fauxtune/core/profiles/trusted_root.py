"""Trusted roots: a certificate that the device is to trust, root or intermediate.

Graph: androidWorkProfileTrustedRootCertificate and its siblings. `trustedRootCertificate` is the .cer file's bytes,
DER or PEM.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.errors import Invalid
from fauxtune.core.model.items import REMEDIATION_FAILED, Item, Problem, root_key
from fauxtune.core.model.platforms import Variant, major_version
from fauxtune.core.model.states import Source
from fauxtune.core.model.tenants import Changed, Edition, Stated
from fauxtune.core.pki.foreign import certificate_from, is_authority
from fauxtune.core.pki.names import subject_text
from fauxtune.core.profiles.family import Family, Profile, Recipient


def certificate_of(document: dict[str, Any]) -> x509.Certificate:
    """The certificate in a trusted-root profile. Raises Invalid if it cannot be read, or a private key is with it."""
    text = document.get("trustedRootCertificate")
    return _certificate("" if text is None else str(text))


@lru_cache(maxsize=16)
def _certificate(text: str) -> x509.Certificate:
    # Each plan of each device needs it. A certificate has 64 KiB at most, as text twice that.
    data = _bytes(text)
    if b"PRIVATE KEY" in data:
        raise Invalid(
            "trustedRootCertificate contains a private key; upload only the certificate.",
            target="trustedRootCertificate",
        )
    return certificate_from(data, target="trustedRootCertificate")


def _bytes(text: str) -> bytes:
    if not text:
        raise Invalid("trustedRootCertificate is required: the .cer file's bytes.", target="trustedRootCertificate")
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Invalid(f"trustedRootCertificate is not base64: {error}.", target="trustedRootCertificate") from None


def _check(document: dict[str, Any]) -> None:
    """Raise Invalid unless the certificate is an authority's. Intune: "Create trusted certificate profiles"
    (2024-09-23): root and intermediate certificates only. Unverified: that the service checks it when the profile is
    created.
    """
    certificate = certificate_of(document)
    if not is_authority(certificate):
        raise Invalid(
            f"trustedRootCertificate is the certificate of '{subject_text(certificate.subject)}', which is not an "
            "authority: a trusted-root profile needs the certificate of a root or intermediate authority "
            "(BasicConstraints with CA, or a self-issued certificate of version 1).",
            target="trustedRootCertificate",
        )


#: Kind of device -> the last version of Android on which its management can install a root. Others have no limit.
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


def _refusal(recipient: Recipient) -> str | None:
    """The reason why a root cannot be installed on this device; None if it can, or if its version is not known."""
    last = None if recipient.variant is None else LAST_WITH_ROOTS.of(recipient.edition).get(recipient.variant)
    version = major_version(recipient.os_version)
    if last is None or version is None or version <= last:
        return None
    return (
        f"The device runs Android {version}. Under a device administrator a trusted root can be installed on "
        f"Android {last} and earlier only: its user has to install it by hand."
    )


def _items(profile: Profile, recipient: Recipient) -> tuple[Item, ...]:
    """The root, or its problem: a profile may have been stored when less was checked."""
    # Windows has several stores, so that the same certificate can be in two.
    store = profile.document.get("destinationStore") or "trusted"
    item = Item(key=root_key(profile.id, store), source=Source.ROOT, claims=(profile.claim,))
    try:
        certificate = certificate_of(profile.document)
    except Invalid as error:
        return (replace(item, problem=Problem(REMEDIATION_FAILED, error.message)),)
    der = certificate.public_bytes(Encoding.DER)
    digest = hashlib.sha256(der).hexdigest()
    refusal = _refusal(recipient)
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
