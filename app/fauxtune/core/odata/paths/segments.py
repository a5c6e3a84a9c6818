"""Graph resource paths cut into segments, and references cut down to the id they end in.

Keys come in every syntax that clients use: `coll/{key}`, `coll('key')`, `coll(key)`, percent-encoded or not.
Rules: OData URL Conventions 4.01, 4.3 (keys; a quote inside a quoted key is doubled); Graph: hosts in references are
never looked at.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from fauxtune.core.errors import Invalid

_CALL = re.compile(r"(?P<name>[A-Za-z_$][\w.]*)\((?P<key>.*)\)", re.DOTALL)
_NAMED_KEY = re.compile(r"[A-Za-z_]\w*=(?=')")
_CAST = re.compile(r"(?:microsoft\.)?graph\.(?P<name>[A-Za-z]\w*)", re.IGNORECASE)
_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
_VERSIONS = {"v1.0", "beta"}


def split_path(path: str) -> tuple[str, ...]:
    """The decoded segments of a raw (still percent-encoded) path; empty ones, from doubled slashes, are dropped.

    Invalid for NUL, which no name and no key has, and which not every database takes.
    """
    segments = tuple(unquote(segment) for segment in path.split("/") if segment)
    if any("\x00" in segment for segment in segments):
        raise Invalid("The path holds a NUL character: no name and no key has one.")
    return segments


def split_key(segment: str) -> tuple[str, str | None] | None:
    """`users('a''b')` -> `("users", "a'b")`; `delta()` -> `("delta", None)`; None for a segment without parentheses."""
    match = _CALL.fullmatch(segment)
    if match is None:
        return None
    key = match["key"].strip()
    named = _NAMED_KEY.match(key)
    key = key[named.end() :] if named else key
    if key.startswith("'") and key.endswith("'") and len(key) > 1:
        key = key[1:-1].replace("''", "'")
    return match["name"], key or None


def cast_name(segment: str) -> str | None:
    """`microsoft.graph.user` -> `user`; None for a segment that is not qualified."""
    match = _CAST.fullmatch(segment)
    return match["name"] if match else None


def reference_id(url: str) -> str:
    """The id at the end of an `@odata.id` or `@odata.bind`, of any host, version and key syntax.

    `https://graph.microsoft.com/v1.0/directoryObjects/{id}`, `users('{id}')`, `/deviceManagement/...('{id}')`;
    of `users/{userPrincipalName}` that name. Invalid where there is no collection before the id.
    """
    path = _ORIGIN.sub("", url.strip(), count=1).split("?", 1)[0].split("#", 1)[0]
    segments = split_path(path)
    if segments and segments[0].lower() in _VERSIONS:
        segments = segments[1:]
    call = split_key(segments[-1]) if segments else None
    if call is not None and call[1]:
        return _named(call[1], collection=call[0])
    if len(segments) < 2 or call is not None or segments[-1].startswith("$"):
        raise Invalid(
            f"'{url}' is not a reference: write it like https://graph.microsoft.com/v1.0/directoryObjects/{{id}}."
        )
    return _named(segments[-1], collection=segments[-2])


def _named(key: str, *, collection: str) -> str:
    """Graph: user: a userPrincipalName is a key of `users` alone."""
    if "@" in key and collection.lower() != "users":
        raise Invalid(f"'{key}' is no id: a userPrincipalName is a key of 'users' only.")
    return key
