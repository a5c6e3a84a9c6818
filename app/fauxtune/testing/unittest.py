"""Fauxtune for `unittest`: a server for the process, and a tenant for each test."""

from __future__ import annotations

import atexit
import os
import unittest
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from fauxtune.testing.devices import Devices
from fauxtune.testing.server import Server
from fauxtune.testing.tenant import Tenant


class ServedTestCase(unittest.TestCase):
    """A test case whose tests have `self.fauxtune`, the server of the process."""

    fauxtune: ClassVar[Server]

    @classmethod
    def setUpClass(cls) -> None:
        """Start the server of the process if it is the first class."""
        super().setUpClass()
        cls.fauxtune = SERVER.get()


class TestCase(ServedTestCase):
    """A test case whose tests have `self.fauxtune` (the server), `self.tenant` and `self.devices`.

    All classes of the process use one server, which the first of them starts; the variable FAUXTUNE_URL names one that
    is running. With pytest it is that of the run. `seed`, `edition` and `state` of a class are those of
    `Server.tenant`.
    """

    seed: ClassVar[str | Mapping[str, Any] | None] = None
    edition: ClassVar[str | None] = None
    state: ClassVar[str | None] = None
    tenant: Tenant

    def setUp(self) -> None:
        """Create the tenant of the test; it is deleted at the test's end."""
        super().setUp()
        self.tenant = self.fauxtune.tenant(self.seed, edition=self.edition, state=self.state)
        self.addCleanup(self.tenant.delete)

    @property
    def devices(self) -> Devices:
        """The simulated devices of the test's tenant."""
        return self.tenant.devices


class _OfProcess:
    """The server of this process."""

    def __init__(self) -> None:
        self._server: Server | None = None

    def get(self) -> Server:
        """Return it; the first call starts it, unless one was lent."""
        if self._server is None:
            url = os.environ.get("FAUXTUNE_URL")
            self._server = Server.start() if url is None else Server.at(url)
            atexit.register(self._server.close)
        return self._server

    @contextmanager
    def lent(self, server: Server) -> Iterator[None]:
        """Let a server that somebody else ends be that of this process until the end of the block."""
        before, self._server = self._server, server
        try:
            yield
        finally:
            self._server = before


SERVER = _OfProcess()
