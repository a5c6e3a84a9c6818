"""What is on the wire, in a form that a person can read, without its secrets.

`decode` turns a body into parts: the families in the order in which they are tried, the first that knows the body
reads it; of a body that none knows the beginning is shown. `mask_headers`, `mask_url` and `mask_query` are for what is
around it. Pure, and imported by nothing until somebody looks at the wire.

Nothing is raised for any bytes. A body that its family cannot read is shown as far as it can hold no secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from xml.parsers.expat import ExpatError

from fauxtune.core.errors import FauxtuneError
from fauxtune.core.formats.secret_names import secret_kind
from fauxtune.core.pki.cms import MALFORMED, reason
from fauxtune_wire.decoding import (
    batch,
    certificates,
    cms,
    device_messages,
    json_bodies,
    plists,
    soap,
    syncml,
    tokens,
    xml_text,
)
from fauxtune_wire.decoding.addresses import hidden_in, mask_headers, mask_query, mask_url
from fauxtune_wire.decoding.batch import paired
from fauxtune_wire.decoding.body import Body
from fauxtune_wire.decoding.der_kinds import kind_of
from fauxtune_wire.decoding.masking import Masking, from_base64, mask_text
from fauxtune_wire.decoding.odata import describe_query, query_part
from fauxtune_wire.decoding.parts import LARGEST_BODY, Direction, Part, bounded, counted, shortened
from fauxtune_wire.decoding.tokens import describe_authorization, describe_token, token_part

__all__ = [
    "Masking",
    "Part",
    "decode",
    "describe_authorization",
    "describe_headers",
    "describe_query",
    "describe_token",
    "hidden_in",
    "mask_headers",
    "mask_query",
    "mask_text",
    "mask_url",
    "paired",
    "query_part",
]
_UNREADABLE = (*MALFORMED, FauxtuneError, ExpatError, MemoryError)
#: Of a body of no format that is read here, only the beginning is shown, and of it what can hold no secret.
_CUT = 200
_SHORTEST_BYTES = 16
_WORD = re.compile(r"[\w$-]+")
#: Escapes, in which the name of a secret could stand: of JSON, addresses, XML and mail.
_ESCAPE = re.compile(r"\\[ux]|%[0-9A-Fa-f]{2}|&#|=\?")
#: Values: what is between tags, in quotation marks without a colon after them, or after an equals sign or a colon.
_BETWEEN_TAGS = re.compile(r"(?:\A|(?<=>))[^<>]*[^<>\s][^<>]*(?=<|\Z)")
_IN_QUOTES = re.compile(r"(?:\"[^\"]*(?:\"|\Z)|'[^']*(?:'|\Z))(?P<colon>\s*:)?")
_AFTER_NAME = re.compile(r"(?<=[=:])\s*[^\s\"'<>{}\[\],&;]+")
_RANDOM = re.compile(r"(?=[A-Za-z+/_=-]*[0-9])[A-Za-z0-9+/_=-]{16,}")
_HIDDEN = "…"
_TITLE = re.compile(rb"<title[^>]{0,200}>([^<]{1,200})</title>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Family:
    """One family of formats. `read` returns None for a body of another family."""

    name: str
    read: Callable[[Body], list[Part] | None]


FAMILIES: tuple[Family, ...] = (
    Family("Form", tokens.read_form),
    Family("Batch", batch.read),
    Family("Message of a device", device_messages.read_android),
    Family("Message of a management agent", device_messages.read_agent),
    Family("JSON", json_bodies.read),
    Family("Property list", plists.read),
    Family("SyncML", syncml.read),
    Family("SOAP", soap.read),
    Family("Provisioning document", soap.read_provisioning),
    Family("XML", xml_text.read),
    Family("Certificate", certificates.read),
    Family("CMS", cms.read),
    Family("Revocation status", certificates.read_status),
    Family("SCEP", cms.capabilities),
)


def decode(
    body: bytes,
    *,
    content_type: str,
    path: str,
    query: str = "",
    direction: Direction,
    masking: Masking | None = None,
) -> list[Part]:
    """Return what a person can read of a body: parts without secrets, none for an empty body.

    `path` and `query` are those of the request, also for its answer; the query may follow the path after its `?`.
    `masking`: that of the whole exchange, which remembers what is hidden: an answer may repeat what was sent. Raises
    nothing, whatever the bytes are.
    """
    path, _, after = path.partition("?")
    query = query or after
    if len(body) > LARGEST_BODY:
        size = f"{counted(len(body), 'byte')}; bodies up to {LARGEST_BODY // 1024} KiB are decoded"
        return [Part("A body that is too large to be decoded", facts=(("Size", size),))]
    media_type = content_type.partition(";")[0].strip().lower()
    whole = Body(
        body or _in_address(path, query=query, direction=direction),
        media_type,
        path,
        query,
        direction,
        masking=(masking or Masking()).inside(),
        _unfold=_unfold,
    )
    return bounded(_unfold(whole), cleaned=whole.masking.sweep, masked=mask_text)


def describe_headers(headers: Iterable[tuple[str, str]]) -> list[Part]:
    """Return what the headers of a request prove: the claims of a token, who signed the body (Mdm-Signature)."""
    parts: list[Part] = []
    for name, value in headers:
        if name.lower() == "authorization":
            parts.append(describe_authorization(value))
        elif name.lower() == "mdm-signature" and (signature := from_base64(value)):
            parts += decode(signature, content_type="", path="", direction="request")
    return parts


def _in_address(path: str, *, query: str, direction: Direction) -> bytes:
    """The message that a GET has in its address: of SCEP or OCSP."""
    if direction == "response":
        return b""
    return cms.message_in(query) or certificates.request_in(path)


def _unfold(body: Body) -> list[Part]:
    """The parts of a body. Certificates and tokens that were met in it follow inside its first part."""
    if not body.data:
        return []
    parts = _read(body)
    inside = [token_part(token, body.masking, name=name) for name, token in body.masking.tokens]
    for name, data in body.masking.enclosed:
        where = (("Where", name),) if name else ()
        inside += [replace(part, facts=(*where, *part.facts)) for part in body.unfold(data)]
    if parts and inside:
        parts[0] = replace(parts[0], parts=(*parts[0].parts, *inside))
    return parts


def _read(body: Body) -> list[Part]:
    for family in FAMILIES:
        try:
            parts = family.read(body)
        except _UNREADABLE as error:
            facts = (("Why", mask_text(reason(error))),)
            return [Part(f"{family.name} that cannot be read", "text", _beginning(body), facts)]
        if parts is not None:
            return parts
    return _read_unknown(body)


def _read_unknown(body: Body) -> list[Part]:
    """Show the beginning of any body."""
    size = counted(len(body.data), "byte")
    if body.media_type == "text/html":
        match = _TITLE.search(body.data)
        facts = (("Title of the page", match[1].decode("utf-8", "replace").strip()),) if match else ()
        return [Part(f"HTML page, {size}", facts=facts)]
    unknown = "Bytes of no known format" if body.depth > 1 else "No media type"
    return [Part(f"{kind_of(body.data) or mask_text(body.media_type) or unknown}, {size}", text=_beginning(body))]


def _beginning(body: Body) -> str:
    """Return the beginning of a text, without its values and as far as the first name of a secret; of bytes that are no
    text, the first four. What stands inside another message may be a secret as a whole: nothing of it is returned.
    """
    if body.depth > 1:
        return ""
    text = _as_text(body.data)
    if text is None:
        size = len(body.data)
        return f"begins with {body.data[:4].hex(' ')}" if size > _SHORTEST_BYTES else ""
    cut = shortened(text, _CUT)
    ends = [match.end() for match in _WORD.finditer(cut) if secret_kind(match[0], in_form=True)]
    ends += [match.start() for match in _ESCAPE.finditer(cut)]
    is_cut = bool(ends) and min(ends) < len(cut)
    plain = _without_values(cut[: min(ends)] if is_cut else cut)
    return f"{plain}… (cut: a secret may follow)" if is_cut else plain


def _without_values(text: str) -> str:
    if "<" in text:
        text = _BETWEEN_TAGS.sub(_HIDDEN, text)
    text = _AFTER_NAME.sub(_HIDDEN, _IN_QUOTES.sub(lambda match: match[0] if match["colon"] else f'"{_HIDDEN}"', text))
    return _RANDOM.sub(_HIDDEN, mask_text(text))


def _as_text(data: bytes) -> str | None:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text
