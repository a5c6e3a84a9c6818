"""What a demonstration is told, and the stage on which it plays."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from fauxtune_sim.demo.server_process import Endpoints, ServerProcess

#: The languages of the report.
LANGUAGES = ("en", "it")


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
