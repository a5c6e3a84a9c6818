"""The server as a child process: started with this interpreter, its first line of output names its addresses. And what
a demonstration is told, and the stage on which it plays.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import KW_ONLY, dataclass
from pathlib import Path

import orjson

from fauxtune_sim.errors import ServerUnreachable

#: Seconds; the guard kills a server that does not end within 15.
_START, _STOP = 60.0, 20.0
_MOST_LINES = 200
#: The languages of the report.
LANGUAGES = ("en", "it")


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The server's addresses and the credentials of an application; URLs have no trailing slash."""

    https: str
    http: str
    control: str
    ca_file: Path
    tenant: str
    tenant_id: str
    client_id: str
    client_secret: str

    @property
    def data_dir(self) -> Path:
        """The server's data folder."""
        return self.ca_file.parents[1]


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The settings of the server: without a folder its data is deleted at the end.

    `edition`: the year of Intune that its new tenants behave like; None for the server's default.
    """

    port: int
    http_port: int
    data_dir: Path | None = None
    edition: str | None = None
    _: KW_ONLY
    open_console: bool = False
    #: A folder to remove when the server has ended, even if the demonstration was killed.
    temporary: Path | None = None

    def arguments(self) -> list[str]:
        """The command line of `fauxtune serve`."""
        arguments = [
            "--output",
            "json",
            "--mail",
            "--mail-port",
            "0",
            "--port",
            str(self.port),
            "--http-port",
            str(self.http_port),
        ]
        arguments += ["--ephemeral"] if self.data_dir is None else ["--data-dir", str(self.data_dir)]
        arguments += [] if self.edition is None else ["--edition", self.edition]
        return arguments + (["--open"] if self.open_console else [])


@contextlib.asynccontextmanager
async def server(settings: ServerSettings) -> AsyncIterator[tuple[Endpoints, ServerProcess]]:
    """Run a server. Raises ServerUnreachable with the server's own output if it does not start."""
    process = ServerProcess()
    try:
        yield await process.start(settings), process
    finally:
        await process.stop()


class ServerProcess:
    """The process, with its last lines of output."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._lines: deque[str] = deque(maxlen=_MOST_LINES)
        self._readers: list[asyncio.Task[None]] = []

    async def start(self, settings: ServerSettings) -> Endpoints:
        """Start `fauxtune serve` and wait for the line with its addresses."""
        environment = dict(os.environ)
        if settings.data_dir is None:
            # A server for this run only must not use the data that the environment names.
            environment.pop("FAUXTUNE_DATA_DIR", None)
            environment.pop("FAUXTUNE_DATABASE_URL", None)
        # In a session of its own, so that Ctrl-C reaches only this process, which stops the server last; below a guard,
        # which ends it if this process is killed.
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", "-S", str(Path(__file__).with_name("guard.py")), str(settings.temporary or "")),
            sys.executable,
            "-m",
            "fauxtune",
            "serve",
            *settings.arguments(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._readers.append(asyncio.create_task(self._collect(self._process.stderr)))
        try:
            async with asyncio.timeout(_START):
                line = await self._process.stdout.readline()
        except TimeoutError:
            raise ServerUnreachable(
                f"the server was not ready within {_START:g} seconds\n{self.last_lines()}"
            ) from None
        if not line:
            await self._process.wait()
            await asyncio.gather(*self._readers)
            raise ServerUnreachable(f"the server did not start: {self.last_lines().removeprefix('fauxtune: ')}")
        self._readers.append(asyncio.create_task(self._collect(self._process.stdout)))
        return _endpoints(line)

    async def ended(self) -> int:
        """Wait until the server ends by itself. Returns its exit code."""
        assert self._process is not None
        return await self._process.wait()

    async def stop(self) -> None:
        """Let the guard end the server; kill the guard if it does not end in time."""
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            assert process.stdin is not None
            process.stdin.close()
            try:
                async with asyncio.timeout(_STOP):
                    await process.wait()
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        await asyncio.gather(*self._readers)

    def last_lines(self) -> str:
        """The last lines that the server wrote."""
        return "\n".join(self._lines) or "(it printed nothing)"

    async def _collect(self, stream: asyncio.StreamReader) -> None:
        """Read until the end of the stream: a full pipe would stop the server."""
        rest = ""
        while chunk := await stream.read(65536):
            *lines, rest = (rest + chunk.decode(errors="replace")).split("\n")
            self._lines.extend(lines)
        if rest:
            self._lines.append(rest)


def _endpoints(line: bytes) -> Endpoints:
    try:
        document = orjson.loads(line)
        return Endpoints(
            https=document["https"],
            http=document["http"],
            control=document["control"],
            ca_file=Path(document["caFile"]),
            tenant=document["tenant"],
            tenant_id=document["tenantId"],
            client_id=document["clientId"],
            client_secret=document["clientSecret"],
        )
    except (orjson.JSONDecodeError, KeyError, TypeError) as broken:
        raise ServerUnreachable(
            f"the server's first line does not name its addresses: {line.decode(errors='replace')}"
        ) from broken


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """The options of `fauxtune demo`."""

    once: bool
    port: int
    http_port: int
    data_dir: Path | None
    #: `2020-04` or `current`; None: the server's default.
    edition: str | None = None
    #: Open the console in a browser.
    open_console: bool = False
    #: The page of the report; None: no report. `language`: `en` or `it`.
    report: Path | None = None
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Stage:
    """What the demonstration takes place on: the server, the folder for devices and mails, and what Ctrl-C sets."""

    endpoints: Endpoints
    process: ServerProcess
    folder: Path
    stop: asyncio.Event
