"""A receiver of change notifications on this machine: it records what comes, and answers as a test says."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

#: The whole answer to a request with this token (None: a notification), as bytes; or what it does instead.
Answering = Callable[[str | None], Awaitable[bytes]]


@dataclass(slots=True)
class Receiver:
    """What a receiver was sent. `answer` can be changed at any time."""

    url: str
    answer: Answering
    tokens: list[str] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)

    @property
    def notifications(self) -> list[dict[str, Any]]:
        """All notifications, in the order in which they came."""
        return [item for body in self.bodies for item in body["value"]]


def reply(status: str = "202 Accepted", body: bytes = b"", *, media: str = "text/plain", more: str = "") -> bytes:
    """Return an answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


async def obliging(token: str | None) -> bytes:
    """Answer the handshake and take every notification."""
    return reply() if token is None else reply("200 OK", token.encode())


def always(content: bytes) -> Answering:
    """Return what answers every request with these bytes."""

    async def answer(_token: str | None) -> bytes:
        return content

    return answer


def refusing(content: bytes) -> Answering:
    """Return what answers the handshake, and every notification with these bytes."""

    async def answer(token: str | None) -> bytes:
        return content if token is None else await obliging(token)

    return answer


@asynccontextmanager
async def receiving(answer: Answering = obliging, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """Serve a receiver until the block ends. Requests that still wait for their answer then get none."""
    known: list[Receiver] = []
    serving = set[asyncio.Task[object]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        own = asyncio.current_task()
        assert own is not None
        serving.add(own)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            target = head.split(" ")[1]
            length = next(
                (int(line.split(":")[1]) for line in head.split("\r\n") if line.startswith("Content-Length")), 0
            )
            content = await reader.readexactly(length)
            receiver = known[0]
            receiver.heads.append(head)
            token = parse_qs(urlsplit(target).query).get("validationToken", [None])[0]
            if token is not None:
                receiver.tokens.append(token)
            else:
                receiver.bodies.append(json.loads(content))
            writer.write(await receiver.answer(token))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            serving.discard(own)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    scheme = "http" if tls is None else "https"
    known.append(Receiver(f"{scheme}://127.0.0.1:{port}/hook?code=secret", answer))
    async with server:
        yield known[0]
        for task in serving:  # from Python 3.12 on a server ends when its last connection does
            task.cancel()
