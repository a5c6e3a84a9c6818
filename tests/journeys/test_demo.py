"""The demonstration that `make run` starts: thirteen proofs on live devices, over the network."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.repository.lessons import FOLDER, PICTURES, words
from tests.support.neighbours import eventually
from tests.support.preloaded import INTERPRETER
from tests.support.running_server import environment

PORTS = ("--port", "0", "--http-port", "0")
DEMO = (sys.executable, "-m", "fauxtune", "demo")
SECONDS = 300


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A demonstration that was interrupted after its last proof, and the commands that it had named."""

    document: dict[str, Any]
    errors: str
    code: int
    commands: list[str]
    outcomes: list[subprocess.CompletedProcess[str]]
    #: The page that it wrote, and the one of `fauxtune report` in Italian.
    report: Path
    italian: Path

    @property
    def text(self) -> str:
        return " ".join(self.errors.split())


def preloaded_demo(commands: Path) -> tuple[str, ...]:
    """What `fauxtune demo` becomes, and all that it starts, preloaded."""
    return (str(commands / INTERPRETER), "-m", "fauxtune_sim.demo")


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory, commands: Path) -> Demonstration:
    """One demonstration with `--output json`: its text is on standard error. Its last commands are pasted into a shell
    while it runs, which finds the programs by the PATH.
    """
    surroundings = environment(PATH=f"{commands}{os.pathsep}{os.environ['PATH']}")
    errors, shown = "", list[str]()
    folder = tmp_path_factory.mktemp("elsewhere")
    report, italian = folder / "handout" / "page.html", folder / "relazione.html"
    with subprocess.Popen(
        [*preloaded_demo(commands), *PORTS, "--output", "json", "--report", str(report)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=surroundings,
        cwd=folder,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            errors += line
            if "export " in line or (shown and "fauxtune" in line):
                shown.append(line.strip())
            if "mails/signed.eml" in line:
                break
        exports = [command for command in shown if command.startswith("export ")]
        outcomes = [
            subprocess.run(
                "\n".join([*exports, command]),
                shell=True,
                capture_output=True,
                text=True,
                env=surroundings,
                cwd=folder,
                timeout=SECONDS,
                check=False,
            )
            for command in shown
            if command not in exports
        ]
        second = ["fauxtune", "report", "--keys", '"$DEMO"/keys', "--lang", "it", "--out", str(italian)]
        subprocess.run("\n".join([*exports, " ".join(second)]), shell=True, check=True, env=surroundings, cwd=folder)
        process.send_signal(signal.SIGINT)
        out, rest = process.communicate(timeout=SECONDS)
    return Demonstration(json.loads(out), errors + rest, process.returncode, shown, outcomes, report, italian)


def test_all_proofs_hold_and_the_exit_code_says_so(demonstration: Demonstration) -> None:
    assert demonstration.code == 0, demonstration.errors
    proofs = demonstration.document["proofs"]
    assert [(proof["number"], proof["held"]) for proof in proofs] == [(number, True) for number in range(1, 14)]
    assert all(proof["name"] and proof["detail"] for proof in proofs)


def test_before_anything_is_taken_away_all_of_alices_devices_hold_the_same_imported_certificates(
    demonstration: Demonstration,
) -> None:
    devices = demonstration.document["devices"]
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


def test_no_two_devices_share_a_certificate_of_their_own(demonstration: Demonstration) -> None:
    # There is no PKCS profile for Windows Phone 8.1.
    devices = [one for one in demonstration.document["devices"] if one["platform"] != "windowsphone81"]
    own = [item["thumbprint"] for device in devices for item in device["items"] if item["source"] == "pkcs"]
    # The iPhone and the phones with a work profile have one for the mail server, too.
    with_login = [one for one in devices if one["platform"] == "ios" or one["mode"] == "work-profile"]
    assert len(own) == 2 * len(devices) + len(with_login)
    assert len(with_login) == 4
    assert len(set(own)) == len(own)


def test_afterwards_those_that_left_hold_nothing(demonstration: Demonstration) -> None:
    document = demonstration.document
    before = {device["name"]: len(device["items"]) for device in document["devices"]}
    after = {device["name"]: len(device["items"]) for device in document["devicesAfter"]}
    assert sum(1 for count in after.values() if count == 0) == 6
    assert all(before.values())


def test_the_story_fits_a_screen_and_shows_no_long_identifier(demonstration: Demonstration) -> None:
    story, _, last_page = demonstration.errors.partition("All 13 proofs held.")
    assert [line for line in story.splitlines() if len(line) > 80] == []
    places = (sys.prefix, str(demonstration.report.parent))
    assert [line for line in last_page.splitlines() if len(line) > 110 and not any(x in line for x in places)] == []
    assert re.search(r"[0-9a-f]{9}", story) is None


def test_each_proof_begins_with_its_claim_and_ends_with_its_result(demonstration: Demonstration) -> None:
    _, *parts = demonstration.errors.partition("All 13 proofs held.")[0].split("\nProof ")
    assert [part.partition(":")[0] for part in parts] == [f"{number} of 13" for number in range(1, 14)]
    for part in parts:
        assert part.count("HELD: ") == 1
        # Only the sentence that says what held stands behind it.
        assert all(line.startswith("    ") for line in part[part.index("HELD:") :].strip().splitlines()[1:])


def test_profiles_and_devices_are_named_in_tables(demonstration: Demonstration) -> None:
    (signing,) = (part for part in demonstration.errors.split("\nProof ") if part.startswith("1 of 13"))
    assert re.search(r"^  device +S/MIME signing$", signing, re.MULTILINE)
    assert re.search(r"^  Alice's iPhone +● [A-Z]{4} \([0-9a-f]{8}\)$", signing, re.MULTILINE)


def test_the_address_of_the_console_comes_first(demonstration: Demonstration) -> None:
    first = demonstration.errors.splitlines()[0]
    assert re.fullmatch(r"Look at it in a browser: http://localhost:\d+/console/contoso", first)


def test_the_commands_of_the_last_page_can_be_pasted(demonstration: Demonstration) -> None:
    *outcomes, revoked = demonstration.outcomes
    for outcome in outcomes:
        assert outcome.returncode == 0, outcome.stderr
    devices, history, matrix, keystore, mail = (outcome.stdout for outcome in outcomes)
    assert "Alice's tablet" in devices
    assert "alice@contoso.example" in history
    # Encrypted only to the certificate of the company phone, which was wiped: lost.
    (lost,) = re.findall(r"^\d+ +to one device((?: +[✗W]){8}) +-$", matrix, re.MULTILINE)
    assert sorted(lost.split()) == ["W", *("✗" * 7)]
    assert "imported" in keystore
    assert "Signed on Alice's tablet." in mail
    assert (revoked.returncode, "We meet at ten." in revoked.stdout) == (1, True)
    assert "the authority revoked the signer's certificate" in " ".join(revoked.stdout.split())


def test_the_help_is_that_of_the_command_that_was_called() -> None:
    help_text = subprocess.run([*DEMO, "--help"], capture_output=True, text=True, env=environment(), check=True).stdout
    assert "Usage: fauxtune demo [OPTIONS]" in help_text
    assert "fauxtune-sim" not in help_text


def test_step_by_step_requests_are_shown_before_they_are_sent_and_ctrl_c_is_no_error(commands: Path) -> None:
    with subprocess.Popen(
        [*preloaded_demo(commands), *PORTS, "--step"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as demo:
        assert demo.stdout is not None
        lines = list(iter(demo.stdout.readline, "  (Press Enter to go on.)\n"))
        demo.send_signal(signal.SIGINT)
        out, errors = demo.communicate(timeout=SECONDS)
    assert "    POST /beta/deviceManagement/deviceConfigurations\n" in lines
    assert any('"displayName": "Contoso root (work profile)"' in line for line in lines)
    assert (demo.returncode, errors) == (130, "")
    assert "the devices and the mails are deleted; `--data-dir DIR` would keep them" in " ".join(out.split())


def test_a_demonstration_that_is_killed_leaves_no_server_and_no_folder(tmp_path: Path) -> None:
    elsewhere = tmp_path / "temporary"
    elsewhere.mkdir()
    with subprocess.Popen(
        [*DEMO, *PORTS, "--once"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment(TMPDIR=str(elsewhere)),
        cwd=tmp_path,
        start_new_session=True,
    ) as demo:
        assert demo.stdout is not None
        first = demo.stdout.readline()
        port = int(first.partition("localhost:")[2].partition("/")[0])
        socket.create_connection(("localhost", port)).close()
        assert len(list(elsewhere.iterdir())) == 2, "the server's folder, and the devices'"
        os.killpg(demo.pid, signal.SIGKILL)
    eventually(lambda: not list(elsewhere.iterdir()))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("localhost", port))


def test_ports_that_are_taken_are_named_with_their_options(commands: Path) -> None:
    command = [*preloaded_demo(commands), "--once", "--port", "8080", "--http-port", "8080"]
    refused = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
    assert refused.returncode == 1
    assert refused.stderr.startswith("fauxtune demo: the server did not start: --port and --http-port are both 8080")
    assert refused.stdout == ""


def test_progress_goes_to_standard_error_and_nothing_else_does(demonstration: Demonstration) -> None:
    assert "All 13 proofs held." in demonstration.errors
    assert demonstration.text.endswith("are deleted; `--data-dir DIR` would keep them.")
    assert "Traceback" not in demonstration.errors
    assert "never awaited" not in demonstration.errors


def test_the_report_is_named_at_the_end(demonstration: Demonstration) -> None:
    assert demonstration.report.absolute().as_uri() in demonstration.errors
    assert demonstration.document["report"] == str(demonstration.report)
    assert f"sh {demonstration.report.parent / 'page-files' / 'prove.sh'}" in demonstration.text


@pytest.fixture(scope="module")
def proved(demonstration: Demonstration) -> subprocess.CompletedProcess[str]:
    """What the script of the proofs says of the report."""
    return prove(files_of(demonstration.report))


@pytest.mark.program("openssl", package="openssl")
def test_openssl_proves_every_claim_of_the_report(
    demonstration: Demonstration, proved: subprocess.CompletedProcess[str]
) -> None:
    assert proved.returncode == 0, proved.stdout
    page = demonstration.report.read_text(encoding="utf-8")
    assert proved.stdout.count("ok ") == page.count('<div class="claim"') > 60
    assert demonstration.report.stat().st_size < 1_000_000


@pytest.mark.program("openssl", package="openssl")
def test_the_italian_report_makes_the_same_claims(
    demonstration: Demonstration, proved: subprocess.CompletedProcess[str]
) -> None:
    italian = prove(files_of(demonstration.italian))
    assert italian.returncode == 0, italian.stdout
    numbers = re.compile(r"^ok +([0-9.]+)", re.MULTILINE)
    assert numbers.findall(italian.stdout) == numbers.findall(proved.stdout)
    assert "Con la chiave di Alice's" in italian.stdout
    assert "With the key of" not in italian.stdout


@pytest.mark.program("openssl", package="openssl")
def test_in_april_2020_all_proofs_hold_and_the_page_is_in_the_language_of_the_environment(
    commands: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    done = subprocess.run(
        [*preloaded_demo(commands), *PORTS, "--once", "--edition", "2020-04", "--report", str(page)],
        capture_output=True,
        text=True,
        env=environment(FAUXTUNE_LANG="it"),
        cwd=tmp_path,
        timeout=SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"All \d+ proofs held\.", done.stdout)
    claims = page.read_text(encoding="utf-8").count('<div class="claim"')
    assert f"Le {claims} affermazioni si provano con: sh {page.parent / 'page-files' / 'prove.sh'}" in done.stdout
    proved = prove(files_of(page))
    assert proved.returncode == 0, proved.stdout
    assert proved.stdout.endswith(f"\nAffermazioni vere: {claims}; false: 0.\n")
    assert claims > 60


def test_the_report_answers_the_questions_of_a_stranger_with_a_line_for_each_sentence(
    demonstration: Demonstration,
) -> None:
    page = demonstration.report.read_text(encoding="utf-8")
    questions = re.findall(r'<section class="question"><h3>(.*?)</h3>(.*?)</section>', page, re.DOTALL)
    texts = [re.sub("<[^>]+>", "", question).replace("&#39;", "'") for question, _ in questions]
    assert re.fullmatch(r"Why can Alice's (PC|Mac) not open a mail that Alice's company phone can open\?", texts[0])
    assert texts[1:] == [
        "What did importing a certificate change?",
        "What did the wipe of Alice's company phone not do?",
    ]
    for _, answer in questions:
        assert answer.count("<p>") == answer.count('<div class="proof"><code>') >= 5
    why, importing, wipe = (re.findall("<code>(.*?)</code>", answer) for _, answer in questions)
    assert next(line for line in why if " -recip " in line).split("/")[2] == "alices-company-phone"
    assert sum("openssl cms -decrypt" in line for line in importing) == 3, "two devices, and the one that came later"
    assert any("cert/revoked/pkcs-" in line for line in wipe)
    assert any("cert/good/imported-" in line for line in wipe)


def test_the_pictures_of_the_lessons_are_those_that_a_run_draws(demonstration: Demonstration) -> None:
    page = demonstration.report.read_text(encoding="utf-8")
    drawn = [words(svg) for svg in re.findall(r"<svg xmlns.*?</svg>", page, re.DOTALL)]
    for lesson in PICTURES:
        assert words((FOLDER / f"{lesson}.svg").read_text(encoding="utf-8")) in drawn, f"{lesson}: run `make pictures`"


def _swap(pattern: str, other: str) -> Callable[[Path], None]:
    """Return what puts a copy of one file in place of another."""

    def change(folder: Path) -> None:
        place, source = next(iter(sorted(folder.glob(pattern)))), next(iter(sorted(folder.glob(other))))
        shutil.copyfile(source, place)

    return change


def _give_key_away(folder: Path) -> None:
    """Give the device that cannot open the mail the key of the one that can."""
    reader, stranger = re.findall(r"cms -decrypt -in \S+ -recip (\S+)", (folder / "prove.sh").read_text())[:2]
    shutil.copyfile(folder / reader, folder / stranger)


def _edit(pattern: str, before: str, *, after: str) -> Callable[[Path], None]:
    """Return what changes a text in a file, wherever it stands there."""

    def change(folder: Path) -> None:
        file = next(iter(sorted(folder.glob(pattern))))
        text = file.read_text(encoding="utf-8")
        assert before in text
        file.write_text(text.replace(before, after), encoding="utf-8")

    return change


@pytest.mark.program("openssl", package="openssl")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_give_key_away, "it does not"),
        (_swap("cert/good/imported-*.pem", "cert/revoked/pkcs-*.pem"), "is on it"),
        (_swap("cert/revoked/pkcs-*.pem", "cert/good/imported-*.pem"), "on the CRL"),
        (lambda folder: (folder / "ca" / "crl.pem").unlink(), "the CRL has it"),
        (_swap("ca/root.pem", "ca/issuing.pem"), "lead to the root"),
        (_edit("journal.jsonl", '"type":"wiped"', after='"type":"other"'), "its keys were removed"),
        (_edit("mail/bob-3.eml", "Signed on", after="Written on"), "counts"),
        (lambda folder: shutil.rmtree(folder / "key"), "it does not"),
    ],
    ids=["a key", "a good certificate", "a revoked one", "no CRL", "another root", "the journal", "a mail", "no keys"],
)
def test_a_changed_file_makes_a_claim_false(
    change: Callable[[Path], None], words: str, demonstration: Demonstration, tmp_path: Path
) -> None:
    folder = tmp_path / "changed"
    shutil.copytree(files_of(demonstration.report), folder)
    before = contents(folder)
    change(folder)
    after = contents(folder)
    leave_claims_on(folder / "prove.sh", {file for file, content in before.items() if after.get(file) != content})
    done = prove(folder)
    assert done.returncode == 1
    false = [line for line in done.stdout.splitlines() if line.startswith("FALSE")]
    assert any(words in line for line in false), done.stdout


def contents(folder: Path) -> dict[str, bytes]:
    """Return what the files in a folder contain."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def leave_claims_on(script: Path, changed: set[str]) -> None:
    """Take the claims out of the script whose lines name none of these files: they hold as before."""
    lines = script.read_text(encoding="utf-8").splitlines()
    words = {line: re.findall(r"[\w*?./-]+", shlex.split(line)[-1]) for line in lines if line.startswith("claim ")}
    left = [line for line in lines if line not in words or any(fnmatch.filter(changed, word) for word in words[line])]
    script.write_text("\n".join(left), encoding="utf-8")


def files_of(page: Path) -> Path:
    return page.with_name(f"{page.stem}-files")


def prove(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the script of the proofs from elsewhere."""
    command = ["sh", str(folder / "prove.sh")]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", timeout=SECONDS)
