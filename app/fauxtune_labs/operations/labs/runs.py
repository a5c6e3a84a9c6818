"""A lab in a tenant: started, answered, checked, helped, solved and reset.

A start gives the tenant its first state, then that of the lab, and keeps it as a snapshot: a reset restores that.
The runs of other labs stay, so that a tenant tells how far its student has come.

A step that was once reached has passed, although a later one undoes it: before people change something in a tenant with
a lab, what they have reached so far is looked at (`look_before_a_change`). So whoever does all steps in their order
need check only at the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from fauxtune.core.clock import iso
from fauxtune.core.errors import Conflict, FauxtuneError, Invalid, NotFound
from fauxtune.core.language.catalogue import Language, Message, catalogue, say
from fauxtune.core.model.classrooms import By, SeatEvent
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.arrangement import devices
from fauxtune.operations.arrangement.scene import scene_of
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import LABS, Transaction, switch_on
from fauxtune.operations.tenants import seats, snapshots
from fauxtune.storage.queries import classrooms as queries
from fauxtune.storage.queries import tenants as tenant_queries
from fauxtune.storage.rows.classrooms import LabRunRow
from fauxtune_labs.core.lab import Act, Choice, Lab, Question, Step
from fauxtune_labs.operations.labs import checks
from fauxtune_labs.operations.labs.checks import Outcome
from fauxtune_labs.operations.labs.deeds import carry_out
from fauxtune_labs.operations.labs.stage import Stage
from fauxtune_labs.operations.labs.texts import DOMAIN, lab_named
from fauxtune_labs.operations.provider_states import reach

#: The snapshot of the lab that was started last.
SNAPSHOT = "Start of the lab"
PREDICT, QUIZ = "predict", "quiz"
#: The name of the application in the audit log.
_CLIENT = "lab"
#: Seconds that a change waits at most for devices that are still at work on the one before.
_SETTLES = 3.0
#: Requests that change something: their verbs, where their paths begin, and what of a lab changes nothing else.
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_OF_ADMINISTRATORS = ("/v1.0/", "/beta/", "/console/", "/_fauxtune/v1/", "/classrooms/")
_OF_STUDENTS = ("/check", "/hint", "/predict", "/quiz", "/start", "/reset")
_LONGEST_REQUEST = 300


@dataclass(frozen=True, slots=True)
class Reached:
    """When a step was first seen to have passed (ISO 8601, the tenant's time), and by which request: empty where none
    is recorded.
    """

    at: str
    request: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a lab has come. `predicted` and `answered`: the choices in their order; `hints`: how many were given, by
    step; `passed`: the steps whose checks have passed; `reached`: when that was first seen, by step, and the last
    request that changed something before. All are counted from 0.
    """

    predicted: tuple[int, ...] = ()
    answered: tuple[int, ...] = ()
    hints: tuple[tuple[int, int], ...] = ()
    passed: tuple[int, ...] = ()
    reached: tuple[tuple[int, Reached], ...] = ()

    @classmethod
    def of(cls, row: LabRunRow) -> Progress:
        """Return the progress that a row has."""
        document = row.progress
        return cls(
            predicted=tuple(document.get("predicted", ())),
            answered=tuple(document.get("answered", ())),
            hints=tuple((int(step), count) for step, count in document.get("hints", {}).items()),
            passed=tuple(document.get("passed", ())),
            reached=tuple((int(step), Reached(*values)) for step, values in document.get("reached", {}).items()),
        )

    def document(self) -> dict[str, Any]:
        """Return it as the row has it."""
        return {
            "predicted": [*self.predicted],
            "answered": [*self.answered],
            "hints": {str(step): count for step, count in self.hints},
            "passed": [*self.passed],
            "reached": {str(step): [reached.at, reached.request] for step, reached in self.reached},
        }

    def chosen(self, question: str) -> tuple[int, ...]:
        """Return the choices that were taken of a question."""
        return self.predicted if question == PREDICT else self.answered

    def is_told(self, question: str, lab: Lab) -> bool:
        """Whether it is told which choices are right: of the prediction when somebody has seen what happens."""
        return question != PREDICT or lab.shown_by - 1 in self.passed

    def missing(self, lab: Lab) -> list[Message]:
        """Return what the lab needs to be at its end, in words."""
        first = [] if self.predicted else [say("the first question is not answered")]
        steps = [number + 1 for number in range(len(lab.steps)) if number not in self.passed]
        last = [] if lab.quiz.is_right(self.answered) else [say("the last question is not answered rightly")]
        return [*first, *(say("step %(step)s has not passed", step=step) for step in steps), *last]

    def is_done(self, lab: Lab) -> bool:
        """Whether the lab is at its end."""
        return not self.missing(lab)


@dataclass(frozen=True, slots=True)
class CheckedStep:
    """A step with the outcomes of its checks. `passed`: now, or when it was checked before."""

    number: int
    passed: bool
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class Hint:
    """A hint: the `number`-th of so many of the step."""

    number: int
    of: int
    text: str


async def progress_of(emulator: Emulator, tenant: Tenant) -> dict[str, LabRunRow]:
    """Return the labs that were started in the tenant, by name."""
    return {row.lab: row for row in await emulator.runner.read(queries.runs_of, tenant.id)}


async def start(emulator: Emulator, tenant: Tenant, *, name: str) -> Stage:
    """Start a lab. What is in the tenant is lost: it begins again, with its first users and keys.

    Raises NotFound for an unknown lab, Invalid for one that cannot begin, Conflict for one of another edition.
    """
    lab = await lab_named(emulator, name)
    async with emulator.turns.across(_turn(tenant)):
        stage = await _start(emulator, tenant, lab=lab, kept=Progress())
    await seats.note(emulator, tenant, event=SeatEvent.STARTED, lab=name)
    return stage


async def _start(emulator: Emulator, tenant: Tenant, *, lab: Lab, kept: Progress) -> Stage:
    edition = await snapshots.edition_after_reset(emulator, tenant)
    if not lab.fits(edition):
        raise Conflict(
            f"The lab '{lab.name}' can be played in the edition {lab.edition} only, and the tenant '{tenant.name}' was "
            f"created with the edition {edition}. Create another: fauxtune tenant create --edition {lab.edition}"
        )
    others = [row for row in (await progress_of(emulator, tenant)).values() if row.lab != lab.name]
    await snapshots.reset(emulator, tenant)
    await emulator.runner.run(tenant, _put, others)
    empty = LabRunRow(tenant.id, lab.name, emulator.runner.now(tenant), 0, progress={}, materials={})
    stage = Stage(scene_of(emulator, tenant, client=_CLIENT), lab, empty)
    for sentence in lab.start:
        await reach(emulator, stage.scene.tenant, state=sentence)
    await _carry_out(stage, lab.prepare)
    stage.run = await emulator.runner.run(stage.scene.tenant, _begin, lab.name, stage=stage, progress=kept)
    await emulator.runner.run(stage.scene.tenant, _put, [stage.run])
    await _keep(emulator, stage.scene.tenant)
    return stage


def _begin(tx: Transaction, name: str, *, stage: Stage, progress: Progress) -> LabRunRow:
    tx.record("labStarted", lab=name)
    switch_on(tx, LABS)
    return LabRunRow(
        tx.tenant.id, name, tx.now, _last_number(tx), progress=progress.document(), materials=stage.materials()
    )


def _last_number(tx: Transaction) -> int:
    """Return the number of the journal's last entry."""
    rows = tenant_queries.newest_events(tx.connection, tx.tenant.id, limit=1)
    return rows[0].seq if rows else 0


def _put(tx: Transaction, rows: Sequence[LabRunRow]) -> None:
    queries.put_runs(tx.connection, rows)


async def _keep(emulator: Emulator, tenant: Tenant) -> None:
    """Keep the present state as the start, in the place of the last lab's."""
    if any(row.name == SNAPSHOT for row in await snapshots.list_snapshots(emulator, tenant)):
        await snapshots.delete_snapshot(emulator, tenant, name=SNAPSHOT)
    await snapshots.create_snapshot(emulator, tenant, name=SNAPSHOT)


async def reset(emulator: Emulator, tenant: Tenant, *, name: str, by: By = By.STUDENT) -> Stage:
    """Give the tenant the state in which the lab began, whatever has become of it. What was answered stays answered."""
    lab = await lab_named(emulator, name)
    async with emulator.turns.across(_turn(tenant)):
        stage = await _reset(emulator, tenant, lab=lab)
    await seats.note(emulator, tenant, event=SeatEvent.RESET, lab=name, by=by)
    return stage


async def _reset(emulator: Emulator, tenant: Tenant, *, lab: Lab) -> Stage:
    rows = await progress_of(emulator, tenant)
    row = rows.get(lab.name)
    kept = Progress() if row is None else replace(Progress.of(row), passed=(), reached=())
    if row is None or later_lab(rows, name=lab.name) is not None or not await _is_kept(emulator, tenant):
        return await _start(emulator, tenant, lab=lab, kept=kept)
    await snapshots.restore_snapshot(emulator, tenant, name=SNAPSHOT)
    stage = await _stage(emulator, tenant, lab=lab)
    stage.run = await emulator.runner.run(stage.scene.tenant, _again, stage.run, progress=kept)
    return stage


async def _is_kept(emulator: Emulator, tenant: Tenant) -> bool:
    """Whether the start of the last lab can be restored, with its devices: a server that was started again has none."""
    has_devices = emulator.hosted_snapshots.get(tenant.id, SNAPSHOT)
    rows = await snapshots.list_snapshots(emulator, tenant)
    return bool(has_devices) and any(row.name == SNAPSHOT for row in rows)


def _again(tx: Transaction, row: LabRunRow, *, progress: Progress) -> LabRunRow:
    """Begin again: what happened before does not count."""
    tx.record("labReset", lab=row.lab)
    again = replace(row, number=_last_number(tx), started_at=tx.now, progress=progress.document())
    queries.put_runs(tx.connection, [again])
    return again


def later_lab(rows: Mapping[str, LabRunRow], *, name: str) -> str | None:
    """Return the lab that was started in the tenant after this one: the tenant is as that one wants it."""
    newest = newest_run(rows)
    return None if newest is None or name not in rows or newest.lab == name else newest.lab


def newest_run(rows: Mapping[str, LabRunRow]) -> LabRunRow | None:
    """Return the lab that was started last: the one at which a tenant is."""
    return max(rows.values(), key=lambda row: row.number, default=None)


async def _present(emulator: Emulator, tenant: Tenant, *, name: str) -> Stage:
    """Return the stage of a lab that is played now. Raises Conflict for one that another has followed."""
    lab, rows = await lab_named(emulator, name), await progress_of(emulator, tenant)
    stage = stage_for(emulator, tenant, lab=lab, row=rows.get(name))
    other = later_lab(rows, name=name)
    if other is not None:
        raise Conflict(
            f"The lab '{other}' was started after '{name}', and the tenant is as that one wants it. Begin again: "
            f"fauxtune lab reset {name}"
        )
    return stage


async def stage_of(emulator: Emulator, tenant: Tenant, *, name: str, language: Language = Language.ENGLISH) -> Stage:
    """Return the stage of a lab that was started. Raises NotFound, Conflict for one that was not."""
    return await _stage(emulator, tenant, lab=await lab_named(emulator, name, language=language))


async def _stage(emulator: Emulator, tenant: Tenant, *, lab: Lab) -> Stage:
    row = await emulator.runner.read(queries.run_of, tenant.id, lab=lab.name)
    return stage_for(emulator, tenant, lab=lab, row=row)


def stage_for(emulator: Emulator, tenant: Tenant, *, lab: Lab, row: LabRunRow | None, dry: bool = False) -> Stage:
    """Return the stage of a lab with this run. Raises Conflict for one that was not started."""
    if row is None:
        raise Conflict(f"The lab '{lab.name}' was not started in this tenant: fauxtune lab start {lab.name}")
    return Stage.of(scene_of(emulator, tenant, client=_CLIENT), lab=lab, run=row, dry=dry)


@dataclass(frozen=True, slots=True)
class Given:
    """An answer to a question of a lab, `predict` or `quiz`: the number of the choice, counted from 0."""

    question: str
    choice: int


async def answer(
    emulator: Emulator, tenant: Tenant, *, name: str, given: Given, language: Language = Language.ENGLISH
) -> tuple[Choice, bool]:
    """Answer the first or the last question of a lab. Return the choice, and whether it is told that it is right or
    wrong.
    """
    stage = await stage_of(emulator, tenant, name=name, language=language)
    choice, question = given.choice, given.question
    choices = question_of(stage.lab, question).choices
    if not 0 <= choice < len(choices):
        raise Invalid(f"The question has the choices 1 to {len(choices)}.", target="choice")
    member = "predicted" if question == PREDICT else "answered"

    def note(progress: Progress) -> Progress:
        chosen = getattr(progress, member)
        return progress if choice in chosen else replace(progress, **{member: (*chosen, choice)})

    await emulator.runner.run(tenant, _note, name, change=note)
    event = SeatEvent.PREDICTED if question == PREDICT else SeatEvent.ANSWERED
    await seats.note(emulator, tenant, event=event, lab=name, text=choices[choice].text, right=choices[choice].right)
    return choices[choice], Progress.of(stage.run).is_told(question, stage.lab)


def question_of(lab: Lab, question: str) -> Question:
    """Return a question of a lab. Raises NotFound."""
    known = {PREDICT: lab.predict, QUIZ: lab.quiz}
    if question not in known:
        raise NotFound(f"A lab has the questions {PREDICT} and {QUIZ}, not '{question[:40]}'.")
    return known[question]


async def check(emulator: Emulator, tenant: Tenant, *, name: str, step: int | None = None) -> list[CheckedStep]:
    """Check one step, or all. A step that has passed stays passed. Changes nothing else."""
    stage = await _present(emulator, tenant, name=name)
    numbers = range(len(stage.lab.steps)) if step is None else [_number(stage.lab, step)]
    checked = [await _checked(stage, number) for number in numbers]
    english = catalogue(Language.ENGLISH, DOMAIN)
    missed = [
        checks.in_words(outcome, english).saw
        for step in checked
        if not step.passed
        for outcome in step.outcomes
        if not outcome.passed
    ]
    await seats.note(
        emulator,
        tenant,
        event=SeatEvent.CHECKED,
        lab=name,
        passed=[each.number + 1 for each in checked if each.passed],
        missed=[each.number + 1 for each in checked if not each.passed],
        saw="; ".join(missed),
    )
    return checked


async def _checked(stage: Stage, number: int) -> CheckedStep:
    """Check a step, and note that it has passed."""
    stage.matrices.clear()
    outcomes = [await checks.outcome(stage, act) for act in stage.lab.steps[number].check]
    before = number in Progress.of(stage.run).passed
    passes = all(outcome.passed for outcome in outcomes)
    if passes and not before:
        request = _last_change(stage.scene.emulator, stage.scene.tenant)
        await stage.scene.emulator.runner.run(
            stage.scene.tenant, _note_passed, stage.run, number=number, request=request
        )
    return CheckedStep(number, passes or before, tuple(outcomes))


def _last_change(emulator: Emulator, tenant: Tenant) -> str:
    """Return verb and path of the last request that was to change something in the tenant: of an administrator's
    program, or one that lets the lab do a step. Empty where none is recorded.
    """
    for exchange in emulator.wire.of(tenant.id).exchanges(newest_first=True):
        path = exchange.path
        if exchange.method in _CHANGING and path.startswith(_OF_ADMINISTRATORS) and not path.endswith(_OF_STUDENTS):
            return f"{exchange.method} {path}"[:_LONGEST_REQUEST]
    return ""


async def look_before_a_change(emulator: Emulator, tenant: Tenant) -> None:
    """Note the steps that are reached now, in their order, before somebody changes something in the tenant.

    Devices that are at work on the change before are waited for. Nothing is looked at where no lab is under way.
    """
    rows = await progress_of(emulator, tenant)
    row = newest_run(rows)
    if row is None:
        return
    with suppress(FauxtuneError):  # a broken lab, or a tenant that was deleted, has nothing to look at
        lab = await lab_named(emulator, row.lab)
        left = [number for number in range(len(lab.steps)) if number not in Progress.of(row).passed]
        if not left:
            return
        stage = stage_for(emulator, tenant, lab=lab, row=row)
        with suppress(TimeoutError):
            await asyncio.wait_for(devices.settle(stage.scene), _SETTLES)
        for number in left:
            if not (await _checked(stage, number)).passed:
                return
            await seats.note(
                emulator, tenant, event=SeatEvent.CHECKED, lab=row.lab, passed=[number + 1], missed=[], saw=""
            )


async def hint(
    emulator: Emulator, tenant: Tenant, *, name: str, step: int, language: Language = Language.ENGLISH
) -> Hint:
    """Give the next hint of a step; the last one again if there is no more."""
    stage = await stage_of(emulator, tenant, name=name, language=language)
    hints = step_of(stage.lab, step).hints
    given = min(dict(Progress.of(stage.run).hints).get(step, 0) + 1, len(hints))

    def note(progress: Progress) -> Progress:
        return replace(progress, hints=tuple({**dict(progress.hints), step: given}.items()))

    await emulator.runner.run(tenant, _note, name, change=note)
    await seats.note(emulator, tenant, event=SeatEvent.HINT, lab=name, step=step + 1, number=given)
    return Hint(given, len(hints), hints[given - 1])


async def solve(
    emulator: Emulator,
    tenant: Tenant,
    *,
    name: str,
    step: int | None = None,
    wrong: int | None = None,
    by: By = By.STUDENT,
) -> None:
    """Do what a step asks for, or all steps; `wrong`: go that wrong way of the step instead."""
    async with emulator.turns.across(_turn(tenant)):
        stage = await _present(emulator, tenant, name=name)
        if wrong is not None:
            ways = step_of(stage.lab, 0 if step is None else step).wrong
            if not 0 <= wrong < len(ways):
                raise NotFound(f"This step has {len(ways)} wrong ways.")
            await _carry_out(stage, ways[wrong].do)
        else:
            # What a step has reached may be undone by the next one.
            for number in range(len(stage.lab.steps)) if step is None else [_number(stage.lab, step)]:
                await _carry_out(stage, stage.lab.steps[number].do)
                await _checked(stage, number)
        await emulator.runner.run(stage.scene.tenant, _note_materials, name, stage=stage)
    done = None if step is None else step + 1
    await seats.note(emulator, tenant, event=SeatEvent.SOLVED, lab=name, step=done, is_wrong=wrong is not None, by=by)


async def _carry_out(stage: Stage, deeds: Sequence[Act]) -> None:
    """Carry out deeds, and wait after each until the devices have settled."""
    emulator = stage.scene.emulator
    for deed in deeds:
        # The deed before may have changed the tenant's clock or settings.
        stage.scene.tenant = await emulator.runner.tenant(stage.scene.tenant.id)
        await carry_out(stage, deed)
        await devices.settle(stage.scene)


def step_of(lab: Lab, number: int) -> Step:
    """Return a step of a lab, counted from 0. Raises NotFound."""
    return lab.steps[_number(lab, number)]


def _number(lab: Lab, number: int) -> int:
    if not 0 <= number < len(lab.steps):
        raise NotFound(f"The lab '{lab.name}' has the steps 1 to {len(lab.steps)}.")
    return number


def _note(tx: Transaction, name: str, *, change: Any) -> None:
    row = queries.run_of(tx.connection, tx.tenant.id, lab=name)
    if row is not None:
        changed = replace(row, progress=change(Progress.of(row)).document())
        queries.put_runs(tx.connection, [changed])


def _note_passed(tx: Transaction, looked_at: LabRunRow, *, number: int, request: str) -> None:
    """Note that a step has passed, unless the lab has begun again since it was looked at."""
    row = queries.run_of(tx.connection, tx.tenant.id, lab=looked_at.lab)
    if row is None or (row.number, row.started_at) != (looked_at.number, looked_at.started_at):
        return
    progress = Progress.of(row)
    passed = tuple(sorted({*progress.passed, number}))
    reached = ((number, Reached(iso(tx.now), request)), *progress.reached)
    progress = replace(progress, passed=passed, reached=tuple(dict(reversed(reached)).items()))
    queries.put_runs(tx.connection, [replace(row, progress=progress.document())])


def _note_materials(tx: Transaction, name: str, *, stage: Stage) -> None:
    row = queries.run_of(tx.connection, tx.tenant.id, lab=name)
    if row is not None and row.materials != stage.materials():
        queries.put_runs(tx.connection, [replace(row, materials=stage.materials())])


def _turn(tenant: Tenant) -> str:
    return f"lab of {tenant.id}"
