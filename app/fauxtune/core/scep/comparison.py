"""Certificate requests of SCEP (PKCS#10, RFC 2986): compared with what a profile asked for, and written from it.

The order of the checks is that of `challenge`. Names are compared attribute by attribute, in order; of the
alternative names, each that was asked for must be there, and no other. In a request that is written, the challenge
stands as its challengePassword (RFC 2985 5.4.1).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from asn1crypto import parser
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.x509.oid import AttributeOID

from fauxtune.core.model.scep import ScepRequest
from fauxtune.core.pki.authority import key_usage
from fauxtune.core.pki.foreign import certificate_from, extension_of
from fauxtune.core.pki.names import alternative_name, escaped_separator, parse_subject, subject_text
from fauxtune.core.scep.challenge import SUCCESS, ResultCode, Verdict

#: A request, or the certificate that was issued for one.
Requested = x509.CertificateSigningRequest | x509.Certificate

#: Graph's words of a key usage -> the attribute of cryptography's KeyUsage.
USAGES = {"keyEncipherment": "key_encipherment", "digitalSignature": "digital_signature"}
_RENEWAL_CERTIFICATE = x509.ObjectIdentifier("1.3.6.1.4.1.311.13.1")
#: Usages that count as others: nonRepudiation comes along with a signature, dataEncipherment with an encrypted key.
_OTHER_USAGES = ("content_commitment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign")


def compare(csr: x509.CertificateSigningRequest, request: ScepRequest) -> Verdict:
    """Return whether a device's request is the one that it was asked to make; the first difference decides."""
    return next((verdict for verdict in _differences(csr, request) if verdict is not None), SUCCESS)


def challenge_password(csr: x509.CertificateSigningRequest) -> str | None:
    """Return the challengePassword of a request (PKCS#9, RFC 2985 5.4.1); None without one."""
    try:
        return csr.attributes.get_attribute_for_oid(AttributeOID.CHALLENGE_PASSWORD).value.decode("latin-1")
    except x509.AttributeNotFound:
        return None


def renewed_certificate(csr: x509.CertificateSigningRequest) -> x509.Certificate | None:
    """Return the certificate that a request says it renews ([MS-WCCE] 2.2.2.7.3, RENEWAL_CERTIFICATE); None if it says
    nothing. Raises Invalid for one that cannot be read.
    """
    try:
        content = csr.attributes.get_attribute_for_oid(_RENEWAL_CERTIFICATE).value
    except x509.AttributeNotFound:
        return None
    # The library returns the content of the value; a certificate is a SEQUENCE.
    return certificate_from(parser.emit(0, 1, 16, content), target="RENEWAL_CERTIFICATE")


def compare_signer(thumbprint: str, *, held: Collection[str]) -> Verdict:
    """Return whether a renewal is signed with a certificate that the device holds by this profile. Thumbprints are
    in lower case. Unverified: which certificates the service accepts.
    """
    if thumbprint in held:
        return SUCCESS
    return Verdict(
        ResultCode.SIGNER_MISMATCH,
        f"The request renews the certificate {thumbprint.upper()}, which the device does not hold by this profile.",
    )


def unlike(certificate: x509.Certificate, request: ScepRequest) -> Iterator[str]:
    """Yield, in words, what an issued certificate does not have of the request that it was issued for. What the profile
    asks nothing about is the authority's to decide.
    """
    free = set() if request.extended_key_usages else {ResultCode.EXTENDED_USAGE_MISMATCH}
    for verdict in _differences(certificate, request):
        if verdict is not None and verdict.code not in free:
            text = verdict.description.replace("The request ", "The certificate ", 1)
            yield text[:1].lower() + text[1:].rstrip(".")


def deviation(certificate: x509.Certificate, request: ScepRequest) -> str:
    """Return how a certificate on a device is not what the profile asks for, in words; empty if it is that. Unlike for
    `unlike`, an authority may add names and usages of its own. The certificate's extensions must be readable.

    Differs from Intune: there nothing that an authority does to a request is noticed.
    """
    known = [*_deviations(certificate, request)]
    return "" if not known else f"The certificate on the device is not what the profile asks for: {'; '.join(known)}."


def _deviations(certificate: x509.Certificate, request: ScepRequest) -> Iterator[str]:
    expected = parse_subject(request.subject)
    if _attributes(certificate.subject) != _attributes(expected):
        subject = subject_text(certificate.subject) or "empty"
        yield f"its subject is {subject}, not {subject_text(expected) or 'empty'}"
    names = set(extension_of(certificate, x509.SubjectAlternativeName) or ())
    missing = tuple(pair for pair in request.names if alternative_name(*pair) not in names)
    if missing:
        yield f"it lacks {_listed(missing)}"
    usages = {usage.dotted_string for usage in extension_of(certificate, x509.ExtendedKeyUsage) or ()}
    lacking = [usage for usage in request.extended_key_usages if usage not in usages]
    if lacking:
        yield f"it lacks the extended key usage {', '.join(lacking)}"
    length = _key_length(certificate, request)
    if length is not None:
        yield length.description[0].lower() + length.description[1:].rstrip(".")


def _differences(csr: Requested, request: ScepRequest) -> Iterator[Verdict | None]:
    yield _subject(csr, request)
    yield _alternative_names(csr, request)
    yield _key_usage(csr, request)
    yield _key_length(csr, request)
    yield _extended_key_usage(csr, request)


def _subject(csr: Requested, request: ScepRequest) -> Verdict | None:
    """Compare the subjects. "Create and assign SCEP certificate profiles", 2025-06-26 and 2020-03, known issue: the
    validation of a request fails whose subject name has an escaped special character.
    """
    expected, actual = parse_subject(request.subject), csr.subject
    if list(expected) and not list(actual):
        return Verdict(
            ResultCode.SUBJECT_MISSING, f"The request has no subject; the profile asks for {request.subject}."
        )
    separator = escaped_separator(request.subject)
    if separator is not None:
        return Verdict(
            ResultCode.SUBJECT_MISMATCH,
            f"The subject {request.subject} has a '{separator}' behind a backslash, of which devices make another "
            "subject: put the value in quotation marks.",
        )
    if actual == expected or _attributes(actual) == _attributes(expected):
        return None
    return Verdict(
        ResultCode.SUBJECT_MISMATCH,
        f"The subject is {subject_text(actual) or 'empty'}; the profile asks for {subject_text(expected) or 'none'}.",
    )


def _attributes(name: x509.Name) -> list[tuple[str, str]]:
    """Attributes with their values: the type of a string does not matter (RFC 5280 7.1)."""
    return [(each.oid.dotted_string, str(each.value)) for each in name]


def _alternative_names(csr: Requested, request: ScepRequest) -> Verdict | None:
    expected = {alternative_name(kind, value) for kind, value in request.names}
    actual = set(extension_of(csr, x509.SubjectAlternativeName) or ())
    if expected and not actual:
        return Verdict(ResultCode.ALTERNATIVE_NAME_MISSING, f"The request lacks {_listed(request.names)}.")
    if expected == actual:
        return None
    more = "" if actual <= expected else f"; it has {len(actual - expected)} that the profile does not ask for"
    lacks = _listed(tuple(pair for pair in request.names if alternative_name(*pair) not in actual))
    return Verdict(ResultCode.ALTERNATIVE_NAME_MISMATCH, f"The request lacks {lacks or 'no name'}{more}.")


def _listed(names: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{kind} {value}" for kind, value in names)


def _key_usage(csr: Requested, request: ScepRequest) -> Verdict | None:
    usage = extension_of(csr, x509.KeyUsage)
    actual = set() if usage is None else {name for name in (*USAGES.values(), *_OTHER_USAGES) if getattr(usage, name)}
    expected = {USAGES[word] for word in request.key_usages}
    if actual == expected:
        return None
    return Verdict(
        ResultCode.KEY_USAGE_MISMATCH,
        f"The key usage is {', '.join(sorted(actual)) or 'absent'}, but should be {', '.join(sorted(expected))}.",
    )


def _key_length(csr: Requested, request: ScepRequest) -> Verdict | None:
    key = csr.public_key()
    actual = key.key_size if isinstance(key, RSAPublicKey) else None
    if request.key_size is None or actual == request.key_size:
        return None
    what = "is no RSA key" if actual is None else f"has {actual} bits"
    return Verdict(
        ResultCode.KEY_LENGTH_MISMATCH, f"The key {what}; the profile asks for RSA, {request.key_size} bits."
    )


def _extended_key_usage(csr: Requested, request: ScepRequest) -> Verdict | None:
    usages = extension_of(csr, x509.ExtendedKeyUsage)
    actual = {usage.dotted_string for usage in usages or ()}
    expected = set(request.extended_key_usages)
    if expected and not actual:
        return Verdict(ResultCode.EXTENDED_USAGE_MISSING, f"The request lacks {', '.join(sorted(expected))}.")
    if actual == expected:
        return None
    listed = ", ".join(sorted(actual))
    return Verdict(
        ResultCode.EXTENDED_USAGE_MISMATCH,
        f"The extended key usage is {listed}; the profile asks for {', '.join(sorted(expected)) or 'none'}.",
    )


def write_request(request: ScepRequest, *, challenge: str, key: RSAPrivateKey) -> x509.CertificateSigningRequest:
    """Return the request for this key. Raises Invalid for a subject or a name that cannot be written."""
    builder = (
        x509.CertificateSigningRequestBuilder(parse_subject(request.subject))
        .add_attribute(AttributeOID.CHALLENGE_PASSWORD, challenge.encode())
        .add_extension(key_usage(**{USAGES[word]: True for word in request.key_usages}), critical=True)
    )
    if request.extended_key_usages:
        usages = [x509.ObjectIdentifier(oid) for oid in request.extended_key_usages]
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    if request.names:
        names = [alternative_name(*name) for name in request.names]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, hashes.SHA256())
