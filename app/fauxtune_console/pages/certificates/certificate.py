"""One certificate: what it says, who holds it, what happened to it, and what its authority answers about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import Response

from fauxtune.core.errors import FauxtuneError
from fauxtune.core.model.ids import UserId
from fauxtune.core.model.states import ItemState
from fauxtune.core.pki.contents import contents
from fauxtune.core.pki.crl import HOLD
from fauxtune.operations.ca import crl_and_ocsp
from fauxtune.operations.insight.certificates import KnownCertificate, known_certificate
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries.authorities import DEVICES
from fauxtune.storage.queries.insight import overview as overview_queries
from fauxtune.storage.queries.insight import register
from fauxtune.storage.rows.certificates import HoldingRow
from fauxtune_console.call import TenantCall
from fauxtune_console.happenings import Group, grouped, happenings
from fauxtune_console.holdings import Chip
from fauxtune_console.registered import (
    State,
    certificate_chip,
    extended_usage_words,
    state,
    usage_words,
)

#: Devices, and events, that the page shows.
_MOST_DEVICES, _MOST_EVENTS = 200, 50
#: The states in which a device has the certificate.
HELD = (ItemState.INSTALLED, ItemState.KEPT, ItemState.REMOVING)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a certificate says of itself, in words."""

    issuer: str
    addresses: str
    extended_usage: str
    key: str
    sha256: str
    pem: str


@dataclass(frozen=True, slots=True)
class CertificateView:
    """One certificate. `people`: the names of the users for whom it was issued or imported, by id."""

    known: KnownCertificate
    chip: Chip
    state: State
    usage: str
    contents: Contents | None
    people: Mapping[str, str]
    device_name: str | None
    profile_name: str | None
    holdings: list[HoldingRow]
    events: list[Group]

    @property
    def held(self) -> list[HoldingRow]:
        """The devices that have it."""
        return [row for row in self.holdings if row.state in HELD]

    @property
    def on_hold(self) -> bool:
        """Whether it is revoked until it is released."""
        return self.known.reason == HOLD


async def certificate(call: TenantCall) -> Response:
    """Show one certificate."""
    view = await call.run(view_of, key=str(call.request.path_params["certificate"]))
    answer, refused = None, ""
    if call.query("ask") and view.known.authority and view.known.serial:
        try:
            answer = await crl_and_ocsp.ask_ocsp(
                call.emulator, call.tenant, name=view.known.authority, serial=view.known.serial
            )
        except FauxtuneError as error:
            refused = error.message
    return call.page("certificate.html", view=view, answer=answer, refused=refused)


def view_of(tx: Transaction, *, key: str) -> CertificateView:
    """Return one certificate, by serial number or thumbprint. Raises NotFound."""
    known = known_certificate(tx, key)
    connection, tenant_id = tx.connection, tx.tenant.id
    devices = set() if known.device is None else {known.device}
    profiles = set() if known.profile is None else {known.profile}
    users = {
        user_id for user_id in (known.user_id, *(record.user_id for record in known.imports)) if user_id is not None
    }
    events = register.events_of(connection, tenant_id, thumbprint=known.thumbprint, limit=_MOST_EVENTS)
    return CertificateView(
        known=known,
        chip=certificate_chip(known.thumbprint, kind=_kind(known)),
        state=state(known.status, reason=known.reason, revocation=known.revocation),
        usage=usage_words(known.key_usage),
        contents=None if known.der is None else _contents(x509.load_der_x509_certificate(known.der)),
        people=_names(tx, users),
        device_name=None
        if known.device is None
        else overview_queries.device_names(connection, tenant_id, ids=devices).get(known.device),
        profile_name=None
        if known.profile is None
        else configuration_queries.names(connection, tenant_id, ids=profiles).get(known.profile),
        holdings=register.where_held(connection, tenant_id, thumbprint=known.thumbprint, limit=_MOST_DEVICES),
        events=grouped(happenings(connection, tenant_id, rows=events)),
    )


def _kind(known: KnownCertificate) -> str:
    if known.source is not None:
        return known.source
    if not known.is_registered:
        return "authority"
    return "identity" if known.authority == DEVICES else "issued"


def _names(tx: Transaction, users: set[UserId]) -> dict[str, str]:
    return directory_queries.user_names(tx.connection, tx.tenant.id, ids=users)


def _contents(certificate: x509.Certificate) -> Contents:
    read = contents(certificate)
    return Contents(
        issuer=read.issuer,
        addresses=", ".join(read.addresses),
        extended_usage=extended_usage_words(sorted(read.extended_usages or ())),
        key=_key(certificate),
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        pem=certificate.public_bytes(Encoding.PEM).decode(),
    )


def _key(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    if isinstance(key, RSAPublicKey):
        return f"RSA, {key.key_size} bits"
    return f"EC, {key.curve.name}" if isinstance(key, EllipticCurvePublicKey) else "of another kind"
