"""The counter of the CA: an administrator asks, and gets a certificate at once, with its key if no request is sent."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography import x509

from fauxtune.connector.issue import new_key
from fauxtune.connector.keypool import KeySource
from fauxtune.connector.keystore import KeyStore
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.pki.authority import PrivateKey
from fauxtune.core.pki.issuance import BACKDATED, read_csr, request_key
from fauxtune.core.pki.issuance import issue as issued_certificate
from fauxtune.core.pki.names import email_name, parse_subject, serial_hex, thumbprint
from fauxtune.core.pki.pfx import write_pfx
from fauxtune.core.pki.template import Template
from fauxtune.operations.ca import authorities, issuance
from fauxtune.operations.ca.issuance import note
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import directory as directory_queries
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


async def issue(emulator: Emulator, tenant: Tenant, *, request: CounterRequest) -> CounterAnswer:
    """Issue a certificate: see `issue_at_counter`. A key is made in a thread."""
    template = await emulator.runner.run(tenant, template_named, request.template)
    source = emulator.source_of_issued(tenant)
    key = await asyncio.to_thread(make_key, request, template=template, source=source)
    return await emulator.runner.run(tenant, issue_at_counter, request, key=key, keys=emulator.keys)


def template_named(tx: Transaction, name: str, *, authority_name: str = "issuing") -> Template:
    """Return the authority's template of this name, in any case. Raises Invalid, with the names that there are."""
    template = issuance.find(tx, name, authority_name=authority_name)
    if template is None:
        known = ", ".join(other.name for other in issuance.all_templates(tx, authority_name))
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
    certificate = issued_certificate(
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
