"""A person's mail: the list, one message as each device would show it, its source, and the file to download.

Mail comes from anybody. Its text is shown, HTML as source; nothing of it is executed, and nothing is loaded for it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from fastapi import Response

from fauxtune.core.administration.emulation import delete_message
from fauxtune.core.errors import NotFound
from fauxtune.core.mail.message import SMIME_TYPES, MailDescription
from fauxtune.core.mail.mime import Entity, storable
from fauxtune.core.mail.verdict import SignatureCode, Verdict
from fauxtune.core.model.ids import UserId
from fauxtune.core.model.mail_accounts import MESSAGE
from fauxtune.core.pki.algorithm_words import algorithm_words
from fauxtune.core.pki.names import thumbprint
from fauxtune.operations.insight.readability import Matrix, readability
from fauxtune.operations.mail import mailboxes, opening
from fauxtune.operations.mail.mailboxes import MailLine
from fauxtune.operations.mail.opening import OpenMail
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.rows.directory import UserRow
from fauxtune.storage.rows.mail import MailboxRow
from fauxtune_console.call import TenantCall
from fauxtune_console.paging import offset, paging
from fauxtune_console.registered import State
from fauxtune_console.tasks import Question

# The one line of openssl that proves outside of this program what a page says about a message.
#
# openssl-cms(1). openssl looks at the chain and at the times, and neither at the sender's address nor at revocation.


@dataclass(frozen=True, slots=True)
class Proof:
    """A command, and what it shows. `needs_authorities`: the tenant's authorities, as a file beside it."""

    words: str
    command: str
    needs_authorities: bool = False


def proofs(opened: OpenMail) -> list[Proof]:
    """Return the command for the outermost layer of a message; none for a message that is not S/MIME outside."""
    mail, file = opened.mail, f"message-{opened.mail.uid}.eml"
    media_type = Entity(mail.raw).media_type
    if media_type == "multipart/signed" or (media_type in SMIME_TYPES and opened.verdicts):
        verdict = opened.verdicts[0]
        at = verdict.signed_at or mail.description.date
        when = "" if at is None else f" -attime {int(at.timestamp())}"
        return [
            Proof(
                "The signature: openssl looks at the content, the chain, and the time of signing (-attime).",
                f"openssl cms -verify -in {file} -CAfile authorities.pem{when} -out content.eml",
                needs_authorities=True,
            )
        ]
    if media_type in SMIME_TYPES and mail.description.encrypted:
        return [
            Proof(
                "The encryption: with the key of a device, which fauxtune-sim keystore export --pem writes.",
                f"openssl cms -decrypt -in {file} -recip KEY.pem -out content.eml",
            )
        ]
    return []


_SIZE = 50
#: Characters of a message's source on its page; the file has all of it.
_LONGEST_SOURCE = 200_000
#: data. Whether a message is protected -> the class of its symbol, and its words.
_PROTECTIONS: dict[tuple[bool, bool], State] = {
    (True, True): State("good", "encrypted, and signed outside"),
    (True, False): State("good", "encrypted"),
    (False, True): State("off", "signed, in clear"),
    (False, False): State("off", "plain"),
}
_DAMAGED = State("bad", "damaged")
#: data. The code of a verdict in words.
CODES: dict[SignatureCode, str] = {
    SignatureCode.VALID: "valid",
    SignatureCode.EXPIRED_SINCE: "valid when it was signed",
    SignatureCode.BROKEN: "broken",
    SignatureCode.NO_DATE: "without a date",
    SignatureCode.NOT_FOR_SIGNING: "not for signing",
    SignatureCode.NOT_FOR_MAIL: "not for mail",
    SignatureCode.NOT_YET_VALID: "not valid yet",
    SignatureCode.EXPIRED: "expired",
    SignatureCode.UNTRUSTED: "of another authority",
    SignatureCode.WRONG_ADDRESS: "of somebody else",
    SignatureCode.REVOKED: "revoked",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A message of the list."""

    mail: MailLine
    sender: str
    protection: State


@dataclass(frozen=True, slots=True)
class Signer:
    """A signature with its verdict, as people read it. `is_registered`: its certificate has a page."""

    verdict: Verdict
    state: State
    thumbprint: str
    is_registered: bool


async def mailbox(call: TenantCall) -> Response:
    """Show a page of a person's mail, newest first."""
    start = offset(call, size=_SIZE)
    user, measure, mails = await call.run(_mailbox, person_key(call), start=start)
    lines = [Line(mail, _sender(mail.description), protection(mail.description)) for mail in mails]
    pages = paging(call, start=start, length=len(lines), total=measure.messages, size=_SIZE)
    return call.page("mail.html", user=user, name=person_name(user), lines=lines, measure=measure, paging=pages)


async def message(call: TenantCall) -> Response:
    """Show one message: who can read it, who signed it, and what it says."""
    user, opened = await _open(call)
    mail = opened.mail
    matrix = await call.run(readability, user.id, marks=await call.marks(), after=mail.uid - 1, limit=1)
    return call.page(
        "mail_message.html",
        user=user,
        name=person_name(user),
        mail=mail,
        cipher=algorithm_words(mail.description.encryption.cipher) if mail.description.encryption else None,
        sender=_sender(mail.description),
        protection=protection(mail.description),
        reading=opened.reading,
        signers=[_signer(verdict, opened.registered) for verdict in opened.verdicts],
        devices=_devices(matrix, uid=mail.uid),
        others=[other for row in matrix.mail if row.uid == mail.uid for other in row.others],
        verified=opened.verified,
        proofs=proofs(opened),
        now=call.now,
    )


async def source(call: TenantCall) -> Response:
    """Show the source of a message, as it came."""
    user = await person(call)
    mail = await call.run(mailboxes.message, user.id, uid=number_of(call))
    text = storable(mail.raw[: 4 * _LONGEST_SOURCE].decode("utf-8", "replace").replace("\r\n", "\n"))
    excerpt = text[:_LONGEST_SOURCE]
    return call.page(
        "mail_source.html",
        user=user,
        mail=mail,
        source="".join(each if each.isprintable() or each in "\n\t" else "\ufffd" for each in excerpt),
        is_cut=len(text) > len(excerpt) or len(mail.raw) > 4 * _LONGEST_SOURCE,
    )


async def file(call: TenantCall) -> Response:
    """Return a message as a file."""
    user = await person(call)
    mail = await call.run(mailboxes.message, user.id, uid=number_of(call))
    headers = {
        "content-disposition": f'attachment; filename="message-{mail.uid}.eml"',
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }
    return Response(mail.raw, media_type=MESSAGE, headers=headers)


async def delete(call: TenantCall) -> Question:
    """Delete a message."""
    user, uid = await person(call), number_of(call)
    await call.run(mailboxes.message, user.id, uid=uid)
    return Question(
        request=delete_message(address_of_person(user), uid=uid),
        title=f"Delete message {uid}",
        sentence=f"It goes from the mailbox of {person_name(user)}. The copies of other recipients stay.",
        button="Delete it",
        back=call.url("users", user.id, "mail", str(uid)),
        done=f"Message {uid} is deleted.",
        leads_to=("users", user.id, "mail"),
        work=lambda: call.run(mailboxes.delete_message, user.id, uid=uid),
    )


async def person(call: TenantCall) -> UserRow:
    """Return the person of the path. Raises NotFound."""
    return await call.read(_person, call)


def person_key(call: TenantCall) -> str:
    """Return how the path names the person."""
    return str(call.request.path_params["user"])


def person_name(user: UserRow) -> str:
    """Return what people call a person."""
    return str(user.document.get("displayName") or address_of_person(user))


def address_of_person(user: UserRow) -> str:
    """Return the userPrincipalName of a person."""
    return str(user.document["userPrincipalName"])


def number_of(call: TenantCall) -> int:
    """Return the message's number in the path. Raises NotFound for another text."""
    text = str(call.request.path_params["uid"])
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise NotFound("The mailbox has no such message.")
    return int(text)


def protection(description: MailDescription) -> State:
    """Return how a message is protected, as far as that can be seen without a key."""
    if description.problem:
        return _DAMAGED
    return _PROTECTIONS[description.encrypted, description.signed]


def _person(connection: Connection, call: TenantCall) -> UserRow:
    row = directory_queries.user_by_key(connection, call.tenant.id, key=person_key(call))
    if row is None:
        raise NotFound("There is no such person. The person may have been deleted meanwhile.")
    return row


def _mailbox(tx: Transaction, key: str, *, start: int) -> tuple[UserRow, MailboxRow, list[MailLine]]:
    row = directory_queries.user_by_key(tx.connection, tx.tenant.id, key=key)
    if row is None:
        raise NotFound("There is no such person. The person may have been deleted meanwhile.")
    return row, mailboxes.measure(tx, row.id), mailboxes.newest(tx, row.id, offset=start, limit=_SIZE)


async def _open(call: TenantCall) -> tuple[UserRow, OpenMail]:
    user = await person(call)
    opened = await opening.open_message(call.emulator, call.tenant, user_id=UserId(user.id), uid=number_of(call))
    return user, opened


def _sender(description: MailDescription) -> str:
    return description.author or description.sender or "nobody"


def _signer(verdict: Verdict, registered: Collection[str]) -> Signer:
    css = "good" if verdict.counts else "wait" if verdict.code is SignatureCode.UNTRUSTED else "bad"
    mark = "" if verdict.certificate is None else thumbprint(verdict.certificate)
    return Signer(verdict, State(css, CODES[verdict.code]), mark, mark in registered)


def _devices(matrix: Matrix, *, uid: int) -> Sequence[tuple[object, object]]:
    """Return the person's devices, each with what it makes of the message."""
    row = next((row for row in matrix.mail if row.uid == uid), None)
    return [] if row is None else list(zip(matrix.devices, row.cells, strict=True))
