"""The occasions at which a check-in judges the device. In a tenant that judges nothing they cost nothing: the judge is
imported when the first device is judged.
"""

from __future__ import annotations

from datetime import timedelta

from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.rows.devices import EnrollmentRow


def is_judged_at_check_in(tx: Transaction, enrollment: EnrollmentRow) -> bool:
    """Whether a device that checks in is judged now. One that is about to be asked what it is waits for its answers. A
    device that was out of contact is judged in every tenant.
    """
    longest = timedelta(days=int(tx.tenant.setting("compliance.checkinThresholdDays")))
    was_away = enrollment.report_digest is None and (
        enrollment.last_checkin_at is not None or tx.now - enrollment.enrolled_at > longest
    )
    is_asked = enrollment.inventory_at is not None and enrollment.inventory_at <= tx.now
    return was_away or (tx.tenant.judges_devices and not is_asked)


def judge_now(tx: Transaction, enrollment: EnrollmentRow) -> None:
    """Judge a device that is in contact now, with all policies that reach it."""
    from fauxtune.operations.devices.compliance import judge

    judge(tx, [enrollment], contact_at=tx.now)
