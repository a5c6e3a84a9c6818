"""Open a message as the server can: its parts, and the verdict on each signature that is not inside the encryption."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509

from fauxtune.core.mail.verdict import Setting, Verdict, judge
from fauxtune.core.mail.visible_parts import MailReading, SeenSignature, read
from fauxtune.core.model.ids import UserId
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.pki.names import thumbprint
from fauxtune.operations.mail import mailboxes
from fauxtune.operations.mail.mailboxes import StoredMail
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries.authorities import DEVICES


@dataclass(frozen=True, slots=True)
class OpenMail:
    """A message, what of it can be read without a key, and the verdicts on its signatures, in their order.
    `registered`: the thumbprints of the signers' certificates that an authority of the tenant issued.
    """

    mail: StoredMail
    reading: MailReading
    verdicts: tuple[Verdict, ...] = ()
    registered: frozenset[str] = frozenset()

    @property
    def verified(self) -> bool | None:
        """None for a message without a signature that can be seen; True if each counts, and they cover everything that
        is shown, which must be the whole message.
        """
        if not self.verdicts:
            return None
        is_covered = not self.reading.outside_signatures and not self.reading.problem
        return is_covered and all(verdict.counts for verdict in self.verdicts)


async def open_message(emulator: Emulator, tenant: Tenant, *, user_id: UserId, uid: int) -> OpenMail:
    """Open a message of a mailbox. Raises NotFound. Reading and verifying happen in a thread: both can take a while."""
    mail = await emulator.runner.run(tenant, mailboxes.message, user_id, uid=uid)
    reading = await asyncio.to_thread(read, mail.raw)
    if not reading.signatures:
        return OpenMail(mail, reading)
    settings, registered = await emulator.runner.run(tenant, _settings, mail=mail, signatures=reading.signatures)
    verdicts = await asyncio.to_thread(_judged, reading.signatures, settings)
    return OpenMail(mail, reading, verdicts, registered)


def _settings(
    tx: Transaction, *, mail: StoredMail, signatures: Sequence[SeenSignature]
) -> tuple[list[Setting], frozenset[str]]:
    """Return by what each signature is judged, and which of the signers' certificates were issued here."""
    rows = authority_queries.authorities_of(tx.connection, tx.tenant.id)
    authorities = [x509.load_der_x509_certificate(row.certificate) for row in rows if row.role != DEVICES]
    marks = ["" if signature.certificate is None else thumbprint(signature.certificate) for signature in signatures]
    revoked = certificate_queries.revocations(tx.connection, tx.tenant.id, thumbprints=set(marks))
    settings = [
        Setting(
            sender=mail.description.sender,
            date=mail.description.date,
            authorities=authorities,
            revoked_at=revoked.get(mark),
            now=tx.now,
        )
        for mark in marks
    ]
    return settings, frozenset(revoked)


def _judged(signatures: Sequence[SeenSignature], settings: Sequence[Setting]) -> tuple[Verdict, ...]:
    return tuple(judge(signature, setting) for signature, setting in zip(signatures, settings, strict=True))
