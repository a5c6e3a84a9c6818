"""Signing in: where a browser goes once it has sent the control token."""

from __future__ import annotations

from fastapi import Request

from fauxtune.surfaces.console.entry import PATH


def address(request: Request) -> str:
    """Return the page that was asked for: a path of the console, never another site's."""
    path = request.url.path
    return path if path == PATH or path.startswith(f"{PATH}/") else PATH
