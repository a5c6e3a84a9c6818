"""The channel of connectors that are processes of their own: they come with a credential, take work, and bring answers.

A run of such a process is a session; a new one takes the place of the last. A request is leased to the session for a
minute of the system's clock: whoever crashes gives it back by that, or by coming again. Answers can be repeated: the
first is taken. The certification authority is the emulator's, so a connector sends it certificate requests through the
same channel (`certify`); the private key stays where it was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from fauxtune.connector.keystore import KeyStore
from fauxtune.connector.refusals import RaCertificateMissing
from fauxtune.connector.work import Done
from fauxtune.core.errors import Conflict, Invalid, NotAllowed, NotFound, Unauthenticated, Unavailable
from fauxtune.core.model.connector_events import Happening
from fauxtune.core.model.connectors import is_served
from fauxtune.core.model.ids import EnrollmentId, RequestId
from fauxtune.core.model.states import EnrollmentState
from fauxtune.core.pki.authority import DIGICERT
from fauxtune.core.pki.issuance import read_csr, request_key
from fauxtune.core.pki.names import serial_hex
from fauxtune.operations.ca import authorities
from fauxtune.operations.checkin.fulfilment import Fulfilled, Preparing, Task, register, store
from fauxtune.operations.connectors import event_log, revocation
from fauxtune.operations.connectors import registry as connector_registry
from fauxtune.operations.connectors.selection import POLL
from fauxtune.operations.devices.ending import revoke_issued_late
from fauxtune.operations.devices.users import user_name
from fauxtune.operations.runtime.secret_packaging import Packagings
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import connector_requests as request_queries
from fauxtune.storage.queries import connectors as queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.rows.certificates import CertificateRow, ConnectorRow, RequestRow

Row = dict[str, Any]

LEASE = timedelta(minutes=1)
#: So many requests one is given at once.
MOST = 16
#: A contact is written down no more often: each write makes readers look anew.
_CONTACT_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ConnectorSession:
    """Who comes: the digest of its credential, and its session."""

    credential: str
    session: str = ""


@dataclass(frozen=True, slots=True)
class Hello:
    """What a connector says when it starts. `keys`: (provider, name, public key)."""

    version: str
    machine: str
    keys: Sequence[tuple[str, str, RSAPublicKey]] = ()


@dataclass(frozen=True, slots=True)
class HelloAnswer:
    """The session, and the connector as the service has it."""

    session: str
    connector: ConnectorRow


@dataclass(frozen=True, slots=True)
class Leased:
    """What there is to do: requests, certificates to revoke, and when a polling connector is to look again at the
    latest (None: nothing is known to come).
    """

    tasks: list[Task] = field(default_factory=list)
    revocations: list[CertificateRow] = field(default_factory=list)
    next_poll: datetime | None = None

    @property
    def is_empty(self) -> bool:
        """Nothing to do?"""
        return not self.tasks and not self.revocations


@dataclass(frozen=True, slots=True)
class ConnectorResources:
    """What preparing work takes from the emulator."""

    keys: KeyStore
    packagings: Packagings


def start_session(tx: Transaction, visitor: ConnectorSession, *, greeting: Hello) -> HelloAnswer:
    """A connector starts: what it was at work on before is anybody's again, and its keys are known from now on.

    NotAllowed for a version that is not served any more, Conflict for a key whose name is another key's.
    """
    row = _known(tx, visitor)
    connector_registry.check_version(greeting.version)
    if not is_served(row.program, greeting.version):
        raise NotAllowed(f"Connectors of the version {greeting.version} are not served any more: update it.")
    session = tx.ids.uuid()
    queries.change_connector(
        tx.connection,
        tx.tenant.id,
        connector_id=row.id,
        session=session,
        machine=greeting.machine,
        version=greeting.version,
        contact_at=tx.now,
    )
    _learn_keys(tx, row, greeting=greeting)
    if row.session is not None:
        request_queries.give_back(tx.connection, tx.tenant.id, session=row.session)
    event_log.Writer(tx, row).write(Happening.STARTED)
    connector_registry.ask_again(tx)
    return HelloAnswer(session, connector_registry.connector(tx, row.id))


def stop_session(tx: Transaction, visitor: ConnectorSession) -> None:
    """A connector stops."""
    row = _served(tx, visitor)
    queries.change_connector(tx.connection, tx.tenant.id, connector_id=row.id, session=None, contact_at=tx.now)
    request_queries.give_back(tx.connection, tx.tenant.id, session=visitor.session)
    event_log.Writer(tx, row).write(Happening.STOPPED)
    connector_registry.ask_again(tx)


def lease(tx: Transaction, visitor: ConnectorSession, *, most: int, wares: ConnectorResources) -> Leased:
    """Take work. Unavailable while the connector is off line by the administrator's wish."""
    row = _served(tx, visitor)
    if row.state != "online":
        raise Unavailable(f"The connector '{row.name}' was taken off line by an administrator.")
    if row.contact_at is None or abs(tx.now - row.contact_at) >= _CONTACT_EVERY:
        queries.change_connector(tx.connection, tx.tenant.id, connector_id=row.id, contact_at=tx.now)
    system_now = tx.system_now or tx.now
    before = tx.now - POLL if row.mode == "polling" else tx.now
    found = []
    answered: list[EnrollmentId] = []
    for request in request_queries.free_requests(
        tx.connection,
        tx.tenant.id,
        connector_id=row.id,
        roles=row.roles,
        now=system_now,
        before=before,
        limit=min(most, MOST),
    ):
        task = _prepared(tx, request, connector=row, wares=wares, answered=answered)
        if task is None:
            continue
        until = system_now + LEASE
        if request_queries.lease(tx.connection, request.id, session=visitor.session, now=system_now, until=until):
            found.append(task)
    if answered:
        # After all requests: enrolments are locked later than these.
        tx.wake(concern.by_enrollments(tx.connection, tx.tenant.id, enrollment_ids=answered))
    asked: list[CertificateRow] = []
    if "revocation" in row.roles:
        asked = certificate_queries.asked_revocations(tx.connection, tx.tenant.id, before=before, limit=min(most, MOST))
    return Leased(found, asked, next_poll=_next_poll(tx, row, before=before))


def certify(
    tx: Transaction,
    visitor: ConnectorSession,
    *,
    request_id: RequestId,
    csr: bytes,
    proof: bytes | None,
    wares: ConnectorResources,
) -> tuple[x509.Certificate, ...]:
    """The authority's answer to a connector's certificate request: the certificate and its issuers, nearest first. The
    same key again: the same certificate. Another key, after a crash: the earlier certificate is revoked.

    DigiCert's CA knows a connector by `proof`, the signature of its RA key over the request. ConnectorRefused's kinds.
    """
    row = _served(tx, visitor)
    request = _mine(tx, row, request_id=request_id, visitor=visitor)
    enrollment = device_queries.enrollment(tx.connection, request.enrollment_id, lock=True)
    asked = read_csr(csr)
    earlier = _earlier(tx, request)
    if earlier is not None:
        if earlier.public_key() == request_key(asked):
            return (earlier, *_issuers(tx, serial_hex(earlier), wares=wares))
        _supersede(tx, serial_hex(earlier))
    assert enrollment is not None
    task = Preparing(tx, enrollment, keys=wares.keys, packagings=wares.packagings).task(request, connector=row)
    if task.refusal is not None:
        raise task.refusal
    if task.application is None:
        raise Invalid(f"The request {request_id} is not for a new certificate.")
    if task.application.authority.name == DIGICERT:
        _check_proof(row, csr, proof=proof)
    chain = task.application.certify(asked)
    register(tx, enrollment, task=task, certificate=chain[0], user=user_name(tx, enrollment))
    request_queries.note_certificate(tx.connection, request_id, serial=serial_hex(chain[0]))
    return chain


def answer(tx: Transaction, visitor: ConnectorSession, *, request_id: RequestId, done: Done) -> bool:
    """A connector brings what it made, or why it refuses; the device plans again. False for a request that was answered
    meanwhile, or is not wanted any more.
    """
    row = _served(tx, visitor)
    request = request_queries.request(tx.connection, tx.tenant.id, request_id=request_id, lock=True)
    if request is None:
        return False
    enrollment = device_queries.enrollment(tx.connection, request.enrollment_id, lock=True)
    assert enrollment is not None
    task = Task(request, row)
    open_still = request.state == "open" and request.leased_by in (None, visitor.session)
    if not open_still:
        if done.issued is not None:
            _in_vain(tx, request, serial=serial_hex(done.issued.certificate))
        return False
    if done.issued is not None and serial_hex(done.issued.certificate) != request.serial:
        raise Invalid("The certificate is not the one that was issued for this request.", target="certificate")
    store(tx, enrollment, fulfilled=Fulfilled(task, done), user=user_name(tx, enrollment))
    if enrollment.state != EnrollmentState.ACTIVE.value:
        if done.issued is not None:
            revoke_issued_late(tx, enrollment, serials=[serial_hex(done.issued.certificate)])
        return True
    tx.wake(concern.by_enrollments(tx.connection, tx.tenant.id, enrollment_ids=[enrollment.id]))
    return True


def revoke(tx: Transaction, visitor: ConnectorSession, *, serial: str) -> None:
    """A connector has the authority revoke a certificate that it was told of. Again: nothing."""
    row = _served(tx, visitor)
    if "revocation" not in row.roles:
        raise NotAllowed(f"The connector '{row.name}' has not the role revocation.")
    revocation.carry_out(tx, connector=row, serial=serial)


def _known(tx: Transaction, visitor: ConnectorSession) -> ConnectorRow:
    row = queries.connector_by_credential(tx.connection, tx.tenant.id, digest=visitor.credential)
    if row is None:
        raise Unauthenticated("This credential is no connector's of this tenant: it was removed, or never added.")
    return row


def _served(tx: Transaction, visitor: ConnectorSession) -> ConnectorRow:
    row = _known(tx, visitor)
    if row.session != visitor.session:
        raise Conflict(f"The connector '{row.name}' runs elsewhere by now, or was stopped: this session is over.")
    return row


def _learn_keys(tx: Transaction, row: ConnectorRow, *, greeting: Hello) -> None:
    for known in queries.connector_key_rows(tx.connection, tx.tenant.id, connector_id=row.id):
        connector_registry.delete_key(tx, row.id, provider=known.provider, key_name=known.key_name)
    for provider, name, key in greeting.keys:
        connector_registry.add_key(tx, row.id, provider=provider, key_name=name, key=key, file="")


def _prepared(
    tx: Transaction,
    request: RequestRow,
    *,
    connector: ConnectorRow,
    wares: ConnectorResources,
    answered: list[EnrollmentId],
) -> Task | None:
    """The work; None for what needs no connector: its device is gone, or something is missing, which is the answer
    (the device is then among those that are `answered`).
    """
    enrollment = device_queries.enrollment(tx.connection, request.enrollment_id)
    if enrollment is None or enrollment.state != EnrollmentState.ACTIVE.value:
        return None
    task = Preparing(tx, enrollment, keys=wares.keys, packagings=wares.packagings).task(request, connector=connector)
    if task.refusal is None:
        return task
    store(tx, enrollment, fulfilled=Fulfilled(task, Done(refusal=task.refusal)), user=user_name(tx, enrollment))
    answered.append(EnrollmentId(enrollment.id))
    return None


def _mine(tx: Transaction, row: ConnectorRow, *, request_id: RequestId, visitor: ConnectorSession) -> RequestRow:
    request = request_queries.request(tx.connection, tx.tenant.id, request_id=request_id, lock=True)
    if request is None or request.role not in row.roles:
        raise NotFound(f"There is no request '{request_id}' for this connector.")
    if request.state != "open" or request.leased_by != visitor.session:
        raise Conflict(f"The request '{request_id}' is not this session's any more.")
    return request


def _earlier(tx: Transaction, request: RequestRow) -> x509.Certificate | None:
    if request.serial is None:
        return None
    found = certificate_queries.certificate_of_enterprise(tx.connection, tx.tenant.id, serial=request.serial)
    return None if found is None else x509.load_der_x509_certificate(found.certificate)


def _in_vain(tx: Transaction, request: RequestRow, *, serial: str) -> None:
    """Another was first: what was issued to this one is nobody's."""
    row = certificate_queries.certificate_of_enterprise(tx.connection, tx.tenant.id, serial=serial)
    if row is not None and row.item_key == request.item_key and serial != request.serial:
        _supersede(tx, serial)


def _supersede(tx: Transaction, serial: str) -> None:
    """Unverified: that somebody has revoked what a connector lost in a crash."""
    row = certificate_queries.certificate_of_enterprise(tx.connection, tx.tenant.id, serial=serial)
    if row is not None and row.revoked_at is None:
        revocation.revoke(
            tx, serial, reason="superseded", authority_name=row.authority, device=row.enrollment_id, source="pkcs"
        )


def _issuers(tx: Transaction, serial: str, *, wares: ConnectorResources) -> tuple[x509.Certificate, ...]:
    row = certificate_queries.certificate_of_enterprise(tx.connection, tx.tenant.id, serial=serial)
    assert row is not None
    found = authorities.load(tx.connection, tx.tenant, name=row.authority, keys=wares.keys)
    return (found.certificate, *found.chain)


def _check_proof(row: ConnectorRow, csr: bytes, *, proof: bytes | None) -> None:
    """RaCertificateMissing unless the RA certificate's key has signed the request."""
    known = None if row.ra_certificate is None else x509.load_der_x509_certificate(row.ra_certificate)
    key = None if known is None else known.public_key()
    try:
        if proof is None or not isinstance(key, RSAPublicKey):
            raise InvalidSignature
        key.verify(proof, csr, PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        raise RaCertificateMissing(
            f"The connector '{row.name}' does not prove that it has the key of its RA certificate of DigiCert's CA."
        ) from None


def _next_poll(tx: Transaction, row: ConnectorRow, *, before: datetime) -> datetime | None:
    """When there is something that a polling connector does not look at yet."""
    if row.mode != "polling":
        return None
    oldest = request_queries.oldest_request(tx.connection, tx.tenant.id, roles=row.roles, after=before)
    return None if oldest is None else oldest + POLL
