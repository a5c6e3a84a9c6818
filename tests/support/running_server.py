"""A real server in a process of its own, on free ports, and what it said."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support.control import say_json

SECONDS = 60
#: The edition that servers are started in: that of the whole run.
EDITION = os.environ.get("FAUXTUNE_EDITION", "current")
#: How many processes a server is: that of the whole run.
WORKERS = int(os.environ.get("JOURNEY_WORKERS", "1"))


@dataclass(slots=True)
class Served:
    """A server, by the document that it announces itself with."""

    endpoints: dict[str, Any]

    @property
    def https(self) -> str:
        return str(self.endpoints["https"])

    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.endpoints["caFile"])

    def client(self) -> httpx.Client:
        hooks = {"request": [say_json]}
        return httpx.Client(base_url=self.https, verify=self.trusting(), timeout=SECONDS, event_hooks=hooks)

    @contextmanager
    def signed_in(self) -> Iterator[httpx.Client]:
        """A client with the token of the tenant that is there from the start."""
        with self.client() as client:
            form = {
                "grant_type": "client_credentials",
                "client_id": self.endpoints["clientId"],
                "client_secret": self.endpoints["clientSecret"],
                "scope": "https://graph.microsoft.com/.default",
            }
            answer = client.post("/contoso/oauth2/v2.0/token", data=form).raise_for_status()
            client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
            yield client

    def connector_key(self, tenant: str = "contoso") -> str:
        """Return the public key that administrators export at the connector, PEM: Graph has no endpoint for it."""
        path = f"/_fauxtune/v1/tenants/{tenant}/connectors"
        with self.client() as client:
            (connector,) = (row for row in client.get(path).json()["value"] if "imported-pfx" in row["roles"])
            (key,) = client.get(f"{path}/{connector['id']}/keys").json()["value"]
        return str(key["publicKey"])


@dataclass(slots=True)
class Running(Served):
    """A server in a process of its own, and where the preloaded commands are that it is one of."""

    process: subprocess.Popen[str]
    commands: Path | None = None

    def stop(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """Exit code and standard error."""
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, errors


def environment(**more: str) -> dict[str, str]:
    """This process's environment, without what would change a server's settings; but FAUXTUNE_EDITION is the one switch
    that runs all journeys and foreign programs in another edition. A server keeps one key ready instead of eight: most
    tests use fewer, and eight cost more than all else of a start.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name == "FAUXTUNE_EDITION" or not name.startswith(("FAUXTUNE_", "AZURE_"))
    }
    return {**kept, "FAUXTUNE_KEY_POOL_SIZE": "1", "PYTHONDONTWRITEBYTECODE": "", "COLUMNS": "200", **more}


def free_ports() -> dict[str, str]:
    """Variables by which a server takes two ports that are free now, for commands that have to know them before."""
    with socket.create_server(("localhost", 0)) as https, socket.create_server(("localhost", 0)) as http:
        return {"FAUXTUNE_PORT": str(https.getsockname()[1]), "FAUXTUNE_HTTP_PORT": str(http.getsockname()[1])}


def fauxtune(
    *arguments: str | Path, commands: Path | None = None, program: str = "fauxtune", **more: str
) -> subprocess.CompletedProcess[str]:
    """One command, to its end. `commands` is as for `serving`."""
    command = [*command_of(program, commands), *map(str, arguments)]
    return subprocess.run(
        command, env=environment(**more), capture_output=True, text=True, timeout=SECONDS, check=False
    )


def command_of(program: str, commands: Path | None) -> list[str]:
    """Return the words that run `fauxtune` or `fauxtune-sim`: as a module, or as the program in this folder."""
    module = program.replace("-", "_")
    return [sys.executable, "-m", module] if commands is None else [str(commands / program)]


def among_several(arguments: Sequence[str | Path]) -> Sequence[str | Path]:
    """The arguments of a server that is one process, or those of JOURNEY_WORKERS processes that share a PostgreSQL:
    each data folder has its database.
    """
    if WORKERS == 1 or not {"--ephemeral", "--workers", "--shared"}.isdisjoint(map(str, arguments)):
        return arguments
    from tests.support.several import database_of  # here: nearly always there is one process

    more: list[str | Path] = ["--workers", str(WORKERS)]
    if "--database-url" not in arguments:
        more += ["--database-url", database_of(str(arguments[list(arguments).index("--data-dir") + 1]))]
    return [*arguments, *more] if "sqlite:" not in " ".join(map(str, arguments)) else arguments


@contextmanager
def serving(*arguments: str | Path, commands: Path | None = None, **more: str) -> Iterator[Running]:
    """A server until the block ends. `commands`: those of tests/support/preloaded.py, which start in half the time."""
    command = [*command_of("fauxtune", commands), "serve", "--port", "0", "--http-port", "0", "--output", "json"]
    process = subprocess.Popen(
        [*command, *map(str, among_several(arguments))],
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                _, errors = process.communicate(timeout=SECONDS)
                raise AssertionError(f"the server did not start: {errors}")
            yield Running(json.loads(line), process, commands)
        finally:
            if process.poll() is None:
                process.kill()
