"""The certificate connectors of a tenant: their programs and roles, their state, and the keys that imports need.

A connector runs inside the server, or as a process of its own that authenticates with a credential (see
`operations.checkin.connector_channel`).
Ruled by "Certificate Connector for Microsoft Intune" and, in the edition of 2020, "Certificate connectors for Microsoft
Intune": see core.model.connectors.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.model.connectors import PROGRAMS, ROLES, Happening, Program, version_numbers
from fauxtune.core.model.ids import ConnectorId
from fauxtune.core.model.tenants import Edition
from fauxtune.operations.connectors import event_log, revocation
from fauxtune.operations.connectors.selection import inside, is_active
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import connectors as queries
from fauxtune.storage.rows.certificates import (
    ConnectorChanges,
    ConnectorKeyRow,
    ConnectorMode,
    ConnectorRow,
    ConnectorState,
)

Word = TypeVar("Word", bound=str)

STATES: tuple[ConnectorState, ...] = ("online", "offline")
MODES: tuple[ConnectorMode, ...] = ("immediate", "polling")


@dataclass(frozen=True, slots=True)
class NewConnector:
    """A connector that was added, and its credential if it is a process of its own."""

    row: ConnectorRow
    credential: str | None = field(repr=False)


def add_connector(
    tx: Transaction,
    name: str,
    *,
    roles: list[str],
    mode: str = "immediate",
    program: str | None = None,
    apart: bool = False,
) -> NewConnector:
    """Add a connector, online, without keys; with `apart` a process of its own, whose credential is returned here and
    nowhere else. Raises Conflict when its name is taken or the tenant has as many of the program as it can have.
    """
    if not name.strip() or not name.isprintable() or len(name) > 256:
        raise Invalid("A connector needs a name: printable text of 1 to 256 characters.", target="name")
    others = queries.connector_rows(tx.connection, tx.tenant.id)
    if any(name.lower() in (row.id, row.name.lower()) for row in others):
        raise Conflict(f"There is a connector '{name}' already.", target="name")
    roles = _check_roles(roles)
    chosen = _program(tx, program, roles=roles)
    _check_count(chosen, others)
    credential = tx.ids.token(32) if apart else None
    row = ConnectorRow(
        tenant_id=tx.tenant.id,
        id=ConnectorId(tx.ids.uuid()),
        name=name,
        program=chosen,
        version=None,
        state="online",
        mode=_checked(mode, MODES, name="mode"),
        roles=roles,
        created_at=tx.now,
        credential_digest=None if credential is None else digest(credential),
    )
    queries.add_connector(tx.connection, row)
    ask_again(tx)
    return NewConnector(connector(tx, row.id), credential)


def change_connector(
    tx: Transaction,
    connector_id: str,
    *,
    state: str | None = None,
    mode: str | None = None,
    roles: list[str] | None = None,
    version: str | None = None,
) -> ConnectorRow:
    """Change a connector's state, mode, roles or version (an empty one: it updates itself). Devices that wait
    for it plan again.
    """
    row = connector(tx, connector_id)
    changes: ConnectorChanges = {}
    if state is not None:
        changes["state"] = _checked(state, STATES, name="state")
        # One that is offline already had its last contact when it went off line.
        if state != row.state:
            changes["offline_since"] = tx.now if state == "offline" else None
            log = event_log.Writer(tx, row)
            log.write(Happening.STOPPED if state == "offline" else Happening.STARTED)
    if mode is not None:
        changes["mode"] = _checked(mode, MODES, name="mode")
    if roles is not None:
        changes["roles"] = _check_roles(roles)
        _check_program(row.program, changes["roles"])
    if version is not None:
        changes["version"] = check_version(version) if version else None
    if changes:
        queries.change_connector(tx.connection, tx.tenant.id, connector_id=row.id, **changes)
        ask_again(tx)
    return connector(tx, row.id)


def remove_connector(tx: Transaction, connector_id: str) -> list[str]:
    """Remove a connector and its keys; return the names of the keys' files, which the caller removes. Raises Invalid
    while it is active.
    """
    row = connector(tx, connector_id)
    if is_active(row, now=tx.now):
        raise Invalid(
            f"The connector '{row.name}' is active: it would report again. Take it off line first "
            "(PATCH .../connectors/{connector} of the control surface, state offline).",
            target="state",
        )
    keys = queries.key_file_rows(tx.connection, tx.tenant.id)
    queries.delete_connector(tx.connection, tx.tenant.id, connector_id=row.id)
    queries.release(tx.connection, tx.tenant.id, connector_id=row.id)
    ask_again(tx)
    return key_files([row], keys)


def key_files(rows: Iterable[ConnectorRow], keys: Iterable[tuple[ConnectorId, str]]) -> list[str]:
    """Return the names of the private keys' files of those of these connectors that run inside the server. `keys`: each
    file with its connector.
    """
    here = inside(rows)
    ra_keys = [ra_file(row.id) for row in here if row.ra_certificate is not None]
    ids = {row.id for row in here}
    return [*(file for connector_id, file in keys if connector_id in ids), *ra_keys]


def ra_file(connector_id: ConnectorId) -> str:
    """Return the name of the file with the key of a connector's RA certificate."""
    return f"{connector_id}-ra"


def connector(tx: Transaction, connector_id: str) -> ConnectorRow:
    """Return one connector, by id or name. Raises NotFound."""
    for row in queries.connector_rows(tx.connection, tx.tenant.id):
        if connector_id.lower() in (row.id, row.name.lower()):
            return row
    raise NotFound(f"There is no connector '{connector_id}'.")


def reinstall(tx: Transaction) -> None:
    """Reinstall the tenant's connectors, with their keys, as programs of its edition. In 2020 one that has imported
    certificates among other roles becomes two. Raises Invalid where two have them: that edition has one PFX Certificate
    Connector.
    """
    edition = tx.tenant.edition
    rows = queries.connector_rows(tx.connection, tx.tenant.id)
    if edition is Edition.APRIL_2020 and len([row for row in rows if "imported-pfx" in row.roles]) > 1:
        raise Invalid(
            "The edition of 2020 has one PFX Certificate Connector for a tenant, and several connectors have the role "
            "imported-pfx: take it from all but one.",
            target="edition",
        )
    for row in rows:
        if PROGRAMS[row.program].edition is not edition:
            _reinstall(tx, row, edition=edition)
    ask_again(tx)


def _reinstall(tx: Transaction, row: ConnectorRow, *, edition: Edition) -> None:
    def become(program: Program, roles: list[str]) -> None:
        queries.change_connector(
            tx.connection, tx.tenant.id, connector_id=row.id, program=program, roles=roles, version=None
        )

    if edition is Edition.CURRENT:
        become(Program.CERTIFICATE, row.roles)
        return
    rest = [role for role in row.roles if role != "imported-pfx"]
    if "imported-pfx" not in row.roles:
        become(Program.INTUNE, rest)
        return
    # It keeps its keys, which are those of imports.
    become(Program.PFX, ["imported-pfx"])
    if rest:
        add_connector(tx, f"{row.name} (PKCS)", roles=rest, mode=row.mode, program=Program.INTUNE.value)


def add_key(
    tx: Transaction, connector_id: str, *, provider: str, key_name: str, key: RSAPublicKey, file: str
) -> ConnectorKeyRow:
    """Add a key whose file is written already. Raises Conflict when provider and name are taken."""
    row = connector(tx, connector_id)
    for target, word in (("providerName", provider), ("keyName", key_name)):
        # Both are parts of paths: a slash in one would end it.
        if not word.strip() or "/" in word or not word.isprintable():
            raise Invalid(f"{target} must be printable text without a slash.", target=target)
    new = key_row(row, (provider, key_name), key=key, file=file)
    for other in queries.connector_key_rows(tx.connection, tx.tenant.id):
        if (other.provider, other.key_name) == (provider, key_name) and not (
            # Several connectors can have the same key: "each instance must have access to the private key".
            other.public_key == new.public_key and other.connector_id != row.id
        ):
            raise Conflict(f"The key '{key_name}' of the provider '{provider}' exists already.", target="keyName")
    queries.add_connector_keys(tx.connection, new)
    ask_again(tx)
    return new


def key_row(row: ConnectorRow, name: tuple[str, str], *, key: RSAPublicKey, file: str) -> ConnectorKeyRow:
    """Return the row of a connector's key; `name`: its provider and name."""
    provider, key_name = name
    return ConnectorKeyRow(
        tenant_id=row.tenant_id,
        connector_id=row.id,
        provider=provider,
        key_name=key_name,
        key_length=key.key_size,
        public_key=key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        file=file,
    )


def connector_key(tx: Transaction, connector_id: str, *, provider: str, key_name: str) -> ConnectorKeyRow:
    """Return one key of a connector. Raises NotFound."""
    row = connector(tx, connector_id)
    for key in queries.connector_key_rows(tx.connection, tx.tenant.id, connector_id=row.id):
        if (key.provider, key.key_name) == (provider, key_name):
            return key
    raise NotFound(f"The connector has no key '{key_name}' of the provider '{provider}'.")


def delete_key(tx: Transaction, connector_id: str, *, provider: str, key_name: str) -> str:
    """Delete a key of a connector; return the name of its file, which the caller removes."""
    row = connector_key(tx, connector_id, provider=provider, key_name=key_name)
    queries.delete_connector_key(
        tx.connection, tx.tenant.id, connector_id=row.connector_id, provider=provider, key_name=key_name
    )
    return row.file


def must_run_inside(tx: Transaction, connector_id: str) -> ConnectorRow:
    """Return one connector. Raises Invalid for one that is a process of its own, whose keys are where it runs."""
    row = connector(tx, connector_id)
    if row.credential_digest is not None:
        raise Invalid(
            f"The connector '{row.name}' is a process of its own and makes its keys itself: "
            "fauxtune connector run --key-name NAME.",
            target="connector",
        )
    return row


def digest(credential: str) -> str:
    """Return the digest by which a credential is stored: it is random, so that a plain hash is enough."""
    return hashlib.sha256(credential.encode()).hexdigest()


def ask_again(tx: Transaction) -> None:
    """Have refused requests asked again, and waiting ones answered, since connectors have changed."""
    queries.forget_refusals(tx.connection, tx.tenant.id)
    tx.wake(concern.by_tenant(tx.connection, tx.tenant.id))
    revocation.carry_out(tx)
    tx.connectors_called = True


def check_version(version: str) -> str:
    """Return the version. Raises Invalid for text that is not a connector's version."""
    if version_numbers(version) is None:
        raise Invalid(
            f"A connector's version looks like 6.2406.0.1001 (6.YYMM.x.y), not '{version}'.", target="version"
        )
    return version


def _program(tx: Transaction, name: str | None, *, roles: list[str]) -> Program:
    offered = [program for program in Program if PROGRAMS[program].edition is tx.tenant.edition]
    if name is None:
        fitting = [program for program in offered if set(roles) <= set(PROGRAMS[program].roles)]
        chosen = fitting[0] if fitting else offered[0]
    else:
        chosen = Program(_checked(name, tuple(program.value for program in offered), name="program"))
    _check_program(chosen, roles)
    return chosen


def _check_program(program: Program, roles: list[str]) -> None:
    facts = PROGRAMS[program]
    beyond = [role for role in roles if role not in facts.roles]
    if beyond:
        raise Invalid(
            f"The {facts.title} has no role {', '.join(beyond)}; it has {', '.join(facts.roles)}. In the edition of "
            "2020 imported certificates and all others have a connector each.",
            target="roles",
        )


def _check_count(program: Program, others: list[ConnectorRow]) -> None:
    facts = PROGRAMS[program]
    if len([row for row in others if row.program is program]) >= facts.most:
        words = "one is all that" if facts.most == 1 else f"{facts.most} are all that"
        raise Conflict(f"Of the {facts.title} {words} a tenant can have. Remove one first.", target="program")


def _checked(value: str, allowed: Sequence[Word], *, name: str) -> Word:
    for word in allowed:
        if value == word:
            return word
    raise Invalid(f"{name} is one of {', '.join(allowed)}, not '{value}'.", target=name)


def _check_roles(roles: list[str]) -> list[str]:
    for role in roles:
        _checked(role, ROLES, name="roles")
    return list(dict.fromkeys(roles))
