"""The states of things, and who brought a certificate."""

from __future__ import annotations

from enum import StrEnum


class Source(StrEnum):
    """Where an item's key comes from. The words of all JSON of ours."""

    ROOT = "root"
    PKCS = "pkcs"
    IMPORTED = "imported"
    SCEP = "scep"
    EMAIL = "email"


class ItemState(StrEnum):
    """Where one item stands on one device (the ledger)."""

    WANTED = "wanted"  # should be there; not offered yet (the connector, or a root, is awaited)
    SENT = "sent"  # offered to the device; no answer yet
    INSTALLED = "installed"
    FAILED = "failed"  # the device, the connector or the profile said why
    REMOVING = "removing"  # taken back; the device has not confirmed
    REMOVED = "removed"
    KEPT = "kept"  # no longer wanted, but the removal table leaves it there


class EnrollmentState(StrEnum):
    """Where a device's relation with the service stands."""

    ACTIVE = "active"
    ENDING = "ending"  # wipe, retire or delete was accepted; the device has not confirmed
    ENDED = "ended"


class Cause(StrEnum):
    """Why an item goes. In the order in which they are tried: the first match wins."""

    WIPE = "wipe"
    RETIRE = "retire"
    UNENROLL = "unenroll"
    DELETE = "delete"
    USER_DELETED = "userDeleted"
    LICENCE_LOST = "licenceLost"
    USER_CHANGED = "userChanged"
    CERTIFICATE_DELETED = "certificateDeleted"
    PROFILE_DELETED = "profileDeleted"
    UNASSIGNED = "unassigned"
    LEFT_GROUP = "leftGroup"


class ProfileStatus(StrEnum):
    """What Graph says of one profile on one device (complianceStatus; pending is `unknown` there)."""

    PENDING = "unknown"
    COMPLIANT = "compliant"
    ERROR = "error"
    NOT_APPLICABLE = "notApplicable"
    CONFLICT = "conflict"


#: From the least severe to the most: of several, the most severe counts. Intune: "Monitor results of your device
#: compliance policies", where it says so of policies. Unverified: that it is so of profiles, and where conflicts stand.
SEVERITY = (
    ProfileStatus.PENDING,
    ProfileStatus.NOT_APPLICABLE,
    ProfileStatus.COMPLIANT,
    ProfileStatus.CONFLICT,
    ProfileStatus.ERROR,
)
