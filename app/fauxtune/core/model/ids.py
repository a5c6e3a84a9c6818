"""Identifiers: strings that mypy keeps apart."""

from __future__ import annotations

from typing import NewType, Protocol

TenantId = NewType("TenantId", str)
UserId = NewType("UserId", str)
GroupId = NewType("GroupId", str)
DirectoryDeviceId = NewType("DirectoryDeviceId", str)
ManagedDeviceId = NewType("ManagedDeviceId", str)
EnrollmentId = NewType("EnrollmentId", str)
ProfileId = NewType("ProfileId", str)
ResourceId = NewType("ResourceId", str)
AssignmentId = NewType("AssignmentId", str)
FilterId = NewType("FilterId", str)
DeviceCategoryId = NewType("DeviceCategoryId", str)
ItemKey = NewType("ItemKey", str)
ConnectorId = NewType("ConnectorId", str)
RequestId = NewType("RequestId", str)
MessageId = NewType("MessageId", str)


class IdSource(Protocol):
    """The source of ids, tokens and serial numbers: the system's random numbers, or a seed in tests."""

    def uuid(self) -> str:
        """A new GUID, lower case, hyphenated."""
        ...

    def token(self, nbytes: int = 32) -> str:
        """A new secret, URL-safe text."""
        ...

    def serial(self) -> int:
        """A new certificate serial number: positive, 159 bits at most (RFC 5280 4.1.2.2)."""
        ...
