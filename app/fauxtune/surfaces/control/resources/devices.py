"""Enrolments, and the items of their devices."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal

from fastapi import Response
from starlette.responses import StreamingResponse

from fauxtune.core.clock import iso
from fauxtune.core.engine.check_in_times import next_check_in
from fauxtune.core.engine.planning.plan import NEVER
from fauxtune.core.errors import NotFound
from fauxtune.core.model.ids import EnrollmentId, ProfileId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.states import EnrollmentState
from fauxtune.operations.compliance import occasions
from fauxtune.operations.connectors.selection import is_connector
from fauxtune.operations.insight.device_report import ReportedApp, apps_of_device
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.runtime.turns import give_way
from fauxtune.operations.visits.situations import ROLES
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries import directory
from fauxtune.storage.queries.insight import diagnosis
from fauxtune.storage.rows.devices import NamedEnrollmentRow
from fauxtune.surfaces.control import answers, messages
from fauxtune.surfaces.control.access import Here, calls
from fauxtune.surfaces.control.bodies import Listed

#: Devices that are read in one transaction.
_AT_ONCE = 100

router = calls("/tenants/{tenant}/devices", tag="devices")


@router.get("", summary="List the enrolments", response_model=Listed[answers.Device])
async def list_devices(
    here: Here, state: Literal["active", "ending", "ended"] | None = None, settled: bool | None = None
) -> Response:
    """The oldest first, including those that have ended; with `settled` those that have settled, or have not."""
    enrollment_state = None if state is None else EnrollmentState(state)
    ids = await here.run(_ids, state=enrollment_state, settled=settled)
    return StreamingResponse(_listed(here, ids), media_type="application/json")


def _ids(tx: Transaction, *, state: EnrollmentState | None, settled: bool | None) -> list[EnrollmentId]:
    ids = diagnosis.all_enrollments(tx.connection, tx.tenant.id, state=state)
    if settled is None:
        return ids
    unsettled = {row.id for row in queries.unsettled(tx.connection, tx.tenant.id, now=tx.now)}
    return [id_ for id_ in ids if (id_ not in unsettled) is settled]


async def _listed(here: Here, ids: list[EnrollmentId]) -> AsyncIterator[bytes]:
    """The document in pieces: others have their turn while thousands of devices are read."""

    def read(tx: Transaction, wanted: list[EnrollmentId]) -> list[_Described]:
        return _described(tx, diagnosis.devices_by_id(tx.connection, tx.tenant.id, ids=wanted))

    yield b'{"value":['
    separator = b""
    for start in range(0, len(ids), _AT_ONCE):
        devices = [_view(each, here=here) for each in await here.run(read, ids[start : start + _AT_ONCE])]
        if devices:
            yield separator + b",".join(device.model_dump_json(by_alias=True).encode() for device in devices)
            separator = b","
        await give_way()
    yield b"]}"


@router.get("/{device}", summary="Get an enrolment")
async def get_device(here: Here, device: str) -> answers.Device:
    """By its own id, or that of its managedDevice, which may be deleted."""
    return _view(await here.run(_device, device), here=here)


@router.get("/{device}/apps", summary="The apps of a device, and why one is not there")
async def get_apps(here: Here, device: str) -> Listed[answers.DeviceApp]:
    """Those that concern it, with their states, and the assigned ones that do not reach it, with the reason."""

    def read(tx: Transaction) -> list[ReportedApp]:
        return apps_of_device(tx, _device(tx, device).row)

    return Listed(value=[answers.DeviceApp.from_value(app) for app in await here.run(read)])


@router.get("/{device}/ledger", summary="What a device holds, and how it stands")
async def get_ledger(here: Here, device: str) -> answers.Ledger:
    """Items with their states, errors and certificates."""

    def read(tx: Transaction) -> tuple[_Described, list[LedgerRow], dict[ProfileId, str]]:
        described = _device(tx, device)
        rows = list(queries.ledger_rows(tx.connection, described.row.id).values())
        claimed = {claim.profile for row in rows for claim in row.claims}
        return described, rows, configuration_queries.names(tx.connection, tx.tenant.id, ids=claimed)

    described, rows, names = await here.run(read)
    view = _view(described, here=here)
    return answers.Ledger.from_value(view, items=[_item(row, names=names) for row in rows])


@router.post("/{device}/partnerFacts", summary="Report facts of a device that another service knows", status_code=204)
async def report_partner_facts(here: Here, device: str, body: messages.PartnerFacts) -> None:
    """A partner's threat level, attested health, Play Integrity's verdict, or what a compliance script printed. A
    device that is judged by compliance policies is judged again at once.
    """
    await here.run(occasions.report_facts, device, facts=body.facts)


@dataclass(frozen=True, slots=True)
class _Described:
    """An enrolment with the user's name, and whether the device is settled, or what its items wait for."""

    row: NamedEnrollmentRow
    user: str | None
    settled: bool
    waits_for: list[str]


def _device(tx: Transaction, key: str) -> _Described:
    row = queries.enrollment_named(tx.connection, tx.tenant.id, key=key)
    if row is None:
        raise NotFound(f"There is no device '{key}'; use the id of an enrolment or of a managedDevice.")
    return _described(tx, [row])[0]


def _described(tx: Transaction, rows: list[NamedEnrollmentRow]) -> list[_Described]:
    ids = {row.id for row in rows}
    unsettled = {row.id for row in queries.unsettled(tx.connection, tx.tenant.id, now=tx.now, ids=ids)}
    user_ids = {row.user_id for row in rows if row.user_id is not None}
    names = directory.user_names(tx.connection, tx.tenant.id, ids=user_ids)
    ledgers = queries.ledgers(tx.connection, unsettled)
    return [
        _Described(
            row,
            names.get(row.user_id or ""),
            settled=row.id not in unsettled,
            waits_for=sorted({item.waits_for for item in ledgers.get(row.id, {}).values() if item.waits_for}),
        )
        for row in rows
    ]


def _view(described: _Described, *, here: Here) -> answers.Device:
    row = described.row
    return answers.Device.from_value(
        row,
        managed_device_id=row.facts.get("managedDeviceId"),
        user=described.user,
        enrolled_date_time=row.enrolled_at,
        next_checkin_date_time=_next_check_in(row),
        settled=described.settled,
        waits_for=described.waits_for,
        due_date_time=None if row.due_at == NEVER else row.due_at,
        connected=here.emulator.signals.is_connected(row.id),
    )


def _next_check_in(row: NamedEnrollmentRow) -> str | None:
    if row.state is EnrollmentState.ENDED:
        return None
    last = row.last_checkin_at or row.enrolled_at
    return iso(next_check_in(row.platform, enrolled_at=row.enrolled_at, checked_in_at=last))


def _item(row: LedgerRow, *, names: dict[ProfileId, str]) -> answers.Item:
    problem = row.problem
    return answers.Item.from_value(
        row,
        profiles=[claim.profile for claim in row.claims],
        profile_names=[names.get(claim.profile, claim.profile) for claim in row.claims],
        intended_purpose=row.purpose,
        error_code=None if problem is None else problem.code,
        error=None if problem is None else problem.message,
        waits_for_role=ROLES.get(row.source) if is_connector(row.waits_for) else None,
    )
