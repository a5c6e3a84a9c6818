"""Families whose items have a table of their own: one declaration, and handlers that are the same for all of them.

A family names the collection of its rows and the operations that create, change and delete one. Where an answer is
different, a class of the family's own says it in place of the handler here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, replace
from functools import cached_property
from http import HTTPStatus
from typing import Any, Generic, TypeVar

from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.documents.validation import accept
from fauxtune.core.odata.documents.view import view
from fauxtune.operations.insight.audit import Subject
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.collections.base import Collection
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Json, created, entity_answer
from fauxtune.surfaces.graph.families.family import AnyFamily
from fauxtune.surfaces.graph.lists import Listed, Stored, count_rows, get_element, list_rows, stored

R = TypeVar("R", bound=Stored)


@dataclass(frozen=True)
class OwnFamily(AnyFamily, Generic[R]):
    """One collection of rows of a table of its own, and its answers.

    `key`: the name of an item's key in paths. `created_by` takes the document, `changed_by` the id and the `changes`;
    both return the document that is stored. `deleted_by` takes the id. `subject`: what the audit log calls an item;
    None where changes are not recorded there. `selects`: the answer to a PATCH has what `$select` names.
    """

    collection: Collection[R]
    _: KW_ONLY
    key: str
    created_by: Callable[..., JsonObject]
    changed_by: Callable[..., JsonObject]
    deleted_by: Callable[[Transaction, Any], None]
    subject: Subject | None = None
    selects: bool = False

    @cached_property
    def listed(self) -> Listed[R]:
        """How the collection is listed."""
        return Listed(collection=self.collection, entity=self.base, context=self.path, document=stored)

    async def every(self, call: Call) -> Answer:
        """GET the collection."""
        return await list_rows(call, self.listed)

    async def count(self, call: Call) -> Answer:
        """GET .../$count."""
        return await count_rows(call, self.listed)

    async def get(self, call: Call) -> Answer:
        """GET an item."""
        return await get_element(call, self.listed, key=self.key_of(call))

    async def create(self, call: Call) -> Answer:
        """POST to the collection."""
        document, more = self.accepted(call, call.body(), partial=False)
        document = await call.run(self.created_by, document, **more)
        answer = created(call, view(self.base, document, version=call.version), collection=self.path)
        return replace(answer, status=self.create_status)

    async def update(self, call: Call) -> Answer:
        """PATCH an item: 200 with the entity, or 204."""
        changes, more = self.accepted(call, call.body(), partial=True)
        document = await call.run(self.changed_by, await self.id_of(call), changes=changes, **more)
        if self.update_status != HTTPStatus.OK:
            return NO_CONTENT
        select = call.query.select if self.selects else None
        return entity_answer(call, view(self.base, document, version=call.version, select=select), context=self.path)

    async def delete(self, call: Call) -> Answer:
        """DELETE an item."""
        await call.run(self.deleted_by, await self.id_of(call))
        return NO_CONTENT

    def key_of(self, call: Call) -> str:
        """The key of the item, as the path has it."""
        return call.keys[self.key]

    async def id_of(self, call: Call) -> str:
        """What the operations know the item by: its key, as long as no other key leads to it."""
        return self.key_of(call)

    def accepted(self, call: Call, body: Json, *, partial: bool) -> tuple[Json, Mapping[str, Any]]:
        """The document in a body, `partial` in that of a PATCH, and what else the operation takes. Raises Invalid."""
        return accept(self.base, body, partial=partial, version=call.version), {}
