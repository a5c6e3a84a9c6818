"""What a device keeps for its platform: the record of its enrolment, and a state of the platform's own.

A platform's state is what it holds beyond keys, trusted certificates and mail accounts: Apple's profiles, Windows'
tree of nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, Self

from fauxtune_sim.enrollment import Enrollment


class PlatformState(Protocol):
    """What a platform holds of its own. Called without arguments, the class gives the state of a new device."""

    def __init__(self) -> None: ...

    def document(self) -> dict[str, Any]:
        """As JSON, secrets included."""
        ...

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """The reverse of `document`; KeyError, TypeError or ValueError if it is none."""
        ...


@dataclass(frozen=True, slots=True)
class Records:
    """The classes of one platform's records: stored documents become these again."""

    enrollment: type[Enrollment]
    state: type[PlatformState] | None = None
