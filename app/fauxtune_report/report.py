"""`fauxtune report`: what happened in a tenant, as a page with proofs, to hand out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from fauxtune.core.administration import labs
from fauxtune_cli import names
from fauxtune_cli.administration import Administration, Session
from fauxtune_cli.options import PATH, fail
from fauxtune_cli.progress import progress
from fauxtune_cli.service import with_service
from fauxtune_report.reporting import Exported, Wanted, read_facts

_PAGE = "report.html"
_DEVICE, _TRUSTED = "device.json", "trusted.pem"
#: Bytes of the largest file with an exported key, and how many files of keys there may be.
_LARGEST_KEY, _MOST_KEYS = 64 * 1024, 1000


@click.command()
@click.option(
    "--out",
    type=PATH,
    default=Path("report"),
    metavar="DIR",
    help="the folder for report.html and its files, or the page itself: FILE.html",
)
@click.option("--user", multiple=True, metavar="USER", help="report on this person only (repeatable)")
@click.option(
    "--keys",
    type=PATH,
    metavar="DIR",
    help="a folder with a folder for each simulated device, as `fauxtune-sim keystore export --pem` writes it: "
    "their keys open the mail in the proofs",
)
@click.option("--lab", metavar="NAME", help="what was done in this lab instead: each step, when and by which request")
@with_service(Administration)
def report(*, service: Administration, out: Path, user: tuple[str, ...], keys: Path | None, lab: str | None) -> None:
    """Write what happened as a page with proofs, to hand out.

    People, devices, certificates, mail, CRL and OCSP, from the tenant's state and journal, with the files and the lines
    of openssl that prove it. The page has no scripts and
    asks nobody for anything; prove.sh in the folder beside it runs every line.

    \b
    fauxtune report --out handout
    fauxtune report --tenant contoso --lang it --out relazione.html
    fauxtune-sim keystore export --state alice-phone --pem keys/alice-phone
    fauxtune report --user alice --keys keys && sh report/report-files/prove.sh
    fauxtune report --lab import-once --out import-once.html
    """
    file = out if out.suffix == ".html" else out / _PAGE
    if lab is not None and (user or keys is not None):
        fail("A report on a lab is not about people: leave --user and --keys out.")
    exported = [] if keys is None else _exported(keys)
    with service.session(with_graph=lab is None) as session:
        from fauxtune_report.page.writing import NotWritten, write, write_lab

        try:
            if lab is not None:
                known = _lab(session, lab)
                write_lab(known, file, language=session.lang)
                passed, steps = sum(step["passed"] for step in known["steps"]), len(known["steps"])
                document = {"page": str(file.absolute()), "lab": known["name"], "passed": passed, "steps": steps}
                session.show(document, f"The report: {file}\n{passed} of {steps} steps have passed.")
                return
            with progress("Reading the tenant", output=session.output) as meter:
                facts = read_facts(session.client, Wanted(user, exported))
                meter.rename("Writing the report")
                written = write(facts, file, language=session.lang)
        except NotWritten as refused:
            fail(str(refused))
        script = written.folder / "prove.sh"
        document = {
            "page": str(written.page.absolute()),
            "folder": str(written.folder.absolute()),
            "script": str(script.absolute()),
            "claims": len(written.claims),
            "language": session.lang.value,
            "leftOut": {name: getattr(facts.left_out, name) for name in facts.left_out.__slots__},
        }
        lines = (f"The report: {written.page}", f"Its {len(written.claims)} claims are proven by: sh {script}")
        session.show(document, "\n".join(lines))


def _lab(session: Session, name: str) -> dict[str, Any]:
    """Return a lab, with what was done in it. Ends the command if nobody has begun it."""
    name = names.lab(session.client, name)
    known: dict[str, Any] = session.send(labs.read_lab(name))
    if known["state"] not in {"started", "done"}:
        fail(f"Nobody has begun the lab '{name}' in this tenant: fauxtune lab start {name}")
    return known


def _exported(folder: Path) -> list[Exported]:
    """The keys in the folders of devices. Ends the command if there is no such folder."""
    exported = []
    try:
        for file in sorted(folder.glob(f"*/{_DEVICE}")):
            identifier, name = _device(file)
            exported.append(Exported(identifier, name, _pem_files(file.parent)))
    except OSError as error:
        fail(f"{error.filename} cannot be read: {error.strerror}.")
    if not exported:
        fail(
            f"{folder} has no folder with a {_DEVICE}: `fauxtune-sim keystore export --state DEVICE --pem "
            f"{folder / 'DEVICE'}` writes one."
        )
    return exported


def _device(file: Path) -> tuple[str | None, str]:
    """The id and the name of the device whose keys lie beside this file."""
    try:
        document = json.loads(file.read_bytes()[:_LARGEST_KEY])
        identifier, name = document["id"], document["name"]
    except (ValueError, KeyError, TypeError):
        identifier, name = None, None
    if not isinstance(name, str) or not isinstance(identifier, str | None):
        fail(f"{file} is not as `fauxtune-sim keystore export` writes it.")
    return identifier, name


def _pem_files(folder: Path) -> tuple[bytes, ...]:
    files = [file for file in sorted(folder.glob("*.pem")) if file.name != _TRUSTED][:_MOST_KEYS]
    contents = [file.read_bytes() for file in files if file.stat().st_size <= _LARGEST_KEY]
    return tuple(each for each in contents if b"PRIVATE KEY-----" in each and b"-----BEGIN CERTIFICATE-----" in each)
