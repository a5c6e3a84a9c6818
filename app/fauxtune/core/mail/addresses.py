"""E-mail addresses, and which of them a user has (RFC 5321 4.5.3.1; Graph: user, mail and proxyAddresses)."""

from __future__ import annotations

import re

from fauxtune.core.errors import Invalid
from fauxtune.core.model.text import JsonObject

#: RFC 5321: 64 characters before the @, 255 after it.
_LONGEST = 320
#: No quoted names, which nearly no mail server takes, and none of the characters that separate addresses in a header.
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f-\x9f]+@[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f-\x9f]+")
_SMTP = "smtp:"


def address_of(text: str) -> str:
    """Return an address in lower case, as mailboxes and the address book have it. Raises Invalid for another text."""
    address = text.strip().lower()
    if len(address) > _LONGEST or _ADDRESS.fullmatch(address) is None:
        excerpt = address if len(address) <= _LONGEST else f"{address[:40]}…"
        raise Invalid(f"{excerpt!r} is not an e-mail address such as alice@contoso.example.", target="address")
    return address


def addresses_of(user: JsonObject) -> tuple[str, ...]:
    """Return the addresses of a user, in lower case: the mail address first, then the userPrincipalName, then the other
    SMTP addresses.
    """
    others = (str(proxy_address) for proxy_address in user.get("proxyAddresses") or ())
    smtp = (each[len(_SMTP) :] for each in others if each.lower().startswith(_SMTP))
    every = (user.get("mail"), user.get("userPrincipalName"), *smtp)
    return tuple(dict.fromkeys(str(each).strip().lower() for each in every if each))
