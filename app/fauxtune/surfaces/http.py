"""What all HTTP surfaces share: of a request its emulator, its caller and the origin that the caller used.

Every surface may import this module; it imports none of them, and not FastAPI, which a start does without.

Here is also the guard of the surfaces that rule everything, the control surface and the console. With a control token
the caller must have it. Without one only loopback peers are answered, and only under a local name: not a web page that
lets another name point to this address (DNS rebinding), nor one that posts from another site. Which tenant the password
of a classroom's seat opens: `operations.tenants.seats`. Sources: RFC 6454 7 (Origin) and W3C Fetch Metadata Request
Headers 2.3 (Sec-Fetch-Site).
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeGuard

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from fauxtune.core.errors import EnrollmentEnded, FauxtuneError, NotAllowed
from fauxtune.core.model.addresses import LOCAL_NAMES, NOTIFICATION, host_in
from fauxtune.operations.runtime.emulator import Emulator, TrustedProxies
from fauxtune.operations.runtime.wire import Caller

if TYPE_CHECKING:
    from fastapi.exceptions import RequestValidationError

_FORWARDED_HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?|\[[0-9a-fA-F:]+\](:[0-9]{1,5})?")
_SCHEMES = ("http", "https")
#: Characters of a refusal that are kept: a message may repeat a client's text.
_LONGEST_REASON = 1000


def emulator_of(request: Request) -> Emulator:
    """Return the emulator that answers this request."""
    emulator: Emulator = request.app.state.emulator
    return emulator


def caller_of(request: HTTPConnection) -> Caller:
    """Return the note of who sends this request, to which the surface adds what it learns."""
    caller: Caller = request.scope["state"]["caller"]
    return caller


def is_refusal(error: BaseException) -> bool:
    """Whether the error is an answer to its request, which the surface words, and no defect."""
    return isinstance(error, FauxtuneError | HTTPException) or _is_of_parameters(error)


def _is_of_parameters(error: BaseException) -> TypeGuard[RequestValidationError]:
    from fastapi.exceptions import RequestValidationError  # here: surfaces that use FastAPI have loaded it

    return isinstance(error, RequestValidationError)


def note_refusal(request: HTTPConnection, error: Exception) -> None:
    """Note why the request is refused, and which device's if the error says that."""
    caller = caller_of(request)
    if not isinstance(error, FauxtuneError | HTTPException) and _is_of_parameters(error):
        # Its text repeats what was sent, secrets too.
        first = error.errors()[0]
        reason = f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    else:
        reason = str(getattr(error, "detail", error))
    caller.refusal = reason[:_LONGEST_REASON]
    if isinstance(error, EnrollmentEnded) and error.device is not None:
        caller.device = error.device


async def hang_up(request: Request) -> None:
    """Wait until the client closes the connection of a request whose body does not matter, or sends one too long."""
    with suppress(HTTPException):
        while (await request.receive())["type"] != "http.disconnect":
            pass


def peer_of(request: Request) -> str:
    """Return the address that a request came from, as the connection has it."""
    return "" if request.client is None else request.client.host


def bearer_token(request: Request) -> str:
    """Return the bearer token of the request (RFC 6750 2.1); empty without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def origin(request: Request) -> str:
    """Return the origin that the caller used, such as `https://localhost:8443`, without a slash at its end.

    The first of these that is there decides: --public-url; X-Forwarded-Host and X-Forwarded-Proto of a trusted proxy
    (the first value of each); the Host header. From everybody else forwarded headers are ignored.
    """
    return emulator_of(request).addresses.public_url or own_origin(request)


def own_origin(request: Request) -> str:
    """Return the origin of the request's own address, which a page at this address may call, as `origin` does without
    --public-url.
    """
    scheme, host = request.scope.get("scheme", "http"), request.headers.get("host") or request.url.netloc
    if is_from_trusted_proxy(request, emulator_of(request).trusted_proxies):
        forwarded_host, forwarded_scheme = _first(request, "x-forwarded-host"), _first(request, "x-forwarded-proto")
        host = forwarded_host if _FORWARDED_HOST.fullmatch(forwarded_host) else host
        scheme = forwarded_scheme.lower() if forwarded_scheme.lower() in _SCHEMES else scheme
    return f"{scheme}://{host}"


def is_from_trusted_proxy(request: Request, proxies: TrustedProxies) -> bool:
    """Whether the peer of the connection is one of these proxies and calls by HTTPS.

    Requests to the plain port (CRLs, OCSP) do not count: a proxy need not remove forged headers from those.
    """
    client = request.scope.get("client")
    if not proxies.networks or client is None or request.scope.get("scheme") != "https":
        return False
    try:
        address = ipaddress.ip_address(str(client[0]).partition("%")[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return any((mapped or address) in network for network in proxies.networks)


def _first(request: Request, name: str) -> str:
    return request.headers.get(name, "").partition(",")[0].strip()


#: Writes the refusal of a request as its surface does, for an error of the core, an HTTPException, or a
#: RequestValidationError.
Refuse = Callable[[Request, Exception], Awaitable[Response]]


def is_token(sent: str, token: str) -> bool:
    """Whether the caller's token is the right one, compared in constant time. `sent`: as a header has it, Latin-1."""
    # Starlette reads header bytes as Latin-1; a token may be any text. An empty token is never accepted.
    return bool(sent) and hmac.compare_digest(sent.encode("latin-1", "replace"), token.encode())


def check_is_no_notification(request: Request) -> None:
    """Raise NotAllowed for what a server sends to an address that its client has named: it may be a stranger's."""
    if NOTIFICATION in request.headers:
        raise NotAllowed("A change notification may not call the control surface and the console.")


def check_local(request: Request) -> None:
    """Raise NotAllowed for a caller on another machine, under another name, or on behalf of another site's page."""
    peer = request.client.host if request.client is not None else ""
    hosts = request.headers.getlist("host")
    if not _is_loopback(peer) or len(hosts) != 1 or host_in(hosts[0]) not in LOCAL_NAMES:
        raise NotAllowed(
            "Without a control token the control surface and the console answer only this machine, under localhost, "
            "127.0.0.1 or [::1]. Set FAUXTUNE_CONTROL_TOKEN to reach them otherwise."
        )
    check_page(request)


def check_page(request: Request) -> None:
    """Raise NotAllowed for a request that a browser sends on behalf of another site's page."""
    # A browser sends the origin of a page that posts: only pages of this machine have access.
    for page in request.headers.getlist("origin"):
        if host_in(page.partition("://")[2].partition("/")[0]) not in LOCAL_NAMES:
            raise NotAllowed(f"Without a control token a page of {page} may not call the control surface.")
    # Fetch Metadata: browsers send it also with requests that carry no Origin, such as that for an image.
    if "cross-site" in request.headers.getlist("sec-fetch-site"):
        raise NotAllowed("Without a control token a page of another site may not call the control surface.")


def _is_loopback(peer: str) -> bool:
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return address.is_loopback if mapped is None else bool(mapped.is_loopback)
