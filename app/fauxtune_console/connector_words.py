"""Connectors as people see them: state, roles, mode, and the entries of their event log."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from fauxtune.core.model.certificates import Mark
from fauxtune.core.model.connectors import PROGRAMS, ROLE_WORDS, Support, support
from fauxtune.core.model.ids import ConnectorId, EnrollmentId
from fauxtune.operations.connectors.selection import why_silent
from fauxtune.operations.runtime.live_faults import TenantFaults
from fauxtune.storage.rows.certificates import ConnectorEventRow, ConnectorKeyRow, ConnectorRow
from fauxtune_console.registered import State
from fauxtune_console.shown_marks import mark

#: data. A role -> its words, and what it does.
ROLES: dict[str, tuple[str, str]] = {
    "pkcs": (ROLE_WORDS["pkcs"], "makes keys and has certificates issued for devices"),
    "imported-pfx": (ROLE_WORDS["imported-pfx"], "opens imported certificates, and seals them for devices"),
    "revocation": (ROLE_WORDS["revocation"], "has certificates revoked when a device ends"),
    "scep": (ROLE_WORDS["scep"], "answers devices that make their keys themselves"),
}
#: data. A mode -> its words.
MODES: dict[str, str] = {
    "immediate": "answers at once",
    "polling": "looks for requests every 30 seconds",
}
_SUPPORT: dict[Support, State] = {
    Support.FULL: State("good", "supported"),
    Support.DEPRECATED: State("wait", "out of support soon: update it"),
    Support.EXPIRED: State("bad", "out of support: update it"),
    Support.REFUSED: State("bad", "too old: it gets no work"),
}
_SHORT = 8


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a connector. `fingerprint`: the beginning of its SHA-256, such as openssl prints it."""

    provider: str
    name: str
    length: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class ConnectorView:
    """One connector. `is_process`: it runs as a process of its own."""

    row: ConnectorRow
    state: State
    roles: str
    mode: str
    program: str
    version: str
    support: State
    is_process: bool
    keys: tuple[Key, ...]

    @property
    def must_stay(self) -> bool:
        """Whether it cannot be removed: it runs in the server, and is on line."""
        return self.row.state == "online" and not self.is_process


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the event log. `css`: the class of its symbol; `note`: why it failed, or what it was about."""

    number: int
    event_id: int
    name: str
    css: str
    time: datetime
    connector: str
    connector_id: ConnectorId
    device: EnrollmentId | None
    device_name: str | None
    user: str | None
    mark: Mark | None
    serial: str | None
    note: str
    code: str | None


def connector_view(
    row: ConnectorRow, *, keys: list[ConnectorKeyRow], now: datetime, faults: TenantFaults | None
) -> ConnectorView:
    """Return a connector as people see it."""
    silent = why_silent(row, now=now, faults=faults)
    facts = PROGRAMS[row.program]
    return ConnectorView(
        row=row,
        state=State("good", "on line") if silent is None else State("bad", silent.replace("is off line", "off line")),
        roles=", ".join(ROLES[role][0] for role in row.roles) or "none",
        mode=MODES[row.mode],
        program=facts.title,
        version=row.version or facts.newest,
        support=_SUPPORT[support(row.program, row.version, now=now)],
        is_process=row.credential_digest is not None,
        keys=tuple(
            Key(key.provider, key.key_name, key.key_length, hashlib.sha256(key.public_key).hexdigest()[:_SHORT])
            for key in keys
            if key.connector_id == row.id
        ),
    )


def unanswered(
    rows: Sequence[ConnectorRow], *, waiting: Mapping[str, int], now: datetime, faults: TenantFaults | None
) -> dict[str, int]:
    """Return how many requests wait that no connector answers, by the words of the role that they need."""
    served = {role for row in rows if why_silent(row, now=now, faults=faults) is None for role in row.roles}
    return {ROLES[role][0]: count for role, count in waiting.items() if role not in served}


def entry(row: ConnectorEventRow, *, device_name: str | None) -> Entry:
    """Return an entry of the log as people see it."""
    detail = row.detail
    about = [str(detail[name]) for name in ("template", "ca") if detail.get(name)]
    failed = any(word in row.name for word in ("Fail", "Error"))
    done = not failed and any(word in row.name for word in ("Success", "Started"))
    thumbprint = detail.get("thumbprint")
    return Entry(
        number=row.number,
        event_id=row.event_id,
        name=row.name,
        css="bad" if failed else "good" if done else "",
        time=row.time,
        connector=row.connector,
        connector_id=row.connector_id,
        device=row.device,
        device_name=device_name,
        user=row.user,
        mark=mark(thumbprint) if thumbprint else None,
        serial=detail.get("serial"),
        note=str(detail.get("message") or ", ".join(about)),
        code=row.diagnostic_code,
    )
