"""The server as a child process: started with this interpreter, found by the first line it prints, stopped politely."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from fauxtune_sim.errors import ServerUnreachable

_START, _STOP = 60.0, 15.0
_LINES_KEPT = 200


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the server is and how to get in; URLs without a trailing slash."""

    https: str
    http: str
    control: str
    ca_file: Path
    tenant: str
    tenant_id: str
    client_id: str
    client_secret: str


@contextlib.asynccontextmanager
async def server(
    *, port: int, http_port: int, data_dir: Path | None, edition: str | None = None
) -> AsyncIterator[tuple[Endpoints, ServerChild]]:
    """A running server; ServerUnreachable with its own words if it does not come up. `edition`: which year's Intune its
    new tenants behave like; None leaves that to the server.
    """
    child = ServerChild()
    try:
        yield await child.start(port=port, http_port=http_port, data_dir=data_dir, edition=edition), child
    finally:
        await child.stop()


class ServerChild:
    """The process, and its last words."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._words: deque[str] = deque(maxlen=_LINES_KEPT)
        self._readers: list[asyncio.Task[None]] = []

    async def start(self, *, port: int, http_port: int, data_dir: Path | None, edition: str | None) -> Endpoints:
        """Start `fauxtune serve` and wait until it says where it is."""
        command = ["-m", "fauxtune", "serve", "--output", "json", "--port", str(port), "--http-port", str(http_port)]
        if edition is not None:
            command += ["--edition", edition]
        environment = dict(os.environ)
        if data_dir is None:
            command.append("--ephemeral")
            # A fresh server must not be led to somebody's own data.
            environment.pop("FAUXTUNE_DATA_DIR", None)
            environment.pop("FAUXTUNE_DATABASE_URL", None)
        else:
            command += ["--data-dir", str(data_dir)]
        # In a session of its own, so that Ctrl-C reaches only us and the server is stopped last.
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            stdin=asyncio.subprocess.DEVNULL,
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
                f"the server was not ready within {_START:g} seconds\n{self.last_words()}"
            ) from None
        if not line:
            await self._process.wait()
            await asyncio.gather(*self._readers)
            raise ServerUnreachable(f"the server ended before it was ready:\n{self.last_words()}")
        self._readers.append(asyncio.create_task(self._collect(self._process.stdout)))
        return _endpoints(line)

    async def ended(self) -> int:
        """Wait until the server ends by itself; gives its exit code."""
        assert self._process is not None
        return await self._process.wait()

    async def stop(self) -> None:
        """Ask the server to end, and make it end if it does not."""
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                async with asyncio.timeout(_STOP):
                    await process.wait()
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        await asyncio.gather(*self._readers)

    def last_words(self) -> str:
        """The last lines that the server wrote."""
        return "\n".join(self._words) or "(it said nothing)"

    async def _collect(self, stream: asyncio.StreamReader) -> None:
        """Read on until the end, whatever comes: a full pipe would stop the server."""
        rest = ""
        while chunk := await stream.read(65536):
            *lines, rest = (rest + chunk.decode(errors="replace")).split("\n")
            self._words.extend(lines)
        if rest:
            self._words.append(rest)


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
        raise ServerUnreachable(f"the server did not say where it is: {line.decode(errors='replace')}") from broken
