"""`/`: the console for browsers, and for all other callers a list of what this server serves."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from fauxtune import __version__
from fauxtune.extensions import extensions
from fauxtune.server.trust.entry import PATH as TRUST
from fauxtune.surfaces.http import emulator_of, origin

#: data. The addresses; what stands in braces is the caller's to fill in.
_ADDRESSES: dict[str, Any] = {
    "graph": ["/v1.0", "/beta"],
    "control": "/_fauxtune/v1",
    "identity": {
        "token": "/{tenant}/oauth2/v2.0/token",
        "configuration": "/{tenant}/v2.0/.well-known/openid-configuration",
    },
    "devices": {
        "android": "/mdm/{tenant}/android/v1",
        "apple": "/mdm/{tenant}/apple/enroll?token={enrollmentToken}",
        "windows": "/mdm/{tenant}/windows/EnrollmentServer/Discovery.svc",
    },
    "connector": "/connector/{tenant}/v1",
    "pki": {
        "certificate": "/pki/{tenant}/{authority}/ca.cer",
        "crl": "/pki/{tenant}/{authority}/crl",
        "ocsp": "/pki/{tenant}/{authority}/ocsp",
        "scep": "/pki/{tenant}/certsrv/mscep/mscep.dll",
    },
    "trust": "/ca.pem",
    "trustPage": TRUST,
    "health": {"live": "/livez", "ready": "/readyz"},
}


async def _index(request: Request) -> Response:
    vary = {"vary": "Accept"}
    added = {name: address for one in extensions().values() for name, address in one.addresses.items()}
    if "console" in added and "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(added["console"], 303, headers=vary)
    about = {
        "name": "Fauxtune",
        "version": __version__,
        "description": "An Intune-compatible device-management emulator. Not for real devices or real people.",
    }
    mail = dict(emulator_of(request).addresses.mail)
    wires = {"mail": mail} if mail else {}
    return JSONResponse({**about, **_absolute(added | _ADDRESSES, origin(request)), **wires}, headers=vary)


def _absolute(addresses: Any, base: str) -> Any:
    if isinstance(addresses, str):
        return base + addresses
    if isinstance(addresses, list):
        return [_absolute(address, base) for address in addresses]
    return {name: _absolute(address, base) for name, address in addresses.items()}


INDEX = Route("/", _index, methods=["GET"])
