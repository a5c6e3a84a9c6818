"""Profiles in words: what kind one is, and for which platform."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from fauxtune.core.model.states import Source
from fauxtune.core.model.words.device_words import platform_words
from fauxtune.core.pki.foreign import is_intermediate
from fauxtune.core.profiles.catalog import APP_CONFIGURATION_KINDS, kind

#: data. The source of a family's items -> the family in words.
FAMILIES: dict[Source, str] = {
    Source.ROOT: "trusted root",
    Source.PKCS: "PKCS certificate",
    Source.IMPORTED: "imported certificate",
    Source.SCEP: "SCEP certificate",
    Source.EMAIL: "e-mail account",
    Source.SETTING: "settings",
}
#: data. What a profile refers to another one for, by Graph's name of the reference.
REFERENCES: dict[str, str] = {
    "rootCertificate": "its trusted root",
    "identityCertificate": "its certificate to sign in with",
    "smimeSigningCertificate": "its certificate for signing",
    "smimeEncryptionCertificate": "its certificate for encryption",
}
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def kind_words(name: str, document: Mapping[str, Any] | None = None) -> str:
    """Return the kind of a profile in words, such as "PKCS certificate for iOS/iPadOS". With its `document`, one that
    brings the certificate of an intermediate authority is called so.
    """
    known = kind(name)
    if known is None or known.family.source is None:
        return f"{words_of(name.removesuffix('Configuration'))} (stored only, devices do not get it)"
    family = "app configuration of Outlook" if known in APP_CONFIGURATION_KINDS else FAMILIES[known.family.source]
    if document is not None and brings_intermediate(document):
        family = "intermediate certificate"
    return f"{family} for {platform_words(known.variants)}"


def references_in_words(text: str) -> str:
    """Return a sentence for people in which Graph's names of references, in brackets, are words."""
    return re.sub(r"\((\w+)\)", lambda match: f"({REFERENCES.get(match[1], match[1])})", text)


def brings_intermediate(document: Mapping[str, Any]) -> bool:
    """Whether a profile brings the certificate of an authority below another to devices."""
    try:
        return is_intermediate(base64.b64decode(str(document.get("trustedRootCertificate") or ""), validate=True))
    except ValueError:
        return False


def words_of(name: str) -> str:
    """Return a name of Graph with a space before each capital that begins a word."""
    return _CAPITAL.sub(" ", name)
