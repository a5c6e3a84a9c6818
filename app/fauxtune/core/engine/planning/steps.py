"""The next steps of a device that is managed step by step, from its ledger, orders and questions.

An Android device reads a whole policy. Apple's MDM and OMA-DM send commands: install, remove, act, answer; Apple's one
at a time, OMA-DM as many as a message has room for.
A step that was sent and not answered is sent again when the device next connects (each is safe to repeat); one that the
device put off waits until then; one that it refused is not sent twice in one conversation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fauxtune.core.engine.removal.decisions import DeviceKind, is_to_go
from fauxtune.core.model.actions import StepKind, StepState
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import LedgerRow, key_source
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
    together: bool = False,
) -> list[PlannedStep]:
    """Every step for the device, in order. `again`: what it refused earlier is tried once more; `apps`: the steps that
    install and remove apps. Questions come last, when nothing else is left to do: they ask for the result. `together`:
    the device takes several steps at once, in their order, so that questions go along with installs that show at once.
    """
    steps = [PlannedStep(StepKind.ACTION, order) for order in orders]
    listed = sorted(rows, key=lambda row: (_ORDER[row.source], row.key))
    steps += [PlannedStep(StepKind.REMOVE, row.key) for row in reversed(listed) if is_to_go(row, device)]
    steps += [_install(row) for row in listed if _is_offered(row, again=again)]
    steps += apps
    over = {
        sent_step.step
        for sent_step in sent
        if sent_step.state in (StepState.CONFIRMED, StepState.REFUSED, StepState.LATER)
    }
    if all(step in over or (together and _shows_at_once(step)) for step in steps):
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


def new_installs(rows: Iterable[LedgerRow], *, again: bool, sent: Iterable[SentStep]) -> frozenset[ItemKey]:
    """The items whose installs were not sent yet. `again`: as for `planned_steps`."""
    known = {sent_step.step for sent_step in sent}
    return frozenset(row.key for row in rows if _is_offered(row, again=again) and _install(row) not in known)


def confirmed_items(sent: Iterable[SentStep]) -> frozenset[ItemKey]:
    """The items whose install the device has confirmed, and which no inventory has shown yet."""
    return frozenset(
        ItemKey(step.step.subject)
        for step in sent
        if step.step.kind is StepKind.INSTALL and step.state is StepState.CONFIRMED
    )


def _install(row: LedgerRow) -> PlannedStep:
    return PlannedStep(StepKind.INSTALL, row.key, row.fingerprint or "")


def _shows_at_once(step: PlannedStep) -> bool:
    """Whether a question that follows it asks for its result. A certificate by SCEP takes the device time; an action
    may change whatever it holds.
    """
    return step.kind is StepKind.INSTALL and key_source(step.subject) is not Source.SCEP


def _is_offered(row: LedgerRow, *, again: bool) -> bool:
    refused = row.state is ItemState.FAILED and row.fingerprint is not None
    return row.state is ItemState.SENT or (again and refused)
