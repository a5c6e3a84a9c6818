"""Mutants: the probe of Microsoft Graph."""

#: data

from __future__ import annotations

from tests.mutants.mutant import Mutant

_TRYING = "tests/core/probe/test_trying.py"
_FILE = "app/fauxtune_probe/core/trying.py"
_TABLES = "tests/core/test_tables.py"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        rule="The probe changes what it made alone",
        file=_FILE,
        before="if step.changes and strangers:",
        after="if step.changes and not strangers and step.of_host:",
        tests=(f"{_TRYING}::test_a_thing_of_the_tenant_is_never_changed",),
    ),
    Mutant(
        rule="The probe deletes also what it made against its expectation",
        file=_FILE,
        before="            _note_made(step, answer, version=version, run=run, values=values)\n",
        after="",
        tests=(f"{_TRYING}::test_what_was_made_against_expectation_is_deleted_too",),
    ),
    Mutant(
        rule="Leftovers of the probe have the name of a run",
        file="app/fauxtune_probe/core/leftovers.py",
        before='-[0-9a-f]{{8}}-", re',
        after='", re',
        tests=(f"{_TRYING}::test_leftovers_are_what_has_a_name_of_a_run",),
    ),
    Mutant(
        rule="The probe waits as long as the service says",
        file="app/fauxtune_probe/running.py",
        before="            self.sleep(seconds)\n",
        after="            self.sleep(seconds / 10)\n",
        tests=("tests/client/test_probing.py::test_a_busy_service_is_asked_again_when_it_says_so",),
    ),
    Mutant(
        rule="After slow_down a device code is asked for less often",
        file="app/fauxtune_client/sign_in.py",
        before="self.interval += _SLOWER",
        after="self.interval += 0",
        tests=("tests/client/test_sign_in.py::test_a_token_comes_when_the_user_has_signed_in",),
    ),
    Mutant(
        rule="A mistake in a table has the line where it stands",
        file="app/fauxtune/core/tables.py",
        before='text.split("\\n"), 1)',
        after='filter(None, text.split("\\n")), 1)',
        tests=(f"{_TABLES}::test_a_mistake_has_its_file_and_line",),
    ),
    Mutant(
        rule="A table has no option that its reader does not know",
        file="app/fauxtune/core/tables.py",
        before="for name in self.options.keys() - set(options):",
        after="for name in ():",
        tests=(f"{_TABLES}::test_readers_of_tables_say_what_would_be_right",),
    ),
    Mutant(
        rule="A name in braces of an expectation is something that the tenant has, or that was kept",
        file="app/fauxtune_probe/core/expectations/reading.py",
        before="for name in [name for step in new for name in names_of(step)]:",
        after="for name in ():",
        tests=("tests/core/probe/test_expectation_tables.py::test_a_mistake_has_its_line_and_what_would_be_right",),
    ),
)
