"""Programs that nobody here wrote."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.interop.programs import OpenSsl, openssl_in
from tests.support.running_server import Running, serving

if TYPE_CHECKING:
    from tests.interop.sdk import Sdk, ServedTenant


@pytest.fixture
def openssl(tmp_path: Path) -> OpenSsl:
    """`openssl(*arguments, input=None)` runs in `tmp_path` and returns what was written to both outputs' standard one.

    A run that fails is an AssertionError with its words; with `fails=True` it must fail, and its words are returned.
    Modules that use it are marked `program("openssl")`, which says what to install where it is missing.
    """

    return openssl_in(tmp_path)


@pytest.fixture(scope="session")
def server(commands: Path) -> Iterator[Running]:
    """A real server in a process of its own, with the tenant `contoso`, for all that only talk to it."""
    with serving("--ephemeral", commands=commands) as running:
        yield running


@pytest.fixture(scope="module")
def served_tenant(server: Running) -> Iterator[ServedTenant]:
    """A tenant of the module's own: alice, bob and carol, and the groups All Staff and SMIME Pilot."""
    from tests.interop.sdk import new_tenant  # here: the SDKs load for seconds

    with new_tenant(server) as made:
        yield made


@pytest.fixture(params=["v1.0", "beta"])
async def sdk(request: pytest.FixtureRequest, served_tenant: ServedTenant) -> AsyncIterator[Sdk]:
    """Microsoft's SDK of each version in turn, as the tenant's application."""
    from tests.interop.sdk import both

    async with both(request.param, served_tenant) as opened:
        yield opened
