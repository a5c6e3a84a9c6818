"""The CA at work: its counter and its register. What it revokes and says of it is in `revocation` and `status`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.connector.issue import new_key
from fauxtune.connector.keypool import KeySource
from fauxtune.connector.keystore import KeyStore
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.pki.authority import PrivateKey
from fauxtune.core.pki.issuance import issue, read_csr, request_key
from fauxtune.core.pki.names import email_name, parse_subject, serial_hex, subject_text, thumbprint
from fauxtune.core.pki.pfx import write_pfx
from fauxtune.core.pki.template import Template
from fauxtune.operations.ca import authorities, templates
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import certificates as queries
from fauxtune.storage.queries import directory as directory_queries

_BACKDATED = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class CounterRequest:
    """What an administrator asks at the CA's counter. Without a CSR a key is made and comes back as a PFX."""

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
    """The certificate, its issuers (nearest first), and the PFX where a key was made."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    pfx: bytes | None = field(repr=False)
    pfx_password: str | None = field(repr=False)


def template_named(tx: Transaction, name: str, *, authority_name: str = "issuing") -> Template:
    """The issuing authority's template of this name, in any case. Invalid, listing those there are, otherwise."""
    found = templates.find(tx, name, authority_name=authority_name)
    if found is None:
        known = ", ".join(each.name for each in templates.all_templates(tx, authority_name))
        raise Invalid(f"There is no certificate template '{name}'. There are: {known}.", target="template")
    return found


def make_key(request: CounterRequest, *, template: Template, source: KeySource) -> PrivateKey | None:
    """The key for a request without a CSR; blocks while RSA keys are made, so call it in a thread."""
    return None if request.csr is not None else new_key(template, source)


def issue_at_counter(
    tx: Transaction, request: CounterRequest, *, key: PrivateKey | None, keys: KeyStore
) -> CounterAnswer:
    """Issue to an administrator, with any validity, also in the past."""
    template = template_named(tx, request.template)
    authority = authorities.issuer(tx, keys=keys)
    if key is not None and not template.exportable:
        raise Invalid(
            f"The certificate template {template.name} does not let the private key be exported: send a CSR.",
            target="template",
        )
    user = _user(tx, request.user_principal_name)
    email = request.email or (user or {}).get("mail")
    subject = parse_subject(request.subject or _subject(user, email))
    not_before = request.not_before or tx.now - _BACKDATED
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
        key_usage=list(template.key_usage),
        user_id=None if user is None else user["id"],
        subject=subject_text(certificate.subject),
        serial=serial_hex(certificate),
        thumbprint=thumbprint(certificate),
    )
    described = {"thumbprint": thumbprint(certificate), "serial": serial_hex(certificate), "source": None}
    tx.record("issued", user=request.user_principal_name, certificate=described, template=template.name)
    chain = (authority.certificate, *authority.chain)
    pfx = password = None
    if key is not None:
        password = request.pfx_password or tx.ids.token(16)
        pfx = write_pfx(key=key, certificate=certificate, chain=chain, password=password, name=email or "certificate")
    return CounterAnswer(certificate=certificate, chain=chain, pfx=pfx, pfx_password=password)


def note(tx: Transaction, certificate: x509.Certificate, *, authority_name: str, **columns: Any) -> None:
    """Write a certificate into the register of the authority that issued it."""
    queries.add_certificate(
        tx.connection,
        tx.tenant.id,
        authority=authority_name,
        certificate=certificate.public_bytes(Encoding.DER),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        issuer=subject_text(certificate.issuer),
        key_length=_key_length(certificate),
        extended_key_usages=_extended_usages(certificate),
        **{"key_usage": [], **columns},
    )


def _key_length(certificate: x509.Certificate) -> int | None:
    length: int | None = getattr(certificate.public_key(), "key_size", None)
    return length


def _extended_usages(certificate: x509.Certificate) -> str | None:
    try:
        found = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return None
    return ",".join(each.dotted_string for each in found)


def pem_chain(certificates: tuple[x509.Certificate, ...]) -> str:
    """Certificates as PEM, one after the other."""
    return "".join(each.public_bytes(Encoding.PEM).decode() for each in certificates)


def _user(tx: Transaction, upn: str | None) -> dict[str, Any] | None:
    if upn is None:
        return None
    row = directory_queries.user_by_key(tx.connection, tx.tenant.id, key=upn)
    if row is None:
        raise NotFound(f"There is no user '{upn}'.")
    document: dict[str, Any] = row["document"]
    return document


def _end(not_before: datetime, template: Template) -> datetime:
    try:
        return not_before + template.validity
    except OverflowError:
        raise Invalid("That is past the end of time: say an earlier notBefore.", target="notBefore") from None


def _subject(user: dict[str, Any] | None, email: str | None) -> str:
    name = (user or {}).get("displayName") or email
    if not name:
        raise Invalid("Say for whom: userPrincipalName, subject or email.", target="subject")
    escaped = "".join(f"\\{c}" if c in ',+=\\;<>#"' else c for c in name)
    return f"CN={escaped},E={email}" if email else f"CN={escaped}"


def _public(key: PrivateKey | None) -> Any:
    if key is None:
        raise Invalid("A request without a CSR needs a key.")
    return key.public_key()
