"""Compliance of devices: judged at check-ins, by time, and at once when an assignment is removed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from fauxtune.core.clock import iso
from fauxtune.core.engine.compliance.judging import ASSIGNED, BUILT_IN_ID, CONTACT, USER
from fauxtune.core.engine.compliance.states import DeviceState
from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.graph.index import NO_END
from fauxtune.core.model.actions import WAITING
from fauxtune.core.model.ids import AssignmentId, EnrollmentId, GroupId, ProfileId, ResourceId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.compliance import MESSAGES, TEMPLATES
from fauxtune.operations.checkin.due import catch_up
from fauxtune.operations.compliance.occasions import judge_known
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.mail import mailboxes
from fauxtune.operations.profiles import resources
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import compliance as queries
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import configuration as assignment_queries
from fauxtune.storage.queries import device_records as action_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import resources as resource_queries
from fauxtune.storage.rows.configuration import AssignmentRow
from fauxtune.storage.rows.resources import ComplianceStateRow, DeviceComplianceRow, ResourceRow
from tests.support.devices.android import AndroidInProcess
from tests.support.statements import statements
from tests.support.tenant import Contoso

KIND, OWNED = "androidWorkProfileCompliancePolicy", "androidDeviceOwnerCompliancePolicy"
NOT_ENCRYPTED: JsonObject = {"isEncrypted": False}


@dataclass
class Phone:
    """A device of the tenant that reports facts."""

    device: AndroidInProcess
    facts: JsonObject = field(default_factory=dict)

    @property
    def contoso(self) -> Contoso:
        return self.device.contoso

    async def reports(self, **facts: Any) -> None:
        """Check in with these facts."""
        self.facts = {**self.facts, **facts}
        await self.check_in()

    async def check_in(self) -> None:
        report = self.device.report()
        digest = hashlib.sha256(f"{report.digest}{self.facts}".encode()).hexdigest()
        await self.device.check_in(replace(report, digest=digest, facts=lambda: self.facts))

    async def state(self) -> str:
        """The state that Graph's record shows."""
        return str((await self.device.record()).document["complianceState"])

    async def grace(self) -> str:
        return str((await self.device.record()).document["complianceGracePeriodExpirationDateTime"])

    async def is_compliant(self) -> bool | None:
        """What the directory's device shows."""
        row = await self.device.row()
        entra = await self.contoso.get(
            directory_queries.directory_device, self.contoso.tenant.id, device_id=row.directory_device_id
        )
        value: bool | None = entra.document["isCompliant"]
        return value

    async def states(self) -> dict[str, ComplianceStateRow]:
        known = await self.contoso.look(queries.states_of_devices, [self.device.enrollment_id])
        return known[self.device.enrollment_id]

    async def failing(self) -> list[str]:
        """The settings that are not met."""
        return [
            setting["setting"]
            for row in (await self.states()).values()
            for setting in row.settings
            if setting["status"] == "nonCompliant"
        ]

    async def row(self) -> DeviceComplianceRow:
        return (await self.contoso.look(queries.devices, [self.device.enrollment_id]))[self.device.enrollment_id]


async def enrolled(contoso: Contoso, name: str = "alice", *, mode: str = "work-profile", **facts: Any) -> Phone:
    """Enrol a phone that has checked in."""
    phone = Phone(await contoso.enroll(name, mode=mode), {"isEncrypted": True, **facts})
    await phone.check_in()
    return phone


def actions(**hours: int) -> list[JsonObject]:
    """Scheduled actions by their hours."""
    return [
        {
            "ruleName": None,
            "scheduledActionConfigurations": [
                {
                    "id": name,
                    "actionType": name,
                    "gracePeriodHours": number,
                    "notificationTemplateId": "",
                    "notificationMessageCCList": [],
                }
                for name, number in {"block": 0, **hours}.items()
            ],
        }
    ]


async def policy(
    contoso: Contoso, *groups: str, kind: str = KIND, scheduled: list[JsonObject] | None = None, **document: Any
) -> str:
    """Create a compliance policy for these groups; its id."""
    document = {
        "displayName": kind,
        "scheduledActionsForRule": actions() if scheduled is None else scheduled,
        **(document or {"storageRequireEncryption": True}),
    }
    if not contoso.tenant.judges_devices:
        await contoso.switch(**{"compliance.judged": True})
    policy_id = await contoso.do(_add_policy, kind, document=document)
    await assign(contoso, policy_id, *(groups or ("All Staff",)))
    return policy_id


async def assign(contoso: Contoso, policy_id: str, *groups: str) -> None:
    await contoso.do(_assign, policy_id, groups=[contoso.groups[name] for name in groups])


def _add_policy(tx: Transaction, kind: str, *, document: JsonObject) -> str:
    row = ResourceRow(
        tenant_id=tx.tenant.id,
        family=queries.POLICIES,
        parent_id="",
        id=ResourceId(tx.ids.uuid()),
        kind=kind,
        version=1,
        created_at=tx.now,
        modified_at=tx.now,
        priority=None,
        document=document,
    )
    resource_queries.add_resource(tx.connection, row)
    return row.id


def _assign(tx: Transaction, policy_id: str, *, groups: list[str]) -> None:
    rows = [
        AssignmentRow(
            tenant_id=tx.tenant.id,
            id=AssignmentId(f"{policy_id}_{group}"),
            profile_id=ProfileId(policy_id),
            position=0,
            kind=TargetKind.GROUP,
            group_id=GroupId(group),
            intent="apply",
            filter_id=None,
            filter_type=None,
            document={},
        )
        for group in groups
    ]
    assignment_queries.replace_assignments(tx.connection, tx.tenant.id, profile_id=ProfileId(policy_id), new=rows)
    states = queries.states_of_policy(tx.connection, tx.tenant.id, policy_id=policy_id)
    judge_known(tx, [row.enrollment_id for row in states])
    tx.wake(concern.by_tenant(tx.connection, tx.tenant.id))


def _change(tx: Transaction, policy_id: str, *, document: JsonObject) -> None:
    row = resource_queries.resource(tx.connection, tx.tenant.id, family=queries.POLICIES, resource_id=policy_id)
    assert row is not None
    document = {**row.document, **document}
    resource_queries.change_resource(tx.connection, row, version=row.version + 1, document=document)
    tx.wake(concern.by_tenant(tx.connection, tx.tenant.id))


async def pass_time(contoso: Contoso, **by: float) -> None:
    """Move the clock, as whoever moves a tenant's clock does."""
    contoso.clock.forward(**by)
    await catch_up(contoso.emulator, contoso.tenant)


# ---------------------------------------------------------------------------------------------------- at check-ins


async def test_a_device_is_judged_by_what_it_reported_last(contoso: Contoso) -> None:
    key = await policy(contoso)
    phone = Phone(await contoso.enroll("alice"), {"isEncrypted": False})
    assert (await phone.state(), await phone.is_compliant()) == ("unknown", None)
    await phone.check_in()
    assert (await phone.state(), await phone.is_compliant()) == ("noncompliant", False)
    states = await phone.states()
    assert {each: row.status for each, row in states.items()} == {key: "nonCompliant", BUILT_IN_ID: "compliant"}
    assert states[key].settings == [
        {"setting": f"{KIND[0].upper()}{KIND[1:]}.StorageRequireEncryption", "status": "nonCompliant", "value": "false"}
    ]
    await phone.reports(isEncrypted=True)
    assert (await phone.state(), await phone.is_compliant()) == ("compliant", True)
    changes = [event.detail["state"] for event in await contoso.events("complianceChanged", device=phone.device)]
    assert changes == ["noncompliant", "compliant"]


async def test_what_a_device_does_not_know_of_itself_is_unknown(contoso: Contoso) -> None:
    await policy(contoso, osMinimumVersion="13", storageRequireEncryption=True)
    phone = Phone(await contoso.enroll("alice", version=" "))
    await contoso.do(_forget_version, phone.device.enrollment_id)
    await phone.check_in()
    assert await phone.state() == "compliant"
    (row,) = [row for key, row in (await phone.states()).items() if key != BUILT_IN_ID]
    assert [setting["status"] for setting in row.settings] == ["unknown", "unknown"]


def _forget_version(tx: Transaction, enrollment_id: EnrollmentId) -> None:
    row = device_queries.enrollment(tx.connection, enrollment_id)
    assert row is not None
    device_queries.change_enrollment(tx.connection, enrollment_id, facts={**row.facts, "osVersion": ""})


async def test_a_tenant_without_policies_judges_nothing_at_check_ins(contoso: Contoso) -> None:
    phone = await enrolled(contoso, isEncrypted=False)
    assert (await phone.state(), await phone.is_compliant()) == ("compliant", True)
    assert await phone.states() == {}


async def test_a_quiet_check_in_of_a_judged_device_is_one_statement(contoso: Contoso) -> None:
    await policy(contoso)
    phone = await enrolled(contoso)
    await phone.check_in()
    with statements(contoso.emulator) as run:
        await phone.check_in()
    assert len(run) == 1


async def test_a_fact_that_no_setting_is_compared_with_judges_nothing(contoso: Contoso) -> None:
    await policy(contoso)
    phone = await enrolled(contoso)
    await phone.check_in()
    with statements(contoso.emulator) as run:
        await phone.reports(freeStorageSpaceInBytes=1000)
    assert not [each for each in run if "compliance" in each and "managed_devices" not in each]


async def test_a_policy_that_is_assigned_or_changed_counts_from_the_next_check_in_on(contoso: Contoso) -> None:
    await policy(contoso, "SMIME Pilot")
    phone = await enrolled(contoso, "carol", isEncrypted=False)
    assert await phone.state() == "compliant"
    # A scheduled action is due later: the device is judged then, without a check-in.
    key = await policy(contoso, scheduled=actions(notification=24))
    assert await phone.state() == "compliant"
    await phone.check_in()
    assert await phone.state() == "noncompliant"
    await contoso.do(_change, key, document={"storageRequireEncryption": False})
    await pass_time(contoso, days=2)
    assert await phone.state() == "noncompliant"
    assert len(await contoso.events("complianceActionDone")) == 1
    await phone.check_in()
    assert await phone.state() == "compliant"


async def test_the_last_failing_policy_that_is_taken_away_counts_at_once(contoso: Contoso) -> None:
    key = await policy(contoso)
    phone = await enrolled(contoso, isEncrypted=False)
    await assign(contoso, key, "SMIME Pilot")
    assert await phone.state() == "noncompliant"
    await assign(contoso, key)
    assert (await phone.state(), await phone.is_compliant()) == ("compliant", True)
    assert list(await phone.states()) == [BUILT_IN_ID]


async def test_a_policy_of_another_platform_is_not_applicable_and_does_not_count_as_one(contoso: Contoso) -> None:
    key = await policy(contoso, kind="iosCompliancePolicy", passcodeRequired=True)
    await contoso.switch(**{"compliance.secureByDefault": True})
    phone = await enrolled(contoso)
    assert (await phone.states())[key].status == "notApplicable"
    assert (await phone.state(), await phone.failing()) == ("noncompliant", [ASSIGNED])


async def test_a_state_goes_with_the_enrolment(contoso: Contoso) -> None:
    await policy(contoso)
    phone = await enrolled(contoso)
    await phone.device.unenroll()
    assert await phone.states() == {}
    assert await contoso.look(queries.devices, [phone.device.enrollment_id]) == {}


async def test_who_brings_a_policy_to_the_device(contoso: Contoso) -> None:
    by_user = await policy(contoso)
    phone = await enrolled(contoso)
    device = (await phone.device.row()).directory_device_id
    await contoso.group("Phones", device)
    by_device = await policy(contoso, "Phones")
    await phone.check_in()
    states = await phone.states()
    assert states[by_user].user_id == await contoso.user_id("alice")
    assert states[by_device].user_id is None


# ------------------------------------------------------------------------------------------------------- over time


async def test_during_grace_the_device_keeps_its_access(contoso: Contoso) -> None:
    await policy(contoso, scheduled=actions(block=48))
    phone = await enrolled(contoso, isEncrypted=False)
    ends = iso(contoso.clock.now() + timedelta(hours=48))
    assert (await phone.state(), await phone.grace(), await phone.is_compliant()) == ("inGracePeriod", ends, True)
    await pass_time(contoso, hours=47)
    assert await phone.state() == "inGracePeriod"
    await pass_time(contoso, hours=1)
    assert (await phone.state(), await phone.grace(), await phone.is_compliant()) == ("noncompliant", ends, False)
    await phone.reports(isEncrypted=True)
    assert (await phone.state(), await phone.grace()) == ("compliant", NO_END)
    await phone.reports(isEncrypted=False)
    assert await phone.grace() == iso(contoso.clock.now() + timedelta(hours=48))


async def test_an_error_leaves_the_state_as_it_was_for_seven_days(contoso: Contoso) -> None:
    await policy(contoso, osMinimumVersion="13")
    phone = await enrolled(contoso, osVersion="14")
    await phone.reports(osVersion="Upside Down Cake")
    assert await phone.state() == "compliant"
    assert (await phone.row()).held is DeviceState.COMPLIANT
    await pass_time(contoso, days=6, hours=23)
    assert await phone.state() == "compliant"
    await pass_time(contoso, hours=1)
    assert await phone.state() == "noncompliant"


async def test_a_device_that_stays_away_is_not_compliant_until_its_next_check_in(contoso: Contoso) -> None:
    phone = await enrolled(contoso)
    await phone.check_in()
    await pass_time(contoso, days=30)
    assert await phone.state() == "compliant"
    await pass_time(contoso, hours=1)
    assert (await phone.state(), await phone.failing()) == ("noncompliant", [CONTACT])
    await pass_time(contoso, days=3)
    await phone.check_in()
    assert (await phone.state(), await phone.is_compliant()) == ("compliant", True)
    with statements(contoso.emulator) as run:
        await phone.check_in()
    assert len(run) == 1


@pytest.mark.both_databases
async def test_the_longest_time_without_contact_is_the_tenants_choice(contoso: Contoso) -> None:
    await contoso.switch(**{"compliance.checkinThresholdDays": 3})
    phone = await enrolled(contoso)
    await pass_time(contoso, days=3, hours=1)
    assert await phone.state() == "noncompliant"


async def test_a_device_needs_its_user(contoso: Contoso) -> None:
    phone, bobs = await enrolled(contoso), await enrolled(contoso, "bob")
    await contoso.take_licence("alice")
    await contoso.do(users_and_groups.delete_user, contoso.upn("bob"))
    await pass_time(contoso, days=1)
    assert [await each.failing() for each in (phone, bobs)] == [[USER], [USER]]
    assert [await each.state() for each in (phone, bobs)] == ["noncompliant", "noncompliant"]
    await contoso.give_licence("alice")
    await pass_time(contoso, days=1)
    assert await phone.state() == "compliant"


# ---------------------------------------------------------------------------------------------- scheduled actions


async def mails(contoso: Contoso, name: str) -> list[str | None]:
    lines = await contoso.do(mailboxes.messages, await contoso.user_id(name), limit=20)
    return [line.description.subject for line in lines]


async def test_actions_are_done_each_at_its_time_and_once_for_each_failure(contoso: Contoso) -> None:
    scheduled = actions(notification=1, remoteLock=24, retire=48, pushNotification=2)
    await policy(contoso, kind=OWNED, scheduled=scheduled, storageRequireEncryption=True)
    phone = await enrolled(contoso, mode="fully-managed", isEncrypted=False)
    assert await mails(contoso, "alice") == []
    await pass_time(contoso, hours=1)
    assert await mails(contoso, "alice") == ["Your device is not compliant"]
    await pass_time(contoso, hours=1)
    await pass_time(contoso, hours=21)
    assert await contoso.look(action_queries.actions, phone.device.enrollment_id, states=WAITING) == []
    await pass_time(contoso, hours=1)
    (lock,) = await contoso.look(action_queries.actions, phone.device.enrollment_id, states=WAITING)
    assert lock.action == "remoteLock"
    await pass_time(contoso, hours=24)
    assert (await phone.row()).retire_listed_at == contoso.clock.now()
    await pass_time(contoso, days=5)
    done = [event.detail["action"] for event in await contoso.events("complianceActionDone")]
    assert done == ["notification", "pushNotification", "remoteLock", "retire"]
    await phone.reports(isEncrypted=True)
    assert (await phone.row()).retire_listed_at is None
    await phone.reports(isEncrypted=False)
    await pass_time(contoso, hours=1)
    assert len(await mails(contoso, "alice")) == 2


@pytest.mark.both_databases
async def test_the_four_variables_of_a_notification_are_filled_in_also_in_the_subject(contoso: Contoso) -> None:
    def written(tx: Transaction) -> str:
        full = {"displayName": "T", "defaultLocale": None, "roleScopeTagIds": ["0"]}
        template = resources.create(tx, TEMPLATES, kind="notificationMessageTemplate", document=full)
        message = {
            "locale": "en-us",
            "subject": "{{UserName}}/{{DeviceName}}/{{OSAndVersion}}/{{DeviceId}}",
            "messageTemplate": "See {{DeviceName}}",
            "isDefault": True,
        }
        kind = "localizedNotificationMessage"
        resources.create(tx, MESSAGES, kind=kind, document=message, parent=template)
        return str(template.id)

    scheduled = actions(notification=0)
    scheduled[0]["scheduledActionConfigurations"][1]["notificationTemplateId"] = await contoso.do(written)
    await policy(contoso, scheduled=scheduled)
    phone = await enrolled(contoso, isEncrypted=False, osVersion="16")
    record = await contoso.look(device_queries.managed_device_of, phone.device.enrollment_id)
    assert record is not None
    (subject,) = await mails(contoso, "alice")
    assert subject == f"Alice Adams/{record.device_name}/AndroidForWork 16/{record.id}"


async def test_actions_of_a_failure_that_is_over_are_not_done(contoso: Contoso) -> None:
    await policy(contoso, scheduled=actions(block=72, notification=24))
    phone = await enrolled(contoso, isEncrypted=False)
    await phone.reports(isEncrypted=True)
    await pass_time(contoso, days=9)
    assert await contoso.events("complianceActionDone") == []


async def test_scheduled_actions_can_be_switched_off(contoso: Contoso) -> None:
    await contoso.switch(**{"compliance.scheduledActions": False})
    await policy(contoso, scheduled=actions(notification=0))
    phone = await enrolled(contoso, isEncrypted=False)
    assert await phone.state() == "noncompliant"
    assert await contoso.events("complianceActionDone") == []


async def test_a_notification_without_an_address_reaches_nobody(contoso: Contoso) -> None:
    await policy(contoso, scheduled=actions(notification=0))
    await contoso.do(users_and_groups.update_user, contoso.upn("alice"), changes={"mail": None})
    await enrolled(contoso, isEncrypted=False)
    (event,) = await contoso.events("complianceActionDone")
    assert event.detail["result"] == "no mail: the device has no user with an address"
