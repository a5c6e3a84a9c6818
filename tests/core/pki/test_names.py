"""Subjects as text and as names (RFC 4514), alternative names, thumbprints, serials."""

from __future__ import annotations

from contextlib import suppress

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.core.errors import Invalid
from fauxtune.core.pki.names import (
    PRINCIPAL_NAME,
    alternative_name,
    email_name,
    escape_value,
    parse_subject,
    principal_name,
    serial_hex,
    subject_text,
)


def test_a_subject_is_written_most_specific_first_and_encoded_last() -> None:
    name = parse_subject("CN=Alice, E=alice@contoso.example,OU=Mobile,O=Finance Group,L=Redmond,ST=WA,C=US")
    oids = [attribute.oid for attribute in name]
    assert (oids[0], oids[-1]) == (NameOID.COUNTRY_NAME, NameOID.COMMON_NAME)
    assert subject_text(name) == "CN=Alice,E=alice@contoso.example,OU=Mobile,O=Finance Group,L=Redmond,ST=WA,C=US"


@pytest.mark.parametrize(
    "word", ["E", "EMAIL", "EMAILADDRESS", "emailAddress", "1.2.840.113549.1.9.1", "OID.1.2.840.113549.1.9.1"]
)
def test_an_email_address_goes_by_several_words(word: str) -> None:
    name = parse_subject(f"CN=a,{word}=a@b.example")
    assert name.get_attributes_for_oid(NameOID.EMAIL_ADDRESS)[0].value == "a@b.example"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"CN=Contoso\, Ltd", "Contoso, Ltd"),
        ('CN="Contoso, Ltd"', "Contoso, Ltd"),
        (r"CN=a\2Cb", "a,b"),
        (r"CN=\C3\A9", "é"),
        ("CN=alice+news@contoso.example", "alice+news@contoso.example"),
        ("CN= a=b ", "a=b"),
        (r"CN=a\ ", "a "),
    ],
)
def test_escapes_are_undone(text: str, value: str) -> None:
    assert [a.value for a in parse_subject(text)] == [value]


def test_a_plus_before_an_attribute_joins_two_in_one_part() -> None:
    name = parse_subject("CN=a+UID=b,O=c")
    assert [len(list(rdn)) for rdn in name.rdns] == [1, 2]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("CN=a,FOO=b", "FOO"),
        ("CN", "'CN'"),
        ("CN=", "CN"),
        ("CN=a,,O=b", "''"),
        ("C=USA", "C=USA"),
        ("C=Ü1", "C"),
        ("E=é@x", "E"),
        ("SERIALNUMBER=a_b", "SERIALNUMBER"),
        ('CN="a', "quotation"),
        ("CN=a\\", "backslash"),
        ("CN=#0403", "hexadecimal"),
        (r"CN=\FF", "UTF-8"),
        ("CN=" + "x" * 65, "64"),
        ("9.9=a", "9.9"),
        ("CN=\ud800", "UTF-8"),
    ],
)
def test_what_is_wrong_in_a_subject_is_named(text: str, named: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_subject(text)
    assert named in caught.value.message
    assert caught.value.target == "subject"


@settings(deadline=None)
@given(st.text(min_size=1, max_size=15), st.text(min_size=1, max_size=15))
def test_any_value_survives_escaping(first: str, second: str) -> None:
    try:
        name = parse_subject(f"CN={escape_value(first)},OU={escape_value(second)}")
    except Invalid:
        return
    assert {a.value for a in name} == {first, second} or first.strip() != first or second.strip() != second
    assert parse_subject(subject_text(name)) == name


@settings(deadline=None)
@given(st.text(max_size=40))
def test_garbage_is_invalid_at_worst(text: str) -> None:
    with suppress(Invalid):
        parse_subject(text)


def test_an_empty_subject_is_allowed_and_empty() -> None:
    assert list(parse_subject("  ")) == []


def test_serials_have_no_leading_zeros() -> None:
    assert [serial_hex(0), serial_hex(10), serial_hex(0xABC)] == ["0", "a", "abc"]


def test_a_principal_name_is_a_utf8_string_under_microsofts_oid() -> None:
    assert principal_name("a@b") == x509.OtherName(PRINCIPAL_NAME, b"\x0c\x03a@b")
    long = "a" * 200
    assert principal_name(long) == x509.OtherName(PRINCIPAL_NAME, b"\x0c\x82\x00\xc8" + long.encode())


def test_alternative_names_by_graphs_words() -> None:
    assert (
        alternative_name("emailAddress", "a@b.example") == email_name("a@b.example") == x509.RFC822Name("a@b.example")
    )
    assert alternative_name("domainNameService", "b.example") == x509.DNSName("b.example")
    assert alternative_name("universalResourceIdentifier", "tag:x") == x509.UniformResourceIdentifier("tag:x")
    assert alternative_name("userPrincipalName", "a@b") == principal_name("a@b")


@pytest.mark.parametrize(
    ("kind", "value"), [("emailAddress", "é@x"), ("emailAddress", ""), ("fax", "1"), ("emailAddress", "Alice <a@b>")]
)
def test_an_alternative_name_that_cannot_be_is_invalid(kind: str, value: str) -> None:
    with pytest.raises(Invalid):
        alternative_name(kind, value)
