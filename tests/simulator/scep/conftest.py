"""A SCEP authority that listens, for simulated devices."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.support.scep import DeviceCa, Scep

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa


@dataclass(frozen=True, slots=True)
class Listening:
    """The authority and its address."""

    scep: Scep
    url: str


@pytest.fixture
async def listening(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> AsyncIterator[Listening]:
    """A running SCEP authority."""
    scep, app = Scep(DeviceCa(raw_rsa_keys[0], raw_rsa_keys[1])), web.Application()
    app.router.add_route("*", "/scep", scep.answer)
    running = TestServer(app)
    await running.start_server(max_line_size=65_534)  # IIS, as NDES sets it up
    yield Listening(scep, str(running.make_url("/scep")))
    await running.close()
