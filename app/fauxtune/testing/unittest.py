"""Fauxtune for `unittest`: a server for the process, and a tenant for each test."""

from __future__ import annotations

import unittest
from collections.abc import Mapping
from typing import Any, ClassVar

from fauxtune.testing.devices import Devices
from fauxtune.testing.server import Server
from fauxtune.testing.tenant import Tenant


class TestCase(unittest.TestCase):
    """A test case whose tests have `self.fauxtune` (the server), `self.tenant` and `self.devices`.

    All classes of the process use one server, which the first of them starts; the variable FAUXTUNE_URL names one that
    is running. With pytest it is that of the run. `seed`, `edition` and `state` of a class are those of
    `Server.tenant`.
    """

    seed: ClassVar[str | Mapping[str, Any] | None] = None
    edition: ClassVar[str | None] = None
    state: ClassVar[str | None] = None
    fauxtune: ClassVar[Server]
    #: By this pytest's plugin knows that it uses the server of the process.
    uses_fauxtune: ClassVar[bool] = True
    tenant: Tenant

    @classmethod
    def setUpClass(cls) -> None:
        """Start the server of the process if it is the first class."""
        super().setUpClass()
        cls.fauxtune = Server.of_process()

    def setUp(self) -> None:
        """Create the tenant of the test; it is deleted at the test's end."""
        super().setUp()
        self.tenant = self.fauxtune.tenant(self.seed, edition=self.edition, state=self.state)
        self.addCleanup(self.tenant.delete)

    @property
    def devices(self) -> Devices:
        """The simulated devices of the test's tenant."""
        return self.tenant.devices
