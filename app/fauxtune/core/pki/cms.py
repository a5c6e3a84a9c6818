"""Sealing: bytes that only the holder of one certificate's key can read (CMS EnvelopedData, RFC 5652 6).

Decides how something is sealed: AES-256-CBC for the content; RSA PKCS#1 v1.5 for its key, the recipient named by
issuer and serial number: what device platforms read. DER. And what can be opened: more, because SCEP clients still
seal with single DES (RFC 8894 leaves the choice to them). CBC protects no integrity: whoever opens an envelope must
expect anything inside.
"""

from __future__ import annotations

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
from fauxtune.core.pki.der import MALFORMED, content_of, names, octets, reason
from fauxtune.core.pki.gate import LARGEST_ENVELOPE

#: The one answer to an envelope that does not open; also for who finds nonsense in one that did.
NOT_OPENED = "The envelope does not open with the key of the recipient that it names, or nothing readable is in it."

#: Content ciphers that are opened: the size of their keys, by asn1crypto's names.
_KEY_SIZES = {"des": 8, "tripledes_3key": 24, "aes128_cbc": 16, "aes192_cbc": 24, "aes256_cbc": 32}


def envelope(data: bytes, recipient: x509.Certificate) -> bytes:
    """`data`, sealed for the recipient; anew at each call. Invalid for a certificate whose key is not RSA."""
    if not isinstance(recipient.public_key(), RSAPublicKey):
        raise Invalid("Secrets can be sealed only for a certificate with an RSA key.", target="recipient")
    builder = (
        pkcs7.PKCS7EnvelopeBuilder().set_data(data).set_content_encryption_algorithm(AES256).add_recipient(recipient)
    )
    # Binary: without it line ends in the data would be rewritten.
    return builder.encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])


def open_envelope(data: bytes, *, certificate: x509.Certificate, key: PrivateKey) -> bytes:
    """What was sealed for the holder of this certificate and key.

    UnknownAlgorithm for ciphers that are not known here. Invalid for bytes that are no envelope, for one that is sealed
    for others, and for one that does not open: that has one message, whatever the reason, because a sender who learns
    the reason can use it to open other people's envelopes (RFC 3218).
    """
    try:
        sealed = content_of(data, "enveloped_data", largest=LARGEST_ENVELOPE)
        sealed_key = _sealed_key(sealed["recipient_infos"], certificate)
        info = sealed["encrypted_content_info"]
        algorithm = info["content_encryption_algorithm"]
        name = algorithm["algorithm"].native
        if name not in _KEY_SIZES:
            raise UnknownAlgorithm(f"The envelope's cipher is {name}; known are {', '.join(_KEY_SIZES)}.")
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


def _sealed_key(recipients: cms.RecipientInfos, certificate: x509.Certificate) -> bytes:
    """The content's key as the first recipient that is meant got it: one, so that a message costs one decryption."""
    for recipient in recipients:
        if recipient.name == "ktri" and names(recipient.chosen["rid"], certificate):
            algorithm = recipient.chosen["key_encryption_algorithm"]["algorithm"].native
            if algorithm != "rsaes_pkcs1v15":
                raise UnknownAlgorithm(f"The envelope's key is sealed with {algorithm}; RSA PKCS#1 v1.5 can be opened.")
            return octets(recipient.chosen["encrypted_key"])
    raise Invalid(
        f"The envelope is sealed for others, not for the certificate {certificate.serial_number:x} of "
        f"{certificate.issuer.rfc4514_string()}.",
        target="recipient",
    )


def _cipher(name: str, key: bytes) -> BlockCipherAlgorithm:
    if name == "des":
        return TripleDES(key * 3)  # thrice the same key is DES itself
    return TripleDES(key) if name == "tripledes_3key" else AES(key)


def _decrypt(content: bytes, *, cipher: BlockCipherAlgorithm, iv: bytes) -> bytes:
    decryptor = Cipher(cipher, CBC(iv)).decryptor()
    padded = decryptor.update(content) + decryptor.finalize()
    unpadder = PKCS7(cipher.block_size).unpadder()
    return unpadder.update(padded) + unpadder.finalize()
