"""The marks of a tenant's certificates, as its journal decides them: the one place from which all that show marks get
them.

A certificate has its mark from the first entry of the journal that names it: that it was issued, imported, published or
delivered. Entries have numbers that only rise, and belong to the transaction that did what they tell, so that every
process and every start decides the same, and a mark that was shown does not change. The tenant's authorities come
first, a later one at its own entry. Nothing is stored, and check-ins do nothing for it.

Differs for a journal that has lost its oldest entries (`core.model.tenants.MOST_JOURNAL`): then marks are decided by
those that are left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509

from fauxtune.core.model.certificates import MOST, Marks
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.states import Source
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.pki.names import thumbprint
from fauxtune.storage.database import Connection, Database
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import tenants as tenant_queries
from fauxtune.storage.queries.tenants import NamingEvent
from fauxtune.storage.rows.tenants import JournalRow

#: Entries of the journal that are read at a time.
_PAGE = 2000
#: How many certificates are remembered of all tenants: of three full ones, or of thousands of small ones.
_MOST_OF_ALL = 3 * MOST
#: Entries after which the journal is another one.
_REPLACED = ("snapshotRestored", "tenantReset", "tenantImported")
#: Entries that name an authority which is new by then.
_NEW_AUTHORITIES = ("rolledOver", "digicertSubscribed")
_TELLING = frozenset((*_NEW_AUTHORITIES, *_REPLACED))
_SOURCES = {each.value: each for each in (Source.ROOT, Source.PKCS, Source.IMPORTED, Source.SCEP)}


@dataclass(slots=True)
class _Known:
    """What is known of a tenant: up to a number of its journal. `state`: of the database, where processes share it."""

    created_at: datetime
    marks: Marks = field(default_factory=Marks)
    seen: int = 0
    state: object = None
    is_stale: bool = True


class MarksOfTenants:
    """The marks of all tenants, up to a number of certificates: beyond it those of other tenants are read again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[TenantId, _Known] = {}
        self._turn = asyncio.Lock()

    async def of(self, tenant: Tenant) -> Marks:
        """Return the marks of a tenant's certificates by now."""
        async with self._turn:
            state = self._database.state if self._database.is_shared else None
            known = self._known.get(tenant.id)
            if known is None or known.created_at != tenant.created_at:
                known = _Known(tenant.created_at)
            if known.is_stale or known.state is not state:
                known.is_stale = False  # before it is read: what is written meanwhile makes it stale once more
                self._keep(tenant.id, known)
                try:
                    await self._database.run(_read_on, tenant.id, known=known)
                except BaseException:
                    known.is_stale = True
                    raise
                known.state = state
            return known.marks

    def grew(self, tenant_id: TenantId, *, events: Iterable[JournalRow]) -> None:
        """Hear of entries that this process has added to a tenant's journal."""
        known = self._known.get(tenant_id)
        if known is not None and any(event.certificate or event.type in _TELLING for event in events):
            known.is_stale = True

    def forget(self) -> None:
        """Forget all: somebody else may have written to the database."""
        self._known.clear()

    def _keep(self, tenant_id: TenantId, known: _Known) -> None:
        self._known.pop(tenant_id, None)
        self._known[tenant_id] = known
        total = sum(len(each.marks) for each in self._known.values())
        for each in list(self._known)[:-1]:  # the longest unused first
            if total <= _MOST_OF_ALL and len(self._known) <= MOST:
                break
            total -= len(self._known.pop(each).marks)


def _read_on(connection: Connection, tenant_id: TenantId, *, known: _Known) -> None:
    """Decide what the journal says since; from its beginning, if it is another journal by now."""
    reads_on = known.seen > 0
    authorities = None if reads_on else _authorities(connection, tenant_id)
    if authorities is not None:
        for mark, is_first in authorities.values():
            if is_first:
                known.marks.decide(mark, source=Source.ROOT)
    while True:
        events = tenant_queries.events_of_certificates(
            connection,
            tenant_id,
            after=known.seen,
            also=(*_NEW_AUTHORITIES, *_REPLACED),
            certificates=len(known.marks) < MOST,
            limit=_PAGE,
        )
        if reads_on and any(kind in _REPLACED for _, kind, *_ in events):
            known.marks, known.seen = Marks(), 0
            _read_on(connection, tenant_id, known=known)
            return
        if any(kind in _NEW_AUTHORITIES for _, kind, *_ in events):
            authorities = authorities or _authorities(connection, tenant_id)
        _decide(known.marks, events, authorities=authorities or {})
        known.seen = max(known.seen, events[-1][0] if events else 0)
        if len(events) < _PAGE:
            return


def _decide(marks: Marks, events: Iterable[NamingEvent], *, authorities: dict[str, tuple[str, bool]]) -> None:
    for _, kind, user, certificate, detail in events:
        if kind in _NEW_AUTHORITIES:
            for name, (mark, is_first) in authorities.items():
                if not is_first and name.startswith(str((detail or {}).get("authority"))):
                    marks.decide(mark, source=Source.ROOT)
        if certificate and certificate.get("thumbprint"):
            source = _SOURCES.get(certificate.get("source") or "")
            marks.decide(str(certificate["thumbprint"]), person=user, source=source)


def _authorities(connection: Connection, tenant_id: TenantId) -> dict[str, tuple[str, bool]]:
    """Return the authorities' thumbprints by their names, and whether the tenant was made with them."""
    first = {"root", "issuing", "devices"}
    rows = authority_queries.authorities_of(connection, tenant_id)
    return {
        row.name: (thumbprint(x509.load_der_x509_certificate(row.certificate)), row.name in first)
        for row in sorted(rows, key=lambda row: (row.generation, row.name))
    }
