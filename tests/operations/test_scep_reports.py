"""What the ledger says of a certificate by SCEP: by the register, by the partner, or by the device alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from fauxtune.core.engine.planning.reported_items import Inventory
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import REMEDIATION_FAILED, LedgerRow
from fauxtune.core.model.states import Authority, ItemState, Source
from fauxtune.core.pki.names import serial_hex
from fauxtune.operations.ca.partner_revocations import ask_for_revocation
from fauxtune.operations.checkin.report import Report
from fauxtune.operations.devices import actions as device_actions
from fauxtune.storage.queries import scep as queries
from tests.support.devices.android import AndroidInProcess
from tests.support.scep_devices import NDES, PARTNER, ScepAuthorities
from tests.support.tenant import Contoso


@pytest.fixture
def authorities(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> ScepAuthorities:
    return ScepAuthorities(raw_rsa_keys[0], raw_rsa_keys[1:4])


async def settled(
    contoso: Contoso, authorities: ScepAuthorities, url: str = PARTNER
) -> tuple[AndroidInProcess, str, LedgerRow]:
    """Return a device that has its certificate, with the profile and the row of the ledger."""
    profile = await contoso.scep_profile(scepServerUrls=[url], certificateValidityPeriodValue=10)
    phone = await contoso.enroll("alice")
    phone.scep = authorities
    await phone.settle()
    return phone, profile, await phone.item(Source.SCEP)


def saying(phone: AndroidInProcess, mark: str, shown: Mapping[str, bytes]) -> Report:
    """Return a report in which the certificate by SCEP has another thumbprint, and certificates are shown whole."""
    usual = phone.report()

    def read(version: int, rows: Mapping[ItemKey, LedgerRow]) -> Inventory:
        held = usual.read(version, rows)
        marks = {key: mark if key.startswith("scep/") else known for key, known in held.identities.items()}
        return replace(held, identities=marks, certificates=shown)

    return Report(digest=f"{usual.digest}{mark}{len(shown)}", read=read)


@pytest.mark.parametrize(("url", "authority"), [(NDES, Authority.MICROSOFT), (PARTNER, Authority.PARTNER)])
async def test_whoever_issued_it_the_ledger_has_its_number_its_end_and_its_renewal(
    contoso: Contoso, authorities: ScepAuthorities, url: str, authority: Authority
) -> None:
    phone, profile, row = await settled(contoso, authorities, url)
    (certificate,) = authorities.issued.values()
    assert (row.state, row.problem, row.authority) == (ItemState.INSTALLED, None, authority)
    assert (row.thumbprint, row.serial) == (phone.holds[row.key], serial_hex(certificate))
    assert row.not_after == certificate.not_valid_after_utc
    assert row.renew_at is not None
    lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert row.not_after - row.renew_at == lifetime * 20 / 100
    assert (await contoso.profile_state(phone, profile)).status == "compliant"
    assert str(row.thumbprint) in str(await contoso.events("installed", device=phone))


async def test_at_the_threshold_the_device_signs_with_the_old_one_and_gets_another(
    contoso: Contoso, authorities: ScepAuthorities
) -> None:
    phone, _profile, first = await settled(contoso, authorities, NDES)
    assert first.renew_at is not None
    contoso.clock.at = first.renew_at
    await phone.settle()
    row = await phone.item(Source.SCEP)
    assert (row.state, row.problem) == (ItemState.INSTALLED, None)
    assert row.thumbprint == phone.holds[row.key] != first.thumbprint
    assert await contoso.certificate_status(str(first.serial)) == "good", "a renewal revokes nothing"
    keys = [certificate.public_key() for certificate in authorities.issued.values()]
    assert len(keys) == 2
    assert keys[0] != keys[1]
    plans = await phone.plans()
    await phone.check_in()
    assert await phone.plans() == plans, "and then it is quiet"


async def test_a_device_that_only_says_that_it_is_there_has_what_was_issued_for_it(
    contoso: Contoso, authorities: ScepAuthorities
) -> None:
    await contoso.scep_profile(scepServerUrls=[PARTNER])
    phone = await contoso.enroll("alice")
    phone.scep = authorities
    for _ in range(2):
        phone.apply(await phone.fetch_policy((await phone.check_in()).policy_version))
    await phone.check_in(saying(phone, "", {}))
    row = await phone.item(Source.SCEP)
    assert (row.state, row.thumbprint) == (ItemState.INSTALLED, next(iter(authorities.issued)))


async def test_without_word_of_the_authority_the_certificate_that_the_device_shows_tells(
    contoso: Contoso, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """Of several it is the one that is what was asked for; what cannot be read is passed over."""
    silent = ScepAuthorities(raw_rsa_keys[0], raw_rsa_keys[1:4], reports=False)
    await contoso.scep_profile(scepServerUrls=[PARTNER])
    phone = await contoso.enroll("alice")
    phone.scep = silent
    for _ in range(2):
        phone.apply(await phone.fetch_policy((await phone.check_in()).policy_version))
    ((mark, certificate),) = silent.issued.items()
    root = await contoso.root_text()
    shown = {mark: certificate.public_bytes(Encoding.DER), "root": root.encode(), "broken": b"0\x82"}
    await phone.check_in(saying(phone, "", shown))
    row = await phone.item(Source.SCEP)
    assert (row.state, row.thumbprint, row.serial, row.authority) == (
        ItemState.INSTALLED,
        mark,
        serial_hex(certificate),
        Authority.PARTNER,
    )
    assert row.renew_at is not None


async def test_a_certificate_that_is_not_what_was_asked_for_is_an_error_that_says_what_differs(
    contoso: Contoso, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    sloppy = ScepAuthorities(
        raw_rsa_keys[0],
        raw_rsa_keys[1:4],
        adds=[x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])],
        drops=[x509.SubjectAlternativeName],
    )
    phone, profile, row = await settled(contoso, sloppy, NDES)
    why = (
        "The certificate on the device is not what the profile asks for: it lacks emailAddress "
        f"{contoso.upn('alice')}; it lacks the extended key usage 1.3.6.1.5.5.7.3.4."
    )
    assert row.state is ItemState.INSTALLED
    assert row.problem is not None
    assert (row.problem.code, row.problem.message) == (REMEDIATION_FAILED, why)
    state = await contoso.profile_state(phone, profile)
    assert (state.status, state.message) == ("error", row.problem.message)
    await phone.settle()
    assert len(sloppy.issued) == 1, "it is not requested again and again"


async def test_a_device_that_got_none_keeps_the_old_one_and_tries_again_in_an_hour(
    contoso: Contoso, authorities: ScepAuthorities
) -> None:
    phone, profile, first = await settled(contoso, authorities)
    assert first.renew_at is not None
    contoso.clock.at = first.renew_at
    authorities.refuses = True
    await phone.settle()
    row = await phone.item(Source.SCEP)
    assert (row.state, row.thumbprint) == (ItemState.FAILED, first.thumbprint)
    assert phone.holds[row.key] == first.thumbprint
    assert (await contoso.profile_state(phone, profile)).status == "error"
    authorities.refuses = False
    contoso.clock.forward(hours=1)
    await phone.settle()
    row = await phone.item(Source.SCEP)
    assert (row.state, row.thumbprint) == (ItemState.INSTALLED, phone.holds[row.key])
    assert row.thumbprint != first.thumbprint


async def test_what_the_user_deleted_is_requested_again(contoso: Contoso, authorities: ScepAuthorities) -> None:
    phone, _profile, first = await settled(contoso, authorities)
    phone.lose(first.key)
    await phone.settle()
    row = await phone.item(Source.SCEP)
    assert (row.state, row.thumbprint) == (ItemState.INSTALLED, phone.holds[row.key])
    assert row.thumbprint != first.thumbprint


async def test_a_partner_is_asked_to_revoke_what_it_reported_by_its_thumbprint(
    contoso: Contoso, authorities: ScepAuthorities
) -> None:
    _phone, _profile, row = await settled(contoso, authorities)
    asked = await contoso.do(ask_for_revocation, serial=str(row.thumbprint))
    assert (asked.serial, asked.issuer, asked.state) == (row.serial, "CN=Partner CA", "open")
    with pytest.raises(NotFound, match="No authority reported a certificate 'ff'"):
        await contoso.do(ask_for_revocation, serial="ff")


@pytest.mark.both_databases
async def test_the_tenants_own_authority_is_not_asked_as_a_partner(
    contoso: Contoso, authorities: ScepAuthorities
) -> None:
    _phone, _profile, row = await settled(contoso, authorities, NDES)
    with pytest.raises(Invalid, match="of the tenant's own authority"):
        await contoso.do(ask_for_revocation, serial=str(row.serial))


async def test_a_certificate_of_another_device_is_not_this_ones_whatever_it_reports(
    contoso: Contoso, authorities: ScepAuthorities
) -> None:
    alices, profile, row = await settled(contoso, authorities, NDES)
    bobs = await contoso.enroll("bob")
    bobs.scep = authorities
    await bobs.settle()
    await bobs.check_in(saying(bobs, str(row.thumbprint), {}))
    claimed = await bobs.item(Source.SCEP)
    assert (claimed.state, claimed.serial) == (ItemState.INSTALLED, None)
    assert claimed.problem is not None
    assert claimed.problem.message == "The certificate on the device was not issued to it by this profile."
    await contoso.action(bobs, device_actions.retire)
    assert await contoso.certificate_status(str(row.serial)) == "good", "it is Alice's"
    assert (await contoso.profile_state(alices, profile)).status == "compliant"


@pytest.mark.parametrize("ends", ["retired", "unassigned", "retired at its renewal"])
async def test_what_was_issued_and_never_reported_is_revoked_as_what_the_device_holds(
    contoso: Contoso, authorities: ScepAuthorities, ends: str
) -> None:
    if ends == "retired at its renewal":
        phone, profile, row = await settled(contoso, authorities, NDES)
        assert row.renew_at is not None
        contoso.clock.at = row.renew_at
        await phone.check_in()
    else:
        profile = await contoso.scep_profile(scepServerUrls=[NDES])
        phone = await contoso.enroll("alice")
        phone.scep = authorities
        phone.apply(await phone.fetch_policy((await phone.check_in()).policy_version))
        await phone.check_in()
    await phone.fetch_policy(0)
    if ends == "unassigned":
        await contoso.assign(profile)
        await phone.check_in()
    else:
        await contoso.action(phone, device_actions.retire)
    assert {mark: await contoso.certificate_status(mark) for mark in authorities.issued} == dict.fromkeys(
        authorities.issued, "revoked"
    )
    assert len(authorities.issued) == (2 if "renewal" in ends else 1)


@pytest.mark.both_databases
@pytest.mark.parametrize(("edition", "is_queued"), [("current", True), ("2020-04", False)])
async def test_what_a_partner_issued_is_queued_for_revocation_when_the_device_leaves_though_it_never_reported_it(
    contoso: Contoso, authorities: ScepAuthorities, edition: str, is_queued: bool
) -> None:
    await contoso.switch(edition=edition)
    await contoso.scep_profile(scepServerUrls=[PARTNER])
    phone = await contoso.enroll("alice")
    phone.scep = authorities
    phone.apply(await phone.fetch_policy((await phone.check_in()).policy_version))
    await phone.check_in()
    await phone.fetch_policy(0)
    (certificate,) = authorities.issued.values()
    for _ in range(2):  # the order is repeated, and the end revokes once more
        await contoso.action(phone, device_actions.retire)
        await phone.settle()
    queue = await contoso.look(queries.revocations, contoso.tenant.id, limit=9)
    assert [row.serial.lower() for row in queue] == [serial_hex(certificate)] * is_queued
