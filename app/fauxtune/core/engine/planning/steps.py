"""The next steps of a device that is managed step by step, from its ledger, orders and questions.

An Android device reads a whole policy. Apple's MDM and OMA-DM send one command at a time: install, remove, act, answer.
A step that was sent and not answered is sent again when the device next connects (each is safe to repeat); one that the
device put off waits until then; one that it refused is not sent twice in one conversation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fauxtune.core.engine.removal.decisions import DeviceKind, is_to_go
from fauxtune.core.model.actions import StepKind, StepState
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.made_often import made_often
from fauxtune.core.model.states import ItemState, Source


@made_often
@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step without its history: equal steps ask for the same thing. `subject` is an item's key, an order's id, a
    question's name or an app's id; `fingerprint` says which bytes of an item, and which content of an app, are meant.
    """

    kind: StepKind
    subject: str
    fingerprint: str = ""


@made_often
@dataclass(frozen=True, slots=True)
class SentStep:
    """A step that was sent, with its id."""

    id: str
    step: PlannedStep
    state: StepState


#: Accounts are installed after the certificates that they name, and removed before them.
_ORDER = {Source.ROOT: 0, Source.SCEP: 1, Source.PKCS: 2, Source.IMPORTED: 3, Source.EMAIL: 4, Source.SETTING: 5}


def planned_steps(
    rows: Iterable[LedgerRow],
    *,
    device: DeviceKind,
    orders: Sequence[str],
    questions: Sequence[str],
    again: bool,
    sent: Iterable[SentStep],
    apps: Iterable[PlannedStep] = (),
    app_question: Iterable[PlannedStep] = (),
) -> list[PlannedStep]:
    """Every step for the device, in order. `again`: what it refused earlier is tried once more; `apps`: the steps that
    install and remove apps. Questions come last, when nothing else is left to do: they ask for the result.
    """
    steps = [PlannedStep(StepKind.ACTION, order) for order in orders]
    listed = sorted(rows, key=lambda row: (_ORDER[row.source], row.key))
    steps += [PlannedStep(StepKind.REMOVE, row.key) for row in reversed(listed) if is_to_go(row, device)]
    steps += [
        PlannedStep(StepKind.INSTALL, row.key, row.fingerprint or "") for row in listed if _is_offered(row, again=again)
    ]
    steps += apps
    over = {
        sent_step.step
        for sent_step in sent
        if sent_step.state in (StepState.CONFIRMED, StepState.REFUSED, StepState.LATER)
    }
    if all(step in over for step in steps):
        steps += [*app_question, *(PlannedStep(StepKind.QUESTION, question) for question in questions)]
    return steps


def due_steps(planned: Sequence[PlannedStep], sent: Iterable[SentStep]) -> list[tuple[PlannedStep, str | None]]:
    """The steps that can be sent now, each with its id if it was sent before."""
    known = {sent_step.step: sent_step for sent_step in sent}
    due: list[tuple[PlannedStep, str | None]] = []
    for step in planned:
        before = known.get(step)
        if before is None:
            due.append((step, None))
        elif before.state is StepState.WAITING:
            due.append((step, before.id))
    return due


def confirmed_items(sent: Iterable[SentStep]) -> frozenset[ItemKey]:
    """The items whose install the device has confirmed, and which no inventory has shown yet."""
    return frozenset(
        ItemKey(step.step.subject)
        for step in sent
        if step.step.kind is StepKind.INSTALL and step.state is StepState.CONFIRMED
    )


def _is_offered(row: LedgerRow, *, again: bool) -> bool:
    refused = row.state is ItemState.FAILED and row.fingerprint is not None
    return row.state is ItemState.SENT or (again and refused)
