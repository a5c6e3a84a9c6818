"""One server for all stories, each of which begins in the tenant as it was created; its administrator, and devices that
join.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from fauxtune_sim.server.transport import Transport
from tests.support.administrator import Administrator, AgentEnroller, administrator_of
from tests.support.running_server import Running, serving


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory, commands: Path) -> Iterator[Running]:
    """The server: a start takes longer than most stories."""
    with serving("--data-dir", tmp_path_factory.mktemp("journeys") / "data", commands=commands) as running:
        yield running


@pytest.fixture
def server(shared_server: Running) -> Iterator[Running]:
    """The server, whose tenant has nothing of the story before."""
    yield shared_server
    with shared_server.client() as client:
        client.post("/_fauxtune/v1/tenants/contoso/reset").raise_for_status()


@pytest.fixture
def own_server(tmp_path: Path, commands: Path) -> Iterator[Running]:
    """A server for one story, which ends it or deletes its tenant."""
    with serving("--data-dir", tmp_path / "data", commands=commands) as running:
        yield running


@pytest.fixture
async def administrator(server: Running) -> AsyncIterator[Administrator]:
    async with administrator_of(server) as signed_in:
        yield signed_in


@pytest.fixture
async def enrol_agent(server: Running, administrator: Administrator) -> AsyncIterator[AgentEnroller]:
    async with Transport(ca=Path(server.endpoints["caFile"]).read_bytes()) as transport:
        yield AgentEnroller(server, administrator, transport)
