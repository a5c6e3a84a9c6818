"""Query options as SDKs, cmdlets and people write them."""

from __future__ import annotations

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.odata.query.options import Expand, OrderBy, QueryOptions


def test_no_query_is_no_options() -> None:
    assert QueryOptions.parse("") == QueryOptions()


def test_every_option_is_read() -> None:
    options = QueryOptions.parse(
        "%24count=true&%24expand=assignments&$filter=displayName%20eq%20%27a%2Bb%27&$orderby=displayName%20desc,id"
        "&$search=%22displayName:x%22&$select=id,displayName&$skip=2&$skiptoken=abc&$top=10&$format=json"
    )
    assert options == QueryOptions(
        select=("id", "displayName"),
        filter="displayName eq 'a+b'",
        orderby=(OrderBy("displayName", descending=True), OrderBy("id")),
        top=10,
        skip=2,
        skiptoken="abc",
        expand=(Expand("assignments"),),
        count=True,
        search='"displayName:x"',
    )


def test_names_of_options_are_read_in_any_casing_and_a_plus_is_a_space() -> None:
    assert QueryOptions.parse("$Filter=id+eq+'x'&$TOP=1") == QueryOptions(filter="id eq 'x'", top=1)


def test_parameters_without_a_dollar_are_left_to_whoever_knows_them() -> None:
    options = QueryOptions.parse("@id=https%3A%2F%2Fx%2Fusers%2F1&top=5")
    assert options.top is None
    assert options.other("@id") == "https://x/users/1"
    assert options.other("nothing") is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("$select=*", None),
        ("$select=", None),
        ("$select=id, *", None),
        ("$select= id , microsoft.graph.user/mail", ("id", "mail")),
        ("$select=target/groupId", ("target/groupId",)),
    ],
)
def test_select(query: str, expected: tuple[str, ...] | None) -> None:
    assert QueryOptions.parse(query).select == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("members", (Expand("members"),)),
        ("members,owners", (Expand("members"), Expand("owners"))),
        ("members($select=id,displayName)", (Expand("members", select=("id", "displayName")),)),
        (
            "microsoft.graph.androidWorkProfilePkcsCertificateProfile/rootCertificate,assignments",
            (Expand("rootCertificate", cast="androidWorkProfilePkcsCertificateProfile"), Expand("assignments")),
        ),
    ],
)
def test_expand(value: str, expected: tuple[Expand, ...]) -> None:
    assert QueryOptions.parse(f"$expand={value}").expand == expected


@pytest.mark.parametrize(
    ("query", "target"),
    [
        ("$top=ten", "$top"),
        ("$top=-1", "$top"),
        ("$top=", "$top"),
        ("$top=1.5", "$top"),
        ("$top=99999999999", "$top"),
        ("$top=%D9%A3", "$top"),
        ("$skip=x", "$skip"),
        ("$count=maybe", "$count"),
        ("$orderby=displayName%20upwards", "$orderby"),
        ("$orderby=displayName%20asc%20desc", "$orderby"),
        ("$expand=members(", "$expand"),
        ("$expand=members($select=id", "$expand"),
        ("$expand=members($top=5)", "$expand"),
        ("$expand=a/b", "$expand"),
        ("$expand=*", "$expand"),
        ("$apply=x", "$apply"),
        ("$frobnicate=x", "$frobnicate"),
        ("$top=1&%24top=2", "$top"),
    ],
)
def test_a_malformed_or_unknown_option_is_refused(query: str, target: str) -> None:
    with pytest.raises(Invalid) as error:
        QueryOptions.parse(query)
    assert error.value.target == target
