"""JSON: pretty, masked by the names of its members; certificates and tokens in it become parts. RFC 8259."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from fauxtune.core.formats.json_text import check_elements
from fauxtune.core.odata.documents.validation import double_quoted
from fauxtune_wire.decoding.body import Body
from fauxtune_wire.decoding.parts import Fact, Part, counted

_MOST_ELEMENTS = 10_000
_TOKENS = ("access_token", "id_token", "refresh_token")


def read(body: Body) -> list[Part] | None:
    """Read JSON; None if it is neither called nor looks like JSON."""
    start = body.data.lstrip()[:1]
    if not (body.media_type.endswith("json") or start in (b"{", b"[")):
        return None
    if not start:
        return []
    document = load(body)
    masked, text = masked_text(document, body)
    return [Part(_title(masked, body), "json", text, tuple(_facts(masked)))]


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


def masked_text(document: Any, body: Body) -> tuple[Any, str]:
    """Return a document with its secrets masked, and as a text."""
    masked = body.masking.document(document)
    return masked, json.dumps(masked, indent=2, ensure_ascii=False)


def error_facts(document: dict[str, Any]) -> Iterator[Fact]:
    """What is wrong: the errors of Graph, Google's APIs and OAuth, which have the same members on different levels."""
    error = document.get("error")
    if isinstance(error, dict):
        document = {"error": error.get("status") or error.get("code"), "error_description": error.get("message")}
    for name, words in (("error", "Error"), ("error_description", "Message")):
        if isinstance(document.get(name), str | int) and document[name]:
            yield words, str(document[name])


def _title(document: Any, body: Body) -> str:
    """Name a document by what stands in it."""
    whose = "the request" if body.direction == "request" else "the answer"
    if isinstance(document, list):
        return f"JSON, {whose}: {counted(len(document), 'element')}"
    if not isinstance(document, dict):
        return f"JSON, {whose}: a value"
    if isinstance(document.get("error"), dict | str):
        return f"JSON, {whose}: an error"
    tokens = [name for name in _TOKENS if name in document]
    if tokens:
        return f"JSON, {whose}: tokens ({', '.join(tokens)})"
    if isinstance(document.get("value"), list):
        kind = _context(document).rpartition("/")[2] or "objects"
        return f"JSON, {whose}: {len(document['value']):,} {kind}"
    name = document.get("displayName")
    return f"JSON, {whose}{f': “{name}”' if isinstance(name, str) and name else ''}"


def _facts(document: Any) -> Iterator[Fact]:
    if not isinstance(document, dict):
        return
    yield from error_facts(document)
    if _context(document):
        yield "Of", _context(document)
    if isinstance(document.get("@odata.type"), str):
        yield "Type", document["@odata.type"].removeprefix("#microsoft.graph.")
    if isinstance(document.get("@odata.count"), int):
        yield "Number of all", f"{document['@odata.count']:,}"
    if isinstance(document.get("@odata.nextLink"), str):
        yield "Further pages", "yes (@odata.nextLink)"


def _context(document: dict[str, Any]) -> str:
    """The set that a document of Graph is from: "deviceManagement/managedDevices"; empty without one."""
    context = document.get("@odata.context")
    set_and_properties = context.rpartition("#")[2] if isinstance(context, str) else ""
    return set_and_properties.partition("(")[0].removesuffix("/$entity")
