"""When a script runs on a device, and what its results stand for, against a second reading of the documents."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fauxtune.core.errors import Invalid
from fauxtune.core.policies.script_runs import (
    Part,
    PartResult,
    RemediationState,
    Repeats,
    RunState,
    ScriptRun,
    WantedScript,
    after_run,
    next_part,
    planned,
)

NOW = datetime(2026, 11, 27, 10, tzinfo=UTC)
CODES = st.sampled_from([0, 1, 2, -1])
#: Detection, remediation, and detection after it, as Microsoft's pages say what each stands for.
OUTCOMES = {
    (0,): (RunState.SUCCESS, RemediationState.UNKNOWN),
    (1,): (RunState.FAIL, RemediationState.SKIPPED),
    (2,): (RunState.SCRIPT_ERROR, RemediationState.UNKNOWN),
    (1, 0, 0): (RunState.FAIL, RemediationState.SUCCESS),
    (1, 0, 1): (RunState.FAIL, RemediationState.FAILED),
    (1, 0, 2): (RunState.FAIL, RemediationState.FAILED),
    (1, 1): (RunState.FAIL, RemediationState.SCRIPT_ERROR),
}


def results_of(codes: tuple[int, ...]) -> list[PartResult]:
    parts = (Part.DETECTION, Part.REMEDIATION, Part.DETECTION)
    return [PartResult(part, code) for part, code in zip(parts, codes, strict=False)]


@pytest.mark.parametrize("codes", OUTCOMES)
def test_the_exit_codes_of_a_remediation_stand_for_its_states(codes: tuple[int, ...]) -> None:
    wanted = WantedScript("fix", "1", Repeats(), first_part=Part.DETECTION, remediates=codes != (1,))
    run = after_run(ScriptRun("1"), wanted, results=results_of(codes), now=NOW)
    assert (run.state, run.remediation) == OUTCOMES[codes]
    assert (run.remediated_at is not None) is (run.remediation is RemediationState.SUCCESS)


@given(st.lists(st.tuples(st.sampled_from(Part), CODES), max_size=4), st.booleans())
def test_a_report_is_taken_exactly_if_each_part_follows_from_those_before(
    parts: list[tuple[Part, int]], remediates: bool
) -> None:
    wanted = WantedScript("fix", "1", Repeats(), first_part=Part.DETECTION, remediates=remediates)
    results = [PartResult(part, code) for part, code in parts]
    codes = [code for _part, code in parts]
    complete = 1
    if codes[:1] == [1] and remediates:
        complete = 3 if codes[1:2] == [0] else 2
    is_right = (
        len(parts) == complete
        and [part for part, _ in parts]
        == [
            Part.DETECTION,
            Part.REMEDIATION,
            Part.DETECTION,
        ][:complete]
    )
    if is_right:
        assert after_run(ScriptRun("1"), wanted, results=results, now=NOW).number == 2
    else:
        with pytest.raises(Invalid):
            after_run(ScriptRun("1"), wanted, results=results, now=NOW)


def test_a_daily_script_keeps_to_its_time() -> None:
    daily = Repeats(every=timedelta(days=2), at=time(9))
    assert daily.first(NOW) == datetime(2026, 11, 28, 9, tzinfo=UTC)
    assert daily.first(NOW.replace(hour=9)) == NOW.replace(hour=9)
    assert daily.after(datetime(2026, 11, 28, 9, 30, tzinfo=UTC)) == datetime(2026, 11, 30, 9, tzinfo=UTC)
    late = datetime(2026, 11, 29, 3, tzinfo=UTC)
    assert daily.after(late) == datetime(2026, 11, 30, 9, tzinfo=UTC)


def test_a_script_for_one_day_runs_once() -> None:
    once = Repeats(at=time(18), on=date(2026, 12, 1))
    assert once.first(NOW) == datetime(2026, 12, 1, 18, tzinfo=UTC)
    assert once.after(NOW) is None


class ScriptOnDevice(RuleBasedStateMachine):
    """A device that asks at any time, beside a plain count of what it should have run."""

    @initialize(retries=st.integers(0, 3), hours=st.sampled_from([0, 1, 24]))
    def begin(self, retries: int, hours: int) -> None:
        every = timedelta(hours=hours) if hours else None
        self.repeats = Repeats(every, retries=retries)
        self.now, self.version = NOW, 0
        self.run: ScriptRun | None = None
        self.change()

    @rule()
    def change(self) -> None:
        """Somebody changes the script: it runs at once, and has all its retries."""
        self.version += 1
        self.due: datetime | None = self.now
        self.left = self.repeats.retries

    @rule(hours=st.integers(1, 30))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @precondition(lambda self: self.due is not None and self.due <= self.now)
    @rule(code=CODES)
    def carry_out(self, code: int) -> None:
        wanted = self.wanted()
        run = planned(wanted, self.run, now=self.now)
        part = next_part([], wanted)
        assert part is not None
        self.run = after_run(run, wanted, results=[PartResult(part, code)], now=self.now)
        assert self.run.state is (RunState.SUCCESS if code == 0 else RunState.FAIL)
        if code != 0 and self.left:
            self.left, self.due = self.left - 1, self.now + timedelta(hours=1)
        else:
            self.left = self.repeats.retries
            self.due = None if self.repeats.every is None else self.now + self.repeats.every

    @invariant()
    def it_is_due_as_the_count_says(self) -> None:
        self.run = planned(self.wanted(), self.run, now=self.now)
        expected = self.due is not None and self.due <= self.now
        assert self.run.is_due(self.now) is expected

    def wanted(self) -> WantedScript:
        return WantedScript("script", str(self.version), self.repeats)


TestScriptOnDevice = ScriptOnDevice.TestCase
