"""PKCS certificates: the connector makes the key, gets the certificate by template, and wraps both for the device.

What Intune's connector does for a PKCS certificate profile. The private key exists in the PFX only: it is stored
nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from fauxtune.connector.keypool import KeySource
from fauxtune.connector.refusals import AuthorityRefused, RecipientUnfit, TemplateRefused
from fauxtune.core.errors import Invalid
from fauxtune.core.pki.authority import Authority, PrivateKey
from fauxtune.core.pki.cms import envelope
from fauxtune.core.pki.issuance import issue
from fauxtune.core.pki.pfx import write_pfx
from fauxtune.core.pki.template import KeyType, Template

_CURVES: dict[int, type[ec.EllipticCurve]] = {256: ec.SECP256R1, 384: ec.SECP384R1, 521: ec.SECP521R1}


@dataclass(frozen=True, slots=True, kw_only=True)
class PkcsOrder:
    """One certificate for one device. `recipient` is the device's identity: the PFX password is sealed for it.

    `legacy` asks for a PFX in 3DES, for systems that read nothing newer.
    """

    subject: x509.Name
    alternative_names: tuple[x509.GeneralName, ...]
    template: Template
    password: str = field(repr=False)
    serial: int
    not_before: datetime
    not_after: datetime
    recipient: x509.Certificate
    friendly_name: str
    extra_extended_key_usages: tuple[str, ...] = ()
    legacy: bool = False


@dataclass(frozen=True, slots=True)
class PkcsAnswer:
    """The certificate; the PFX with its key and its issuers but the root; the password, sealed (DER CMS)."""

    certificate: x509.Certificate
    pfx: bytes = field(repr=False)
    sealed_password: bytes = field(repr=False)


def issue_pkcs(order: PkcsOrder, *, authority: Authority, keys: KeySource) -> PkcsAnswer:
    """Makes a key and issues. Each call is a new key and certificate: not safe to repeat for one request.

    Raises ConnectorRefused's kinds only: TemplateRefused, AuthorityRefused, RecipientUnfit.
    """
    _check_template(order.template)
    try:
        sealed = envelope(order.password.encode(), order.recipient)
    except Invalid as error:
        raise RecipientUnfit(error.message) from None
    key = new_key(order.template, keys)
    try:
        certificate = issue(
            authority=authority,
            public_key=key.public_key(),
            subject=order.subject,
            alternative_names=order.alternative_names,
            template=order.template,
            serial=order.serial,
            not_before=order.not_before,
            not_after=order.not_after,
            extra_extended_key_usages=order.extra_extended_key_usages,
        )
        # The root is left out: a device trusts a root by a profile of its own, never through a PFX.
        issuers = [c for c in (authority.certificate, *authority.chain) if c.issuer != c.subject]
        pfx = write_pfx(
            key=key,
            certificate=certificate,
            chain=issuers,
            password=order.password,
            name=order.friendly_name,
            legacy=order.legacy,
        )
    except Invalid as error:
        raise AuthorityRefused(
            f"No certificate could be issued by the template {order.template.name}: {error.message}"
        ) from None
    return PkcsAnswer(certificate=certificate, pfx=pfx, sealed_password=sealed)


def _check_template(template: Template) -> None:
    if not template.connector_may_enroll:
        raise TemplateRefused(
            f"The certificate template {template.name} does not let the connector enrol (connectorMayEnroll)."
        )
    if not template.subject_in_request:
        raise TemplateRefused(
            f"The certificate template {template.name} does not take the subject from the request (subjectInRequest)."
        )


def new_key(template: Template, keys: KeySource) -> PrivateKey:
    """A key of the kind and size that the template asks for. Blocks while an RSA key is made."""
    if template.key_type == KeyType.EC:
        return ec.generate_private_key(_CURVES[template.minimum_key_size]())
    key = keys.take()
    if key.key_size >= template.minimum_key_size:
        return key
    return rsa.generate_private_key(public_exponent=65537, key_size=template.minimum_key_size)
