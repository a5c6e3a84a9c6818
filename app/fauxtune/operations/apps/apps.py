"""Apps: their publishing, categories, and relationships (dependencies and supersedence).

What is kept of relationships and categories stands in the documents of apps, under names that Graph does not have: an
app's own relationships with `RELATIONS`, the apps that name it with `NAMED_BY`, its categories with `CATEGORIES`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.ids import ProfileId, ResourceId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.app_kinds import FOR_AGENTS
from fauxtune.core.policies.apps import (
    APP_RULES,
    CATEGORY_RULES,
    CONTENT_RULES,
    DEPENDENCY,
    FILE_RULES,
    MOST_DEPENDENCIES,
    MOST_SUPERSEDED,
    PROCESSING,
    PUBLISHED,
    PUBLISHED_LATER,
    RELATED,
    RELATIONS,
    SUPERSEDENCE,
    UNFILTERED,
    check_acyclic,
    check_settings,
    completed,
)
from fauxtune.operations.profiles import assignments, resources
from fauxtune.operations.profiles.assignments import NewAssignment
from fauxtune.operations.runtime import transaction
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import resources as queries
from fauxtune.storage.rows.resources import ResourceRow

NAMED_BY, CATEGORIES = "@namedBy", "@categories"
#: In the document of a file: the SHA-256 of its bytes as they are stored and served, in hexadecimal digits.
SERVED_DIGEST = "@servedDigest"
#: How long an app is `processing`. Unverified: "some seconds".
_PROCESSING_TIME = timedelta(seconds=5)
_FILTER = "deviceAndAppManagementAssignmentFilterId"


@dataclass(frozen=True, slots=True)
class Relation:
    """A relationship of an app to another: `kind` is the type's name, `type` dependencyType or supersedenceType."""

    kind: str
    target: str
    type: str

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Relation:
        """Read what is kept of one."""
        return cls(document["kind"], document["target"], document["type"])

    def document(self) -> JsonObject:
        """Return what is kept of it."""
        return {"kind": self.kind, "target": self.target, "type": self.type}


def relations(row: ResourceRow) -> list[Relation]:
    """Return an app's own relationships."""
    return [Relation.of(each) for each in row.document.get(RELATIONS, ())]


def settle(tx: Transaction) -> datetime | None:
    """Publish the apps that are processed by now; return when the next one is. Safe to repeat."""
    following: list[datetime] = []
    for row in queries.resources_in_state(
        tx.connection, tx.tenant.id, family=APP_RULES.name, member=("publishingState",), states=(PROCESSING,)
    ):
        if _processed_at(row) <= tx.now:
            _publish(tx, row)
        else:
            following.append(_processed_at(row))
    return min(following, default=None)


def note_processing(tx: Transaction, row: ResourceRow, _before: ResourceRow | None = None) -> None:
    """From the first app on that is being processed, the tenant's clock is watched for the end of it."""
    if row.document["publishingState"] == PROCESSING:
        transaction.switch_on(tx, transaction.PROCESSING)


def _processed_at(row: ResourceRow) -> datetime:
    return row.modified_at + _PROCESSING_TIME


def _publish(tx: Transaction, row: ResourceRow) -> None:
    assignments.wake_profile(tx, ProfileId(row.id))
    _written(tx, row, more={"publishingState": PUBLISHED})


def commit_version(tx: Transaction, row: ResourceRow, *, changes: JsonObject) -> JsonObject:
    """Return the changes of an app whose committedContentVersion may change, with what follows from that. Raises
    Invalid for a version without committed files.
    """
    version = changes.get("committedContentVersion")
    if version is None or version == row.document.get("committedContentVersion"):
        return changes
    content = queries.resource(
        tx.connection, tx.tenant.id, family=CONTENT_RULES.name, resource_id=version, parent_id=row.id
    )
    files = [] if content is None else content_files(tx, content)
    if not files or not all(file.document["isCommitted"] for file in files):
        raise Invalid(
            f"The content version '{version[:40]}' of this app has no file, or one that is not committed: upload it, "
            "commit it, and wait for commitFileSuccess.",
            target="committedContentVersion",
        )
    size = sum(file.document["size"] for file in files)
    return {**changes, "publishingState": PROCESSING, "size": size}


def content_files(tx: Transaction, content: ResourceRow) -> list[ResourceRow]:
    """Return the files of a content version, oldest first."""
    return queries.resources_of_family(tx.connection, tx.tenant.id, family=FILE_RULES.name, parent_id=content.path)


def content_versions(tx: Transaction, app: ResourceRow) -> list[ResourceRow]:
    """Return the content versions of an app, oldest first."""
    return queries.resources_of_family(tx.connection, tx.tenant.id, family=CONTENT_RULES.name, parent_id=app.id)


def check_assignments(tx: Transaction, row: ResourceRow, targets: Sequence[NewAssignment]) -> None:  # noqa: PLR0917
    """Raise Invalid for a set of assignments that this app cannot have.

    Unverified: that an app whose content is missing or being processed can be assigned; no device installs it.
    """
    if row.kind in PUBLISHED_LATER and row.document["publishingState"] == PROCESSING:
        if _processed_at(row) > tx.now:
            raise Invalid(
                f"The app '{row.document['displayName']}' is being processed: wait until its publishingState is "
                "published, then assign it."
            )
        _publish(tx, row)
    if targets and row.kind in FOR_AGENTS:
        transaction.switch_on(tx, transaction.AGENTS)
    for target in targets:
        settings = target.more.get("settings")
        check_settings(row.kind, settings, is_exclusion=target.kind is TargetKind.EXCLUSION)
        if row.kind in UNFILTERED and target.document.get(_FILTER):
            raise Invalid(f"Assignments of a {row.kind} take no filter.", target=_FILTER)


def relate(tx: Transaction, app_id: str, *, new: Sequence[Relation]) -> None:
    """Replace an app's own relationships. Raises Invalid, and changes nothing, for what cannot be related."""
    row = resources.get(tx, APP_RULES, key=app_id)
    if new and row.kind not in RELATED:
        raise Invalid(f"A {row.kind} has no relationships: {' and '.join(sorted(RELATED))} can have them.")
    targets = queries.resources_by_id(tx.connection, tx.tenant.id, ids={relation.target for relation in new})
    for relation in new:
        target = targets.get(relation.target)
        if relation.target == row.id:
            raise Invalid("An app cannot be related to itself.", target="relationships")
        if target is None or target.family != APP_RULES.name:
            raise Invalid(f"There is no app '{relation.target}'.", target="targetId")
        if target.kind not in RELATED:
            raise Invalid(f"An app cannot be related to a {target.kind}.", target="targetId")
    if len({relation.target for relation in new}) < len(new):
        raise Invalid("Each app can be named only once.", target="relationships")
    _check_graph(tx, row, new=new)
    old = relations(row)
    counts = _counts(new, row.document.get(NAMED_BY, ()))
    _written(tx, row, more={RELATIONS: [relation.document() for relation in new], **counts})
    assignments.wake_profile(tx, ProfileId(row.id))
    for target_id in {relation.target for relation in (*old, *new)}:
        named = [relation for relation in new if relation.target == target_id]
        _name(tx, target_id, source=row.id, kinds=[relation.kind for relation in named])


def forget_relations(tx: Transaction, row: ResourceRow) -> None:
    """Take an app that is deleted out of the relationships of others. Raises Invalid while it depends on another app,
    or another one on it ("Add and assign Win32 apps", 2026-04-14: neither can be deleted).
    """
    for named in row.document.get(NAMED_BY, ()):
        if named["kind"] == DEPENDENCY:
            other = resources.get(tx, APP_RULES, key=named["source"])
            raise Invalid(
                f"The app '{other.document['displayName']}' depends on this one: change its relationships first."
            )
    if any(relation.kind == DEPENDENCY for relation in relations(row)):
        raise Invalid("This app depends on another one: remove its dependencies first.")
    for named in row.document.get(NAMED_BY, ()):
        source = resources.get(tx, APP_RULES, key=named["source"])
        kept = [relation for relation in relations(source) if relation.target != row.id]
        more = {RELATIONS: [each.document() for each in kept], **_counts(kept, source.document.get(NAMED_BY, ()))}
        _written(tx, source, more=more)
    for relation in relations(row):
        _name(tx, relation.target, source=row.id, kinds=[])


def add_category(tx: Transaction, app_id: str, *, category_id: str) -> None:
    """Put an app into a category. Safe to repeat. Raises NotFound."""
    row = resources.get(tx, APP_RULES, key=app_id)
    category = resources.get(tx, CATEGORY_RULES, key=category_id)
    held = row.document.get(CATEGORIES, [])
    if category.id not in held:
        _written(tx, row, more={CATEGORIES: [*held, category.id]})


def remove_category(tx: Transaction, app_id: str, *, category_id: str) -> None:
    """Take an app out of a category. Raises NotFound if it is not in it."""
    row = resources.get(tx, APP_RULES, key=app_id)
    held = row.document.get(CATEGORIES, [])
    if category_id.lower() not in held:
        raise NotFound(f"The app is not in the category '{category_id}'.")
    _written(tx, row, more={CATEGORIES: [each for each in held if each != category_id.lower()]})


def forget_category(tx: Transaction, category: ResourceRow) -> None:
    """Take all apps out of a category that is deleted."""
    for row in queries.resources_of_family(tx.connection, tx.tenant.id, family=APP_RULES.name):
        held = row.document.get(CATEGORIES, [])
        if category.id in held:
            _written(tx, row, more={CATEGORIES: [each for each in held if each != category.id]})


def _check_graph(tx: Transaction, row: ResourceRow, *, new: Sequence[Relation]) -> None:
    for kind, most, what in (
        (DEPENDENCY, MOST_DEPENDENCIES, "dependencies"),
        (SUPERSEDENCE, MOST_SUPERSEDED, "superseded apps"),
    ):
        edges: dict[str, list[str]] = {row.id: [relation.target for relation in new if relation.kind == kind]}
        waiting = {*edges[row.id], *(_dependent(tx, row, most=most) if kind == DEPENDENCY else ())} - edges.keys()
        while waiting and len(edges) <= most + 1:
            rows = queries.resources_by_id(tx.connection, tx.tenant.id, ids=waiting - edges.keys())
            for app in waiting - edges.keys():
                own = relations(rows[app]) if app in rows else []
                edges[app] = [relation.target for relation in own if relation.kind == kind]
            waiting = {target for app in rows for target in edges[app]} - edges.keys()
        check_acyclic(row.id, edges, what=what)
        if len(edges) - 1 > most:
            raise Invalid(f"An app has at most {most} {what}; these would be more.", target="relationships")


def _dependent(tx: Transaction, row: ResourceRow, *, most: int) -> set[str]:
    """Return the apps that depend on an app, directly or not: the apps of their graphs are counted together ("Add and
    assign Win32 apps", 2026-04-14). Not many more than `most`.
    """
    sources: set[str] = set()
    rows = [row]
    while rows and len(sources) <= most:
        named_by = [each for above in rows for each in above.document.get(NAMED_BY, ())]
        new = {each["source"] for each in named_by if each["kind"] == DEPENDENCY} - sources
        sources |= new
        rows = [*queries.resources_by_id(tx.connection, tx.tenant.id, ids={ResourceId(each) for each in new}).values()]
    return sources


def _name(tx: Transaction, target_id: str, *, source: str, kinds: Iterable[str]) -> None:
    """Note in an app who names it: `source` with relationships of these kinds; without a kind it does not name it."""
    row = queries.resource(tx.connection, tx.tenant.id, family=APP_RULES.name, resource_id=target_id)
    if row is None:
        return
    others = [each for each in row.document.get(NAMED_BY, ()) if each["source"] != source]
    named = [*others, *({"source": source, "kind": kind} for kind in kinds)]
    _written(tx, row, more={NAMED_BY: named, **_counts(relations(row), named)})


def _counts(own: Sequence[Relation], named_by: Sequence[Mapping[str, str]]) -> JsonObject:
    """Return the counts of an app's direct relationships. Differs from Intune: it counts indirect ones too."""
    return {
        "dependentAppCount": sum(relation.kind == DEPENDENCY for relation in own),
        "supersedingAppCount": sum(relation.kind == SUPERSEDENCE for relation in own),
        "supersededAppCount": sum(each["kind"] == SUPERSEDENCE for each in named_by),
    }


def _written(tx: Transaction, row: ResourceRow, *, more: JsonObject) -> ResourceRow:
    """Store more members of an app. Its time and version stay: nobody has changed a property of it."""
    new = replace(row, document=completed({**row.document, **more}))
    queries.put_resource(tx.connection, new)
    return new
