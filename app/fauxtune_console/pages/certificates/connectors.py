"""The certificate connectors: how they stand, and what waits for them; a new one."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from fastapi import Response

from fauxtune.core.administration.emulation import create_connector
from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.model.connectors import PROGRAMS, Program, package
from fauxtune.operations.connectors import registry
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import connectors as queries
from fauxtune.storage.queries.insight.register import Standing, Wanted
from fauxtune.storage.rows.certificates import WaitingRequestRow
from fauxtune_console.call import TenantCall
from fauxtune_console.connector_words import MODES, ROLES, ConnectorView, connector_view
from fauxtune_console.registered import Line, read_lines
from fauxtune_console.session import Typed
from fauxtune_console.tasks import task_page

#: Of each kind of what waits.
_MOST_WAITING = 20


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits: requests, the oldest first, how many for each role, and certificates that are to be revoked."""

    requests: list[WaitingRequestRow]
    counts: dict[str, int]
    revocations: list[Line]
    revocation_count: int


async def connectors(call: TenantCall) -> Response:
    """Show all connectors, and what waits for them."""
    views, waiting = await call.read(_read, call)
    offered = [(program, facts) for program, facts in PROGRAMS.items() if facts.edition is call.tenant.edition]
    return call.page("connectors.html", connectors=views, waiting=waiting, roles=ROLES, offered=offered)


async def software(call: TenantCall) -> Response:
    """Return what is downloaded of a program of the tenant's edition, as a file."""
    word = str(call.request.path_params["program"])
    known = next((program for program in PROGRAMS if program == word), None)
    if known is None or PROGRAMS[known].edition is not call.tenant.edition:
        raise NotFound(f"There is no connector software '{word}' in the edition of this tenant.")
    name = f"{PROGRAMS[known].installer.removesuffix('.exe')}.json"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(orjson.dumps(package(known)), media_type="application/json", headers=headers)


def _read(connection: Connection, call: TenantCall) -> tuple[list[ConnectorView], Waiting]:
    tenant_id = call.tenant.id
    keys = queries.connector_key_rows(connection, tenant_id)
    views = [
        connector_view(row, keys=keys, now=call.now, faults=call.faults)
        for row in queries.connector_rows(connection, tenant_id)
    ]
    revocations, total = read_lines(
        connection, call, wanted=Wanted(standing=Standing.WAITING), start=0, size=_MOST_WAITING
    )
    waiting = Waiting(
        queries.waiting_requests(connection, tenant_id, limit=_MOST_WAITING),
        queries.waiting_counts(connection, tenant_id),
        revocations,
        total,
    )
    return views, waiting


async def new(call: TenantCall) -> Response:
    """Show the form of a new connector."""
    return _form(call, Typed({"roles": ["pkcs", "imported-pfx", "revocation"], "mode": ["immediate"]}))


async def create(call: TenantCall) -> Response:
    """Add the connector."""
    form = Typed.of(await call.form())
    try:
        added = await call.run(
            registry.add_connector,
            form.text("name"),
            roles=form.all("roles"),
            mode=form.text("mode"),
            program=form.text("program") or None,
        )
    except (Conflict, Invalid) as error:
        form.wrong(error.target or "", error.message)
        return _form(call, form)
    done = f"The connector “{added.row.name}” was added, on line."
    if "imported-pfx" in added.row.roles:
        done += " For imported certificates it needs a key."
    return call.back("connectors", added.row.id, done=done)


def _form(call: TenantCall, form: Typed) -> Response:
    offered = [program for program in Program if PROGRAMS[program].edition is call.tenant.edition]
    return task_page(
        call,
        [create_connector(form.text("name") or "NAME", roles=form.all("roles"), mode=form.text("mode") or "immediate")],
        template="connector_new.html",
        error=form.errors.get("") or ("Nothing was added. Please mend what is marked below." if form.errors else ""),
        title="New connector",
        sentence="It runs inside the server, like the first connector of every tenant.",
        button="Add the connector",
        back=call.url("connectors"),
        form=form,
        roles=[(name, f"{words}: {what}") for name, (words, what) in ROLES.items()],
        modes=MODES.items(),
        programs=[(program.value, PROGRAMS[program].title) for program in offered],
    )
