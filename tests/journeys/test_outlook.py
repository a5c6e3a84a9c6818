"""Outlook is configured by the administrator on both kinds of phone, and obeys: on, locked, changeable, and off."""

from __future__ import annotations

from typing import Any

import pytest

from fauxtune_sim.agent.agent import Agent
from fauxtune_sim.cli.mailbox_commands import AccountChange, apply_change
from fauxtune_sim.errors import NotAllowedHere
from fauxtune_sim.mail.app_choice import app_on, app_protection, check_reading
from fauxtune_sim.platforms import Platform
from tests.support.administrator import Administrator, AgentEnroller
from tests.support.app_configurations import CONFIGURATIONS, SMIME, android_outlook, ios_outlook

PATH = f"/beta{CONFIGURATIONS}"
TO_ALL = {"assignments": [{"target": {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}}]}
KINDS = {
    Platform.IOS: ("iosMobileAppConfiguration", ios_outlook(smime="true", change="false", ldap="ldap.example")),
    Platform.ANDROID: ("androidManagedStoreAppConfiguration", android_outlook(smime=True, change=False)),
}


async def configured(administrator: Administrator, platform: Platform) -> str:
    name, document = KINDS[platform]
    body: dict[str, Any] = {"@odata.type": f"#microsoft.graph.{name}", "displayName": "Outlook", **document}
    made = (await administrator.graph.post(PATH, json=body)).raise_for_status().json()
    (await administrator.graph.post(f"{PATH}/{made['id']}/assign", json=TO_ALL)).raise_for_status()
    return f"{PATH}/{made['id']}"


async def check_in(agent: Agent) -> None:
    for _ in range(3):
        assert (await agent.check_in()).refused == ()


@pytest.mark.parametrize("platform", KINDS)
async def test_outlook_obeys_its_app_configuration(
    administrator: Administrator, enrol_agent: AgentEnroller, platform: Platform
) -> None:
    agent = await enrol_agent(platform)
    device = agent.device
    assert not app_on(device, "outlook").is_on
    path = await configured(administrator, platform)
    await check_in(agent)

    there = app_on(device, "outlook")
    assert there.is_on
    assert there.configured.directory == ("ldap.example" if platform is Platform.IOS else None)
    check_reading(device, "outlook")
    assert app_protection(device, there, sign=True, encrypt=True).sign
    with pytest.raises(NotAllowedHere, match=rf"\({SMIME}.UserChangeAllowed\)"):
        apply_change(device, AccountChange(smime=False, app="outlook"))
    (record,) = await administrator.devices()
    states = await administrator.graph.get(
        f"/beta/deviceManagement/managedDevices/{record['id']}/deviceConfigurationStates"
    )
    assert [(item["displayName"], item["state"]) for item in states.json()["value"]] == [("Outlook", "compliant")]

    changes = ios_outlook(smime="true") if platform is Platform.IOS else android_outlook(smime=True)
    (await administrator.graph.patch(path, json=changes)).raise_for_status()
    await check_in(agent)
    assert not apply_change(device, AccountChange(smime=False, app="outlook")).is_on

    device.mail_apps.clear()
    assert app_on(device, "outlook").is_on
    (await administrator.graph.delete(path)).raise_for_status()
    await check_in(agent)
    assert not app_on(device, "outlook").is_on
    assert device.accounts == {}


async def test_a_device_of_another_kind_gets_no_configuration(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    await configured(administrator, Platform.IOS)
    mac = await enrol_agent(Platform.MACOS)
    await check_in(mac)
    assert mac.device.accounts == {}
