"""What needs a second administrator: which policies guard which operation."""

from __future__ import annotations

import pytest

from fauxtune.core.policies.tenant_administration import policy_type


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("POST deviceAppManagement/mobileApps", "app"),
        ("PATCH deviceAppManagement/mobileApps/{resource}", "app"),
        ("POST deviceAppManagement/mobileApps/{resource}/assign", "app"),
        ("DELETE deviceAppManagement/mobileApps/{resource}/assignments/{assignment}", "app"),
        ("POST deviceAppManagement/mobileApps/{resource}/contentVersions", None),
        ("POST deviceAppManagement/mobileAppCategories", None),
        ("POST deviceManagement/deviceManagementScripts/{resource}/assign", "script"),
        ("DELETE deviceManagement/deviceHealthScripts/{resource}", "script"),
        ("PATCH deviceManagement/roleDefinitions/{resource}", "role"),
        ("POST deviceManagement/roleAssignments", "role"),
        ("POST deviceManagement/deviceCategories", "tenantConfiguration"),
        ("POST deviceManagement/deviceConfigurations", None),
        ("POST deviceManagement/managedDevices/{device}/wipe", "deviceWipe"),
        ("POST users/{user}/managedDevices/{device}/retire", "deviceRetire"),
        ("DELETE deviceManagement/managedDevices/{device}", "deviceDelete"),
        ("PATCH deviceManagement/managedDevices/{device}", None),
        ("POST deviceManagement/managedDevices/{device}/syncDevice", None),
        ("DELETE deviceManagement/managedDevices/{device}/deviceCategory/$ref", None),
    ],
)
def test_policies_guard_changes_of_some_collections_and_three_actions(operation: str, expected: str | None) -> None:
    method, path = operation.split()
    assert policy_type(method, tuple(path.split("/")), body={}) == expected


@pytest.mark.parametrize(
    ("action", "expected"), [("retire", "deviceRetire"), ("delete", "deviceDelete"), ("sync", None)]
)
def test_an_action_on_many_devices_is_guarded_as_on_one(action: str, expected: str | None) -> None:
    segments = ("deviceManagement", "managedDevices", "executeAction")
    assert policy_type("POST", segments, body={"actionName": action}) == expected
    assert policy_type("POST", segments, body={}) is None
