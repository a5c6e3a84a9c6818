"""`fauxtune probe`: Fauxtune's expectations of Microsoft Graph, tried on a real tenant or on the emulator itself, and
what is printed of them.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import click
import httpx

from fauxtune import __version__
from fauxtune_cli.administration import yes_option
from fauxtune_cli.options import FAILED, PATH, Group, OneOf, Output, emit, fail, output_option, plain_failures
from fauxtune_cli.progress import progress
from fauxtune_cli.service import Emulator, from_option, with_service
from fauxtune_client.endpoints import tls_context
from fauxtune_client.sign_in import Authority
from fauxtune_probe.core.expectations.reading import EXPECTATIONS
from fauxtune_probe.core.leftovers import deleting, finding
from fauxtune_probe.core.model import Expectation, Outcome
from fauxtune_probe.core.report import About, document, markdown, page, summary
from fauxtune_probe.core.trying import Run
from fauxtune_probe.running import Prober
from fauxtune_probe.scep.trial_reports import as_json, check_patterns, fits, save, writer

#: "Microsoft Graph Command Line Tools", a public client of Microsoft's own that every tenant can consent to: nobody has
#: to register an application in order to look. A tenant that blocks it names one of its own with --client-id.
GRAPH_TOOLS = "14d82eec-204b-4c2f-b7e8-296a70dab67e"
#: Reasons that are printed for what was not tried.
_MOST_REASONS = 10
#: Collections -> what is created there, in words.
_CREATED = {
    "/groups": "security groups, empty but for one another",
    "/users": "users, disabled; deleted ones stay in the recycle bin for 30 days",
    "/deviceManagement/deviceConfigurations": "device configurations, assigned to those groups or to nobody",
    "/deviceManagement/assignmentFilters": "assignment filters",
    "/deviceManagement/roleScopeTags": "role scope tags",
    "/deviceManagement/deviceCategories": "device categories",
}


@dataclass(frozen=True, slots=True)
class Cloud:
    """The addresses of a cloud of Microsoft's: "National cloud deployments" has those of the others."""

    authority: str
    graph: str


CLOUD = Cloud("https://login.microsoftonline.com", "https://graph.microsoft.com")


def outcome_line(outcome: Outcome) -> tuple[str, bool]:
    """Return a line about an outcome, and whether it can pass without one."""
    why = outcome.why or "; ".join(
        f"expected {deviation.expected}, observed {deviation.observed}" for deviation in outcome.deviations
    )
    line = f"{outcome.verdict.value:9} {outcome.id} {outcome.version}"
    return f"{line}: {why}" if why else line, outcome.verdict.value != "differs"


def overview(result: dict[str, Any], *, prefix: str, report: Path | None) -> str:
    """Return the result of a run for people."""
    lines = []
    for each in result["results"]:
        for difference in each["differences"]:
            lines += [
                f"differs: {each['id']} ({each['version']}): {each['expectation']}",
                f"  request   {difference['request']}",
                f"  expected  {difference['expected']}",
                f"  observed  {difference['observed']}",
                f"  rests on  {each['source']} ({each['basis']})",
            ]
    reasons = Counter(each["why"] for each in result["results"] if each["why"])
    lines += [f"not tried: {number} because {why}" for why, number in reasons.most_common(_MOST_REASONS)]
    lines += [f"not deleted: {path}: `fauxtune probe clean --prefix {prefix}`" for path in result["notDeleted"]]
    lines.append(summary(result))
    if report is not None:
        lines.append(f"The report is in {report}.")
    return "\n".join(lines)


def listing(expectations: list[Expectation]) -> list[dict[str, Any]]:
    """Return the expectations as JSON."""
    return [
        {
            "id": expectation.id,
            "expectation": expectation.says,
            "source": expectation.source,
            "basis": expectation.basis.value,
            "versions": list(expectation.versions),
            "needs": list(expectation.needs),
            "writes": expectation.writes,
            "routes": [f"{method} {path}" for method, path in expectation.routes],
        }
        for expectation in expectations
    ]


def what_is_written(expectations: list[Expectation], *, prefix: str) -> str:
    """Say what a run will create in a real tenant."""
    created = Counter(
        step.path
        for expectation in expectations
        for step in expectation.steps
        for _ in expectation.versions
        if step.method == "POST" and step.path in _CREATED
    )
    lines = [f"  up to {created[path]} {words}" for path, words in _CREATED.items() if created[path]]
    if not lines:
        return "Nothing will be created: of what was chosen everything reads, or is meant to be refused."
    return "\n".join(
        [
            f"This will be created in the tenant, one after the other, and deleted again. Names begin with {prefix}",
            *lines,
            "Nothing else is changed. `fauxtune probe clean` deletes what an ended run left.",
        ]
    )


#: Exit code if an expectation differs (1: the probe could not be run, or nothing could be tried).
DIFFERS = 3
_INTERRUPTED = 130
#: Requests a second to this server: no limit that would be felt.
_OWN_RATE = 10_000.0


class TargetName(StrEnum):
    """The service that is probed."""

    FAUXTUNE = "fauxtune"
    REAL = "real"


prefix_option = click.option("--prefix", default="fauxtune-probe", help="begins the names of what is created")
only_option = click.option("--only", multiple=True, metavar="PATTERN", help="only these ids, with * and ?; repeatable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Probing(Emulator):
    """The service to probe, and the sign-in there."""

    target: TargetName = from_option(
        click.option("--target", type=OneOf(TargetName), default="fauxtune", help="this server, or the real service")
    )
    client_id: str | None = from_option(
        click.option(
            "--client-id",
            envvar="AZURE_CLIENT_ID",
            show_envvar=True,
            help="real: the application to sign in with (default: Microsoft's own)",
        )
    )
    authority: str = from_option(
        click.option(
            "--authority",
            default=CLOUD.authority,
            envvar="AZURE_AUTHORITY_HOST",
            show_envvar=True,
            help="real: the sign-in address of the cloud",
        )
    )
    graph_uri: str = from_option(
        click.option("--graph-uri", default=CLOUD.graph, help="real: the address of Graph in the cloud")
    )
    rate: float = from_option(
        click.option("--rate", type=click.FloatRange(0.1, 50.0), default=4.0, help="requests a second, at most")
    )
    output: Output = from_option(output_option)

    @property
    def is_real(self) -> bool:
        """Whether a real tenant is probed."""
        return self.target is TargetName.REAL

    @contextmanager
    def prober(self, run: Run, scopes: list[str]) -> Iterator[Prober]:
        """Sign in, and yield what sends requests. Raises ClientError."""
        graph, token = (self.graph_uri, self._real_token(run, scopes)) if self.is_real else self._own_token(run)
        log = lambda line: print(line, file=sys.stderr)  # noqa: E731
        rate = self.rate if self.is_real else _OWN_RATE
        ca_file = self.ca if self.is_real else self.server().ca_file
        with Prober(graph=_address(graph), token=token, ca_file=ca_file, rate=rate, log=log) as prober:
            prober.check_service()
            yield prober

    def _own_token(self, run: Run) -> tuple[str, str]:
        with self.client() as client:
            if self.tenant is not None:
                client.sign_in_to_tenant()
            settings = client.control("GET", "")["settings"]
            run.emulator, run.of_today = True, settings["edition"]["value"] == "current"
            run.faithful = bool(settings["graph.faithfulQuery"]["value"])
            return client.server.https, client.token()

    def _real_token(self, run: Run, scopes: list[str]) -> str:
        tenant = self.tenant or os.environ.get("AZURE_TENANT_ID") or ""
        secret = os.environ.get("AZURE_CLIENT_SECRET")
        with httpx.Client(verify=tls_context(self.ca), timeout=30.0, trust_env=False) as http:
            authority = Authority(http, _address(self.authority), tenant or "organizations")
            if secret:
                if not (tenant and self.client_id):
                    fail("AZURE_CLIENT_SECRET is set: AZURE_TENANT_ID and AZURE_CLIENT_ID must be set, too.")
                return authority.as_application(self.client_id, secret, scope=f"{_address(self.graph_uri)}/.default")
            run.signed_in_as = "user"
            wanted = [f"{_address(self.graph_uri)}/{scope}" for scope in scopes]
            sign_in = authority.begin(self.client_id or GRAPH_TOOLS, scopes=wanted)
            print(
                f"Open {sign_in.page} in a browser and enter the code {sign_in.user_code}", file=sys.stderr, flush=True
            )
            print(f"It will ask for: {', '.join(scopes)}", file=sys.stderr, flush=True)
            return sign_in.wait()


@click.group(cls=Group, invoke_without_command=True)
@click.option(
    "--write/--read-only", default=None, help="create things and delete them again (default: not on a real tenant)"
)
@only_option
@click.option("--report", type=PATH, help="write a report: .md, .html or .json")
@prefix_option
@yes_option
@with_service(Probing)
@click.pass_context
def probe(
    context: click.Context,
    *,
    service: Probing,
    write: bool | None,
    only: tuple[str, ...],
    report: Path | None,
    prefix: str,
    yes: bool,
) -> None:
    """Try Fauxtune's expectations of Microsoft Graph, on a real tenant or on the emulator.

    Each expectation ends as confirmed, differs (with expected and observed) or not tried (with the reason). On a real
    tenant it only reads, unless --write is given; names, addresses and ids are left out of the report. Exit code 0:
    nothing differs; 3: something differs; 1: it could not be run, or nothing could be tried.

    A real tenant: sign in by device code in your browser, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and
    AZURE_CLIENT_SECRET to sign in as an application.

    \b
    fauxtune probe                               this server, everything
    fauxtune probe --target real --report report.html
    fauxtune probe --target real --only 'user*'
    fauxtune probe --target real --write         creates and deletes things
    fauxtune probe clean --target real           deletes what an ended run left
    fauxtune probe list
    """
    if context.invoked_subcommand is not None:
        return
    writers = {".md": markdown, ".html": page, ".json": as_json}
    reports = [] if report is None else [(report, writer(report, writers))]
    chosen = _chosen(only)
    run = _run(prefix, write=not service.is_real if write is None else write)
    if run.writes and service.is_real:
        _ask(what_is_written(chosen, prefix=run.prefix), yes=yes)
    with plain_failures(), service.prober(run, _scopes(chosen, run)) as prober:
        outcomes = _tried(chosen, prober=prober, run=run, output=service.output)
        about = About(
            target=service.target.value,
            service=prober.graph,
            when=prober.date,
            write=run.writes,
            version=__version__,
            requests=prober.sent,
            left=tuple(run.left),
        )
    result = document(about, outcomes, expectations=chosen)
    for file, report_of in reports:
        save(file, report_of(result))
    emit(service.output, result, text=overview(result, prefix=prefix, report=report))
    raise click.exceptions.Exit(_exit_code(result))


@probe.command()
@prefix_option
@yes_option
@with_service(Probing)
def clean(*, service: Probing, prefix: str, yes: bool) -> None:
    """Delete what earlier runs created and left.

    \b
    fauxtune probe clean
    fauxtune probe clean --target real --yes
    """
    run = _run(prefix, write=True)
    expectations = _chosen(())
    with plain_failures(), service.prober(run, _scopes(expectations, run)) as prober:
        with progress("Searching", output=service.output):
            search = prober.drive(finding(prefix))
        if search.leftovers and service.is_real:
            names = "\n".join(f"  {each.name}" for each in search.leftovers)
            _ask(f"This will be deleted:\n{names}", yes=yes)
        with progress("Deleting", output=service.output):
            stay = prober.drive(deleting(search.leftovers))
        done = [each.name for each in search.leftovers if each not in {leftover for leftover, _why in stay}]
        result = {
            "deleted": done,
            "notDeleted": [{"name": each.name, "why": why} for each, why in stay],
            "notRead": list(search.unread),
        }
        lines = [f"Deleted: {len(done)}.", *(f"Not deleted: {each.name}: {why}" for each, why in stay)]
        lines += [f"Could not be searched: {each}" for each in search.unread]
        emit(service.output, result, text="\n".join(lines))
        if stay or search.unread:
            raise click.exceptions.Exit(FAILED)


@probe.command("list")
@only_option
@output_option
def list_(*, only: tuple[str, ...], output: Output) -> None:
    """List the expectations, and what they rest on.

    \b
    fauxtune probe list
    fauxtune probe list --only 'member-*' --output json
    """
    chosen = _chosen(only)
    emit(
        output,
        listing(chosen),
        text="\n".join(f"{expectation.id}\n  {expectation.says}\n  {expectation.source}" for expectation in chosen),
    )


def _tried(chosen: list[Expectation], *, prober: Prober, run: Run, output: Output) -> list[Outcome]:
    outcomes: list[Outcome] = []
    total = sum(len(expectation.versions) for expectation in chosen)
    try:
        with (
            progress("Probing", output=output, total=total, unit="checks", lines=True) as meter,
            closing(prober.outcomes(chosen, run)) as results,
        ):
            for outcome in results:
                outcomes.append(outcome)
                line, succeeded = outcome_line(outcome)
                meter.one_done(line, succeeded=succeeded)
    except KeyboardInterrupt:
        print("Interrupted: what was created is deleted.", file=sys.stderr)
        raise click.exceptions.Exit(_INTERRUPTED) from None
    return outcomes


def _run(prefix: str, *, write: bool) -> Run:
    if not prefix.isascii() or not prefix.replace("-", "").isalnum() or not 3 <= len(prefix) <= 30:
        fail("--prefix must be 3 to 30 letters, digits and hyphens: it begins names and addresses.")
    return Run(f"{prefix}-{secrets.token_hex(4)}-", password=f"Aa1!{secrets.token_urlsafe(18)}", writes=write)


def _chosen(only: Sequence[str]) -> list[Expectation]:
    ids = [expectation.id for expectation in EXPECTATIONS]
    check_patterns(only, ids, noun="expectation", command="fauxtune probe list")
    return [expectation for expectation in EXPECTATIONS if not only or fits(expectation.id, only)]


def _scopes(chosen: list[Expectation], run: Run) -> list[str]:
    return sorted(
        {scope for expectation in chosen if run.writes or not expectation.writes for scope in expectation.needs}
        | {"User.Read"}
    )


def _ask(words: str, *, yes: bool) -> None:
    """Say what will be changed in a real tenant, and ask. Without a terminal --yes is required."""
    print(words, file=sys.stderr)
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        fail("A real tenant is changed only after a question at a terminal, or with --yes.")
    if not click.confirm("Go on?", err=True):
        print("Nothing was changed.", file=sys.stderr)
        raise click.exceptions.Exit(FAILED)


def _exit_code(result: dict[str, Any]) -> int:
    counts = result["counts"]
    if counts["differs"]:
        return DIFFERS
    return 0 if counts["confirmed"] and not result["notDeleted"] else FAILED


def _address(text: str) -> str:
    return (text if "://" in text else f"https://{text}").rstrip("/")
