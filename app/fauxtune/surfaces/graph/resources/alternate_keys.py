"""Keys by appId: `servicePrincipals(appId='...')` and `servicePrincipals/appId=...`, as against the object's own id.

Paths are parsed without the names of keys. Here the name matters: an appId in the place of an id is the commonest
mistake of clients, and the service answers it with 404.
"""

from __future__ import annotations

import re

from fauxtune.surfaces.graph.call import Call

_BY_APPLICATION = re.compile(r"\(\s*appid=", re.IGNORECASE)


def object_key(call: Call, name: str) -> str:
    """Return the key of the path: an id, or `appId=` with an appId."""
    key = call.keys[name]
    return f"appId={key}" if _BY_APPLICATION.search(call.path) else key
