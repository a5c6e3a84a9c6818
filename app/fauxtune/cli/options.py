"""What commands have in common: how a server is named, how results are printed, how a command fails."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

#: Exit codes: done; could not be done; the command itself was wrong (typer's).
FAILED = 1
#: How cryptography warns about names that are longer than RFC 5280 allows, as in the certificate that Windows asks for
#: ([MS-MDE2] 3.6.1.2). Serial numbers of zero, which old roots have, and old kinds of keys it calls deprecated.
_LONG_NAMES = "Attribute's length must be"


class Output(StrEnum):
    """For people, or for programs. With `json`, standard output holds the document alone."""

    TEXT = "text"
    JSON = "json"


OutputOption = Annotated[Output, typer.Option("--output", help="text for people, json for programs")]
DataDirOption = Annotated[
    Path, typer.Option("--data-dir", envvar="FAUXTUNE_DATA_DIR", help="the data folder of a running server")
]
UrlOption = Annotated[
    str | None,
    typer.Option("--url", "--server", envvar=["FAUXTUNE_URL", "FAUXTUNE_SERVER"], help="the server's HTTPS address"),
]
CaOption = Annotated[Path | None, typer.Option("--ca", envvar="FAUXTUNE_CA", help="the CA file to trust (PEM)")]

DATA_DIR = Path(".fauxtune")


def emit(output: Output, document: Any, *, text: str) -> None:
    """Print the result."""
    print(json.dumps(document, indent=2) if output is Output.JSON else text)


@contextmanager
def said_plainly() -> Iterator[None]:
    """An expected failure becomes one line on standard error and exit code 1; anything else is a defect.

    Certificates that others made are taken as they are: standard error stays free of the library's advice on them.
    """
    from cryptography.utils import CryptographyDeprecationWarning

    from fauxtune.client.endpoints import ClientError
    from fauxtune.core.errors import FauxtuneError

    warnings.filterwarnings("ignore", _LONG_NAMES, UserWarning)
    warnings.filterwarnings("ignore", category=CryptographyDeprecationWarning)
    try:
        yield
    except (ClientError, FauxtuneError) as error:
        fail(str(error))


def fail(message: str) -> NoReturn:
    """One line on standard error, exit code 1."""
    print(f"fauxtune: {plain(message)}", file=sys.stderr)
    raise typer.Exit(FAILED)


def plain(text: str) -> str:
    """What others wrote, without the characters that a terminal obeys."""
    return "".join(each if each.isprintable() or each == "\n" else " " for each in text)
