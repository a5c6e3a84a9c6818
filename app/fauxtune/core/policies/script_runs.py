"""A script on a device: when it is to run, and what follows from its results.

Source: Graph: deviceManagementScriptDeviceState, deviceHealthScriptDeviceState (runState, remediationState); Intune:
"Use Remediations to detect and fix support issues". Detection ends with 0 (no issue), 1 (an issue), or anything else
(an error of the script). An issue is remediated if the assignment says so, and then detection runs once more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from fauxtune.core.errors import Invalid

#: Characters of an output that are kept, unless the script says more.
LONGEST_OUTPUT = 2048


class RunState(StrEnum):
    """Graph's runState, as far as runs have it."""

    SUCCESS = "success"
    FAIL = "fail"
    SCRIPT_ERROR = "scriptError"
    PENDING = "pending"


class RemediationState(StrEnum):
    """Graph's remediationState."""

    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    SUCCESS = "success"
    FAILED = "remediationFailed"
    SCRIPT_ERROR = "scriptError"


class Part(StrEnum):
    """The part of a script that ran. A plain script has only itself."""

    SCRIPT = "script"
    DETECTION = "detection"
    REMEDIATION = "remediation"


@dataclass(frozen=True, slots=True)
class PartResult:
    """What one part brought: its exit code, and what it wrote to its two outputs."""

    part: Part
    exit_code: int
    output: str = ""
    error: str = ""

    def kept(self, longest: int = LONGEST_OUTPUT) -> PartResult:
        """Return what is kept of it, with so many characters of what it wrote."""
        return replace(self, output=self.output[:longest], error=self.error[:longest])


@dataclass(frozen=True, slots=True)
class Repeats:
    """When a script runs: once; after each `every`; daily at `at` with `every` as the days; or once `on` a day.

    A run that failed is tried `retries` times more, each after `retry_after`.
    """

    every: timedelta | None = None
    at: time | None = None
    on: date | None = None
    retries: int = 0
    retry_after: timedelta = timedelta(hours=1)

    def first(self, now: datetime) -> datetime:
        """Return when the first run is due."""
        if self.on is not None:
            return datetime.combine(self.on, self.at or time(), tzinfo=now.tzinfo)
        if self.at is None:
            return now
        today = datetime.combine(now.date(), self.at, tzinfo=now.tzinfo)
        return today if today >= now else today + timedelta(days=1)

    def after(self, now: datetime) -> datetime | None:
        """Return when the run after one at this moment is due; None: it does not run again."""
        if self.every is None:
            return None
        if self.at is None:
            return now + self.every
        today = datetime.combine(now.date(), self.at, tzinfo=now.tzinfo)
        # A device that was late keeps to the time of the day.
        last = today if today <= now else today - timedelta(days=1)
        return last + self.every


@dataclass(frozen=True, slots=True)
class WantedScript:
    """A script that reaches a device. `version`: what it says and when it runs; another one runs again."""

    id: str
    version: str
    repeats: Repeats
    first_part: Part = Part.SCRIPT
    remediates: bool = False
    longest_output: int = LONGEST_OUTPUT


@dataclass(frozen=True, slots=True)
class ScriptRun:
    """A script on a device. `number`: that of its next run; `attempts`: how often it failed in a row; `due_at`: None if
    it is not to run again; `results`: of its last run, with which `state` and `remediation` agree.
    """

    version: str
    number: int = 1
    attempts: int = 0
    state: RunState = RunState.PENDING
    remediation: RemediationState = RemediationState.UNKNOWN
    due_at: datetime | None = None
    ran_at: datetime | None = None
    remediated_at: datetime | None = None
    results: tuple[PartResult, ...] = ()

    def is_due(self, now: datetime) -> bool:
        """Whether the device is to run it now."""
        return self.due_at is not None and self.due_at <= now


#: The version of a run that somebody wants once on one device, without an assignment.
ON_DEMAND = "on demand"


def planned(wanted: WantedScript, before: ScriptRun | None, *, now: datetime) -> ScriptRun:
    """Return the script on the device from now on: as it was, or to be run if it is new or another one."""
    if before is not None and before.version == wanted.version:
        return before
    number, due_at = 1, wanted.repeats.first(now)
    if before is not None:
        number = before.number
        due_at = before.due_at if before.version == ON_DEMAND and before.due_at else due_at
    return ScriptRun(wanted.version, number=number, due_at=due_at)


def next_part(done: Sequence[PartResult], wanted: WantedScript) -> Part | None:
    """Return the part that follows after these results; None if the run is complete."""
    if not done:
        return wanted.first_part
    last = done[-1]
    if last.part is Part.DETECTION and len(done) == 1 and last.exit_code == 1 and wanted.remediates:
        return Part.REMEDIATION
    return Part.DETECTION if last.part is Part.REMEDIATION and last.exit_code == 0 else None


def after_run(run: ScriptRun, wanted: WantedScript, *, results: Sequence[PartResult], now: datetime) -> ScriptRun:
    """Return the script after a run. Raises Invalid for results that no run of it can have."""
    _check(results, wanted)
    state, remediation = detected(results[0]), remediated(results, remediates=wanted.remediates)
    failed = state is not RunState.SUCCESS and wanted.first_part is Part.SCRIPT
    again = failed and run.attempts < wanted.repeats.retries
    return ScriptRun(
        version=run.version,
        number=run.number + 1,
        attempts=run.attempts + 1 if again else 0,
        state=state,
        remediation=remediation,
        due_at=now + wanted.repeats.retry_after if again else wanted.repeats.after(now),
        ran_at=now,
        remediated_at=now if remediation is RemediationState.SUCCESS else run.remediated_at,
        results=tuple(result.kept(wanted.longest_output) for result in results),
    )


def detected(result: PartResult) -> RunState:
    """Return the state that the first part's result stands for."""
    if result.exit_code == 0:
        return RunState.SUCCESS
    return RunState.FAIL if result.part is Part.SCRIPT or result.exit_code == 1 else RunState.SCRIPT_ERROR


def remediated(results: Sequence[PartResult], *, remediates: bool) -> RemediationState:
    """Return the state of the remediation in a complete run. Unverified: it is unknown where there was no issue."""
    match [(result.part, result.exit_code) for result in results]:
        case [(Part.DETECTION, 1)] if not remediates:
            return RemediationState.SKIPPED
        case [_, (Part.REMEDIATION, _)]:
            return RemediationState.SCRIPT_ERROR
        case [_, _, (_, code)]:
            return RemediationState.SUCCESS if code == 0 else RemediationState.FAILED
        case _:
            return RemediationState.UNKNOWN


def _check(results: Sequence[PartResult], wanted: WantedScript) -> None:
    for number, result in enumerate(results):
        expected = next_part(results[:number], wanted)
        if result.part is not expected:
            follows = f"the {expected}" if expected is not None else "nothing"
            raise Invalid(f"After {number} results of '{wanted.id}' {follows} follows, not the {result.part}.")
    if next_part(results, wanted) is not None:
        raise Invalid(f"The run of '{wanted.id}' is not complete after {len(results)} results.")
