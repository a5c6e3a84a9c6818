"""Take an authority off line and back, give the issuing one a new key, subscribe to a DigiCert CA."""

from __future__ import annotations

from fastapi import Response

from fauxtune.core.administration.emulation import roll_over as roll_over_request
from fauxtune.core.administration.emulation import set_authority, subscribe_digicert
from fauxtune.core.errors import Conflict, Invalid
from fauxtune.core.pki.authority import DIGICERT
from fauxtune.operations.connectors import digicert, revocation
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import authorities as queries
from fauxtune_console.call import TenantCall
from fauxtune_console.forms import task_page
from fauxtune_console.pages.certificates.authorities import AuthorityView, view_of

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


async def _view(call: TenantCall) -> AuthorityView:
    def read(connection: Connection, call: TenantCall) -> AuthorityView:
        return view_of(connection, call, name=str(call.request.path_params["authority"]))

    return await call.read(read, call)


async def ask_state(call: TenantCall) -> Response:
    """Say what it means to take the authority off line, or to bring it back."""
    view = await _view(call)
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
    view = await _view(call)
    state = "unavailable" if view.row.state == "available" else "available"
    await revocation.set_state(call.emulator, call.tenant, name=view.row.name, state=state)
    return call.back("authority", done=f"“{view.name}” is {'on' if state == 'available' else 'off'} line now.")


async def ask_roll_over(call: TenantCall) -> Response:
    """Say what a roll-over means."""
    view = await _view(call)
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
    view = await _view(call)
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
