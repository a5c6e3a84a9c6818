"""Bytes with holes for files and passwords, which only the connector can fill.

`{{pfx:N}}` is replaced by the Nth PFX file in base64, `{{password:N}}` by its password: as it is, or escaped where the
bytes are XML (XML 1.0, 2.4).
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from fauxtune.core.errors import Invalid

#: XML 1.0, 2.2: characters that no document may contain.
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HOLE = re.compile(rb"\{\{(pfx|password):([0-9]{1,3})\}\}")


@dataclass(frozen=True, slots=True)
class Wrapping:
    """The content that is encrypted for a device, with holes for the secrets. `xml`: passwords are escaped."""

    body: bytes
    xml: bool = False

    def filled(self, files: Sequence[tuple[bytes, bytes]]) -> bytes:
        """Return the content with these (PFX file, password) in the holes. Raises Invalid for a password that XML
        cannot carry.
        """

        def content(hole: re.Match[bytes]) -> bytes:
            pfx, password = files[int(hole[2])]
            if hole[1] == b"pfx":
                return base64.b64encode(pfx)
            return _escaped(password) if self.xml else password

        return _HOLE.sub(content, self.body)


BARE = Wrapping(b"{{password:0}}")


def _escaped(password: bytes) -> bytes:
    try:
        text = password.decode()
    except UnicodeDecodeError:
        raise Invalid("The PFX password is not UTF-8 text, and this platform takes passwords as text.") from None
    if _NOT_XML.search(text):
        raise Invalid("The PFX password has control characters, which XML cannot carry.")
    return html.escape(text, quote=False).replace("\r", "&#13;").encode()
