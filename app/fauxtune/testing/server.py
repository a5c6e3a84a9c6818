"""A server for tests: started for the run or running elsewhere, with tenants that tests make and delete."""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import httpx

from fauxtune.testing.background import Background
from fauxtune.testing.tenant import Tenant
from fauxtune_client.endpoints import ClientError
from fauxtune_client.endpoints import Server as Endpoints
from fauxtune_client.http import Client
from fauxtune_client.readiness import readiness

if TYPE_CHECKING:
    from fauxtune_sim.hosting.pool import DevicePool

_TIMEOUT_SECONDS = 30.0
#: Keys of the ring from which simulated devices take their identity keys.
_RING = 4


class ServerNotStarted(Exception):
    """The server did not start. The text says why, with the server's own last lines."""


class Server:
    """A Fauxtune server that tests use.

    `url` is its HTTPS origin without a trailing slash; `ca_file` the certificate to trust, or None if the system
    trusts it.
    """

    def __init__(
        self, url: str, *, ca_file: Path | None, control_token: str | None = None, folder: Path | None = None
    ) -> None:
        """Use `Server.start` or `Server.at`. `folder`: that of a server which ends with this object."""
        self.url = url.rstrip("/")
        self.ca_file = ca_file
        self.ssl_context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
        self._folder = folder
        self._control_token = control_token
        self._http = httpx.Client(verify=self.ssl_context, timeout=_TIMEOUT_SECONDS, trust_env=False)
        self._background = Background()
        self._pool: DevicePool | None = None

    @classmethod
    def start(
        cls,
        *,
        database: str | None = None,
        data: Path | None = None,
        port: int = 0,
        edition: str | None = None,
        arguments: Sequence[str] = (),
    ) -> Server:
        """Start a server of its own with temporary data, and end it with `close` or with the block.

        `database` is the address of a PostgreSQL database, empty or used before with the same folder `data`, which has
        its private keys (default: a temporary one, and SQLite). `port` 0 takes a free one; `arguments` are further ones
        of `fauxtune serve`. If this process is killed, the server ends by itself. Raises ServerNotStarted.
        """
        _check_system()
        folder = Path(tempfile.mkdtemp(prefix="fauxtune-test-"))
        further = [*arguments, *(("--edition", edition) if edition is not None else ())]
        return cls.shared(
            folder, owner=os.getpid(), database=database, data=data, port=port, arguments=further, ends=True
        )

    @classmethod
    def shared(
        cls,
        folder: Path,
        *,
        owner: int,
        database: str | None = None,
        data: Path | None = None,
        port: int = 0,
        arguments: Sequence[str] = (),
        ends: bool = False,
    ) -> Server:
        """Return the server of a folder that several processes share; the first of them starts it.

        It ends with the process `owner`, with `stop_shared`, or, if `ends`, with this object. Raises ServerNotStarted.
        """
        _check_system()
        from fauxtune.testing.process import NotStarted, started, stop

        chosen = ["--port", str(port), "--http-port", "0", *arguments]
        if database is None and data is None:
            chosen.append("--ephemeral")
        else:
            chosen += ["--data-dir", str(data or folder / "data")]
            chosen += [] if database is None else ["--database-url", database]
        try:
            document = started(folder, owner=owner, arguments=chosen)
        except NotStarted as failed:
            if ends:
                stop(folder)
            raise ServerNotStarted(f"Fauxtune did not start: {failed}") from None
        return cls(document["https"], ca_file=Path(document["caFile"]), folder=folder if ends else None)

    @staticmethod
    def stop_shared(folder: Path) -> None:
        """End the server of a shared folder, if one was started there."""
        if folder.exists():
            from fauxtune.testing.process import stop

            stop(folder)

    @classmethod
    def at(cls, url: str, *, ca_file: str | Path | None = None, control_token: str | None = None) -> Server:
        """Return a server that is running at this address; it stays when the tests end.

        `ca_file` (default: FAUXTUNE_CA) is the certificate to trust, `control_token` (default: FAUXTUNE_CONTROL_TOKEN)
        what its control surface asks for. Raises ServerNotStarted if it does not answer as a Fauxtune server.
        """
        chosen = ca_file or os.environ.get("FAUXTUNE_CA")
        token = control_token or os.environ.get("FAUXTUNE_CONTROL_TOKEN")
        if chosen is not None and not Path(chosen).is_file():
            raise ServerNotStarted(f"There is no file {chosen}: name the CA of the server at {url}.")
        server = cls(url, ca_file=None if chosen is None else Path(chosen).absolute(), control_token=token or None)
        try:
            state = readiness(server.client(tenant="").server)
        except ClientError as failed:
            server.close()
            raise ServerNotStarted(f"There is no Fauxtune server at {url}: {failed}") from None
        if not state.is_ready:
            server.close()
            raise ServerNotStarted(state.sentence)
        return server

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def tenant(
        self,
        seed: str | Path | Mapping[str, Any] | None = None,
        *,
        edition: str | None = None,
        keys: str | None = "shared",
        state: str | Sequence[str] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> Tenant:
        """Create a tenant with an id, a domain and a secret of its own; `with` deletes it at the end of the block.

        `seed` is "contoso" (the default: alice, bob and carol, in the group "All Staff"), "none", a seed document, or
        the path of its file; `keys` "shared" lets test tenants share private keys, so that one is made in
        milliseconds (None: keys that no other tenant has). `state` is a sentence, or several, which it reaches with
        `params`.
        """
        return Tenant.create(self, seed=seed, edition=edition, keys=keys, state=state, params=params)

    def close(self) -> None:
        """Disconnect all simulated devices, and end the server if this object started it."""
        if self._pool is not None:
            self._background.run(self._pool.close())
            self._pool = None
        self._background.close()
        self._http.close()
        if self._folder is not None:
            self.stop_shared(self._folder)

    def client(self, *, tenant: str, client_id: str = "", client_secret: str = "") -> Client:
        """Return a client of this server's control surface and Graph, for a tenant and its application."""
        endpoints = Endpoints(
            https=self.url,
            http=None,
            control=f"{self.url}/_fauxtune/v1",
            ca_file=self.ca_file,
            tenant=tenant,
            tenant_id=tenant,
            client_id=client_id,
            client_secret=client_secret,
        )
        # One try: a test must see at once what a fault of its own did to its preparations.
        return Client(endpoints, control_token=self._control_token, http=self._http, tries=1)

    @property
    def background(self) -> Background:
        """The event loop of the simulated devices."""
        return self._background

    @property
    def pool(self) -> DevicePool:
        """The simulated devices of this process, of all tenants of this server."""
        if self._pool is None:
            from fauxtune_sim.hosting.pool import DevicePool

            ca = None if self.ca_file is None else self.ca_file.read_bytes()
            self._pool = DevicePool(self.url, ca=ca, keys=_RING)
        return self._pool


def _check_system() -> None:
    if os.name == "nt":
        raise ServerNotStarted(
            "The server needs Linux or macOS. On Windows start it in WSL or in a container, and name its address: "
            "--fauxtune-url https://localhost:8443, or Server.at(url)."
        )
