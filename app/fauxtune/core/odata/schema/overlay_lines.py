"""The lines of a type's block that say what is known beyond the schema: `~ required displayName`.

* `exact|approximated|stored|refused: why`: how near the type comes to the real service; with names after the first
  word, `stored tags: why`, how near these properties come.
* `server|client|required|nullable|never-null|unfilterable|when-selected|blank-unless-selected|ignores-case|parts|linked
  NAMES`, `only NAMES` or `only nothing`: the texts of an Overlay. `*` are all names.
* `polymorphic`, `open`, `concrete`; `source PAGE`.
* `default NAME JSON`, `secret NAME` or `secret NAME JSON`, `alias OTHER NAME`, `variants NAME TYPES`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

from fauxtune.core.odata.schema.fidelity import EXACT, Fidelity, Level

#: The fields of an Overlay, as far as lines have named them.
Fields: TypeAlias = "dict[str, Any]"


class _Reader(Protocol):
    """Reads one kind of line: its first word, and the rest of it."""

    def __call__(self, into: Fields, *, word: str, rest: str) -> None: ...


_LEVELS = {"approximated": Level.APPROXIMATED, "stored": Level.STORED, "refused": Level.REFUSED}
_LISTS = (
    *("server", "client", "required", "nullable", "never-null", "unfilterable", "when-selected"),
    *("blank-unless-selected", "ignores-case", "parts", "linked", "only"),
)
_SHARED = re.compile(r"\$([A-Z][A-Z_]*)")


def read_line(line: str, *, into: Fields, shared: Mapping[str, str]) -> None:
    """Read what follows `~`. `shared`: the texts that `$WORD` stands for. Raises ValueError for what has no meaning."""
    if "$" in line:
        line = _SHARED.sub(lambda match: _text(match[1], shared), line)
    word = line.partition(" ")[0].removesuffix(":")
    read = _READERS.get(word)
    if read is None:
        raise ValueError(f"'{word}' is not known after ~; known are {', '.join(_READERS)}")
    read(into, word=word, rest=line[len(word) :])


def _text(word: str, shared: Mapping[str, str]) -> str:
    if word not in shared:
        raise ValueError(f"${word} is not known; known are {', '.join(f'${each}' for each in sorted(shared))}")
    return shared[word]


def _level(into: Fields, *, word: str, rest: str) -> None:
    names, _, why = rest.partition(":")
    why = why.strip()
    if (word == "exact") == bool(why):
        raise ValueError("what is exact has no difference" if why else f"'{word}' needs a colon and the difference")
    fidelity = EXACT if word == "exact" else Fidelity(_LEVELS[word], why)
    if names:
        different = into.setdefault("different", {})
        different[fidelity] = f"{different.get(fidelity, '')}{names}"
    else:
        _once(into, "fidelity", value=fidelity)


def _list(into: Fields, *, word: str, rest: str) -> None:
    field, names = word.replace("-", "_"), rest.split()
    if not names:
        raise ValueError(f"'{word}' needs names of properties")
    if field in into:
        names = [*into[field].split(), *names]
    if len(set(names)) < len(names):
        raise ValueError(f"'{word}' has the same name twice")
    into[field] = " ".join(names) if rest != " nothing" else ""


def _flag(into: Fields, *, word: str, rest: str) -> None:
    if rest:
        raise ValueError(f"nothing follows '{word}'")
    _once(into, word, value=True)


def _source(into: Fields, *, word: str, rest: str) -> None:
    _once(into, word, value=rest.strip())


def _default(into: Fields, *, word: str, rest: str) -> None:
    name, value = _pair(word, rest)
    read = _json(value)
    if read is None or isinstance(read, dict):
        raise ValueError(f"{value} is no default: a text, a number, true, false or a list of texts is")
    _once(into.setdefault("defaults", {}), name, value=tuple(read) if isinstance(read, list) else read)


def _secret(into: Fields, *, word: str, rest: str) -> None:
    name, value = _pair(word, rest if " " in rest.strip() else f"{rest} null")
    read = _json(value)
    if not isinstance(read, str | None):
        raise ValueError(f"{value} is not shown in place of a secret: a text is")
    _once(into.setdefault("secret", {}), name, value=read)


def _alias(into: Fields, *, word: str, rest: str) -> None:
    name, value = _pair(word, rest)
    _once(into.setdefault("aliases", {}), name, value=value)


def _variants(into: Fields, *, word: str, rest: str) -> None:
    name, value = _pair(word, rest)
    _once(into.setdefault(word, {}), name, value=value)


def _pair(word: str, rest: str) -> tuple[str, str]:
    name, _, value = rest.strip().partition(" ")
    if not value:
        raise ValueError(f"'{word}' needs a name and a value")
    return name, value


def _json(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError(f"{value} is not JSON: a text stands in double quotes") from None


def _once(into: Fields, field: str, *, value: object) -> None:
    if field in into:
        raise ValueError(f"'{field}' is said twice")
    into[field] = value


_READERS: Mapping[str, _Reader] = {
    **dict.fromkeys(("exact", *_LEVELS), _level),
    **dict.fromkeys(_LISTS, _list),
    **dict.fromkeys(("polymorphic", "open", "concrete"), _flag),
    "default": _default,
    "secret": _secret,
    "alias": _alias,
    "variants": _variants,
    "source": _source,
}
