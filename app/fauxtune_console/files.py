"""The console's own style sheet, script and picture, with entity tags, so that a browser keeps them."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from fastapi import Request, Response

from fauxtune import surfaces
from fauxtune_console.addresses import PATH

_FOLDER = Path(__file__).parent / "static"
#: The colours are those of all pages, also of reports and handouts.
_ELSEWHERE = {"colours.css": Path(surfaces.__file__).parent}
#: data
_MEDIA = {
    "colours.css": "text/css",
    "console.css": "text/css",
    "console.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}


def file_at(path: str, request: Request) -> Response | None:
    """Return the file of this path; None for every other path. Files are the same for everybody."""
    name = path.removeprefix(f"{PATH}/static/")
    if name == path or name not in _MEDIA:
        return None
    content, tag = _content(name)
    headers = {"etag": tag, "cache-control": "no-cache", "x-content-type-options": "nosniff"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=_MEDIA[name])


@functools.cache
def _content(name: str) -> tuple[bytes, str]:
    content = (_ELSEWHERE.get(name, _FOLDER) / name).read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:16]}"'
