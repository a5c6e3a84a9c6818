"""Intents, which are security baselines and endpoint security of the older kind, and their templates.

Source: Graph reference of beta, deviceManagementIntent, deviceManagementTemplate, deviceManagementSettingInstance,
deviceManagementSettingDefinition.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.base import TAGS_HIDE_NOTHING
from fauxtune.core.graph.overlays.assignments import TARGETS
from fauxtune.core.odata.schema.fidelity import ALWAYS_FALSE, ALWAYS_ZERO, NEVER_SHOWN, approximated, stored
from fauxtune.core.odata.schema.overlay import Overlay

_NOT_DELIVERED = stored("it is kept and assigned, and no device is configured by it")
_OURS = approximated("a small set, named in our own words")

INTENTS = (
    Overlay(
        "deviceManagementIntent",
        fidelity=_NOT_DELIVERED,
        server="isAssigned lastModifiedDateTime isMigratingToConfigurationPolicy",
        required="displayName templateId",
        defaults={"roleScopeTagIds": ("0",), "isMigratingToConfigurationPolicy": False},
        different={TAGS_HIDE_NOTHING: "roleScopeTagIds", ALWAYS_FALSE: "isMigratingToConfigurationPolicy"},
    ),
    Overlay("deviceManagementIntentAssignment", required="target", variants={"target": TARGETS}),
    Overlay("deviceManagementSettingInstance", polymorphic=True, required="definitionId"),
    Overlay(
        "deviceManagementBooleanSettingInstance deviceManagementIntegerSettingInstance "
        "deviceManagementStringSettingInstance"
    ),
    Overlay(
        "deviceManagementComplexSettingInstance deviceManagementAbstractComplexSettingInstance "
        "deviceManagementCollectionSettingInstance",
        fidelity=approximated("valueJson has the value; `value`, a navigation, is left out"),
    ),
    Overlay("deviceManagementTemplate", fidelity=_OURS, different={ALWAYS_ZERO: "intentCount"}),
    Overlay("securityBaselineTemplate", fidelity=_OURS, polymorphic=True),
    Overlay("deviceManagementSettingCategory", polymorphic=True),
    Overlay("deviceManagementIntentSettingCategory deviceManagementTemplateSettingCategory", fidelity=_OURS),
    Overlay("deviceManagementSettingDefinition", polymorphic=True),
    Overlay(
        "deviceManagementSettingDefinition deviceManagementAbstractComplexSettingDefinition "
        "deviceManagementCollectionSettingDefinition deviceManagementComplexSettingDefinition",
        fidelity=_OURS,
    ),
    Overlay("deviceManagementConstraint", polymorphic=True),
    Overlay("deviceManagementIntentCustomizedSetting"),
    Overlay(
        "deviceManagementIntentDeviceState deviceManagementIntentUserState "
        "deviceManagementIntentDeviceSettingStateSummary",
        fidelity=NEVER_SHOWN,
    ),
    Overlay(
        "deviceManagementIntentDeviceStateSummary deviceManagementIntentUserStateSummary",
        fidelity=approximated("always zero: no device is configured by it"),
    ),
)
