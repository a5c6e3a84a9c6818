"""Why a certificate or an app is missing: what breaks the way from it to a device, and where that is mended."""

from __future__ import annotations

from fastapi import Response

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.operations.insight import diagnosis
from fauxtune.storage.database import Connection
from fauxtune.storage.queries.insight import device_list, overview
from fauxtune.storage.queries.insight.device_list import DeviceFilter, DeviceState
from fauxtune_console.call import TenantCall
from fauxtune_console.causes import by_cause

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
        rows, _ = device_list.devices(
            connection, call.tenant.id, matching=matching, by_check_in=True, offset=0, limit=_READY
        )
        for row in rows:
            address = call.url("why", device=row.id)
            questions.setdefault(address, words.format(row.device_name or row.user_principal_name or "a device"))
    people, _ = overview.people(connection, call.tenant.id, limit=_READY)
    for person in people:
        name = person.document.get("displayName") or person.document["userPrincipalName"]
        questions[call.url("why", user=str(person.document["userPrincipalName"]))] = f"What is missing for {name}?"
    return [(words, address) for address, words in questions.items()]
