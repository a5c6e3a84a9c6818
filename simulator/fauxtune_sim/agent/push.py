"""Answers of the push service: a long poll in place of APNs, WNS and FCM, with the tenant's time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fauxtune_sim.errors import AnswerBroken


@dataclass(frozen=True, slots=True)
class Push:
    """An answer of the push service: the number of the last push, the tenant's time, and the push message or None."""

    seq: int
    now: datetime
    message: dict[str, Any] | None = None

    @property
    def wakes(self) -> bool:
        """Whether the device must check in."""
        return self.message is not None


def read_push(body: dict[str, Any]) -> Push:
    """Read an answer of the push service. Raises AnswerBroken if its form is wrong."""
    seq, now, message = body.get("seq"), body.get("now"), body.get("push")
    if not isinstance(seq, int):
        raise AnswerBroken("the push service's answer has no seq")
    if not isinstance(message, dict | None):
        raise AnswerBroken("the push in the push service's answer is not an object")
    try:
        moment = datetime.fromisoformat(now if isinstance(now, str) else "")
    except ValueError as broken:
        raise AnswerBroken(f"the push service's answer has no time: {broken}") from broken
    if moment.tzinfo is None:
        raise AnswerBroken("the push service's time has no UTC offset")
    return Push(seq=seq, now=moment, message=message)
