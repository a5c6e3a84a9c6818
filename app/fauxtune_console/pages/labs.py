"""Labs: the list, and the page of one, with its questions, its steps in three ways, its checks and its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias
from urllib.parse import quote

from fastapi import Response
from starlette.datastructures import FormData

from fauxtune.core.administration import labs as tasks
from fauxtune.core.administration.state import sentences
from fauxtune.core.errors import NotFound
from fauxtune.core.language.catalogue import Message, catalogue, joined, say
from fauxtune.core.language.recognition import recogniser
from fauxtune.operations.tenants.snapshots import what_restoring_changes
from fauxtune.storage.queries.connectors import connector_rows
from fauxtune_console.call import TenantCall, whole_number
from fauxtune_console.tasks import Snippet, snippets, task_page
from fauxtune_console.templating import DOMAINS
from fauxtune_labs.core.lab import Choice, Lab, Question
from fauxtune_labs.operations.labs import runs
from fauxtune_labs.operations.labs.checks import OutcomeText, in_words
from fauxtune_labs.operations.labs.runs import CheckedStep
from fauxtune_labs.operations.labs.texts import DOMAIN, lab_named
from fauxtune_labs.operations.labs.views import LabState, StepView, Way, file_named, lab_lines, lab_view


@dataclass(frozen=True, slots=True)
class WayLine:
    """A way on the page: `address` of its page of the console, empty without one."""

    way: Way
    address: str


@dataclass(frozen=True, slots=True)
class StepPart:
    """A step on the page. `checked` is None until it was asked for."""

    number: int
    passed: bool
    do: list[WayLine]
    look: list[WayLine]
    requests: list[Snippet]
    hints: tuple[str, ...]
    checked: list[OutcomeText] | None


@dataclass(frozen=True, slots=True)
class QuestionPart:
    """A question on the page, with the choices that were taken so far; `is_told`: whether it says which are right."""

    name: str
    question: Question
    chosen: tuple[int, ...]
    right: bool
    is_told: bool

    @property
    def answers(self) -> list[tuple[int, Choice, bool]]:
        """The choices with their numbers, and whether each was taken."""
        return [(number, choice, number in self.chosen) for number, choice in enumerate(self.question.choices)]


Checked: TypeAlias = "Mapping[int, CheckedStep]"


async def labs(call: TenantCall) -> Response:
    """Show all labs, with what was done in this tenant."""
    language = call.language
    lines = await lab_lines(call.emulator, call.tenant, language=language)
    return call.page("labs.html", lines=lines)


async def lab(call: TenantCall) -> Response:
    """Show one lab."""
    return await _page(call)


async def press(call: TenantCall) -> Response:
    """Answer a question, check or help with a step, do it, or begin again: what the form's button says."""
    form = await call.form()
    name, do = _name(call), str(form.get("do", ""))
    step = _number(form, "step")
    match do:
        case "answer":
            return await _answer(call, form, name=name)
        case "check":
            checked = await runs.check(call.emulator, call.tenant, name=name, step=step)
            return await _page(call, checked={each.number: each for each in checked})
        case "hint":
            await runs.hint(call.emulator, call.tenant, name=name, step=0 if step is None else step)
            return call.back("labs", name, done=_say(call, say("The hint stands below the step.")))
        case "solve":
            wrong = _number(form, "wrong")
            await runs.solve(call.emulator, call.tenant, name=name, step=step, wrong=wrong)
            return call.back("labs", name, done=_say(call, say("It is done. Check it now.")))
        case "reset":
            await runs.reset(call.emulator, call.tenant, name=name)
            return call.back("labs", name, done=_say(call, say("The tenant is as it was when the lab began.")))
        case _:
            raise NotFound("A lab has no such button.")


async def ask_start(call: TenantCall) -> Response:
    """Say what a start changes."""
    chosen = await lab_named(call.emulator, _name(call), language=call.language)
    starts = recogniser(call.language, "starts")
    preview = await what_restoring_changes(call.emulator, call.tenant, name=None)
    return task_page(
        call,
        [tasks.start_lab(chosen.name)],
        title=_say(call, say("Start the lab “%(title)s”", title=chosen.title)),
        sentence="The tenant begins again, and is then prepared for the lab. " + " ".join(sentences(preview.changes)),
        points=(
            *(f"{starts.translated(f'{each[0].upper()}{each[1:]}')}." for each in chosen.start),
            "Other tenants notice nothing. Snapshots stay, and so does what was done in other labs.",
        ),
        button="Start",
        back=call.url("labs"),
        danger=bool(preview.changes),
    )


async def start(call: TenantCall) -> Response:
    """Start a lab."""
    await call.form()
    name = _name(call)
    await runs.start(call.emulator, call.tenant, name=name)
    title = (await lab_named(call.emulator, name, language=call.language)).title
    return call.back("labs", name, done=_say(call, say("The lab “%(title)s” has begun.", title=title)))


async def file(call: TenantCall) -> Response:
    """Return a file of a lab."""
    name = str(call.request.path_params["name"])
    stage = await runs.stage_of(call.emulator, call.tenant, name=_name(call))
    disposition = f"attachment; filename*=UTF-8''{quote(name)}"
    content = await file_named(stage, name)
    return Response(content, media_type="application/octet-stream", headers={"content-disposition": disposition})


async def _answer(call: TenantCall, form: FormData, *, name: str) -> Response:
    number, question = _number(form, "choice"), str(form.get("question", ""))
    if number is not None:
        await runs.answer(call.emulator, call.tenant, name=name, given=runs.Given(question, number))
    done = say("Choose one of the answers.") if number is None else say("Your answer is noted.")
    return call.back("labs", name, done=_say(call, done))


async def _page(call: TenantCall, *, checked: Checked | None = None) -> Response:
    # What the form has done may have changed the tenant, which the frame of the page shows.
    now = replace(
        call,
        tenant=await call.emulator.runner.tenant(call.tenant.id),
        connectors=await call.read(connector_rows, call.tenant.id),
    )
    language = call.language
    words, checked = catalogue(language, DOMAIN), checked or {}
    view = await lab_view(now.emulator, now.tenant, name=_name(call), language=language)
    progress, steps = view.progress, view.steps or tuple(StepView((), ()) for _ in view.lab.steps)
    hints = dict(progress.hints)
    parts = [
        StepPart(
            number=number,
            passed=number in progress.passed,
            do=[_line(now, way) for way in step.do],
            look=[_line(now, way) for way in step.look],
            requests=snippets(now, [request for way in step.do for request in way.requests]),
            hints=view.lab.steps[number].hints[: hints.get(number, 0)],
            checked=[in_words(outcome, words) for outcome in checked[number].outcomes] if number in checked else None,
        )
        for number, step in enumerate(steps)
    ]
    return now.page(
        "lab.html",
        view=view,
        lab=view.lab,
        is_new=view.state in {LabState.NEW, LabState.OTHER_EDITION},
        predict=_question(runs.PREDICT, view.lab, progress=progress),
        quiz=_question(runs.QUIZ, view.lab, progress=progress),
        steps=parts,
        missing=progress.missing(view.lab),
        all_passed=len(progress.passed) == len(view.lab.steps),
    )


def _question(name: str, lab: Lab, *, progress: runs.Progress) -> QuestionPart:
    question, chosen, is_told = runs.question_of(lab, name), progress.chosen(name), progress.is_told(name, lab)
    return QuestionPart(name, question, chosen, is_told and question.is_right(chosen), is_told)


def _line(call: TenantCall, way: Way) -> WayLine:
    return WayLine(way, call.url(*way.page, **way.query) if way.page else "")


def _say(call: TenantCall, message: Message) -> str:
    return str(joined(call.language, *DOMAINS).render(message))


def _name(call: TenantCall) -> str:
    return str(call.request.path_params["lab"])


def _number(form: FormData, name: str) -> int | None:
    return whole_number(str(form.get(name, "")))
