"""Policy sets. Graph: policySet: update, getPolicySets."""

from __future__ import annotations

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.odata.documents.view import view
from fauxtune.core.policies.tenant_administration import POLICY_SET_ITEMS, POLICY_SETS
from fauxtune.operations.profiles import resources
from fauxtune.operations.profiles.assignments import Assignable, NewAssignment
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import resources as queries
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Json
from fauxtune.surfaces.graph.lists import collection_answer
from fauxtune.surfaces.graph.resources.assignments import targets_of
from fauxtune.surfaces.graph.resources.document_members import accepted_member

POLICY_SET = entity("policySet")
POLICY_SET_ASSIGNMENT = entity("policySetAssignment")

_ADDED, _UPDATED, _DELETED = "addedPolicySetItems", "updatedPolicySetItems", "deletedPolicySetItems"


async def update(call: Call) -> Answer:
    """POST .../{resource}/update: items that come, change and go, and the whole new set of assignments."""
    body = call.body()
    added = accepted_member(POLICY_SET, body.get(_ADDED), member=POLICY_SET_ITEMS, version=call.version)
    changed = accepted_member(POLICY_SET, body.get(_UPDATED), member=POLICY_SET_ITEMS, version=call.version)
    ids = [each.get("id") for each in body.get(_UPDATED) or [] if isinstance(each, dict)]
    updated = {str(key): each for key, each in zip(ids, changed, strict=True)}
    deleted = body.get(_DELETED) or []
    if not isinstance(deleted, list) or not all(isinstance(each, str) for each in deleted):
        raise Invalid(f"'{_DELETED}' must be a list of ids.", target=_DELETED)
    targets = None
    if body.get("assignments") is not None:
        targets = targets_of(body, shape=POLICY_SET_ASSIGNMENT, version=call.version)
    await call.run(_update, call.keys["resource"], added=added, updated=updated, deleted=deleted, targets=targets)
    return NO_CONTENT


async def get_policy_sets(call: Call) -> Answer:
    """POST .../getPolicySets: those of the ids that are policy sets."""
    ids = call.body().get("policySetIds")
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        raise Invalid('The body must be {"policySetIds": ["<id>"]}.', target="policySetIds")
    rows = await call.read(queries.resources_by_id, call.tenant.id, ids=ids)
    values = [
        view(POLICY_SET, row.document, version=call.version) for row in rows.values() if row.family == POLICY_SETS.name
    ]
    return collection_answer(call, values, context=f"Collection({POLICY_SET.full_name})")


def _update(
    tx: Transaction,
    key: str,
    *,
    added: list[Json],
    updated: dict[str, Json],
    deleted: list[str],
    targets: list[NewAssignment] | None,
) -> None:
    row = resources.get(tx, POLICY_SETS, key=key)
    items = {each["id"]: each for each in row.document[POLICY_SET_ITEMS.name]}
    missing = [each for each in (*updated, *deleted) if each not in items]
    if missing:
        raise NotFound(f"The policy set has no item '{missing[0]}'.")
    kept = [{**updated.get(key, item), "id": key} for key, item in items.items() if key not in deleted]
    new = resources.numbered(tx, added, member=POLICY_SET_ITEMS)
    resources.rewritten(tx, row, rules=POLICY_SETS, document={**row.document, POLICY_SET_ITEMS.name: [*kept, *new]})
    if targets is not None:
        to = Assignable(ProfileId(row.id), "policySet", None)
        resources.assign(tx, POLICY_SETS, key=row.id, to=to, targets=targets)
