"""Access to the control surface: by the control token, or if none is set from this machine only.

Bodies must be JSON.
"""

from __future__ import annotations

from fastapi import Request
from starlette.exceptions import HTTPException

from fauxtune.core.errors import Unauthenticated
from fauxtune.core.model.json_limits import MOST_IN_REQUEST, MOST_IN_SEED
from fauxtune.surfaces.access import check_local, is_token
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
        check_local(request)
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if has_body and media != "application/json":
        raise HTTPException(415, f"The Content-Type of a body must be application/json, not '{media or 'missing'}'.")


def _check_token(request: Request, token: str) -> None:
    if not is_token(bearer_token(request), token):
        raise Unauthenticated(
            "The control surface demands its token: send Authorization: Bearer <FAUXTUNE_CONTROL_TOKEN>."
        )
