"""SCEP profiles: what is checked when one is stored, and what a device is to request by it."""

from __future__ import annotations

from typing import Any

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.items import REMEDIATION_FAILED, Item, Need
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Source
from fauxtune.core.model.tenants import Edition
from fauxtune.core.profiles.family import Profile, Recipient
from fauxtune.core.profiles.scep import FAMILY

DOCUMENT: dict[str, Any] = {
    "scepServerUrls": ["https://ndes.contoso.example/certsrv/mscep/mscep.dll"],
    "keySize": "size2048",
    "keyUsage": "keyEncipherment,digitalSignature",
    "hashAlgorithm": "sha2",
    "subjectNameFormat": "commonName",
}


def profile_of(document: dict[str, Any], *, root: str | None = "r") -> Profile:
    references = {} if root is None else {"rootCertificate": ProfileId(root)}
    return Profile(ProfileId("p"), "iosScepCertificateProfile", 1, document, "p_g", references=references)


def item_of(document: dict[str, Any], *, root: str | None = "r", **recipient: Any) -> Item:
    values = {"username": "alice", "devicename": "phone"}
    (item,) = FAMILY.items(profile_of(document, root=root), Recipient(variables=values, **recipient))
    return item


def test_a_device_is_to_make_a_request_and_needs_the_root_of_its_authority() -> None:
    FAMILY.check(DOCUMENT)
    item = item_of(DOCUMENT, names={ProfileId("r"): "Root"})
    assert (item.key, item.source, item.problem, item.personal) == ("scep/p", Source.SCEP, None, True)
    assert item.request is not None
    assert (item.request.subject, item.request.key_size) == ("CN=alice", 2048)
    assert item.request.key_usages == ("keyEncipherment", "digitalSignature")
    assert item.needs == (Need("rootCertificate", profile=ProfileId("r"), name="Root"),)


def test_every_setting_is_in_the_fingerprint_and_nothing_else() -> None:
    known = item_of(DOCUMENT).fingerprint
    assert item_of({**DOCUMENT, "description": "other", "displayName": "other"}).fingerprint == known
    for change in (
        {"keySize": "size4096"},
        {"renewalThresholdPercentage": 30},
        {"certificateValidityPeriodValue": 2},
        {"subjectNameFormat": "custom", "subjectNameFormatString": "CN={{DeviceName}}"},
        {"scepServerUrls": ["https://other.example/scep"]},
        {"keyUsage": "digitalSignature"},
        {"extendedKeyUsages": [{"name": "Any", "objectIdentifier": "2.5.29.37.0"}]},
        {"customSubjectAlternativeNames": [{"sanType": "domainNameService", "name": "{{DeviceName}}.example"}]},
    ):
        assert item_of({**DOCUMENT, **change}).fingerprint not in (None, known), change


def test_a_certificate_of_the_device_names_no_user() -> None:
    assert not item_of(
        {**DOCUMENT, "subjectNameFormat": "custom", "subjectNameFormatString": "CN={{DeviceName}}"}
    ).personal


def test_a_variable_without_a_value_is_a_problem_that_names_it() -> None:
    item = item_of({**DOCUMENT, "subjectNameFormat": "commonNameAsEmail"})
    assert item.problem is not None
    assert item.problem.code == REMEDIATION_FAILED
    assert "{{EmailAddress}}" in item.problem.message
    assert (item.request, item.fingerprint) == (None, None)


@pytest.mark.parametrize(
    ("variant", "change"),
    [
        (
            Variant.ANDROID_AOSP,
            {"subjectNameFormat": "custom", "subjectNameFormatString": "CN={{Username}},OU={{DEPARTMENT}}"},
        ),
        (
            Variant.ANDROID_FULLY_MANAGED,
            {"customSubjectAlternativeNames": [{"sanType": "domainNameService", "name": "{{UserName}}.example"}]},
        ),
    ],
)
def test_a_variable_that_company_owned_android_does_not_have_is_a_problem_but_not_in_2020(
    variant: Variant, change: dict[str, Any]
) -> None:
    values = {"username": "alice", "department": "Sales"}
    for edition in Edition:
        for device in (variant, Variant.ANDROID_WORK_PROFILE):
            recipient = Recipient(variables=values, variant=device, edition=edition)
            (item,) = FAMILY.items(profile_of({**DOCUMENT, **change}), recipient)
            assert (item.problem is None) is (edition is Edition.APRIL_2020 or device is not variant)


def test_without_a_root_the_device_cannot_trust_the_authority_unless_the_tenant_does_not_mind() -> None:
    item = item_of(DOCUMENT, root=None)
    assert item.problem is not None
    assert "rootCertificate does not refer to a profile" in item.problem.message
    assert item.request is not None
    assert item_of(DOCUMENT, root=None, require_trusted_root=False).problem is None


def test_ios_has_no_choice_of_hash_algorithm() -> None:
    FAMILY.check({name: value for name, value in DOCUMENT.items() if name != "hashAlgorithm"})


@pytest.mark.parametrize("name", ["scepServerUrls", "keySize", "keyUsage", "hashAlgorithm"])
def test_the_settings_that_the_device_needs_are_required_by_name(name: str) -> None:
    with pytest.raises(Invalid, match=f"{name} is required") as caught:
        FAMILY.check({**DOCUMENT, name: [] if name == "scepServerUrls" else None})
    assert caught.value.target == name


@pytest.mark.parametrize(
    "url",
    ["http://ndes.contoso.example/scep", "HTTPS://ndes.contoso.example:8443/certsrv/mscep/", "https://[2001:db8::1]/x"],
)
def test_an_absolute_address_of_the_web_is_taken(url: str) -> None:
    FAMILY.check({**DOCUMENT, "scepServerUrls": [url, url]})


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ndes.contoso.example",
        "/certsrv/mscep/mscep.dll",
        "//ndes.contoso.example/scep",
        "ftp://ndes.contoso.example/scep",
        "https://",
        "https:///scep",
        "https://ndes.contoso.example:port/",
        "https://ndes.contoso.example:0/",
        "https://[2001:db8::1/",
        "https://ndes.contoso.example/a b",
        "javascript:alert(1)",
        "https://" + " " * 10000,
    ],
)
def test_what_is_no_such_address_is_refused_by_name(url: str) -> None:
    good = DOCUMENT["scepServerUrls"][0]
    with pytest.raises(Invalid, match="not an absolute http or https address") as caught:
        FAMILY.check({**DOCUMENT, "scepServerUrls": [good, url]})
    assert caught.value.target == "scepServerUrls"
