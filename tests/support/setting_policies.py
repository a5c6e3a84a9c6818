"""What journeys about settings do: policies for all devices, devices that settle, and the states of settings."""

from __future__ import annotations

from typing import Any

from fauxtune_sim.agent.agent import Agent
from tests.support.administrator import Administrator


async def setting_states(administrator: Administrator, profile: str) -> dict[str, dict[str, Any]]:
    """The states of a profile's settings on the one device, by the name of the property."""
    (device,) = await administrator.devices()
    path = f"/beta/deviceManagement/managedDevices/{device['id']}/deviceConfigurationStates/{profile}"
    found = (await administrator.graph.get(path)).raise_for_status().json()["settingStates"]
    return {each["setting"].rpartition(".")[2]: each for each in found}


async def assign_everywhere(administrator: Administrator, path: str) -> None:
    """Assign a profile or policy to all devices."""
    everywhere = {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}
    body = {"assignments": [{"target": everywhere}]}
    (await administrator.graph.post(f"{path}/assign", json=body)).raise_for_status()


async def settle(agent: Agent) -> None:
    for _ in range(4):
        done = await agent.check_in()
        if done.settled and not done.installed and not done.removed:
            return


async def compliance_policy(administrator: Administrator, kind: str, **settings: Any) -> str:
    policies = "/beta/deviceManagement/deviceCompliancePolicies"
    body = {
        "@odata.type": f"#microsoft.graph.{kind}",
        "displayName": "Passcodes",
        **settings,
        "scheduledActionsForRule": [{"scheduledActionConfigurations": [{"actionType": "block"}]}],
    }
    key = str((await administrator.graph.post(policies, json=body)).raise_for_status().json()["id"])
    await assign_everywhere(administrator, f"{policies}/{key}")
    return key


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
            {"@odata.type": "#microsoft.graph.deviceManagementConfigurationSetting", "settingInstance": setting}
            for setting in settings
        ],
    }
    policies = "/beta/deviceManagement/configurationPolicies"
    key = str((await administrator.graph.post(policies, json=body)).raise_for_status().json()["id"])
    await assign_everywhere(administrator, f"{policies}/{key}")
    return key
