"""Resource paths cut into segments, and references reduced to the collection and the key at their end.

Keys have every syntax that clients use: `coll/{key}`, `coll('key')`, `coll(key)`, percent-encoded or not.
Rules: OData URL Conventions 4.01, 4.3 (keys; a quote inside a quoted key is doubled). The host of a reference is
ignored.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from fauxtune.core.errors import Invalid
from fauxtune.core.odata.schema.namespace import cast_name
from fauxtune.core.odata.schema.types import Version

_CALL = re.compile(r"(?P<name>[A-Za-z_$][\w.]*)\((?P<key>.*)\)", re.DOTALL)
_NAMED_KEY = re.compile(r"[A-Za-z_]\w*=(?=')")
_VERSIONS = frozenset(Version)
#: The tenant of the access token, whichever it is.
MY_ORGANIZATION = "myorganization"
_ORGANIZATION = re.compile(
    rf"{MY_ORGANIZATION}|[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}|(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*[a-z]",
    re.IGNORECASE,
)
_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")


def split_path(path: str) -> tuple[str, ...]:
    """The decoded segments of a raw (still percent-encoded) path; empty ones, from doubled slashes, are dropped.

    Raises Invalid for NUL, which no name and no key contains, and not every database accepts.
    """
    segments = tuple(unquote(segment) for segment in path.split("/") if segment)
    if any("\x00" in segment for segment in segments):
        raise Invalid("The path contains a NUL character, which no name and no key has.")
    return segments


def organization_in(path: str) -> tuple[str, str]:
    """Split a raw path, without its version, after the organisation that it begins with: `myorganization`, a GUID or a
    domain, in lower case; "" if it begins with something else.

    Azure AD Graph documented this segment ("Operations overview": myorganization, the tenant's id, a verified domain).
    Released clients of Microsoft Graph send it as well, CLI for Microsoft 365 among them.
    """
    first, _, rest = path.lstrip("/").partition("/")
    if not _ORGANIZATION.fullmatch(first) or cast_name(first) is not None:
        return "", path
    return first.lower(), f"/{rest}"


def split_key(segment: str) -> tuple[str, str | None] | None:
    """Split a call: `users('a''b')` -> `("users", "a'b")`; `delta()` -> `("delta", None)`; None for a segment without
    parentheses.
    """
    match = _CALL.fullmatch(segment)
    if match is None:
        return None
    key = match["key"].strip()
    named = _NAMED_KEY.match(key)
    key = key[named.end() :] if named else key
    if key.startswith("'") and key.endswith("'") and len(key) > 1:
        key = key[1:-1].replace("''", "'")
    return match["name"], key or None


def reference(url: str) -> tuple[str, str] | None:
    """The collection and the key at the end of an `@odata.id` or `@odata.bind`, of any host, version and key syntax;
    None if there is no collection before the key.
    """
    path = _ORIGIN.sub("", url.strip(), count=1).split("?", 1)[0].split("#", 1)[0]
    segments = split_path(path)
    if segments and segments[0].lower() in _VERSIONS:
        segments = segments[1:]
    call = split_key(segments[-1]) if segments else None
    if call is not None and call[1]:
        return call[0], call[1]
    if len(segments) < 2 or call is not None or segments[-1].startswith("$"):
        return None
    return segments[-2], segments[-1]
