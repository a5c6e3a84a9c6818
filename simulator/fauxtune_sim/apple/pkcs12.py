"""Recognise PKCS#12 files (RFC 7292) that older Apple systems cannot read: PBES2, or a MAC other than SHA-1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from asn1crypto import pkcs12

from fauxtune_sim.cms.structure import DAMAGE


def is_modern(data: bytes) -> bool:
    """Whether the file needs a system that implements PBES2; False for a damaged file, which `read_pfx` refuses."""
    try:
        pfx = pkcs12.Pfx.load(data, strict=True)
        mac = pfx["mac_data"]
        if isinstance(mac, pkcs12.MacData) and mac["mac"]["digest_algorithm"]["algorithm"].native != "sha1":
            return True
        return any(name == "pbes2" for name in _ciphers(pfx["auth_safe"]["content"].native))
    except DAMAGE:
        return False


def _ciphers(content: bytes) -> Iterator[Any]:
    for safe in pkcs12.AuthenticatedSafe.load(content):
        if safe["content_type"].native == "encrypted_data":
            inner = safe["content"]["encrypted_content_info"]
            yield inner["content_encryption_algorithm"]["algorithm"].native
            continue
        for bag in pkcs12.SafeContents.load(safe["content"].native):
            if bag["bag_id"].native == "pkcs8_shrouded_key_bag":
                yield bag["bag_value"]["encryption_algorithm"]["algorithm"].native
