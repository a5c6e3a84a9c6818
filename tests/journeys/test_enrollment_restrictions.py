"""Devices of each platform that a restriction refuses say so, and Graph lists why."""

from __future__ import annotations

from typing import Any

import pytest

from fauxtune_sim.errors import ServerRefused
from fauxtune_sim.platforms import Platform
from tests.support.administrator import Administrator, AgentEnroller

_CONFIGURATIONS = "/beta/deviceManagement/deviceEnrollmentConfigurations"
_EVENTS = "deviceManagement/troubleshootingEvents"
_SUFFIX = "deviceEnrollmentPlatformRestrictionConfiguration"
#: data. Platform, its platformType, and what the simulated device says of the refusal of its wire.
_SAYS = {
    Platform.ANDROID: ("androidForWork", "403 PERMISSION_DENIED"),
    Platform.IOS: ("ios", "400"),
    Platform.MACOS: ("mac", "400"),
    Platform.WINDOWS: ("windows", "0x80180014"),
}


async def restrict(administrator: Administrator, **body: Any) -> str:
    """Create a configuration for all users; return its path."""
    answer = await administrator.graph.post(_CONFIGURATIONS, json={"displayName": "No phones", **body})
    path = f"{_CONFIGURATIONS}/{answer.raise_for_status().json()['id']}"
    target = {"target": {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}}
    body = {"enrollmentConfigurationAssignments": [target]}
    (await administrator.graph.post(f"{path}/assign", json=body)).raise_for_status()
    return path


async def test_each_platform_says_what_refused_it(administrator: Administrator, enrol_agent: AgentEnroller) -> None:
    paths = [
        await restrict(
            administrator,
            **{"@odata.type": f"#microsoft.graph.{_SUFFIX}"},
            platformType=platform_type,
            platformRestriction={"platformBlocked": True},
        )
        for platform_type, _ in _SAYS.values()
    ]
    for platform, (_, text) in _SAYS.items():
        with pytest.raises(ServerRefused, match="The enrolment restriction 'No phones' blocks the platform") as refusal:
            await enrol_agent(platform)
        assert text in str(refusal.value)
    assert await administrator.devices() == []
    answer = (await administrator.graph.get(f"/v1.0/{_EVENTS}")).raise_for_status().json()["value"]
    assert [event["failureReason"] for event in answer] == ["DeviceTypeNotSupported"] * len(_SAYS)
    assert {event["operatingSystem"] for event in answer} == {"AndroidForWork", "iOS", "macOS", "Windows"}
    one = (await administrator.graph.get(f"/beta/{_EVENTS}/{answer[0]['id']}")).raise_for_status().json()
    assert one["troubleshootingErrorDetails"]["context"] == paths[0].rpartition("/")[2]
    alice = f"/v1.0/users/{one['userId']}/deviceManagementTroubleshootingEvents"
    assert (await administrator.graph.get(f"{alice}/$count")).text == str(len(_SAYS))
    newest = (await administrator.graph.get(alice)).raise_for_status().json()["value"][0]
    assert newest["operatingSystem"] == "Windows"
    own = (await administrator.graph.get(f"{alice}/{newest['id']}")).raise_for_status().json()
    assert own["failureCategory"] == "enrollmentRestrictionsEnforced"
    assert (await administrator.graph.get(f"{alice}/{newest['userId']}")).status_code == 404
    for path in paths:
        (await administrator.graph.delete(path)).raise_for_status()
    for platform in _SAYS:
        await enrol_agent(platform)
    assert len(await administrator.devices()) == len(_SAYS)


async def test_a_windows_phone_above_the_limit_shows_the_error_for_too_many_devices(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    await restrict(administrator, **{"@odata.type": "#microsoft.graph.deviceEnrollmentLimitConfiguration"}, limit=1)
    await enrol_agent(Platform.WINDOWS_10_MOBILE)
    with pytest.raises(ServerRefused, match="has 1") as refusal:
        await enrol_agent(Platform.WINDOWS_10_MOBILE)
    assert "0x80180013" in str(refusal.value)
    await enrol_agent(Platform.WINDOWS)
