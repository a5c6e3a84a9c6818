"""The certificates with which a connector's NDES answers: one opens the messages of clients, one signs the answers.

They belong to the connector, are made when NDES is first asked for something, and are renewed only by an act of an
administrator, with new keys: clients ask GetCACert again. RFC 8894 2.1.2; AD CS: "CEP Encryption" and "Exchange
Enrollment Agent (Offline request)", which are valid for two years.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from fauxtune.connector.keystore import KeyStore
from fauxtune.connector.refusals import RaCertificateExpired
from fauxtune.core.clock import iso
from fauxtune.core.errors import FauxtuneError, NotFound, Unavailable
from fauxtune.core.model.connectors import ROLE_WORDS, SCEP_ROLE
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.pki.authority import PrivateKey
from fauxtune.core.pki.issuance import BACKDATED, issue
from fauxtune.core.pki.names import serial_hex, thumbprint
from fauxtune.core.pki.template import KeyUsage, Template
from fauxtune.operations.ca import authorities
from fauxtune.operations.ca import issuance as certificate_register
from fauxtune.operations.connectors import registry
from fauxtune.operations.connectors.keys import DEFAULT_LENGTH, remove_files
from fauxtune.operations.connectors.selection import connectors_of, is_at_work, why_silent
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import scep as queries
from fauxtune.storage.rows.certificates import ConnectorRow
from fauxtune.storage.rows.scep import RaCertificateRow, RaPurpose

VALIDITY = timedelta(days=730)
_CERTIFICATE_REQUEST_AGENT = "1.3.6.1.4.1.311.20.2.1"
_TEMPLATES: dict[RaPurpose, Template] = {
    "encryption": Template(
        name="CEPEncryption",
        display_name="CEP Encryption",
        key_usage=(KeyUsage.KEY_ENCIPHERMENT,),
        extended_key_usages=(_CERTIFICATE_REQUEST_AGENT,),
    ),
    "signing": Template(
        name="EnrollmentAgentOffline",
        display_name="Exchange Enrollment Agent (Offline request)",
        key_usage=(KeyUsage.DIGITAL_SIGNATURE,),
        extended_key_usages=(_CERTIFICATE_REQUEST_AGENT,),
    ),
}
_LONGEST_NAME = 52


@dataclass(frozen=True, slots=True)
class RaCertificate:
    """One certificate, with its key."""

    certificate: x509.Certificate
    key: PrivateKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class RegistrationAuthority:
    """The connector that serves NDES, with its certificates."""

    connector: ConnectorRow
    encryption: RaCertificate
    signing: RaCertificate


@dataclass(frozen=True, slots=True)
class Standing:
    """How NDES stands: the connector that serves it or would, why it does not answer, and its RA certificates, which
    are made at its first request.
    """

    connector: ConnectorRow | None
    problem: str | None
    certificates: tuple[RaCertificateRow, ...]


#: A new key and the name of its file, for each purpose.
_NewKeys = dict[RaPurpose, tuple[RSAPrivateKey, str]]


async def registration_authority(emulator: Emulator, tenant: Tenant) -> RegistrationAuthority:
    """Return the connector that serves NDES now. The first call makes its keys, and calls meanwhile wait for them.

    Raises NotFound where no connector has the role, Unavailable while all connectors with the role are silent, and
    RaCertificateExpired once a certificate of the connector has expired.
    """
    present = await emulator.runner.run_check_in(tenant, serving, keys=emulator.connector_keys)
    if present is None:
        async with emulator.turns.across(f"ra/{tenant.id}"):
            present = await emulator.runner.run(tenant, serving, keys=emulator.connector_keys)
            if present is None:
                await _make(emulator, tenant)
                present = await emulator.runner.run(tenant, serving, keys=emulator.connector_keys)
    if present is None:
        raise Unavailable("The connectors were changed meanwhile: send the request again.")
    return present


async def renew(emulator: Emulator, tenant: Tenant, *, connector_id: str | None = None) -> list[RaCertificateRow]:
    """Give the connector that serves NDES, or this one, new RA certificates; return them. Messages for the old ones are
    refused from then on. Raises as `registration_authority`, and Invalid for a connector that is a process of its own.
    """
    async with emulator.turns.across(f"ra/{tenant.id}"):
        return await _make(emulator, tenant, connector_id=connector_id)


def standing(tx: Transaction, *, keys: KeyStore) -> Standing:
    """Return how NDES stands."""
    problem = None
    connectors = _connectors(tx)
    connector = connectors[0] if connectors else None
    try:
        connector = serving_connector(tx)
        serving(tx, keys=keys)
    except FauxtuneError as error:
        problem = error.message
    rows = queries.ra_certificate_rows(tx.connection, tx.tenant.id)
    own = (row for row in rows if connector is not None and row.connector_id == connector.id)
    return Standing(connector, problem, tuple(own))


def serving(tx: Transaction, *, keys: KeyStore) -> RegistrationAuthority | None:
    """Return the connector that serves NDES now; None while it has no certificates.

    Raises as `registration_authority`.
    """
    connector = serving_connector(tx)
    loaded = tx.known(("ra", connector.id), lambda: _loaded(tx, connector, keys=keys))
    if not loaded:
        return None
    for purpose, loaded_certificate in loaded.items():
        _check_valid(tx, loaded_certificate.certificate, purpose=purpose, connector=connector)
    return RegistrationAuthority(connector, loaded["encryption"], loaded["signing"])


def serving_connector(tx: Transaction) -> ConnectorRow:
    """Return the connector whose NDES answers: the oldest with the role that works inside the server.

    Differs from Intune: each connector's machine has an NDES of its own, at an address of its own, which stops with it.
    """
    rows = _connectors(tx)
    if not rows:
        words = ROLE_WORDS[SCEP_ROLE]
        raise NotFound(f"No connector of the tenant '{tx.tenant.name}' has the role {words}: there is no NDES.")
    for row in rows:
        if row.credential_digest is None and is_at_work(row):
            return row
    first = rows[0]
    why = why_silent(first, now=tx.now) or "is a process of its own, and NDES is served only by those inside the server"
    raise Unavailable(f"NDES does not answer: the connector '{first.name}' {why}.")


def _connectors(tx: Transaction) -> list[ConnectorRow]:
    """The connectors with the role, the oldest first."""
    return [row for row in connectors_of(tx) if SCEP_ROLE in row.roles]


def _loaded(tx: Transaction, connector: ConnectorRow, *, keys: KeyStore) -> dict[RaPurpose, RaCertificate]:
    """The certificates of a connector, with their keys; empty if it has none."""
    rows = queries.ra_certificate_rows(tx.connection, tx.tenant.id, connector_id=connector.id)
    return {
        row.purpose: RaCertificate(x509.load_der_x509_certificate(row.certificate), keys.load(row.file)) for row in rows
    }


def _check_valid(
    tx: Transaction, certificate: x509.Certificate, *, purpose: RaPurpose, connector: ConnectorRow
) -> None:
    if certificate.not_valid_after_utc <= tx.now:
        end = iso(certificate.not_valid_after_utc)
        raise RaCertificateExpired(
            f"The RA certificate for {purpose} of the connector '{connector.name}' expired on {end}: renew it "
            "(fauxtune scep ndes renew)."
        )


async def _make(emulator: Emulator, tenant: Tenant, *, connector_id: str | None = None) -> list[RaCertificateRow]:
    """Make keys, and certificates for them, in place of those that there are."""
    runner = emulator.runner
    if connector_id is not None:
        connector = await runner.run(tenant, registry.must_run_inside, connector_id)
    else:
        connector = await runner.run(tenant, serving_connector)
    new = await asyncio.to_thread(_new_keys, emulator, tenant, connector=connector)
    old: list[RaCertificateRow] = []
    done = False
    try:
        old = await runner.read(queries.ra_certificate_rows, tenant.id, connector_id=connector.id)
        rows = await runner.run(tenant, certify, connector, new=new, keys=emulator.keys)
        done = True
    finally:
        files = [row.file for row in old] if done else [file for _, file in new.values()]
        await remove_files(emulator, tenant, files=files)
    return rows


def certify(tx: Transaction, connector: ConnectorRow, *, new: _NewKeys, keys: KeyStore) -> list[RaCertificateRow]:
    """Issue the certificates for keys that are on the disk already.

    Raises Unavailable while the authority is off line.
    """
    authority = authorities.issuer(tx, keys=keys)
    rows = []
    for purpose, (key, file) in new.items():
        template = _TEMPLATES[purpose]
        certificate = issue(
            authority=authority,
            public_key=key.public_key(),
            subject=_subject(connector),
            alternative_names=(),
            template=template,
            serial=tx.ids.serial(),
            not_before=tx.now - BACKDATED,
            not_after=min(tx.now + VALIDITY, authority.certificate.not_valid_after_utc),
        )
        certificate_register.note(tx, certificate, authority_name=authority.name, key_usage=template.key_usage)
        described = {"thumbprint": thumbprint(certificate), "serial": serial_hex(certificate), "source": None}
        tx.record("raCertificateIssued", certificate=described, connector=connector.name, purpose=purpose)
        der = certificate.public_bytes(Encoding.DER)
        rows.append(RaCertificateRow(tx.tenant.id, connector.id, purpose, der, file))
    queries.put_ra_certificates(tx.connection, rows)
    return rows


def _subject(connector: ConnectorRow) -> x509.Name:
    name = connector.name[:_LONGEST_NAME]
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name}-MSCEP-RA")])


def _new_keys(emulator: Emulator, tenant: Tenant, *, connector: ConnectorRow) -> _NewKeys:
    """Make and store a key for each certificate. A test tenant takes shared ones."""
    if tenant.is_test_tenant:
        return {purpose: emulator.shared_connector_keys.take(DEFAULT_LENGTH) for purpose in _TEMPLATES}
    stem = f"{connector.id}-ndes-{emulator.runner.ids.uuid()}"
    new: _NewKeys = {purpose: (emulator.key_source.take(), f"{stem}-{purpose}") for purpose in _TEMPLATES}
    emulator.connector_keys.store_all({file: key for key, file in new.values()})
    return new
