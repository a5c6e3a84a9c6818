"""A family as it is served: its paths, how it is listed and expanded, and the rows that a path names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fauxtune.core.errors import NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.graph.search import Searchable
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.odata.query.expressions import Condition, IsOf
from fauxtune.core.odata.schema.types import Entity, bare_name
from fauxtune.core.policies.rules import Member
from fauxtune.operations.profiles import assignments as assignment_operations
from fauxtune.operations.profiles import resources as operations
from fauxtune.storage.collections.resources import ASSIGNMENTS, resources_of
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import resources as queries
from fauxtune.storage.rows.resources import ListedResourceRow, ResourceRow
from fauxtune.surfaces.graph.call import Call, Json
from fauxtune.surfaces.graph.families.family import KEYS, Family
from fauxtune.surfaces.graph.lists import Listed, of_cast, stored
from fauxtune.surfaces.graph.resources.parts import Part, add_parts, by_name, of_collection

#: In the document of a part: its own path, by which what is below it is found.
_PATH = "@path"


@dataclass(frozen=True)
class Served:
    """A family as it is served: `above` are the families whose items it is below, the highest first."""

    family: Family
    above: tuple[Family, ...] = ()

    # ------------------------------------------------------------------------------------------------------ shapes

    @property
    def template(self) -> str:
        """The path of the collection."""
        return f"{Served(self.above[-1], self.above[:-1]).item}/{self.family.path}" if self.above else self.family.path

    @property
    def item(self) -> str:
        """The path of an item."""
        return f"{self.template}/{{{KEYS[len(self.above)]}}}"

    @property
    def key(self) -> str:
        """The name of the item's key in paths."""
        return KEYS[len(self.above)]

    def context(self, call: Call) -> str:
        """The path of the collection in contexts: with the keys of this call."""
        path = self.template
        for name, value in call.keys.items():
            path = path.replace(f"/{{{name}}}", f"('{value}')")
        return path

    @cached_property
    def assignment(self) -> Entity:
        """The type of the assignments."""
        assert self.family.assigned is not None
        return entity(self.family.assigned.entity)

    def target(self, name: str) -> Entity:
        """The type that a navigation of the family leads to."""
        kinds = (self.family.base, *self.family.kinds)
        return entity(next(each.target for kind in kinds if (each := kind.navigation(name)) is not None))

    @cached_property
    def parts(self) -> dict[str, Part[ListedResourceRow]]:
        """What `$expand` takes, by name in lower case."""
        parts = [*self.family.parts, *(self._member_part(member) for member in self.family.rules.members)]
        parts += [
            below_part(family, (*self.above, self.family), path_of=lambda row: row.path)
            for family in self.family.below
            if family.path in self.family.expanded_below.split()
        ]
        if self.family.assigned is not None:
            parts.append(Part("assignments", self.assignment, of_collection(ASSIGNMENTS, stored)))
        return by_name(*parts)

    def expandable(self, *, of: str) -> tuple[str, ...]:
        """The names in `$expand` that are answered of a `list` or of an `item`."""
        assigned = self.family.assigned
        hidden = {name.lower() for name in self.family.only_on_items.split()} if of == "list" else set()
        if assigned is not None and of not in assigned.expandable.split():
            hidden.add("assignments")
        return tuple(paths_of({name: part for name, part in self.parts.items() if name not in hidden}))

    def parts_of(self, member: Member) -> dict[str, Part[Json]]:
        """What `$expand` takes of the parts of a member, by name in lower case."""
        target = self.target(member.name)
        own = (_inner(target, each) for each in member.own)
        return by_name(*own, *self.family.member_parts.get(member.name, ()))

    def parts_of_named(self, name: str) -> dict[str, Part[Json]]:
        """What `$expand` takes of the parts of the member of this name."""
        return self.parts_of(next(member for member in self.family.rules.members if member.name == name))

    def _member_part(self, member: Member) -> Part[ListedResourceRow]:
        def read(_call: Call, _connection: Connection, rows: Sequence[ListedResourceRow]) -> list[Any]:
            return [row.document.get(member.name) for row in rows]

        target = self.target(member.name)
        return Part(member.name, target, read, entity_of=type_of, parts=self.parts_of(member))

    def listed(self, call: Call, *, parent: ResourceRow | None) -> Listed[ListedResourceRow]:
        """How the collection is listed in this call."""
        family = self.family
        built_in = [] if parent is not None else operations.built_in_rows(family.rules, call.tenant)
        collection = resources_of(
            call.tenant.id,
            family.rules.name,
            parent_id="" if parent is None else parent.path,
            built_in=built_in,
            without=self._unread(call),
        )
        return Listed(
            collection=collection,
            entity=family.base,
            context=self.context(call),
            document=document_of,
            entity_of=lambda row: entity(row.kind),
            always_count=family.always_count,
            expandable=self.expandable(of="list"),
            expand=self.expanded,
            searchable=Searchable(anywhere=tuple(family.searched.split())) if family.searched else None,
            narrowed=self._narrowed(call),
        )

    def _narrowed(self, call: Call) -> Condition | None:
        if call.cast is not None:
            return of_cast(call.cast, base=self.family.base, kinds=self.family.kinds)
        return IsOf(tuple(kind.name for kind in self.family.kinds)) if self.family.among else None

    def _unread(self, call: Call) -> list[str]:
        """What a list does not read of documents: properties that it hides, and parts that it does not expand."""
        members = () if call.query.expand else (member.name for member in self.family.rules.members)
        return [*self.family.hidden_in_lists.split(), *members]

    def expanded(self, call: Call, connection: Connection, rows: Sequence[ListedResourceRow]) -> list[Json]:
        """Return what `$expand` adds to each of these rows."""
        path = self.context(call)
        return add_parts(
            call,
            connection,
            rows,
            parts=self.parts,
            place=lambda row, part: f"{path}('{row.id}')/{part.name}",
            has=lambda row, expand: entity(row.kind).navigation(expand.navigation) is not None,
        )

    # -------------------------------------------------------------------------------------------------------- rows

    def read_parent(self, connection: Connection, call: Call) -> ResourceRow | None:
        """The item that the collection is below. Raises NotFound."""
        parent: ResourceRow | None = None
        for family, name in zip(self.above, KEYS, strict=False):
            parent = operations.found(connection, call.tenant, rules=family.rules, key=call.keys[name], parent=parent)
        return parent

    async def parent(self, call: Call) -> ResourceRow | None:
        """The item that the path names above the collection; None for a collection that is below no item."""
        return await call.read(self.read_parent, call) if self.above else None

    def read_row(self, connection: Connection, call: Call) -> ResourceRow:
        """Return the item that the path names. Raises NotFound."""
        parent = self.read_parent(connection, call)
        key = call.keys[self.key]
        row = operations.found(connection, call.tenant, rules=self.family.rules, key=key, parent=parent)
        if self.family.among and not entity(row.kind).is_a(self.family.base):
            raise NotFound(f"There is no {self.family.entity} '{row.id}'.")
        if call.cast is not None and not entity(row.kind).is_a(entity(call.cast)):
            raise NotFound(f"The {self.family.entity} '{row.id}' is a {row.kind}, not a {bare_name(call.cast)}.")
        return row

    async def row(self, call: Call) -> ResourceRow:
        """The item that the path names. Raises NotFound, for an item of another type than the path's cast too."""
        return await call.read(self.read_row, call)


def document_of(row: ListedResourceRow) -> Json:
    """Return the document of a resource, with what its assignments say."""
    return {**row.document, "isAssigned": row.is_assigned}


def listed_row(connection: Connection, call: Call, *, row: ResourceRow) -> ListedResourceRow:
    """Return the row as a list has it."""
    assigned = assignment_operations.is_assigned(connection, call.tenant.id, thing_id=ProfileId(row.id))
    return ListedResourceRow(
        row.tenant_id,
        row.family,
        row.parent_id,
        row.id,
        row.kind,
        row.version,
        row.created_at,
        row.modified_at,
        row.priority,
        row.document,
        assigned,
    )


def below_part(family: Family, above: tuple[Family, ...], *, path_of: Callable[[Any], str]) -> Part[Any]:
    """Return the navigation to a family below another one. `path_of`: the path of what it is below."""

    def read(call: Call, connection: Connection, rows: Sequence[Any]) -> list[Any]:
        paths = [path_of(row) for row in rows]
        parts = queries.parts_of(connection, call.tenant.id, family=family.rules.name, paths=paths)
        return [
            [{**part.document, "@odata.type": entity(part.kind).odata_type, _PATH: part.path} for part in parts[path]]
            for path in paths
        ]

    deeper = by_name(
        *(
            below_part(each, (*above, family), path_of=lambda document: str(document[_PATH]))
            for each in family.below
            if each.path in family.expanded_below.split()
        ),
        *family.inner_parts,
    )
    return Part(family.path, family.base, read, entity_of=type_of, parts=deeper)


def type_of(document: Json) -> Entity:
    """Return the type of a part that is kept in a document."""
    return entity(document["@odata.type"])


def _inner(shape: Entity, member: Member) -> Part[Json]:
    navigation = shape.navigation(member.name)
    assert navigation is not None
    target = entity(navigation.target)

    def read(_call: Call, _connection: Connection, rows: Sequence[Json]) -> list[Any]:
        return [document.get(member.name) for document in rows]

    parts = by_name(*(_inner(target, own) for own in member.own))
    return Part(navigation.name, target, read, entity_of=type_of, parts=parts)


def paths_of(parts: Mapping[str, Part[Any]], *, above: str = "") -> Iterator[str]:
    """Yield the paths in `$expand` that these parts allow, in lower case."""
    for name, part in parts.items():
        yield f"{above}{name}"
        yield from paths_of(part.parts, above=f"{above}{name}/")
