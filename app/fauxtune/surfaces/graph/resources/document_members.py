"""Parts that are kept in the document of their resource: as a body brings them along, and as they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.graph.references import binds
from fauxtune.core.odata.documents.validation import accept, defaults, type_name
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import Entity, Version
from fauxtune.core.policies.rules import BOUND, Member
from fauxtune.storage.database import Connection
from fauxtune.surfaces.graph.call import Answer, Call, Handler, Json, check_options, entity_answer
from fauxtune.surfaces.graph.families.family import KEYS
from fauxtune.surfaces.graph.lists import count_documents, list_documents
from fauxtune.surfaces.graph.resources.parts import Part, add_parts
from fauxtune.surfaces.graph.resources.served_family import Served, paths_of, type_of


@dataclass(frozen=True)
class Members:
    """The members of a family's items that have an address of their own. They may be many: a thread shows them."""

    served: Served

    def every(self, name: str) -> Handler:
        """GET .../{item}/{member}: the parts that are kept in the item's document."""

        def answer(connection: Connection, call: Call) -> Answer:
            documents, shape, context = self._member(connection, call, name=name)
            return list_documents(
                call,
                documents,
                entity=shape,
                context=context,
                entity_of=type_of,
                expandable=self._expandable(name),
                expand=lambda page: self._expanded(call, connection, page, name=name, context=context),
            )

        async def handler(call: Call) -> Answer:
            return await call.read(answer, call)

        return handler

    def count(self, name: str) -> Handler:
        """GET .../{item}/{member}/$count."""

        async def handler(call: Call) -> Answer:
            documents, shape, _context = await call.read(self._member, call, name=name)
            return count_documents(call, documents, entity=shape)

        return handler

    def get(self, name: str) -> Handler:
        """GET .../{item}/{member}/{key}."""

        def answer(connection: Connection, call: Call) -> Answer:
            part, context = self._element(connection, call, name=name)
            kind = type_of(part)
            check_options(call, kind, expandable=self._expandable(name))
            (more,) = self._expanded(call, connection, [part], name=name, context=context)
            value = view(kind, part, version=call.version, select=call.query.select)
            return entity_answer(call, {**value, **more}, context=context)

        async def handler(call: Call) -> Answer:
            return await call.read(answer, call)

        return handler

    def inner(self, name: str, *, part: Part[Json]) -> Handler:
        """GET .../{item}/{member}/{key}/{part}: what a navigation of a part leads to."""

        def answer(connection: Connection, call: Call) -> Answer:
            element, context = self._element(connection, call, name=name)
            (target,) = part.read(call, connection, [element])
            place = f"{context}('{element['id']}')/{part.name}"
            if isinstance(target, list):
                return list_documents(call, target, entity=part.entity, context=place, entity_of=part.entity_of)
            if target is None:
                raise NotFound(f"'{element['id']}' has no {part.name}.")
            kind = part.entity if part.entity_of is None else part.entity_of(target)
            check_options(call, part.entity, kind)
            return entity_answer(
                call, view(kind, target, version=call.version, select=call.query.select), context=place
            )

        async def handler(call: Call) -> Answer:
            return await call.read(answer, call)

        return handler

    def _element(self, connection: Connection, call: Call, *, name: str) -> tuple[Json, str]:
        documents, shape, context = self._member(connection, call, name=name)
        key = call.keys[KEYS[len(self.served.above) + 1]]
        part = next((document for document in documents if str(document["id"]).lower() == key.lower()), None)
        if part is None:
            raise NotFound(f"There is no {shape.name} '{key}'.")
        return part, context

    def _member(self, connection: Connection, call: Call, *, name: str) -> tuple[Sequence[Json], Entity, str]:
        row = self.served.read_row(connection, call)
        navigation = entity(row.kind).navigation(name, version=call.version)
        assert navigation is not None
        value = row.document.get(name) or []
        return value, entity(navigation.target), f"{self.served.context(call)}('{row.id}')/{name}"

    def _expandable(self, name: str) -> tuple[str, ...]:
        return tuple(paths_of(self.served.parts_of_named(name)))

    def _expanded(
        self, call: Call, connection: Connection, page: Sequence[Json], *, name: str, context: str
    ) -> list[Json]:
        return add_parts(
            call,
            connection,
            page,
            parts=self.served.parts_of_named(name),
            place=lambda part, inner: f"{context}('{part['id']}')/{inner.name}",
        )


def accepted_member(shape: Entity, value: object, *, member: Member, version: Version) -> Any:
    """The parts that a body has of a member, checked against their type. Raises Invalid."""
    navigation = shape.navigation(member.name, version=version)
    if navigation is None:
        raise Invalid(f"The property '{member.name}' does not exist on type '{shape.full_name}'.", target=member.name)
    target = entity(navigation.target)
    if member.single:
        return None if value is None else _accepted_part(target, value, member=member, version=version)
    if value is None:
        return []
    if not isinstance(value, list):
        raise Invalid(f"'{member.name}' must be a list of {target.name}.", target=member.name)
    return [_accepted_part(target, each, member=member, version=version) for each in value]


def _accepted_part(base: Entity, value: object, *, member: Member, version: Version) -> Json:
    if not isinstance(value, dict):
        raise Invalid(f"Each of '{member.name}' must be an object.", target=member.name)
    name = type_name(value)
    shape = base if name is None else entity(name)
    if not shape.is_a(base):
        raise Invalid(f"A {shape.name} is no {base.name}.", target=member.name)
    document = {**defaults(shape), **accept(shape, value, partial=False, version=version)}
    if member.bound:
        known = member.bound.split()
        document[BOUND] = {name: ids for name, ids in binds(shape, value).items() if name in known}
    for own in member.own:
        document[own.name] = accepted_member(shape, value.get(own.name), member=own, version=version)
    return {"@odata.type": shape.odata_type, **document}
