"""Intents, which are security baselines and endpoint security of the older kind, and their templates.

#: data
"""

from __future__ import annotations

from fauxtune.core.odata.schema.fidelity import Fidelity, approximated, stored
from fauxtune.core.policies import intents as rules
from fauxtune.operations.insight.audit_families import FamilySubject, creates
from fauxtune.operations.profiles import intents as hooks
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.call import Handler, audited_by
from fauxtune.surfaces.graph.families.family import Action, Assigned, Family
from fauxtune.surfaces.graph.resources import intents as handlers

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
    handler = handlers.states(kind) if many else handlers.summary(kind)
    return _read(name, handler, summary=f"{name} of an intent", returns=kind, many=many, fidelity=_NO_STATES)


_INTENT_ACTIONS = (
    Action("updateSettings", handlers.update_settings, "Change settings of an intent", required="settings"),
    Action(
        "createCopy",
        handlers.copy_intent,
        "Copy an intent, with another name",
        returns="deviceManagementIntent",
        status=200,
        required="displayName",
        creates=True,
    ),
    _read(
        "getCustomizedSettings",
        handlers.customized_settings,
        summary="List the settings that differ from the template's",
        returns="deviceManagementIntentCustomizedSetting",
        many=True,
        fidelity=_OURS,
    ),
    _read(
        "categories",
        handlers.intent_categories,
        summary="List the categories of an intent",
        returns="deviceManagementIntentSettingCategory",
        many=True,
        fidelity=_OURS,
    ),
    _read(
        "categories/{part}/settings",
        handlers.of_category(handlers.INTENT_CATEGORIES, rules.INTENTS, name="settings"),
        summary="List the settings of a category",
        returns="deviceManagementSettingInstance",
        many=True,
        fidelity=_OURS,
    ),
    _read(
        "categories/{part}/settingDefinitions",
        handlers.of_category(handlers.INTENT_CATEGORIES, rules.INTENTS, name="settingDefinitions"),
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
        audited_by(_CREATED, handlers.create_instance),
        "Create an intent of a template",
        returns="deviceManagementIntent",
        status=200,
        fidelity=stored("the intent is kept and assigned; no device is configured by it"),
        audited=False,
    ),
    _read(
        "categories",
        handlers.template_categories,
        summary="List the categories of a template",
        returns="deviceManagementTemplateSettingCategory",
        many=True,
        fidelity=_OURS,
    ),
    _read(
        "categories/{part}/recommendedSettings",
        handlers.of_category(handlers.TEMPLATE_CATEGORIES, rules.TEMPLATES, name="recommendedSettings"),
        summary="List the settings of a category",
        returns="deviceManagementSettingInstance",
        many=True,
        fidelity=_OURS,
    ),
    _read(
        "categories/{part}/settingDefinitions",
        handlers.of_category(handlers.TEMPLATE_CATEGORIES, rules.TEMPLATES, name="settingDefinitions"),
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
        parts=(handlers.INTENT_CATEGORIES,),
        large=True,
        hooks=hooks.INTENT_HOOKS,
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
        parts=(handlers.TEMPLATE_CATEGORIES,),
        actions=_TEMPLATE_ACTIONS,
        fidelity=_OURS,
    ),
)
