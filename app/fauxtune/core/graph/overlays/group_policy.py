"""Administrative templates: policies, their values, definitions, presentations, files of definitions.

Source: Graph reference of beta and the SDK, groupPolicyConfiguration, groupPolicyDefinitionValue,
groupPolicyPresentationValue, groupPolicyDefinition, groupPolicyPresentation, groupPolicyUploadedDefinitionFile.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.base import TAGS_HIDE_NOTHING
from fauxtune.core.graph.overlays.assignments import TARGETS
from fauxtune.core.odata.schema.fidelity import approximated, stored
from fauxtune.core.odata.schema.overlay import Overlay

_NOT_DELIVERED = stored("it is kept and assigned, and no device is configured by it")
_OURS = approximated("a small set, named in our own words, and those of uploaded files")
_PRESENTATIONS = (
    "groupPolicyPresentation groupPolicyUploadedPresentation groupPolicyPresentationCheckBox "
    "groupPolicyPresentationComboBox groupPolicyPresentationDecimalTextBox groupPolicyPresentationDropdownList "
    "groupPolicyPresentationListBox groupPolicyPresentationLongDecimalTextBox groupPolicyPresentationMultiTextBox "
    "groupPolicyPresentationText groupPolicyPresentationTextBox"
)

GROUP_POLICY = (
    Overlay(
        "groupPolicyConfiguration",
        fidelity=_NOT_DELIVERED,
        server="createdDateTime lastModifiedDateTime policyConfigurationIngestionType",
        required="displayName",
        defaults={"roleScopeTagIds": ("0",)},
        different={TAGS_HIDE_NOTHING: "roleScopeTagIds"},
    ),
    Overlay(
        "groupPolicyConfigurationAssignment",
        server="lastModifiedDateTime",
        required="target",
        variants={"target": TARGETS},
    ),
    Overlay("groupPolicyDefinitionValue", fidelity=_NOT_DELIVERED, server="createdDateTime lastModifiedDateTime"),
    Overlay("groupPolicyPresentationValue", polymorphic=True, server="createdDateTime lastModifiedDateTime"),
    Overlay(
        "groupPolicyPresentationValueBoolean groupPolicyPresentationValueDecimal groupPolicyPresentationValueList "
        "groupPolicyPresentationValueLongDecimal groupPolicyPresentationValueMultiText groupPolicyPresentationValueText"
    ),
    Overlay("groupPolicyDefinition groupPolicyCategory groupPolicyDefinitionFile", fidelity=_OURS),
    Overlay(
        "groupPolicyDefinitionFile",
        server=(
            "description displayName languageCodes lastModifiedDateTime policyType revision targetNamespace "
            "targetPrefix"
        ),
    ),
    Overlay("groupPolicyPresentation", polymorphic=True),
    Overlay(_PRESENTATIONS, fidelity=_OURS),
    Overlay(
        "groupPolicyUploadedDefinitionFile",
        fidelity=approximated("a file is read at once, with the texts of one language"),
        server="status uploadDateTime",
        secret={"content": None},
    ),
    Overlay("groupPolicyUploadedLanguageFile", server="id lastModifiedDateTime", secret={"content": None}),
    Overlay("groupPolicyOperation"),
)
