"""Settings of definitions that the catalog does not have: what their ids say of the wire, and what they do not."""

from __future__ import annotations

from typing import Any

import pytest

from fauxtune.core.engine.planning.catalog_ids import derived, place_of
from fauxtune.core.model.settings import WantedSetting
from fauxtune.core.policies.catalog import definitions
from fauxtune.core.policies.catalog_delivery import address_of, is_deliverable, wishes_in

KIND = "#microsoft.graph.deviceManagementConfiguration"
CONFIG = "device_vendor_msft_policy_config"
NODES = "./Device/Vendor/MSFT"


def choice(setting_id: str, option: str) -> dict[str, Any]:
    return {"settingDefinitionId": setting_id, "choiceSettingValue": {"value": f"{setting_id}_{option}"}}


def simple(setting_id: str, kind: str, value: object) -> dict[str, Any]:
    content = {"@odata.type": f"{KIND}{kind}SettingValue", "value": value}
    return {"settingDefinitionId": setting_id, "simpleSettingValue": content}


def wanted(instance: dict[str, Any], *, platforms: str = "windows10") -> tuple[list[WantedSetting], list[str]]:
    document = {"platforms": platforms, "settings": [{"settingInstance": instance}]}
    wishes = wishes_in(document, derive=derived)
    return list(wishes.settings), list(wishes.without)


@pytest.mark.parametrize(
    ("instance", "address", "form", "value"),
    [
        (
            choice(f"{CONFIG}_experience_allowcopypaste", "0"),
            f"{NODES}/Policy/Config/Experience/AllowCopyPaste",
            "int",
            0,
        ),
        (
            simple(f"{CONFIG}_localpoliciessecurityoptions_accounts_renameguestaccount", "String", "Visitor"),
            f"{NODES}/Policy/Config/LocalPoliciesSecurityOptions/Accounts_RenameGuestAccount",
            "chr",
            "Visitor",
        ),
        (
            simple(f"{CONFIG}_deliveryoptimization_domaxcachesize", "Integer", 30),
            f"{NODES}/Policy/Config/DeliveryOptimization/DOMaxCacheSize",
            "int",
            30,
        ),
        (
            choice("user_vendor_msft_policy_config_windowsai_turnoffwindowscopilot", "1"),
            "./User/Vendor/MSFT/Policy/Config/WindowsAI/TurnOffWindowsCopilot",
            "int",
            1,
        ),
        (
            choice("vendor_msft_firewall_mdmstore_publicprofile_allowlocalpolicymerge", "false"),
            f"{NODES}/Firewall/MdmStore/PublicProfile/AllowLocalPolicyMerge",
            "bool",
            False,
        ),
        (
            choice("device_vendor_msft_defender_configuration_hideexclusionsfromlocaladmins", "1"),
            f"{NODES}/Defender/Configuration/HideExclusionsFromLocalAdmins",
            "int",
            1,
        ),
    ],
)
def test_an_id_says_which_node_of_windows_is_set(
    instance: dict[str, Any], address: str, form: str, value: object
) -> None:
    assert instance["settingDefinitionId"] not in definitions()
    assert wanted(instance) == ([WantedSetting(instance["settingDefinitionId"], address, address, form, value)], [])
    # On another platform it is no word.
    assert wanted(instance, platforms="macOS") == ([], [instance["settingDefinitionId"]])


def test_an_id_says_which_key_of_a_payload_is_set() -> None:
    unit = "com.apple.applicationaccess"
    camera = choice(f"{unit}_allowbookstore", "false")
    assert wanted(camera, platforms="iOS") == (
        [WantedSetting(f"{unit}_allowbookstore", f"{unit}/allowBookstore", unit, "bool", False)],
        [],
    )
    delay = simple(f"{unit}_enforcedsoftwareupdatedelay", "Integer", 30)
    ((setting,), without) = wanted(delay, platforms="macOS")
    assert (setting.address, setting.form, setting.value, without) == (
        f"{unit}/enforcedSoftwareUpdateDelay",
        "int",
        30,
        [],
    )
    domains = {
        "settingDefinitionId": "com.apple.domains_emaildomains",
        "simpleSettingCollectionValue": [{"value": "contoso.com"}, {"value": "fabrikam.com"}],
    }
    ((setting,), without) = wanted(domains, platforms="iOS")
    assert (setting.address, setting.value) == ("com.apple.domains/EmailDomains", ["contoso.com", "fabrikam.com"])


@pytest.mark.parametrize(
    "instance",
    [
        choice(f"{CONFIG}_experience_allowtimetravel", "1"),
        choice(f"{CONFIG}_experience_allowcopypaste", "sometimes"),
        simple(f"{CONFIG}_experience_allowcopypaste", "Secret", "token"),
        choice("device_vendor_msft_dmclient_provider_{providerid}_configrefresh_enabled", "true"),
        choice(f"{CONFIG}_admx_appcompat_appcompatturnoffengine", "1"),
        {
            "settingDefinitionId": f"{CONFIG}_settings_pagevisibilitylist",
            "simpleSettingCollectionValue": [{"value": "a"}],
        },
        choice("com.apple.applicationaccess_allowcamera_extra", "true"),
        {"settingDefinitionId": f"{CONFIG}_experience_allowcopypaste"},
    ],
)
def test_what_an_id_does_not_say_is_not_applicable(instance: dict[str, Any]) -> None:
    assert wanted(instance) == ([], [instance["settingDefinitionId"]])


def test_a_group_only_holds_others() -> None:
    group = {
        "settingDefinitionId": "com.apple.applicationaccess_com.apple.applicationaccess",
        "groupSettingCollectionValue": [{"children": [choice("com.apple.applicationaccess_allownews", "true")]}],
    }
    ((setting,), without) = wanted(group, platforms="iOS")
    assert (setting.address, without) == ("com.apple.applicationaccess/allowNews", [])


def test_what_is_derived_agrees_with_the_catalog_where_both_know_a_setting() -> None:
    both = 0
    for definition in definitions().values():
        place = place_of(definition.id)
        if is_deliverable(definition) and place is not None and "_defender_attacksurface" not in definition.id:
            both += 1
            assert place.address == address_of(definition)
    assert both > 40
