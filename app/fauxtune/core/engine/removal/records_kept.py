"""Which records of a device are kept when its enrolment ends: Graph's managed device, and the device in the directory.

Intune: "Remove devices by using wipe, retire, or manually unenrolling the device".
"""

from __future__ import annotations

from dataclasses import dataclass

from fauxtune.core.engine.device_actions.support import effective_cause
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Cause
from fauxtune.core.model.tenants import Changed, Edition, Stated


@dataclass(frozen=True, slots=True)
class RecordsKept:
    """The kinds of device whose record is kept: Graph's when the user unenrols, the directory's after a retirement. (Of
    devices that are registered with Autopilot: `operations.devices.autopilot.let_go`.)
    """

    managed_device: frozenset[Variant]
    directory_device: frozenset[Variant]


RECORDS_KEPT: Changed[RecordsKept] = Changed(
    "Records that stay when an enrolment ends",
    {
        Edition.APRIL_2020: Stated(
            RecordsKept(frozenset(), frozenset()),
            "No record stays.",
            "Remove devices by using wipe, retire, or manually unenrolling the device, 2020-02-27",
        ),
        Edition.CURRENT: Stated(
            RecordsKept(
                frozenset({Variant.WINDOWS, Variant.WINDOWS_10_MOBILE, Variant.WINDOWS_PHONE_81}),
                frozenset({Variant.IOS, Variant.IPADOS, Variant.MACOS}),
            ),
            "The managed device stays when the user of a Windows device unenrols, until an administrator deletes it. "
            "The directory's device stays when an iPhone, an iPad or a Mac is retired, or deleted, which retires it, "
            "and that of a PC that is registered with Autopilot.",
            "Remove devices by using wipe, retire, or manually unenrolling the device, 2022 and 2023; Device action: "
            "retire, 2026-08-06",
        ),
    },
)


def managed_device_stays(variant: Variant, cause: Cause, *, edition: Edition) -> bool:
    """Whether Graph still shows the managed device."""
    return cause is Cause.UNENROLL and variant in RECORDS_KEPT.of(edition).managed_device


def directory_device_stays(variant: Variant, cause: Cause, *, edition: Edition) -> bool:
    """Whether the directory still shows the device."""
    retired = effective_cause(cause, variant, edition=edition) is Cause.RETIRE
    return retired and variant in RECORDS_KEPT.of(edition).directory_device
