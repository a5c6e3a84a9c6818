"""A root, an issuing and a device authority, for tests that need no tenant around them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypedDict

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from fauxtune.connector.keypool import KeyRing
from fauxtune.core.pki.authority import Authority, addresses_for, self_signed_root, subordinate

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Authorities:
    root: Authority
    issuing: Authority
    devices: Authority
    now: datetime = NOW
    end: datetime = NOW + timedelta(days=365)

    @property
    def device_key(self) -> RSAPrivateKey:
        """The key of the device authority, which opens what is sealed for it."""
        assert isinstance(self.devices.key, RSAPrivateKey)
        return self.devices.key


class Span(TypedDict):
    """From when to when a certificate is valid."""

    not_before: datetime
    not_after: datetime


def rsa_key_of(certificate: x509.Certificate) -> RSAPublicKey:
    """The public key of a certificate, which must be an RSA key."""
    key = certificate.public_key()
    assert isinstance(key, RSAPublicKey)
    return key


def signing_key_of(certificate: x509.Certificate) -> RSAPublicKey | ec.EllipticCurvePublicKey:
    """The public key of a certificate, of a kind that authorities here have."""
    key = certificate.public_key()
    assert isinstance(key, RSAPublicKey | ec.EllipticCurvePublicKey)
    return key


def make_authorities(rsa_keys: KeyRing) -> Authorities:
    """All three, as a tenant has them."""
    span: Span = {"not_before": NOW - timedelta(days=1), "not_after": NOW + timedelta(days=3650)}
    where = {
        name: addresses_for("http://localhost:8080", tenant_name="contoso", authority=name)
        for name in ("root", "issuing", "devices")
    }
    root = self_signed_root(
        name="root",
        common_name="Contoso Root CA",
        key=ec.generate_private_key(ec.SECP256R1()),
        serial=1,
        addresses=where["root"],
        **span,
    )
    issuing = subordinate(
        parent=root,
        common_name="Contoso Issuing CA",
        key=ec.generate_private_key(ec.SECP256R1()),
        serial=2,
        addresses=where["issuing"],
        **span,
    )
    devices = self_signed_root(
        name="devices",
        common_name="Contoso Device CA",
        key=rsa_keys.take(),
        serial=1,
        addresses=where["devices"],
        **span,
    )
    return Authorities(root, issuing, devices)
