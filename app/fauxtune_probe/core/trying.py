"""How an expectation is tried: a generator that yields requests and is sent answers. It knows no network.

Nothing is changed that the run did not make: a request that changes something is sent only if every name in its path
is of something made by the same expectation. What was made is listed in `Run.creations` and deleted by `cleaning`.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import quote, urlsplit

from fauxtune_probe.core.checks import Status, at, has, said
from fauxtune_probe.core.model import (
    Answer,
    Deviation,
    Expectation,
    NothingThere,
    Outcome,
    Request,
    Step,
    Verdict,
)
from fauxtune_probe.core.texts import SOURCES, Source, filled_body, filled_path, masked, names, names_of
from fauxtune_probe.core.typed import Typed

Trial: TypeAlias = Generator[Request, Answer, Outcome]
Requests: TypeAlias = Generator[Request, Answer, None]

#: An id that nothing has.
ABSENT = "00000000-0000-4000-8000-000000000000"
#: Answers that say something about the moment, not about the service.
_PASSING = (429, 500, 502, 503, 504)
_NO_INTUNE = "not applicable to target tenant"
#: The path of a step that follows the link of the page before.
_NEXT = "{next}"
#: What is always there for `{name}`.
_FIXED = {"absent": ABSENT}


class NotTried(Exception):
    """An expectation cannot be tried; the text says why."""


@dataclass(slots=True)
class Run:
    """What a run knows.

    `prefix`: begins the names of what it makes; `password`: that of the users among them. `signed_in_as`: "user" or
    "application". `emulator`: Fauxtune is probed; `faithful`: with its switch `graph.faithfulQuery`; `of_today`: with a
    tenant that behaves like Intune of today. `refused`: why no further request makes sense. `creations`: paths of what
    was made and still exists. `left`: those that could not be deleted.
    """

    prefix: str
    password: str = ""
    writes: bool = False
    signed_in_as: str = "application"
    faithful: bool = True
    emulator: bool = False
    of_today: bool = True
    refused: str = ""
    creations: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    answers: dict[tuple[str, str], Answer] = field(default_factory=dict)


def trying(expectation: Expectation, *, version: str, run: Run) -> Trial:
    """Try an expectation in one version, and delete what it made."""
    values = {**_FIXED, "prefix": run.prefix, "password": run.password}
    own: set[str] = set()
    deviations: list[Deviation] = []
    notes: list[str] = []
    try:
        _check_possible(expectation, run)
        yield from _given(expectation, version=version, run=run, values=values)
        for step in expectation.steps:
            answer = yield _request(step, version=version, values=values, own=own)
            _note_made(step, answer, version=version, run=run, values=values)
            _check_tried(step, answer, needs=expectation.needs, run=run)
            deviations += _deviations(step, answer, values=values)
            notes += [note for check in step.checks if isinstance(check, Typed) for note in check.notes(answer)]
            if deviations:
                break  # later steps stand on this one
            own |= _keep(step, answer, values=values)
        verdict, why = (Verdict.DIFFERS if deviations else Verdict.CONFIRMED), ""
    except (NotTried, NothingThere) as reason:
        missing = isinstance(reason, NothingThere)
        verdict, why = Verdict.NOT_TRIED, f"the tenant does not have {reason}" if missing else str(reason)
    yield from cleaning(run)
    return Outcome(expectation.id, version, verdict, why, tuple(deviations), tuple(dict.fromkeys(notes)))


def cleaning(run: Run) -> Requests:
    """Delete what was made, the last thing first. What cannot be deleted is listed in `run.left`."""
    while run.creations:
        path = run.creations.pop()
        answer = yield Request("DELETE", path, line="DELETE, to clean up")
        if answer.status not in (200, 202, 204, 404):
            run.left.append(path)


def _check_possible(expectation: Expectation, run: Run) -> None:
    """Raise NotTried for what this run cannot try, whatever is in the tenant."""
    if run.refused:
        raise NotTried(run.refused)
    if expectation.writes and not run.writes:
        raise NotTried("it changes things in the tenant: only with --write")
    if expectation.signed_in_as and expectation.signed_in_as != run.signed_in_as:
        raise NotTried(f"only a signed-in {expectation.signed_in_as} can try it")
    if expectation.differs_here and run.emulator:
        raise NotTried(f"the emulator is known to differ: {expectation.differs_here}")
    if expectation.of_today and not run.of_today:
        raise NotTried("the tenant behaves like Intune of 2020")
    if expectation.faithful and not run.faithful:
        raise NotTried("the tenant's switch graph.faithfulQuery is off")


def _given(expectation: Expectation, *, version: str, run: Run, values: dict[str, str]) -> Requests:
    """Find the things of the tenant that the expectation names. Raises NotTried, or NothingThere without them."""
    kept = {name for step in expectation.steps for name in step.keeps}
    wanted = [name for step in expectation.steps for name in names_of(step)]
    for name in dict.fromkeys((*expectation.given, *wanted)):
        if name in values or name in kept:
            continue
        source = SOURCES[name]
        answer = yield from _source(source, version="beta" if source.beta_only else version, run=run)
        value = _taken(answer.document, source)
        if not isinstance(value, str) or not value:
            raise NothingThere(source.words)
        values[name] = value


def _taken(document: object, source: Source) -> object:
    """Return the value of the tenant at the place that a source names."""
    every, star, rest = source.place.partition("/*/")
    if not star:
        return at(document, source.place)
    elements = at(document, every)
    for element in elements if isinstance(elements, list) else ():
        if at(element, source.having) and has(element, source.having):
            return at(element, rest)
    return None


def _source(source: Source, *, version: str, run: Run) -> Generator[Request, Answer, Answer]:
    known = run.answers.get((version, source.path))
    if known is None:
        path = f"/{version}{filled_path(source.path, {})}"
        known = yield Request("GET", path, line=f"GET {source.path}")
        run.answers[version, source.path] = known
    if known.status != 200 or known.document is None:
        raise NotTried(
            _why_not(known, needs=(source.needs,), run=run) or f"no {source.words} can be read: {said(known)}"
        )
    return known


def _request(step: Step, *, version: str, values: dict[str, str], own: set[str]) -> Request:
    """Return the request of a step. Raises AssertionError for one that would change what the run did not make."""
    strangers = set(names(step.path.partition("?")[0])) - own - _FIXED.keys()
    if step.changes and strangers:
        raise AssertionError(f"{step.line} would change what the probe did not make: {', '.join(sorted(strangers))}")
    place = filled_path(step.path, values) if step.path != _NEXT else _below_host(values["next"])
    return Request(
        step.method,
        place if step.of_host or step.path == _NEXT else f"/{version}{place}",
        headers={name: filled_body(value, values) for name, value in step.headers.items()},
        body=filled_body(step.body, values),
        content=step.content,
        signed=step.signed,
        line=step.line,
    )


def _below_host(link: str) -> str:
    """Return the path and options of a link: it is followed at the service that was called, never elsewhere."""
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _note_made(step: Step, answer: Answer, *, version: str, run: Run, values: dict[str, str]) -> None:
    """Write down what a step made, expected or not, and cross out what it deleted."""
    path = f"/{version}{filled_path(step.path, values).partition('?')[0]}"
    if step.method == "DELETE" and answer.status == 204 and path in run.creations:
        run.creations.remove(path)
    id_ = at(answer.document, "id")
    if step.changes and step.method == "POST" and answer.status in (200, 201) and isinstance(id_, str) and id_:
        run.creations.append(f"{path}/{quote(id_, safe='@')}")


def _check_tried(step: Step, answer: Answer, *, needs: tuple[str, ...], run: Run) -> None:
    """Raise NotTried for an answer that says nothing about the expectation."""
    if any(isinstance(check, Status) and check.deviation(answer, {}) is None for check in step.checks):
        return
    why = _why_not(answer, needs=needs, run=run) if step.signed or answer.problem else ""
    if why:
        raise NotTried(why)


def _why_not(answer: Answer, *, needs: tuple[str, ...], run: Run) -> str:
    if answer.problem:
        return answer.problem
    if answer.status == 401:
        run.refused = f"the token is not accepted: {said(answer)}"
        return run.refused
    if answer.status == 403:
        return f"no permission; it needs {' and '.join(needs) or 'another permission'}"
    if _NO_INTUNE in str(at(answer.document, "error/message")):
        return "the tenant has no Intune: no licence, or no MDM authority"
    if answer.status in _PASSING:
        return f"the service answered {said(answer)}"
    return ""


def _deviations(step: Step, answer: Answer, *, values: dict[str, str]) -> list[Deviation]:
    result = []
    for check in step.checks:
        observed = check.deviation(answer, values)
        if observed is not None:
            result.append(Deviation(step.line, check.expects(values), masked(observed)))
    return result


def _keep(step: Step, answer: Answer, *, values: dict[str, str]) -> set[str]:
    """Keep parts of the answer by their names. Raises NothingThere without them. Returns those that the run made."""
    for name, place in step.keeps.items():
        if not has(answer.document, place):
            raise NothingThere(f"{place} in the answer to {step.line}")
        values[name] = str(at(answer.document, place))
    return set(step.keeps) if step.changes and step.method == "POST" else set()
