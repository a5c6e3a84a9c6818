"""What makes a policy of the settings catalog valid, and what the server derives of it. Graph (beta):
deviceManagementConfigurationPolicy, deviceManagementCompliancePolicy, deviceManagementReusablePolicySetting.
"""

from __future__ import annotations

import re

from fauxtune.core.errors import Invalid
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.catalog import (
    PREFIX,
    Template,
    category_resources,
    definition_resources,
    template_resources,
    templates,
)
from fauxtune.core.policies.catalog_validation import check_instance, check_settings, instances, values
from fauxtune.core.policies.compliance import SCHEDULED_ACTIONS, check_policy, normal
from fauxtune.core.policies.rules import Member, Rules, Versions

#: A GUID, and the version of the template.
_TEMPLATE_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}_[0-9]{1,4}", re.IGNORECASE)
_UNCHANGED = ("platforms", "technologies")

#: Kept in the document of the policy, by their places; a PATCH that names them is refused.
SETTINGS = Member("settings", numbered=True, refused_on_update=True)


def check_configuration_policy(document: JsonObject, before: JsonObject | None) -> None:
    """Raise Invalid for a policy that the service refuses."""
    for name in _UNCHANGED if before is not None else ():
        if before is not None and document[name] != before[name]:
            raise Invalid(f"The property '{name}' cannot be changed after creation.", target=name)
    template = _checked_template(document, before)
    settings = document.get(SETTINGS.name) or []
    if before is None or settings is not before.get(SETTINGS.name):
        check_settings(settings, platforms=document["platforms"], template=template)


def _checked_template(document: JsonObject, before: JsonObject | None) -> Template | None:
    template_id = _template_id(document)
    if before is not None and template_id.lower() != _template_id(before).lower():
        raise Invalid("The template of a policy cannot be changed after creation.", target="templateReference")
    if not template_id:
        return None
    template = templates().get(template_id)
    if template is None and not _TEMPLATE_ID.fullmatch(template_id):
        raise Invalid(
            f"There is no template '{template_id}'. An id of a template is a GUID, _ and the version of the template.",
            target="templateReference",
        )
    if template is not None and template.state != "active" and before is None:
        raise Invalid(
            f"The template '{template.name}' ({template.id}) is {template.state}: it takes no new policies.",
            target="templateReference",
        )
    return template


def _template_id(document: JsonObject) -> str:
    return (document.get("templateReference") or {}).get("templateId") or ""


def with_counts(document: JsonObject) -> JsonObject:
    """Return the policy with the number of its settings, and with what its template says of itself.

    Differs from Intune: of a template that is not known here, the family stays as it was sent.
    """
    reference = document.get("templateReference") or {"templateFamily": "none"}
    template = templates().get(reference.get("templateId") or "")
    if template is not None:
        reference = {
            "templateId": template.id,
            "templateFamily": template.family,
            "templateDisplayName": template.name,
            "templateDisplayVersion": template.display_version,
        }
    reference = {**reference, "templateId": reference.get("templateId") or ""}
    return {**document, "settingCount": len(document.get(SETTINGS.name) or ()), "templateReference": reference}


CONFIGURATION_POLICIES = Rules(
    "configurationPolicies", check=check_configuration_policy, derived=with_counts, members=(SETTINGS,)
)
INVENTORY_POLICIES = Rules(
    "inventoryPolicies", check=check_configuration_policy, derived=with_counts, members=(SETTINGS,)
)


def check_linux_policy(document: JsonObject, before: JsonObject | None) -> None:
    """Raise Invalid for a compliance policy in the shape of the catalog that the service refuses."""
    check_policy(document, before)
    settings = document.get(SETTINGS.name) or []
    if before is None or settings is not before.get(SETTINGS.name):
        check_settings(settings, platforms=document["platforms"], template=None)


def counted(document: JsonObject) -> JsonObject:
    """Return the compliance policy with the number of its settings."""
    return {**normal(document), "settingCount": len(document.get(SETTINGS.name) or ())}


LINUX_POLICIES = Rules(
    "compliancePolicies", check=check_linux_policy, derived=counted, members=(SETTINGS, SCHEDULED_ACTIONS)
)


def check_reusable_setting(document: JsonObject, before: JsonObject | None) -> None:
    """Raise Invalid for a reusable setting that the service refuses."""
    if before is not None and document["settingDefinitionId"] != before["settingDefinitionId"]:
        raise Invalid(
            "The property 'settingDefinitionId' cannot be changed after creation.", target="settingDefinitionId"
        )
    if document["settingInstance"] is None:
        raise Invalid("A reusable setting needs a settingInstance.", target="settingInstance")
    if document["settingInstance"]["settingDefinitionId"] != document["settingDefinitionId"]:
        raise Invalid(
            "The settingInstance of a reusable setting must be of its settingDefinitionId.", target="settingInstance"
        )
    for instance in instances(document["settingInstance"]):
        check_instance(instance)


REUSABLE_SETTINGS = Rules("reusablePolicySettings", check=check_reusable_setting, versions=Versions.COUNTED)


def reusable_ids(document: JsonObject) -> frozenset[str]:
    """Return the ids of reusable settings that the settings of a policy refer to."""
    return frozenset(
        str(value["value"])
        for setting in document.get(SETTINGS.name) or ()
        for instance in instances(setting["settingInstance"])
        for value in values(instance)
        if value.get("@odata.type") == f"{PREFIX}ReferenceSettingValue"
    )


DEFINITIONS = Rules("configurationSettings", built_in=definition_resources("configuration"))
COMPLIANCE_DEFINITIONS = Rules("complianceSettings", built_in=definition_resources("compliance"))
REUSABLE_DEFINITIONS = Rules("reusableSettings", built_in=definition_resources("reusableSetting"))
CATEGORIES = Rules("configurationCategories", built_in=category_resources("configuration"))
COMPLIANCE_CATEGORIES = Rules("complianceCategories", built_in=category_resources("compliance"))
TEMPLATES = Rules(
    "configurationPolicyTemplates",
    members=(Member("settingTemplates", numbered=True),),
    built_in=template_resources(),
)
