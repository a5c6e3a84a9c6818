"""The enrolment of an Android device: the credential for its requests, and the policy that it applied."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

from fauxtune_sim.device.enrollment import Enrollment, Refusal


@dataclass(slots=True, kw_only=True)
class AndroidEnrollment(Enrollment):
    """`name` is the path of this device below the service's base (`enterprises/{e}/devices/{d}`); `reporting` names the
    parts of the status report that the applied policy switches on.
    """

    credential: str
    policy_name: str
    policy_version: str = "0"
    refusals: tuple[Refusal, ...] = ()
    reporting: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The enrolment as JSON, secrets included."""
        # `super()` without arguments does not work in a dataclass with slots.
        return Enrollment.document(self) | {
            "refusals": [asdict(refusal) for refusal in self.refusals],
            "reporting": list(self.reporting),
        }

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """Read the JSON of `document`."""
        enrollment = super(AndroidEnrollment, cls).from_document(document)
        enrollment.refusals = tuple(Refusal(**row) for row in document["refusals"])
        enrollment.reporting = tuple(enrollment.reporting)
        return enrollment


def android_enrollment(enrollment: Enrollment | None) -> AndroidEnrollment:
    """The enrolment of an enrolled Android device, narrowed to its type."""
    assert isinstance(enrollment, AndroidEnrollment)
    return enrollment
