"""What an authority's own certificate says."""

from __future__ import annotations

from datetime import timedelta
from typing import TypedDict

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from fauxtune.core.errors import Invalid
from fauxtune.core.pki.authority import WARNING, Addresses, addresses_for, self_signed_root
from fauxtune.core.pki.names import subject_text
from tests.support.authorities import Authorities


class Change(TypedDict, total=False):
    """The values with which an authority cannot be created."""

    serial: int
    common_name: str
    days: int


def test_addresses_are_below_the_tenant_and_authority() -> None:
    assert addresses_for("http://h:8080/", tenant_name="contoso", authority="issuing") == Addresses(
        aia="http://h:8080/pki/contoso/issuing/ca.cer",
        crl="http://h:8080/pki/contoso/issuing/crl",
        ocsp="http://h:8080/pki/contoso/issuing/ocsp",
    )


def test_the_warning_stands_in_the_organisation_of_every_authority(authorities: Authorities) -> None:
    for authority in (authorities.root, authorities.issuing, authorities.devices):
        assert f"O={WARNING}" in subject_text(authority.certificate.subject)
    assert subject_text(authorities.issuing.certificate.subject) == f"CN=Contoso Issuing CA,O={WARNING}"


def test_the_issuing_authority_chains_to_the_root(authorities: Authorities) -> None:
    authorities.issuing.certificate.verify_directly_issued_by(authorities.root.certificate)
    assert authorities.issuing.chain == (authorities.root.certificate,)
    assert authorities.root.chain == authorities.devices.chain == ()


def test_an_authority_says_how_much_may_stand_below_it(authorities: Authorities) -> None:
    def below(certificate: x509.Certificate) -> int | None:
        extension = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        assert extension.critical
        assert extension.value.ca
        return extension.value.path_length

    assert below(authorities.root.certificate) == 1
    assert below(authorities.issuing.certificate) == 0
    assert below(authorities.devices.certificate) == 0


def test_the_issuing_certificate_points_to_the_roots_addresses(authorities: Authorities) -> None:
    extensions = authorities.issuing.certificate.extensions
    points = extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert points[0].full_name[0].value == authorities.root.addresses.crl
    access = extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    assert [a.access_location.value for a in access] == [
        authorities.root.addresses.ocsp,
        authorities.root.addresses.aia,
    ]


def test_a_key_does_not_show_in_an_authoritys_repr(authorities: Authorities) -> None:
    assert "key=" not in repr(authorities.root)


@pytest.mark.parametrize("change", [{"serial": 0}, {"serial": 1 << 159}, {"common_name": "x" * 65}, {"days": -1}])
def test_impossible_authorities_are_invalid(authorities: Authorities, change: Change) -> None:
    with pytest.raises(Invalid):
        self_signed_root(
            name="root",
            common_name=change.get("common_name", "x"),
            key=ec.generate_private_key(ec.SECP256R1()),
            serial=change.get("serial", 1),
            not_before=authorities.now,
            not_after=authorities.now + timedelta(days=change.get("days", 1)),
            addresses=authorities.root.addresses,
        )
