"""Mutants: what an administrator's tasks send."""

#: data

from __future__ import annotations

from tests.mutants.mutant import Mutant

_IMPORTING = "tests/surfaces/console/test_importing.py"
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
    Mutant(
        rule="An imported file is shown in the request that a page stands for",
        file="app/fauxtune/core/administration/imported.py",
        before="{**body, **words}",
        after="{**words, **body}",
        tests=(f"{_IMPORTING}::test_a_file_is_imported_and_its_password_is_nowhere_in_clear[sqlite]",),
    ),
    Mutant(
        rule="An imported file of one person's page reaches another person",
        file="app/fauxtune_console/imports.py",
        before=' or record["userPrincipalName"] != person.address',
        after="",
        tests=(f"{_IMPORTING}::test_a_file_is_imported_and_its_password_is_nowhere_in_clear[sqlite]",),
    ),
    Mutant(
        rule="An imported history has no certificate that is valid",
        file="app/fauxtune_console/imports.py",
        before="spans[-1][1] + _YEAR",
        after="spans[-1][1]",
        tests=(f"{_IMPORTING}::test_a_history_is_one_certificate_a_year_of_which_the_last_is_valid[sqlite]",),
    ),
    Mutant(
        rule="An imported certificate is issued before the administrator confirms it",
        file="app/fauxtune_console/pages/certificates/importing.py",
        before="return await (_issue(call, plan) if is_sure else",
        after="return await (_issue(call, plan) if plan else",
        tests=(f"{_IMPORTING}::test_a_new_certificate_reaches_every_device_of_the_person[sqlite]",),
    ),
)
