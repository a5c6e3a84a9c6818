"""Asking a server whether it is ready, once or until it is: `/readyz`.

It stands only on the standard library: a container asks every few seconds, and a quick answer costs it little.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from fauxtune_client.endpoints import SERVER_ID, ClientError, Server, tls_context

_TIMEOUT_SECONDS = 10.0
_PAUSE_SECONDS = 0.1
#: More than the list of what a start waits for ever is.
_LARGEST_ANSWER = 64 * 1024


@dataclass(frozen=True, slots=True)
class Readiness:
    """What a server answered: `missing` is empty if it is ready; `server_id` is None of one that has no id."""

    https: str
    missing: tuple[str, ...] = ()
    server_id: str | None = None

    @property
    def is_ready(self) -> bool:
        """Whether the server answers requests."""
        return not self.missing

    @property
    def sentence(self) -> str:
        """What the answer means, for people."""
        return f"{self.https} is ready." if self.is_ready else f"{self.https} is not ready: {', '.join(self.missing)}."


def readiness(server: Server, *, seconds: float = _TIMEOUT_SECONDS) -> Readiness:
    """Return whether the server is ready, and what it still waits for. Raises ClientError if it does not answer, or if
    another server does than the one that is meant.
    """
    url = f"{server.https}/readyz"
    status, body = _get(url, server, seconds=seconds)
    try:
        document = json.loads(body) if status in {200, 503} else None
    except (ValueError, RecursionError):
        document = None
    known = document if isinstance(document, dict) else {}
    missing, server_id = known.get("notReady"), known.get("serverId")
    if not isinstance(missing, list) or bool(missing) is (status == 200):
        raise ClientError(f"{url} answered {status}: check that this is a Fauxtune server.")
    if server.server_id is not None and server_id != server.server_id:
        raise ClientError(
            f"{server.https} is the server {server_id}, not {server.server_id}, which {SERVER_ID} or the data folder "
            "names: another server has its port now."
        )
    return Readiness(server.https, tuple(map(str, missing)), server_id)


def wait_until_ready(
    find: Callable[[], Server], *, seconds: float, report: Callable[[str], None] = lambda _reason: None
) -> Readiness:
    """Return as soon as the server that `find` names is ready, or what is missing after so many seconds.

    `find` is called again for each try: a server that starts has no address in its data folder yet. `report` gets each
    reason for waiting, once. Raises ClientError with the last reason if there was no answer at all.
    """
    end = time.monotonic() + seconds
    last = ""
    while True:
        left = end - time.monotonic()
        try:
            answer = readiness(find(), seconds=min(max(left, _PAUSE_SECONDS), _TIMEOUT_SECONDS))
        except ClientError as error:
            if left <= 0:
                raise ClientError(f"Not ready after {seconds:g} seconds. {error}") from None
            reason = str(error)
        else:
            if answer.is_ready or left <= 0:
                return answer
            reason = answer.sentence
        if reason != last:
            report(reason)
            last = reason
        time.sleep(min(_PAUSE_SECONDS, max(left, 0.0)))


def _get(url: str, server: Server, *, seconds: float) -> tuple[int, bytes]:
    """The status and the body of the answer."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        port, host, parts = None, None, urlsplit("")
    if not host or parts.scheme not in {"http", "https"}:
        raise ClientError(f"{server.https} is not a valid address: it must begin with https:// and a host.")
    connection: http.client.HTTPConnection
    if parts.scheme == "http":
        connection = http.client.HTTPConnection(host, port, timeout=seconds)
    else:
        connection = http.client.HTTPSConnection(host, port, timeout=seconds, context=tls_context(server.ca_file))
    try:
        connection.request("GET", parts.path, headers={"Accept": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read(_LARGEST_ANSWER)
    except ssl.SSLCertVerificationError as error:
        raise ClientError(
            f"Cannot connect to {url}: {error.verify_message}. Name the CA of the server with --ca, or its data folder "
            "with --data-dir."
        ) from None
    except (OSError, http.client.HTTPException) as error:
        raise ClientError(
            f"Cannot connect to {url}: {error or type(error).__name__}. Check that it is running."
        ) from None
    finally:
        connection.close()
