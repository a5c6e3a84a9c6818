"""The list of all devices: counts by state, filters, one page."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Response

from fauxtune.core.model.platforms import Platform
from fauxtune.storage.database import Connection
from fauxtune.storage.queries.insight import device_list as queries
from fauxtune.storage.queries.insight.device_list import DeviceFilter, DeviceState
from fauxtune.storage.rows.devices import ListedDeviceRow
from fauxtune_console.call import TenantCall
from fauxtune_console.holdings import Card, cards_of
from fauxtune_console.paging import Choice, offset, paging

_SIZE = 50
_LONGEST_TEXT = 100
#: data. A platform -> its words.
PLATFORMS: dict[Platform, str] = {
    Platform.ANDROID: "Android",
    Platform.IOS: "iPhone",
    Platform.IPADOS: "iPad",
    Platform.MACOS: "Mac",
    Platform.WINDOWS: "Windows",
    Platform.WINDOWS_10_MOBILE: "Windows 10 Mobile",
    Platform.WINDOWS_PHONE_81: "Windows Phone 8.1",
}
#: data. A state by which the list is filtered -> its words.
_STATES: dict[DeviceState, str] = {
    DeviceState.ENROLLED: "Enrolled",
    DeviceState.WAITING: "Waiting for a check-in",
    DeviceState.FAILED: "With failed items",
    DeviceState.ENDING: "Ending",
    DeviceState.ENDED: "Ended",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One device of the list. `user`: the name of its user, or empty; `failed`: how many of its items failed."""

    row: ListedDeviceRow
    card: Card
    user: str
    failed: int


async def devices(call: TenantCall) -> Response:
    """Show one page of the devices."""
    start = offset(call, size=_SIZE)
    matching = DeviceFilter(
        now=call.now,
        text=call.query("text").strip()[:_LONGEST_TEXT],
        platform=next((platform for platform in Platform if platform.value == call.query("platform")), None),
        state=next((device_state for device_state in DeviceState if device_state.value == call.query("state")), None),
    )
    by_check_in = call.query("sort") == "check-in"
    lines, total, counts = await call.read(_read, call, matching=matching, by_check_in=by_check_in, start=start)
    return call.page(
        "devices.html",
        lines=lines,
        paging=paging(call, start=start, length=len(lines), total=total, size=_SIZE),
        choices=_choices(call, matching, counts=counts),
        matching=matching,
        by_check_in=by_check_in,
        platforms=PLATFORMS,
        by_name_url=_url(call, matching, sort=None),
        by_check_in_url=_url(call, matching, sort="check-in"),
    )


def _read(
    connection: Connection, call: TenantCall, *, matching: DeviceFilter, by_check_in: bool, start: int
) -> tuple[list[Line], int, dict[DeviceState, int]]:
    tenant_id = call.tenant.id
    rows, total = queries.devices(
        connection, tenant_id, matching=matching, by_check_in=by_check_in, offset=start, limit=_SIZE
    )
    cards = cards_of(connection, tenant_id, rows=rows, now=matching.now)
    lines = [_line(row, cards[row.id]) for row in rows]
    return lines, total, queries.device_counts(connection, tenant_id, now=matching.now)


def _line(row: ListedDeviceRow, card: Card) -> Line:
    failed = sum(chip.state == "failed" for chip in card.chips)
    return Line(row, card, row.user_name or row.user_principal_name or "", failed)


def _choices(call: TenantCall, matching: DeviceFilter, *, counts: dict[DeviceState, int]) -> list[Choice]:
    live = [DeviceState.ENROLLED, DeviceState.ENDING, DeviceState.ENDED]
    every = Choice(
        "All",
        sum(counts[device_state] for device_state in live),
        _url(call, matching, state=None),
        matching.state is None,
    )
    return [
        every,
        *(
            Choice(words, counts[state], _url(call, matching, state=state.value), matching.state is state)
            for state, words in _STATES.items()
        ),
    ]


def _url(call: TenantCall, matching: DeviceFilter, **changes: str | None) -> str:
    """Return the address of the first page of the list with other filters."""
    query: dict[str, str | int | None] = {
        "text": matching.text,
        "platform": matching.platform,
        "state": matching.state,
        "sort": call.query("sort"),
        **changes,
    }
    return call.url("devices", **query)
