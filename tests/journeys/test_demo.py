"""The demonstration that `make run` starts: nine proofs on live devices, over the network."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys

import pytest

from tests.support.running_server import environment

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


def test_the_story_fits_a_screen_and_names_certificates_by_short_marks(told: subprocess.CompletedProcess[str]) -> None:
    lines = told.stderr.splitlines()
    assert [line for line in lines if len(line) > 80] == []
    assert re.search(r"[0-9a-f]{16}", told.stderr) is None
    words = " ".join(told.stderr.split())
    assert re.search(r"\. Alice's iPhone: installed encryption certificates( [0-9a-f]{8},?){3} [.H]", words)


def test_what_the_devices_did_in_a_proof_is_told_before_its_end(told: subprocess.CompletedProcess[str]) -> None:
    for part in told.stderr.split("\nProof ")[1:]:
        assert "  . " not in part[part.index("HELD:") :]


def test_the_help_is_that_of_the_command_that_was_called() -> None:
    command = [sys.executable, "-m", "fauxtune", "demo", "--help"]
    help_text = subprocess.run(command, capture_output=True, text=True, env=environment(), check=True).stdout
    assert "Usage: fauxtune demo [OPTIONS]" in help_text
    assert "fauxtune-sim" not in help_text


def test_ctrl_c_says_what_becomes_of_everything() -> None:
    command = [*DEMO[: DEMO.index("--once")], "--step", "--port", "0", "--http-port", "0"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    ) as demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            if line.startswith("(Press Enter to go on to proof 1"):
                break
        demo.send_signal(signal.SIGINT)
        out, _ = demo.communicate(timeout=60)
    assert demo.returncode == 130
    assert "the devices and the mails are deleted; `--data-dir DIR` would keep them" in " ".join(out.split())


def test_progress_goes_to_standard_error_and_nothing_else_does(told: subprocess.CompletedProcess[str]) -> None:
    assert "All nine proofs held." in told.stderr
    assert "Traceback" not in told.stderr
    assert "never awaited" not in told.stderr
