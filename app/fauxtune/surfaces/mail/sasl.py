"""What a client sends to log in: the responses of the SASL mechanisms PLAIN (RFC 4616) and EXTERNAL (RFC 4422 A), and
the certificate of its TLS connection.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from dataclasses import dataclass, field

#: Octets of a response in base64 (RFC 4616 2: each of the three parts has at most 255 octets).
LONGEST_RESPONSE = 2048


class SaslInvalid(Exception):
    """The client's response does not have the form that its mechanism demands; the text says why."""


@dataclass(frozen=True, slots=True)
class PlainLogin:
    """The name and the password of a user."""

    name: str
    password: str = field(repr=False)


def decoded(response: str) -> bytes:
    """Decode a response; `=` stands for an empty one (RFC 4954 4, RFC 5034 4). Raises SaslInvalid."""
    if response == "=":
        return b""
    if len(response) > LONGEST_RESPONSE:
        raise SaslInvalid(f"the response has more than {LONGEST_RESPONSE} characters")
    try:
        return base64.b64decode(response.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        raise SaslInvalid("the response is not base64") from None


def plain(response: bytes) -> PlainLogin:
    """Read the response of PLAIN. Raises SaslInvalid, also if it asks to act as somebody else."""
    parts = response.split(b"\0")
    if len(parts) != 3:
        raise SaslInvalid("PLAIN takes three texts with a NUL between them: who to act as, the name, the password")
    acts_as, name, password = map(text, parts)
    if not name:
        raise SaslInvalid("PLAIN needs the name of a user")
    if acts_as not in {"", name}:
        raise SaslInvalid("nobody can act as another user here: leave the first text of PLAIN empty")
    return PlainLogin(name, password)


def external(response: bytes) -> str | None:
    """Return the user whom the response of EXTERNAL names; None: the certificate decides. Raises SaslInvalid."""
    return text(response) or None


def client_certificate(transport: asyncio.BaseTransport | None) -> bytes | None:
    """Return the certificate (DER) of the client of a TLS connection; None without one."""
    tls = None if transport is None else transport.get_extra_info("ssl_object")
    der: bytes | None = None if tls is None else tls.getpeercert(binary_form=True)
    return der


def text(data: bytes) -> str:
    """Return a part of a response as text. Raises SaslInvalid."""
    try:
        decoded_text = data.decode()
    except UnicodeDecodeError:
        raise SaslInvalid("the response is not UTF-8") from None
    if "\0" in decoded_text:
        raise SaslInvalid("the response has a NUL where none is allowed")
    return decoded_text
