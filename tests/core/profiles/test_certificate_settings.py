"""The settings for which PKCS and SCEP profiles are refused, both with the same messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.profiles import pkcs, scep

Check = Callable[[dict[str, Any]], None]
DOCUMENT: dict[str, Any] = {
    "certificationAuthority": "ca.contoso.example",
    "certificationAuthorityName": "Contoso Issuing CA",
    "certificateTemplateName": "SmimeSigning",
    "scepServerUrls": ["https://ndes.contoso.example/certsrv/mscep/mscep.dll"],
    "keySize": "size2048",
    "keyUsage": "digitalSignature",
    "hashAlgorithm": "sha2",
    "subjectNameFormat": "commonName",
    "subjectNameFormatString": None,
}
FAMILIES = pytest.mark.parametrize("check", [pkcs.FAMILY.check, scep.FAMILY.check], ids=["PKCS", "SCEP"])


@FAMILIES
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"renewalThresholdPercentage": 1, "certificateValidityPeriodValue": 1},
        {"renewalThresholdPercentage": 99, "certificateValidityPeriodValue": 2**31 - 1},
        {"renewalThresholdPercentage": None, "certificateValidityPeriodValue": None},
        {"subjectNameFormat": "custom", "subjectNameFormatString": "CN={{UserName}}"},
        {"customSubjectAlternativeNames": [{"sanType": "emailAddress", "name": "a@b.example"}] * 500},
        {"extendedKeyUsages": [{"name": "Any Purpose", "objectIdentifier": "2.5.29.37.0"}] * 500},
    ],
)
def test_what_can_work_is_taken(check: Check, changes: dict[str, Any]) -> None:
    check({**DOCUMENT, **changes})


@FAMILIES
@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"renewalThresholdPercentage": 0}, "renewalThresholdPercentage"),
        ({"renewalThresholdPercentage": 100}, "renewalThresholdPercentage"),
        ({"renewalThresholdPercentage": -1}, "renewalThresholdPercentage"),
        ({"certificateValidityPeriodValue": 0}, "certificateValidityPeriodValue"),
        ({"certificateValidityPeriodValue": -(2**31)}, "certificateValidityPeriodValue"),
        ({"subjectNameFormat": "custom"}, "subjectNameFormatString"),
        ({"subjectNameFormat": "custom", "subjectNameFormatString": ""}, "subjectNameFormatString"),
        ({"extendedKeyUsages": [{"name": "x", "objectIdentifier": None}]}, "extendedKeyUsages"),
        ({"extendedKeyUsages": [{"name": "x", "objectIdentifier": "S/MIME"}]}, "extendedKeyUsages"),
        ({"extendedKeyUsages": [{"name": "x", "objectIdentifier": "1.2.3"}] * 501}, "extendedKeyUsages"),
        ({"customSubjectAlternativeNames": [{"sanType": None, "name": "x"}]}, "customSubjectAlternativeNames"),
        ({"customSubjectAlternativeNames": [{"sanType": "none", "name": "x"}]}, "customSubjectAlternativeNames"),
        (
            {"customSubjectAlternativeNames": [{"sanType": "emailAddress,domainNameService", "name": "x"}]},
            "customSubjectAlternativeNames",
        ),
        (
            {"customSubjectAlternativeNames": [{"sanType": "emailAddress", "name": None}]},
            "customSubjectAlternativeNames",
        ),
        (
            {"customSubjectAlternativeNames": [{"sanType": "emailAddress", "name": "a@b.example"}] * 501},
            "customSubjectAlternativeNames",
        ),
    ],
)
def test_a_document_that_can_never_work_is_refused_by_name(check: Check, changes: dict[str, Any], target: str) -> None:
    with pytest.raises(Invalid) as caught:
        check({**DOCUMENT, **changes})
    assert caught.value.target == target
    assert target in caught.value.message or target == "extendedKeyUsages"
