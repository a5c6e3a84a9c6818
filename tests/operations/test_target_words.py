"""The command that gives a device what it lacks has the assignments of the profile that needs it."""

from __future__ import annotations

from typing import Any

import pytest

from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.model.ids import GroupId
from fauxtune.operations.insight.diagnosis import diagnose
from fauxtune.operations.profiles import assignment_filters, assignments
from tests.support.tenant import Contoso

Target = tuple[TargetKind, str, str]

_STAFF: Target = (TargetKind.GROUP, "All Staff", "")
_RULE = {"displayName": "Bob's Pixels", "platform": "androidForWork", "rule": '(device.model -eq "Pixel 8")'}


async def _assign(contoso: Contoso, profile: str, *targets: Target, filter_id: str) -> None:
    def document(group: str, filter_type: str) -> dict[str, Any]:
        named = {"groupId": contoso.groups[group]} if group else {}
        chosen = {
            "deviceAndAppManagementAssignmentFilterId": filter_id,
            "deviceAndAppManagementAssignmentFilterType": filter_type,
        }
        return {**named, **(chosen if filter_type else {})}

    new = [
        assignments.NewAssignment(kind, GroupId(contoso.groups[group]) if group else None, document(group, filter_type))
        for kind, group, filter_type in targets
    ]
    await contoso.do(assignments.assign, profile, targets=new)


@pytest.mark.parametrize(
    ("targets", "options"),
    [
        ([_STAFF], '--group "All Staff"'),
        ([(TargetKind.ALL_USERS, "", "")], "--all-users"),
        ([(TargetKind.ALL_DEVICES, "", "")], "--all-devices"),
        ([_STAFF, (TargetKind.EXCLUSION, "Others", "")], '--group "All Staff" --exclude-group Others'),
        ([(TargetKind.GROUP, "All Staff", "include")], """--group "All Staff" --filter "Bob's Pixels\""""),
        ([(TargetKind.ALL_USERS, "", "include"), _STAFF], '--all-users --group "All Staff"'),
    ],
)
async def test_the_root_that_is_missing_is_created_for_those_to_whom_the_certificate_profile_is_assigned(
    contoso: Contoso, targets: list[Target], options: str
) -> None:
    phone = await contoso.enroll("alice", hardware="phone-1")
    await contoso.group("Others")
    made = await contoso.do(assignment_filters.create_filter, {**_RULE, "assignmentFilterManagementType": "devices"})
    await _assign(contoso, await contoso.pkcs_profile(), *targets, filter_id=made["id"])
    result = await diagnose(contoso.emulator, contoso.tenant, device=phone.enrollment_id)
    fixes = [finding.observation.fix for finding in result.findings if finding.code == "root-missing"]
    assert [fix.partition(" --platform android ")[2] for fix in fixes] == [options], result.findings
