"""Certificates that no calendar and no name fits: refused where they come in, and never the end of a check-in."""

from __future__ import annotations

import base64
import plistlib
from typing import Any

import pytest
import sqlalchemy
from cryptography import x509

from fauxtune.operations.insight.diagnosis import diagnose, history
from fauxtune.storage.tables import ledger, profiles
from fauxtune.storage.tenancy import of_tenant
from tests.support import pkimessages
from tests.support.apple_tenant import BASE, AppleTenant
from tests.support.hostile_der import PILLS, Change, altered, of_the_year_0, with_an_empty_name

ROOT, MAC = "iosTrustedRootCertificate", {"model": "MacBookPro16,1"}
IPHONE: dict[str, Any] = {"product_name": "iPhone15,2", "os_version": "17.5.1", "model": "MQ0G3"}
#: Those that cryptography loads, and that raise an error when a part of them is read.
LAZY = {"year 0": of_the_year_0, "an empty name": with_an_empty_name}


def broken_root(contoso: AppleTenant, change: Change) -> bytes:
    key = contoso.device_keys[0]
    return altered(pkimessages.throw_away(key, contoso.clock.now()), key, change)


async def plant(contoso: AppleTenant, profile: str, certificate: bytes) -> None:
    """As a version of the server stored it that looked less closely."""

    def change(tx: Any) -> None:
        where = of_tenant(profiles, contoso.tenant.id) & (profiles.c.id == profile)
        (document,) = tx.connection.execute(sqlalchemy.select(profiles.c.document).where(where)).scalars()
        changed = {**document, "trustedRootCertificate": base64.b64encode(certificate).decode()}
        tx.connection.execute(profiles.update().where(where).values(document=changed))

    await contoso.do(change)


@pytest.mark.parametrize("path", ["checkin", "server"])
@pytest.mark.parametrize("change", LAZY.values(), ids=LAZY)
async def test_a_signature_by_a_broken_certificate_is_refused(contoso: AppleTenant, path: str, change: Change) -> None:
    device = contoso.fleet()
    certificate = x509.load_der_x509_certificate(broken_root(contoso, change))
    body = plistlib.dumps({"MessageType": "Authenticate", "UDID": device.udid, "Topic": "x"})
    signature = pkimessages.signed(body, key=contoso.device_keys[0], certificate=certificate, embed=False)
    answer = await contoso.http.put(
        f"{BASE}/{path}", content=body, headers={"Mdm-Signature": base64.b64encode(signature).decode()}
    )
    assert answer.status_code == 400, answer.text
    assert "no signed message (CMS SignedData) that can be read" in answer.text


@pytest.mark.parametrize("change", LAZY.values(), ids=LAZY)
async def test_a_renewal_signed_by_a_broken_certificate_is_refused(contoso: AppleTenant, change: Change) -> None:
    device = contoso.fleet()
    answer = await contoso.http.get(f"{BASE}/scep", params={"operation": "GetCACert"})
    authority = x509.load_der_x509_certificate(answer.content)
    by = (contoso.device_keys[0], x509.load_der_x509_certificate(broken_root(contoso, change)))
    message, _, _ = device.pki_message(device.csr("", "x"), authority, kind="17", by=by)
    done = await contoso.http.post(f"{BASE}/scep", params={"operation": "PKIOperation"}, content=message)
    assert done.status_code == 400, done.text


@pytest.mark.parametrize("change", PILLS.values(), ids=PILLS)
async def test_a_broken_root_that_is_stored_is_an_error_of_its_profile_and_not_of_the_check_in(
    contoso: AppleTenant, change: Change
) -> None:
    bad, good = await contoso.root(ROOT), await contoso.root(ROOT, name="issuing")
    await plant(contoso, bad, broken_root(contoso, change))
    device = await contoso.enrolled_fleet(**IPHONE)
    assert "InstallProfile" in await device.connect()
    statuses = await contoso.statuses(device)
    assert statuses[good].status == "compliant"
    assert statuses[bad].status == "error"
    assert "not an X.509 certificate" in str(statuses[bad].message)
    result = await diagnose(contoso.emulator, contoso.tenant, user="alice@contoso.example")
    assert not result.healthy
    assert "not an X.509 certificate" in repr(result.findings)
    assert (await contoso.do(history, "alice@contoso.example")).facts.user is not None


async def test_a_broken_root_that_was_on_its_way_is_told_to_the_device_and_taken_back(contoso: AppleTenant) -> None:
    profile = await contoso.root(ROOT)
    device = await contoso.enrolled_fleet(**IPHONE)
    await device.report("Idle")
    broken = broken_root(contoso, with_an_empty_name)

    def change(tx: Any) -> None:
        has_payload = of_tenant(ledger, contoso.tenant.id) & ledger.c.payload.is_not(None)
        tx.connection.execute(ledger.update().where(has_payload).values(payload=broken))

    await contoso.do(change)
    await device.connect()
    await plant(contoso, profile, broken)
    await contoso.perform(device)
    await device.connect()
    assert (await contoso.statuses(device))[profile].status == "error"
