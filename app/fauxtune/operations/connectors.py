"""The certificate connectors of a tenant: their state, their roles, and the keys that imports are encrypted with."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.operations.act import Act
from fauxtune.operations.tenants import ROLES
from fauxtune.storage.queries import certificates as queries
from fauxtune.storage.queries import concern

Row = dict[str, Any]

STATES = ("online", "offline")
MODES = ("immediate", "polling")


def add_connector(act: Act, name: str, *, roles: list[str], mode: str = "immediate") -> Row:
    """A further connector, online, without keys. Conflict when its name is taken."""
    if not name.strip():
        raise Invalid("A connector needs a name.", target="name")
    for row in queries.connector_rows(act.connection, act.tenant.id):
        if name.lower() in (row["id"], row["name"].lower()):
            raise Conflict(f"There is a connector '{name}' already.", target="name")
    roles = _check_roles(roles)
    _check(mode, MODES, name="mode")
    connector_id = act.ids.uuid()
    queries.add_connector(
        act.connection,
        act.tenant.id,
        id=connector_id,
        name=name,
        state="online",
        mode=mode,
        roles=roles,
        created_at=act.now,
    )
    _look_again(act)
    return connector(act, connector_id)


def change_connector(
    act: Act, connector_id: str, *, state: str | None = None, mode: str | None = None, roles: list[str] | None = None
) -> Row:
    """Take a connector on or off line, let it poll, or give it other roles; devices that wait for it plan again."""
    row = connector(act, connector_id)
    changes: Row = {}
    if state is not None:
        changes["state"] = _check(state, STATES, name="state")
        # One that is offline already was last heard of when it went.
        if state != row["state"]:
            changes["offline_since"] = act.now if state == "offline" else None
    if mode is not None:
        changes["mode"] = _check(mode, MODES, name="mode")
    if roles is not None:
        changes["roles"] = _check_roles(roles)
    if changes:
        queries.change_connector(act.connection, act.tenant.id, connector_id=row["id"], **changes)
        _look_again(act)
    return connector(act, row["id"])


def remove_connector(act: Act, connector_id: str) -> list[str]:
    """A connector goes, with the names of its keys; the names of their files, which are the caller's to remove. Invalid
    while it is online.
    """
    row = connector(act, connector_id)
    if row["state"] == "online":
        raise Invalid(
            f"The connector '{row['name']}' is active: it would report again. Take it off line first "
            "(PATCH .../connectors/{connector} of the control surface, state offline).",
            target="state",
        )
    keys = queries.connector_key_rows(act.connection, act.tenant.id, connector_id=row["id"])
    queries.delete_connector(act.connection, act.tenant.id, connector_id=row["id"])
    _look_again(act)
    return [each["file"] for each in keys]


def connector(act: Act, connector_id: str) -> Row:
    """One connector, by id or name. NotFound otherwise."""
    for row in queries.connector_rows(act.connection, act.tenant.id):
        if connector_id.lower() in (row["id"], row["name"].lower()):
            return row
    raise NotFound(f"There is no connector '{connector_id}'.")


def add_key(act: Act, connector_id: str, *, provider: str, key_name: str, key: RSAPrivateKey, file: str) -> Row:
    """Name a key whose file is written already. Conflict when provider and name are taken."""
    row = connector(act, connector_id)
    for target, word in (("providerName", provider), ("keyName", key_name)):
        # Both are parts of paths: a slash in one would end it.
        if not word.strip() or "/" in word or not word.isprintable():
            raise Invalid(f"{target} must be printable text without a slash.", target=target)
    if any(
        (each["provider"], each["key_name"]) == (provider, key_name)
        for each in queries.connector_key_rows(act.connection, act.tenant.id)
    ):
        raise Conflict(f"The key '{key_name}' of the provider '{provider}' exists already.", target="keyName")
    queries.add_connector_key(
        act.connection,
        act.tenant.id,
        connector_id=row["id"],
        provider=provider,
        key_name=key_name,
        key_length=key.key_size,
        public_key=key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        file=file,
    )
    _look_again(act)
    return connector_key(act, connector_id, provider=provider, key_name=key_name)


def connector_key(act: Act, connector_id: str, *, provider: str, key_name: str) -> Row:
    """The public half of one key. NotFound otherwise."""
    row = connector(act, connector_id)
    for each in queries.connector_key_rows(act.connection, act.tenant.id, connector_id=row["id"]):
        if (each["provider"], each["key_name"]) == (provider, key_name):
            return each
    raise NotFound(f"The connector has no key '{key_name}' of the provider '{provider}'.")


def delete_key(act: Act, connector_id: str, *, provider: str, key_name: str) -> str:
    """The connector loses a key; the name of its file, which is the caller's to remove."""
    row = connector_key(act, connector_id, provider=provider, key_name=key_name)
    queries.delete_connector_key(
        act.connection, act.tenant.id, connector_id=row["connector_id"], provider=provider, key_name=key_name
    )
    file: str = row["file"]
    return file


def _look_again(act: Act) -> None:
    """What was refused may work now, and what waits may be answered."""
    queries.forget_refusals(act.connection, act.tenant.id)
    act.wake(concern.by_tenant(act.connection, act.tenant.id))


def _check(value: str, allowed: tuple[str, ...], *, name: str) -> str:
    if value not in allowed:
        raise Invalid(f"{name} is one of {', '.join(allowed)}, not '{value}'.", target=name)
    return value


def _check_roles(roles: list[str]) -> list[str]:
    for role in roles:
        _check(role, ROLES, name="roles")
    return list(dict.fromkeys(roles))
