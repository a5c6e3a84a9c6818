"""`fauxtune lab new, lint, test`: for people who write labs.

Labs are tried as by students who go every way: all wrong answers and wrong ways first, then the right ones.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import click

from fauxtune.core.administration import labs as tasks
from fauxtune.core.administration.emulation import create_tenant
from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.language.catalogue import Broken, Language
from fauxtune_cli import completion
from fauxtune_cli.administration import Administration
from fauxtune_cli.options import FAILED, PATH, OneOf, Output, emit, fail, output_option, plain_failures
from fauxtune_cli.progress import progress
from fauxtune_cli.service import with_service
from fauxtune_cli.tables import Table
from fauxtune_client.endpoints import Refused
from fauxtune_client.http import Client
from fauxtune_labs.core.reading import NAME, Mistake, examined, read_lab, skeleton
from fauxtune_labs.core.translation import mistakes_of, updated

#: The names of translations.
_NAMES = [f"{language}.po" for language in Language if language is not Language.ENGLISH]


@click.command()
@click.argument("name", help="its name: small letters, digits, hyphens")
@click.option("--labs", "folder", type=PATH, default=Path("labs"), metavar="FOLDER", help="the folder of your labs")
@output_option
def new(*, name: str, folder: Path, output: Output) -> None:
    """Write the skeleton of a lab, which is right and can be played.

    \b
    fauxtune lab new lost-phone
    fauxtune serve --labs labs
    """
    with plain_failures():
        if not NAME.fullmatch(name):
            fail(f"A lab's name has small letters, digits and hyphens, and begins with a letter; '{name}' does not.")
        file = folder / name / "lab.toml"
        try:
            file.parent.mkdir(parents=True)
            file.write_text(skeleton(), encoding="utf-8")
        except FileExistsError:
            fail(f"There is a lab in {file.parent} already.")
        except OSError as error:
            fail(f"{file} cannot be written: {error.strerror}.")
        text = f"Wrote {file}.\nSee its mistakes: fauxtune lab lint {file}\nPlay it: fauxtune serve --labs {folder}"
        emit(output, {"file": str(file)}, text=text)


@click.command()
@click.argument(
    "files", type=PATH, nargs=-1, required=True, metavar="FILE...", help="lab.toml files, or folders of labs"
)
@output_option
def lint(*, files: tuple[Path, ...], output: Output) -> None:
    """Say what is wrong with lab files, line by line. No server is needed.

    A translation beside a lab (it.po) is compared with it: texts that are missing there, and those that the lab does
    not say any more.

    \b
    fauxtune lab lint labs/lost-phone/lab.toml
    fauxtune lab lint labs
    """
    with plain_failures():
        named: list[tuple[Path, Mistake]] = []
        for file in _files(files):
            lab, wrong = examined(file.parent.name, _read(file))
            named += [(file, each) for each in wrong]
            if lab is None:
                continue
            for catalogue in sorted(file.parent.glob("*.po")):
                if catalogue.stem not in Language.__members__.values():
                    named.append((catalogue, Mistake(1, f"a translation is called {' or '.join(_NAMES)}")))
                else:
                    named += [(catalogue, mistake) for mistake in mistakes_of(lab, _read(catalogue))]
        mistakes = [{"file": str(file), "line": each.line, "message": each.message} for file, each in named]
        lines = [f"{mistake['file']}:{mistake['line']}: {mistake['message']}" for mistake in mistakes]
        emit(output, mistakes, text="\n".join(lines) or "Nothing is wrong.")
        if mistakes:
            raise click.exceptions.Exit(FAILED)


@click.command()
@click.argument(
    "files", type=PATH, nargs=-1, required=True, metavar="FILE...", help="lab.toml files, or folders of labs"
)
@click.option("--lang", type=OneOf(Language), default="it", help="the language")
@output_option
def translate(*, files: tuple[Path, ...], lang: Language, output: Output) -> None:
    """Write the catalogue of a translation beside each lab.

    One that is there is brought up to date: what is missing is added with an empty translation, to be filled in; what
    the lab does not say any more is taken out. No server is needed.

    \b
    fauxtune lab translate labs/lost-phone/lab.toml
    fauxtune lab lint labs
    """
    if lang is Language.ENGLISH:
        fail("English is what the lab itself is in: choose another language.")
    with plain_failures():
        written = []
        for file in _files(files):
            lab, catalogue = read_lab(file.parent.name, _read(file)), file.with_name(f"{lang}.po")
            try:
                text = updated(lab, language=lang, catalogue=_read(catalogue) if catalogue.exists() else "")
                catalogue.write_text(text, encoding="utf-8")
            except Broken as error:
                fail(f"{catalogue}: {error}")
            except OSError as error:
                fail(f"{catalogue} cannot be written: {error.strerror}.")
            written.append(str(catalogue))
        emit(output, {"written": written}, text="\n".join(f"Wrote {each}" for each in written))


@click.command("test")
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=completion.lab, help="the labs to try")
@click.option("--all", "all_labs", is_flag=True, help="all labs")
@click.option("--edition", metavar="EDITION", help="the tenant's: 2020-04 or current (default: the server's)")
@with_service(Administration)
def try_(*, names: tuple[str, ...], service: Administration, all_labs: bool, edition: str | None) -> None:
    """Play labs to the end, in every way.

    Every wrong answer, wrong way, hint, solution, check, proof and reset, in a tenant of
    its own, which is deleted afterwards. Proofs need openssl; without it they are skipped.
    A lab of another edition than the tenant's is not played, and the result says so.

    \b
    fauxtune lab test import-once
    fauxtune lab test --all --edition 2020-04
    """
    if bool(names) is all_labs:
        fail("Name the labs to try, or say --all.")
    with service.session(with_graph=False) as session:
        trials = try_labs(session.client, names or None, edition=edition, output=session.output)
        cells: list[tuple[str, ...]] = [
            (
                trial.name,
                f"{trial.start:.2f} s",
                f"{trial.reset:.2f} s",
                f"{trial.seconds:.1f} s",
                str(trial.tries),
                "; ".join(trial.problems) or trial.skipped or "good",
            )
            for trial in trials
        ]
        table = Table(("lab", "start", "reset", "all", "tries", "result"), cells, wraps=True)
        session.show([trial.document() for trial in trials], table)
        if any(trial.problems for trial in trials):
            raise click.exceptions.Exit(FAILED)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{file} cannot be read: {error}.")


def _files(paths: Sequence[Path]) -> list[Path]:
    files = []
    for path in paths:
        inside = sorted(path.glob("**/lab.toml")) if path.is_dir() else [path]
        if not inside:
            fail(f"There is no lab.toml in {path}.")
        files += inside
    return files


_PATIENCE = 120.0


@dataclass(slots=True)
class Trial:
    """A lab that was tried. `tries`: answers, ways, checks, proofs. In seconds: start, slowest reset, everything.
    `skipped`: why it was not tried, empty for one that was.
    """

    name: str
    start: float = 0.0
    reset: float = 0.0
    seconds: float = 0.0
    tries: int = 0
    problems: list[str] = field(default_factory=list)
    skipped: str = ""

    def document(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)

    def expect(self, condition: object, problem: str) -> None:
        """Count a try, and note the problem if it is not as it should be."""
        self.tries += 1
        if not condition:
            self.problems.append(problem)


def try_labs(
    client: Client, names: Sequence[str] | None, *, edition: str | None = None, output: Output = Output.JSON
) -> list[Trial]:
    """Try these labs, or all, in a tenant that is made for it and deleted afterwards. `edition`: the tenant's;
    `output`: people are told how far it is.
    """
    with _tenant(client, edition=edition):
        chosen = names or [item["name"] for item in client.control("GET", tasks.list_labs().path)["value"]]
        trials = []
        with progress("Testing", output=output, total=len(chosen), unit="labs", lines=True) as meter:
            for name in chosen:
                meter.rename(f"Testing {name}")
                trial = _tried(client, name)
                trials.append(trial)
                result = "; ".join(trial.problems) or trial.skipped or "good"
                meter.one_done(f"{name}: {result}", succeeded=not trial.problems)
        return trials


@contextmanager
def _tenant(client: Client, *, edition: str | None) -> Iterator[None]:
    before = client.server
    request = create_tenant(keys="shared", edition=edition)
    tenant = client.emulator("POST", "/tenants", json=request.body, seconds=_PATIENCE)
    client.server = before.signing_in_as(tenant=tenant["id"])
    try:
        yield
    finally:
        client.emulator("DELETE", f"/tenants/{tenant['id']}", seconds=_PATIENCE)
        client.server = before


def _tried(client: Client, name: str) -> Trial:
    trial, begun = Trial(name), time.monotonic()
    try:
        known = _send(client, tasks.read_lab(name))
        if known["state"] == "other-edition":
            trial.skipped = f"not played: it is for the edition {known['edition']} only"
            return trial
        lab = _send(client, tasks.start_lab(name))
        trial.start = time.monotonic() - begun
        _answer(client, trial, lab=lab, question="predict")
        for step in lab["steps"]:
            _try_step(client, trial, lab=lab, step=step)
        lab = _send(client, tasks.read_lab(name))
        _expect_verdicts(trial, lab["predict"]["choices"], question="predict")
        _prove(client, trial, lab=lab)
        _answer(client, trial, lab=lab, question="quiz")
        trial.expect(_send(client, tasks.check_lab(name))["done"], "after everything it is not done")
        lab = _reset(client, trial)
        trial.expect(not any(each["passed"] for each in lab["steps"]), "after the reset steps count as passed")
        trial.expect(not _passes(client, trial.name, number=1), "after the reset step 1 passes at once")
    except Refused as refused:
        trial.problems.append(refused.reason)
    trial.seconds = time.monotonic() - begun
    return trial


def _answer(client: Client, trial: Trial, *, lab: dict[str, Any], question: str) -> None:
    """Choose every answer. Of the last question one is right, and each has its reason; a prediction is only noted."""
    choices = [choice["number"] for choice in lab[question]["choices"]]
    given = [_send(client, tasks.answer_lab(trial.name, question=question, choice=choice)) for choice in choices]
    if question == "quiz":
        _expect_verdicts(trial, given, question=question)
    else:
        trial.expect(all(each["right"] is None for each in given), "a prediction is judged before anything is seen")


def _expect_verdicts(trial: Trial, given: Sequence[dict[str, Any]], *, question: str) -> None:
    trial.expect(sum(bool(each["right"]) for each in given) == 1, f"{question} has not one right answer")
    trial.expect(all(each["why"] for each in given), f"{question} has an answer without a reason")


def _try_step(client: Client, trial: Trial, *, lab: dict[str, Any], step: dict[str, Any]) -> None:
    number = step["number"]
    trial.expect(not _passes(client, trial.name, number=number), f"step {number} passes before anything was done")
    for place, way in enumerate(step["wrong"], 1):
        _send(client, tasks.solve_lab(trial.name, step=number, wrong=place))
        checked = _send(client, tasks.check_lab(trial.name, step=number))["steps"][0]
        saw = " ".join(check["saw"] for check in checked["checks"] if not check["passed"])
        trial.expect(not checked["passed"], f"wrong way {place} of step {number} passes")
        trial.expect(way["says"] in saw, f"wrong way {place} of step {number}: the checks say “{saw}”")
        _reset(client, trial)
        for earlier in range(1, number):
            _send(client, tasks.solve_lab(trial.name, step=earlier))
            trial.expect(_passes(client, trial.name, number=earlier), f"step {earlier} does not pass after a reset")
    hints = {_send(client, tasks.hint_lab(trial.name, step=number))["text"] for _ in range(3)}
    trial.expect(len(hints) == 3, f"step {number} has not three hints")
    _send(client, tasks.solve_lab(trial.name, step=number))
    checked = _send(client, tasks.check_lab(trial.name, step=number))["steps"][0]
    saw = "; ".join(f"{check['looked']}: {check['saw']}" for check in checked["checks"] if not check["passed"])
    trial.expect(checked["passed"], f"step {number} is solved and does not pass: {saw}")


def _prove(client: Client, trial: Trial, *, lab: dict[str, Any]) -> None:

    if shutil.which("openssl") is None:
        return
    with tempfile.TemporaryDirectory(prefix="fauxtune-lab-") as folder:
        _, absent = write_files(client, lab, out=Path(folder))
        trial.expect(not absent, f"files are not there: {', '.join(absent)}")
        for number, proof in enumerate(lab["proofs"], 1):
            ended = _run(proof["run"], folder=folder)
            trial.expect((ended.returncode != 0) is proof["fails"], f"proof {number} ends with {ended.returncode}")
            text = ended.stdout.decode("utf-8", "replace")
            trial.expect(all(each in text for each in proof["prints"]), f"proof {number} prints “{text[:200]}”")
            trial.expect(not any(hide in text for hide in proof["hides"]), f"proof {number} shows what it should not")


def _run(commands: Sequence[str], *, folder: str) -> subprocess.CompletedProcess[bytes]:
    """Run the commands one after the other; return how the last one ended."""
    for command in commands:
        # What a lab file says is run, as `make` runs what its file says; the trainer wrote it.
        ended = subprocess.run(["/bin/sh", "-c", command], cwd=folder, capture_output=True, timeout=60, check=False)  # noqa: S603
    return ended


def _reset(client: Client, trial: Trial) -> dict[str, Any]:
    begun = time.monotonic()
    lab = _send(client, tasks.reset_lab(trial.name))
    trial.reset = max(trial.reset, time.monotonic() - begun)
    return lab


def _passes(client: Client, name: str, *, number: int) -> bool:
    return bool(_send(client, tasks.check_lab(name, step=number))["steps"][0]["passed"])


def _send(client: Client, request: AdminRequest) -> dict[str, Any]:
    answer: dict[str, Any] = client.control(request.method, request.path, json=request.body, seconds=_PATIENCE)
    return answer


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner can read: it may have a key."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        path.chmod(0o600)  # a file that is there keeps its mode otherwise
        file.write(data)


def write_files(client: Any, lab: dict[str, Any], *, out: Path) -> tuple[list[str], list[str]]:
    """Write the lab's files that are there; return the names of these, and of the others."""
    written, absent = [], []
    for file in lab["files"]:
        try:
            content = client.control("GET", tasks.lab_file(lab["name"], file).path)
        except Refused as refused:
            if refused.status != 409:
                raise
            absent.append(file)
            continue
        try:
            out.mkdir(parents=True, exist_ok=True)
            write_private(out / file, content or b"")
        except OSError as error:
            fail(f"{out / file} cannot be written: {error.strerror}.")
        written.append(file)
    return written, absent
