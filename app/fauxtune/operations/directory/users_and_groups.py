"""Users, groups and who is in which. Graph: user, group, directoryObject.

Documents come validated from the surface; what the database must vouch for (uniqueness, existence) is checked here.
"""

from __future__ import annotations

import hashlib
import hmac
import uuid
from typing import Any

from fauxtune.core.clock import iso
from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.graph.directory import GROUP, USER
from fauxtune.core.model.licences import SKUS
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import directory as queries

Document = dict[str, Any]

#: How long a text may be (Graph: user, group). The longest userPrincipalName has 64 + 1 + 48 characters.
_USER_LENGTHS = {
    "userPrincipalName": 113,
    "displayName": 256,
    "mailNickname": 64,
    "givenName": 64,
    "surname": 64,
    "jobTitle": 128,
    "department": 64,
    "companyName": 64,
    "city": 128,
    "country": 128,
    "employeeId": 16,
    "officeLocation": 128,
    "postalCode": 40,
    "state": 128,
    "streetAddress": 1024,
}
_GROUP_LENGTHS = {"displayName": 256, "mailNickname": 64, "description": 1024, "membershipRule": 3072}
_UNIFIED, _DYNAMIC = "Unified", "DynamicMembership"


def create_user(tx: Transaction, document: Document, *, password: str | None = None) -> Document:
    """A new user. Conflict when the userPrincipalName is taken."""
    upn = str(document["userPrincipalName"])
    _check_upn(tx, upn, user_id=None)
    _check_lengths(document, _USER_LENGTHS, resource="User")
    user_id = tx.ids.uuid()
    full = {
        **defaults(USER),
        **document,
        "id": user_id,
        "createdDateTime": iso(tx.now),
        "securityIdentifier": security_identifier(user_id),
    }
    queries.add_user(
        tx.connection,
        tx.tenant.id,
        id=user_id,
        upn_key=upn.casefold(),
        licensed=bool(full.get("assignedLicenses")),
        password_digest=None if password is None else password_digest(password, salt=tx.ids.token(12)),
        created_at=tx.now,
        document=full,
    )
    return full


def update_user(tx: Transaction, key: str, *, changes: Document, password: str | None = None) -> Document:
    """Change a user; what certificates say of the user may change, so its devices plan again."""
    row = _user(tx, key)
    full = {**row["document"], **changes}
    upn = str(full["userPrincipalName"])
    _check_upn(tx, upn, user_id=row["id"])
    _check_lengths(changes, _USER_LENGTHS, resource="User")
    values: dict[str, Any] = {"document": full, "upn_key": upn.casefold()}
    if "assignedLicenses" in changes:
        values["licensed"] = bool(full["assignedLicenses"])
    if password is not None:
        values["password_digest"] = password_digest(password, salt=tx.ids.token(12))
    queries.change_user(tx.connection, tx.tenant.id, user_id=row["id"], **values)
    tx.wake(concern.by_user(tx.connection, tx.tenant.id, user_id=row["id"]))
    return full


def change_password(tx: Transaction, key: str, *, current: str, new: str) -> None:
    """Graph: user: changePassword. Invalid when the current one is another."""
    row = _user(tx, key)
    if not password_matches(row["password_digest"], current):
        raise Invalid("The specified current password is not the user's password.", target="currentPassword")
    digest = password_digest(new, salt=tx.ids.token(12))
    queries.change_user(tx.connection, tx.tenant.id, user_id=row["id"], password_digest=digest)


def revoke_sign_in_sessions(tx: Transaction, key: str) -> None:
    """Graph: user: revokeSignInSessions. The moment is noted: refresh tokens from before it are good no more. Access
    tokens live to their end.
    """
    row = _user(tx, key)
    full = {**row["document"], "signInSessionsValidFromDateTime": iso(tx.now)}
    queries.change_user(tx.connection, tx.tenant.id, user_id=row["id"], document=full)


def assign_license(tx: Transaction, key: str, *, add: list[Document], remove: list[str]) -> Document:
    """Graph: user: assignLicense. Without any licence the user's devices are given nothing more.

    Differs from Intune: the user needs no usageLocation.
    """
    row = _user(tx, key)
    for each in add:
        _check_license(each)
    gone = {each.lower() for each in remove}
    held = {str(each["skuId"]).lower(): each for each in row["document"].get("assignedLicenses") or ()}
    missing = gone - held.keys()
    if missing:
        raise Invalid(f"User does not have a corresponding license: {', '.join(sorted(missing))}.")
    held = {sku: each for sku, each in held.items() if sku not in gone}
    held |= {str(each["skuId"]).lower(): {"disabledPlans": [], **each} for each in add}
    return update_user(tx, row["id"], changes={"assignedLicenses": list(held.values())})


def delete_user(tx: Transaction, key: str) -> None:
    """The user goes; its devices stay enrolled and keep what they hold (see the removal table), imports stay stored."""
    row = _user(tx, key)
    tx.wake(concern.by_user(tx.connection, tx.tenant.id, user_id=row["id"]))
    queries.delete_user(tx.connection, tx.tenant.id, user_id=row["id"])


def set_manager(tx: Transaction, key: str, *, manager_id: str | None) -> None:
    """Graph: user: assign manager, remove manager. NotFound for an id that is no user's."""
    row = _user(tx, key)
    if manager_id is None:
        if row["manager_id"] is None:
            raise missing("manager")
        queries.change_user(tx.connection, tx.tenant.id, user_id=row["id"], manager_id=None)
        return
    manager = _user(tx, manager_id)
    queries.change_user(tx.connection, tx.tenant.id, user_id=row["id"], manager_id=manager["id"])


def create_group(
    tx: Transaction, document: Document, *, member_ids: tuple[str, ...] = (), owner_ids: tuple[str, ...] = ()
) -> Document:
    """A new group with these members and owners."""
    group_id = tx.ids.uuid()
    full = {
        **defaults(GROUP),
        **document,
        "id": group_id,
        "createdDateTime": iso(tx.now),
        "renewedDateTime": iso(tx.now),
        "securityIdentifier": security_identifier(group_id),
    }
    _check_group(full)
    if full["membershipRule"] and _DYNAMIC not in full["groupTypes"]:
        raise Invalid("A membershipRule needs the group type DynamicMembership.", target="membershipRule")
    _check_lengths(full, _GROUP_LENGTHS, resource="Group")
    if full["mailEnabled"] and not full["mail"]:
        full["mail"] = f"{full['mailNickname']}@{tx.tenant.domain}"
        full["proxyAddresses"] = [f"SMTP:{full['mail']}"]
    queries.add_group(tx.connection, tx.tenant.id, id=group_id, created_at=tx.now, document=full)
    _join(tx, group_id, member_ids=member_ids, owner_ids=owner_ids)
    return full


def update_group(
    tx: Transaction,
    group_id: str,
    *,
    changes: Document,
    member_ids: tuple[str, ...] = (),
    owner_ids: tuple[str, ...] = (),
) -> Document:
    """Change a group; who is in it stays, and these join."""
    row = _group(tx, group_id)
    full = {**row["document"], **changes}
    _check_group(full)
    _check_lengths(changes, _GROUP_LENGTHS, resource="Group")
    queries.change_group(tx.connection, tx.tenant.id, group_id=row["id"], document=full)
    _join(tx, row["id"], member_ids=member_ids, owner_ids=owner_ids)
    return full


def delete_group(tx: Transaction, group_id: str) -> None:
    """The group goes; assignments that name it stay and reach nobody."""
    row = _group(tx, group_id)
    # Whatever is below the group is below itself: one statement finds it.
    _wake(tx, row["id"], member_id=row["id"])
    queries.delete_group(tx.connection, tx.tenant.id, group_id=row["id"])


def add_member(tx: Transaction, group_id: str, *, member_id: str) -> None:
    """A user, a group or an Entra device joins; a user also by its userPrincipalName. NotFound for what names none;
    Conflict for a member.
    """
    group, found = _group(tx, group_id), _object(tx, member_id)
    member = found["id"]
    _check_may_join(group["document"], found)
    if queries.is_member(tx.connection, tx.tenant.id, group_id=group["id"], member_id=member):
        # Clients match this sentence.
        raise Conflict(
            "One or more added object references already exist for the following modified properties: 'members'."
        )
    queries.add_member(tx.connection, tx.tenant.id, group_id=group["id"], member_id=member, kind=found["kind"])
    _wake(tx, group["id"], member_id=member)


def remove_member(tx: Transaction, group_id: str, *, member_id: str) -> None:
    """A member leaves. NotFound when it is none."""
    group, member = _group(tx, group_id), member_id.lower()
    _check_assigned(group["document"])
    _wake(tx, group["id"], member_id=member)
    if not queries.remove_member(tx.connection, tx.tenant.id, group_id=group["id"], member_id=member):
        raise missing(member_id)


def add_owner(tx: Transaction, group_id: str, *, owner_id: str) -> None:
    """A user owns the group, named by its id or its userPrincipalName. NotFound for what names none; Conflict for an
    owner.
    """
    group, found = _group(tx, group_id), _object(tx, owner_id)
    owner = found["id"]
    if found["kind"] != "user":
        # Graph takes service principals too, which do not exist here.
        raise Invalid(f"A {found['kind']} cannot own a group: name a user.", target="owners")
    if owner in queries.owners(tx.connection, tx.tenant.id, group_id=group["id"]):
        raise Conflict(
            "One or more added object references already exist for the following modified properties: 'owners'."
        )
    queries.add_owner(tx.connection, tx.tenant.id, group_id=group["id"], owner_id=owner)


def remove_owner(tx: Transaction, group_id: str, *, owner_id: str) -> None:
    """An owner is one no longer. NotFound when it was none. Graph: "Remove group owner": the last one stays."""
    group, owner = _group(tx, group_id), owner_id.lower()
    owners = queries.owners(tx.connection, tx.tenant.id, group_id=group["id"])
    if owner not in owners:
        raise missing(owner_id)
    if len(owners) == 1:
        raise Invalid("The group must have at least one owner, hence this owner cannot be removed.")
    queries.remove_owner(tx.connection, tx.tenant.id, group_id=group["id"], owner_id=owner)


def password_digest(password: str, *, salt: str) -> str:
    """`salt$sha256`: enough for the passwords of an emulator, and cheap, for seeds have thousands of users."""
    return f"{salt}${hashlib.sha256(f'{salt}${password}'.encode()).hexdigest()}"


def password_matches(digest: str | None, password: str) -> bool:
    """Is this the password? No digest, no match."""
    if digest is None:
        return False
    salt = digest.split("$", maxsplit=1)[0]
    return hmac.compare_digest(digest, password_digest(password, salt=salt))


def security_identifier(object_id: str) -> str:
    """The SID of a directory object: `S-1-12-1-` and the four little-endian words of its id."""
    raw = uuid.UUID(object_id).bytes_le
    return "-".join(("S-1-12-1", *(str(int.from_bytes(raw[at : at + 4], "little")) for at in range(0, 16, 4))))


def missing(key: str) -> NotFound:
    """What the directory says of an id that names nothing."""
    return NotFound(
        f"Resource '{key}' does not exist or one of its queried reference-property objects are not present."
    )


def _join(tx: Transaction, group_id: str, *, member_ids: tuple[str, ...], owner_ids: tuple[str, ...]) -> None:
    for each in member_ids:
        add_member(tx, group_id, member_id=each)
    for each in owner_ids:
        add_owner(tx, group_id, owner_id=each)


def _wake(tx: Transaction, group_id: str, *, member_id: str) -> None:
    tx.wake(concern.by_member(tx.connection, tx.tenant.id, group_id=group_id, member_id=member_id))


def _user(tx: Transaction, key: str) -> Document:
    row = queries.user_by_key(tx.connection, tx.tenant.id, key=key)
    if row is None:
        raise missing(key)
    return row


def _object(tx: Transaction, key: str) -> Document:
    """The object with this id, or the user with this userPrincipalName, with its `kind`."""
    found = queries.directory_object(tx.connection, tx.tenant.id, object_id=key.lower())
    if found is not None:
        return found
    return {**_user(tx, key), "kind": "user"}


def _group(tx: Transaction, group_id: str) -> Document:
    row = queries.group(tx.connection, tx.tenant.id, group_id=group_id.lower())
    if row is None:
        raise missing(group_id)
    return row


def _check_upn(tx: Transaction, upn: str, *, user_id: str | None) -> None:
    # Differs from Intune: the domain need not be one of the tenant's.
    name, _, domain = upn.rpartition("@")
    if not name or not domain or upn != upn.strip() or "/" in upn:
        raise Invalid("userPrincipalName must be a name and a domain, such as alice@contoso.example.")
    other = queries.user_by_upn(tx.connection, tx.tenant.id, upn=upn)
    if other is not None and other["id"] != user_id:
        raise Conflict(
            "Another object with the same value for property userPrincipalName already exists.",
            target="userPrincipalName",
        )


def _check_lengths(document: Document, longest: dict[str, int], *, resource: str) -> None:
    for name, limit in longest.items():
        value = document.get(name)
        if isinstance(value, str) and len(value) > limit:
            raise Invalid(
                f"Invalid value specified for property '{name}' of resource '{resource}'. "
                f"It has {len(value)} characters; at most {limit} are allowed.",
                target=name,
            )


def _check_license(licence: Document) -> None:
    sku = str(licence["skuId"]).lower()
    if sku not in SKUS:
        raise Invalid(f"License {sku} does not correspond to a valid company License.", target="skuId")
    plans = {plan["servicePlanId"] for plan in SKUS[sku][1]}
    for each in licence.get("disabledPlans") or ():
        if each.lower() not in plans:
            raise Invalid(f"Service plan {each} does not belong to license {sku}.", target="disabledPlans")


def _check_group(group: Document) -> None:
    """Graph: "Overview of groups": the kinds of groups that can be made. Unverified: the words of most refusals."""
    kinds = set(group["groupTypes"])
    unknown = kinds - {_UNIFIED, _DYNAMIC}
    if unknown:
        raise Invalid(f"'{sorted(unknown)[0]}' is no group type: use {_UNIFIED} or {_DYNAMIC}.", target="groupTypes")
    if group["mailEnabled"] and _UNIFIED not in kinds:
        raise Invalid("Cannot Create a mail-enabled security groups and or distribution list.")
    if _UNIFIED in kinds and not group["mailEnabled"]:
        raise Invalid("A Unified group is mail-enabled: mailEnabled must be true.", target="mailEnabled")
    if not group["securityEnabled"] and _UNIFIED not in kinds:
        raise Invalid("A group that is not Unified must be security-enabled.", target="securityEnabled")
    if _DYNAMIC in kinds:
        if not group["membershipRule"]:
            raise Invalid("A group with DynamicMembership needs a membershipRule.", target="membershipRule")
        if group["membershipRuleProcessingState"] not in ("On", "Paused"):
            raise Invalid("It must be On or Paused.", target="membershipRuleProcessingState")


def _check_assigned(group: Document) -> None:
    """Graph: group: the members of a dynamic group are its rule's. Unverified: the words."""
    if _DYNAMIC in group["groupTypes"]:
        raise Invalid("The members of a group with DynamicMembership cannot be changed: its rule says who they are.")


def _check_may_join(group: Document, member: Document) -> None:
    """Graph: "Add members": which kinds can be members of which. Unverified: the words."""
    _check_assigned(group)
    if member["id"] == group["id"]:
        raise Invalid("A group cannot be a member of itself.")
    if member["kind"] != "user" and _UNIFIED in group["groupTypes"]:
        raise Invalid(f"A {member['kind']} cannot be a member of a Microsoft 365 group: users can.")
    if member["kind"] == "group" and _UNIFIED in member["document"]["groupTypes"]:
        raise Invalid("A Microsoft 365 group cannot be a member of a group.")
