"""Find a running server: named on the command line, named by the environment, or described in a data folder.

A server writes `<data-dir>/endpoints.json` when it is ready:
`{"serverId","https","http","control","console","caFile","dataDir","tenant","tenantId","clientId","clientSecret","pid"}`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from fauxtune_sim.errors import NotFoundHere, StateBroken

DEFAULT_DATA_DIR = ".fauxtune"
#: A file in the default folder: the demonstration says there where its own data folder is. `{"dataDir"}`
ELSEWHERE = "elsewhere.json"
_DEFAULT_TENANT = "contoso"


@dataclass(frozen=True, slots=True)
class Server:
    """The addresses of a server. URLs have no trailing slash; `ca_file` None means the system's authorities.
    `is_described`: a data folder, or FAUXTUNE_URL, shows that it is a Fauxtune server, which has a control surface.
    """

    url: str
    control: str
    ca_file: Path | None
    tenant: str
    is_described: bool = False
    #: The id of the only server that is to answer; None: whichever does.
    server_id: str | None = None

    @property
    def demands(self) -> dict[str, str]:
        """Its id by its address; nothing if any server may answer."""
        return {} if self.server_id is None else {self.url: self.server_id}


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """The options of the command line that name a server; None for an option that was not used."""

    server: str | None = None
    ca: Path | None = None
    tenant: str | None = None
    data_dir: Path | None = None


def find_server(options: ServerOptions, environment: Mapping[str, str] | None = None) -> Server:
    """The server by the options, else by `FAUXTUNE_SERVER` or `_URL`, `_CA`, `_TENANT`, `_DATA_DIR`, else the one of
    `.fauxtune`. CA and tenant of a data folder are used only if the folder describes the same server.
    """
    env = os.environ if environment is None else environment
    folder = options.data_dir or Path(env.get("FAUXTUNE_DATA_DIR") or DEFAULT_DATA_DIR)
    named = env.get("FAUXTUNE_URL")  # what `fauxtune env` prints, and a seat's card
    is_chosen = options.data_dir is not None  # on the command line: it comes before variables
    url = options.server or (None if is_chosen else env.get("FAUXTUNE_SERVER") or named)
    known, is_given = _endpoints(folder), url is not None
    if url is None:
        if known is None:
            raise NotFoundHere(
                f"no server was named, and {folder / 'endpoints.json'} does not exist: "
                "start one with `fauxtune serve`, or name it with --server and --ca, or --data-dir"
            )
        url = str(known["https"])
    url = url.rstrip("/")
    if known is None or url != known["https"]:
        known = {}
    ca = options.ca or (None if is_chosen else env.get("FAUXTUNE_CA")) or known.get("caFile")
    return Server(
        url=url,
        control=str(known.get("control") or f"{url}/_fauxtune/v1").rstrip("/"),
        ca_file=None if ca is None else Path(ca),
        tenant=options.tenant or env.get("FAUXTUNE_TENANT") or str(known.get("tenant") or _DEFAULT_TENANT),
        server_id=(env.get("FAUXTUNE_SERVER_ID") if is_given else None) or known.get("serverId"),
        is_described=bool(known) or (named is not None and url == named.rstrip("/")),
    )


def _endpoints(folder: Path) -> dict[str, Any] | None:
    path = folder / "endpoints.json"
    if not path.exists():
        path = _elsewhere(folder) / "endpoints.json"
    try:
        document = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, orjson.JSONDecodeError) as damaged:
        raise StateBroken(f"{path} cannot be read: {damaged}") from damaged
    if not isinstance(document, dict) or not isinstance(document.get("https"), str):
        raise StateBroken(f"{path} does not describe a server")
    return document


def _elsewhere(folder: Path) -> Path:
    """The data folder of the demonstration that runs here, if there is one; else the folder itself."""
    try:
        return Path(orjson.loads((folder / ELSEWHERE).read_bytes())["dataDir"])
    except (OSError, KeyError, TypeError, orjson.JSONDecodeError):
        return folder
