"""Issuing certificates to users and devices.

Decides the contents of end entities' certificates: a user's follows a template, a device's identity follows its
request. RFC 5280 4.2, RFC 8550 (S/MIME certificates) and RFC 2986 (certificate requests).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from fauxtune.core.errors import Invalid, KeyUnfit
from fauxtune.core.pki.authority import Authority, PublicKey, authority_subject, begin_certificate, key_usage
from fauxtune.core.pki.foreign import LARGEST_KEY, extension_of, has_proof_of_possession, request_from
from fauxtune.core.pki.template import KeyType, KeyUsage, Template, extended_key_usages

#: Certificates are valid from this long before their issuance, since the clocks of real devices differ.
BACKDATED = timedelta(minutes=10)
#: Smallest and largest RSA key of a device.
IDENTITY_KEY_SIZES = range(2048, LARGEST_KEY + 1)

_USAGE_NAMES = {
    KeyUsage.DIGITAL_SIGNATURE: "digital_signature",
    KeyUsage.NON_REPUDIATION: "content_commitment",
    KeyUsage.KEY_ENCIPHERMENT: "key_encipherment",
    KeyUsage.DATA_ENCIPHERMENT: "data_encipherment",
    KeyUsage.KEY_AGREEMENT: "key_agreement",
}


def issue(
    *,
    authority: Authority,
    public_key: PublicKey,
    subject: x509.Name,
    alternative_names: Iterable[x509.GeneralName],
    template: Template,
    serial: int,
    not_before: datetime,
    not_after: datetime,
    extra_extended_key_usages: Iterable[str] = (),
) -> x509.Certificate:
    """Issue a certificate by a template. Usages are the template's; a profile may add extended ones.

    Raises Invalid for a key that the template does not allow, for a certificate without a name, and for impossible
    times. Any other times are allowed, also in the past: the authority's own validity does not limit them.
    """
    check_key(public_key, template)
    usage = _key_usage_of(template)
    usages = extended_key_usages((*template.extended_key_usages, *extra_extended_key_usages))
    builder = begin_certificate(
        subject=subject, public_key=public_key, serial=serial, not_before=not_before, not_after=not_after
    )
    return authority.certify(_to_end_entity(builder, subject, names=alternative_names, usage=usage, usages=usages))


def issue_as_requested(
    *,
    authority: Authority,
    csr: x509.CertificateSigningRequest,
    template: Template,
    serial: int,
    not_before: datetime,
    not_after: datetime,
) -> x509.Certificate:
    """Issue the certificate that a request describes: its subject, alternative names and usages. Usages that it does
    not name are the template's. Somebody has checked before that the request may be granted.

    Raises Invalid as `issue` does.
    """
    public_key = request_key(csr)
    check_key(public_key, template)
    names = extension_of(csr, x509.SubjectAlternativeName)
    usage, extended = extension_of(csr, x509.KeyUsage), extension_of(csr, x509.ExtendedKeyUsage)
    if usage is None:
        usage = _key_usage_of(template)
    usages = template.extended_key_usages if extended is None else [each.dotted_string for each in extended]
    builder = begin_certificate(
        subject=csr.subject, public_key=public_key, serial=serial, not_before=not_before, not_after=not_after
    )
    return authority.certify(_to_end_entity(builder, csr.subject, names=names or (), usage=usage, usages=usages))


def _key_usage_of(template: Template) -> x509.KeyUsage | None:
    if not template.key_usage:
        return None
    return key_usage(**{_USAGE_NAMES[KeyUsage(word)]: True for word in template.key_usage})


def _to_end_entity(
    builder: x509.CertificateBuilder,
    subject: x509.Name,
    *,
    names: Iterable[x509.GeneralName],
    usage: x509.KeyUsage | None,
    usages: Iterable[str],
) -> x509.CertificateBuilder:
    """Add the extensions of an end entity's certificate. Raises Invalid for one that would name nobody."""
    names = list(dict.fromkeys(names))
    if not names and not list(subject):
        raise Invalid("A certificate needs a subject or a subject alternative name.", target="subject")
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    if usage is not None:
        builder = builder.add_extension(usage, critical=True)
    oids = [x509.ObjectIdentifier(oid) for oid in usages]
    if oids:
        builder = builder.add_extension(x509.ExtendedKeyUsage(oids), critical=False)
    if names:
        # RFC 5280 4.2.1.6: critical where the subject is empty.
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=not list(subject))
    return builder


def check_key(public_key: PublicKey, template: Template) -> None:
    """Raise KeyUnfit unless the template allows the type and the size of this key."""
    key_type = KeyType.RSA if isinstance(public_key, RSAPublicKey) else KeyType.EC
    if key_type != template.key_type:
        raise KeyUnfit(
            f"The template {template.name} requires a key of type {template.key_type}, but this one is {key_type}."
        )
    if public_key.key_size < template.minimum_key_size:
        raise KeyUnfit(
            f"The template {template.name} requires at least {template.minimum_key_size} bits, "
            f"but this key has {public_key.key_size}."
        )


def read_csr(data: bytes) -> x509.CertificateSigningRequest:
    """Read a certificate request, DER or PEM, and verify its signature. Raises Invalid if either fails."""
    request = request_from(data)
    if not has_proof_of_possession(request):
        raise Invalid("The certificate request is not signed with its own key.", target="csr")
    return request


def request_key(request: x509.CertificateSigningRequest) -> PublicKey:
    """The key of a request that `read_csr` has read. Raises Invalid for a key that is neither RSA nor EC."""
    key = request.public_key()
    if not isinstance(key, RSAPublicKey | EllipticCurvePublicKey):
        raise Invalid("The certificate request must be for an RSA or EC key.", target="csr")
    return key


def issue_identity(
    *,
    authority: Authority,
    csr: bytes | x509.CertificateSigningRequest,
    common_name: str,
    serial: int,
    not_before: datetime,
    not_after: datetime,
) -> x509.Certificate:
    """Issue the identity certificate of an enrolled device, for which secrets are encrypted as well.

    The subject is `CN=common_name`, whatever the request contains. Raises Invalid unless the request is signed with its
    own RSA key of 2,048 bits or more.
    """
    request = read_csr(csr) if isinstance(csr, bytes) else csr
    key = request.public_key()
    if not isinstance(key, RSAPublicKey) or key.key_size not in IDENTITY_KEY_SIZES:
        raise Invalid("A device's identity needs an RSA key of 2048 bits at least.", target="csr")
    try:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    except ValueError as error:
        raise Invalid(f"{common_name!r} cannot be a common name: {error}", target="commonName") from None
    builder = begin_certificate(
        subject=subject, public_key=key, serial=serial, not_before=not_before, not_after=not_after
    )
    builder = (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(digital_signature=True, key_encipherment=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    )
    return authority.certify(builder)


def issue_responder(
    *, authority: Authority, public_key: PublicKey, serial: int, not_before: datetime, not_after: datetime
) -> x509.Certificate:
    """Issue the certificate of an OCSP responder of the authority (RFC 6960 4.2.2.2).

    Its validity is short, and its extension ocsp-nocheck says that its own revocation need not be checked (4.2.2.2.1).
    """
    (name,) = authority.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    builder = begin_certificate(
        subject=authority_subject(f"{_short(str(name.value))} OCSP"),
        public_key=public_key,
        serial=serial,
        not_before=not_before,
        not_after=not_after,
    )
    builder = (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), critical=False)
        .add_extension(x509.OCSPNoCheck(), critical=False)
    )
    return authority.certify(builder)


def _short(name: str) -> str:
    """Cut a common name to 64 characters (RFC 5280 appendix A, ub-common-name)."""
    return name[: 64 - len(" OCSP")]
