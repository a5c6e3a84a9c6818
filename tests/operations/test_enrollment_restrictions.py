"""Enrolment restrictions refuse devices, which is written down; corporate identifiers make devices corporate."""

from __future__ import annotations

from typing import Any

import pytest

from fauxtune.core.engine.enrollment_restrictions import LIMITED
from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.errors import EnrollmentRestricted, NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import FilterId, GroupId, ProfileId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.policies.enrollment import CORPORATE_IDENTIFIERS, ENROLLMENT_CONFIGURATIONS, TROUBLESHOOTING
from fauxtune.operations.devices import enrollment_restrictions
from fauxtune.operations.insight.enrollability import last_refusals, outcomes
from fauxtune.operations.profiles import assignment_filters, resources
from fauxtune.operations.profiles import enrollment_programmes as configurations
from fauxtune.operations.profiles.assignments import Assignable, NewAssignment
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import resources as resource_queries
from tests.support.devices.stepwise import apple_identity, authenticate, complete, enrol_iphone
from tests.support.statements import statements
from tests.support.tenant import Contoso

ONE_PLATFORM = "deviceEnrollmentPlatformRestrictionConfiguration"
LIMIT = "deviceEnrollmentLimitConfiguration"


async def restrict(contoso: Contoso, kind: str, *groups: str, filtered_by: str | None = None, **document: Any) -> str:
    """Create a configuration and assign it to groups; return its id."""

    def create(tx: Transaction) -> str:
        full = {**defaults(entity(kind)), "displayName": "Ours", **document}
        hooks = configurations.CONFIGURATION_HOOKS
        row = resources.create(tx, ENROLLMENT_CONFIGURATIONS, kind=kind, document=full, hooks=hooks)
        targets = [
            NewAssignment(
                TargetKind.GROUP,
                GroupId(contoso.groups[name]),
                {"groupId": contoso.groups[name]}
                | (
                    {
                        "deviceAndAppManagementAssignmentFilterId": filtered_by,
                        "deviceAndAppManagementAssignmentFilterType": "include",
                    }
                    if filtered_by
                    else {}
                ),
            )
            for name in groups
        ]
        thing = Assignable(ProfileId(row.id), "enrolment configuration", None)
        resources.assign(tx, ENROLLMENT_CONFIGURATIONS, key=row.id, to=thing, targets=targets)
        return row.id

    return await contoso.do(create)


async def events(contoso: Contoso) -> list[JsonObject]:
    rows = await contoso.look(resource_queries.resources_of_family, contoso.tenant.id, family=TROUBLESHOOTING.name)
    return [row.document for row in rows]


def blocked(platform: str, **rule: Any) -> JsonObject:
    return {"platformType": platform, "platformRestriction": rule}


async def test_a_blocked_platform_refuses_the_users_of_the_group_and_is_written_down(contoso: Contoso) -> None:
    await contoso.group("Pilots", await contoso.user_id("alice"))
    await restrict(contoso, ONE_PLATFORM, "Pilots", **blocked("androidForWork", platformBlocked=True))
    token = await contoso.token("alice")
    with pytest.raises(EnrollmentRestricted, match="'Ours' blocks the platform AndroidForWork") as refusal:
        await contoso.enroll("alice", token=token)
    assert refusal.value.ground == "platformBlocked"
    (event,) = await events(contoso)
    assert (event["failureCategory"], event["userId"]) == (
        "enrollmentRestrictionsEnforced",
        await contoso.user_id("alice"),
    )
    assert event["troubleshootingErrorDetails"]["failureDetails"] == str(refusal.value)
    (noted,) = await contoso.events("enrollmentRefused")
    assert (noted.user, noted.detail["reason"]) == (contoso.upn("alice"), str(refusal.value))
    await contoso.enroll("bob")
    await contoso.enroll("alice", mode="fully-managed", token=token)


async def test_a_limit_counts_the_users_devices_but_not_the_one_that_enrols_again(contoso: Contoso) -> None:
    await restrict(contoso, LIMIT, "All Staff", limit=2)
    for hardware in ("1", "2"):
        await contoso.enroll("alice", hardware=hardware)
    with pytest.raises(EnrollmentRestricted, match=r"alice@.* has 2") as refusal:
        await contoso.enroll("alice", hardware="3")
    assert refusal.value.ground == "deviceLimitReached"
    await contoso.enroll("alice", hardware="2")
    contoso.clock.forward(days=89)
    with pytest.raises(EnrollmentRestricted):
        await contoso.enroll("alice", hardware="3")
    contoso.clock.forward(days=2)
    await contoso.enroll("alice", hardware="3")  # devices that were away for 90 days do not count
    await contoso.enroll("alice", mode="dedicated", hardware="4")
    await contoso.enroll("bob", hardware="5")


async def test_an_iphone_is_refused_when_it_authenticates_and_again_when_it_would_be_complete(
    contoso: Contoso,
) -> None:
    early = await apple_identity(contoso, "alice")
    await authenticate(early)
    await restrict(contoso, ONE_PLATFORM, "All Staff", **blocked("ios", osMinimumVersion="18"))
    with pytest.raises(EnrollmentRestricted, match=r"iOS from 18 on; the device has 17.5.1"):
        await complete(early)
    with pytest.raises(EnrollmentRestricted):
        await authenticate(await apple_identity(contoso, "bob"), hardware="ios/2")
    await enrol_iphone(contoso, "bob", hardware="ios/2", version="18.0")
    assert len(await events(contoso)) == 2


async def test_a_corporate_identifier_makes_a_device_corporate_and_lets_it_in(contoso: Contoso) -> None:
    await restrict(contoso, ONE_PLATFORM, "All Staff", **blocked("ios", personalDeviceEnrollmentBlocked=True))
    sent = {"importedDeviceIdentifier": "IOS/7", "importedDeviceIdentityType": "serialNumber"}
    await contoso.do(configurations.import_identities, [sent], overwrite=False)
    with pytest.raises(EnrollmentRestricted, match="no corporate identifier names this one"):
        await enrol_iphone(contoso, "alice", hardware="ios/8")
    phone = await enrol_iphone(contoso, "alice", hardware="ios/7")
    record = await contoso.get(device_queries.managed_device_of, phone.enrollment_id)
    assert record.document["managedDeviceOwnerType"] == "company"
    (identifier,) = await contoso.look(
        resource_queries.resources_of_family, contoso.tenant.id, family=CORPORATE_IDENTIFIERS.name
    )
    assert identifier.document["enrollmentState"] == "enrolled"


async def test_a_filter_narrows_a_restriction_to_the_devices_that_meet_it(contoso: Contoso) -> None:
    rule = '(device.operatingSystemVersion -lt "17.6")'
    document = {**defaults(entity("deviceAndAppManagementAssignmentFilter")), "displayName": "Old", "platform": "iOS"}
    made_filter = await contoso.do(assignment_filters.create_filter, {**document, "rule": rule})
    key = FilterId(str(made_filter["id"]))
    await restrict(contoso, ONE_PLATFORM, "All Staff", filtered_by=key, **blocked("ios", platformBlocked=True))
    with pytest.raises(EnrollmentRestricted):
        await enrol_iphone(contoso, "alice", hardware="ios/1", version="17.5")
    await enrol_iphone(contoso, "alice", hardware="ios/1", version="17.6")


async def test_the_default_of_the_tenant_refuses_once_somebody_has_changed_it(contoso: Contoso) -> None:
    for number in range(6):
        await contoso.enroll("alice", hardware=str(number))
    default = next(rule for rule in ENROLLMENT_CONFIGURATIONS.built_in if rule.kind == LIMIT)
    await contoso.do(
        resources.update,
        ENROLLMENT_CONFIGURATIONS,
        key=default.id.replace("{tenant}", contoso.tenant.id),
        changes={"limit": 1},
        hooks=configurations.CONFIGURATION_HOOKS,
    )
    with pytest.raises(EnrollmentRestricted, match="All users and all devices"):
        await contoso.enroll("alice", hardware="9")
    await restrict(contoso, LIMIT, "All Staff", limit=7)
    await contoso.enroll("alice", hardware="9")


@pytest.mark.both_databases
async def test_a_tenant_that_restricts_nothing_asks_nothing_and_keeps_a_bounded_number_of_events(
    contoso: Contoso, monkeypatch: pytest.MonkeyPatch
) -> None:
    with statements(contoso.emulator) as texts:
        await contoso.enroll("alice")
    assert not [text for text in texts if "resources" in text]
    monkeypatch.setattr(enrollment_restrictions, "MOST_EVENTS", 2)
    await restrict(contoso, LIMIT, "All Staff", limit=1)
    for _ in range(4):
        with pytest.raises(EnrollmentRestricted):
            await contoso.enroll("alice", hardware="1")
    assert len(await events(contoso)) == 2


async def test_what_a_user_may_enrol_is_known_before_and_what_was_refused_afterwards(contoso: Contoso) -> None:
    await contoso.group("Pilots", await contoso.user_id("alice"))
    await restrict(contoso, ONE_PLATFORM, "Pilots", **blocked("ios", osMinimumVersion="18"))
    await restrict(contoso, LIMIT, "All Staff", limit=1)

    async def refused(name: str, **facts: str) -> dict[str, str]:
        answers = await contoso.do(outcomes, contoso.upn(name), facts=facts)
        assert len(answers) == len(Variant)
        return {answer.variant.value: answer.ground for answer in answers if not answer.is_allowed}

    assert await refused("alice", osVersion="17.5") == {"ios": "osVersionTooLow", "ipados": "osVersionTooLow"}
    assert await refused("alice", osVersion="18.1") == await refused("bob", osVersion="17.5") == {}
    before = len(await contoso.events())
    await contoso.enroll("bob", hardware="1")
    assert set(await refused("bob")) == {variant.value for variant in LIMITED}
    assert len(await contoso.events()) == before + 1
    with pytest.raises(EnrollmentRestricted):
        await contoso.enroll("bob", hardware="2")
    contoso.clock.forward(minutes=1)
    with pytest.raises(EnrollmentRestricted):
        await enrol_iphone(contoso, "alice", hardware="ios/1", version="17.5")
    newest, _ = await contoso.do(last_refusals, limit=9)
    assert newest.document["failureReason"] == "OsVersionNotSupported"
    (only,) = await contoso.do(last_refusals, limit=9, user_id=await contoso.user_id("bob"))
    assert only.document["failureReason"] == "DeviceCapReached"
    await contoso.take_licence("alice")
    assert set((await refused("alice")).values()) == {"noLicence"}
    with pytest.raises(NotFound):
        await refused("nobody")
