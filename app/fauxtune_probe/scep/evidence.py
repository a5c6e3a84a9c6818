"""What the authority under test did: what Intune's service heard of it, and whether it revokes what it was asked to.

The journal knows what belongs to a challenge of the tenant, whoever reported it. The wire has every call, also one
that came twice or whose challenge could not be read.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from cryptography import x509

from fauxtune.core.administration import emulation
from fauxtune.core.administration import scep as tasks
from fauxtune.core.model.scep import REPORTED
from fauxtune.core.pki.names import serial_hex
from fauxtune.core.scep.verification.cases import Heard
from fauxtune_client.endpoints import Refused
from fauxtune_client.http import Client
from fauxtune_probe.scep.scene import Bench, Scene

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


_BETWEEN_LOOKS = 0.2


@dataclass(frozen=True, slots=True)
class Revocation:
    """What became of a revocation: the state of the request in the queue, its error, and whether the CRL lists the
    certificate (None if there is no CRL that can be read).
    """

    state: str | None
    error: str | None = None
    is_listed: bool | None = None

    @property
    def is_done(self) -> bool:
        """Whether the authority says that it has revoked."""
        return self.state == "revoked"


def wait_for(done: Callable[[], bool], seconds: float) -> None:
    """Return when it is done, at the latest after so many seconds."""
    ends = time.monotonic() + seconds
    while not done() and time.monotonic() < ends:
        time.sleep(_BETWEEN_LOOKS)


@dataclass(frozen=True, slots=True)
class Revoker:
    """`seconds`: how long the authority may take; `crl_url`: the CRL, in place of the one that certificates name."""

    scene: Scene
    bench: Bench
    seconds: float
    crl_url: str | None = None

    def revoke(self, issued: x509.Certificate, *, key: str, issuer: str | None) -> Revocation:
        """Have a certificate revoked. `key`: its thumbprint, by which the service knows what the authority reported; or
        its serial number, then with the `issuer`.
        """
        result = Revocation("revoked") if self._revoke_own(issued) else self.ask(key, issuer=issuer)
        if not result.is_done:
            return result
        return Revocation(result.state, result.error, self._is_listed(issued))

    def ask(self, key: str, *, issuer: str | None) -> Revocation:
        """Ask the authority to revoke. The tenant's clock is put forward where it has asked for revocations within the
        60 minutes before, in which the service hands out none.
        """
        answer = self.scene.send(tasks.ask_for_revocation(key, issuer=issuer))
        request_id, row = str(answer["id"]), dict[str, Any]()

        def has_ended() -> bool:
            rows = self.scene.client.control_list("/scep/revocations")
            row.update(next((each for each in rows if each["id"] == request_id), {}))
            return row.get("state") in ("revoked", "failed")

        with nullcontext() if answer["availableDateTime"] is None else self.scene.later("PT61M"):
            wait_for(has_ended, self.seconds)
        return Revocation(row.get("state"), row.get("errorCode"))

    def is_own(self, issued: x509.Certificate) -> bool:
        """Whether the tenant's own authority issued a certificate: nobody fetches revocations for it."""
        try:
            self.scene.client.control("GET", f"/certificates/{serial_hex(issued)}")
        except Refused as refused:
            if refused.status != 404:
                raise
            return False
        return True

    def _revoke_own(self, issued: x509.Certificate) -> bool:
        if not self.is_own(issued):
            return False
        self.scene.send(emulation.revoke_certificate(serial_hex(issued)))
        return True

    def _is_listed(self, issued: x509.Certificate) -> bool | None:
        url = self.crl_url or _crl_of(issued)
        if url is None:
            return None
        result: list[bool | None] = [None]

        def is_there() -> bool:
            result[0] = _listed(self.bench.fetch(url), issued)
            return bool(result[0])

        wait_for(is_there, min(self.seconds, 5.0))
        return result[0]


def _crl_of(issued: x509.Certificate) -> str | None:
    """The first http address of a CRL that a certificate names (RFC 5280 4.2.1.13)."""
    try:
        points = issued.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except (x509.ExtensionNotFound, ValueError):
        return None
    names = (name.value for point in points for name in point.full_name or ())
    return next((str(each) for each in names if str(each).startswith(("http://", "https://"))), None)


def _listed(content: bytes | None, issued: x509.Certificate) -> bool | None:
    if content is None:
        return None
    try:
        load = x509.load_pem_x509_crl if content.lstrip().startswith(b"-----") else x509.load_der_x509_crl
        return load(content).get_revoked_certificate_by_serial_number(issued.serial_number) is not None
    except ValueError:
        return None
