"""The handlers of every family: list, count, get, create, update, replace and delete its resources, and their
assignments.

Graph: assign; assignments: list, get and, of a few, create, update, delete.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TypeVar

from fauxtune.core.errors import Invalid
from fauxtune.core.formats.json_text import MOST_IN_POLICY, MOST_IN_REQUEST, check_depth
from fauxtune.core.graph.index import entity
from fauxtune.core.graph.references import binds
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.odata.documents.validation import accept, defaults, type_name
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import Entity, Version, bare_name
from fauxtune.core.policies.rules import BOUND
from fauxtune.operations.profiles import assignments as assignment_operations
from fauxtune.operations.profiles import resources as operations
from fauxtune.operations.profiles.assignments import Assignable, NewAssignment
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.collections.resources import ASSIGNMENTS
from fauxtune.storage.database import Connection
from fauxtune.storage.rows.configuration import AssignmentRow
from fauxtune.storage.rows.resources import ResourceRow
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Handler, Json, check_options, created, entity_answer
from fauxtune.surfaces.graph.lists import Listed, collection_answer, count_rows, list_rows, stored
from fauxtune.surfaces.graph.resources.assignments import targets_of
from fauxtune.surfaces.graph.resources.document_members import accepted_member
from fauxtune.surfaces.graph.resources.parts import Below
from fauxtune.surfaces.graph.resources.served_family import Served, document_of, listed_row

T = TypeVar("T")
#: Bytes of a body that is checked on the event loop; a larger one is checked in a thread.
_LARGE = 16 * 1024
#: Levels of a body: those of settings below settings.
_DEEPEST = 80


@dataclass(frozen=True)
class Items:
    """The collection of a family, and its items."""

    served: Served

    async def every(self, call: Call) -> Answer:
        """GET the collection."""
        return self._dated(call, await list_rows(call, self.served.listed(call, parent=await self.served.parent(call))))

    async def count(self, call: Call) -> Answer:
        """GET .../$count."""
        return await count_rows(call, self.served.listed(call, parent=await self.served.parent(call)))

    async def get(self, call: Call) -> Answer:
        """GET an item."""

        def read(connection: Connection) -> tuple[ResourceRow, Json]:
            row = self.served.read_row(connection, call)
            listed = listed_row(connection, call, row=row)
            more = self.served.expanded(call, connection, [listed])[0] if call.query.expand else {}
            return row, {**document_of(listed), "@more": more}

        family = self.served.family
        check_options(call, family.base, *family.kinds, expandable=self.served.expandable(of="item"))
        row, document = await call.read(read)
        more = document.pop("@more")
        value = view(entity(row.kind), document, version=call.version, select=call.query.select)
        return self._dated(call, entity_answer(call, {**value, **more}, context=self.served.context(call)))

    def _dated(self, call: Call, answer: Answer) -> Answer:
        """The answer, which is not kept if a part in it depends on the moment."""
        parts = (self.served.parts.get(expand.navigation.lower()) for expand in call.query.expand)
        return replace(answer, dated=any(part is not None and part.dated for part in parts))

    async def create(self, call: Call) -> Answer:
        """POST to the collection: 201 with the entity."""
        shape, document, targets = await _aside(call, lambda: self._accepted(call))
        row = await call.run(self._create, call, shape=shape, document=document, targets=targets)
        value = view(shape, row.document, version=call.version)
        answer = created(call, value, collection=self.served.context(call))
        return replace(answer, status=self.served.family.create_status)

    def _accepted(self, call: Call) -> tuple[Entity, Json, Sequence[NewAssignment]]:
        """The type and the whole document of the item in the body, and its assignments where it takes them."""
        body = self._body(call)
        shape = self._shape(body)
        accepted = accept(shape, body, partial=False, version=call.version)
        document = {**defaults(shape), **_taken(accepted, self.served.family.rules.on_create)}
        document |= self._navigations(call, shape, body=body, creating=True)
        return shape, document, self._assigned(call, body)

    def _body(self, call: Call) -> Json:
        body = call.body(most=MOST_IN_POLICY if self.served.family.large else MOST_IN_REQUEST)
        check_depth(body, most=_DEEPEST)
        return self.served.family.prepared(body)

    def _create(
        self, tx: Transaction, call: Call, *, shape: Entity, document: Json, targets: Sequence[NewAssignment]
    ) -> ResourceRow:
        family = self.served.family
        row = operations.create(
            tx,
            family.rules,
            kind=shape.name,
            document=document,
            parent=self.served.read_parent(tx.connection, call),
            hooks=family.hooks,
        )
        if targets:
            to = Assignments(self.served).assignable(row)
            operations.assign(tx, family.rules, key=row.id, to=to, targets=targets, hooks=family.hooks)
        return row

    def _assigned(self, call: Call, body: Json) -> Sequence[NewAssignment]:
        """The assignments that come with a new item, where it takes them."""
        assigned = self.served.family.assigned
        if assigned is None or not assigned.on_create or not body.get("assignments"):
            return ()
        return targets_of(body, shape=self.served.assignment, version=call.version)

    async def update(self, call: Call) -> Answer:
        """PATCH an item: what a GET gave back is taken. The type of an item cannot be changed."""
        row, body = await self.served.row(call), self._body(call)
        shape, name = entity(row.kind), type_name(body)
        if name is not None and bare_name(name).lower() not in {
            structured_type.name.lower() for structured_type in shape.lineage()
        }:
            raise Invalid(f"'{row.id}' is a {row.kind}; its @odata.type cannot be changed.", target="@odata.type")
        changes = accept(shape, {**body, "@odata.type": shape.odata_type}, partial=True, version=call.version)
        changes |= self._navigations(call, shape, body=body, creating=False)
        document = await call.run(self._update, call, key=row.id, changes=changes)
        if self.served.family.update_status != HTTPStatus.OK:
            return NO_CONTENT
        return entity_answer(call, view(shape, document, version=call.version), context=self.served.context(call))

    def _update(self, tx: Transaction, call: Call, *, key: str, changes: Json) -> Json:
        parent = self.served.read_parent(tx.connection, call)
        row = operations.update(
            tx, self.served.family.rules, key=key, changes=changes, parent=parent, hooks=self.served.family.hooks
        )
        return document_of(listed_row(tx.connection, call, row=row))

    async def replace(self, call: Call) -> Answer:
        """PUT an item: the whole of it, with its parts."""
        row = await self.served.row(call)
        shape, document, _targets = await _aside(call, lambda: self._accepted(call))
        if shape.name != row.kind:
            raise Invalid(f"'{row.id}' is a {row.kind}; its @odata.type cannot be changed.", target="@odata.type")
        await call.run(self._replace, call, key=row.id, document=document)
        return NO_CONTENT

    def _replace(self, tx: Transaction, call: Call, *, key: str, document: Json) -> None:
        parent = self.served.read_parent(tx.connection, call)
        operations.replace_whole(
            tx, self.served.family.rules, key=key, document=document, parent=parent, hooks=self.served.family.hooks
        )

    async def delete(self, call: Call) -> Answer:
        """DELETE an item."""
        await call.run(self._delete, call, key=(await self.served.row(call)).id)
        return NO_CONTENT

    def _delete(self, tx: Transaction, call: Call, *, key: str) -> None:
        parent = self.served.read_parent(tx.connection, call)
        operations.delete(tx, self.served.family.rules, key=key, parent=parent, hooks=self.served.family.hooks)

    def property_of(self, name: str) -> Handler:
        """GET .../{item}/{property}: 204 where it is not set."""

        async def handler(call: Call) -> Answer:
            row = await self.served.row(call)
            value = view(entity(row.kind), row.document, version=call.version, select=(name,))[name]
            context = call.context(f"{self.served.context(call)}/{name}")
            return NO_CONTENT if value is None else Answer(200, {"@odata.context": context, **value})

        return handler

    def _shape(self, body: Json) -> Entity:
        """The type of a new item. Raises Invalid for one that is abstract, or that does not belong here."""
        base, name = self.served.family.base, type_name(body)
        if self.served.family.made_as and (name is None or name.lower() == base.name.lower()):
            body["@odata.type"] = name = self.served.family.made_as
        if name is None:
            if base.abstract:
                raise Invalid(
                    f"@odata.type is required: {base.name} is abstract. Send, for example, "
                    f"'{self.served.family.kinds[0].odata_type}'.",
                    target="@odata.type",
                )
            return base
        shape = entity(name)
        if not shape.is_a(base):
            raise Invalid(f"A {shape.name} is no {base.name}.", target="@odata.type")
        return shape

    def _navigations(self, call: Call, shape: Entity, *, body: Json, creating: bool) -> Json:
        """The members that the body has, checked, and what it binds."""
        more: Json = {}
        for member in self.served.family.rules.members:
            if member.refused_on_update and member.name in body and not creating:
                # The service's own namespace shows through.
                raise Invalid(
                    f"Cannot apply PATCH to navigation property '{member.name}' on entity type "
                    f"'microsoft.management.services.api.{shape.name}'.",
                    target=member.name,
                )
            if member.name in body and (member.on_create if creating else member.on_update):
                more[member.name] = accepted_member(shape, body[member.name], member=member, version=call.version)
        names = self.served.family.rules.bound
        if names:
            bound = {name: ids for name, ids in binds(shape, body).items() if name in names}
            more |= {BOUND: bound} if bound or creating else {}
        return more


async def _aside(call: Call, work: Callable[[], T]) -> T:
    """Do the work, in a thread for a large body."""
    return await asyncio.to_thread(work) if len(call.content) > _LARGE else work()


def _taken(accepted: Json, names: str) -> Json:
    """What a POST takes of a body that its type accepts."""
    return {name: value for name, value in accepted.items() if names == "*" or name in names.split()}


@dataclass(frozen=True)
class Assignments:
    """The assignments of a family's items."""

    served: Served

    async def assign(self, call: Call) -> Answer:
        """POST .../{item}/assign: the whole new set of assignments."""
        assigned = self.served.family.assigned
        assert assigned is not None
        row, body = await self.served.row(call), call.lenient_body()
        targets = self._targets(call, body)
        documents = await call.run(
            operations.assign,
            self.served.family.rules,
            key=row.id,
            to=self.assignable(row),
            targets=targets,
            hooks=self.served.family.hooks,
        )
        if not assigned.returns:
            return Answer(assigned.done)
        values = [view(self.served.assignment, document, version=call.version) for document in documents]
        return collection_answer(call, values, context=f"Collection({self.served.assignment.full_name})")

    def _targets(self, call: Call, body: Json) -> list[assignment_operations.NewAssignment]:
        assigned = self.served.family.assigned
        assert assigned is not None
        if assigned.old_key and assigned.old_key in body:
            groups = body[assigned.old_key]
            if not isinstance(groups, list):
                raise Invalid(f"'{assigned.old_key}' must be a list.", target=assigned.old_key)
            old = {assigned.key: [*(body.get(assigned.key) or []), *map(_in_new_form, groups)]}
            return targets_of(old, shape=self.served.assignment, version=call.version, key=assigned.key)
        return targets_of(body, shape=self.served.assignment, version=call.version, key=assigned.key)

    def assignable(self, row: ResourceRow) -> Assignable:
        """Return the item as a thing that can be assigned."""
        assigned = self.served.family.assigned
        assert assigned is not None
        platform = assigned.platforms.get(row.kind)
        platforms = None if platform is None else frozenset(platform.split())
        return Assignable(ProfileId(row.id), self.served.family.entity, platforms, for_apps=assigned.for_apps)

    def _listed(self, call: Call, row: ResourceRow) -> Listed[AssignmentRow]:
        context = self._context(call, row)
        return Listed(collection=ASSIGNMENTS, entity=self.served.assignment, context=context, document=stored)

    def _context(self, call: Call, row: ResourceRow) -> str:
        return f"{self.served.context(call)}('{row.id}')/assignments"

    @property
    def listed(self) -> Below[ResourceRow, AssignmentRow]:
        """What .../{item}/assignments answers."""
        return Below(self.served.row, self._listed, key="assignment")

    async def create(self, call: Call) -> Answer:
        """POST .../{item}/assignments: one more."""
        row = await self.served.row(call)
        (new,) = targets_of({"one": [call.body()]}, shape=self.served.assignment, version=call.version, key="one")
        document = await call.run(assignment_operations.add_to, self.assignable(row), new=new)
        value = view(self.served.assignment, document, version=call.version)
        return created(call, value, collection=self._context(call, row))

    async def update(self, call: Call) -> Answer:
        """PATCH .../{item}/assignments/{assignment}: what it says beside its target, and the filter of that."""
        row = await self.served.row(call)
        old = (await self.listed.row(call, row)).document
        body = {name: value for name, value in call.body().items() if name != "id"}
        changes = accept(self.served.assignment, body, partial=True, version=call.version)
        whole = {name: old.get(name) for name in self.served.assignment.properties_in(Version.BETA) if name in old}
        sent = {"one": [{**whole, **changes}]}
        (new,) = targets_of(sent, shape=self.served.assignment, version=call.version, key="one")
        document = await call.run(
            assignment_operations.change_of, self.assignable(row), assignment_id=old["id"], new=new
        )
        value = view(self.served.assignment, document, version=call.version)
        return entity_answer(call, value, context=self._context(call, row))

    async def delete(self, call: Call) -> Answer:
        """DELETE .../{item}/assignments/{assignment}."""
        row, key = await self.served.row(call), call.keys["assignment"]
        await call.run(assignment_operations.remove_from, self.assignable(row), assignment_id=key)
        return NO_CONTENT


def _in_new_form(sent: object) -> Json:
    """An assignment of the old form, which names a group, in the new one."""
    group = sent.get("targetGroupId") if isinstance(sent, dict) else None
    if not isinstance(group, str):
        raise Invalid("Each assignment in the old form needs a targetGroupId.", target="targetGroupId")
    return {"target": {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": group}}
