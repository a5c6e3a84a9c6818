"""`fauxtune serve`: reads the settings from options and environment, runs the server, and prints when it is ready."""

from __future__ import annotations

import gc
import json
import logging
import os
import shlex
import shutil
import sys
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fauxtune.core.errors import Invalid
from fauxtune.server import StartRefused
from fauxtune.settings import Settings
from fauxtune_cli.options import (
    DATA_DIR,
    PATH,
    Output,
    emit,
    fail,
    needs_posix,
    output_option,
    plain_failures,
)
from fauxtune_cli.server.seed import print_built_in

if TYPE_CHECKING:
    from fauxtune.server.serve import Ready


@click.command()
@click.option("--host", help="name or address to listen on (default: localhost)")
@click.option("--name", help="name by which other machines call this one; with --host 0.0.0.0")
@click.option("--port", type=int, help="HTTPS port; 0 takes a free one (default: 8443)")
@click.option("--http-port", type=int, help="HTTP port, for CRL and OCSP (default: 8080)")
@click.option(
    "--intercept", is_flag=True, default=None, help="answer for Microsoft's hosts too, as an HTTPS proxy on localhost"
)
@click.option("--proxy-port", type=int, help="port of that proxy; 0: a free one (default: 8888)")
@click.option(
    "--mail", is_flag=True, default=None, help="let mail programs on this machine read and send mail (POP3, SMTP)"
)
@click.option(
    "--mail-port",
    multiple=True,
    metavar="KIND=PORT",
    help="port of smtp, smtps, pop3 or pop3s (repeatable); 0: a free one, 0 alone: free ones for all",
)
@click.option("--data-dir", type=PATH, help="folder of keys and database (default: .fauxtune)")
@click.option("--database-url", help="postgresql+psycopg://... (default: SQLite)")
@click.option("--workers", type=int, help="processes on this machine; they need PostgreSQL (default: 1)")
@click.option(
    "--shared", type=PATH, metavar="FOLDER", help="folder that all processes of the database share, on several machines"
)
@click.option("--ephemeral", is_flag=True, default=None, help="use a temporary folder, deleted at the end")
@click.option("--seed", help="content of an empty database: contoso, none, or a JSON file (default: contoso)")
@click.option(
    "--deterministic",
    type=int,
    metavar="N",
    help="all chance of the first tenant comes from this number (0 to 2^63-1), and its clock stands; whoever knows it "
    "can compute the tenant's private keys. For an empty database",
)
@click.option("--edition", help="new tenants behave like Intune of 2020-04 or current (default: current)")
@click.option("--labs", type=PATH, help="folder with labs of your own (docs/labs.md)")
@click.option("--public-url", help="the HTTPS origin that clients see")
@click.option("--public-http-url", help="the HTTP origin that certificates name")
@click.option(
    "--published-secrets/--no-published-secrets",
    default=None,
    help="let the published secret and password be good with a control token too (default: they are not)",
)
@click.option("--permissions", help="Graph's permissions: enforce, warn or off (default: enforce)")
@click.option(
    "--wire-exchanges", type=int, help="requests of each tenant kept in memory to look at; 0: none (default: 500)"
)
@click.option(
    "--client-certificates/--no-client-certificates",
    default=None,
    help="ask TLS clients for a certificate (default: ask)",
)
@click.option(
    "--trusted-proxy",
    multiple=True,
    metavar="CIDR",
    help="network of proxies that end TLS, whose headers are believed (repeatable)",
)
@click.option(
    "--client-certificate-header", help="header in which they pass on the device's certificate (default: Client-Cert)"
)
@click.option(
    "--arc-tokens",
    type=PATH,
    metavar="FOLDER",
    help="folder of Azure Arc's challenges (default: /var/opt/azcmagent/tokens)",
)
@click.option("--open", "open_console", is_flag=True, help="open the console in a browser once the server is ready")
@click.option("--detach", is_flag=True, help="serve in the background; returns when the server is ready")
@click.option("--stop", is_flag=True, help="stop the server that runs on --data-dir, and exit")
@click.option("--print-seed", is_flag=True, help="print the built-in seed and exit")
@output_option
def serve(
    *,
    host: str | None,
    name: str | None,
    port: int | None,
    http_port: int | None,
    intercept: bool | None,
    proxy_port: int | None,
    mail: bool | None,
    mail_port: tuple[str, ...],
    data_dir: Path | None,
    database_url: str | None,
    workers: int | None,
    shared: Path | None,
    ephemeral: bool | None,
    seed: str | None,
    deterministic: int | None,
    edition: str | None,
    labs: Path | None,
    public_url: str | None,
    public_http_url: str | None,
    published_secrets: bool | None,
    permissions: str | None,
    wire_exchanges: int | None,
    client_certificates: bool | None,
    trusted_proxy: tuple[str, ...],
    client_certificate_header: str | None,
    arc_tokens: Path | None,
    open_console: bool,
    detach: bool,
    stop: bool,
    print_seed: bool,
    output: Output,
) -> None:
    """Start the emulator and serve until Ctrl-C.

    Every option can be set by a variable, too: FAUXTUNE_PORT for --port. If other machines can reach --host,
    FAUXTUNE_CONTROL_TOKEN must be set.

    \b
    fauxtune serve --open      data in .fauxtune, https://localhost:8443
    fauxtune serve --mail      mail programs can read and send
    fauxtune serve --detach    in the background; fauxtune serve --stop ends it
    fauxtune serve --host 0.0.0.0 --name trainer.local
    fauxtune serve --ephemeral --port 0 --http-port 0 --output json
    fauxtune serve --database-url postgresql+psycopg://user@host/fauxtune
    fauxtune serve --workers 4 --database-url postgresql://user@host/fauxtune
    fauxtune serve --print-seed > seed.json && fauxtune serve --seed seed.json
    """
    options = locals()  # before any other variable: the options of the command line
    if print_seed:
        print_built_in()
        return
    needs_posix("The server")
    (_in_background if detach or stop else _in_foreground)(options, output=output)


def _in_foreground(options: dict[str, Any], *, output: Output) -> None:
    """Serve until the process is asked to end."""
    # Nothing loaded now is garbage, and the collector takes a fifth of the start. `run` switches it on again.
    gc.disable()
    with plain_failures(), refusals():
        settings = _settings(options)
        _log(settings.log_level)
        if settings.workers > 1:
            from fauxtune.server.workers import run_workers as run
        else:
            from fauxtune.server.serve import run

        def announced(ready: Ready) -> None:
            _announce(ready, output=output)
            if options["open_console"]:
                show(ready.endpoints.console)

        run(settings, announced)
    # All is closed, and nothing is written any more: the interpreter would still take a second to take itself apart.
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)


def _in_background(options: dict[str, Any], *, output: Output) -> None:
    """Start a server in the background, or stop it."""
    if options["detach"] and options["stop"]:
        fail("--detach and --stop cannot be used together: the first starts a server, the second ends it.")
    from fauxtune_cli.server import background

    settings = _settings(options)
    if options["stop"]:
        background.stop(settings.data_dir, output=output)
        return
    ready = background.detach(settings)
    folder = Path(ready["dataDir"])
    emit(
        output,
        ready,
        text=f"""Fauxtune is ready, in the background (process {ready["pid"]}).
  console      {ready["console"]}
  Graph        {ready["https"]}/v1.0, {ready["https"]}/beta
  CA to trust  {ready["caFile"]}
  how to       {ready["trust"]}
  log          {ready["log"]}
To point your code at it:  {_program()} env --for python{_folder_option(folder)}
To stop it:                {_program()} serve --stop{_folder_option(folder)}""",
    )
    if options["open_console"]:
        show(ready["console"])


def _folder_option(folder: Path) -> str:
    """The option that names the data folder, unless the command finds it without."""
    return "" if folder == DATA_DIR.absolute() else f" --data-dir {shlex.quote(str(folder))}"


@contextmanager
def refusals() -> Iterator[None]:
    """Print a refused start as a sentence, without a traceback."""
    try:
        yield
    except StartRefused as refusal:
        fail(str(refusal))


def _settings(options: dict[str, Any]) -> Settings:
    known = Settings.known()
    try:
        given = {name for name in known.keys() & options if options[name] != ()}
        return Settings(**{name: options[name] for name in given})
    except Invalid as error:
        setting = known[str(error.target)]
        option = setting.name.replace("_", "-")
        raise click.BadParameter(f"--{option} ({setting.variable}): {error.message}") from None


def _log(level: str) -> None:
    logging.basicConfig(
        level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )


def _announce(ready: Ready, *, output: Output) -> None:
    if output is Output.TEXT:
        from fauxtune_cli.server.announcing import announce

        announce(ready, for_python=f"{_program()} env --for python{_folder_option(ready.data_dir)}")
        return
    for warning in ready.warnings:
        print(f"fauxtune: {warning}", file=sys.stderr, flush=True)
    print(json.dumps(ready.endpoints.document()), flush=True)


def _program() -> str:
    """The text that starts this program in a shell: its name if it is on the PATH, else as it was called."""
    if shutil.which("fauxtune"):
        return "fauxtune"
    called = Path(sys.argv[0])
    return shlex.quote(str(called)) if called.suffix != ".py" else f"{shlex.quote(sys.executable)} -m fauxtune"


def show(address: str) -> None:
    """Open the address without waiting for the browser; print a line on standard error if that is impossible."""
    threading.Thread(target=_open, args=(address,), daemon=True).start()


def _open(address: str) -> None:
    try:
        browser = webbrowser.get()
        # Without a display Python finds browsers for the terminal: one of them would take the terminal from the server.
        in_terminal = type(browser) is webbrowser.GenericBrowser and "BROWSER" not in os.environ
        opened = not in_terminal and browser.open(address)
    except webbrowser.Error:
        opened = False
    if not opened:
        print(f"fauxtune: No browser could be opened here. Open {address} yourself.", file=sys.stderr)
