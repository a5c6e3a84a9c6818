"""Which connectors serve a request, and why one does not.

A connector that is a process of its own asks for its requests: `operations.checkin.connector_channel.lease`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from fauxtune.connector.refusals import RaCertificateMissing
from fauxtune.core.administration.snippets import quoted
from fauxtune.core.model.connectors import ROLE_WORDS, Happening, is_served
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.network import SERVICE
from fauxtune.core.pki.authority import DIGICERT
from fauxtune.operations.connectors import event_log
from fauxtune.operations.runtime.faults import strikes
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import connectors as queries
from fauxtune.storage.rows.certificates import ConnectorRow, RequestRow

if TYPE_CHECKING:
    from fauxtune.operations.runtime.live_faults import TenantFaults

#: So often a polling connector looks for work (Intune: PFX Certificate Connector 6.1905.0.402 and later).
POLL = timedelta(seconds=30)
#: In a request's `only_by`: any connector inside the server, since all of those share the key of their passwords.
SERVER = "server"
#: A process without contact for so long, by the tenant's clock, does not run any more. Unverified.
SILENCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Choice:
    """The connector inside the server that serves a request now, or the moment of the next poll, at which a polling one
    does. Neither: none inside the server serves it.
    """

    connector: ConnectorRow | None = None
    next_poll: datetime | None = None


def connectors_of(tx: Transaction) -> list[ConnectorRow]:
    """Return the tenant's connectors, oldest first."""
    return tx.known("connectors", lambda: queries.connector_rows(tx.connection, tx.tenant.id))


def serving_connectors(tx: Transaction, role: str) -> list[ConnectorRow]:
    """Return the connectors that answer requests of this role; any of them can take one."""
    return _serving(connectors_of(tx), role)


def _serving(connectors: Iterable[ConnectorRow], role: str) -> list[ConnectorRow]:
    return [row for row in connectors if role in row.roles and is_at_work(row)]


def apart(rows: Iterable[ConnectorRow]) -> list[ConnectorRow]:
    """Return those of the connectors that are processes of their own."""
    return [row for row in rows if row.credential_digest is not None]


def inside(rows: Iterable[ConnectorRow]) -> list[ConnectorRow]:
    """Return those of the connectors that run inside the server."""
    return [row for row in rows if row.credential_digest is None]


def for_request(tx: Transaction, row: RequestRow, *, ahead: int = 0) -> Choice:
    """Return the connector inside the server that answers a request for a device now, or the moment of the next poll.
    Several take turns; `ahead`: those of its role that are given out now, before it. Connectors that are processes of
    their own answer by themselves (`lease` in connector_channel).

    Intune: "Certificate Connector for Microsoft Intune": any instance of the connector can take a request.
    Unverified: in which order they do.
    """
    serving = inside(serving_connectors(tx, row.role)) if row.state == "open" else []
    if not serving or _is_leased(tx, row) or row.only_by not in (None, SERVER):
        return Choice()
    if tx.faults is not None:
        serving = [
            connector
            for connector in serving
            if not strikes(tx, "connectorOffline", device=row.enrollment_id, connector=connector)
            and not is_blocked(tx, connector, roles=(row.role,), device=row.enrollment_id)
        ]
        if not serving:
            return Choice(next_poll=tx.now + POLL)
    choice = _choose(serving, asked_at=row.created_at, now=tx.now)
    if choice.connector is None or len(serving) == 1:
        return choice
    # (A revocation is made by the first that takes it.)
    answered = queries.count_answered(tx.connection, tx.tenant.id, role=row.role)
    return Choice(serving[(answered + ahead) % len(serving)])


def is_blocked(tx: Transaction, row: ConnectorRow, *, roles: Iterable[str], device: EnrollmentId | None = None) -> bool:
    """Whether a firewall keeps the connector from the service at this moment (the fault networkBlocked). Its log then
    says for each of these roles that its download failed.
    """
    if not strikes(tx, "networkBlocked", connector=row):
        return False
    host = unreached(row, tx.faults, now=tx.now) or SERVICE[0]
    for role in roles:
        writer = event_log.Writer(tx, row, role=role, device=device)
        writer.about(message=f"The connector cannot reach {host}:443.")
        writer.write(Happening.NOT_DOWNLOADED)
    return True


def unreached(row: ConnectorRow, faults: TenantFaults | None, *, now: datetime) -> str | None:
    """Return the host of the service that a firewall keeps the connector from; None if there is no such."""
    return None if faults is None else faults.blocked_connector(row.id, row.name, now=now)


def for_revocation(tx: Transaction, *, asked_at: datetime) -> ConnectorRow | None:
    """Return the connector inside the server that revokes now what it was asked to revoke then; None while no connector
    can, or while all that can are polling and not due.
    """
    serving = connectors_of(tx)
    if tx.faults is not None:
        serving = [row for row in serving if not is_blocked(tx, row, roles=("revocation",))]
    return revoking(serving, asked_at=asked_at, now=tx.now)


def revoking(connectors: Iterable[ConnectorRow], *, asked_at: datetime, now: datetime) -> ConnectorRow | None:
    """Return the one of these connectors that `for_revocation` returns."""
    return _choose(inside(_serving(connectors, "revocation")), asked_at=asked_at, now=now).connector


def maker(tx: Transaction, requests: Iterable[RequestRow], *, serials: Collection[str | None]) -> str | None:
    """Return the `only_by` of a request for what carries these certificates: the connector that made them, since only
    it can open their passwords. None without certificates: any connector answers. `requests`: all of the device's.
    """
    if not serials:
        return None
    known = {connector.id for connector in apart(connectors_of(tx))}
    for row in requests:
        if row.serial in serials and row.state == "answered" and row.answered_by in known:
            return row.answered_by
    return SERVER


def looked_up_to(row: ConnectorRow, *, now: datetime) -> datetime:
    """Return the moment up to which the connector, if it runs, has looked for requests."""
    return now - POLL if row.mode == "polling" else now


def polled_at(asked_at: datetime) -> datetime:
    """Return the moment at which a polling connector looks for a request that was made then."""
    return asked_at + POLL


def attended(tx: Transaction) -> list[tuple[list[str], datetime]]:
    """Return, for each process that runs, its roles and the moment up to which it has looked for requests."""
    rows = apart(connectors_of(tx))
    return [
        (row.roles, looked_up_to(row, now=tx.now)) for row in rows if is_at_work(row) and is_active(row, now=tx.now)
    ]


def is_at_work(row: ConnectorRow) -> bool:
    """Whether the connector is on line and of a version that is served. (As a process it may still not run.)"""
    return row.state == "online" and is_served(row.program, row.version)


def is_active(row: ConnectorRow, *, now: datetime) -> bool:
    """Whether the connector reports at this moment of the tenant's clock."""
    if row.state != "online":
        return False
    return row.credential_digest is None or is_running(row, now=now)


def is_running(row: ConnectorRow, *, now: datetime) -> bool:
    """Whether a connector's process runs at this moment of the tenant's clock."""
    return row.session is not None and row.contact_at is not None and row.contact_at + SILENCE > now


def why_silent(row: ConnectorRow, *, now: datetime, faults: TenantFaults | None = None) -> str | None:
    """Return why the connector does not answer, in words that follow its name; None if it answers. `faults`: the
    tenant's, among which a firewall may be.
    """
    if row.state != "online":
        return "is off line"
    host = unreached(row, faults, now=now)
    if host is not None:
        return f"cannot reach {host}:443; devices need the same"
    if not is_at_work(row):
        return f"is of the version {row.version}, which is not served any more: update it"
    if not is_active(row, now=now):
        return "is a process of its own and does not run (fauxtune connector run)"
    return None


def how_to_start(row: ConnectorRow, *, now: datetime, faults: TenantFaults | None = None) -> str:
    """Return what makes a connector that does not answer do so again."""
    if row.state != "online":
        return f"Set it on line: fauxtune connector online {quoted(row.name)}"
    if unreached(row, faults, now=now) is not None:
        return "Open the firewall for the hosts that `fauxtune connector endpoints` lists (here: remove the fault)."
    if not is_at_work(row):
        return f"Update '{row.name}'."
    return f"Start the process of '{row.name}' (fauxtune connector run)."


def who_is_waited_for(tx: Transaction, role: str) -> str:
    """Return, in words, which connector is to answer requests of this role."""
    return waited_for(connectors_of(tx), role, now=tx.now, faults=tx.faults)


def waited_for(
    connectors: Iterable[ConnectorRow], role: str, *, now: datetime, faults: TenantFaults | None = None
) -> str:
    """Return, in words, which of the connectors is to answer requests of this role."""
    rows = [row for row in connectors if role in row.roles]
    if not rows:
        return f"a connector with the role {ROLE_WORDS[role]}: none has it"
    for row in rows:
        if why_silent(row, now=now, faults=faults) is None:
            return f"the connector '{row.name}'"
    first = next((row for row in rows if row.state == "online"), rows[0])
    return f"the connector '{first.name}', which {why_silent(first, now=now, faults=faults)}"


def is_connector(waited_for: str | None) -> bool:
    """Whether it is a connector that these words of `waited_for`, or those of a plan, are about."""
    beginnings = ("the connector '", "a connector with", "the certificate connector")
    return waited_for is not None and waited_for.startswith(beginnings)


def check_ra_certificate(row: ConnectorRow, authority_name: str) -> None:
    """Raise RaCertificateMissing where the authority is DigiCert's, and the connector has no RA certificate of it."""
    if authority_name == DIGICERT and row.ra_certificate is None:
        raise RaCertificateMissing(f"The connector '{row.name}' has no RA certificate of DigiCert's CA: install one.")


def _choose(serving: Sequence[ConnectorRow], *, asked_at: datetime, now: datetime) -> Choice:
    """Return the first connector that takes now what was asked for then, or the moment of the next poll."""
    if not serving:
        return Choice()
    for row in serving:
        if row.mode != "polling" or polled_at(asked_at) <= now:
            return Choice(row)
    return Choice(next_poll=polled_at(asked_at))


def _is_leased(tx: Transaction, row: RequestRow) -> bool:
    """Whether the request is leased to a process."""
    until, now = row.leased_until, tx.system_now
    return until is not None and (now is None or until > now)
