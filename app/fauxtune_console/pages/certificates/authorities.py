"""The tenant's certification authorities: what they issued and publish; off line and back, a new key, a DigiCert CA."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from cryptography import x509
from fastapi import Response

from fauxtune.core.administration.emulation import roll_over as roll_over_request
from fauxtune.core.administration.emulation import set_authority, subscribe_digicert
from fauxtune.core.errors import Conflict, FauxtuneError, Invalid
from fauxtune.core.model.certificates import certificate_status
from fauxtune.core.pki.authority import DIGICERT, Addresses, addresses_for
from fauxtune.core.pki.names import subject_text, thumbprint
from fauxtune.operations.ca import authorities as operations
from fauxtune.operations.ca import crl_and_ocsp
from fauxtune.operations.ca.crl_and_ocsp import kept_crl_span
from fauxtune.operations.connectors import digicert, revocation
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import authorities as queries
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries.insight.register import Standing, Wanted
from fauxtune.storage.rows.certificates import AuthorityRow, CertificateCounts
from fauxtune_console.call import TenantCall
from fauxtune_console.holdings import Chip
from fauxtune_console.paging import offset, paging
from fauxtune_console.registered import State, certificate_chip, read_lines, state
from fauxtune_console.tasks import task_page

_SIZE = 25
_LONGEST = 100
#: data. The role of an authority -> its words.
_ROLES = {
    "root": "The root, which devices trust",
    "issuing": "Issues to people and their devices",
    "devices": "Issues the identities of devices",
    DIGICERT: "DigiCert's authority (emulated)",
    f"{DIGICERT}-root": "DigiCert's root (emulated)",
}


@dataclass(frozen=True, slots=True)
class AuthorityView:
    """One authority. `role`: what it does, in words; `can_stop`: its state can be changed; `can_roll_over`: it can be
    given a new key; `addresses`: as certificates name them; `paths`: the same on this server.
    """

    row: AuthorityRow
    name: str
    role: str
    chip: Chip
    subject: str
    state: State
    not_before: datetime
    not_after: datetime
    this_update: datetime | None
    next_update: datetime | None
    counts: CertificateCounts
    can_stop: bool
    can_roll_over: bool
    addresses: Addresses
    paths: Addresses


async def authorities(call: TenantCall) -> Response:
    """Show all authorities."""
    views = await call.read(_all, call)
    has_digicert = any(view.row.role == DIGICERT for view in views)
    return call.page("authorities.html", authorities=views, has_digicert=has_digicert)


async def authority(call: TenantCall) -> Response:
    """Show one authority: its CRL as clients get it, whom that names, and an answer of its OCSP responder."""
    name = str(call.request.path_params["authority"])
    view = await call.read(view_of, call, name=name)
    is_available = view.row.state == "available"
    crl = await crl_and_ocsp.read_crl(call.emulator, call.tenant, name=name) if is_available else None
    start = offset(call, size=_SIZE)
    wanted = Wanted(authority=name, standing=Standing.ON_CRL)
    lines, total = await call.read(read_lines, call, wanted=wanted, start=start, size=_SIZE)
    serial = call.query("ask").strip()[:_LONGEST]
    answer, refused = None, ""
    if serial:
        try:
            answer = await crl_and_ocsp.ask_ocsp(call.emulator, call.tenant, name=name, serial=serial)
        except FauxtuneError as error:
            refused = error.message
    return call.page(
        "authority.html",
        authority=view,
        crl=crl,
        lines=lines,
        paging=paging(call, start=start, length=len(lines), total=total, size=_SIZE),
        serial=serial,
        answer=answer,
        refused=refused,
    )


def view_of(connection: Connection, call: TenantCall, *, name: str) -> AuthorityView:
    """Return one authority. Raises NotFound."""
    row = operations.authority_row(connection, call.tenant, name=name)
    return next(view for view in _all(connection, call) if view.row.name == row.name)


def _all(connection: Connection, call: TenantCall) -> list[AuthorityView]:
    counts = certificate_queries.certificate_counts(connection, call.tenant.id, at=call.now)
    rows = queries.authorities_of(connection, call.tenant.id)
    newest = {row.role: row.name for row in rows}
    nothing = CertificateCounts(0, 0, 0)
    return [
        _view(call, row, counts=counts.get(row.name, nothing), is_current=newest[row.role] == row.name) for row in rows
    ]


def _view(call: TenantCall, row: AuthorityRow, *, counts: CertificateCounts, is_current: bool) -> AuthorityView:
    certificate = x509.load_der_x509_certificate(row.certificate)
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    status = certificate_status(not_before=start, not_after=end, revoked=False, now=call.now)
    addresses = addresses_for(call.tenant.public_http_url, tenant_name=call.tenant.name, authority=row.name)
    crl = kept_crl_span(row)
    kind = "authority" if certificate.subject == certificate.issuer else "intermediate"
    return AuthorityView(
        row=row,
        name=_common_name(certificate),
        role=_ROLES.get(row.role, row.role) if is_current else "Issued before the roll-over",
        chip=certificate_chip(thumbprint(certificate), kind=kind),
        subject=subject_text(certificate.subject),
        state=state(status, reason=None, revocation=None),
        not_before=start,
        not_after=end,
        this_update=None if crl is None else crl[0],
        next_update=None if crl is None else crl[1],
        counts=counts,
        can_stop=row.role != queries.DEVICES,
        can_roll_over=row.role == queries.ISSUING and is_current,
        addresses=addresses,
        paths=Addresses(*(urlsplit(each).path for each in (addresses.aia, addresses.crl, addresses.ocsp))),
    )


def _common_name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(names[0].value) if names else subject_text(certificate.subject)


#: data. What it means that an authority is off line.
_OFF_LINE = (
    "It issues nothing: devices wait for their certificates, and ask again by themselves.",
    "It revokes nothing: revocations wait until it is back.",
    "Its CRL and its OCSP responder answer 503. Clients go on with the CRL that they have, until its next update.",
    "What devices hold stays on them.",
)
_ON_LINE = (
    "Devices that waited for certificates get them at their next check-ins.",
    "Revocations that waited are carried out now; the next CRL names them.",
)
#: data. What a roll-over means.
_ROLL_OVER = (
    "A new key and a new certificate of the same name, below the same root, issue from now on.",
    "Profiles stay as they are, since the name is the same.",
    "Certificates of the old key stay valid. Their CRL and their OCSP responder stay where they are.",
    "Devices keep what they hold; they trust the new certificates by the root that they have.",
    "A certificate is renewed with the new key when its time comes, not before.",
)
_SUBSCRIPTION = (
    "The tenant gets a CA of DigiCert's, with a root of its own and one certificate profile, which is a template here.",
    "A connector needs an RA certificate of it: install one on the connector's page.",
    "PKCS profiles that name this CA get their certificates from it.",
)


async def _view_of_task(call: TenantCall) -> AuthorityView:
    def read(connection: Connection, call: TenantCall) -> AuthorityView:
        return view_of(connection, call, name=str(call.request.path_params["authority"]))

    return await call.read(read, call)


async def ask_state(call: TenantCall) -> Response:
    """Say what it means to take the authority off line, or to bring it back."""
    view = await _view_of_task(call)
    if not view.can_stop:
        raise Invalid("The authority of the devices' identities is the service's own: its state cannot be changed.")
    stop = view.row.state == "available"
    return task_page(
        call,
        [set_authority(view.row.name, available=not stop)],
        title=f"Take “{view.name}” off line" if stop else f"Bring “{view.name}” back on line",
        points=_OFF_LINE if stop else _ON_LINE,
        button="Take off line" if stop else "Bring back on line",
        back=call.url("authority"),
        danger=stop,
    )


async def change_state(call: TenantCall) -> Response:
    """Take the authority off line, or bring it back."""
    await call.form()
    view = await _view_of_task(call)
    state = "unavailable" if view.row.state == "available" else "available"
    await revocation.set_state(call.emulator, call.tenant, name=view.row.name, state=state)
    return call.back("authority", done=f"“{view.name}” is {'on' if state == 'available' else 'off'} line now.")


async def ask_roll_over(call: TenantCall) -> Response:
    """Say what a roll-over means."""
    view = await _view_of_task(call)
    if view.row.role != queries.ISSUING:
        raise Invalid("Only the issuing authority can be given a new key.")
    if not view.can_roll_over:
        raise Conflict("This authority has a successor already: roll over the one that issues now.")
    return task_page(
        call,
        [roll_over_request(view.row.name)],
        title=f"Give “{view.name}” a new key",
        sentence="This is what a Windows CA calls “Renew CA certificate” with a new key pair: a roll-over.",
        points=_ROLL_OVER,
        button="Roll over",
        back=call.url("authority"),
    )


async def roll_over(call: TenantCall) -> Response:
    """Give the authority a new key."""
    await call.form()
    view = await _view_of_task(call)
    row = await revocation.roll_over(call.emulator, call.tenant, name=view.row.name)
    return call.back("authority", row.name, done=f"“{view.name}” has a new key, and issues with it from now on.")


async def ask_digicert(call: TenantCall) -> Response:
    """Say what a subscription to DigiCert's CA means."""
    if await call.run(digicert.is_subscribed):
        raise Conflict("This tenant has a DigiCert CA already.")
    return task_page(
        call,
        [subscribe_digicert()],
        title="Subscribe to a DigiCert CA",
        sentence="An emulated one: nothing leaves this computer.",
        points=_SUBSCRIPTION,
        button="Subscribe",
        back=call.url("authority"),
    )


async def subscribe(call: TenantCall) -> Response:
    """Give the tenant a DigiCert CA."""
    await call.form()
    await digicert.subscribe(call.emulator, call.tenant)
    return call.back("authority", DIGICERT, done="The tenant has a DigiCert CA now.")
