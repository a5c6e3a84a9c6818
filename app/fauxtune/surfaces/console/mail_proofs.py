"""The one line of openssl that proves outside of this program what a page says about a message.

openssl-cms(1). openssl looks at the chain and at the times, and neither at the sender's address nor at revocation.
"""

from __future__ import annotations

from dataclasses import dataclass

from fauxtune.core.mail.message import SMIME_TYPES
from fauxtune.core.mail.mime import Entity
from fauxtune.operations.mail.opening import OpenMail


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
