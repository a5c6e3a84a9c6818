"""The certificate request of SCEP: PKCS#10 with the challenge (RFC 2986; RFC 2985 5.4.1), as the settings say. Its
subject: from a text, as Windows and Android have it, and as a distinguished name.

What the settings name is written as it stands, also what no authority should accept: a test bench sends wrong requests.
X.500 and RFC 4514: the most specific part comes first in the text and last in the name. Values in quotation marks, or
with a backslash before a character or two hexadecimal digits.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from enum import StrEnum

from asn1crypto import core, csr
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AttributeOID, NameOID

from fauxtune_sim.errors import SimulatorError
from fauxtune_sim.keys.certificates import PrivateKey

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
_PRINCIPAL_NAME = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
#: MS-WCCE 2.2.2.7.10: an enrolment name with its value.
_NAME_VALUE_PAIR = "1.3.6.1.4.1.311.13.2.1"
#: MS-WCCE 2.2.2.7.7.1: the name of a template, a BMPString.
_TEMPLATE_NAME = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2")
_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)
_SHA2: dict[str, hashes.SHA224 | hashes.SHA256 | hashes.SHA384 | hashes.SHA512] = {
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # noqa: S303 - for authorities that know nothing else
    **_SHA2,
}


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


class _NameValuePair(core.Sequence):  # type: ignore[misc]
    _fields = [("name", core.BMPString), ("value", core.BMPString)]  # noqa: RUF012 - asn1crypto's way of declaring


class _NameValuePairs(core.SetOf):  # type: ignore[misc]
    _child_spec = _NameValuePair


def certificate_request(
    key: PrivateKey, settings: RequestSettings, *, signed_by: PrivateKey | None = None, signed_with: str | None = None
) -> x509.CertificateSigningRequest:
    """The request for a key, with the challenge. `signed_by` is another key that signs it, which is wrong;
    `signed_with` is another hash algorithm than the settings', such as sha1.

    Raises ScepFailed if the settings' values make no request.
    """
    try:
        builder = x509.CertificateSigningRequestBuilder().subject_name(distinguished_name(settings.subject))
        if settings.challenge:
            builder = builder.add_attribute(AttributeOID.CHALLENGE_PASSWORD, settings.challenge.encode())
        for extension, critical in _extensions(settings):
            builder = builder.add_extension(extension, critical=critical)
        request = builder.sign(key, _SHA2[_digest(settings)])
        if settings.validity is None and signed_by is None and signed_with is None:
            return request
        name = signed_with or _digest(settings)
        return _signed_again(request, settings, key=key if signed_by is None else signed_by, name=name)
    except (KeyError, ValueError) as broken:
        raise ScepFailed(Failure.SETTINGS, f"the certificate request cannot be made: {broken}") from broken


def _digest(settings: RequestSettings) -> str:
    """The hash algorithm of the request. SHA-1 stays in the messages: libraries verify no request with it any more."""
    return "sha256" if settings.digest == "sha1" else settings.digest


def _extensions(settings: RequestSettings) -> list[tuple[x509.ExtensionType, bool]]:
    extensions: list[tuple[x509.ExtensionType, bool]] = []
    if settings.key_usages:
        unknown = set(settings.key_usages) - set(_USAGES)
        if unknown:
            raise ValueError(f"{', '.join(sorted(unknown))} is no key usage")
        extensions.append((x509.KeyUsage(**{name: name in settings.key_usages for name in _USAGES}), True))
    if settings.extended_key_usages:
        usages = [x509.ObjectIdentifier(oid) for oid in settings.extended_key_usages]
        extensions.append((x509.ExtendedKeyUsage(usages), False))
    if names := _names(settings):
        extensions.append((x509.SubjectAlternativeName(names), False))
    if settings.template:
        name = bytes(core.BMPString(settings.template).dump())
        extensions.append((x509.UnrecognizedExtension(_TEMPLATE_NAME, name), False))
    if settings.is_authority:
        extensions.append((x509.BasicConstraints(ca=True, path_length=None), True))
    return extensions


def _names(settings: RequestSettings) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = [x509.RFC822Name(name) for name in settings.mail_names]
    names += [x509.DNSName(name) for name in settings.dns_names]
    names += [x509.UniformResourceIdentifier(uri) for uri in settings.uris]
    return names + [
        x509.OtherName(_PRINCIPAL_NAME, bytes(core.UTF8String(name).dump())) for name in settings.principal_names
    ]


def _signed_again(
    request: x509.CertificateSigningRequest, settings: RequestSettings, *, key: PrivateKey, name: str
) -> x509.CertificateSigningRequest:
    """The request with the attributes that cryptography does not write, signed by this key with this hash."""
    document = csr.CertificationRequest.load(request.public_bytes(Encoding.DER))
    information = document["certification_request_info"].copy()
    if settings.validity is not None:
        units, number = settings.validity
        for word, value in (("ValidityPeriod", units), ("ValidityPeriodUnits", str(number))):
            pair = _NameValuePair({"name": word, "value": value})
            information["attributes"].append({"type": _NAME_VALUE_PAIR, "values": _NameValuePairs([pair])})
    data, digest = information.dump(force=True), _HASHES[name]
    if isinstance(key, rsa.RSAPrivateKey):
        signature, algorithm = key.sign(data, padding.PKCS1v15(), digest), f"{name}_rsa"
    else:
        signature, algorithm = key.sign(data, ec.ECDSA(digest)), f"{name}_ecdsa"
    written = csr.CertificationRequest(
        {
            "certification_request_info": csr.CertificationRequestInfo.load(data),
            "signature_algorithm": {"algorithm": algorithm},
            "signature": signature,
        }
    )
    return x509.load_der_x509_csr(written.dump())


#: A subject: relative distinguished names, each of pairs (type, value). A type is a keyword such as CN, or an OID.
Subject = tuple[tuple[tuple[str, str], ...], ...]

SIGNING, ENCRYPTION = "digital_signature", "key_encipherment"


@dataclass(frozen=True, slots=True)
class RequestSettings:
    """What the certificate request has. `key_usages` are attributes of cryptography's KeyUsage.

    `digest` signs the request, and the messages if the server has it. `template` and `validity` (units and their
    number, such as Years and 1) are what Windows adds for an enterprise CA. `is_authority`: CA:TRUE, for which no
    profile asks.
    """

    subject: Subject = ()
    challenge: str = field(default="", repr=False)
    key_size: int = 2048
    key_usages: tuple[str, ...] = ()
    extended_key_usages: tuple[str, ...] = ()
    mail_names: tuple[str, ...] = ()
    principal_names: tuple[str, ...] = ()
    dns_names: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()
    digest: str = "sha256"
    template: str = ""
    validity: tuple[str, int] | None = None
    is_authority: bool = False


@dataclass(frozen=True, slots=True)
class ScepSettings:
    """The server with the name of its CA, the fingerprint of a certificate of it, and how long it may take.

    `retries` are CertPolls after PENDING, `retry_delay` the seconds before each, but for the first one if it comes
    `at_once`. A device that does not wait for them (`waits`) asks at its next check-ins, and gives up when that time
    has passed on the tenant's clock. `other_urls`: servers that are tried in this order if the first cannot be reached.
    """

    url: str
    request: RequestSettings = RequestSettings()
    name: str = ""
    fingerprint: bytes | None = None
    retries: int = 3
    retry_delay: float = 10.0
    waits: bool = True
    at_once: bool = False
    other_urls: tuple[str, ...] = ()

    @property
    def identifier(self) -> str:
        """The digest of what is requested from which server, whatever the challenge."""
        wanted = (self.url, self.name, replace(self.request, challenge=""))
        return hashlib.sha256(repr(wanted).encode()).hexdigest()


class Failure(StrEnum):
    """Why a device has no certificate."""

    #: The server gives no answer, or the answer is an HTTP error.
    NETWORK = "network"
    #: The answer to GetCACert has no certificates, or none to which a request can be encrypted.
    CA_CERTIFICATE = "caCertificate"
    #: No certificate of the server has the fingerprint that the settings name.
    FINGERPRINT = "fingerprint"
    #: The settings make no certificate request.
    SETTINGS = "settings"
    #: The answer to PKIOperation cannot be read, or it is not the answer to the request.
    ANSWER = "answer"
    #: The server refused: pkiStatus FAILURE.
    REFUSED = "refused"
    #: The server has not decided yet: pkiStatus PENDING. The same request later asks again.
    PENDING = "pending"
    #: The server had not decided when the device gave up.
    TOO_LATE = "tooLate"
    #: The certificate is for another key.
    OTHER_KEY = "otherKey"


class ScepFailed(SimulatorError):
    """The device has no certificate; `fail_info` is the reason of a refusal (RFC 8894 3.2.1.4.1, such as badRequest),
    `fail_info_text` what the server says about it.
    """

    def __init__(self, failure: Failure, text: str, *, fail_info: str = "", fail_info_text: str = "") -> None:
        super().__init__(text)
        self.failure = failure
        self.fail_info = fail_info
        self.fail_info_text = fail_info_text
