"""Families that are not stored with the resources: one declaration, and handlers that are the same for all of them.

A family names the rows of its table, and the operations that create, change and delete one. Where an answer is
different, a class of the family's own says it in place of the handler here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from functools import cached_property
from http import HTTPStatus
from typing import Any, Generic, TypeAlias, TypeVar

from fauxtune.core.errors import NotFound
from fauxtune.core.odata.documents.validation import accept
from fauxtune.core.odata.documents.view import view
from fauxtune.operations.insight.audit import Subject
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.collections.base import Collection
from fauxtune.storage.database import Connection
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Json, created, entity_answer
from fauxtune.surfaces.graph.families.family import AnyFamily
from fauxtune.surfaces.graph.lists import Listed, Stored, count_rows, expand_nothing, get_element, list_rows, stored
from fauxtune.surfaces.graph.resources.parts import Computed, Found

R = TypeVar("R", bound=Stored)
#: What is sent in a body, for the operation, and what else the operation takes.
Accepted: TypeAlias = tuple[Json, Mapping[str, Any]]


@dataclass(frozen=True)
class OwnFamily(AnyFamily, ABC):
    """One collection that is not stored with the resources, and its answers.

    `key`: the name of an item's key in paths. `created_by` takes the document, `changed_by` the id and the `changes`;
    both return the document that is stored. `deleted_by` takes the id. `subject`: what the audit log calls an item;
    None where changes are not recorded there. `selects`: the verbs that write and answer with what `$select` names.
    """

    _: KW_ONLY
    key: str
    created_by: Callable[..., Any]
    changed_by: Callable[..., Any]
    deleted_by: Callable[[Transaction, Any], object]
    subject: Subject | None = None
    selects: str = ""

    @abstractmethod
    async def every(self, call: Call) -> Answer:
        """GET the collection."""

    @abstractmethod
    async def count(self, call: Call) -> Answer:
        """GET .../$count."""

    @abstractmethod
    async def get(self, call: Call) -> Answer:
        """GET an item."""

    async def create(self, call: Call) -> Answer:
        """POST to the collection."""
        document, more = self.accepted(call, call.body(), partial=False)
        document = self.document_of(call, await call.run(self.created_by, document, **more))
        answer = created(call, self.shown(call, document, verb="create"), collection=self.path)
        return replace(answer, status=self.create_status)

    async def update(self, call: Call) -> Answer:
        """PATCH an item: 200 with the entity, or 204."""
        changes, more = self.accepted(call, call.body(), partial=True)
        document = await call.run(self.changed_by, await self.id_of(call), changes=changes, **more)
        if self.update_status != HTTPStatus.OK:
            return NO_CONTENT
        return entity_answer(call, self.shown(call, document, verb="update"), context=self.path)

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

    def accepted(self, call: Call, body: Json, *, partial: bool) -> Accepted:
        """The document in a body, `partial` in that of a PATCH. Raises Invalid."""
        return accept(self.base, body, partial=partial, version=call.version), {}

    def document_of(self, _call: Call, result: Any) -> Json:
        """The document of what `created_by` has returned."""
        document: Json = result
        return document

    def shown(self, call: Call, document: Json, *, verb: str) -> Json:
        """The document as an answer to this verb has it."""
        select = call.query.select if verb in self.selects.split() else None
        return view(self.base, document, version=call.version, select=select)


@dataclass(frozen=True)
class RowFamily(OwnFamily, Generic[R]):
    """One collection of rows with documents. `expandable` and `expanded_by`: what `$expand` takes, and adds to rows."""

    collection: Collection[R]
    _: KW_ONLY
    expandable: tuple[str, ...] = ()
    expanded_by: Callable[[Call, Connection, Sequence[R]], list[Json]] = expand_nothing

    @cached_property
    def listed(self) -> Listed[R]:
        """How the collection is listed."""
        return Listed(
            collection=self.collection,
            entity=self.base,
            context=self.path,
            document=stored,
            expandable=self.expandable,
            expand=self.expanded_by,
        )

    async def every(self, call: Call) -> Answer:
        """GET the collection."""
        return await list_rows(call, self.listed)

    async def count(self, call: Call) -> Answer:
        """GET .../$count."""
        return await count_rows(call, self.listed)

    async def get(self, call: Call) -> Answer:
        """GET an item."""
        return await get_element(call, self.listed, key=self.key_of(call))


@dataclass(frozen=True)
class ComputedFamily(OwnFamily):
    """One short collection whose documents are computed for each request. `documents` reads them all; `missing` makes
    the refusal of a key that no document has.
    """

    documents: Callable[[Call], Awaitable[list[Json]]]
    _: KW_ONLY
    missing: Callable[[str], NotFound]

    @cached_property
    def computed(self) -> Computed:
        """What a GET answers."""
        return Computed(self.base, self._found, key=self.key, missing=self.missing)

    async def _found(self, call: Call) -> Found:
        return self.path, await self.documents(call)

    async def every(self, call: Call) -> Answer:
        """GET the collection."""
        return await self.computed.every(call)

    async def count(self, call: Call) -> Answer:
        """GET .../$count."""
        return await self.computed.count(call)

    async def get(self, call: Call) -> Answer:
        """GET an item."""
        return await self.computed.get(call)
