"""Reading a mail of 10 KB, signed and encrypted, against the bare operations of cryptography that nobody can omit.

These are: decrypt the key and the content, hash and verify, and verify the two certificates of the chain. Everything
else (MIME, CMS, addresses, validity, the verdict) is the program's own part. Processor time is measured.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bench.rows import Row, side_by_side
from fauxtune_sim.keys.keystore import KeyEntry, KeyStore
from fauxtune_sim.mail.reading import read_mail
from fauxtune_sim.mail.writing import MailMessage, Protection, write_mail

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_ALICE = "alice@contoso.example"
_TIMES, _PAIRS = 40, 25


def rows() -> Iterator[Row]:
    """One row."""
    keys = [rsa.generate_private_key(65537, 2048) for _ in range(3)]
    root = _certificate("Root", keys[0], issuer="Root", issuer_key=keys[0], ca=True)
    issuing = _certificate("Issuing", keys[1], issuer="Root", issuer_key=keys[0], ca=True)
    alice = _certificate("Alice", keys[2], issuer="Issuing", issuer_key=keys[1], ca=False)
    store = KeyStore()
    for authority in (root, issuing):
        store.trust(authority.public_bytes(Encoding.DER))
    der = keys[2].private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    store.install(KeyEntry("alice", "imported", alice.public_bytes(Encoding.DER), der))
    (identity,) = store.identities()
    message = MailMessage(_ALICE, (_ALICE,), "Ten kilobytes", "A line of a text.\n" * 570, _NOW)
    mail = write_mail(message, Protection(signer=identity, encrypt_to=[alice]))

    def read() -> None:
        reading = read_mail(mail, store, now=_NOW)
        assert (reading.decrypted, reading.verified) == (True, True), reading.why

    content = os.urandom(len(mail) * 3 // 4 // 16 * 16)
    sealed_key = keys[2].public_key().encrypt(os.urandom(32), padding.PKCS1v15())
    signature = keys[2].sign(b"attributes", padding.PKCS1v15(), hashes.SHA256())

    def unavoidable() -> None:
        key = keys[2].decrypt(sealed_key, padding.PKCS1v15())
        cipher = Cipher(algorithms.AES(key), modes.CBC(bytes(16))).decryptor()
        hashlib.sha256(cipher.update(content) + cipher.finalize()).digest()
        keys[2].public_key().verify(signature, b"attributes", padding.PKCS1v15(), hashes.SHA256())
        alice.verify_directly_issued_by(issuing)
        issuing.verify_directly_issued_by(root)

    ours, floor, ratio = side_by_side(lambda: _milliseconds(read), lambda: _milliseconds(unavoidable), pairs=_PAIRS)
    yield Row("read a mail of 10 KB / its cryptography", f"{ours:.2f} ms", f"{floor:.2f} ms", 1 / ratio, 0.5)


def _milliseconds(operation: Callable[[], None]) -> float:
    begin = time.process_time()
    for _ in range(_TIMES):
        operation()
    return (time.process_time() - begin) / _TIMES * 1000


def _certificate(
    name: str, key: rsa.RSAPrivateKey, *, issuer: str, issuer_key: rsa.RSAPrivateKey, ca: bool
) -> x509.Certificate:
    subject, by = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, each)]) for each in (name, issuer)]
    end = _NOW + timedelta(days=365)
    builder = x509.CertificateBuilder(by, subject, key.public_key(), x509.random_serial_number(), _NOW, end)
    builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    if not ca:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.RFC822Name(_ALICE)]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())
