"""The settings catalog: policies, compliance policies for Linux, reusable settings, definitions, categories, templates.

#: data
"""

from __future__ import annotations

from fauxtune.core.odata.schema.fidelity import approximated, stored
from fauxtune.core.policies import configuration_policies as rules
from fauxtune.core.policies.rules import Rules
from fauxtune.operations.profiles import settings_catalog as hooks
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.families.family import Action, Assigned, Family
from fauxtune.surfaces.graph.resources import settings_catalog as handlers

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
        rules.CONFIGURATION_POLICIES,
        read=needs.READ_CONFIGURATION,
        write=needs.WRITE_CONFIGURATION,
        audit=_AUDIT,
        without=reasons.CATALOG,
        verbs="list get create update replace delete",
        assigned=_ASSIGNED,
        shown_members="settings",
        member_parts={"settings": (handlers.SETTING_DEFINITIONS,)},
        large=True,
        hooks=hooks.POLICY_HOOKS,
        handlers=handlers.Policies,
        actions=(
            Action(
                "createCopy",
                handlers.copy_policy,
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
        rules.INVENTORY_POLICIES,
        read=needs.READ_CONFIGURATION,
        write=needs.WRITE_CONFIGURATION,
        audit=_AUDIT,
        without=reasons.CATALOG,
        verbs="list get create update replace delete",
        assigned=_ASSIGNED,
        shown_members="settings",
        member_parts={"settings": (handlers.SETTING_DEFINITIONS,)},
        large=True,
        hooks=hooks.POLICY_HOOKS,
        fidelity=stored("kept and assigned; no device reports more for it"),
        source="no document: public tools call it",
    ),
    Family(
        "deviceManagement/compliancePolicies",
        "deviceManagementCompliancePolicy",
        "a Linux compliance policy",
        rules.LINUX_POLICIES,
        read=needs.READ_CONFIGURATION,
        write=needs.WRITE_CONFIGURATION,
        audit=("DeviceCompliancePolicy", "Compliance"),
        without=reasons.CATALOG,
        verbs="list get create update replace delete",
        assigned=_ASSIGNED,
        shown_members="settings scheduledActionsForRule",
        member_parts={"settings": (handlers.SETTING_DEFINITIONS,)},
        large=True,
        hooks=hooks.LINUX_HOOKS,
        actions=(
            Action(
                "setScheduledActions",
                handlers.schedule_actions,
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
        rules.REUSABLE_SETTINGS,
        read=needs.READ_CONFIGURATION,
        write=needs.WRITE_CONFIGURATION,
        audit=_AUDIT,
        without=reasons.CATALOG,
        large=True,
        hooks=hooks.REUSABLE_HOOKS,
        actions=(
            Action(
                "clone",
                handlers.clone_setting,
                "Copy a reusable setting",
                returns="deviceManagementReusablePolicySetting",
                status=200,
                creates=True,
            ),
            Action(
                "referencingConfigurationPolicies",
                handlers.referencing_policies,
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
        of=rules.DEFINITIONS,
        searched=_SEARCHED,
    ),
    _read_only(
        "complianceSettings",
        _DEFINITION,
        noun="a definition of compliance",
        of=rules.COMPLIANCE_DEFINITIONS,
        searched=_SEARCHED,
    ),
    _read_only(
        "reusableSettings",
        _DEFINITION,
        noun="a definition of reusable settings",
        of=rules.REUSABLE_DEFINITIONS,
        searched=_SEARCHED,
    ),
    _read_only("configurationCategories", _CATEGORY, noun="a category of the settings catalog", of=rules.CATEGORIES),
    _read_only("complianceCategories", _CATEGORY, noun="a category of compliance", of=rules.COMPLIANCE_CATEGORIES),
    Family(
        "deviceManagement/configurationPolicyTemplates",
        "deviceManagementConfigurationPolicyTemplate",
        "a template of policies",
        rules.TEMPLATES,
        read=needs.READ_CONFIGURATION,
        write=needs.WRITE_CONFIGURATION,
        audit=_AUDIT,
        without=reasons.CATALOG,
        verbs="list get",
        shown_members="settingTemplates",
        member_parts={"settingTemplates": (handlers.TEMPLATE_DEFINITIONS,)},
        fidelity=_OURS,
    ),
)
