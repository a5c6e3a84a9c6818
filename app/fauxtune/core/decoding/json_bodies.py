"""JSON: pretty, masked by the names of its members; certificates and tokens in it become parts. RFC 8259."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from fauxtune.core.decoding.body import Body
from fauxtune.core.decoding.parts import Fact, Part, counted
from fauxtune.core.model.json_limits import check_elements
from fauxtune.core.odata.documents.pseudo_json import double_quoted

_MOST_ELEMENTS = 10_000


def read(body: Body) -> list[Part] | None:
    """Read JSON; None if it is neither called nor looks like JSON."""
    start = body.data.lstrip()[:1]
    if not (body.media_type.endswith("json") or start in (b"{", b"[")):
        return None
    if not start:
        return []
    document = load(body)
    masked = body.masking.document(document)
    text = json.dumps(masked, indent=2, ensure_ascii=False)
    return [Part(_title(document, body), "json", text, tuple(_facts(masked)))]


def load(body: Body) -> Any:
    """Return the document. Raises ValueError or Invalid for another text, or too many members."""
    check_elements(body.data, most=_MOST_ELEMENTS)
    try:
        return json.loads(body.data)
    except ValueError:
        # Graph reads JSON with single quotes too.
        if b"'" not in body.data:
            raise
        return json.loads(double_quoted(body.data.decode()))


def pretty(document: Any, body: Body) -> str:
    """Write a document with its secrets masked."""
    return json.dumps(body.masking.document(document), indent=2, ensure_ascii=False)


def _title(document: Any, body: Body) -> str:
    """Name a document by what stands in it."""
    if isinstance(document, dict) and isinstance(document.get("error"), dict | str):
        return "JSON: an error"
    if isinstance(document, dict) and isinstance(document.get("value"), list):
        return f"JSON: a list of {counted(len(document['value']), 'object')}"
    return f"JSON, {'the request' if body.direction == 'request' else 'the answer'}"


def _facts(document: Any) -> Iterator[Fact]:
    """What is wrong, of the errors of Graph, Google's APIs and OAuth; the type of an object of Graph."""
    if not isinstance(document, dict):
        return
    error = document.get("error")
    if isinstance(error, dict):
        document = {"error": error.get("code"), "error_description": error.get("message")}
    for name, words in (("error", "Error"), ("error_description", "Message"), ("@odata.type", "Type")):
        value = document.get(name)
        if isinstance(value, str | int) and value:
            yield words, str(value)
    if isinstance(document.get("@odata.nextLink"), str):
        yield "Further pages", "yes (@odata.nextLink)"
