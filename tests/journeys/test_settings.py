"""Settings of restriction profiles reach devices of each platform, are reported one by one, conflict, and go again."""

from __future__ import annotations

import base64
import plistlib
from typing import Any

import pytest

from fauxtune_sim.device.device import Device
from fauxtune_sim.platforms import Mode, Platform
from tests.support.administrator import Administrator, AgentEnroller
from tests.support.running_server import EDITION
from tests.support.setting_policies import assign_everywhere, compliance_policy, setting_states, settle

POLICY = "./Vendor/MSFT/Policy/Config"
#: Where settings stay that nothing gives any more.
STAY = {Platform.ANDROID, Platform.WINDOWS} if EDITION == "2020-04" else {Platform.ANDROID}
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
    summaries = "deviceManagement/deviceConfigurationConflictSummary"
    element = (await administrator.graph.get(f"/beta/{summaries}/{conflict['id']}")).raise_for_status().json()
    assert element["@odata.context"].endswith(f"#{summaries}/$entity")

    # Without the first profile the value of the second one counts. The others go, or stay.
    asked = str(properties[length])
    stay = {name: value for name, value in expected.items() if platform in STAY and str(value) != asked}
    await administrator.graph.delete(f"/v1.0/deviceManagement/deviceConfigurations/{profile}")
    await settle(agent)
    (left,) = (value for name, value in device.settings.items() if name not in stay)
    assert left in {12, "12"}
    assert stay.items() <= device.settings.items()
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


#: By platform: the kind of compliance policy, what it asks for, what the device then has, the property of the profile
#: of KINDS that asks for another value, and that property's address.
JUDGED: dict[Platform, tuple[str, dict[str, Any], dict[str, Any], str]] = {
    Platform.IOS: (
        "iosCompliancePolicy",
        {"passcodeMinimumLength": 4, "passcodeBlockSimple": True},
        {f"{PASSCODE}/minLength": 4, f"{PASSCODE}/allowSimple": False},
        "passcodeMinimumLength",
    ),
    Platform.MACOS: (
        "macOSCompliancePolicy",
        {"passwordMinimumLength": 4, "firewallEnabled": True},
        {f"{PASSCODE}/minLength": 4, "com.apple.security.firewall/EnableFirewall": True},
        "passwordMinimumLength",
    ),
    Platform.WINDOWS: (
        "windows10CompliancePolicy",
        {"passwordMinimumLength": 4, "passwordExpirationDays": 30},
        {f"{POLICY}/DeviceLock/MinDevicePasswordLength": "4", f"{POLICY}/DeviceLock/DevicePasswordExpiration": "30"},
        "passwordMinimumLength",
    ),
}


@pytest.mark.parametrize("platform", JUDGED)
async def test_a_compliance_policy_goes_before_a_profile(
    administrator: Administrator, enrol_agent: AgentEnroller, platform: Platform
) -> None:
    kind, asks, expected, clashing = JUDGED[platform]
    profile_kind, properties, alone, _without = KINDS[platform]
    profile = await administrator.profile(profile_kind, **properties)
    await administrator.assign(profile)
    agent = await enrol_agent(platform)
    await settle(agent)
    assert dict(agent.device.settings) == alone

    policy = await compliance_policy(administrator, kind, **asks)
    await settle(agent)
    assert dict(agent.device.settings) == {**alone, **expected}
    states = await setting_states(administrator, profile)
    state = states.pop(clashing)
    assert (state["state"], state["currentValue"]) == ("conflict", "4")
    assert {source["displayName"] for source in state["sources"]} >= {"Passcodes"}
    assert {each["state"] for each in states.values()} == {"compliant"}
    (device,) = await administrator.devices()
    found = await administrator.graph.get(
        f"/beta/deviceManagement/managedDevices/{device['id']}/deviceConfigurationStates"
    )
    assert [item["id"] for item in found.raise_for_status().json()["value"]] == [profile]

    # Of two compliance policies the stricter value counts; without them the profile's counts again.
    other = await compliance_policy(administrator, kind, **{clashing: 7})
    await settle(agent)
    assert (await setting_states(administrator, profile))[clashing]["currentValue"] == "7"
    for key in (policy, other):
        await administrator.graph.delete(f"/beta/deviceManagement/deviceCompliancePolicies/{key}")
    await settle(agent)
    assert dict(agent.device.settings) == ({**expected, **alone} if platform in STAY else alone)
    assert await administrator.statuses(profile) == ["compliant"]


@pytest.mark.parametrize("mode", [Mode.FULLY_MANAGED, Mode.DEDICATED])
async def test_a_companys_own_android_device_is_given_restrictions(
    administrator: Administrator, enrol_agent: AgentEnroller, mode: Mode
) -> None:
    kind = "androidDeviceOwnerGeneralDeviceConfiguration"
    profile = await administrator.profile(
        kind,
        cameraBlocked=True,
        passwordMinimumLength=6,
        passwordBlockKeyguardFeatures=["trustAgents", "fingerprint"],
        playStoreMode="allowList",
        shortHelpText={"defaultMessage": "Call the help desk"},
        systemUpdateInstallType="windowed",
        systemUpdateWindowStartMinutesAfterMidnight=60,
        kioskModeScreenOrientation="portrait",
    )
    personal = await administrator.profile("androidWorkProfileGeneralDeviceConfiguration", workProfileBlockCamera=True)
    for each in (profile, personal):
        await assign_everywhere(administrator, f"/beta/deviceManagement/deviceConfigurations/{each}")
    agent = await enrol_agent(Platform.ANDROID, Device.new("tablet", platform=Platform.ANDROID, mode=mode))
    await settle(agent)
    expected = {
        "cameraDisabled": True,
        "passwordPolicies/SCOPE_DEVICE/passwordMinimumLength": 6,
        "keyguardDisabledFeatures": ["TRUST_AGENTS", "DISABLE_FINGERPRINT"],
        "playStoreMode": "WHITELIST",
        "shortSupportMessage/defaultMessage": "Call the help desk",
        "systemUpdate/type": "WINDOWED",
        "systemUpdate/startMinutes": 60,
    }
    assert dict(agent.device.settings) == expected
    states = await setting_states(administrator, profile)
    assert {state["state"] for name, state in states.items() if name != "kioskModeScreenOrientation"} == {"compliant"}
    assert states["kioskModeScreenOrientation"]["state"] == "notApplicable"
    assert await administrator.statuses(personal) == []

    # Another value of a list is a conflict. Settings stay on Android when their profile ends, until the device leaves.
    other = await administrator.profile(kind, passwordBlockKeyguardFeatures=["iris"])
    await assign_everywhere(administrator, f"/beta/deviceManagement/deviceConfigurations/{other}")
    await settle(agent)
    assert await administrator.statuses(other) == ["conflict"]
    for each in (profile, other):
        await administrator.graph.delete(f"/beta/deviceManagement/deviceConfigurations/{each}")
    await settle(agent)
    assert dict(agent.device.settings) == expected
    await administrator.perform("wipe")
    await agent.check_in()
    assert dict(agent.device.settings) == {}


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
