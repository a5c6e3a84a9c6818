"""Intents and their templates: settings as values of definitions. Graph (beta): deviceManagementIntent,
deviceManagementTemplate, deviceManagementSettingInstance. The intents of apps are in `app_planning`.

Differs from Intune: the service has more templates, with more settings, in texts of Microsoft's. A setting that is not
known is taken if its id begins as those of the service do, and any other is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID, uuid5

from fauxtune.core.errors import Invalid
from fauxtune.core.model.text import JsonObject, text_value
from fauxtune.core.policies.rules import BuiltIn, Member, Rules

# Templates of intents: security baselines and endpoint security of the older kind. Ids are facts that public samples
# name; every name of a setting is in our own words.
#
# A template begins with `=`: id; name; type; subtype; platform; version; whether it is deprecated. `+` begins a
# category. A setting: id of its definition; kind of its value; name; value of a new intent, as JSON.
#
# #: data

TABLE = """
= d1174162-1dd2-4976-affc-6667049ab0ae; BitLocker; securityTemplate; diskEncryption; windows10AndLater; 2; true
+ BitLocker of the device
deviceConfiguration--windows10EndpointProtectionConfiguration_bitLockerEncryptDevice; boolean; Encrypt the device; true
deviceConfiguration--windows10EndpointProtectionConfiguration_bitLockerDisableWarningForOtherDiskEncryption; boolean; Do not warn of other encryption; null
deviceConfiguration--windows10EndpointProtectionConfiguration_bitLockerAllowStandardUserEncryption; boolean; Users without rights may encrypt; null
deviceConfiguration--windows10EndpointProtectionConfiguration_bitLockerRecoveryPasswordRotation; string; New recovery password after use; "notConfigured"
+ BitLocker of drives
deviceConfiguration--windows10EndpointProtectionConfiguration_bitLockerSystemDrivePolicy; complex; Drive of the system; null
deviceConfiguration--windows10EndpointProtectionConfiguration_bitLockerFixedDrivePolicy; complex; Fixed drives; null
deviceConfiguration--windows10EndpointProtectionConfiguration_bitLockerRemovableDrivePolicy; complex; Removable drives; null
= a239407c-698d-4ef8-b314-e3ae409204b8; FileVault; securityTemplate; diskEncryption; macOS; 1; true
+ FileVault
deviceConfiguration--macOSEndpointProtectionConfiguration_fileVaultEnabled; boolean; FileVault; null
deviceConfiguration--macOSEndpointProtectionConfiguration_fileVaultPersonalRecoveryKeyRotationInMonths; integer; Months until a new recovery key; null
deviceConfiguration--macOSEndpointProtectionConfiguration_fileVaultPersonalRecoveryKeyHelpMessage; string; Where the user finds the key; null
= c53e5a9f-2eec-4175-98a1-2b3d38084b91; Microsoft Defender Firewall; securityTemplate; firewall; windows10AndLater; 1; true
+ Firewall
deviceConfiguration--windows10EndpointProtectionConfiguration_firewallBlockStatefulFTP; boolean; Stateful FTP is blocked; null
deviceConfiguration--windows10EndpointProtectionConfiguration_firewallIdleTimeoutForSecurityAssociationInSeconds; integer; Seconds until a security association ends; null
deviceConfiguration--windows10EndpointProtectionConfiguration_firewallProfileDomain; complex; Network of the domain; null
deviceConfiguration--windows10EndpointProtectionConfiguration_firewallProfilePrivate; complex; Private networks; null
deviceConfiguration--windows10EndpointProtectionConfiguration_firewallProfilePublic; complex; Public networks; null
= 4356d05c-a4ab-4a07-9ece-739f7c792910; Microsoft Defender Firewall rules; securityTemplate; firewall; windows10AndLater; 1; true
+ Rules
deviceConfiguration--windows10EndpointProtectionConfiguration_firewallRules; collection; Rules; []
= 0e237410-1367-4844-bd7f-15fb0f08943b; Attack surface reduction rules; securityTemplate; attackSurfaceReduction; windows10AndLater; 1; true
+ Rules
deviceConfiguration--windows10EndpointProtectionConfiguration_defenderOfficeAppsLaunchChildProcessType; string; Office starts no other program; "userDefined"
deviceConfiguration--windows10EndpointProtectionConfiguration_defenderPreventCredentialStealingType; string; Nothing reads passwords from LSASS; "notConfigured"
deviceConfiguration--windows10EndpointProtectionConfiguration_defenderAttackSurfaceReductionExcludedPaths; collection; Paths that the rules leave out; []
= 034ccd46-190c-4afc-adf1-ad7cc11262eb; MDM Security Baseline; securityBaseline; none; windows10AndLater; 3; true
+ Device lock
deviceConfiguration--windows10GeneralConfiguration_passwordRequired; boolean; A password is required; true
deviceConfiguration--windows10GeneralConfiguration_passwordMinimumLength; integer; Shortest password; 8
deviceConfiguration--windows10GeneralConfiguration_passwordBlockSimple; boolean; Simple passwords are blocked; true
deviceConfiguration--windows10GeneralConfiguration_passwordRequiredType; string; Characters of the password; "alphanumeric"
+ Defender
deviceConfiguration--windows10GeneralConfiguration_defenderRequireRealTimeMonitoring; boolean; Real-time protection; true
deviceConfiguration--windows10GeneralConfiguration_defenderScanType; string; Kind of the planned scan; "quick"
deviceConfiguration--windows10GeneralConfiguration_defenderScheduledScanDay; string; Day of the planned scan; "everyday"
"""  # noqa: E501 - one row a line


_OWN = UUID("4d8a6c39-6f2f-4e5c-9f0f-3f6f1d0c2b55")
_PREFIX = "#microsoft.graph.deviceManagement"
_OF_THE_SERVICE = re.compile(
    r"(?:deviceConfiguration|admx|admxUser|deviceCompliancePolicy|edgeUser|office)--[\w.~-]+", re.ASCII
)
MOST_SETTINGS = 1000
_LONGEST_VALUE = 128 * 1024
#: By the kind of a value: the name of its type, and which JSON values it has.
_KINDS: Mapping[str, tuple[str, tuple[type, ...]]] = {
    "boolean": ("Boolean", (bool,)),
    "integer": ("Integer", (int,)),
    "string": ("String", (str,)),
    "complex": ("Complex", (dict,)),
    "abstractComplex": ("AbstractComplex", (dict,)),
    "collection": ("Collection", (list,)),
}
_BY_TYPE = {f"{_PREFIX}{name}SettingInstance": kind for kind, (name, _values) in _KINDS.items()}
_PLAIN = ("boolean", "integer", "string")


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of a template: the id of its definition, what its value is, and that of a new intent as JSON."""

    id: str
    kind: str
    name: str
    default: str
    category: str


@dataclass(slots=True)
class Template:
    """A template. `categories`: their names by id."""

    id: str
    name: str
    type: str
    subtype: str
    platform: str
    version: str
    is_deprecated: bool
    categories: dict[str, str] = field(default_factory=dict)
    settings: list[Setting] = field(default_factory=list)


@cache
def templates() -> Mapping[str, Template]:
    """Return the templates by id."""
    known: dict[str, Template] = {}
    template, category = Template("", "", "", "", "", "", is_deprecated=False), ""
    for line in TABLE.strip("\n").splitlines():
        cells = [cell.strip() for cell in line.lstrip("=+ ").split(";")]
        if line.startswith("="):
            key, name, kind, subtype, platform, version, deprecated = cells
            template = Template(key, name, kind, subtype, platform, version, is_deprecated=deprecated == "true")
            known[key] = template
        elif line.startswith("+"):
            category = str(uuid5(_OWN, f"{template.id} {cells[0]}"))
            template.categories[category] = cells[0]
        else:
            key, kind, name, default = cells
            template.settings.append(Setting(key, kind, name, default, category))
    return known


@cache
def _known_settings() -> Mapping[str, Setting]:
    return {setting.id: setting for template in templates().values() for setting in template.settings}


def template(template_id: str) -> Template:
    """Return a template. Raises Invalid for one that does not exist."""
    known = templates().get(template_id.lower())
    if known is None:
        raise Invalid(
            f"There is no template '{template_id}': use one of deviceManagement/templates.", target="templateId"
        )
    return known


def normal(sent: JsonObject) -> JsonObject:
    """Return a setting with `value` and `valueJson` that say the same. Raises Invalid if they do not, for a value that
    does not fit its type, and for a setting that does not exist.
    """
    definition_id, kind = sent["definitionId"], _BY_TYPE[sent["@odata.type"]]
    known = _known_settings().get(definition_id)
    if known is None and not _OF_THE_SERVICE.fullmatch(definition_id):
        raise Invalid(
            f"The setting definition '{definition_id}' does not exist: use one of the template's settings.",
            target="definitionId",
        )
    if known is not None and known.kind != kind:
        wanted = f"{_PREFIX}{_KINDS[known.kind][0]}SettingInstance"
        raise Invalid(f"The setting '{definition_id}' must be a {wanted}.", target="@odata.type")
    text, plain = sent.get("valueJson"), sent.get("value")
    value = plain if text is None else _parsed(text, definition_id=definition_id)
    if value is not None and (
        not isinstance(value, _KINDS[kind][1]) or (kind == "integer" and isinstance(value, bool))
    ):
        raise Invalid(f"The value of '{definition_id}' must be {_KINDS[kind][0].lower()}.", target="valueJson")
    if plain is not None and kind in _PLAIN and plain != value:
        raise Invalid(f"value and valueJson of '{definition_id}' must say the same.", target="valueJson")
    written = text if text is not None else json.dumps(value)
    more = {"value": value} if kind in _PLAIN else {}
    return {"@odata.type": sent["@odata.type"], "definitionId": definition_id, "valueJson": written, **more}


def _parsed(text: str, *, definition_id: str) -> Any:
    if len(text) > _LONGEST_VALUE:
        raise Invalid(f"The value of '{definition_id}' can have {_LONGEST_VALUE:,} characters.", target="valueJson")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise Invalid(f"valueJson of '{definition_id}' must be JSON in a text.", target="valueJson") from None
    return text_value(value) if isinstance(value, str) else value


def default_settings(of: Template) -> list[JsonObject]:
    """Return the settings of a new intent."""
    return [
        normal({"@odata.type": _type(setting.kind), "definitionId": setting.id, "valueJson": setting.default})
        for setting in of.settings
    ]


def merged(settings: list[JsonObject], changes: list[JsonObject]) -> list[JsonObject]:
    """Return the settings with the changes: each has one value, and what is not there yet is added. Raises Invalid for
    too many.
    """
    by_id = {setting["definitionId"]: setting for setting in settings}
    for change in changes:
        old = by_id.get(change["definitionId"], {})
        by_id[change["definitionId"]] = {**old, **normal(change)}
    if len(by_id) > MOST_SETTINGS:
        raise Invalid(f"An intent can have {MOST_SETTINGS:,} settings, not {len(by_id):,}.", target="settings")
    return list(by_id.values())


def in_category(settings: list[JsonObject], *, of: Template, category_id: str) -> list[JsonObject]:
    """Return the settings of one category; one that is not the template's stands in the first category."""
    places = {setting.id: setting.category for setting in of.settings}
    first = next(iter(of.categories))
    return [setting for setting in settings if places.get(setting["definitionId"], first) == category_id]


def _type(kind: str) -> str:
    return f"{_PREFIX}{_KINDS[kind][0]}SettingInstance"


# ------------------------------------------------------------------------------------------------------- documents


def category_documents(of: Template, *, kind: str) -> list[JsonObject]:
    """Return the categories of a template as Graph shows them, of the type `kind`."""
    return [
        {"@odata.type": f"{_PREFIX}{kind}", "id": key, "displayName": name, "hasRequiredSetting": False}
        for key, name in of.categories.items()
    ]


def definition_documents(of: Template, *, category_id: str) -> list[JsonObject]:
    """Return the definitions of a category."""
    return [
        {
            "@odata.type": f"{_PREFIX}{_DEFINITIONS.get(setting.kind, 'SettingDefinition')}",
            "id": setting.id,
            "displayName": setting.name,
            "valueType": setting.kind,
            "isTopLevel": True,
            "constraints": [],
            "dependencies": [],
            "keywords": [],
        }
        for setting in of.settings
        if setting.category == category_id
    ]


_DEFINITIONS = {
    "collection": "CollectionSettingDefinition",
    "complex": "ComplexSettingDefinition",
    "abstractComplex": "AbstractComplexSettingDefinition",
}


def customized(settings: list[JsonObject], *, of: Template) -> list[JsonObject]:
    """Return the settings whose value is another one than the template's."""
    defaults = {setting.id: setting.default for setting in of.settings}
    return [
        {
            "definitionId": setting["definitionId"],
            "defaultJson": defaults.get(setting["definitionId"]),
            "customizedJson": setting["valueJson"],
        }
        for setting in settings
        if setting["valueJson"] != defaults.get(setting["definitionId"])
    ]


def _template_resource(of: Template) -> BuiltIn:
    document = {
        "displayName": of.name,
        "versionInfo": of.version,
        "isDeprecated": of.is_deprecated,
        "templateType": of.type,
        "templateSubtype": of.subtype,
        "platformType": of.platform,
        "settings": [
            {**default_setting, "id": str(uuid5(_OWN, f"{of.id} {default_setting['definitionId']}"))}
            for default_setting in default_settings(of)
        ],
    }
    kind = "securityBaselineTemplate" if of.type == "securityBaseline" else "deviceManagementTemplate"
    return BuiltIn(of.id, kind, document)


def _check(document: JsonObject, before: JsonObject | None) -> None:
    """Raise Invalid for an intent of no template."""
    if before is None:
        template(document.get("templateId") or "")


INTENTS = Rules("intents", check=_check, fixed="templateId", members=(Member("settings"),))
TEMPLATES = Rules(
    "templates",
    members=(Member("settings"),),
    built_in=tuple(_template_resource(each) for each in templates().values()),
    created="publishedDateTime",
)
