"""Mutants: who may look at the console, and whose forms change something."""

#: data

from __future__ import annotations

from tests.mutants.mutant import Mutant

_APP = "app/fauxtune_console/app.py"
_SESSION = "app/fauxtune_console/session.py"
_ACCESS = "tests/surfaces/console/test_access.py"
_SEATS = "tests/surfaces/console/test_classrooms.py"
_SIGNS_IN = f"{_ACCESS}::test_with_a_control_token_the_browser_signs_in_once[sqlite]"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        rule="The console without a control token answers another machine",
        file=_APP,
        before="            check_local(request)\n",
        after="            pass\n",
        tests=(f"{_ACCESS}::test_another_machine_may_not_look[sqlite]",),
    ),
    Mutant(
        rule="The console is shown to a browser that has not sent the control token",
        file=_APP,
        before="(token is None or session.signed_in)",
        after="(token is None or bool(session))",
        tests=(_SIGNS_IN,),
    ),
    Mutant(
        rule="The console takes any word for the control token",
        file="app/fauxtune_console/pages/sign_in.py",
        before='if token is not None and is_token(sent.encode().decode("latin-1"), token):',
        after="if token is not None and sent:",
        tests=(_SIGNS_IN,),
    ),
    Mutant(
        rule="The console shows a student another seat",
        file=_APP,
        before="if seat is not None:",
        after="if seat is not None and path == PATH:",
        tests=(f"{_SEATS}::test_a_student_sees_no_page_of_another_tenant_or_of_the_server[sqlite]",),
    ),
    Mutant(
        rule="A session of a seat outlives its classroom",
        file=_APP,
        before="session.seat is None and (token is None",
        after="(token is None",
        tests=(f"{_SEATS}::test_a_session_ends_with_the_classroom[sqlite]",),
    ),
    Mutant(
        rule="A session of the console counts though nobody signed it",
        file=_SESSION,
        before=" or not hmac.compare_digest(proof.encode(), self._sign(identifier, level).encode())",
        after="",
        tests=(f"{_ACCESS}::test_a_session_that_this_run_did_not_sign_is_no_session[sqlite]",),
    ),
    Mutant(
        rule="A form of another site's page changes something in the console",
        file="app/fauxtune_console/session.py",
        before='if not hmac.compare_digest(str(form.get(FORM_TOKEN, "")).encode(), self.form_token.encode()):',
        after="if not form:",
        tests=(f"{_ACCESS}::test_a_form_of_another_page_changes_nothing[sqlite]",),
    ),
)
