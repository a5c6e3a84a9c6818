"""Windows Autopilot: a hash is imported, a group by rule brings the profile, and the PC enrols with it."""

from __future__ import annotations

from typing import Any

import pytest

from fauxtune_sim.agent.agent import Agent
from fauxtune_sim.agent.by_platform import agent_for
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import NotAllowedHere, ServerRefused
from fauxtune_sim.platforms import Platform
from fauxtune_sim.windows.machine import hardware_hash
from tests.support.administrator import Administrator, AgentEnroller

BETA = "/beta/deviceManagement"
PROFILES, IDENTITIES = f"{BETA}/windowsAutopilotDeploymentProfiles", f"{BETA}/windowsAutopilotDeviceIdentities"
KIND = "#microsoft.graph.azureADWindowsAutopilotDeploymentProfile"
GROUP_TARGET = "#microsoft.graph.groupAssignmentTarget"
Json = dict[str, Any]


class Store:
    """A tenant whose PCs come by Autopilot."""

    def __init__(self, administrator: Administrator, enroller: AgentEnroller) -> None:
        self.graph = administrator.graph
        self.administrator = administrator
        self.enroller = enroller

    async def get(self, path: str, **query: str) -> Json:
        answer: Json = (await self.graph.get(path, params=query)).raise_for_status().json()
        return answer

    async def create(self, path: str, **body: Any) -> Json:
        answer = await self.graph.post(path, json=body)
        assert answer.status_code in (200, 201), answer.text
        document: Json = answer.json()
        return document

    async def group(self, name: str, rule: str) -> str:
        """A dynamic group of devices."""
        made = await self.create(
            "/v1.0/groups",
            displayName=name,
            mailNickname=name,
            mailEnabled=False,
            securityEnabled=True,
            groupTypes=["DynamicMembership"],
            membershipRule=rule,
            membershipRuleProcessingState="On",
        )
        return str(made["id"])

    async def members(self, group: str) -> list[str]:
        return [item["id"] for item in (await self.get(f"/v1.0/groups/{group}/members"))["value"]]

    async def profile(self, name: str, *, group: str = "", **settings: Any) -> str:
        """A deployment profile, assigned to a group."""
        body = {"@odata.type": KIND, "displayName": name, **settings}
        path = f"{PROFILES}/{(await self.create(PROFILES, **body))['id']}"
        if group:
            await self.create(f"{path}/assignments", target={"@odata.type": GROUP_TARGET, "groupId": group})
        return path

    async def register(self, device: Device, **more: Any) -> str:
        """Import the hash of a PC; return the path of its identity."""
        body = {"serialNumber": device.facts["serialNumber"], "hardwareIdentifier": hardware_hash(device), **more}
        made = await self.create(f"{BETA}/importedWindowsAutopilotDeviceIdentities", **body)
        assert made["state"]["deviceImportStatus"] == "unknown"
        await self.wait()
        done = await self.get(f"{BETA}/importedWindowsAutopilotDeviceIdentities/{made['id']}")
        return f"{IDENTITIES}/{done['state']['deviceRegistrationId']}"

    async def wait(self) -> None:
        """Let a minute pass."""
        path = "/_fauxtune/v1/tenants/contoso/clock/advance"
        (await self.graph.post(path, json={"by": "PT1M"})).raise_for_status()

    async def set_up(self, device: Device, *, autopilot: bool = True) -> Agent:
        """Let a PC ask for its profile, enrol, and check in."""
        agent = agent_for(device, self.enroller.transport)
        token = await self.administrator.token()
        server = self.enroller.server.https
        await agent.enroll(server=server, tenant="contoso", token=token, autopilot=autopilot)
        await agent.check_in()
        return agent


@pytest.fixture
def store(administrator: Administrator, enrol_agent: AgentEnroller) -> Store:
    return Store(administrator, enrol_agent)


async def test_a_pc_enrols_with_the_profile_that_its_group_brings(store: Store) -> None:
    everyone = await store.group("Autopilot", '(device.devicePhysicalIDs -any (_ -startsWith "[ZTDid]"))')
    sales = await store.group("Sales PCs", '(device.devicePhysicalIds -any _ -eq "[OrderID]:Sales")')
    profile = await store.profile("Sales", group=sales, deviceNameTemplate="PC-%SERIAL%-%RAND:9%")
    pc = Device.new(platform=Platform.WINDOWS)
    identity = await store.register(pc)
    assert (await store.get(identity))["deploymentProfileAssignmentStatus"] == "notAssigned"
    with pytest.raises(ServerRefused, match="has no deployment profile"):
        await store.set_up(pc)

    await store.graph.post(f"{identity}/updateDeviceProperties", json={"groupTag": "Sales"})
    await store.wait()
    shown = await store.get(identity, **{"$expand": "deploymentProfile"})
    assert shown["deploymentProfileAssignmentStatus"] == "assignedUnkownSyncState"
    assert shown["deploymentProfile"]["displayName"] == "Sales"
    assert [item["id"] for item in (await store.get(f"{profile}/assignedDevices"))["value"]] == [shown["id"]]
    (entra,) = (await store.get("/v1.0/devices"))["value"]
    assert entra["physicalIds"] == [f"[ZTDId]:{shown['id']}", "[OrderId]:Sales"]
    assert await store.members(everyone) == await store.members(sales) == [entra["id"]]

    await store.set_up(pc)
    serial = str(pc.facts["serialNumber"])
    assert pc.name.startswith(f"PC-{serial}-")
    assert len(pc.name) == 15
    (record,) = await store.administrator.devices()
    detail = await store.get(f"{BETA}/managedDevices/{record['id']}")
    expected = {
        "deviceName": pc.name,
        "serialNumber": serial,
        "autopilotEnrolled": True,
        "enrollmentProfileName": "Sales",
        "managedDeviceOwnerType": "company",
        "deviceEnrollmentType": "windowsAzureADJoin",
        "azureADDeviceId": shown["azureActiveDirectoryDeviceId"],
    }
    assert {name: detail[name] for name in expected} == expected
    after = await store.get(identity)
    assert (after["enrollmentState"], after["managedDeviceId"]) == ("enrolled", record["id"])
    assert after["lastContactedDateTime"] > "2020"
    (event,) = (await store.get(f"{BETA}/autopilotEvents"))["value"]
    expected = {"deviceId": record["id"], "managedDeviceName": pc.name, "deploymentState": "success"}
    assert {name: event[name] for name in expected} == expected
    assert event["windowsAutopilotDeploymentProfileDisplayName"] == "Sales"
    (listed,) = (await store.get(IDENTITIES))["value"]
    assert listed["lastContactedDateTime"].startswith("0001")
    assert [item["displayName"] for item in (await store.get("/v1.0/devices"))["value"]] == [pc.name]

    refused = await store.graph.delete(identity)
    assert refused.status_code == 400
    assert "delete its managed device first" in refused.text
    (await store.graph.delete(f"{BETA}/managedDevices/{record['id']}")).raise_for_status()
    assert (await store.get(identity))["enrollmentState"] == "notContacted"


async def test_what_is_blocked_for_personal_pcs_and_filtered_by_the_profile(store: Store) -> None:
    restriction = await store.create(
        f"{BETA}/deviceEnrollmentConfigurations",
        **{"@odata.type": "#microsoft.graph.deviceEnrollmentPlatformRestrictionConfiguration"},
        displayName="No own PCs",
        platformType="windows",
        platformRestriction={"personalDeviceEnrollmentBlocked": True},
    )
    target = {"target": {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}}
    path = f"{BETA}/deviceEnrollmentConfigurations/{restriction['id']}/assign"
    body = {"enrollmentConfigurationAssignments": [target]}
    (await store.graph.post(path, json=body)).raise_for_status()
    own, companys = Device.new(platform=Platform.WINDOWS), Device.new(platform=Platform.WINDOWS)
    with pytest.raises(ServerRefused, match="blocks personal devices"):
        await store.set_up(own, autopilot=False)
    with pytest.raises(ServerRefused, match="import its hardware hash first"):
        await store.set_up(own)
    name = own.name
    identity = await store.register(companys)
    profile = await store.profile("Kiosk")
    ids = {"deviceIds": [identity.rpartition("/")[2]]}
    (await store.graph.post(f"{profile}/assign", json=ids)).raise_for_status()
    await store.wait()
    kept = await store.create(
        f"{BETA}/assignmentFilters",
        displayName="Kiosks",
        platform="windows10AndLater",
        rule='(device.enrollmentProfileName -eq "Kiosk")',
    )
    root = await store.administrator.root("windows81TrustedRootCertificate")
    everything = {
        "target": {
            "@odata.type": "#microsoft.graph.allDevicesAssignmentTarget",
            "deviceAndAppManagementAssignmentFilterId": kept["id"],
            "deviceAndAppManagementAssignmentFilterType": "include",
        }
    }
    assigned = await store.graph.post(f"{BETA}/deviceConfigurations/{root}/assign", json={"assignments": [everything]})
    assigned.raise_for_status()
    await store.set_up(companys)
    assert companys.keystore.trusted_certificates()
    assert own.name == name
    assert not own.is_enrolled

    late = Device.new(platform=Platform.WINDOWS)
    ids = {"deviceIds": [(await store.register(late)).rpartition("/")[2]]}
    (await store.graph.post(f"{profile}/assign", json=ids)).raise_for_status()
    await store.wait()
    blocked = {"@odata.type": restriction["@odata.type"], "platformRestriction": {"platformBlocked": True}}
    path = f"{BETA}/deviceEnrollmentConfigurations/{restriction['id']}"
    (await store.graph.patch(path, json=blocked)).raise_for_status()
    with pytest.raises(ServerRefused, match="blocks"):
        await store.set_up(late)
    events = {item["deploymentState"]: item for item in (await store.get(f"{BETA}/autopilotEvents"))["value"]}
    assert events.keys() == {"success", "failure"}
    failure = events["failure"]
    assert (failure["deviceSerialNumber"], failure["enrollmentState"]) == (late.facts["serialNumber"], "failed")
    assert "blocks" in failure["enrollmentFailureDetails"]
    assert failure["userPrincipalName"] == "alice@contoso.example"


async def test_a_self_deploying_pc_has_no_user_and_only_the_default_restriction(store: Store) -> None:
    profile = await store.profile("Signs", outOfBoxExperienceSetting={"deviceUsageType": "shared"})
    pc = Device.new(platform=Platform.WINDOWS)
    identity = await store.register(pc)
    ids = {"deviceIds": [identity.rpartition("/")[2]]}
    (await store.graph.post(f"{profile}/assign", json=ids)).raise_for_status()
    await store.wait()
    await store.set_up(pc)
    (record,) = await store.administrator.devices()
    assert record["userPrincipalName"] == ""
    phone = agent_for(Device.new(platform=Platform.IOS), store.enroller.transport)
    with pytest.raises(NotAllowedHere, match="only PCs"):
        await phone.enroll(server=store.enroller.server.https, tenant="contoso", token="x", autopilot=True)
