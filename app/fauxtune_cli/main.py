"""`fauxtune`: all commands. Each imports what it needs when it runs, so that --help is quick."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from fauxtune.extensions import Command
from fauxtune_cli import shell
from fauxtune_cli.options import (
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
from fauxtune_cli.sections import Section, SectionedGroup
from fauxtune_cli.service import Emulator, with_service

SECTIONS = (
    Section(
        "Run the emulator",
        (
            Command("serve", "fauxtune_cli.serving:serve", "Start the emulator and serve until Ctrl-C."),
            "demo",
            Command(
                "healthcheck",
                "fauxtune_cli.healthcheck:healthcheck",
                "Check whether the server is ready, or wait until it is.",
            ),
            "db",
            Command(
                "bundle",
                "fauxtune_cli.bundle.command:bundle",
                "Put all that an installation needs into a folder, for a room without internet.",
            ),
        ),
    ),
    Section(
        "Administer a tenant",
        (
            Command("tenant", "fauxtune_cli.tenants:app", "List, create, export, import, reset and delete tenants."),
            Command(
                "snapshot", "fauxtune_cli.snapshots:app", "Keep the state of a tenant under a name, and return to it."
            ),
            Command("user", "fauxtune_cli.users:app", "Create users, license them, and see who there is."),
            Command("group", "fauxtune_cli.groups:app", "Create groups, and add or remove members."),
            Command("profile", "fauxtune_cli.profiles:app", "Create profiles, assign them, and see their outcome."),
            Command(
                "compliance",
                "fauxtune_cli.managed:compliance",
                "Create compliance policies, assign them, and see which devices meet them.",
            ),
            Command(
                "app",
                "fauxtune_cli.managed:apps",
                "Create apps that need no content, assign them, and see where they are installed.",
            ),
            Command(
                "script",
                "fauxtune_cli.managed:scripts",
                "Create scripts of PowerShell and macOS and remediations, assign them, and see their runs.",
            ),
            Command("device", "fauxtune_cli.devices:app", "List devices, look at one, and act on it."),
            Command(
                "approval",
                "fauxtune_cli.approvals:app",
                "Let operations wait for a second administrator, and decide on them.",
            ),
            Command("pfx", "fauxtune_cli.pfx:app", "Import S/MIME certificates (PFX) for users."),
            Command(
                "certificate",
                "fauxtune_cli.certificates:app",
                "List, show, issue and revoke certificates of the tenant's CA.",
            ),
            Command("mail", "fauxtune_cli.mail:app", "Send mail to users, list and show it, and publish certificates."),
            Command("template", "fauxtune_cli.templates:app", "List and create certificate templates."),
            Command(
                "scep", "fauxtune_cli.scep:app", "See what devices request by SCEP, and try a certification authority."
            ),
            Command(
                "connector", "fauxtune_cli.connector:app", "List connectors, set them off line, run one as a process."
            ),
            Command("clock", "fauxtune_cli.clock:app", "Show the tenant's clock, freeze it, or put it forward."),
            Command("seed", "fauxtune_cli.seeds:app", "Check the file of a seed, and show the built-in one."),
            Command(
                "fault",
                "fauxtune_cli.faults:app",
                "Let things go wrong on purpose: throttling, outages, lost connections.",
            ),
            "state",
            "lab",
            "classroom",
        ),
    ),
    Section(
        "See what happens, and why",
        (
            Command(
                "journal", "fauxtune_cli.journal:journal", "Show what happened in the tenant, a line for each event."
            ),
            "wire",
            Command(
                "history",
                "fauxtune_cli.diagnosing:history",
                "List all certificates of a user, and what is wrong with them.",
            ),
            Command(
                "diagnose",
                "fauxtune_cli.diagnosing:diagnose",
                "Find out why a certificate or an app is missing on a device.",
            ),
            Command(
                "whatif", "fauxtune_cli.whatif:whatif", "Show what a request to Graph would change on which device."
            ),
            "report",
        ),
    ),
    Section(
        "Connect programs",
        (
            "env",
            "trust",
            "openapi",
            "probe",
            Command(
                "completion",
                "fauxtune_cli.completion:completion",
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
        from fauxtune_client.endpoints import ca_file

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
        from fauxtune_client.endpoints import ClientError

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
    from fauxtune_cli.serving import refusals

    needs_posix("This command")
    with plain_failures(), refusals():
        from fauxtune.server.founding import upgrade as bring_up_to_date
        from fauxtune.settings import Settings

        changed, revision = bring_up_to_date(Settings(data_dir=data_dir, database_url=database_url))
        verb = "was brought to" if changed else "was already at"
        emit(output, {"upgraded": changed, "revision": revision}, text=f"The schema {verb} revision {revision}.")
