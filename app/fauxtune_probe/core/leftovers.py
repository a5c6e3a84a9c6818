"""What earlier runs of the probe left in a tenant, and its deletion.

A name belongs to the probe if it is the prefix, a hyphen, the eight digits of a run and another hyphen: what people
named with only the prefix is never touched.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fauxtune_probe.core.checks import said
from fauxtune_probe.core.model import Answer, Request
from fauxtune_probe.core.texts import filled_path

#: Pages of one collection that are read.
_MOST_PAGES = 200


_INTUNE = "/beta/deviceManagement"


#: Where the probe makes things: the list, the place of one, and the property that has the name.
_PLACES: tuple[tuple[str, str, str], ...] = (
    ("/v1.0/groups?$filter=startswith(displayName,'{prefix}')&$select=id,displayName", "/v1.0/groups", "displayName"),
    (
        "/v1.0/users?$filter=startswith(userPrincipalName,'{prefix}')&$select=id,userPrincipalName",
        "/v1.0/users",
        "userPrincipalName",
    ),
    (f"{_INTUNE}/deviceConfigurations?$select=id,displayName", f"{_INTUNE}/deviceConfigurations", "displayName"),
    (f"{_INTUNE}/assignmentFilters", f"{_INTUNE}/assignmentFilters", "displayName"),
    (f"{_INTUNE}/roleScopeTags", f"{_INTUNE}/roleScopeTags", "displayName"),
    (f"{_INTUNE}/deviceCategories", f"{_INTUNE}/deviceCategories", "displayName"),
)


@dataclass(frozen=True, slots=True)
class Leftover:
    """A thing that a run made and did not delete."""

    path: str
    name: str


@dataclass(frozen=True, slots=True)
class Search:
    """What was found, and the lists that could not be read, with the reason."""

    leftovers: tuple[Leftover, ...]
    unread: tuple[str, ...]


def finding(prefix: str) -> Generator[Request, Answer, Search]:
    """Look for what runs with this prefix left."""
    leftovers: list[Leftover] = []
    unread: list[str] = []
    for path, place, name in _PLACES:
        problem = yield from _found_in(filled_path(path, {"prefix": prefix}), place, name=name, leftovers=leftovers)
        if problem:
            unread.append(f"{place}: {problem}")
    mine = re.compile(rf"{re.escape(prefix)}-[0-9a-f]{{8}}-", re.IGNORECASE)
    return Search(tuple(leftover for leftover in leftovers if mine.match(leftover.name)), tuple(unread))


def _found_in(path: str, place: str, *, name: str, leftovers: list[Leftover]) -> Generator[Request, Answer, str]:
    """Read a list page by page. Returns why it could not be read to its end, or an empty text."""
    read: set[str] = set()
    while path:
        if path in read:
            return "its pages form a circle"
        if len(read) >= _MOST_PAGES:
            return f"it has more than {_MOST_PAGES} pages"
        read.add(path)
        answer = yield Request("GET", path)
        document = answer.document
        if answer.status != 200 or not isinstance(document, dict) or not isinstance(document.get("value"), list):
            return said(answer)
        leftovers += _named(document["value"], place, name=name)
        path = _below_host(document.get("@odata.nextLink"))
    return ""


def _named(elements: list[Any], place: str, *, name: str) -> Iterator[Leftover]:
    for element in elements:
        if isinstance(element, dict) and isinstance(element.get("id"), str) and isinstance(element.get(name), str):
            yield Leftover(f"{place}/{quote(element['id'], safe='')}", element[name])


def _below_host(link: object) -> str:
    """Return a link without its host: pages are asked of the service that was called, never of another."""
    return re.sub(r"^https?://[^/]*", "", link) if isinstance(link, str) else ""


def deleting(leftovers: tuple[Leftover, ...]) -> Generator[Request, Answer, tuple[tuple[Leftover, str], ...]]:
    """Delete what was found; return what stays, and why. Tries twice: a profile goes after those that refer to it."""
    waiting: tuple[tuple[Leftover, str], ...] = tuple((each, "") for each in leftovers)
    for _ in range(2):
        refused = []
        for leftover, _why in waiting:
            answer = yield Request("DELETE", leftover.path)
            if answer.status not in (200, 202, 204, 404):
                refused.append((leftover, said(answer)))
        waiting = tuple(refused)
    return waiting
