"""Apps and their categories; publishing and relationships, which apps have beside what every resource has.

Graph: mobileApp: get, create, update, delete, updateRelationships; mobileAppCategory; mobileAppRelationship.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.graph.index import derived_from, entity
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.odata.documents.validation import accept, defaults, type_name
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import Entity, Version, approximated
from fauxtune.core.policies import apps as rules
from fauxtune.core.policies.apps import APP_RULES, CATEGORY_RULES, DEPENDENCY, SUPERSEDENCE, filter_platforms
from fauxtune.operations.apps import app_files, apps
from fauxtune.operations.apps.apps import NAMED_BY, Relation
from fauxtune.operations.profiles import resources
from fauxtune.operations.profiles.assignments import NewAssignment
from fauxtune.operations.profiles.resources import Hooks
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import resources as queries
from fauxtune.storage.rows.resources import ListedResourceRow, ResourceRow
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Json, check_options, entity_answer
from fauxtune.surfaces.graph.declared import Routes
from fauxtune.surfaces.graph.families.family import Action, Assigned, Family
from fauxtune.surfaces.graph.lists import element_document, list_documents
from fauxtune.surfaces.graph.resources.family_handlers import Items
from fauxtune.surfaces.graph.resources.parts import Part

SERVICE = entity("deviceAppManagement")
_NEVER = "0001-01-01T00:00:00.0000000Z"
_PATH = "deviceAppManagement/mobileApps"
APP_SERVICE = Routes("deviceAppManagement", type=SERVICE, read=needs.READ_APPS)
OF_APP = Routes(
    f"{_PATH}/{{resource}}", source="Graph: mobileApp: {verb}", read=needs.READ_APPS, write=needs.WRITE_APPS
)
_TYPES = {DEPENDENCY: "dependencyType", SUPERSEDENCE: "supersedenceType"}


@dataclass(frozen=True)
class Apps(Items):
    """The apps of a tenant."""

    def _create(
        self, tx: Transaction, call: Call, *, shape: Entity, document: Json, targets: Sequence[NewAssignment]
    ) -> ResourceRow:
        document = rules.new_app(shape.name, document)
        return super()._create(tx, call, shape=shape, document=document, targets=targets)

    def _update(self, tx: Transaction, call: Call, *, key: str, changes: Json) -> Json:
        row = resources.get(tx, APP_RULES, key=key)
        rules.check_change(row.kind, changes, before=row.document)
        return super()._update(tx, call, key=key, changes=apps.commit_version(tx, row, changes=changes))

    async def delete(self, call: Call) -> Answer:
        """DELETE an app, with its contents."""
        row = await self.served.row(call)
        files = await call.emulator.runner.run(call.tenant, app_files.file_ids, row)
        answer = await super().delete(call)
        if files:
            await asyncio.to_thread(call.emulator.contents.delete, call.tenant.id, *files)
        return answer


@APP_SERVICE.get(fidelity=approximated("always the same"))
async def get_service(call: Call) -> Answer:
    """The apps of the tenant."""
    check_options(call, SERVICE)
    service: Json = {
        **defaults(SERVICE),
        "id": call.tenant.id,
        "microsoftStoreForBusinessLastCompletedApplicationSyncTime": _NEVER,
        "microsoftStoreForBusinessLastSuccessfulSyncDateTime": _NEVER,
    }
    document = view(SERVICE, service, version=call.version, select=call.query.select)
    return entity_answer(call, document, context="deviceAppManagement")


@OF_APP.list(
    "/relationships",
    returns=entity("mobileAppRelationship"),
    beta_only=True,
    source="Graph: mobileAppRelationship: list",
)
async def list_relationships(call: Call) -> Answer:
    """List the relationships of an app.

    An app's own, and those of the apps that name it.
    """
    documents = await call.read(_relationships_of, call)
    return list_documents(
        call,
        documents,
        entity=entity("mobileAppRelationship"),
        context=f"{_PATH}('{call.keys['resource']}')/relationships",
        entity_of=lambda document: entity(document["@odata.type"]),
    )


@OF_APP.get(
    "/relationships/{relationship}",
    summary="Get one of them",
    returns=entity("mobileAppRelationship"),
    beta_only=True,
    source="Graph: mobileAppRelationship: get",
)
async def get_relationship(call: Call) -> Answer:
    """Get a relationship of an app."""
    documents = await call.read(_relationships_of, call)
    key = call.keys["relationship"]
    document = element_document(call, documents, entity=entity("mobileAppRelationship"), key=key)
    if document is None:
        raise NotFound(f"There is no mobileAppRelationship '{key}'.")
    return entity_answer(call, document, context=f"{_PATH}('{call.keys['resource']}')/relationships")


async def update_relationships(call: Call) -> Answer:
    """POST .../{app}/updateRelationships: the whole new set of an app's own relationships."""
    sent = call.body().get("relationships")
    if not isinstance(sent, list):
        raise Invalid('The body must be {"relationships": [...]}.', target="relationships")
    new = [relation for each in sent if (relation := _relation(each, version=call.version)) is not None]
    await call.run(apps.relate, call.keys["resource"], new=new)
    return NO_CONTENT


@OF_APP.list("/categories", returns=entity("mobileAppCategory"), source="Graph: mobileAppCategory: list")
async def list_categories(call: Call) -> Answer:
    """List the categories of an app."""
    context = f"{_PATH}('{call.keys['resource']}')/categories"
    documents = await call.read(_categories_of, call)
    return list_documents(call, documents, entity=entity("mobileAppCategory"), context=context)


@OF_APP.action("/categories/$ref", status=204, source="Graph: mobileApp: add a category")
async def add_category(call: Call) -> Answer:
    """Put an app into a category."""
    category = call.reference(to="mobileAppCategory")
    await call.run(apps.add_category, call.keys["resource"], category_id=category)
    return NO_CONTENT


@OF_APP.delete("/categories/{category}/$ref", source="Graph: mobileApp: remove a category")
async def remove_category(call: Call) -> Answer:
    """Take an app out of a category."""
    await call.run(apps.remove_category, call.keys["resource"], category_id=call.keys["category"])
    return NO_CONTENT


def _relation(sent: object, *, version: Version) -> Relation | None:
    """Return a relationship of a body; None for one of another app, which a GET shows too."""
    name = type_name(sent) if isinstance(sent, dict) else None
    if name is None or not isinstance(sent, dict):
        raise Invalid(
            "Each relationship must have an @odata.type: '#microsoft.graph.mobileAppDependency' or "
            "'#microsoft.graph.mobileAppSupersedence'.",
            target="relationships",
        )
    shape = entity(name)
    if shape.name not in _TYPES:
        raise Invalid(f"A {shape.name} is no mobileAppRelationship.", target="@odata.type")
    document = accept(shape, sent, partial=False, version=version)
    if document.get("targetType") == "parent":
        return None
    kind = _TYPES[shape.name]
    if document.get(kind) is None:
        raise Invalid(f"A {shape.name} must have a {kind}.", target=kind)
    return Relation(shape.name, str(document["targetId"] or "").lower(), document[kind])


def _relationships_of(connection: Connection, call: Call) -> list[Json]:
    row = resources.found(connection, call.tenant, rules=APP_RULES, key=call.keys["resource"])
    return relationship_documents(connection, call.tenant, rows=[row])[0]


def relationship_documents(connection: Connection, tenant: Tenant, *, rows: Sequence[ResourceRow]) -> list[list[Json]]:
    """Return the relationships of each of these apps, from both sides."""
    ids = {relation.target for row in rows for relation in apps.relations(row)}
    ids |= {each["source"] for row in rows for each in row.document.get(NAMED_BY, ())}
    known = queries.resources_by_id(connection, tenant.id, ids=ids) if ids else {}
    return [_documents(row, known) for row in rows]


def _documents(row: ResourceRow, known: dict[str, ResourceRow]) -> list[Json]:
    result = [_document(row, known[relation.target], relation, is_own=True) for relation in apps.relations(row)]
    for named in row.document.get(NAMED_BY, ()):
        source = known[named["source"]]
        own = [relation for relation in apps.relations(source) if relation.target == row.id]
        result += [_document(row, source, each, is_own=False) for each in own]
    return result


def _document(row: ResourceRow, other: ResourceRow, relation: Relation, *, is_own: bool) -> Json:
    """Return a relationship as it is seen from an app: the `target` is the other app, whichever of them names it."""
    source, target = (row, other) if is_own else (other, row)
    counts = (
        {"dependentAppCount": _count(target, DEPENDENCY), "dependsOnAppCount": _count(source, DEPENDENCY)}
        if relation.kind == DEPENDENCY
        else {
            "supersededAppCount": row.document.get("supersededAppCount", 0),
            "supersedingAppCount": row.document.get("supersedingAppCount", 0),
        }
    )
    return {
        "@odata.type": f"#microsoft.graph.{relation.kind}",
        "id": f"{source.id}_{target.id}",
        "targetId": other.id,
        "targetType": "child" if is_own else "parent",
        "targetDisplayName": other.document.get("displayName"),
        "targetDisplayVersion": other.document.get("displayVersion"),
        "targetPublisher": other.document.get("publisher"),
        "targetPublisherDisplayName": other.document.get("publisher"),
        "sourceId": row.id,
        "sourceDisplayName": row.document.get("displayName"),
        "sourceDisplayVersion": row.document.get("displayVersion"),
        "sourcePublisherDisplayName": row.document.get("publisher"),
        _TYPES[relation.kind]: relation.type,
        **counts,
    }


def _count(row: ResourceRow, kind: str) -> int:
    return sum(relation.kind == kind for relation in apps.relations(row))


def _categories_of(connection: Connection, call: Call) -> list[Json]:
    row = resources.found(connection, call.tenant, rules=APP_RULES, key=call.keys["resource"])
    return _categories(connection, call.tenant, rows=[row])[0]


def _categories(connection: Connection, tenant: Tenant, *, rows: Sequence[ResourceRow]) -> list[list[Json]]:
    ids = {each for row in rows for each in row.document.get(apps.CATEGORIES, ())}
    built_in = {row.id: row for row in resources.built_in_rows(CATEGORY_RULES, tenant)}
    known = built_in | (queries.resources_by_id(connection, tenant.id, ids=ids) if ids else {})
    return [[known[each].document for each in row.document.get(apps.CATEGORIES, ()) if each in known] for row in rows]


def _read_categories(
    call: Call, connection: Connection, rows: Sequence[ListedResourceRow]
) -> list[list[Json] | Json | None]:
    return list(_categories(connection, call.tenant, rows=rows))


def _read_relationships(
    call: Call, connection: Connection, rows: Sequence[ListedResourceRow]
) -> list[list[Json] | Json | None]:
    return list(relationship_documents(connection, call.tenant, rows=rows))


#: What `$expand` takes of apps beside their assignments.
PARTS: tuple[Part[ListedResourceRow], ...] = (
    Part("categories", entity("mobileAppCategory"), _read_categories),
    Part(
        "relationships",
        entity("mobileAppRelationship"),
        _read_relationships,
        entity_of=lambda document: entity(document["@odata.type"]),
    ),
)

_AUDIT = ("MobileApp", "Application")
_PLATFORMS = {
    kind.name: platforms for kind in derived_from(entity("mobileApp")) if (platforms := filter_platforms(kind.name))
}

HEADING = "Apps"
FAMILIES: tuple[Family, ...] = (
    Family(
        "deviceAppManagement/mobileApps",
        "mobileApp",
        "an app",
        APP_RULES,
        read=needs.READ_APPS,
        write=needs.WRITE_APPS,
        audit=_AUDIT,
        without=reasons.APPS,
        assigned=Assigned(
            "mobileAppAssignment",
            key="mobileAppAssignments",
            verbs="list get create update delete",
            platforms=_PLATFORMS,
        ),
        hidden_in_lists="largeIcon",
        parts=PARTS,
        handlers=Apps,
        hooks=Hooks(
            created=apps.note_processing,
            changed=apps.note_processing,
            deleting=apps.forget_relations,
            assigned=apps.check_assignments,
        ),
        actions=(
            Action(
                "updateRelationships",
                update_relationships,
                "Replace the relationships of an app",
                required="relationships",
                fidelity=approximated("counts are those of direct relationships"),
            ),
        ),
        fidelity=approximated(
            "two apps are built in, Outlook for iOS and for Android; an assignment's id is that of app and group"
        ),
    ),
    Family(
        "deviceAppManagement/mobileAppCategories",
        "mobileAppCategory",
        "an app category",
        CATEGORY_RULES,
        read=needs.READ_APPS,
        write=needs.WRITE_APPS,
        audit=_AUDIT,
        without=reasons.APPS,
        hooks=Hooks(deleting=apps.forget_category),
    ),
)
