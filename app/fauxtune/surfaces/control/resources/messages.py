"""Mailboxes: send a message, list and open those of a user. RFC 5322, RFC 8551."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from fauxtune.core.errors import NotFound
from fauxtune.core.mail.verdict import Verdict
from fauxtune.core.mail.visible_parts import MailPart, MailReading
from fauxtune.core.mail.writing import Letter
from fauxtune.core.model.ids import UserId
from fauxtune.core.model.mail_accounts import MESSAGE
from fauxtune.core.pki.names import thumbprint
from fauxtune.operations.mail import address_book, mailboxes, opening
from fauxtune.operations.mail.mailboxes import Delivery, MailLine
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.surfaces.control import mail_answers as answers
from fauxtune.surfaces.control.access import Here, MailRoute, calls, media_type
from fauxtune.surfaces.control.bodies import Listed
from fauxtune.surfaces.control.messages import NewMail

_MOST = 1000
_LARGEST_UID = 2**31 - 1
_RAW: dict[int | str, dict[str, Any]] = {
    200: {"content": {MESSAGE: {"schema": {"type": "string", "format": "binary"}}}, "description": "the message"}
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": NewMail.model_json_schema(by_alias=True)},
            MESSAGE: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}

router = calls("/tenants/{tenant}", tag="mail", route_class=MailRoute)


@router.post("/messages", status_code=201, summary="Send a message to users of the tenant", openapi_extra=_BODY)
async def send_message(
    *,
    request: Request,
    here: Here,
    to: Annotated[list[str] | None, Query(description="of a message/rfc822: the recipients")] = None,
    sender: Annotated[str, Query(alias="from", description="of a message/rfc822: MAIL FROM")] = "",
) -> answers.Delivered:
    """A message as it is (message/rfc822), or a text (application/json), which the server encrypts for the published
    certificates. The server cannot sign: the private keys are on the devices. 400 if nobody gets it.
    """
    if media_type(request) == MESSAGE:
        delivery = await mailboxes.receive(
            here.emulator, here.tenant, raw=await request.body(), recipients=to or [], envelope_sender=sender
        )
        return _delivered(address_book.accepted(delivery))
    body = _letter(await request.body())
    letter = Letter(sender=body.sender, to=tuple(body.to), cc=tuple(body.cc), subject=body.subject, text=body.text)
    return _delivered(await here.run(address_book.send, letter, encrypt=body.encrypt))


@router.get("/users/{user}/messages", summary="List the messages of a user")
async def list_messages(
    *,
    here: Here,
    user: str,
    after: Annotated[int, Query(ge=0, le=_LARGEST_UID, description="a message's number")] = 0,
    limit: Annotated[int, Query(ge=1, le=_MOST)] = 100,
) -> Listed[answers.MailLine]:
    """Those after a number, the oldest first."""

    def read(tx: Transaction) -> list[MailLine]:
        return mailboxes.messages(tx, _user(tx.connection, here, user=user), after_uid=after, limit=limit)

    return Listed(
        value=[answers.MailLine.from_value(line.description, **_stored(line)) for line in await here.run(read)]
    )


@router.get("/users/{user}/messages/{uid}", summary="Open a message of a user")
async def get_message(here: Here, user: str, uid: int) -> answers.Mail:
    """Its parts as far as they can be read without a key, and the verdict on each signature that can be seen."""
    user_id = await here.read(_user, here, user=user)
    result = await opening.open_message(here.emulator, here.tenant, user_id=user_id, uid=_number(uid))
    reading = result.reading
    return answers.Mail.from_value(
        result.mail.description,
        **_stored(result.mail),
        problem=result.mail.description.problem or reading.problem or None,
        verified=result.verified,
        signatures=[_signature(verdict) for verdict in result.verdicts],
        parts=[_part(part, reading) for part in reading.parts],
    )


@router.get(
    "/users/{user}/messages/{uid}/raw", response_class=Response, responses=_RAW, summary="Get a message as it came"
)
async def get_raw_message(here: Here, user: str, uid: int) -> Response:
    """Its bytes, unchanged."""
    user_id = await here.read(_user, here, user=user)
    mail = await here.run(mailboxes.message, user_id, uid=_number(uid))
    headers = {"content-disposition": f'attachment; filename="message-{uid}.eml"', "x-content-type-options": "nosniff"}
    return Response(mail.raw, media_type=MESSAGE, headers=headers)


@router.delete("/users/{user}/messages/{uid}", status_code=204, summary="Delete a message of a user")
async def delete_message(here: Here, user: str, uid: int) -> Response:
    """The copies of other recipients stay."""
    user_id = await here.read(_user, here, user=user)
    await here.run(mailboxes.delete_message, user_id, uid=_number(uid))
    return Response(status_code=204)


def _letter(body: bytes) -> NewMail:
    try:
        return NewMail.model_validate_json(body)
    except ValidationError as error:
        places = [
            {**error_details, "loc": ("body", *error_details["loc"])}
            for error_details in error.errors(include_url=False)
        ]
        raise RequestValidationError(places) from None


def _user(connection: Connection, here: Here, *, user: str) -> UserId:
    row = directory_queries.user_by_key(connection, here.tenant.id, key=user)
    if row is None:
        raise NotFound(f"There is no user '{user}'.")
    return row.id


def _number(uid: int) -> int:
    if not 0 < uid <= _LARGEST_UID:
        raise NotFound(f"The mailbox has no message {str(uid)[:20]}.")
    return uid


def _stored(line: MailLine) -> dict[str, Any]:
    """Return what is known of a message besides its description: how it came, and its envelope."""
    encryption = line.description.encryption
    return {
        "uid": line.uid,
        "message_id": line.message_id,
        "received_date_time": line.received_at,
        "seen": line.seen,
        "envelope_sender": line.envelope_sender,
        "size": line.size,
        "encryption": None if encryption is None else encryption.document(),
    }


def _signature(verdict: Verdict) -> answers.MailSignature:
    certificate, parts = verdict.certificate, verdict.contents
    return answers.MailSignature.from_value(
        verdict,
        signer=[] if parts is None else parts.addresses,
        thumbprint=None if certificate is None else thumbprint(certificate),
        subject=None if parts is None else parts.subject,
        issuer=None if parts is None else parts.issuer,
        issued_here=verdict.is_ours,
    )


def _part(part: MailPart, reading: MailReading) -> answers.MailPart:
    places = (("signature", reading.outside_signatures), ("encryption", reading.outside_encryption))
    return answers.MailPart.from_value(
        part,
        signatures=sorted(part.signatures),
        outside=[word for word, outside in places if part in outside],
        problem=part.problem or None,
    )


def _delivered(delivery: Delivery) -> answers.Delivered:
    return answers.Delivered(
        message_id=str(delivery.message_id),
        accepted=list(delivery.accepted),
        refused=[
            answers.RefusedRecipient(address=address, reason=reason) for address, reason in delivery.refused.items()
        ],
    )
