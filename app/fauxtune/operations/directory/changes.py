"""Delta queries: all objects of a kind in a first round, and what has changed since in every later one.

Graph: user: delta, group: delta, device: delta. A round shows the state of the moment; the log says only which objects
have changed, and in what. An object can come twice, on two pages or in two rounds, as the document allows.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace

from fauxtune.core.clock import from_iso, iso
from fauxtune.core.graph.subscriptions import DeltaToken
from fauxtune.core.model.ids import TenantId
from fauxtune.operations.runtime.tracking import LIFETIME, begin_tracking
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import directory as queries
from fauxtune.storage.queries import logs
from fauxtune.storage.rows.directory import DirectoryChangeRow, DirectoryObjectRow

#: Changes that one page reads.
_CHANGES_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Related:
    """A member or an owner of a group; `is_gone`: it was one."""

    id: str
    kind: str
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class Changed:
    """An object that has changed. `row`: None, if it is gone; `names`: the properties that have changed, None: any of
    them; `relations`: who has become, and who is no longer, a member or an owner.
    """

    id: str
    row: DirectoryObjectRow | None
    names: frozenset[str] | None = None
    relations: dict[str, list[Related]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Round:
    """One page of a round. `token`: that of the next page, or of the next round if `is_complete`."""

    changes: list[Changed]
    token: DeltaToken
    is_complete: bool


def begin(tx: Transaction, *, kind: str, select: tuple[str, ...] | None, among: tuple[str, ...] | None) -> DeltaToken:
    """Return the token that a first round begins with. From now on the tenant's changes are tracked."""
    known = begin_tracking(tx)
    return DeltaToken(kind, known.epoch, known.seq, iso(tx.now), is_first_round=True, select=select, among=among)


def page(
    connection: Connection, tenant_id: TenantId, *, token: DeltaToken, now: str, relations: tuple[str, ...], limit: int
) -> Round | None:
    """Return the page that a token leads to; None where the log does not go back as far: the client must begin again.
    `relations`: members and owners, if they are asked for; `now`: the tenant's time, as text.
    """
    known = logs.tracking(connection, tenant_id)
    if known is None or known.epoch != token.epoch or token.seq > known.seq or token.issued < _oldest(now):
        return None
    if token.seq < logs.floor(connection, tenant_id, seq=known.seq):
        return None
    if token.is_first_round:
        return _first_round(connection, tenant_id, token=token, relations=relations, limit=limit)
    log = logs.changes_after(connection, tenant_id, kind=token.kind, after=token.seq, limit=_CHANGES_AT_ONCE)
    is_complete = len(log) < _CHANGES_AT_ONCE
    following = replace(
        token, seq=max(known.seq, log[-1].seq if log else 0) if is_complete else log[-1].seq, issued=now
    )
    changes = _changes(connection, tenant_id, log=log, token=token, relations=relations)
    return Round(changes, following, is_complete)


def _oldest(now: str) -> str:
    return iso(from_iso(now) - LIFETIME)


def _first_round(
    connection: Connection, tenant_id: TenantId, *, token: DeltaToken, relations: tuple[str, ...], limit: int
) -> Round:
    rows = queries.objects_after(
        connection, tenant_id, kind=token.kind, after=token.after, among=token.among, limit=limit + 1
    )
    rows, is_complete = rows[:limit], len(rows) <= limit
    related = _related(connection, tenant_id, ids=[row.id for row in rows], relations=relations)
    changes = [Changed(row.id, row, relations=related.get(row.id, {})) for row in rows]
    if is_complete:
        return Round(changes, replace(token, after=None, is_first_round=False), is_complete)
    return Round(changes, replace(token, after=(iso(rows[-1].created_at), rows[-1].id)), is_complete)


def _related(
    connection: Connection, tenant_id: TenantId, *, ids: list[str], relations: tuple[str, ...]
) -> dict[str, dict[str, list[Related]]]:
    result: dict[str, dict[str, list[Related]]] = {}
    if "manager" in relations:
        for user_id, manager_id in queries.managers(connection, tenant_id, user_ids=ids):
            result[user_id] = {"manager": [Related(manager_id, "user")]}
    for name, read in (("members", queries.direct_members), ("owners", queries.direct_owners)):
        if name in relations:
            for group_id, member_id, kind in read(connection, tenant_id, group_ids=ids):
                result.setdefault(group_id, {}).setdefault(name, []).append(Related(member_id, kind))
    return result


def _changes(
    connection: Connection,
    tenant_id: TenantId,
    *,
    log: list[DirectoryChangeRow],
    token: DeltaToken,
    relations: tuple[str, ...],
) -> list[Changed]:
    of_object: dict[str, list[DirectoryChangeRow]] = defaultdict(list)
    for row in log:
        if token.among is None or row.object_id in token.among:
            of_object[row.object_id].append(row)
    present = {
        row.id: row
        for row in queries.directory_objects(connection, tenant_id, object_ids=sorted(of_object), kinds=(token.kind,))
    }
    changed = [_changed(object_id, rows, present=present.get(object_id)) for object_id, rows in of_object.items()]
    if "manager" in relations:
        ids = [each.id for each in changed if each.names is None or "manager" in each.names]
        managers = _related(connection, tenant_id, ids=ids, relations=("manager",))
        changed = [replace(each, relations=managers.get(each.id, each.relations)) for each in changed]
    return [each for each in changed if _concerns(each, token=token, relations=relations)]


def _changed(object_id: str, rows: list[DirectoryChangeRow], *, present: DirectoryObjectRow | None) -> Changed:
    if present is None:
        return Changed(object_id, None)
    names: frozenset[str] | None = frozenset()
    last: dict[tuple[str, str], Related] = {}
    for row in rows:
        if row.member_id is not None:
            relation = "members" if row.change.startswith("member") else "owners"
            gone = row.change.endswith("Removed")
            last[relation, row.member_id] = Related(row.member_id, row.member_kind or "user", is_gone=gone)
        elif row.names is None:
            names = None
        elif names is not None:
            names |= set(row.names)
    related: dict[str, list[Related]] = defaultdict(list)
    for (relation, _), member in last.items():
        related[relation].append(member)
    return Changed(object_id, present, names=names, relations=dict(related))


def _concerns(changed: Changed, *, token: DeltaToken, relations: tuple[str, ...]) -> bool:
    """Whether anything has changed that the client asks for."""
    if changed.row is None or changed.names is None:
        return True
    if any(changed.relations.get(name) for name in relations):
        return True
    if token.select is None:
        return bool(changed.names)
    return not {name.lower() for name in changed.names}.isdisjoint(name.lower() for name in token.select)
