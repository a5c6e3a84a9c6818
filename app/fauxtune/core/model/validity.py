"""Where a certificate stands at a moment: the words of all JSON of ours. RFC 5280 4.1.2.5."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum


class CertificateStatus(StrEnum):
    """Revoked wins: that a certificate was withdrawn is more than that its time is over."""

    GOOD = "good"
    REVOKED = "revoked"
    EXPIRED = "expired"
    NOT_YET_VALID = "notYetValid"


def certificate_status(
    *, not_before: datetime | None, not_after: datetime | None, revoked: bool, now: datetime
) -> CertificateStatus:
    """What the times and the register say. A time that is not known (None) is not judged."""
    if revoked:
        return CertificateStatus.REVOKED
    if not_after is not None and not_after <= now:
        return CertificateStatus.EXPIRED
    if not_before is not None and not_before > now:
        return CertificateStatus.NOT_YET_VALID
    return CertificateStatus.GOOD
