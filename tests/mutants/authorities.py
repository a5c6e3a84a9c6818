"""Mutants: certification authorities and the surfaces."""

#: data

from __future__ import annotations

from tests.mutants.mutant import Mutant

_CERTIFICATES = "app/fauxtune/storage/queries/certificates.py"

MUTANTS: tuple[Mutant, ...] = (
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
        file="app/fauxtune/operations/runtime/kept_answers.py",
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
        before='if template is not None and not template["connectorMayRevoke"]:',
        after='if template is not None and "connectorMayRevoke" not in template:',
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
        before="        if self._received > self._limit:\n",
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
            "tests/surfaces/devices/windows/test_session_state.py::test_the_role_of_a_command_says_what_its_status_means",
        ),
    ),
)
