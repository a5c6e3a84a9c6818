"""The documents of block blobs: the list of blocks that a client sends, ids of blocks, and refusals.

Source: Azure: "Put Block", "Put Block List", "Status and error codes".
"""

from __future__ import annotations

import base64
import binascii
from xml.parsers import expat

from fauxtune.core.errors import Invalid
from fauxtune.core.formats.xml import leaf
from fauxtune.storage.contents import MOST_BLOCKS, Listed

#: Bytes of a list: 50,000 blocks with the longest ids.
LARGEST_LIST = 8 * 1024 * 1024
_LONGEST_ID = 64
_KINDS = ("Latest", "Committed", "Uncommitted")


class XmlRefused(Invalid):
    """The list of blocks is not the XML that it must be."""


class TooManyBlocks(Invalid):
    """The list names more blocks than a blob can have."""


class BlockIdRefused(Invalid):
    """A block's id is not base64 of 1 to 64 bytes."""


def block_id(text: str) -> bytes:
    """Return the id of a block, which comes in base64. Raises BlockIdRefused."""
    try:
        name = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        name = b""
    if not 0 < len(name) <= _LONGEST_ID:
        raise BlockIdRefused(f"A block's id must be base64 of 1 to {_LONGEST_ID} bytes; '{text[:120]}' is not.")
    return name


class _Reader:
    """Reads the list while it is parsed: a tree of 50,000 elements would take much memory."""

    def __init__(self) -> None:
        self.blocks: list[Listed] = []
        self._depth = 0
        self._kind = ""
        self._text: list[str] = []

    def start(self, name: str, _attributes: object) -> None:
        local = name.rpartition(" ")[2]
        expected = local == "BlockList" if self._depth == 0 else self._depth == 1 and local in _KINDS
        if not expected:
            raise XmlRefused(
                f"<{local[:80]}> cannot stand here: the list is <BlockList><Latest>id</Latest></BlockList>."
            )
        if len(self.blocks) >= MOST_BLOCKS:
            raise TooManyBlocks(f"The block list may not contain more than {MOST_BLOCKS:,} blocks.")
        self._depth += 1
        self._kind, self._text = local, []

    def end(self, _name: str) -> None:
        self._depth -= 1
        if self._depth == 1:
            self.blocks.append(Listed(block_id("".join(self._text).strip()), self._kind))

    def text(self, data: str) -> None:
        self._text.append(data)

    def doctype(self, *_declared: object) -> None:
        raise XmlRefused("The list must not have a document type declaration.")


def block_list(document: bytes) -> list[Listed]:
    """Return the blocks of a list, in its order. Raises XmlRefused, TooManyBlocks, BlockIdRefused."""
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(document, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise XmlRefused(f"The list of blocks is not XML: {error}.") from None
    return reader.blocks


def refusal(code: str, message: str, *, detail: str = "") -> bytes:
    """Write a refusal."""
    members = leaf("Code", code) + leaf("Message", message)
    if detail:
        members += leaf("AuthenticationErrorDetail", detail)
    return f'<?xml version="1.0" encoding="utf-8"?><Error>{members}</Error>'.encode()
