"""Trusted roots: a certificate that the device shall trust, root or intermediate.

Graph: androidWorkProfileTrustedRootCertificate and its siblings. `trustedRootCertificate` is the .cer file's bytes,
DER or PEM.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.errors import Invalid
from fauxtune.core.model.items import Item, root_key
from fauxtune.core.model.states import Source
from fauxtune.core.profiles.world import Family, Profile, World


def certificate_of(document: dict[str, Any]) -> x509.Certificate:
    """The certificate in a trusted-root profile. Invalid when it holds none, or a private key."""
    text = document.get("trustedRootCertificate")
    if not text:
        raise Invalid("trustedRootCertificate is required: the .cer file's bytes.", target="trustedRootCertificate")
    try:
        data = base64.b64decode(text, validate=True)
        if b"PRIVATE KEY" in data:
            raise Invalid(
                "trustedRootCertificate holds a private key; upload the certificate alone.",
                target="trustedRootCertificate",
            )
        is_pem = data.lstrip().startswith(b"-----BEGIN")
        return x509.load_pem_x509_certificate(data) if is_pem else x509.load_der_x509_certificate(data)
    except (ValueError, binascii.Error) as error:
        raise Invalid(
            f"trustedRootCertificate is not an X.509 certificate in DER or PEM: {error}.",
            target="trustedRootCertificate",
        ) from None


def _check(document: dict[str, Any]) -> None:
    certificate_of(document)


def _items(profile: Profile, _world: World) -> tuple[Item, ...]:
    certificate = certificate_of(profile.document)
    der = certificate.public_bytes(Encoding.DER)
    digest = hashlib.sha256(der).hexdigest()
    return (
        Item(
            # Windows has several stores, so that the same certificate can be in two.
            key=root_key(digest, profile.document.get("destinationStore") or "trusted"),
            source=Source.ROOT,
            claims=(profile.claim,),
            fingerprint=digest,
            thumbprint=hashlib.sha1(der, usedforsecurity=False).hexdigest(),
            not_after=certificate.not_valid_after_utc,
            payload=der,
        ),
    )


FAMILY = Family(name="trusted root", check=_check, items=_items, source=Source.ROOT)
