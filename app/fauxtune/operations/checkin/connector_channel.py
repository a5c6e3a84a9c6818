"""The channel of connectors that are processes of their own: with a credential they lease work and return answers.

A run of such a process is a session; a new one takes the place of the last. A request is leased to the session for a
minute of the system's clock: the lease of a process that crashed ends with that minute, or when the process starts
again. Answers can be repeated: the first counts. The certification authority is the emulator's, so a connector sends it
certificate requests through the same channel (`certify`); the private key stays where it was generated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from fauxtune.connector.keystore import KeyStore
from fauxtune.connector.refusals import RaCertificateMissing
from fauxtune.connector.work import Done
from fauxtune.core.errors import Conflict, Invalid, NotAllowed, NotFound, Unauthenticated, Unavailable
from fauxtune.core.model.connectors import Happening, is_served
from fauxtune.core.model.ids import EnrollmentId, RequestId
from fauxtune.core.model.states import EnrollmentState
from fauxtune.core.pki.authority import DIGICERT
from fauxtune.core.pki.issuance import read_csr, request_key
from fauxtune.core.pki.names import serial_hex
from fauxtune.operations.ca import authorities
from fauxtune.operations.checkin.fulfilment import Fulfilled, Preparing, Task, register, store
from fauxtune.operations.connectors import event_log, revocation
from fauxtune.operations.connectors import registry as connector_registry
from fauxtune.operations.connectors.selection import POLL, is_blocked, looked_up_to, polled_at
from fauxtune.operations.devices.audience import user_name
from fauxtune.operations.devices.ending import revoke_issued_late
from fauxtune.operations.runtime.emulator import Packagings
from fauxtune.operations.runtime.faults import strikes
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import connectors as queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.rows.certificates import CertificateRow, ConnectorRow, RequestRow
from fauxtune.storage.rows.devices import EnrollmentRow

LEASE = timedelta(minutes=1)
#: The most requests in one lease.
MOST = 16
#: Contacts are written down no more often than this: each write empties caches.
_CONTACT_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ConnectorSession:
    """The calling connector: the digest of its credential, and the id of its session (empty before it has one)."""

    credential: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Hello:
    """A connector's introduction when it starts. `keys`: (provider, name, public key)."""

    version: str
    machine: str
    keys: Sequence[tuple[str, str, RSAPublicKey]] = ()


@dataclass(frozen=True, slots=True)
class HelloAnswer:
    """The id of the new session, and the connector's row. `is_blocked`: as of `Leased`; there is no session then."""

    session: str
    connector: ConnectorRow
    is_blocked: bool = False


@dataclass(frozen=True, slots=True)
class Leased:
    """A connector's work: requests, certificates to revoke, and the moment at which a polling connector polls again at
    the latest (None: no request is known to wait for that). `is_blocked`: a firewall keeps the connector from the
    service, so it gets no answer.
    """

    tasks: list[Task] = field(default_factory=list)
    revocations: list[CertificateRow] = field(default_factory=list)
    next_poll: datetime | None = None
    is_blocked: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.tasks and not self.revocations


@dataclass(frozen=True, slots=True)
class ConnectorResources:
    """The emulator's parts that preparing work needs."""

    keys: KeyStore
    packagings: Packagings


def start_session(tx: Transaction, caller: ConnectorSession, *, hello: Hello) -> HelloAnswer:
    """Start a session: end the leases of the last one, and note the connector's keys.

    Raises NotAllowed for a version that is not served any more, Conflict for a name that another key has.
    """
    row = _known(tx, caller)
    connector_registry.check_version(hello.version)
    if not is_served(row.program, hello.version):
        raise NotAllowed(f"Connectors of the version {hello.version} are not served any more: update it.")
    if is_blocked(tx, row, roles=row.roles):
        return HelloAnswer("", row, is_blocked=True)
    session = tx.ids.uuid()
    queries.change_connector(
        tx.connection,
        tx.tenant.id,
        connector_id=row.id,
        session=session,
        machine=hello.machine,
        version=hello.version,
        contact_at=tx.now,
    )
    _note_keys(tx, row, hello=hello)
    if row.session is not None:
        queries.give_back(tx.connection, tx.tenant.id, session=row.session)
    event_log.Writer(tx, row).write(Happening.STARTED)
    connector_registry.ask_again(tx)
    return HelloAnswer(session, connector_registry.connector(tx, row.id))


def stop_session(tx: Transaction, caller: ConnectorSession) -> None:
    """End the session and its leases."""
    row = _served(tx, caller)
    queries.change_connector(tx.connection, tx.tenant.id, connector_id=row.id, session=None, contact_at=tx.now)
    queries.give_back(tx.connection, tx.tenant.id, session=caller.id)
    event_log.Writer(tx, row).write(Happening.STOPPED)
    connector_registry.ask_again(tx)


def lease(tx: Transaction, caller: ConnectorSession, *, most: int, resources: ConnectorResources) -> Leased:
    """Lease at most `most` requests. Raises Unavailable while an administrator keeps the connector off line."""
    row = _served(tx, caller)
    if row.state != "online":
        raise Unavailable(f"The connector '{row.name}' was taken off line by an administrator.")
    if is_blocked(tx, row, roles=row.roles):
        return Leased(is_blocked=True)
    if row.contact_at is None or abs(tx.now - row.contact_at) >= _CONTACT_EVERY:
        queries.change_connector(tx.connection, tx.tenant.id, connector_id=row.id, contact_at=tx.now)
    if strikes(tx, "connectorOffline", connector=row):
        return Leased(next_poll=tx.now + POLL)
    system_now = tx.system_now or tx.now
    before = looked_up_to(row, now=tx.now)
    tasks = []
    answered: list[EnrollmentId] = []
    for request in queries.free_requests(
        tx.connection,
        tx.tenant.id,
        connector_id=row.id,
        roles=row.roles,
        now=system_now,
        before=before,
        limit=min(most, MOST),
    ):
        task = _prepared(tx, request, connector=row, resources=resources, answered=answered)
        if task is None:
            continue
        until = system_now + LEASE
        if queries.lease(tx.connection, request.id, session=caller.id, now=system_now, until=until):
            tasks.append(task)
    if answered:
        # After all requests: enrolments are locked later than these.
        tx.wake(concern.by_enrollments(tx.connection, tx.tenant.id, enrollment_ids=answered))
    revocations: list[CertificateRow] = []
    if "revocation" in row.roles:
        revocations = certificate_queries.asked_revocations(
            tx.connection, tx.tenant.id, before=before, limit=min(most, MOST)
        )
    return Leased(tasks, revocations, next_poll=_next_poll(tx, row, before=before))


def certify(
    tx: Transaction,
    caller: ConnectorSession,
    *,
    request_id: RequestId,
    csr: bytes,
    proof: bytes | None,
    resources: ConnectorResources,
) -> tuple[x509.Certificate, ...]:
    """Issue a certificate for a connector's certificate request; return it and its issuers, nearest first. The same key
    again gets the same certificate. Another key, after a crash, revokes the earlier certificate.

    `proof`: the signature of the connector's RA key over the request, by which DigiCert's CA identifies it. Raises the
    kinds of ConnectorRefused.
    """
    row = _served(tx, caller)
    request = _leased(tx, row, request_id=request_id, caller=caller)
    enrollment = device_queries.enrollment(tx.connection, request.enrollment_id, lock=True)
    request_csr = read_csr(csr)
    earlier = _earlier(tx, request)
    if earlier is not None:
        if earlier.public_key() == request_key(request_csr):
            return (earlier, *_issuers(tx, serial_hex(earlier), resources=resources))
        _supersede(tx, serial_hex(earlier))
    assert enrollment is not None
    task = _preparing(tx, enrollment, resources=resources).task(request, connector=row)
    if task.refusal is not None:
        raise task.refusal
    if task.application is None:
        raise Invalid(f"The request {request_id} is not for a new certificate.")
    if task.application.authority.name == DIGICERT:
        _check_proof(row, csr, proof=proof)
    chain = task.application.certify(request_csr)
    register(tx, enrollment, task=task, certificate=chain[0], user=user_name(tx, enrollment))
    queries.note_certificate(tx.connection, request_id, serial=serial_hex(chain[0]))
    return chain


def answer(tx: Transaction, caller: ConnectorSession, *, request_id: RequestId, done: Done) -> bool:
    """Store a connector's answer to a request, or its refusal; the device plans again. Return False for a request that
    was answered meanwhile, or is gone.
    """
    row = _served(tx, caller)
    request = queries.request(tx.connection, tx.tenant.id, request_id=request_id, lock=True)
    if request is None:
        return False
    enrollment = device_queries.enrollment(tx.connection, request.enrollment_id, lock=True)
    assert enrollment is not None
    task = Task(request, row)
    is_open = request.state == "open" and request.leased_by in (None, caller.id)
    if not is_open:
        if done.issued is not None:
            _revoke_orphan(tx, request, serial=serial_hex(done.issued.certificate))
        return False
    if done.issued is not None and serial_hex(done.issued.certificate) != request.serial:
        raise Invalid("The certificate is not the one that was issued for this request.", target="certificate")
    store(tx, enrollment, fulfilled=Fulfilled(task, done), user=user_name(tx, enrollment))
    if enrollment.state is not EnrollmentState.ACTIVE:
        if done.issued is not None:
            revoke_issued_late(tx, enrollment, serials=[serial_hex(done.issued.certificate)])
        return True
    tx.wake(concern.by_enrollments(tx.connection, tx.tenant.id, enrollment_ids=[enrollment.id]))
    return True


def revoke(tx: Transaction, caller: ConnectorSession, *, serial: str) -> None:
    """Have the authority revoke a certificate that the connector was sent. Safe to repeat."""
    row = _served(tx, caller)
    if "revocation" not in row.roles:
        raise NotAllowed(f"The connector '{row.name}' does not have the role revocation.")
    revocation.carry_out(tx, connector=row, serial=serial)


def _known(tx: Transaction, caller: ConnectorSession) -> ConnectorRow:
    row = queries.connector_by_credential(tx.connection, tx.tenant.id, digest=caller.credential)
    if row is None:
        raise Unauthenticated("No connector of this tenant has this credential: it was removed, or never added.")
    return row


def _served(tx: Transaction, caller: ConnectorSession) -> ConnectorRow:
    row = _known(tx, caller)
    if row.session != caller.id:
        raise Conflict(f"The connector '{row.name}' was started again elsewhere, or stopped: this session has ended.")
    return row


def _note_keys(tx: Transaction, row: ConnectorRow, *, hello: Hello) -> None:
    for known in queries.connector_key_rows(tx.connection, tx.tenant.id, connector_id=row.id):
        connector_registry.delete_key(tx, row.id, provider=known.provider, key_name=known.key_name)
    for provider, name, key in hello.keys:
        connector_registry.add_key(tx, row.id, provider=provider, key_name=name, key=key, file="")


def _prepared(
    tx: Transaction,
    request: RequestRow,
    *,
    connector: ConnectorRow,
    resources: ConnectorResources,
    answered: list[EnrollmentId],
) -> Task | None:
    """Return the request's task; None if it needs no connector: its device is gone, or something is missing. Then the
    refusal is stored as the answer, and the device added to those that are `answered`.
    """
    enrollment = device_queries.enrollment(tx.connection, request.enrollment_id)
    if enrollment is None or enrollment.state is not EnrollmentState.ACTIVE:
        return None
    task = _preparing(tx, enrollment, resources=resources).task(request, connector=connector)
    if task.refusal is None:
        return task
    store(tx, enrollment, fulfilled=Fulfilled(task, Done(refusal=task.refusal)), user=user_name(tx, enrollment))
    answered.append(enrollment.id)
    return None


def _preparing(tx: Transaction, enrollment: EnrollmentRow, *, resources: ConnectorResources) -> Preparing:
    ledger = device_queries.ledger_rows(tx.connection, enrollment.id)
    return Preparing(tx, enrollment, ledger=ledger, keys=resources.keys, packagings=resources.packagings)


def _leased(tx: Transaction, row: ConnectorRow, *, request_id: RequestId, caller: ConnectorSession) -> RequestRow:
    request = queries.request(tx.connection, tx.tenant.id, request_id=request_id, lock=True)
    if request is None or request.role not in row.roles:
        raise NotFound(f"There is no request '{request_id}' for this connector.")
    if request.state != "open" or request.leased_by != caller.id:
        raise Conflict(f"The request '{request_id}' is not leased to this session any more.")
    return request


def _earlier(tx: Transaction, request: RequestRow) -> x509.Certificate | None:
    if request.serial is None:
        return None
    row = certificate_queries.certificate_of_enterprise(tx.connection, tx.tenant.id, serial=request.serial)
    return None if row is None else x509.load_der_x509_certificate(row.certificate)


def _revoke_orphan(tx: Transaction, request: RequestRow, *, serial: str) -> None:
    """Revoke a certificate whose request another session answered first."""
    row = certificate_queries.certificate_of_enterprise(tx.connection, tx.tenant.id, serial=serial)
    if row is not None and row.item_key == request.item_key and serial != request.serial:
        _supersede(tx, serial)


def _supersede(tx: Transaction, serial: str) -> None:
    """Revoke a certificate whose key was lost. Unverified: that the real service does it."""
    row = certificate_queries.certificate_of_enterprise(tx.connection, tx.tenant.id, serial=serial)
    if row is not None and row.revoked_at is None:
        revocation.revoke(
            tx, serial, reason="superseded", authority_name=row.authority, device=row.enrollment_id, source="pkcs"
        )


def _issuers(tx: Transaction, serial: str, *, resources: ConnectorResources) -> tuple[x509.Certificate, ...]:
    row = certificate_queries.certificate_of_enterprise(tx.connection, tx.tenant.id, serial=serial)
    assert row is not None
    authority = authorities.load(tx.connection, tx.tenant, name=row.authority, keys=resources.keys)
    return (authority.certificate, *authority.chain)


def _check_proof(row: ConnectorRow, csr: bytes, *, proof: bytes | None) -> None:
    """Raise RaCertificateMissing unless the RA certificate's key has signed the request."""
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
    """Return when a polling connector may lease the oldest request that is still too new for it."""
    if row.mode != "polling":
        return None
    oldest = queries.oldest_request(tx.connection, tx.tenant.id, roles=row.roles, after=before)
    return None if oldest is None else polled_at(oldest)
