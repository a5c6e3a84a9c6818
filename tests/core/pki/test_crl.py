"""Certificate revocation lists (RFC 5280 5)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from cryptography import x509

from fauxtune.core.errors import Invalid
from fauxtune.core.pki.authority import Authority
from fauxtune.core.pki.crl import REASONS, Revoked, build_crl
from tests.support.authorities import Authorities, signing_key_of


def crl_of(
    authority: Authority, now: datetime, revoked: Iterable[Revoked], number: int = 5
) -> x509.CertificateRevocationList:
    der = build_crl(
        authority=authority, revoked=revoked, number=number, this_update=now, next_update=now + timedelta(days=7)
    )
    return x509.load_der_x509_crl(der)


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
