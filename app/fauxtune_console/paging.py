"""Pages of a table, and choices that narrow it: the server reads one page only, the address says which."""

from __future__ import annotations

from dataclasses import dataclass

from fauxtune_console.call import TenantCall

#: No table has so many pages that a person turns; a larger number is nonsense.
_LAST = 100_000


@dataclass(frozen=True, slots=True)
class Paging:
    """Which part of a list is shown. `previous` and `next`: addresses, or None."""

    first: int
    last: int
    total: int
    previous: str | None
    next: str | None


class PageBehindTheLast(Exception):
    """A list has no such page. `last`: the address of its last one, which is shown instead."""

    def __init__(self, last: str) -> None:
        super().__init__(last)
        self.last = last


@dataclass(frozen=True, slots=True)
class Choice:
    """A part of a list that can be chosen. `count`: its elements; `url`: the page that shows only these."""

    words: str
    count: int
    url: str
    chosen: bool


def offset(call: TenantCall, *, size: int) -> int:
    """Return how many elements come before the page that the address names by `page=2`."""
    return (min(call.number("page") or 1, _LAST) - 1) * size


def paging(call: TenantCall, *, start: int, length: int, total: int, size: int) -> Paging:
    """Return the numbers and the links of a page that begins behind `start` elements.

    Raises PageBehindTheLast where a list has elements, and none on this page: others were deleted since it was opened.
    """
    number = start // size + 1
    url = call.request.url
    if total and not length:
        raise PageBehindTheLast(_link(url.include_query_params(page=-(-total // size))))
    return Paging(
        first=min(start + 1, total),
        last=start + length,
        total=total,
        previous=_link(url.include_query_params(page=number - 1)) if number > 1 else None,
        next=_link(url.include_query_params(page=number + 1)) if start + length < total else None,
    )


def _link(url: object) -> str:
    """Return the path and query of an address: the host is the browser's own."""
    text = str(url)
    return text[text.index("/", text.index("://") + 3) :]
