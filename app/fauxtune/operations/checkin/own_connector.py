"""The connectors inside the server, as a check-in uses them: which tasks they have, and how they are done.

Work that takes a few milliseconds is done in the transaction that gathers it (`OwnConnector.at_once`), so that the
device is planned and written once. Other work is done outside of it, and stored in the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import inf

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fauxtune.connector import password_escrow
from fauxtune.connector.issue import PkcsOrder
from fauxtune.connector.keypool import KeyRing, KeySource
from fauxtune.connector.keystore import KeyStore
from fauxtune.connector.passwords import Passwords
from fauxtune.connector.work import ConnectorTools, Done, NamedKeys, Sealing, do
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.pki.authority import PrivateKey
from fauxtune.core.pki.template import KeyType
from fauxtune.operations.checkin.fulfilment import Fulfilled, Preparing, Task, open_requests
from fauxtune.operations.runtime.emulator import Emulator, Packagings
from fauxtune.operations.visits.visit import Visit

#: About how many milliseconds the parts of the work take: a certificate with its key and its file; a file's password
#: that the connector remembers, to be sealed; one that it has to decrypt.
_ISSUING, _SEALING, _DECRYPTING = 3.0, 0.1, 1.0
#: The longest RSA key, in bits, of which that is true.
_USUAL_BITS = 2048
#: The most milliseconds of work for which a transaction is kept open: on SQLite all other requests wait so long.
_AT_ONCE = 10.0


@dataclass(frozen=True, slots=True)
class OwnConnector:
    """The connectors inside the server: what their work needs. `keys`: those of the authorities; `connector_keys`: the
    connectors' own; `source`: where the keys of new certificates come from; `passwords`: those that they remember.
    """

    keys: KeyStore
    packagings: Packagings
    connector_keys: KeyStore
    source: KeySource
    passwords: Passwords = field(default_factory=Passwords)

    @classmethod
    def of(cls, emulator: Emulator, tenant: Tenant) -> OwnConnector:
        """Return those of the emulator, for this tenant."""
        source = emulator.source_of_issued(tenant)
        return cls(emulator.keys, emulator.packagings, emulator.connector_keys, source, emulator.passwords)

    def tasks(self, visit: Visit) -> tuple[list[Task], datetime | None]:
        """Return the tasks that these connectors answer now, and when a polling one takes the requests that they do not
        answer yet.
        """
        ready, next_poll = open_requests(visit)
        if not ready:
            return [], next_poll
        preparing = Preparing(visit.tx, visit.row, ledger=visit.ledger, keys=self.keys, packagings=self.packagings)
        preparing.read_imported(row for row, _connector in ready)
        return [preparing.task(row, connector=connector) for row, connector in ready], next_poll

    def fulfil(self, task: Task) -> Fulfilled:
        """Do the work of a task. Blocks and takes time; uses no database."""
        if task.refusal is not None or task.work is None or task.again is not None:
            return Fulfilled(task=task, done=Done(refusal=task.refusal))
        certify = None if task.application is None else task.application.certify_key
        tools = ConnectorTools(
            keys=NamedKeys(self.connector_keys, task.key_files, self.source),
            source=self.source,
            password=task.password,
            passwords=self.passwords,
        )
        return Fulfilled(task=task, done=do(task.work, tools=tools, certify=certify))

    def at_once(self, given: Sequence[Task]) -> list[Fulfilled] | None:
        """Do the work if it takes some milliseconds at most, and all that it needs is at hand; else return None."""
        if sum(map(self._milliseconds, given)) > _AT_ONCE:
            return None
        wanted = sum(isinstance(task.work, PkcsOrder) and task.work.key_type != KeyType.EC for task in given)
        ready = self.source.take_ready(wanted) if wanted else None
        if wanted and ready is None:
            return None
        own = replace(self, source=KeyRing(ready)) if ready else self
        return [own.fulfil(task) for task in given]

    def _milliseconds(self, task: Task) -> float:
        """About how long the work of a task takes; infinite if that is not known before."""
        if task.opens or (task.application is not None and not _is_usual(task.application.authority.key)):
            return inf
        match task.work:
            case PkcsOrder() as order:
                unusual = order.key_type != KeyType.EC and order.key_size > _USUAL_BITS
                lacks_key = order.keeps and not self.connector_keys.has(password_escrow.FILE)
                return inf if unusual or lacks_key else _ISSUING
            case Sealing() as sealing:
                return sum(_SEALING if self.passwords.remembers(part) else _DECRYPTING for part in sealing.parts)
        return 0.0


def _is_usual(key: PrivateKey) -> bool:
    return not isinstance(key, RSAPrivateKey) or key.key_size <= _USUAL_BITS
