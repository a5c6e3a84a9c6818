"""Mutants: the probe of Microsoft Graph."""

#: data

from __future__ import annotations

from tests.mutants.mutant import Mutant

_TRYING = "tests/core/probe/test_trying.py"
_FILE = "app/fauxtune/core/probe/trying.py"

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
        file="app/fauxtune/core/probe/leftovers.py",
        before='-[0-9a-f]{{8}}-", re',
        after='", re',
        tests=(f"{_TRYING}::test_leftovers_are_what_has_a_name_of_a_run",),
    ),
    Mutant(
        rule="The probe waits as long as the service says",
        file="app/fauxtune/client/probing.py",
        before="            self.sleep(seconds)\n",
        after="            self.sleep(seconds / 10)\n",
        tests=("tests/client/test_probing.py::test_a_busy_service_is_asked_again_when_it_says_so",),
    ),
    Mutant(
        rule="After slow_down a device code is asked for less often",
        file="app/fauxtune/client/sign_in.py",
        before="self.interval += _SLOWER",
        after="self.interval += 0",
        tests=("tests/client/test_sign_in.py::test_a_token_comes_when_the_user_has_signed_in",),
    ),
)
