"""The settings catalog: which settings there are, in which categories, and the templates of policies.

Differs from Intune: the service has more than ten thousand definitions with texts of Microsoft's; here are those that
public samples use, named in our own words. `catalog_validation` says what happens with all others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID, uuid5

from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.catalog_table import ALSO_DEPENDS, KNOWN_CATEGORIES, KNOWN_TEMPLATES, TABLE, TEMPLATES
from fauxtune.core.policies.rules import BuiltIn

PREFIX = "#microsoft.graph.deviceManagementConfiguration"
#: What ids are made from that nobody outside names.
_OWN = UUID("6f0b1b5e-5d0f-4c39-9a2f-0d7c4a1e8f10")


@dataclass(frozen=True, slots=True)
class Category:
    """A category of settings."""

    key: str
    name: str
    platforms: str
    technologies: str
    usage: str

    @property
    def id(self) -> str:
        """Its id; of a category that is not known outside it is ours."""
        return KNOWN_CATEGORIES.get(self.key) or str(uuid5(_OWN, f"{self.usage} {self.key}"))


@dataclass(frozen=True, slots=True)
class Definition:
    """One setting. `options`: the texts after the id in the ids of its options, with their names. `parent`: the id of
    the setting that it is below, `when` the option of that.
    """

    id: str
    kind: str
    name: str
    category: Category
    base_uri: str
    offset_uri: str
    options: Mapping[str, str]
    least: int
    most: int
    default: str
    parent: str
    when: str

    def option_ids(self) -> frozenset[str]:
        """The ids of its options."""
        return frozenset(f"{self.id}_{option}" for option in self.options)


def _rows(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split(";")] for line in text.splitlines() if line]


@cache
def definitions() -> Mapping[str, Definition]:
    """Return all definitions by id, in the order of the table."""
    known: dict[str, Definition] = {}
    category, base, start, flags = Category("", "", "", "", ""), "", "", ""
    root = ""
    for line, cells in zip(TABLE.strip("\n").splitlines(), _rows(TABLE), strict=True):
        if line.startswith("="):
            key, name, platforms, technologies, usage, base, start, flags = (cell.lstrip("= ") for cell in cells)
            category = Category(key, name, platforms, technologies, usage)
            continue
        address, kind, words, values, default = cells
        offset, _, when = (each.strip() for each in address.partition(" < "))
        setting = f"{start}{offset.lower().replace('/', '_')}"
        root, parent = (root, root) if line.startswith(" ") else (setting, "")
        if kind == "flag":
            kind, values = "choice", ",".join(f"{v}={n}" for v, n in zip(flags.split(), ("Off", "On"), strict=True))
        known[setting] = Definition(
            setting,
            kind,
            words,
            category,
            base,
            f"/{offset}",
            dict(part.split("=", 1) for part in values.split(",")) if kind == "choice" else {},
            int(values.partition("..")[0]) if kind == "integer" else 0,
            int(values.rpartition("..")[2] or 0) if kind in _BOUNDED else 0,
            default,
            parent,
            when,
        )
    return known


@cache
def _below() -> Mapping[str, tuple[Definition, ...]]:
    """Return the definitions below each, by its id."""
    below: dict[str, tuple[Definition, ...]] = {}
    for definition in definitions().values():
        if definition.parent:
            below[definition.parent] = (*below.get(definition.parent, ()), definition)
    return below


_BOUNDED = ("integer", "string", "strings", "secret")


@cache
def categories() -> tuple[Category, ...]:
    """Return the categories, each once."""
    return tuple(dict.fromkeys(definition.category for definition in definitions().values()))


@dataclass(frozen=True, slots=True)
class Template:
    """A template of policies."""

    id: str
    name: str
    display_version: str
    family: str
    platforms: str
    technologies: str
    state: str
    categories: str

    def settings(self) -> list[Definition]:
        """The settings that stand at the top of a policy of this template."""
        keys = self.categories.split()
        return [
            definition
            for definition in definitions().values()
            if definition.category.key in keys and not definition.parent
        ]


@cache
def templates() -> Mapping[str, Template]:
    """Return the templates by id."""
    return {row[0]: Template(*row) for row in _rows(TEMPLATES)}


def template_ids(template: Template, definition: Definition) -> tuple[str, str]:
    """Return the ids of the template of a setting, and of that of its value."""
    known = KNOWN_TEMPLATES.get(definition.id)
    return known or tuple(str(uuid5(_OWN, f"{template.id} {definition.id} {what}")) for what in ("setting", "value"))  # type: ignore[return-value]


# ------------------------------------------------------------------------------------------------------- documents

_ENTITIES = {
    "choice": "ChoiceSettingDefinition",
    "integer": "SimpleSettingDefinition",
    "string": "SimpleSettingDefinition",
    "secret": "SimpleSettingDefinition",
    "strings": "SimpleSettingCollectionDefinition",
    "groups": "SettingGroupCollectionDefinition",
}


def definition_kind(definition: Definition) -> str:
    """Return the name of the type of a definition."""
    return f"deviceManagementConfiguration{_ENTITIES[definition.kind]}"


def definition_document(definition: Definition) -> JsonObject:
    """Return a definition as Graph shows it."""
    children = [each.id for each in _below().get(definition.id, ())]
    key, is_switch = definition.category.key, definition.kind == "choice" and len(definition.options) == 2
    document: JsonObject = {
        "id": definition.id,
        "accessTypes": "add,delete,get,replace",
        "applicability": _applicability(definition.category),
        "baseUri": definition.base_uri,
        "offsetUri": definition.offset_uri,
        "categoryId": definition.category.id,
        "rootDefinitionId": definition.parent or definition.id,
        "displayName": definition.name,
        "name": definition.offset_uri.rpartition("/")[2],
        "occurrence": {"minDeviceOccurrence": 0, "maxDeviceOccurrence": 1},
        # Unverified: that every setting of this category is both; of most it is known.
        "settingUsage": "configuration,compliance" if key == "devicelock" else definition.category.usage,
        "riskLevel": "low",
        # Unverified: of groups. Public exports of definitions (2026-08-06) have the two others.
        "uxBehavior": "multiheaderGrid" if definition.kind == "groups" else "toggle" if is_switch else "default",
        "visibility": "template" if key == "laps" else "settingsCatalog,template",
    }
    if definition.kind not in ("choice", "groups"):
        document["dependentOn"] = _depends(definition)
    match definition.kind:
        case "choice":
            document["options"] = [_option(definition, value) for value in definition.options]
            document["defaultOptionId"] = f"{definition.id}_{definition.default}"
        case "groups":
            document |= {"childIds": children, "minimumCount": 0, "maximumCount": 600}
        case "integer":
            document["valueDefinition"] = {
                "@odata.type": f"{PREFIX}IntegerSettingValueDefinition",
                "minimumValue": definition.least,
                "maximumValue": definition.most,
            }
            document["defaultValue"] = _integer(int(definition.default))
        case _:
            document["valueDefinition"] = {
                "@odata.type": f"{PREFIX}StringSettingValueDefinition",
                "format": "none",
                "fileTypes": [],
                "inputValidationSchema": None,
                "isSecret": definition.kind == "secret",
                "minimumLength": 0,
                "maximumLength": definition.most,
            }
            if definition.kind == "strings":
                document |= {"minimumCount": 0, "maximumCount": 600}
    return document


def _depends(definition: Definition) -> list[JsonObject]:
    """Return the options of other settings on which a setting depends. Of a choice each option says it, of simple
    settings the definition (public exports of definitions, 2026-08-06).
    """
    options = [(definition.parent, f"{definition.parent}_{definition.when}")] if definition.when else []
    options += ALSO_DEPENDS.get(definition.id, ())
    return [{"parentSettingId": parent, "dependentOn": option} for parent, option in options]


def unknown_document(setting_id: str) -> JsonObject:
    """Return a definition for a setting that is not among those known here: its id, and that nothing is known."""
    return {"id": setting_id, "name": setting_id, "rootDefinitionId": setting_id, "displayName": setting_id}


def _integer(value: int) -> JsonObject:
    return {
        "@odata.type": f"{PREFIX}IntegerSettingValue",
        "settingValueTemplateReference": None,
        "value": value,
    }


def _option(definition: Definition, value: str) -> JsonObject:
    option_id = f"{definition.id}_{value}"
    below = [each.id for each in _below().get(definition.id, ()) if each.when == value]
    below += [key for key, options in ALSO_DEPENDS.items() if (definition.id, option_id) in options]
    text = {"@odata.type": f"{PREFIX}StringSettingValue", "settingValueTemplateReference": None, "value": value}
    return {
        "itemId": option_id,
        "name": definition.options[value],
        "displayName": definition.options[value],
        "description": None,
        "helpText": None,
        "optionValue": _integer(int(value)) if value.isdigit() else text,
        "dependentOn": _depends(definition),
        "dependedOnBy": [{"dependedOnBy": each, "required": False} for each in below],
    }


def _applicability(category: Category) -> JsonObject:
    common = {
        "description": None,
        "platform": category.platforms,
        "technologies": category.technologies,
        "deviceMode": "none",
    }
    match category.platforms:
        case "windows10":
            return {
                "@odata.type": f"{PREFIX}WindowsSettingApplicability",
                **common,
                "configurationServiceProviderVersion": None,
                "minimumSupportedVersion": None,
                "maximumSupportedVersion": None,
                "windowsSkus": [],
                "requiresAzureAd": False,
                "requiredAzureAdTrustType": "none",
            }
        case "linux":
            return {"@odata.type": f"{PREFIX}LinuxSettingApplicability", **common}
        case _:
            return {"@odata.type": f"{PREFIX}SettingApplicability", **common}


def _category_document(category: Category) -> JsonObject:
    return {
        "name": category.key,
        "displayName": category.name,
        "platforms": category.platforms,
        "technologies": category.technologies,
        "settingUsage": category.usage,
        "rootCategoryId": category.id,
        "childCategoryIds": [],
    }


def _template_document(template: Template) -> JsonObject:
    base, _, version = template.id.partition("_")
    settings = template.settings()
    return {
        "baseId": base,
        "version": int(version),
        "displayName": template.name,
        "displayVersion": template.display_version,
        "templateFamily": template.family,
        "lifecycleState": template.state,
        "platforms": template.platforms,
        "technologies": template.technologies,
        "allowUnmanagedSettings": False,
        "settingTemplateCount": len(settings),
        "settingTemplates": [
            {
                "@odata.type": f"{PREFIX}SettingTemplate",
                "id": str(place),
                "settingInstanceTemplate": _instance_template(template, setting),
            }
            for place, setting in enumerate(settings)
        ],
    }


_INSTANCES = {
    "choice": ("ChoiceSettingInstanceTemplate", "choiceSettingValueTemplate", ""),
    "integer": ("SimpleSettingInstanceTemplate", "simpleSettingValueTemplate", "IntegerSettingValueTemplate"),
    "string": ("SimpleSettingInstanceTemplate", "simpleSettingValueTemplate", "StringSettingValueTemplate"),
    "secret": ("SimpleSettingInstanceTemplate", "simpleSettingValueTemplate", "StringSettingValueTemplate"),
    "strings": (
        "SimpleSettingCollectionInstanceTemplate",
        "simpleSettingCollectionValueTemplate",
        "StringSettingValueTemplate",
    ),
    "groups": ("GroupSettingCollectionInstanceTemplate", "groupSettingCollectionValueTemplate", ""),
}


def _instance_template(template: Template, definition: Definition) -> JsonObject:
    setting, value = template_ids(template, definition)
    kind, member, value_kind = _INSTANCES[definition.kind]
    content: JsonObject = {"settingValueTemplateId": value}
    if value_kind:
        content["@odata.type"] = f"{PREFIX}{value_kind}"
    many = definition.kind in ("strings", "groups")
    return {
        "@odata.type": f"{PREFIX}{kind}",
        "settingInstanceTemplateId": setting,
        "settingDefinitionId": definition.id,
        "isRequired": False,
        member: [content] if many else content,
        **({"allowUnmanagedValues": True} if many else {}),
    }


# --------------------------------------------------------------------------------------------------- what is built in


def definition_resources(usage: str) -> tuple[BuiltIn, ...]:
    """Return the definitions that a collection of this usage has."""
    return tuple(
        BuiltIn(definition.id, definition_kind(definition), definition_document(definition))
        for definition in definitions().values()
        if definition.category.usage == usage
    )


def category_resources(usage: str) -> tuple[BuiltIn, ...]:
    """Return the categories of this usage."""
    kind = "deviceManagementConfigurationCategory"
    return tuple(
        BuiltIn(category.id, kind, _category_document(category)) for category in categories() if category.usage == usage
    )


def template_resources() -> tuple[BuiltIn, ...]:
    """Return the templates of policies."""
    kind = "deviceManagementConfigurationPolicyTemplate"
    return tuple(BuiltIn(template.id, kind, _template_document(template)) for template in templates().values())


def definition_of(setting_id: str) -> tuple[str, dict[str, Any]]:
    """Return the name of the type of a setting's definition, and its document, whether it is known here or not."""
    known = definitions().get(setting_id)
    if known is None:
        return "deviceManagementConfigurationSettingDefinition", unknown_document(setting_id)
    return definition_kind(known), definition_document(known)
