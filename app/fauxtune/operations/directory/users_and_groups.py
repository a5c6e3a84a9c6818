"""Users, groups, memberships and ownerships. Graph: user, group, directoryObject.

Documents come validated from the surface; uniqueness and existence, which only the database knows, are checked here.
"""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace

from fauxtune.core.administration.directory import PASSWORD
from fauxtune.core.clock import iso
from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.model import classrooms
from fauxtune.core.model.ids import GroupId, UserId
from fauxtune.core.model.tenants import SKUS
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.operations.directory import addresses, dynamic_groups
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import classrooms as classroom_queries
from fauxtune.storage.queries import concern, mailboxes
from fauxtune.storage.queries import directory as queries
from fauxtune.storage.rows.directory import (
    DirectoryObjectRow,
    GroupMemberRow,
    GroupOwnerRow,
    GroupRow,
    UserChanges,
    UserRow,
)

GROUP = entity("group")
USER = entity("user")

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
#: Characters of a card's password, with blanks, at most.
_LONGEST_TYPED = 300
_UNIFIED, _DYNAMIC = "Unified", "DynamicMembership"


def create_user(tx: Transaction, document: JsonObject, *, password: str | None = None) -> JsonObject:
    """Create a user. Raises Conflict if the userPrincipalName is taken."""
    row = user_row(tx, document, password=password)
    _check_upn_is_free(tx, str(document["userPrincipalName"]), user_id=None)
    queries.add_users(tx.connection, row)
    return row.document


def user_row(tx: Transaction, document: JsonObject, *, password: str | None) -> UserRow:
    """Return the row of a new user. Raises Invalid for impossible values; the caller checks that its name is free."""
    upn = str(document["userPrincipalName"])
    _check_upn(upn)
    _check_lengths(document, _USER_LENGTHS, resource="User")
    user_id = UserId(tx.ids.uuid())
    full = {
        **defaults(USER),
        **document,
        "id": user_id,
        "createdDateTime": iso(tx.now),
        "securityIdentifier": security_identifier(user_id),
    }
    return UserRow(
        tenant_id=tx.tenant.id,
        id=user_id,
        upn_key=upn.casefold(),
        licensed=bool(full.get("assignedLicenses")),
        password_digest=None if password is None else password_digest(password, salt=tx.ids.token(12)),
        manager_id=None,
        created_at=tx.now,
        document=full,
    )


def update_user(tx: Transaction, key: str, *, changes: JsonObject, password: str | None = None) -> JsonObject:
    """Change a user. Certificates may name changed properties, so the user's devices plan again."""
    row = _user(tx, key)
    full = {**row.document, **changes}
    upn = str(full["userPrincipalName"])
    _check_upn(upn)
    _check_upn_is_free(tx, upn, user_id=row.id)
    _check_lengths(changes, _USER_LENGTHS, resource="User")
    values: UserChanges = {"document": full, "upn_key": upn.casefold()}
    if "assignedLicenses" in changes:
        values["licensed"] = bool(full["assignedLicenses"])
    if password is not None:
        values["password_digest"] = password_digest(password, salt=tx.ids.token(12))
    queries.change_user(tx.connection, tx.tenant.id, user_id=row.id, names=differing(row.document, changes), **values)
    tx.wake(concern.by_user(tx.connection, tx.tenant.id, user_id=row.id))
    return full


def change_password(tx: Transaction, key: str, *, current: str, new: str) -> None:
    """Change a user's password. Raises Invalid if `current` is not the password. Graph: user: changePassword."""
    row = _user(tx, key)
    if not password_opens(tx.connection, row, password=current, people=tx.people_password):
        raise Invalid("The specified current password is not the user's password.", target="currentPassword")
    digest = password_digest(new, salt=tx.ids.token(12))
    queries.change_user(tx.connection, tx.tenant.id, user_id=row.id, password_digest=digest)


def revoke_sign_in_sessions(tx: Transaction, key: str) -> None:
    """Make the user's refresh tokens from before this moment invalid; access tokens stay valid until they expire.
    Graph: user: revokeSignInSessions.
    """
    row = _user(tx, key)
    full = {**row.document, "signInSessionsValidFromDateTime": iso(tx.now)}
    queries.change_user(
        tx.connection, tx.tenant.id, user_id=row.id, names=("signInSessionsValidFromDateTime",), document=full
    )


def assign_license(tx: Transaction, key: str, *, add: list[JsonObject], remove: list[str]) -> JsonObject:
    """Add and remove licences. A user without one gets nothing more on devices. Graph: user: assignLicense.

    Differs from Intune: the user needs no usageLocation.
    """
    row = _user(tx, key)
    for each in add:
        _check_license(each)
    gone = {each.lower() for each in remove}
    held = {
        str(assigned_license["skuId"]).lower(): assigned_license
        for assigned_license in row.document.get("assignedLicenses") or ()
    }
    missing = gone - held.keys()
    if missing:
        raise Invalid(f"User does not have a corresponding license: {', '.join(sorted(missing))}.")
    held = {sku: each for sku, each in held.items() if sku not in gone}
    held |= {str(each["skuId"]).lower(): {"disabledPlans": [], **each} for each in add}
    return update_user(tx, row.id, changes={"assignedLicenses": list(held.values())})


def delete_user(tx: Transaction, key: str) -> None:
    """Delete a user; devices stay enrolled and keep what the removal table says, imported certificates stay stored. The
    mailbox goes, and with it the entries of the user's addresses in the address book.
    """
    row = _user(tx, key)
    tx.wake(concern.by_user(tx.connection, tx.tenant.id, user_id=row.id))
    queries.delete_user(tx.connection, tx.tenant.id, user_id=row.id)
    mailboxes.delete_mailbox(tx.connection, tx.tenant.id, user_id=row.id)
    addresses.withdraw_with(tx, row.document)


def set_manager(tx: Transaction, key: str, *, manager_id: str | None) -> None:
    """Set or, with None, remove a user's manager. Raises NotFound if either user does not exist. Graph: user: assign
    manager, remove manager.
    """
    row = _user(tx, key)
    if manager_id is None:
        if row.manager_id is None:
            raise missing("manager")
        queries.change_user(tx.connection, tx.tenant.id, user_id=row.id, names=("manager",), manager_id=None)
        return
    manager = _user(tx, manager_id)
    queries.change_user(tx.connection, tx.tenant.id, user_id=row.id, names=("manager",), manager_id=manager.id)


def create_group(
    tx: Transaction, document: JsonObject, *, member_ids: tuple[str, ...] = (), owner_ids: tuple[str, ...] = ()
) -> JsonObject:
    """Create a group with these members and owners."""
    row = group_row(tx, document)
    queries.add_groups(tx.connection, row)
    _join(tx, row.id, member_ids=member_ids, owner_ids=owner_ids)
    dynamic_groups.fill_group(tx, row)
    return row.document


def group_row(tx: Transaction, document: JsonObject) -> GroupRow:
    """Return the row of a new group. Raises Invalid for impossible values."""
    group_id = GroupId(tx.ids.uuid())
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
    return GroupRow(tenant_id=tx.tenant.id, id=group_id, created_at=tx.now, document=full)


def update_group(
    tx: Transaction,
    group_id: str,
    *,
    changes: JsonObject,
    member_ids: tuple[str, ...] = (),
    owner_ids: tuple[str, ...] = (),
) -> JsonObject:
    """Change a group, and add these members and owners to it."""
    row = _group(tx, group_id)
    full = {**row.document, **changes}
    _check_group(full)
    _check_lengths(changes, _GROUP_LENGTHS, resource="Group")
    names = differing(row.document, changes)
    queries.change_group(tx.connection, tx.tenant.id, group_id=row.id, document=full, names=names)
    _join(tx, row.id, member_ids=member_ids, owner_ids=owner_ids)
    if not {"membershipRule", "membershipRuleProcessingState", "groupTypes"}.isdisjoint(changes):
        dynamic_groups.fill_group(tx, replace(row, document=full))
    return full


def delete_group(tx: Transaction, group_id: str) -> None:
    """Delete a group; assignments that name it stay and reach no device."""
    row = _group(tx, group_id)
    # Whatever is below the group is below itself: one statement finds it.
    _wake(tx, row.id, member_id=row.id)
    queries.delete_group(tx.connection, tx.tenant.id, group_id=row.id)


#: How an object of these kinds is deleted, by its id.
DELETIONS: Mapping[str, Callable[[Transaction, str], None]] = {"user": delete_user, "group": delete_group}


def add_member(tx: Transaction, group_id: str, *, member_id: str) -> None:
    """Add a direct member: a user (also by its userPrincipalName), a group or an Entra device.

    Raises NotFound if the group or the member does not exist, Conflict if it is a member already.
    """
    group, member = _group(tx, group_id), _object(tx, member_id)
    _check_may_join(group.document, member)
    if queries.is_member(tx.connection, tx.tenant.id, group_id=group.id, member_id=member.id):
        raise member_exists()
    row = GroupMemberRow(tenant_id=tx.tenant.id, group_id=group.id, member_id=member.id, kind=member.kind)
    queries.add_members(tx.connection, row)
    _wake(tx, group.id, member_id=member.id)


def remove_member(tx: Transaction, group_id: str, *, member_id: str) -> None:
    """Remove a direct member. Raises NotFound if it is no member."""
    group, member = _group(tx, group_id), member_id.lower()
    _check_assigned(group.document)
    _wake(tx, group.id, member_id=member)
    if not queries.remove_member(tx.connection, tx.tenant.id, group_id=group.id, member_id=member):
        raise missing(member_id)


def add_owner(tx: Transaction, group_id: str, *, owner_id: str) -> None:
    """Make a user, named by its id or its userPrincipalName, an owner of the group.

    Raises NotFound if the group or the user does not exist, Conflict if the user is an owner already.
    """
    group, owner = _group(tx, group_id), _object(tx, owner_id)
    if owner.kind != "user":
        # Graph takes service principals too, which do not exist here.
        raise Invalid(f"A {owner.kind} cannot own a group: name a user.", target="owners")
    if owner.id in queries.owners(tx.connection, tx.tenant.id, group_id=group.id):
        raise Conflict(
            "One or more added object references already exist for the following modified properties: 'owners'."
        )
    queries.add_owner(tx.connection, GroupOwnerRow(tx.tenant.id, group.id, UserId(owner.id)))


def remove_owner(tx: Transaction, group_id: str, *, owner_id: str) -> None:
    """Remove an owner. Raises NotFound if the user is no owner, Invalid for the last one (Graph: "Remove group
    owner").
    """
    group, owner = _group(tx, group_id), owner_id.lower()
    owners = queries.owners(tx.connection, tx.tenant.id, group_id=group.id)
    if owner not in owners:
        raise missing(owner_id)
    if len(owners) == 1:
        raise Invalid("The group must have at least one owner, hence this owner cannot be removed.")
    queries.remove_owner(tx.connection, tx.tenant.id, group_id=group.id, owner_id=owner)


def password_digest(password: str, *, salt: str) -> str:
    """Return `salt$sha256`: enough for the passwords of an emulator, and quick, because seeds can have thousands of
    users.
    """
    return f"{salt}${hashlib.sha256(f'{salt}${password}'.encode()).hexdigest()}"


def password_opens(connection: Connection, user: UserRow, *, password: str, people: str | None) -> bool:
    """Whether this password is the user's.

    The published one, which a user gets who is made without another, is good where nobody else is in the network. At a
    seat of a classroom the password of its card stands in its place, and on a server that other machines reach
    `people`, a password of this server (None: the published one): whoever was made when, nobody is opened by a word
    that stands in the documentation.
    """
    is_usual = user.password_digest is None or password_matches(user.password_digest, PASSWORD)
    if not is_usual:
        return password_matches(user.password_digest, password)
    seat = classroom_queries.seat_of(connection, user.tenant_id)
    if seat is not None:
        return hmac.compare_digest(
            classrooms.digest(classrooms.as_typed(password[:_LONGEST_TYPED])), seat.credential_digest
        )
    return user.password_digest is not None and hmac.compare_digest(password.encode(), (people or PASSWORD).encode())


def password_matches(digest: str | None, password: str) -> bool:
    """Whether this is the password of the digest. Without a digest no password matches."""
    if digest is None:
        return False
    salt = digest.split("$", maxsplit=1)[0]
    return hmac.compare_digest(digest, password_digest(password, salt=salt))


def security_identifier(object_id: str) -> str:
    """Return the SID of a directory object: `S-1-12-1-` and the four little-endian words of its id."""
    raw = uuid.UUID(object_id).bytes_le
    return "-".join(("S-1-12-1", *(str(int.from_bytes(raw[at : at + 4], "little")) for at in range(0, 16, 4))))


def differing(document: JsonObject, changes: JsonObject) -> frozenset[str]:
    """Return the names of the properties that a change gives another value."""
    return frozenset(name for name, value in changes.items() if document.get(name) != value)


def name_is_taken() -> Conflict:
    """Return the directory's refusal of a userPrincipalName that another user has."""
    return Conflict(
        "Another object with the same value for property userPrincipalName already exists.", target="userPrincipalName"
    )


def member_exists() -> Conflict:
    """Return the directory's refusal of a member that the group has already. Clients match this sentence."""
    return Conflict(
        "One or more added object references already exist for the following modified properties: 'members'."
    )


def missing(key: str) -> NotFound:
    """Return the directory's refusal of a key that no object has."""
    return NotFound(
        f"Resource '{key}' does not exist or one of its queried reference-property objects are not present."
    )


def _join(tx: Transaction, group_id: str, *, member_ids: tuple[str, ...], owner_ids: tuple[str, ...]) -> None:
    for member_id in member_ids:
        add_member(tx, group_id, member_id=member_id)
    for owner_id in owner_ids:
        add_owner(tx, group_id, owner_id=owner_id)


def _wake(tx: Transaction, group_id: GroupId, *, member_id: str) -> None:
    tx.wake(concern.by_member(tx.connection, tx.tenant.id, group_id=group_id, member_id=member_id))


def _user(tx: Transaction, key: str) -> UserRow:
    row = queries.user_by_key(tx.connection, tx.tenant.id, key=key)
    if row is None:
        raise missing(key)
    return row


def _object(tx: Transaction, key: str) -> DirectoryObjectRow:
    """Return the object with this id, or the user with this userPrincipalName."""
    by_id = queries.directory_object(tx.connection, tx.tenant.id, object_id=key.lower())
    if by_id is not None:
        return by_id
    user = _user(tx, key)
    return DirectoryObjectRow(user.id, "user", user.created_at, user.document)


def _group(tx: Transaction, group_id: str) -> GroupRow:
    row = queries.group(tx.connection, tx.tenant.id, group_id=GroupId(group_id.lower()))
    if row is None:
        raise missing(group_id)
    return row


def _check_upn(upn: str) -> None:
    # Differs from Intune: the domain need not be one of the tenant's.
    name, _, domain = upn.rpartition("@")
    if not name or not domain or upn != upn.strip() or "/" in upn:
        raise Invalid("userPrincipalName must be a name and a domain, such as alice@contoso.example.")


def _check_upn_is_free(tx: Transaction, upn: str, *, user_id: UserId | None) -> None:
    other = queries.user_by_upn(tx.connection, tx.tenant.id, upn=upn)
    if other is not None and other.id != user_id:
        raise name_is_taken()


def _check_lengths(document: JsonObject, longest: dict[str, int], *, resource: str) -> None:
    for name, limit in longest.items():
        value = document.get(name)
        if isinstance(value, str) and len(value) > limit:
            raise Invalid(
                f"Invalid value specified for property '{name}' of resource '{resource}'. "
                f"It has {len(value)} characters; at most {limit} are allowed.",
                target=name,
            )


def _check_license(licence: JsonObject) -> None:
    sku = str(licence["skuId"]).lower()
    if sku not in SKUS:
        raise Invalid(f"License {sku} does not correspond to a valid company License.", target="skuId")
    plans = {plan["servicePlanId"] for plan in SKUS[sku][1]}
    for disabled_plan in licence.get("disabledPlans") or ():
        if disabled_plan.lower() not in plans:
            raise Invalid(f"Service plan {disabled_plan} does not belong to license {sku}.", target="disabledPlans")


def _check_group(group: JsonObject) -> None:
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


def _check_assigned(group: JsonObject) -> None:
    """Graph: group: the members of a dynamic group are its rule's. Unverified: the words."""
    if _DYNAMIC in group["groupTypes"]:
        raise Invalid("The members of a group with DynamicMembership cannot be changed: its rule says who they are.")


def _check_may_join(group: JsonObject, member: DirectoryObjectRow) -> None:
    """Graph: "Add members": which kinds can be members of which. Unverified: the words."""
    _check_assigned(group)
    if member.id == group["id"]:
        raise Invalid("A group cannot be a member of itself.")
    if member.kind != "user" and _UNIFIED in group["groupTypes"]:
        raise Invalid(f"A {member.kind} cannot be a member of a Microsoft 365 group: users can.")
    if member.kind == "group" and _UNIFIED in member.document["groupTypes"]:
        raise Invalid("A Microsoft 365 group cannot be a member of a group.")
