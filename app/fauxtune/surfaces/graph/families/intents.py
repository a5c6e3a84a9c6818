"""Intents, which are security baselines and endpoint security of the older kind, and their templates.

Beside what every resource can do: Graph (beta): deviceManagementTemplate:
createInstance, categories; deviceManagementIntent: updateSettings, createCopy, getCustomizedSettings, categories,
states.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.formats.json_text import MOST_IN_POLICY
from fauxtune.core.graph.index import complex_type, entity
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import Entity, Fidelity, approximated, stored
from fauxtune.core.policies import intents as rules
from fauxtune.core.policies.rules import Member, Rules
from fauxtune.operations.insight.audit_families import FamilySubject, creates
from fauxtune.operations.profiles import family_hooks, resources
from fauxtune.storage.database import Connection
from fauxtune.storage.rows.resources import ResourceRow
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Handler, Json, audited_by, entity_answer
from fauxtune.surfaces.graph.families.family import Action, Assigned, Family
from fauxtune.surfaces.graph.lists import collection_answer, list_documents
from fauxtune.surfaces.graph.resources.document_members import accepted_member
from fauxtune.surfaces.graph.resources.parts import Part, add_parts, by_name
from fauxtune.surfaces.graph.resources.served_family import paths_of, type_of

_INTENT, _TEMPLATE = entity("deviceManagementIntent"), entity("deviceManagementTemplate")
_SETTING, _DEFINITION = entity("deviceManagementSettingInstance"), entity("deviceManagementSettingDefinition")
_INTENTS = "deviceManagement/intents"
#: Which family it is: its rules, the type of its categories, and the navigation with the settings of one.
_OF_INTENTS = (rules.INTENTS, "IntentSettingCategory", "settings")
_OF_TEMPLATES = (rules.TEMPLATES, "TemplateSettingCategory", "recommendedSettings")


def _template_of(document: Json) -> rules.Template:
    return rules.template(document.get("templateId") or document["id"])


async def create_instance(call: Call) -> Answer:
    """POST .../templates/{template}/createInstance: the new intent."""
    body = call.body(most=MOST_IN_POLICY)
    # IntuneCD sends the assignments along, and makes them by `assign` afterwards.
    known = {"displayName", "description", "settingsDelta", "roleScopeTagIds", "assignments"}
    unknown = [name for name in body if name not in known and "@" not in name]
    if unknown:
        raise Invalid(f"There is no parameter '{unknown[0]}' of createInstance.", target=unknown[0])
    name = body.get("displayName")
    if not isinstance(name, str) or not name:
        raise Invalid("A value is required for parameter 'displayName'.", target="displayName")
    tags = body.get("roleScopeTagIds") or ["0"]
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise Invalid("'roleScopeTagIds' must be a list of ids.", target="roleScopeTagIds")
    description = body.get("description")
    document = {
        "displayName": name,
        "description": description if isinstance(description, str) else None,
        "roleScopeTagIds": tags,
        "settings": _settings(call, body.get("settingsDelta"), of=_INTENT),
    }
    row = await call.run(family_hooks.create_instance, call.keys["resource"], document=document)
    return entity_answer(call, view(_INTENT, row.document, version=call.version), context=_INTENTS)


def _settings(call: Call, sent: object, *, of: Entity) -> list[Json]:
    settings: list[Json] = accepted_member(of, sent, member=Member("settings"), version=call.version)
    return settings


async def update_settings(call: Call) -> Answer:
    """POST .../intents/{intent}/updateSettings."""
    sent = call.body(most=MOST_IN_POLICY).get("settings")
    if not isinstance(sent, list):
        raise Invalid('The body must be {"settings": [...]}.', target="settings")
    changes = _settings(call, sent, of=_INTENT)
    await call.run(family_hooks.update_settings, call.keys["resource"], changes=changes)
    return NO_CONTENT


async def copy_intent(call: Call) -> Answer:
    """POST .../intents/{intent}/createCopy: the copy, which is not assigned."""
    body = call.body()
    name, description = body.get("displayName"), body.get("description")
    if not isinstance(name, str) or not name:
        raise Invalid("A value is required for parameter 'displayName': the name of the copy.", target="displayName")
    changes = {"displayName": name, "description": description if isinstance(description, str) else None}
    row = await call.run(
        resources.copy, rules.INTENTS, key=call.keys["resource"], changes=changes, hooks=family_hooks.INTENT_HOOKS
    )
    return entity_answer(call, view(_INTENT, row.document, version=call.version), context=_INTENTS)


async def customized_settings(call: Call) -> Answer:
    """GET .../intents/{intent}/getCustomizedSettings: those with another value than the template's."""
    row = await call.read(resources.found, call.tenant, rules=rules.INTENTS, key=call.keys["resource"])
    documents = rules.customized(row.document["settings"], of=_template_of(row.document))
    shape = complex_type("deviceManagementIntentCustomizedSetting")
    values = [view(shape, document, version=call.version) for document in documents]
    return collection_answer(call, values, context=f"Collection({shape.full_name})")


# ------------------------------------------------------------------------------------------------------ categories


def _categories_part(family: tuple[Rules, str, str]) -> Part[Any]:
    _rules, kind, settings = family

    def read(_call: Call, _connection: Connection, rows: Sequence[Any]) -> list[list[Json] | Json | None]:
        return [_categories(row.document, kind=kind, settings=settings) for row in rows]

    inner = by_name(
        Part(settings, _SETTING, _of_category(settings), entity_of=type_of),
        Part("settingDefinitions", _DEFINITION, _of_category("settingDefinitions"), entity_of=type_of),
    )
    return Part("categories", entity(f"deviceManagement{kind}"), read, entity_of=type_of, parts=inner)


def _of_category(name: str) -> Any:
    def read(_call: Call, _connection: Connection, categories: Sequence[Json]) -> list[list[Json] | Json | None]:
        return [category[name] for category in categories]

    return read


def _categories(document: Json, *, kind: str, settings: str) -> list[Json]:
    """The categories of an intent or a template, with what is in each."""
    template = _template_of(document)
    return [
        {
            **category_document,
            settings: rules.in_category(document["settings"], of=template, category_id=category_document["id"]),
            "settingDefinitions": rules.definition_documents(template, category_id=category_document["id"]),
        }
        for category_document in rules.category_documents(template, kind=kind)
    ]


INTENT_CATEGORIES, TEMPLATE_CATEGORIES = _categories_part(_OF_INTENTS), _categories_part(_OF_TEMPLATES)


def categories_of(part: Part[Any], of: Rules) -> Handler:
    """Return the handler of GET .../{item}/categories."""

    def answer(connection: Connection, call: Call) -> Answer:
        row = _row(connection, call, of=of)
        (documents,) = part.read(call, connection, [row])
        assert isinstance(documents, list)
        context = f"deviceManagement/{of.name}('{row.id}')/categories"
        return list_documents(
            call,
            documents,
            entity=part.entity,
            context=context,
            entity_of=type_of,
            expandable=tuple(paths_of(part.parts)),
            expand=lambda page: add_parts(
                call,
                connection,
                page,
                parts=part.parts,
                place=lambda category, inner: f"{context}('{category['id']}')/{inner.name}",
            ),
        )

    async def handler(call: Call) -> Answer:
        return await call.read(answer, call)

    return handler


def of_category(part: Part[Any], of: Rules, *, name: str) -> Handler:
    """Return the handler of GET .../{item}/categories/{category}/{name}."""
    shape = _DEFINITION if name == "settingDefinitions" else _SETTING

    def answer(connection: Connection, call: Call) -> Answer:
        row, key = _row(connection, call, of=of), call.keys["part"].lower()
        (documents,) = part.read(call, connection, [row])
        assert isinstance(documents, list)
        category = next((document for document in documents if document["id"] == key), None)
        if category is None:
            raise NotFound(f"There is no category '{key}' in {of.name}('{row.id}').")
        context = f"deviceManagement/{of.name}('{row.id}')/categories('{key}')/{name}"
        return list_documents(call, category[name], entity=shape, context=context, entity_of=type_of)

    async def handler(call: Call) -> Answer:
        return await call.read(answer, call)

    return handler


def _row(connection: Connection, call: Call, *, of: Rules) -> ResourceRow:
    return resources.found(connection, call.tenant, rules=of, key=call.keys["resource"])


intent_categories = categories_of(INTENT_CATEGORIES, rules.INTENTS)
template_categories = categories_of(TEMPLATE_CATEGORIES, rules.TEMPLATES)


# ---------------------------------------------------------------------------------------------------------- states


def states(kind: str) -> Handler:
    """Return the handler of GET .../intents/{intent}/{states}: a list without elements."""

    async def handler(call: Call) -> Answer:
        row = await call.read(_row, call, of=rules.INTENTS)
        return list_documents(call, [], entity=entity(kind), context=f"{_INTENTS}('{row.id}')")

    return handler


def summary(kind: str) -> Handler:
    """Return the handler of GET .../intents/{intent}/{summary}: all counts are zero."""

    async def handler(call: Call) -> Answer:
        row = await call.read(_row, call, of=rules.INTENTS)
        document = {"id": row.id, **defaults(entity(kind))}
        return entity_answer(
            call, view(entity(kind), document, version=call.version), context=f"{_INTENTS}('{row.id}')"
        )

    return handler


_AUDIT = ("DeviceIntent", "DeviceIntent")
#: The events are on what is made, and not on the template.
_CREATED = creates(FamilySubject("deviceManagementIntent", *_AUDIT, chain=(rules.INTENTS,), keys=("resource",)))
_OURS = approximated("a small set, named in our own words")
_NO_STATES = approximated("without elements, and with counts of zero: no device is configured by it")
_STATE = "deviceManagementIntent"


def _read(name: str, handler: Handler, *, summary: str, returns: str, many: bool, fidelity: Fidelity) -> Action:
    return Action(
        name, handler, summary, method="GET", reads=True, returns=returns, many=many, status=200, fidelity=fidelity
    )


def _states(name: str, kind: str, *, many: bool) -> Action:
    handler = states(kind) if many else summary(kind)
    return _read(name, handler, summary=f"{name} of an intent", returns=kind, many=many, fidelity=_NO_STATES)


_INTENT_ACTIONS = (
    Action("updateSettings", update_settings, "Change settings of an intent", required="settings"),
    Action(
        "createCopy",
        copy_intent,
        "Copy an intent, with another name",
        returns="deviceManagementIntent",
        status=200,
        required="displayName",
        creates=True,
    ),
    _read(
        "getCustomizedSettings",
        customized_settings,
        summary="List the settings that differ from the template's",
        returns="deviceManagementIntentCustomizedSetting",
        many=True,
        fidelity=_OURS,
    ),
    _read(
        "categories",
        intent_categories,
        summary="List the categories of an intent",
        returns="deviceManagementIntentSettingCategory",
        many=True,
        fidelity=_OURS,
    ),
    _read(
        "categories/{part}/settings",
        of_category(INTENT_CATEGORIES, rules.INTENTS, name="settings"),
        summary="List the settings of a category",
        returns="deviceManagementSettingInstance",
        many=True,
        fidelity=_OURS,
    ),
    _read(
        "categories/{part}/settingDefinitions",
        of_category(INTENT_CATEGORIES, rules.INTENTS, name="settingDefinitions"),
        summary="List the definitions of a category",
        returns="deviceManagementSettingDefinition",
        many=True,
        fidelity=_OURS,
    ),
    _states("deviceStates", f"{_STATE}DeviceState", many=True),
    _states("userStates", f"{_STATE}UserState", many=True),
    _states("deviceSettingStateSummaries", f"{_STATE}DeviceSettingStateSummary", many=True),
    _states("deviceStateSummary", f"{_STATE}DeviceStateSummary", many=False),
    _states("userStateSummary", f"{_STATE}UserStateSummary", many=False),
)
_TEMPLATE_ACTIONS = (
    Action(
        "createInstance",
        audited_by(_CREATED, create_instance),
        "Create an intent of a template",
        returns="deviceManagementIntent",
        status=200,
        fidelity=stored("the intent is kept and assigned; no device is configured by it"),
        audited=False,
    ),
    _read(
        "categories",
        template_categories,
        summary="List the categories of a template",
        returns="deviceManagementTemplateSettingCategory",
        many=True,
        fidelity=_OURS,
    ),
    _read(
        "categories/{part}/recommendedSettings",
        of_category(TEMPLATE_CATEGORIES, rules.TEMPLATES, name="recommendedSettings"),
        summary="List the settings of a category",
        returns="deviceManagementSettingInstance",
        many=True,
        fidelity=_OURS,
    ),
    _read(
        "categories/{part}/settingDefinitions",
        of_category(TEMPLATE_CATEGORIES, rules.TEMPLATES, name="settingDefinitions"),
        summary="List the definitions of a category",
        returns="deviceManagementSettingDefinition",
        many=True,
        fidelity=_OURS,
    ),
)

HEADING = "Intents and their templates"
FAMILIES: tuple[Family, ...] = (
    Family(
        "deviceManagement/intents",
        "deviceManagementIntent",
        "an intent",
        rules.INTENTS,
        read=needs.READ_CONFIGURATION,
        write=needs.WRITE_CONFIGURATION,
        audit=_AUDIT,
        without=reasons.BASELINES,
        assigned=Assigned("deviceManagementIntentAssignment"),
        shown_members="settings",
        parts=(INTENT_CATEGORIES,),
        large=True,
        hooks=family_hooks.INTENT_HOOKS,
        actions=_INTENT_ACTIONS,
        fidelity=stored("kept and assigned; no device is configured by it"),
    ),
    Family(
        "deviceManagement/templates",
        "deviceManagementTemplate",
        "a template of intents",
        rules.TEMPLATES,
        read=needs.READ_CONFIGURATION,
        write=needs.WRITE_CONFIGURATION,
        audit=_AUDIT,
        without=reasons.BASELINES,
        verbs="list get",
        shown_members="settings",
        parts=(TEMPLATE_CATEGORIES,),
        actions=_TEMPLATE_ACTIONS,
        fidelity=_OURS,
    ),
)
