"""Certificate templates and their documents."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.pki.template import BUILT_IN, EMAIL_PROTECTION, Template


@pytest.mark.parametrize("template", BUILT_IN, ids=lambda template: template.name)
def test_a_template_survives_its_document(template: Template) -> None:
    assert Template.from_document(template.document()) == template
    assert EMAIL_PROTECTION in template.extended_key_usages


def test_a_fresh_authority_offers_seven_templates() -> None:
    assert [template.name for template in BUILT_IN] == [
        "SmimeSigning",
        "SmimeEncryption",
        "SmimeBoth",
        "SmimeP256",
        "ExchangeSignatureOnly",
        "ExchangeUser",
        "User",
    ]


def test_a_document_has_the_words_of_the_wire() -> None:
    assert Template(name="X", display_name="x").document() == {
        "name": "X",
        "displayName": "x",
        "keyType": "RSA",
        "minimumKeySize": 2048,
        "keyUsage": ["digitalSignature", "keyEncipherment"],
        "extendedKeyUsages": [EMAIL_PROTECTION],
        "exportable": True,
        "subjectInRequest": True,
        "connectorMayEnroll": True,
        "connectorMayRevoke": True,
        "validity": "P365D",
    }


def test_only_the_name_must_be_there() -> None:
    assert Template.from_document({"name": "X"}) == Template(name="X", display_name="X")
    assert Template.from_document({"name": "E", "keyType": "EC"}).key_usage == ("digitalSignature", "keyAgreement")


@pytest.mark.parametrize(("text", "days"), [("P1Y", 365), ("P2W", 14), ("P30D", 30), ("PT48H", 2)])
def test_validity_is_an_iso_duration(text: str, days: int) -> None:
    assert Template.from_document({"name": "X", "validity": text}).validity == timedelta(days=days)


def test_odd_durations_survive() -> None:
    template = Template.from_document({"name": "X", "validity": "PT36H"})
    assert Template.from_document(template.document()) == template


@pytest.mark.parametrize(
    ("document", "target"),
    [
        ({}, "name"),
        ({"name": "a/b"}, "name"),
        ({"name": "X", "keyType": "DSA"}, "keyType"),
        ({"name": "X", "keyType": 5}, "keyType"),
        ({"name": "X", "minimumKeySize": 512}, "minimumKeySize"),
        ({"name": "X", "minimumKeySize": True}, "minimumKeySize"),
        ({"name": "X", "keyType": "EC", "minimumKeySize": 2048}, "minimumKeySize"),
        ({"name": "X", "keyUsage": ["keyCertSign"]}, "keyUsage"),
        ({"name": "X", "keyUsage": ["keyAgreement"]}, "keyUsage"),
        ({"name": "X", "keyType": "EC", "keyUsage": ["keyEncipherment"]}, "keyUsage"),
        ({"name": "X", "keyUsage": "digitalSignature"}, "keyUsage"),
        ({"name": "X", "extendedKeyUsages": ["smime"]}, "extendedKeyUsages"),
        ({"name": "X", "extendedKeyUsages": ["1.40.1"]}, "extendedKeyUsages"),
        ({"name": "X", "exportable": "yes"}, "exportable"),
        ({"name": "X", "validity": "P0D"}, "validity"),
        ({"name": "X", "validity": "-P1D"}, "validity"),
        ({"name": "X", "validity": "P99999999999D"}, "validity"),
        ({"name": "X", "validity": 365}, "validity"),
        ({"name": "X", "colour": "red"}, "colour"),
    ],
)
def test_what_is_wrong_in_a_document_is_named(document: dict[str, Any], target: str) -> None:
    with pytest.raises(Invalid) as caught:
        Template.from_document(document)
    assert caught.value.target == target
