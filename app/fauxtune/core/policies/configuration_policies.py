"""Policies of the settings catalog: what makes them valid, what the server derives of them, and what is refused in
their settings, each held against its definition.

Graph (beta): deviceManagementConfigurationPolicy, deviceManagementCompliancePolicy,
deviceManagementReusablePolicySetting.

Differs from Intune: the service knows every definition, and refuses an id that it does not have. Here a definition that
is known is held against the tree; an id that is not known is taken if it begins as those of the catalog do, and is
shown with a definition that says nothing but the id; any other id is refused. The answer to a new policy says in a
header of how many settings nothing is known, and a tenant with `catalog.strict` refuses such policies.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from fauxtune.core.errors import Invalid
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.catalog import (
    PREFIX,
    Definition,
    Template,
    category_resources,
    definition_resources,
    definitions,
    template_ids,
    template_resources,
    templates,
)
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


#: The most settings of a policy. Unverified: the service's own bound.
MOST_SETTINGS = 1000
#: The most settings with all those below them, and how deep they go.
MOST_INSTANCES = 5000
DEEPEST = 20

#: How ids begin: configuration service providers, payloads and preferences of Apple, Android, Linux, enrolment, agents.
_OF_THE_CATALOG = re.compile(
    r"(?:device_|user_)?vendor_msft_|com\.apple\.|com\.microsoft\.|com\.android\.|com\.google\.|\.globalpreferences_|"
    r"loginwindow_|screensaver_|linux_|android_|ade_|enrollment_|ios_|macos_|mdm_|softwareupdate_|ddm-|"
    r"windows_|admx_|policy_|rulegroup_|group_|deviceconfig--|clientedrsettings_|alert_|epm_",
    re.IGNORECASE,
)
_SECRET = f"{PREFIX}SecretSettingValue"
#: By the kind of a definition: what an instance of it is, and the member with its value.
_INSTANCES = {
    "choice": ("ChoiceSettingInstance", "choiceSettingValue"),
    "integer": ("SimpleSettingInstance", "simpleSettingValue"),
    "string": ("SimpleSettingInstance", "simpleSettingValue"),
    "secret": ("SimpleSettingInstance", "simpleSettingValue"),
    "strings": ("SimpleSettingCollectionInstance", "simpleSettingCollectionValue"),
    "groups": ("GroupSettingCollectionInstance", "groupSettingCollectionValue"),
}
_VALUES = (
    "choiceSettingValue",
    "choiceSettingCollectionValue",
    "simpleSettingValue",
    "simpleSettingCollectionValue",
    "groupSettingValue",
    "groupSettingCollectionValue",
)


def check_settings(settings: list[JsonObject], *, platforms: str, template: Template | None) -> None:
    """Raise Invalid for settings that the service refuses. Each fits its type already. Unverified: its words for it."""
    if len(settings) > MOST_SETTINGS:
        raise Invalid(f"A policy can have {MOST_SETTINGS:,} settings, not {len(settings):,}.", target="settings")
    total = 0
    for setting in settings:
        for instance in instances(setting["settingInstance"]):
            total += 1
            if total > MOST_INSTANCES:
                raise Invalid(
                    f"A policy can have {MOST_INSTANCES:,} settings with all those below them.", target="settings"
                )
            check_instance(instance, platforms=platforms, template=template)


def unknown_ids(settings: Iterable[JsonObject]) -> list[str]:
    """Return the ids of definitions in these settings of which nothing is known here, each once."""
    ids = (
        instance["settingDefinitionId"] for setting in settings for instance in instances(setting["settingInstance"])
    )
    return [each for each in dict.fromkeys(ids) if each not in definitions()]


def instances(instance: JsonObject) -> Iterator[JsonObject]:
    """Yield an instance and all below it. Raises Invalid for a tree that is too deep."""
    waiting = [(instance, 1)]
    while waiting:
        current, depth = waiting.pop()
        if depth > DEEPEST:
            raise Invalid(f"Settings can be {DEEPEST} levels deep.", target="settings")
        yield current
        below = [child for value in values(current) for child in value.get("children") or ()]
        waiting += [(child, depth + 1) for child in reversed(below)]


def values(instance: JsonObject) -> list[JsonObject]:
    """Return the values of an instance, of any kind."""
    kept: list[JsonObject] = []
    for member in _VALUES:
        value = instance.get(member)
        kept += value if isinstance(value, list) else [] if value is None else [value]
    return kept


def check_instance(instance: JsonObject, *, platforms: str = "none", template: Template | None = None) -> None:
    """Raise Invalid for an instance of no setting of the catalog, or for one that does not fit its definition."""
    setting_id = instance["settingDefinitionId"]
    definition = definitions().get(setting_id)
    if definition is None:
        if not _OF_THE_CATALOG.match(setting_id):
            raise Invalid(
                f"The setting definition '{setting_id}' does not exist. Its id must be one of "
                "deviceManagement/configurationSettings, or begin as ids of the settings catalog do.",
                target="settingDefinitionId",
            )
        return
    kind, member = _INSTANCES[definition.kind]
    if instance["@odata.type"] != f"{PREFIX}{kind}":
        raise Invalid(
            f"The setting '{setting_id}' must be a {PREFIX}{kind}, not a {instance['@odata.type']}.",
            target="settingInstance",
        )
    _check_platforms(definition, platforms=platforms)
    if template is not None:
        _check_reference(instance, definition=definition, template=template)
    for value in values(instance):
        _check_value(definition, value, member=member)


def _check_platforms(definition: Definition, *, platforms: str) -> None:
    own = set(definition.category.platforms.split(","))
    if platforms != "none" and own.isdisjoint(platforms.split(",")):
        raise Invalid(
            f"The setting '{definition.id}' is for {definition.category.platforms}, and the policy is for {platforms}.",
            target="settings",
        )


def _check_reference(instance: JsonObject, *, definition: Definition, template: Template) -> None:
    """The ids of a template are compared with their case, as the service compares them; other ids are not known."""
    known = template_ids(template, definition)
    sent = [(instance.get("settingInstanceTemplateReference") or {}).get("settingInstanceTemplateId")]
    sent += [
        (value.get("settingValueTemplateReference") or {}).get("settingValueTemplateId") for value in values(instance)
    ]
    for reference in sent:
        if reference is not None and reference not in known and reference.lower() in known:
            raise Invalid(
                f"The template '{template.id}' has no '{reference}'. Write its ids with their case.", target="settings"
            )


def _check_value(definition: Definition, value: JsonObject, *, member: str) -> None:
    content = value.get("value")
    match definition.kind:
        case "choice":
            is_right = content in definition.option_ids()
            right = f"one of {', '.join(sorted(definition.option_ids()))}"
        case "integer":
            is_right = isinstance(content, int) and definition.least <= content <= definition.most
            right = f"an integer from {definition.least} to {definition.most}"
        case "groups":
            return
        case _:
            is_right = isinstance(content, str) and len(content) <= definition.most
            right = f"a text of at most {definition.most:,} characters"
    if not is_right:
        raise Invalid(f"The value of the setting '{definition.id}' must be {right}.", target=member)


# --------------------------------------------------------------------------------------------------------- secrets


def without_secrets(settings: list[JsonObject], *, token: Callable[[], str], known: frozenset[str]) -> list[JsonObject]:
    """Return the settings with a token in the place of each secret, as the service shows it. `known`: the tokens that
    the policy has. Raises Invalid for a token of another policy. Differs from Intune: the secret itself is not kept,
    as nothing delivers it.
    """
    return [
        {**setting, "settingInstance": _without(setting["settingInstance"], token=token, known=known)}
        for setting in settings
    ]


def _without(instance: JsonObject, *, token: Callable[[], str], known: frozenset[str]) -> JsonObject:
    changed = dict(instance)
    for member in _VALUES:
        value = instance.get(member)
        if isinstance(value, list):
            changed[member] = [_hidden(each, token=token, known=known) for each in value]
        elif value is not None:
            changed[member] = _hidden(value, token=token, known=known)
    return changed


def _hidden(value: JsonObject, *, token: Callable[[], str], known: frozenset[str]) -> JsonObject:
    if value.get("@odata.type") == _SECRET:
        if value["valueState"] != "encryptedValueToken":
            return {**value, "value": token(), "valueState": "encryptedValueToken"}
        if value["value"] not in known:
            raise Invalid("The value of a secret is a token that this policy does not have.", target="value")
        return value
    if not value.get("children"):
        return value
    return {**value, "children": [_without(child, token=token, known=known) for child in value["children"]]}


def tokens(settings: list[JsonObject]) -> frozenset[str]:
    """Return the tokens that stand for the secrets of these settings."""
    return frozenset(
        str(value["value"])
        for setting in settings
        for instance in instances(setting["settingInstance"])
        for value in values(instance)
        if value.get("@odata.type") == _SECRET
    )
