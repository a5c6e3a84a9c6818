"""The system query options of a request: `$select $filter $orderby $top $skip $skiptoken
$deltatoken $expand $count $search`.

Rules: OData URL Conventions 4.01, 5.1. Only names with a `$` are options; others are for the operation
(`@id` of a `$ref`). Texts are only split here; the names in them are checked once the entity is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl

from fauxtune.core.errors import Invalid
from fauxtune.core.odata.schema.types import cast_name

_KNOWN = (
    "$select",
    "$filter",
    "$orderby",
    "$top",
    "$skip",
    "$skiptoken",
    "$deltatoken",
    "$expand",
    "$count",
    "$search",
    "$format",
)
_MAX_INT = 2**31 - 1
#: More than any type has properties to sort by; each of them becomes a part of the SQL.
_MOST_SORT_KEYS = 50
#: More properties than any type has, and more navigations.
_MOST_SELECTED, _MOST_EXPANDED = 500, 20
#: Levels of $expand.
_DEEPEST = 3


@dataclass(frozen=True, slots=True)
class OrderBy:
    """One sort key; `property` as the client wrote it."""

    property: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Expand:
    """One navigation to expand, with the cast before it, if there is one: `<type>/<navigation>`; `expand`: navigations
    of what it leads to.
    """

    navigation: str
    cast: str | None = None
    select: tuple[str, ...] | None = None
    expand: tuple[Expand, ...] = ()


@dataclass(frozen=True, slots=True)
class QueryOptions:
    """The options of one request. `select` is None for everything; `others` are the parameters without a `$`."""

    select: tuple[str, ...] | None = None
    filter: str | None = None
    orderby: tuple[OrderBy, ...] = ()
    top: int | None = None
    skip: int | None = None
    skiptoken: str | None = None
    deltatoken: str | None = None
    expand: tuple[Expand, ...] = ()
    count: bool = False
    search: str | None = None
    others: tuple[tuple[str, str], ...] = ()

    @staticmethod
    def parse(query: str) -> QueryOptions:
        """Parse a raw query string. `+` is a space, `%24` a `$`; a `?` before it is passed over: IntuneCD sends one
        too many, and the real service answers it.

        Raises Invalid, with the option as target, for an unknown `$` option, one given twice, and malformed values.
        """
        options: dict[str, str] = {}
        others: list[tuple[str, str]] = []
        for name, value in parse_qsl(query.lstrip("?"), keep_blank_values=True):
            if not name.strip().startswith("$"):
                others.append((name, value))
                continue
            key = name.strip().lower()
            if key not in _KNOWN:
                raise Invalid(f"The query parameter '{name}' is not supported.", target=name)
            if key in options:
                raise Invalid(f"Query option '{key}' was specified more than once.", target=key)
            options[key] = value.strip()
        return QueryOptions(
            select=_select(options.get("$select")),
            filter=options.get("$filter"),
            orderby=_orderby(options.get("$orderby", "")),
            top=_integer(options, "$top"),
            skip=_integer(options, "$skip"),
            skiptoken=options.get("$skiptoken"),
            deltatoken=options.get("$deltatoken"),
            expand=_expansions(options.get("$expand", "")),
            count=_boolean(options, "$count"),
            search=options.get("$search"),
            others=tuple(others),
        )

    def other(self, name: str) -> str | None:
        """The value of a parameter without a `$`, or None."""
        return next((value for key, value in self.others if key == name), None)


def split_outside(text: str, separator: str) -> list[str]:
    """The non-empty parts between separators outside parentheses and quotes."""
    parts, depth, quoted, start = [], 0, False, 0
    for at, character in enumerate(text):
        quoted ^= character == "'"
        depth += (not quoted) * ((character == "(") - (character == ")"))
        if character == separator and not quoted and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip()]


def _select(text: str | None) -> tuple[str, ...] | None:
    names = tuple(name.strip() for name in (text or "").split(",") if name.strip())
    if not names or "*" in names:
        return None
    if len(names) > _MOST_SELECTED:
        raise Invalid(f"$select takes {_MOST_SELECTED} properties at most, not {len(names)}.", target="$select")
    # `<type>/<property>` selects a derived type's property.
    return tuple(name.rsplit("/", 1)[-1] if cast_name(name.split("/", 1)[0]) else name for name in names)


def _orderby(text: str) -> tuple[OrderBy, ...]:
    keys = []
    for item in split_outside(text, ","):
        words = item.split()
        direction = words[1].lower() if len(words) == 2 else "asc"
        if len(words) > 2 or direction not in {"asc", "desc"}:
            raise Invalid(f"Invalid orderby clause: '{item}' is not a property, 'asc' or 'desc'.", target="$orderby")
        keys.append(OrderBy(words[0], descending=direction == "desc"))
    if len(keys) > _MOST_SORT_KEYS:
        raise Invalid(f"$orderby takes {_MOST_SORT_KEYS} properties at most.", target="$orderby")
    return tuple(keys)


def _integer(options: dict[str, str], name: str) -> int | None:
    text = options.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 10 or int(text) > _MAX_INT:
        raise Invalid(f"Invalid value '{text}' for {name} query option found: a whole number, 0 or more.", target=name)
    return int(text)


def _boolean(options: dict[str, str], name: str) -> bool:
    text = options.get(name, "false").lower()
    if text not in {"true", "false"}:
        raise Invalid(f"Invalid value '{text}' for {name} query option found: use true or false.", target=name)
    return text == "true"


def _expansions(text: str, *, depth: int = 1) -> tuple[Expand, ...]:
    items = split_outside(text, ",")
    if len(items) > _MOST_EXPANDED:
        raise Invalid(f"$expand takes {_MOST_EXPANDED} navigations at most, not {len(items)}.", target="$expand")
    if depth > _DEEPEST:
        raise Invalid(f"$expand goes {_DEEPEST} levels deep at most.", target="$expand")
    return tuple(_expand(item, depth=depth) for item in items)


def _expand(item: str, *, depth: int) -> Expand:
    path, _, rest = item.partition("(")
    if "(" in item and not rest.endswith(")"):
        raise Invalid(f"Invalid expand clause: '{item}' has no closing parenthesis.", target="$expand")
    steps = [step.strip() for step in path.split("/")]
    cast = cast_name(steps[0])
    if len(steps) != (1 if cast is None else 2) or not steps[-1].isidentifier():
        raise Invalid(f"Invalid expand clause: '{item}' is not a navigation property.", target="$expand")
    select, expand = _nested(rest.removesuffix(")"), depth=depth)
    return Expand(steps[-1], cast=cast, select=select, expand=expand)


def _nested(text: str, *, depth: int) -> tuple[tuple[str, ...] | None, tuple[Expand, ...]]:
    select: tuple[str, ...] | None = None
    expand: tuple[Expand, ...] = ()
    for option in split_outside(text, ";"):
        name, _, value = option.partition("=")
        match name.strip().lower().removeprefix("$"):
            case "select":
                select = _select(value)
            case "expand":
                expand = _expansions(value, depth=depth + 1)
            case _:
                raise Invalid(
                    f"Inside $expand only $select and $expand are supported, not '{name.strip()}'.", target="$expand"
                )
    return select, expand
