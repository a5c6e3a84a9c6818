"""The commands of a program in sections, each loaded when it is called: a help of fifty commands opens none of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import click

from fauxtune.extensions import Command, extensions
from fauxtune_cli.options import Group

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
