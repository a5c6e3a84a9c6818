"""Scope tags. Graph: roleScopeTag (beta): list, get, create, update, delete, assign, getRoleScopeTagsById,
hasCustomRoleScopeTag.
"""

from __future__ import annotations

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.odata.documents.validation import accept
from fauxtune.core.odata.documents.view import view
from fauxtune.operations.profiles import role_scope_tags as operations
from fauxtune.storage.collections.tenant import ROLE_SCOPE_TAG_ASSIGNMENTS, ROLE_SCOPE_TAGS
from fauxtune.storage.queries import role_scope_tags as queries
from fauxtune.storage.rows.tenants import RoleScopeTagRow
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Json, check_options, created, entity_answer
from fauxtune.surfaces.graph.lists import Listed, collection_answer, count_rows, list_rows, stored
from fauxtune.surfaces.graph.resources.below import Below, placed

ROLE_SCOPE_TAG = entity("roleScopeTag")
ROLE_SCOPE_TAG_AUTO_ASSIGNMENT = entity("roleScopeTagAutoAssignment")

_CONTEXT = "deviceManagement/roleScopeTags"
#: A list expands `assignments` to nothing, as it was seen in live tenants: they stand below each tag.
_LISTED = Listed(
    collection=ROLE_SCOPE_TAGS,
    entity=ROLE_SCOPE_TAG,
    context=_CONTEXT,
    document=stored,
    expandable=("assignments",),
    expand=lambda _call, _connection, rows: [{"assignments": []} for _ in rows],
)
_ASSIGNMENTS = Listed(
    collection=ROLE_SCOPE_TAG_ASSIGNMENTS,
    document=stored,
    entity=ROLE_SCOPE_TAG_AUTO_ASSIGNMENT,
    context=_CONTEXT,
)
#: More tags than a tenant has. Unverified: the real service's limit.
_MOST = 1000


async def list_tags(call: Call) -> Answer:
    """GET /deviceManagement/roleScopeTags: the built-in one first."""
    return await list_rows(call, _LISTED)


async def count_tags(call: Call) -> Answer:
    """GET /deviceManagement/roleScopeTags/$count."""
    return await count_rows(call, _LISTED)


async def get_tag(call: Call) -> Answer:
    """GET .../{tag}."""
    check_options(call, ROLE_SCOPE_TAG)
    row = await _row(call)
    document = view(ROLE_SCOPE_TAG, row.document, version=call.version, select=call.query.select)
    return entity_answer(call, document, context=_CONTEXT)


async def create_tag(call: Call) -> Answer:
    """POST: 200, as IntuneCD expects it of the real service; Microsoft's reference has 201. Unverified."""
    document = accept(ROLE_SCOPE_TAG, call.body(), partial=False, version=call.version)
    document = await call.run(operations.create_tag, document)
    answer = created(call, view(ROLE_SCOPE_TAG, document, version=call.version), collection=_CONTEXT)
    return Answer(200, answer.document, headers=answer.headers)


async def update_tag(call: Call) -> Answer:
    """PATCH .../{tag}: 200 with the entity."""
    changes = accept(ROLE_SCOPE_TAG, call.body(), partial=True, version=call.version)
    document = await call.run(operations.update_tag, call.keys["tag"], changes=changes)
    return entity_answer(call, view(ROLE_SCOPE_TAG, document, version=call.version), context=_CONTEXT)


async def delete_tag(call: Call) -> Answer:
    """DELETE .../{tag}."""
    await call.run(operations.delete_tag, call.keys["tag"])
    return NO_CONTENT


async def assign_tag(call: Call) -> Answer:
    """POST .../{tag}/assign: the whole new set."""
    sent = call.body().get("assignments")
    if not isinstance(sent, list):
        raise Invalid('The body must be {"assignments": [...]}.', target="assignments")
    kind = ROLE_SCOPE_TAG_AUTO_ASSIGNMENT
    targets = [accept(kind, each, partial=False, version=call.version)["target"] for each in sent]
    documents = await call.run(operations.assign_tag, call.keys["tag"], targets=targets)
    values = [view(kind, document, version=call.version) for document in documents]
    return collection_answer(call, values, context=f"Collection({kind.full_name})")


async def tags_by_id(call: Call) -> Answer:
    """POST .../getRoleScopeTagsById: those of the ids that are tags."""
    sent = call.body().get("roleScopeTagIds")
    if not isinstance(sent, list) or not all(isinstance(each, str) for each in sent) or len(sent) > _MOST:
        raise Invalid(
            f'The body must be {{"roleScopeTagIds": ["0"]}}, with at most {_MOST} ids.', target="roleScopeTagIds"
        )
    rows = await call.read(queries.tags, call.tenant.id, ids=sent)
    values = [view(ROLE_SCOPE_TAG, row.document, version=call.version) for row in rows]
    return collection_answer(call, values, context=f"Collection({ROLE_SCOPE_TAG.full_name})")


async def has_custom_tag(call: Call) -> Answer:
    """GET .../hasCustomRoleScopeTag: whether there is more than the built-in one."""
    last = await call.read(queries.last_number, call.tenant.id)
    value: Json = {"@odata.context": call.context("Edm.Boolean"), "value": last > 0}
    return Answer(200, value)


async def _row(call: Call) -> RoleScopeTagRow:
    key = call.keys["tag"]
    row = await call.read(queries.tag, call.tenant.id, tag_id=key)
    if row is None:
        raise NotFound(f"There is no roleScopeTag '{key}'.")
    return row


ASSIGNED = Below(_row, placed(_ASSIGNMENTS, lambda row: f"{_CONTEXT}('{row.id}')/assignments"), key="assignment")
