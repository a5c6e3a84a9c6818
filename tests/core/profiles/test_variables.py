"""Variables in subject names: filled in from the user and the device, and named when they cannot be."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.core.errors import Invalid
from fauxtune.core.model.tenants import Edition
from fauxtune.core.pki.names import parse_subject
from fauxtune.core.profiles.variables import (
    DEVICE_VARIABLES,
    SUBJECT_FORMATS,
    USER_VARIABLES,
    expand,
    variables,
    without_user,
)

ALICE = {"userPrincipalName": "alice@contoso.example", "mail": "alice.adams@contoso.example"}
PHONE = {"managedDeviceId": "m1", "azureADDeviceId": "a1", "serialNumber": "S1", "imei": "35", "deviceName": "Phone"}
VALUES = variables(ALICE, PHONE, edition=Edition.CURRENT)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CN={{UserName}},E={{EmailAddress}}", "CN=alice,E=alice.adams@contoso.example"),
        ("CN={{username}}", "CN=alice"),
        ("CN={{ USERPRINCIPALNAME }}", "CN=alice@contoso.example"),
        ("CN={{DeviceId}}-{{AAD_Device_ID}}", "CN=m1-a1"),
        ("CN={{SerialNumber}}{{IMEINumber}}", "CN=S135"),
        ("CN=plain", "CN=plain"),
        ("CN={UserName}", "CN={UserName}"),
    ],
)
def test_variables_are_filled_in_in_any_case(text: str, expected: str) -> None:
    assert expand(text, VALUES) == expected


def test_a_variable_without_a_value_is_named() -> None:
    without_mail = variables({"userPrincipalName": "bob@contoso.example", "mail": None}, PHONE, edition=Edition.CURRENT)
    with pytest.raises(Invalid, match=r"\{\{EmailAddress\}\}.*has no value") as caught:
        expand("CN={{UserName}},E={{EmailAddress}}", without_mail)
    assert caught.value.target == "EmailAddress"


def test_a_device_without_a_user_has_no_user_variables() -> None:
    with pytest.raises(Invalid, match=r"\{\{UserName\}\}"):
        expand("CN={{UserName}}", variables(None, PHONE, edition=Edition.CURRENT))
    assert expand("CN={{DeviceName}}", variables(None, PHONE, edition=Edition.CURRENT)) == "CN=Phone"


@pytest.mark.parametrize("name", ["Unknown", "User-Name", "UserName2", "a b", ""])
def test_a_variable_that_does_not_exist_is_said_to_be_none(name: str) -> None:
    with pytest.raises(Invalid, match="no such variable exists") as caught:
        expand(f"CN={{{{{name}}}}}", VALUES)
    assert f"{{{{{name}}}}}" in caught.value.message


def test_the_user_name_was_the_principal_name_in_2020_and_is_a_name_of_its_own_today() -> None:
    by_key = {edition: variables(ALICE, PHONE, edition=edition) for edition in Edition}
    assert {edition: expand("{{UserName}}", values) for edition, values in by_key.items()} == {
        Edition.APRIL_2020: "alice@contoso.example",
        Edition.CURRENT: "alice",
    }
    assert {expand("{{UserPrincipalName}}", values) for values in by_key.values()} == {"alice@contoso.example"}


@pytest.mark.parametrize(
    ("name", "user", "device"),
    [
        ("OnPremisesSecurityIdentifier", {"onPremisesSecurityIdentifier": "S-1-5-21-1-2-3-500"}, {}),
        ("GivenName", {"givenName": "Alice"}, {}),
        ("SurName", {"surname": "Adams"}, {}),
        ("Department", {"department": "Finance"}, {}),
    ],
)
def test_the_variables_of_later_years_are_unknown_in_2020(
    name: str, user: dict[str, str], device: dict[str, str]
) -> None:
    (value,) = (user | device).values()
    assert expand(f"{{{{{name}}}}}", variables(user, device, edition=Edition.CURRENT)) == value
    with pytest.raises(Invalid, match="has no value for it"):
        expand(f"{{{{{name}}}}}", variables({}, {}, edition=Edition.CURRENT))
    with pytest.raises(Invalid, match="no such variable exists"):
        expand(f"{{{{{name}}}}}", variables(user, device, edition=Edition.APRIL_2020))


@pytest.mark.parametrize("edition", Edition)
def test_the_dns_name_of_a_device_is_a_variable_in_both_editions(edition: Edition) -> None:
    values = variables({}, {"fullyQualifiedDomainName": "pc1.contoso.example"}, edition=edition)
    assert expand("CN={{FullyQualifiedDomainName}}", values) == "CN=pc1.contoso.example"


@pytest.mark.parametrize("edition", Edition)
def test_every_variable_is_filled_in_when_its_fact_is_there(edition: Edition) -> None:
    of_user, of_device = USER_VARIABLES.of(edition), DEVICE_VARIABLES
    values = variables(
        {fact: f"user {fact}" for fact in of_user.values()},
        {fact: f"device {fact}" for fact in of_device.values()},
        edition=edition,
    )
    assert values.keys() == of_user.keys() | of_device.keys()
    for name in values:
        assert expand(f"{{{{{name}}}}}", values) == values[name]
    assert {name for name, value in without_user(values).items() if value} == set(of_device)


@pytest.mark.parametrize("edition", Edition)
def test_every_subject_format_is_made_of_known_variables(edition: Edition) -> None:
    everything = dict.fromkeys(variables({}, {}, edition=edition), "a@b.example")
    for text in SUBJECT_FORMATS.values():
        assert list(parse_subject(expand(text, everything, escape=True)))


@pytest.mark.parametrize("name", ["Adams, Alice", "R+D", "a=b", 'say "hi"', "back\\slash", "#1", " padded ", "a;b<c>"])
def test_what_a_user_is_called_never_changes_the_shape_of_the_subject(name: str) -> None:
    values = variables({**ALICE, "onPremisesSamAccountName": name}, PHONE, edition=Edition.CURRENT)
    subject = parse_subject(expand("CN={{OnPremisesSamAccountName}},O=Contoso", values, escape=True))
    assert [attribute.value for attribute in subject] == ["Contoso", name]


@settings(deadline=None, max_examples=100)
@given(
    st.text(
        st.characters(codec="utf-8", exclude_categories=("C", "Z"), include_characters=" "), min_size=1, max_size=16
    )
)
def test_any_name_at_all_stays_one_value(name: str) -> None:
    subject = parse_subject(expand("CN={{x}},O=Contoso", {"x": name}, escape=True))
    assert [attribute.value for attribute in subject] == ["Contoso", name]


def test_a_value_that_looks_like_a_variable_is_not_filled_in_again() -> None:
    assert expand("{{x}}", {"x": "{{y}}", "y": "never"}) == "{{y}}"
