"""What an authority publishes: its CRL (RFC 5280 5) and its OCSP answers (RFC 6960), and both as a client reads them.

Another CRL is made when a certificate was revoked or when the last one ends, never otherwise. The responder has a
certificate of its own for a fortnight, as a Windows CA's has by its template "OCSP Response Signing", and gets the
next one two days before the end. While the authority is off line, neither is served.
"""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp as x509_ocsp

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.errors import Conflict, Invalid
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.pki.authority import PrivateKey, key_bits
from fauxtune.core.pki.crl import build_crl
from fauxtune.core.pki.der import Malformed
from fauxtune.core.pki.issuance import BACKDATED, issue_responder
from fauxtune.core.pki.names import serial_hex
from fauxtune.core.pki.ocsp import OcspRequest, Responder, Status, answer_request, malformed, read_request
from fauxtune.operations.ca import authorities
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.faults import strikes
from fauxtune.operations.runtime.kept_answers import Timed
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import authorities as queries
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.rows.certificates import AuthorityRow

CRL_LIFE = timedelta(days=7)
_ANSWER_LIFE = timedelta(days=1)
_RESPONDER_LIFE = timedelta(days=14)
#: Before its end a responder is renewed: no answer outlives its signer.
_RENEWED_BEFORE = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Crl:
    """A CRL's bytes, and the time in which it is the newest."""

    der: bytes
    this_update: datetime
    next_update: datetime


async def crl(emulator: Emulator, tenant: Tenant, *, name: str) -> bytes:
    """Return the authority's CRL, DER. Raises NotFound for an unknown name, Unavailable while it is off line."""
    if emulator.faults.is_on and emulator.faults.of(tenant.id) is not None:
        expired = await emulator.runner.run(tenant, expired_crl, name, keys=emulator.keys)
        if expired is not None:
            return expired
    key = ("crl", tenant.id, name, None)
    kept = emulator.pki_cache.get(key, at=emulator.runner.now(tenant))
    if isinstance(kept, bytes):
        return kept
    state = emulator.runner.database.state
    newest = await emulator.runner.run(tenant, current_crl, name, keys=emulator.keys)
    emulator.pki_cache.put(key, Timed(newest.der, newest.this_update, newest.next_update), state=state)
    return newest.der


def current_crl(tx: Transaction, name: str, *, keys: KeyStore) -> Crl:
    """Return the newest CRL; make one with the next number if there is no CRL yet, or the last has ended."""
    row = authorities.authority_row(tx.connection, tx.tenant, name=name)
    authorities.check_available(tx, row)
    kept = _kept_crl(row, at=tx.now)
    if kept is not None:
        return kept
    # Of two readers at once, the second finds the CRL of the first.
    row = queries.authority_to_change(tx.connection, tx.tenant.id, name=name) or row
    kept = _kept_crl(row, at=tx.now)
    if kept is not None:
        return kept
    authority = authorities.load(tx.connection, tx.tenant, name=name, keys=keys)
    this_update = tx.now.replace(microsecond=0)
    next_update = this_update + CRL_LIFE
    built = build_crl(
        authority=authority,
        revoked=certificate_queries.revoked(tx.connection, tx.tenant.id, authority_name=name),
        number=row.crl_number + 1,
        this_update=this_update,
        next_update=next_update,
    )
    queries.keep_crl(tx.connection, tx.tenant.id, name=name, crl=built, next_update=next_update)
    return Crl(built, this_update, next_update)


def expired_crl(tx: Transaction, name: str, *, keys: KeyStore) -> bytes | None:
    """Return a CRL that has ended, if a fault says so; it is not kept. None: the newest one is served."""
    row = authorities.authority_row(tx.connection, tx.tenant, name=name)
    authorities.check_available(tx, row)
    if not strikes(tx, "crlExpired", path=f"/pki/{tx.tenant.name}/{name}/crl"):
        return None
    this_update = tx.now.replace(microsecond=0) - 2 * CRL_LIFE
    return build_crl(
        authority=authorities.load(tx.connection, tx.tenant, name=name, keys=keys),
        revoked=[],
        number=max(1, row.crl_number),
        this_update=this_update,
        next_update=this_update + CRL_LIFE,
    )


def sign_crl_again(tx: Transaction, name: str) -> None:
    """Have the authority's next reader get a new CRL: a certificate was revoked or released. Once for a transaction."""
    if name not in tx.crls_forgotten:
        queries.forget_crl(tx.connection, tx.tenant.id, name=name)
        tx.crls_forgotten.add(name)


async def ocsp(emulator: Emulator, tenant: Tenant, *, name: str, request: bytes) -> bytes:
    """Return the answer to an OCSP request, DER; for a malformed request it is OCSP's own.

    An answer without a nonce is cached until its facts change.
    """
    responder = await _responder(emulator, tenant, name=name)
    at = emulator.runner.now(tenant)
    # The digest: requests that callers sent are not kept themselves.
    key = ("answer", tenant.id, name, hashlib.sha256(request).digest())
    kept = emulator.pki_cache.get(key, at=at)
    if isinstance(kept, bytes):
        return kept
    try:
        question = read_request(request)
    except Malformed:
        return malformed()
    state = emulator.runner.database.state
    known = await _statuses(emulator, tenant, name=name, question=question)
    until = at + _ANSWER_LIFE
    answer = answer_request(question, responder=responder, lookup=known.get, at=at, next_update=until)
    if question.nonce is None:
        since = at.replace(microsecond=0)
        emulator.pki_cache.put(key, Timed(answer, since, until), state=state)
    return answer


async def _responder(emulator: Emulator, tenant: Tenant, *, name: str) -> Responder:
    """Return the authority's responder, with a certificate that is valid now."""
    key = ("responder", tenant.id, name, None)
    kept = emulator.pki_cache.get(key, at=emulator.runner.now(tenant))
    if isinstance(kept, Responder):
        return kept
    state = emulator.runner.database.state
    responder = await emulator.runner.run(tenant, current_responder, name, keys=emulator.keys)
    if responder is None:
        async with emulator.turns.across(f"ocsp/{tenant.id}/{name}"):
            responder = await _renewed(emulator, tenant, name=name)
    certificate = responder.certificate
    span = (certificate.not_valid_before_utc, certificate.not_valid_after_utc - _RENEWED_BEFORE)
    emulator.pki_cache.put(key, Timed(responder, *span), state=state)
    return responder


async def _renewed(emulator: Emulator, tenant: Tenant, *, name: str) -> Responder:
    runner, keys = emulator.runner, emulator.keys
    responder = await runner.run(tenant, current_responder, name, keys=keys)
    if responder is not None:
        return responder  # another request was first
    row = await runner.read(authorities.authority_row, tenant, name=name)
    key_name, key = row.responder_key_name, None
    if key_name is None:
        key_name = f"{row.key_name}-ocsp"
        key = await asyncio.to_thread(_make_key, emulator, key_name)
    return await runner.run(tenant, certify_responder, name, key_name=key_name, key=key, keys=keys)


def _make_key(emulator: Emulator, key_name: str) -> PrivateKey:
    """Write the key to disk before a row names it; take one that a crash left behind, or that another test tenant with
    the same authority's key has made.
    """
    if not emulator.keys.has(key_name):
        with suppress(Conflict):  # it was made meanwhile, for another test tenant
            emulator.keys.store(key_name, emulator.key_source.take())
    return emulator.keys.load(key_name)


def current_responder(tx: Transaction, name: str, *, keys: KeyStore) -> Responder | None:
    """Return the authority's responder; None where it has no certificate that is valid now. Raises Unavailable while
    the authority is off line.
    """
    row = authorities.authority_row(tx.connection, tx.tenant, name=name)
    authorities.check_available(tx, row)
    if row.responder_certificate is None or row.responder_key_name is None:
        return None
    certificate = x509.load_der_x509_certificate(row.responder_certificate)
    if not certificate.not_valid_before_utc <= tx.now < certificate.not_valid_after_utc - _RENEWED_BEFORE:
        return None
    authority = authorities.load(tx.connection, tx.tenant, name=name, keys=keys)
    return Responder.of(authority, certificate=certificate, key=keys.load(row.responder_key_name))


def certify_responder(
    tx: Transaction, name: str, *, key_name: str, key: PrivateKey | None, keys: KeyStore
) -> Responder:
    """Issue a certificate to the responder's key, which is on disk already."""
    authority = authorities.load(tx.connection, tx.tenant, name=name, keys=keys)
    key = key or keys.load(key_name)
    certificate = issue_responder(
        authority=authority,
        public_key=key.public_key(),
        serial=tx.ids.serial(),
        not_before=tx.now - BACKDATED,
        not_after=tx.now + _RESPONDER_LIFE,
    )
    queries.change_authority(
        tx.connection,
        tx.tenant.id,
        name=name,
        responder_certificate=certificate.public_bytes(Encoding.DER),
        responder_key_name=key_name,
    )
    return Responder.of(authority, certificate=certificate, key=key)


async def _statuses(emulator: Emulator, tenant: Tenant, *, name: str, question: OcspRequest) -> dict[int, Status]:
    """Return the status of each certificate that is asked for, without those that were never issued."""
    known: dict[int, Status] = {}
    at, state = emulator.runner.now(tenant), emulator.runner.database.state
    missing = []
    for certificate in question.certificates:
        status = emulator.pki_cache.get(("status", tenant.id, name, certificate.serial), at=at)
        if isinstance(status, Status):
            known[certificate.serial] = status
        else:
            missing.append(certificate.serial)
    if missing:
        read = await emulator.runner.read(statuses, tenant, name=name, serials=missing)
        known |= read
        for serial, status in read.items():
            timed: Timed[object] = Timed(
                status, datetime.min.replace(tzinfo=at.tzinfo), datetime.max.replace(tzinfo=at.tzinfo)
            )
            emulator.pki_cache.put(("status", tenant.id, name, serial), timed, state=state)
    return known


def statuses(connection: Connection, tenant: Tenant, *, name: str, serials: list[int]) -> dict[int, Status]:
    """Return the status of those of these serial numbers that the authority issued."""
    known = {}
    own: set[int] | None = None
    for serial in serials:
        row = certificate_queries.status(connection, tenant.id, authority_name=name, serial=serial_hex(serial))
        if row is not None:
            known[serial] = Status(revoked_at=row[0], reason=row[1] or "unspecified")
            continue
        own = _own(connection, tenant, name=name) if own is None else own
        if serial in own:
            known[serial] = Status()
    return known


def _own(connection: Connection, tenant: Tenant, *, name: str) -> set[int]:
    """Return the serial numbers that an authority issued outside of its register: of itself or the authorities below
    it, and of its responder.
    """
    certificates = []
    for row in queries.authorities_of(connection, tenant.id):
        parent = "root" if row.role == "issuing" else row.name
        if parent == name:
            certificates.append(row.certificate)
        if row.name == name and row.responder_certificate is not None:
            certificates.append(row.responder_certificate)
    return {x509.load_der_x509_certificate(der).serial_number for der in certificates}


def kept_crl_span(row: AuthorityRow) -> tuple[datetime, datetime] | None:
    """Return thisUpdate and nextUpdate of the newest CRL that was made; None before the first."""
    end = row.crl_next_update
    return None if end is None else (end - CRL_LIFE, end)


def _kept_crl(row: AuthorityRow, *, at: datetime) -> Crl | None:
    """Return the CRL that is kept. A clock that was put back must not show one from the future."""
    span, der = kept_crl_span(row), row.crl
    if span is None or der is None or not span[0] <= at < span[1]:
        return None
    return Crl(der, *span)


#: RFC 5280 4.1.2.2: at most 20 octets.
_LARGEST_SERIAL = 2**159


@dataclass(frozen=True, slots=True)
class PublishedCrl:
    """A CRL: its number, from when to when it is the newest, how many certificates it names, and its size in bytes."""

    number: int
    this_update: datetime
    next_update: datetime | None
    entries: int
    size: int


@dataclass(frozen=True, slots=True)
class OcspAnswer:
    """An answer about one certificate. `status`: good, revoked or unknown; `until`: how long clients may keep it."""

    status: str
    revoked_at: datetime | None
    reason: str | None
    at: datetime
    until: datetime | None


async def read_crl(emulator: Emulator, tenant: Tenant, *, name: str) -> PublishedCrl:
    """Return what the authority's CRL says now. Raises Unavailable while it is off line."""
    der = await crl(emulator, tenant, name=name)
    read = x509.load_der_x509_crl(der)
    number = read.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    return PublishedCrl(number, read.last_update_utc, read.next_update_utc, len(read), len(der))


async def ask_ocsp(emulator: Emulator, tenant: Tenant, *, name: str, serial: str) -> OcspAnswer:
    """Ask the authority's responder for a certificate by its serial number, in hexadecimal. Raises Invalid for another
    text, Unavailable while the authority is off line.
    """
    certificate = await emulator.runner.read(authorities.certificate, tenant, name=name)
    key: Any = certificate.public_key()
    # SHA-1 is what clients identify issuers by: RFC 5019 2.1.1.
    request = (
        x509_ocsp.OCSPRequestBuilder()
        .add_certificate_by_hash(
            hashlib.sha1(certificate.subject.public_bytes()).digest(),  # noqa: S324
            hashlib.sha1(key_bits(key)).digest(),  # noqa: S324
            _number(serial),
            hashes.SHA1(),  # noqa: S303
        )
        .build()
    )
    der = await ocsp(emulator, tenant, name=name, request=request.public_bytes(Encoding.DER))
    answer = x509_ocsp.load_der_ocsp_response(der)
    reason = answer.revocation_reason
    return OcspAnswer(
        status=answer.certificate_status.name.lower(),
        revoked_at=answer.revocation_time_utc,
        reason=None if reason is None else reason.value,
        at=answer.this_update_utc,
        until=answer.next_update_utc,
    )


def _number(serial: str) -> int:
    digits = serial.replace(":", "").replace(" ", "")
    try:
        number = int(digits[:64], 16)
    except ValueError:
        number = 0
    if not 0 < number < _LARGEST_SERIAL:
        raise Invalid("A serial number has 1 to 40 hexadecimal digits, as certificates show it.", target="serial")
    return number
