"""Write a message: plain, or encrypted for certificates (RFC 5322, RFC 8551 3.3).

The server can encrypt, because that takes only public keys. It cannot sign: the private keys of people are on their
devices.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from cryptography import x509

from fauxtune.core.errors import Invalid
from fauxtune.core.model.mail_accounts import MOST_RECIPIENTS, address_of
from fauxtune.core.pki.cms import envelope

#: Characters of a text that is typed. Larger messages come as they are (message/rfc822).
LONGEST_TEXT = 200_000
_LONGEST_SUBJECT = 255
#: RFC 5322 2.1.1: characters of a line, without its end.
_LONGEST_LINE = 998
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_FOLDED = ",\r\n "
_ENVELOPED = {"name": "smime.p7m", "smime-type": "enveloped-data"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A text from one address to others."""

    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    subject: str = ""
    text: str = ""

    @property
    def recipients(self) -> tuple[str, ...]:
        """Everybody who gets it, each once."""
        return tuple(dict.fromkeys((*self.to, *self.cc)))


def letter_of(letter: Letter) -> Letter:
    """Return the letter with its addresses in lower case. Raises Invalid for one that cannot be written, such as one
    with a line break in its subject: the next line would be another header field.
    """
    if not letter.to or len(letter.recipients) > MOST_RECIPIENTS:
        raise Invalid(f"A message has 1 to {MOST_RECIPIENTS} recipients, and one of them in To.", target="to")
    if len(letter.subject) > _LONGEST_SUBJECT or _CONTROL.search(letter.subject):
        raise Invalid(
            f"A subject is one line of at most {_LONGEST_SUBJECT} characters, without control characters.",
            target="subject",
        )
    if len(letter.text) > LONGEST_TEXT:
        raise Invalid(
            f"The text has {len(letter.text):,} characters; at most {LONGEST_TEXT:,} are written. Send a larger "
            "message as it is, as message/rfc822.",
            target="text",
        )
    return Letter(
        sender=_written(letter.sender),
        to=tuple(map(_written, letter.to)),
        cc=tuple(map(_written, letter.cc)),
        subject=letter.subject,
        text=letter.text,
    )


def written(
    letter: Letter, *, at: datetime, message_id: str, recipients: Sequence[x509.Certificate] | None = None
) -> bytes:
    """Return the letter as a message. With `recipients` its text is encrypted for these certificates; the subject is
    not, as RFC 8551 leaves it.
    """
    content = EmailMessage(SMTP)
    _set_text(content, letter.text)
    if recipients is not None:
        # RFC 8551 3.1: an entity of MIME is encrypted, with the header fields that say how to read it.
        del content["MIME-Version"]
        inside = content.as_bytes()
        content = EmailMessage(SMTP)
        content.set_content(
            envelope(inside, *recipients),
            maintype="application",
            subtype="pkcs7-mime",
            disposition="attachment",
            filename="smime.p7m",
            params=_ENVELOPED,
        )
    return _header(letter, at=at, message_id=message_id) + content.as_bytes()


def _header(letter: Letter, *, at: datetime, message_id: str) -> bytes:
    """Return the header fields of a letter that `letter_of` has checked.

    EmailMessage does not write them: it decodes what looks like an encoded word (RFC 2047), and a line break in that
    would begin another header field.
    """
    lines = [
        f"From: {letter.sender}",
        # RFC 5322 2.1.1: a line has at most 998 characters. So each address has its own.
        *(f"{name}: {_FOLDED.join(to)}" for name, to in (("To", letter.to), ("Cc", letter.cc)) if to),
        f"Subject: {_subject(letter.subject)}",
        f"Date: {format_datetime(at)}",
        f"Message-ID: {message_id}",
    ]
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _subject(text: str) -> str:
    """Return a subject as its header field has it: encoded if it is not ASCII, or looks as if it were encoded."""
    is_plain = text.isascii() and "=?" not in text
    return text if is_plain else Header(text, "utf-8", header_name="Subject").encode(linesep="\r\n")


def _set_text(content: EmailMessage, text: str) -> None:
    """Set the text, readable in the source if its lines are."""
    lines = text.splitlines()
    is_plain = text.isascii() and all(len(line) <= _LONGEST_LINE for line in lines) and "\x00" not in text
    content.set_content("\n".join(lines) + "\n", charset="utf-8", cte="7bit" if is_plain else "base64")


def _written(address: str) -> str:
    """Return an address in lower case. Raises Invalid for one that header fields cannot have (RFC 5322 3.4.1)."""
    checked = address_of(address)
    if not checked.isascii():
        raise Invalid(f"{checked!r} has other characters than ASCII, which an address here cannot have.", target="to")
    return checked
