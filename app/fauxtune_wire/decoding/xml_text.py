"""XML, indented and with its secrets masked, and the name of its outermost element."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote
from xml.sax.saxutils import escape, quoteattr

from fauxtune.core.formats.secret_names import NAMED, NAMING, secret_kind
from fauxtune.core.formats.xml import Element, parse
from fauxtune_wire.decoding.body import Body
from fauxtune_wire.decoding.der_kinds import DerKind, kind_of, summary
from fauxtune_wire.decoding.masking import Masking, from_base64
from fauxtune_wire.decoding.parts import Part, shortened

_ROOT = re.compile(rb"<(?:[\w.-]{1,100}:)?([\w.-]{1,100})")
#: What may stand before the outermost element, with its end.
_PROLOGUE = ((b"<?", b"?>"), (b"<!--", b"-->"), (b"<!", b">"))
_MOST_PROLOGUE = 10
#: Attributes that say what kind of value there is.
_OF_KIND = frozenset({"type", "valuetype", "encodingtype", "datatype", "format", "mustunderstand", "lang"})
_BOM = b"\xef\xbb\xbf"
_TOKEN = "binarysecuritytoken"  # noqa: S105 - the name of an element
_LONGEST_NAMESPACE = 200
_ADDRESSES = frozenset({"target", "source"})


def root_of(data: bytes) -> str:
    """Return the local name of the outermost element; empty if the bytes do not begin as XML in ASCII does."""
    rest = data.removeprefix(_BOM).lstrip()
    for _ in range(_MOST_PROLOGUE):
        end = next((end for begin, end in _PROLOGUE if rest.startswith(begin)), None)
        if end is None:
            break
        rest = rest.partition(end)[2].lstrip()
    match = _ROOT.match(rest)
    return match[1].decode() if match else ""


def read(body: Body) -> list[Part] | None:
    """Read XML of no family that is known here; None for anything else."""
    is_page = root_of(body.data).lower() == "html" or body.media_type == "text/html"
    if is_page or not (root_of(body.data) or body.media_type.endswith("xml")):
        return None
    return [Part(f"XML ({root_of(body.data) or 'of an unusual encoding'}), {body.sender}", "xml", pretty(body))]


def pretty(body: Body) -> str:
    """Return the document of a body, indented, with its secrets masked. Raises Malformed."""
    return "\n".join(_lines(parse(body.data, prefixes=True), body.masking, indent=0, kind=None))


def _lines(element: Element, masking: Masking, *, indent: int, kind: str | None) -> Iterator[str]:
    """The lines of an element. `kind`: everything in it is a secret of this kind."""
    kind = kind or secret_kind(_local(element.name)) or _named_by_attributes(element)
    attributes = "".join(
        f" {name}={quoteattr(_attribute(name, value, masking=masking, kind=kind))}"
        for name, value in element.attributes.items()
    )
    space, tag = "  " * indent, f"{element.name}{attributes}"
    text = escape(_text(element, masking, kind=kind))
    if not element.children:
        yield f"{space}<{tag}>{text}</{element.name}>" if text else f"{space}<{tag}/>"
        return
    lines = list(_children(element, masking, indent=indent + 1, kind=kind))
    # <Target><LocURI>...</LocURI></Target> is one line: messages are long enough.
    if len(lines) == 1 and not text:
        yield f"{space}<{tag}>{lines[0].strip()}</{element.name}>"
        return
    yield f"{space}<{tag}>{text}"
    yield from lines
    yield f"{space}</{element.name}>"


def _children(element: Element, masking: Masking, *, indent: int, kind: str | None) -> Iterator[str]:
    secret = _named_by_children(element)
    after_key: str | None = None
    for child in element.children:
        name = _local(child.name).lower()
        inner = kind or after_key or (secret if name in NAMED else None)
        yield from _lines(child, masking, indent=indent, kind=inner)
        after_key = secret_kind(child.text) if name == "key" else None


def _text(element: Element, masking: Masking, *, kind: str | None) -> str:
    text = element.text
    if not text:
        return ""
    if _local(element.name).lower() == _TOKEN:
        return security_token(text, masking)
    return masking.hide(text, kind) if kind else masking.text(_local(element.name), text)


def security_token(text: str, masking: Masking) -> str:
    """Return what is said in place of a BinarySecurityToken: a certificate request and a provisioning document have
    names, a user's token is a secret.
    """
    data = from_base64(text) or b""
    kind = kind_of(data)
    if kind in (DerKind.REQUEST, DerKind.CMS):
        return f"[{summary(data, kind)}]"
    if root_of(data) == "wap-provisioningdoc":
        return "[the provisioning document]"
    return masking.hide(text, "token")


def _attribute(name: str, value: str, *, masking: Masking, kind: str | None) -> str:
    local = _local(name).lower()
    if name.startswith("xmlns"):
        return shortened(value, _LONGEST_NAMESPACE)
    is_open = local in NAMING or local in _OF_KIND
    return masking.hide(value, kind) if kind and not is_open else masking.text(local, value)


def _named_by_attributes(element: Element) -> str | None:
    for name, value in element.attributes.items():
        if _local(name).lower() in NAMING and (kind := node_kind(value)):
            return kind
    return None


def _named_by_children(element: Element) -> str | None:
    """What the value in an element is, by the address or name beside it: an Item of SyncML."""
    for child in element.children:
        name = _local(child.name).lower()
        texts = [each.text for each in child.children] if name in _ADDRESSES else [child.text]
        if name in _ADDRESSES or (name in NAMING and name != "key"):
            kind = next((kind for text in texts if (kind := node_kind(text))), None)
            if kind:
                return kind
    return None


def node_kind(address: str) -> str | None:
    """Return what the value at an address is, by its last two steps, if it is a secret."""
    for step in unquote(address).rstrip("/").split("/")[-2:]:
        if kind := secret_kind(step):
            return kind
    return None


def _local(name: str) -> str:
    return name.rpartition(":")[2]
