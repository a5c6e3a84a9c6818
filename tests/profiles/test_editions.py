"""A tenant goes by the documentation of one month: what did not apply then is not applicable to its devices."""

from __future__ import annotations

import httpx
import pytest

from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.profiles.catalog import kind
from fauxtune.operations.runtime.emulator import Emulator
from tests.profiles.test_every_kind import EVERYWHERE, checked_in, enrolled
from tests.support.graph import PROFILES, TENANT, create, documents
from tests.support.profile_samples import sample

ROOT = "androidDeviceOwnerTrustedRootCertificate"
PKCS = "androidDeviceOwnerPkcsCertificateProfile"
IMPORTED = "androidDeviceOwnerImportedPFXCertificateProfile"
PHONES_PKCS = "windows10PkcsCertificateProfile"


async def edition(http: httpx.AsyncClient, name: str) -> None:
    answer = await http.patch(TENANT, json={"settings": {"edition": name, "requireTrustedRoot": False}})
    assert answer.status_code == 200, answer.text


async def everywhere(beta: httpx.AsyncClient, *kinds: str) -> dict[str, str]:
    """A profile of each kind, which reaches all devices."""
    results = {}
    for name in kinds:
        known = kind(name)
        assert known is not None
        results[name] = (await create(beta, PROFILES, **sample(known)))["id"]
        assert (await beta.post(f"{PROFILES}/{results[name]}/assign", json=EVERYWHERE)).status_code == 200
    return results


async def statuses(beta: httpx.AsyncClient, profiles: dict[str, str]) -> dict[str, list[str]]:
    return {
        name: [document["status"] for document in await documents(beta, f"{PROFILES}/{profile}/deviceStatuses")]
        for name, profile in profiles.items()
    }


async def test_in_2020_fully_managed_android_took_roots_scep_and_imported_certificates_and_no_pkcs(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, emulator: Emulator, tenant: Tenant, csr: str
) -> None:
    await edition(http, "2020-04")
    profiles = await everywhere(beta, ROOT, PKCS, IMPORTED)
    device = await enrolled(emulator, tenant, variant=Variant.ANDROID_FULLY_MANAGED, csr=csr)
    await checked_in(emulator, tenant, device=device)
    result = await statuses(beta, profiles)
    assert result[PKCS] == ["notApplicable"]
    assert "notApplicable" not in result[ROOT] + result[IMPORTED]
    overview = (await beta.get(f"{PROFILES}/{profiles[PKCS]}/deviceStatusOverview")).json()
    assert (overview["notApplicableCount"], overview["notApplicablePlatformCount"]) == (1, 0)
    await edition(http, "current")
    await checked_in(emulator, tenant, device=device)
    result = await statuses(beta, profiles)
    assert "notApplicable" not in result[PKCS] + result[IMPORTED]


@pytest.mark.parametrize("name", ["2020-04", "current"])
async def test_windows_phone_never_takes_pkcs(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, emulator: Emulator, tenant: Tenant, csr: str, name: str
) -> None:
    await edition(http, name)
    profiles = await everywhere(beta, PHONES_PKCS)
    device = await enrolled(emulator, tenant, variant=Variant.WINDOWS_PHONE_81, csr=csr)
    await checked_in(emulator, tenant, device=device)
    assert await statuses(beta, profiles) == {PHONES_PKCS: ["notApplicable"]}
    users = await documents(beta, f"{PROFILES}/{profiles[PHONES_PKCS]}/userStatuses")
    assert [user["status"] for user in users] == ["notApplicable"]
