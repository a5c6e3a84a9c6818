"""`$filter` as clients write it becomes a typed tree; errors are reported with their position."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import ENTITIES, entity
from fauxtune.core.odata.query.expressions import (
    And,
    AnyElement,
    Compare,
    Element,
    Field,
    Folded,
    In,
    IsOf,
    Literal,
    Not,
    Operator,
    Or,
    TextMatch,
    matches,
)
from fauxtune.core.odata.query.filter import parse_filter
from fauxtune.core.odata.schema.types import Entity, Version
from tests.support.filter_texts import ABOUT, unparse

CATEGORY = entity("deviceManagementConfigurationCategory")
USER, DEVICE, PFX = entity("user"), entity("managedDevice"), entity("userPFXCertificate")
SKU = "184efa21-98c3-4e5d-95ab-d07053a96e67"
PROFILE, ASSIGNMENT = entity("deviceConfiguration"), entity("deviceConfigurationAssignment")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (USER, "userPrincipalName eq 'alice@contoso.example'"),
        (USER, "mail eq 'x'"),
        (USER, "startswith(displayName,'x')"),
        (USER, "startsWith ( displayName , 'x' )"),
        (USER, "id eq 'x'"),
        (USER, "NOT(accountEnabled EQ True)"),
        (USER, "proxyAddresses/any(p:p eq 'smtp:x')"),
        (PFX, "tolower(userPrincipalName) eq 'a' and tolower(thumbprint) eq 'b'"),
        (DEVICE, "lastSyncDateTime ge 2026-11-24T10:00:00Z"),
        (DEVICE, "complianceState eq 'compliant' or (operatingSystem eq 'iOS' and jailBroken ne 'True')"),
        (DEVICE, "contains(deviceName, 'it''s')"),
        (DEVICE, "contains(deviceName, 'x') eq true"),
        (PROFILE, "isof('microsoft.graph.androidWorkProfilePkcsCertificateProfile')"),
        (PROFILE, "isof(microsoft.graph.androidDeviceOwnerPkcsCertificateProfile)"),
        (PROFILE, "microsoft.graph.androidWorkProfilePkcsCertificateProfile/certificationAuthority eq 'x'"),
        (ASSIGNMENT, "target/groupId eq 'x'"),
        (CATEGORY, "platforms has 'windows10' and technologies has 'mdm,microsoftSense'"),
        (CATEGORY, "platforms has microsoft.graph.deviceManagementConfigurationPlatforms'iOS'"),
    ],
)
def test_what_clients_send_is_understood(kind: Entity, text: str) -> None:
    parse_filter(text, kind, types=ENTITIES)


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [
        (USER, "", "but found the end"),
        (USER, "displayName eq", "but found the end"),
        (USER, "displayName eq 'x", "unterminated string"),
        (USER, "displayName = 'x'", "unexpected character '='"),
        (USER, "displayName eq 'x' or", "but found the end"),
        (USER, "(displayName eq 'x'", "expected '\\)'"),
        (USER, "displayName eq 'x')", "expected the end"),
        (USER, "displayName 'x'", "neither true nor false"),
        (USER, "displayName", "neither true nor false"),
        (USER, "displayName eq 'x' displayName", "expected the end"),
        (USER, "frobnicate eq 'x'", "named 'frobnicate' on type 'microsoft.graph.user'. It has: .*displayName"),
        (USER, "displayName eq 5", "cannot be compared"),
        (USER, "displayName eq true", "cannot be compared"),
        (USER, "accountEnabled eq 'true'", "cannot be compared"),
        (USER, "accountEnabled gt false", "has no order"),
        (USER, "displayName eq accountEnabled", "cannot be compared"),
        (USER, "'x' eq 'x'", "one side of a comparison"),
        (USER, "displayName eq contains(displayName, 'x')", "a condition can only be compared"),
        (USER, "contains(displayName)", "'contains' takes 2 arguments, not 1"),
        (USER, "contains(accountEnabled, 'x')", "works on texts"),
        (USER, "contains(displayName, 5)", "works on texts"),
        (USER, "length(displayName) eq 5", "no function 'length'"),
        (USER, "displayName in ()", "expected a property"),
        (USER, "displayName in (mail)", "holds constants only"),
        (USER, "displayName in 'x'", "expected '\\('"),
        (USER, "proxyAddresses eq 'x'", "is a collection"),
        (USER, "displayName/any(p:p eq 'x')", "is not a collection"),
        (USER, "proxyAddresses/all(p:p eq 'x')", "'all' is not supported"),
        (USER, "proxyAddresses/any(p:p/x eq 'x')", "has no properties"),
        (USER, "assignedLicenses/any(p:p eq 'x')", "name one of its properties"),
        (USER, "proxyAddresses/any(p:otherMails/any(q:q eq p))", "lambda inside a lambda"),
        (USER, "passwordProfile/password eq 'x' and passwordProfile eq null", "is an object|cannot be used"),
        (USER, "displayName/first eq 'x'", "no properties of its own"),
        (USER, "assignedLicenses/any(l:l/skuId eq 'x')", "cannot be compared"),
        (USER, f"assignedLicenses/any(l:l/disabledPlans eq {SKU})", "'disabledPlans' is a collection"),
        (USER, "displayName/5 eq 'x'", "expected a name after '/'"),
        (PFX, "encryptedPfxPassword eq ''", "cannot be used in filters"),
        (DEVICE, "complianceState eq 'fine'", "not a value of microsoft.graph.complianceState"),
        (DEVICE, "complianceState gt 'compliant'", "has no order"),
        (DEVICE, "lastSyncDateTime gt '2026-11-24T10:00:00Z'", "without quotes"),
        (DEVICE, "lastSyncDateTime gt 2026-13-24T10:00:00Z", "not a moment"),
        (DEVICE, "totalStorageSpaceInBytes gt 1.5", "not a whole number"),
        (DEVICE, f"totalStorageSpaceInBytes gt {2**63}", "64 bits"),
        (PROFILE, "isof('microsoft.graph.toaster')", "is not known"),
        (PROFILE, "isof(5)", "takes the name of a type"),
        (USER, "displayName has 'x'", "has no flags"),
        (DEVICE, "complianceState has 'compliant'", "has no flags"),
        (CATEGORY, "platforms has 'toaster'", "not a value of"),
        (CATEGORY, "platforms has technologies", "must be a constant"),
        (CATEGORY, "platforms has", "but found the end"),
    ],
)  # fmt: skip
def test_a_filter_that_cannot_be_is_refused_with_a_reason(kind: Entity, text: str, why: str) -> None:
    with pytest.raises(Invalid, match=why) as error:
        parse_filter(text, kind, types=ENTITIES)
    assert error.value.target == "$filter"
    assert error.value.message.startswith("Invalid filter clause: ")


def test_properties_of_beta_are_unknown_to_filters_of_v1() -> None:
    parse_filter("ownerType eq 'company'", DEVICE, version=Version.BETA)
    with pytest.raises(Invalid, match="ownerType"):
        parse_filter("ownerType eq 'company'", DEVICE, version=Version.V1)


def test_constants_take_the_form_in_which_documents_keep_them() -> None:
    compliance, sync = (DEVICE.find(name) for name in ("complianceState", "lastSyncDateTime"))
    assert compliance is not None
    assert sync is not None
    state = parse_filter("COMPLIANCESTATE eq 'NonCompliant'", DEVICE)
    assert state == Compare(Operator.EQ, Field(("complianceState",), compliance), Literal("noncompliant"))
    moment = parse_filter("2026-11-24T12:00:00+02:00 lt lastSyncDateTime", DEVICE)
    assert isinstance(moment, Compare)
    assert (moment.operator, moment.left) == (Operator.GT, Field(("lastSyncDateTime",), sync))
    assert isinstance(moment.right, Literal)
    assert moment.right.value == "2026-11-24T10:00:00.0000000Z"


def test_the_directory_ignores_case_and_device_management_does_not() -> None:
    user = parse_filter("displayName eq 'ALICE'", USER)
    assert isinstance(user, Compare)
    assert isinstance(user.left, Folded)
    assert user.right == Literal("alice")
    device = parse_filter("deviceName in ('A', null)", DEVICE)
    assert isinstance(device, In)
    assert device.values == ("A", None)


def test_and_binds_closer_than_or_and_not_closest() -> None:
    tree = parse_filter("id eq 'a' or id eq 'b' and not id eq 'c'", DEVICE)
    assert isinstance(tree, Or)
    assert isinstance(tree.conditions[1], And)
    assert isinstance(tree.conditions[1].conditions[1], Not)


def test_has_finds_a_flag_among_others_and_no_part_of_its_name() -> None:
    condition = parse_filter("platforms has 'windows10,iOS'", CATEGORY)
    held = {"iOS,windows10": True, "iOS,macOS,windows10,linux": True, "iOS,windows10X": False, "windows10": False}
    for value, wanted in held.items():
        assert matches(condition, {"platforms": value}) is wanted, value
    assert matches(parse_filter("platforms has 'none'", CATEGORY), {"platforms": "iOS"})
    assert not matches(parse_filter("platforms has 'iOS'", CATEGORY), {"platforms": "none"})


def test_isof_means_derived_types_too() -> None:
    tree = parse_filter("isof('microsoft.graph.androidDeviceOwnerCertificateProfileBase')", PROFILE, types=ENTITIES)
    assert tree == IsOf(
        (
            "androidDeviceOwnerImportedPFXCertificateProfile",
            "androidDeviceOwnerPkcsCertificateProfile",
            "androidDeviceOwnerScepCertificateProfile",
        )
    )


@pytest.mark.parametrize("text", ["(" * 60 + "id eq 'x'" + ")" * 60, "not " * 60 + "accountEnabled"])
def test_a_filter_nested_too_deep_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match=r"too complex|too deep"):
        parse_filter(text, USER)


@pytest.mark.parametrize("text", ["tolower(" * 5000 + "mail" + ")" * 5000, " or ".join(["mail eq 'x'"] * 1000)])
def test_a_filter_that_is_too_long_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="too long"):
        parse_filter(text, USER)


@pytest.mark.parametrize(
    "text",
    [
        " or ".join(["mail eq 'x'"] * 301),
        "mail in (" + ",".join(["'x'"] * 301) + ")",
        "mail eq 'x' or mail in (" + ",".join(["'x'"] * 299) + ")",
    ],
)
def test_a_filter_of_many_terms_is_refused_each_constant_of_a_list_being_one(text: str) -> None:
    with pytest.raises(Invalid, match="too complex: at most 300 terms"):
        parse_filter(text, USER)


@settings(deadline=None)
@given(st.text(alphabet="abe qn'(),:/tor-5.$", max_size=40) | st.text(max_size=20))
def test_any_text_is_either_understood_or_refused(text: str) -> None:
    with suppress(Invalid):
        assert matches(parse_filter(text, USER, types=ENTITIES), {}) in {True, False}


@settings(deadline=None, max_examples=60)
@given(st.data())
@pytest.mark.parametrize("name", ABOUT)
def test_a_tree_written_as_text_is_read_as_the_same_tree(name: str, data: st.DataObject) -> None:
    kind, filters, _ = ABOUT[name]
    tree = parse_filter(data.draw(filters), kind, types=ENTITIES)
    text = unparse(tree, of=kind)
    assert parse_filter(text, kind, types=ENTITIES) == tree, text
    assert unparse(parse_filter(text, kind, types=ENTITIES), of=kind) == text


def test_the_texts_of_these_tests_have_every_kind_of_node() -> None:
    met: set[str] = set()

    @settings(deadline=None, database=None, derandomize=True, max_examples=100)
    @given(st.data())
    def meet(data: st.DataObject) -> None:
        for kind, filters, _ in ABOUT.values():
            met.update(re.findall(r"(\w+)\(", repr(parse_filter(data.draw(filters), kind, types=ENTITIES))))

    meet()
    nodes = (Compare, In, TextMatch, AnyElement, IsOf, Not, And, Or, Field, Element, Folded, Literal)
    assert {node.__name__ for node in nodes} <= met
