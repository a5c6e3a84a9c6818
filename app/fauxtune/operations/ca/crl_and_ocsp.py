"""What an authority says of its certificates: its CRL (RFC 5280 5) and its OCSP responder (RFC 6960), on the tenant's
clock.

A CRL is made anew when something was revoked or its time is over, never otherwise. The responder has a certificate of
its own for a fortnight, as a Windows CA's has by its template "OCSP Response Signing", and gets the next one two days
before the end. While the authority is off line, neither is there.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.pki.authority import PrivateKey
from fauxtune.core.pki.crl import Revoked, build_crl
from fauxtune.core.pki.issuance import issue_responder
from fauxtune.core.pki.names import serial_hex
from fauxtune.core.pki.ocsp import Responder, Status, answer_question, malformed
from fauxtune.core.pki.ocsp_request import Malformed, Question, read_request
from fauxtune.operations.ca import authorities
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.pki_cache import Timed
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import authorities as queries
from fauxtune.storage.queries import certificates as certificate_queries

CRL_LIFE = timedelta(days=7)
_ANSWER_LIFE = timedelta(days=1)
_RESPONDER_LIFE = timedelta(days=14)
#: Before its end a responder is renewed: no answer outlives its signer.
_RENEWED_BEFORE = timedelta(days=2)
_BACKDATED = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Crl:
    """A CRL's bytes, and the span in which it is the newest."""

    der: bytes
    this_update: datetime
    next_update: datetime


async def crl(emulator: Emulator, tenant: Tenant, *, name: str) -> bytes:
    """The authority's CRL, DER. NotFound for a name that is none, Unavailable while it is off line."""
    key = ("crl", tenant.id, name, None)
    kept = emulator.pki_cache.get(key, at=emulator.runner.now(tenant))
    if isinstance(kept, bytes):
        return kept
    state = emulator.runner.database.state
    found = await emulator.runner.run(tenant, current_crl, name, keys=emulator.keys)
    emulator.pki_cache.put(key, Timed(found.der, found.this_update, found.next_update), state=state)
    return found.der


def current_crl(tx: Transaction, name: str, *, keys: KeyStore) -> Crl:
    """The newest CRL; where none is, or its time is over, another with the next number."""
    row = authorities.authority_row(tx.connection, tx.tenant, name=name)
    authorities.check_available(tx, row)
    kept = _kept_crl(row, at=tx.now)
    if kept is not None:
        return kept
    # Of two who come at once, the second finds the first one's.
    row = queries.authority_to_change(tx.connection, tx.tenant.id, name=name) or row
    kept = _kept_crl(row, at=tx.now)
    if kept is not None:
        return kept
    authority = authorities.load(tx.connection, tx.tenant, name=name, keys=keys)
    found = certificate_queries.revoked(tx.connection, tx.tenant.id, authority_name=name)
    this_update = tx.now.replace(microsecond=0)
    next_update = this_update + CRL_LIFE
    built = build_crl(
        authority=authority,
        revoked=[Revoked(int(each["serial"], 16), each["revoked_at"], each["reason"]) for each in found],
        number=row["crl_number"] + 1,
        this_update=this_update,
        next_update=next_update,
    )
    queries.keep_crl(tx.connection, tx.tenant.id, name=name, crl=built, next_update=next_update)
    return Crl(built, this_update, next_update)


async def ocsp(emulator: Emulator, tenant: Tenant, *, name: str, request: bytes) -> bytes:
    """The answer to an OCSP request, DER; a malformed request gets OCSP's own answer for it.

    An answer without a nonce is given again as long as it is true.
    """
    responder = await _responder(emulator, tenant, name=name)
    at = emulator.runner.now(tenant)
    # The digest: the requests that others sent are not kept themselves.
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
    made = answer_question(question, responder=responder, lookup=known.get, at=at, next_update=until)
    if question.nonce is None:
        since = at.replace(microsecond=0)
        emulator.pki_cache.put(key, Timed(made, since, until), state=state)
    return made


async def _responder(emulator: Emulator, tenant: Tenant, *, name: str) -> Responder:
    """Who answers for the authority, with a certificate that is good now."""
    key = ("responder", tenant.id, name, None)
    kept = emulator.pki_cache.get(key, at=emulator.runner.now(tenant))
    if isinstance(kept, Responder):
        return kept
    state = emulator.runner.database.state
    found = await emulator.runner.run(tenant, current_responder, name, keys=emulator.keys)
    if found is None:
        async with emulator.turns.of(f"ocsp/{tenant.id}/{name}"):
            found = await _renewed(emulator, tenant, name=name)
    certificate = found.certificate
    span = (certificate.not_valid_before_utc, certificate.not_valid_after_utc - _RENEWED_BEFORE)
    emulator.pki_cache.put(key, Timed(found, *span), state=state)
    return found


async def _renewed(emulator: Emulator, tenant: Tenant, *, name: str) -> Responder:
    runner, keys = emulator.runner, emulator.keys
    found = await runner.run(tenant, current_responder, name, keys=keys)
    if found is not None:
        return found  # somebody was here before
    row = await runner.read(authorities.authority_row, tenant, name=name)
    key_name, key = row["responder_key_name"], None
    if key_name is None:
        key_name = f"{row['key_name']}-ocsp"
        key = await asyncio.to_thread(_make_key, emulator, key_name)
    return await runner.run(tenant, certify_responder, name, key_name=key_name, key=key, keys=keys)


def _make_key(emulator: Emulator, key_name: str) -> PrivateKey:
    """On disk before a row names it; one that a crash left behind will do."""
    if not emulator.keys.has(key_name):
        emulator.keys.store(key_name, emulator.key_source.take())
    return emulator.keys.load(key_name)


def current_responder(tx: Transaction, name: str, *, keys: KeyStore) -> Responder | None:
    """Who answers for the authority; None where nobody has a certificate that is good now. Unavailable while the
    authority is.
    """
    row = authorities.authority_row(tx.connection, tx.tenant, name=name)
    authorities.check_available(tx, row)
    if row["responder_certificate"] is None:
        return None
    certificate = x509.load_der_x509_certificate(row["responder_certificate"])
    if not certificate.not_valid_before_utc <= tx.now < certificate.not_valid_after_utc - _RENEWED_BEFORE:
        return None
    authority = authorities.load(tx.connection, tx.tenant, name=name, keys=keys)
    return Responder.of(authority, certificate=certificate, key=keys.load(row["responder_key_name"]))


def certify_responder(
    tx: Transaction, name: str, *, key_name: str, key: PrivateKey | None, keys: KeyStore
) -> Responder:
    """A new certificate for the responder's key, which is on disk already."""
    authority = authorities.load(tx.connection, tx.tenant, name=name, keys=keys)
    key = key or keys.load(key_name)
    certificate = issue_responder(
        authority=authority,
        public_key=key.public_key(),
        serial=tx.ids.serial(),
        not_before=tx.now - _BACKDATED,
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


async def _statuses(emulator: Emulator, tenant: Tenant, *, name: str, question: Question) -> dict[int, Status]:
    """What is known of the certificates that are asked for; those never issued are left out."""
    known: dict[int, Status] = {}
    at, state = emulator.runner.now(tenant), emulator.runner.database.state
    missing = []
    for asked in question.certificates:
        kept = emulator.pki_cache.get(("status", tenant.id, name, asked.serial), at=at)
        if isinstance(kept, Status):
            known[asked.serial] = kept
        else:
            missing.append(asked.serial)
    if missing:
        found = await emulator.runner.read(statuses, tenant, name=name, serials=missing)
        known |= found
        for serial, status in found.items():
            timed: Timed[object] = Timed(
                status, datetime.min.replace(tzinfo=at.tzinfo), datetime.max.replace(tzinfo=at.tzinfo)
            )
            emulator.pki_cache.put(("status", tenant.id, name, serial), timed, state=state)
    return known


def statuses(connection: Connection, tenant: Tenant, *, name: str, serials: list[int]) -> dict[int, Status]:
    """What the authority knows of the certificates with these serial numbers, of those that it issued."""
    found = {}
    own: set[int] | None = None
    for serial in serials:
        row = certificate_queries.status(connection, tenant.id, authority_name=name, serial=serial_hex(serial))
        if row is not None:
            found[serial] = Status(revoked_at=row[0], reason=row[1] or "unspecified")
            continue
        own = _own(connection, tenant, name=name) if own is None else own
        if serial in own:
            found[serial] = Status()
    return found


def _own(connection: Connection, tenant: Tenant, *, name: str) -> set[int]:
    """What an authority issued that stands in no register: itself or the authorities below it, and its responder's."""
    certificates = []
    for row in queries.authorities_of(connection, tenant.id):
        parent = "root" if row["role"] == "issuing" else row["name"]
        if parent == name:
            certificates.append(row["certificate"])
        if row["name"] == name and row["responder_certificate"] is not None:
            certificates.append(row["responder_certificate"])
    return {x509.load_der_x509_certificate(each).serial_number for each in certificates}


def kept_crl_span(row: dict[str, object]) -> tuple[datetime, datetime] | None:
    """thisUpdate and nextUpdate of the newest CRL that was made; None where none was."""
    end = row["crl_next_update"]
    return (end - CRL_LIFE, end) if isinstance(end, datetime) else None


def _kept_crl(row: dict[str, object], *, at: datetime) -> Crl | None:
    """The CRL that is kept. A clock that was put back must not show one from the future."""
    span, der = kept_crl_span(row), row["crl"]
    if span is None or not isinstance(der, bytes) or not span[0] <= at < span[1]:
        return None
    return Crl(der, *span)
