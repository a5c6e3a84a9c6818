"""What the commands share: groups, types of options, times and durations as people write them, the options that name a
server, output of results, failures.

A duration is ISO 8601 (`P30D`), or numbers with units (`30 days`, `1 year 6 months`); a time is ISO 8601 or a date. A
year has 365 days and a month 30, as in the emulator.
"""

from __future__ import annotations

import json
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from fauxtune.core.clock import from_iso, iso
from fauxtune.core.errors import FauxtuneError
from fauxtune_client.endpoints import ClientError, Refused

ChoiceT = TypeVar("ChoiceT", bound=Enum)
#: Exit code of a command that failed (0: done; 2, from click: the command line was wrong).
FAILED = 1
#: How cryptography warns about names that are longer than RFC 5280 allows, as in the certificate that Windows asks for
#: ([MS-MDE2] 3.6.1.2). Serial numbers of zero, which old roots have, and old kinds of keys it calls deprecated.
_LONG_NAMES = "Attribute's length must be"


#: A file or a folder, which need not exist.
PATH = click.Path(path_type=Path)
DATA_DIR = Path(".fauxtune")
#: Characters of an identifier that are shown unless --ids is given.
SHORT = 8
_PART = re.compile(r"(\d{1,6})\s*([a-z]+)")
_DAYS = re.compile(r"P(\d+)D")
_DATE, _TIME = "YMWD", "HMS"
#: Unit -> its place in ISO 8601: before or after the T, and its letter.
_UNITS: dict[str, tuple[bool, str]] = {
    **dict.fromkeys(("y", "year", "years"), (False, "Y")),
    **dict.fromkeys(("month", "months"), (False, "M")),
    **dict.fromkeys(("w", "week", "weeks"), (False, "W")),
    **dict.fromkeys(("d", "day", "days"), (False, "D")),
    **dict.fromkeys(("h", "hour", "hours"), (True, "H")),
    **dict.fromkeys(("min", "minute", "minutes"), (True, "M")),
    **dict.fromkeys(("s", "sec", "second", "seconds"), (True, "S")),
}


class Output(StrEnum):
    """The form of the output. With `json`, standard output holds the JSON document and nothing else."""

    TEXT = "text"
    JSON = "json"


class OneOf(click.Choice[ChoiceT]):
    """A word of an enumeration. The refusal of another word names the nearest, in its own spelling."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> ChoiceT:  # noqa: PLR0917
        """Return the member that a word means, also in a spelling that only the enumeration itself knows."""
        with suppress(ValueError):
            return type(self.choices[0])(value)
        return super().convert(value, param, ctx)

    def normalize_choice(self, choice: object, ctx: click.Context | None) -> str:
        """Return the word as it is compared."""
        return super().normalize_choice(choice.value if isinstance(choice, Enum) else choice, ctx)

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """Return what is said of a word that the enumeration does not have."""
        words = {str(choice.value).lower(): str(choice.value) for choice in self.choices}
        near = get_close_matches(str(value).lower(), words, n=1)
        meant = f" Did you mean {words[near[0]]}?" if near else ""
        return f"'{value}' is not one of {', '.join(words.values())}.{meant}"


class Group(click.Group):
    """A group of commands, which its help lists in the order in which they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(self.commands)


output_option = click.option("--output", type=OneOf(Output), default="text", help="text for people, json for programs")
data_dir_option = click.option(
    "--data-dir",
    type=PATH,
    default=DATA_DIR,
    envvar="FAUXTUNE_DATA_DIR",
    show_envvar=True,
    help="the data folder of the server",
)


def _unless_a_folder_is_named(context: click.Context, option: click.Parameter, value: Any) -> Any:  # noqa: PLR0917 - click's
    """Drop what a variable says of the server where the command line names the server's folder: a variable that was set
    for one server would send the command to it instead.
    """
    names = ("data_dir", "url", str(option.name))
    folder, address, own = (getattr(context.get_parameter_source(name), "name", None) for name in names)
    is_other = folder == "COMMANDLINE" != address and own == "ENVIRONMENT"
    return None if is_other else value


url_option = click.option(
    "--url",
    "--server",
    envvar=["FAUXTUNE_URL", "FAUXTUNE_SERVER"],
    show_envvar=True,
    callback=_unless_a_folder_is_named,
    help="the server's HTTPS address",
)
ca_option = click.option(
    "--ca",
    type=PATH,
    envvar="FAUXTUNE_CA",
    show_envvar=True,
    callback=_unless_a_folder_is_named,
    help="the CA file to trust (PEM)",
)


def emit(output: Output, document: Any, *, text: str) -> None:
    """Print the result."""
    print(json.dumps(document, indent=2) if output is Output.JSON else text)


@contextmanager
def plain_failures() -> Iterator[None]:
    """Turn an expected failure into one line on standard error and exit code 1. Any other exception is a defect.

    The library's warnings about unusual certificates are suppressed: they may come from other programs.
    """
    from cryptography.utils import CryptographyDeprecationWarning

    warnings.filterwarnings("ignore", _LONG_NAMES, UserWarning)
    warnings.filterwarnings("ignore", category=CryptographyDeprecationWarning)
    try:
        yield
    except (ClientError, FauxtuneError) as error:
        fail(str(error))


@contextmanager
def reasons() -> Iterator[None]:
    """Let people read only the reason of a refusal, without the request."""
    try:
        yield
    except Refused as refused:
        raise ClientError(refused.reason) from None


def fail(message: str) -> NoReturn:
    """Print one line on standard error and exit with code 1."""
    print(f"fauxtune: {plain(message)}", file=sys.stderr)
    raise click.exceptions.Exit(FAILED)


def needs_posix(program: str) -> None:
    """End the command on Windows: `program` needs file locks, signals and sockets of POSIX."""
    if sys.platform == "win32":
        fail(
            f"{program} does not run on Windows itself. Run it in WSL (wsl fauxtune serve) or in a container, and "
            "point clients and the other fauxtune commands on Windows at it with --url and --ca."
        )


def plain(text: str) -> str:
    """Return the text without control characters, which a terminal would obey."""
    return "".join(character if character.isprintable() or character == "\n" else " " for character in text)


def one_line(text: object) -> str:
    """Return the text as one line without control characters; a hyphen for no text."""
    cleaned = "".join(each if each.isprintable() else " " for each in str("" if text is None else text))
    return " ".join(cleaned.split()) or "-"


def named_values(pairs: Sequence[str], *, option: str, example: str) -> dict[str, Any]:
    """Return the values by name of an option that takes NAME=VALUE, or end the command."""
    return {
        name: json_or_text(text)
        for name, text in (name_and_value(pair, option=option, example=example) for pair in pairs)
    }


def name_and_value(pair: str, *, option: str, example: str) -> tuple[str, str]:
    """Return both parts of what was given to an option that takes NAME=VALUE, or end the command."""
    name, equals, value = pair.partition("=")
    if not equals:
        fail(f"{option} takes NAME=VALUE, such as {example}; '{pair}' has no value.")
    return name, value


def json_or_text(text: str) -> Any:
    """Return a value that is written as JSON, or a text as it stands."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def iso_duration(text: str) -> str:
    """Return a duration as ISO 8601. What begins with P is left to the server to judge."""
    words = text.strip().lower()
    if words.startswith("p"):
        return words.upper()
    parts = _PART.findall(words)
    if not parts or re.sub(r"[\s,]|and", "", _PART.sub("", words)) or any(unit not in _UNITS for _, unit in parts):
        raise click.BadParameter(
            f"'{text}' is no duration: write '30 days', '1 year', '8 hours', or ISO 8601 such as P30D or PT8H."
        )
    sums: dict[tuple[bool, str], int] = {}
    for number, unit in parts:
        sums[_UNITS[unit]] = sums.get(_UNITS[unit], 0) + int(number)
    date = "".join(f"{sums[False, letter]}{letter}" for letter in _DATE if (False, letter) in sums)
    time = "".join(f"{sums[True, letter]}{letter}" for letter in _TIME if (True, letter) in sums)
    return f"P{date}" + (f"T{time}" if time else "")


def duration_in_words(duration: str) -> str:
    """Return a duration of ISO 8601 in days if it has nothing else; other ones unchanged."""
    days = _DAYS.fullmatch(duration)
    if days is None:
        return duration
    return "1 day" if days[1] == "1" else f"{days[1]} days"


def iso_time(text: str) -> str:
    """Return a time as ISO 8601 with a zone; without one it is UTC."""
    try:
        return iso(from_iso(text.strip()))
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"'{text}' is no time: write a date such as 2027-01-31, or 2027-01-31T10:00:00Z."
        ) from None
