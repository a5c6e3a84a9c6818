"""Settings of profiles and of policies of the catalog on a device, on both databases: given, in conflict, counted, kept
by an export, and gone.
"""

from __future__ import annotations

from typing import Any

import pytest

from fauxtune.core.engine.graph_states import conflicts_in
from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.states import ItemState, ProfileStatus, Source
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.policies.compliance import COMPLIANCE_POLICIES
from fauxtune.core.policies.configuration_policies import CONFIGURATION_POLICIES
from fauxtune.operations.compliance.occasions import COMPLIANCE_HOOKS
from fauxtune.operations.insight.diagnosis import diagnose
from fauxtune.operations.profiles import resources
from fauxtune.operations.profiles.assignments import Assignable, NewAssignment, replace_all
from fauxtune.operations.tenants.importing import import_tenant
from fauxtune.operations.tenants.state_document import export_tenant
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries.insight.groups_and_profiles import counted_settings
from tests.support.devices.stepwise import PlainAdapter, StepwiseDevice, enrol_by_token
from tests.support.tenant import Contoso

NODE = "./Device/Vendor/MSFT/Policy/Config/DeviceLock/MinDevicePasswordLength"
BLOCK = [{"scheduledActionConfigurations": [{"actionType": "block", "gracePeriodHours": 0}]}]
_DEFINITION = "device_vendor_msft_policy_config_devicelock_mindevicepasswordlength"


async def pc(contoso: Contoso) -> StepwiseDevice:
    device = await enrol_by_token(contoso, "alice")
    device.adapter, device.limit = PlainAdapter(asks_accounts=True), 20
    return device


async def catalog_policy(contoso: Contoso, value: int) -> str:
    """Create a policy of the catalog for all devices; its id."""
    instance: dict[str, Any] = {
        "@odata.type": "#microsoft.graph.deviceManagementConfigurationSimpleSettingInstance",
        "settingDefinitionId": _DEFINITION,
        "simpleSettingValue": {
            "@odata.type": "#microsoft.graph.deviceManagementConfigurationIntegerSettingValue",
            "value": value,
        },
    }
    document = {
        "name": "Lock",
        "platforms": "windows10",
        "technologies": "mdm",
        "templateReference": None,
        "settings": [{"settingInstance": instance}],
    }
    row = await contoso.do(
        resources.create, CONFIGURATION_POLICIES, kind="deviceManagementConfigurationPolicy", document=document
    )
    everybody = [NewAssignment(TargetKind.ALL_DEVICES, None, {})]
    await contoso.do(replace_all, Assignable(ProfileId(row.id), "policy", None), targets=everybody)
    return str(row.id)


async def compliance_policy(contoso: Contoso, **settings: Any) -> str:
    """Create a compliance policy for all devices; its id."""
    kind = "windows10CompliancePolicy"
    document = {**defaults(entity(kind)), "displayName": "Passwords", "scheduledActionsForRule": BLOCK, **settings}
    row = await contoso.do(resources.create, COMPLIANCE_POLICIES, kind=kind, document=document, hooks=COMPLIANCE_HOOKS)
    everybody = [NewAssignment(TargetKind.ALL_DEVICES, None, {})]
    await contoso.do(replace_all, Assignable(ProfileId(row.id), "policy", None), targets=everybody)
    return str(row.id)


async def state_of(contoso: Contoso, device: StepwiseDevice) -> ItemState:
    rows = await contoso.look(device_queries.ledger_rows, device.enrollment_id)
    (row,) = [row for row in rows.values() if row.source is Source.SETTING]
    return row.state


@pytest.mark.both_databases
async def test_a_policy_of_the_catalog_and_a_profile_share_a_setting_conflict_and_give_it_up(contoso: Contoso) -> None:
    policy = await catalog_policy(contoso, 8)
    device = await pc(contoso)
    await device.settle_completely()
    assert await state_of(contoso, device) is ItemState.INSTALLED
    assert await device.check_in() == []

    profile = await contoso.profile("windows10GeneralConfiguration", "All Staff", passwordMinimumLength=8)
    await device.settle_completely()
    for each in (policy, profile):
        assert (await contoso.profile_state(device, each)).status is ProfileStatus.COMPLIANT

    other = await contoso.profile("windows10GeneralConfiguration", "All Staff", passwordMinimumLength=10)
    await device.settle_completely()
    for each in (policy, profile, other):
        assert (await contoso.profile_state(device, each)).status is ProfileStatus.CONFLICT
    counted = await contoso.look(counted_settings, contoso.tenant.id, profile_id=ProfileId(policy))
    ((by, devices),) = conflicts_in((settings.row, settings.devices) for settings in counted).values()
    assert ({one.profile for one in by}, devices) == ({policy, profile, other}, 1)
    findings = [
        finding
        for finding in (await diagnose(contoso.emulator, contoso.tenant, user=contoso.upn("alice"))).findings
        if finding.code == "settings-in-conflict"
    ]
    assert {finding.observation.profile for finding in findings} == {policy, profile, other}
    assert all(
        "'Lock'" in finding.observation.message and "keeps 8" in finding.observation.message for finding in findings
    )
    names = await contoso.look(
        configuration_queries.names_of_policies, contoso.tenant.id, ids=[one.profile for one in by]
    )
    assert sorted(names.values()) == ["Lock", "windows10GeneralConfiguration", "windows10GeneralConfiguration"]

    await contoso.delete_profile(other)
    await contoso.delete_profile(profile)
    await device.settle_completely()
    assert (await contoso.profile_state(device, policy)).status is ProfileStatus.COMPLIANT
    await contoso.do(resources.delete, CONFIGURATION_POLICIES, key=policy)
    await device.settle_completely()
    assert await state_of(contoso, device) is ItemState.REMOVED
    assert device.holds == {}
    assert await contoso.status(device, policy) is None


@pytest.mark.both_databases
async def test_a_profile_that_gives_way_to_a_compliance_policy_is_explained(contoso: Contoso) -> None:
    profile = await contoso.profile("windows10GeneralConfiguration", "All Staff", passwordMinimumLength=8)
    policy = await compliance_policy(contoso, passwordMinimumLength=6)
    device = await pc(contoso)
    await device.settle_completely()
    assert (await contoso.profile_state(device, profile)).status is ProfileStatus.CONFLICT
    assert await contoso.status(device, policy) is None
    (finding,) = [
        each
        for each in (await diagnose(contoso.emulator, contoso.tenant, user=contoso.upn("alice"))).findings
        if each.code == "compliance-goes-before"
    ]
    assert finding.observation.profile == profile
    assert "than 6, for which a compliance policy asks ('Passwords')" in finding.observation.message
    await contoso.do(resources.delete, COMPLIANCE_POLICIES, key=policy)
    await device.settle_completely()
    assert (await contoso.profile_state(device, profile)).status is ProfileStatus.COMPLIANT


async def test_a_tenant_whose_devices_have_settings_is_exported_and_imported(contoso: Contoso) -> None:
    policy = await catalog_policy(contoso, 8)
    device = await pc(contoso)
    await device.settle_completely()
    document = await export_tenant(contoso.emulator, contoso.tenant, with_keys=True)
    await contoso.do(resources.delete, CONFIGURATION_POLICIES, key=policy)
    await import_tenant(contoso.emulator, contoso.tenant.id, content=document)
    assert await state_of(contoso, device) is ItemState.INSTALLED
    assert (await contoso.profile_state(device, policy)).status is ProfileStatus.COMPLIANT
