"""Windows Hello for Business and the enrolment status page reach PCs as nodes, by priority, else by the default."""

from __future__ import annotations

from typing import Any

from fauxtune_sim.platforms import Platform
from tests.support.administrator import Administrator, AgentEnroller
from tests.support.running_server import EDITION
from tests.support.setting_policies import settle

CONFIGURATIONS = "/beta/deviceManagement/deviceEnrollmentConfigurations"
HELLO, PAGE = "deviceEnrollmentWindowsHelloForBusinessConfiguration", "windows10EnrollmentCompletionPageConfiguration"
PASSPORT = "./Vendor/MSFT/PassportForWork"
STATUS = "./Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/FirstSyncStatus"
#: In 2020 settings stayed on a PC when nothing gave them any more.
STAY = EDITION == "2020-04"


async def configuration(administrator: Administrator, kind: str, **settings: Any) -> str:
    """Create a configuration for all users; its id."""
    body = {"@odata.type": f"#microsoft.graph.{kind}", "displayName": kind, **settings}
    key = str((await administrator.graph.post(CONFIGURATIONS, json=body)).raise_for_status().json()["id"])
    target = {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}
    body = {"enrollmentConfigurationAssignments": [{"target": target}]}
    (await administrator.graph.post(f"{CONFIGURATIONS}/{key}/assign", json=body)).raise_for_status()
    return key


async def change_default(administrator: Administrator, kind: str, **settings: Any) -> str:
    """Change the default of a kind; its id."""
    every = (await administrator.graph.get(CONFIGURATIONS)).raise_for_status().json()["value"]
    (default,) = [each for each in every if each["@odata.type"].endswith(kind) and each["priority"] == 0]
    body = {"@odata.type": default["@odata.type"], **settings}
    (await administrator.graph.patch(f"{CONFIGURATIONS}/{default['id']}", json=body)).raise_for_status()
    return str(default["id"])


async def test_windows_hello_is_that_of_the_lowest_number_and_else_the_default(
    administrator: Administrator, enrol_agent: AgentEnroller
) -> None:
    agent = await enrol_agent(Platform.WINDOWS)
    phone = await enrol_agent(Platform.IOS)
    await settle(agent)
    assert dict(agent.device.settings) == {}, "nobody has changed a default"

    default = await change_default(administrator, HELLO, state="disabled")
    await settle(agent)
    policies = f"{PASSPORT}/{default.partition('_')[0]}/Policies"
    assert dict(agent.device.settings) == {f"{policies}/UsePassportForWork": "false"}

    weak = await configuration(administrator, HELLO, state="enabled", pinMinimumLength=4, pinMaximumLength=127)
    strong = await configuration(
        administrator,
        HELLO,
        state="enabled",
        pinMinimumLength=8,
        pinMaximumLength=127,
        pinUppercaseCharactersUsage="required",
        securityDeviceRequired=True,
        unlockWithBiometricsEnabled=True,
        remotePassportEnabled=True,
        securityKeyForSignIn="enabled",
    )
    await settle(agent)
    assert agent.device.settings[f"{policies}/PINComplexity/MinimumPINLength"] == "4"
    action = f"{CONFIGURATIONS}/{strong}/setPriority"
    (await administrator.graph.post(action, json={"priority": 1})).raise_for_status()
    await settle(agent)
    settings = dict(agent.device.settings)
    expected = {
        f"{policies}/UsePassportForWork": "true",
        f"{policies}/RequireSecurityDevice": "true",
        f"{policies}/PINComplexity/MinimumPINLength": "8",
        f"{policies}/PINComplexity/UppercaseLetters": "1",
        f"{policies}/Remote/UseRemotePassport": "true",
        f"{PASSPORT}/Biometrics/UseBiometrics": "true",
        f"{PASSPORT}/SecurityKey/UseSecurityKeyForSignin": "1",
    }
    assert {name: settings.get(name) for name in expected} == expected
    assert (await agent.check_in()).reports == 1
    await settle(phone)
    assert dict(phone.device.settings) == {}
    (device,) = [each for each in await administrator.devices() if each["operatingSystem"] == "Windows"]
    path = f"/beta/deviceManagement/managedDevices/{device['id']}/deviceConfigurationStates"
    assert (await administrator.graph.get(path)).raise_for_status().json()["value"] == []

    for key in (weak, strong):
        (await administrator.graph.delete(f"{CONFIGURATIONS}/{key}")).raise_for_status()
    await settle(agent)
    left = settings if STAY else {}
    assert dict(agent.device.settings) == {**left, f"{policies}/UsePassportForWork": "false"}
    await change_default(administrator, HELLO, state="notConfigured")
    await settle(agent)
    assert dict(agent.device.settings) == ({**left, f"{policies}/UsePassportForWork": "false"} if STAY else {})


async def test_the_status_page_is_given_at_enrolment(administrator: Administrator, enrol_agent: AgentEnroller) -> None:
    await change_default(administrator, PAGE, showInstallationProgress=False)
    page = await configuration(
        administrator,
        PAGE,
        showInstallationProgress=True,
        installProgressTimeoutInMinutes=60,
        customErrorMessage="Call the help desk",
        allowLogCollectionOnInstallFailure=True,
        allowDeviceResetOnInstallFailure=True,
        allowDeviceUseOnInstallFailure=False,
        blockDeviceSetupRetryByUser=False,
    )
    agent = await enrol_agent(Platform.WINDOWS)
    await settle(agent)
    given = dict(agent.device.settings)
    assert given == {
        f"{STATUS}/SkipDeviceStatusPage": "false",
        f"{STATUS}/SkipUserStatusPage": "false",
        f"{STATUS}/TimeOutUntilSyncFailure": "60",
        f"{STATUS}/CustomErrorText": "Call the help desk",
        f"{STATUS}/AllowCollectLogsButton": "true",
        f"{STATUS}/BlockInStatusPage": "3",
    }
    (await administrator.graph.delete(f"{CONFIGURATIONS}/{page}")).raise_for_status()
    await settle(agent)
    assert dict(agent.device.settings) == {
        **(given if STAY else {}),
        f"{STATUS}/SkipDeviceStatusPage": "true",
        f"{STATUS}/SkipUserStatusPage": "true",
    }
