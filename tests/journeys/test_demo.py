"""The story that `make run` tells, as a stranger runs it: nine proofs on live devices, over the wire."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.server.running import environment

DEMO = [sys.executable, "-m", "fauxtune", "demo", "--once", "--port", "0", "--http-port", "0", "--output", "json"]


@pytest.fixture(scope="module")
def told() -> subprocess.CompletedProcess[str]:
    return subprocess.run(DEMO, capture_output=True, text=True, env=environment(), timeout=300, check=False)


def test_all_nine_proofs_hold_and_the_exit_code_says_so(told: subprocess.CompletedProcess[str]) -> None:
    assert told.returncode == 0, told.stderr
    proofs = json.loads(told.stdout)["proofs"]
    assert [(proof["number"], proof["held"]) for proof in proofs] == [(number, True) for number in range(1, 10)]
    assert all(proof["name"] and proof["detail"] for proof in proofs)


def test_before_anything_is_taken_away_all_of_alices_devices_hold_the_same_imported_certificates(
    told: subprocess.CompletedProcess[str],
) -> None:
    devices = json.loads(told.stdout)["devices"]
    imported = {
        device["name"]: {item["thumbprint"] for item in device["items"] if item["source"] == "imported"}
        for device in devices
        if device["user"].startswith("alice@")
    }
    assert len(imported) == 8, "one of each kind, and the tablet that came later"
    (same,) = {frozenset(each) for each in imported.values()}
    assert len(same) == 4  # three for encryption, one for signing
    (bob,) = (device for device in devices if device["user"].startswith("bob@"))
    assert not [item for item in bob["items"] if item["source"] == "imported"]


def test_no_two_devices_share_a_certificate_of_their_own(told: subprocess.CompletedProcess[str]) -> None:
    # There is no PKCS profile for Windows Phone 8.1.
    devices = [one for one in json.loads(told.stdout)["devices"] if one["platform"] != "windowsphone81"]
    own = [item["thumbprint"] for device in devices for item in device["items"] if item["source"] == "pkcs"]
    assert len(own) == 2 * len(devices)
    assert len(set(own)) == len(own)


def test_afterwards_those_that_left_hold_nothing(told: subprocess.CompletedProcess[str]) -> None:
    document = json.loads(told.stdout)
    before = {device["name"]: len(device["items"]) for device in document["devices"]}
    after = {device["name"]: len(device["items"]) for device in document["devicesAfter"]}
    assert sum(1 for count in after.values() if count == 0) == 5
    assert all(before.values())


def test_progress_goes_to_standard_error_and_nothing_else_does(told: subprocess.CompletedProcess[str]) -> None:
    assert "All nine proofs held." in told.stderr
    assert "Traceback" not in told.stderr
    assert "never awaited" not in told.stderr
