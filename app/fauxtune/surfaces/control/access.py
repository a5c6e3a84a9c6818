"""Access to the control surface: by the control token, or if none is set from this machine only.

Without a token only loopback peers are answered, and only under a local name: not a web page that lets another name
point to this address (DNS rebinding), nor one that posts from another site. Bodies must be JSON. Sources: RFC 6454 7
(Origin) and W3C Fetch Metadata Request Headers 2.3 (Sec-Fetch-Site).
"""

from __future__ import annotations

import hmac
import ipaddress

from fastapi import Request
from starlette.exceptions import HTTPException

from fauxtune.core.errors import NotAllowed, Unauthenticated
from fauxtune.core.model.hosts import LOCAL_NAMES, host_in
from fauxtune.core.model.json_limits import MOST_IN_REQUEST, MOST_IN_SEED
from fauxtune.surfaces.http import BoundedRoute, bearer_token, emulator_of


class GuardedRoute(BoundedRoute):
    """A route that checks the caller's access first."""

    most_elements = MOST_IN_REQUEST

    def admit(self, request: Request) -> None:
        """Raise as `check`."""
        check(request)


class SeedRoute(GuardedRoute):
    """A route whose body may hold a seed with thousands of users."""

    most_elements = MOST_IN_SEED


def check(request: Request) -> None:
    """Raise Unauthenticated, NotAllowed, or HTTPException 415 for a request without access or with another media
    type.
    """
    emulator = emulator_of(request)
    if emulator.control_token is not None:
        _check_token(request, emulator.control_token)
    else:
        _check_local(request)
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if has_body and media != "application/json":
        raise HTTPException(415, f"The Content-Type of a body must be application/json, not '{media or 'missing'}'.")


def _check_token(request: Request, token: str) -> None:
    # Starlette reads header bytes as Latin-1; a token may be any text. An empty token is never accepted.
    sent = bearer_token(request)
    if not sent or not hmac.compare_digest(sent.encode("latin-1"), token.encode()):
        raise Unauthenticated(
            "The control surface demands its token: send Authorization: Bearer <FAUXTUNE_CONTROL_TOKEN>."
        )


def _check_local(request: Request) -> None:
    peer = request.client.host if request.client is not None else ""
    hosts = request.headers.getlist("host")
    if not _is_loopback(peer) or len(hosts) != 1 or host_in(hosts[0]) not in LOCAL_NAMES:
        raise NotAllowed(
            "Without a control token the control surface answers only this machine, under localhost, 127.0.0.1 or "
            "[::1]. Set FAUXTUNE_CONTROL_TOKEN to reach it otherwise."
        )
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
