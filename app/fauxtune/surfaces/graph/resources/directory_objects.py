"""Objects of the directory: what users, groups and Entra devices have in common, and Entra devices themselves.

Graph: directoryObject: get, delete, getByIds; device: list, get, create, update, delete, and the alternate key
deviceId.

A list that holds several kinds gives the type of each element; so does a navigation that `$expand` adds.

Every managed device has an Entra device, and an administrator can create others. A device's own id and its deviceId
differ: a managedDevice calls the latter azureADDeviceId, and in a path it is written `devices(deviceId='...')`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from functools import cached_property
from typing import Protocol, TypeVar
from urllib.parse import unquote

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import entity
from fauxtune.core.graph.references import ANY_OBJECT, KINDS
from fauxtune.core.graph.search import Searchable
from fauxtune.core.model.ids import DirectoryDeviceId
from fauxtune.core.model.text import text_value
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import EXACT, Entity, approximated
from fauxtune.core.odata.schema.types import stored as stored_only
from fauxtune.operations.directory import devices, users_and_groups
from fauxtune.operations.directory.grants import principal_documents
from fauxtune.storage.collections.directory import DIRECTORY_DEVICES, DIRECTORY_OBJECTS, USERS
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import applications as application_queries
from fauxtune.storage.queries import collections
from fauxtune.storage.queries import directory as queries
from fauxtune.storage.rows.directory import DirectoryDeviceRow, DirectoryObjectRow, UserRow
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Json, check_options, entity_answer
from fauxtune.surfaces.graph.declared import Routes
from fauxtune.surfaces.graph.lists import Identified, Listed, Stored, collection_answer, stored
from fauxtune.surfaces.graph.resources.own_family import Accepted, RowFamily

DIRECTORY_OBJECT = entity("directoryObject")
_PRINCIPAL = entity("servicePrincipal")

SEARCH = approximated("for $search a word begins at white space and punctuation; see the query options")
AT_ONCE = approximated("gone at once, without a recycle bin")

CONTEXT = "directoryObjects"
ONE_OBJECT = Routes(f"{CONTEXT}/{{object}}", type=DIRECTORY_OBJECT, read=needs.READ_OBJECTS, write=needs.WRITE_OBJECTS)
#: Bound to any collection of directory objects, it gives whatever has the ids.
BY_IDS = Routes(
    CONTEXT,
    "users",
    "groups",
    "devices",
    "organization",
    source="Graph: directoryObject: {verb}",
    write=needs.READ_OBJECTS,
)
#: Graph: "Customize Microsoft Graph responses with query parameters": an expanded navigation has that many elements.
MOST_EXPANDED = 20
#: Graph: directoryObject: getByIds.
_MOST_IDS = 1000


class DirectoryRow(Identified, Stored, Protocol):
    """A row of a user, a group or an Entra device."""


D = TypeVar("D", bound=DirectoryRow)


def shape(call: Call, row: DirectoryObjectRow) -> Json:
    """Return an element of a list that holds several kinds."""
    return _typed(call, row, select=call.query.select)


def reference(call: Call, row: DirectoryObjectRow) -> Json:
    """Return an element of `.../$ref`."""
    return {"@odata.id": f"{call.root}/directoryObjects/{row.id}"}


def mixed(navigation: str) -> Listed[DirectoryObjectRow]:
    """Return how the directory objects of this navigation are listed."""
    return Listed(
        collection=DIRECTORY_OBJECTS[navigation],
        entity=ANY_OBJECT,
        context=CONTEXT,
        document=stored,
        page_size=100,
        largest_page=999,
        directory=True,
        searchable=Searchable(words=("displayName", "description"), beginnings=("mail", "userPrincipalName")),
        shape=shape,
    )


@ONE_OBJECT.get(fidelity=EXACT)
async def get_object(call: Call) -> Answer:
    """Get any directory object."""
    check_options(call, ANY_OBJECT)
    key = call.keys["object"].lower()
    row = await call.read(queries.directory_object, call.tenant.id, object_id=key)
    if row is not None:
        return entity_answer(call, shape(call, row), context=CONTEXT)
    principals = await _principals(call, [key])
    if not principals:
        raise users_and_groups.missing(call.keys["object"])
    return entity_answer(call, principals[0], context=CONTEXT)


@ONE_OBJECT.delete(fidelity=AT_ONCE)
async def delete_object(call: Call) -> Answer:
    """Delete any directory object."""
    row = await _object(call)
    deletion = users_and_groups.DELETIONS.get(row.kind, devices.delete_device)
    await call.run(deletion, row.id)
    return NO_CONTENT


@BY_IDS.action(
    "/getByIds",
    many=True,
    returns=DIRECTORY_OBJECT,
    fidelity=approximated("users, groups, devices and service principals: no other kinds"),
)
async def get_by_ids(call: Call) -> Answer:
    """Get directory objects by their ids."""
    body = call.body()
    check_options(call, ANY_OBJECT)
    object_ids = texts(body, "ids", most=_MOST_IDS)
    kinds, wants_principals = _kinds(body)
    rows = await call.read(queries.directory_objects, call.tenant.id, object_ids=object_ids, kinds=kinds)
    objects = [shape(call, row) for row in rows]
    if wants_principals and len(objects) < len(set(object_ids)):
        objects += await _principals(call, object_ids)
    return collection_answer(call, objects, context=CONTEXT)


def expand(call: Call, connection: Connection, rows: Sequence[Identified]) -> list[Json]:
    """Return what `$expand` adds to each row, as far as it leads to directory objects: one statement for each
    navigation.
    """
    added: list[Json] = [{} for _ in rows]
    for expansion in call.query.expand:
        navigation = ANY_OBJECT.navigation(expansion.navigation)
        if navigation is None or navigation.target != DIRECTORY_OBJECT.name:
            continue
        targets = _targets(call, connection, rows, name=navigation.name)
        for more, objects in zip(added, targets, strict=True):
            values = [_typed(call, row, select=expansion.select) for row in objects]
            more[navigation.name] = values if navigation.collection else next(iter(values), None)
    return added


@dataclass(frozen=True)
class DirectoryFamily(RowFamily[D]):
    """A collection of objects of the directory, which answers in its ways.

    `found_by` returns the row that the path names; `required`: what the body of a POST must have; `searchable`: of its
    list.
    """

    _: KW_ONLY
    update_status: int = 204
    found_by: Callable[[Connection, Call], D | None]
    required: tuple[str, ...]
    searchable: Searchable
    expanded_by: Callable[[Call, Connection, Sequence[D]], list[Json]] = expand

    @cached_property
    def listed(self) -> Listed[D]:
        """How the collection is listed."""
        return replace(
            super().listed,
            page_size=100,
            largest_page=999,
            directory=True,
            searchable=self.searchable,
        )

    async def get(self, call: Call) -> Answer:
        """GET an object, with what `$expand` adds as in its list."""
        key = self.key_of(call)
        check_options(call, self.base, expandable=self.expandable)

        def read(connection: Connection) -> tuple[D, Json]:
            row = self.found_by(connection, call)
            if row is None:
                raise users_and_groups.missing(key)
            return row, self.expanded_by(call, connection, [row])[0]

        row, more = await call.read(read)
        document = view(self.base, row.document, version=call.version, select=call.query.select)
        return entity_answer(call, {**document, **more}, context=self.path)

    def accepted(self, call: Call, body: Json, *, partial: bool) -> Accepted:
        """The document in a body; a new one has all that is required."""
        if not partial:
            check_required(body, self.base, names=self.required)
        return super().accepted(call, body, partial=partial)


def check_required(body: Json, entity: Entity, *, names: tuple[str, ...]) -> None:
    """Raise Invalid, in the directory's words, for a body that lacks one of these properties."""
    for name in names:
        if body.get(name) is None:
            resource = entity.name.capitalize()
            raise Invalid(f"A value is required for property '{name}' of resource '{resource}'.", target=name)


def texts(body: Json, name: str, *, most: int) -> list[str]:
    """Return a required list of ids in a body, in lower case. Raises Invalid for anything else, and for too many."""
    values = body.get(name)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise Invalid(f"'{name}' is required: a list of ids.", target=name)
    if len(values) > most:
        raise Invalid(f"'{name}' takes {most} ids at most, not {len(values)}.", target=name)
    return [text_value(value).lower() for value in values]


def _typed(call: Call, row: DirectoryObjectRow, *, select: tuple[str, ...] | None) -> Json:
    return view(KINDS[row.kind], row.document, version=call.version, select=select, typed=True)


def _targets(
    call: Call, connection: Connection, rows: Sequence[Identified], *, name: str
) -> list[list[DirectoryObjectRow]]:
    """Return the objects that the navigation of each row leads to; of many, the first ones."""
    tenant_id = call.tenant.id
    if name == "manager":
        manager_ids = [row.manager_id if isinstance(row, UserRow) else None for row in rows]
        keys = [manager_id for manager_id in manager_ids if manager_id is not None]
        users = collections.elements(connection, tenant_id, collection=USERS, keys=keys)
        return [
            [_as_object(users[manager_id])] if manager_id is not None and manager_id in users else []
            for manager_id in manager_ids
        ]
    parents = [row.id for row in rows]
    collection = DIRECTORY_OBJECTS[name]
    objects = collections.parts(connection, tenant_id, collection=collection, parents=parents, limit=MOST_EXPANDED)
    return [objects[parent] for parent in parents]


def _as_object(user: UserRow) -> DirectoryObjectRow:
    return DirectoryObjectRow(user.id, "user", user.created_at, user.document)


def _kinds(body: Json) -> tuple[tuple[str, ...], bool]:
    """Return the kinds that the body asks for, and whether service principals are among them."""
    types = body.get("types")
    if types is None:
        return tuple(KINDS), True
    if not isinstance(types, list) or not all(isinstance(each, str) for each in types):
        raise Invalid("'types' is a list of names such as user, group, device.", target="types")
    names = {each.lower() for each in types}
    if "directoryobject" in names:
        return tuple(KINDS), True
    return tuple(kind for kind in KINDS if kind in names), _PRINCIPAL.name.lower() in names


async def _principals(call: Call, object_ids: Sequence[str]) -> list[Json]:
    """Return the service principals with these ids; they have no rows of their own."""
    rows = await call.read(application_queries.all_applications, call.tenant.id)
    documents = (document for document in principal_documents(call.tenant, rows) if document["id"] in object_ids)
    return [
        view(_PRINCIPAL, document, version=call.version, select=call.query.select, typed=True) for document in documents
    ]


async def _object(call: Call) -> DirectoryObjectRow:
    key = call.keys["object"]
    row = await call.read(queries.directory_object, call.tenant.id, object_id=key.lower())
    if row is None:
        raise users_and_groups.missing(key)
    return row


DEVICE = entity("device")

_EXPANDABLE = ("memberof", "transitivememberof", "registeredowners", "registeredusers")
#: What Graph asks for when a device is made.
_REQUIRED = (
    "accountEnabled",
    "alternativeSecurityIds",
    "deviceId",
    "displayName",
    "operatingSystem",
    "operatingSystemVersion",
)
_BY_DEVICE_ID = re.compile(r"/*devices\(\s*deviceId\s*=", re.IGNORECASE)


@dataclass(frozen=True)
class _Devices(DirectoryFamily[DirectoryDeviceRow]):
    """Entra devices; a managed device stays managed without its own."""

    async def id_of(self, call: Call) -> str:
        """The device's own id: a path can name it by its deviceId."""
        return (await call.read(device_row, call)).id

    def accepted(self, call: Call, body: Json, *, partial: bool) -> Accepted:
        """The document in a body; what is required can be neither empty nor taken away."""
        if not partial:
            filled = {name: value for name, value in body.items() if value not in ("", [])}
            check_required(filled, self.base, names=self.required)
        document, more = super().accepted(call, body, partial=partial)
        for name in ("accountEnabled", "deviceId", "displayName") if partial else ():
            if name in document and document[name] in (None, ""):
                raise Invalid(f"Invalid value specified for property '{name}' of resource 'Device'.", target=name)
        return document, more


def device_row(connection: Connection, call: Call) -> DirectoryDeviceRow:
    """Return the device that the path names by its id or by its deviceId. Raises NotFound if it does not exist."""
    key, tenant_id = call.keys["device"], call.tenant.id
    if _BY_DEVICE_ID.match(unquote(call.path)):
        row = queries.directory_device_by_device_id(connection, tenant_id, device_id=key)
    else:
        row = queries.directory_device(connection, tenant_id, device_id=DirectoryDeviceId(key.lower()))
    if row is None:
        raise users_and_groups.missing(key)
    return row


DEVICES = _Devices(
    "devices",
    "device",
    "an Entra device",
    DIRECTORY_DEVICES,
    key="device",
    read=needs.READ_DEVICES,
    write=needs.WRITE_DEVICES,
    created_by=devices.create_device,
    changed_by=devices.update_device,
    deleted_by=devices.delete_device,
    found_by=device_row,
    required=_REQUIRED,
    expandable=_EXPANDABLE,
    searchable=Searchable(words=("displayName",), beginnings=("deviceId", "operatingSystem")),
    fidelities={
        **dict.fromkeys(("list", "count"), SEARCH),
        "create": approximated(
            "a device without management is made at once; the real service asks for a signed-in user"
        ),
        "update": stored_only("a disabled device may go on checking in"),
    },
    summaries={"delete": "Delete an Entra device; a managed one stays managed"},
)
