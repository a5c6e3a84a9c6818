"""`fauxtune scep verify`: devices request certificates of an authority under test, and what it did is reported."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fauxtune import __version__
from fauxtune.core.scep.verification.cases import Case, Outcome, Result, cases
from fauxtune.core.scep.verification.report import MARKS, About, document, junit, page, summary
from fauxtune_cli import names
from fauxtune_cli.administration import Administration, Session, show
from fauxtune_cli.options import FAILED, PATH, Output, fail
from fauxtune_cli.progress import progress
from fauxtune_cli.service import with_service
from fauxtune_cli.tables import Table
from fauxtune_probe.scep.trial_reports import Writer, as_json, check_patterns, fits, save, writer

if TYPE_CHECKING:
    from fauxtune_probe.scep.verifying import Patience

#: Exit code if the authority did something wrong (1: it could not be tried).
WRONG = 3
_INTERRUPTED = 130
_LONGEST_ANSWER = 30.0


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is tried at which authority."""

    url: str
    profile: str | None
    cases: list[Case]
    trusted: Path | None
    crl_url: str | None
    patience: Patience


@click.command()
@click.option("--ca-url", default="", metavar="URL", help="the SCEP address of the authority")
@click.option(
    "--profile", metavar="NAME", help="a SCEP profile whose settings are used (default: signing and encryption)"
)
@click.option("--only", multiple=True, metavar="PATTERN", help="only these cases, with * and ?; repeatable")
@click.option("--skip", multiple=True, metavar="PATTERN", help="without these cases; repeatable")
@click.option(
    "--report",
    type=PATH,
    multiple=True,
    metavar="FILE",
    help="write a report: .html, .xml (JUnit) or .json; repeatable",
)
@click.option("--ca-tls", type=PATH, metavar="FILE", help="the CA file (PEM) to trust if the address is https")
@click.option("--crl-url", metavar="URL", help="the CRL to look at, if certificates name none")
@click.option(
    "--notification-wait",
    type=click.FloatRange(0.1),
    default=5.0,
    metavar="SECONDS",
    help="how long to wait for a notification",
)
@click.option(
    "--decision-wait",
    type=click.FloatRange(0),
    default=60.0,
    metavar="SECONDS",
    help="how long to poll what is PENDING",
)
@click.option(
    "--revocation-wait",
    type=click.FloatRange(0.1),
    default=60.0,
    metavar="SECONDS",
    help="how long a revocation may take",
)
@click.option("--list", "list_", is_flag=True, help="list the cases, and try nothing")
@with_service(Administration)
def verify(
    *,
    ca_url: str,
    profile: str | None,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    report: tuple[Path, ...],
    ca_tls: Path | None,
    crl_url: str | None,
    notification_wait: float,
    decision_wait: float,
    revocation_wait: float,
    list_: bool,
    service: Administration,
) -> None:
    """Try an authority: devices request certificates of it.

    What it does right and wrong is reported, case by case. The authority asks this server whether it may issue
    (fauxtune scep client-config). Users, simulated devices and profiles are created for the run, and deleted at its
    end.

    Exit code 0: nothing is wrong; 3: something is wrong; 1: it could not be tried.

    \b
    fauxtune scep verify --ca-url http://localhost:9000/scep
    fauxtune scep verify --ca-url http://localhost:9000/scep \\
      --profile "Wi-Fi by SCEP" --report scep.html --report scep.xml
    fauxtune scep verify --ca-url http://localhost:9000/scep --skip 'revoc*'
    """
    cases = _chosen(only, skip=skip)
    if list_:
        show(service.output, [_listed(case) for case in cases], text=_list(cases))
        return
    if not ca_url.startswith(("http://", "https://")):
        fail("--ca-url is the address of a SCEP server, such as http://localhost:9000/scep.")
    writers = [(file, _writer(file)) for file in report]
    from fauxtune_probe.scep.verifying import Patience

    with service.session() as session:
        known = None if profile is None else names.profile(session.client, profile).id
        patience = Patience(notification=notification_wait, decision=decision_wait, revocation=revocation_wait)
        plan = _Plan(ca_url, known, cases, _trusted(session, ca_tls, url=ca_url), crl_url, patience)
        result = _run(session, plan)
        for file, write in writers:
            save(file, write(result))
        session.show(result, _table(result))
        if session.output is Output.TEXT:
            print("\n".join(_last_lines(result, files=[file for file, _ in writers])))
    raise click.exceptions.Exit(_exit_code(result))


def _run(session: Session, plan: _Plan) -> dict[str, Any]:
    from fauxtune_probe.scep.scene import Bench, scene
    from fauxtune_probe.scep.verifying import Verifier

    outcomes: list[Outcome] = []
    began = time.monotonic()
    clock = session.client.control("GET", "/clock")
    title, total = "Requesting certificates", len(plan.cases)
    with (
        progress(title, output=session.output, total=total, unit="checks", lines=True) as meter,
        Bench(plan.url, ca_file=plan.trusted, seconds=_LONGEST_ANSWER) as bench,
        scene(session.client, url=plan.url, profile=plan.profile, root=bench.root()) as here,
    ):
        verifier = Verifier(here, bench=bench, patience=plan.patience, crl_url=plan.crl_url)
        try:
            for outcome in verifier.outcomes(plan.cases):
                outcomes.append(outcome)
                line = f"{MARKS[outcome.result]} {outcome.result.value:9} {outcome.case.id}: {outcome.saw}"
                meter.one_done(line, succeeded=outcome.result.value != "wrong")
        except KeyboardInterrupt:
            print("Interrupted: what was created is deleted.", file=sys.stderr)
            raise click.exceptions.Exit(_INTERRUPTED) from None
    about = About(
        authority=plan.url,
        server=session.client.server.https,
        tenant=session.client.server.tenant,
        when=clock["now"],
        version=__version__,
        seconds=time.monotonic() - began,
        left=tuple(here.left),
    )
    return document(about, outcomes)


def _chosen(only: Sequence[str], *, skip: Sequence[str]) -> list[Case]:
    """The cases that were chosen; the good request is always there, for others rest on it."""
    ids = list(cases())
    check_patterns((*only, *skip), ids, noun="case", command="fauxtune scep verify --list")
    return [
        case
        for case in cases().values()
        if case.id == "good-request" or ((not only or fits(case.id, only)) and not fits(case.id, skip))
    ]


def _trusted(session: Session, ca_tls: Path | None, *, url: str) -> Path | None:
    """The file of the authorities that devices trust: the server's own for its own addresses."""
    own = session.client.server
    return own.ca_file if ca_tls is None and url.startswith(f"{own.https}/") else ca_tls


def _table(result: dict[str, Any]) -> Table:
    rows: list[tuple[str, ...]] = [
        (MARKS[Result(case["result"])], case["id"], case["result"], _reason(case)) for case in result["cases"]
    ]
    return Table(("", "case", "result", "reason"), rows, wraps=True)


def _reason(case: dict[str, Any]) -> str:
    """What was seen; of what is wrong also what was looked at, and what is right."""
    if case["result"] != "wrong":
        return str(case["saw"])
    return f"looked at: {case['lookedAt']} saw: {case['saw']}. expected: {case['expected']} ({case['source']})"


def _last_lines(result: dict[str, Any], *, files: list[Path]) -> list[str]:
    lines = ["", f"{summary(result)}.", f"The authority is {result['authority']}."]
    lines += [f"Could not be deleted: {name}" for name in result["notDeleted"]]
    return [*lines, *(f"The report is in {file}." for file in files)]


def _listed(case: Case) -> dict[str, str | None]:
    return {
        "id": case.id,
        "group": case.group,
        "title": case.title,
        "lookedAt": case.looks_at,
        "expected": case.expected,
        "source": case.source,
    }


def _list(cases: list[Case]) -> Table:
    return Table(("case", "group", "title"), [(case.id, case.group, case.title) for case in cases], wraps=True)


def _writer(file: Path) -> Writer:
    return writer(file, {".html": page, ".xml": junit, ".json": as_json})


def _exit_code(result: dict[str, Any]) -> int:
    if result["counts"]["wrong"]:
        return WRONG
    return 0 if result["counts"]["right"] else FAILED
