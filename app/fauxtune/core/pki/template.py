"""Certificate templates: the contents of the certificates that an authority issues, and the keys that it accepts.

Modelled on Active Directory's certificate templates ([MS-CRTD]) as far as S/MIME needs them. Key usages follow
RFC 3279 2.3.1 (RSA) and RFC 5480 3 (EC); extended key usages RFC 5280 4.2.1.12.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from fauxtune.core.errors import Invalid

EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.4"
CLIENT_AUTHENTICATION = "1.3.6.1.5.5.7.3.2"
ENCRYPTING_FILE_SYSTEM = "1.3.6.1.4.1.311.10.3.4"


class KeyType(StrEnum):
    """The kind of key that a template requires."""

    RSA = "RSA"
    EC = "EC"


class KeyUsage(StrEnum):
    """The key usages of templates (RFC 5280 4.2.1.3), without those of authorities."""

    DIGITAL_SIGNATURE = "digitalSignature"
    NON_REPUDIATION = "nonRepudiation"
    KEY_ENCIPHERMENT = "keyEncipherment"
    DATA_ENCIPHERMENT = "dataEncipherment"
    KEY_AGREEMENT = "keyAgreement"


_IMPOSSIBLE = {
    KeyType.RSA: {KeyUsage.KEY_AGREEMENT},
    KeyType.EC: {KeyUsage.KEY_ENCIPHERMENT, KeyUsage.DATA_ENCIPHERMENT},
}
_SIZES = {KeyType.RSA: range(1024, 8193, 8), KeyType.EC: (256, 384, 521)}
_OID = re.compile(r"[0-2](\.(0|[1-9]\d{0,30})){1,30}")
_DURATION: TypeAdapter[timedelta] = TypeAdapter(timedelta)
#: With a longer validity, a certificate could expire after the last date that can be written.
_LONGEST = timedelta(days=36525)
_LONGEST_NAME = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One template. Sizes are in bits; usages are `KeyUsage` values; extended usages are dotted OIDs."""

    name: str
    display_name: str
    key_type: Literal["RSA", "EC"] = "RSA"
    minimum_key_size: int = 2048
    key_usage: tuple[str, ...] = (KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_ENCIPHERMENT)
    extended_key_usages: tuple[str, ...] = (EMAIL_PROTECTION,)
    exportable: bool = True
    subject_in_request: bool = True
    connector_may_enroll: bool = True
    connector_may_revoke: bool = True
    validity: timedelta = timedelta(days=365)

    def document(self) -> dict[str, Any]:
        """The template as a JSON document; `validity` as an ISO 8601 duration."""
        return {
            "name": self.name,
            "displayName": self.display_name,
            "keyType": str(self.key_type),
            "minimumKeySize": self.minimum_key_size,
            "keyUsage": [str(word) for word in self.key_usage],
            "extendedKeyUsages": list(self.extended_key_usages),
            "exportable": self.exportable,
            "subjectInRequest": self.subject_in_request,
            "connectorMayEnroll": self.connector_may_enroll,
            "connectorMayRevoke": self.connector_may_revoke,
            "validity": _duration_text(self.validity),
        }

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Template:
        """Read a template from its document, in which only `name` is required. Raises Invalid with the
        wrong `target`.
        """
        unknown = sorted(set(document) - set(BUILT_IN[0].document()))
        if unknown:
            raise Invalid(f"A certificate template has no property {unknown[0]!r}.", target=unknown[0])
        name = _text(document, "name", default="")
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}", name):
            raise Invalid("A template's name has 1 to 64 letters, digits, blanks, '.', '_' or '-'.", target="name")
        key_type = _key_type(document)
        return cls(
            name=name,
            display_name=_display_name(document, name),
            key_type=key_type.value,
            minimum_key_size=_key_size(document, key_type),
            key_usage=_key_usage(document, key_type),
            extended_key_usages=extended_key_usages(_texts(document, "extendedKeyUsages", default=(EMAIL_PROTECTION,))),
            exportable=_flag(document, "exportable"),
            subject_in_request=_flag(document, "subjectInRequest"),
            connector_may_enroll=_flag(document, "connectorMayEnroll"),
            connector_may_revoke=_flag(document, "connectorMayRevoke"),
            validity=_duration(document.get("validity", "P365D")),
        )


_BOTH = (KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_ENCIPHERMENT)

#: The templates of a new authority. `ExchangeSignatureOnly`, `ExchangeUser` and `User` follow those of AD CS.
#: Differs from AD CS: `User` takes the subject from the request, as the duplicate that Intune's guide asks for does.
BUILT_IN: tuple[Template, ...] = (
    # No nonRepudiation: for iOS and iPadOS "Signature is proof of origin" must be off. Intune: "Configure and use PKCS
    # certificates with Intune", 2024-11-19.
    Template(name="SmimeSigning", display_name="S/MIME signing", key_usage=(KeyUsage.DIGITAL_SIGNATURE,)),
    Template(name="SmimeEncryption", display_name="S/MIME encryption", key_usage=(KeyUsage.KEY_ENCIPHERMENT,)),
    Template(name="SmimeBoth", display_name="S/MIME signing and encryption", key_usage=_BOTH),
    Template(
        name="SmimeP256",
        display_name="S/MIME signing and encryption (P-256)",
        key_type="EC",
        minimum_key_size=256,
        key_usage=(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_AGREEMENT),
    ),
    Template(
        name="ExchangeSignatureOnly", display_name="Exchange Signature Only", key_usage=(KeyUsage.DIGITAL_SIGNATURE,)
    ),
    Template(name="ExchangeUser", display_name="Exchange User", key_usage=(KeyUsage.KEY_ENCIPHERMENT,)),
    Template(
        name="User",
        display_name="User",
        key_usage=_BOTH,
        extended_key_usages=(ENCRYPTING_FILE_SYSTEM, EMAIL_PROTECTION, CLIENT_AUTHENTICATION),
    ),
)


def extended_key_usages(oids: tuple[str, ...]) -> tuple[str, ...]:
    """Return the OIDs in order, without repetition. Raises Invalid for a malformed OID."""
    for oid in oids:
        first, _, rest = oid.partition(".")
        second = rest.partition(".")[0]
        if not _OID.fullmatch(oid) or (first != "2" and int(second) > 39):
            raise Invalid(f"{oid!r} is no object identifier (extendedKeyUsages).", target="extendedKeyUsages")
    return tuple(dict.fromkeys(oids))


def _key_type(document: dict[str, Any]) -> KeyType:
    word = _text(document, "keyType", default=KeyType.RSA)
    if word not in KeyType.__members__.values():
        raise Invalid(f"keyType is RSA or EC, not {word!r}.", target="keyType")
    return KeyType(word)


def _key_size(document: dict[str, Any], key_type: KeyType) -> int:
    size = document.get("minimumKeySize", 2048 if key_type is KeyType.RSA else 256)
    if isinstance(size, bool) or not isinstance(size, int) or size not in _SIZES[key_type]:
        known = "256, 384 or 521" if key_type is KeyType.EC else "1024 to 8192, a multiple of 8"
        raise Invalid(f"minimumKeySize of {key_type} is {known}.", target="minimumKeySize")
    return size


def _key_usage(document: dict[str, Any], key_type: KeyType) -> tuple[str, ...]:
    second = KeyUsage.KEY_ENCIPHERMENT if key_type is KeyType.RSA else KeyUsage.KEY_AGREEMENT
    words = _texts(document, "keyUsage", default=(KeyUsage.DIGITAL_SIGNATURE, second))
    for word in words:
        if word not in KeyUsage.__members__.values():
            raise Invalid(f"{word!r} is no keyUsage; known are {', '.join(KeyUsage)}.", target="keyUsage")
        if KeyUsage(word) in _IMPOSSIBLE[key_type]:
            raise Invalid(f"A key of type {key_type} cannot be used for {word} (keyUsage).", target="keyUsage")
    return tuple(dict.fromkeys(words))


def _text(document: dict[str, Any], name: str, *, default: str) -> str:
    value = document.get(name, default)
    if not isinstance(value, str):
        raise Invalid(f"{name} must be a text.", target=name)
    return value


def _display_name(document: dict[str, Any], name: str) -> str:
    text = _text(document, "displayName", default=name)
    if not 0 < len(text.strip()) <= _LONGEST_NAME or not text.isprintable():
        raise Invalid(f"displayName is printable text of 1 to {_LONGEST_NAME} characters.", target="displayName")
    return text


def _texts(document: dict[str, Any], name: str, *, default: tuple[str, ...]) -> tuple[str, ...]:
    value = document.get(name, default)
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise Invalid(f"{name} must be a list of texts.", target=name)
    return tuple(value)


def _flag(document: dict[str, Any], name: str) -> bool:
    value = document.get(name, True)
    if not isinstance(value, bool):
        raise Invalid(f"{name} must be true or false.", target=name)
    return value


def _duration(value: object) -> timedelta:
    try:
        duration = (
            _DURATION.validate_python(value) if isinstance(value, str) and value.startswith("P") else timedelta(0)
        )
    except (ValidationError, OverflowError):
        duration = timedelta(0)
    if duration <= timedelta(0):
        raise Invalid(f"validity must be a positive ISO 8601 duration such as P365D, not {value!r}.", target="validity")
    if duration > _LONGEST:
        raise Invalid(f"validity is {_LONGEST.days} days at most, a hundred years.", target="validity")
    return duration


def _duration_text(duration: timedelta) -> str:
    """Whole days as `P365D` (never as years), anything else as pydantic writes it."""
    if duration == timedelta(days=duration.days):
        return f"P{duration.days}D"
    return str(_DURATION.dump_python(duration, mode="json"))
