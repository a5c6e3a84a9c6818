"""What faults make of the pages of collections: shorter ones, another order, changes that come twice.

They change what is asked for, so that links to the next pages are right by themselves: a size by the header Prefer, and
an order by the $skiptoken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qsl

from fauxtune.core.faults.matching import Trait
from fauxtune.core.faults.rule import Effect, Kind
from fauxtune.core.odata.paths.table import Route
from fauxtune.surfaces.graph.call import Answer, Handler, Message
from fauxtune.surfaces.graph.lists import skip_token


def traits_of(message: Message, route: Route[Handler]) -> frozenset[Trait]:
    """Return what a message asks for, as far as effects look at it."""
    return frozenset(_traits(message, route)) if message.method.upper() == "GET" else frozenset()


def _traits(message: Message, route: Route[Handler]) -> Iterator[Trait]:
    options = _options(message)
    if is_delta(route):
        yield Trait.DELTA
    if options.get("$skiptoken"):
        yield Trait.NEXT_LINK
    if route.many:
        yield Trait.COLLECTION
        if not is_delta(route) and options.keys().isdisjoint(("$orderby", "$skiptoken")):
            yield Trait.UNORDERED


def is_delta(route: Route[Handler]) -> bool:
    """Whether it answers delta queries."""
    return route.template.endswith("/delta")


def _options(message: Message) -> dict[str, str]:
    return {name.strip().lower(): value for name, value in parse_qsl(message.raw_query, keep_blank_values=True)}


def reshaped(message: Message, effect: Effect) -> Message | None:
    """Return what is asked in place of a message; None for effects that are not about pages."""
    match effect.kind:
        case Kind.SMALL_PAGES:
            prefer = ", ".join(filter(None, (message.headers.get("prefer"), f"odata.maxpagesize={effect.size}")))
            return replace(message, headers={**message.headers, "prefer": prefer})
        case Kind.ANOTHER_ORDER:
            options = _options(message)
            if "$skiptoken" in options:  # another rule has chosen an order
                return None
            skip = options.get("$skip", "0")
            token = f"$skiptoken={skip_token(int(skip) if skip.isdecimal() else 0, order=effect.order or 0)}"
            return replace(message, raw_query="&".join(filter(None, (message.raw_query, token))))
    return None


def repeated(answer: Answer) -> Answer | None:
    """Return a page whose first element comes again at its end; None for one that has none."""
    values = (answer.document or {}).get("value")
    if not values:
        return None
    return replace(answer, document={**(answer.document or {}), "value": [*values, values[0]]})
