"""Envelopes that one device can open."""

from __future__ import annotations

import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives.serialization import pkcs7

from fauxtune.core.errors import Invalid
from fauxtune.core.pki.cms import envelope


@pytest.mark.parametrize("secret", [b"", b"pw", b"line\nend\r\n", bytes(range(256))])
def test_the_recipient_reads_exactly_what_was_sealed(authorities, secret: bytes) -> None:
    sealed = envelope(secret, authorities.devices.certificate)
    opened = pkcs7.pkcs7_decrypt_der(sealed, authorities.devices.certificate, authorities.devices.key, [])
    assert opened == secret
    assert not secret or secret not in sealed


def test_an_envelope_is_aes_256_for_issuer_and_serial(authorities) -> None:
    content = cms.ContentInfo.load(envelope(b"pw", authorities.devices.certificate))["content"]
    recipient = content["recipient_infos"][0].chosen
    assert recipient["rid"].name == "issuer_and_serial_number"
    assert recipient["rid"].chosen["serial_number"].native == authorities.devices.certificate.serial_number
    assert recipient["key_encryption_algorithm"]["algorithm"].native == "rsaes_pkcs1v15"
    algorithm = content["encrypted_content_info"]["content_encryption_algorithm"]["algorithm"].native
    assert algorithm == "aes256_cbc"


def test_nothing_is_sealed_for_a_key_that_is_not_rsa(authorities) -> None:
    with pytest.raises(Invalid):
        envelope(b"pw", authorities.issuing.certificate)
