"""The fault rules of a tenant: added, changed, deleted. From the commit on they act (`operations.runtime.faults`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.faults.effects import Room, effects
from fauxtune.core.faults.reading import MOST_RULES, MOST_TEXT, rule_of
from fauxtune.core.faults.rule import Rule
from fauxtune.core.faults.sets import SETS
from fauxtune.core.faults.writing import rule_document
from fauxtune.core.model.text import text_value
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import concern, locks
from fauxtune.storage.queries import fault_rules as queries
from fauxtune.storage.queries import tenants as tenant_queries
from fauxtune.storage.rows.tenants import FaultRuleChanges, FaultRuleRow

#: What a device meets: with such a rule devices plan again, and what waited because of it is tried.
_MET_BY_DEVICES = (Room.CONNECTOR, Room.DEVICE, Room.NETWORK)
_PARTS = ("match", "when", "effect")


@dataclass(frozen=True, slots=True)
class NewFault:
    """A rule to be added, as JSON, with a name for people."""

    document: Mapping[str, Any]
    name: str | None = None
    enabled: bool = True


def all_faults(tx: Transaction) -> list[FaultRuleRow]:
    """Return the tenant's rules in the order in which they are tried."""
    return queries.rules_of(tx.connection, tx.tenant.id)


def fault(tx: Transaction, rule_id: str) -> FaultRuleRow:
    """Return one rule. Raises NotFound if there is no such rule."""
    row = queries.rule(tx.connection, tx.tenant.id, rule_id=rule_id)
    return _one_of([] if row is None else [row], rule_id)


def add_faults(tx: Transaction, *, new: list[NewFault]) -> list[FaultRuleRow]:
    """Add rules behind those that there are. Raises Invalid for a rule that cannot be used, Conflict for too many."""
    rules = [rule_of(new_fault.document, is_new=True) for new_fault in new]
    before = _held(tx, rules)
    if len(before) + len(new) > MOST_RULES:
        raise Conflict(
            f"A tenant has at most {MOST_RULES} faults; there are {len(before)}. Delete some of them, or let one rule "
            "match more: a path may have {id}, and end with /*."
        )
    number = before[-1].number if before else 0
    rows = []
    for place, (rule, each) in enumerate(zip(rules, new, strict=True), number + 1):
        row = FaultRuleRow(
            tenant_id=tx.tenant.id,
            id=tx.ids.uuid(),
            number=place,
            name=_name(each.name),
            document=rule_document(rule),
            enabled=each.enabled,
            matched=0,
            hits=0,
            last_hit_at=None,
            created_at=tx.now,
        )
        queries.add_rule(tx.connection, row)
        rows.append(row)
    _changed(tx, rules)
    return rows


def add_set(tx: Transaction, name: str, *, seed: int) -> list[FaultRuleRow]:
    """Add the rules of a ready-made set. Raises Invalid for an unknown one."""
    if name not in SETS:
        raise Invalid(f"There is no set '{name}'. There are {' and '.join(sorted(SETS))}.", target="set")
    return add_faults(tx, new=[NewFault(document, title) for title, document in SETS[name](seed)])


def change_fault(tx: Transaction, rule_id: str, *, changes: Mapping[str, Any]) -> FaultRuleRow:
    """Change `match`, `when` or `effect` (each as a whole), `name` or `enabled`. A rule with another `match`, `when` or
    `effect` counts from the beginning.
    """
    row = fault(tx, rule_id)
    rule = rule_of({part: changes.get(part, row.document[part]) for part in _PARTS}, is_new="match" in changes)
    row = _one_of(_held(tx, [rule]), rule_id)
    values: FaultRuleChanges = {}
    if any(part in changes for part in _PARTS):
        values["document"] = rule_document(rule)
        values |= {"matched": 0, "hits": 0, "last_hit_at": None}
    if "name" in changes:
        values["name"] = _name(changes["name"])
    if "enabled" in changes:
        values["enabled"] = changes["enabled"]
    if values:
        queries.change_rule(tx.connection, tx.tenant.id, rule_id=rule_id, **values)
        _changed(tx, [rule_of(row.document), rule])
    return fault(tx, rule_id)


def delete_fault(tx: Transaction, rule_id: str) -> None:
    """Delete one rule. Raises NotFound if there is no such rule."""
    row = _one_of(_held(tx), rule_id)
    queries.delete_rule(tx.connection, tx.tenant.id, rule_id=rule_id)
    _changed(tx, [rule_of(row.document)])


def delete_faults(tx: Transaction) -> int:
    """Delete every rule of the tenant; return how many that were."""
    rules = _rules(_held(tx))
    count = queries.delete_rules(tx.connection, tx.tenant.id)
    _changed(tx, rules)
    return count


def read_again(tx: Transaction) -> None:
    """Let the rules act that the database has now: for those who wrote them otherwise, such as a restored snapshot."""
    tx.fault_rules = queries.rules_of(tx.connection, tx.tenant.id)


def _one_of(rows: Iterable[FaultRuleRow], rule_id: str) -> FaultRuleRow:
    row = next((fault_rule for fault_rule in rows if fault_rule.id == rule_id), None)
    if row is None:
        raise NotFound(f"There is no fault '{rule_id}'.")
    return row


def _held(tx: Transaction, new: Sequence[Rule] = ()) -> list[FaultRuleRow]:
    """Return the rules, which nobody else changes until the transaction ends; what `_changed` may change is held too.
    `new`: rules that are added.
    """
    if _are_met_by_devices([*new, *_rules(queries.rules_of(tx.connection, tx.tenant.id))]):
        locks.hold_all(tx.connection, tx.tenant.id)
    tenant_queries.tenant_to_change(tx.connection, tx.tenant.id)
    return queries.rules_of(tx.connection, tx.tenant.id)


def _changed(tx: Transaction, rules: Sequence[Rule]) -> None:
    read_again(tx)
    if _are_met_by_devices(rules):
        tx.wake(concern.by_tenant(tx.connection, tx.tenant.id))


def _are_met_by_devices(rules: Iterable[Rule]) -> bool:
    return any(effects()[rule.effect.kind].room in _MET_BY_DEVICES for rule in rules)


def _rules(rows: Iterable[FaultRuleRow]) -> list[Rule]:
    return [rule_of(row.document) for row in rows]


def _name(name: str | None) -> str | None:
    if name is not None and not 0 < len(name) <= MOST_TEXT:
        raise Invalid(f"A fault's name has 1 to {MOST_TEXT} characters.", target="name")
    return None if name is None else text_value(name)
