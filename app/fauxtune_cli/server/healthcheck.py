"""`fauxtune healthcheck`: whether a server is ready, with an exit code for containers and scripts."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fauxtune_cli.options import (
    Output,
    ca_option,
    data_dir_option,
    emit,
    fail,
    output_option,
    plain,
    url_option,
)
from fauxtune_client.endpoints import ClientError, Server, find
from fauxtune_client.readiness import readiness, wait_until_ready


@click.command()
@click.option(
    "--wait",
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="wait so long until it is ready, and say what it waits for",
)
@data_dir_option
@url_option
@ca_option
@output_option
def healthcheck(*, wait: float | None, data_dir: Path, url: str | None, ca: Path | None, output: Output) -> None:
    """Check whether the server is ready, or wait until it is.

    The exit code is 0 if it is ready. What it waits for is printed on standard error, a line for each reason.

    \b
    fauxtune healthcheck --data-dir .fauxtune
    fauxtune healthcheck --wait 30
    fauxtune healthcheck --url https://localhost:8443 --ca ca.pem
    """

    def server() -> Server:
        return find(data_dir=data_dir, url=url, ca=ca)

    try:
        answer = readiness(server()) if wait is None else wait_until_ready(server, seconds=wait, report=_report)
    except ClientError as error:
        fail(str(error))
    document = {"url": answer.https, "ready": answer.is_ready, "notReady": list(answer.missing)}
    emit(output, document, text=answer.sentence)
    if not answer.is_ready:
        raise click.exceptions.Exit(1)


def _report(reason: str) -> None:
    print(f"Waiting: {plain(reason)}", file=sys.stderr, flush=True)
