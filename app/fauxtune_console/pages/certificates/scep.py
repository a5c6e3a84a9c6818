"""SCEP at the tenant: its own server, requests that wait there, the challenges of devices, a partner's revocations.

Intune shows the content of a challenge to nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from fastapi import Response

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.ids import EnrollmentId, ProfileId
from fauxtune.core.pki.foreign import request_from
from fauxtune.core.pki.names import subject_text
from fauxtune.core.scep.challenge import Challenge, Verdict
from fauxtune.operations.checkin import ndes_issuance, scep_challenges
from fauxtune.operations.connectors import ra_certificates
from fauxtune.operations.insight.certificates import known_challenge
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.tenants import tenants
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import scep as queries
from fauxtune.storage.queries.insight import overview as overview_queries
from fauxtune.storage.rows.certificates import ConnectorRow
from fauxtune.storage.rows.scep import PartnerRevocationRow, ScepChallengeRow, ScepRequestRow
from fauxtune_console.call import TenantCall
from fauxtune_console.device_words import Said
from fauxtune_console.registered import extended_usage_words, usage_words
from fauxtune_console.session import Typed

_APPROVAL = "ndes.approval"
#: Challenges, requests and revocations that the page shows: the newest.
_MOST = 50
#: data. A kind of alternative name (Graph: subjectAlternativeNameType) -> its words.
_NAMES = {
    "emailAddress": "e-mail address",
    "userPrincipalName": "principal name",
    "domainNameService": "DNS name",
    "universalResourceIdentifier": "URI",
    "customAzureADAttribute": "attribute",
}
#: data. The state of a revocation -> its class, and its words.
_REVOCATIONS = {
    "open": ("wait", "waits until the authority fetches it"),
    "revoked": ("good", "revoked"),
    "failed": ("bad", "not revoked"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One challenge of the list. `device` and `profile` are their names, None for what is not there any more."""

    row: ScepChallengeRow
    device: str | None
    profile: str | None
    became: Said


@dataclass(frozen=True, slots=True)
class Opened:
    """The content of a challenge, in words. `device`: its enrolment, None once that is gone, and its name."""

    challenge: Challenge
    device: tuple[EnrollmentId | None, str] | None
    profile: str
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Server:
    """The tenant's own SCEP server. `problem`: why it does not answer; `until`: the end of its RA certificates."""

    url: str
    connector: ConnectorRow | None
    problem: str | None
    until: datetime | None
    approval: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that waits for an approval."""

    row: ScepRequestRow
    device: str | None
    profile: str
    subject: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What waits at the server, the newest challenges, and the newest revocations."""

    waiting: Sequence[Waiting]
    lines: Sequence[Line]
    revocations: Sequence[tuple[PartnerRevocationRow, Said]]


async def scep(call: TenantCall) -> Response:
    """Show the server, what waits there, the newest challenges, the revocations, and the form that opens a challenge;
    with the id of a challenge in the query also what that one contains.
    """
    known, opened, forgotten = call.query("challenge"), None, ""
    try:
        opened = await call.run(_known, known) if known else None
    except NotFound as error:
        if await call.read(queries.challenge, call.tenant.id, challenge_id=known) is None:
            raise
        forgotten = error.message
    return await _page(call, form=Typed({}), opened=opened, forgotten=forgotten)


async def press(call: TenantCall) -> Response:
    """Let requests wait for an approval, or grant them at once, or renew the RA certificates: the button says what."""
    form = await call.form()
    match str(form.get("to", "")):
        case "approval":
            await call.run(tenants.change_settings, {_APPROVAL: True})
            done = "Requests wait until somebody approves them."
        case "at-once":
            await call.run(tenants.change_settings, {_APPROVAL: False})
            done = "Requests are granted at once. Those that wait already still wait."
        case "renew":
            await ra_certificates.renew(call.emulator, call.tenant)
            done = "The SCEP server has new RA certificates."
        case _:
            raise Invalid("Requests wait for an approval or are granted at once, or the RA certificates are renewed.")
    return call.back("authority", "scep", done=done)


async def decide(call: TenantCall) -> Response:
    """Approve a request that waits, or deny it: the button says which."""
    form, request = await call.form(), str(call.request.path_params["request"])
    if form.get("to") == "deny":
        reason = str(form.get("reason", "")).strip() or "It was denied."
        await call.run(ndes_issuance.deny, request, reason=reason, keys=call.emulator.keys)
        return call.back("authority", "scep", done="The request was denied: the device learns it when it asks again.")
    await call.run(ndes_issuance.approve, request, keys=call.emulator.keys)
    return call.back("authority", "scep", done="The certificate was issued: the device gets it when it asks again.")


def _known(tx: Transaction, challenge_id: str) -> Opened:
    return _opened(tx, known_challenge(tx, challenge_id))


async def open_challenge(call: TenantCall) -> Response:
    """Show what a challenge contains, or why the tenant does not accept it."""
    form = Typed.of(await call.form())
    opened = await call.run(_open, form.text("challenge"), call=call)
    if isinstance(opened, Verdict):
        form.wrong("challenge", f"{opened.code.value}: {opened.description}")
        return await _page(call, form=form)
    return await _page(call, form=form, opened=opened)


def _open(tx: Transaction, text: str, *, call: TenantCall) -> Opened | Verdict:
    opened = scep_challenges.open_challenge(tx, text, keys=call.emulator.keys)
    return opened if isinstance(opened, Verdict) else _opened(tx, opened)


def _opened(tx: Transaction, challenge: Challenge) -> Opened:
    profile = ProfileId(challenge.profile)
    names = configuration_queries.names(tx.connection, tx.tenant.id, ids={profile})
    row = queries.challenge(tx.connection, tx.tenant.id, challenge_id=challenge.id)
    device = None
    if row is not None:
        known = overview_queries.device_names(tx.connection, tx.tenant.id, ids={row.enrollment_id})
        name = known.get(row.enrollment_id)
        device = (None if name is None else row.enrollment_id, name or challenge.device)
    return Opened(challenge, device, names.get(profile, "a profile that was deleted"), _facts(challenge))


def _facts(challenge: Challenge) -> list[tuple[str, str]]:
    """Return what the device may request, line by line."""
    request = challenge.request
    names = [f"{_NAMES.get(kind, kind)} {value}" for kind, value in request.names]
    facts = [
        ("Subject", request.subject),
        ("Alternative names", ", ".join(names)),
        ("Key", f"RSA, {request.key_size} bits" if request.key_size else ""),
        ("Key usage", usage_words(request.key_usages)),
        ("Extended key usage", extended_usage_words(request.extended_key_usages)),
        ("Validity", f"{request.days} days" if request.days else ""),
        ("SCEP server", ", ".join(request.urls)),
    ]
    return [(label, value) for label, value in facts if value]


async def _page(call: TenantCall, *, form: Typed, opened: Opened | None = None, forgotten: str = "") -> Response:
    contents = await call.read(_read, call)
    return call.page(
        "scep.html",
        status=400 if form.errors else 200,
        server=_server(call, await call.run(ra_certificates.standing, keys=call.emulator.connector_keys)),
        waiting=contents.waiting,
        form=form,
        opened=opened,
        forgotten=forgotten,
        lines=contents.lines,
        revocations=contents.revocations,
    )


def _server(call: TenantCall, standing: ra_certificates.Standing) -> Server:
    ends = [x509.load_der_x509_certificate(row.certificate).not_valid_after_utc for row in standing.certificates]
    return Server(
        url=call.tenant.scep_server,
        connector=standing.connector,
        problem=standing.problem,
        until=min(ends, default=None),
        approval=bool(call.tenant.setting(_APPROVAL)),
    )


def _read(connection: Connection, call: TenantCall) -> Contents:
    tenant = call.tenant.id
    requests = queries.newest_requests(connection, tenant, limit=_MOST, state="pending")
    challenges = queries.newest_challenges(connection, tenant, limit=_MOST)
    rows: list[ScepRequestRow | ScepChallengeRow] = [*requests, *challenges]
    profiles = configuration_queries.names(connection, tenant, ids={row.profile_id for row in rows})
    devices = overview_queries.device_names(connection, tenant, ids={row.enrollment_id for row in rows})
    return Contents(
        waiting=[
            Waiting(
                row,
                devices.get(row.enrollment_id),
                profiles.get(row.profile_id, "a profile that was deleted"),
                subject_text(request_from(row.csr or b"").subject),
            )
            for row in requests
        ],
        lines=[
            Line(row, devices.get(row.enrollment_id), profiles.get(row.profile_id), became(row, now=call.now))
            for row in challenges
        ],
        revocations=[(row, _revocation(row)) for row in queries.revocations(connection, tenant, limit=_MOST)],
    )


def became(row: ScepChallengeRow, *, now: datetime) -> Said:
    """Return what became of a challenge."""
    outcome = row.outcome or {}
    why = str(outcome.get("description") or outcome.get("reason") or outcome.get("errorDescription") or "")
    match row.state:
        case "given" if row.expires_at <= now:
            return Said("off", "expired", note="nobody used it in its hour")
        case "given":
            return Said("wait", "not used yet")
        case "validated":
            return Said("good", "request confirmed", note="it is the one that the profile asks for")
        case "refused":
            return Said("bad", f"refused: {outcome.get('code', '')}", note=why)
        case "failed":
            return Said("bad", "the authority issued nothing", note=why)
        case "issued":
            serial = outcome.get("serialNumber")
            return Said("good", "certificate issued", note=f"serial number {serial}" if serial else "")


def _revocation(row: PartnerRevocationRow) -> Said:
    css, words = _REVOCATIONS[row.state]
    why = ": ".join(part for part in (row.error_code, row.error_message) if part)
    return Said(css, words, note=why)
