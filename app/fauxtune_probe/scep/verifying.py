"""The test bench of a certification authority on the network: one case after the other, each with its outcome."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cryptography import x509

from fauxtune.core.errors import Invalid
from fauxtune.core.pki.foreign import certificate_from
from fauxtune.core.pki.names import serial_hex, subject_text
from fauxtune.core.scep.verification import judging
from fauxtune.core.scep.verification.cases import (
    Case,
    Exchange,
    Heard,
    Outcome,
    Result,
    cases,
    differing,
    is_difference,
)
from fauxtune_probe.scep.evidence import Evidence, Revocation, Revoker, wait_for
from fauxtune_probe.scep.scene import Bench, GivenChallenge, Scene

#: A serial number that no authority issues: it has more digits than a serial number may have (RFC 5280 4.1.2.2).
_NO_SERIAL = "7f" * 20
_PAUSE = 0.2
#: Seconds for a check-in with its enrolment.
_DEVICE_SECONDS = 20.0
_GARBAGE = base64.b64encode(b"this is no pkiMessage").decode()
_CUT_OFF = "PKIOperation&message=MIIC"
#: What judges the answer to a request, with `heard`, what the service heard about it.
Judge = Callable[..., Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds to wait for a success notification, for a decision on a request that is PENDING, and for a revocation."""

    notification: float = 5.0
    decision: float = 60.0
    revocation: float = 60.0


@dataclass(frozen=True, slots=True)
class _Sent:
    """A request that was sent in a case."""

    case: str
    challenge: str
    exchange: Exchange
    is_struck: bool = False


class NotTried(Exception):
    """A case does not apply, or what it rests on failed; the message is the reason."""


class Verifier:
    """A run. `crl_url`: the CRL to look at in place of the one that certificates name."""

    def __init__(self, scene: Scene, *, bench: Bench, patience: Patience, crl_url: str | None = None) -> None:
        self._scene = scene
        self._bench = bench
        self._patience = patience
        self._revoker = Revoker(scene, bench, patience.revocation, crl_url)
        self._evidence = Evidence(scene.client)
        self._sent: list[_Sent] = []
        self._good: tuple[GivenChallenge, Exchange] | None = None
        self._polls: Outcome | None = None
        self._heard = Heard()
        self._revoked: Revocation | None = None
        self._reported_issuer = ""

    def outcomes(self, cases: Sequence[Case]) -> Iterator[Outcome]:
        """Try cases in their order. Raises ClientError if the server or the devices fail."""
        for case in cases:
            began = time.monotonic()
            try:
                outcome = self._tried(case)
            except NotTried as why:
                outcome = Outcome(case, Result.NOT_TRIED, str(why))
            except Invalid as broken:
                outcome = Outcome(case, Result.WRONG, broken.message)
            yield replace(outcome, seconds=time.monotonic() - began)
            self._evidence.forget_others(self._transactions())

    def _tried(self, case: Case) -> Outcome:
        special: dict[str, Callable[[Case], Outcome]] = {
            "capabilities": lambda each: judging.of_capabilities(each, self._bench.authority()["capabilities"]),
            "ca-certificates": lambda each: judging.of_ca_certificates(each, self._bench.authority()["certificates"]),
            "good-request": self._good_request,
            "asks-first": lambda each: judging.of_asking(each, self._heard, exchange=self._first()[1]),
            "success-notification": self._success,
            "pending": self._pending,
            "challenge-of-another": self._challenge_of_another,
            "challenge-again": self._used_challenge,
            "replay": self._replay,
            "message-spoiled": lambda each: self._refusal(each, spoiled=True),
            "csr-foreign": lambda each: self._refusal(each, foreign=True),
            "signer-other": lambda each: self._refusal(each, judge=judging.of_liberty, signer="stranger"),
            "garbage": self._garbage,
            "renewal": self._renewal,
            "renewal-stranger": self._renewal_by_stranger,
            "poll-unknown": self._poll_unknown,
            "validation-down": lambda each: self._failing(each, "validateRequest"),
            "notification-down": lambda each: self._failing(each, "successNotification"),
            "revocation": self._revocation,
            "revocation-unknown": self._unknown_revocation,
            "renewal-revoked": self._renewal_of_revoked,
            "challenge-old": self._old_challenge,
            "profile-gone": self._profile_gone,
            "device-enrols": self._device_enrols,
            "device-gone": self._device_gone,
            "notified-once": self._notified_once,
            "no-false-success": self._no_false_success,
        }
        if case.id in special:
            return special[case.id](case)
        assert is_difference(case.id)
        return self._difference(case)

    def _transactions(self) -> frozenset[str]:
        return frozenset(each.exchange.transaction for each in self._sent)

    def _send(self, case: str, given: GivenChallenge, *, is_struck: bool = False, **order: Any) -> Exchange:
        """Send a request of a device; without `request` the one that the challenge is for."""
        if self._bench.authority()["certificates"]["problem"] is not None:
            raise NotTried("the SCEP server has no certificate to which a request can be encrypted")
        request = order.pop("request", given.good)
        exchange = self._bench.exchange("request", case, request=request.document(), **order)
        self._sent.append(_Sent(case, given.id, exchange, is_struck))
        return exchange

    def _others(self, exchange: Exchange) -> frozenset[str]:
        """The transactions of all requests but this one."""
        return self._transactions() - {exchange.transaction}

    def _heard_of(self, challenge: str, exchange: Exchange) -> Heard:
        self._evidence.read()
        return self._known(challenge, exchange)

    def _known(self, challenge: str, exchange: Exchange) -> Heard:
        """What was heard about a request, as far as it was read."""
        return self._evidence.known(challenge, transaction=exchange.transaction, others=self._others(exchange))

    def _judged(self, case: Case, given: GivenChallenge, *, judge: Judge = judging.of_refusal, **order: Any) -> Outcome:
        """Send a request as `order` says, and judge what came of it."""
        exchange = self._send(case.id, given, **order)
        return judge(case, exchange, heard=self._heard_of(given.id, exchange))

    def _wait_for_success(self, given: GivenChallenge, exchange: Exchange) -> Heard:
        return self._evidence.wait_for_success(
            given.id,
            transaction=exchange.transaction,
            seconds=self._patience.notification,
            others=self._others(exchange),
        )

    def _good_request(self, case: Case) -> Outcome:
        given = self._scene.challenge()
        exchange = self._send(case.id, given)
        if exchange.pki_status == "PENDING":
            exchange, polls = self._decided(case, exchange)
            heard, now = self._heard_of(given.id, exchange), self._scene.now()
            pending = cases()["pending"]
            self._polls = judging.of_pending(
                pending, exchange, polls=polls, heard=heard, request=given.request, now=now
            )
        self._heard = self._heard_of(given.id, exchange)
        if exchange.certificate is not None:
            self._good = given, exchange
        outcome = judging.of_issue(case, exchange, request=given.request, now=self._scene.now())
        if exchange.certificate is None and self._heard.codes:
            return replace(outcome, saw=f"{outcome.saw}; the service answered {', '.join(self._heard.codes)}")
        return outcome

    def _decided(self, case: Case, exchange: Exchange) -> tuple[Exchange, int]:
        """Poll a request that is PENDING until somebody decides. Returns how it ended, and the number of polls."""
        polls, ends = 0, time.monotonic() + self._patience.decision
        while exchange.pki_status == "PENDING" and time.monotonic() < ends:
            time.sleep(_PAUSE if polls < 5 else 1.0)
            exchange, polls = self._bench.exchange("poll", case.id), polls + 1
        self._sent[-1] = replace(self._sent[-1], exchange=exchange)
        return exchange, polls

    def _first(self) -> tuple[GivenChallenge, Exchange]:
        if self._good is None:
            raise NotTried("the good request brought no certificate")
        return self._good

    def _success(self, case: Case) -> Outcome:
        given, exchange = self._first()
        heard = self._wait_for_success(given, exchange)
        return judging.of_success(case, heard, issued=_certificate(exchange), seconds=self._patience.notification)

    def _pending(self, _case: Case) -> Outcome:
        if self._polls is None:
            raise NotTried("the authority decided at once")
        return self._polls

    def _difference(self, case: Case) -> Outcome:
        given = self._scene.challenge()
        request = differing(case.id, given.good)
        if request is None:
            raise NotTried("the profile asks for nothing that a request could have otherwise")
        judges: dict[str, Judge] = {
            "hash-sha1": judging.of_liberty,
            "challenge-huge": judging.of_huge,
            "extension-more": judging.of_extension,
        }
        return self._judged(case, given, judge=judges.get(case.id, judging.of_refusal), request=request)

    def _refusal(self, case: Case, **order: Any) -> Outcome:
        """Send a good request in a way that is wrong."""
        return self._judged(case, self._scene.challenge(), **order)

    def _challenge_of_another(self, case: Case) -> Outcome:
        own, others = self._scene.challenge(), self._scene.challenge(device=self._scene.other)
        if own.request == others.request:
            raise NotTried("the profile asks every device for the same")
        return self._judged(case, others, request=replace(own.good, challenge=others.good.challenge))

    def _used_challenge(self, case: Case) -> Outcome:
        # The journal knows requests by their challenge: what it has of this one is about the granted request.
        return self._judged(case, replace(self._first()[0], id=""), judge=judging.of_liberty)

    def _replay(self, case: Case) -> Outcome:
        issued = _certificate(self._first()[1])
        return judging.of_replay(case, self._bench.exchange("again", "good-request"), first=issued)

    def _garbage(self, case: Case) -> Outcome:
        self._bench.authority()
        answers = [self._bench.order("raw", content=_GARBAGE), self._bench.order("raw", query=_CUT_OFF)]
        return judging.of_garbage(case, answers)

    def _kind_of_renewal(self) -> str:
        """RenewalReq if the authority has the capability, else PKCSReq, as devices do."""
        text = str(self._bench.authority()["capabilities"].get("text", ""))
        return "17" if "renewal" in {line.strip().lower() for line in text.splitlines()} else "19"

    def _renewal(self, case: Case) -> Outcome:
        _, first = self._first()
        given, kind = self._scene.challenge(), self._kind_of_renewal()
        order: dict[str, Any] = {"type": kind, **({"signer": "good-request"} if kind == "17" else {})}
        exchange, _ = self._decided(case, self._send(case.id, given, **order))
        heard = self._heard_of(given.id, exchange)
        if exchange.certificate is not None:
            heard = self._wait_for_success(given, exchange)
        outcome = judging.of_renewal(
            case, exchange, heard=heard, request=given.request, first=_certificate(first), now=self._scene.now()
        )
        how = "RenewalReq" if kind == "17" else "PKCSReq, as the capability Renewal is missing"
        return replace(outcome, saw=f"{how}: {outcome.saw}")

    def _renewal_by_stranger(self, case: Case) -> Outcome:
        if self._kind_of_renewal() != "17":
            raise NotTried("the authority lacks the capability Renewal")
        return self._refusal(case, type="17", signer="stranger")

    def _poll_unknown(self, case: Case) -> Outcome:
        self._first()
        exchange = self._bench.exchange("poll", "good-request", unknown=True)
        outcome = judging.of_refusal(case, exchange, heard=Heard())
        return replace(outcome, saw=judging.answered(exchange))

    def _failing(self, case: Case, action: str) -> Outcome:
        with self._scene.failing(action) as has_failed:
            given = self._scene.challenge()
            exchange = self._send(case.id, given, is_struck=True)
            if exchange.certificate is not None:
                # A notification may come after the certificate: then it fails, and the device has the certificate.
                wait_for(has_failed, self._patience.notification)
            if not has_failed():
                raise NotTried(f"the authority called no {action}")
        return judging.of_outage(case, exchange, heard=self._heard_of(given.id, exchange))

    def _revocation(self, case: Case) -> Outcome:
        given, exchange = self._first()
        issued = _certificate(exchange)
        report = next(iter(self._heard_of(given.id, exchange).successes), {})
        self._reported_issuer = str(report.get("issuer") or subject_text(issued.issuer))
        # Only by its name, as an administrator does: the service knows the rest from the report, which no later use of
        # the challenge changes.
        key = str(report.get("thumbprint") or serial_hex(issued))
        issuer = None if report.get("thumbprint") else self._reported_issuer
        self._revoked = self._revoker.revoke(issued, key=key, issuer=issuer)
        return judging.of_revocation(
            case,
            self._revoked.state,
            error=self._revoked.error,
            listed=self._revoked.is_listed,
            seconds=self._patience.revocation,
        )

    def _unknown_revocation(self, case: Case) -> Outcome:
        if self._revoked is None or not self._revoked.is_done:
            raise NotTried("the authority revoked nothing that was asked for")
        if self._revoker.is_own(_certificate(self._first()[1])):
            raise NotTried("the tenant's own authority has no queue")
        result = self._revoker.ask(_NO_SERIAL, issuer=self._reported_issuer)
        return judging.of_unknown_revocation(case, result.state, error=result.error, seconds=self._patience.revocation)

    def _renewal_of_revoked(self, case: Case) -> Outcome:
        if self._revoked is None or not self._revoked.is_done or self._kind_of_renewal() != "17":
            raise NotTried("nothing was revoked, or the authority lacks the capability Renewal")
        return self._refusal(case, type="17", signer="good-request")

    def _old_challenge(self, case: Case) -> Outcome:
        given = self._scene.challenge()
        with self._scene.later("PT61M"):
            return self._judged(case, given)

    def _profile_gone(self, case: Case) -> Outcome:
        given = self._scene.challenge()
        self._scene.unassign()
        return self._judged(case, given)

    def _device_enrols(self, case: Case) -> Outcome:
        seconds = self._patience.notification + _DEVICE_SECONDS
        if self._scene.root is None:
            raise NotTried("GetCACert has no self-signed certificate, which the device would need as the root")
        if self._polls is not None:
            raise NotTried("the authority lets requests wait")
        if not self._is_reached_by_devices():
            raise NotTried("the devices that the server holds trust no https address but the server's own")
        with self._scene.new_device() as device:
            profile = self._scene.profile
            challenge, event = self._evidence.wait_for_device(device, profile=profile, seconds=seconds)
            known = self._transactions()
            heard = self._evidence.wait_for_success(
                challenge or "", transaction="", seconds=self._patience.notification if event else 0.0, others=known
            )
        return judging.of_enrolment(case, event, heard=heard, seconds=seconds)

    def _is_reached_by_devices(self) -> bool:
        url, server = self._scene.url, self._scene.client.server
        return url.startswith(("http://", f"{server.https}/"))

    def _device_gone(self, case: Case) -> Outcome:
        given = self._scene.challenge(device=self._scene.other)
        self._scene.remove_device(self._scene.other)
        return self._judged(case, given)

    def _notified_once(self, case: Case) -> Outcome:
        self._evidence.read()
        counts = {
            each.exchange.transaction: len(self._known(each.challenge, each.exchange).successes)
            for each in self._sent
            if each.exchange.certificate is not None and not each.is_struck
        }
        if not counts:
            raise NotTried("no certificate was issued")
        return judging.of_counts(case, counts, noun="certificates")

    def _no_false_success(self, case: Case) -> Outcome:
        self._evidence.read()
        refused = [each for each in self._sent if _is_refused(each)]
        names = [each.case for each in refused if self._known(each.challenge, each.exchange).successes]
        return judging.of_false_successes(case, names)


def _is_refused(sent: _Sent) -> bool:
    return sent.exchange.certificate is None and sent.exchange.pki_status != "PENDING"


def _certificate(exchange: Exchange) -> x509.Certificate:
    assert exchange.certificate is not None
    return certificate_from(exchange.certificate, target="certificate")
