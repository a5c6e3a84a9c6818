"""The settings catalog: policies, compliance policies for Linux, reusable settings, definitions, categories, templates.

What its families can do beside what every resource can, Graph (beta): deviceManagementConfigurationPolicy: createCopy;
deviceManagementCompliancePolicy: setScheduledActions; deviceManagementReusablePolicySetting: clone,
referencingConfigurationPolicies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fauxtune.core.errors import Invalid
from fauxtune.core.formats.json_text import MOST_IN_POLICY
from fauxtune.core.graph.index import entity
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import approximated, stored
from fauxtune.core.policies import configuration_policies
from fauxtune.core.policies.catalog import definition_of
from fauxtune.core.policies.compliance import SCHEDULED_ACTIONS
from fauxtune.core.policies.configuration_policies import instances, unknown_ids
from fauxtune.core.policies.rules import Rules
from fauxtune.operations.profiles import resources, settings_catalog
from fauxtune.storage.database import Connection
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.call import FIDELITY, Answer, Call, Json, entity_answer
from fauxtune.surfaces.graph.families.family import Action, Assigned, Family
from fauxtune.surfaces.graph.lists import collection_answer, list_documents
from fauxtune.surfaces.graph.resources.document_members import accepted_member
from fauxtune.surfaces.graph.resources.family_handlers import Items
from fauxtune.surfaces.graph.resources.parts import Part
from fauxtune.surfaces.graph.resources.served_family import type_of

_ACTIONS = "scheduledActions"


def _definitions(_call: Call, _connection: Connection, settings: Sequence[Json]) -> list[list[Json] | Json | None]:
    """The definitions of a setting and of all below it, each once."""
    return [[_definition(each) for each in _ids(setting)] for setting in settings]


def _ids(setting: Json) -> list[str]:
    return list(dict.fromkeys(instance["settingDefinitionId"] for instance in instances(setting["settingInstance"])))


def _template_definitions(
    _call: Call, _connection: Connection, settings: Sequence[Json]
) -> list[list[Json] | Json | None]:
    return [[_definition(setting["settingInstanceTemplate"]["settingDefinitionId"])] for setting in settings]


def _definition(setting_id: str) -> Json:
    kind, document = definition_of(setting_id)
    return {"@odata.type": entity(kind).odata_type, **document}


_SETTING_DEFINITION = entity("deviceManagementConfigurationSettingDefinition")
SETTING_DEFINITIONS: Part[Json] = Part("settingDefinitions", _SETTING_DEFINITION, _definitions, entity_of=type_of)
TEMPLATE_DEFINITIONS: Part[Json] = Part(
    "settingDefinitions", _SETTING_DEFINITION, _template_definitions, entity_of=type_of
)


class Policies(Items):
    """The policies of the settings catalog: the answer to a whole policy says of how many settings nothing is known."""

    async def create(self, call: Call) -> Answer:
        """POST to the collection."""
        return _told(call, await super().create(call))

    async def replace(self, call: Call) -> Answer:
        """PUT a policy."""
        return _told(call, await super().replace(call))


def _told(call: Call, answer: Answer) -> Answer:
    unknown = unknown_ids(call.body(most=MOST_IN_POLICY).get(configuration_policies.SETTINGS.name) or ())
    if not unknown:
        return answer
    return replace(answer, headers={**answer.headers, FIDELITY: f"unknown-definitions={len(unknown)}"})


async def copy_policy(call: Call) -> Answer:
    """POST .../configurationPolicies/{policy}/createCopy: 200 with the copy, which is not assigned."""
    body = call.body()
    name, description = body.get("displayName"), body.get("description")
    if not isinstance(name, str) or not name:
        raise Invalid("A value is required for parameter 'displayName': the name of the copy.", target="displayName")
    changes = {"name": name, "description": description if isinstance(description, str) else None}
    row = await call.run(
        resources.copy,
        configuration_policies.CONFIGURATION_POLICIES,
        key=call.keys["resource"],
        changes=changes,
        hooks=settings_catalog.POLICY_HOOKS,
    )
    value = view(entity(row.kind), row.document, version=call.version)
    return entity_answer(call, value, context="deviceManagement/configurationPolicies")


async def clone_setting(call: Call) -> Answer:
    """POST .../reusablePolicySettings/{setting}/clone: 200 with the copy."""
    row = await call.run(
        resources.copy,
        configuration_policies.REUSABLE_SETTINGS,
        key=call.keys["resource"],
        changes={},
        hooks=settings_catalog.REUSABLE_HOOKS,
    )
    value = view(entity(row.kind), row.document, version=call.version)
    return entity_answer(call, value, context="deviceManagement/reusablePolicySettings")


async def referencing_policies(call: Call) -> Answer:
    """GET .../reusablePolicySettings/{setting}/referencingConfigurationPolicies."""
    rows = await call.read(settings_catalog.referencing, call.tenant, key=call.keys["resource"])
    shape = entity("deviceManagementConfigurationPolicy")
    context = "deviceManagement/configurationPolicies"
    return list_documents(call, [row.document for row in rows], entity=shape, context=context)


async def schedule_actions(call: Call) -> Answer:
    """POST .../compliancePolicies/{policy}/setScheduledActions: the whole new set, which is answered."""
    sent = call.body().get(_ACTIONS)
    if not isinstance(sent, list):
        raise Invalid(f'The body must be {{"{_ACTIONS}": [...]}}.', target=_ACTIONS)
    shape = entity("deviceManagementCompliancePolicy")
    actions = accepted_member(shape, sent, member=SCHEDULED_ACTIONS, version=call.version)
    row = await call.run(
        resources.update,
        configuration_policies.LINUX_POLICIES,
        key=call.keys["resource"],
        changes={SCHEDULED_ACTIONS.name: actions},
        hooks=settings_catalog.LINUX_HOOKS,
    )
    rule = entity("deviceManagementComplianceScheduledActionForRule")
    values = [view(rule, each, version=call.version) for each in row.document[SCHEDULED_ACTIONS.name]]
    return collection_answer(call, values, context=f"Collection({rule.full_name})")


_AUDIT = ("DeviceConfiguration", "DeviceConfiguration")
_NOT_DELIVERED = stored("kept and assigned; no device is configured by it")
_DELIVERED = approximated(
    "devices get what docs/settings.md lists; states stand only in reports; unknown definitions: see `catalog.strict`"
)
_OURS = approximated("a small set, named in our own words: Microsoft's catalogue is not copied")
_ASSIGNED = Assigned("deviceManagementConfigurationPolicyAssignment", returns=True)
_POLICY, _DEFINITION = "deviceManagementConfigurationPolicy", "deviceManagementConfigurationSettingDefinition"
_CATEGORY = "deviceManagementConfigurationCategory"
#: Unverified: which properties `$search` looks through. Public programs send it words in quotes, or without.
_SEARCHED = "displayName name description"


def _read_only(path: str, entity: str, *, noun: str, of: Rules, searched: str = "") -> Family:
    return Family(
        f"deviceManagement/{path}",
        entity,
        noun,
        of,
        read=needs.READ_CONFIGURATION,
        write=needs.WRITE_CONFIGURATION,
        audit=_AUDIT,
        without=reasons.CATALOG,
        verbs="list get",
        fidelity=_OURS,
        searched=searched,
    )


HEADING = "The settings catalog"
FAMILIES: tuple[Family, ...] = (
    Family(
        "deviceManagement/configurationPolicies",
        _POLICY,
        "a policy of the settings catalog",
        configuration_policies.CONFIGURATION_POLICIES,
        read=needs.READ_CONFIGURATION,
        write=needs.WRITE_CONFIGURATION,
        audit=_AUDIT,
        without=reasons.CATALOG,
        verbs="list get create update replace delete",
        assigned=_ASSIGNED,
        shown_members="settings",
        member_parts={"settings": (SETTING_DEFINITIONS,)},
        large=True,
        hooks=settings_catalog.POLICY_HOOKS,
        handlers=Policies,
        actions=(
            Action(
                "createCopy",
                copy_policy,
                "Copy a policy of the settings catalog, with another name",
                returns=_POLICY,
                status=200,
                required="displayName",
                creates=True,
            ),
        ),
        fidelity=_DELIVERED,
    ),
    Family(
        "deviceManagement/inventoryPolicies",
        _POLICY,
        "a policy of the inventory",
        configuration_policies.INVENTORY_POLICIES,
        read=needs.READ_CONFIGURATION,
        write=needs.WRITE_CONFIGURATION,
        audit=_AUDIT,
        without=reasons.CATALOG,
        verbs="list get create update replace delete",
        assigned=_ASSIGNED,
        shown_members="settings",
        member_parts={"settings": (SETTING_DEFINITIONS,)},
        large=True,
        hooks=settings_catalog.POLICY_HOOKS,
        fidelity=stored("kept and assigned; no device reports more for it"),
        source="no document: public tools call it",
    ),
    Family(
        "deviceManagement/compliancePolicies",
        "deviceManagementCompliancePolicy",
        "a Linux compliance policy",
        configuration_policies.LINUX_POLICIES,
        read=needs.READ_CONFIGURATION,
        write=needs.WRITE_CONFIGURATION,
        audit=("DeviceCompliancePolicy", "Compliance"),
        without=reasons.CATALOG,
        verbs="list get create update replace delete",
        assigned=_ASSIGNED,
        shown_members="settings scheduledActionsForRule",
        member_parts={"settings": (SETTING_DEFINITIONS,)},
        large=True,
        hooks=settings_catalog.LINUX_HOOKS,
        actions=(
            Action(
                "setScheduledActions",
                schedule_actions,
                "Replace the scheduled actions of a compliance policy for Linux",
                returns="deviceManagementComplianceScheduledActionForRule",
                many=True,
                status=200,
                required="scheduledActions",
            ),
        ),
        fidelity=stored("kept and assigned; no device is judged by it"),
    ),
    Family(
        "deviceManagement/reusablePolicySettings",
        "deviceManagementReusablePolicySetting",
        "a reusable setting",
        configuration_policies.REUSABLE_SETTINGS,
        read=needs.READ_CONFIGURATION,
        write=needs.WRITE_CONFIGURATION,
        audit=_AUDIT,
        without=reasons.CATALOG,
        large=True,
        hooks=settings_catalog.REUSABLE_HOOKS,
        actions=(
            Action(
                "clone",
                clone_setting,
                "Copy a reusable setting",
                returns="deviceManagementReusablePolicySetting",
                status=200,
                creates=True,
            ),
            Action(
                "referencingConfigurationPolicies",
                referencing_policies,
                "List the policies that refer to a reusable setting",
                method="GET",
                reads=True,
                returns=_POLICY,
                many=True,
                status=200,
            ),
        ),
        fidelity=_NOT_DELIVERED,
    ),
    _read_only(
        "configurationSettings",
        _DEFINITION,
        noun="a definition of the settings catalog",
        of=configuration_policies.DEFINITIONS,
        searched=_SEARCHED,
    ),
    _read_only(
        "complianceSettings",
        _DEFINITION,
        noun="a definition of compliance",
        of=configuration_policies.COMPLIANCE_DEFINITIONS,
        searched=_SEARCHED,
    ),
    _read_only(
        "reusableSettings",
        _DEFINITION,
        noun="a definition of reusable settings",
        of=configuration_policies.REUSABLE_DEFINITIONS,
        searched=_SEARCHED,
    ),
    _read_only(
        "configurationCategories",
        _CATEGORY,
        noun="a category of the settings catalog",
        of=configuration_policies.CATEGORIES,
    ),
    _read_only(
        "complianceCategories",
        _CATEGORY,
        noun="a category of compliance",
        of=configuration_policies.COMPLIANCE_CATEGORIES,
    ),
    Family(
        "deviceManagement/configurationPolicyTemplates",
        "deviceManagementConfigurationPolicyTemplate",
        "a template of policies",
        configuration_policies.TEMPLATES,
        read=needs.READ_CONFIGURATION,
        write=needs.WRITE_CONFIGURATION,
        audit=_AUDIT,
        without=reasons.CATALOG,
        verbs="list get",
        shown_members="settingTemplates",
        member_parts={"settingTemplates": (TEMPLATE_DEFINITIONS,)},
        fidelity=_OURS,
    ),
)
