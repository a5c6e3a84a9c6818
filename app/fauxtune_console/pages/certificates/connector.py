"""One connector: its keys, its event log, live; take it off line and back, change it, remove it."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Response

from fauxtune.core.administration import emulation
from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.model.connectors import PROGRAMS
from fauxtune.core.pki.authority import DIGICERT
from fauxtune.operations.connectors import keys as key_files
from fauxtune.operations.connectors import registry
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import connectors as queries
from fauxtune.storage.queries.insight import overview as overview_queries
from fauxtune_console.call import TenantCall
from fauxtune_console.connector_words import ROLES, ConnectorView, Entry, connector_view, entry
from fauxtune_console.forms import task_page
from fauxtune_console.typed import Typed

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
    keys = queries.connector_key_rows(connection, call.tenant.id)
    for row in queries.connector_rows(connection, call.tenant.id):
        if wanted in {row.id, row.name.lower()}:
            return connector_view(row, keys=keys, now=call.now, faults=call.faults)
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
