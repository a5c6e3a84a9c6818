"""The tenant's certification authorities: made with it, found when something is to be signed, out of reach at times,
and given a new key.

As a Windows CA that is renewed with a new key, the issuing authority keeps its name at a rollover: profiles go on
naming it. The old key stays for what it signed: `issuing` at `/pki/{tenant}/issuing/`, the next `issuing-2`, and so on.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

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
from fauxtune.storage.queries import authorities as role_queries
from fauxtune.storage.queries import concern, locks
from fauxtune.storage.queries import connector_requests as request_queries

Row = dict[str, Any]

#: What every tenant begins with.
NAMES: tuple[AuthorityName, ...] = ("root", "issuing", "devices")
STATES = ("available", "unavailable")

#: Authorities are older than the tenant, so that its CA can issue certificates of years ago, and outlive long advances.
_BEFORE = timedelta(days=365 * 20)
_AFTER = timedelta(days=365 * 30)


def create(tx: Transaction, *, keys: dict[AuthorityName, PrivateKey], key_names: dict[AuthorityName, str]) -> None:
    """The enterprise root with its issuing authority, and the authority for devices' identities."""
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
    made = {"root": root, "issuing": issuing, "devices": devices}
    for name in NAMES:
        _add(tx, made[name], role=name, generation=1, key_name=key_names[name])


def load(connection: Connection, tenant: Tenant, *, name: str, keys: KeyStore) -> Authority:
    """One of the tenant's authorities with its key. NotFound for a name that is none."""
    row = authority_row(connection, tenant, name=name)
    chain: tuple[x509.Certificate, ...] = ()
    if row["role"] == "issuing":
        chain = (certificate(connection, tenant, name="root"),)
    elif row["role"] == DIGICERT:
        chain = (certificate(connection, tenant, name=f"{DIGICERT}-root"),)
    return Authority(
        name=name,
        certificate=x509.load_der_x509_certificate(row["certificate"]),
        key=keys.load(row["key_name"]),
        chain=chain,
        addresses=_addresses(tenant, name),
    )


def issuer(tx: Transaction, name: str = "issuing", *, keys: KeyStore) -> Authority:
    """The authority that issues to users and their devices now: with `issuing`, whichever key it has by now.
    Unavailable while it cannot be reached.
    """
    row = issuer_row(tx, name)
    check_available(tx, row)
    return load(tx.connection, tx.tenant, name=row["name"], keys=keys)


def issuer_row(tx: Transaction, name: str = "issuing") -> Row:
    """The row of the authority that issues now."""
    if name == "issuing":
        return role_queries.current_issuing(tx.connection, tx.tenant.id)
    return authority_row(tx.connection, tx.tenant, name=name)


def check_available(tx: Transaction, row: Row) -> None:
    """Unavailable for an authority that cannot be reached."""
    if row["state"] != "available":
        raise Unavailable(f"The certification authority '{row['name']}' of {tx.tenant.ca_host} is off line.")


def certificate(connection: Connection, tenant: Tenant, *, name: str) -> x509.Certificate:
    """The certificate of one of the tenant's authorities. NotFound for a name that is none."""
    return x509.load_der_x509_certificate(authority_row(connection, tenant, name=name)["certificate"])


def authority_row(connection: Connection, tenant: Tenant, *, name: str) -> Row:
    """One of the tenant's authorities. NotFound for a name that is none."""
    row = role_queries.authority(connection, tenant.id, name=name)
    if row is None:
        known = ", ".join(each["name"] for each in role_queries.authorities_of(connection, tenant.id))
        raise NotFound(f"There is no authority '{name}'. There are: {known}.")
    return row


def set_state(tx: Transaction, name: str, *, state: str) -> Row:
    """Take an enterprise authority off line, or bring it back. What waited for it goes on by itself."""
    row = authority_row(tx.connection, tx.tenant, name=name)
    if state not in STATES:
        raise Invalid(f"state is one of {', '.join(STATES)}, not '{state}'.", target="state")
    if row["role"] == "devices":
        raise Invalid("The authority 'devices' is the service's own, and is there when the service is.", target="state")
    if row["state"] != state:
        if state == "available" and row["role"] != "root":
            _look_again(tx)
        role_queries.change_authority(tx.connection, tx.tenant.id, name=name, state=state)
        tx.record("authorityAvailable" if state == "available" else "authorityUnavailable", authority=name)
    return authority_row(tx.connection, tx.tenant, name=name)


def roll_over(tx: Transaction, name: str, *, key: PrivateKey, key_name: str, keys: KeyStore) -> Row:
    """A new key and certificate for the issuing authority, below the same root. What the old key signed keeps its CRL
    and OCSP where they are. Conflict for an authority that has a successor already.
    """
    locks.hold_all(tx.connection, tx.tenant.id)
    row = role_queries.authority_to_change(tx.connection, tx.tenant.id, name=name)
    if row is None or row["role"] != "issuing":
        authority_row(tx.connection, tx.tenant, name=name)
        raise Invalid(f"Only the issuing authority can be given a new key, not '{name}'.", target="authority")
    current = role_queries.current_issuing(tx.connection, tx.tenant.id)
    if current["name"] != name:
        raise Conflict(f"'{name}' has a successor already; '{current['name']}' issues now.", target="authority")
    root_row = authority_row(tx.connection, tx.tenant, name="root")
    check_available(tx, root_row)
    root = load(tx.connection, tx.tenant, name="root", keys=keys)
    generation = row["generation"] + 1
    successor = f"issuing-{generation}"
    made = subordinate(
        parent=root,
        name=successor,
        common_name=tx.tenant.ca_name,
        key=key,
        serial=tx.ids.serial(),
        addresses=_addresses(tx.tenant, successor),
        not_before=tx.now - _BEFORE,
        not_after=min(tx.now + _AFTER, root.certificate.not_valid_after_utc),
    )
    _add(tx, made, role="issuing", generation=generation, key_name=key_name)
    tx.record("rolledOver", authority=successor, before=name)
    if row["state"] != "available":
        _look_again(tx)
    return authority_row(tx.connection, tx.tenant, name=successor)


def sha256(found: x509.Certificate) -> str:
    """A certificate's SHA-256, lower-case hex: how trusted roots are named on devices."""
    return found.fingerprint(hashes.SHA256()).hex()


def _add(tx: Transaction, authority: Authority, *, role: str, generation: int, key_name: str) -> None:
    role_queries.add_authority(
        tx.connection,
        tx.tenant.id,
        name=authority.name,
        role=role,
        generation=generation,
        state="available",
        certificate=authority.certificate.public_bytes(Encoding.DER),
        key_name=key_name,
        crl_number=0,
    )


def _look_again(tx: Transaction) -> None:
    """What was refused because nobody was there may be issued now."""
    request_queries.forget_refusals(tx.connection, tx.tenant.id, role="pkcs")
    tx.wake(concern.by_tenant(tx.connection, tx.tenant.id))


def _addresses(tenant: Tenant, name: str) -> Addresses:
    return addresses_for(tenant.public_http_url, tenant_name=tenant.name, authority=name)
