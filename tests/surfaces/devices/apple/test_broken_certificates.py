"""Certificates that no calendar and no name fits: refused where they come in, and never the end of a check-in."""

from __future__ import annotations

import plistlib
from typing import Any

import pytest
import sqlalchemy
from cryptography import x509

from fauxtune.operations.insight.diagnosis import diagnose, history
from fauxtune.storage.tables.configuration import profiles
from fauxtune.storage.tables.devices import ledger
from tests.support.hostile_der import PILLS, Change, altered, of_the_year_0, with_an_empty_name
from tests.surfaces.devices.apple import pkimessages
from tests.surfaces.devices.apple.company import BASE, Company
from tests.surfaces.devices.apple.store import Store
from tests.surfaces.devices.apple.wire import base64_of

ROOT, MAC = "iosTrustedRootCertificate", {"model": "MacBookPro16,1"}
IPHONE: dict[str, Any] = {"product_name": "iPhone15,2", "os_version": "17.5.1", "model": "MQ0G3"}
#: Those that cryptography loads, and that raise an error when a part of them is read.
LAZY = {"year 0": of_the_year_0, "an empty name": with_an_empty_name}


def broken_root(company: Company, change: Change) -> bytes:
    key = company.keys[0]
    return altered(pkimessages.throw_away(key, company.clock.now()), key, change)


async def plant(company: Company, profile: str, certificate: bytes) -> None:
    """As a version of the server stored it that looked less closely."""

    def change(tx: Any) -> None:
        where = profiles.c.id == profile
        (document,) = tx.connection.execute(sqlalchemy.select(profiles.c.document).where(where)).scalars()
        changed = {**document, "trustedRootCertificate": base64_of(certificate)}
        tx.connection.execute(profiles.update().where(where).values(document=changed))

    await company.do(change)


@pytest.mark.parametrize("path", ["checkin", "server"])
@pytest.mark.parametrize("change", LAZY.values(), ids=LAZY)
async def test_a_signature_by_a_broken_certificate_is_refused(company: Company, path: str, change: Change) -> None:
    device = company.fleet()
    certificate = x509.load_der_x509_certificate(broken_root(company, change))
    body = plistlib.dumps({"MessageType": "Authenticate", "UDID": device.udid, "Topic": "x"})
    signature = pkimessages.signed(body, key=company.keys[0], certificate=certificate, embed=False)
    answer = await company.http.put(f"{BASE}/{path}", content=body, headers={"Mdm-Signature": base64_of(signature)})
    assert answer.status_code == 400, answer.text
    assert "no signed message (CMS SignedData) that can be read" in answer.text


@pytest.mark.parametrize("change", LAZY.values(), ids=LAZY)
async def test_a_renewal_signed_by_a_broken_certificate_is_refused(company: Company, change: Change) -> None:
    device = company.fleet()
    answer = await company.http.get(f"{BASE}/scep", params={"operation": "GetCACert"})
    authority = x509.load_der_x509_certificate(answer.content)
    by = (company.keys[0], x509.load_der_x509_certificate(broken_root(company, change)))
    message, _, _ = device.pki_message(device.csr("", "x"), authority, kind="17", by=by)
    done = await company.http.post(f"{BASE}/scep", params={"operation": "PKIOperation"}, content=message)
    assert done.status_code == 400, done.text


@pytest.mark.parametrize("change", PILLS.values(), ids=PILLS)
async def test_a_broken_root_that_is_stored_is_an_error_of_its_profile_and_not_of_the_check_in(
    company: Company, change: Change
) -> None:
    bad, good = await company.root(ROOT), await company.root(ROOT, name="issuing")
    await plant(company, bad, broken_root(company, change))
    device = await company.enrolled_fleet(**IPHONE)
    store = Store(device)
    assert "InstallProfile" in await device.converse(store.obey)
    statuses = await company.statuses(device)
    assert statuses[good]["status"] == "compliant"
    assert statuses[bad]["status"] == "error"
    assert "not an X.509 certificate" in statuses[bad]["message"]
    found = await diagnose(company.emulator, company.tenant, user="alice@contoso.example")
    assert not found.healthy
    assert "not an X.509 certificate" in repr(found.findings)
    assert (await company.do(history, "alice@contoso.example")).facts.user is not None


async def test_a_broken_root_that_was_on_its_way_is_told_to_the_device_and_taken_back(company: Company) -> None:
    profile = await company.root(ROOT)
    device = await company.enrolled_fleet(**IPHONE)
    store = Store(device)
    await device.report("Idle")
    broken = broken_root(company, with_an_empty_name)

    def change(tx: Any) -> None:
        tx.connection.execute(ledger.update().where(ledger.c.payload.is_not(None)).values(payload=broken))

    await company.do(change)
    await device.converse(store.obey)
    await plant(company, profile, broken)
    await company.perform(device)
    await device.converse(store.obey)
    assert (await company.statuses(device))[profile]["status"] == "error"
