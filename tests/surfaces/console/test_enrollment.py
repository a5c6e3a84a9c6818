"""Who may enrol, in the console: restrictions, refusals, Autopilot devices, and what a user may enrol."""

from __future__ import annotations

import httpx
import pytest

from fauxtune import __version__
from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.errors import EnrollmentRestricted
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import GroupId, ProfileId
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.policies.enrollment import ENROLLMENT_CONFIGURATIONS
from fauxtune.operations.devices import autopilot, autopilot_profiles
from fauxtune.operations.profiles import resources
from fauxtune.operations.profiles.assignments import Assignable, NewAssignment
from fauxtune.operations.profiles.enrollment_programmes import CONFIGURATION_HOOKS
from fauxtune.operations.runtime.transaction import Transaction
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.console import show
from tests.support.tenant import Contoso

KIND = "deviceEnrollmentPlatformRestrictionConfiguration"
RULE = {"platformBlocked": False, "personalDeviceEnrollmentBlocked": True, "blockedManufacturers": ["ACME"]}


async def restrict(contoso: Contoso, group: str) -> None:
    """Block personal work profiles of a group."""

    def create(tx: Transaction) -> None:
        document = {**defaults(entity(KIND)), "displayName": "No own phones"}
        document |= {"platformType": "androidForWork", "platformRestriction": RULE}
        rules = ENROLLMENT_CONFIGURATIONS
        row = resources.create(tx, rules, kind=KIND, document=document, hooks=CONFIGURATION_HOOKS)
        to = Assignable(ProfileId(row.id), "enrolment configuration", None)
        targets = [
            NewAssignment(TargetKind.GROUP, GroupId(group), {"groupId": group}),
            NewAssignment(TargetKind.ALL_DEVICES, None, {}),
        ]
        resources.assign(tx, rules, key=row.id, to=to, targets=targets)

    await contoso.do(create)


@ON_BOTH_DATABASES
async def test_the_page_says_who_may_enrol_what(console: httpx.AsyncClient, contoso: Contoso) -> None:
    raw = (await console.get("/enrollment?user=alice&version=17.5")).text
    assert f"Fauxtune {__version__} ·" in raw, "the version of a system does not hide that of the program"
    assert '/devices" aria-current="page">Devices' in raw
    page = await show(console, "/enrollment")
    assert (
        "All users and all devices limit of devices 0 at most 5 (refuses nothing: not changed) everybody else" in page
    )
    assert "No enrolment was refused." in page
    assert "No device is registered." in page
    group = await contoso.group("Pilots", await contoso.user_id("alice"))
    await restrict(contoso, group)
    with pytest.raises(EnrollmentRestricted):
        await contoso.enroll("alice", hardware="1")
    shape = entity("importedWindowsAutopilotDeviceIdentity")
    hashed = {**defaults(shape), "serialNumber": "4711", "hardwareIdentifier": "T0EzeA==", "groupTag": "Sales"}
    await contoso.do(autopilot.import_all, [hashed])
    assert "No device is registered." in await show(console, "/enrollment")
    contoso.clock.forward(minutes=1)
    await contoso.do(autopilot_profiles.settle)
    page = await show(console, "/enrollment?user=alice")
    assert "No own phones one platform 1 androidForWork: no personal devices, not by ACME Pilots" in page
    assert "blocks personal devices of the platform AndroidForWork" in page
    assert "android/work-profile ! no" in page or "android/work-profile no" in page
    assert "4711 Sales no profile not enrolled" in page
    assert "There is no user 'nobody@" in await show(console, "/enrollment?user=nobody")
    assert 'href="/console/contoso/enrollment"' in (await console.get("/devices")).text
