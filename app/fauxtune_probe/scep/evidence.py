"""What Intune's service heard of the authority under test: from the journal, and from the window on the wire.

The journal knows what belongs to a challenge of the tenant, whoever reported it. The wire has every call, also one that
came twice or whose challenge could not be read.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fauxtune.core.model.scep import REPORTED
from fauxtune.core.scep.verification.model import Heard
from fauxtune_client.http import Client

_GRANTED, _REFUSED = "scepRequestValidated", "scepRequestRefused"
_ISSUED, _FAILED = "scepCertificateIssued", "scepIssuanceFailed"
_EVENTS = (_GRANTED, _REFUSED, _ISSUED, _FAILED)
_PAGE = 200
_PAUSE = 0.05
_ACTIONS = _VALIDATE, _SUCCESS, _FAILURE = "validateRequest", "successNotification", "failureNotification"


@dataclass(frozen=True, slots=True)
class _Call:
    """A call of the authority. `members`: of its request or notification, their names in lower case."""

    action: str
    status: int
    code: str | None
    members: Mapping[str, Any]

    @property
    def transaction(self) -> str:
        """The transactionId that it names."""
        return str(self.members.get("transactionid", ""))


class Evidence:
    """Everything that the service heard since this was created."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._events: list[dict[str, Any]] = []
        self._calls: list[_Call] = []
        self._seq = 0
        self._number = int(client.control("GET", "/wire", params={"limit": "1"})["next"])
        for _ in self._new_events():
            pass

    def read(self) -> None:
        """Read what the service heard since this was called last."""
        for events in self._new_events():
            self._events += events
        self._read_calls()

    def known(self, challenge: str | None, *, transaction: str, others: frozenset[str] = frozenset()) -> Heard:
        """Return what was heard about a request, as far as it was read. `others`: the transactions of the others."""
        calls = [
            call
            for call in self._calls
            if call.transaction == transaction or (call.transaction not in others and challenge is not None)
        ]
        events = [event["detail"] | {"type": event["type"]} for event in self._events if _is_of(event, challenge)]
        codes = tuple(call.code or f"HTTP status {call.status}" for call in calls if call.action == _VALIDATE)
        noted = tuple(
            "Success" if event["type"] == _GRANTED else str(event["code"]) for event in events if "code" in event
        )
        return Heard(
            codes=codes or noted,
            successes=_reports(calls, _SUCCESS) or tuple(event for event in events if event["type"] == _ISSUED),
            failures=_reports(calls, _FAILURE) or tuple(event for event in events if event["type"] == _FAILED),
            transactions=frozenset(call.transaction for call in calls if call.action == _VALIDATE),
        )

    def wait_for_success(self, challenge: str, *, transaction: str, seconds: float, **more: Any) -> Heard:
        """Return what was heard as soon as a success notification is there, at the latest after so many seconds."""
        ends = time.monotonic() + seconds
        while True:
            self.read()
            heard = self.known(challenge, transaction=transaction, **more)
            if heard.successes or time.monotonic() >= ends:
                return heard
            time.sleep(_PAUSE)

    def wait_for_device(self, device: str, *, profile: str, seconds: float) -> tuple[str | None, dict[str, Any] | None]:
        """Return the challenge that a device got by a profile, and the event with which it reported the certificate."""
        ends, after, challenge = time.monotonic() + seconds, self._seq, None
        while True:
            query = {"after": str(after), "device": device, "wait": "1"}
            page = self._client.control("GET", "/journal", params=query)
            after = int(page["next"])
            for event in page["events"]:
                if event["profile"] != profile:
                    continue
                challenge = event["detail"].get("challenge", challenge)
                if event["type"] in ("installed", "failed"):
                    return challenge, event
            if time.monotonic() >= ends:
                return challenge, None

    def forget_others(self, known: frozenset[str]) -> None:
        """Forget calls about unknown transactions: they belong to the case that is over."""
        self._read_calls()
        self._calls = [call for call in self._calls if call.transaction in known]

    def _new_events(self) -> Iterator[list[dict[str, Any]]]:
        """The events of the journal that were not read yet, page by page."""
        while True:
            query = {"after": str(self._seq), "type": ",".join(_EVENTS)}
            page = self._client.control("GET", "/journal", params=query)
            self._seq = int(page["next"])
            if not page["events"]:
                return
            yield page["events"]

    def _read_calls(self) -> None:
        while True:
            query = {"after": str(self._number), "surface": "partner", "limit": str(_PAGE)}
            page = self._client.control("GET", "/wire", params=query)
            for exchange in page["exchanges"]:
                if _action(exchange["url"]) in _ACTIONS:
                    self._calls += _call(self._client.control("GET", f"/wire/{exchange['number']}"))
            self._number = max(self._number, int(page["next"]))
            if len(page["exchanges"]) < _PAGE:
                return


def _is_of(event: Mapping[str, Any], challenge: str | None) -> bool:
    return challenge is not None and event["detail"].get("challenge") == challenge


def _reports(calls: list[_Call], action: str) -> tuple[dict[str, Any], ...]:
    """The notifications that the service accepted, with the names of the journal."""
    return tuple(
        {
            ours: call.members[name.lower()]
            for name, ours in REPORTED.items()
            if call.members.get(name.lower()) is not None
        }
        for call in calls
        if call.action == action and call.status == 200
    )


def _action(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def _call(exchange: Mapping[str, Any]) -> Iterator[_Call]:
    sent, answer = _document(exchange["request"]), _document(exchange["response"])
    folded = _folded(sent)
    members = folded.get("request") or folded.get("notification") or {}
    if isinstance(members, dict):
        yield _Call(_action(exchange["url"]), exchange["status"], answer.get("code"), _folded(members))


def _document(message: Mapping[str, Any]) -> dict[str, Any]:
    for part in message["parts"]:
        with contextlib.suppress(ValueError):
            document = json.loads(part["text"])
            if isinstance(document, dict):
                return document
    return {}


def _folded(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name.lower(): value for name, value in document.items()}
