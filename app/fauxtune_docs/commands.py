"""`fauxtune openapi`: the documents and the generated pages as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fauxtune_cli.options import Output, OutputOption, emit


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
    from fauxtune_docs.openapi import write  # here: a second's worth of imports

    pages = {"coverage": coverage, "removal": removal, "diagnosis": diagnosis, "editions": editions}
    pages |= {"mail-apps": mail_apps, "states": states, "faults": faults, "labs": labs}
    pages |= {"settings": settings}
    files = write(out, pages=pages)
    emit(output, {"written": files}, text="\n".join(files))
