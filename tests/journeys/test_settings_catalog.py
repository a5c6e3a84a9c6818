"""Policies of the settings catalog reach devices of their platforms, merge with profiles or conflict, and are shown."""

from __future__ import annotations

from typing import Any

from fauxtune_sim.platforms import Platform
from tests.support.administrator import Administrator, AgentEnroller
from tests.support.setting_policies import catalog_policy, choice, group, number, setting_states, settle

POLICY = "./Vendor/MSFT/Policy/Config"
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
    # By the document of 2020-04, what no profile sets any more stays on a PC (docs/removal.md).
    tenant = (await administrator.graph.get("/_fauxtune/v1/tenants/contoso")).raise_for_status().json()
    left = expected if tenant["settings"]["edition"]["value"] == "2020-04" else {}
    assert dict(agent.device.settings) == {**left, f"{POLICY}/DeviceLock/MinDevicePasswordLength": "12"}
    assert await administrator.statuses(profile) == ["compliant"]


async def test_rules_that_reduce_the_attack_surface_are_merged_rule_by_rule(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    rules = f"{_WINDOWS}defender_attacksurfacereductionrules"
    await catalog_policy(
        administrator,
        "windows10",
        group(
            rules,
            choice(f"{rules}_useadvancedprotectionagainstransomware", "audit"),
            choice(f"{rules}_blockwin32apicallsfromofficemacros", "block"),
        ),
    )
    profile = await administrator.profile(
        "windows10EndpointProtectionConfiguration",
        defenderUntrustedUSBProcessType="block",
        defenderOfficeMacroCodeAllowWin32ImportsType="auditMode",
        defenderProcessesToExclude=["viewer.exe"],
    )
    await administrator.assign(profile)
    general = await administrator.profile("windows10GeneralConfiguration", defenderProcessesToExclude=["edit.exe"])
    await administrator.assign(general)
    agent = await enrol_agent(Platform.WINDOWS)
    await settle(agent)
    macros = "92e97fa1-2edf-4476-bdd6-9dd0b4dddc7b"
    node, excluded = f"{POLICY}/Defender/AttackSurfaceReductionRules", f"{POLICY}/Defender/ExcludedProcesses"
    merged = "b2b3f03d-6a65-4f7b-a9c7-1c7ef74a9ba4=1|c1db55ab-c21a-4637-bb3f-a12568109d35=2"
    assert dict(agent.device.settings) == {node: merged, excluded: "edit.exe|viewer.exe"}
    states = await setting_states(administrator, profile)
    assert {name: state["state"] for name, state in states.items()} == {
        "defenderUntrustedUSBProcessType": "compliant",
        "defenderOfficeMacroCodeAllowWin32ImportsType": "conflict",
        "defenderProcessesToExclude": "compliant",
    }
    assert await administrator.statuses(general) == ["compliant"]
    assert (await agent.check_in()).reports == 1

    await administrator.graph.delete(f"/v1.0/deviceManagement/deviceConfigurations/{profile}")
    await settle(agent)
    assert dict(agent.device.settings) == {
        node: f"{macros}=1|c1db55ab-c21a-4637-bb3f-a12568109d35=2",
        excluded: "edit.exe",
    }


async def test_definitions_that_are_not_in_the_catalog_are_delivered_by_what_their_ids_say(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    unknown = f"{_WINDOWS}experience_allowtimetravel"
    policy = await catalog_policy(
        administrator,
        "windows10",
        choice(f"{_WINDOWS}privacy_letappsaccesscamera", "2"),
        choice("user_vendor_msft_policy_config_windowsai_turnoffwindowscopilot", "1"),
        choice("vendor_msft_firewall_mdmstore_publicprofile_allowlocalpolicymerge", "false"),
        choice(unknown, "1"),
    )
    agent = await enrol_agent(Platform.WINDOWS)
    await settle(agent)
    assert dict(agent.device.settings) == {
        f"{POLICY}/Privacy/LetAppsAccessCamera": "2",
        "./User/Vendor/MSFT/Policy/Config/WindowsAI/TurnOffWindowsCopilot": "1",
        "./Vendor/MSFT/Firewall/MdmStore/PublicProfile/AllowLocalPolicyMerge": "false",
    }
    (device,) = await administrator.devices()
    rows = await table(
        administrator,
        "getConfigurationSettingsReport",
        filter=f"(PolicyId eq '{policy}') and (DeviceId eq '{device['id']}')",
    )
    states = {row["SettingId"].rpartition("_")[2]: row["SettingStatus_loc"] for row in rows}
    assert states.pop("allowtimetravel") == "Not applicable"
    assert set(states.values()) == {"Succeeded"}


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
    name = f"DeviceId eq '{device['id']}'"
    of_length = f"({name}) and (UserId eq '{device['userId']}') and (SettingId eq '{length}')"
    (detail,) = await table(administrator, "getConfigurationSettingDetailsReport", filter=of_length)
    known = ("PolicyId", "PolicyName", "SettingStatus_loc", "SettingValue", "CurrentValue", "ConflictingPolicies")
    assert [detail[each] for each in known] == [
        policy,
        "From the catalog",
        "Conflict",
        "8",
        None,
        "windows10GeneralConfiguration",
    ]
    assert len(await table(administrator, "getConfigurationSettingDetailsReport", filter=f"({name})")) == 3
    for action in ("getConfigurationSettingsReport", "getConfigurationSettingDetailsReport"):
        missing = await administrator.graph.post(f"/beta/deviceManagement/reports/{action}", json={})
        assert missing.status_code == 400
