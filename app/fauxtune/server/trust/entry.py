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


async def _der(request: Request) -> Response:
    from fauxtune.server.trust.page import der

    return Response(der(_file(request)), media_type="application/x-x509-ca-cert")


async def _profile(request: Request) -> Response:
    from fauxtune.server.trust.page import profile

    return Response(profile(_file(request)), media_type="application/x-apple-aspen-config")


async def _page(request: Request) -> Response:
    from fauxtune.server.trust.page import page

    return page(request, _file(request))


def _file(request: Request) -> bytes:
    """The root as PEM: what clients of the HTTPS listener trust."""
    return Path(emulator_of(request).ca_file).read_bytes()


ROUTES = (
    Route("/ca.pem", _pem, methods=["GET"]),
    Route("/ca.crt", _der, methods=["GET"]),
    Route("/ca.mobileconfig", _profile, methods=["GET"]),
    Route(PATH, _page, methods=["GET"]),
)
