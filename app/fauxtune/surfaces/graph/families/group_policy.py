"""Administrative templates: policies with values of definitions, definitions, categories, files of definitions.

#: data
"""

from __future__ import annotations

from fauxtune.core.odata.schema.fidelity import approximated, stored
from fauxtune.core.policies import group_policy as rules
from fauxtune.core.policies.rules import Rules
from fauxtune.operations.profiles import group_policy as hooks
from fauxtune.storage.rows.resources import ListedResourceRow
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.families.family import Action, Assigned, Family
from fauxtune.surfaces.graph.resources import group_policy as handlers
from fauxtune.surfaces.graph.resources.parts import Part

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
    parts=(handlers.DEFINITION,),
    inner_parts=handlers.IN_VALUES,
    shown_members="presentationValues",
    member_parts={"presentationValues": (handlers.PRESENTATION,)},
    prepared=rules.with_true_and_false,
    hooks=hooks.VALUE_HOOKS,
    actions=(
        Action(
            "definition",
            handlers.definition_of_value,
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
                handlers.update_definition_values,
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
        parts=(handlers.CATEGORY, handlers.DEFINITION_FILE),
        shown_members="presentations",
    ),
    _read_only(
        "groupPolicyCategories",
        "groupPolicyCategory",
        noun="a category of administrative templates",
        of=rules.CATEGORIES,
        parts=(handlers.PARENT, handlers.CHILDREN, handlers.DEFINITIONS_IN),
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
                handlers.upload_file,
                "Upload a file of definitions",
                on_all=True,
                creates=True,
                returns="groupPolicyUploadedDefinitionFile",
                status=201,
            ),
            Action("remove", handlers.remove_file, "Remove an uploaded file of definitions", deletes=True),
            Action(
                "definitions",
                handlers.definitions_of_file,
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
