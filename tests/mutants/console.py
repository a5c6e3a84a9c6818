"""Mutants: who may look at the console, and whose forms change something."""

#: data

from __future__ import annotations

from tests.mutants.mutant import Mutant

_APP = "app/fauxtune/surfaces/console/app.py"
_SESSION = "app/fauxtune/surfaces/console/session.py"
_ACCESS = "tests/surfaces/console/test_access.py"
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
        before="elif not session.signed_in:",
        after="elif not session:",
        tests=(_SIGNS_IN,),
    ),
    Mutant(
        rule="The console takes any word for the control token",
        file=_APP,
        before='if not is_token(str(form.get("token", "")).encode().decode("latin-1"), token):',
        after='if not form.get("token"):',
        tests=(_SIGNS_IN,),
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
        file="app/fauxtune/surfaces/console/call.py",
        before='if not hmac.compare_digest(str(form.get(FORM_TOKEN, "")).encode(), self.session.form_token.encode()):',
        after="if not form:",
        tests=(f"{_ACCESS}::test_a_form_of_another_page_changes_nothing[sqlite]",),
    ),
)
