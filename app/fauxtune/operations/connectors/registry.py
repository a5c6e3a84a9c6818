"""The certificate connectors of a tenant: their programs and roles, their state, and the keys that imports need.

A connector runs inside the server, or as a process of its own that proves itself with a credential (see `channel`).
Ruled by "Certificate Connector for Microsoft Intune" and, in the edition of 2020, "Certificate connectors for Microsoft
Intune": see core.model.connectors.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.model.connector_events import Happening
from fauxtune.core.model.connectors import PROGRAMS, ROLES, Program, version_numbers
from fauxtune.core.model.editions import Edition
from fauxtune.operations.connectors import event_log, revocation
from fauxtune.operations.connectors.selection import is_active
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import connector_requests as request_queries
from fauxtune.storage.queries import connectors as connector_queries

Row = dict[str, Any]

STATES = ("online", "offline")
MODES = ("immediate", "polling")


def add_connector(
    tx: Transaction,
    name: str,
    *,
    roles: list[str],
    mode: str = "immediate",
    program: str | None = None,
    apart: bool = False,
) -> Row:
    """A further connector, online, without keys; with `apart` a process of its own, whose new `credential` is in the
    answer and nowhere else. Conflict when its name is taken or the tenant has as many of the program as it can have.
    """
    if not name.strip() or not name.isprintable() or len(name) > 256:
        raise Invalid("A connector needs a name: printable text of 1 to 256 characters.", target="name")
    others = connector_queries.connector_rows(tx.connection, tx.tenant.id)
    if any(name.lower() in (row["id"], row["name"].lower()) for row in others):
        raise Conflict(f"There is a connector '{name}' already.", target="name")
    roles = _check_roles(roles)
    chosen = _program(tx, program, roles=roles)
    _check_count(chosen, others)
    _check(mode, MODES, name="mode")
    connector_id, credential = tx.ids.uuid(), tx.ids.token(32) if apart else None
    connector_queries.add_connector(
        tx.connection,
        tx.tenant.id,
        id=connector_id,
        name=name,
        program=chosen.value,
        state="online",
        mode=mode,
        roles=roles,
        created_at=tx.now,
        credential_digest=None if credential is None else digest(credential),
    )
    look_again(tx)
    return {**connector(tx, connector_id), "credential": credential}


def change_connector(
    tx: Transaction,
    connector_id: str,
    *,
    state: str | None = None,
    mode: str | None = None,
    roles: list[str] | None = None,
    version: str | None = None,
) -> Row:
    """Take a connector on or off line, let it poll, give it other roles or another version (an empty one: it updates
    itself); devices that wait for it plan again.
    """
    row = connector(tx, connector_id)
    changes: Row = {}
    if state is not None:
        changes["state"] = _check(state, STATES, name="state")
        # One that is offline already was last heard of when it went.
        if state != row["state"]:
            changes["offline_since"] = tx.now if state == "offline" else None
            log = event_log.Writer(tx, row)
            log.write(Happening.STOPPED if state == "offline" else Happening.STARTED)
    if mode is not None:
        changes["mode"] = _check(mode, MODES, name="mode")
    if roles is not None:
        changes["roles"] = _check_roles(roles)
        _check_program(Program(row["program"]), changes["roles"])
    if version is not None:
        changes["version"] = check_version(version) if version else None
    if changes:
        connector_queries.change_connector(tx.connection, tx.tenant.id, connector_id=row["id"], **changes)
        look_again(tx)
    return connector(tx, row["id"])


def remove_connector(tx: Transaction, connector_id: str) -> list[str]:
    """A connector goes, with the names of its keys; the names of their files, which are the caller's to remove. Invalid
    while it is online.
    """
    row = connector(tx, connector_id)
    if is_active(row, now=tx.now):
        raise Invalid(
            f"The connector '{row['name']}' is active: it would report again. Take it off line first "
            "(PATCH .../connectors/{connector} of the control surface, state offline).",
            target="state",
        )
    keys = connector_queries.connector_key_rows(tx.connection, tx.tenant.id, connector_id=row["id"])
    connector_queries.delete_connector(tx.connection, tx.tenant.id, connector_id=row["id"])
    request_queries.release(tx.connection, tx.tenant.id, connector_id=row["id"])
    look_again(tx)
    return key_files([row], keys)


def key_files(rows: Iterable[Row], keys: Iterable[Row]) -> list[str]:
    """The files of the private keys of these connectors, where they are the server's."""
    here = [row for row in rows if row["credential_digest"] is None]
    ra_keys = [ra_file(row["id"]) for row in here if row["ra_certificate"] is not None]
    inside = {row["id"] for row in here}
    return [*(each["file"] for each in keys if each["connector_id"] in inside), *ra_keys]


def ra_file(connector_id: str) -> str:
    """Where the key of a connector's RA certificate is."""
    return f"{connector_id}-ra"


def connector(tx: Transaction, connector_id: str) -> Row:
    """One connector, by id or name. NotFound otherwise."""
    for row in connector_queries.connector_rows(tx.connection, tx.tenant.id):
        if connector_id.lower() in (row["id"], row["name"].lower()):
            return row
    raise NotFound(f"There is no connector '{connector_id}'.")


def reinstall(tx: Transaction) -> None:
    """The tenant's connectors become those of its edition, with their keys. In 2020 one that has imported certificates
    among other roles becomes two. Invalid where two have them: that edition has one PFX Certificate Connector.
    """
    edition = tx.tenant.edition
    found = connector_queries.connector_rows(tx.connection, tx.tenant.id)
    if edition is Edition.APRIL_2020 and len([row for row in found if "imported-pfx" in row["roles"]]) > 1:
        raise Invalid(
            "The edition of 2020 has one PFX Certificate Connector for a tenant, and several connectors have the role "
            "imported-pfx: take it from all but one.",
            target="edition",
        )
    for row in found:
        if PROGRAMS[Program(row["program"])].edition is not edition:
            _reinstall(tx, row, edition=edition)
    look_again(tx)


def _reinstall(tx: Transaction, row: Row, *, edition: Edition) -> None:
    def become(program: Program, roles: list[str]) -> None:
        changes = {"program": program.value, "roles": roles, "version": None}
        connector_queries.change_connector(tx.connection, tx.tenant.id, connector_id=row["id"], **changes)

    if edition is Edition.CURRENT:
        become(Program.CERTIFICATE, row["roles"])
        return
    rest = [role for role in row["roles"] if role != "imported-pfx"]
    if "imported-pfx" not in row["roles"]:
        become(Program.INTUNE, rest)
        return
    # It keeps its keys, which are those of imports.
    become(Program.PFX, ["imported-pfx"])
    if rest:
        add_connector(tx, f"{row['name']} (PKCS)", roles=rest, mode=row["mode"], program=Program.INTUNE.value)


def add_key(tx: Transaction, connector_id: str, *, provider: str, key_name: str, key: RSAPublicKey, file: str) -> Row:
    """Name a key whose file is written already. Conflict when provider and name are taken."""
    row = connector(tx, connector_id)
    for target, word in (("providerName", provider), ("keyName", key_name)):
        # Both are parts of paths: a slash in one would end it.
        if not word.strip() or "/" in word or not word.isprintable():
            raise Invalid(f"{target} must be printable text without a slash.", target=target)
    public_key = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    for each in connector_queries.connector_key_rows(tx.connection, tx.tenant.id):
        if (each["provider"], each["key_name"]) == (provider, key_name) and not (
            # Several connectors can have the same key: "each instance must have access to the private key".
            each["public_key"] == public_key and each["connector_id"] != row["id"]
        ):
            raise Conflict(f"The key '{key_name}' of the provider '{provider}' exists already.", target="keyName")
    connector_queries.add_connector_key(
        tx.connection,
        tx.tenant.id,
        connector_id=row["id"],
        provider=provider,
        key_name=key_name,
        key_length=key.key_size,
        public_key=public_key,
        file=file,
    )
    look_again(tx)
    return connector_key(tx, connector_id, provider=provider, key_name=key_name)


def connector_key(tx: Transaction, connector_id: str, *, provider: str, key_name: str) -> Row:
    """The public half of one key. NotFound otherwise."""
    row = connector(tx, connector_id)
    for each in connector_queries.connector_key_rows(tx.connection, tx.tenant.id, connector_id=row["id"]):
        if (each["provider"], each["key_name"]) == (provider, key_name):
            return each
    raise NotFound(f"The connector has no key '{key_name}' of the provider '{provider}'.")


def delete_key(tx: Transaction, connector_id: str, *, provider: str, key_name: str) -> str:
    """The connector loses a key; the name of its file, which is the caller's to remove."""
    row = connector_key(tx, connector_id, provider=provider, key_name=key_name)
    connector_queries.delete_connector_key(
        tx.connection, tx.tenant.id, connector_id=row["connector_id"], provider=provider, key_name=key_name
    )
    file: str = row["file"]
    return file


def must_run_inside(tx: Transaction, connector_id: str) -> Row:
    """One connector. Invalid for one that is a process of its own: its keys are where it runs."""
    row = connector(tx, connector_id)
    if row["credential_digest"] is not None:
        raise Invalid(
            f"The connector '{row['name']}' is a process of its own and makes its keys itself: "
            "fauxtune connector run --key-name NAME.",
            target="connector",
        )
    return row


def digest(credential: str) -> str:
    """How a credential is known: it is random, so that a plain hash is enough."""
    return hashlib.sha256(credential.encode()).hexdigest()


def look_again(tx: Transaction) -> None:
    """What was refused may work now, and what waits may be answered."""
    request_queries.forget_refusals(tx.connection, tx.tenant.id)
    tx.wake(concern.by_tenant(tx.connection, tx.tenant.id))
    revocation.carry_out(tx)
    tx.connectors_called = True


def check_version(version: str) -> str:
    """The version. Invalid for what is none."""
    if version_numbers(version) is None:
        raise Invalid(
            f"A connector's version looks like 6.2406.0.1001 (6.YYMM.x.y), not '{version}'.", target="version"
        )
    return version


def _program(tx: Transaction, name: str | None, *, roles: list[str]) -> Program:
    offered = [each for each in Program if PROGRAMS[each].edition is tx.tenant.edition]
    if name is None:
        fitting = [each for each in offered if set(roles) <= set(PROGRAMS[each].roles)]
        chosen = fitting[0] if fitting else offered[0]
    else:
        _check(name, tuple(each.value for each in offered), name="program")
        chosen = Program(name)
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


def _check_count(program: Program, others: list[Row]) -> None:
    facts = PROGRAMS[program]
    if len([row for row in others if row["program"] == program.value]) >= facts.most:
        words = "one is all that" if facts.most == 1 else f"{facts.most} are all that"
        raise Conflict(f"Of the {facts.title} {words} a tenant can have. Remove one first.", target="program")


def _check(value: str, allowed: tuple[str, ...], *, name: str) -> str:
    if value not in allowed:
        raise Invalid(f"{name} is one of {', '.join(allowed)}, not '{value}'.", target=name)
    return value


def _check_roles(roles: list[str]) -> list[str]:
    for role in roles:
        _check(role, ROLES, name="roles")
    return list(dict.fromkeys(roles))
