"""The assignments of the resources of every family. Graph: assign; assignments: list, get and, of a few, create,
update, delete.
"""

from __future__ import annotations

from dataclasses import dataclass

from fauxtune.core.errors import Invalid
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.odata.documents.validation import accept
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import Version
from fauxtune.operations.profiles import assignments as assignment_operations
from fauxtune.operations.profiles import resources as operations
from fauxtune.operations.profiles.assignments import Assignable
from fauxtune.storage.collections.assignments import ASSIGNMENTS
from fauxtune.storage.rows.configuration import AssignmentRow
from fauxtune.storage.rows.resources import ResourceRow
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Json, created, entity_answer
from fauxtune.surfaces.graph.lists import Listed, collection_answer, stored
from fauxtune.surfaces.graph.resources.assignments import targets_of
from fauxtune.surfaces.graph.resources.below import Below
from fauxtune.surfaces.graph.resources.served_family import Served


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
