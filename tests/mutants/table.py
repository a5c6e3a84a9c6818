"""The list of mutants."""

#: data

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        rule="a device stays due while the connector works for it",
        file="app/fauxtune/operations/checkin/checkin.py",
        before="due_at=tx.now if work or operations else",
        after="due_at=tx.now if operations else",
        tests=(
            "tests/operations/test_checkin.py::test_a_crash_between_begin_and_finish_heals_at_the_next_check_in_with_the_same_report[sqlite]",
        ),
    ),
    Mutant(
        rule="a check-in that waited for another asks again whether it is quiet",
        file="app/fauxtune/operations/checkin/checkin.py",
        before="        if was_taken:",
        after="        if False:",
        tests=(
            "tests/operations/test_together.py::test_a_check_in_that_waited_for_another_does_not_plan_again[sqlite]",
        ),
    ),
    Mutant(
        rule="a check-in with a new report is not quiet",
        file="app/fauxtune/storage/queries/devices.py",
        before='        enrollments.c.report_digest == bindparam("report"),\n',
        after="",
        tests=("tests/operations/test_checkin.py::test_a_new_report_makes_a_device_plan[sqlite]",),
    ),
    Mutant(
        rule="an enrolment that has ended is refused",
        file="app/fauxtune/operations/devices/caller.py",
        before="return enrollment.state is not EnrollmentState.ENDED",
        after="return True",
        tests=("tests/operations/test_checkin.py::test_an_enrolment_that_has_ended_is_told_so[sqlite]",),
    ),
    Mutant(
        rule="a certificate that was issued after a wipe was accepted is revoked",
        file="app/fauxtune/operations/checkin/checkin.py",
        before="serials=[serial for serial in issued if serial is not None]",
        after="serials=[]",
        tests=(
            "tests/operations/test_checkin.py::test_a_wipe_that_is_accepted_while_the_connector_works_revokes_what_comes[sqlite]",
        ),
    ),
)
