"""The control surface's answers about mailboxes and the address book. Thumbprints are SHA-1, lower-case hex."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fauxtune.surfaces.control.bodies import Answer

Uid = Annotated[int, Field(description="the message's number in the mailbox, which ascends with the arrival")]


class MailRecipient(Answer):
    """A recipient of the encryption: its certificate by issuer (DER, hex) and serial number, or by key id."""

    algorithm: Annotated[str, Field(description="how the key of the content is encrypted, such as rsaes_pkcs1v15")]
    issuer: str | None
    serial: str | None
    key_id: str | None


class MailEncryption(Answer):
    """What an envelope says of itself."""

    cipher: Annotated[str, Field(description="of the content, such as aes256_cbc")]
    authenticated: Annotated[bool, Field(description="the cipher protects integrity as well (AuthEnvelopedData)")]
    recipients: list[MailRecipient]


class MailLine(Answer):
    """A message of a mailbox. `author`, `to`, `cc`, `subject` and `date` are what its header says, which anybody can
    write; `problem`: what of it could not be read.
    """

    uid: Uid
    message_id: Annotated[str, Field(description="of the stored message, which all of its recipients share")]
    received_date_time: str
    seen: bool
    envelope_sender: Annotated[str, Field(description="MAIL FROM of SMTP")]
    size: Annotated[int, Field(description="bytes")]
    author: str
    sender: str | None
    to: list[str]
    cc: list[str]
    subject: str
    date: str | None
    signed: Annotated[bool, Field(description="a signature can be seen; one inside the encryption cannot")]
    encrypted: bool
    encryption: MailEncryption | None
    problem: str | None


class MailSignature(Answer):
    """The verdict on a signature that can be seen without a key, in a word and in a sentence."""

    code: str
    sentence: str
    counts: Annotated[bool, Field(description="the signature counts as verified")]
    signer: Annotated[list[str], Field(description="the addresses in the signer's certificate")]
    thumbprint: str | None
    subject: str | None
    issuer: str | None
    issued_here: Annotated[bool, Field(description="by an authority of this tenant")]
    signed_date_time: Annotated[str | None, Field(description="as the signer states it")]


class MailPart(Answer):
    """A text or a file of a message. `text` is null for files and for what is encrypted. `signatures`: the places of
    those that cover it, from 0; `outside`: what it stands outside of.
    """

    media_type: str
    name: str
    size: int
    text: str | None
    encrypted: bool
    signatures: list[int]
    outside: Annotated[list[str], Field(description='"signature", "encryption"')]
    problem: str | None


class Mail(MailLine):
    """A message with its parts, as far as they can be read without a key, and the verdicts on its signatures."""

    verified: Annotated[
        bool | None,
        Field(description="each signature counts, and they cover everything that is shown; null without one"),
    ]
    signatures: list[MailSignature]
    parts: list[MailPart]


class RefusedRecipient(Answer):
    """An address that did not get the message, and why."""

    address: str
    reason: str


class Delivered(Answer):
    """The addresses that got a message, and those that did not."""

    message_id: str
    accepted: list[str]
    refused: list[RefusedRecipient]


class Remark(Answer):
    """What is wrong with a published certificate, in a word and in a sentence."""

    code: str
    sentence: str
    hinders: Annotated[bool, Field(description="a sender who looks does not encrypt for it")]


class PublishedCertificate(Answer):
    """A certificate that is published for an address. `remarks`: what is wrong with it at the tenant's time."""

    address: str
    thumbprint: str
    subject: str
    issuer: str
    addresses: Annotated[list[str], Field(description="those in the certificate")]
    not_before: str
    not_after: str
    published_date_time: str
    user: Annotated[str | None, Field(description="the id of the user who has the address")]
    usable: bool
    remarks: list[Remark]
    certificate: Annotated[str, Field(description="PEM")]


class Looked(Answer):
    """What a sender finds for an address: `sentence` says why, if that is nothing."""

    address: str
    value: list[PublishedCertificate]
    sentence: str | None


class AddressBook(Answer):
    """A page of the address book."""

    value: list[PublishedCertificate]
    total: int
