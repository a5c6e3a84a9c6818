"""The script of the proofs, run by a real shell: what holds, what does not; and the names of the files beside it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fauxtune.core.language.catalogue import Language, catalogue, say
from fauxtune_report.evidence.claim import Claim, Named, Proof
from fauxtune_report.evidence.layout import Layout, script, slug
from tests.core.evidence.sample import HOSTILE, facts_of

SAFE = re.compile(r"[a-z0-9][a-z0-9-]*")
ENGLISH = catalogue(Language.ENGLISH, "report")


def run(folder: Path, *proofs: Proof) -> subprocess.CompletedProcess[str]:
    claims = [(f"1.{place}", Claim(say("%(name)s", name=Named(HOSTILE)), proof)) for place, proof in enumerate(proofs)]
    (folder / "prove.sh").write_text(script(claims, ENGLISH))
    return subprocess.run(["sh", str(folder / "prove.sh")], cwd="/", capture_output=True, text=True, check=False)


@given(st.text())
def test_any_name_becomes_a_safe_part_of_a_path(name: str) -> None:
    assert SAFE.fullmatch(slug(name))
    assert len(slug(name)) <= 32


@given(st.lists(st.text(max_size=12), min_size=1, max_size=8))
def test_devices_of_equal_or_similar_names_have_folders_of_their_own(names: list[str]) -> None:
    facts = facts_of(devices=names)
    folders = [Layout.of(facts).devices[device.id] for device in facts.devices]
    assert len(set(folders)) == len(names)
    assert all(SAFE.fullmatch(folder) for folder in folders)


def test_a_certificate_is_named_by_its_mark_and_its_thumbprint() -> None:
    facts = facts_of(devices=[])
    facts.marks.decide("aabbccdd" + "0" * 32)
    assert re.fullmatch(r"[A-Z]{4}-aabbccdd", Layout.of(facts).mark("aabbccdd" + "0" * 32))
    assert Layout.of(facts).mark("aabbccde" + "0" * 32) == "aabbccde"


@pytest.mark.program("openssl", package="openssl")
def test_a_claim_holds_if_code_and_line_are_as_they_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("  7 abc\nother\n")
    done = run(
        tmp_path, Proof("cat file", output="7 abc"), Proof("false", code=1), Proof("echo -- '-n'; exit 3", 3, "-- -n")
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("ok ") == 3
    assert done.stdout.endswith("3 claims hold, 0 do not.\n")


@pytest.mark.program("openssl", package="openssl")
@pytest.mark.parametrize(
    "proof",
    [
        Proof("false"),
        Proof("true", code=1),
        Proof("echo 17 abc", output="7 abc"),
        Proof("echo '7 abc more'", output="7 abc"),
        Proof("echo 7xabc", output="7.abc"),
        Proof("cat missing", code=4),
    ],
)
def test_a_claim_does_not_hold_otherwise_and_the_script_fails(proof: Proof, tmp_path: Path) -> None:
    done = run(tmp_path, Proof("true"), proof)
    assert done.returncode == 1
    assert "FALSE  1.1" in done.stdout
    assert "ended with" in done.stdout
    assert done.stdout.endswith("1 claims hold, 1 do not.\n")


@pytest.mark.program("openssl", package="openssl")
def test_a_sentence_is_never_a_command_and_no_terminal_obeys_it(tmp_path: Path) -> None:
    done = run(tmp_path, Proof("true"))
    assert "alert(1)" in done.stdout
    assert "uid=" not in done.stdout
    assert "\x1b" not in done.stdout
