"""A DigiCert CA (formerly Symantec's) beside the enterprise's own: the subscription, and connectors' RA certificates.

Ruled by "Set up Intune Certificate Connector for DigiCert PKI Platform". The CA is an emulated one, with a root of its
own (`/pki/{tenant}/digicert-root/`, `/pki/{tenant}/digicert/`). Its certificate profiles are templates of the authority
`digicert`, each named by its OID.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.errors import Conflict, NotFound
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.pki.authority import DIGICERT, PrivateKey, addresses_for, self_signed_root, subordinate
from fauxtune.core.pki.issuance import BACKDATED, issue, read_csr, request_key
from fauxtune.core.pki.names import parse_subject
from fauxtune.core.pki.template import CLIENT_AUTHENTICATION, KeyUsage, Template
from fauxtune.operations.ca import authorities, issuance
from fauxtune.operations.connectors import registry as connector_registry
from fauxtune.operations.connectors import revocation
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune.storage.rows.certificates import ConnectorRow

ROOT = f"{DIGICERT}-root"
#: The certificationAuthorityName that profiles must have, whatever the company is called by now.
NAME = "Symantec"
#: The certificate profile that a subscription starts with; its OID is the document's example.
FIRST_PROFILE = Template(
    name="2.16.840.1.113733.1.16.1.2.3.1.1.47196109",
    display_name="S/MIME",
    key_usage=(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_ENCIPHERMENT),
)
_RA = Template(
    name="RA",
    display_name="Registration authority",
    key_usage=(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_ENCIPHERMENT),
    extended_key_usages=(CLIENT_AUTHENTICATION,),
)
_BEFORE, _AFTER = timedelta(days=365 * 20), timedelta(days=365 * 30)


@dataclass(frozen=True, slots=True)
class Keys:
    """The private keys of root and CA, on disk already, and their files' names."""

    root: PrivateKey
    issuing: PrivateKey
    root_file: str
    issuing_file: str


async def subscribe(emulator: Emulator, tenant: Tenant) -> None:
    """Give the tenant a DigiCert CA. Raises Conflict when it has one."""
    stem = emulator.runner.ids.uuid()
    keys = await asyncio.to_thread(_make_keys, emulator, stem)
    done = False
    try:
        await emulator.runner.run(tenant, create, keys=keys)
        done = True
    finally:
        if not done:
            for file in (keys.root_file, keys.issuing_file):
                await asyncio.to_thread(emulator.keys.delete, file)


async def install(emulator: Emulator, tenant: Tenant, *, connector_id: str, csr: bytes | None) -> x509.Certificate:
    """Install an RA certificate: see `install_ra`. Without a request (`csr`) a connector inside the server gets a key
    too; raises Invalid for any other connector.
    """
    if csr is None:
        row = await emulator.runner.run(tenant, connector_registry.must_run_inside, connector_id)
        key = await asyncio.to_thread(_ra_key, emulator, connector_registry.ra_file(row.id))
        request = x509.CertificateSigningRequestBuilder(parse_subject("CN=RA")).sign(key, hashes.SHA256())
        csr = request.public_bytes(Encoding.DER)
    return await emulator.runner.run(tenant, install_ra, connector_id, csr=csr, keys=emulator.keys)


def create(tx: Transaction, *, keys: Keys) -> None:
    """Create the authorities, and the first certificate profile."""
    if is_subscribed(tx):
        raise Conflict(f"The tenant '{tx.tenant.name}' has a DigiCert CA already.")
    where = {"tenant_name": tx.tenant.name}
    span = {"not_before": tx.now - _BEFORE, "not_after": tx.now + _AFTER}
    root = self_signed_root(
        name="root",
        common_name="DigiCert PKI Platform Root (emulated)",
        key=keys.root,
        serial=tx.ids.serial(),
        addresses=addresses_for(tx.tenant.public_http_url, **where, authority=ROOT),
        **span,
    )
    issuing = subordinate(
        parent=root,
        name=DIGICERT,
        common_name="DigiCert PKI Platform S/MIME CA (emulated)",
        key=keys.issuing,
        serial=tx.ids.serial(),
        addresses=addresses_for(tx.tenant.public_http_url, **where, authority=DIGICERT),
        **span,
    )
    for name, authority, file in ((ROOT, root, keys.root_file), (DIGICERT, issuing, keys.issuing_file)):
        authorities.add_authority(tx, authority, name=name, role=name, key_name=file)
    authority_queries.put_templates(
        tx.connection, issuance.template_row(tx.tenant.id, FIRST_PROFILE, authority_name=DIGICERT)
    )
    tx.record("digicertSubscribed", authority=DIGICERT)
    connector_registry.ask_again(tx)


def is_subscribed(tx: Transaction) -> bool:
    """Whether the tenant has a DigiCert CA."""
    return authority_queries.authority(tx.connection, tx.tenant.id, name=DIGICERT) is not None


def install_ra(tx: Transaction, connector_id: str, *, csr: bytes, keys: KeyStore) -> x509.Certificate:
    """Certify a connector's key as a registration authority's, and give the connector the certificate, in place of one
    that it had. Refused requests are asked again. Raises NotFound where the tenant has no DigiCert CA.
    """
    row = connector_registry.connector(tx, connector_id)
    if not is_subscribed(tx):
        raise NotFound("The tenant has no DigiCert CA: subscribe first (POST .../digicert).")
    certificate = issue(
        authority=authorities.issuer(tx, DIGICERT, keys=keys),
        public_key=request_key(read_csr(csr)),
        subject=parse_subject(f"CN={row.id},OU=Registration Authority"),
        alternative_names=(),
        template=_RA,
        serial=tx.ids.serial(),
        not_before=tx.now - BACKDATED,
        not_after=tx.now + _AFTER,
    )
    issuance.note(tx, certificate, authority_name=DIGICERT, key_usage=_RA.key_usage)
    _change(tx, row, certificate=certificate.public_bytes(Encoding.DER))
    return certificate


def remove_ra(tx: Transaction, connector_id: str) -> None:
    """Take the RA certificate from a connector; DigiCert's CA refuses its requests from then on."""
    _change(tx, connector_registry.connector(tx, connector_id), certificate=None)


def _change(tx: Transaction, row: ConnectorRow, *, certificate: bytes | None) -> None:
    connector_queries.change_connector(tx.connection, tx.tenant.id, connector_id=row.id, ra_certificate=certificate)
    if certificate is not None:
        certificate_queries.ask_refused_again(tx.connection, tx.tenant.id, authority_name=DIGICERT, at=tx.now)
        revocation.carry_out(tx)
    connector_registry.ask_again(tx)


def _ra_key(emulator: Emulator, file: str) -> PrivateKey:
    if not emulator.connector_keys.has(file):
        emulator.connector_keys.store(file, emulator.key_source.take())
    return emulator.connector_keys.load(file)


def _make_keys(emulator: Emulator, stem: str) -> Keys:
    keys = Keys(
        root=emulator.key_source.take(),
        issuing=emulator.key_source.take(),
        root_file=f"{stem}-{ROOT}",
        issuing_file=f"{stem}-{DIGICERT}",
    )
    emulator.keys.store(keys.root_file, keys.root)
    emulator.keys.store(keys.issuing_file, keys.issuing)
    return keys
