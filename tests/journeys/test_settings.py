"""Settings of restriction profiles reach devices of each platform, are reported one by one, conflict, and go again."""

from __future__ import annotations

import base64
import plistlib
from typing import Any

import pytest

from fauxtune_sim.agent import Agent
from fauxtune_sim.platforms import Platform
from tests.support.administrator import Administrator, AgentEnroller

POLICY = "./Vendor/MSFT/Policy/Config"
RESTRICTIONS, PASSCODE = "com.apple.applicationaccess", "com.apple.mobiledevice.passwordpolicy"
#: By platform: a kind of profile, its properties, what the device then has, and a property that no wire has.
KINDS: dict[Platform, tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    Platform.IOS: (
        "iosGeneralDeviceConfiguration",
        {"cameraBlocked": True, "passcodeRequired": True, "passcodeMinimumLength": 6},
        {f"{RESTRICTIONS}/allowCamera": False, f"{PASSCODE}/forcePIN": True, f"{PASSCODE}/minLength": 6},
        {"kioskModeBuiltInAppId": "com.contoso"},
    ),
    Platform.MACOS: (
        "macOSGeneralDeviceConfiguration",
        {"passwordMinimumLength": 8, "passwordRequired": True},
        {f"{PASSCODE}/minLength": 8, f"{PASSCODE}/forcePIN": True},
        {"compliantAppListType": "appsInListCompliant"},
    ),
    Platform.WINDOWS: (
        "windows10GeneralConfiguration",
        {"cameraBlocked": True, "passwordMinimumLength": 8, "windowsSpotlightBlocked": True},
        {
            f"{POLICY}/Camera/AllowCamera": "0",
            f"{POLICY}/DeviceLock/MinDevicePasswordLength": "8",
            "./User/Vendor/MSFT/Policy/Config/Experience/AllowWindowsSpotlight": "0",
        },
        {"antiTheftModeBlocked": True},
    ),
    Platform.ANDROID: (
        "androidWorkProfileGeneralDeviceConfiguration",
        {"workProfileBlockCamera": True, "passwordMinimumLength": 6},
        {"cameraDisabled": True, "passwordPolicies/SCOPE_DEVICE/passwordMinimumLength": 6},
        {"workProfileBluetoothEnableContactSharing": True},
    ),
}


async def setting_states(administrator: Administrator, profile: str) -> dict[str, dict[str, Any]]:
    """The states of a profile's settings on the one device, by the name of the property."""
    (device,) = await administrator.devices()
    path = f"/beta/deviceManagement/managedDevices/{device['id']}/deviceConfigurationStates/{profile}"
    found = (await administrator.graph.get(path)).raise_for_status().json()["settingStates"]
    return {each["setting"].rpartition(".")[2]: each for each in found}


async def settle(agent: Agent) -> None:
    for _ in range(4):
        done = await agent.check_in()
        if done.settled and not done.installed and not done.removed:
            return


@pytest.mark.parametrize("platform", KINDS)
async def test_settings_arrive_conflict_and_go(
    administrator: Administrator, enrol_agent: AgentEnroller, platform: Platform
) -> None:
    kind, properties, expected, without = KINDS[platform]
    profile = await administrator.profile(kind, **properties, **without)
    await administrator.assign(profile)
    agent = await enrol_agent(platform)
    await settle(agent)
    device = agent.device
    assert dict(device.settings) == expected
    assert await administrator.statuses(profile) == ["compliant"]
    states = await setting_states(administrator, profile)
    assert {name: state["state"] for name, state in states.items()} == {
        **dict.fromkeys(properties, "compliant"),
        **dict.fromkeys(without, "notApplicable"),
    }
    (length,) = (name for name in properties if name.endswith("MinimumLength"))
    assert states[length]["currentValue"] == str(properties[length])
    assert (await agent.check_in()).reports == 1

    # Another profile asks for another value: the device keeps its own, and both are in conflict.
    other = await administrator.profile(kind, **{length: 12})
    await administrator.assign(other)
    await settle(agent)
    assert dict(device.settings) == expected
    assert await administrator.statuses(profile) == ["conflict"]
    assert await administrator.statuses(other) == ["conflict"]
    state = (await setting_states(administrator, other))[length]
    assert (state["state"], state["currentValue"]) == ("conflict", str(properties[length]))
    assert {source["id"] for source in state["sources"]} == {profile, other}
    (conflict,) = (
        (await administrator.graph.get("/beta/deviceManagement/deviceConfigurationConflictSummary"))
        .raise_for_status()
        .json()["value"]
    )
    assert conflict["contributingSettings"] == [length]
    assert {source["id"] for source in conflict["conflictingDeviceConfigurations"]} == {profile, other}
    assert conflict["deviceCheckinsImpacted"] == 1

    # Without the first profile the second one's value counts, and the others go.
    await administrator.graph.delete(f"/v1.0/deviceManagement/deviceConfigurations/{profile}")
    await settle(agent)
    assert set(device.settings.values()) <= {12, "12"}
    assert len(device.settings) == 1
    assert await administrator.statuses(other) == ["compliant"]

    await administrator.perform("retire")
    await agent.check_in()
    assert dict(device.settings) == {}


@pytest.mark.parametrize("platform", KINDS)
async def test_a_device_refuses_settings(
    administrator: Administrator, enrol_agent: AgentEnroller, platform: Platform
) -> None:
    kind, properties, expected, _without = KINDS[platform]
    profile = await administrator.profile(kind, **properties)
    await administrator.assign(profile)
    agent = await enrol_agent(platform)
    agent.device.refuse("setting", 406 if platform is Platform.WINDOWS else None)
    await settle(agent)
    assert dict(agent.device.settings) == {}
    assert await administrator.statuses(profile) == ["error"]
    states = await setting_states(administrator, profile)
    assert {state["state"] for state in states.values()} == {"error"}
    if platform is Platform.WINDOWS:
        assert {state["errorCode"] for state in states.values()} == {(0x87D10000 | 406) - (1 << 32)}
    agent.device.accept()
    await administrator.perform("syncDevice")
    if platform is Platform.ANDROID:  # it tries again what it refused when it gets another policy
        path = f"/v1.0/deviceManagement/deviceConfigurations/{profile}"
        body = {"@odata.type": f"#microsoft.graph.{kind}", "workProfileBlockScreenCapture": True}
        (await administrator.graph.patch(path, json=body)).raise_for_status()
        expected = {**expected, "screenCaptureDisabled": True}
    await settle(agent)
    assert dict(agent.device.settings) == expected
    assert await administrator.statuses(profile) == ["compliant"]


async def test_a_node_that_a_pc_does_not_have_is_an_error_of_that_setting_alone(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    settings = [
        {
            "@odata.type": "#microsoft.graph.omaSettingInteger",
            "displayName": name,
            "omaUri": f"./Device/Vendor/MSFT/Policy/Config/{name}",
            "value": 0,
        }
        for name in ("Camera/AllowCamera", "Camera/AllowKamera")
    ]
    profile = await administrator.profile("windows10CustomConfiguration", omaSettings=settings)
    await administrator.assign(profile)
    agent = await enrol_agent(Platform.WINDOWS)
    await settle(agent)
    assert dict(agent.device.settings) == {f"{POLICY}/Camera/AllowCamera": "0"}
    assert await administrator.statuses(profile) == ["error"]
    states = await setting_states(administrator, profile)
    found = {name.rpartition("/")[2]: (state["state"], state["errorCode"]) for name, state in states.items()}
    assert found == {"AllowCamera": ("compliant", 0), "AllowKamera": ("error", (0x87D10000 | 406) - (1 << 32))}


@pytest.mark.parametrize("platform", [Platform.IOS, Platform.MACOS])
async def test_a_custom_profile_brings_its_payloads(
    administrator: Administrator, enrol_agent: AgentEnroller, platform: Platform
) -> None:
    payload = {
        "PayloadType": "com.contoso.viewer",
        "PayloadVersion": 1,
        "PayloadIdentifier": "com.contoso.viewer.1",
        "PayloadUUID": "6a7e0b1c-5ef5-4f5a-9d2f-000000000001",
        "Zoom": 2,
    }
    whole = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": "com.contoso.viewer",
        "PayloadUUID": "6a7e0b1c-5ef5-4f5a-9d2f-000000000002",
        "PayloadContent": [payload],
    }
    kind = "iosCustomConfiguration" if platform is Platform.IOS else "macOSCustomConfiguration"
    profile = await administrator.profile(
        kind,
        payloadName="Viewer",
        payloadFileName="viewer.mobileconfig",
        payload=base64.b64encode(plistlib.dumps(whole)).decode(),
    )
    await administrator.assign(profile)
    agent = await enrol_agent(platform)
    await settle(agent)
    assert dict(agent.device.settings) == {"com.contoso.viewer/Zoom": 2}
    assert await administrator.statuses(profile) == ["compliant"]
    await administrator.graph.delete(f"/v1.0/deviceManagement/deviceConfigurations/{profile}")
    await settle(agent)
    assert dict(agent.device.settings) == {}


def choice(setting: str, option: str, *children: dict[str, Any]) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.deviceManagementConfigurationChoiceSettingInstance",
        "settingDefinitionId": setting,
        "choiceSettingValue": {"value": f"{setting}_{option}", "children": list(children)},
    }


def number(setting: str, value: int) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.deviceManagementConfigurationSimpleSettingInstance",
        "settingDefinitionId": setting,
        "simpleSettingValue": {
            "@odata.type": "#microsoft.graph.deviceManagementConfigurationIntegerSettingValue",
            "value": value,
        },
    }


def group(setting: str, *children: dict[str, Any]) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.deviceManagementConfigurationGroupSettingCollectionInstance",
        "settingDefinitionId": setting,
        "groupSettingCollectionValue": [{"children": list(children)}],
    }


async def catalog_policy(administrator: Administrator, platforms: str, *settings: dict[str, Any]) -> str:
    body = {
        "name": "From the catalog",
        "platforms": platforms,
        "technologies": "mdm" if platforms == "windows10" else "mdm,appleRemoteManagement",
        "settings": [
            {"@odata.type": "#microsoft.graph.deviceManagementConfigurationSetting", "settingInstance": each}
            for each in settings
        ],
    }
    policies = "/beta/deviceManagement/configurationPolicies"
    key = str((await administrator.graph.post(policies, json=body)).raise_for_status().json()["id"])
    everywhere = {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}
    body = {"assignments": [{"target": everywhere}]}
    (await administrator.graph.post(f"{policies}/{key}/assign", json=body)).raise_for_status()
    return key


_WINDOWS = "device_vendor_msft_policy_config_"


async def test_policies_of_the_catalog_reach_a_pc_and_conflict_with_profiles(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    policy = await catalog_policy(
        administrator,
        "windows10",
        choice(
            f"{_WINDOWS}devicelock_devicepasswordenabled",
            "0",
            number(f"{_WINDOWS}devicelock_mindevicepasswordlength", 8),
        ),
        choice("vendor_msft_firewall_mdmstore_publicprofile_enablefirewall", "true"),
        group(
            f"{_WINDOWS}defender_attacksurfacereductionrules",
            choice(f"{_WINDOWS}defender_attacksurfacereductionrules_useadvancedprotectionagainstransomware", "audit"),
        ),
        choice("device_vendor_msft_bitlocker_requiredeviceencryption", "1"),
    )
    agent = await enrol_agent(Platform.WINDOWS)
    agent.device.report(isEncrypted=False)
    await settle(agent)
    expected = {
        f"{POLICY}/DeviceLock/DevicePasswordEnabled": "0",
        f"{POLICY}/DeviceLock/MinDevicePasswordLength": "8",
        "./Vendor/MSFT/Firewall/MdmStore/PublicProfile/EnableFirewall": "true",
        f"{POLICY}/Defender/AttackSurfaceReductionRules": "c1db55ab-c21a-4637-bb3f-a12568109d35=2",
        "./Vendor/MSFT/BitLocker/RequireDeviceEncryption": "1",
    }
    assert dict(agent.device.settings) == expected
    assert agent.device.facts["isEncrypted"] is True

    profile = await administrator.profile("windows10GeneralConfiguration", passwordMinimumLength=12)
    await administrator.assign(profile)
    await settle(agent)
    assert dict(agent.device.settings) == expected
    state = (await setting_states(administrator, profile))["passwordMinimumLength"]
    assert state["state"] == "conflict"
    assert {source["displayName"] for source in state["sources"]} >= {"From the catalog"}

    await administrator.graph.delete(f"/beta/deviceManagement/configurationPolicies/{policy}")
    await settle(agent)
    assert dict(agent.device.settings) == {f"{POLICY}/DeviceLock/MinDevicePasswordLength": "12"}
    assert await administrator.statuses(profile) == ["compliant"]


async def test_a_policy_of_the_catalog_is_for_its_platforms(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    await catalog_policy(
        administrator,
        "macOS",
        group(
            "com.apple.mcx.filevault2_com.apple.mcx.filevault2",
            choice("com.apple.mcx.filevault2_enable", "0"),
            choice("com.apple.mcx.filevault2_defer", "true"),
        ),
    )
    mac, phone = await enrol_agent(Platform.MACOS), await enrol_agent(Platform.IOS)
    mac.device.report(isEncrypted=False)
    await settle(mac)
    await settle(phone)
    assert dict(mac.device.settings) == {
        "com.apple.MCX.FileVault2/Enable": "On",
        "com.apple.MCX.FileVault2/Defer": True,
    }
    assert mac.device.facts["isEncrypted"] is True
    assert dict(phone.device.settings) == {}


async def table(administrator: Administrator, action: str, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of a report action."""
    path = f"/beta/deviceManagement/reports/{action}"
    answer = (await administrator.graph.post(path, json=parameters)).raise_for_status().json()
    heads = [column["Column"] for column in answer["Schema"]]
    return [dict(zip(heads, row, strict=True)) for row in answer["Values"]]


async def test_reports_have_the_policies_of_the_catalog_and_each_of_their_settings(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    length = f"{_WINDOWS}devicelock_mindevicepasswordlength"
    camera = f"{_WINDOWS}camera_allowcamera"
    policy = await catalog_policy(administrator, "windows10", number(length, 8), choice(camera, "0"))
    profile = await administrator.profile("windows10GeneralConfiguration", passwordMinimumLength=12)
    await administrator.assign(profile)
    agent = await enrol_agent(Platform.WINDOWS)
    await settle(agent)
    (row,) = await table(administrator, "getConfigurationPolicyDevicesReport", filter=f"(PolicyId eq '{policy}')")
    assert (row["PolicyName"], row["ReportStatus"]) == ("From the catalog", "Conflict")
    (device,) = await administrator.devices()
    rows = await table(
        administrator,
        "getConfigurationSettingsReport",
        filter=f"(PolicyId eq '{policy}') and (DeviceId eq '{device['id']}')",
    )
    states = {each["SettingId"]: (each["SettingStatus_loc"], each["CurrentValue"]) for each in rows}
    assert states == {length: ("Conflict", None), camera: ("Succeeded", "0")}
    (conflict,) = [each["ConflictingPolicies"] for each in rows if each["SettingId"] == length]
    assert conflict == "windows10GeneralConfiguration"
    missing = await administrator.graph.post("/beta/deviceManagement/reports/getConfigurationSettingsReport", json={})
    assert missing.status_code == 400
