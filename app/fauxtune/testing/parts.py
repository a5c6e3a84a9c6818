"""What the parts of the test library share: people and groups, what was waited for, and what each part knows of a
tenant and its server.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import ssl

    from azure.identity import ClientSecretCredential

    from fauxtune.testing.background import Background
    from fauxtune_client.http import Client
    from fauxtune_sim.hosting.pool import DevicePool


class NotReached(AssertionError):
    """What a test waited for did not come to be in time."""


@dataclass(frozen=True, slots=True)
class User:
    """A user of a tenant. `name` is the userPrincipalName."""

    id: str
    name: str
    mail: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Group:
    """A group of a tenant."""

    id: str
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Waiting:
    """A device that has not settled: its name, and what it waits for."""

    device: str
    why: str


class Serving(Protocol):
    """A tenant's server: see `fauxtune.testing.Server`."""

    url: str
    ca_file: Path | None
    ssl_context: ssl.SSLContext

    @property
    def background(self) -> Background:
        """The thread in which devices live."""
        ...

    @property
    def pool(self) -> DevicePool:
        """The simulated devices."""
        ...

    def client(self, *, tenant: str, client_id: str = "", client_secret: str = "") -> Client:
        """Return a client that signs in to a tenant as an application."""
        ...


class Tenancy(Protocol):
    """A tenant, as its parts use it: see `fauxtune.testing.Tenant`."""

    server: Serving
    id: str
    graph_url: str
    user_password: str

    @property
    def credential(self) -> ClientSecretCredential:
        """A credential of azure-identity for the tenant's application."""
        ...

    def token(self) -> str:
        """Return an access token for Graph."""
        ...

    def person(self, user: str | User) -> User:
        """Return the user of this name."""
        ...

    def group(self, name: str, members: Iterable[str | User] = ()) -> Group:
        """Return the group of this name, made if missing, with these members added."""
        ...
