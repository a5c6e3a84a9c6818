"""After three years a firm's devices, its ledgers, Graph and the CA say what its journal tells, and OpenSSL agrees."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.connector.keypool import KeyRing
from fauxtune.core.clock import from_iso
from fauxtune.storage.database import Database
from fauxtune.storage.writes import values_of
from tests.operations.three_years import (
    AUTHORITIES,
    BACKDATED,
    CERTIFICATE_STATES,
    DEVICES,
    PEOPLE,
    YEAR,
    Left,
    live_through,
)
from tests.support.journal import History, read_journal
from tests.support.tenant import open_tenant

#: A PKCS profile's renewalThresholdPercentage, where it says nothing else.
THRESHOLD = 0.2
#: Who left the group, and whose imported certificate was deleted.
LOST_SOME = {"person8", "person0"}
#: What openssl verify says of a certificate, by what its register says.
VERDICTS = {"good": "OK", "revoked": "certificate revoked", "expired": "certificate has expired"}


@pytest.fixture(scope="module")
def left(
    urls: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
    *,
    rsa_keys: KeyRing,
    raw_rsa_keys: list[RSAPrivateKey],
) -> Left:
    """What is left of them: lived through once, on SQLite. Other tests try what happens in them on both databases."""

    async def live() -> Left:
        database = Database(urls["sqlite"])
        folder = tmp_path_factory.mktemp("three-years")
        result = await live_through(await open_tenant(database, folder, keys=rsa_keys, raw_keys=raw_rsa_keys))
        database.close()
        return result

    return asyncio.run(live())


@pytest.fixture(scope="module")
def history(left: Left) -> History:
    """What the journal tells of them."""
    return read_journal(map(values_of, left.journal))


def test_everybody_says_what_the_journal_tells(left: Left, history: History) -> None:
    _check_that_much_happened(left, history)
    assert left.devices == history.holds, "the devices themselves"
    assert left.ledgers == history.holds
    _check_history(left, history)
    _check_renewals(left, history)
    _check_graph(left, history)
    _check_register(left, history)
    listed = {certificate.serial_number for crl in left.crls for certificate in crl}
    assert listed == {int(serial, 16) for serial in history.revoked}


def _check_that_much_happened(left: Left, history: History) -> None:
    """Else all could agree about nothing."""
    statuses = [row["status"] for row in left.register]
    assert set(statuses) == set(VERDICTS)
    assert len(history.holds) == DEVICES
    # Two were retired, one was deleted; a person who was deleted keeps the devices.
    assert len(history.enrolled) == len(history.records) == DEVICES - 3
    assert {row["authority"] for row in left.register} == set(AUTHORITIES[1:])
    years = {time.year for times in left.visits.values() for time in times}
    assert years == {2026, 2027, 2028, 2029}
    most = max(len(marks) for marks in history.holds.values())
    assert most == 4, "three imported certificates, of which two have expired, and one of its own"


def _check_history(left: Left, history: History) -> None:
    """Whoever is there has all that was ever imported; whoever left has nothing, and what was theirs is revoked."""
    for device in history.enrolled - left.unwanted.keys():
        imported = {mark for user, mark in history.imported if user == history.records[device]}
        assert imported <= set(history.holds[device].values()), device
        assert len(imported) >= 2
    assert [history.holds[device] for device in history.ending] == [{}, {}, {}]
    theirs = {mark for marks in history.ending.values() for mark in marks}
    assert len(theirs) == len(history.ending) == 3
    assert {history.issued[serial].thumbprint for serial in history.revoked} == theirs


def _check_renewals(left: Left, history: History) -> None:
    """Each device renews at the first visit at which no more than the threshold of its certificate's life is left."""
    late = 0
    for device, visits in left.visits.items():
        expected: list[datetime] = []
        for visit in visits:
            if visit > left.unwanted.get(device, left.at):
                break
            lost = left.lost.get(device)
            if not expected or _due(expected[-1]) <= visit or (lost and expected[-1] < lost <= visit):
                late += bool(expected) and visit >= expected[-1] + YEAR
                expected.append(visit)
        assert history.issues_of(device) == expected, device
    assert late, "some came after their certificate had expired"


def _due(issued: datetime) -> datetime:
    return issued + YEAR - (YEAR + BACKDATED) * THRESHOLD


def _check_graph(left: Left, history: History) -> None:
    records = Counter(managed_device["userPrincipalName"] for managed_device in left.graph["managedDevices"])
    assert records == Counter(history.records.values())
    imported = left.graph["userPfxCertificates"]
    assert {(each["userPrincipalName"], each["thumbprint"]) for each in imported} == history.imported
    assert len(imported) == 3 * PEOPLE - 2, "one person has none of the third year, and one was deleted"
    serials = {issue.thumbprint: issue.serial for issue in history.issued.values()}
    expected = Counter(
        (str(history.records[device]), mark, "revoked" if serials[mark] in history.revoked else "none")
        for device, items in history.holds.items()
        if device in history.records
        for mark in items.values()
    )
    counter = Counter(
        (each["userPrincipalName"], each["certificateThumbprint"], each["certificateRevokeStatus"])
        for each in left.graph[CERTIFICATE_STATES]
    )
    # What was taken off a device by its profile's end is shown on, as deleted.
    assert expected <= counter
    assert {upn.partition("@")[0] for upn, _mark, _status in counter - expected} == LOST_SOME


def _check_register(left: Left, history: History) -> None:
    register = {row["serial"]: row for row in left.register}
    assert register.keys() == history.issued.keys()
    for serial, issue in history.issued.items():
        row = register[serial]
        assert (row["thumbprint"], row["device"]) == (issue.thumbprint, issue.device)
        assert from_iso(row["notAfter"]) in (issue.at + YEAR, issue.at + YEAR - BACKDATED)
        revoked = history.revoked.get(serial)
        expired = from_iso(row["notAfter"]) <= left.at
        assert row["status"] == ("revoked" if revoked else "expired" if expired else "good")
        if revoked is not None:
            assert (from_iso(row["revokedDateTime"]), row["reason"]) == revoked


# -------------------------------------------------------------------------------------------------------------- openssl


def _written(left: Left, folder: Path) -> Path:
    """The certificates and CRLs as files: `<serial>.pem`, `<authority>.pem`, `issuers.pem`, `crls.pem`."""
    for name, certificate in (left.certificates | left.authorities).items():
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    issuers = b"".join(left.authorities[name].public_bytes(Encoding.PEM) for name in AUTHORITIES[1:])
    (folder / "issuers.pem").write_bytes(issuers)
    (folder / "crls.pem").write_bytes(b"".join(crl.public_bytes(Encoding.PEM) for crl in left.crls))
    return folder


def _run(*arguments: str, folder: Path) -> str:
    done = subprocess.run(
        arguments, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, "TZ": "UTC"}
    )
    return done.stdout + done.stderr


@pytest.mark.program("openssl")
def test_openssl_agrees_about_every_certificate(left: Left, history: History, tmp_path: Path) -> None:
    folder = _written(left, tmp_path)
    files = [f"{serial}.pem" for serial in left.certificates]
    trust = ("-x509_strict", "-CAfile", "root.pem", "-untrusted", "issuers.pem")
    checks = ("-crl_check", "-CRLfile", "crls.pem", "-attime", str(int(left.at.timestamp())))
    verdicts = _verdicts(_run("openssl", "verify", *trust, *checks, *files, folder=folder))
    assert verdicts == {row["serial"]: VERDICTS[row["status"]] for row in left.register}
    states = left.graph[CERTIFICATE_STATES]
    by_key = {state["certificateSerialNumber"]: state["certificateRevokeStatus"] for state in states}
    revoked = {serial for serial, verdict in verdicts.items() if verdict == VERDICTS["revoked"]}
    assert revoked == set(history.revoked)
    assert {serial for serial, status in by_key.items() if status == "revoked"} == revoked & by_key.keys()


def _verdicts(words: str) -> dict[str, str]:
    """By serial number: `x.pem: OK`, or the reason on one line and the file's name on the next."""
    found, reason = {}, ""
    for line in words.splitlines():
        if match := re.fullmatch(r"error \d+ at 0 depth lookup: (.*)", line):
            reason = match[1]
        elif match := re.fullmatch(r"error (\w+)\.pem: verification failed", line):
            found[match[1]] = reason
        elif match := re.fullmatch(r"(\w+)\.pem: OK", line):
            found[match[1]] = "OK"
    return found


@pytest.mark.program("openssl")
@pytest.mark.program("faketime", package="faketime")
def test_openssl_believes_the_responder_at_that_time(left: Left, tmp_path: Path) -> None:
    folder = _written(left, tmp_path)
    register = {row["serial"]: row for row in left.register}
    result = set()
    for (issuer, serial), answer in left.ocsp.items():
        (folder / "answer.der").write_bytes(answer)
        outcome = ("-issuer", f"{issuer}.pem", "-cert", f"{serial}.pem", "-respin", "answer.der", "-no_nonce")
        trust = ("-CAfile", "root.pem", "-verify_other", "issuers.pem")
        run = _run("faketime", f"{left.at:%Y-%m-%d %H:%M:%S}", "openssl", "ocsp", *outcome, *trust, folder=folder)
        row = register[serial]
        status = "unknown" if row["authority"] != issuer else "revoked" if row["status"] == "revoked" else "good"
        assert f"{serial}.pem: {status}" in run, run
        assert "Response verify OK" in run, run
        assert "WARNING" not in run, run
        result.add((issuer, status))
    assert result >= {("issuing", "good"), ("issuing", "revoked"), ("issuing", "unknown"), ("issuing-2", "good")}
