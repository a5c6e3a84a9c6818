"""One server for the commands of a module, and Graph beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.commands import Commands
from tests.support.running_server import Served
from tests.support.server_here import serving_here


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving_here(data_dir=tmp_path_factory.mktemp("commands") / "data") as served:
        yield served


@pytest.fixture(scope="module")
def run(server: Served) -> Commands:
    """Commands for the module's server."""
    return Commands(Path(server.endpoints["caFile"]).parents[1])


@pytest.fixture(scope="module")
def graph(server: Served) -> Iterator[httpx.Client]:
    """Graph, as the seeded application of the module's server."""
    with server.signed_in() as client:
        yield client
