"""What a value of a name is, if it is a secret, and what stands in its place."""

from __future__ import annotations

import re

from fauxtune.core.formats.secret_names import HARMLESS, IN_FORMS, WHOLE, WORDS

_NOT_NAME = re.compile(r"[^a-z0-9]")
#: What stands in place of a secret.
HIDDEN = re.compile(r"\[not shown: [^\[\]]{1,60}\]")
_ENDS = tuple(WORDS)
#: Most words of a message have none of them: one search says so sooner than thirty.
_ANY = re.compile("|".join(WORDS))


def secret_kind(name: str, *, in_form: bool = False) -> str | None:
    """Return what a value of this name is ("password"), if it is not to be shown; else None."""
    plain = plain_name(name.rpartition("}")[2])
    if plain in WHOLE:
        return WHOLE[plain]
    if in_form and plain in IN_FORMS:
        return IN_FORMS[plain]
    if plain in HARMLESS or not _ANY.search(plain):
        return None
    return next((kind for word, kind in WORDS.items() if word in plain), None)


def not_shown(kind: str) -> str:
    """Write what stands in place of a secret."""
    return f"[not shown: {kind}]"


def is_hidden(text: str) -> bool:
    """Return whether the text is what stands in place of a secret."""
    return HIDDEN.fullmatch(text) is not None


def ends_like_secret(name: str) -> bool:
    """Return whether the last word of a name is that of a secret: of adminPassword, not of passwordMethods."""
    plain = plain_name(name)
    return plain not in HARMLESS and plain.endswith(_ENDS)


def plain_name(name: str) -> str:
    """Return a name in lower case, without anything but letters and digits."""
    return _NOT_NAME.sub("", name.lower())
