"""Keys of a connector: those of imports, and the one by which DigiCert's CA knows it."""

from __future__ import annotations

from fastapi import Response

from fauxtune.core.administration import emulation
from fauxtune.core.errors import Conflict, Invalid
from fauxtune.core.pki.names import thumbprint
from fauxtune.operations.connectors import digicert, keys
from fauxtune.operations.connectors.keys import LENGTHS
from fauxtune.operations.tenants.seed_parts import KEY_NAME, PROVIDER
from fauxtune_console.call import TenantCall
from fauxtune_console.connector_words import ConnectorView
from fauxtune_console.forms import task_page
from fauxtune_console.pages.certificates.connector import one
from fauxtune_console.questions import Question
from fauxtune_console.typed import Typed


async def new_key(call: TenantCall) -> Response:
    """Show the form of a new key."""
    view = await call.read(one, call)
    return _key_form(
        call, Typed({"provider": [PROVIDER], "name": ["" if view.keys else KEY_NAME], "length": ["2048"]}), view=view
    )


async def create_key(call: TenantCall) -> Response:
    """Make the key."""
    form = Typed.of(await call.form())
    view = await call.read(one, call)
    try:
        row = await keys.create_key(
            call.emulator,
            call.tenant,
            connector_id=view.row.id,
            provider=form.text("provider"),
            key_name=form.text("name"),
            length=int(form.text("length")) if form.text("length") in map(str, LENGTHS) else 0,
        )
    except (Conflict, Invalid) as error:
        fields = {"providerName": "provider", "keyName": "name", "keyLength": "length"}
        form.wrong(fields.get(error.target or "", ""), error.message)
        return _key_form(call, form, view=view)
    return call.back("connectors", view.row.id, done=f"The key {row.key_name} was made. It never leaves the connector.")


def _key_form(call: TenantCall, form: Typed, *, view: ConnectorView) -> Response:
    length = form.text("length")
    request = emulation.create_connector_key(
        view.row.id,
        provider_name=form.text("provider"),
        key_name=form.text("name") or "NAME",
        key_length=int(length) if length in map(str, LENGTHS) else None,
    )
    return task_page(
        call,
        [request],
        template="connector_key.html",
        error=form.errors.get("") or ("No key was made. Please mend what is marked below." if form.errors else ""),
        title=f"New key of “{view.row.name}”",
        sentence="Passwords of imported PFX files are encrypted with its public half: only this connector can open "
        "them. The cmdlet Add-IntuneKspKey makes such a key.",
        button="Make the key",
        back=call.url("connectors", view.row.id),
        form=form,
        lengths=[(str(bits), f"{bits} bits") for bits in LENGTHS],
    )


async def delete_key(call: TenantCall) -> Question:
    """Delete the key."""
    row = (await call.read(one, call)).row
    provider, name = call.query("provider"), call.query("name")
    return Question(
        request=emulation.delete_connector_key(row.id, provider_name=provider, key_name=name),
        title=f"Delete the key {name}",
        points=("Certificates that were imported with it cannot be delivered to new devices any more.",),
        button="Delete the key",
        back=call.url("connectors", row.id),
        done=f"The key {name} was deleted.",
        leads_to=("connectors", row.id),
        work=lambda: keys.delete_key(call.emulator, call.tenant, connector_id=row.id, provider=provider, key_name=name),
    )


async def ask_ra(call: TenantCall) -> Response:
    """Say what an RA certificate is for; or, where there is one, what removing it means."""
    view = await call.read(one, call)
    has = view.row.ra_certificate is not None
    return task_page(
        call,
        [emulation.remove_ra_certificate(view.row.id) if has else emulation.install_ra_certificate(view.row.id)],
        title=f"{'Remove' if has else 'Install'} the RA certificate of “{view.row.name}”",
        points=("DigiCert's CA refuses its requests from then on (0x00000401).",)
        if has
        else ("DigiCert's CA knows the connector by it, as a registration authority, and answers its requests.",),
        button="Remove it" if has else "Install it",
        back=call.url("connectors", view.row.id),
        danger=has,
    )


async def change_ra(call: TenantCall) -> Response:
    """Install the RA certificate, or remove it."""
    await call.form()
    view = await call.read(one, call)
    if view.row.ra_certificate is not None:
        await call.run(digicert.remove_ra, view.row.id)
        return call.back("connectors", view.row.id, done="The RA certificate was removed from the connector.")
    certificate = await digicert.install(call.emulator, call.tenant, connector_id=view.row.id, csr=None)
    name = (await call.marks()).name(thumbprint(certificate))
    return call.back("connectors", view.row.id, done=f"The connector has the RA certificate {name}.")
