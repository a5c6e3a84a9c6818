"""The start of the demonstration: while its server starts, this process imports what the proofs need."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from fauxtune_sim.demo.narration import Narration
from fauxtune_sim.demo.server_process import DemoOptions, Endpoints, ServerProcess, ServerSettings, Stage, server
from fauxtune_sim.errors import NotAllowedHere
from fauxtune_sim.event_loop import interrupted
from fauxtune_sim.platforms import Platform
from fauxtune_sim.server.discovery import DEFAULT_DATA_DIR, ELSEWHERE


async def demonstrate(options: DemoOptions, *, narration: Narration, show: Callable[[Any], None] | None = None) -> bool:
    """Run the demonstration. Returns whether every proof held. `show` receives the JSON document.

    With `report` a page about everything is written at the end, and counts like a proof.
    Without `once` the server and the devices stay up until they are interrupted. Raises Interrupted if that happens
    before the last proof.
    """
    if options.report is not None:
        _check_writable(options.report)
    stop = interrupted()
    imports = asyncio.create_task(asyncio.to_thread(_course))
    async with _running(options, narration) as (endpoints, process, folder):
        run = await imports
        return await run(Stage(endpoints, process, folder, stop), options, narration=narration, show=show)


def _check_writable(report: Path) -> None:
    """Raise NotAllowedHere if the report cannot be written: better before the story than after it."""
    try:
        report.parent.mkdir(parents=True, exist_ok=True)
        is_new = not report.exists()
        report.open("ab").close()
        if is_new:
            report.unlink()
    except OSError as error:
        raise NotAllowedHere(f"The report cannot be written to {report}: {error.strerror}.") from None


@contextlib.contextmanager
def _found_from_here(data_dir: Path) -> Iterator[None]:
    """Let commands that are given in this folder find the server, whose data folder is a temporary one."""
    pointer = Path(DEFAULT_DATA_DIR) / ELSEWHERE
    with contextlib.suppress(OSError):
        pointer.parent.mkdir(mode=0o700, exist_ok=True)
        pointer.write_bytes(orjson.dumps({"dataDir": str(data_dir.absolute())}))
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            pointer.unlink()
            pointer.parent.rmdir()  # if nothing else is in it


def _course() -> Callable[..., Awaitable[bool]]:
    """Import the proofs, and the protocols of all devices."""
    from fauxtune_sim.agent.by_platform import agent_class
    from fauxtune_sim.demo.run import run_demo

    for platform in Platform:
        agent_class(platform)
    return run_demo


@contextlib.asynccontextmanager
async def _running(options: DemoOptions, narration: Narration) -> AsyncIterator[tuple[Endpoints, ServerProcess, Path]]:
    """The server, and the folder for devices and mails: below the data folder, or temporary like the server's."""
    with tempfile.TemporaryDirectory(prefix="fauxtune-demo-", ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary) if options.data_dir is None else options.data_dir / "demo"
        settings = ServerSettings(
            options.port,
            options.http_port,
            options.data_dir,
            options.edition,
            open_console=options.open_console,
            temporary=Path(temporary),
        )
        async with contextlib.AsyncExitStack() as stack:
            with narration.waiting("A server for this demonstration starts ..."):
                endpoints, process = await stack.enter_async_context(server(settings))
            if options.data_dir is None:
                stack.enter_context(_found_from_here(endpoints.data_dir))
            yield endpoints, process, folder
