"""One connector: its keys and its event log, live; take it off line and back, change it, remove it."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Response

from fauxtune.core.administration import emulation
from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.model.connectors import PROGRAMS
from fauxtune.core.pki.authority import DIGICERT
from fauxtune.core.pki.names import thumbprint
from fauxtune.operations.connectors import digicert, registry
from fauxtune.operations.connectors import keys as key_files
from fauxtune.operations.connectors.keys import LENGTHS
from fauxtune.operations.tenants.seed_parts import KEY_NAME, PROVIDER
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import connectors as queries
from fauxtune.storage.queries.insight import overview as overview_queries
from fauxtune_console.call import TenantCall
from fauxtune_console.pages.certificates.connectors import ROLES, ConnectorView, Entry, connector_view, entry
from fauxtune_console.session import Typed
from fauxtune_console.tasks import Question, task_page

_SIZE = 50
#: data. A button of the page -> what was done.
_STATES: dict[str, str] = {"online": "is on line", "offline": "is off line: what it would do waits"}
_MODES: dict[str, str] = {
    "immediate": "answers at once",
    "polling": "looks for requests every 30 seconds of the tenant's clock",
}


@dataclass(frozen=True, slots=True)
class Log:
    """A part of the event log, the newest first. `older`: the number before which the next part begins; None: none."""

    entries: list[Entry]
    older: int | None
    event: str


async def connector(call: TenantCall) -> Response:
    """Show one connector with a page of its log."""
    view, log, has_digicert = await call.read(_read, call)
    return call.page("connector.html", connector=view, log=log, has_digicert=has_digicert, roles=ROLES)


def _read(connection: Connection, call: TenantCall) -> tuple[ConnectorView, Log, bool]:
    view = one(connection, call)
    rows = queries.newest_connector_events(
        connection,
        call.tenant.id,
        connector_id=view.row.id,
        before=call.number("before"),
        event_id=call.number("event"),
        limit=_SIZE + 1,
    )
    devices = overview_queries.device_names(
        connection, call.tenant.id, ids={row.device for row in rows if row.device is not None}
    )
    entries = [entry(row, device_name=None if row.device is None else devices.get(row.device)) for row in rows[:_SIZE]]
    has_digicert = authority_queries.authority(connection, call.tenant.id, name=DIGICERT) is not None
    return (
        view,
        Log(entries, entries[-1].number if len(rows) > _SIZE else None, call.query("event").strip()[:9]),
        has_digicert,
    )


def one(connection: Connection, call: TenantCall) -> ConnectorView:
    """Return the connector of the address, by id or name. Raises NotFound."""
    wanted = str(call.request.path_params["connector"]).lower()
    key_rows = queries.connector_key_rows(connection, call.tenant.id)
    for row in queries.connector_rows(connection, call.tenant.id):
        if wanted in {row.id, row.name.lower()}:
            return connector_view(row, keys=key_rows, now=call.now, faults=call.faults)
    raise NotFound("There is no such connector. It may have been removed meanwhile.")


async def press(call: TenantCall) -> Response:
    """Carry out a button: state or mode."""
    form = await call.form()
    wish = str(form.get("to", ""))
    if wish not in {**_STATES, **_MODES}:
        raise Invalid("A connector can go off line or on line, and answer at once or look from time to time.")
    view = await call.read(one, call)
    row = await call.run(
        registry.change_connector,
        view.row.id,
        state=wish if wish in _STATES else None,
        mode=wish if wish in _MODES else None,
    )
    done = f"“{row.name}” {({**_STATES, **_MODES})[wish]}."
    return call.back("connectors", row.id, form=form, done=done)


async def change(call: TenantCall) -> Response:
    """Show the form of its roles and its version."""
    view = await call.read(one, call)
    return _change_form(call, Typed({"roles": view.row.roles, "version": [view.row.version or ""]}), view=view)


async def save(call: TenantCall) -> Response:
    """Change its roles and its version."""
    form = Typed.of(await call.form())
    view = await call.read(one, call)
    try:
        row = await call.run(
            registry.change_connector, view.row.id, roles=form.all("roles"), version=form.text("version")
        )
    except Invalid as error:
        form.wrong(error.target or "", error.message)
        return _change_form(call, form, view=view)
    return call.back("connectors", row.id, done=f"“{row.name}” was changed. Devices that waited for it plan again.")


def _change_form(call: TenantCall, form: Typed, *, view: ConnectorView) -> Response:
    facts = PROGRAMS[view.row.program]
    return task_page(
        call,
        [emulation.change_connector(view.row.id, roles=form.all("roles"), version=form.text("version"))],
        template="connector_change.html",
        error=form.errors.get("") or ("Nothing was changed. Please mend what is marked below." if form.errors else ""),
        title=f"Change “{view.row.name}”",
        button="Change",
        back=call.url("connectors", view.row.id),
        form=form,
        roles=[(name, f"{words}: {what}") for name, (words, what) in ROLES.items() if name in facts.roles],
        newest=facts.newest,
    )


async def ask_remove(call: TenantCall) -> Response:
    """Say what removing the connector means."""
    view = await call.read(one, call)
    if view.must_stay:
        raise Conflict(f"“{view.row.name}” is on line, and would report again: take it off line first.")
    points = ["What it logged stays in the log. Requests that wait for it can be taken by other connectors."]
    if view.keys:
        names = ", ".join(key.name for key in view.keys)
        points.append(f"Its keys are deleted: {names}.")
        points.append("Certificates that were imported with these keys cannot be delivered to new devices any more.")
    return task_page(
        call,
        [emulation.delete_connector(view.row.id)],
        title=f"Remove the connector “{view.row.name}”",
        points=points,
        button="Remove it",
        back=call.url("connectors", view.row.id),
        danger=True,
    )


async def remove(call: TenantCall) -> Response:
    """Remove the connector with its keys."""
    await call.form()
    view = await call.read(one, call)
    await key_files.remove_connector(call.emulator, call.tenant, connector_id=view.row.id)
    return call.back("connectors", done=f"The connector “{view.row.name}” was removed.")


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
        row = await key_files.create_key(
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
        work=lambda: key_files.delete_key(
            call.emulator, call.tenant, connector_id=row.id, provider=provider, key_name=name
        ),
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
