"""The rules of the audit log for families of resources, beside the others in `audit_rules`. Every word of their events
follows the pattern of those that were seen: Unverified.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.policies.rules import Rules
from fauxtune.operations.insight.audit import (
    AfterOperation,
    AuditedResource,
    Event,
    Rule,
    Subject,
    pascal,
    resource_document,
)
from fauxtune.operations.insight.audit_rules import compared
from fauxtune.operations.profiles import resources
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.rows.resources import ResourceRow


@dataclass(frozen=True, slots=True)
class FamilySubject:
    """The events on one family: `entity` is the name of its type. `chain`: the rules of the families above it, and its
    own; `keys`: the names of their keys in the paths of routes.
    """

    entity: str
    component: str
    category: str
    chain: tuple[Rules, ...]
    keys: tuple[str, ...]

    @property
    def subject(self) -> Subject:
        """The words of its events."""
        return Subject(pascal(self.entity), self.component, self.category, key=self.keys[-1], read=_nothing)

    def activities(self) -> list[str]:
        """The activities that can be recorded of it."""
        return [self.subject.activity(verb) for verb in ("Create", "Patch", "Delete")]

    def resource(self, tx: Transaction, keys: Mapping[str, str]) -> AuditedResource:
        """The resource that the path names. Raises NotFound."""
        row: ResourceRow | None = None
        for rules, name in zip(self.chain, self.keys, strict=True):
            row = resources.get(tx, rules, key=keys[name], parent=row)
        assert row is not None
        return _audited(row)


def creates(subject: FamilySubject) -> Rule:
    """The rule of an operation that creates a resource, or several, and returns its row, or the list of them."""

    def before(_tx: Transaction, _keys: Mapping[str, str]) -> AfterOperation:
        def after(rows: Any) -> Iterable[Event]:
            for row in rows if isinstance(rows, list) else [rows]:
                new = _audited(row)
                document = resource_document(new, old=None, new=new.document)
                yield Event("Create", "Create", subject.subject, [document])

        return after

    return before


def changes(subject: FamilySubject) -> Rule:
    """The rule of an operation that changes the resource that the path names."""
    return _changes(subject, verb="Patch", operation="Patch")


def acts(subject: FamilySubject, name: str) -> Rule:
    """The rule of an action on the resource that the path names."""
    return _changes(subject, verb=name, operation="Action")


def deletes(subject: FamilySubject) -> Rule:
    """The rule of an operation that deletes the resource that the path names."""

    def before(tx: Transaction, keys: Mapping[str, str]) -> AfterOperation:
        old = subject.resource(tx, keys)

        def after(_result: Any) -> Iterable[Event]:
            document = resource_document(old, old=old.document, new=None)
            yield Event("Delete", "Delete", subject.subject, [document])

        return after

    return before


def assigns(subject: FamilySubject, shape: str) -> Rule:
    """The rule of an operation that changes assignments, which are of the type `shape`, of the resource."""

    def before(tx: Transaction, keys: Mapping[str, str]) -> AfterOperation:
        whole = subject.resource(tx, keys)
        words = Subject(pascal(shape), subject.component, subject.category, key=subject.keys[-1], read=_nothing)

        def parts() -> dict[str, AuditedResource]:
            rows = configuration_queries.assignments_of(tx.connection, tx.tenant.id, profile_id=ProfileId(whole.id))
            return {row.id: AuditedResource(row.id, entity(shape), row.document) for row in rows}

        return compared(parts, of=whole, subject=words)

    return before


def _changes(subject: FamilySubject, *, verb: str, operation: str) -> Rule:
    def before(tx: Transaction, keys: Mapping[str, str]) -> AfterOperation:
        old = subject.resource(tx, keys)

        def after(_result: Any) -> Iterable[Event]:
            new = subject.resource(tx, keys)
            document = resource_document(new, old=old.document, new=new.document)
            yield Event(verb, operation, subject.subject, [document])

        return after

    return before


def _audited(row: ResourceRow) -> AuditedResource:
    return AuditedResource(row.id, entity(row.kind), row.document)


def _nothing(_tx: Transaction, _key: str) -> AuditedResource | None:
    return None
