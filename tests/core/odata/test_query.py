"""Query options as SDKs, cmdlets and people write them.

A read shows every declared property of its version, masks write-only ones, and shows no navigation.
"""

from __future__ import annotations

from typing import Any

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import ENTITIES, derived_from, entity
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.odata.documents.view import check_select, view
from fauxtune.core.odata.query.options import Expand, OrderBy, QueryOptions
from fauxtune.core.odata.schema.types import Entity, Version

USER, DEVICE, PFX = entity("user"), entity("managedDevice"), entity("userPFXCertificate")
PKCS = entity("androidWorkProfilePkcsCertificateProfile")


def document(kind: Entity, **values: Any) -> dict[str, Any]:
    return {**defaults(kind), **values, "id": "the-id"}


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


def test_a_view_names_every_property_of_the_version_and_no_navigation(subtests: pytest.Subtests) -> None:
    for kind in ENTITIES:
        with subtests.test(kind.name):
            for version in Version:
                result = view(kind, document(kind), version=version, select=tuple(kind.properties_in(Version.BETA)))
                names = list(kind.properties_in(version))
                assert [name for name in result if name != "@odata.type"] == names
                assert not {navigation.name for navigation in kind.every_navigation()} & result.keys()


def test_the_type_comes_first_and_then_the_id_of_what_is_polymorphic() -> None:
    assert list(view(PKCS, document(PKCS), version=Version.BETA))[:2] == ["@odata.type", "id"]
    assert next(iter(view(USER, document(USER), version=Version.BETA))) == "id"
    assert view(USER, document(USER), version=Version.BETA, typed=True)["@odata.type"] == "#microsoft.graph.user"


def test_a_user_shows_its_default_set_and_the_rest_by_select() -> None:
    user = document(USER, displayName="Alice", accountEnabled=True, passwordProfile={"password": "secret"})
    assert set(view(USER, user, version=Version.V1)) == {
        "id", "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation",
        "preferredLanguage", "surname", "userPrincipalName",
    }  # fmt: skip
    selected = view(USER, user, version=Version.V1, select=("AccountEnabled", "passwordProfile"))
    assert selected == {"id": "the-id", "accountEnabled": True, "passwordProfile": None}


def test_a_device_blanks_what_only_select_brings_to_light() -> None:
    device = document(DEVICE, notes="lost twice", physicalMemoryInBytes=4, deviceName="x")
    result = view(DEVICE, device, version=Version.V1)
    assert (result["notes"], result["physicalMemoryInBytes"], result["deviceName"]) == (None, 0, "x")
    assert view(DEVICE, device, version=Version.V1, select=("notes",)) == {"id": "the-id", "notes": "lost twice"}


def test_secrets_read_as_their_masks() -> None:
    stored = document(PFX, encryptedPfxBlob="c2VjcmV0", encryptedPfxPassword="c2VjcmV0")
    for select in (None, ("encryptedPfxBlob", "encryptedPfxPassword")):
        result = view(PFX, stored, version=Version.BETA, select=select)
        assert (result["encryptedPfxBlob"], result["encryptedPfxPassword"]) == ("AA==", "")


def test_v1_shows_a_kind_of_beta_with_its_real_type_and_the_properties_of_its_base() -> None:
    result = view(PKCS, document(PKCS, displayName="x"), version=Version.V1)
    assert result["@odata.type"] == "#microsoft.graph.androidWorkProfilePkcsCertificateProfile"
    assert set(result) == {
        "@odata.type", "id", "displayName", "description", "version", "createdDateTime", "lastModifiedDateTime",
    }  # fmt: skip


def test_v1_shows_a_word_it_does_not_know_as_its_fallback() -> None:
    device = document(DEVICE, deviceEnrollmentType="androidEnterpriseFullyManaged", managementAgent="intuneAosp")
    old, new = view(DEVICE, device, version=Version.V1), view(DEVICE, device, version=Version.BETA)
    assert (old["deviceEnrollmentType"], old["managementAgent"]) == ("unknownFutureValue", "unknown")
    assert (new["deviceEnrollmentType"], new["managementAgent"]) == ("androidEnterpriseFullyManaged", "intuneAosp")


def test_an_assignment_shows_filters_intent_and_source_in_beta_only() -> None:
    kind = entity("deviceConfigurationAssignment")
    stored = document(kind, target={"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": "g"})
    assert view(kind, stored, version=Version.V1) == {
        "id": "the-id",
        "target": {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": "g"},
    }
    assert view(kind, stored, version=Version.BETA) == {
        "id": "the-id",
        "source": "direct",
        "sourceId": None,
        "intent": "apply",
        "target": {
            "@odata.type": "#microsoft.graph.groupAssignmentTarget",
            "deviceAndAppManagementAssignmentFilterId": None,
            "deviceAndAppManagementAssignmentFilterType": "none",
            "groupId": "g",
        },
    }


def test_never_and_no_end_read_as_graph_writes_them() -> None:
    result = view(DEVICE, document(DEVICE, lastSyncDateTime="2026-11-24T10:00:00.1234560Z"), version=Version.V1)
    assert result["easActivationDateTime"] == "0001-01-01T00:00:00Z"
    assert result["complianceGracePeriodExpirationDateTime"] == "9999-12-31T23:59:59Z"
    assert result["lastSyncDateTime"] == "2026-11-24T10:00:00.1234560Z"


def test_action_results_are_plain_objects() -> None:
    result = {"actionName": "wipe", "actionState": "pending", "startDateTime": "2026-11-24T10:00:00.0000000Z"}
    answer = view(DEVICE, document(DEVICE, deviceActionResults=[result]), version=Version.V1)
    assert answer["deviceActionResults"] == [
        {
            "actionName": "wipe",
            "actionState": "pending",
            "startDateTime": "2026-11-24T10:00:00Z",
            "lastUpdatedDateTime": "0001-01-01T00:00:00Z",
        }
    ]


def test_a_select_that_names_nothing_is_refused() -> None:
    check_select(("id", "DISPLAYNAME", "memberOf"), entities=[USER], version=Version.V1)
    check_select(None, entities=[USER], version=Version.V1)
    check_select(("intendedPurpose",), entities=derived_from(entity("deviceConfiguration")), version=Version.BETA)
    with pytest.raises(
        Invalid, match=r"Could not find a property named 'ownerType' on type 'microsoft\.graph\.managedDevice'"
    ):
        check_select(("ownerType",), entities=[DEVICE], version=Version.V1)
