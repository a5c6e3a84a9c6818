"""Which requests are recorded for the window on the wire, and where.

Not recorded: pages for people and probes, and the window itself, so that a reader does not see its own reading.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from starlette.types import Scope

from fauxtune.operations.runtime.wire import Wire

#: Returns the recorder of the application, which tests replace.
WireOf = Callable[[], Wire]

#: Where a path begins that may be left out, and which then is.
_SUSPECTS = ("/console", "/docs", "/favicon.ico", "/livez", "/readyz", "/_fauxtune/v1/")
_LEFT_OUT = re.compile(r"/(?:console|docs|favicon\.ico|livez|readyz|_fauxtune/v1/(?:tenants/[^/]+/)?wire)(?:/|$)")


def recorder(scope: Scope, wire_of: WireOf | None) -> Wire | None:
    """Return what records this request; None if it is not to be recorded."""
    if wire_of is None:
        return None
    wire, path = wire_of(), scope["path"]
    if not wire.is_on or path == "/" or (path.startswith(_SUSPECTS) and _LEFT_OUT.match(path)):
        return None
    return wire
