"""Who may steer: whoever has the control token, or, where none is set, whoever is on this machine.

Without a token only a loopback peer is answered, and only under a local name: a web page that makes a browser call
another name for this address (DNS rebinding) is not. Bodies must be JSON, which a page cannot send unasked.
"""

from __future__ import annotations

import hmac
import ipaddress

from fastapi import Request
from starlette.exceptions import HTTPException

from fauxtune.core.errors import NotAllowed, Unauthenticated
from fauxtune.operations.emulator import Emulator

_LOCAL_NAMES = {"localhost", "127.0.0.1", "[::1]"}


def check(request: Request) -> None:
    """Unauthenticated, NotAllowed, or 415, for a request that may not be answered."""
    emulator: Emulator = request.app.state.emulator
    if emulator.control_token is not None:
        _check_token(request, emulator.control_token)
    else:
        _check_local(request)
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if has_body and media != "application/json":
        raise HTTPException(415, f"A body must be application/json, not '{media or 'unnamed'}'.")


def _check_token(request: Request, token: str) -> None:
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
        raise Unauthenticated("The control surface asks for its token: Authorization: Bearer <FAUXTUNE_CONTROL_TOKEN>.")


def _check_local(request: Request) -> None:
    peer = request.client.host if request.client is not None else ""
    host = request.headers.get("host", "").lower()
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    if not _is_loopback(peer) or name not in _LOCAL_NAMES:
        raise NotAllowed(
            "Without a control token the control surface answers only this machine, under localhost, 127.0.0.1 or "
            "[::1]. Set FAUXTUNE_CONTROL_TOKEN to reach it otherwise."
        )


def _is_loopback(peer: str) -> bool:
    try:
        return ipaddress.ip_address(peer.partition("%")[0]).is_loopback
    except ValueError:
        return False
