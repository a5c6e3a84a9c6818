"""A server for tests: started for the run or running elsewhere, with tenants that tests make and delete.

There is one for all processes of a run, found by a file in a shared folder. It is started only on POSIX systems, as the
server itself. The server's parent is a `keeper`, which ends it when the process that owns the run has ended, even if
that was killed.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import httpx

from fauxtune.core.model.addresses import SERVER
from fauxtune.testing.parts import Background
from fauxtune.testing.tenant import Tenant
from fauxtune_client.endpoints import SERVER_ID, ClientError
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
        self,
        url: str,
        *,
        ca_file: Path | None,
        control_token: str | None = None,
        folder: Path | None = None,
        server_id: str | None = None,
    ) -> None:
        """Use `Server.start` or `Server.at`. `folder`: that of a server which ends with this object. `server_id`: the
        id of the server that must answer.
        """
        self.url = url.rstrip("/")
        self.server_id = server_id
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
        return cls(
            document["https"],
            ca_file=Path(document["caFile"]),
            folder=folder if ends else None,
            server_id=document["serverId"],
        )

    @staticmethod
    def stop_shared(folder: Path) -> None:
        """End the server of a shared folder, if one was started there."""
        if folder.exists():
            stop(folder)

    @classmethod
    def at(cls, url: str, *, ca_file: str | Path | None = None, control_token: str | None = None) -> Server:
        """Return a server that is running at this address; it stays when the tests end.

        `ca_file` (default: FAUXTUNE_CA) is the certificate to trust, `control_token` (default: FAUXTUNE_CONTROL_TOKEN)
        what its control surface asks for. Raises ServerNotStarted if it does not answer as a Fauxtune server, or has
        another id than FAUXTUNE_SERVER_ID names.
        """
        chosen = ca_file or os.environ.get("FAUXTUNE_CA")
        token = control_token or os.environ.get("FAUXTUNE_CONTROL_TOKEN")
        if chosen is not None and not Path(chosen).is_file():
            raise ServerNotStarted(f"There is no file {chosen}: name the CA of the server at {url}.")
        server = cls(
            url,
            ca_file=None if chosen is None else Path(chosen).absolute(),
            control_token=token or None,
            server_id=os.environ.get(SERVER_ID),
        )
        try:
            state = readiness(server.client(tenant="").server)
        except ClientError as failed:
            server.close()
            raise ServerNotStarted(f"There is no Fauxtune server at {url}: {failed}") from None
        if not state.is_ready:
            server.close()
            raise ServerNotStarted(state.sentence)
        server.server_id = state.server_id
        return server

    @staticmethod
    def of_process() -> Server:
        """Return the server of this process: the one that is lent to it, else the one that the variable FAUXTUNE_URL
        names, or one that this call starts; it ends with the process. Raises ServerNotStarted.
        """
        if not _OF_PROCESS:
            url = os.environ.get("FAUXTUNE_URL")
            _OF_PROCESS.append(Server.start() if url is None else Server.at(url))
            atexit.register(_OF_PROCESS[0].close)
        return _OF_PROCESS[-1]

    @contextmanager
    def lent_to_process(self) -> Iterator[None]:
        """Be the server of this process until the end of the block."""
        _OF_PROCESS.append(self)
        try:
            yield
        finally:
            _OF_PROCESS.remove(self)

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
        deterministic: int | None = None,
    ) -> Tenant:
        """Create a tenant with an id, a domain and a secret of its own; `with` deletes it at the end of the block.

        `seed` is "contoso" (the default: alice, bob and carol, in the group "All Staff"), "none", a seed document, or
        the path of its file; `keys` "shared" lets test tenants share private keys, so that one is made in
        milliseconds (None: keys that no other tenant has). `state` is a sentence, or several, which it reaches with
        `params`. `deterministic` is a number that all chance of the tenant comes from: ids, keys, tokens.
        """
        return Tenant.create(
            self, seed=seed, edition=edition, keys=keys, state=state, params=params, deterministic=deterministic
        )

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
            server_id=self.server_id,
        )
        # One try: a test must see at once what a fault of its own did to its preparations.
        return Client(endpoints, control_token=self._control_token, http=self._http, tries=1)

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every request: only this server answers, not one that has its port later."""
        return {} if self.server_id is None else {SERVER: self.server_id}

    @property
    def background(self) -> Background:
        """The event loop of the simulated devices."""
        return self._background

    @property
    def pool(self) -> DevicePool:
        """The simulated devices of this process, of all tenants of this server."""
        if self._pool is None:
            from fauxtune_sim.hosting.pool import DevicePool  # here: it locks folders, which only POSIX systems can

            ca = None if self.ca_file is None else self.ca_file.read_bytes()
            self._pool = DevicePool(self.url, ca=ca, server_id=self.server_id, keys=_RING)
        return self._pool


#: The servers of this process, of which the last one is used.
_OF_PROCESS: list[Server] = []


def _check_system() -> None:
    if os.name == "nt":
        raise ServerNotStarted(
            "The server needs Linux or macOS. On Windows start it in WSL or in a container, and name its address: "
            "--fauxtune-url https://localhost:8443, or Server.at(url)."
        )


_INTERVAL = 0.02
#: Seconds until a server must be ready: a machine under load needs ten.
_LONGEST_START = 120.0
_LONGEST_END = 20.0
#: Lines of the server's log that an error shows.
_LINES = 15


class NotStarted(Exception):
    """The server did not start; the text has its last lines."""


def started(folder: Path, *, owner: int, arguments: Sequence[str]) -> dict[str, Any]:
    """Return the document of the server of this folder, after starting it if no process of the run has done so yet.

    `owner` is the process with which the server ends at the latest. Raises NotStarted.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(folder / "lock"):
        if not (folder / "server.json").exists():
            _start(folder, owner=owner, arguments=arguments)
        return _document(folder)


def stop(folder: Path) -> None:
    """End the server of this folder, if there is one, and delete the folder."""
    if not folder.exists():
        return
    (folder / "stop").touch()
    ends = time.monotonic() + _LONGEST_END
    while (folder / "server.json").exists() and not (folder / "ended").exists() and time.monotonic() < ends:
        time.sleep(_INTERVAL)
    shutil.rmtree(folder, ignore_errors=True)


def last_lines(folder: Path) -> str:
    """Return the last lines of the server's log."""
    try:
        text = (folder / "log").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-_LINES:])


def _start(folder: Path, *, owner: int, arguments: Sequence[str]) -> None:
    keeper = Path(__file__).with_name("keeper.py")
    # -P: a folder of tests with the name of a module must not be imported by the server.
    server = [sys.executable, "-P", "-m", "fauxtune", "serve", "--output", "json", *arguments]
    subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-I", "-S", str(keeper), str(folder), str(owner), *server],
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        check=True,
    )


def _document(folder: Path) -> dict[str, Any]:
    """Wait for the server's first line, and return it. Raises NotStarted."""
    ends = time.monotonic() + _LONGEST_START
    while time.monotonic() < ends:
        document = _read(folder / "server.json")
        if document is not None:
            return document
        if (folder / "ended").exists():
            code = (folder / "ended").read_text(encoding="ascii")
            raise NotStarted(f"the server ended with exit code {code} before it was ready:\n{last_lines(folder)}")
        time.sleep(_INTERVAL)
    raise NotStarted(f"the server was not ready after {_LONGEST_START:g} seconds:\n{last_lines(folder)}")


def _read(file: Path) -> dict[str, Any] | None:
    try:
        line, newline, _ = file.read_text(encoding="utf-8").partition("\n")
    except FileNotFoundError:
        return None
    return json.loads(line) if newline else None


def _environment() -> dict[str, str]:
    """The environment without settings of another server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FAUXTUNE_")}
    return {**kept, "COLUMNS": "200"}


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Hold a lock that the system releases when this process ends."""
    import fcntl  # here: only POSIX systems have it, and with a server elsewhere tests run on others

    with file.open("wb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
