"""What an Android device keeps of its enrolment: the credential that its requests carry, and the policy it applied."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

from fauxtune_sim.enrollment import Enrollment, Refusal


@dataclass(slots=True, kw_only=True)
class AndroidEnrollment(Enrollment):
    """`name` is the path of this device below the service's base (`enterprises/{e}/devices/{d}`)."""

    credential: str
    policy_name: str
    policy_version: str = "0"
    refusals: tuple[Refusal, ...] = ()

    def document(self) -> dict[str, Any]:
        """The enrolment as JSON, secrets included."""
        # `super()` without arguments does not work in a dataclass with slots.
        return Enrollment.document(self) | {"refusals": [asdict(one) for one in self.refusals]}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """The reverse of `document`."""
        enrollment = super(AndroidEnrollment, cls).from_document(document)
        enrollment.refusals = tuple(Refusal(**one) for one in document["refusals"])
        return enrollment


def android_enrollment(enrollment: Enrollment | None) -> AndroidEnrollment:
    """An Android device's enrolment, which it must have."""
    assert isinstance(enrollment, AndroidEnrollment)
    return enrollment
