"""Names and numbers of certificates: subject texts, alternative names, thumbprints, serials.

Converts a subject between text and distinguished name. RFC 4514 (text form), RFC 5280
4.1.2.4 and appendix A (which attribute is which string type); thumbprints are SHA-1, as Windows and Graph show them.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from fauxtune.core.errors import Invalid

#: The keywords before "=", in capitals: Windows' (E, S, SN) beside those of RFC 4514.
ATTRIBUTES: dict[str, x509.ObjectIdentifier] = {
    "CN": NameOID.COMMON_NAME,
    "E": NameOID.EMAIL_ADDRESS,
    "EMAIL": NameOID.EMAIL_ADDRESS,
    "EMAILADDRESS": NameOID.EMAIL_ADDRESS,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "L": NameOID.LOCALITY_NAME,
    "ST": NameOID.STATE_OR_PROVINCE_NAME,
    "S": NameOID.STATE_OR_PROVINCE_NAME,
    "STREET": NameOID.STREET_ADDRESS,
    "C": NameOID.COUNTRY_NAME,
    "DC": NameOID.DOMAIN_COMPONENT,
    "UID": NameOID.USER_ID,
    "SERIALNUMBER": NameOID.SERIAL_NUMBER,
    "T": NameOID.TITLE,
    "TITLE": NameOID.TITLE,
    "G": NameOID.GIVEN_NAME,
    "GN": NameOID.GIVEN_NAME,
    "GIVENNAME": NameOID.GIVEN_NAME,
    "SN": NameOID.SURNAME,
    "SURNAME": NameOID.SURNAME,
    "I": NameOID.INITIALS,
    "INITIALS": NameOID.INITIALS,
    "DNQUALIFIER": NameOID.DN_QUALIFIER,
}
#: The keywords of `subject_text` for attributes without one in RFC 4514.
_WRITTEN = {
    NameOID.EMAIL_ADDRESS: "E",
    NameOID.SERIAL_NUMBER: "SERIALNUMBER",
    NameOID.TITLE: "T",
    NameOID.GIVEN_NAME: "G",
    NameOID.SURNAME: "SN",
    NameOID.INITIALS: "I",
    NameOID.DN_QUALIFIER: "DNQUALIFIER",
}
_IA5 = {NameOID.EMAIL_ADDRESS, NameOID.DOMAIN_COMPONENT}
_PRINTABLE = {NameOID.COUNTRY_NAME, NameOID.SERIAL_NUMBER, NameOID.DN_QUALIFIER}
_PRINTABLE_TEXT = re.compile(r"[A-Za-z0-9 '()+,\-./:=?]*")
_NEXT_ATTRIBUTE = re.compile(r"\s*[A-Za-z0-9.]+\s*=")
_HEX_PAIR = re.compile(r"[0-9A-Fa-f]{2}")

#: otherName of a Windows logon name ([MS-WCCE] 2.2.2.7.7.4, szOID_NT_PRINCIPAL_NAME).
PRINCIPAL_NAME = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")


class AlternativeNameKind(StrEnum):
    """The kinds of subject alternative name for profiles (Graph: subjectAlternativeNameType)."""

    EMAIL_ADDRESS = "emailAddress"
    USER_PRINCIPAL_NAME = "userPrincipalName"
    DOMAIN_NAME_SERVICE = "domainNameService"
    UNIVERSAL_RESOURCE_IDENTIFIER = "universalResourceIdentifier"


def thumbprint(certificate: x509.Certificate) -> str:
    """The SHA-1 of the certificate's DER, as 40 lower-case hex digits."""
    return certificate.fingerprint(hashes.SHA1()).hex()  # noqa: S303 - an identifier that the wire prescribes


def plain_thumbprint(text: str) -> str:
    """Return a thumbprint as somebody wrote it, in its case, without the colons and spaces between its bytes."""
    return text.replace(":", "").replace(" ", "")


def serial_hex(certificate: x509.Certificate | int) -> str:
    """A serial number as lower-case hex: no prefix, no leading zeros, at least one digit."""
    return f"{certificate if isinstance(certificate, int) else certificate.serial_number:x}"


_ESCAPED_OR_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\\(?:(?P<separator>[+,;=])|.)')


@lru_cache(maxsize=64)
def parse_subject(text: str) -> x509.Name:
    """Parse a text such as `CN=Alice,E=alice@contoso.example,OU=Sales,C=US` to a distinguished name.

    The most specific part comes first in the text and last in the certificate (RFC 4514 2.1; AD CS does the same).
    Commas, plus signs and backslashes in a value are escaped with a backslash, or the value stands in quotation marks.
    A plus sign that starts no attribute belongs to the value (`CN=alice+news@...`). Raises Invalid with the wrong part.
    """
    if not text.strip():
        return x509.Name([])
    parts = [_split(rdn, "+") for rdn in _split(text, ",")]
    try:
        name = x509.Name([x509.RelativeDistinguishedName([_attribute(p) for p in rdn]) for rdn in reversed(parts)])
        name.public_bytes()
    except ValueError as error:
        raise Invalid(f"The subject {text!r} cannot be written into a certificate: {error}", target="subject") from None
    return name


def subject_text(name: x509.Name) -> str:
    """Write a distinguished name as text that `parse_subject` reads: RFC 4514, e-mail addresses as `E=`."""
    return name.rfc4514_string(_WRITTEN)


def escape_value(value: str) -> str:
    """Escape a value for a subject text, in which a user's data replaces a variable such as `{{UserName}}`."""
    escaped = re.sub(r'([,+"\\<>;=])', r"\\\1", value).replace("\x00", "\\00")
    if escaped.startswith(("#", " ")):
        escaped = "\\" + escaped
    if escaped.endswith(" ") and not escaped.endswith("\\ "):
        escaped = escaped[:-1] + "\\ "
    return escaped


def escaped_separator(text: str) -> str | None:
    """Return the first `+`, `,`, `;` or `=` of a subject text behind a backslash, outside quotation marks."""
    separators = (match["separator"] for match in _ESCAPED_OR_QUOTED.finditer(text))
    return next((separator for separator in separators if separator is not None), None)


def alternative_name(kind: AlternativeNameKind | str, value: str) -> x509.GeneralName:
    """One subject alternative name. Raises Invalid for an unknown kind, or a value that does not fit the kind."""
    if kind not in AlternativeNameKind.__members__.values():
        raise Invalid(f"{kind!r} is no kind of subject alternative name.", target="subjectAlternativeName")
    try:
        match AlternativeNameKind(kind):
            case AlternativeNameKind.EMAIL_ADDRESS:
                return x509.RFC822Name(value)
            case AlternativeNameKind.USER_PRINCIPAL_NAME:
                return principal_name(value)
            case AlternativeNameKind.DOMAIN_NAME_SERVICE:
                return x509.DNSName(value)
            case AlternativeNameKind.UNIVERSAL_RESOURCE_IDENTIFIER:
                return x509.UniformResourceIdentifier(value)
    except ValueError as error:
        raise Invalid(f"{value!r} is no {kind}: {error}", target="subjectAlternativeName") from None


def email_name(address: str) -> x509.GeneralName:
    """The rfc822Name, which S/MIME clients compare with the sender (RFC 8550 3). Raises Invalid for a malformed
    address.
    """
    return alternative_name(AlternativeNameKind.EMAIL_ADDRESS, address)


def principal_name(upn: str) -> x509.GeneralName:
    """A user principal name as otherName: a UTF8String under Microsoft's OID."""
    value = upn.encode()
    length = bytes([len(value)]) if len(value) < 0x80 else b"\x82" + len(value).to_bytes(2, "big")
    return x509.OtherName(PRINCIPAL_NAME, b"\x0c" + length + value)


def _split(text: str, separator: str) -> list[str]:
    """The parts between unescaped, unquoted separators, still escaped."""
    parts, start, quoted, escaped = [], 0, False, False
    for at, char in enumerate(text):
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == '"':
            quoted = not quoted
        elif char == separator and not quoted and (separator == "," or _NEXT_ATTRIBUTE.match(text, at + 1)):
            parts.append(text[start:at])
            start = at + 1
    if quoted or escaped:
        raise Invalid(f"The subject {text!r} ends inside quotation marks or after a backslash.", target="subject")
    return [*parts, text[start:]]


def _attribute(part: str) -> x509.NameAttribute[str]:
    word, equals, raw = part.partition("=")
    word = word.strip()
    if not equals or not word:
        raise Invalid(f"The subject part {part.strip()!r} must look like CN=value.", target="subject")
    oid = ATTRIBUTES.get(word.upper()) or _dotted(word)
    if oid is None:
        raise Invalid(f"{word!r} is no attribute of a subject; known are {', '.join(ATTRIBUTES)}.", target="subject")
    value = _unescape(raw)
    if not value:
        raise Invalid(f"The subject attribute {word} has no value.", target="subject")
    if oid in _IA5 and not value.isascii():
        raise Invalid(f"The subject attribute {word} allows only ASCII, not {value!r}.", target="subject")
    if oid in _PRINTABLE and not _PRINTABLE_TEXT.fullmatch(value):
        raise Invalid(f"The subject attribute {word} allows only letters, digits and '()+,-./:=?.", target="subject")
    return x509.NameAttribute(oid, value)


def _dotted(word: str) -> x509.ObjectIdentifier | None:
    digits = word[4:] if word.upper().startswith("OID.") else word
    if not re.fullmatch(r"[0-2](\.\d{1,9})+", digits):
        return None
    try:
        return x509.ObjectIdentifier(digits)
    except ValueError:
        return None


def _unescape(raw: str) -> str:
    """A value without its escapes: `\\,` is a comma, `\\C3\\A9` is UTF-8, quotation marks around it are removed."""
    text = raw.strip()
    if raw.endswith(" ") and text.endswith("\\"):
        text += " "  # an escaped blank at the end belongs to the value
    if text.startswith("#"):
        raise Invalid("A value in hexadecimal (#...) is not accepted in a subject.", target="subject")
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    out, at = bytearray(), 0
    while at < len(text):
        if text[at] != "\\":
            out += text[at].encode(errors="surrogatepass")
            at += 1
        elif _HEX_PAIR.match(text, at + 1):
            out.append(int(text[at + 1 : at + 3], 16))
            at += 3
        else:
            out += text[at + 1 : at + 2].encode(errors="surrogatepass")
            at += 2
    try:
        return out.decode()
    except UnicodeDecodeError:
        raise Invalid("An escaped value in the subject is not UTF-8.", target="subject") from None
