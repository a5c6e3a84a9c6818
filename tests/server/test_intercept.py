"""The intercepting listener on real sockets: what it answers for, all that it refuses, and clients that mean no good.

Each story runs on the loop that the server uses and on Python's own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvloop
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from fauxtune.internals.uvicorn_protocol import Patience
from fauxtune.server import intercept, tls
from fauxtune.server.intercept import HEAD_LIMIT, HOSTS, Interceptor
from fauxtune.server.listening import ConnectionLimit, bind
from fauxtune.server.system import SystemClock, SystemIds
from fauxtune.server.tls import TlsFiles

Run = Callable[[Coroutine[Any, Any, None]], None]

GRAPH = "graph.microsoft.com"
GET = f"GET /v1.0/users HTTP/1.1\r\nhost: {GRAPH}\r\nconnection: close\r\n\r\n".encode()
IN_A_MOMENT = Patience(connect=0.3, handshake=0.3, head=0.3)


@pytest.fixture(params=["uvloop", "asyncio"])
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    """Runs one story to its end."""
    factory = uvloop.new_event_loop if request.param == "uvloop" else None
    with asyncio.Runner(loop_factory=factory) as runner:
        yield runner.run


@pytest.fixture
def files(tmp_path: Path) -> TlsFiles:
    """The root and what hangs off it."""
    return tls.prepare(tmp_path / "tls", names=[], now=SystemClock().now(), ids=SystemIds())


async def who(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with how the request looks to the application."""
    host = dict(scope["headers"])[b"host"].decode()
    await JSONResponse({"scheme": scope["scheme"], "host": host, "path": scope["path"]})(scope, receive, send)


@asynccontextmanager
async def intercepting(
    files: TlsFiles, *, patience: Patience | None = None, most: int = 100
) -> AsyncIterator[tuple[int, Interceptor]]:
    port = bind("127.0.0.1", 0)
    contexts = intercept.contexts(files, now=SystemClock().now(), ids=SystemIds())
    listener = Interceptor(who, port, contexts=contexts, patience=patience, limit=ConnectionLimit(most))
    await listener.start()
    try:
        yield port.number, listener
    finally:
        await listener.stop()
        port.close()


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def said(port: int, head: bytes) -> bytes:
    """All that a client is told that never gets a tunnel."""
    async with connected(port) as (reader, writer):
        writer.write(head)
        return await reader.read()


async def tunnel(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, target: str, files: TlsFiles, name: str | None
) -> None:
    """CONNECT, then TLS; without a name the client sends no SNI and looks at the chain alone."""
    writer.write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
    context = ssl.create_default_context(cafile=str(files.ca))
    context.check_hostname = name is not None
    await writer.start_tls(context, server_hostname=name)


async def asked(port: int, target: str, *, files: TlsFiles, name: str | None = GRAPH, request: bytes = GET) -> bytes:
    """The answer to a request inside a tunnel."""
    async with connected(port) as (reader, writer):
        await tunnel(reader, writer, target=target, files=files, name=name)
        writer.write(request)
        return await reader.read()


async def is_dropped(reader: asyncio.StreamReader) -> bool:
    """Does the server end it?"""
    try:
        return await reader.read() == b""
    except (ssl.SSLError, ConnectionError):
        return True


async def emptied(listener: Interceptor) -> None:
    """Until the last tunnel is gone."""
    while listener.connected:
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("host", HOSTS)
def test_the_application_answers_as_the_host_that_was_called(files: TlsFiles, run: Run, host: str) -> None:
    async def story() -> None:
        async with intercepting(files) as (port, _):
            request = GET.replace(GRAPH.encode(), host.encode())
            answer = await asked(port, f"{host}:443", files=files, name=host, request=request)
            assert answer.startswith(b"HTTP/1.1 200 ")
            assert f'{{"scheme":"https","host":"{host}","path":"/v1.0/users"}}'.encode() in answer

    run(story())


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: Graph.Microsoft.com:443\r\n", 200),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n", 421),
        (b"GET / HTTP/1.1\r\nHost: login.microsoftonline.com\r\n", 421),
        (b"GET / HTTP/1.1\r\nHost: graph.microsoft.com.evil.example\r\n", 421),
        (b"GET / HTTP/1.1\r\nHost: graph.microsoft.com:8443\r\n", 421),
        (b"GET / HTTP/1.1\r\nHost: graph.microsoft.com\r\nHost: localhost\r\n", 421),
        (b"GET / HTTP/1.1\r\nHost:\r\n", 421),
        (b"GET / HTTP/1.1\r\n", 421),
        (b"GET / HTTP/1.0\r\n", 421),
    ],
)
def test_a_request_inside_names_the_host_of_its_tunnel(files: TlsFiles, run: Run, head: bytes, status: int) -> None:
    async def story() -> None:
        async with intercepting(files) as (port, _):
            request = head + b"connection: close\r\n\r\n"
            answer = await asked(port, f"{GRAPH}:443", files=files, request=request)
            assert answer.startswith(b"HTTP/1.1 %d " % status), answer

    run(story())


def test_capital_letters_make_no_other_name_and_a_client_may_say_none(files: TlsFiles, run: Run) -> None:
    async def story() -> None:
        async with intercepting(files) as (port, _):
            for name in ("Graph.Microsoft.COM", None):
                answer = await asked(port, "GRAPH.Microsoft.com:443", files=files, name=name)
                assert answer.startswith(b"HTTP/1.1 200 ")

    run(story())


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("example.com:443", 403),
        (f"{GRAPH}:80", 403),
        (f"{GRAPH}:8443", 403),
        (f"{GRAPH}.:443", 403),
        (f"evil.{GRAPH}:443", 403),
        (f"{GRAPH}.example.com:443", 403),
        ("127.0.0.1:443", 403),
        ("[::1]:443", 403),
        ("localhost:443", 403),
        (GRAPH, 400),
        (f"{GRAPH}:", 400),
        (f"{GRAPH}:443443", 400),
        (f"user@{GRAPH}:443", 400),
        (f"https://{GRAPH}:443", 400),
        (f"{GRAPH}\x1b[2J:443", 400),
        (f"{GRAPH}\0:443", 400),
        (f"{GRAPH}:443@example.com:443", 400),
        ("gr\N{LATIN SMALL LETTER A WITH ACUTE}ph.microsoft.com:443", 400),
        (f"{GRAPH}:\N{ARABIC-INDIC DIGIT FOUR}43", 400),
    ],
)
def test_nothing_else_is_reachable(files: TlsFiles, run: Run, target: str, status: int) -> None:
    async def story() -> None:
        async with intercepting(files) as (port, _):
            answer = await said(port, f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
            assert answer.startswith(f"HTTP/1.1 {status} ".encode())
            assert (status != 403) or GRAPH.encode() in answer, "it says what it does answer for"

    run(story())


@pytest.mark.parametrize(
    "head",
    [
        b"GET http://%s/v1.0/users HTTP/1.1\r\nhost: graph.microsoft.com\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"POST http://%s/ HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n" + b"z" * 100_000,
        b"OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n",
        b"connect graph.microsoft.com:443 HTTP/1.1\r\n\r\n",
    ],
    ids=["absolute", "origin", "body", "asterisk", "lower case"],
)
def test_nothing_but_connect_is_answered_and_nobody_is_called(files: TlsFiles, run: Run, head: bytes) -> None:
    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as elsewhere:
            elsewhere.setblocking(False)
            address = b"127.0.0.1:%d" % elsewhere.getsockname()[1]
            async with intercepting(files) as (port, _):
                answer = await said(port, head.replace(b"%s", address))
                assert answer.startswith(b"HTTP/1.1 405 ")
                assert b"\r\nallow: CONNECT\r\n" in answer
                assert (await said(port, b"CONNECT %s HTTP/1.1\r\n\r\n" % address)).startswith(b"HTTP/1.1 403 ")
            with pytest.raises(BlockingIOError):
                elsewhere.accept()

    run(story())


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"\0" * 100, 400),
        (b"CONNECT graph.microsoft.com:443\r\n\r\n", 400),
        (b"CONNECT graph.microsoft.com:443 HTTP/2.0\r\n\r\n", 400),
        (b"CONNECT  graph.microsoft.com:443 HTTP/1.1\r\n\r\n", 400),
        (b"CONNECT graph.microsoft.com:443 HTTP/1.1\r\n\r\n\x16\x03\x01", 400),
        (b"CONNECT graph.microsoft.com:443 HTTP/1.1\r\nx-long: " + b"y" * HEAD_LIMIT * 3, 431),
        (b"C" * HEAD_LIMIT * 3, 431),
        (b"CONNECT graph.microsoft.com:443 HTTP/1.1\r\nhost: x\r\n", 408),
        (b"", 408),
    ],
    ids=["TLS", "zeros", "0.9", "2.0", "two spaces", "hasty", "long header", "long line", "half", "silent"],
)
def test_a_head_that_will_not_do_is_answered_and_ended(files: TlsFiles, run: Run, head: bytes, status: int) -> None:
    async def story() -> None:
        async with intercepting(files, patience=IN_A_MOMENT) as (port, _):
            assert (await said(port, head)).startswith(f"HTTP/1.1 {status} ".encode())
            assert (await asked(port, f"{GRAPH}:443", files=files)).startswith(b"HTTP/1.1 200 ")

    run(story())


@pytest.mark.parametrize("name", ["login.microsoftonline.com", "localhost", "example.com"])
def test_another_name_inside_the_tunnel_is_refused(files: TlsFiles, run: Run, name: str) -> None:
    async def story() -> None:
        async with intercepting(files) as (port, _):
            with pytest.raises((ssl.SSLError, ConnectionError)):  # asyncio keeps the alert to itself
                await asked(port, f"{GRAPH}:443", files=files, name=name)

    run(story())


@pytest.mark.parametrize("inside", [None, b"", b"GET / HTTP/1.1\r\nhost: x\r\nx-more:"])
def test_a_tunnel_that_goes_to_sleep_ends(files: TlsFiles, run: Run, inside: bytes | None) -> None:
    async def story() -> None:
        async with intercepting(files, patience=IN_A_MOMENT) as (port, listener), connected(port) as (reader, writer):
            if inside is None:  # no handshake
                writer.write(f"CONNECT {GRAPH}:443 HTTP/1.1\r\n\r\n".encode())
                await reader.readuntil(b"\r\n\r\n")
            else:
                await tunnel(reader, writer, target=f"{GRAPH}:443", files=files, name=GRAPH)
                writer.write(inside)
            assert await is_dropped(reader)
            await emptied(listener)

    run(story())


def test_a_connection_is_kept_from_one_request_to_the_next(files: TlsFiles, run: Run) -> None:
    async def story() -> None:
        patience = Patience(head=0.3)
        async with intercepting(files, patience=patience) as (port, _), connected(port) as (reader, writer):
            await tunnel(reader, writer, target=f"{GRAPH}:443", files=files, name=GRAPH)
            for _ in range(3):
                writer.write(GET.replace(b"close", b"keep-alive"))
                assert (await reader.readuntil(b'/users"}')).startswith(b"HTTP/1.1 200 ")
                await asyncio.sleep(0.4)  # longer than a head may take

    run(story())


def test_too_many_at_a_time_are_told_so(files: TlsFiles, run: Run) -> None:
    async def story() -> None:
        async with intercepting(files, most=2) as (port, listener):
            async with connected(port) as (reader, writer), connected(port):
                await tunnel(reader, writer, target=f"{GRAPH}:443", files=files, name=GRAPH)
                while listener.connected < 2:
                    await asyncio.sleep(0.01)
                assert (await said(port, b"")).startswith(b"HTTP/1.1 503 ")
                writer.write(GET)
                assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
            await emptied(listener)
            assert (await asked(port, f"{GRAPH}:443", files=files)).startswith(b"HTTP/1.1 200 ")

    run(story())


def test_clients_that_leave_halfway_leave_nothing_behind(files: TlsFiles, run: Run) -> None:
    async def story() -> None:
        async with intercepting(files) as (port, listener):
            await asked(port, f"{GRAPH}:443", files=files)  # a loop opens some files of its own for the first client
            await emptied(listener)
            before = len(os.listdir("/dev/fd"))
            for head in (b"", b"CONN", f"CONNECT {GRAPH}:443 HTTP/1.1\r\n\r\n".encode(), b"GET / HTTP/1.1\r\n\r\n"):
                for more in (b"", b"\x16\x03\x01"):
                    async with connected(port) as (reader, writer):
                        writer.write(head)
                        if head.startswith(b"CONNECT"):
                            await reader.readuntil(b"\r\n\r\n")
                        writer.write(more)
            assert (await asked(port, f"{GRAPH}:443", files=files)).startswith(b"HTTP/1.1 200 ")
            await emptied(listener)
            assert len(os.listdir("/dev/fd")) <= before

    run(story())


def test_the_end_ends_every_tunnel_whatever_its_state(files: TlsFiles, run: Run) -> None:
    async def story() -> None:
        async with contextlib.AsyncExitStack() as held:
            async with intercepting(files) as (port, listener):
                opened = [await held.enter_async_context(connected(port)) for _ in range(4)]
                (_, half), (reader, connect), (idle, busy), _silent = opened
                half.write(b"CONNECT")
                connect.write(f"CONNECT {GRAPH}:443 HTTP/1.1\r\n\r\n".encode())
                await reader.readuntil(b"\r\n\r\n")
                await tunnel(idle, busy, target=f"{GRAPH}:443", files=files, name=GRAPH)
                while listener.connected < 4:
                    await asyncio.sleep(0.01)
            for stream_reader, _ in opened:
                assert await is_dropped(stream_reader)
            await emptied(listener)
            with pytest.raises(ConnectionError):
                await said(port, GET)

    run(story())
