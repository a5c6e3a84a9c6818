"""A server of its own for each story, its administrator, and devices that join."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from fauxtune_sim.server.transport import Transport
from tests.support.administrator import Administrator, AgentEnroller, administrator_of
from tests.support.running_server import Running, serving


@pytest.fixture
def server(tmp_path: Path, commands: Path) -> Iterator[Running]:
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
