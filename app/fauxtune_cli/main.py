"""`fauxtune`: all commands. Each imports what it needs when it runs, so that --help is quick."""

from __future__ import annotations

import os
import sys

import click

from fauxtune import __version__
from fauxtune.extensions import Command
from fauxtune_cli.options import needs_posix
from fauxtune_cli.sections import Section, SectionedGroup

SECTIONS = (
    Section(
        "Run the emulator",
        (
            Command("serve", "server", "Start the emulator and serve until Ctrl-C."),
            "demo",
            Command(
                "healthcheck",
                "server",
                "Check whether the server is ready, or wait until it is.",
            ),
            Command("db", "server", "Maintain the database."),
            Command(
                "bundle",
                "bundle",
                "Put all that an installation needs into a folder, for a room without internet.",
            ),
        ),
    ),
    Section(
        "Administer a tenant",
        (
            Command("tenant", "tenant", "List, create, export, import, reset and delete tenants."),
            Command(
                "snapshot",
                "tenant",
                "Keep the state of a tenant under a name, and return to it.",
            ),
            Command("user", "tenant", "Create users, license them, and see who there is."),
            Command("group", "tenant", "Create groups, and add or remove members."),
            Command("profile", "profile", "Create profiles, assign them, and see their outcome."),
            Command(
                "compliance",
                "profile",
                "Create compliance policies, assign them, and see which devices meet them.",
            ),
            Command(
                "app",
                "profile",
                "Create apps that need no content, assign them, and see where they are installed.",
            ),
            Command(
                "script",
                "profile",
                "Create scripts of PowerShell and macOS and remediations, assign them, and see their runs.",
            ),
            Command("device", "device", "List devices, look at one, and act on it."),
            Command(
                "approval",
                "tenant",
                "Let operations wait for a second administrator, and decide on them.",
            ),
            Command("pfx", "certificate", "Import S/MIME certificates (PFX) for users."),
            Command(
                "certificate",
                "certificate",
                "List, show, issue and revoke certificates of the tenant's CA.",
            ),
            Command("mail", "", "Send mail to users, list and show it, and publish certificates."),
            Command("template", "certificate", "List and create certificate templates."),
            Command(
                "scep",
                "certificate",
                "See what devices request by SCEP, and try a certification authority.",
            ),
            Command(
                "connector",
                "connector",
                "List connectors, set them off line, run one as a process.",
            ),
            Command("clock", "tenant", "Show the tenant's clock, freeze it, or put it forward."),
            Command("seed", "server", "Check the file of a seed, and show the built-in one."),
            Command(
                "fault",
                "tenant",
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
                "journal",
                "device",
                "Show what happened in the tenant, a line for each event.",
            ),
            "wire",
            Command(
                "history",
                "device",
                "List all certificates of a user, and what is wrong with them.",
            ),
            Command(
                "diagnose",
                "device",
                "Find out why a certificate or an app is missing on a device.",
            ),
            Command(
                "whatif",
                "device",
                "Show what a request to Graph would change on which device.",
            ),
            "report",
        ),
    ),
    Section(
        "Connect programs",
        (
            Command("env", "server", "Print environment variables for clients, ready to paste."),
            Command(
                "trust",
                "server",
                "Show the CA that clients must trust, and how to install it.",
            ),
            "openapi",
            "probe",
            Command(
                "completion",
                "",
                "Print a script by which a shell completes commands and names.",
            ),
        ),
    ),
)


class Program(SectionedGroup):
    """The commands of `fauxtune`, each in the module of its name in a room of this package."""

    package = "fauxtune_cli"
    sections = SECTIONS


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(__version__, message="fauxtune %(version)s", help="show the version")
def app() -> None:
    """Fauxtune: an Intune-compatible device-management emulator. Never for real devices or real people.

    \b
    fauxtune serve                     start it
    fauxtune profile create --help     then, in another terminal: administer it
    fauxtune device list
    fauxtune COMMAND --help            examples of every command
    """


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
@click.pass_context
def demo(context: click.Context) -> None:
    """Show S/MIME on simulated devices, step by step.

    Takes --once, --step, --open, --report, --lang, --port, --http-port, --data-dir, --edition and --output; see
    `fauxtune demo --help`.
    """
    needs_posix("The demonstration")
    # The simulator is a program of its own: it knows this server only over the wire, like every other device.
    command = [sys.executable, "-m", "fauxtune_sim.demo", *context.args]
    sys.stdout.flush()
    os.execv(command[0], command)  # noqa: S606 - our own program
