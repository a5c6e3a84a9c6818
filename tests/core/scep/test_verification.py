"""The rules of the test bench, and its reports."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from fauxtune.core.model.scep import ScepRequest
from fauxtune.core.scep.verification import judging
from fauxtune.core.scep.verification.cases import (
    Exchange,
    Heard,
    Outcome,
    Result,
    asked,
    cases,
    differing,
    is_difference,
)
from fauxtune.core.scep.verification.report import About, document, junit, page

CASE = cases()["subject-other"]
REQUEST = ScepRequest(
    urls=("https://ca.example/scep",),
    subject="CN=alice",
    names=(("emailAddress", "alice@contoso.example"), ("universalResourceIdentifier", "https://contoso.example/a")),
    key_usages=("digitalSignature",),
    key_size=2048,
    hash_algorithm="sha2",
    extended_key_usages=("1.3.6.1.5.5.7.3.2",),
    days=365,
    renew_percent=20,
)
ABOUT = About(
    authority="http://ca.example/scep?a=<b>",
    server="https://localhost:8443",
    tenant="contoso",
    when="2027-01-01T00:00:00.0000000Z",
    version="1",
    seconds=3.21,
    left=("user <scep>",),
)


@pytest.mark.parametrize("case", [case for case in cases() if is_difference(case)])
def test_every_request_that_differs_does_so_in_one_thing(case: str) -> None:
    good = asked(REQUEST, challenge="Q" * 100)
    other = differing(case, good)
    assert other is not None
    ours, others = good.document(), other.document()
    assert len([name for name in ours if ours[name] != others[name]]) == 1
    assert json.loads(json.dumps(others)) == others


def test_a_request_has_nothing_otherwise_where_the_profile_asks_for_nothing() -> None:
    nothing = asked(replace(REQUEST, subject="", names=(), key_usages=(), extended_key_usages=()), challenge="Q" * 100)
    for case in ("subject-missing", "san-other", "san-missing", "key-usage", "eku-missing"):
        assert differing(case, nothing) is None
    assert differing("key-small", replace(nothing, key="rsa1024")) is None
    larger = differing("key-large", replace(nothing, key="rsa4096"))
    assert larger is not None
    assert larger.key == "rsa5120"


@pytest.mark.parametrize(
    ("exchange", "result", "saw"),
    [
        (Exchange(200, "FAILURE", "badRequest", "no"), Result.RIGHT, "FAILURE badRequest (no)"),
        (Exchange(200, "PENDING"), Result.NOTE, "PENDING"),
        (Exchange(200, "SUCCESS"), Result.WRONG, "SUCCESS without a certificate"),
        (Exchange(200, "SUCCESS", certificate=b"x"), Result.WRONG, "SUCCESS: a certificate was issued"),
        (Exchange(403), Result.NOTE, "HTTP status 403"),
        (Exchange(500), Result.WRONG, "HTTP status 500"),
        (Exchange(problem="cannot be reached"), Result.WRONG, "cannot be reached"),
    ],
)
def test_a_refusal_is_a_failure_and_nothing_else(exchange: Exchange, result: Result, saw: str) -> None:
    outcome = judging.of_refusal(CASE, exchange, heard=Heard(codes=("SubjectNameMismatch",)))
    assert (outcome.result, saw in outcome.saw) == (result, True)
    assert "SubjectNameMismatch" in outcome.saw
    if exchange.status == 403:
        assert judging.of_huge(CASE, exchange, heard=Heard()).result is Result.RIGHT


@pytest.mark.parametrize(
    ("answer", "result", "saw"),
    [
        ({"status": 200, "text": "SCEPStandard\n"}, Result.RIGHT, "SCEPStandard"),
        ({"status": 200, "text": "POSTPKIOperation\r\nSHA-256\r\nAES"}, Result.RIGHT, "AES"),
        ({"status": 200, "text": "SHA-1"}, Result.NOTE, "missing: postpkioperation, sha-256, aes"),
        ({"status": 404, "text": ""}, Result.NOTE, "HTTP status 404"),
    ],
)
def test_capabilities_are_modern_or_a_note(answer: dict[str, Any], result: Result, saw: str) -> None:
    outcome = judging.of_capabilities(cases()["capabilities"], answer)
    assert (outcome.result, saw in outcome.saw) == (result, True)


def test_the_certificates_of_the_authority_come_in_the_type_that_their_number_has() -> None:
    case, one, several = cases()["ca-certificates"], "application/x-x509-ca-cert", "application/x-x509-ca-ra-cert"
    for number, kind, result in ((1, one, "right"), (2, several, "right"), (2, one, "wrong"), (1, "", "wrong")):
        answer = {"status": 200, "type": kind, "all": ["x"] * number, "problem": None}
        assert judging.of_ca_certificates(case, answer).result.value == result
    broken = {"status": 404, "type": "", "all": [], "problem": "no certificates"}
    assert judging.of_ca_certificates(case, broken).result is Result.WRONG


def test_the_service_is_asked_once_and_about_this_request() -> None:
    case, exchange = cases()["asks-first"], Exchange(transaction="t", certificate=b"x")
    mine = frozenset({"t"})
    for heard, result in (
        (Heard(("Success",), transactions=mine), "right"),
        (Heard(("Success", "Success"), transactions=mine), "note"),
        (Heard(("Success",), transactions=mine | {"other"}), "wrong"),
        (Heard(("SubjectNameMismatch",), transactions=mine), "wrong"),
        (Heard(), "wrong"),
    ):
        assert judging.of_asking(case, heard, exchange=exchange).result.value == result


def test_what_is_reported_of_a_certificate_is_what_it_is(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    issued = _certificate(raw_rsa_keys[0])
    case, serial = cases()["success-notification"], issued.serial_number
    true = {
        "thumbprint": issued.fingerprint(hashes.SHA1()).hex(":").upper(),
        "serialNumber": f"00{serial:X}",
        "expiration": issued.not_valid_after_utc.isoformat(),
        "issuer": "CN=Partner",
    }
    for change, result in (
        ({}, "right"),
        ({"serialNumber": str(serial)}, "right"),
        ({"expiration": "Friday, November 26, 2027"}, "right"),
        ({"expiration": None}, "note"),
        ({"thumbprint": issued.fingerprint(hashes.SHA256()).hex()}, "wrong"),
        ({"serialNumber": "0F"}, "wrong"),
        ({"expiration": "2030-01-01T00:00:00Z"}, "wrong"),
        ({"issuer": " "}, "wrong"),
    ):
        heard = Heard(successes=({**true, **change},))
        assert judging.of_success(case, heard, issued=issued, seconds=1.0).result.value == result, change
    assert (
        "but failureNotification was"
        in judging.of_success(case, Heard(failures=({"reason": "no"},)), issued=issued, seconds=1.0).saw
    )


def _certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "alice")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(0xABCDEF).not_valid_before(datetime(2027, 1, 1, tzinfo=UTC))
    return builder.not_valid_after(datetime(2028, 1, 1, tzinfo=UTC)).sign(key, hashes.SHA256())


def test_a_managed_device_reports_what_it_installed() -> None:
    case = cases()["device-enrols"]
    granted = Heard(("Success",), successes=({"thumbprint": "a"},))
    installed, failed = {"type": "installed", "detail": {}}, {"type": "failed", "detail": {"reason": "no root"}}
    for event, heard, result, saw in (
        (installed, granted, "right", "installed"),
        (installed, Heard(("Success",)), "wrong", "successNotification was not called"),
        (installed, Heard(successes=granted.successes), "wrong", "validateRequest was not called"),
        (failed, granted, "wrong", "the device failed: no root"),
        (None, Heard(), "wrong", "installed nothing within 2 seconds"),
    ):
        outcome = judging.of_enrolment(case, event, heard=heard, seconds=2.0)
        assert (outcome.result.value, saw in outcome.saw) == (result, True)


def test_what_became_of_a_revocation_is_told_apart() -> None:
    case, unknown = cases()["revocation"], cases()["revocation-unknown"]
    told: dict[str, Any] = {"error": "X", "seconds": 1.0}
    for state, listed, result in (
        ("revoked", True, "right"),
        ("revoked", False, "wrong"),
        ("revoked", None, "note"),
        ("failed", None, "wrong"),
        ("open", None, "wrong"),
    ):
        assert judging.of_revocation(case, state, listed=listed, **told).result.value == result
    for state, error, result in (
        ("failed", "CertificateNotFoundError", "right"),
        ("failed", "None", "note"),
        ("revoked", None, "wrong"),
        ("open", None, "wrong"),
    ):
        assert judging.of_unknown_revocation(unknown, state, error=error, seconds=1.0).result.value == result


def test_reports_have_the_reasons_and_no_markup_of_others() -> None:
    outcomes = [
        Outcome(CASE, Result.WRONG, 'SUCCESS <script>alert("x")</script>\x00 & more', seconds=1.0),
        Outcome(cases()["pending"], Result.NOT_TRIED, "decided at once", seconds=0.5),
        Outcome(cases()["hash-sha1"], Result.NOTE, "issued", seconds=0.5),
        Outcome(cases()["replay"], Result.RIGHT, "refused", seconds=1.004),
    ]
    result = document(ABOUT, outcomes)
    assert [case["seconds"] for case in result["cases"]] == [1.0, 0.5, 0.5, 1.0]
    text = page(result)
    assert "<script" not in text
    assert text.count("<tr><td class") == 5  # what is wrong stands first, too
    for part in ("default-src 'none'", "prefers-color-scheme:dark", "@media print", "✗ wrong", "user &lt;scep&gt;"):
        assert part in text
    suite = ElementTree.fromstring(junit(result))[0]
    failure, skipped = suite.find("testcase/failure"), suite.find("testcase/skipped")
    assert failure is not None
    assert skipped is not None
    assert "expected: pkiStatus FAILURE" in (failure.text or "")
    assert [suite.get(name) for name in ("tests", "failures", "skipped")] == ["4", "1", "1"]
