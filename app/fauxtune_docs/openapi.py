"""`fauxtune openapi`: the documents and the generated pages as files."""

from __future__ import annotations

from pathlib import Path

import click

from fauxtune_cli.options import PATH, Output, emit, output_option


@click.command()
@click.option("--out", type=PATH, default=Path("openapi"), help="the folder to write to")
@click.option("--coverage", type=PATH, help="write the page on what is emulated to this file")
@click.option("--removal", type=PATH, help="write the page on removals to this file")
@click.option("--diagnosis", type=PATH, help="write the page on diagnosis codes to this file")
@click.option("--editions", type=PATH, help="write the page on the two editions to this file")
@click.option("--mail-apps", type=PATH, help="write the page on mail apps to this file")
@click.option("--states", type=PATH, help="write the page on provider states to this file")
@click.option("--faults", type=PATH, help="write the page on faults to this file")
@click.option("--labs", type=PATH, help="write the page on labs to this file")
@click.option("--settings", type=PATH, help="write the page on settings to this file")
@output_option
def openapi(
    *,
    out: Path,
    coverage: Path | None,
    removal: Path | None,
    diagnosis: Path | None,
    editions: Path | None,
    mail_apps: Path | None,
    states: Path | None,
    faults: Path | None,
    labs: Path | None,
    settings: Path | None,
    output: Output,
) -> None:
    """Write the OpenAPI documents.

    One document for each interface: identity, devices, connector, partner, control, graph and health.

    \b
    fauxtune openapi --out openapi
    """
    from fauxtune_docs.writing import write  # here: a second's worth of imports

    pages = {"coverage": coverage, "removal": removal, "diagnosis": diagnosis, "editions": editions}
    pages |= {"mail-apps": mail_apps, "states": states, "faults": faults, "labs": labs}
    pages |= {"settings": settings}
    files = write(out, pages=pages)
    emit(output, {"written": files}, text="\n".join(files))
