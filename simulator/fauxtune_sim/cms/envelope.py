"""Envelopes: EnvelopedData (RFC 5652 6) and AuthEnvelopedData (RFC 5083), opened with one of several keys."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from asn1crypto import cms
from cryptography import x509
from cryptography.exceptions import InvalidTag

from fauxtune_sim.cms.algorithms import cipher_name
from fauxtune_sim.cms.ciphers import ContentCipher, NamedCipher
from fauxtune_sim.cms.content import (
    decrypt_authenticated,
    decrypt_content,
    encrypt_authenticated,
    encrypt_content,
)
from fauxtune_sim.cms.messages import ContentType, Envelope, read_envelope
from fauxtune_sim.cms.recipients import (
    RecipientIdentity,
    RecipientOptions,
    content_key,
    recipient_identifiers,
    recipient_info,
)
from fauxtune_sim.cms.structure import DAMAGE
from fauxtune_sim.errors import CmsRefused


@dataclass(frozen=True, slots=True)
class DecryptedContent:
    """The decrypted content of an envelope, the certificate of the key, and the name of the content cipher."""

    content: bytes
    recipient: x509.Certificate
    cipher: str


def open_envelope(data: bytes, identities: Iterable[RecipientIdentity]) -> DecryptedContent:
    """Decrypt a DER or BER EnvelopedData or AuthEnvelopedData with the first of these identities that is a recipient.

    Recipients are identified by issuer and serial number or by key identifier. Raises CmsRefused, with the names of the
    recipients if no identity is one of them, or if the content does not decrypt.
    """
    envelope = read_envelope(data)
    candidates = list(identities)
    try:
        for identity in candidates:
            for recipient in envelope.recipients:
                key = content_key(recipient, identity)
                if key is not None:
                    return _decrypted(envelope, key, recipient=identity.certificate)
        identifiers = [each for recipient in envelope.recipients for each in recipient_identifiers(recipient)]
        names = "; ".join(map(str, identifiers)) or "nobody"
    except InvalidTag as changed:
        raise CmsRefused("the encrypted content was changed: its authentication tag does not fit") from changed
    except DAMAGE as damaged:
        raise CmsRefused(f"the envelope does not open: {damaged}") from damaged
    count = "its only key does not open it" if len(candidates) == 1 else f"none of its {len(candidates)} keys opens it"
    what = count if candidates else "it has no key"
    raise CmsRefused(f"this device cannot read it ({what}): it is encrypted for {names}")


def _decrypted(envelope: Envelope, key: bytes, *, recipient: x509.Certificate) -> DecryptedContent:
    decrypt = decrypt_content if envelope.tag is None else decrypt_authenticated
    content = decrypt(envelope, key)
    return DecryptedContent(content=content, recipient=recipient, cipher=cipher_name(envelope.cipher))


def encrypt(
    content: bytes,
    recipients: Sequence[x509.Certificate],
    *,
    cipher: NamedCipher = ContentCipher.AES256_CBC,
    options: RecipientOptions | None = None,
) -> bytes:
    """Encrypt for all recipients, as DER: AuthEnvelopedData for a cipher in GCM mode, else EnvelopedData.

    RSA recipients get key transport, EC recipients ECDH with AES key wrap. Raises CmsRefused for a certificate with
    another kind of key, or without the key identifier by which the options name it.
    """
    key = os.urandom(cipher.key_bytes)
    infos = [recipient_info(recipient, key, options=options or RecipientOptions()) for recipient in recipients]
    if cipher.is_authenticated:
        encrypted, tag = encrypt_authenticated(content, key, cipher=cipher)
        kind, named = ContentType.AUTHENTICATED, {"auth_encrypted_content_info": encrypted, "mac": tag}
        version = "v0"
    else:
        kind, named = ContentType.ENVELOPED, {"encrypted_content_info": encrypt_content(content, key, cipher=cipher)}
        # Version 0 if all recipients use key transport and are named by issuer and serial number (RFC 5652 6.1).
        version = "v0" if all(_is_version_0(info) for info in infos) else "v2"
    document = {"version": version, "recipient_infos": infos, **named}
    return bytes(cms.ContentInfo({"content_type": kind.value, "content": document}).dump())


def _is_version_0(info: Any) -> bool:
    return bool(info.name == "ktri" and info.chosen["version"].native == "v0")
