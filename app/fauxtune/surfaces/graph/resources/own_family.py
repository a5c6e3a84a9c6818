"""Families whose items have a table of their own: one declaration, and handlers that are the same for all of them.

A family names the collection of its rows and the operations that create, change and delete one. Where an answer is
different, a class of the family's own says it in place of the handler here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, replace
from functools import cached_property
from typing import Any, Generic, TypeVar

from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.documents.validation import accept
from fauxtune.core.odata.documents.view import view
from fauxtune.operations.insight.audit import Subject
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.collections.base import Collection
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, created, entity_answer
from fauxtune.surfaces.graph.families.family import AnyFamily
from fauxtune.surfaces.graph.lists import Listed, Stored, count_rows, get_element, list_rows, stored

R = TypeVar("R", bound=Stored)


@dataclass(frozen=True)
class OwnFamily(AnyFamily, Generic[R]):
    """One collection of rows of a table of its own, and its answers.

    `key`: the name of an item's key in paths. `created_by` takes the document, `changed_by` the key and the `changes`;
    both return the document that is stored. `deleted_by` takes the key. `subject`: what the audit log calls an item;
    None where the directory keeps another log. `selects`: the answer to a PATCH has what `$select` names.
    """

    collection: Collection[R]
    _: KW_ONLY
    key: str
    created_by: Callable[[Transaction, JsonObject], JsonObject]
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
        return await get_element(call, self.listed, key=call.keys[self.key])

    async def create(self, call: Call) -> Answer:
        """POST to the collection."""
        document = accept(self.base, call.body(), partial=False, version=call.version)
        document = await call.run(self.created_by, document)
        answer = created(call, view(self.base, document, version=call.version), collection=self.path)
        return replace(answer, status=self.create_status)

    async def update(self, call: Call) -> Answer:
        """PATCH an item: 200 with the entity."""
        changes = accept(self.base, call.body(), partial=True, version=call.version)
        document = await call.run(self.changed_by, call.keys[self.key], changes=changes)
        select = call.query.select if self.selects else None
        return entity_answer(call, view(self.base, document, version=call.version, select=select), context=self.path)

    async def delete(self, call: Call) -> Answer:
        """DELETE an item."""
        await call.run(self.deleted_by, call.keys[self.key])
        return NO_CONTENT
