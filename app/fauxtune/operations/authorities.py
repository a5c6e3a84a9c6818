"""The tenant's certification authorities: made with it, found when something is to be signed."""

from __future__ import annotations

from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.errors import NotFound
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.pki.authority import (
    Authority,
    AuthorityName,
    PrivateKey,
    addresses_for,
    self_signed_root,
    subordinate,
)
from fauxtune.operations.act import Act
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import certificates as queries

NAMES: tuple[AuthorityName, ...] = ("root", "issuing", "devices")

#: Authorities are older than the tenant, so that its CA can issue certificates of years ago, and outlive long advances.
_BEFORE = timedelta(days=365 * 20)
_AFTER = timedelta(days=365 * 30)


def create(act: Act, *, keys: dict[AuthorityName, PrivateKey], key_names: dict[AuthorityName, str]) -> None:
    """The enterprise root with its issuing authority, and the authority for devices' identities."""
    tenant = act.tenant
    not_before, not_after = act.now - _BEFORE, act.now + _AFTER
    root = self_signed_root(
        name="root",
        common_name=f"{tenant.ca_name} Root",
        key=keys["root"],
        serial=act.ids.serial(),
        addresses=addresses_for(tenant.public_http_url, tenant_name=tenant.name, authority="root"),
        not_before=not_before,
        not_after=not_after,
    )
    issuing = subordinate(
        parent=root,
        common_name=tenant.ca_name,
        key=keys["issuing"],
        serial=act.ids.serial(),
        addresses=addresses_for(tenant.public_http_url, tenant_name=tenant.name, authority="issuing"),
        not_before=not_before,
        not_after=not_after,
    )
    devices = self_signed_root(
        name="devices",
        common_name=f"{tenant.name} Device CA {tenant.id[:8]}",
        key=keys["devices"],
        serial=act.ids.serial(),
        addresses=addresses_for(tenant.public_http_url, tenant_name=tenant.name, authority="devices"),
        not_before=not_before,
        not_after=not_after,
    )
    for authority in (root, issuing, devices):
        queries.add_authority(
            act.connection,
            tenant.id,
            name=authority.name,
            certificate=authority.certificate.public_bytes(Encoding.DER),
            key_name=key_names[authority.name],
            crl_number=0,
        )


def load(connection: Connection, tenant: Tenant, *, name: str, keys: KeyStore) -> Authority:
    """One of the tenant's authorities with its key. NotFound for a name that is none."""
    if name not in NAMES:
        raise NotFound(f"There is no authority '{name}'. There are: {', '.join(NAMES)}.")
    row = queries.authority(connection, tenant.id, name=name)
    if row is None:
        raise NotFound(f"The tenant '{tenant.name}' has no authority '{name}'.")
    chain: tuple[x509.Certificate, ...] = ()
    if name == "issuing":
        chain = (certificate(connection, tenant, name="root"),)
    return Authority(
        name=name,
        certificate=x509.load_der_x509_certificate(row["certificate"]),
        key=keys.load(row["key_name"]),
        chain=chain,
        addresses=addresses_for(tenant.public_http_url, tenant_name=tenant.name, authority=name),
    )


def certificate(connection: Connection, tenant: Tenant, *, name: str) -> x509.Certificate:
    """The certificate of one of the tenant's authorities. NotFound for a name that is none."""
    row = queries.authority(connection, tenant.id, name=name)
    if row is None:
        raise NotFound(f"There is no authority '{name}'. There are: {', '.join(NAMES)}.")
    return x509.load_der_x509_certificate(row["certificate"])


def sha256(found: x509.Certificate) -> str:
    """A certificate's SHA-256, lower-case hex: how trusted roots are named on devices."""
    return found.fingerprint(hashes.SHA256()).hex()
