"""Every command that a page names is there: `fauxtune`, `fauxtune-sim`, their subcommands and options, and the targets
of `make`. Other tests run what can be run; this one finds the others when a command changes its name.

Records of decisions and the changelog tell what was: they are left out.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from fauxtune_cli.main import app
from fauxtune_sim.cli.main import app as simulator

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS: dict[str, click.Command] = {"fauxtune": app, "fauxtune-sim": simulator}
_PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
_HISTORY = {"CHANGELOG.md", "decisions"}
_FENCES = re.compile(r"^ *```(?:sh|bash|console)\n(.*?)^ *```$", re.M | re.S)
_INLINE = re.compile(r"`([^`\n]+)`")
#: What ends a command in a line of the shell.
_ENDS = re.compile(r"[();<>|&]+")


def _pages() -> list[str]:
    return sorted(str(page.relative_to(ROOT)) for page in _PAGES if _HISTORY.isdisjoint(page.relative_to(ROOT).parts))


def _commands(text: str) -> Iterator[list[str]]:
    """Yield the words of each command of ours in a text, and of `make`, from its name to its end."""
    fences = [match.group(1).replace("\\\n", " ") for match in _FENCES.finditer(text)]
    prose = [match.group(1) for match in _INLINE.finditer(_FENCES.sub("", text))]
    for line in (line for part in [*fences, *prose] for line in part.splitlines()):
        found: list[str] | None = None
        for word in _words(line):
            name = word.rpartition("bin/")[2]
            if name in {*PROGRAMS, "make"}:
                found = [name]  # what was found before it is a container that is called so
            elif found is not None and _ENDS.fullmatch(word):
                yield found
                found = None
            elif found is not None:
                found.append(word)
        if found is not None:
            yield found


def _words(line: str) -> list[str]:
    lexer = shlex.shlex(line.removeprefix("$ "), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        return list(lexer)
    except ValueError:  # a quotation that goes on in the next line
        return line.split()


def _mistake(words: list[str]) -> str | None:
    """Return what a command has that does not exist; None if all of it exists."""
    if words[0] == "make":
        targets = (word for word in words[1:] if re.fullmatch(r"[a-z-]+", word) and not word.startswith("-"))
        return next((f"make {target}" for target in targets if target not in _targets()), None)
    command = PROGRAMS[words[0]]
    options = _options(command)
    path, value_follows = [words[0]], False
    for word in words[1:]:
        option, has_value, _value = word.lstrip("[").rstrip("],.").partition("=")
        if re.fullmatch(r"--[a-z][a-z-]*", option):
            if option not in options:
                return " ".join([*path, option])
            value_follows = not has_value and options[option]
            continue
        if isinstance(command, click.Group) and not value_follows and re.fullmatch(r"[a-z][a-z-]*", word):
            below = command.get_command(click.Context(command), word)
            if below is None:
                return " ".join([*path, word])
            if below.context_settings.get(
                "ignore_unknown_options"
            ):  # it hands everything to the command of this name of the other program
                below = simulator.get_command(click.Context(simulator), word)
                assert below is not None
            command, path = below, [*path, word]
            options |= _options(command)
        value_follows = False
    return None


def _options(command: click.Command) -> dict[str, bool]:
    """Return the names of a command's options, and whether a value follows each."""
    options = {"--help": False}
    for each in command.params:
        takes_value = isinstance(each, click.Option) and not (each.is_flag or each.count)
        options |= dict.fromkeys((*each.opts, *each.secondary_opts), takes_value)
    return options


@cache
def _targets() -> frozenset[str]:
    return frozenset(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))


@pytest.mark.parametrize("page", _pages())
def test_the_commands_of_a_page_exist(page: str) -> None:
    mistakes = {mistake for words in _commands((ROOT / page).read_text()) if (mistake := _mistake(words))}
    assert not mistakes


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        ("fauxtune tenant list --output json | jq .", None),
        ("X=$(.venv/bin/fauxtune env) && make soak KILLS=3", None),
        ("fauxtune tenant nothing", "fauxtune tenant nothing"),
        ("echo a; fauxtune serve --nothing 3", "fauxtune serve --nothing"),
        ("fauxtune-sim fleet --nothing", "fauxtune-sim fleet --nothing"),
        ("make nothing", "make nothing"),
    ],
)
def test_a_command_that_does_not_exist_is_found(line: str, mistake: str | None) -> None:
    for text in (f"```sh\n{line}\n```\n", f"Say `{line}`.\n"):
        (*_, last) = _commands(text)
        assert _mistake(last) == mistake
