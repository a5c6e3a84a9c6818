"""Mutants: connectors, check-ins, and the end of an enrolment."""

#: data

from __future__ import annotations

from tests.mutants.mutant import Mutant

_REQUESTS = "app/fauxtune/storage/queries/connectors.py"
_QUIET_QUERIES = "app/fauxtune/storage/queries/quiet.py"
_CHECKIN = "app/fauxtune/operations/checkin/checkin.py"
_REPORT = "app/fauxtune/operations/checkin/report.py"
_CHANNEL = "app/fauxtune/operations/checkin/connector_channel.py"
_TEST_ENDING = "tests/operations/test_ending.py"
_QUIET = "tests/storage/test_device_queries.py::test_a_check_in_is_quiet_if_nothing_is_new_and_the_device_is_itself"

MUTANTS: tuple[Mutant, ...] = (
    # What is remembered.
    Mutant(
        rule="A password that one key has decrypted is given for another key",
        file="app/fauxtune/connector/passwords.py",
        before="if known is not None and _is_same(known[0], private_key):",
        after="if known is not None:",
        tests=(
            "tests/connector/test_reencrypt.py::test_a_password_is_decrypted_once_for_all_devices_and_by_each_key_for_itself",
        ),
    ),
    Mutant(
        rule="A device is remembered as it was before another check-in wrote about it",
        file="app/fauxtune/operations/runtime/memory.py",
        before="if self.wrote and not self.writes_one_device:",
        after="if False:",
        tests=(
            "tests/operations/test_memory.py::test_a_check_in_that_writes_of_no_device_of_its_own_lets_all_be_forgotten",
        ),
    ),
    Mutant(
        rule="Settling waits for a device of which only a request is left that somebody has to approve",
        file="app/fauxtune/operations/checkin/waiting_until_settled.py",
        before="return is_unapproved or device in snapshot.put_off",
        after="return device in snapshot.put_off",
        tests=(
            "tests/journeys/test_provider_states.py::test_a_device_whose_request_waits_for_an_approval_is_not_waited_for",
        ),
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
        file="app/fauxtune/connector/work.py",
        before="        if not order.already_verified:\n",
        after="        if order.already_verified:\n",
        tests=("tests/connector/test_reencrypt.py::test_a_verified_file_is_not_opened_again",),
    ),
    Mutant(
        rule="A file with another certificate than the record's is delivered",
        file="app/fauxtune/connector/work.py",
        before="    if actual != order.thumbprint.lower():\n",
        after="    if not actual:\n",
        tests=("tests/connector/test_reencrypt.py::test_another_certificate_than_the_records_is_told",),
    ),
    Mutant(
        rule="A password is decrypted with SHA-256 whatever the padding scheme",
        file="app/fauxtune/connector/passwords.py",
        before="algorithm = PADDINGS.get(order.padding.lower())",
        after='algorithm = PADDINGS.get(order.padding.lower()) and PADDINGS["oaepsha256"]',
        tests=("tests/connector/test_reencrypt.py::test_the_password_reaches_the_device_whatever_the_hash",),
    ),
    Mutant(
        rule="A key is made for a device that cannot read what is encrypted for it",
        file="app/fauxtune/connector/issue.py",
        before="        check_recipient(order.recipient)  # before",
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
        before='    .where(by_keys(connector_requests.c.enrollment_id, bindparam("ids", expanding=True)))\n',
        after='    .where(by_key(connector_requests.c.enrollment_id, connector_requests.c.enrollment_id + ""))\n',
        tests=(
            "tests/operations/test_checkin.py::test_every_device_has_its_own_pkcs_certificate_and_all_of_a_users_share_what_was_imported[sqlite]",
        ),
    ),
    # Check-ins.
    Mutant(
        rule="A check-in is quiet though it is due",
        file=_QUIET_QUERIES,
        before='        device.c.due_at > claims["now"],\n',
        after="",
        tests=(_QUIET,),
    ),
    Mutant(
        rule="A check-in with a new report is quiet",
        file=_QUIET_QUERIES,
        before='        device.c.report_digest == claims["report"],\n',
        after="",
        tests=(_QUIET,),
    ),
    Mutant(
        rule="A check-in is quiet though something has changed for the device",
        file=_QUIET_QUERIES,
        before="        device.c.generation == device.c.settled_generation,\n",
        after="",
        tests=(_QUIET,),
    ),
    Mutant(
        rule="A check-in of a device whose end was ordered is quiet",
        file=_QUIET_QUERIES,
        before="        device.c.state == EnrollmentState.ACTIVE.value,\n",
        after="",
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
        before="        plans=visit.row.plans + 1,\n        # Requests that",
        after=(
            "        plans=visit.row.plans + 1,\n"
            "        settled_generation=visit.row.generation,\n"
            "        # Requests that"
        ),
        tests=(
            "tests/operations/test_checkin.py::test_what_changes_while_the_connector_works_waits_for_the_next_check_in[sqlite]",
        ),
    ),
    Mutant(
        rule="A report that says nothing new passes over what has become due",
        file=_CHECKIN,
        before="if not replans and visit.row.is_settled(tx.now) and",
        after="if not replans and",
        tests=(
            "tests/operations/test_checkin.py::test_a_report_that_says_nothing_new_plans_what_has_become_due[sqlite]",
        ),
    ),
    Mutant(
        rule="A new fact among other words is passed over",
        file=_REPORT,
        before="if any(row.facts.get(name) != fact for name, fact in facts.items()):",
        after="if False:",
        tests=("tests/operations/test_checkin.py::test_what_is_new_among_other_words_is_taken_in[sqlite]",),
    ),
    Mutant(
        rule="A device that reports in other words is remembered as it was before them",
        file=_REPORT,
        before="row = with_changes(left.row, report_digest=report.digest, last_checkin_at=now)",
        after="row = left.row",
        tests=(
            "tests/operations/test_checkin.py::test_a_device_that_says_the_same_in_ever_other_words_is_answered_by_one_statement[sqlite]",
        ),
    ),
    Mutant(
        rule="A transaction waits for keys that have to be made",
        file="app/fauxtune/operations/checkin/own_connector.py",
        before="        if wanted and ready is None:\n            return None\n",
        after="",
        tests=("tests/operations/test_checkin.py::test_two_halves_of_check_ins_that_cross_issue_once[sqlite]",),
    ),
    Mutant(
        rule="A transaction does the connector's work however long it takes",
        file="app/fauxtune/operations/checkin/own_connector.py",
        before="        if sum(map(self._milliseconds, given)) > _AT_ONCE:\n            return None\n",
        after="",
        tests=(
            "tests/operations/test_checkin.py::test_long_work_of_the_connector_is_done_outside_of_the_transaction[sqlite]",
        ),
    ),
    Mutant(
        rule="A check-in that waited for another one plans again",
        file=_CHECKIN,
        before="        if visit.is_quiet(report.digest):\n            visit.change",
        after="        if False:\n            visit.change",
        tests=(
            "tests/operations/test_together.py::test_a_check_in_that_waited_for_another_does_not_plan_again[sqlite]",
        ),
    ),
    Mutant(
        rule="A certificate that was issued after a wipe was accepted stays good",
        file=_CHECKIN,
        before="visit.row, serials=serials)",
        after="visit.row, serials=[])",
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
        before=" and getattr(row, column) == value",
        after="",
        tests=(
            "tests/operations/test_checkin.py::test_a_wrong_credential_another_device_and_another_tenant_are_refused[sqlite]",
        ),
    ),
    Mutant(
        rule="A user without a licence is given certificates",
        file="app/fauxtune/operations/devices/audience.py",
        before="(user is not None and bool(user.licensed))\n",
        after="user is not None\n",
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
    Mutant(
        rule="A check-in plans with profiles as they were before they were changed",
        file="app/fauxtune/operations/runtime/runner.py",
        before="wrote=self._wrote, configuration=self._wrote_configuration)",
        after="wrote=self._wrote, configuration=False)",
        tests=(
            "tests/operations/test_memory.py::test_check_ins_read_the_profiles_once_after_each_change_of_them[sqlite]",
        ),
    ),
    Mutant(
        rule="A check-in remembers what it read before a change that ended meanwhile",
        file="app/fauxtune/operations/runtime/memory.py",
        before="if state is not self._state or tenant_id",
        after="if tenant_id",
        tests=("tests/operations/test_memory.py::test_what_was_read_before_a_change_is_not_stored_after_it",),
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
        file="app/fauxtune/operations/devices/audience.py",
        before="    if not user.licensed:\n",
        after="    if not user:\n",
        tests=(
            "tests/operations/test_enrollment.py::test_a_user_without_licence_cannot_enrol_until_there_is_one_and_keeps_the_token[sqlite]",
        ),
    ),
    Mutant(
        rule="Devices of one user note the files that they opened in different orders",
        file="app/fauxtune/operations/checkin/checkin.py",
        before="in_order = sorted(answers, key=lambda answer: answer.task.request.item_key)",
        after="in_order = answers",
        tests=("tests/operations/test_checkin.py::test_the_files_that_were_opened_are_noted_in_one_order[sqlite]",),
    ),
)
