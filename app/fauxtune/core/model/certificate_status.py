"""The status of a certificate at a moment, as all JSON of the emulator has it. RFC 5280 4.1.2.5."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum


class CertificateStatus(StrEnum):
    """The status of a certificate. A revoked one that has also expired is revoked."""

    GOOD = "good"
    REVOKED = "revoked"
    EXPIRED = "expired"
    NOT_YET_VALID = "notYetValid"


def certificate_status(
    *, not_before: datetime | None, not_after: datetime | None, revoked: bool, now: datetime
) -> CertificateStatus:
    """The status by the times and the register. A time that is None is not checked."""
    if revoked:
        return CertificateStatus.REVOKED
    if not_after is not None and not_after <= now:
        return CertificateStatus.EXPIRED
    if not_before is not None and not_before > now:
        return CertificateStatus.NOT_YET_VALID
    return CertificateStatus.GOOD
