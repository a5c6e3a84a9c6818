"""`fauxtune connector run` and `stop`: the process of a connector, which works on a folder of its own."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import Any

import click
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.connector.key_folder import Folder
from fauxtune.connector.keypool import KeyPool
from fauxtune.core.errors import FauxtuneError
from fauxtune.core.pki.names import parse_subject
from fauxtune.operations.connectors.keys import generate_or_read
from fauxtune_cli.options import PATH, Output, emit, fail, needs_posix, output_option, plain, plain_failures
from fauxtune_client.connector import HttpChannel
from fauxtune_client.endpoints import Server
from fauxtune_client.http import Client

state_option = click.option(
    "--state",
    type=PATH,
    required=True,
    envvar="FAUXTUNE_CONNECTOR_STATE",
    show_envvar=True,
    help="the connector's folder",
)
_STOPPING_SECONDS = 30


@click.command()
@state_option
@click.option("--url", help="the server's HTTPS address, if it has changed")
@click.option("--ca", type=PATH, help="the CA file to trust, if it has changed")
@click.option("--connector-version", help="report another version to the server: 6.YYMM.x.y")
@output_option
def run(*, state: Path, url: str | None, ca: Path | None, connector_version: str | None, output: Output) -> None:
    """Run a connector until Ctrl-C or `fauxtune connector stop`.

    Its events are printed on standard error. With --output json the first line is {"connector","id","state","pid"}.

    \b
    fauxtune connector run --state connector2
    """
    needs_posix("A connector")
    with plain_failures():
        own = folder(state)
        description = own.description()
        with _alone(state):
            (state / "pid").write_text(str(os.getpid()), encoding="utf-8")
            document = {"connector": description["name"], "id": description["id"], "state": str(state)}
            emit_line(
                output, {**document, "pid": os.getpid()}, text=f"The connector '{description['name']}' is running."
            )
            try:
                _serve(own, description, url=url, ca=ca, version=connector_version)
            except KeyboardInterrupt:
                pass
            finally:
                (state / "pid").unlink(missing_ok=True)


@click.command()
@state_option
@output_option
def stop(*, state: Path, output: Output) -> None:
    """Stop the connector that runs on this folder.

    The command waits until the process has ended. It does nothing if no connector runs.

    \b
    fauxtune connector stop --state connector2
    """
    needs_posix("A connector")
    with plain_failures():
        folder(state).description()
        pid = _pid(state)
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
            _wait_until_gone(state, pid)
        text = f"No connector is running on {state}." if pid is None else f"The connector on {state} has stopped."
        emit(output, {"state": str(state), "stopped": pid is not None}, text=text)


def folder(path: Path) -> Folder:
    """Return the folder. Nothing is read or written yet."""
    return Folder(path, source=KeyPool(1))


def check_new(own: Folder) -> None:
    """Fail if the folder belongs to a connector already."""
    if (own.path / "connector.json").exists():
        fail(f"{own.path} already belongs to a connector: choose another folder, or remove this one first.")


def register(client: Client, own: Folder, *, body: dict[str, Any], proxy: str | None = None) -> dict[str, Any]:
    """Register a connector with the server, and create its folder. Returns the connector without its credential."""
    connector: dict[str, Any] = client.control("POST", "/connectors", json=body)
    own.create(
        {
            "id": connector["id"],
            "name": connector["name"],
            "tenant": client.server.tenant,
            "url": client.server.https,
            "caFile": None if client.server.ca_file is None else str(client.server.ca_file.absolute()),
            "serverId": client.server.server_id,
            "version": connector["version"],
            "credential": connector.pop("credential"),
            "proxy": proxy,
        }
    )
    return connector


def first_key(file: Path | None) -> RSAPrivateKey:
    """Return the private key in the file (PEM or RSAFULLPRIVATEBLOB), or a new one."""
    text = None
    if file is not None:
        try:
            data = file.read_bytes()
        except OSError as error:
            fail(f"The key file {file} cannot be read: {error.strerror}.")
        text = data.decode("ascii", "replace") if b"-----BEGIN" in data else base64.b64encode(data).decode()
    return generate_or_read(source=KeyPool(1), private_key=text)


def ra_request(own: Folder) -> str:
    """Return a certificate request (PEM) for the connector's RA key. The key is made if it does not exist."""
    key = own.ra_key(make=True)
    assert key is not None
    request = x509.CertificateSigningRequestBuilder(parse_subject("CN=RA")).sign(key, hashes.SHA256())
    return request.public_bytes(Encoding.PEM).decode()


def emit_line(output: Output, document: dict[str, Any], *, text: str) -> None:
    """Print one line at once: other programs wait for it."""
    print(json.dumps(document) if output is Output.JSON else text)
    sys.stdout.flush()


def _serve(own: Folder, description: dict[str, Any], *, url: str | None, ca: Path | None, version: str | None) -> None:
    from fauxtune.connector.service import Service
    from fauxtune.server.system import SystemIds

    https = (url or description["url"]).rstrip("/")
    trusted = ca or (None if description["caFile"] is None else Path(description["caFile"]))
    server = Server(
        https=https,
        http=None,
        control=https,
        ca_file=trusted,
        tenant=description["tenant"],
        tenant_id=None,
        client_id="",
        client_secret="",
        server_id=description.get("serverId"),
    )
    signal.signal(signal.SIGTERM, _interrupt)
    hello = {"version": version or description["version"], "machineName": socket.gethostname() or "localhost"}
    pool = KeyPool(4)
    pool.start()
    with (
        Client(server, proxy=description.get("proxy")) as client,
        ThreadPoolExecutor(2, thread_name_prefix="connector") as workers,
    ):
        channel = HttpChannel(client, credential=description["credential"])
        service = Service(
            channel=channel,
            folder=own,
            source=pool,
            workers=workers,
            password=lambda: SystemIds().token(24),
            log=_log,
        )
        try:
            service.run(hello, stopped=Event())
        finally:
            with suppress(FauxtuneError):
                channel.stop()
            pool.stop()


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """Hold the lock on the folder while the block runs."""
    from fauxtune.server import StartRefused, lock

    with ExitStack() as held:
        try:
            held.enter_context(lock.held(state / "lock", what=str(state)))
        except StartRefused:
            fail(
                f"A connector is already running on {state} (process {_pid(state) or 'unknown'}): stop that one first."
            )
        yield


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _log(line: str) -> None:
    print(plain(line), file=sys.stderr)


def _pid(state: Path) -> int | None:
    try:
        pid = int((state / "pid").read_text(encoding="utf-8"))
        os.kill(pid, 0)
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return None
    return pid


def _wait_until_gone(state: Path, pid: int) -> None:
    for _ in range(_STOPPING_SECONDS * 10):
        if _pid(state) != pid:
            return
        time.sleep(0.1)
    fail(f"The process {pid} has not ended within {_STOPPING_SECONDS} seconds.")
