"""The register of issued certificates, and certificates that an administrator requests from the CA itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.connector.issue import new_key
from fauxtune.connector.keypool import KeySource
from fauxtune.connector.keystore import KeyStore
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.ids import EnrollmentId, ItemKey, ProfileId, UserId
from fauxtune.core.pki.authority import PrivateKey
from fauxtune.core.pki.issuance import BACKDATED, issue, read_csr, request_key
from fauxtune.core.pki.names import email_name, parse_subject, serial_hex, subject_text, thumbprint
from fauxtune.core.pki.pfx import write_pfx
from fauxtune.core.pki.template import Template
from fauxtune.operations.ca import authorities, templates
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import certificates as queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.rows.certificates import CertificateRow
from fauxtune.storage.rows.directory import UserRow


@dataclass(frozen=True, slots=True)
class CounterRequest:
    """An administrator's request to the CA. Without a CSR a key is made, and returned as a PFX."""

    template: str
    user_principal_name: str | None = None
    subject: str | None = None
    email: str | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    csr: bytes | None = None
    pfx_password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class CounterAnswer:
    """The answer: the certificate, its issuers (nearest first), and the PFX where a key was made."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    pfx: bytes | None = field(repr=False)
    pfx_password: str | None = field(repr=False)


def template_named(tx: Transaction, name: str, *, authority_name: str = "issuing") -> Template:
    """Return the authority's template of this name, in any case. Raises Invalid, with the names that there are."""
    template = templates.find(tx, name, authority_name=authority_name)
    if template is None:
        known = ", ".join(other.name for other in templates.all_templates(tx, authority_name))
        raise Invalid(f"There is no certificate template '{name}'. There are: {known}.", target="template")
    return template


def make_key(request: CounterRequest, *, template: Template, source: KeySource) -> PrivateKey | None:
    """Make the key for a request without a CSR. Blocks while RSA keys are made: call it in a thread."""
    return None if request.csr is not None else new_key(template, source)


def issue_at_counter(
    tx: Transaction, request: CounterRequest, *, key: PrivateKey | None, keys: KeyStore
) -> CounterAnswer:
    """Issue to an administrator, with any validity, also in the past. Raises Invalid for what the template forbids."""
    template = template_named(tx, request.template)
    authority = authorities.issuer(tx, keys=keys)
    if key is not None and not template.exportable:
        raise Invalid(
            f"The certificate template {template.name} does not let the private key be exported: send a CSR.",
            target="template",
        )
    user = _user(tx, request.user_principal_name)
    email = request.email or (None if user is None else user.document.get("mail"))
    subject = parse_subject(request.subject or _subject(user, email))
    not_before = request.not_before or tx.now - BACKDATED
    not_after = request.not_after or _end(not_before, template)
    if not_after <= not_before:
        raise Invalid("notAfter must be later than notBefore.", target="notAfter")
    public_key = request_key(read_csr(request.csr)) if request.csr is not None else _public(key)
    certificate = issue(
        authority=authority,
        public_key=public_key,
        subject=subject,
        alternative_names=[email_name(email)] if email else [],
        template=template,
        serial=tx.ids.serial(),
        not_before=not_before,
        not_after=not_after,
    )
    note(
        tx,
        certificate,
        authority_name=authority.name,
        template=template.name,
        key_usage=template.key_usage,
        user_id=None if user is None else user.id,
    )
    described = {"thumbprint": thumbprint(certificate), "serial": serial_hex(certificate), "source": None}
    tx.record("issued", user=request.user_principal_name, certificate=described, template=template.name)
    chain = (authority.certificate, *authority.chain)
    pfx = password = None
    if key is not None:
        password = request.pfx_password or tx.ids.token(16)
        pfx = write_pfx(key=key, certificate=certificate, chain=chain, password=password, name=email or "certificate")
    return CounterAnswer(certificate=certificate, chain=chain, pfx=pfx, pfx_password=password)


def note(
    tx: Transaction,
    certificate: x509.Certificate,
    *,
    authority_name: str,
    template: str | None = None,
    key_usage: Sequence[str] = (),
    user_id: UserId | None = None,
    enrollment_id: EnrollmentId | None = None,
    item_key: ItemKey | None = None,
    profile_id: ProfileId | None = None,
) -> None:
    """Write a certificate into the register of the authority that issued it."""
    row = CertificateRow(
        tenant_id=tx.tenant.id,
        authority=authority_name,
        serial=serial_hex(certificate),
        thumbprint=thumbprint(certificate),
        certificate=certificate.public_bytes(Encoding.DER),
        template=template,
        subject=subject_text(certificate.subject),
        issuer=subject_text(certificate.issuer),
        key_usage=list(key_usage),
        extended_key_usages=_extended_usages(certificate),
        key_length=_key_length(certificate),
        user_id=user_id,
        enrollment_id=enrollment_id,
        item_key=item_key,
        profile_id=profile_id,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        revoked_at=None,
        reason=None,
        revocation_state=None,
        revocation_asked_at=None,
    )
    queries.add_certificate(tx.connection, row)


def _key_length(certificate: x509.Certificate) -> int | None:
    length: int | None = getattr(certificate.public_key(), "key_size", None)
    return length


def _extended_usages(certificate: x509.Certificate) -> str | None:
    try:
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return None
    return ",".join(usage.dotted_string for usage in usages)


def pem_chain(certificates: tuple[x509.Certificate, ...]) -> str:
    """Return certificates as PEM, one after the other."""
    return "".join(certificate.public_bytes(Encoding.PEM).decode() for certificate in certificates)


def _user(tx: Transaction, upn: str | None) -> UserRow | None:
    if upn is None:
        return None
    row = directory_queries.user_by_key(tx.connection, tx.tenant.id, key=upn)
    if row is None:
        raise NotFound(f"There is no user '{upn}'.")
    return row


def _end(not_before: datetime, template: Template) -> datetime:
    try:
        return not_before + template.validity
    except OverflowError:
        raise Invalid(
            "The certificate would end after the year 9999: send another notBefore.", target="notBefore"
        ) from None


def _subject(user: UserRow | None, email: str | None) -> str:
    name = (None if user is None else user.document.get("displayName")) or email
    if not name:
        raise Invalid("The request names nobody: send userPrincipalName, subject or email.", target="subject")
    escaped = "".join(f"\\{c}" if c in ',+=\\;<>#"' else c for c in name)
    return f"CN={escaped},E={email}" if email else f"CN={escaped}"


def _public(key: PrivateKey | None) -> Any:
    if key is None:
        raise Invalid("A request without a CSR needs a key.")
    return key.public_key()
