"""The list of mutants."""

#: data

from __future__ import annotations

from tests.mutants.mutant import Mutant

_PLAN = "app/fauxtune/core/engine/planning/plan.py"
_RENEWAL = "app/fauxtune/core/engine/planning/renewal.py"
_REPORT = "app/fauxtune/core/engine/planning/report.py"
_STEPS = "app/fauxtune/core/engine/planning/steps.py"
_TARGETING = "app/fauxtune/core/engine/planning/targeting.py"
_CAUSES = "app/fauxtune/core/engine/removal/causes.py"
_REMOVAL = "app/fauxtune/core/engine/removal/decisions.py"
_TABLE = "app/fauxtune/core/engine/removal/table.py"
_CERTIFICATES = "app/fauxtune/storage/queries/certificates.py"
_REQUESTS = "app/fauxtune/storage/queries/connector_requests.py"
_DEVICES = "app/fauxtune/storage/queries/devices.py"
_CHECKIN = "app/fauxtune/operations/checkin/checkin.py"
_CHANNEL = "app/fauxtune/operations/checkin/connector_channel.py"
_TOKENS = "app/fauxtune/operations/runtime/tokens.py"

_TEST_PLAN = "tests/core/engine/test_plan.py"
_TEST_TARGETING = "tests/core/engine/test_targeting.py"
_TEST_ENDING = "tests/operations/test_ending.py"
_QUIET = "tests/storage/test_device_queries.py::test_a_check_in_is_quiet_if_nothing_is_new_and_the_device_is_itself"

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
        before="(held.tenant_id == tree.c.tenant_id) & (held.member_id == tree.c.group_id)",
        after="(held.tenant_id == tree.c.tenant_id) & (held.member_id == '')",
        tests=("tests/storage/test_directory_queries.py::test_nested_groups_are_found_at_any_depth[sqlite]",),
    ),
    Mutant(
        rule="A group of another tenant that has the same member counts",
        file="app/fauxtune/storage/queries/directory.py",
        before="select(held.tenant_id, held.group_id).where(held.tenant_id == tenant, held.member_id == member)",
        after="select(held.tenant_id, held.group_id).where(held.member_id == member)",
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
        file="app/fauxtune/core/engine/planning/desired.py",
        before="item if earlier is None else replace(earlier, claims=earlier.claims + item.claims)",
        after="item",
        tests=(
            "tests/core/profiles/test_catalog.py::test_an_item_that_two_profiles_want_is_one_item_with_both_claims",
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
        ),
        after="",
        tests=(
            "tests/core/engine/test_change_of_user.py::test_another_user_is_given_a_certificate_of_their_own_and_the_former_users_leaves",
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
        tests=("tests/core/engine/test_ledger.py::test_every_other_move_is_refused_and_names_both_states",),
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
        before="        if row.state is ItemState.FAILED:\n            return ProfileOutcome",
        after="        if row.state is ItemState.FAILED and len(items) == 1:\n            return ProfileOutcome",
        tests=("tests/core/engine/test_report.py::test_the_worst_item_decides_the_status_of_a_profile",),
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
        rule="A partner's authority is asked to revoke",
        file="app/fauxtune/core/engine/removal/lookup.py",
        before=" if authority is Authority.PARTNER and verdict.revoked else verdict",
        after=" if authority is Authority.PARTNER and not verdict.revoked else verdict",
        tests=(
            "tests/core/engine/test_removal.py::test_a_partners_certificates_go_as_others_do_and_are_never_revoked",
        ),
    ),
    Mutant(
        rule="A change of the user is taken for a profile that no longer applies",
        file=_CAUSES,
        before="    if row.user_id != standing.user_id:\n        return Cause.USER_CHANGED\n",
        after="",
        tests=("tests/core/engine/test_causes.py::test_each_cause_is_found_by_itself",),
    ),
    Mutant(
        rule="An item of two profiles goes with the first that is deleted",
        file=_CAUSES,
        before="if not any(claim.profile in standing.profiles for claim in row.claims):",
        after="if not all(claim.profile in standing.profiles for claim in row.claims):",
        tests=(
            "tests/core/engine/test_causes.py::test_an_item_of_two_profiles_is_gone_with_a_profile_only_when_both_are_deleted",
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
        before="    held = row.state in (ItemState.INSTALLED, ItemState.KEPT)\n",
        after="    held = row.state in (ItemState.SENT, ItemState.INSTALLED, ItemState.KEPT)\n",
        tests=(
            "tests/operations/test_left_behind.py::test_what_was_offered_and_never_confirmed_is_not_said_to_stay[sqlite]",
        ),
    ),
    # Permissions.
    Mutant(
        rule="An application is served without the permission",
        file="app/fauxtune/operations/runtime/permissions.py",
        before="if not needs or not principal.permissions.isdisjoint(needs):",
        after="if True:",
        tests=(
            "tests/surfaces/graph/test_authentication.py::test_without_any_role_an_application_may_do_nothing[sqlite]",
        ),
    ),
    Mutant(
        rule="All of an operation's permissions are needed instead of one",
        file="app/fauxtune/operations/runtime/permissions.py",
        before="not principal.permissions.isdisjoint(needs)",
        after="principal.permissions.issuperset(needs)",
        tests=("tests/surfaces/graph/test_permissions.py::test_a_batch_is_judged_item_by_item[sqlite]",),
    ),
    Mutant(
        rule="A permission to read suffices for a wipe",
        file="app/fauxtune/surfaces/graph/routes/devices.py",
        before="DeviceAction.WIPE: (*needs.ACT, *_CHANGES),",
        after="DeviceAction.WIPE: (*needs.ACT, *_CHANGES, *needs.READ_MANAGED),",
        tests=(
            "tests/surfaces/graph/test_permissions.py::test_an_operation_takes_the_permissions_that_the_documents_list_for_it_and_no_other",
        ),
    ),
    Mutant(
        rule="A token for another audience opens Graph",
        file=_TOKENS,
        before="or is_graph(principal.audience, hosts=hosts())",
        after="or bool(hosts())",
        tests=(
            "tests/surfaces/graph/test_audiences.py::test_a_token_for_another_audience_is_refused[sqlite-user-https://vault.azure.net]",
        ),
    ),
    Mutant(
        rule="A token for another resource has the application's roles of Graph",
        file="app/fauxtune/surfaces/identity/issuing.py",
        before="tuple(client.row.roles) if is_graph(audience, hosts=request.hosts) else ()",
        after="tuple(client.row.roles)",
        tests=("tests/surfaces/graph/test_audiences.py::test_an_application_has_no_roles_of_another_resource[sqlite]",),
    ),
    Mutant(
        rule="An expired token opens Graph",
        file=_TOKENS,
        before="if principal.expires_at <= self._clock.now().timestamp():",
        after="if principal.expires_at <= 0:",
        tests=(
            "tests/surfaces/graph/test_authentication.py::test_a_token_ends_by_the_systems_clock_and_not_by_the_tenants[sqlite]",
        ),
    ),
    Mutant(
        rule="A token of a deleted application opens Graph",
        file=_TOKENS,
        before="        self._living.discard((tenant_id, client_id))\n",
        after="",
        tests=(
            "tests/surfaces/control/test_applications.py::test_a_deleted_applications_tokens_are_worth_nothing_at_once[sqlite]",
        ),
    ),
    Mutant(
        rule="A token that names another issuer is taken",
        file=_TOKENS,
        before='if not str(claims["iss"]).endswith(f"/{tenant}/v2.0"):',
        after='if not str(claims["iss"]):',
        tests=(
            "tests/surfaces/graph/test_authentication.py::test_a_token_that_was_touched_or_forged_is_refused[sqlite]",
        ),
    ),
    Mutant(
        rule="A user's token has permissions that nobody consented to",
        file="app/fauxtune/core/model/consent.py",
        before="if EVERYTHING in consented or set(requested) <= set(consented):",
        after="if requested:",
        tests=("tests/surfaces/identity/test_consent.py::test_without_consent_a_password_gives_no_token[sqlite]",),
    ),
    Mutant(
        rule="A user's token has all that was consented to, whatever was asked for",
        file="app/fauxtune/core/model/consent.py",
        before="        return tuple(dict.fromkeys(requested))\n",
        after="        return tuple(configured if EVERYTHING in consented else consented)\n",
        tests=(
            "tests/surfaces/identity/test_consent.py::test_a_users_token_may_do_what_was_asked_for_and_nothing_else[sqlite]",
        ),
    ),
    Mutant(
        rule="The scope .default gives what was not consented to",
        file="app/fauxtune/core/model/consent.py",
        before="return tuple(configured if EVERYTHING in consented else consented)",
        after="return tuple(configured)",
        tests=(
            "tests/surfaces/identity/test_consent.py::test_the_default_scope_gives_all_that_was_consented_to[sqlite]",
        ),
    ),
    Mutant(
        rule="A disabled user gets tokens",
        file="app/fauxtune/surfaces/identity/issuing.py",
        before='if not document.get("accountEnabled", True):',
        after="if not document:",
        tests=("tests/surfaces/identity/test_user_tokens.py::test_a_disabled_account_cannot_sign_in[sqlite]",),
    ),
    Mutant(
        rule="A kept answer is given to another user",
        file="app/fauxtune/surfaces/graph/dispatch.py",
        before="who = (sender.tenant.id, sender.principal.user_id, sender.origin)",
        after="who = (sender.tenant.id, None, sender.origin)",
        tests=("tests/surfaces/graph/test_kept_answers.py::test_no_answer_is_given_to_somebody_else[sqlite]",),
    ),
    Mutant(
        rule="Another machine may use the control surface without a token",
        file="app/fauxtune/surfaces/control/access.py",
        before="if not _is_loopback(peer) or len(hosts) != 1",
        after="if len(hosts) != 1",
        tests=("tests/surfaces/control/test_access.py::test_another_machine_is_refused[sqlite-192.0.2.7]",),
    ),
    # Tenants.
    Mutant(
        rule="An imported certificate is found from another tenant",
        file="app/fauxtune/storage/queries/imported_pfx.py",
        before='_PFX = select(pfx_certificates).where(\n    pfx_certificates.c.tenant_id == bindparam("tenant"),\n',
        after="_PFX = select(pfx_certificates).where(\n",
        tests=("tests/storage/test_certificate_queries.py::test_a_user_has_its_own_imported_certificates[sqlite]",),
    ),
    Mutant(
        rule="An enrolment token is good in every tenant",
        file=_DEVICES,
        before=(
            "        update(enrollment_tokens)\n"
            "        .where(\n"
            "            enrollment_tokens.c.tenant_id == tenant_id,\n"
        ),
        after="        update(enrollment_tokens)\n        .where(\n",
        tests=(
            "tests/storage/test_device_queries.py::test_a_token_ends_at_its_moment_and_is_good_in_its_tenant_only[sqlite]",
        ),
    ),
    Mutant(
        rule="A CRL lists certificates of another tenant",
        file=_CERTIFICATES,
        before=(
            "            certificates.c.tenant_id == tenant_id,\n"
            "            certificates.c.authority == authority_name,\n"
            "            certificates.c.revoked_at.is_not(None),\n"
        ),
        after=(
            "            certificates.c.authority == authority_name,\n"
            "            certificates.c.revoked_at.is_not(None),\n"
        ),
        tests=("tests/storage/test_certificate_queries.py::test_a_revocation_keeps_its_first_date_and_reason[sqlite]",),
    ),
    Mutant(
        rule="A certificate of another tenant can be revoked",
        file=_CERTIFICATES,
        before=(
            '        certificates.c.tenant_id == bindparam("tenant"),\n'
            '        certificates.c.authority == bindparam("named"),\n'
        ),
        after='        certificates.c.authority == bindparam("named"),\n',
        tests=("tests/storage/test_certificate_queries.py::test_a_revocation_keeps_its_first_date_and_reason[sqlite]",),
    ),
    Mutant(
        rule="A user of another tenant is found by the name",
        file="app/fauxtune/storage/queries/directory.py",
        before="select(users).where(users.c.tenant_id == tenant_id, users.c.upn_key == upn.casefold())",
        after="select(users).where(users.c.upn_key == upn.casefold())",
        tests=("tests/storage/test_directory_queries.py::test_a_user_is_found_by_id_and_by_name_in_any_case[sqlite]",),
    ),
    Mutant(
        rule="A quiet check-in is taken at another tenant's address",
        file=_DEVICES,
        before=(
            '        enrollments.c.tenant_id == bindparam("tenant"),\n'
            "        enrollments.c.state == EnrollmentState.ACTIVE.value,\n"
        ),
        after="        enrollments.c.state == EnrollmentState.ACTIVE.value,\n",
        tests=(_QUIET,),
    ),
    Mutant(
        rule="A device of another tenant is found by the id of its enrolment",
        file=_DEVICES,
        before="return row if row is None or tenant_id in (None, row.tenant_id) else None",
        after="return row",
        tests=(
            "tests/storage/test_device_queries.py::test_an_enrolment_is_found_by_id_credential_and_push_token[sqlite]",
        ),
    ),
    Mutant(
        rule="A connector is given requests of another tenant",
        file=_REQUESTS,
        before=(
            "        _REQUEST.where(\n"
            "            connector_requests.c.tenant_id == tenant_id,\n"
            '            connector_requests.c.state == "open",\n'
        ),
        after='        _REQUEST.where(\n            connector_requests.c.state == "open",\n',
        tests=(
            "tests/storage/test_connector_queries.py::test_free_requests_are_those_of_a_role_that_nobody_is_at_work_on_oldest_first[sqlite]",
        ),
    ),
    # Tokens of enrolment.
    Mutant(
        rule="An enrolment token can be used once more than it may be",
        file=_DEVICES,
        before="            enrollment_tokens.c.uses_left > 0,\n        )\n        .values(",
        after="            enrollment_tokens.c.uses_left >= 0,\n        )\n        .values(",
        tests=("tests/storage/test_device_queries.py::test_a_token_is_taken_as_often_as_it_may_be[sqlite]",),
    ),
    # Connectors.
    Mutant(
        rule="A second answer to a request takes the place of the first",
        file=_REQUESTS,
        before='where={"id": request_id, "state": "open"}, values=answer)',
        after='where={"id": request_id}, values=answer)',
        tests=("tests/storage/test_certificate_queries.py::test_a_request_is_answered_once[sqlite]",),
    ),
    Mutant(
        rule="A connector is given requests of a role that it does not have",
        file=_REQUESTS,
        before=(
            "            connector_requests.c.role.in_(list(roles)),\n"
            "            connector_requests.c.created_at <= before,\n"
            "            or_("
        ),
        after="            connector_requests.c.created_at <= before,\n            or_(",
        tests=(
            "tests/storage/test_connector_queries.py::test_free_requests_are_those_of_a_role_that_nobody_is_at_work_on_oldest_first[sqlite]",
        ),
    ),
    Mutant(
        rule="A connector is given a request that only another one can answer",
        file=_REQUESTS,
        before="or_(connector_requests.c.only_by.is_(None), connector_requests.c.only_by == connector_id),\n",
        after="",
        tests=(
            "tests/storage/test_connector_queries.py::test_free_requests_are_those_of_a_role_that_nobody_is_at_work_on_oldest_first[sqlite]",
        ),
    ),
    Mutant(
        rule="A request that is leased to a connector is given to another one",
        file=_REQUESTS,
        before=(
            "or_(connector_requests.c.leased_until.is_(None), connector_requests.c.leased_until <= now),\n"
            "        )\n"
            "        .order_by("
        ),
        after=")\n        .order_by(",
        tests=(
            "tests/storage/test_connector_queries.py::test_free_requests_are_those_of_a_role_that_nobody_is_at_work_on_oldest_first[sqlite]",
        ),
    ),
    Mutant(
        rule="A lease is given though another connector has one",
        file=_REQUESTS,
        before=(
            "or_(connector_requests.c.leased_until.is_(None), connector_requests.c.leased_until <= now),\n"
            "        )\n"
            "        .values("
        ),
        after=")\n        .values(",
        tests=(
            "tests/storage/test_connector_queries.py::test_free_requests_are_those_of_a_role_that_nobody_is_at_work_on_oldest_first[sqlite]",
        ),
    ),
    Mutant(
        rule="A connector serves requests of a role that it does not have",
        file="app/fauxtune/operations/connectors/selection.py",
        before="if role in row.roles and is_at_work(row)]",
        after="if is_at_work(row)]",
        tests=("tests/operations/test_connectors.py::test_a_role_that_no_connector_has_is_named[sqlite]",),
    ),
    Mutant(
        rule="A connector that is offline answers",
        file="app/fauxtune/operations/connectors/selection.py",
        before='return row.state == "online" and is_served(row.program, row.version)',
        after="return is_served(row.program, row.version)",
        tests=(
            "tests/operations/test_connectors.py::test_what_an_offline_connector_should_answer_waits_and_says_so_and_comes_when_it_is_back[sqlite]",
        ),
    ),
    Mutant(
        rule="A connector that is too old is served",
        file="app/fauxtune/operations/connectors/selection.py",
        before='return row.state == "online" and is_served(row.program, row.version)',
        after='return row.state == "online"',
        tests=(
            "tests/operations/test_connector_programs.py::test_a_connector_that_is_too_old_issues_nothing_until_it_is_updated[sqlite]",
        ),
    ),
    Mutant(
        rule="A polling connector revokes at once",
        file="app/fauxtune/operations/connectors/selection.py",
        before='if row.mode != "polling" or polled_at(asked_at) <= now:',
        after="if row.mode:",
        tests=(
            "tests/operations/test_connector_programs.py::test_a_polling_connector_revokes_thirty_emulated_seconds_later[sqlite]",
        ),
    ),
    Mutant(
        rule="An imported file is delivered though its password does not open it",
        file="app/fauxtune/connector/reencrypt.py",
        before="        if not order.already_verified:\n",
        after="        if order.already_verified:\n",
        tests=("tests/connector/test_reencrypt.py::test_a_verified_file_is_not_opened_again",),
    ),
    Mutant(
        rule="A file with another certificate than the record's is delivered",
        file="app/fauxtune/connector/reencrypt.py",
        before="    if actual != order.thumbprint.lower():\n",
        after="    if not actual:\n",
        tests=("tests/connector/test_reencrypt.py::test_another_certificate_than_the_records_is_told",),
    ),
    Mutant(
        rule="A password is decrypted with SHA-256 whatever the padding scheme",
        file="app/fauxtune/connector/reencrypt.py",
        before="algorithm = PADDINGS.get(order.padding.lower())",
        after='algorithm = PADDINGS.get(order.padding.lower()) and PADDINGS["oaepsha256"]',
        tests=("tests/connector/test_reencrypt.py::test_the_password_reaches_the_device_whatever_the_hash",),
    ),
    Mutant(
        rule="A key is made for a device that cannot read what is encrypted for it",
        file="app/fauxtune/connector/issue.py",
        before="        envelope(secret, order.recipient)  # before",
        after="        order.recipient.public_key()  # before",
        tests=("tests/connector/test_issue.py::test_nothing_is_issued_for_a_device_that_cannot_read_it",),
    ),
    Mutant(
        rule="A PFX file brings the root along",
        file="app/fauxtune/connector/issue.py",
        before="chain=[issuer for issuer in issuers if issuer.issuer != issuer.subject],",
        after="chain=issuers,",
        tests=("tests/connector/test_issue.py::test_the_device_opens_what_the_connector_made",),
    ),
    Mutant(
        rule="A template that the connector may not use issues",
        file="app/fauxtune/operations/ca/issuance.py",
        before="    if not template.connector_may_enroll:\n",
        after="    if not template.name:\n",
        tests=("tests/connector/test_issue.py::test_a_template_that_does_not_let_the_connector_is_named",),
    ),
    Mutant(
        rule="A device is given the certificate that another device asked for",
        file=_REQUESTS,
        before='_REQUESTS = _REQUEST.where(connector_requests.c.enrollment_id == bindparam("device"))',
        after="_REQUESTS = _REQUEST",
        tests=(
            "tests/operations/test_checkin.py::test_every_device_has_its_own_pkcs_certificate_and_all_of_a_users_share_what_was_imported[sqlite]",
        ),
    ),
    # Check-ins.
    Mutant(
        rule="A check-in is quiet though it is due",
        file=_DEVICES,
        before='        enrollments.c.due_at > bindparam("now"),\n',
        after="",
        tests=(_QUIET,),
    ),
    Mutant(
        rule="A check-in with a new report is quiet",
        file=_DEVICES,
        before='        enrollments.c.report_digest == bindparam("report"),\n',
        after="",
        tests=(_QUIET,),
    ),
    Mutant(
        rule="A check-in is quiet though something has changed for the device",
        file=_DEVICES,
        before=(
            "        enrollments.c.generation == enrollments.c.settled_generation,\n"
            '        enrollments.c.due_at > bindparam("now"),\n'
        ),
        after='        enrollments.c.due_at > bindparam("now"),\n',
        tests=(_QUIET,),
    ),
    Mutant(
        rule="A check-in of a device whose end was ordered is quiet",
        file=_DEVICES,
        before="        enrollments.c.state == EnrollmentState.ACTIVE.value,\n        enrollments.c.generation ==",
        after="        enrollments.c.generation ==",
        tests=(_QUIET,),
    ),
    Mutant(
        rule="A device is not due while the connector works for it, so that a crash loses its work",
        file=_CHECKIN,
        before="due_at=tx.now if work or operations else",
        after="due_at=tx.now if operations else",
        tests=(
            "tests/operations/test_checkin.py::test_a_crash_between_begin_and_finish_heals_at_the_next_check_in_with_the_same_report[sqlite]",
        ),
    ),
    Mutant(
        rule="A device is not due while an operation waits for it",
        file=_CHECKIN,
        before="due_at=tx.now if work or operations else",
        after="due_at=tx.now if work else",
        tests=(
            "tests/operations/test_retiring_many.py::test_what_a_device_survives_is_not_overlooked_by_a_quiet_check_in[sqlite]",
        ),
    ),
    Mutant(
        rule="A check-in settles what changes while the connector works",
        file=_CHECKIN,
        before="        plans=row.plans + 1,\n        # Requests that",
        after="        plans=row.plans + 1,\n        settled_generation=row.generation,\n        # Requests that",
        tests=(
            "tests/operations/test_checkin.py::test_what_changes_while_the_connector_works_waits_for_the_next_check_in[sqlite]",
        ),
    ),
    Mutant(
        rule="A check-in that waited for another one plans again",
        file=_CHECKIN,
        before="        if was_taken:",
        after="        if False:",
        tests=(
            "tests/operations/test_together.py::test_a_check_in_that_waited_for_another_does_not_plan_again[sqlite]",
        ),
    ),
    Mutant(
        rule="A certificate that was issued after a wipe was accepted stays good",
        file=_CHECKIN,
        before="serials=[serial for serial in issued if serial is not None]",
        after="serials=[]",
        tests=(
            "tests/operations/test_checkin.py::test_a_wipe_that_is_accepted_while_the_connector_works_revokes_what_comes[sqlite]",
        ),
    ),
    Mutant(
        rule="A device that has ended is served",
        file="app/fauxtune/operations/devices/caller.py",
        before="return enrollment.state is not EnrollmentState.ENDED",
        after="return True",
        tests=("tests/operations/test_checkin.py::test_an_enrolment_that_has_ended_is_told_so[sqlite]",),
    ),
    Mutant(
        rule="A device can check in as another one",
        file="app/fauxtune/operations/devices/caller.py",
        before=" or row.id != caller.enrollment_id",
        after="",
        tests=(
            "tests/operations/test_checkin.py::test_a_wrong_credential_another_device_and_another_tenant_are_refused[sqlite]",
        ),
    ),
    Mutant(
        rule="A user without a licence is given certificates",
        file="app/fauxtune/operations/checkin/planning.py",
        before="enrollment.user_id is not None and (user is None or not user.licensed)",
        after="enrollment.user_id is not None and user is None",
        tests=(f"{_TEST_ENDING}::test_a_lost_licence_leaves_everything_and_gives_nothing_more[sqlite]",),
    ),
    Mutant(
        rule="A connector inside the server answers what is leased to a process",
        file="app/fauxtune/operations/connectors/selection.py",
        before="if not serving or _is_leased(tx, row) or",
        after="if not serving or",
        tests=(
            "tests/surfaces/control/test_connector_channel.py::test_what_is_leased_to_a_process_is_answered_by_no_other_connector[sqlite]",
        ),
    ),
    Mutant(
        rule="A connector inside the server answers what only a process can open",
        file="app/fauxtune/operations/connectors/selection.py",
        before=" or row.only_by not in (None, SERVER):",
        after=":",
        tests=(
            "tests/operations/test_connector_channel.py::test_an_account_goes_to_the_connector_that_keeps_the_password_of_its_certificate[sqlite]",
        ),
    ),
    Mutant(
        rule="A password is encrypted for the authority instead of the device",
        file="app/fauxtune/operations/checkin/fulfilment.py",
        before="        if switch is not None and self._tx.tenant.setting(switch):\n",
        after="        if self._variant:\n",
        tests=(
            "tests/operations/test_checkin.py::test_a_device_gets_its_root_then_its_certificate_and_comes_to_rest[sqlite]",
        ),
    ),
    Mutant(
        rule="A refusal of an earlier version of an item counts for the present one",
        file="app/fauxtune/operations/checkin/step_results.py",
        before="if current is not None and current.fingerprint == step.step.fingerprint:",
        after="if current is not None:",
        tests=(
            "tests/operations/test_stepwise.py::test_a_refusal_of_an_item_as_it_was_is_no_refusal_of_it_as_it_is[sqlite]",
        ),
    ),
    # The channel of connectors.
    Mutant(
        rule="A connector has a certificate issued for a request of another one",
        file=_CHANNEL,
        before='    if request.state != "open" or request.leased_by != caller.id:\n',
        after='    if request.state != "open":\n',
        tests=(
            "tests/surfaces/control/test_connector_channel.py::test_what_is_leased_to_a_process_is_answered_by_no_other_connector[sqlite]",
        ),
    ),
    Mutant(
        rule="An earlier session of a connector goes on",
        file=_CHANNEL,
        before="    if row.session != caller.id:\n",
        after="    if not caller:\n",
        tests=(
            "tests/surfaces/control/test_connector_channel.py::test_a_second_run_takes_the_place_of_the_first[sqlite]",
        ),
    ),
    Mutant(
        rule="A certificate that a crashed connector lost stays good",
        file=_CHANNEL,
        before="        _supersede(tx, serial_hex(earlier))\n",
        after="",
        tests=(
            "tests/surfaces/control/test_connector_channel.py::test_a_connector_that_comes_again_has_its_work_at_once_and_what_was_lost_is_revoked[sqlite]",
        ),
    ),
    # Wipe, retirement and enrolment.
    Mutant(
        rule="A wipe cancels nothing that waits",
        file="app/fauxtune/operations/devices/actions.py",
        before="        change_state(tx, earlier, state=ActionState.CANCELED)\n",
        after="        pass\n",
        tests=(f"{_TEST_ENDING}::test_the_same_order_twice_is_one_operation_and_another_takes_its_place[sqlite]",),
    ),
    Mutant(
        rule="An accepted wipe revokes only when the device confirms it",
        file="app/fauxtune/operations/devices/actions.py",
        before="        revoke_held(tx, row, cause=cause, user=user)\n",
        after="        pass\n",
        tests=(
            "tests/operations/test_ending.py::test_an_action_revokes_pkcs_when_it_is_accepted_and_the_device_forgets_when_it_confirms[sqlite-wipe]",
        ),
    ),
    Mutant(
        rule="A device that is enrolled again keeps the certificate of its earlier enrolment",
        file="app/fauxtune/operations/devices/enrollment.py",
        before="    end_earlier_enrollments(tx, request.hardware_key)\n",
        after="",
        tests=(
            "tests/operations/test_enrollment.py::test_the_same_hardware_again_takes_the_place_of_its_old_enrolment[sqlite]",
        ),
    ),
    Mutant(
        rule="A user without a licence can enrol a device",
        file="app/fauxtune/operations/devices/users.py",
        before="    if not user.licensed:\n",
        after="    if not user:\n",
        tests=(
            "tests/operations/test_enrollment.py::test_a_user_without_licence_cannot_enrol_until_there_is_one_and_keeps_the_token[sqlite]",
        ),
    ),
    # The certification authorities: CRLs, OCSP, revocation.
    Mutant(
        rule="OCSP answers good for a revoked certificate",
        file="app/fauxtune/core/pki/ocsp.py",
        before="    if status.revoked_at is None:\n",
        after='    if status.reason != "":\n',
        tests=("tests/core/pki/test_ocsp.py::test_a_revoked_certificate_is_revoked_with_time_and_reason",),
    ),
    Mutant(
        rule="OCSP answers good for a certificate that was never issued",
        file="app/fauxtune/core/pki/ocsp.py",
        before=r'return b"\x82\x00"',
        after=r'return b"\x80\x00"',
        tests=("tests/core/pki/test_ocsp.py::test_a_serial_that_was_never_issued_is_unknown",),
    ),
    Mutant(
        rule="OCSP answers for the certificates of another authority",
        file="app/fauxtune/core/pki/ocsp.py",
        before="    if not all(responder.answers_for(",
        after="    if not question.certificates and all(responder.answers_for(",
        tests=("tests/core/pki/test_ocsp.py::test_questions_about_another_authority_are_unauthorized",),
    ),
    Mutant(
        rule="OCSP answers without the nonce of the request",
        file="app/fauxtune/core/pki/ocsp.py",
        before="    if question.nonce is not None:\n        data +=",
        after="    if question.nonce is None and question.nonce:\n        data +=",
        tests=("tests/core/pki/test_ocsp.py::test_the_nonce_comes_back",),
    ),
    Mutant(
        rule="The CRL stays as it is when a certificate is revoked",
        file="app/fauxtune/operations/ca/crl_and_ocsp.py",
        before="        queries.forget_crl(tx.connection, tx.tenant.id, name=name)\n",
        after="",
        tests=(
            "tests/operations/test_authorities.py::test_a_crl_stays_until_something_is_revoked_or_its_time_is_over[sqlite]",
        ),
    ),
    Mutant(
        rule="A cached OCSP answer outlives a revocation",
        file="app/fauxtune/operations/runtime/pki_cache.py",
        before="        if self._state is not self._database.state:\n",
        after="        if self._state is None:\n",
        tests=(
            "tests/operations/test_authorities.py::test_an_answer_without_a_nonce_is_given_again_until_something_changes[sqlite]",
        ),
    ),
    Mutant(
        rule="A CRL from the future is shown when the clock was put back",
        file="app/fauxtune/operations/ca/crl_and_ocsp.py",
        before="not span[0] <= at < span[1]",
        after="not at < span[1]",
        tests=(
            "tests/operations/test_authorities.py::test_a_clock_that_was_put_back_shows_no_crl_from_the_future[sqlite]",
        ),
    ),
    Mutant(
        rule="A revocation for good can be taken back",
        file=_CERTIFICATES,
        before='        certificates.c.reason == "certificateHold",\n',
        after="",
        tests=(
            "tests/operations/test_authorities.py::test_a_certificate_on_hold_is_released_or_revoked_for_good[sqlite]",
        ),
    ),
    Mutant(
        rule="A second revocation changes the date and the reason of the first",
        file=_CERTIFICATES,
        before='        certificates.c.serial == bindparam("number"),\n        certificates.c.revoked_at.is_(None),\n',
        after='        certificates.c.serial == bindparam("number"),\n',
        tests=("tests/storage/test_certificate_queries.py::test_a_revocation_keeps_its_first_date_and_reason[sqlite]",),
    ),
    Mutant(
        rule="A connector revokes though the template forbids it",
        file="app/fauxtune/operations/connectors/revocation.py",
        before='if document is not None and not document["connectorMayRevoke"]:',
        after='if document is not None and "connectorMayRevoke" not in document:',
        tests=(
            "tests/operations/test_templates.py::test_a_connector_that_may_not_revoke_leaves_the_certificate_good[sqlite]",
        ),
    ),
    Mutant(
        rule="An authority that is offline revokes",
        file="app/fauxtune/operations/connectors/revocation.py",
        before='if row is not None and row.state != "available":',
        after="if row is None:",
        tests=("tests/operations/test_authorities.py::test_a_revocation_waits_for_an_authority_off_line[sqlite]",),
    ),
    # The surfaces.
    Mutant(
        rule="A body without a length may be of any size",
        file="app/fauxtune/server/middleware.py",
        before="        if self._received > BODY_LIMIT:\n",
        after="        if self._received < 0:\n",
        tests=("tests/server/test_middleware.py::test_a_body_without_a_length_is_refused_when_it_grows_too_long",),
    ),
    Mutant(
        rule="NotNow counts as done",
        file="app/fauxtune/surfaces/devices/apple/command_results.py",
        before="return StepResult(results.command, Result.LATER)",
        after="return StepResult(results.command, Result.DONE)",
        tests=("tests/surfaces/devices/apple/test_command_results.py::test_each_status_is_a_result",),
    ),
    Mutant(
        rule="A failed SyncML command counts as done",
        file="app/fauxtune/surfaces/devices/windows/status_mapping.py",
        before="    if failure is None:\n",
        after="    if failure is None or failure.status:\n",
        tests=(
            "tests/surfaces/devices/windows/test_status_mapping.py::test_the_role_of_a_command_says_what_its_status_means",
        ),
    ),
)
