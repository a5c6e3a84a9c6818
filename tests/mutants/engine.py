"""Mutants: what reaches a device, its plan, its report and its steps, and what is removed and revoked."""

#: data

from __future__ import annotations

from tests.mutants.mutant import Mutant

_PLAN = "app/fauxtune/core/engine/planning/plan.py"
_RENEWAL = "app/fauxtune/core/engine/planning/renewal.py"
_REPORT = "app/fauxtune/core/engine/planning/reported_items.py"
_STEPS = "app/fauxtune/core/engine/planning/steps.py"
_TARGETING = "app/fauxtune/core/engine/planning/targeting.py"
_CAUSES = "app/fauxtune/core/engine/removal/decisions.py"
_REMOVAL = "app/fauxtune/core/engine/removal/decisions.py"
_TABLE = "app/fauxtune/core/engine/removal/table.py"
_HELD_KEYS = "app/fauxtune/core/engine/planning/ledger.py"
_READABILITY = "app/fauxtune/core/mail/readability.py"
_UNREADABLE = "app/fauxtune/operations/insight/unreadable.py"
_WINDOWS_SCEP = "app/fauxtune/surfaces/devices/windows/scep.py"
_TEST_READABILITY = "tests/core/mail/test_readability.py"
_TEST_MATRIX = "tests/surfaces/control/test_mail.py"
_TEST_PLAN = "tests/core/engine/test_plan.py"
_TEST_TARGETING = "tests/core/engine/test_targeting.py"

MUTANTS: tuple[Mutant, ...] = (
    # Which profiles reach a device.
    Mutant(
        rule="An exclusion no longer wins over an inclusion",
        file=_TARGETING,
        before="        return assignment.group in groups\n    return assignment.removes",
        after="        return False\n    return assignment.removes",
        tests=(f"{_TEST_TARGETING}::test_a_device_is_targeted_as_documented",),
    ),
    Mutant(
        rule="An excluded group of devices cancels an included group of users",
        file=_TARGETING,
        before="    for assignment in listed:\n        if assignment.removes",
        after="    by_user = by_user and by_device\n    for assignment in listed:\n        if assignment.removes",
        tests=(f"{_TEST_TARGETING}::test_a_device_is_targeted_as_documented",),
    ),
    Mutant(
        rule="A device without a user gets what is assigned to all users",
        file=_TARGETING,
        before="by_user = membership.has_user and not any(",
        after="by_user = not any(",
        tests=(f"{_TEST_TARGETING}::test_a_device_is_targeted_as_documented",),
    ),
    Mutant(
        rule="An assignment to all devices does not reach a device without a user",
        file=_TARGETING,
        before="by_device = not any(",
        after="by_device = membership.has_user and not any(",
        tests=(f"{_TEST_TARGETING}::test_a_device_is_targeted_as_documented",),
    ),
    Mutant(
        rule="A filter that excludes lets in the devices that it matches",
        file=_TARGETING,
        before="matches(assignment.filter) is not assignment.filter_excludes",
        after="matches(assignment.filter)",
        tests=(f"{_TEST_TARGETING}::test_a_filter_narrows_the_devices_of_its_target",),
    ),
    Mutant(
        rule="A filter lets every device through",
        file=_TARGETING,
        before="if _passes_filter(assignment, matches=matches)]",
        after="if True or _passes_filter(assignment, matches=matches)]",
        tests=(f"{_TEST_TARGETING}::test_a_filter_narrows_the_devices_of_its_target",),
    ),
    Mutant(
        rule="An assignment with the intent to remove takes nothing away",
        file=_TARGETING,
        before="return assignment.removes and _targets(assignment, groups, users=users)",
        after="return False",
        tests=(f"{_TEST_TARGETING}::test_the_intent_to_remove_takes_away_by_the_same_paths_as_an_exclusion",),
    ),
    Mutant(
        rule="A filter for another platform matches a device",
        file="app/fauxtune/core/engine/assignment_filters/matching.py",
        before=' or document["platform"] != platform',
        after="",
        tests=("tests/core/engine/test_assignment_filters.py::test_a_filter_matches_devices_of_its_own_platform_only",),
    ),
    Mutant(
        rule="A member of a nested group gets nothing that is assigned to the outer group",
        file="app/fauxtune/storage/queries/directory.py",
        before="same_tenant(held, tree) & (held.member_id == tree.c.group_id)",
        after="same_tenant(held, tree) & (held.member_id == '')",
        tests=("tests/storage/test_directory_queries.py::test_nested_groups_are_found_at_any_depth[sqlite]",),
    ),
    Mutant(
        rule="A group of another tenant that has the same member counts",
        file="app/fauxtune/storage/queries/directory.py",
        before="where(of_tenant(held, tenant), held.member_id == member)",
        after="where(of_tenant(held, held.tenant_id + ''), held.member_id == member)",
        tests=("tests/storage/test_directory_queries.py::test_another_tenants_groups_are_never_seen[sqlite]",),
    ),
    Mutant(
        rule="A change of a group does not reach the devices of its nested groups",
        file="app/fauxtune/storage/queries/concern.py",
        before="        enrollments.c.user_id.in_(below),\n",
        after="",
        tests=(
            "tests/storage/test_concern.py::test_sql_reaches_exactly_the_devices_that_the_engine_targets[sqlite-0]",
        ),
    ),
    # The plan of a device.
    Mutant(
        rule="An imported certificate is installed whatever its purpose",
        file="app/fauxtune/core/profiles/imported_pfx.py",
        before="        if certificate.purpose == _purpose(profile)\n",
        after="",
        tests=(
            "tests/core/profiles/test_catalog.py::test_every_certificate_of_the_purpose_comes_expired_ones_too_and_no_other",
        ),
    ),
    Mutant(
        rule="An item that two profiles want has the claim of one only",
        file="app/fauxtune/core/profiles/settings.py",
        before="replace(one, claims=one.claims + other.claims,",
        after="replace(one, claims=one.claims,",
        tests=(
            "tests/core/profiles/test_catalog.py::test_an_item_that_two_profiles_want_is_one_item_with_both_claims",
        ),
    ),
    Mutant(
        rule="Of two policies with different values of one setting the first one wins",
        file="app/fauxtune/core/engine/planning/setting_conflicts.py",
        before="    if others and not first.stricter:\n",
        after="    if False:\n",
        tests=("tests/core/engine/test_settings.py::test_settings_merge_as_the_model_says_in_any_order",),
    ),
    Mutant(
        rule="Of two compliance policies with different values of one setting the laxer one wins",
        file="app/fauxtune/core/engine/planning/setting_conflicts.py",
        before='    "most": lambda value: -value,\n',
        after='    "most": lambda value: value,\n',
        tests=("tests/core/engine/test_settings.py::test_settings_merge_as_the_model_says_in_any_order",),
    ),
    Mutant(
        rule="A device loses the value of a setting that comes into conflict",
        file="app/fauxtune/core/model/settings.py",
        before="        if earlier is None or not self.in_conflict:\n",
        after="        if True:\n",
        tests=(
            "tests/core/engine/test_settings.py::test_a_device_keeps_its_value_of_a_setting_that_comes_into_conflict",
        ),
    ),
    Mutant(
        rule="A second account takes the place of the first on a device that has room for one",
        file="app/fauxtune/core/engine/planning/desired.py",
        before="    first = taken.setdefault(item.slot, item.key)\n",
        after="    first = item.key\n",
        tests=(
            "tests/core/engine/test_accounts.py::test_a_second_account_of_the_same_host_and_address_is_an_error_and_the_older_profile_has_it",
        ),
    ),
    Mutant(
        rule="The connector is asked again for what it was asked already",
        file=_PLAN,
        before="if answer is None or (retry_at is not None and",
        after="if answer is None or not answer.answered or (retry_at is not None and",
        tests=(f"{_TEST_PLAN}::test_pkcs_asks_once_and_takes_the_serial_of_the_answer",),
    ),
    Mutant(
        rule="A refused request is asked again at once",
        file=_PLAN,
        before="retry_at is not None and retry_at <= self.situation.now)",
        after="retry_at is not None)",
        tests=(f"{_TEST_PLAN}::test_a_refused_request_fails_the_item_and_is_asked_again_when_its_time_has_come",),
    ),
    Mutant(
        rule="A refused request is never due again",
        file=_PLAN,
        before="            self.plan.due_at = min(self.plan.due_at, retry_at)\n",
        after="            pass\n",
        tests=(f"{_TEST_PLAN}::test_a_refused_request_fails_the_item_and_is_asked_again_when_its_time_has_come",),
    ),
    Mutant(
        rule="A certificate is renewed only after its moment",
        file=_RENEWAL,
        before="row.renew_at <= now",
        after="row.renew_at < now",
        tests=(f"{_TEST_PLAN}::test_a_certificate_is_renewed_at_its_threshold_and_stays_until_its_successor_is_there",),
    ),
    Mutant(
        rule="The renewal threshold counts from the beginning of the lifetime",
        file=_RENEWAL,
        before="return not_after - (not_after - not_before) * percent / 100",
        after="return not_before + (not_after - not_before) * percent / 100",
        tests=(f"{_TEST_PLAN}::test_the_renewal_threshold_is_the_share_of_the_lifetime_that_is_left",),
    ),
    Mutant(
        rule="A device is not due when its certificate is to be renewed",
        file=_PLAN,
        before="*next_renewals(policy_rows, now=situation.now)))",
        after="NEVER))",
        tests=("tests/core/engine/test_plan.py::test_pkcs_asks_once_and_takes_the_serial_of_the_answer",),
    ),
    Mutant(
        rule="A certificate is sent to a device that does not trust its root yet",
        file=_PLAN,
        before="        if problem is None and awaited is None:\n",
        after="        if problem is None:\n",
        tests=(f"{_TEST_PLAN}::test_pkcs_waits_for_a_root_that_is_targeted_but_not_there_yet",),
    ),
    Mutant(
        rule="A certificate of a profile without its root does not fail",
        file=_PLAN,
        before="problem = item.problem or self._untrusted(item)",
        after="problem = item.problem",
        tests=(f"{_TEST_PLAN}::test_pkcs_without_a_targeted_root_is_an_error_that_names_what_is_missing",),
    ),
    Mutant(
        rule="An edited profile brings another certificate",
        file=_PLAN,
        before='fingerprint = f"after/{row.serial}" if row.serial else "first"',
        after='fingerprint = f"after/{row.serial}" if row.serial else f"first/{item.order}"',
        tests=("tests/core/engine/test_plan.py::test_pkcs_waits_for_a_root_that_is_targeted_but_not_there_yet",),
    ),
    Mutant(
        rule="Another user of the device keeps the certificate of the former one",
        file=_PLAN,
        before=(
            "        if current and item.personal and self._is_of_another(row):\n"
            "            return self._replaced(row, item)\n"
            "        renewing ="
        ),
        after="        renewing =",
        tests=(
            "tests/core/engine/test_removal_decisions.py::test_another_user_is_given_a_certificate_of_their_own_and_the_former_users_leaves",
        ),
    ),
    Mutant(
        rule="An account is installed before the certificate that it names",
        file=_PLAN,
        before="identity is None or identity.state is not ItemState.INSTALLED or identity.fingerprint is None",
        after="identity is None or identity.fingerprint is None",
        tests=("tests/core/engine/test_accounts.py::test_an_account_waits_for_its_certificates_and_says_for_which",),
    ),
    Mutant(
        rule="What the device refused leaves the policy, so that it is never tried again",
        file="app/fauxtune/core/engine/planning/ledger.py",
        before="(row.state in ON_DEVICE or row.state is S.FAILED)",
        after="row.state in ON_DEVICE",
        tests=(f"{_TEST_PLAN}::test_what_the_device_refused_stays_failed_and_in_the_policy",),
    ),
    Mutant(
        rule="The ledger takes any transition",
        file="app/fauxtune/core/engine/planning/ledger.py",
        before="if state is not row.state and state not in TRANSITIONS[row.state]:",
        after="if False:",
        tests=("tests/core/engine/test_report.py::test_every_other_move_is_refused_and_names_both_states",),
    ),
    # A device's report.
    Mutant(
        rule="An incomplete report takes away what it does not name",
        file=_REPORT,
        before="    if not inventory.complete:\n        return row\n",
        after="",
        tests=("tests/core/engine/test_report.py::test_what_is_missing_counts_only_in_a_complete_inventory",),
    ),
    Mutant(
        rule="Another certificate under the same name counts as the one that was sent",
        file=_REPORT,
        before="return thumbprint is not None and thumbprint == row.thumbprint",
        after="return thumbprint is not None",
        tests=(
            "tests/core/engine/test_report.py::test_another_certificate_under_the_same_name_is_not_the_one_that_was_sent",
        ),
    ),
    Mutant(
        rule="A certificate that was deleted by hand stays installed in the ledger",
        file=_REPORT,
        before="        return moved(row, ItemState.WANTED, installed_fingerprint=None)\n",
        after="        return row\n",
        tests=("tests/core/engine/test_report.py::test_what_was_removed_by_hand_is_wanted_again",),
    ),
    Mutant(
        rule="One failed item of a profile is hidden by another one that is installed",
        file=_REPORT,
        before="        if row.state is ItemState.FAILED or row.problem is not None:\n",
        after="        if (row.state is ItemState.FAILED or row.problem is not None) and len(items) == 1:\n",
        tests=("tests/core/engine/test_report.py::test_the_worst_item_decides_the_status_of_a_profile",),
    ),
    # Certificates by SCEP.
    Mutant(
        rule="A device reports the certificate that it is to replace, and its successor counts as installed",
        file=_REPORT,
        before="issued.thumbprint != row.thumbprint or refused",
        after="True",
        tests=(
            "tests/core/engine/test_scep_rows.py::test_at_its_time_it_is_offered_again_and_the_old_one_stays_until_the_new_one_is_there",
        ),
    ),
    Mutant(
        rule="A certificate by SCEP that is not what was asked for is as good as any",
        file=_REPORT,
        before="problem=Problem(REMEDIATION_FAILED, issued.differs) if issued.differs else None,",
        after="problem=None,",
        tests=(
            "tests/core/engine/test_scep_rows.py::test_a_certificate_that_is_not_what_was_asked_for_is_installed_with_a_problem",
        ),
    ),
    Mutant(
        rule="A device that reports another device's certificate by SCEP has it revoked when it leaves",
        file="app/fauxtune/operations/checkin/scep_reports.py",
        before="(registered.enrollment_id, registered.item_key) != (device, row.key)",
        after="False",
        tests=(
            "tests/operations/test_scep_reports.py::test_a_certificate_of_another_device_is_not_this_ones_whatever_it_reports[sqlite]",
        ),
    ),
    Mutant(
        rule="A PC loses its certificate by SCEP before it has the next one",
        file=_WINDOWS_SCEP,
        before='listing.leaf(last.rpartition("/")[2], 0) == _FINISHED',
        after="True",
        tests=(
            "tests/surfaces/devices/windows/test_scep.py::test_predecessors_are_deleted_when_the_device_has_the_next_certificate_and_not_before",
        ),
    ),
    Mutant(
        rule="A SCEP request that waits for its authority is refused",
        file="app/fauxtune/surfaces/devices/android/policy_entries.py",
        before="for key in keys if detail.non_compliance_reason != _PENDING else ():",
        after="for key in keys:",
        tests=(
            "tests/surfaces/devices/test_android_commands.py::test_a_request_that_an_authority_has_not_decided_is_no_refusal",
        ),
    ),
    Mutant(
        rule="A SCEP key of the machine is made for the user",
        file=_WINDOWS_SCEP,
        before="tree.requests[-1 if in_machine_store else 0]",
        after="tree.requests[0]",
        tests=(
            "tests/surfaces/devices/windows/test_scep.py::test_the_store_of_the_profile_says_in_whose_scope_the_request_is",
        ),
    ),
    Mutant(
        rule="An Apple device that is to renew a certificate by SCEP is taken to have done so",
        file="app/fauxtune/surfaces/devices/apple/command_results.py",
        before='return "" if is_unknown else row.thumbprint or ""',
        after='return row.thumbprint or ""',
        tests=(
            "tests/surfaces/devices/apple/test_command_results.py::test_of_a_certificate_that_the_device_requested_itself_the_identities_are_shown_that_are_no_other_item",
        ),
    ),
    # The steps of a device that is managed command by command.
    Mutant(
        rule="An account is installed before the root",
        file=_STEPS,
        before="_ORDER = {Source.ROOT: 0,",
        after="_ORDER = {Source.ROOT: 9,",
        tests=(
            "tests/core/engine/test_steps.py::test_installs_go_from_the_root_to_the_account_and_removals_the_other_way_before_them",
        ),
    ),
    Mutant(
        rule="What the device put off is sent again in the same conversation",
        file=_STEPS,
        before="elif before.state is StepState.WAITING:",
        after="elif before.state in (StepState.WAITING, StepState.LATER):",
        tests=(
            "tests/core/engine/test_steps.py::test_only_steps_that_were_never_sent_or_are_to_be_sent_again_are_due",
        ),
    ),
    Mutant(
        rule="What the device refused is sent again at once",
        file=_STEPS,
        before="return row.state is ItemState.SENT or (again and refused)",
        after="return row.state is ItemState.SENT or refused",
        tests=(
            "tests/core/engine/test_steps.py::test_what_the_device_refused_is_tried_again_only_when_its_time_has_come",
        ),
    ),
    Mutant(
        rule="A step is sent twice before it is answered",
        file=_STEPS,
        before="        if before is None:\n            due.append((step, None))",
        after="        if before is None or before.state is StepState.SENT:\n            due.append((step, None))",
        tests=(
            "tests/core/engine/test_steps.py::test_only_steps_that_were_never_sent_or_are_to_be_sent_again_are_due",
        ),
    ),
    # What is removed and revoked.
    Mutant(
        rule="An imported certificate stays when its profile is unassigned",
        file=_TABLE,
        before='    Row(_ANY, _LEAVES, "R", GENERAL, f"{_NOT_STATED};',
        after='    Row(_ANY, _LEAVES, "-", GENERAL, f"{_NOT_STATED};',
        tests=("tests/core/engine/test_removal.py::test_every_cell_is_as_the_document_has_it",),
    ),
    Mutant(
        rule="An imported certificate is revoked when its device is retired",
        file=_TABLE,
        before='    Row(_ANY, _ENDS, "R", SMIME,',
        after='    Row(_ANY, _ENDS, "R+V", SMIME,',
        tests=("tests/core/engine/test_removal.py::test_every_cell_is_as_the_document_has_it",),
    ),
    Mutant(
        rule="A partner's authority is asked to revoke where no device leaves",
        file="app/fauxtune/core/engine/removal/lookup.py",
        before="    queued = ends and edition",
        after="    queued = edition",
        tests=(
            "tests/core/engine/test_removal.py::test_a_partners_certificates_are_queued_for_revocation_where_a_device_leaves",
        ),
    ),
    Mutant(
        rule="A change of the user is taken for a profile that no longer applies",
        file=_CAUSES,
        before="    if row.user_id != standing.user_id:\n        return Cause.USER_CHANGED\n",
        after="",
        tests=("tests/core/engine/test_removal_decisions.py::test_each_cause_is_found_by_itself",),
    ),
    Mutant(
        rule="An item of two profiles goes with the first that is deleted",
        file=_CAUSES,
        before="if not any(claim.profile in standing.profiles for claim in row.claims):",
        after="if not all(claim.profile in standing.profiles for claim in row.claims):",
        tests=(
            "tests/core/engine/test_removal_decisions.py::test_an_item_of_two_profiles_is_gone_with_a_profile_only_when_both_are_deleted",
        ),
    ),
    Mutant(
        rule="A deleted record of a company's own Android device retires it instead of wiping it",
        file="app/fauxtune/core/engine/device_actions/support.py",
        before="return Cause.WIPE if variant in WIPED_WHEN_DELETED.of(edition) else Cause.RETIRE",
        after="return Cause.RETIRE",
        tests=(
            "tests/core/engine/test_removal.py::test_a_deleted_record_is_a_wipe_for_the_companys_own_android_devices_of_today_and_a_retirement_for_all_others",
        ),
    ),
    Mutant(
        rule="A wipe revokes what was removed, and decided upon, before",
        file=_REMOVAL,
        before="if row.serial is not None and row.state is not ItemState.REMOVED)",
        after="if row.serial is not None)",
        tests=(
            "tests/operations/test_ending.py::test_a_certificate_that_left_with_its_profile_is_not_revoked_by_a_later_wipe[sqlite]",
        ),
    ),
    Mutant(
        rule="A wipe revokes nothing",
        file=_REMOVAL,
        before="return [row for row in held if verdict(row, device, cause=cause).revoked]",
        after="return [row for row in held if cause is not Cause.WIPE and verdict(row, device, cause=cause).revoked]",
        tests=(
            "tests/operations/test_ending.py::test_an_action_revokes_pkcs_when_it_is_accepted_and_the_device_forgets_when_it_confirms[sqlite-wipe]",
        ),
    ),
    Mutant(
        rule="What was only offered to a device counts as left on it after its end",
        file=_REMOVAL,
        before="    held = row.state in (ItemState.INSTALLED, ItemState.KEPT) or",
        after="    held = row.state in (ItemState.SENT, ItemState.INSTALLED, ItemState.KEPT) or",
        tests=(
            "tests/operations/test_left_behind.py::test_what_was_offered_and_never_confirmed_is_not_said_to_stay[sqlite]",
        ),
    ),
    # Who can read which mail.
    Mutant(
        rule="A key that is gone still reads mail",
        file=_READABILITY,
        before="if names & key.names and key.until is None and not key.later",
        after="if names & key.names and not key.later",
        tests=(f"{_TEST_READABILITY}::test_what_became_of_the_key_decides",),
    ),
    Mutant(
        rule="A device that lost a key by the end of its enrolment is believed to have it",
        file=_HELD_KEYS,
        before="return old.state in _MAY_HAVE or old.installed_fingerprint is not None",
        after="return False",
        tests=(f"{_TEST_MATRIX}::test_the_matrix_says_who_could_read_what_at_every_moment",),
    ),
    Mutant(
        rule="What-if counts mail that another device can still read",
        file=_UNREADABLE,
        before="if not wanted & readable]",
        after="]",
        tests=(f"{_TEST_MATRIX}::test_what_if_counts_the_mail_that_nobody_could_read_any_more",),
    ),
)
