"""From what was observed to an outcome: the rules of the test bench."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509

from fauxtune.core.clock import from_iso, iso
from fauxtune.core.errors import Invalid
from fauxtune.core.model.scep import ScepRequest
from fauxtune.core.pki.foreign import certificate_from
from fauxtune.core.pki.names import serial_hex, thumbprint
from fauxtune.core.scep.comparison import unlike
from fauxtune.core.scep.verification.cases import Case, Exchange, Heard, Outcome, Result

_MODERN = ("postpkioperation", "sha-256", "aes")
#: Media types of GetCACert: of one certificate, and of several (RFC 8894 4.2.1).
_ONE, _SEVERAL = "application/x-x509-ca-cert", "application/x-x509-ca-ra-cert"
_MOST_WORDS = 200


def of_capabilities(case: Case, answer: Mapping[str, Any]) -> Outcome:
    """Judge the answer to GetCACaps."""
    if answer.get("status") != 200:
        text = f"HTTP status {answer.get('status')}: devices take the oldest algorithms, DES and SHA-1"
        return Outcome(case, Result.NOTE, text)
    keywords = {line.strip().lower() for line in str(answer["text"]).splitlines()}
    missing = [] if "scepstandard" in keywords else [word for word in _MODERN if word not in keywords]
    saw = ", ".join(line.strip() for line in str(answer["text"]).splitlines() if line.strip())[:_MOST_WORDS]
    if missing:
        return Outcome(case, Result.NOTE, f"{saw or 'an empty list'}; missing: {', '.join(missing)}")
    return Outcome(case, Result.RIGHT, saw)


def of_ca_certificates(case: Case, answer: Mapping[str, Any]) -> Outcome:
    """Judge the answer to GetCACert."""
    if answer.get("problem") is not None:
        return Outcome(case, Result.WRONG, f"HTTP status {answer.get('status')}: {answer['problem']}")
    number = len(answer["all"])
    expected = _ONE if number == 1 else _SEVERAL
    kind = answer.get("type") or "no type"
    saw = f"{number} certificate{'s' if number > 1 else ''}, {kind}"
    if kind != expected:
        return Outcome(case, Result.WRONG, f"{saw}; the type of this answer is {expected}")
    return Outcome(case, Result.RIGHT, saw)


def of_issue(case: Case, exchange: Exchange, *, request: ScepRequest, now: datetime) -> Outcome:
    """Judge the answer to a request that is to be granted."""
    if exchange.certificate is None:
        return Outcome(case, Result.WRONG, answered(exchange))
    try:
        certificate = certificate_from(exchange.certificate, target="certificate")
    except Invalid as error:
        return Outcome(case, Result.WRONG, error.message)
    faults = list(_unlike(certificate, request=request, now=now))
    saw = f"SUCCESS, serial number {serial_hex(certificate)}"
    if faults:
        return Outcome(case, Result.WRONG, f"{saw}, but {'; '.join(faults)}")
    return Outcome(case, Result.RIGHT, saw)


def _unlike(certificate: x509.Certificate, *, request: ScepRequest, now: datetime) -> Iterator[str]:
    yield from unlike(certificate, request)
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        first, last = iso(certificate.not_valid_before_utc), iso(certificate.not_valid_after_utc)
        yield f"it is valid from {first} to {last}, and the tenant's time is {iso(now)}"


def of_asking(case: Case, heard: Heard, *, exchange: Exchange) -> Outcome:
    """Judge whether the service was asked about a request before it was granted."""
    codes = ", ".join(heard.codes)
    if not heard.codes:
        text = "a certificate was issued, and validateRequest was never called about it"
        return Outcome(case, Result.WRONG, text)
    if not heard.is_granted:
        return Outcome(case, Result.WRONG, f"the service answered {codes}: the authority sent another request")
    others = heard.transactions - {exchange.transaction}
    if others:
        return Outcome(case, Result.WRONG, f"the transactionId was {_some(others)}, not {exchange.transaction}")
    if len(heard.codes) > 1:
        return Outcome(case, Result.NOTE, f"asked {len(heard.codes)} times: {codes}")
    return Outcome(case, Result.RIGHT, f"asked once: {codes}")


def of_success(case: Case, heard: Heard, *, issued: x509.Certificate, seconds: float) -> Outcome:
    """Judge what the service heard about an issued certificate."""
    if not heard.successes:
        also = " (but failureNotification was)" if heard.failures else ""
        return Outcome(case, Result.WRONG, f"successNotification was not called within {seconds:g} seconds{also}")
    faults = [fault for report in heard.successes for fault in _untrue(report, issued)]
    if faults:
        return Outcome(case, Result.WRONG, "; ".join(dict.fromkeys(faults)))
    report = heard.successes[0]
    saw = f"thumbprint {str(report['thumbprint'])[:8]}…, serial number {report['serialNumber']}"
    if not report.get("expiration"):
        return Outcome(case, Result.NOTE, f"{saw}, without certificateExpirationDateUtc")
    return Outcome(case, Result.RIGHT, f"{saw}, until {str(report['expiration'])[:40]}")


def _untrue(report: Mapping[str, Any], issued: x509.Certificate) -> Iterator[str]:
    reported = str(report.get("thumbprint", ""))
    if _hex(reported) != thumbprint(issued):
        yield f"certificateThumbprint is {reported[:40]}, not the certificate's SHA-1 {thumbprint(issued).upper()}"
    serial = str(report.get("serialNumber", ""))
    if not _is_serial(serial, issued):
        yield f"certificateSerialNumber is {serial[:40]}, not {serial_hex(issued)}"
    expiration = report.get("expiration")
    at = None if expiration is None else _moment(str(expiration))
    if at is not None and abs(at - issued.not_valid_after_utc) > timedelta(days=1):
        yield f"certificateExpirationDateUtc is {str(expiration)[:40]}, not {iso(issued.not_valid_after_utc)}"
    if not str(report.get("issuer", "")).strip():
        yield "issuingCertificateAuthority is empty"


def _is_serial(text: str, issued: x509.Certificate) -> bool:
    """Whether a text is the serial number, in hexadecimal or decimal digits."""
    return _hex(text).lstrip("0") == serial_hex(issued) or text.strip() == str(issued.serial_number)


def _hex(text: str) -> str:
    return "".join(each for each in text.lower().removeprefix("0x") if each in "0123456789abcdef")


def _moment(text: str) -> datetime | None:
    """The time of a report; None for one that is no ISO 8601, such as the long date that Microsoft's sample sends."""
    try:
        return from_iso(text)
    except ValueError:
        return None


def of_enrolment(case: Case, event: Mapping[str, Any] | None, *, heard: Heard, seconds: float) -> Outcome:
    """Judge what a managed device reported of its certificate. `event`: of the journal, installed or failed."""
    if event is None:
        return Outcome(case, Result.WRONG, f"the device installed nothing within {seconds:g} seconds; {_asked(heard)}")
    if event["type"] != "installed":
        reason = event["detail"].get("reason") or event["detail"].get("message") or "without a reason"
        return Outcome(case, Result.WRONG, f"the device failed: {str(reason)[:_MOST_WORDS]}; {_asked(heard)}")
    if not heard.is_granted or not heard.successes:
        report = "successNotification was called" if heard.successes else "successNotification was not called"
        return Outcome(case, Result.WRONG, f"installed, but {_asked(heard)}, and {report}")
    return Outcome(case, Result.RIGHT, f"installed; {_asked(heard)}, and heard of the certificate")


def of_refusal(case: Case, exchange: Exchange, *, heard: Heard) -> Outcome:
    """Judge the answer to a request that is to be refused."""
    question = _asked(heard)
    if exchange.certificate is not None:
        return Outcome(case, Result.WRONG, f"SUCCESS: a certificate was issued; {question}")
    if exchange.pki_status == "SUCCESS":
        return Outcome(case, Result.WRONG, f"SUCCESS without a certificate for the device's key; {question}")
    saw = f"{answered(exchange)}; {question}"
    if exchange.pki_status == "FAILURE":
        return Outcome(case, Result.RIGHT, saw)
    if exchange.pki_status == "PENDING":
        return Outcome(case, Result.NOTE, f"{saw}: who decides must refuse it")
    if exchange.status is None or exchange.status >= 500:
        return Outcome(case, Result.WRONG, saw)
    return Outcome(case, Result.NOTE, f"{saw}: a device expects a CertRep with FAILURE")


def of_huge(case: Case, exchange: Exchange, *, heard: Heard) -> Outcome:
    """Judge the answer to a request that may be too large to be read: then an HTTP error is enough."""
    if exchange.pki_status is None and exchange.status is not None and 400 <= exchange.status < 500:
        return Outcome(case, Result.RIGHT, f"HTTP status {exchange.status}")
    return of_refusal(case, exchange, heard=heard)


def of_outage(case: Case, exchange: Exchange, *, heard: Heard) -> Outcome:
    """Judge the answer while a call of Intune's service fails: whatever it is, it has no certificate."""
    outcome = of_refusal(case, exchange, heard=heard)
    is_answered = exchange.certificate is None and exchange.status is not None
    return Outcome(case, Result.RIGHT, outcome.saw) if is_answered else outcome


def of_liberty(case: Case, exchange: Exchange, *, heard: Heard) -> Outcome:
    """Judge the answer to what no document forbids an authority to grant."""
    outcome = of_refusal(case, exchange, heard=heard)
    return Outcome(case, Result.NOTE, outcome.saw) if outcome.result is Result.WRONG else outcome


def of_extension(case: Case, exchange: Exchange, *, heard: Heard) -> Outcome:
    """Judge the answer to a request that asks for CA:TRUE as well: a certificate without it is right."""
    if exchange.certificate is None:
        return of_refusal(case, exchange, heard=heard)
    certificate = certificate_from(exchange.certificate, target="certificate")
    is_authority = any(
        isinstance(extension.value, x509.BasicConstraints) and extension.value.ca
        for extension in certificate.extensions
    )
    if is_authority:
        return Outcome(case, Result.WRONG, f"SUCCESS with CA:TRUE: it can issue certificates itself; {_asked(heard)}")
    return Outcome(case, Result.RIGHT, "SUCCESS without CA:TRUE")


def of_replay(case: Case, exchange: Exchange, *, first: x509.Certificate) -> Outcome:
    """Judge the answer to a message that was sent a second time."""
    if exchange.certificate is None:
        return of_refusal(case, exchange, heard=Heard())
    issued = certificate_from(exchange.certificate, target="certificate")
    if issued == first:
        return Outcome(case, Result.RIGHT, "SUCCESS with the certificate that was issued for it")
    serial = serial_hex(issued)
    return Outcome(case, Result.WRONG, f"a second certificate was issued, serial number {serial}")


def of_garbage(case: Case, answers: Sequence[Mapping[str, Any]]) -> Outcome:
    """Judge the answers to what is no message."""
    saw = ", ".join(f"HTTP status {answer.get('status') or answer.get('problem')}" for answer in answers)
    if any(answer.get("status") is None or answer["status"] >= 500 for answer in answers):
        return Outcome(case, Result.WRONG, saw)
    if any(answer["status"] == 200 and not answer.get("looksSigned", True) for answer in answers):
        return Outcome(case, Result.WRONG, f"{saw}, without a CertRep")
    return Outcome(case, Result.RIGHT, saw)


def of_renewal(
    case: Case,
    exchange: Exchange,
    *,
    heard: Heard,
    request: ScepRequest,
    first: x509.Certificate,
    now: datetime,
) -> Outcome:
    """Judge a renewal. `first` is the certificate before."""
    outcome = of_issue(case, exchange, request=request, now=now)
    if outcome.result is not Result.RIGHT or exchange.certificate is None:
        return outcome
    issued = certificate_from(exchange.certificate, target="certificate")
    if issued.serial_number == first.serial_number:
        return Outcome(case, Result.WRONG, f"{outcome.saw}: the new certificate has the serial number of the old")
    if not heard.is_granted:
        return Outcome(case, Result.WRONG, f"{outcome.saw}, but {_asked(heard)}")
    if not heard.successes:
        return Outcome(case, Result.WRONG, f"{outcome.saw}, but successNotification was not called")
    faults = [fault for report in heard.successes for fault in _untrue(report, issued)]
    return Outcome(case, Result.WRONG, "; ".join(dict.fromkeys(faults))) if faults else outcome


def of_pending(
    case: Case, exchange: Exchange, *, polls: int, heard: Heard, request: ScepRequest, now: datetime
) -> Outcome:
    """Judge how a request ended that was PENDING."""
    if exchange.certificate is None and heard.successes:
        return Outcome(case, Result.WRONG, f"successNotification was called, but {answered(exchange)}")
    if exchange.pki_status == "PENDING":
        return Outcome(case, Result.NOTE, f"still PENDING after {polls} polls: nobody decided in time")
    outcome = of_issue(case, exchange, request=request, now=now)
    if exchange.certificate is not None and outcome.result is Result.RIGHT:
        issued = certificate_from(exchange.certificate, target="certificate")
        if any(_hex(str(report.get("thumbprint", ""))) != thumbprint(issued) for report in heard.successes):
            text = "another certificate than the issued one was reported while the request was PENDING"
            return Outcome(case, Result.WRONG, text)
    return Outcome(case, outcome.result, f"{outcome.saw}, after {polls} poll{'' if polls == 1 else 's'}")


def of_revocation(case: Case, state: str | None, *, error: str | None, listed: bool | None, seconds: float) -> Outcome:
    """Judge a revocation. `state`: of the request in the queue; `listed`: whether the CRL has the certificate, None if
    no CRL could be read.
    """
    if state == "open" or state is None:
        text = f"the authority fetched or answered nothing within {seconds:g} seconds"
        return Outcome(case, Result.WRONG, text)
    if state != "revoked":
        return Outcome(case, Result.WRONG, f"the authority reported a failure: {error or 'without an error'}")
    if listed is None:
        return Outcome(case, Result.NOTE, "reported as done; the certificate names no CRL that can be read (--crl-url)")
    if not listed:
        return Outcome(case, Result.WRONG, "reported as done, but the CRL does not list the certificate")
    return Outcome(case, Result.RIGHT, "fetched, reported as done, and listed in the CRL")


def of_unknown_revocation(case: Case, state: str | None, *, error: str | None, seconds: float) -> Outcome:
    """Judge the result for a serial number that was never issued."""
    if state == "revoked":
        return Outcome(case, Result.WRONG, "the authority reported that it revoked the certificate")
    if state != "failed":
        return Outcome(
            case, Result.WRONG, f"no final result within {seconds:g} seconds (last error: {error or 'none'})"
        )
    if error != "CertificateNotFoundError":
        return Outcome(case, Result.NOTE, f"failed with {error or 'no error'}, not CertificateNotFoundError")
    return Outcome(case, Result.RIGHT, f"failed with {error}")


def of_counts(case: Case, counts: Mapping[str, int], *, noun: str) -> Outcome:
    """Judge how often each certificate was reported. `counts`: by the transaction; `noun`: what they are."""
    wrong = {name: number for name, number in counts.items() if number != 1}
    if not wrong:
        return Outcome(case, Result.RIGHT, f"{len(counts)} {noun}, each reported once")
    words = ", ".join(f"{name[:8]}… {number} times" for name, number in wrong.items())
    return Outcome(case, Result.WRONG, f"of {len(counts)} {noun}, transaction {words[:_MOST_WORDS]}")


def of_false_successes(case: Case, names: Sequence[str]) -> Outcome:
    """Judge whether refused requests were reported as granted. `names`: the cases whose requests were."""
    if names:
        return Outcome(case, Result.WRONG, f"successNotification was called for {', '.join(names)}")
    return Outcome(case, Result.RIGHT, "none")


def answered(exchange: Exchange) -> str:
    """Return what a message was answered, in words."""
    if exchange.problem is not None:
        return exchange.problem[:_MOST_WORDS]
    if exchange.pki_status is None:
        return f"HTTP status {exchange.status}"
    text = f" ({exchange.fail_text[:_MOST_WORDS]})" if exchange.fail_text else ""
    return f"{exchange.pki_status} {exchange.fail_info or ''}".strip() + text


def _asked(heard: Heard) -> str:
    if not heard.codes:
        return "validateRequest was not called"
    return f"the service answered {', '.join(dict.fromkeys(heard.codes))}"


def _some(texts: frozenset[str]) -> str:
    return ", ".join(sorted(text[:60] for text in texts)[:3])
