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


class Authority(StrEnum):
    """What kind of certification authority issued a certificate. What is no certificate of its own has none that
    matters.
    """

    MICROSOFT = "microsoft"
    DIGICERT = "digicert"  # formerly Symantec: PKCS through the connector
    PARTNER = "partner"  # SCEP from anyone else

    @classmethod
    def named(cls, name: str | None) -> Authority:
        """The kind of the tenant's authority of this name: its own are a Microsoft CA's, but for that of DigiCert."""
        return cls.DIGICERT if name is not None and name.startswith(cls.DIGICERT) else cls.MICROSOFT


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


class Incident(StrEnum):
    """What else befalls an item, which is wanted afterwards as it was before."""

    WIPE_KEEPING_ENROLLMENT = "wipeKeepingEnrollment"
    PROFILE_EDITED = "profileEdited"
    RENEWED = "renewed"
    DELETED_BY_USER = "deletedByUser"


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
