"""SCEP profiles: checked and stored, with an error on devices, because SCEP is not delivered."""

from __future__ import annotations

from typing import Any

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.items import REMEDIATION_FAILED
from fauxtune.core.model.states import Source
from fauxtune.core.profiles.family import Profile, Recipient
from fauxtune.core.profiles.scep import FAMILY

DOCUMENT: dict[str, Any] = {
    "scepServerUrls": ["https://ndes.contoso.example/certsrv/mscep/mscep.dll"],
    "keySize": "size2048",
    "keyUsage": "keyEncipherment,digitalSignature",
    "hashAlgorithm": "sha2",
    "subjectNameFormat": "commonName",
}


def test_a_device_has_an_error_because_nothing_is_delivered() -> None:
    FAMILY.check(DOCUMENT)
    profile = Profile(ProfileId("p"), "iosScepCertificateProfile", 1, DOCUMENT, "p_g")
    (item,) = FAMILY.items(profile, Recipient())
    assert (item.key, item.source, item.claims, item.fingerprint) == ("scep/p", Source.SCEP, (profile.claim,), None)
    assert item.problem is not None
    assert item.problem.code == REMEDIATION_FAILED
    assert "SCEP delivery is not emulated yet" in item.problem.message


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
