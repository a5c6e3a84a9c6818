"""What happened in a tenant, for the assertions of a test: the journal's events, and the requests on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fauxtune.testing.devices import Device
from fauxtune.testing.parts import Calls, NotReached

#: Events of one answer; the control surface has no more in one page.
_LONGEST_WAIT = 60.0


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the journal. `device` is the enrolment's id; `certificate` has thumbprint, serial and source."""

    number: int
    time: datetime
    type: str
    user: str | None
    device: str | None
    managed_device_id: str | None
    device_name: str | None
    profile: str | None
    profile_name: str | None
    certificate: dict[str, Any] | None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. `url` is path and query without secrets; `status` is None without an answer."""

    number: int
    surface: str
    method: str
    url: str
    status: int | None
    milliseconds: float
    refusal: str | None
    caller: dict[str, Any]


class Journal:
    """The events of a tenant, in order."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def events(self, type: str | Sequence[str] | None = None, *, device: Device | str | None = None) -> list[Event]:  # noqa: A002
        """Return the events, all or those of a type ("enrolled", "installed", "retired" ...) and of a device."""
        return self._read(type, device=device, wait=0.0)

    def wait(
        self,
        type: str | Sequence[str],  # noqa: A002
        *,
        device: Device | str | None = None,
        timeout: float = 10.0,
    ) -> Event:
        """Return the first event of a type, for which it waits. Raises NotReached after `timeout` seconds."""
        events = self._read(type, device=device, wait=min(timeout, _LONGEST_WAIT))
        if not events:
            raise NotReached(f"there was no event {type} within {timeout:g} seconds")
        return events[0]

    def _read(self, type: str | Sequence[str] | None, *, device: Device | str | None, wait: float) -> list[Event]:  # noqa: A002
        params = {"wait": f"{wait:g}"}
        if type is not None:
            params["type"] = type if isinstance(type, str) else ",".join(type)
        if device is not None:
            params["device"] = _id(device)
        events: list[Event] = []
        after = 0
        while True:
            answer = self._calls.control("GET", "/journal", params={**params, "after": str(after)}, waits=wait)
            events += [_event(row) for row in answer["events"]]
            if not answer["events"] or answer["next"] == after:
                return events
            after, params["wait"] = answer["next"], "0"


class Wire:
    """The last requests to a tenant, with their answers, of every surface: Graph, sign-in, devices, control."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def exchanges(
        self,
        *,
        surface: str | None = None,
        status: str | int | None = None,
        text: str | None = None,
        device: Device | str | None = None,
        limit: int = 100,
    ) -> list[Exchange]:
        """Return the newest exchanges, oldest first.

        `surface` is "graph", "identity", "devices" ...; `status` 404, "4xx", "5xx" or "error"; `text` stands in the
        messages.
        """
        given = {"surface": surface, "status": status, "text": text, "limit": limit}
        params = {name: str(value) for name, value in given.items() if value is not None}
        if device is not None:
            params["device"] = _id(device)
        answer = self._calls.control("GET", "/wire", params=params)
        return [
            Exchange(
                number=row["number"],
                surface=row["surface"],
                method=row["method"],
                url=row["url"],
                status=row["status"],
                milliseconds=row["milliseconds"],
                refusal=row["refusal"],
                caller=row["caller"],
            )
            for row in answer["exchanges"]
        ]

    def whole(self, exchange: Exchange | int) -> dict[str, Any]:
        """Return an exchange with its headers and bodies, decoded, and as a command of curl."""
        number = exchange if isinstance(exchange, int) else exchange.number
        document: dict[str, Any] = self._calls.control("GET", f"/wire/{number}")
        return document

    def clear(self) -> None:
        """Forget the exchanges so far."""
        self._calls.control("DELETE", "/wire")


def _id(device: Device | str) -> str:
    return device if isinstance(device, str) else device.enrollment_id


def _event(row: dict[str, Any]) -> Event:
    return Event(
        number=row["seq"],
        time=datetime.fromisoformat(row["time"]),
        type=row["type"],
        user=row["user"],
        device=row["device"],
        managed_device_id=row["managedDeviceId"],
        device_name=row["deviceName"],
        profile=row["profile"],
        profile_name=row["profileName"],
        certificate=row["certificate"],
        detail=row["detail"],
    )
