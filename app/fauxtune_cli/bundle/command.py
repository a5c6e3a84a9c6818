"""`fauxtune bundle`: a folder from which a room without internet installs Fauxtune."""

from __future__ import annotations

import errno
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from fauxtune_cli.bundle import making
from fauxtune_cli.bundle.source import own_source
from fauxtune_cli.bundle.targets import PLATFORMS, USUAL, is_python, minor
from fauxtune_cli.bundle.wheels import BundleFailed
from fauxtune_cli.options import Output, OutputOption, emit, fail

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


def bundle(
    *,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="the folder to make, or to go on with")],
    python: Annotated[
        list[str] | None, typer.Option(metavar="VERSION", help="only for this Python, such as 3.12 (repeatable)")
    ] = None,
    platform: Annotated[
        list[str] | None,
        typer.Option(metavar="PLATFORM", help="only for linux-x86_64, linux-aarch64 or macos-arm64 (repeatable)"),
    ] = None,
    image: Annotated[bool, typer.Option("--image", help="the container image as a file, in place of packages")] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Put all that an installation needs into a folder, for a room without internet.

    The packages of Fauxtune and of everything that requirements.lock pins, for Linux (also Windows, in WSL) and
    macOS, with a script that installs them offline, and instructions. pip downloads them as you have configured it.
    What is there already is not downloaded again.

    \b
    fauxtune bundle stick
    fauxtune bundle stick --platform linux-x86_64 --python 3.12
    fauxtune bundle stick --image
    """
    if not set(platform or ()) <= set(PLATFORMS):
        raise typer.BadParameter(f"--platform is one of {', '.join(PLATFORMS)}")
    if not all(map(is_python, python or ())):
        raise typer.BadParameter("--python is a version such as 3.12")
    if image and (python or platform):
        raise typer.BadParameter("--image has one Python, for this machine's processor: leave out --python, --platform")
    try:
        document = _made(folder, platforms=platform or USUAL, pythons=python, image=image)
    except BundleFailed as failure:
        fail(str(failure))
    except OSError as error:
        if error.errno in _NO_ROOM:
            fail("The disk is full. Make room, and run the same command again: it goes on where it ended.")
        fail(f"{error.filename or folder} cannot be written: {error.strerror}.")
    count, size = document["files"], document["bytes"] / 1e6
    text = f"{folder}: {count} files, {size:.1f} MB. {folder / 'README.md'} says how to install from it."
    emit(output, document, text=text)


def _made(folder: Path, *, platforms: Sequence[str], pythons: list[str] | None, image: bool) -> dict[str, Any]:
    """Make a bundle, or a part of it, and describe it. Raises BundleFailed."""
    source = own_source()
    supported = source.pythons()
    if any(minor(each) < minor(supported[0]) for each in pythons or ()):
        raise BundleFailed(f"Fauxtune needs Python {supported[0]} or later.")
    if image:
        contents = making.add_image(folder, source)
    else:
        contents = making.add_wheels(folder, source, platforms=platforms, pythons=pythons or supported, report=_report)
    count, size = making.finish(folder, contents)
    return {"folder": str(folder.absolute()), "files": count, "bytes": size, **contents.document()}


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
