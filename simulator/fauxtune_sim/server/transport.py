"""The devices' HTTP client: bytes or JSON over one aiohttp session, one TLS context, a timeout for every request.

aiohttp, as its requests cost a tenth of httpx's; one context, as creating one takes 6 ms.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

import aiohttp
import orjson

from fauxtune_sim.errors import AnswerBroken, NotFoundHere, OtherServer, ServerUnreachable

_JSON = "application/json"
#: Which server answers, and which one a request is for: Fauxtune's own header. Other servers do not have it.
_SERVER = "X-Fauxtune-Server"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: status, body, and headers (names in upper or lower case)."""

    status: int
    body: bytes
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; {} for an empty body. Raises AnswerBroken if it is anything else."""
        if not self.body:
            return {}
        try:
            document = orjson.loads(self.body)
        except orjson.JSONDecodeError as broken:
            raise AnswerBroken(f"{self.url} answered {self.status} with a body that is not JSON") from broken
        if not isinstance(document, dict):
            raise AnswerBroken(f"{self.url} answered {self.status} with JSON that is not an object")
        return document


def read_ca(path: Path) -> bytes:
    """Read the PEM file of the authorities to trust. Raises NotFoundHere if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as failed:
        raise NotFoundHere(f"the CA file {path} cannot be read: {failed.strerror}") from failed


class Transport:
    """An HTTP client for one server, or several with certificates of one authority.

    `ca` is PEM; None means the system's authorities. `roots` are further authorities (DER). `connections` is the most
    that may be open at once (0: no limit).
    Create it inside a running event loop, with `async with`.
    """

    def __init__(
        self,
        *,
        ca: bytes | None = None,
        roots: Sequence[bytes] = (),
        timeout: float = 30.0,
        connections: int = 0,
        demands: Mapping[str, str] | None = None,
    ) -> None:
        """`demands`: the id of the only server that is to answer, by its origin."""
        self.ca = ca
        self.demands = dict(demands or {})
        #: The id of the server that answered last, by its origin.
        self._answering: dict[str, str] = {}
        self._timeout = timeout
        connector = aiohttp.TCPConnector(ssl=_context(ca, roots), limit=connections, keepalive_timeout=30)
        self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    def demanding(self, demands: Mapping[str, str]) -> Transport:
        """Return this transport, its connections too, for who asks only these servers: ids by origin."""
        return self if demands == self.demands else _Demanding(self, demands)

    def server_at(self, origin: str) -> str | None:
        """The id of the server that answered last at this origin; None if it has none."""
        return self._answering.get(origin)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()
        # TLS connections are closed by callbacks in the loop's next rounds.
        await asyncio.sleep(0.05)

    async def get(self, url: str, *, bearer: str | None = None, timeout: float | None = None) -> Answer:
        """GET; every status is an answer. Raises ServerUnreachable without an answer."""
        return await self.send("GET", url, bearer=bearer, timeout=timeout)

    async def post(
        self, url: str, document: Any = None, *, bearer: str | None = None, timeout: float | None = None
    ) -> Answer:
        """POST a document as JSON, or an empty body; every status is an answer. Raises ServerUnreachable without it."""
        if document is None:
            return await self.send("POST", url, bearer=bearer, timeout=timeout)
        return await self.send(
            "POST", url, body=orjson.dumps(document), content_type=_JSON, bearer=bearer, timeout=timeout
        )

    async def send(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        content_type: str | None = None,
        headers: Mapping[str, str] | None = None,
        bearer: str | None = None,
        timeout: float | None = None,
    ) -> Answer:
        """Send a request; repeat it once if the server had closed the reused connection before it answered.

        Every status is an answer. Raises ServerUnreachable without an answer, OtherServer if another server refuses
        what is not for it (421).
        """
        sent_headers = self._demanded(url) | dict(headers or {})
        if content_type is not None:
            sent_headers["Content-Type"] = content_type
        if bearer is not None:
            sent_headers["Authorization"] = f"Bearer {bearer}"
        limit = aiohttp.ClientTimeout(total=self._timeout if timeout is None else timeout)
        for attempt in (1, 2):
            try:
                async with self._session.request(
                    method, url, data=body, headers=sent_headers, timeout=limit, allow_redirects=False
                ) as response:
                    received = await response.read()
                    self._check_server(response, _origin(url), demanded=sent_headers.get(_SERVER))
                    return Answer(status=response.status, body=received, url=url, headers=response.headers)
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as gone:
                if attempt == 2 or isinstance(gone, aiohttp.ClientConnectorError):
                    raise ServerUnreachable(_why(url, gone)) from gone
            except TimeoutError as late:
                raise ServerUnreachable(f"{url} did not answer within {limit.total:g} seconds") from late
            except (aiohttp.ClientError, ValueError) as failed:
                raise ServerUnreachable(_why(url, failed)) from failed
        raise AssertionError("the second attempt either answers or raises")

    def _demanded(self, url: str) -> dict[str, str]:
        """The header by which only the right server answers; none for an address where any may."""
        server_id = self.demands.get(_origin(url))
        return {} if server_id is None else {_SERVER: server_id}

    def _check_server(self, response: aiohttp.ClientResponse, origin: str, *, demanded: str | None) -> None:
        """Note which server has answered; raise OtherServer if that one refused what is for another."""
        answering = response.headers.get(_SERVER)
        if answering is not None:
            self._answering[origin] = answering
        if response.status == HTTPStatus.MISDIRECTED_REQUEST and answering != demanded is not None:
            raise OtherServer(f"{origin} is the server {answering}, not {demanded}: another server has its port now")


class _Demanding(Transport):
    """A transport of which one device demands its server, over the connections of another."""

    def __init__(self, transport: Transport, demands: Mapping[str, str]) -> None:
        self._transport = transport
        self.ca = transport.ca
        self.demands = dict(demands)

    def server_at(self, origin: str) -> str | None:
        """The id of the server that answered last at this origin."""
        return self._transport.server_at(origin)

    async def close(self) -> None:
        """Close every connection."""
        await self._transport.close()

    async def send(self, method: str, url: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> Answer:
        """Send a request to the right server."""
        return await self._transport.send(method, url, headers=self._demanded(url) | dict(headers or {}), **more)


def _origin(url: str) -> str:
    return "/".join(url.split("/", 3)[:3])


def _context(ca: bytes | None, roots: Sequence[bytes]) -> ssl.SSLContext | bool:
    """Return what trusts these authorities; True if they are only the system's, since aiohttp has such a context
    already, and to read some 150 authorities takes 30 ms.
    """
    if ca is None and not roots:
        return True
    try:
        context = ssl.create_default_context(cadata=None if ca is None else ca.decode("ascii"))
        for root in roots:
            context.load_verify_locations(cadata=root)
    except (ssl.SSLError, ValueError) as broken:
        raise NotFoundHere(f"the CA file holds no PEM certificates: {broken}") from broken
    return context


def _why(url: str, error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"{url}: the server's certificate is not trusted ({error.certificate_error}); name its CA with --ca"
    if isinstance(error, aiohttp.InvalidURL):
        return f"{url} is not a valid URL"
    return f"{url} cannot be reached: {error}"
