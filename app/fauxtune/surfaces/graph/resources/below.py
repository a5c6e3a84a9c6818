"""What stands below an element that a path names: its list, how many there are, and one of them by its id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from fauxtune.surfaces.graph.call import Answer, Call
from fauxtune.surfaces.graph.lists import Identified, Listed, count_rows, element_row, get_element, list_rows

OwnerT = TypeVar("OwnerT", bound=Identified)
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Below(Generic[OwnerT, R]):
    """A collection of each element of another. `owner` returns the element that the path names, and raises NotFound
    without it; `listed` says how its collection is listed; `key` is the name in the path of one in the collection.
    """

    owner: Callable[[Call], Awaitable[OwnerT]]
    listed: Callable[[Call, OwnerT], Listed[R]]
    key: str

    async def every(self, call: Call) -> Answer:
        """GET .../{owner}/...: a page of the list."""
        owner = await self.owner(call)
        return await list_rows(call, self.listed(call, owner), parent=owner.id)

    async def count(self, call: Call) -> Answer:
        """GET .../{owner}/.../$count."""
        owner = await self.owner(call)
        return await count_rows(call, self.listed(call, owner), parent=owner.id)

    async def get(self, call: Call) -> Answer:
        """GET .../{owner}/.../{key}."""
        owner = await self.owner(call)
        return await get_element(call, self.listed(call, owner), key=call.keys[self.key], parent=owner.id)

    async def row(self, call: Call, owner: OwnerT) -> R:
        """Return the row that the path names. Raises NotFound."""
        return await element_row(call, self.listed(call, owner), key=call.keys[self.key], parent=owner.id)


def placed(listed: Listed[R], context: Callable[[OwnerT], str]) -> Callable[[Call, OwnerT], Listed[R]]:
    """Return how a collection is listed below each owner, with the context that the owner gives it."""
    return lambda _call, owner: replace(listed, context=context(owner))
