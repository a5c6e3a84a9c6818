"""`fauxtune`: all commands, in sections. Each is loaded when it is called, and imports what it needs when it runs:
--help, which lists fifty commands, opens none of them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import click

from fauxtune import __version__
from fauxtune.extensions import Command, extensions
from fauxtune_cli.options import Group, needs_posix

_OTHERS = "Others"
#: The usual exit code of a program that Ctrl-C ended.
_INTERRUPTED = 130
#: Columns left of a command's line of help, beside the longest name.
_MARGIN = 6


@dataclass(frozen=True, slots=True)
class Section:
    """Commands under a heading of the help, in their order.

    A mere name is a command of the program's own module, or of an extension.
    """

    title: str
    entries: tuple[Command | str, ...]


class SectionedGroup(Group):
    """A group whose commands stand in sections. A subclass says which: `sections`, and the package that has them."""

    package = ""
    sections: Sequence[Section] = ()

    @cached_property
    def _added(self) -> dict[str, tuple[str, Command]]:
        """The commands of extensions by their names, each with its package."""
        added = ((one.package, command) for one in extensions().values() for command in one.commands)
        return {command.name: (package, command) for package, command in added}

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command. Ctrl-C ends it without a word."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(_INTERRUPTED)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, section by section."""
        names = [_name(entry) for section in self.sections for entry in section.entries]
        own = super().list_commands(ctx)
        known = dict.fromkeys([*names, *own, *(name for name in self._added if " " not in name)])
        return [name for name in known if name in own or self._row(name) is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command with this name; its module is imported now."""
        row = self._row(cmd_name)
        if row is not None and cmd_name not in self.commands:
            package, entry = row
            command: click.Command = entry.load(package)
            for name, (other, added) in self._added.items():
                if name.startswith(f"{cmd_name} ") and isinstance(command, click.Group):
                    command.add_command(added.load(other), name.removeprefix(f"{cmd_name} "))
            self.add_command(command, cmd_name)
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections without importing what is in them."""
        names = self.list_commands(ctx)
        width = max(map(len, names))
        limit = formatter.width - _MARGIN - width
        known = {_name(entry) for section in self.sections for entry in section.entries}
        rest = Section(_OTHERS, tuple(name for name in names if name not in known))
        for section in (*self.sections, rest):
            listed = [name for name in map(_name, section.entries) if name in names]
            rows = [(name.ljust(width), self._help(name, limit=limit)) for name in listed]
            if rows:
                with formatter.section(section.title):
                    formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments name. For an unknown name all known ones are candidates to suggest."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand:
            raise click.NoSuchCommand(args[0], possibilities=self.list_commands(ctx), ctx=ctx) from None

    def _row(self, name: str) -> tuple[str, Command] | None:
        """The command with this name, and the package that has it."""
        entries = (entry for section in self.sections for entry in section.entries)
        own = next((entry for entry in entries if isinstance(entry, Command) and entry.name == name), None)
        return self._added.get(name) if own is None else (self.package, own)

    def _help(self, name: str, *, limit: int) -> str:
        row = self._row(name)
        return self.commands[name].get_short_help_str(limit) if row is None else row[1].help


def _name(entry: Command | str) -> str:
    return entry.name if isinstance(entry, Command) else entry


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
            Command("graph", "tenant", "Send any request to Graph (beta), as the tenant's application."),
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
            "record",
            "replay",
            "unfriendly",
        ),
    ),
    Section(
        "Connect programs",
        (
            Command("env", "server", "Print environment variables for clients, ready to paste."),
            Command("identity", "server", "Make tokens for federated identity."),
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
