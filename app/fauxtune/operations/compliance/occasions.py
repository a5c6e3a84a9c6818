"""The occasions at which a check-in judges the device. In a tenant that judges nothing they cost nothing: the judge is
imported when the first device is judged.
"""

from __future__ import annotations

from datetime import timedelta

from fauxtune.operations.devices.audience import Audience
from fauxtune.operations.devices.inventory_facts import News
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.rows.devices import EnrollmentRow

#: In a tenant that judges its devices, those that do not report their facts by themselves are asked so often.
#: Differs from Intune: there some facts, such as those on encryption, are asked for at each check-in.
FACTS_EVERY = timedelta(days=1)


def is_judged_at_check_in(
    tx: Transaction, enrollment: EnrollmentRow, *, news: News | None, has_other_items: bool
) -> bool:
    """Whether a device that checks in is judged now: anything has changed that counts, its facts (`news`), what it
    holds, or what concerns it. One that is about to be asked what it is waits for its answers. A device that was out of
    contact is judged in every tenant.
    """
    longest = timedelta(days=int(tx.tenant.setting("compliance.checkinThresholdDays")))
    if enrollment.report_digest is None and (
        enrollment.last_checkin_at is not None or tx.now - enrollment.enrolled_at > longest
    ):
        return True
    is_asked = enrollment.inventory_at is not None and enrollment.inventory_at <= tx.now
    if is_asked or not tx.tenant.judges_devices:
        return False
    if has_other_items or enrollment.generation != enrollment.settled_generation:
        return True
    return news is not None and _counts(news)


def _counts(news: News) -> bool:
    from fauxtune.core.engine.compliance.settings import FACTS  # at first use: most tenants judge nothing

    return not FACTS.isdisjoint(news.names)


def judge_now(tx: Transaction, enrollment: EnrollmentRow, *, audience: Audience) -> None:
    """Judge a device that is in contact now, with all policies that reach it. `audience`: that of the device."""
    from fauxtune.operations.compliance.judging import judge

    judge(tx, [enrollment], contact_at=tx.now, audience=audience)
