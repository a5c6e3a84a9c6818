"""What an authority's own certificate says, and its revocation lists (RFC 5280 5)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TypedDict

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from fauxtune.core.errors import Invalid
from fauxtune.core.pki.authority import WARNING, Addresses, Authority, addresses_for, self_signed_root
from fauxtune.core.pki.crl import REASONS, Revoked, build_crl
from fauxtune.core.pki.names import subject_text
from tests.support.authorities import Authorities, signing_key_of


class Change(TypedDict, total=False):
    """The values with which an authority cannot be created."""

    serial: int
    common_name: str
    days: int


def crl_of(
    authority: Authority, now: datetime, revoked: Iterable[Revoked], number: int = 5
) -> x509.CertificateRevocationList:
    der = build_crl(
        authority=authority, revoked=revoked, number=number, this_update=now, next_update=now + timedelta(days=7)
    )
    return x509.load_der_x509_crl(der)


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


def test_an_empty_list_is_signed_and_numbered(authorities: Authorities) -> None:
    crl = crl_of(authorities.issuing, authorities.now, [])
    assert len(list(crl)) == 0
    assert crl.is_signature_valid(signing_key_of(authorities.issuing.certificate))
    assert crl.issuer == authorities.issuing.certificate.subject
    assert crl.last_update_utc == authorities.now
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 5


def test_a_revoked_certificate_stands_there_with_time_and_reason(authorities: Authorities) -> None:
    crl = crl_of(authorities.devices, authorities.now, [Revoked(77, authorities.now, "superseded")])
    entry = crl.get_revoked_certificate_by_serial_number(77)
    assert entry is not None
    assert entry.revocation_date_utc == authorities.now
    assert entry.extensions.get_extension_for_class(x509.CRLReason).value.reason == x509.ReasonFlags.superseded
    assert crl.get_revoked_certificate_by_serial_number(78) is None


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_written_but_unspecified(authorities: Authorities, reason: str) -> None:
    entry = crl_of(authorities.issuing, authorities.now, [Revoked(1, authorities.now, reason)])[0]
    assert [e.value.reason.value for e in entry.extensions] == ([] if reason == "unspecified" else [reason])


def test_of_a_serial_that_comes_twice_the_first_entry_stands(authorities: Authorities) -> None:
    twice = [Revoked(1, authorities.now, "superseded"), Revoked(1, authorities.now, "keyCompromise")]
    crl = crl_of(authorities.issuing, authorities.now, twice)
    assert len(crl) == 1


def test_thousands_of_entries_are_no_trouble(authorities: Authorities) -> None:
    crl = crl_of(authorities.issuing, authorities.now, (Revoked(n, authorities.now) for n in range(1, 5001)))
    assert len(crl) == 5000


@pytest.mark.parametrize("reason", ["removeFromCRL", "boredom"])
def test_an_unknown_reason_is_invalid(authorities: Authorities, reason: str) -> None:
    with pytest.raises(Invalid, match="no reason to revoke"):
        crl_of(authorities.issuing, authorities.now, [Revoked(1, authorities.now, reason)])


def test_a_list_cannot_end_before_it_begins(authorities: Authorities) -> None:
    with pytest.raises(Invalid):
        build_crl(
            authority=authorities.issuing,
            revoked=[],
            number=1,
            this_update=authorities.now,
            next_update=authorities.now - timedelta(days=1),
        )
