"""How the messages of an exchange are shown: decoded, without secrets."""

from __future__ import annotations

from fauxtune.core.decoding import Part, decode, mask_headers, mask_url

__all__ = ["Part", "decode", "mask_headers", "mask_url"]
