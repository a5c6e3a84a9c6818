"""Mutants: compliance of devices."""

#: data

from __future__ import annotations

from tests.mutants.mutant import Mutant

_GRACE = "app/fauxtune/core/engine/compliance/grace.py"
_RULES = "app/fauxtune/core/engine/compliance/comparisons.py"
_JUDGING = "app/fauxtune/operations/compliance/judging.py"
_HOOKS = "app/fauxtune/operations/compliance/occasions.py"
_TEST_DEVICE = "tests/core/engine/test_compliance_device.py"
_TEST_SETTINGS = "tests/core/engine/test_compliance_settings.py"
_TEST_OPERATIONS = "tests/operations/test_compliance.py"
_TEST_GRAPH = "tests/surfaces/graph/test_compliance.py"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        rule="Grace starts again with every judgement",
        file=_GRACE,
        before="return Course(failed_at=course.failed_at or now, done=course.done)",
        after="return Course(failed_at=now, done=course.done)",
        tests=(f"{_TEST_DEVICE}::test_a_device_is_judged_step_by_step_as_from_its_whole_history",),
    ),
    Mutant(
        rule="An error counts at once",
        file=_GRACE,
        before="ERROR_TOLERATED = timedelta(days=7)",
        after="ERROR_TOLERATED = timedelta(0)",
        tests=(f"{_TEST_DEVICE}::test_an_error_is_due_when_its_seven_days_are_over",),
    ),
    Mutant(
        rule="A device without a threat level complies",
        file=_RULES,
        before="return passed(known is not None and known <=",
        after="return passed(known is None or known <=",
        tests=(f"{_TEST_SETTINGS}::test_a_rule_of_its_own",),
    ),
    Mutant(
        rule="A policy that is changed counts before the device has come",
        file=_JUDGING,
        before="        verdicts |= {key: _verdict_of(known.states[key]) for key in changed}\n",
        after="        verdicts |= {}\n",
        tests=(
            f"{_TEST_OPERATIONS}::test_a_policy_that_is_assigned_or_changed_counts_from_the_next_check_in_on[sqlite]",
        ),
    ),
    Mutant(
        rule="A deleted policy goes on counting until the device comes",
        file=_HOOKS,
        before="        compliance_queries.drop_policy(tx.connection, tx.tenant.id, policy_id=row.id)\n",
        after="",
        tests=(f"{_TEST_GRAPH}::test_a_policy_that_is_taken_away_counts_at_once[sqlite]",),
    ),
)
