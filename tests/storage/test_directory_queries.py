"""Who is in which group: nested, in circles, and never across tenants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from fauxtune.core.model.ids import TenantId
from fauxtune.storage.queries import directory
from fauxtune.storage.queries.directory import groups_above, members_below

if TYPE_CHECKING:
    from conftest import Filler

OTHER = TenantId("0ther000-0000-4000-8000-000000000002")


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
    directory.delete_user(fill.connection, fill.tenant_id, user_id="alice")
    assert below(fill, "outer") == ["bob", "inner", "outer"]
    directory.delete_group(fill.connection, fill.tenant_id, group_id="inner")
    assert (above(fill, "bob"), below(fill, "outer")) == ([], ["outer"])


def test_members_come_users_first_then_groups_then_devices(fill: Filler) -> None:
    for name in ("zoe", "alice"):
        fill.user(name)
    fill.group("inner")
    fill.device("phone", user="alice")
    fill.group("g", "d-phone", "inner", "zoe", "alice")
    found = directory.members(fill.connection, fill.tenant_id, group_id="g")
    assert [(each["kind"], each["id"]) for each in found] == [
        ("user", "alice"),
        ("user", "zoe"),
        ("group", "inner"),
        ("device", "d-phone"),
    ]
    only = directory.members(fill.connection, fill.tenant_id, group_id="g", kind="group")
    assert [each["id"] for each in only] == ["inner"]


def test_a_user_is_found_by_id_and_by_name_in_any_case(fill: Filler) -> None:
    fill.user("alice")
    for key in ("alice", "ALICE", "alice@contoso.example", "Alice@Contoso.Example"):
        found = directory.user_by_key(fill.connection, fill.tenant_id, key=key)
        assert found is not None
        assert found["id"] == "alice"
    assert directory.user_by_key(fill.connection, OTHER, key="alice") is None


def test_a_name_is_given_once_in_a_tenant(fill: Filler) -> None:
    fill.user("alice")
    with pytest.raises(IntegrityError):
        directory.add_user(
            fill.connection,
            fill.tenant_id,
            id="other",
            upn_key="alice@contoso.example",
            licensed=True,
            created_at=fill.now,
            document={},
        )


def test_a_member_is_a_member_until_it_is_removed(connection: Connection, fill: Filler) -> None:
    fill.user("alice")
    fill.group("g", "alice")
    where = {"group_id": "g", "member_id": "alice"}
    assert directory.is_member(connection, fill.tenant_id, **where)
    assert directory.remove_member(connection, fill.tenant_id, **where)
    assert not directory.is_member(connection, fill.tenant_id, **where)
    assert not directory.remove_member(connection, fill.tenant_id, **where)


def test_an_id_says_what_it_names(fill: Filler) -> None:
    fill.user("alice")
    fill.group("g")
    fill.device("phone")
    names = ("alice", "g", "d-phone", "nothing")
    found = [directory.kind_of(fill.connection, fill.tenant_id, object_id=name) for name in names]
    assert found == ["user", "group", "device", None]
