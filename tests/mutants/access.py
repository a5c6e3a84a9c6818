"""Mutants: permissions, tenants and tokens of enrolment."""

#: data

from __future__ import annotations

from tests.mutants.mutant import Mutant

_CERTIFICATES = "app/fauxtune/storage/queries/certificates.py"
_REQUESTS = "app/fauxtune/storage/queries/connectors.py"
_DEVICES = "app/fauxtune/storage/queries/devices.py"
_ENROLLMENT_TOKENS = "app/fauxtune/storage/queries/enrolling.py"
_TOKENS = "app/fauxtune/operations/runtime/access_tokens.py"
_QUIET = "tests/storage/test_device_queries.py::test_a_check_in_is_quiet_if_nothing_is_new_and_the_device_is_itself"

_WHICH = "tests/server/test_which_server.py"
_MANAGED = "tests/surfaces/identity/test_managed_identity.py"
_FEDERATED = "tests/surfaces/identity/test_federated_identity.py"
_IMDS = "/_identity/contoso/c0ffee00-0000-4000-8000-00000000a991/metadata/identity/oauth2/token"
_OWN_SEAT = "tests/surfaces/control/test_classrooms.py::test_a_password_opens_the_own_tenant_and_no_other_call[sqlite]"

MUTANTS: tuple[Mutant, ...] = (
    # Seats of classrooms.
    Mutant(
        rule="The password of a seat opens another tenant",
        file="app/fauxtune/operations/tenants/seats.py",
        before="if not is_own:",
        after="if is_own is None:",
        tests=(_OWN_SEAT,),
    ),
    Mutant(
        rule="The password of a seat opens what belongs to the whole server",
        file="app/fauxtune/surfaces/control/access.py",
        before="            await check_opens(",
        after='            if "tenant" in request.path_params:\n                await check_opens(',
        tests=(_OWN_SEAT,),
    ),
    Mutant(
        rule="The users of a seat have the password that everybody knows",
        file="app/fauxtune/operations/directory/users_and_groups.py",
        before="    if seat is not None:\n        return hmac",
        after="    if seat is not None and not password:\n        return hmac",
        tests=(
            "tests/surfaces/control/test_classrooms.py::test_graph_is_opened_by_the_application_that_the_own_tenant_tells[sqlite]",
        ),
    ),
    # Which server is asked, and who needs no secret.
    Mutant(
        rule="A request for another server is answered",
        file="app/fauxtune/server/middleware.py",
        before="if server_id and wanted.lower() != server_id:",
        after="if not server_id:",
        tests=(f"{_WHICH}::test_a_request_for_another_server_is_refused_by_every_surface_but_not_by_probes",),
    ),
    Mutant(
        rule="A token without a secret is given to another machine",
        file="app/fauxtune/surfaces/identity/managed.py",
        before="    check_local(request)\n",
        after="    pass\n",
        tests=(f"{_MANAGED}::test_only_programs_of_this_machine_are_answered[sqlite-{_IMDS}]",),
    ),
    Mutant(
        rule="The secret of Azure Arc is good for several uses",
        file="app/fauxtune/operations/directory/arc_challenges.py",
        before="        file.unlink()  # of",
        after="        file.stat()  # of",
        tests=(f"{_MANAGED}::test_azure_arc_takes_the_content_of_a_file_once[sqlite]",),
    ),
    Mutant(
        rule="A token of another subject is accepted",
        file="app/fauxtune/surfaces/identity/federation.py",
        before='if member == "audience":',
        after='if member == "subject":\n            continue\n        if member == "audience":',
        tests=(f"{_FEDERATED}::test_the_trust_follows_the_subject[sqlite]",),
    ),
    Mutant(
        rule="A token is accepted whoever has signed it",
        file="app/fauxtune/surfaces/identity/federation.py",
        before="not any(_is_signed(token, key) for key in named)",
        after="not named",
        tests=(f"{_FEDERATED}::test_a_token_without_a_signature_is_refused[sqlite]",),
    ),
    # Permissions.
    Mutant(
        rule="An application is served without the permission",
        file="app/fauxtune/operations/runtime/permission_check.py",
        before="if not needs or not principal.permissions.isdisjoint(needs):",
        after="if True:",
        tests=(
            "tests/surfaces/graph/test_authentication.py::test_without_any_role_an_application_may_do_nothing[sqlite]",
        ),
    ),
    Mutant(
        rule="All of an operation's permissions are needed instead of one",
        file="app/fauxtune/operations/runtime/permission_check.py",
        before="not principal.permissions.isdisjoint(needs)",
        after="principal.permissions.issuperset(needs)",
        tests=("tests/surfaces/graph/test_permissions.py::test_a_batch_is_judged_item_by_item[sqlite]",),
    ),
    Mutant(
        rule="A permission to read suffices for a wipe",
        file="app/fauxtune/surfaces/graph/resources/device_actions.py",
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
            "tests/surfaces/graph/test_authentication.py::test_a_token_for_another_audience_is_refused[sqlite-user-https://vault.azure.net]",
        ),
    ),
    Mutant(
        rule="A token for another resource has the application's roles of Graph",
        file="app/fauxtune/surfaces/identity/issuing.py",
        before="(at_intune if role in INTUNE_ROLES else at_graph)",
        after="(at_intune if role in INTUNE_ROLES else True)",
        tests=(
            "tests/surfaces/graph/test_authentication.py::test_an_application_has_no_roles_of_another_resource[sqlite]",
        ),
    ),
    Mutant(
        rule="A partner's authority needs no role of Intune's service",
        file="app/fauxtune/surfaces/partner/routes.py",
        before="if SCEP_CHALLENGE_PROVIDER not in principal.permissions:",
        after="if False:",
        tests=(
            "tests/surfaces/partner/test_partner_api.py::test_only_a_token_for_intunes_service_with_the_role_opens_it[sqlite]",
        ),
    ),
    Mutant(
        rule="A SCEP challenge is valid for ever",
        file="app/fauxtune/operations/checkin/scep_challenges.py",
        before="if challenge.expires <= tx.now:",
        after="if False:",
        tests=(
            "tests/surfaces/partner/test_partner_api.py::test_a_challenge_is_for_its_hour_its_device_its_user_and_its_profile[sqlite]",
        ),
    ),
    Mutant(
        rule="A certificate that a partner's authority reported is forgotten by the next check of its challenge",
        file="app/fauxtune/storage/queries/scep.py",
        before='_challenge.id == bindparam("challenge"), _challenge.state != "issued")',
        after='_challenge.id == bindparam("challenge"))',
        tests=(
            "tests/surfaces/partner/test_partner_api.py::test_a_reported_certificate_is_not_forgotten_by_another_validation_of_its_challenge[sqlite]",
        ),
    ),
    Mutant(
        rule="The SCEP challenge of a deleted user is as good as any",
        file="app/fauxtune/operations/checkin/scep_challenges.py",
        before="user_id=UserId(challenge.user)) is not None",
        after="user_id=UserId(challenge.user)) is not False",
        tests=(
            "tests/surfaces/partner/test_hostile_requests.py::test_a_device_whose_user_was_deleted_has_another_user_than_the_challenge[sqlite]",
        ),
    ),
    Mutant(
        rule="The test bench finds it right that a refused request is granted",
        file="app/fauxtune/core/scep/verification/judging.py",
        before='Result.WRONG, f"SUCCESS: a certificate was issued; {question}"',
        after='Result.RIGHT, f"SUCCESS: a certificate was issued; {question}"',
        tests=("tests/core/scep/test_verification.py::test_a_refusal_is_a_failure_and_nothing_else",),
    ),
    Mutant(
        rule="The test bench believes every thumbprint that is reported",
        file="app/fauxtune/core/scep/verification/judging.py",
        before="    if _hex(reported) != thumbprint(issued):\n",
        after="    if False:\n",
        tests=("tests/core/scep/test_verification.py::test_what_is_reported_of_a_certificate_is_what_it_is",),
    ),
    Mutant(
        rule="NDES issues for every key that comes with a used challenge",
        file="app/fauxtune/operations/checkin/ndes.py",
        before="                if used is not None:\n",
        after="                if False:\n",
        tests=("tests/surfaces/ndes/test_enrolment.py::test_a_challenge_is_for_one_request[sqlite]",),
    ),
    Mutant(
        rule="Whoever knows the transaction ID polls for a SCEP request",
        file="app/fauxtune/operations/checkin/ndes.py",
        before="    own = [row for row in rows if signer in (row.signer_digest, row.key_digest)]\n",
        after="    own = rows\n",
        tests=("tests/surfaces/ndes/test_approval.py::test_nobody_else_can_poll_for_a_request[sqlite]",),
    ),
    Mutant(
        rule="A revoked certificate renews itself at NDES",
        file="app/fauxtune/operations/checkin/ndes.py",
        before="        elif known.revoked_at is not None:\n",
        after="        elif False:\n",
        tests=("tests/surfaces/ndes/test_refusals.py::test_a_revoked_certificate_renews_nothing[sqlite]",),
    ),
    Mutant(
        rule="NDES serves with expired RA certificates",
        file="app/fauxtune/operations/connectors/ra_certificates.py",
        before="    if certificate.not_valid_after_utc <= tx.now:\n",
        after="    if False:\n",
        tests=(
            "tests/surfaces/ndes/test_service.py::test_expired_ra_certificates_stop_it_until_they_are_renewed[sqlite]",
        ),
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
        before=' or not str(claims["iss"]).endswith(f"/{tenant}/"):',
        after=":",
        tests=(
            "tests/surfaces/graph/test_authentication.py::test_a_token_that_was_touched_or_forged_is_refused[sqlite]",
        ),
    ),
    Mutant(
        rule="A user's token has permissions that nobody consented to",
        file="app/fauxtune/core/model/permissions.py",
        before="if EVERYTHING in consented or set(requested) <= set(consented):",
        after="if requested:",
        tests=("tests/surfaces/identity/test_consent.py::test_without_consent_a_password_gives_no_token[sqlite]",),
    ),
    Mutant(
        rule="A user's token has all that was consented to, whatever was asked for",
        file="app/fauxtune/core/model/permissions.py",
        before="        return tuple(dict.fromkeys(requested))\n",
        after="        return tuple(configured if EVERYTHING in consented else consented)\n",
        tests=(
            "tests/surfaces/identity/test_consent.py::test_a_users_token_may_do_what_was_asked_for_and_nothing_else[sqlite]",
        ),
    ),
    Mutant(
        rule="The scope .default gives what was not consented to",
        file="app/fauxtune/core/model/permissions.py",
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
        file="app/fauxtune/surfaces/http.py",
        before="if not _is_loopback(peer) or len(hosts) != 1",
        after="if len(hosts) != 1",
        tests=("tests/surfaces/control/test_access.py::test_another_machine_is_refused[sqlite-192.0.2.7]",),
    ),
    # Tenants.
    Mutant(
        rule="An imported certificate is found from another tenant",
        file="app/fauxtune/storage/queries/imported_pfx.py",
        before="    rows_of(pfx_certificates).where(\n",
        after="    select(pfx_certificates).where(\n",
        tests=("tests/storage/test_certificate_queries.py::test_a_user_has_its_own_imported_certificates[sqlite]",),
    ),
    Mutant(
        rule="An enrolment token is good in every tenant",
        file=_ENROLLMENT_TOKENS,
        before="    of_tenant(enrollment_tokens),\n",
        after='    of_tenant(enrollment_tokens, enrollment_tokens.c.tenant_id + ""),\n',
        tests=(
            "tests/storage/test_device_queries.py::test_a_token_ends_at_its_moment_and_is_good_in_its_tenant_only[sqlite]",
        ),
    ),
    Mutant(
        rule="A CRL lists certificates of another tenant",
        file=_CERTIFICATES,
        before=(
            "        of_tenant(certificates, tenant_id),\n"
            "        certificates.c.authority == authority_name,\n"
            "        certificates.c.revoked_at >= _FIRST,\n"
        ),
        after=("        certificates.c.authority == authority_name,\n        certificates.c.revoked_at >= _FIRST,\n"),
        tests=("tests/storage/test_certificate_queries.py::test_a_revocation_keeps_its_first_date_and_reason[sqlite]",),
    ),
    Mutant(
        rule="A certificate of another tenant can be revoked",
        file=_CERTIFICATES,
        before='        of_tenant(certificates),\n        certificates.c.authority == bindparam("named"),\n',
        after=(
            '        of_tenant(certificates, certificates.c.tenant_id + ""),\n'
            '        certificates.c.authority == bindparam("named"),\n'
        ),
        tests=("tests/storage/test_certificate_queries.py::test_a_revocation_keeps_its_first_date_and_reason[sqlite]",),
    ),
    Mutant(
        rule="A user of another tenant is found by the name",
        file="app/fauxtune/storage/queries/directory.py",
        before='rows_of(users).where(users.c.upn_key == bindparam("upn"))',
        after='select(users).where(users.c.upn_key == bindparam("upn"))',
        tests=("tests/storage/test_directory_queries.py::test_a_user_is_found_by_id_and_by_name_in_any_case[sqlite]",),
    ),
    Mutant(
        rule="A quiet check-in is taken at another tenant's address",
        file="app/fauxtune/storage/queries/quiet.py",
        before='        of_tenant(device, claims["tenant"]),\n',
        after='        of_tenant(device, device.c.tenant_id + ""),\n',
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
            "            of_tenant(connector_requests, tenant_id),\n"
            '            connector_requests.c.state == "open",\n'
        ),
        after='        _REQUEST.where(\n            connector_requests.c.state == "open",\n',
        tests=(
            "tests/storage/test_connector_queries.py::test_free_requests_are_those_of_a_role_that_nobody_is_at_work_on_oldest_first[sqlite]",
        ),
    ),
    Mutant(
        rule="A statement that says nothing about tenants is executed",
        file="app/fauxtune/internals/sqlalchemy_guard.py",
        before="        if unbound and not (",
        after="        if unbound and False and not (",
        tests=("tests/storage/test_tenancy.py::test_a_write_by_columns_needs_a_key_of_one_tenant[sqlite]",),
    ),
    Mutant(
        rule="One condition on a tenant serves all tables of a statement",
        file="app/fauxtune/internals/sqlalchemy_guard.py",
        before="self._of_tenants - _reached(self._bound, self._pairs)",
        after="set() if self._bound else self._of_tenants",
        tests=("tests/storage/test_tenancy.py::test_a_statement_without_one_is_refused_each_time",),
    ),
    # Tokens of enrolment.
    Mutant(
        rule="An enrolment token can be used once more than it may be",
        file=_ENROLLMENT_TOKENS,
        before="    enrollment_tokens.c.uses_left > 0,\n",
        after="    enrollment_tokens.c.uses_left >= 0,\n",
        tests=("tests/storage/test_device_queries.py::test_a_token_is_taken_as_often_as_it_may_be[sqlite]",),
    ),
    # The window on the wire.
    Mutant(
        rule="A tenant sees what was sent to another",
        file="app/fauxtune/operations/runtime/wire.py",
        before="ring = None if tenant is None else self._rings.get(tenant.id)",
        after="ring = next(iter(self._rings.values()), None)",
        tests=("tests/surfaces/control/test_wire.py::test_no_tenant_sees_what_belongs_to_another[sqlite]",),
    ),
    Mutant(
        rule="Credentials in headers are shown",
        file="app/fauxtune_wire/exchanges.py",
        before="for name, value in mask_headers(texts))",
        after="for name, value in texts)",
        tests=("tests/surfaces/control/test_wire.py::test_no_secret_is_in_any_answer[sqlite]",),
    ),
    Mutant(
        rule="A search finds what is not shown",
        file="app/fauxtune_wire/exchanges.py",
        before="any(text in readable.casefold() for message in messages for readable in _texts(message.parts))",
        after="bool(messages)",
        tests=("tests/surfaces/control/test_wire.py::test_no_secret_is_in_any_answer[sqlite]",),
    ),
    Mutant(
        rule="An answer shows the secret of the address that it repeats",
        file="app/fauxtune_wire/exchanges.py",
        before="hidden={*hidden_in(_raw_url(row))}",
        after="hidden=set()",
        tests=("tests/surfaces/control/test_wire.py::test_a_secret_in_an_address_is_shown_nowhere[sqlite]",),
    ),
)
