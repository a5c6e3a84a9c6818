"""The commands of a program in sections, each loaded when it is called: a help of fifty commands opens none of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from functools import cached_property
from typing import Any, get_args

import typer
from typer import _click as click
from typer.core import TyperGroup

from fauxtune.extensions import Command, attribute, extensions
from fauxtune_cli.plain_values import read_plainly

_OTHERS = "Others"
#: How typer refuses a word that is not one of an enumeration.
_NO_CHOICE = re.compile(r"'(.*)' is not one of (.*)\.", re.DOTALL)
#: Columns left of a command's line of help, beside the longest name.
_MARGIN = 6


@dataclass(frozen=True, slots=True)
class Section:
    """Commands under a heading of the help, in their order.

    A mere name is a command of the program's own module, or of an extension.
    """

    title: str
    entries: tuple[Command | str, ...]


class SectionedGroup(TyperGroup):
    """A group whose commands stand in sections. A subclass says which: `sections`."""

    sections: Sequence[Section] = ()

    @cached_property
    def _added(self) -> dict[str, Command]:
        """The commands of extensions by their names."""
        return {command.name: command for extension in extensions().values() for command in extension.commands}

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run a command."""
        read_plainly()
        return super().main(*arguments, **options)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a word that an option does not take is refused in words for people."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as refused:
            refused.message = refusal(refused.message, words=_words_of(refused.param))
            raise

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, section by section."""
        names = [_name(entry) for section in self.sections for entry in section.entries]
        own = super().list_commands(ctx)
        known = dict.fromkeys([*names, *own, *(name for name in self._added if " " not in name)])
        return [name for name in known if name in own or self._entry(name) is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command with this name; its module is imported now."""
        entry = self._entry(cmd_name)
        if entry is not None and cmd_name not in self.commands:
            command = _load(entry)
            for name, added in self._added.items():
                if name.startswith(f"{cmd_name} ") and isinstance(command, TyperGroup):
                    command.add_command(_load(added), name.removeprefix(f"{cmd_name} "))
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

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the command that the arguments name. For an unknown name all known ones are candidates to suggest."""
        if self.get_command(ctx, args[0]) is None:
            for name in self.list_commands(ctx):
                self.get_command(ctx, name)
        return super().resolve_command(ctx, args)

    def _entry(self, name: str) -> Command | None:
        entries = (entry for section in self.sections for entry in section.entries)
        own = next((entry for entry in entries if isinstance(entry, Command) and entry.name == name), None)
        return own or self._added.get(name)

    def _help(self, name: str, *, limit: int) -> str:
        entry = self._entry(name)
        return self.commands[name].get_short_help_str(limit) if entry is None else entry.help


def _name(entry: Command | str) -> str:
    return entry.name if isinstance(entry, Command) else entry


def _load(entry: Command) -> click.Command:
    """The command, or the group of commands, with plain help."""
    place = attribute(entry.place)
    parent = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    name = entry.name.rpartition(" ")[2]
    if isinstance(place, typer.Typer):
        parent.add_typer(place, name=name)
    else:
        parent.command(name)(place)
    return typer.main.get_group(parent).commands[name]


def refusal(message: str, *, words: Sequence[str] = ()) -> str:
    """Return typer's refusal of a value without pydantic's "Value error", and with the nearest of the `words` that the
    option takes, in their own spelling.
    """
    text = message.removeprefix("Value error, ")
    match = _NO_CHOICE.fullmatch(text)
    if match is None:
        return text
    by_folded = {word.lower(): word for word in words or re.findall(r"'([^']*)'", match[2])}
    near = get_close_matches(match[1].lower(), by_folded, n=1)
    meant = f" Did you mean {by_folded[near[0]]}?" if near else ""
    return f"'{match[1]}' is not one of {', '.join(by_folded.values())}.{meant}"


def _words_of(param: Any) -> list[str]:
    """Return the words of the enumeration that an option takes, one or several of them; none for other options."""
    annotation = getattr(getattr(param, "type_descriptor", None), "annotation", None)
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, Enum):
            return [str(member.value) for member in kind]
    return []
