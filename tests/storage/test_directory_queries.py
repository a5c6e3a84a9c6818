"""Who is in which group: nested, in circles, and never across tenants."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from fauxtune.core.graph.references import ANY_OBJECT
from fauxtune.core.model.ids import GroupId, TenantId, UserId
from fauxtune.storage.collections.directory import DIRECTORY_OBJECTS
from fauxtune.storage.queries import collections, directory
from fauxtune.storage.queries.directory import groups_above, members_below
from fauxtune.storage.rows.directory import GroupMemberRow, GroupOwnerRow

if TYPE_CHECKING:
    from tests.storage.conftest import Filler

OTHER = TenantId("0ther000-0000-4000-8000-000000000002")
ALICE, BOB = UserId("alice"), UserId("bob")


def above(fill: Filler, member: str) -> list[str]:
    return sorted(groups_above(fill.connection, fill.tenant_id, member_id=member))


def below(fill: Filler, *groups: str) -> list[str]:
    return sorted(fill.connection.scalars(select(members_below(fill.tenant_id, list(groups)).subquery().c.id)))


def test_nested_groups_are_found_at_any_depth(fill: Filler) -> None:
    fill.user("alice")
    fill.group("g0", "alice")
    for number in range(1, 60):
        fill.group(f"g{number}", f"g{number - 1}")
    assert above(fill, "alice") == sorted(f"g{number}" for number in range(60))
    assert above(fill, "g58") == ["g59"]
    assert below(fill, "g59") == sorted(["alice", *(f"g{number}" for number in range(60))])


def test_circles_end(fill: Filler) -> None:
    fill.user("alice")
    for name in ("a", "b", "c"):
        fill.group(name)
    fill.member("a", "alice")
    fill.member("b", "a")
    fill.member("c", "b")
    fill.member("a", "c")
    assert above(fill, "alice") == ["a", "b", "c"]
    assert above(fill, "a") == ["a", "b", "c"], "a group in a circle is above itself"
    assert below(fill, "b") == ["a", "alice", "b", "c"]


def test_a_group_that_is_reached_twice_counts_once(fill: Filler) -> None:
    fill.user("alice")
    fill.group("left", "alice")
    fill.group("right", "alice")
    fill.group("top", "left", "right")
    assert above(fill, "alice") == ["left", "right", "top"]
    assert below(fill, "top", "left") == ["alice", "left", "right", "top"]


def test_who_is_nowhere_is_in_no_group(fill: Filler) -> None:
    fill.user("alice")
    assert above(fill, "alice") == []
    assert above(fill, "nobody") == []
    assert below(fill) == []
    assert below(fill, "no group") == []


def test_another_tenants_groups_are_never_seen(fill: Filler) -> None:
    fill.user("alice")
    fill.group("g", "alice")
    other = type(fill)(fill.connection, OTHER)
    other.tenant()
    other.user("alice")
    other.group("theirs", "alice")
    other.group("g")
    assert above(fill, "alice") == ["g"]
    assert above(other, "alice") == ["theirs"]
    assert below(other, "g") == ["g"]


def test_a_deleted_user_leaves_its_groups_and_a_deleted_group_leaves_both_sides(fill: Filler) -> None:
    fill.user("alice")
    fill.user("bob")
    fill.group("inner", "alice", "bob")
    fill.group("outer", "inner")
    directory.delete_user(fill.connection, fill.tenant_id, user_id=ALICE)
    assert below(fill, "outer") == ["bob", "inner", "outer"]
    directory.delete_group(fill.connection, fill.tenant_id, group_id=GroupId("inner"))
    assert (above(fill, "bob"), below(fill, "outer")) == ([], ["outer"])


def listed(fill: Filler, navigation: str, parent: str) -> list[tuple[str, str]]:
    objects = DIRECTORY_OBJECTS[navigation]
    rows = collections.page(
        fill.connection, fill.tenant_id, collection=objects, entity=ANY_OBJECT, parent=parent, limit=99
    )
    assert collections.count(fill.connection, fill.tenant_id, collection=objects, parent=parent) == len(rows)
    return [(row.kind, row.id) for row in rows]


def test_members_come_users_first_then_groups_then_devices(fill: Filler) -> None:
    for name in ("zoe", "alice"):
        fill.user(name)
    fill.group("inner")
    fill.device("phone", user="alice")
    fill.group("g", "d-phone", "inner", "zoe", "alice")
    assert listed(fill, "members", "g") == [
        ("user", "alice"),
        ("user", "zoe"),
        ("group", "inner"),
        ("device", "d-phone"),
    ]


def test_lists_of_nested_members_and_groups_end_in_circles(fill: Filler) -> None:
    fill.user("alice")
    fill.device("phone", user="alice")
    for name in ("a", "b", "c"):
        fill.group(name)
    for group, member in (("a", "alice"), ("a", "d-phone"), ("b", "a"), ("c", "b"), ("a", "c")):
        fill.member(group, member)
    groups = [("group", "a"), ("group", "b"), ("group", "c")]
    assert listed(fill, "transitiveMembers", "b") == [("user", "alice"), *groups, ("device", "d-phone")]
    assert listed(fill, "transitiveMemberOf", "d-phone") == groups
    assert listed(fill, "memberOf", "alice") == [("group", "a")]
    assert listed(fill, "memberOf", "nobody") == []


def test_devices_and_their_users_find_each_other_while_the_enrolment_lasts(fill: Filler) -> None:
    for name in ("alice", "bob"):
        fill.user(name)
    fill.device("phone", user="alice")
    fill.device("old", user="alice", state="ended")
    fill.device("other", user="bob")
    assert listed(fill, "ownedDevices", "alice") == [("device", "d-phone")]
    assert listed(fill, "registeredUsers", "d-phone") == [("user", "alice")]
    assert listed(fill, "registeredUsers", "d-old") == []


def test_mixed_lists_stop_at_the_tenant(fill: Filler) -> None:
    fill.user("alice")
    fill.group("g", "alice")
    directory.add_members(fill.connection, GroupMemberRow(OTHER, GroupId("g"), "alice", "user"))
    members = DIRECTORY_OBJECTS["members"]
    rows = collections.page(fill.connection, OTHER, collection=members, entity=ANY_OBJECT, parent="g", limit=9)
    assert rows == []
    assert directory.memberships(fill.connection, OTHER, member_id="alice") == []
    assert directory.memberships(fill.connection, fill.tenant_id, member_id="alice") == ["g"]


def test_an_owner_and_a_manager_go_with_the_user(fill: Filler) -> None:
    for name in ("alice", "bob"):
        fill.user(name)
    fill.group("g")
    directory.add_owner(fill.connection, GroupOwnerRow(fill.tenant_id, GroupId("g"), ALICE))
    directory.change_user(fill.connection, fill.tenant_id, user_id=BOB, manager_id=ALICE)
    assert listed(fill, "owners", "g") == [("user", "alice")]
    assert listed(fill, "directReports", "alice") == [("user", "bob")]
    directory.delete_user(fill.connection, fill.tenant_id, user_id=ALICE)
    assert directory.owners(fill.connection, fill.tenant_id, group_id=GroupId("g")) == frozenset()
    bob = directory.user(fill.connection, fill.tenant_id, user_id=BOB)
    assert bob is not None
    assert bob.manager_id is None


def test_a_user_is_found_by_id_and_by_name_in_any_case(fill: Filler) -> None:
    fill.user("alice")
    for key in ("alice", "ALICE", "alice@contoso.example", "Alice@Contoso.Example"):
        user_by_key = directory.user_by_key(fill.connection, fill.tenant_id, key=key)
        assert user_by_key is not None
        assert user_by_key.id == "alice"
    assert directory.user_by_key(fill.connection, OTHER, key="alice") is None


def test_a_name_is_given_once_in_a_tenant(fill: Filler) -> None:
    alice = directory.user(fill.connection, fill.tenant_id, user_id=fill.user("alice"))
    assert alice is not None
    with pytest.raises(IntegrityError):
        directory.add_users(fill.connection, replace(alice, id=UserId("other")))


def test_a_member_is_a_member_until_it_is_removed(connection: Connection, fill: Filler) -> None:
    fill.user("alice")
    fill.group("g", "alice")
    group = GroupId("g")
    assert directory.is_member(connection, fill.tenant_id, group_id=group, member_id="alice")
    assert directory.remove_member(connection, fill.tenant_id, group_id=group, member_id="alice")
    assert not directory.is_member(connection, fill.tenant_id, group_id=group, member_id="alice")
    assert not directory.remove_member(connection, fill.tenant_id, group_id=group, member_id="alice")


def test_an_id_says_what_it_names(fill: Filler) -> None:
    fill.user("alice")
    fill.group("g")
    fill.device("phone")
    for name, kind in (("alice", "user"), ("g", "group"), ("d-phone", "device")):
        directory_object = directory.directory_object(fill.connection, fill.tenant_id, object_id=name)
        assert directory_object is not None
        assert (directory_object.id, directory_object.kind) == (name, kind)
    assert directory.directory_object(fill.connection, fill.tenant_id, object_id="nothing") is None
