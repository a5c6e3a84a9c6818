"""What all HTTP surfaces share: the emulator of a request, the origin that its caller used, and the classes of routes.

Every surface may import this module; it imports none of them.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection

from fauxtune.core.errors import EnrollmentEnded
from fauxtune.core.model.json_limits import check_elements
from fauxtune.operations.runtime.emulator import Emulator, TrustedProxies
from fauxtune.operations.runtime.wire import Caller

_FORWARDED_HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?|\[[0-9a-fA-F:]+\](:[0-9]{1,5})?")
_SCHEMES = ("http", "https")
#: Characters of a refusal that are kept: a message may repeat a client's text.
_LONGEST_REASON = 1000


class BoundedRoute(APIRoute):
    """A route that refuses bodies with too many elements before FastAPI parses them: parsing holds the event loop."""

    #: Members and elements of a body, all levels together.
    most_elements: ClassVar[int]

    def admit(self, request: Request) -> None:
        """Raise if the request is refused before its body is read. Here none is."""

    def has_elements(self, request: Request) -> bool:
        """Whether the body has elements to count: here each has."""
        return True

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler behind `admit` and the count of elements."""
        inner = super().get_route_handler()

        async def bounded(request: Request) -> Response:
            self.admit(request)
            if self.has_elements(request):
                check_elements(await request.body(), most=self.most_elements)
            return await inner(request)

        return bounded


class DirectRoute(APIRoute):
    """A route whose endpoint gets the request and the parts of the path as text, without FastAPI's dependency
    injection. For answers that take less time than the injection does.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return a handler that calls the endpoint."""
        endpoint = self.endpoint

        async def direct(request: Request) -> Response:
            response: Response = await endpoint(request, **request.path_params)
            return response

        return direct


def emulator_of(request: Request) -> Emulator:
    """Return the emulator that answers this request."""
    emulator: Emulator = request.app.state.emulator
    return emulator


def caller_of(request: HTTPConnection) -> Caller:
    """Return the note of who sends this request, to which the surface adds what it learns."""
    caller: Caller = request.scope["state"]["caller"]
    return caller


def note_refusal(request: HTTPConnection, error: Exception) -> None:
    """Note why the request is refused, and which device's if the error says that."""
    caller = caller_of(request)
    if isinstance(error, RequestValidationError):
        # Its text repeats what was sent, secrets too.
        first = error.errors()[0]
        reason = f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    else:
        reason = str(getattr(error, "detail", error))
    caller.refusal = reason[:_LONGEST_REASON]
    if isinstance(error, EnrollmentEnded) and error.device is not None:
        caller.device = error.device


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
    scheme, host = request.url.scheme, request.headers.get("host") or request.url.netloc
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
