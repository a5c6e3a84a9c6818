"""The certificate connectors: how they stand, and what waits for them; a new one. And connectors as people see them:
state, roles, mode, and the entries of their event log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from fastapi import Response

from fauxtune.core.administration.emulation import create_connector
from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.model.certificates import Mark
from fauxtune.core.model.connectors import PROGRAMS, ROLE_WORDS, Program, Support, package, support
from fauxtune.core.model.ids import ConnectorId, EnrollmentId
from fauxtune.operations.connectors import registry
from fauxtune.operations.connectors.selection import why_silent
from fauxtune.operations.runtime.live_faults import TenantFaults
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import connectors as queries
from fauxtune.storage.queries.insight.register import Standing, Wanted
from fauxtune.storage.rows.certificates import ConnectorEventRow, ConnectorKeyRow, ConnectorRow, WaitingRequestRow
from fauxtune_console.call import TenantCall
from fauxtune_console.registered import Line, State, read_lines
from fauxtune_console.session import Typed
from fauxtune_console.shown_marks import mark
from fauxtune_console.tasks import task_page

#: data. A role -> its words, and what it does.
ROLES: dict[str, tuple[str, str]] = {
    "pkcs": (ROLE_WORDS["pkcs"], "makes keys and has certificates issued for devices"),
    "imported-pfx": (ROLE_WORDS["imported-pfx"], "opens imported certificates, and seals them for devices"),
    "revocation": (ROLE_WORDS["revocation"], "has certificates revoked when a device ends"),
    "scep": (ROLE_WORDS["scep"], "answers devices that make their keys themselves"),
}
#: data. A mode -> its words.
MODES: dict[str, str] = {
    "immediate": "answers at once",
    "polling": "looks for requests every 30 seconds",
}
_SUPPORT: dict[Support, State] = {
    Support.FULL: State("good", "supported"),
    Support.DEPRECATED: State("wait", "out of support soon: update it"),
    Support.EXPIRED: State("bad", "out of support: update it"),
    Support.REFUSED: State("bad", "too old: it gets no work"),
}
_SHORT = 8
#: Of each kind of what waits.
_MOST_WAITING = 20


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a connector. `fingerprint`: the beginning of its SHA-256, such as openssl prints it."""

    provider: str
    name: str
    length: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class ConnectorView:
    """One connector. `is_process`: it runs as a process of its own."""

    row: ConnectorRow
    state: State
    roles: str
    mode: str
    program: str
    version: str
    support: State
    is_process: bool
    keys: tuple[Key, ...]

    @property
    def must_stay(self) -> bool:
        """Whether it cannot be removed: it runs in the server, and is on line."""
        return self.row.state == "online" and not self.is_process


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the event log. `css`: the class of its symbol; `note`: why it failed, or what it was about."""

    number: int
    event_id: int
    name: str
    css: str
    time: datetime
    connector: str
    connector_id: ConnectorId
    device: EnrollmentId | None
    device_name: str | None
    user: str | None
    mark: Mark | None
    serial: str | None
    note: str
    code: str | None


def connector_view(
    row: ConnectorRow, *, keys: list[ConnectorKeyRow], now: datetime, faults: TenantFaults | None
) -> ConnectorView:
    """Return a connector as people see it."""
    silent = why_silent(row, now=now, faults=faults)
    facts = PROGRAMS[row.program]
    return ConnectorView(
        row=row,
        state=State("good", "on line") if silent is None else State("bad", silent.replace("is off line", "off line")),
        roles=", ".join(ROLES[role][0] for role in row.roles) or "none",
        mode=MODES[row.mode],
        program=facts.title,
        version=row.version or facts.newest,
        support=_SUPPORT[support(row.program, row.version, now=now)],
        is_process=row.credential_digest is not None,
        keys=tuple(
            Key(key.provider, key.key_name, key.key_length, hashlib.sha256(key.public_key).hexdigest()[:_SHORT])
            for key in keys
            if key.connector_id == row.id
        ),
    )


def unanswered(
    rows: Sequence[ConnectorRow], *, waiting: Mapping[str, int], now: datetime, faults: TenantFaults | None
) -> dict[str, int]:
    """Return how many requests wait that no connector answers, by the words of the role that they need."""
    served = {role for row in rows if why_silent(row, now=now, faults=faults) is None for role in row.roles}
    return {ROLES[role][0]: count for role, count in waiting.items() if role not in served}


def entry(row: ConnectorEventRow, *, device_name: str | None) -> Entry:
    """Return an entry of the log as people see it."""
    detail = row.detail
    about = [str(detail[name]) for name in ("template", "ca") if detail.get(name)]
    failed = any(word in row.name for word in ("Fail", "Error"))
    done = not failed and any(word in row.name for word in ("Success", "Started"))
    thumbprint = detail.get("thumbprint")
    return Entry(
        number=row.number,
        event_id=row.event_id,
        name=row.name,
        css="bad" if failed else "good" if done else "",
        time=row.time,
        connector=row.connector,
        connector_id=row.connector_id,
        device=row.device,
        device_name=device_name,
        user=row.user,
        mark=mark(thumbprint) if thumbprint else None,
        serial=detail.get("serial"),
        note=str(detail.get("message") or ", ".join(about)),
        code=row.diagnostic_code,
    )


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
