"""The subject of a certificate request: from a text, as Windows and Android have it, and as a distinguished name.

X.500 and RFC 4514: the most specific part comes first in the text and last in the name. Values in quotation marks, or
with a backslash before a character or two hexadecimal digits.
"""

from __future__ import annotations

import re

from cryptography import x509
from cryptography.x509.oid import NameOID

from fauxtune_sim.scep.settings import Subject

_TYPES = {
    "C": NameOID.COUNTRY_NAME,
    "CN": NameOID.COMMON_NAME,
    "DC": NameOID.DOMAIN_COMPONENT,
    "DNQUALIFIER": NameOID.DN_QUALIFIER,
    "E": NameOID.EMAIL_ADDRESS,
    "EMAIL": NameOID.EMAIL_ADDRESS,
    "EMAILADDRESS": NameOID.EMAIL_ADDRESS,
    "G": NameOID.GIVEN_NAME,
    "GIVENNAME": NameOID.GIVEN_NAME,
    "GN": NameOID.GIVEN_NAME,
    "I": NameOID.INITIALS,
    "INITIALS": NameOID.INITIALS,
    "L": NameOID.LOCALITY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "S": NameOID.STATE_OR_PROVINCE_NAME,
    "SERIALNUMBER": NameOID.SERIAL_NUMBER,
    "SN": NameOID.SURNAME,
    "ST": NameOID.STATE_OR_PROVINCE_NAME,
    "STREET": NameOID.STREET_ADDRESS,
    "SURNAME": NameOID.SURNAME,
    "T": NameOID.TITLE,
    "TITLE": NameOID.TITLE,
    "UID": NameOID.USER_ID,
}
#: One attribute with the separator behind it. A plus sign that starts no attribute belongs to the value.
_ATTRIBUTE = re.compile(
    r"""\s*(?:OID\.)?(?P<type>[A-Za-z][A-Za-z0-9]*|[0-9.]+)\s*=\s*
        (?P<value>"(?:[^"\\]|\\.)*"|(?:[^,+\\"]|\\.|\+(?!\s*[A-Za-z0-9.]+\s*=))*)
        \s*(?P<end>[,+]|$)""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_ESCAPED = re.compile(rb"\\(?:([0-9A-Fa-f]{2})|(.))", re.DOTALL)


def read_subject(text: str) -> Subject:
    """Read a subject such as `CN=Alice,E=alice@contoso.example`. Raises ValueError for another text."""
    parts: list[list[tuple[str, str]]] = []
    at, starts_part = 0, True
    while at < len(text) and text.strip():
        match = _ATTRIBUTE.match(text, at)
        if match is None:
            raise ValueError(f"the subject {text!r} cannot be read from {text[at:]!r} on")
        if starts_part:
            parts.append([])
        parts[-1].append((match["type"], _value(match["value"])))
        at, starts_part = match.end(), match["end"] != "+"
        if at == len(text) and match["end"]:
            raise ValueError(f"the subject {text!r} ends with a separator")
    return tuple(tuple(part) for part in reversed(parts))


def _value(raw: str) -> str:
    text = raw.rstrip()
    if text.endswith("\\") and raw != text:
        text += " "  # a blank at the end that is escaped
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]

    def plain(match: re.Match[bytes]) -> bytes:
        return bytes.fromhex(match[1].decode()) if match[1] else match[2]

    return _ESCAPED.sub(plain, text.encode()).decode()


def distinguished_name(subject: Subject) -> x509.Name:
    """The name of a subject. Raises ValueError for an unknown type, or a value that does not fit its type."""
    return x509.Name(
        [
            x509.RelativeDistinguishedName([x509.NameAttribute(_type(name), value) for name, value in part])
            for part in subject
        ]
    )


def _type(name: str) -> x509.ObjectIdentifier:
    return _TYPES.get(name.upper()) or x509.ObjectIdentifier(name)
