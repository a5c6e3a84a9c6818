"""Groups and their members. Graph: group; members and members/$ref."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fauxtune.core.errors import Invalid, NotEmulated, NotFound
from fauxtune.core.odata.entities.directory import DEVICE, GROUP, USER
from fauxtune.core.odata.paths import reference_id
from fauxtune.core.odata.schema import Entity
from fauxtune.core.odata.validation import accept, binds
from fauxtune.core.odata.view import view
from fauxtune.operations import directory
from fauxtune.operations.act import Act
from fauxtune.storage.queries import directory as queries
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Json, check_options, created, entity_answer
from fauxtune.surfaces.graph.lists import Listed, collection_answer, count_rows, counts, list_rows, window_of

_LISTED = Listed(
    collection="groups",
    entity=GROUP,
    context="groups",
    document=lambda row: row["document"],
    page_size=100,
    largest_page=999,
    directory=True,
)
_REQUIRED = ("displayName", "mailEnabled", "mailNickname", "securityEnabled")
_KINDS: dict[str, Entity] = {"user": USER, "group": GROUP, "device": DEVICE}
_MOST_BOUND = 20


async def list_groups(call: Call) -> Answer:
    """GET /groups."""
    return await list_rows(call, _LISTED)


async def count_groups(call: Call) -> Answer:
    """GET /groups/$count."""
    return await count_rows(call, _LISTED)


async def get_group(call: Call) -> Answer:
    """GET /groups/{group}."""
    check_options(call, GROUP)
    row = await _row(call)
    return entity_answer(
        call, view(GROUP, row["document"], version=call.version, select=call.query.select), context="groups"
    )


async def create_group(call: Call) -> Answer:
    """POST /groups, with members@odata.bind if they are sent along."""
    body = call.body()
    for name in _REQUIRED:
        if body.get(name) is None:
            raise Invalid(f"A value is required for property '{name}' of resource 'Group'.", target=name)
    document, members = accept(GROUP, body, partial=False, version=call.version), _bound(body)

    def create(act: Act) -> dict[str, Any]:
        made = directory.create_group(act, document)
        for member in members:
            directory.add_member(act, made["id"], member_id=member)
        return made

    made = await call.emulator.runner.run(call.tenant, create)
    return created(call, view(GROUP, made, version=call.version), collection="groups")


async def update_group(call: Call) -> Answer:
    """PATCH /groups/{group}: 204. members@odata.bind adds members."""
    body = call.body()
    changes, members = accept(GROUP, body, partial=True, version=call.version), _bound(body)

    def update(act: Act) -> None:
        directory.update_group(act, call.keys["group"], changes=changes)
        for member in members:
            directory.add_member(act, call.keys["group"], member_id=member)

    await call.emulator.runner.run(call.tenant, update)
    return NO_CONTENT


async def delete_group(call: Call) -> Answer:
    """DELETE /groups/{group}."""
    await call.emulator.runner.run(call.tenant, directory.delete_group, call.keys["group"])
    return NO_CONTENT


async def list_members(call: Call) -> Answer:
    """GET /groups/{group}/members, also with a cast: each member says what it is."""
    check_options(call, *_KINDS.values())

    def shown(member: dict[str, Any]) -> Json:
        kind = _KINDS[member["kind"]]
        return view(kind, member["document"], version=call.version, select=call.query.select, typed=True)

    return await _member_page(call, shown, context="directoryObjects")


async def list_member_references(call: Call) -> Answer:
    """GET /groups/{group}/members/$ref."""

    def reference(member: dict[str, Any]) -> Json:
        return {"@odata.id": f"{call.root}/directoryObjects/{member['id']}"}

    return await _member_page(call, reference, context="Collection($ref)")


async def add_member(call: Call) -> Answer:
    """POST /groups/{group}/members/$ref with {"@odata.id": url}; only the id in it matters."""
    url = call.body().get("@odata.id")
    if not isinstance(url, str):
        raise Invalid('The body must be {"@odata.id": "<the member\'s URL>"}.', target="@odata.id")
    await call.emulator.runner.run(call.tenant, directory.add_member, call.keys["group"], member_id=reference_id(url))
    return NO_CONTENT


async def remove_member(call: Call) -> Answer:
    """DELETE /groups/{group}/members/{member}/$ref, or .../members/$ref?@id=url."""
    member = call.keys.get("member") or reference_id(call.query.other("@id") or "")
    await call.emulator.runner.run(call.tenant, directory.remove_member, call.keys["group"], member_id=member)
    return NO_CONTENT


async def _member_page(call: Call, shown: Callable[[dict[str, Any]], Json], *, context: str) -> Answer:
    """Members come as a whole and are cut here: a group of an emulator is small."""
    for option in ("filter", "orderby", "search"):
        if getattr(call.query, option):
            raise NotEmulated(f"${option} of members is not emulated.")
    row, window = await _row(call), window_of(call, _LISTED)
    kind = None if call.cast is None else call.cast.lower()
    read: Callable[..., list[dict[str, Any]]] = queries.members
    found = await call.emulator.runner.read(read, call.tenant.id, group_id=row["id"], kind=kind)
    page, next_offset = window.page(found[window.offset :])
    total = len(found) if counts(call, _LISTED) else None
    return collection_answer(
        call, [shown(each) for each in page], context=context, total=total, next_offset=next_offset
    )


async def _row(call: Call) -> dict[str, Any]:
    key = call.keys["group"]
    row = await call.emulator.runner.read(queries.group, call.tenant.id, group_id=key.lower())
    if row is None:
        raise NotFound(
            f"Resource '{key}' does not exist or one of its queried reference-property objects are not present."
        )
    return row


def _bound(body: dict[str, Any]) -> list[str]:
    members = binds(GROUP, body).get("members", [])
    if len(members) > _MOST_BOUND:
        raise Invalid(f"members@odata.bind takes {_MOST_BOUND} members at most.", target="members@odata.bind")
    return members
