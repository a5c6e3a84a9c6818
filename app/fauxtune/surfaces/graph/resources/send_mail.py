"""Mail that a program sends for a user. Graph: user: sendMail.

The message goes to the mailboxes of the tenant's users. There are no folders: nothing is saved to the sent items.
"""

from __future__ import annotations

from collections.abc import Sequence
from html.parser import HTMLParser

from fauxtune.core.errors import Invalid, NotEmulated
from fauxtune.core.mail.writing import Letter
from fauxtune.operations.directory.users_and_groups import missing
from fauxtune.operations.mail import sending
from fauxtune.storage.queries import directory as queries
from fauxtune.surfaces.graph.call import Answer, Call, Json
from fauxtune.surfaces.graph.resources.users import key_of

_PARTS = ("p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "table")
_HIDDEN = ("script", "style", "title")


async def send_mail(call: Call) -> Answer:
    """POST /users/{user}/sendMail, and POST /me/sendMail: 202, also for addresses that nobody here has."""
    message = _object(call.body(), "message")
    if message is None:
        raise Invalid('The body is {"message": {...}}.', target="message")
    if message.get("attachments"):
        raise NotEmulated("A mail with attachments is not sent here: put it into the mailbox as message/rfc822.")
    key = key_of(call)
    user = await call.read(queries.user_by_key, call.tenant.id, key=key)
    if user is None:
        raise missing(key)
    letter = Letter(
        sender=str(user.document.get("mail") or user.document["userPrincipalName"]),
        to=_addresses(message, "toRecipients"),
        cc=_addresses(message, "ccRecipients"),
        subject=_text(message, "subject"),
        text=_body(message),
    )
    await call.run(sending.send_for, letter, hidden=_addresses(message, "bccRecipients"))
    return Answer(202)


def _object(body: Json, name: str) -> Json | None:
    value = next((value for key, value in body.items() if key.lower() == name.lower()), None)
    if value is not None and not isinstance(value, dict):
        raise Invalid(f"'{name}' is a JSON object.", target=name)
    return value


def _text(body: Json, name: str) -> str:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise Invalid(f"'{name}' is a text.", target=name)
    return value or ""


def _addresses(message: Json, name: str) -> tuple[str, ...]:
    recipients = message.get(name) or []
    if not isinstance(recipients, list) or not all(isinstance(each, dict) for each in recipients):
        raise Invalid(f"'{name}' is a list of recipients.", target=name)
    return tuple(_address(each, name) for each in recipients)


def _address(recipient: Json, name: str) -> str:
    address = _text(_object(recipient, "emailAddress") or {}, "address")
    if not address:
        raise Invalid(f'A recipient in \'{name}\' is {{"emailAddress": {{"address": "..."}}}}.', target=name)
    return address


def _body(message: Json) -> str:
    body = _object(message, "body") or {}
    content, kind = _text(body, "content"), _text(body, "contentType").lower()
    if kind not in ("", "text", "html"):
        raise Invalid("'contentType' is text or html.", target="contentType")
    return _plain(content) if kind == "html" else content


class _Texts(HTMLParser):
    """The text of an HTML document."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._hidden = False

    def handle_data(self, data: str) -> None:
        """Keep a text that a browser shows."""
        if not self._hidden:
            self.pieces.append(data)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Begin a new line where a browser does."""
        self._hidden = tag in _HIDDEN
        if tag in _PARTS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """Show texts again after a part that is not shown."""
        self._hidden = False


def _plain(html: str) -> str:
    texts = _Texts()
    texts.feed(html)
    texts.close()
    return "".join(texts.pieces).strip()
