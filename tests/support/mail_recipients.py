"""Whether an encrypted message names a certificate, compared with all of its issuer and serial number."""

from __future__ import annotations

from cryptography import x509

from fauxtune.core.mail.envelope import Encryption


def is_for(encryption: Encryption | None, certificate: x509.Certificate) -> bool:
    """Return whether a message is encrypted for the holder of this certificate (RFC 5652 6.2)."""
    assert encryption is not None
    key_id = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest.hex()
    number, issuer = f"{certificate.serial_number:x}", certificate.issuer.public_bytes().hex()
    return any(
        (recipient.serial, recipient.issuer) == (number, issuer) or recipient.key_id == key_id
        for recipient in encryption.recipients
    )
