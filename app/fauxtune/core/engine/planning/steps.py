"""What a device that is told one thing at a time is told next: from ledger, orders and questions to steps.

Android reads a whole policy. Apple's MDM and OMA-DM are told step by step: install, remove, act, answer. A step that
was told and not answered is told again when the device comes next (each is safe to repeat); one that the device put off
waits until then; one that it refused is not told twice in one conversation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fauxtune.core.engine.removal.decisions import DeviceKind, is_to_go
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.states import ItemState, Source


class StepKind(StrEnum):
    """What a device is told to do."""

    INSTALL = "install"
    REMOVE = "remove"
    ACTION = "action"
    QUESTION = "question"


class StepState(StrEnum):
    """Where a step stands that was told once."""

    WAITING = "waiting"  # to be told again
    TOLD = "told"
    LATER = "later"  # the device put it off
    CONFIRMED = "confirmed"  # an install that the device says it did; what it holds has still to be seen
    ANSWERED = "answered"  # a question
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step without its history: the same thing is always the same wish. `subject` is an item's key, an order's id or
    a question's name; `fingerprint` which bytes of an item are meant.
    """

    kind: StepKind
    subject: str
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class SentStep:
    """A step that was told, under its id."""

    id: str
    step: PlannedStep
    state: StepState


#: An account goes before the certificates that it names, and comes after them.
_ORDER = {Source.ROOT: 0, Source.SCEP: 1, Source.PKCS: 2, Source.IMPORTED: 3, Source.EMAIL: 4}


def planned_steps(
    rows: Iterable[LedgerRow],
    *,
    device: DeviceKind,
    orders: Sequence[str],
    questions: Sequence[str],
    again: bool,
    told: Iterable[SentStep],
) -> list[PlannedStep]:
    """All that the device is to be told, in order. `again`: what it refused earlier is tried once more. Questions come
    when nothing else is left to do now: they ask what came of it.
    """
    found = [PlannedStep(StepKind.ACTION, each) for each in orders]
    listed = sorted(rows, key=lambda row: (_ORDER[row.source], row.key))
    found += [PlannedStep(StepKind.REMOVE, row.key) for row in reversed(listed) if is_to_go(row, device)]
    found += [
        PlannedStep(StepKind.INSTALL, row.key, row.fingerprint or "") for row in listed if _is_offered(row, again=again)
    ]
    over = {each.step for each in told if each.state in (StepState.CONFIRMED, StepState.REFUSED, StepState.LATER)}
    if all(step in over for step in found):
        found += [PlannedStep(StepKind.QUESTION, each) for each in questions]
    return found


def due(wished: Sequence[PlannedStep], told: Iterable[SentStep]) -> list[tuple[PlannedStep, str | None]]:
    """Those that can be told now, each with its id if it was told before."""
    known = {each.step: each for each in told}
    found: list[tuple[PlannedStep, str | None]] = []
    for step in wished:
        before = known.get(step)
        if before is None:
            found.append((step, None))
        elif before.state is StepState.WAITING:
            found.append((step, before.id))
    return found


def confirmed(told: Iterable[SentStep]) -> frozenset[ItemKey]:
    """The items whose install the device has confirmed and nobody has looked at since."""
    return frozenset(
        ItemKey(each.step.subject)
        for each in told
        if each.step.kind is StepKind.INSTALL and each.state is StepState.CONFIRMED
    )


def _is_offered(row: LedgerRow, *, again: bool) -> bool:
    refused = row.state is ItemState.FAILED and row.fingerprint is not None
    return row.state is ItemState.SENT or (again and refused)
