"""States of items, enrolments and profiles, sources of items, and causes of their removal."""

from __future__ import annotations

from enum import StrEnum


class Source(StrEnum):
    """The source of an item, as all JSON of the emulator has it."""

    ROOT = "root"
    PKCS = "pkcs"
    IMPORTED = "imported"
    SCEP = "scep"
    EMAIL = "email"
    SETTING = "setting"


class Authority(StrEnum):
    """The kind of certification authority that issued a certificate. It matters only for PKCS and SCEP."""

    MICROSOFT = "microsoft"
    DIGICERT = "digicert"  # formerly Symantec: PKCS through the connector
    PARTNER = "partner"  # SCEP from anyone else

    @classmethod
    def named(cls, name: str | None) -> Authority:
        """The kind of the tenant's authority with this name: Microsoft's, unless it is DigiCert's."""
        return cls.DIGICERT if name is not None and name.startswith(cls.DIGICERT) else cls.MICROSOFT


class ItemState(StrEnum):
    """The state of one item on one device, in the ledger."""

    WANTED = "wanted"  # should be there; not offered yet (waits for the connector, or for a root)
    SENT = "sent"  # offered to the device; no answer yet
    INSTALLED = "installed"
    FAILED = "failed"  # by the device, the connector or the profile, with a problem
    REMOVING = "removing"  # to be removed; the device has not confirmed it
    REMOVED = "removed"
    KEPT = "kept"  # no longer wanted, but the removal table leaves it on the device


class EnrollmentState(StrEnum):
    """The state of an enrolment."""

    ACTIVE = "active"
    ENDING = "ending"  # wipe, retire or delete was accepted; the device has not confirmed
    ENDED = "ended"


class Cause(StrEnum):
    """The causes of an item's removal, in the order in which they are tried: the first match wins."""

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


class Incident(StrEnum):
    """Another event that the removal table covers, after which the item is still wanted."""

    WIPE_KEEPING_ENROLLMENT = "wipeKeepingEnrollment"
    PROFILE_EDITED = "profileEdited"
    RENEWED = "renewed"
    DELETED_BY_USER = "deletedByUser"


class ProfileStatus(StrEnum):
    """Graph's status of one profile on one device (complianceStatus; pending is `unknown` there)."""

    PENDING = "unknown"
    COMPLIANT = "compliant"
    ERROR = "error"
    NOT_APPLICABLE = "notApplicable"
    CONFLICT = "conflict"


#: From the least severe to the most severe, which counts if there are several. Intune: "Monitor results of your device
#: compliance policies", which states it for policies. Unverified: that it holds for profiles; the place of conflicts.
SEVERITY = (
    ProfileStatus.PENDING,
    ProfileStatus.NOT_APPLICABLE,
    ProfileStatus.COMPLIANT,
    ProfileStatus.CONFLICT,
    ProfileStatus.ERROR,
)
