"""What a request, or time, would change in the compliance of devices. Nothing is written.

A device is judged as at its next check-in, with what it reported last; where only time is looked at, it does not check
in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fauxtune.core.engine.compliance.states import NO_GRACE, DeviceState
from fauxtune.core.errors import Invalid
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.states import EnrollmentState
from fauxtune.operations.compliance.judging import judgements_of
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.rows.devices import EnrollmentRow, JoinedDeviceRow

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Outlook:
    """The state that a device would have, the settings that it would not meet, and when its period of grace would end
    (None: it would not be in one).
    """

    state: DeviceState
    settings: tuple[str, ...] = ()
    grace_ends_at: datetime | None = None


#: A device of a tenant that judges nothing.
UNJUDGED = Outlook(DeviceState.COMPLIANT)


@dataclass(frozen=True, slots=True)
class ComplianceChange:
    """What would change in the compliance of a device: its state before and after, and the settings that it would not
    meet then.
    """

    before: str
    after: str
    settings: tuple[str, ...]
    grace_ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeviceInTime:
    """A device whose compliance time would change."""

    device: EnrollmentId
    managed_device_id: str
    device_name: str | None
    user_principal_name: str | None
    compliance: ComplianceChange


def outlooks(
    tx: Transaction, devices: Sequence[EnrollmentRow], *, is_away: bool = False
) -> Mapping[EnrollmentId, Outlook]:
    """Return the state of each of these devices after its next check-in, or `is_away`, without one; nothing in a tenant
    that judges nothing.
    """
    if not tx.tenant.judges_devices and not is_away:
        return {}
    judgements = judgements_of(tx, devices, contact_at=None if is_away else tx.now, is_known_only=is_away)
    return {
        each.device.id: Outlook(
            each.judged.state,
            tuple(state.setting for verdict in (*each.verdicts.values(), each.built_in) for state in verdict.failing),
            None if each.judged.grace_ends_at == NO_GRACE else each.judged.grace_ends_at,
        )
        for each in judgements
    }


def change_of(before: Outlook | None, after: Outlook | None) -> ComplianceChange | None:
    """Return what differs between two outlooks; None if the state is the same."""
    old, new = before or UNJUDGED, after or UNJUDGED
    if old.state is new.state:
        return None
    in_grace = new.grace_ends_at if new.state is DeviceState.IN_GRACE_PERIOD else None
    return ComplianceChange(old.state.value, new.state.value, new.settings, in_grace)


def after_time(tx: Transaction, by: timedelta) -> list[DeviceInTime]:
    """Return the devices whose compliance would be another one after this time without a check-in, by name. Raises
    Invalid for a time in the past, or past the end of time.
    """
    try:
        later = replace(tx, now=tx.now + by)
    except OverflowError:
        raise Invalid("That is past the end of time.", target="by") from None
    if by < timedelta(0):
        raise Invalid("Time goes forward: name a duration such as P30D.", target="by")
    changed: list[DeviceInTime] = []
    ids = queries.live_enrollments(tx.connection, tx.tenant.id)
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        rows = list(queries.enrollments_by_id(tx.connection, some).values())
        rows = [row for row in rows if row.state is not EnrollmentState.ENDED]
        records = {row.enrollment_id: row for row in queries.managed_devices_of(tx.connection, tx.tenant.id, ids=some)}
        after = outlooks(later, rows, is_away=True)
        changed += [
            each for row in rows if row.id in records and (each := _in_time(records[row.id], after=after[row.id]))
        ]
    return sorted(changed, key=lambda each: (each.device_name or "", each.device))


def _in_time(record: JoinedDeviceRow, *, after: Outlook) -> DeviceInTime | None:
    change = change_of(Outlook(DeviceState(record.compliance_state or "unknown")), after)
    if change is None:
        return None
    return DeviceInTime(record.enrollment_id, record.id, record.device_name, record.user_principal_name, change)
