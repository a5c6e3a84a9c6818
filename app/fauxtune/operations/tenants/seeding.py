"""The users and groups of a seed, a few at a time: a seed may have thousands, and other requests are served in between.

The first few are added in the same transaction as the tenant, which is all of a small seed. `creation` adds the rest of
a larger one in further transactions, and deletes the tenant if one of them fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from fauxtune.core.model.ids import GroupId
from fauxtune.core.model.tenants import INTUNE_SKU
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.tenants.seed_parts import Seed, SeedGroup, SeedUser
from fauxtune.storage.queries import directory as queries
from fauxtune.storage.rows.directory import GroupMemberRow, GroupRow, UserRow

#: Users, groups and memberships that one transaction adds: some milliseconds.
_AT_ONCE = 12


@dataclass(frozen=True, slots=True)
class _Membership:
    group: int
    member: str


Step: TypeAlias = "SeedUser | tuple[int, SeedGroup] | _Membership"


@dataclass(frozen=True, slots=True)
class SeedPeople:
    """The users and groups to be added, in batches of a few steps each, and the ids of those added already."""

    domain: str
    batches: Sequence[Sequence[Step]]
    users: dict[str, str] = field(default_factory=dict)
    groups: dict[int, str] = field(default_factory=dict)

    @property
    def first(self) -> Sequence[Step]:
        """The batch that is added together with the tenant."""
        return self.batches[0] if self.batches else ()

    @property
    def rest(self) -> Sequence[Sequence[Step]]:
        """The batches that are added afterwards."""
        return self.batches[1:]


def people_of(seed: Seed) -> SeedPeople:
    """Return all batches of a seed."""
    steps = list(_steps(seed))
    return SeedPeople(seed.domain, [steps[at : at + _AT_ONCE] for at in range(0, len(steps), _AT_ONCE)])


def add_first(tx: Transaction, *, people: SeedPeople) -> None:
    """Carry out the steps of the first batch in the transaction that makes the tenant: nobody else is in it, and no
    device can be concerned. Safe to repeat after a transaction that was rolled back.
    """
    users: dict[str, UserRow] = {}
    groups: list[GroupRow] = []
    members: dict[tuple[str, str], GroupMemberRow] = {}
    for step in people.first:
        match step:
            case SeedUser():
                user = _user_row(tx, step, people=people)
                if users.setdefault(user.upn_key, user) is not user:
                    raise users_and_groups.name_is_taken()
                people.users[step.user_principal_name.lower()] = user.id
            case _Membership(number, member):
                row = GroupMemberRow(tx.tenant.id, GroupId(people.groups[number]), people.users[member], "user")
                if members.setdefault((row.group_id, row.member_id), row) is not row:
                    raise users_and_groups.member_exists()
            case (number, group):
                groups.append(users_and_groups.group_row(tx, _group_document(group)))
                people.groups[number] = groups[-1].id
    queries.add_users(tx.connection, *users.values())
    queries.add_groups(tx.connection, *groups)
    queries.add_members(tx.connection, *members.values())


def add_some(tx: Transaction, steps: Sequence[Step], *, people: SeedPeople) -> None:
    """Carry out the steps of a later batch. Safe to repeat after a transaction that was rolled back."""
    for step in steps:
        match step:
            case SeedUser():
                document = _user_document(step, people.domain, domain=tx.tenant.domain)
                user = users_and_groups.create_user(tx, document, password=step.password)
                people.users[step.user_principal_name.lower()] = user["id"]
            case _Membership(number, member):
                users_and_groups.add_member(tx, people.groups[number], member_id=people.users[member])
            case (number, group):
                people.groups[number] = users_and_groups.create_group(tx, _group_document(group))["id"]


def _steps(seed: Seed) -> Iterator[Step]:
    yield from seed.users
    for number, group in enumerate(seed.groups):
        yield number, group
        yield from (_Membership(number, member.lower()) for member in group.members)


def _group_document(group: SeedGroup) -> dict[str, Any]:
    return {
        "displayName": group.display_name,
        "mailNickname": "".join(c for c in group.display_name if c.isalnum()),
        "mailEnabled": False,
        "securityEnabled": True,
        "groupTypes": [],
    }


def _user_row(tx: Transaction, person: SeedUser, *, people: SeedPeople) -> UserRow:
    document = _user_document(person, people.domain, domain=tx.tenant.domain)
    return users_and_groups.user_row(tx, document, password=person.password)


def _user_document(person: SeedUser, seed_domain: str, *, domain: str) -> dict[str, Any]:
    upn = principal_name(person.user_principal_name, seed_domain, domain=domain)
    return {
        "accountEnabled": True,
        "displayName": person.display_name or upn.split("@", maxsplit=1)[0],
        "givenName": person.given_name,
        "surname": person.surname,
        "userPrincipalName": upn,
        "mailNickname": upn.split("@", maxsplit=1)[0],
        "mail": person.mail or upn,
        "assignedLicenses": [{"skuId": INTUNE_SKU, "disabledPlans": []}] if person.licensed else [],
    }


def principal_name(name: str, seed_domain: str, *, domain: str) -> str:
    """Return a user's name in this tenant: the seed's domain becomes the tenant's own."""
    if "@" not in name:
        return f"{name}@{domain}"
    local, _, host = name.rpartition("@")
    return f"{local}@{domain}" if host.lower() == seed_domain.lower() else name
