"""Compliance as it was judged: of each device, each policy and each setting, and counted.

#: data
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from fauxtune.core.graph.index import complex_type, entity
from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.types import Entity, approximated
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.resources import compliance_states, compliance_statuses
from fauxtune.surfaces.graph.routes.collections import Readable, read, read_collection

DEVICE_OVERVIEW = entity("deviceComplianceDeviceOverview")
DEVICE_STATUS = entity("deviceComplianceDeviceStatus")
DEVICE_SUMMARY = entity("deviceCompliancePolicyDeviceStateSummary")
POLICY_STATE = entity("deviceCompliancePolicyState")
SETTING_STATE = complex_type("deviceCompliancePolicySettingState")
SETTING_SUMMARY = entity("settingStateDeviceSummary")
TENANT_SETTING = entity("deviceComplianceSettingState")
TENANT_SUMMARY = entity("deviceCompliancePolicySettingStateSummary")
USER_OVERVIEW = entity("deviceComplianceUserOverview")
USER_STATUS = entity("deviceComplianceUserStatus")

_DEVICES = ("deviceManagement/managedDevices", "users/{user}/managedDevices", "me/managedDevices")
_POLICY = "deviceManagement/deviceCompliancePolicies/{resource}"
_SETTINGS = "deviceManagement/deviceCompliancePolicySettingStateSummaries"
_WHEN = approximated("by device and setting as at its last check-in; the policy that every device has is among them")
_SOME = approximated("settings whose facts no device here reports are unknown")
_read = partial(read, permissions=needs.READ_CONFIGURATION)


def _of_device(root: str) -> Iterator[Route[Handler]]:
    states = f"{root}/{{device}}/deviceCompliancePolicyStates"
    read = needs.READ_MANAGED
    yield from read_collection(
        states,
        compliance_states.STATES,
        summaries=(
            "List compliance policies of a device",
            "Count compliance policies of a device",
            "Get the state of a compliance policy on a device",
        ),
        returns=POLICY_STATE,
        fidelity=_WHEN,
        permissions=read,
        dated=True,
    )
    yield _read(
        f"{states}/{{state}}/settingStates",
        compliance_states.list_settings,
        summary="List the settings of a compliance policy on a device",
        source=SETTING_STATE.source,
        fidelity=_SOME,
        permissions=read,
        dated=True,
    )
    yield _read(
        f"{root}/{{device}}/getNonCompliantSettings()",
        compliance_states.failing_settings,
        summary="List the settings that a device does not meet",
        source=SETTING_STATE.source,
        fidelity=_SOME,
        permissions=read,
        beta_only=True,
        dated=True,
    )


def _listed(path: str, collection: Readable, *, what: str, returns: Entity) -> Iterator[Route[Handler]]:
    """The list, its number, and one element of a collection."""
    yield from read_collection(
        path,
        collection,
        summaries=(f"List {what}", f"Count {what}", f"Get one of {what}"),
        returns=returns,
        permissions=needs.READ_CONFIGURATION,
    )


def _of_policy() -> Iterator[Route[Handler]]:
    of = compliance_statuses
    yield from _listed(
        f"{_POLICY}/deviceStatuses",
        of.OF_DEVICES,
        what="the status of a compliance policy on each device",
        returns=DEVICE_STATUS,
    )
    yield from _listed(
        f"{_POLICY}/userStatuses",
        of.OF_USERS,
        what="the status of a compliance policy for each user",
        returns=USER_STATUS,
    )
    yield from _listed(
        f"{_POLICY}/deviceSettingStateSummaries",
        of.SUMMARIES_OF_POLICY,
        what="devices by the state of each setting of a compliance policy",
        returns=SETTING_SUMMARY,
    )
    yield _read(
        f"{_POLICY}/deviceStatusOverview",
        of.device_status_overview,
        summary="Count devices by the status of a compliance policy",
        returns=DEVICE_OVERVIEW,
        dated=True,
    )
    yield _read(
        f"{_POLICY}/userStatusOverview",
        of.user_status_overview,
        summary="Count users by the status of a compliance policy",
        returns=USER_OVERVIEW,
        dated=True,
    )


def _of_tenant() -> Iterator[Route[Handler]]:
    of = compliance_statuses
    yield _read(
        "deviceManagement/deviceCompliancePolicyDeviceStateSummary",
        of.device_summary,
        summary="Count devices by their compliance",
        returns=DEVICE_SUMMARY,
    )
    yield from _listed(
        _SETTINGS,
        of.SUMMARIES_OF_SETTINGS,
        what="devices by the state of each compliance setting",
        returns=TENANT_SUMMARY,
    )
    yield from _listed(
        f"{_SETTINGS}/{{summary}}/deviceComplianceSettingStates",
        of.STATES_OF_SETTING,
        what="the state of a compliance setting on each device",
        returns=TENANT_SETTING,
    )


COMPLIANCE: tuple[Route[Handler], ...] = (
    *(route for root in _DEVICES for route in _of_device(root)),
    *_of_policy(),
    *_of_tenant(),
)
