"""A server that a program is a client of: found by its URL, or by the `endpoints.json` in its data folder; who signs in
there, and how requests fail. Reading this loads no library for HTTP.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl

#: The variable that names the server which is at the address of another variable, or of an option.
SERVER_ID = "FAUXTUNE_SERVER_ID"
#: The tenant that every server has by default.
_SEEDED = {
    "tenant": "contoso",
    "clientId": "c0ffee00-0000-4000-8000-00000000a991",
    "clientSecret": "fauxtune-not-a-secret",
}


class ClientError(Exception):
    """A command could not be done; the message is for the person who gave it."""


class Refused(ClientError):
    """The server refused the request, with this HTTP status and these headers, and for this reason."""

    def __init__(
        self, message: str, *, status: int, reason: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason or message
        self.headers = headers or {}


class Unreachable(ClientError):
    """The server did not answer: the next request would fail as well."""


@dataclass(frozen=True, slots=True)
class Server:
    """The addresses of a server, and the credentials there. URLs end without a slash; without a CA file the system's
    authorities are trusted.
    """

    https: str
    http: str | None
    control: str
    ca_file: Path | None
    tenant: str
    tenant_id: str | None
    client_id: str
    client_secret: str = field(repr=False)
    #: The id of the only server that is to answer; None: whichever does.
    server_id: str | None = None

    @property
    def has_seeded_secret(self) -> bool:
        """Whether the secret is the one that the documentation has, for want of the server's own."""
        return self.client_secret == _SEEDED["clientSecret"]

    def signing_in_as(
        self, *, tenant: str | None = None, client_id: str | None = None, client_secret: str | None = None
    ) -> Server:
        """Return this server with another tenant or application."""
        return replace(
            self,
            tenant=tenant or self.tenant,
            tenant_id=tenant or self.tenant_id,
            client_id=client_id or self.client_id,
            client_secret=client_secret or self.client_secret,
        )


@dataclass(frozen=True, slots=True)
class User:
    """A user who signs in with a password. `organizations`: the authority finds the tenant by the name's domain."""

    name: str
    password: str = field(repr=False)
    tenant: str = "organizations"


def find(*, data_dir: Path, url: str | None = None, ca: Path | None = None) -> Server:
    """Return the server at `url`, else the one that runs on `data_dir`. Raises ClientError if it does not exist.

    The CA and credentials in the folder are used for `url` too if it is the same server, else the seeded credentials.
    The server must have the id that FAUXTUNE_SERVER_ID names for `url`, else the one in the folder.
    """
    server_id = None if url is None else os.environ.get(SERVER_ID)
    known = _read(data_dir)
    if url is None:
        if known is None:
            raise ClientError(
                f"No server is running on {data_dir} (there is no {data_dir / 'endpoints.json'}). Start one with "
                "`fauxtune serve`, or name a running one with --data-dir, or with --url and --ca."
            )
        _check_alive(known, data_dir)
        url = str(known["https"])
    url = url.rstrip("/")
    if known is None or known.get("https") != url:
        known = {}
    ca_file = ca or (Path(str(known["caFile"])) if known.get("caFile") else None)
    return Server(
        https=url,
        http=known.get("http"),
        control=str(known.get("control") or f"{url}/_fauxtune/v1"),
        ca_file=ca_file,
        tenant=str(known.get("tenant") or _SEEDED["tenant"]),
        tenant_id=known.get("tenantId"),
        client_id=str(known.get("clientId") or _SEEDED["clientId"]),
        client_secret=str(known.get("clientSecret") or _SEEDED["clientSecret"]),
        server_id=server_id or known.get("serverId"),
    )


def tls_context(authorities: Path | None) -> ssl.SSLContext:
    """Return the context that trusts a CA file (None: the system's authorities). Raises ClientError for a bad file."""
    import ssl

    try:
        return ssl.create_default_context(cafile=None if authorities is None else str(authorities))
    except (OSError, ssl.SSLError) as error:
        raise ClientError(f"The CA file {authorities} cannot be used: {error}") from None


def ca_file(*, data_dir: Path, ca: Path | None = None) -> Path:
    """Return the CA file, also of a server that is not running. Raises ClientError if it does not exist."""
    known = _read(data_dir) or {}
    file = ca or Path(str(known.get("caFile") or data_dir / "tls" / "ca.pem"))
    if not file.exists():
        raise ClientError(f"There is no {file}: start a server on {data_dir} once, which makes it.")
    return file.absolute()


def _read(data_dir: Path) -> dict[str, Any] | None:
    file = data_dir / "endpoints.json"
    if not file.exists():
        file = _elsewhere(data_dir) / "endpoints.json"
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ClientError(f"{file} cannot be read: {error}") from None
    if not isinstance(document, dict) or not isinstance(document.get("https"), str):
        raise ClientError(f"{file} does not describe a server.")
    return document


def _elsewhere(data_dir: Path) -> Path:
    """Return the data folder of the demonstration that was started here and runs, if there is one; else the folder
    itself. The demonstration has a temporary folder, and says in this one where that is.
    """
    try:
        return Path(str(json.loads((data_dir / "elsewhere.json").read_text(encoding="utf-8"))["dataDir"]))
    except (OSError, ValueError, KeyError, TypeError):
        return data_dir


def _check_alive(known: dict[str, Any], data_dir: Path) -> None:
    pid = known.get("pid")
    if sys.platform == "win32":
        return  # no server runs there; and signal 0 would be Ctrl-C for this console
    try:
        if isinstance(pid, int):
            os.kill(pid, 0)
    except ProcessLookupError:
        raise ClientError(
            f"No server is running on {data_dir}: process {pid}, which wrote its endpoints.json, has ended."
        ) from None
    except OSError:
        pass  # it is running, under another user
