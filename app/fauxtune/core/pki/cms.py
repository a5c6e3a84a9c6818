"""Envelopes that only the holder of one certificate's key can open (CMS EnvelopedData, RFC 5652 6).

Envelopes are written as device platforms read them: AES-256-CBC for the content, RSA PKCS#1 v1.5 for its key, the
recipient identified by issuer and serial number, in DER. More ciphers are opened, because SCEP clients still use single
DES (RFC 8894 leaves the choice to them). CBC does not protect integrity: the content of an envelope can be anything.
"""

from __future__ import annotations

from collections.abc import Collection

from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES, AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from fauxtune.core.errors import Invalid, UnknownAlgorithm
from fauxtune.core.pki.authority import PrivateKey
from fauxtune.core.pki.der import MALFORMED, content_of, identifies, octets, reason
from fauxtune.core.pki.der_limits import LARGEST_ENVELOPE

#: The message about an envelope that cannot be opened; also for one whose content turns out to be malformed.
NOT_OPENED = "The envelope does not open with the key of the recipient that it names, or nothing readable is in it."

#: The key sizes of the content ciphers that can be opened, by asn1crypto's names.
_KEY_SIZES = {"des": 8, "tripledes_3key": 24, "aes128_cbc": 16, "aes192_cbc": 24, "aes256_cbc": 32}


def envelope(data: bytes, *recipients: x509.Certificate) -> bytes:
    """Encrypt `data` for the recipients, with a fresh key at each call. Raises Invalid if a recipient's key is not
    RSA.
    """
    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(data).set_content_encryption_algorithm(AES256)
    for recipient in recipients:
        if not isinstance(recipient.public_key(), RSAPublicKey):
            raise Invalid("Secrets can be encrypted only for a certificate with an RSA key.", target="recipient")
        builder = builder.add_recipient(recipient)
    # Binary: without it line ends in the data would be rewritten.
    return builder.encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])


def open_envelope(
    data: bytes, *, certificate: x509.Certificate, key: PrivateKey, refused: Collection[str] = ()
) -> bytes:
    """Decrypt an envelope for the holder of this certificate and key. `refused`: ciphers that are not accepted.

    Raises UnknownAlgorithm for unknown and refused ciphers; Invalid for bytes that are not an envelope, for an envelope
    for other recipients, and for one that cannot be opened. The latter has one message for every reason, because a
    sender who learns the reason can use it to decrypt the envelopes of others (RFC 3218).
    """
    try:
        sealed = content_of(data, "enveloped_data", largest=LARGEST_ENVELOPE)
        sealed_key = _encrypted_key(sealed["recipient_infos"], certificate)
        info = sealed["encrypted_content_info"]
        algorithm = info["content_encryption_algorithm"]
        name = algorithm["algorithm"].native
        if name not in _KEY_SIZES or name in refused:
            known = ", ".join(each for each in _KEY_SIZES if each not in refused)
            raise UnknownAlgorithm(f"The envelope's cipher is {name}; known are {known}.")
        iv, content = octets(algorithm["parameters"]), octets(info["encrypted_content"])
    except MALFORMED as error:
        raise Invalid(f"This is no CMS envelope that can be read: {reason(error)}.") from None
    if not isinstance(key, RSAPrivateKey):
        raise Invalid("Only the holder of an RSA key can open an envelope.", target="recipient")
    try:
        # OpenSSL rejects implicitly: a key in a wrong padding comes out as another key, not as an error.
        content_key = key.decrypt(sealed_key, PKCS1v15())
        if len(content_key) != _KEY_SIZES[name]:
            raise ValueError("another key")
        return _decrypt(content, cipher=_cipher(name, content_key), iv=iv)
    except ValueError:
        raise Invalid(NOT_OPENED) from None


def _encrypted_key(recipients: cms.RecipientInfos, certificate: x509.Certificate) -> bytes:
    """The encrypted content key of the first matching recipient: only one, so that a message costs one decryption."""
    for recipient in recipients:
        if recipient.name == "ktri" and identifies(recipient.chosen["rid"], certificate):
            algorithm = recipient.chosen["key_encryption_algorithm"]["algorithm"].native
            if algorithm != "rsaes_pkcs1v15":
                raise UnknownAlgorithm(
                    f"The envelope's key is encrypted with {algorithm}; only RSA PKCS#1 v1.5 is supported."
                )
            return octets(recipient.chosen["encrypted_key"])
    raise Invalid(
        f"The envelope is for other recipients, not for the certificate {certificate.serial_number:x} of "
        f"{certificate.issuer.rfc4514_string()}.",
        target="recipient",
    )


def _cipher(name: str, key: bytes) -> BlockCipherAlgorithm:
    if name == "des":
        return TripleDES(key * 3)  # three times the same key is single DES
    return TripleDES(key) if name == "tripledes_3key" else AES(key)


def _decrypt(content: bytes, *, cipher: BlockCipherAlgorithm, iv: bytes) -> bytes:
    decryptor = Cipher(cipher, CBC(iv)).decryptor()
    padded = decryptor.update(content) + decryptor.finalize()
    unpadder = PKCS7(cipher.block_size).unpadder()
    return unpadder.update(padded) + unpadder.finalize()
