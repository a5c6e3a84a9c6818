"""The root of the server's TLS, and the page that says how to trust it: for everybody, on both listeners, without a
token. The page is imported when somebody opens it.

Forms: PEM (RFC 7468), DER under the media type of authorities' certificates (RFC 2585 4.1, as browsers know it), and a
configuration profile (Apple: Device management, certificate payloads).
"""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fauxtune.surfaces.http import emulator_of

PATH = "/trust"


async def _pem(request: Request) -> Response:
    return Response(_file(request), media_type="application/x-pem-file")


async def _made(request: Request) -> Response:
    """The root in another form, or the page."""
    from fauxtune.server.trust import page

    match request.scope["path"]:
        case "/ca.crt":
            return Response(page.der(_file(request)), media_type="application/x-x509-ca-cert")
        case "/ca.mobileconfig":
            return Response(page.profile(_file(request)), media_type="application/x-apple-aspen-config")
    return page.page(request, _file(request))


def _file(request: Request) -> bytes:
    """The root as PEM: what clients of the HTTPS listener trust."""
    return Path(emulator_of(request).ca_file).read_bytes()


ROUTES = (
    Route("/ca.pem", _pem, methods=["GET"]),
    Route("/ca.crt", _made, methods=["GET"]),
    Route("/ca.mobileconfig", _made, methods=["GET"]),
    Route(PATH, _made, methods=["GET"]),
)
