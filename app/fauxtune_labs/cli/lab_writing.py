"""`fauxtune lab new, lint, test`: for people who write labs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fauxtune.core.language.catalogue import Broken, Language
from fauxtune_cli import completion
from fauxtune_cli.administration import Administration
from fauxtune_cli.options import FAILED, Output, OutputOption, emit, fail, plain_failures
from fauxtune_cli.service import with_service
from fauxtune_cli.tables import Table
from fauxtune_labs.cli.lab_trial import try_labs
from fauxtune_labs.core.reading import NAME, Mistake, examined, read_lab
from fauxtune_labs.core.skeleton import skeleton
from fauxtune_labs.core.translation import mistakes_of, updated

#: The names of translations.
_NAMES = [f"{language}.po" for language in Language if language is not Language.ENGLISH]
FolderOption = Annotated[Path, typer.Option("--labs", metavar="FOLDER", help="the folder of your labs")]


def new(
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="its name: small letters, digits, hyphens")],
    folder: FolderOption = Path("labs"),
    output: OutputOption = Output.TEXT,
) -> None:
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


def lint(
    *,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="lab.toml files, or folders of labs")],
    output: OutputOption = Output.TEXT,
) -> None:
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
                    named += [(catalogue, each) for each in mistakes_of(lab, _read(catalogue))]
        mistakes = [{"file": str(file), "line": each.line, "message": each.message} for file, each in named]
        lines = [f"{each['file']}:{each['line']}: {each['message']}" for each in mistakes]
        emit(output, mistakes, text="\n".join(lines) or "Nothing is wrong.")
        if mistakes:
            raise typer.Exit(FAILED)


def translate(
    *,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="lab.toml files, or folders of labs")],
    lang: Annotated[Language, typer.Option("--lang", help="the language")] = Language.ITALIAN,
    output: OutputOption = Output.TEXT,
) -> None:
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


@with_service(Administration)
def try_(
    *,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME...", help="the labs to try", autocompletion=completion.lab),
    ] = None,
    service: Administration,
    all_labs: Annotated[bool, typer.Option("--all", help="all labs")] = False,
    edition: Annotated[
        str | None, typer.Option(metavar="EDITION", help="the tenant's: 2020-04 or current (default: the server's)")
    ] = None,
) -> None:
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
        trials = try_labs(session.client, names or None, edition=edition)
        cells: list[tuple[str, ...]] = [
            (
                each.name,
                f"{each.start:.2f} s",
                f"{each.reset:.2f} s",
                f"{each.seconds:.1f} s",
                str(each.tries),
                "; ".join(each.problems) or each.skipped or "good",
            )
            for each in trials
        ]
        table = Table(("lab", "start", "reset", "all", "tries", "result"), cells, wraps=True)
        session.show([each.document() for each in trials], table)
        if any(each.problems for each in trials):
            raise typer.Exit(FAILED)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{file} cannot be read: {error}.")


def _files(paths: list[Path]) -> list[Path]:
    files = []
    for path in paths:
        inside = sorted(path.glob("**/lab.toml")) if path.is_dir() else [path]
        if not inside:
            fail(f"There is no lab.toml in {path}.")
        files += inside
    return files
