"""Which kinds of device a user may enrol, and what refuses the others."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field

from fauxtune.core.errors import NotFound
from fauxtune.operations.insight.enrollability import Outcome, last_refusals, outcomes
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.rows.resources import ResourceRow
from fauxtune.surfaces.control.access import Here, calls
from fauxtune.surfaces.control.bodies import Answer

_LONGEST = 128
#: Refusals of the past that an answer has.
_MOST = 20

router = calls("/tenants/{tenant}", tag="devices")

Fact = Annotated[str, Query(max_length=_LONGEST, description="what the device tells of itself; empty: nothing")]


class Enrollable(Answer):
    """Whether a user may enrol a device of a kind."""

    kind: Annotated[str, Field(description="such as ios or android/work-profile")]
    allowed: bool
    ground: Annotated[
        str | None,
        Field(
            description="deviceLimitReached, platformBlocked, personalDeviceBlocked, osVersionTooLow, "
            "osVersionTooHigh, manufacturerBlocked or noLicence"
        ),
    ]
    sentence: str | None
    restriction: Annotated[str | None, Field(description="the id of the deviceEnrollmentConfiguration that refuses")]


class Refused(Answer):
    """An enrolment that was refused (Graph: enrollmentTroubleshootingEvent)."""

    id: str
    time: str
    operating_system: str
    os_version: str
    ground: str
    sentence: str


class Enrollability(Answer):
    """What a user may enrol at this moment, and the last enrolments that were refused, the newest first."""

    user_principal_name: str
    kinds: list[Enrollable]
    refused: list[Refused]


@router.get("/users/{user}/enrollability", summary="Get which kinds of device a user may enrol, and why not others")
async def get_enrollability(
    *,
    here: Here,
    user: str,
    os_version: Annotated[Fact, Query(alias="osVersion")] = "",
    manufacturer: Fact = "",
    model: Fact = "",
    serial_number: Annotated[Fact, Query(alias="serialNumber")] = "",
    imei: Fact = "",
) -> Enrollability:
    """The rules that an enrolment asks, for a new device that tells this. Without a version no restriction of versions
    refuses it; a serial number may be a corporate identifier, or an Autopilot device's.
    """
    facts = {
        "osVersion": os_version,
        "manufacturer": manufacturer,
        "model": model,
        "serialNumber": serial_number,
        "imei": imei,
    }

    def read(tx: Transaction) -> tuple[str, list[Outcome], list[ResourceRow]]:
        kinds = outcomes(tx, user, facts=facts)
        row = directory_queries.user_by_key(tx.connection, here.tenant.id, key=user)
        if row is None:
            raise NotFound(f"There is no user '{user}'.")
        return str(row.document["userPrincipalName"]), kinds, last_refusals(tx, limit=_MOST, user_id=row.id)

    name, kinds, refused = await here.run(read)
    return Enrollability(
        user_principal_name=name,
        kinds=[_kind(kind) for kind in kinds],
        refused=[_refused(resource) for resource in refused],
    )


def _kind(outcome: Outcome) -> Enrollable:
    return Enrollable(
        kind=outcome.variant.value,
        allowed=outcome.is_allowed,
        ground=outcome.ground or None,
        sentence=outcome.sentence or None,
        restriction=None if outcome.restriction is None else outcome.restriction.id,
    )


def _refused(row: ResourceRow) -> Refused:
    details = row.document["troubleshootingErrorDetails"]
    return Refused(
        id=row.id,
        time=row.document["eventDateTime"],
        operating_system=row.document["operatingSystem"],
        os_version=row.document["osVersion"],
        ground=details["failure"],
        sentence=details["failureDetails"],
    )
