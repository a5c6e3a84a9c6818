"""The tenant's certification authorities: created with it, loaded to sign, taken off line, and given a new key.

As a Windows CA that is renewed with a new key, the issuing authority keeps its name at a rollover: profiles go on
naming it. The old key stays for what it signed: `issuing` at `/pki/{tenant}/issuing/`, the next `issuing-2`, and so on.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.errors import Conflict, Invalid, NotFound, Unavailable
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.pki.authority import (
    DIGICERT,
    Addresses,
    Authority,
    AuthorityName,
    PrivateKey,
    addresses_for,
    self_signed_root,
    subordinate,
)
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import authorities as queries
from fauxtune.storage.queries import concern, locks
from fauxtune.storage.queries import connectors as request_queries
from fauxtune.storage.rows.certificates import AuthorityRow, AuthorityState

#: The authorities that every tenant starts with.
NAMES: tuple[AuthorityName, ...] = ("root", "issuing", "devices")
STATES: tuple[AuthorityState, ...] = ("available", "unavailable")

#: Authorities are older than the tenant, so that its CA can issue certificates of years ago, and outlive long advances.
_BEFORE = timedelta(days=365 * 20)
_AFTER = timedelta(days=365 * 30)


def create(
    tx: Transaction, *, keys: dict[AuthorityName, PrivateKey], key_names: dict[AuthorityName, str]
) -> x509.Certificate:
    """Create the enterprise root with its issuing authority, and the authority for devices' identities. Return the
    certificate of the latter.
    """
    tenant = tx.tenant
    not_before, not_after = tx.now - _BEFORE, tx.now + _AFTER
    root = self_signed_root(
        name="root",
        common_name=f"{tenant.ca_name} Root",
        key=keys["root"],
        serial=tx.ids.serial(),
        addresses=_addresses(tenant, "root"),
        not_before=not_before,
        not_after=not_after,
    )
    issuing = subordinate(
        parent=root,
        common_name=tenant.ca_name,
        key=keys["issuing"],
        serial=tx.ids.serial(),
        addresses=_addresses(tenant, "issuing"),
        not_before=not_before,
        not_after=not_after,
    )
    devices = self_signed_root(
        name="devices",
        common_name=f"{tenant.name} Device CA {tenant.id[:8]}",
        key=keys["devices"],
        serial=tx.ids.serial(),
        addresses=_addresses(tenant, "devices"),
        not_before=not_before,
        not_after=not_after,
    )
    authorities = {"root": root, "issuing": issuing, "devices": devices}
    rows = [_row(tx, authorities[name], name=name, role=name, key_name=key_names[name]) for name in NAMES]
    queries.add_authorities(tx.connection, *rows)
    return devices.certificate


def load(connection: Connection, tenant: Tenant, *, name: str, keys: KeyStore) -> Authority:
    """Load an authority with its key. Raises NotFound for an unknown name."""
    row = authority_row(connection, tenant, name=name)
    chain: tuple[x509.Certificate, ...] = ()
    if row.role == "issuing":
        chain = (certificate(connection, tenant, name="root"),)
    elif row.role == DIGICERT:
        chain = (certificate(connection, tenant, name=f"{DIGICERT}-root"),)
    return Authority(
        name=name,
        certificate=x509.load_der_x509_certificate(row.certificate),
        key=keys.load(row.key_name),
        chain=chain,
        addresses=_addresses(tenant, name),
    )


def issuer(tx: Transaction, name: str = "issuing", *, keys: KeyStore) -> Authority:
    """Load the authority that issues to users and their devices now; for `issuing`, the one with the newest key. Raises
    Unavailable while it is off line.
    """
    row = issuer_row(tx, name)
    check_available(tx, row)
    return load(tx.connection, tx.tenant, name=row.name, keys=keys)


def issuer_row(tx: Transaction, name: str = "issuing") -> AuthorityRow:
    """Return the row of the authority that issues now. Raises NotFound for an unknown name."""
    if name == "issuing":
        return queries.current_issuing(tx.connection, tx.tenant.id)
    return authority_row(tx.connection, tx.tenant, name=name)


def check_available(tx: Transaction, row: AuthorityRow) -> None:
    """Raise Unavailable for an authority that is off line."""
    if row.state != "available":
        raise Unavailable(f"The certification authority '{row.name}' of {tx.tenant.ca_host} is off line.")


def certificate(connection: Connection, tenant: Tenant, *, name: str) -> x509.Certificate:
    """Return the certificate of an authority. Raises NotFound for an unknown name."""
    return x509.load_der_x509_certificate(authority_row(connection, tenant, name=name).certificate)


def authority_row(connection: Connection, tenant: Tenant, *, name: str) -> AuthorityRow:
    """Return an authority's row. Raises NotFound for an unknown name."""
    row = queries.authority(connection, tenant.id, name=name)
    if row is None:
        known = ", ".join(other.name for other in queries.authorities_of(connection, tenant.id))
        raise NotFound(f"There is no authority '{name}'. There are: {known}.")
    return row


def set_state(tx: Transaction, name: str, *, state: str) -> AuthorityRow:
    """Take an enterprise authority off line, or bring it back; devices that waited for it plan again. Raises Invalid
    for an unknown state, and for the authority of devices.
    """
    row = authority_row(tx.connection, tx.tenant, name=name)
    new = _checked_state(state)
    if row.role == "devices":
        raise Invalid("The authority 'devices' is the service's own: its state cannot be changed.", target="state")
    if row.state != new:
        if new == "available" and row.role != "root":
            _ask_again(tx)
        queries.change_authority(tx.connection, tx.tenant.id, name=name, state=new)
        tx.record("authorityAvailable" if new == "available" else "authorityUnavailable", authority=name)
    return authority_row(tx.connection, tx.tenant, name=name)


def _checked_state(text: str) -> AuthorityState:
    for state in STATES:
        if text == state:
            return state
    raise Invalid(f"state is one of {', '.join(STATES)}, not '{text}'.", target="state")


def roll_over(tx: Transaction, name: str, *, key: PrivateKey, key_name: str, keys: KeyStore) -> AuthorityRow:
    """Give the issuing authority a new key and certificate, below the same root. What the old key signed keeps its CRL
    and OCSP where they are. Raises Conflict for an authority that has a successor already.
    """
    locks.hold_all(tx.connection, tx.tenant.id)
    row = queries.authority_to_change(tx.connection, tx.tenant.id, name=name)
    if row is None or row.role != "issuing":
        authority_row(tx.connection, tx.tenant, name=name)
        raise Invalid(f"Only the issuing authority can be given a new key, not '{name}'.", target="authority")
    current = queries.current_issuing(tx.connection, tx.tenant.id)
    if current.name != name:
        raise Conflict(f"'{name}' has a successor already; '{current.name}' issues now.", target="authority")
    root_row = authority_row(tx.connection, tx.tenant, name="root")
    check_available(tx, root_row)
    root = load(tx.connection, tx.tenant, name="root", keys=keys)
    generation = row.generation + 1
    successor = f"issuing-{generation}"
    authority = subordinate(
        parent=root,
        name=successor,
        common_name=tx.tenant.ca_name,
        key=key,
        serial=tx.ids.serial(),
        addresses=_addresses(tx.tenant, successor),
        not_before=tx.now - _BEFORE,
        not_after=min(tx.now + _AFTER, root.certificate.not_valid_after_utc),
    )
    add_authority(tx, authority, name=successor, role="issuing", key_name=key_name, generation=generation)
    tx.record("rolledOver", authority=successor, before=name)
    if row.state != "available":
        _ask_again(tx)
    return authority_row(tx.connection, tx.tenant, name=successor)


def sha256(certificate: x509.Certificate) -> str:
    """Return a certificate's SHA-256 in lower-case hex, by which devices' trusted roots are named."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def add_authority(
    tx: Transaction, authority: Authority, *, name: str, role: str, key_name: str, generation: int = 1
) -> None:
    """Add an authority, available and without a CRL; its key is in the file `key_name`."""
    row = _row(tx, authority, name=name, role=role, key_name=key_name)
    queries.add_authorities(tx.connection, replace(row, generation=generation))


def _row(tx: Transaction, authority: Authority, *, name: str, role: str, key_name: str) -> AuthorityRow:
    return AuthorityRow(
        tenant_id=tx.tenant.id,
        name=name,
        role=role,
        generation=1,
        state="available",
        certificate=authority.certificate.public_bytes(Encoding.DER),
        key_name=key_name,
        crl_number=0,
    )


def _ask_again(tx: Transaction) -> None:
    """Have requests asked again that were refused while the authority was off line."""
    request_queries.forget_refusals(tx.connection, tx.tenant.id, role="pkcs")
    tx.wake(concern.by_tenant(tx.connection, tx.tenant.id))


def _addresses(tenant: Tenant, name: str) -> Addresses:
    return addresses_for(tenant.public_http_url, tenant_name=tenant.name, authority=name)
