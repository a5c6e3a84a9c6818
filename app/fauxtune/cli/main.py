"""`fauxtune`: all commands. Each imports what it needs when it runs, so that --help is quick."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from fauxtune.cli import shell
from fauxtune.cli.options import (
    DATA_DIR,
    CaOption,
    DataDirOption,
    Output,
    OutputOption,
    emit,
    fail,
    needs_posix,
    plain_failures,
)
from fauxtune.cli.sections import Entry, Section, SectionedGroup
from fauxtune.cli.service import Emulator, with_service

SECTIONS = (
    Section(
        "Run the emulator",
        (
            Entry("serve", "fauxtune.cli.serving:serve", "Start the emulator and serve until Ctrl-C."),
            "demo",
            Entry(
                "healthcheck",
                "fauxtune.cli.healthcheck:healthcheck",
                "Check whether the server is ready, or wait until it is.",
            ),
            "db",
            Entry(
                "bundle",
                "fauxtune.cli.bundle.command:bundle",
                "Put all that an installation needs into a folder, for a room without internet.",
            ),
        ),
    ),
    Section(
        "Administer a tenant",
        (
            Entry("tenant", "fauxtune.cli.tenants:app", "List, create, export, import, reset and delete tenants."),
            Entry(
                "snapshot", "fauxtune.cli.snapshots:app", "Keep the state of a tenant under a name, and return to it."
            ),
            Entry("user", "fauxtune.cli.users:app", "Create users, license them, and see who there is."),
            Entry("group", "fauxtune.cli.groups:app", "Create groups, and add or remove members."),
            Entry("profile", "fauxtune.cli.profiles:app", "Create profiles, assign them, and see their outcome."),
            Entry(
                "compliance",
                "fauxtune.cli.managed:compliance",
                "Create compliance policies, assign them, and see which devices meet them.",
            ),
            Entry(
                "app",
                "fauxtune.cli.managed:apps",
                "Create apps that need no content, assign them, and see where they are installed.",
            ),
            Entry(
                "script",
                "fauxtune.cli.managed:scripts",
                "Create scripts of PowerShell and macOS and remediations, assign them, and see their runs.",
            ),
            Entry("device", "fauxtune.cli.devices:app", "List devices, look at one, and act on it."),
            Entry(
                "approval",
                "fauxtune.cli.approvals:app",
                "Let operations wait for a second administrator, and decide on them.",
            ),
            Entry("pfx", "fauxtune.cli.pfx:app", "Import S/MIME certificates (PFX) for users."),
            Entry(
                "certificate",
                "fauxtune.cli.certificates:app",
                "List, show, issue and revoke certificates of the tenant's CA.",
            ),
            Entry("mail", "fauxtune.cli.mail:app", "Send mail to users, list and show it, and publish certificates."),
            Entry("template", "fauxtune.cli.templates:app", "List and create certificate templates."),
            Entry(
                "scep", "fauxtune.cli.scep:app", "See what devices request by SCEP, and try a certification authority."
            ),
            Entry(
                "connector", "fauxtune.cli.connector:app", "List connectors, set them off line, run one as a process."
            ),
            Entry("clock", "fauxtune.cli.clock:app", "Show the tenant's clock, freeze it, or put it forward."),
            Entry("seed", "fauxtune.cli.seeds:app", "Check the file of a seed, and show the built-in one."),
            Entry(
                "fault",
                "fauxtune.cli.faults:app",
                "Let things go wrong on purpose: throttling, outages, lost connections.",
            ),
            Entry(
                "state", "fauxtune.cli.provider_states:app", "Bring a tenant into a state that a sentence describes."
            ),
            Entry("lab", "fauxtune.cli.labs:app", "Play labs that check themselves, and write your own."),
            Entry(
                "classroom",
                "fauxtune.cli.classroom:app",
                "Teach a class: a tenant for each student, watched and steered.",
            ),
        ),
    ),
    Section(
        "See what happens, and why",
        (
            Entry(
                "journal", "fauxtune.cli.journal:journal", "Show what happened in the tenant, a line for each event."
            ),
            Entry("wire", "fauxtune.cli.wire:wire", "Show what was sent and answered, and why it was refused."),
            Entry(
                "history",
                "fauxtune.cli.diagnosing:history",
                "List all certificates of a user, and what is wrong with them.",
            ),
            Entry(
                "diagnose",
                "fauxtune.cli.diagnosing:diagnose",
                "Find out why a certificate or an app is missing on a device.",
            ),
            Entry("whatif", "fauxtune.cli.whatif:whatif", "Show what a request to Graph would change on which device."),
            Entry("report", "fauxtune.cli.report:report", "Write what happened as a page with proofs, to hand out."),
        ),
    ),
    Section(
        "Connect programs",
        (
            "env",
            "trust",
            "openapi",
            Entry(
                "probe",
                "fauxtune.cli.probe:app",
                "Try Fauxtune's expectations of Microsoft Graph, on a real tenant or on the emulator.",
            ),
            Entry(
                "completion",
                "fauxtune.cli.completion:completion",
                "Print a script by which a shell completes commands and names.",
            ),
        ),
    ),
)


#: The variable by which the scripts of `fauxtune completion` ask typer for completions.
COMPLETING = "_FAUXTUNE_COMPLETE"


class Program(SectionedGroup):
    """The commands of `fauxtune`."""

    sections = SECTIONS

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run a command, or answer a shell that completes one."""
        if os.environ.get(COMPLETING):
            from typer.completion import get_completion_inspect_parameters

            get_completion_inspect_parameters()  # which also makes the shells known
        return super().main(*arguments, **options)


app = typer.Typer(
    name="fauxtune",
    cls=Program,
    help="""Fauxtune: an Intune-compatible device-management emulator. Never for real devices or real people.

\b
fauxtune serve                     start it
fauxtune profile create --help     then, in another terminal: administer it
fauxtune device list
fauxtune COMMAND --help            examples of every command""",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Plain help: in 80 columns a table would cut what matters, and show flags as if they took a value.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
database = typer.Typer(help="Maintain the database.", no_args_is_help=True)
app.add_typer(database, name="db")


def _print_version(*, wanted: bool) -> None:
    if wanted:
        from fauxtune import __version__

        print(f"fauxtune {__version__}")
        raise typer.Exit


@app.callback()
def program(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="show the version", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Run a command."""


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def demo(context: typer.Context) -> None:
    """Show S/MIME on simulated devices, step by step.

    Takes --once, --step, --open, --report, --lang, --port, --http-port, --data-dir, --edition and --output; see
    `fauxtune demo --help`.
    """
    needs_posix("The demonstration")
    # The simulator is a program of its own: it knows this server only over the wire, like every other device.
    command = [sys.executable, "-m", "fauxtune_sim.demo", *context.args]
    sys.stdout.flush()
    os.execv(command[0], command)  # noqa: S606 - our own program


@app.command()
def trust(
    *,
    out: Annotated[Path | None, typer.Option(help="write the CA certificate to this file")] = None,
    data_dir: DataDirOption = DATA_DIR,
    ca: CaOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show the CA that clients must trust, and how to install it.

    \b
    fauxtune trust                  show the file and the instructions
    fauxtune trust --out ca.pem     write a copy of the CA certificate too
    """
    with plain_failures():
        from fauxtune.client.endpoints import ca_file

        file = ca_file(data_dir=data_dir, ca=ca)
        document = shell.describe_ca(file)
        if out is not None:
            try:
                out.write_bytes(file.read_bytes())
            except OSError as error:
                fail(f"{out} cannot be written: {error.strerror}.")
            document["written"] = str(out.absolute())
        emit(output, document, text=shell.how_to_trust(document))


@app.command()
@with_service(Emulator)
def env(
    *,
    program: Annotated[
        shell.Program, typer.Option("--for", help="the program or shell that reads the variables")
    ] = shell.Program.PYTHON,
    service: Emulator,
    output: OutputOption = Output.TEXT,
) -> None:
    """Print environment variables for clients, ready to paste.

    A server elsewhere is asked for its secret, and one with a control token tells it to who has that token.

    \b
    eval "$(fauxtune env --for python)"               azure-identity, httpx
    eval "$(fauxtune env --for node)"                 Node.js
    fauxtune env --for powershell | Invoke-Expression
    eval "$(fauxtune env --for curl)"                 curl, a token in $TOKEN
    fauxtune env --url https://trainer.local:8443 --ca ca.pem
    """
    with plain_failures():
        from fauxtune.client.endpoints import ClientError

        try:
            server, missing = shell.with_own_secret(service)
        except ClientError:
            if output is Output.TEXT and program is not shell.Program.POWERSHELL and not sys.stdout.isatty():
                print("false")  # what a shell evaluates fails as well
            raise
        if missing:
            print(missing, file=sys.stderr)
        emit(output, shell.variables(server, program), text=shell.lines(server, program))


@database.command()
def upgrade(
    *,
    data_dir: DataDirOption = DATA_DIR,
    database_url: Annotated[
        str | None,
        typer.Option(
            envvar="FAUXTUNE_DATABASE_URL",
            help="postgresql+psycopg://... (default: the SQLite file in the data folder)",
        ),
    ] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Bring the database's schema up to date.

    The server must be stopped. `fauxtune serve` does the same when it starts.

    \b
    fauxtune db upgrade
    fauxtune db upgrade --database-url postgresql+psycopg://user@host/fauxtune
    """
    from fauxtune.cli.serving import refusals

    needs_posix("This command")
    with plain_failures(), refusals():
        from fauxtune.server.upgrade import upgrade as bring_up_to_date
        from fauxtune.settings import Settings

        changed, revision = bring_up_to_date(Settings(data_dir=data_dir, database_url=database_url))
        verb = "was brought to" if changed else "was already at"
        emit(output, {"upgraded": changed, "revision": revision}, text=f"The schema {verb} revision {revision}.")


@app.command()
def openapi(
    *,
    out: Annotated[Path, typer.Option(help="the folder to write to")] = Path("openapi"),
    coverage: Annotated[Path | None, typer.Option(help="write the page on what is emulated to this file")] = None,
    removal: Annotated[Path | None, typer.Option(help="write the page on removals to this file")] = None,
    diagnosis: Annotated[Path | None, typer.Option(help="write the page on diagnosis codes to this file")] = None,
    editions: Annotated[Path | None, typer.Option(help="write the page on the two editions to this file")] = None,
    mail_apps: Annotated[Path | None, typer.Option(help="write the page on mail apps to this file")] = None,
    states: Annotated[Path | None, typer.Option(help="write the page on provider states to this file")] = None,
    faults: Annotated[Path | None, typer.Option(help="write the page on faults to this file")] = None,
    labs: Annotated[Path | None, typer.Option(help="write the page on labs to this file")] = None,
    settings: Annotated[Path | None, typer.Option(help="write the page on settings to this file")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Write the OpenAPI documents.

    One document for each interface: identity, devices, connector, partner, control, graph and health.

    \b
    fauxtune openapi --out openapi
    """
    from fauxtune.server.openapi import write

    pages = {"coverage": coverage, "removal": removal, "diagnosis": diagnosis, "editions": editions}
    pages |= {"mail-apps": mail_apps, "states": states, "faults": faults, "labs": labs}
    pages |= {"settings": settings}
    files = write(out, pages=pages)
    emit(output, {"written": files}, text="\n".join(files))
