"""Calls to the receivers of notifications: to this machine, and to the hosts that a setting names; never elsewhere.

When one is called again that did not answer is decided in `operations/directory/subscriptions.py`.

A client of Graph names the address, so it is a stranger's. The name is resolved once, and the connection goes to the
address that was judged; redirects are answers like all others; an answer is read up to a bound and no longer than the
document's times: 10 seconds for the handshake, 3 for a notification ("Receive change notifications through webhooks").
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import SplitResult, quote, urlsplit

from fauxtune.core.errors import Invalid
from fauxtune.core.model.addresses import LOCAL_NAMES, NOTIFICATION

#: Seconds for the handshake, and for a notification.
HANDSHAKE, PATIENCE = 10.0, 3.0
#: Bytes of an answer's head, and of the part of its body that is read.
_MOST_HEAD, _MOST_BODY = 16 * 1024, 16 * 1024
_LONGEST_URL = 2048
_URL = re.compile(r"[!-~]+")
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})(?: |\r|$)")


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    media: str
    body: bytes


class Receivers:
    """The receivers that one server may call. `hosts`: their names; `localhost` is every name of this machine.
    `own_ports`: those of the server itself, which is no receiver: a request from this machine may do there what others
    may not.
    """

    def __init__(self, hosts: frozenset[str], *, own_ports: Callable[[], frozenset[int]], ca_file: str) -> None:
        self._hosts = hosts
        self._own_ports = own_ports
        self._ca_file = ca_file
        self._verifying: ssl.SSLContext | None = None

    def check(self, url: str, *, name: str) -> None:
        """Raise Invalid, with the property's name as target, for an address that may not be called."""
        parts = _parts(url)
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            raise Invalid(f"{name} must be an https URL of {_LONGEST_URL} characters at most.", target=name)
        is_here = _is_here(parts.hostname)
        if parts.hostname not in self._hosts and not (is_here and "localhost" in self._hosts):
            called = ["localhost, 127.0.0.1 and [::1]"] if "localhost" in self._hosts else []
            called += sorted(self._hosts - LOCAL_NAMES)
            raise Invalid(
                f"{name} leads to {parts.hostname}, which this server does not call: it calls "
                f"{', '.join(called) or 'no host, as other machines reach it'}. FAUXTUNE_NOTIFICATION_HOSTS names the "
                "hosts that it may call beside that.",
                target=name,
            )
        if parts.scheme == "http" and not is_here:
            raise Invalid(f"{name} must be an https URL: http is called only on this machine.", target=name)
        if is_here and _port(parts) in self._own_ports():
            raise Invalid(f"{name} leads to this server itself, which is no receiver.", target=name)

    async def validate(self, url: str, *, token: str) -> None:
        """Raise Invalid unless the receiver answers 200 with the token, as plain text, within 10 seconds."""
        query = f"{'&' if urlsplit(url).query else '?'}validationToken={quote(token, safe='')}"
        head = "Content-Type: text/plain; charset=utf-8\r\n"
        try:
            async with asyncio.timeout(HANDSHAKE):
                reply = await self._call(url, query=query, head=head, content=b"", reads_body=True)
        except TimeoutError:
            raise _failed("the receiver did not answer within 10 seconds") from None
        except (OSError, EOFError, ValueError, Invalid) as error:
            raise _failed(str(error) or type(error).__name__) from None
        if reply.status != HTTPStatus.OK:
            raise _failed(f"the receiver answered {reply.status}, not 200")
        if reply.media != "text/plain":
            raise _failed(f"the answer's Content-Type is '{reply.media[:100]}', not text/plain")
        if reply.body != token.encode():
            raise _failed("the answer is not the decoded validationToken")

    async def send(self, url: str, content: bytes) -> str | None:
        """Send JSON. Returns None if the receiver answered 2xx within 3 seconds, else why not."""
        head = "Content-Type: application/json; charset=utf-8\r\n"
        try:
            self.check(url, name="notificationUrl")  # settings may have changed since
            async with asyncio.timeout(PATIENCE):
                reply = await self._call(url, head=head, content=content)
        except TimeoutError:
            return "no answer within 3 seconds"
        except (OSError, EOFError, ValueError, Invalid) as error:
            return str(error) or type(error).__name__
        return None if HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES else f"status {reply.status}"

    async def fetch(self, url: str) -> bytes:
        """Return what is at an address, up to 16 KiB, within 3 seconds. Raises Invalid if this server may not call it,
        or if it gives nothing.
        """
        self.check(url, name="The issuer's address")
        try:
            async with asyncio.timeout(PATIENCE):
                reply = await self._call(url, method="GET", head="", content=b"", reads_body=True)
        except TimeoutError:
            raise Invalid(f"{url} did not answer within {PATIENCE:g} seconds.") from None
        except (OSError, EOFError, ValueError) as error:
            raise Invalid(f"{url} cannot be read: {error or type(error).__name__}.") from None
        if reply.status != HTTPStatus.OK:
            raise Invalid(f"{url} answered {reply.status}, not 200.")
        return reply.body

    async def _call(
        self, url: str, *, head: str, content: bytes, query: str = "", reads_body: bool = False, method: str = "POST"
    ) -> _Reply:
        parts = _parts(url)
        assert parts is not None
        assert parts.hostname
        address = await self._resolved(parts)
        context = self._context(parts) if parts.scheme == "https" else None
        reader, writer = await asyncio.open_connection(
            *address,
            ssl=context,
            server_hostname=parts.hostname if context is not None else None,
            limit=_MOST_HEAD,
        )
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "") + query
            lines = (
                f"{method} {target} HTTP/1.1\r\nHost: {parts.netloc}\r\n{head}Content-Length: {len(content)}\r\n"
                f"User-Agent: fauxtune\r\n{NOTIFICATION}: 1\r\nAccept: */*\r\nConnection: close\r\n\r\n"
            )
            writer.write(lines.encode("ascii") + content)
            await writer.drain()
            return await _read(reader, reads_body=reads_body)
        finally:
            writer.transport.abort()

    async def _resolved(self, parts: SplitResult) -> tuple[str, int]:
        """Return the address to connect to. What a name leads to is judged here and then used: nobody asks again."""
        assert parts.hostname
        port = _port(parts)
        results = await asyncio.get_running_loop().getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
        addresses = [str(result[4][0]) for result in results]
        if _is_here(parts.hostname):
            addresses = [address for address in addresses if ipaddress.ip_address(address).is_loopback]
        if not addresses:
            raise OSError(f"{parts.hostname} has no address that may be called")
        return addresses[0], port

    def _context(self, parts: SplitResult) -> ssl.SSLContext:
        """Return the TLS settings. On this machine nobody stands in between, and receivers sign their own
        certificates: these are not verified.
        """
        if _is_here(parts.hostname or ""):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            return context
        if self._verifying is None:
            # The system's authorities take some milliseconds to read.
            self._verifying = ssl.create_default_context()
            if self._ca_file:
                self._verifying.load_verify_locations(self._ca_file)
        return self._verifying


async def _read(reader: asyncio.StreamReader, *, reads_body: bool) -> _Reply:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        raise ValueError("the head of the answer is too long") from None
    first, *lines = head.split(b"\r\n")
    status = _STATUS.match(first)
    if status is None:
        raise ValueError("the answer is no HTTP")
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.decode("latin-1").partition(":") for line in lines)
    }
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    body = b""
    if reads_body:
        body = await _body(reader, length=headers.get("content-length"))
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = _unchunked(body)
    return _Reply(int(status[1]), media, body)


async def _body(reader: asyncio.StreamReader, *, length: str | None) -> bytes:
    wanted = int(length) if length is not None and length.isdigit() else None
    body = b""
    while wanted is None or len(body) < wanted:
        piece = await reader.read(_MOST_BODY)
        body += piece
        if len(body) > _MOST_BODY:
            raise ValueError("the answer is too long")
        if not piece or body.endswith(b"0\r\n\r\n"):
            break
    return body


def _unchunked(body: bytes) -> bytes:
    """Return the content of a chunked body (RFC 9112 7.1)."""
    result = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size.partition(b";")[0] or b"0", 16)
        if length == 0:
            break
        result += rest[:length]
        body = rest[length + 2 :]
    return result


def _parts(url: str) -> SplitResult | None:
    """Return the parts of an address; None for a text that is no URL, or has a user or a fragment."""
    if len(url) > _LONGEST_URL or not _URL.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        is_usable = parts.port != 0
    except ValueError:
        return None
    return parts if is_usable and "@" not in parts.netloc and not parts.fragment else None


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _is_here(host: str) -> bool:
    """Whether the name is this machine's own (RFC 6761 6.3)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _failed(why: str) -> Invalid:
    return Invalid(
        "Subscription validation request failed. Notification endpoint must respond with 200 OK to validation request: "
        f"{why}.",
        target="notificationUrl",
    )
