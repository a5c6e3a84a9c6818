"""Groups, their members and owners. Graph: group; members/$ref and owners/$ref."""

from __future__ import annotations

from functools import partial
from typing import Any

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import entity
from fauxtune.core.graph.references import binds, reference_id
from fauxtune.core.graph.search import Searchable
from fauxtune.core.model.ids import GroupId
from fauxtune.core.odata.documents.validation import accept
from fauxtune.core.odata.documents.view import view
from fauxtune.operations.directory import users_and_groups
from fauxtune.storage.collections.directory import GROUPS
from fauxtune.storage.queries import directory as queries
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, created
from fauxtune.surfaces.graph.lists import Listed, count_rows, list_rows, stored
from fauxtune.surfaces.graph.resources.directory_objects import check_required, expand, expanded_answer

GROUP = entity("group")

_EXPANDABLE = ("members", "transitivemembers", "owners", "memberof", "transitivememberof")
_LISTED = Listed(
    collection=GROUPS,
    entity=GROUP,
    context="groups",
    document=stored,
    page_size=100,
    largest_page=999,
    directory=True,
    expandable=_EXPANDABLE,
    expand=expand,
    searchable=Searchable(words=("displayName", "description"), beginnings=("mail", "mailNickname")),
)
_REQUIRED = ("displayName", "mailEnabled", "mailNickname", "securityEnabled")
_MOST_BOUND = 20


async def list_groups(call: Call) -> Answer:
    """GET /groups."""
    return await list_rows(call, _LISTED)


async def count_groups(call: Call) -> Answer:
    """GET /groups/$count."""
    return await count_rows(call, _LISTED)


async def get_group(call: Call) -> Answer:
    """GET /groups/{group}."""
    key = call.keys["group"]
    find = partial(queries.group, tenant_id=call.tenant.id, group_id=GroupId(key.lower()))
    return await expanded_answer(call, find, key=key, listed=_LISTED)


async def create_group(call: Call) -> Answer:
    """POST /groups, with members@odata.bind and owners@odata.bind if they are sent along."""
    body = call.body()
    check_required(body, GROUP, names=_REQUIRED)
    document = accept(GROUP, body, partial=False, version=call.version)
    result = await call.run(
        users_and_groups.create_group,
        document,
        member_ids=_bound(body, "members"),
        owner_ids=_bound(body, "owners"),
    )
    return created(call, view(GROUP, result, version=call.version), collection="groups")


async def update_group(call: Call) -> Answer:
    """PATCH /groups/{group}: 204. members@odata.bind and owners@odata.bind add to who is there."""
    body = call.body()
    changes = accept(GROUP, body, partial=True, version=call.version)
    await call.run(
        users_and_groups.update_group,
        call.keys["group"],
        changes=changes,
        member_ids=_bound(body, "members"),
        owner_ids=_bound(body, "owners"),
    )
    return NO_CONTENT


async def delete_group(call: Call) -> Answer:
    """DELETE /groups/{group}."""
    await call.run(users_and_groups.delete_group, call.keys["group"])
    return NO_CONTENT


async def add_member(call: Call) -> Answer:
    """POST /groups/{group}/members/$ref with {"@odata.id": url}; only the id in it matters."""
    await call.run(users_and_groups.add_member, call.keys["group"], member_id=call.reference(to="directoryObject"))
    return NO_CONTENT


async def remove_member(call: Call) -> Answer:
    """DELETE /groups/{group}/members/{member}/$ref, or .../members/$ref?@id=url."""
    member = call.keys.get("member") or reference_id(call.query.other("@id") or "")
    await call.run(users_and_groups.remove_member, call.keys["group"], member_id=member)
    return NO_CONTENT


async def add_owner(call: Call) -> Answer:
    """POST /groups/{group}/owners/$ref with {"@odata.id": url}."""
    await call.run(users_and_groups.add_owner, call.keys["group"], owner_id=call.reference(to="user"))
    return NO_CONTENT


async def remove_owner(call: Call) -> Answer:
    """DELETE /groups/{group}/owners/{owner}/$ref, or .../owners/$ref?@id=url."""
    owner = call.keys.get("owner") or reference_id(call.query.other("@id") or "")
    await call.run(users_and_groups.remove_owner, call.keys["group"], owner_id=owner)
    return NO_CONTENT


def _bound(body: dict[str, Any], name: str) -> tuple[str, ...]:
    references = binds(GROUP, body).get(name, [])
    if len(references) > _MOST_BOUND:
        raise Invalid(f"{name}@odata.bind takes {_MOST_BOUND} references at most.", target=f"{name}@odata.bind")
    return tuple(references)
