"""The overview of a tenant; and why a certificate or an app is missing on a device."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Response

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.ids import UserId
from fauxtune.core.model.states import EnrollmentState
from fauxtune.core.policies.tenant_administration import REQUESTS, Status
from fauxtune.operations.insight import diagnosis
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import connectors, resources
from fauxtune.storage.queries.insight import overview as overview_queries
from fauxtune.storage.queries.insight.overview import DeviceFilter, DeviceState
from fauxtune.storage.rows.devices import NamedEnrollmentRow
from fauxtune_console.call import TenantCall
from fauxtune_console.causes import by_cause
from fauxtune_console.fixes import bring_on_line
from fauxtune_console.holdings import Card, cards_of
from fauxtune_console.pages.certificates.connectors import unanswered
from fauxtune_console.paging import offset, paging

_SIZE = 20
#: Cards of one person; the person's page shows all.
_MOST_CARDS = 12


@dataclass(frozen=True, slots=True)
class Person:
    """One row: a user, or None for the devices without a user. `more`: devices that are not shown."""

    id: UserId | None
    name: str
    address: str
    licensed: bool
    cards: tuple[Card, ...]
    more: int


async def overview(call: TenantCall) -> Response:
    """Show a page of people with their devices."""
    start = offset(call, size=_SIZE)
    people, total = await call.read(_people, call, start=start)
    waiting = await call.read(connectors.waiting_counts, call.tenant.id)
    requests = await call.read(resources.resources_of_family, call.tenant.id, family=REQUESTS.name)
    pages = paging(call, start=start, length=sum(person.id is not None for person in people), total=total, size=_SIZE)
    return call.page(
        "overview.html",
        people=people,
        paging=pages,
        text=call.query("text"),
        silent=[(row, why, bring_on_line(call, row)) for row, why in call.silent],
        unanswered=unanswered(call.connectors, waiting=waiting, now=call.now, faults=call.faults),
        undecided=[row.id for row in requests if row.document["status"] == Status.NEEDS_APPROVAL],
    )


def _people(connection: Connection, call: TenantCall, *, start: int) -> tuple[list[Person], int]:
    tenant_id, text = call.tenant.id, call.query("text").strip()[:100]
    users, total = overview_queries.people(connection, tenant_id, text=text, offset=start, limit=_SIZE)
    enrollments = overview_queries.enrollments_of(connection, tenant_id, users={user.id for user in users})
    shared: list[NamedEnrollmentRow] = []
    shared_total = 0
    if start == 0 and not text:
        shared, shared_total = overview_queries.enrollments_without_user(connection, tenant_id, limit=_MOST_CARDS)
    devices: dict[UserId | None, list[NamedEnrollmentRow]] = {None: shared}
    for row in enrollments:
        devices.setdefault(row.user_id, []).append(row)
    visible = {owner: _visible(rows) for owner, rows in devices.items()}
    every = [row for rows in visible.values() for row in rows]
    cards = cards_of(connection, tenant_id, rows=every, now=call.now)
    people = [
        Person(
            user.id,
            str(user.document.get("displayName") or user.document["userPrincipalName"]),
            str(user.document["userPrincipalName"]),
            user.licensed,
            tuple(cards[row.id] for row in visible.get(user.id, ())),
            len(devices.get(user.id, ())) - len(visible.get(user.id, ())),
        )
        for user in users
    ]
    if shared:
        those = tuple(cards[row.id] for row in visible[None])
        people.append(Person(None, "Devices without a user", "", True, those, shared_total - len(those)))
    return people, total


def _visible(rows: list[NamedEnrollmentRow]) -> list[NamedEnrollmentRow]:
    """Return the devices that a row has room for: those that are enrolled, then those that ended last, without the
    past enrolments of hardware that enrolled again.
    """
    newest = {row.hardware_key: row for row in rows}
    live = [row for row in rows if row.state is not EnrollmentState.ENDED]
    ended = [row for row in newest.values() if row.state is EnrollmentState.ENDED]
    return [*live, *reversed(ended)][:_MOST_CARDS]


#: Devices of a profile that are examined, so that the page comes at once; on demand it shows as many as it can.
_FEW = 5
#: Ready questions of each kind.
_READY = 4


async def why(call: TenantCall) -> Response:
    """Show what is wrong with what the address asks for by `user`, `device`, `profile` or `app`: names or ids."""
    subjects = {name: call.query(name).strip()[:500] or None for name in ("user", "device", "profile", "app")}
    result, problem = None, None
    if any(subjects.values()):
        try:
            most = None if call.query("devices") == "more" else _FEW
            result = await diagnosis.diagnose(call.emulator, call.tenant, **subjects, most=most)
        except (Invalid, NotFound) as error:
            problem = error.message
    return call.page(
        "why.html",
        status=404 if problem else 200,
        subjects=subjects,
        result=result,
        causes=None if result is None else by_cause(call, result),
        problem=problem,
        ready=[] if any(subjects.values()) else await call.read(_ready, call),
    )


def _ready(connection: Connection, call: TenantCall) -> list[tuple[str, str]]:
    """Return questions with the addresses of their answers: about devices on which something failed or is due, and
    about people.
    """
    questions: dict[str, str] = {}
    for state, words in (
        (DeviceState.FAILED, "Why did something fail on “{}”?"),
        (DeviceState.WAITING, "What is due on “{}”?"),
    ):
        matching = DeviceFilter(now=call.now, state=state)
        rows, _ = overview_queries.devices(
            connection, call.tenant.id, matching=matching, by_check_in=True, offset=0, limit=_READY
        )
        for row in rows:
            address = call.url("why", device=row.id)
            questions.setdefault(address, words.format(row.device_name or row.user_principal_name or "a device"))
    people, _ = overview_queries.people(connection, call.tenant.id, limit=_READY)
    for person in people:
        name = person.document.get("displayName") or person.document["userPrincipalName"]
        questions[call.url("why", user=str(person.document["userPrincipalName"]))] = f"What is missing for {name}?"
    return [(words, address) for address, words in questions.items()]
