"""Imported PFX files on Windows and its phones: the same bytes, the password for the device alone."""

from __future__ import annotations

import base64

import httpx
import pytest

from tests.support.certificates import PASSWORD
from tests.support.devices.windows import Assign, Enroll, Json, Ledger, held


@pytest.mark.parametrize(
    ("platform", "profile", "scope"),
    [
        ("windows", "windows10ImportedPFXCertificateProfile", "./User/Vendor"),
        ("windows10mobile", "windows10ImportedPFXCertificateProfile", "./User/Vendor"),
        ("windowsphone81", "windowsPhone81ImportedPFXCertificateProfile", "./Vendor"),
    ],
)
async def test_an_imported_file_comes_as_it_was_and_opens_on_the_device(
    enroll: Enroll, assign: Assign, ledger: Ledger, imported: Json, platform: str, profile: str, scope: str
) -> None:
    await assign(profile, intendedPurpose="smimeEncryption", keyStorageProvider="useSoftwareKsp")
    device = await enroll(platform)
    await device.check_in()
    ((uri, blob),) = held(device, "/PFXCertBlob").items()
    node = f"{scope}/MSFT/ClientCertificateInstall/PFXCertInstall/{imported['thumbprint'].upper()}"
    assert uri == f"{node}/PFXCertBlob"
    assert blob == imported["encryptedPfxBlob"]
    assert device.opened == [PASSWORD.encode()]
    assert PASSWORD not in str(device.tree)
    assert base64.b64encode(PASSWORD.encode()).decode() not in str(device.tree)
    (item,) = (await ledger(device)).values()
    assert (item["state"], item["thumbprint"]) == ("installed", imported["thumbprint"])


async def test_a_file_whose_certificate_was_deleted_goes(
    enroll: Enroll, assign: Assign, http: httpx.AsyncClient, app_token: str, imported: Json
) -> None:
    await assign("windows10ImportedPFXCertificateProfile", intendedPurpose="smimeEncryption")
    device = await enroll()
    await device.check_in()
    assert held(device, "/PFXCertBlob")
    url = "/beta/deviceManagement/userPfxCertificates"
    headers = {"authorization": f"Bearer {app_token}"}
    (found,) = (await http.get(url, headers=headers)).json()["value"]
    assert (await http.delete(f"{url}/{found['id']}", headers=headers)).status_code == 204
    await device.check_in()
    assert not held(device, "/PFXCertBlob")
