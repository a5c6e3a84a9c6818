"""Mutants: the rules of apps and approvals, how much logs keep, and mistakes in the table of Graph's types."""

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
        file="app/fauxtune/core/policies/tenant_administration.py",
        before='_GUARDED_PARTS = ("assign", "assignments")',
        after="_GUARDED_PARTS = ()",
        tests=(
            "tests/core/policies/test_approvals.py::test_policies_guard_changes_of_some_collections_and_three_actions",
        ),
    ),
    Mutant(
        rule="What is available to a user is uninstalled because of the device",
        file="app/fauxtune/core/policies/app_planning.py",
        before="and not reach_user(having(UNINSTALL))",
        after="and False",
        tests=(
            (
                "tests/core/policies/test_app_planning.py"
                "::test_what_is_available_to_a_user_is_not_uninstalled_because_of_the_device"
            ),
        ),
    ),
    Mutant(
        rule="An app that failed once waits a day",
        file="app/fauxtune/core/policies/app_states.py",
        before="(_RETRY_AFTER if app.attempts % _TRIES else _FAILED_AFTER)",
        after="_FAILED_AFTER",
        tests=(
            (
                "tests/core/policies/test_app_runs.py"
                "::test_what_failed_or_has_to_wait_is_tried_three_times_five_minutes_apart_and_a_day_later"
            ),
        ),
    ),
    Mutant(
        rule="Nobody takes the last verdict away when a tenant judges no more",
        file="app/fauxtune/operations/compliance/occasions.py",
        before="        await emulator.runner.run(tenant, _let_be_due)\n",
        after="",
        tests=(
            (
                "tests/surfaces/graph/test_compliance.py"
                "::test_whoever_changes_a_switch_of_compliance_has_devices_judged_once_more"
            ),
        ),
    ),
    Mutant(
        rule="An older Autopilot profile for all devices counts before that of a group",
        file="app/fauxtune/operations/devices/autopilot_profiles.py",
        before="is TargetKind.ALL_DEVICES, default",
        after="is None, default",
        tests=(
            (
                "tests/operations/test_autopilot.py"
                "::test_a_profile_of_the_devices_group_counts_before_an_older_one_for_all_devices[sqlite]"
            ),
        ),
    ),
    Mutant(
        rule="Logs grow without a bound",
        file="app/fauxtune/core/model/tenants.py",
        before="return max(0, last - most)",
        after="return 0",
        tests=("tests/storage/test_logs.py::test_the_journal_keeps_its_newest_entries_however_they_come[sqlite]",),
    ),
    Mutant(
        rule="A property that stands twice in types.txt is accepted",
        file="app/fauxtune/core/odata/schema/model.py",
        before='if before is not row and ("v1" in before.marks) == ("v1" in row.marks):',
        after='if before is not row and "v1" in before.marks and "v1" in row.marks:',
        tests=("tests/core/odata/test_schema_table.py::test_a_type_with_a_mistake_is_not_built",),
    ),
    Mutant(
        rule="A mistake in types.txt is told with the line above it",
        file="app/fauxtune/core/odata/schema/table.py",
        before="for each in before) + offset + 1",
        after="for each in before) + offset",
        tests=("tests/core/odata/test_schema_table.py::test_a_mistake_in_what_is_known_is_told_with_its_line",),
    ),
)
