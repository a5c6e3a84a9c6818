"""Administrative templates: policies with values of definitions, definitions, categories, files of definitions.

What its families can do beside what every resource can, Graph (beta):
groupPolicyConfiguration: updateDefinitionValues; groupPolicyDefinitionValue: definition;
groupPolicyUploadedDefinitionFile: remove, definitions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fauxtune.core.errors import Invalid
from fauxtune.core.formats.json_text import MOST_IN_POLICY
from fauxtune.core.graph.index import entity
from fauxtune.core.graph.references import binds
from fauxtune.core.odata.documents.validation import accept, defaults
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import approximated, stored
from fauxtune.core.policies import group_policy as rules
from fauxtune.core.policies.rules import BOUND, Rules
from fauxtune.operations.profiles import group_policy, resources
from fauxtune.operations.profiles.group_policy import ValueChanges
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import resources as queries
from fauxtune.storage.rows.resources import ListedResourceRow
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Json, check_options, created, entity_answer, runs
from fauxtune.surfaces.graph.families.family import Action, Assigned, Family
from fauxtune.surfaces.graph.lists import list_documents
from fauxtune.surfaces.graph.resources.document_members import accepted_member
from fauxtune.surfaces.graph.resources.parts import Part, by_name
from fauxtune.surfaces.graph.resources.served_family import type_of

_DEFINITION, _VALUE = entity("groupPolicyDefinition"), entity("groupPolicyDefinitionValue")
_CATEGORY = entity("groupPolicyCategory")


def _linked(name: str, of: Rules) -> Callable[[Call, Connection, Sequence[Json]], list[Json | list[Json] | None]]:
    """Return a function that reads what each document binds to a navigation."""

    def read(call: Call, connection: Connection, documents: Sequence[Json]) -> list[Json | list[Json] | None]:
        ids = {str(key) for document in documents for key in document.get(BOUND, {}).get(name) or ()}
        known: dict[str, Json] = {row.id: row.document for row in resources.built_in_rows(of, call.tenant)}
        stored = queries.resources_by_id(connection, call.tenant.id, ids=ids - known.keys())
        known |= {key: row.document for key, row in stored.items()}
        return [_first(document, name, known=known) for document in documents]

    return read


def _first(document: Json, name: str, *, known: dict[str, Json]) -> Json | None:
    ids = document.get(BOUND, {}).get(name) or [None]
    if ids[0] is None:
        return None
    target = known.get(ids[0])
    if target is not None or name != "definition":
        return target
    return {**defaults(_DEFINITION), **rules.unknown_definition(ids[0])}


def _of_rows(part: Part[Json]) -> Part[ListedResourceRow]:
    def read(
        call: Call, connection: Connection, rows: Sequence[ListedResourceRow]
    ) -> Sequence[list[Json] | Json | None]:
        return part.read(call, connection, [row.document for row in rows])

    return Part(part.name, part.entity, read, entity_of=part.entity_of, parts=part.parts)


def _presentations(call: Call, connection: Connection, values: Sequence[Json]) -> list[Json | list[Json] | None]:
    """The presentation that each presentation value is for."""
    parents = [value["@definition"] for value in values]
    definitions = _linked("definition", rules.DEFINITIONS)(
        call, connection, [{BOUND: {"definition": [p]}} for p in parents]
    )
    answers: list[Json | list[Json] | None] = []
    for value, definition in zip(values, definitions, strict=True):
        wanted = str(value[BOUND]["presentation"][0]).lower()
        known = (definition.get("presentations") if isinstance(definition, dict) else None) or []
        unknown = {"@odata.type": entity("groupPolicyPresentation").odata_type, "id": wanted, "label": None}
        answers.append(next((each for each in known if each["id"] == wanted), unknown))
    return answers


PRESENTATION: Part[Json] = Part("presentation", entity("groupPolicyPresentation"), _presentations, entity_of=type_of)
_DEFINITION_OF_VALUE: Part[Json] = Part("definition", _DEFINITION, _linked("definition", rules.DEFINITIONS))
DEFINITION = _of_rows(_DEFINITION_OF_VALUE)
CATEGORY = _of_rows(Part("category", _CATEGORY, _linked("category", rules.CATEGORIES)))
DEFINITION_FILE = _of_rows(
    Part("definitionFile", entity("groupPolicyDefinitionFile"), _linked("definitionFile", rules.DEFINITION_FILES))
)
PARENT = _of_rows(Part("parent", _CATEGORY, _linked("parent", rules.CATEGORIES)))


def _presentation_values(
    _call: Call, _connection: Connection, values: Sequence[Json]
) -> list[list[Json] | Json | None]:
    return [value.get("presentationValues") or [] for value in values]


#: What `$expand` takes of values that come along with their policy.
IN_VALUES: tuple[Part[Json], ...] = (
    _DEFINITION_OF_VALUE,
    Part(
        "presentationValues",
        entity("groupPolicyPresentationValue"),
        _presentation_values,
        entity_of=type_of,
        parts=by_name(PRESENTATION),
    ),
)


def _of_category(name: str) -> Part[ListedResourceRow]:
    """The categories below each category, or the definitions in it."""
    of = rules.CATEGORIES if name == "children" else rules.DEFINITIONS
    bound = "parent" if name == "children" else "category"

    def read(call: Call, connection: Connection, rows: Sequence[ListedResourceRow]) -> list[list[Json] | Json | None]:
        stored = queries.resources_of_family(connection, call.tenant.id, family=of.name)
        below: dict[str, list[Json]] = {}
        for row in (*resources.built_in_rows(of, call.tenant), *stored):
            for key in row.document[BOUND][bound]:
                below.setdefault(key, []).append(row.document)
        return [below.get(row.id, []) for row in rows]

    return Part(name, _CATEGORY if name == "children" else _DEFINITION, read)


CHILDREN, DEFINITIONS_IN = _of_category("children"), _of_category("definitions")


# ---------------------------------------------------------------------------------------------------------- actions


async def definition_of_value(call: Call) -> Answer:
    """GET .../definitionValues/{value}/definition."""

    def read(connection: Connection) -> Json:
        policy = resources.found(connection, call.tenant, rules=rules.CONFIGURATIONS, key=call.keys["resource"])
        value = resources.found(
            connection, call.tenant, rules=rules.DEFINITION_VALUES, key=call.keys["part"], parent=policy
        )
        key = rules.definition_id_of(value.document)
        return group_policy.definition(connection, call.tenant, definition_id=key)

    check_options(call, _DEFINITION)
    document = await call.read(read)
    value = view(_DEFINITION, document, version=call.version, select=call.query.select)
    return entity_answer(call, value, context="deviceManagement/groupPolicyDefinitions")


async def update_definition_values(call: Call) -> Answer:
    """POST .../{policy}/updateDefinitionValues: new values, changed ones, and ids of those that go."""
    body = call.body(most=MOST_IN_POLICY)
    unknown = body.keys() - {"added", "updated", "deletedIds"}
    if unknown:
        raise Invalid(f"There is no parameter '{min(unknown)}': send added, updated and deletedIds.")
    deleted = _list(body, "deletedIds")
    if not all(isinstance(each, str) for each in deleted):
        raise Invalid("'deletedIds' must be a list of ids.", target="deletedIds")
    changes = ValueChanges(
        added=[_accepted(call, each, creating=True) for each in _list(body, "added")],
        updated=[(_id(each), _accepted(call, each, creating=False)) for each in _list(body, "updated")],
        deleted=deleted,
    )
    await call.run(group_policy.update_values, call.keys["resource"], changes=changes)
    return NO_CONTENT


def _list(body: Json, name: str) -> list[Any]:
    value = body.get(name) or []
    if not isinstance(value, list):
        raise Invalid(f"'{name}' must be a list.", target=name)
    if len(value) > rules.MOST_VALUES:
        raise Invalid(f"'{name}' can have {rules.MOST_VALUES:,} elements.", target=name)
    return value


def _id(sent: Json) -> str:
    key = sent.get("id") if isinstance(sent, dict) else None
    if not isinstance(key, str):
        raise Invalid("Each of 'updated' must have the id of a value.", target="updated")
    return key


def _accepted(call: Call, sent: object, *, creating: bool) -> Json:
    if not isinstance(sent, dict):
        raise Invalid("Each value must be an object that describes a groupPolicyDefinitionValue.")
    body = rules.with_true_and_false(sent)
    document = defaults(_VALUE) if creating else {}
    document |= accept(_VALUE, body, partial=not creating, version=call.version)
    name = rules.PRESENTATION_VALUES.name
    if name in body:
        document[name] = accepted_member(_VALUE, body[name], member=rules.PRESENTATION_VALUES, version=call.version)
    bound = {key: ids for key, ids in binds(_VALUE, body).items() if key == "definition"}
    return {**document, BOUND: bound} if bound or creating else document


async def upload_file(call: Call) -> Answer:
    """POST .../groupPolicyUploadedDefinitionFiles: 201 with the file as it is while it is read."""
    shape = entity("groupPolicyUploadedDefinitionFile")
    document = {**defaults(shape), **accept(shape, call.body(), partial=False, version=call.version)}
    row = await call.run(
        resources.create, rules.UPLOADED_FILES, kind=shape.name, document=document, hooks=group_policy.FILE_HOOKS
    )
    value = view(shape, row.document, version=call.version)
    return created(call, value, collection="deviceManagement/groupPolicyUploadedDefinitionFiles")


async def definitions_of_file(call: Call) -> Answer:
    """GET .../groupPolicyUploadedDefinitionFiles/{file}/definitions."""
    rows = await call.read(group_policy.definitions_of, call.tenant, file_id=call.keys["resource"])
    context = "deviceManagement/groupPolicyDefinitions"
    return list_documents(call, [row.document for row in rows], entity=_DEFINITION, context=context)


_AUDIT = ("DeviceConfiguration", "DeviceConfiguration")
_NOT_DELIVERED = stored("kept and assigned; no device is configured by it; unknown definitions: see `catalog.strict`")
_OURS = approximated("a small set, named in our own words, and those of uploaded files")

_VALUES = Family(
    "definitionValues",
    "groupPolicyDefinitionValue",
    "a value of a definition",
    rules.DEFINITION_VALUES,
    read=needs.READ_CONFIGURATION,
    write=needs.WRITE_CONFIGURATION,
    audit=_AUDIT,
    without=reasons.TEMPLATES,
    parts=(DEFINITION,),
    inner_parts=IN_VALUES,
    shown_members="presentationValues",
    member_parts={"presentationValues": (PRESENTATION,)},
    prepared=rules.with_true_and_false,
    hooks=group_policy.VALUE_HOOKS,
    actions=(
        Action(
            "definition",
            definition_of_value,
            "Get the definition that a value is for",
            method="GET",
            reads=True,
            returns="groupPolicyDefinition",
            status=200,
        ),
    ),
    fidelity=_NOT_DELIVERED,
)


def _read_only(
    path: str,
    entity: str,
    *,
    noun: str,
    of: Rules,
    parts: tuple[Part[ListedResourceRow], ...] = (),
    shown_members: str = "",
) -> Family:
    return Family(
        f"deviceManagement/{path}",
        entity,
        noun,
        of,
        read=needs.READ_CONFIGURATION,
        write=needs.WRITE_CONFIGURATION,
        audit=_AUDIT,
        without=reasons.TEMPLATES,
        verbs="list get",
        parts=parts,
        shown_members=shown_members,
        fidelity=_OURS,
    )


HEADING = "Administrative templates"
FAMILIES: tuple[Family, ...] = (
    Family(
        "deviceManagement/groupPolicyConfigurations",
        "groupPolicyConfiguration",
        "a policy of administrative templates",
        rules.CONFIGURATIONS,
        read=needs.READ_CONFIGURATION,
        write=needs.WRITE_CONFIGURATION,
        audit=_AUDIT,
        without=reasons.TEMPLATES,
        assigned=Assigned("groupPolicyConfigurationAssignment", returns=True),
        below=(_VALUES,),
        expanded_below="definitionValues",
        actions=(
            Action(
                "updateDefinitionValues",
                update_definition_values,
                "Add, change and delete values of definitions at once",
            ),
        ),
        fidelity=_NOT_DELIVERED,
    ),
    _read_only(
        "groupPolicyDefinitions",
        "groupPolicyDefinition",
        noun="a definition of administrative templates",
        of=rules.DEFINITIONS,
        parts=(CATEGORY, DEFINITION_FILE),
        shown_members="presentations",
    ),
    _read_only(
        "groupPolicyCategories",
        "groupPolicyCategory",
        noun="a category of administrative templates",
        of=rules.CATEGORIES,
        parts=(PARENT, CHILDREN, DEFINITIONS_IN),
    ),
    _read_only(
        "groupPolicyDefinitionFiles",
        "groupPolicyDefinitionFile",
        noun="a file of definitions",
        of=rules.DEFINITION_FILES,
    ),
    Family(
        "deviceManagement/groupPolicyUploadedDefinitionFiles",
        "groupPolicyUploadedDefinitionFile",
        "an uploaded file of definitions",
        rules.UPLOADED_FILES,
        read=needs.READ_CONFIGURATION,
        write=needs.WRITE_CONFIGURATION,
        audit=_AUDIT,
        without=reasons.TEMPLATES,
        verbs="list get",
        shown_members="groupPolicyOperations",
        actions=(
            Action(
                "",
                upload_file,
                "Upload a file of definitions",
                on_all=True,
                creates=True,
                returns="groupPolicyUploadedDefinitionFile",
                status=201,
            ),
            Action(
                "remove",
                runs(group_policy.remove_file, key="resource"),
                "Remove an uploaded file of definitions",
                deletes=True,
            ),
            Action(
                "definitions",
                definitions_of_file,
                "List the definitions of an uploaded file",
                method="GET",
                reads=True,
                returns="groupPolicyDefinition",
                many=True,
                status=200,
            ),
        ),
        fidelity=approximated("a file is read at once, with the texts of one language"),
    ),
)
