"""What the families of the settings catalog can do beside what every resource can. Graph (beta):
deviceManagementConfigurationPolicy: createCopy; deviceManagementCompliancePolicy: setScheduledActions;
deviceManagementReusablePolicySetting: clone, referencingConfigurationPolicies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import entity
from fauxtune.core.model.json_limits import MOST_IN_POLICY
from fauxtune.core.odata.documents.view import view
from fauxtune.core.policies import configuration_policies as policies
from fauxtune.core.policies.catalog import definition_of
from fauxtune.core.policies.catalog_validation import instances, unknown_ids
from fauxtune.core.policies.compliance import SCHEDULED_ACTIONS
from fauxtune.operations.profiles import resources, settings_catalog
from fauxtune.storage.database import Connection
from fauxtune.surfaces.graph.call import FIDELITY, Answer, Call, Json, entity_answer
from fauxtune.surfaces.graph.computed import list_documents
from fauxtune.surfaces.graph.lists import collection_answer
from fauxtune.surfaces.graph.resources.document_members import accepted_member
from fauxtune.surfaces.graph.resources.family_handlers import Items
from fauxtune.surfaces.graph.resources.parts import Part
from fauxtune.surfaces.graph.resources.served_family import type_of

_ACTIONS = "scheduledActions"


def _definitions(_call: Call, _connection: Connection, settings: Sequence[Json]) -> list[list[Json] | Json | None]:
    """The definitions of a setting and of all below it, each once."""
    return [[_definition(each) for each in _ids(setting)] for setting in settings]


def _ids(setting: Json) -> list[str]:
    return list(dict.fromkeys(each["settingDefinitionId"] for each in instances(setting["settingInstance"])))


def _template_definitions(
    _call: Call, _connection: Connection, settings: Sequence[Json]
) -> list[list[Json] | Json | None]:
    return [[_definition(each["settingInstanceTemplate"]["settingDefinitionId"])] for each in settings]


def _definition(setting_id: str) -> Json:
    kind, document = definition_of(setting_id)
    return {"@odata.type": entity(kind).odata_type, **document}


_DEFINITION = entity("deviceManagementConfigurationSettingDefinition")
SETTING_DEFINITIONS: Part[Json] = Part("settingDefinitions", _DEFINITION, _definitions, entity_of=type_of)
TEMPLATE_DEFINITIONS: Part[Json] = Part("settingDefinitions", _DEFINITION, _template_definitions, entity_of=type_of)


class Policies(Items):
    """The policies of the settings catalog: the answer to a whole policy says of how many settings nothing is known."""

    async def create(self, call: Call) -> Answer:
        """POST to the collection."""
        return _told(call, await super().create(call))

    async def replace(self, call: Call) -> Answer:
        """PUT a policy."""
        return _told(call, await super().replace(call))


def _told(call: Call, answer: Answer) -> Answer:
    unknown = unknown_ids(call.body(most=MOST_IN_POLICY).get(policies.SETTINGS.name) or ())
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
        policies.CONFIGURATION_POLICIES,
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
        policies.REUSABLE_SETTINGS,
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
        policies.LINUX_POLICIES,
        key=call.keys["resource"],
        changes={SCHEDULED_ACTIONS.name: actions},
        hooks=settings_catalog.LINUX_HOOKS,
    )
    rule = entity("deviceManagementComplianceScheduledActionForRule")
    values = [view(rule, each, version=call.version) for each in row.document[SCHEDULED_ACTIONS.name]]
    return collection_answer(call, values, context=f"Collection({rule.full_name})")
