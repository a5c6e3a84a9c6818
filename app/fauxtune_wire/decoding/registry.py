"""From a body to its readable parts: the families in the order in which they are tried, the first that knows the body
reads it.

Nothing is raised for any bytes. A body that its family cannot read is shown as far as it can hold no secret.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from xml.parsers.expat import ExpatError

from fauxtune.core.errors import FauxtuneError
from fauxtune.core.pki.cms import MALFORMED, reason
from fauxtune_wire.decoding import (
    agent,
    android,
    batch,
    certificates,
    cms,
    forms,
    json_bodies,
    plists,
    provisioning,
    revocation,
    soap,
    syncml,
    texts,
    xml_text,
)
from fauxtune_wire.decoding import cms as scep
from fauxtune_wire.decoding.body import Body
from fauxtune_wire.decoding.masking import Masking, from_base64, mask_text
from fauxtune_wire.decoding.parts import LARGEST_BODY, Direction, Part, bounded, counted
from fauxtune_wire.decoding.tokens import describe_authorization, token_part

_UNREADABLE = (*MALFORMED, FauxtuneError, ExpatError, MemoryError)


@dataclass(frozen=True, slots=True)
class Family:
    """One family of formats. `read` returns None for a body of another family."""

    name: str
    read: Callable[[Body], list[Part] | None]


FAMILIES: tuple[Family, ...] = (
    Family("Form", forms.read),
    Family("Batch", batch.read),
    Family("Message of a device", android.read),
    Family("Message of a management agent", agent.read),
    Family("JSON", json_bodies.read),
    Family("Property list", plists.read),
    Family("SyncML", syncml.read),
    Family("SOAP", soap.read),
    Family("Provisioning document", provisioning.read),
    Family("XML", xml_text.read),
    Family("Certificate", certificates.read),
    Family("CMS", cms.read),
    Family("Revocation status", revocation.read),
    Family("SCEP", scep.capabilities),
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
    return scep.message_in(query) or revocation.request_in(path)


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
            return [Part(f"{family.name} that cannot be read", "text", texts.beginning(body), facts)]
        if parts is not None:
            return parts
    return texts.read(body)
