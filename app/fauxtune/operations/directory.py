"""Users, groups and who is in which. Graph: user, group, directoryObject.

Documents come validated from the surface; what the database must vouch for (uniqueness, existence) is checked here.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from fauxtune.core.clock import iso
from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.odata.entities.directory import GROUP, USER
from fauxtune.core.odata.validation import defaults
from fauxtune.operations.act import Act
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import directory as queries

#: INTUNE_A: the licence that lets a user's devices be managed.
INTUNE_SKU = "061f9ace-7d42-4136-88ac-31dc755f143f"

Document = dict[str, Any]


def create_user(act: Act, document: Document, *, password: str | None = None) -> Document:
    """A new user. Conflict when the userPrincipalName is taken."""
    upn = str(document["userPrincipalName"])
    _check_upn(act, upn, user_id=None)
    user_id = act.ids.uuid()
    full = {**defaults(USER), **document, "id": user_id, "createdDateTime": iso(act.now)}
    queries.add_user(
        act.connection,
        act.tenant.id,
        id=user_id,
        upn_key=upn.casefold(),
        licensed=bool(full.get("assignedLicenses")),
        password_digest=None if password is None else password_digest(password, salt=act.ids.token(12)),
        created_at=act.now,
        document=full,
    )
    return full


def update_user(act: Act, key: str, *, changes: Document, password: str | None = None) -> Document:
    """Change a user; what certificates say of the user may change, so its devices plan again."""
    row = _user(act, key)
    full = {**row["document"], **changes}
    upn = str(full["userPrincipalName"])
    _check_upn(act, upn, user_id=row["id"])
    values: dict[str, Any] = {"document": full, "upn_key": upn.casefold()}
    if "assignedLicenses" in changes:
        values["licensed"] = bool(full["assignedLicenses"])
    if password is not None:
        values["password_digest"] = password_digest(password, salt=act.ids.token(12))
    queries.change_user(act.connection, act.tenant.id, user_id=row["id"], **values)
    act.wake(concern.by_user(act.connection, act.tenant.id, user_id=row["id"]))
    return full


def assign_license(act: Act, key: str, *, add: list[Document], remove: list[str]) -> Document:
    """Graph: user: assignLicense. Without any licence the user's devices are given nothing more."""
    row = _user(act, key)
    gone = {each.lower() for each in remove}
    held = {str(each["skuId"]).lower(): each for each in row["document"].get("assignedLicenses") or ()}
    missing = gone - held.keys()
    if missing:
        raise Invalid(f"User does not have a corresponding license: {', '.join(sorted(missing))}.")
    held = {sku: each for sku, each in held.items() if sku not in gone}
    held |= {str(each["skuId"]).lower(): {"disabledPlans": [], **each} for each in add}
    return update_user(act, row["id"], changes={"assignedLicenses": list(held.values())})


def delete_user(act: Act, key: str) -> None:
    """The user goes; its devices stay enrolled and keep what they hold (see the removal table), imports stay stored."""
    row = _user(act, key)
    act.wake(concern.by_user(act.connection, act.tenant.id, user_id=row["id"]))
    queries.delete_user(act.connection, act.tenant.id, user_id=row["id"])


def create_group(act: Act, document: Document) -> Document:
    """A new, empty group."""
    group_id = act.ids.uuid()
    full = {**defaults(GROUP), **document, "id": group_id, "createdDateTime": iso(act.now)}
    queries.add_group(act.connection, act.tenant.id, id=group_id, created_at=act.now, document=full)
    return full


def update_group(act: Act, group_id: str, *, changes: Document) -> Document:
    """Change a group; who is in it stays."""
    row = _group(act, group_id)
    full = {**row["document"], **changes}
    queries.change_group(act.connection, act.tenant.id, group_id=row["id"], document=full)
    return full


def delete_group(act: Act, group_id: str) -> None:
    """The group goes; assignments that name it stay and reach nobody."""
    row = _group(act, group_id)
    for member in queries.members(act.connection, act.tenant.id, group_id=row["id"]):
        _wake(act, row["id"], member_id=member["id"])
    queries.delete_group(act.connection, act.tenant.id, group_id=row["id"])


def add_member(act: Act, group_id: str, *, member_id: str) -> None:
    """A user, a group or an Entra device joins. NotFound for an id that names none; Conflict for a member."""
    group, member = _group(act, group_id), member_id.lower()
    kind = queries.kind_of(act.connection, act.tenant.id, object_id=member)
    if kind is None:
        raise _missing(member_id)
    if queries.is_member(act.connection, act.tenant.id, group_id=group["id"], member_id=member):
        # Clients match this sentence.
        raise Conflict(
            "One or more added object references already exist for the following modified properties: 'members'."
        )
    if member == group["id"]:
        raise Invalid("A group cannot be a member of itself.")
    queries.add_member(act.connection, act.tenant.id, group_id=group["id"], member_id=member, kind=kind)
    _wake(act, group["id"], member_id=member)


def remove_member(act: Act, group_id: str, *, member_id: str) -> None:
    """A member leaves. NotFound when it is none."""
    group, member = _group(act, group_id), member_id.lower()
    _wake(act, group["id"], member_id=member)
    if not queries.remove_member(act.connection, act.tenant.id, group_id=group["id"], member_id=member):
        raise _missing(member_id)


def password_digest(password: str, *, salt: str) -> str:
    """`salt$sha256`: enough for the passwords of an emulator, and cheap, for seeds have thousands of users."""
    return f"{salt}${hashlib.sha256(f'{salt}${password}'.encode()).hexdigest()}"


def password_matches(digest: str | None, password: str) -> bool:
    """Is this the password? No digest, no match."""
    if digest is None:
        return False
    salt = digest.split("$", maxsplit=1)[0]
    return hmac.compare_digest(digest, password_digest(password, salt=salt))


def _wake(act: Act, group_id: str, *, member_id: str) -> None:
    act.wake(concern.by_member(act.connection, act.tenant.id, group_id=group_id, member_id=member_id))


def _user(act: Act, key: str) -> Document:
    row = queries.user_by_key(act.connection, act.tenant.id, key=key)
    if row is None:
        raise _missing(key)
    return row


def _group(act: Act, group_id: str) -> Document:
    row = queries.group(act.connection, act.tenant.id, group_id=group_id.lower())
    if row is None:
        raise _missing(group_id)
    return row


def _check_upn(act: Act, upn: str, *, user_id: str | None) -> None:
    if "@" not in upn.strip("@"):
        raise Invalid("userPrincipalName must be a name and a domain, such as alice@contoso.example.")
    other = queries.user_by_upn(act.connection, act.tenant.id, upn=upn)
    if other is not None and other["id"] != user_id:
        raise Conflict(
            "Another object with the same value for property userPrincipalName already exists.",
            target="userPrincipalName",
        )


def _missing(key: str) -> NotFound:
    return NotFound(
        f"Resource '{key}' does not exist or one of its queried reference-property objects are not present."
    )
