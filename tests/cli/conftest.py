"""One server for the commands of a module, and Graph beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.commands import Commands
from tests.support.running_server import Running, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, commands: Path) -> Iterator[Running]:
    with serving("--data-dir", tmp_path_factory.mktemp("commands") / "data", commands=commands) as running:
        yield running


@pytest.fixture(scope="module")
def run(server: Running) -> Commands:
    """Commands for the module's server."""
    return Commands(Path(server.endpoints["caFile"]).parents[1])


@pytest.fixture(scope="module")
def graph(server: Running) -> Iterator[httpx.Client]:
    """Graph, as the seeded application of the module's server."""
    with server.signed_in() as client:
        yield client
