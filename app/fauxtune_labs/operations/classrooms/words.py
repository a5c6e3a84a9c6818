"""What was done at a seat, in words."""

from __future__ import annotations

from fauxtune.core.model.classrooms import By, SeatEvent
from fauxtune.storage.rows.classrooms import SeatEventRow


def deed(row: SeatEventRow) -> str:
    """Return what was done, such as “answered the first question wrongly: On both”; the lab is told apart from it."""
    detail = row.detail
    match row.event:
        case SeatEvent.SIGNED_IN:
            return "signed in"
        case SeatEvent.STARTED:
            return "started"
        case SeatEvent.PREDICTED | SeatEvent.ANSWERED:
            which = "first" if row.event is SeatEvent.PREDICTED else "last"
            return f"answered the {which} question {'rightly' if detail['right'] else 'wrongly'}: {detail['text']}"
        case SeatEvent.CHECKED:
            return _checked(detail["passed"], detail["missed"], saw=detail["saw"])
        case SeatEvent.HINT:
            return f"took hint {detail['number']} of step {detail['step']}"
        case SeatEvent.SOLVED:
            return _by(row) + _solved(detail["step"], is_wrong=detail["is_wrong"])
        case SeatEvent.RESET:
            return _by(row) + "began again"
        case SeatEvent.FAULT:
            return f"by the instructor: a fault. {detail['text']}"


def _by(row: SeatEventRow) -> str:
    return "by the instructor: " if row.detail["by"] == By.INSTRUCTOR else ""


def _solved(step: int | None, *, is_wrong: bool) -> str:
    which = "all steps" if step is None else f"step {step}"
    return f"tried a wrong way of {which}" if is_wrong else f"had {which} done"


def _checked(passed: list[int], missed: list[int], *, saw: str) -> str:
    parts = [f"step {number} passed" for number in passed]
    if missed:
        numbers = ", ".join(map(str, missed))
        parts.append(f"step {numbers} not yet: {saw}" if len(missed) == 1 else f"steps {numbers} not yet: {saw}")
    return "checked: " + "; ".join(parts)
