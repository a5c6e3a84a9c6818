"""The settings catalog: policies, their settings, definitions, categories, templates, reusable settings.

Source: Graph reference of beta and the SDK, deviceManagementConfigurationPolicy,
deviceManagementConfigurationSetting and what derives from it, deviceManagementCompliancePolicy,
deviceManagementReusablePolicySetting.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.base import TAGS_HIDE_NOTHING
from fauxtune.core.graph.overlays.assignments import TARGETS
from fauxtune.core.odata.schema.fidelity import ALWAYS_NULL, approximated, stored
from fauxtune.core.odata.schema.overlay import Overlay

_P = "deviceManagementConfiguration"
_NOT_DELIVERED = stored("it is kept and assigned, and no device is configured by it")
_OURS = approximated("a small set, named in our own words")

CATALOG = (
    Overlay(
        f"{_P}Policy",
        fidelity=_NOT_DELIVERED,
        server="createdDateTime lastModifiedDateTime settingCount isAssigned creationSource priorityMetaData",
        required="name",
        defaults={"roleScopeTagIds": ("0",)},
        different={TAGS_HIDE_NOTHING: "roleScopeTagIds", ALWAYS_NULL: "creationSource priorityMetaData"},
    ),
    Overlay(f"{_P}PolicyTemplateReference", client="templateId templateFamily", nullable="templateId"),
    Overlay(f"{_P}PolicyAssignment", server="source sourceId", required="target", variants={"target": TARGETS}),
    Overlay(f"{_P}Setting", required="settingInstance"),
    Overlay(f"{_P}SettingInstance", polymorphic=True, required="settingDefinitionId"),
    Overlay(
        f"{_P}SettingValue {_P}SimpleSettingValue {_P}SettingApplicability {_P}SettingValueDefinition", polymorphic=True
    ),
    Overlay(f"{_P}SettingInstanceTemplate {_P}SimpleSettingValueTemplate", polymorphic=True),
    Overlay(
        f"{_P}ChoiceSettingValueDefaultTemplate {_P}IntegerSettingValueDefaultTemplate "
        f"{_P}StringSettingValueDefaultTemplate",
        polymorphic=True,
    ),
    Overlay(
        f"{_P}SettingInstanceTemplateReference",
        required="settingInstanceTemplateId",
    ),
    Overlay(
        "deviceManagementCompliancePolicy",
        fidelity=stored("it is kept and assigned, and no device is judged by it"),
        server="creationSource",
        required="name",
        defaults={"roleScopeTagIds": ("0",)},
        different={TAGS_HIDE_NOTHING: "roleScopeTagIds", ALWAYS_NULL: "creationSource"},
    ),
    Overlay("deviceManagementComplianceScheduledActionForRule"),
    Overlay(
        "deviceManagementComplianceActionItem",
        required="actionType",
        defaults={"notificationTemplateId": "00000000-0000-0000-0000-000000000000"},
    ),
    Overlay(
        "deviceManagementReusablePolicySetting",
        fidelity=_NOT_DELIVERED,
        required="displayName settingDefinitionId settingInstance",
        defaults={"version": 1},
    ),
    Overlay(
        f"{_P}SettingDefinition",
        polymorphic=True,
        fidelity=_OURS,
    ),
    Overlay(
        f"{_P}ChoiceSettingDefinition {_P}ChoiceSettingCollectionDefinition {_P}SimpleSettingDefinition "
        f"{_P}SimpleSettingCollectionDefinition {_P}SettingGroupDefinition {_P}SettingGroupCollectionDefinition "
        f"{_P}RedirectSettingDefinition",
        fidelity=_OURS,
    ),
    Overlay(f"{_P}Category {_P}PolicyTemplate {_P}SettingTemplate", fidelity=_OURS),
)
