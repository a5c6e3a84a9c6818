"""Mutants: the rules of apps and approvals, and how much logs keep."""

#: data

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        rule="A weaker intent of an app wins",
        file="app/fauxtune/core/policies/app_planning.py",
        before="(intent for intent in INTENTS if reach(having(intent)))",
        after="(intent for intent in reversed(INTENTS) if reach(having(intent)))",
        tests=("tests/core/policies/test_app_planning.py::test_the_strongest_intent_that_reaches_the_device_counts",),
    ),
    Mutant(
        rule="Assignments of what needs a second administrator need none",
        file="app/fauxtune/core/policies/approvals.py",
        before='_GUARDED_PARTS = ("assign", "assignments")',
        after="_GUARDED_PARTS = ()",
        tests=(
            "tests/core/policies/test_approvals.py::test_policies_guard_changes_of_some_collections_and_three_actions",
        ),
    ),
    Mutant(
        rule="Logs grow without a bound",
        file="app/fauxtune/core/model/logs.py",
        before="return max(0, last - most)",
        after="return 0",
        tests=("tests/storage/test_logs.py::test_the_journal_keeps_its_newest_entries_however_they_come[sqlite]",),
    ),
)
