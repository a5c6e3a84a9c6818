"""Labs: listed, started, answered, checked, solved and reset in a tenant, and their files; what is answered on them.

Questions, steps and choices are numbered from 1.
"""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import quote, urlencode

from fastapi import Response
from pydantic import Field

from fauxtune.core.language.catalogue import catalogue
from fauxtune.core.model.tenants import Edition
from fauxtune.surfaces.control.access import Here, TenantCall, calls
from fauxtune.surfaces.control.bodies import Answer, Body, Listed
from fauxtune_labs.core.lab import Choice, Question
from fauxtune_labs.operations.labs import runs
from fauxtune_labs.operations.labs.checks import in_words
from fauxtune_labs.operations.labs.runs import Progress, stage_of
from fauxtune_labs.operations.labs.texts import DOMAIN
from fauxtune_labs.operations.labs.views import (
    LabLine,
    LabState,
    LabView,
    StepView,
    Way,
    file_named,
    lab_lines,
    lab_view,
    missing_now,
)

# The bodies of the control surface on labs, in: questions, steps and choices are numbered from 1.


class ListedLab(Answer):
    """A lab. `state`: in this tenant; `edition`: the only one in which it can be played; `objective`: what of an exam
    it practises; `problem`: what is wrong with its file, then nothing else is known.
    """

    name: str
    title: str
    minutes: int
    idea: str
    state: LabState
    passed: int = Field(description="steps that were passed")
    steps: int
    edition: Edition | None = None
    objective: str | None = None
    problem: str | None = None


class LabChoice(Answer):
    """An answer to a question. `why` and `right` are told when it was chosen; of the first question not before step 1
    has passed, so that somebody looks who has predicted.
    """

    number: int
    text: str
    chosen: bool
    right: bool | None = None
    why: str | None = None


class LabQuestion(Answer):
    """A question of a lab."""

    text: str
    choices: list[LabChoice]


class LabRequest(Answer):
    """A request that a deed stands for. `service`: `graph` below /beta, `control` below the tenant. `headers`: those
    of an approval.
    """

    service: str
    method: str
    path: str
    body: dict[str, Any] | None = None
    headers: dict[str, str]
    notes: list[str]


class LabWay(Answer):
    """How something is done: by a command, on a page of the console, by requests."""

    meaning: str
    command: str
    page: str | None
    requests: list[LabRequest]
    problem: str | None = None


class LabWrongWay(Answer):
    """A way that does not lead to the aim of a step. `says`: what a check of the step sees then, or a part of it."""

    text: str
    says: str


class LabStep(Answer):
    """A step. `hints`: those that were given; `passed_date_time`: when it was first seen to have passed, and `request`:
    the last one that changed something before, where it was recorded.
    """

    number: int
    title: str
    text: str
    passed: bool
    passed_date_time: str | None = None
    request: str | None = None
    hints: list[str]
    do: list[LabWay]
    look: list[LabWay]
    wrong: list[LabWrongWay]


class LabProof(Answer):
    """Commands over files of the lab. `prints`: what the last one prints; `hides`: what it does not print; `fails`: it
    is to fail.
    """

    text: str
    files: list[str]
    run: list[str]
    prints: list[str]
    hides: list[str]
    fails: bool


class Lab(Answer):
    """A lab, whole, with what was done in this tenant. `edition`: the only one in which it can be played;
    `objective`: what of an exam it practises; `files`: those that can be fetched.
    """

    name: str
    title: str
    minutes: int
    idea: str
    story: str
    state: LabState
    edition: Edition | None = None
    objective: str | None = None
    predict: LabQuestion
    steps: list[LabStep]
    proofs: list[LabProof]
    quiz: LabQuestion
    files: list[str]


class LabOutcome(Answer):
    """The outcome of a check."""

    passed: bool
    looked: str = Field(description="what was looked at")
    saw: str
    expected: str


class CheckedLabStep(Answer):
    """A step with the outcomes of its checks."""

    number: int
    title: str
    passed: bool
    checks: list[LabOutcome]


class CheckedLab(Answer):
    """What was checked. `done`: the lab is at its end; `missing`: what else it needs, in words."""

    done: bool
    missing: list[str]
    steps: list[CheckedLabStep]


class LabHint(Answer):
    """A hint: the `number`-th of so many of the step."""

    number: int
    of: int
    text: str


_MOST = 20


class LabAnswer(Body):
    """An answer to the first question of a lab, or to the last."""

    question: Literal["predict", "quiz"]
    choice: int = Field(ge=1, le=_MOST, strict=True)


class LabStepNumber(Body):
    """A step of a lab; without a number all."""

    step: int | None = Field(default=None, ge=1, le=_MOST, strict=True)


class LabHintWanted(Body):
    """The step for which a hint is wanted."""

    step: int = Field(ge=1, le=_MOST, strict=True)


class LabSolution(Body):
    """What is done: a step, or all of them; or a wrong way of a step, by its number."""

    step: int | None = Field(default=None, ge=1, le=_MOST, strict=True)
    wrong: int | None = Field(default=None, ge=1, le=_MOST, strict=True)


router = calls("/tenants/{tenant}/labs", tag="labs")


@router.get("", summary="List the labs")
async def list_labs(here: Here) -> Listed[ListedLab]:
    """In the order in which they are taught, with what was done in this tenant. Texts of labs are in the language that
    the caller prefers (Accept-Language: en, it).
    """
    return Listed(
        value=[_line(lab_line) for lab_line in await lab_lines(here.emulator, here.tenant, language=here.language)]
    )


@router.get("/{lab}", summary="Get a lab, with its steps and what was done")
async def get_lab(here: Here, lab: str) -> Lab:
    """Each step with its ways: the command, the page of the console, the requests. Before the start it has no ways."""
    return await _seen(here, lab)


@router.post("/{lab}/start", summary="Start a lab")
async def start_lab(here: Here, lab: str) -> Lab:
    """The tenant gets its first state, then that of the lab: what is in it is lost."""
    await runs.start(here.emulator, here.tenant, name=lab)
    return await _seen(here, lab)


@router.post("/{lab}/answer", summary="Answer the first or the last question of a lab")
async def answer_lab(here: Here, lab: str, body: LabAnswer) -> LabChoice:
    """Whether it is right, and why; of a prediction that is told when the step has passed that shows it."""
    given = runs.Given(body.question, body.choice - 1)
    choice, is_told = await runs.answer(here.emulator, here.tenant, name=lab, given=given, language=here.language)
    return _choice(choice, number=body.choice, chosen=True, is_told=is_told)


@router.post("/{lab}/check", summary="Check a step of a lab, or all")
async def check_lab(here: Here, lab: str, body: LabStepNumber | None = None) -> CheckedLab:
    """What each check looked at, what it saw, and what it expected. A step that has passed stays passed."""
    step = None if body is None or body.step is None else body.step - 1
    checked = await runs.check(here.emulator, here.tenant, name=lab, step=step)
    known, rest = await missing_now(here.emulator, here.tenant, name=lab, language=here.language)
    words = catalogue(here.language, DOMAIN)
    return CheckedLab(
        done=not rest,
        missing=[words.render(message) for message in rest],
        steps=[
            CheckedLabStep(
                number=each.number + 1,
                title=known.steps[each.number].title,
                passed=each.passed,
                checks=[LabOutcome.from_value(in_words(outcome, words)) for outcome in each.outcomes],
            )
            for each in checked
        ],
    )


@router.post("/{lab}/hint", summary="Get the next hint of a step")
async def hint_lab(here: Here, lab: str, body: LabHintWanted) -> LabHint:
    """A step has three; the last one comes again."""
    given = await runs.hint(here.emulator, here.tenant, name=lab, step=body.step - 1, language=here.language)
    return LabHint.from_value(given)


@router.post("/{lab}/solve", summary="Do what a step of a lab asks for, or all steps")
async def solve_lab(here: Here, lab: str, body: LabSolution | None = None) -> Lab:
    """With `wrong` the wrong way of this number is gone instead."""
    body = body or LabSolution()
    step = None if body.step is None else body.step - 1
    wrong = None if body.wrong is None else body.wrong - 1
    await runs.solve(here.emulator, here.tenant, name=lab, step=step, wrong=wrong)
    return await _seen(here, lab)


@router.post("/{lab}/reset", summary="Give the tenant the state in which the lab began")
async def reset_lab(here: Here, lab: str) -> Lab:
    """Whatever has become of it: what was deleted is back, and the clock shows its time again. Answers stay."""
    await runs.reset(here.emulator, here.tenant, name=lab)
    return await _seen(here, lab)


@router.get(
    "/{lab}/files/{name}/raw",
    summary="Get a file of a lab",
)
async def get_lab_file(here: Here, lab: str, name: str) -> Response:
    """Mail, keys of simulated devices, certificates and lists, as they are now. 409 for one that is not there yet."""
    stage = await stage_of(here.emulator, here.tenant, name=lab)
    return Response(await file_named(stage, name), media_type="application/octet-stream")


async def _seen(here: TenantCall, name: str) -> Lab:
    view = await lab_view(here.emulator, here.tenant, name=name, language=here.language)
    lab, progress = view.lab, view.progress
    return Lab.from_value(
        lab,
        state=view.state,
        predict=_question(lab.predict, progress.predicted, is_told=progress.is_told(runs.PREDICT, lab)),
        steps=[_step(here, view, number) for number in range(len(lab.steps))],
        proofs=[LabProof.from_value(proof, files=[file.words["name"] for file in proof.files]) for proof in lab.proofs],
        quiz=_question(lab.quiz, progress.answered, is_told=True),
        files=[*view.files],
    )


def _line(line: LabLine) -> ListedLab:
    lab = line.lab
    return ListedLab(
        name=line.name,
        title=line.name if lab is None else lab.title,
        minutes=0 if lab is None else lab.minutes,
        idea="" if lab is None else lab.idea,
        state=line.state,
        passed=line.passed,
        steps=0 if lab is None else len(lab.steps),
        edition=None if lab is None else lab.edition,
        objective=None if lab is None else lab.objective,
        problem=line.problem or None,
    )


def _question(question: Question, chosen: tuple[int, ...], *, is_told: bool) -> LabQuestion:
    return LabQuestion(
        text=question.text,
        choices=[
            _choice(choice, number=number + 1, chosen=number in chosen, is_told=is_told)
            for number, choice in enumerate(question.choices)
        ],
    )


def _choice(choice: Choice, *, number: int, chosen: bool, is_told: bool) -> LabChoice:
    right, why = (choice.right, choice.why) if chosen and is_told else (None, None)
    return LabChoice(number=number, text=choice.text, chosen=chosen, right=right, why=why)


def _step(here: TenantCall, view: LabView, number: int) -> LabStep:
    step, progress = view.lab.steps[number], view.progress
    reached = dict(progress.reached).get(number)
    ways = view.steps[number] if view.steps else StepView((), ())
    return LabStep.from_value(
        step,
        number=number + 1,
        passed=number in progress.passed,
        passed_date_time=None if reached is None else reached.at,
        request=None if reached is None else reached.request or None,
        hints=[*step.hints[: _hints(progress, number)]],
        do=[_way(here, way) for way in ways.do],
        look=[_way(here, way) for way in ways.look],
    )


def _hints(progress: Progress, step: int) -> int:
    return dict(progress.hints).get(step, 0)


def _way(here: TenantCall, way: Way) -> LabWay:
    page = None
    if way.page:
        path = "/".join(quote(part, safe="") for part in ("console", here.tenant.name, *way.page))
        page = f"/{path}?{urlencode(way.query)}" if way.query else f"/{path}"
    return LabWay.from_value(way, meaning=catalogue(here.language, DOMAIN).gettext(way.meaning), page=page)
