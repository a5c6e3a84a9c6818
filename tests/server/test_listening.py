"""The listeners on real sockets: who the client is, and heads that do not end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import socket
import ssl
import struct
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from fauxtune.core.pki.authority import Authority, addresses_for, self_signed_root
from fauxtune.core.pki.issuance import issue_identity
from fauxtune.internals.uvicorn_protocol import HEAD_LIMIT, MOST_HEADERS, Answering, Patience
from fauxtune.server import StartRefused, tls
from fauxtune.server.listening import ConnectionLimit, Listener, bind
from fauxtune.server.middleware import Guard
from fauxtune.server.system import SystemClock, SystemIds

YEAR = timedelta(days=365)


async def who(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the client's certificate, as the application sees it, and the size of the body."""
    result = scope.get("extensions", {}).get("tls", {}).get("client_cert")
    body = await Request(scope, receive).body()
    host = Request(scope).headers["host"]
    answer = JSONResponse({"certificate": result and result.hex(), "body": len(body), "host": host})
    await answer(scope, receive, send)


@asynccontextmanager
async def listening(
    context: Callable[[], ssl.SSLContext] | None = None,
    *,
    app: ASGIApp = who,
    patience: Patience | None = None,
    limit: ConnectionLimit | None = None,
) -> AsyncIterator[int]:
    port = bind("127.0.0.1", 0)
    listener = Listener(app, port, context=context, patience=patience, limit=limit)
    await listener.start()
    try:
        yield port.number
    finally:
        await listener.stop()


async def ask(port: int, head: bytes, context: ssl.SSLContext | None = None) -> bytes:
    name = None if context is None else "localhost"
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
    try:
        writer.write(head)
        return await reader.read(65536)
    finally:
        writer.close()


async def is_refused(port: int, context: ssl.SSLContext) -> bool:
    """In TLS 1.3 a client learns only after its handshake that the server broke it off."""
    try:
        return await ask(port, GET, context) == b""
    except (ssl.SSLError, ConnectionError):
        return True


def without_certificate() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)


GET = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"


def device_authority(key: RSAPrivateKey, now: datetime) -> Authority:
    return self_signed_root(
        name="devices",
        common_name="Contoso Device CA",
        key=key,
        serial=1,
        not_before=now - 2 * YEAR,
        not_after=now + YEAR,
        addresses=addresses_for("http://localhost:8080", tenant_name="contoso", authority="devices"),
    )


def other_authority(key: RSAPrivateKey, now: datetime, *, number: int) -> bytes:
    authority = self_signed_root(
        name="devices",
        common_name=f"Other Device CA {number}",
        key=key,
        serial=1,
        not_before=now - 2 * YEAR,
        not_after=now + YEAR,
        addresses=addresses_for("http://localhost:8080", tenant_name=f"t{number}", authority="devices"),
    )
    return authority.certificate.public_bytes(Encoding.DER)


def identity(authority: Authority, folder: Path, *, key: RSAPrivateKey, not_after: datetime) -> tuple[Path, bytes]:
    """A device's certificate and key in one PEM file, and the certificate's DER."""
    csr = x509.CertificateSigningRequestBuilder(x509.Name([])).sign(key, hashes.SHA256())
    certificate = issue_identity(
        authority=authority, csr=csr, common_name="device", serial=7, not_before=not_after - YEAR, not_after=not_after
    )
    file = folder / "device.pem"
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(pem + certificate.public_bytes(Encoding.PEM))
    return file, certificate.public_bytes(Encoding.DER)


async def test_the_application_sees_a_device_s_certificate_and_its_dates_are_not_judged(
    tmp_path: Path, raw_rsa_keys: list[RSAPrivateKey]
) -> None:
    now = SystemClock().now()
    files = tls.prepare(tmp_path / "tls", names=[], now=now, ids=SystemIds())
    context = tls.AcceptingContext(files, client_certificates=True)
    authority = device_authority(raw_rsa_keys[0], now)
    expired, der = identity(authority, tmp_path, key=raw_rsa_keys[1], not_after=now - timedelta(days=1))
    nobody = ssl.create_default_context(cafile=str(files.ca))
    device = ssl.create_default_context(cafile=str(files.ca))
    device.load_cert_chain(expired)

    async with listening(context) as port:
        answer = await ask(port, GET, nobody)
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["certificate"] is None
        assert await is_refused(port, device)
        # The authority of a tenant that is made while the server runs.
        context.admit(authority.certificate.public_bytes(Encoding.DER))
        context.admit(authority.certificate.public_bytes(Encoding.DER))
        answer = await ask(port, GET, device)
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["certificate"] == der.hex()


async def test_a_listener_forgets_the_authorities_of_former_tenants_and_keeps_those_of_present_ones(
    tmp_path: Path, raw_rsa_keys: list[RSAPrivateKey]
) -> None:
    now = SystemClock().now()
    files = tls.prepare(tmp_path / "tls", names=[], now=now, ids=SystemIds())
    context = tls.AcceptingContext(files, client_certificates=True)
    authority = device_authority(raw_rsa_keys[0], now)
    file, _ = identity(authority, tmp_path, key=raw_rsa_keys[1], not_after=now + timedelta(days=1))
    device = ssl.create_default_context(cafile=str(files.ca))
    device.load_cert_chain(file)
    others = [other_authority(raw_rsa_keys[2], now, number=number) for number in range(100)]

    async with listening(context) as port:
        context.admit(authority.certificate.public_bytes(Encoding.DER))
        for other in others:
            context.admit(other)
            context.dismiss(other)
            context.dismiss(other)
        assert len(context().get_ca_certs()) < 70
        assert (await ask(port, GET, device)).startswith(b"HTTP/1.1 200")
        context.admit_only(others[:3])
        context.admit_only(others[:2])
        for other in others[3:]:
            context.admit(other)
            context.dismiss(other)
        assert await is_refused(port, device)
        assert {bytes(ca_cert) for ca_cert in context().get_ca_certs(binary_form=True)} >= set(others[:2])


class _Noted(asyncio.Transport):
    """A transport that notes what it is given."""

    def __init__(self) -> None:
        super().__init__({"peername": "somebody"})
        self.sent: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent.append(bytes(data))

    def close(self) -> None:
        self.sent.append(b"closed")


HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"


@pytest.mark.parametrize(
    ("writes", "sent"),
    [
        ([HEAD, b"body"], [HEAD + b"body"]),
        ([HEAD, b"bo", b"dy"], [HEAD + b"bo", b"dy"]),
        ([HEAD, b""], [HEAD]),
        ([HEAD], []),
        ([HEAD, b"z" * 65536], [HEAD, b"z" * 65536]),
        ([b"HTTP/1.1 100 Continue\r\n\r\n", HEAD, b"body"], [b"HTTP/1.1 100 Continue\r\n\r\n", HEAD + b"body"]),
        ([HEAD, HEAD, HEAD], [HEAD + HEAD, HEAD]),
        ([b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"29\r\n" + HEAD],) * 2,
    ],
)
def test_a_head_of_a_known_length_is_sent_with_the_beginning_of_its_body(
    writes: list[bytes], sent: list[bytes]
) -> None:
    transport = _Noted()
    answering = Answering(transport)
    for write in writes:
        answering.write(write)
    assert transport.sent == sent
    answering.close()
    waits = [HEAD] if writes == [HEAD] else []
    assert transport.sent == [*sent, *waits, b"closed"]
    assert answering.get_extra_info("peername") == "somebody"


async def test_a_head_is_sent_where_no_body_follows() -> None:
    """To HEAD, and where the application breaks off: the client learns the status."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/breaks":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
            return
        await who(scope, receive, send)

    async with listening(app=app) as port:
        head = await ask(port, GET.replace(b"GET", b"HEAD"))
        assert head.startswith(b"HTTP/1.1 200 ")
        assert head.endswith(b"\r\n\r\n")
        assert (await ask(port, GET.replace(b"/ ", b"/breaks "))).startswith(b"HTTP/1.1 200 ")


async def test_a_head_that_does_not_end_is_cut_off() -> None:
    async with listening() as port:
        answer = await ask(port, b"GET / HTTP/1.1\r\nhost: x\r\nx-long: " + b"y" * 200_000)
        assert answer.startswith(b"HTTP/1.1 431 ")
        assert (await ask(port, GET)).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("end", [b"\r\n", b""])
async def test_a_head_of_too_many_headers_is_refused_and_not_kept(end: bytes) -> None:
    counts = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        counts.append(len(scope["headers"]))
        await Guard(who, refuse=refused, ids=SystemIds())(scope, receive, send)

    async def refused(request: Request, error: Exception) -> Response:
        return JSONResponse({"refused": str(error)}, getattr(error, "status_code", 500))

    async with listening(app=app) as port:
        headers = b"".join(b"a%d:1\r\n" % number for number in range(5000))
        assert len(headers) < HEAD_LIMIT
        answer = await ask(port, b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n" + headers + end)
        assert answer.startswith(b"HTTP/1.1 431 ")
        assert b"200 headers" in answer
        assert all(count == MOST_HEADERS + 1 for count in counts)


@pytest.mark.parametrize("resets", [True, False])
async def test_nothing_is_left_of_a_request_whose_connection_has_ended(resets: bool) -> None:
    class Mark:
        pass

    marks: list[weakref.ref[Mark]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        mark = Mark()
        marks.append(weakref.ref(mark))
        scope["state"]["mark"] = mark
        await who(scope, receive, send)

    gc.disable()
    try:
        async with listening(app=app) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            assert await reader.read(65536)
            if resets:
                at_once = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
            writer.close()
            async with asyncio.timeout(20):
                while marks[0]() is not None:
                    await asyncio.sleep(0.01)
    finally:
        gc.enable()


async def test_a_long_body_and_the_next_request_behind_it_are_no_long_head() -> None:
    async with listening() as port:
        body = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 300000\r\n\r\n" + b"z" * 300_000
        answer = await ask(port, body + GET)
        assert answer.count(b"HTTP/1.1 200 ") >= 1
        assert b'"body":300000' in answer


async def test_a_request_in_clear_at_the_port_of_https_is_answered_with_what_is_wrong() -> None:
    async with listening(without_certificate) as port:
        head, _, text = (await ask(port, GET)).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 ")
        assert f"content-length: {len(text)}".encode() in head
        assert b"begin the address with https://" in text


async def test_a_client_of_https_that_says_nothing_is_cut_off() -> None:
    async with listening(without_certificate, patience=Patience(handshake=0.1)) as port:
        assert await ask(port, b"") == b""


async def test_the_host_of_a_whole_url_counts_and_not_the_header_beside_it() -> None:
    async with listening() as port:
        for target in (b"http://evil.example/", b"http://user@evil.example/?x=http://localhost/"):
            answer = await ask(port, b"GET " + target + b" HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            assert b'"host":"evil.example"' in answer


async def test_a_client_that_hangs_up_or_wants_a_websocket_leaves_nothing_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def refused(_request: Request, _error: Exception) -> Response:
        return Response(status_code=500)

    app = Guard(who, refuse=refused, ids=SystemIds())
    async with listening(app=app) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf")
        await writer.drain()
        writer.close()
        upgrade = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade, close\r\nupgrade: websocket\r\n\r\n"
        assert (await ask(port, upgrade)).startswith(b"HTTP/1.1 200 ")
    assert not caplog.records


@pytest.mark.parametrize(
    "said", [b"", b"GET / HTTP/1.1\r\nhost: x\r\n", b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf"]
)
async def test_a_connection_that_says_nothing_more_ends(said: bytes) -> None:
    async with listening(patience=Patience(head=0.1, body=0.1)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()


async def test_a_head_that_comes_byte_by_byte_ends_and_a_body_that_comes_in_pieces_does_not() -> None:
    async with listening(patience=Patience(head=0.3, body=0.3)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 6\r\n\r\n")
        for number in b"pieces":
            await asyncio.sleep(0.1)
            writer.write(bytes([number]))
        assert b'"body":6' in await reader.read()
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(ConnectionError):
            for number in b"GET / HTTP/1.1":
                await asyncio.sleep(0.1)
                writer.write(bytes([number]))
            assert await reader.read() == b""
        writer.close()


async def test_an_answer_and_the_next_request_may_take_longer_than_a_head() -> None:
    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.3)
        await who(scope, receive, send)

    async with listening(app=slow, patience=Patience(head=0.1, body=0.1)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):
            writer.write(GET.replace(b"connection: close\r\n", b""))
            assert b" 200 " in await reader.readuntil(b"}")
            await asyncio.sleep(0.3)
        writer.close()


async def until(comes_true: Callable[[], bool]) -> None:
    while not comes_true():
        await asyncio.sleep(0.01)


async def test_connections_have_a_bound_on_all_listeners_together_and_the_log_says_once_who_is_turned_away(
    caplog: pytest.LogCaptureFixture,
) -> None:
    limit = ConnectionLimit(2)
    async with listening(limit=limit) as first, listening(limit=limit) as second:
        held = [await asyncio.open_connection("127.0.0.1", port) for port in (first, second)]
        await until(lambda: limit.is_reached)
        for port in (first, second, first):
            assert (await ask(port, b"")).startswith(b"HTTP/1.1 503 ")
        for _, writer in held:
            writer.close()
        await until(lambda: not limit.is_reached)
        assert (await ask(first, GET)).startswith(b"HTTP/1.1 200 ")
    (record,) = caplog.records
    assert "2 connections are open" in record.getMessage()


def test_localhost_is_one_port_on_every_loopback_and_no_second_server_gets_it() -> None:
    port = bind("localhost", 0)
    try:
        assert {socket.getsockname()[1] for socket in port.sockets} == {port.number}
        for socket in port.sockets:
            socket.listen()
        with pytest.raises(StartRefused, match=str(port.number)):
            bind("localhost", port.number)
    finally:
        port.close()


def test_a_host_that_is_none_of_ours_is_refused() -> None:
    with pytest.raises(StartRefused, match=r"192\.0\.2\.1"):
        bind("192.0.2.1", 0)
