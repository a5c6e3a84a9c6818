"""The test library in this process, against a server that it starts itself; its plugin is tested in other processes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fauxtune.testing import Server, Tenant


@pytest.fixture(scope="module")
def server(preloaded_modules: None) -> Iterator[Server]:
    """A server of the library's own, preloaded: tests of starts make servers themselves."""
    with Server.start() as server:
        yield server


@pytest.fixture
def tenant(server: Server) -> Iterator[Tenant]:
    """A tenant for one test."""
    with server.tenant() as tenant:
        yield tenant
