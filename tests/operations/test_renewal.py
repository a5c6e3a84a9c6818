"""Renewal: a year passes by the tenant's clock, and each device gets a new certificate when it comes next."""

from __future__ import annotations

from datetime import timedelta

from cryptography import x509

from fauxtune.core.engine.removal.lookup import look_up
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Incident, Source
from fauxtune.operations.tenants import tenants
from fauxtune.storage.queries import certificates as queries
from tests.support.devices.android import AndroidInProcess
from tests.support.devices.stepwise import enrol_iphone
from tests.support.predictions import settle_all
from tests.support.tenant import Contoso

ELEVEN_MONTHS = timedelta(days=335)


async def advance(contoso: Contoso, by: timedelta) -> None:
    contoso.tenant = await contoso.do(tenants.advance_clock, by, system_now=contoso.clock.now())


async def certificate(contoso: Contoso, serial: str | None) -> x509.Certificate:
    row = await contoso.get(queries.certificate, contoso.tenant.id, key=str(serial))
    return x509.load_der_x509_certificate(row.certificate)


async def test_eleven_months_later_each_device_renews_when_it_comes_next(contoso: Contoso) -> None:
    await contoso.root_profile()
    profile = await contoso.pkcs_profile()
    await contoso.imported_profile()
    mark = await contoso.import_pfx("alice")
    phones = [await contoso.enroll(name) for name in ("alice", "bob")]
    await settle_all(*phones)
    before = [await phone.item() for phone in phones]
    await advance(contoso, ELEVEN_MONTHS)
    assert [await phone.item() for phone in phones] == before, "nobody has come yet"
    first, second = phones
    imported = first.holds[await _imported(first)]
    await settle_all(first)
    renewed = await first.item()
    assert renewed.state.value == "installed"
    assert renewed.serial != before[0].serial
    assert first.holds[renewed.key] == renewed.thumbprint, "in the place of the old one"
    assert await second.item() == before[1], "its own turn comes later"
    old, new = await certificate(contoso, before[0].serial), await certificate(contoso, renewed.serial)
    assert old.public_key() != new.public_key()
    assert (old.subject, new.not_valid_after_utc > old.not_valid_after_utc) == (new.subject, True)
    (event,) = await contoso.events("renewed")
    assert event.certificate is not None
    assert (event.device, event.certificate["serial"]) == (first.enrollment_id, renewed.serial)
    assert (await contoso.profile_state(first, profile)).status == "compliant"
    assert first.holds[await _imported(first)] == imported == mark, "imported certificates are never renewed"
    await settle_all(second)
    assert (await second.item()).serial != before[1].serial
    assert len(await contoso.events("renewed")) == 2


async def _imported(phone: AndroidInProcess) -> ItemKey:
    return (await phone.item(Source.IMPORTED)).key


async def test_what_is_superseded_fares_at_the_ca_as_the_removal_table_says(contoso: Contoso) -> None:
    await contoso.root_profile()
    await contoso.pkcs_profile()
    phone = await contoso.enroll("alice")
    await settle_all(phone)
    serial = (await phone.item()).serial
    assert serial is not None
    await advance(contoso, ELEVEN_MONTHS)
    await settle_all(phone)
    edition = contoso.tenant.edition
    cell = look_up(Variant.ANDROID_WORK_PROFILE, edition, source=Source.PKCS, cause=Incident.RENEWED)
    assert await contoso.certificate_status(serial) == ("revoked" if cell.revoked else "good")
    assert "Unverified" in cell.source
    assert not cell.revoked


async def test_the_threshold_is_the_profiles(contoso: Contoso) -> None:
    await contoso.root_profile()
    await contoso.pkcs_profile(renewalThresholdPercentage=50)
    phone = await contoso.enroll("alice")
    await settle_all(phone)
    serial = (await phone.item()).serial
    await advance(contoso, timedelta(days=170))
    await settle_all(phone)
    assert (await phone.item()).serial == serial
    await advance(contoso, timedelta(days=20))
    await settle_all(phone)
    assert (await phone.item()).serial != serial


async def test_without_a_connector_the_old_certificate_stays_until_one_is_there(contoso: Contoso) -> None:
    await contoso.root_profile()
    await contoso.pkcs_profile()
    phone = await contoso.enroll("alice")
    await settle_all(phone)
    old = await phone.item()
    await contoso.connector(state="offline")
    await advance(contoso, ELEVEN_MONTHS)
    await settle_all(phone)
    assert phone.holds[old.key] == old.thumbprint
    await contoso.connector(state="online")
    await settle_all(phone)
    assert (await phone.item()).serial != old.serial


async def test_a_device_that_is_told_step_by_step_renews_likewise(contoso: Contoso) -> None:
    await contoso.profile("iosTrustedRootCertificate", "All Staff", trustedRootCertificate=await contoso.root_text())
    profile = await contoso.profile("iosPkcsCertificateProfile", "All Staff", **contoso.pkcs_document())
    tablet = await enrol_iphone(contoso, "alice")
    await settle_all(tablet)
    before = tablet.holds[_key(profile)]
    await advance(contoso, ELEVEN_MONTHS)
    await settle_all(tablet)
    assert tablet.holds[_key(profile)] != before
    assert "remove pkcs" not in tablet.received, "the new one is installed over the old one"
    assert len(await contoso.events("renewed")) == 1


def _key(profile: str) -> ItemKey:
    return ItemKey(f"pkcs/{profile}")
