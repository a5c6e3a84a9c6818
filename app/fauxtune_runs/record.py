"""`fauxtune record`: what a deterministic tenant is asked and answers, in a file."""

from __future__ import annotations

import json
from pathlib import Path

import click

from fauxtune.core.administration.requests import AdminRequest, Service
from fauxtune_cli.administration import Administration
from fauxtune_cli.options import PATH, Group, fail
from fauxtune_cli.service import with_service

app = Group(
    help="""Record what a deterministic tenant is asked and answers, and repeat it later.

A run holds the requests of clients, devices and the control surface since the tenant
was made, in their order, the answers, and the tenant's state at the end. It also holds
the tenant's own secrets: tokens, passwords and files with keys.

\b
fauxtune tenant create lab7 --deterministic 7
fauxtune record start --tenant lab7
fauxtune record stop --tenant lab7 --out run.json
fauxtune replay run.json"""
)

_PATIENCE = 300.0


@app.command()
@with_service(Administration)
def start(*, service: Administration) -> None:
    """Begin to record a deterministic tenant.

    \b
    fauxtune record start --tenant lab7
    """
    with service.session(with_graph=False) as session:
        begun = session.send(AdminRequest("POST", "/recording/start", service=Service.CONTROL))
        before = f" The {begun['since']} before it will be in the run, too." if begun["since"] else ""
        session.show(
            begun, f"Recording: every exchange from now on.{before}\nEnd it: fauxtune record stop --out run.json"
        )


@app.command()
@click.option("--out", type=PATH, required=True, help="the file of the run; not one that is there")
@with_service(Administration)
def stop(*, service: Administration, out: Path) -> None:
    """End the recording, and write the run into a file.

    \b
    fauxtune record stop --tenant lab7 --out run.json
    """
    if out.exists():
        fail(f"{out} is there already: a run is not written over another file.")
    with service.session(with_graph=False) as session:
        request = AdminRequest("POST", "/recording/stop", service=Service.CONTROL)
        run = session.send(request, seconds=_PATIENCE, title="Writing the run")
        write(out, run)
        exchanges = sum("request" in step for step in run["steps"])
        done = {"file": str(out), "exchanges": exchanges, "since": run["since"]}
        session.show(done, f"{out} holds {exchanges:,} exchanges. Repeat them: fauxtune replay {out}")


def write(path: Path, run: object) -> None:
    """Write a run, which only its owner can read."""
    try:
        path.touch(mode=0o600)
        path.write_text(f"{json.dumps(run, indent=1, ensure_ascii=False)}\n", encoding="utf-8")
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}.")
