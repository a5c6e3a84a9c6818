"""Mutants: what of a message counts as signed, what senders encrypt for, and what goes with a message or a user."""

#: data

from __future__ import annotations

from tests.mutants.mutant import Mutant

_READING = "app/fauxtune/core/mail/visible_parts.py"
_CONSOLE, _CONTROL = "tests/surfaces/console/test_mail.py", "tests/surfaces/control/test_mail.py"
_MAILBOXES = "tests/operations/test_mailboxes.py"
_BOOK = "tests/operations/test_address_book.py"
_LOGIN, _CODE_OF_LOGIN = "tests/operations/test_mail_login.py", "app/fauxtune/operations/mail/login.py"
_MARKS = "tests/core/model/test_marks.py"
_PROGRAMS = "tests/surfaces/mail"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        rule="A message with a part outside its signature is verified",
        file=_READING,
        before="return [part for part in self.parts if not part.signatures] if self.signatures else []",
        after="return []",
        tests=(f"{_CONSOLE}::test_a_signature_that_covers_less_than_is_shown_is_never_verified[sqlite]",),
    ),
    Mutant(
        rule="A message that was changed after it was signed is verified",
        file=_READING,
        before="        except Invalid:\n            problem = ",
        after='        except Invalid:\n            return ""\n            problem = ',
        tests=(f"{_CONTROL}::test_a_signature_is_judged_by_integrity_sender_authority_and_revocation[sqlite]",),
    ),
    Mutant(
        rule="Whoever has a certificate of the tenant can issue one for another sender",
        file="app/fauxtune/core/mail/verdict.py",
        before="[each for each in offered if is_authority(each)]",
        after="list(offered)",
        tests=("tests/core/mail/test_reading.py::test_only_an_authority_can_have_issued_the_signers_certificate",),
    ),
    Mutant(
        rule="An encoded word in a subject begins another header field",
        file="app/fauxtune/core/mail/writing.py",
        before='    is_plain = text.isascii() and "=?" not in text',
        after="    is_plain = text.isascii()",
        tests=("tests/core/mail/test_message.py",),
    ),
    Mutant(
        rule="A certificate opens the mailbox of every address that is in it",
        file=_CODE_OF_LOGIN,
        before="        return row.user_id == user.id",
        after="        pass",
        tests=(f"{_LOGIN}::test_a_certificate_opens_the_mailbox_of_its_user_alone[sqlite]",),
    ),
    Mutant(
        rule="A user sends by SMTP in the name of another one",
        file="app/fauxtune/operations/mail/mailboxes.py",
        before="owner_of(tx, described.sender) != author",
        after="False",
        tests=(f"{_PROGRAMS}/test_smtp.py::test_a_user_sends_in_nobody_elses_name[sqlite]",),
    ),
    Mutant(
        rule="A login before STARTTLS stays",
        file="app/fauxtune/surfaces/mail/smtp.py",
        before="        self.mailbox = None\n        return True",
        after="        return True",
        tests=(f"{_PROGRAMS}/test_smtp.py::test_a_login_before_starttls_counts_no_more[sqlite]",),
    ),
    Mutant(
        rule="A sender encrypts for a certificate that has expired",
        file="app/fauxtune/core/mail/publication.py",
        before="    if ends <= now:",
        after="    if ends <= starts:",
        tests=(f"{_BOOK}::test_each_state_of_an_entry_says_what_it_is[sqlite]",),
    ),
    Mutant(
        rule="A message is deleted though another recipient has it",
        file="app/fauxtune/storage/queries/mailboxes.py",
        before=", _message.id.not_in(kept)",
        after="",
        tests=(f"{_MAILBOXES}::test_a_message_goes_with_its_last_copy[sqlite]",),
    ),
    Mutant(
        rule="The mailbox of a deleted user stays",
        file="app/fauxtune/operations/directory/users_and_groups.py",
        before="    mailboxes.delete_mailbox(tx.connection, tx.tenant.id, user_id=row.id)\n",
        after="",
        tests=(f"{_MAILBOXES}::test_deleting_a_user_removes_the_mailbox_and_leaves_other_copies[sqlite]",),
    ),
    Mutant(
        rule="A revoked certificate opens the mailbox",
        file=_CODE_OF_LOGIN,
        before="    if row.revoked_at is not None:",
        after="    if row.not_after < row.not_before:",
        tests=(f"{_LOGIN}::test_a_revoked_certificate_opens_nothing_and_one_on_hold_until_it_is_released[sqlite]",),
    ),
    Mutant(
        rule="The certificate of a wiped device is refused without saying so",
        file=_CODE_OF_LOGIN,
        before="    if ended is not None:",
        after="    if ended is None and row.revoked_at is not None:",
        tests=(
            f"{_LOGIN}::test_the_certificate_of_a_device_that_was_wiped_or_retired_opens_nothing[sqlite-wipe-wiped]",
        ),
    ),
    Mutant(
        rule="A certificate opens the mailbox of another user",
        file=_CODE_OF_LOGIN,
        before="        return row.user_id == user.id",
        after="        return True",
        tests=(f"{_LOGIN}::test_a_certificate_opens_the_mailbox_of_its_user_alone[sqlite]",),
    ),
    Mutant(
        rule="A user sends mail as somebody else",
        file="app/fauxtune/surfaces/mail/smtp.py",
        before="        if not await self.mailbox.owns(address):",
        after="        if not await self.mailbox.knows(address):",
        tests=(f"{_PROGRAMS}/test_smtp.py::test_what_cannot_be_done_is_refused_with_the_reason",),
    ),
    Mutant(
        rule="What was sent in clear behind STLS is obeyed in TLS",
        file="app/fauxtune/surfaces/mail/pop3.py",
        before="                self._input.forget()\n",
        after="",
        tests=(f"{_PROGRAMS}/test_pop3.py::test_what_was_sent_in_clear_behind_stls_counts_no_more[sqlite]",),
    ),
    Mutant(
        rule="Line feeds alone are taken in a message",
        file="app/fauxtune/surfaces/mail/smtp.py",
        before='            if b"\\n" in line.removesuffix(b"\\r\\n"):',
        after="            if False:",
        tests=(
            f"{_PROGRAMS}/test_smtp.py::test_line_feeds_alone_are_refused_with_the_word_for_it_however_long_the_message_is[sqlite]",
        ),
    ),
    Mutant(
        rule="A connection on which somebody has logged in makes room for strangers",
        file="app/fauxtune/server/mail.py",
        before="transport.is_closing() or connection.protocol.is_logged_in or",
        after="transport.is_closing() or",
        tests=(
            f"{_PROGRAMS}/test_hostile_programs.py::test_silent_connections_make_room_for_others_and_those_with_a_login_stay[sqlite]",
        ),
    ),
    Mutant(
        rule="A mark that is taken is given again",
        file="app/fauxtune/core/model/certificates.py",
        before="next(candidate for candidate in _candidates(key, since=since) if candidate not in self._taken)",
        after="next(_candidates(key, since=since))",
        tests=(
            f"{_MARKS}::test_no_two_certificates_of_a_tenant_have_the_same_mark_and_the_first_ones_have_four_letters",
        ),
    ),
)
