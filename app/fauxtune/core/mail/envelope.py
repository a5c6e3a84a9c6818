"""For whom a CMS envelope is encrypted, and with which ciphers (RFC 5652 6, RFC 5083).

The recipients stand before the encrypted content, so only the beginning of a message is read, however large it is and
however its content is cut into pieces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from asn1crypto import cms

from fauxtune.core.errors import Invalid
from fauxtune.core.pki.cms import MALFORMED, reason
from fauxtune.core.pki.der import check_limits

#: Bytes of all recipients together: 100 with keys of 4,096 bits have 80 KB.
_LARGEST_RECIPIENTS = 512 * 1024
#: The kinds of ContentInfo that contain an envelope.
_ENVELOPES = {"1.2.840.113549.1.7.3": False, "1.2.840.113549.1.9.16.1.23": True}
_SEQUENCE, _SET, _OID, _INTEGER, _TAGGED = 0x30, 0x31, 0x06, 0x02, 0xA0
_INDEFINITE = -1


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient of an envelope: the certificate that its key belongs to, and how the content key is encrypted.

    `issuer` (DER of the name, hex) and `serial` (lower-case hex), or `key_id` (subject key identifier, hex), or
    neither: encrypted for a password or a key that both sides know. `algorithm` is asn1crypto's name.
    """

    algorithm: str
    issuer: str | None = None
    serial: str | None = None
    key_id: str | None = None


@dataclass(frozen=True, slots=True)
class Encryption:
    """What an envelope says of itself. `cipher` is asn1crypto's name of the content's cipher, such as `aes256_cbc`;
    `authenticated`: it protects integrity as well (AuthEnvelopedData).
    """

    recipients: tuple[Recipient, ...]
    cipher: str
    authenticated: bool

    def document(self) -> dict[str, Any]:
        """Return the envelope as JSON, for a message's row."""
        recipients = [
            {
                "algorithm": recipient.algorithm,
                "issuer": recipient.issuer,
                "serial": recipient.serial,
                "keyId": recipient.key_id,
            }
            for recipient in self.recipients
        ]
        return {"recipients": recipients, "cipher": self.cipher, "authenticated": self.authenticated}

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> Encryption:
        """Return the envelope that `document` wrote."""
        recipients = tuple(
            Recipient(
                recipient["algorithm"],
                issuer=recipient["issuer"],
                serial=recipient["serial"],
                key_id=recipient["keyId"],
            )
            for recipient in document["recipients"]
        )
        return cls(recipients, cipher=document["cipher"], authenticated=document["authenticated"])


def encryption_of(data: bytes) -> Encryption | None:
    """Return for whom a CMS message is encrypted; None if it is CMS of another kind. Raises Invalid for other bytes."""
    try:
        return _read(data)
    except MALFORMED as error:
        raise Invalid(f"This is no CMS message that can be read: {reason(error)}.") from None


def _read(data: bytes) -> Encryption | None:
    at = _enter(data, 0, tag=_SEQUENCE)
    kind, at = _whole(data, at, tag=_OID)
    authenticated = _ENVELOPES.get(cms.ContentType.load(kind).dotted)
    if authenticated is None:
        return None
    at = _enter(data, _enter(data, at, tag=_TAGGED), tag=_SEQUENCE)
    _version, at = _whole(data, at, tag=_INTEGER)
    if data[at] == _TAGGED:  # originatorInfo: certificates of the sender
        _originator, at = _whole(data, at, tag=_TAGGED)
    infos, at = _whole(data, at, tag=_SET)
    check_limits(infos, largest=_LARGEST_RECIPIENTS)
    at = _enter(data, at, tag=_SEQUENCE)
    _content_type, at = _whole(data, at, tag=_OID)
    algorithm, _ = _whole(data, at, tag=_SEQUENCE)
    recipients = tuple(recipient for info in cms.RecipientInfos.load(infos) for recipient in _recipients(info))
    cipher = cms.EncryptionAlgorithm.load(check_limits(algorithm, largest=_LARGEST_RECIPIENTS))
    return Encryption(recipients, cipher=str(cipher["algorithm"].native), authenticated=authenticated)


def _recipients(info: cms.RecipientInfo) -> Iterator[Recipient]:
    chosen = info.chosen
    algorithm = str(chosen["key_encryption_algorithm"]["algorithm"].native) if info.name != "ori" else "other"
    match info.name:
        case "ktri":
            yield _identified(chosen["rid"], algorithm=algorithm)
        case "kari":
            for key in chosen["recipient_encrypted_keys"]:
                yield _identified(key["rid"], algorithm=algorithm)
        case _:
            yield Recipient(algorithm)


def _identified(identifier: Any, *, algorithm: str) -> Recipient:
    chosen = identifier.chosen
    if identifier.name == "issuer_and_serial_number":
        serial = f"{chosen['serial_number'].native:x}"
        return Recipient(algorithm, issuer=chosen["issuer"].dump().hex(), serial=serial)
    key_id = chosen["subject_key_identifier"] if identifier.name == "r_key_id" else chosen
    return Recipient(algorithm, key_id=key_id.native.hex())


def _enter(data: bytes, at: int, *, tag: int) -> int:
    """Return the position of the content of the element at a position."""
    return _header(data, at, tag=tag)[0]


def _whole(data: bytes, at: int, *, tag: int) -> tuple[bytes, int]:
    """Return the bytes of the element at a position, and the position after it."""
    begin, length = _header(data, at, tag=tag)
    if length == _INDEFINITE:
        raise ValueError("a part before the encrypted content has no length")
    if begin + length > len(data):
        raise ValueError("it ends too early")
    return data[at : begin + length], begin + length


def _header(data: bytes, at: int, *, tag: int) -> tuple[int, int]:
    """Return where the content of the element begins, and its length, which may be indefinite (X.690 8.1.3)."""
    if data[at] != tag:
        raise ValueError(f"it has an element with the tag {data[at]:02x} in place of {tag:02x}")
    first = data[at + 1]
    if first < 0x80:
        return at + 2, first
    digits = first & 0x7F
    if not digits:
        return at + 2, _INDEFINITE
    if digits > 4:
        raise ValueError("it has an element that is too long")
    return at + 2 + digits, int.from_bytes(data[at + 2 : at + 2 + digits], "big")
