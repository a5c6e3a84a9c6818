"""The messages of management agents in words: what they have run, and what they are to run. A script may have secrets
in its text, and so have its outputs: of both only the size is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fauxtune_wire.decoding.body import Body
from fauxtune_wire.decoding.json_bodies import error_facts, load, masked_text
from fauxtune_wire.decoding.parts import Fact, Part, counted, shortened

_PATH = re.compile(r"/mdm/[^/]+/agent$")
#: The members with work.
_WORKS = ("scripts", "apps")
_HIDDEN = frozenset({"content", "remediation", "output", "error"})
_MOST_LISTED = 50
_LONGEST_NAME = 60

Document = dict[str, Any]


def read(body: Body) -> list[Part] | None:
    """Read a message of an agent; None for another address, or no JSON object."""
    if body.depth > 1 or not _PATH.search(body.path) or body.data.lstrip()[:1] != b"{":
        return None
    document = load(body)
    if not isinstance(document, dict):
        return None
    if isinstance(document.get("error"), dict):
        masked, text = masked_text(document, body)
        return [Part(f"Refused, {body.sender}", "json", text, tuple(error_facts(masked)))]
    masked, text = masked_text(_without_texts(document), body)
    if body.direction == "request":
        return [Part("Management agent: what it has done", "json", text, tuple(_done(masked)))]
    return [Part("Management agent, from the server: what it is to do", "json", text, tuple(_ordered(masked)))]


def _without_texts(value: Any) -> Any:
    """The document with the sizes of scripts and outputs in their place."""
    if isinstance(value, list):
        return [_without_texts(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: counted(len(each), "character") if name in _HIDDEN and isinstance(each, str) else _without_texts(each)
        for name, each in value.items()
    }


def _done(document: Document) -> Iterator[Fact]:
    for script in _objects(document, "scripts"):
        codes = [str(each.get("exitCode")) for each in _objects(script, "results")]
        yield "Script", f"{_name(script, 'id')}: exit code {', then '.join(codes)}"
    for app in _objects(document, "apps"):
        code = "" if app.get("exitCode") is None else f"exit code {app['exitCode']}, "
        yield "App", f"{_name(app, 'id')}: {code}{'detected' if app.get('detected') is True else 'not detected'}"
    if not any(document.get(kind) for kind in _WORKS):
        yield "Work", "nothing was ordered before"
    if "userIsHere" in document:
        yield "User", "signed in" if document["userIsHere"] is True else "nobody is signed in"


def _ordered(document: Document) -> Iterator[Fact]:
    for script in _objects(document, "scripts"):
        yield "Script", f"{_name(script, 'name')} ({script.get('kind')}), as {script.get('runAs')}"
    for app in _objects(document, "apps"):
        yield "App", f"{_name(app, 'name')}: {app.get('action')}"
    if not any(document.get(kind) for kind in _WORKS):
        yield "Work", "nothing is to do"
    if "askAgainAt" in document:
        yield "Ask again", str(document["askAgainAt"])


def _name(script: Document, member: str) -> str:
    return shortened(str(script.get(member) or "no name"), _LONGEST_NAME)


def _objects(document: Document, name: str) -> list[Document]:
    values = document.get(name)
    return [value for value in values[:_MOST_LISTED] if isinstance(value, dict)] if isinstance(values, list) else []
