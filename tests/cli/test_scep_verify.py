"""`fauxtune scep verify` on authorities that are right, on one whose requests wait, and on two that are sloppy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from fauxtune.core.profiles import scep
from fauxtune.core.profiles.catalog import KINDS
from fauxtune_probe.scep.scene import device_for
from tests.support.commands import Commands, Done
from tests.support.intune_client import IntuneClient
from tests.support.partner_ca import PartnerCa, Slip, listening
from tests.support.running_server import Served
from tests.support.scep_clients import CONTROL

#: Each run starts a process with the devices that ask.
pytestmark = pytest.mark.usefixtures("preloaded_modules")

#: What is wrong with an authority that asks, and does not listen.
CARELESS = frozenset(
    {
        Slip.IGNORES_REFUSALS,
        Slip.REPORTS_SHA256,
        Slip.REPORTS_TWICE,
        Slip.WRONG_USAGE,
        Slip.COPIES_EXTENSIONS,
        Slip.ISSUES_WHEN_DOWN,
        Slip.HANDS_OUT_UNREPORTED,
        Slip.ISSUES_AGAIN,
        Slip.TRUSTS_MESSAGES,
        Slip.TRUSTS_SIGNERS,
        Slip.RENEWS_FOR_STRANGERS,
        Slip.RENEWS_REVOKED,
        Slip.CRASHES,
        Slip.ANSWERS_ANY_POLL,
        Slip.REVOKES_IN_WORDS,
        Slip.REVOKES_ANYTHING,
    }
)
NOT_WRONG = {
    "capabilities",
    "ca-certificates",
    "asks-first",
    "hash-sha1",
    "signer-other",
    "challenge-again",
    "device-enrols",
    "pending",
    "no-false-success",
}


@pytest.fixture(scope="module")
def service(run: Commands, server: Served) -> Iterator[IntuneClient]:
    """Intune's service, by the properties of an authority."""
    lines = run.text("scep", "client-config").splitlines()
    client = IntuneClient(dict(line.split("=", 1) for line in lines), server.trusting())
    yield client
    client.http.close()


def verify(run: Commands, ca: PartnerCa, *words: str | Path) -> Done:
    with listening(ca):
        return run.run("scep", "verify", "--ca-url", ca.url, "--notification-wait", "1", *words)


def results(done: Done) -> dict[str, dict[str, Any]]:
    return {case["id"]: case for case in json.loads(done.output)["cases"]}


def having(cases: dict[str, dict[str, Any]], result: str) -> set[str]:
    return {name for name, case in cases.items() if case["result"] == result}


def test_an_authority_that_is_right_is_found_right_and_nothing_is_left(
    run: Commands, graph: httpx.Client, service: IntuneClient, raw_rsa_keys: list[rsa.RSAPrivateKey], tmp_path: Path
) -> None:
    clock = run.json("clock", "show")["mode"]
    files = [tmp_path / f"scep.{suffix}" for suffix in ("html", "xml", "json")]
    reports = [word for file in files for word in ("--report", file)]
    done = verify(run, PartnerCa(raw_rsa_keys[0], service), *reports)
    assert done.code == 0, done.output
    cases = {case["id"]: case for case in json.loads(files[2].read_text(encoding="utf-8"))["cases"]}
    assert (having(cases, "wrong"), having(cases, "note")) == (set(), {"hash-sha1", "challenge-again"})
    assert having(cases, "not tried") == {"pending"}
    assert "✓ right     subject-other: FAILURE badRequest" in done.errors
    assert max(map(len, done.output.partition("\n\n")[0].splitlines())) <= 80
    suite = ElementTree.fromstring(files[1].read_text(encoding="utf-8"))[0]
    assert (suite.get("failures"), suite.get("skipped"), suite.get("tests")) == ("0", "1", str(len(cases)))
    assert all(case["title"] in files[0].read_text(encoding="utf-8").replace("&#x27;", "'") for case in cases.values())
    for collection in ("/beta/deviceManagement/managedDevices", "/v1.0/groups"):
        assert "scep-verify" not in graph.get(collection).text
    assert graph.get("/beta/deviceManagement/deviceConfigurations").json()["value"] == []
    assert (run.json("clock", "show")["mode"], run.json("fault", "list")) == (clock, [])


def test_the_tenants_own_ndes_is_found_right(run: Commands, server: Served) -> None:
    """It asks in the same process, and its certificates are revoked at once."""
    url = f"{server.endpoints['http']}/pki/contoso/certsrv/mscep/mscep.dll"
    done = run.run("scep", "verify", "--ca-url", url, "--output", "json")
    cases = results(done)
    assert (done.code, having(cases, "wrong")) == (0, set()), done.errors
    assert having(cases, "note") == {"hash-sha1", "signer-other"}
    not_tried = {"pending", "validation-down", "notification-down", "revocation-unknown"}
    assert having(cases, "not tried") == not_tried
    assert cases["revocation"]["saw"] == "fetched, reported as done, and listed in the CRL"


def test_a_request_that_waits_at_the_counter_is_granted_when_it_is_approved(run: Commands, server: Served) -> None:
    url = f"{server.endpoints['http']}/pki/contoso/certsrv/mscep/mscep.dll"
    stop = Event()

    def approve() -> None:
        with server.client() as control:
            while not stop.wait(0.2):
                for item in control.get(f"{CONTROL}/scep/requests").json()["value"]:
                    if item["state"] == "pending":
                        control.post(f"{CONTROL}/scep/requests/{item['id']}/approve")

    approver = Thread(target=approve)
    with server.client() as control:
        control.patch(CONTROL, json={"settings": {"ndes.approval": True}}).raise_for_status()
        approver.start()
        try:
            only = ["--only", "pending", "--only", "success-notification", "--only", "renewal"]
            done = run.run("scep", "verify", "--ca-url", url, *only, "--output", "json")
        finally:
            stop.set()
            approver.join()
            control.patch(CONTROL, json={"settings": {"ndes.approval": False}}).raise_for_status()
    assert having(results(done), "right") == {"good-request", *only[1::2]}, done.errors


def test_every_fault_of_a_careless_authority_is_named(
    run: Commands, service: IntuneClient, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    done = verify(run, PartnerCa(raw_rsa_keys[0], service, CARELESS), "--output", "json")
    cases = results(done)
    assert (done.code, set(cases) - having(cases, "wrong")) == (3, NOT_WRONG), done.errors
    saw = {name: case["saw"] for name, case in cases.items()}
    assert "key usage" in saw["good-request"]
    assert "not the certificate's SHA-1" in saw["success-notification"]
    assert "the service answered SubjectNameMismatch" in saw["subject-other"]
    assert "a second certificate was issued" in saw["replay"]
    assert saw["garbage"] == "HTTP status 500, HTTP status 500"
    assert "2 times" in saw["notified-once"]
    assert "SUCCESS with CA:TRUE" in saw["extension-more"]
    assert saw["revocation"] == "reported as done, but the CRL does not list the certificate"
    assert "reported that it revoked" in saw["revocation-unknown"]


def test_an_authority_that_never_asks_and_reports_what_is_not_so_is_caught(
    run: Commands, service: IntuneClient, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    slips = frozenset({Slip.NEVER_ASKS, Slip.NEVER_REPORTS, Slip.NEVER_REVOKES})
    only = ("asks-first", "success-notification", "renewal", "revocation*", "challenge-old", "notified-once")
    words = [word for pattern in only for word in ("--only", pattern)]
    done = verify(
        run, PartnerCa(raw_rsa_keys[0], service, slips), *words, "--revocation-wait", "0.5", "--output", "json"
    )
    cases = results(done)
    wrong = {"asks-first", "success-notification", "renewal", "revocation", "challenge-old", "notified-once"}
    assert (having(cases, "wrong"), having(cases, "right")) == (wrong, {"good-request"})
    assert cases["asks-first"]["saw"] == "a certificate was issued, and validateRequest was never called about it"
    slips = frozenset({Slip.REPORTS_REFUSALS})
    words = ["--only", "subject-other", "--only", "no-false-success", "--output", "json"]
    cases = results(verify(run, PartnerCa(raw_rsa_keys[0], service, slips), *words))
    assert having(cases, "wrong") == {"no-false-success"}
    assert cases["no-false-success"]["saw"] == "successNotification was called for subject-other"


def test_a_request_that_waits_is_polled_until_it_is_decided(
    run: Commands, service: IntuneClient, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    words = ["--only", "pending", "--only", "asks-first", "--only", "success-notification", "--output", "json"]
    done = verify(run, PartnerCa(raw_rsa_keys[0], service, waits=3), *words)
    assert (done.code, having(results(done), "right")) == (0, {*words[1:6:2], "good-request"})
    assert "after 3 polls" in results(done)["pending"]["saw"]
    early = PartnerCa(raw_rsa_keys[0], service, frozenset({Slip.REPORTS_EARLY}), waits=1)
    assert "while the request was PENDING" in results(verify(run, early, *words))["pending"]["saw"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--ca-url", "http://localhost:9", "--profile", "nothing"), "nothing"),
        (("--ca-url", "http://127.0.0.1:9/scep", "--only", "capabilities"), "The SCEP server does not answer"),
    ],
)
def test_a_wrong_option_is_named(run: Commands, words: tuple[str, ...], message: str) -> None:
    done = run.run("scep", "verify", *words)
    assert (done.code, done.output, message in done.errors) == (1, "", True), done.errors


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "--ca-url is the address of a SCEP server"),
        (("--ca-url", "localhost"), "--ca-url is the address of a SCEP server"),
        (("--ca-url", "http://localhost:9", "--only", "frob*"), "No case has an id like 'frob*'"),
        (("--list", "--skip", "frob*"), "No case has an id like 'frob*'"),
        (("--ca-url", "http://localhost:9", "--report", "scep.pdf"), "must end in .html, .xml or .json"),
    ],
)
def test_a_wrong_option_is_named_before_a_server_is_looked_for(
    words: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    assert message in Commands(tmp_path).refused("scep", "verify", *words)


def test_every_scep_profile_has_a_device_that_it_reaches() -> None:
    devices = {kind.name: device_for(kind.name) for kind in KINDS if kind.family is scep.FAMILY}
    assert devices["androidDeviceOwnerScepCertificateProfile"] == ("android", "fully-managed")
    assert devices["iosScepCertificateProfile"] == ("ios", None)


def test_the_cases_are_listed_without_a_server(tmp_path: Path) -> None:
    run = Commands(tmp_path)
    assert "key-small" in run.text("scep", "verify", "--list")
    assert run.json("scep", "verify", "--list", "--only", "replay")[-1]["source"].startswith("RFC 8894")
