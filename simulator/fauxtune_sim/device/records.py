"""The stored records of a platform: its enrolment, and its own state.

A platform's own state is everything beyond keys, trusted certificates and mail accounts: Apple's profiles, the nodes of
Windows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, Self

from fauxtune_sim.device.enrollment import Enrollment


class PlatformState(Protocol):
    """A platform's own state. The class without arguments creates the state of a new device."""

    def __init__(self) -> None: ...

    def document(self) -> dict[str, Any]:
        """The state as JSON, secrets included."""
        ...

    def settings(self) -> dict[str, Any]:
        """The settings that management has set, by their addresses on the wire."""
        ...

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """Read the JSON of `document`. Raises KeyError, TypeError or ValueError if it has another form."""
        ...


@dataclass(frozen=True, slots=True)
class RecordTypes:
    """The classes that read the stored records of one platform."""

    enrollment: type[Enrollment]
    state: type[PlatformState] | None = None
