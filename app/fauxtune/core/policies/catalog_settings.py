"""What a policy of the settings catalog asks of a device, in words of its wire: addresses and values of its settings.

Graph (beta): deviceManagementConfigurationSettingDefinition: baseUri and offsetUri. Microsoft: "Policy CSP"; Apple:
"Device Management". A setting whose definition is not known here has no word on the wire.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fauxtune.core.model.settings import WantedSetting, Wishes, gathered, normal
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.catalog import Definition, definitions
from fauxtune.core.policies.configuration_policies import SETTINGS
from fauxtune.core.policies.settings_tree import instances, values

#: The kinds of definitions that have a value.
_WITH_VALUE = frozenset({"choice", "integer", "string", "strings"})
_PLATFORMS = frozenset({"windows10", "iOS", "macOS"})
#: Definitions that only say which others count.
_NO_NODE = frozenset({"device_vendor_msft_windowsadvancedthreatprotection_configurationtype"})
#: Microsoft: "Attack surface reduction rules reference": rules by the ends of their definitions, and their modes.
_RULES = {
    "blockadobereaderfromcreatingchildprocesses": "7674ba52-37eb-4a4f-a9a1-f0f9a1619a2c",
    "blockallofficeapplicationsfromcreatingchildprocesses": "d4f940ab-401b-4efc-aadc-ad5f3c50688a",
    "blockcredentialstealingfromwindowslocalsecurityauthoritysubsystem": "9e6c4e1f-7d60-472f-ba1a-a39ef669e4b2",
    "blockexecutablecontentfromemailclientandwebmail": "be9ba2d9-53ea-4cdc-84e5-9b1eeee46550",
    "blockuntrustedunsignedprocessesthatrunfromusb": "b2b3f03d-6a65-4f7b-a9c7-1c7ef74a9ba4",
    "useadvancedprotectionagainstransomware": "c1db55ab-c21a-4637-bb3f-a12568109d35",
}
_MODES = {"off": "0", "block": "1", "audit": "2", "warn": "6"}
_RULE = "device_vendor_msft_policy_config_defender_attacksurfacereductionrules"
#: The end of an address that stands for the same node under another condition.
_SAME_NODE = "_AAD"


def is_deliverable(definition: Definition) -> bool:
    """Whether a setting of this definition has a word on the wire."""
    own = definition.category
    return (
        definition.kind in _WITH_VALUE
        and own.usage == "configuration"
        and not _PLATFORMS.isdisjoint(own.platforms.split(","))
        and definition.id not in _NO_NODE
    )


def address_of(definition: Definition) -> str:
    """Return the address of a setting on the wire."""
    if definition.id.startswith(_RULE):
        return f"{definition.base_uri}{definition.offset_uri.partition('_')[0]}"
    return normal(f"{definition.base_uri}{definition.offset_uri}".removesuffix(_SAME_NODE), bare=True)


def wishes_in(document: JsonObject) -> Wishes:
    """Return what a policy asks for."""
    settings, without, rules = [], [], []
    for instance in _instances(document):
        setting_id = str(instance["settingDefinitionId"])
        definition = definitions().get(setting_id)
        if definition is None or definition.kind == "secret" or definition.id in _NO_NODE:
            without.append(setting_id)
        elif definition.id.startswith(f"{_RULE}_"):
            rules.append((definition, instance))
        elif is_deliverable(definition):
            value = _value(definition, instance)
            if value is not None:
                settings.append(_setting(definition, value))
    return gathered([*settings, *_rules(rules)], without=dict.fromkeys(without))


def _instances(document: JsonObject) -> Iterator[JsonObject]:
    for setting in document.get(SETTINGS.name) or ():
        yield from instances(setting["settingInstance"])


def _setting(definition: Definition, value: Any) -> WantedSetting:
    address = address_of(definition)
    unit = address if address.startswith(".") else definition.base_uri
    return WantedSetting(definition.id, address, unit, _form(definition, value), value)


def _form(definition: Definition, value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    return "chr" if address_of(definition).startswith(".") else "str"


def _value(definition: Definition, instance: JsonObject) -> Any:
    contents = [value.get("value") for value in values(instance)]
    if definition.kind == "strings":
        return "|".join(str(each) for each in contents) or None
    if not contents or contents[0] is None:
        return None
    content = contents[0]
    return _option(definition, str(content)) if definition.kind == "choice" else content


def _option(definition: Definition, chosen: str) -> Any:
    """The value of an option: Windows has it in the option's id, and so has Apple of switches."""
    text = chosen.removeprefix(f"{definition.id}_")
    if text in ("true", "false"):
        return text == "true"
    if not definition.base_uri.startswith("."):
        return definition.options.get(text)
    return int(text) if text.lstrip("-").isdecimal() else text


def _rules(rules: list[tuple[Definition, JsonObject]]) -> list[WantedSetting]:
    """All rules that make attacks harder are one node: pairs of a rule and a mode."""
    pairs = []
    for definition, instance in rules:
        chosen = next((str(value.get("value")) for value in values(instance)), "")
        rule = _RULES.get(definition.id.removeprefix(f"{_RULE}_"))
        mode = _MODES.get(chosen.removeprefix(f"{definition.id}_"))
        if rule is not None and mode is not None:
            pairs.append(f"{rule}={mode}")
    if not pairs:
        return []
    address = address_of(rules[0][0])
    return [WantedSetting(_RULE, address, address, "chr", "|".join(sorted(pairs)))]
