"""A server of its own for each story, its administrator, and devices that join."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from fauxtune_sim.transport import Transport
from tests.support.administrator import Administrator, AgentEnroller
from tests.support.running_server import Running, serving


@pytest.fixture
def server(tmp_path: Path, commands: Path) -> Iterator[Running]:
    with serving("--data-dir", tmp_path / "data", commands=commands) as running:
        yield running


@pytest.fixture
async def administrator(server: Running) -> AsyncIterator[Administrator]:
    async with httpx.AsyncClient(base_url=server.https, verify=server.trusting(), timeout=60) as graph:
        form = {
            "grant_type": "client_credentials",
            "client_id": server.endpoints["clientId"],
            "client_secret": server.endpoints["clientSecret"],
            "scope": "https://graph.microsoft.com/.default",
        }
        answer = (await graph.post("/contoso/oauth2/v2.0/token", data=form)).raise_for_status()
        graph.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        yield Administrator(graph)


@pytest.fixture
async def enrol_agent(server: Running, administrator: Administrator) -> AsyncIterator[AgentEnroller]:
    async with Transport(ca=Path(server.endpoints["caFile"]).read_bytes()) as transport:
        yield AgentEnroller(server, administrator, transport)
