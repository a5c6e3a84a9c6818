"""Mutants: what an administrator's tasks send."""

#: data

from __future__ import annotations

from tests.mutants.mutant import Mutant

_GRAPH = "tests/surfaces/graph/test_administration.py"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        rule="An assignment replaces those that a profile has",
        file="app/fauxtune/core/administration/assignments.py",
        before="{**kept, **new}",
        after="{**new}",
        tests=(f"{_GRAPH}::test_assignments_are_added_and_taken_away_one_by_one[sqlite]",),
    ),
    Mutant(
        rule="Two platforms get profiles of one name",
        file="app/fauxtune/core/administration/choices.py",
        before="if len(chosen) == 1:\n        return {chosen[0]: name}",
        after="if chosen:\n        return dict.fromkeys(chosen, name)",
        tests=(f"{_GRAPH}::test_graph_accepts_each_of_them_and_keeps_what_was_sent[sqlite]",),
    ),
    Mutant(
        rule="An apostrophe in a name ends the body of a command to paste",
        file="app/fauxtune/core/administration/snippets.py",
        before="text.replace(\"'\", \"'\\\\''\")",
        after="text.strip()",
        tests=("tests/server/test_snippets.py::test_a_pasted_request_arrives_as_it_is",),
    ),
)
