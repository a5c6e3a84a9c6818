"""Query options of OData in words. OData URL Conventions 4.01, 5.1; Graph: "Use query parameters"."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl

from fauxtune.core.errors import Invalid
from fauxtune.core.odata.query.options import split_outside
from fauxtune_wire.decoding.addresses import decoded
from fauxtune_wire.decoding.expressions import OPTIONS, mask_expression
from fauxtune_wire.decoding.filters import filter_words
from fauxtune_wire.decoding.masking import Masking, mask_text
from fauxtune_wire.decoding.parts import Part, shortened

_LONGEST = 8 * 1024
_LONGEST_LINE = 500
_MOST = 50


def describe_query(query: str) -> list[str]:
    """Describe a query string (without its `?`), one line for each parameter: `$top=5` is "the first 5"."""
    lines = []
    try:
        pairs = parse_qsl(query[:_LONGEST], keep_blank_values=True, max_num_fields=_MOST)
    except ValueError:
        return [f"more than {_MOST} parameters"]
    for name, value in pairs:
        option = name.strip().lower()
        value = mask_expression(value) if option.removeprefix("$") in OPTIONS else value
        line = _WORDS[option](value.strip()) if option in _WORDS else _parameter(name, value)
        lines.append(shortened(line, _LONGEST_LINE))
    return lines


def query_part(query: str) -> Part:
    """Return a query string (without its `?`) in words, as a part without a text."""
    return Part("Query, in words", facts=tuple(("Query", line) for line in describe_query(query)))


def _parameter(name: str, value: str) -> str:
    text = Masking().text(decoded(name), value, in_form=True)
    return f"{shortened(mask_text(name), 100)}: {text}" if value else shortened(mask_text(name), 100)


def _filter(value: str) -> str:
    try:
        return f"only those {filter_words(value)}"
    except Invalid:
        return f"only those that match: {mask_text(value)}"


def _orderby(value: str) -> str:
    keys = []
    for item in split_outside(value, ","):
        words = item.split()
        keys.append(f"{words[0]}, descending" if words[1:] and words[1].lower() == "desc" else words[0])
    return f"sorted by {mask_text(', then '.join(keys))}" if keys else "sorted by nothing"


def _expand(value: str) -> str:
    parts = []
    for item in split_outside(value, ","):
        name, _, options = item.partition("(")
        inner = [_inner(option) for option in split_outside(options.removesuffix(")"), ";")]
        parts.append(f"{name} ({'; '.join(inner)})" if inner else name)
    return f"together with {_listed(parts)}" if parts else "together with nothing"


def _inner(option: str) -> str:
    name, _, value = option.partition("=")
    known = name.strip().lower()
    known = known if known.startswith("$") else f"${known}"
    return _WORDS[known](value.strip()) if known in _WORDS and known != "$expand" else mask_text(option)


def _listed(names: list[str]) -> str:
    listed = [mask_text(name) for name in names[:_MOST]]
    more = [f"{len(names) - _MOST} more"] if len(names) > _MOST else []
    *first, last = [*listed, *more]
    return f"{', '.join(first)} and {last}" if first else last


def _select(value: str) -> str:
    names = [name.strip() for name in value.split(",") if name.strip()]
    return f"of each only {_listed(names)}" if names and "*" not in names else "of each everything"


def _top(value: str) -> str:
    return f"the first {mask_text(value)}" if value != "1" else "the first one"


_WORDS: dict[str, Callable[[str], str]] = {
    "$filter": _filter,
    "$select": _select,
    "$orderby": _orderby,
    "$expand": _expand,
    "$top": _top,
    "$skip": lambda value: f"after leaving out the first {mask_text(value)}",
    "$skiptoken": lambda _value: "the next page: after the last object of the page before ($skiptoken)",
    "$count": lambda value: "with the number of all" if value.lower() == "true" else "without the number of all",
    "$search": lambda value: f"only those in which {mask_text(value)} stands",
    "$format": lambda value: f"as {mask_text(value)}",
}
