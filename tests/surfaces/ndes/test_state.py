"""RA certificates and waiting requests in snapshots, exports and test tenants."""

from __future__ import annotations

from fauxtune.storage.queries.scep import ra_certificate_rows
from tests.support.scep_clients import CONTROL, GET_CERT, NDES, PENDING, POLL, ScepClient, encrypts, named
from tests.surfaces.ndes.conftest import Scene


async def test_a_restored_snapshot_brings_ra_certificates_and_waiting_requests_back(scene: Scene) -> None:
    await scene.settings(ndes__approval=True)
    assert (await scene.client.ask(await scene.csr())).status == PENDING
    before = await scene.client.certificates()
    (await scene.http.post(f"{CONTROL}/snapshots", json={"name": "waiting"})).raise_for_status()
    (request,) = (await scene.http.get(f"{CONTROL}/scep/requests")).json()["value"]
    (await scene.http.post(f"{CONTROL}/scep/requests/{request['id']}/approve")).raise_for_status()
    (await scene.http.post(f"{CONTROL}/scep/ndes/renew")).raise_for_status()
    assert await scene.client.certificates() != before
    (await scene.http.post(f"{CONTROL}/snapshots/waiting/restore")).raise_for_status()
    assert await scene.client.certificates() == before
    assert (await scene.client.ask(b"", kind=POLL)).status == PENDING
    (await scene.http.post(f"{CONTROL}/scep/requests/{request['id']}/approve")).raise_for_status()
    scene.client.issued(await scene.client.ask(b"", kind=POLL))


async def test_an_exported_tenant_brings_its_ra_keys_along(scene: Scene) -> None:
    before = await scene.client.certificates()
    document = (await scene.http.get(f"{CONTROL}/export", params={"keys": True})).raise_for_status()
    (await scene.http.delete(CONTROL)).raise_for_status()
    (await scene.http.post("/_fauxtune/v1/tenants", json={"name": "contoso"})).raise_for_status()
    imported = await scene.http.put(
        f"{CONTROL}/import", content=document.content, headers={"content-type": "application/json"}
    )
    assert imported.status_code == 200, imported.text
    assert await scene.client.certificates() == before
    scene.client.issued(await scene.client.ask(await scene.csr()))


async def test_test_tenants_share_the_keys_of_ra_certificates_and_keep_them_when_one_renews(scene: Scene) -> None:
    names = ("fabrikam", "lakeside")
    for name in names:
        body = {"name": name, "keys": "shared"}
        (await scene.http.post("/_fauxtune/v1/tenants", json=body)).raise_for_status()
    clients = [ScepClient(scene.http, scene.client.key, url=NDES.replace("contoso", name)) for name in names]
    for client in clients:
        assert len([certificate for certificate in await client.certificates() if encrypts(certificate)]) == 1
    # The shared keys come round: each of them is given up by one tenant while the other may have it.
    for _ in range(8):
        place = "/_fauxtune/v1/tenants/fabrikam/scep/ndes/renew"
        (await scene.http.post(place)).raise_for_status()
        for client in clients:
            # badCertId: the message was decrypted and understood, and no certificate has this name.
            assert (await client.ask(named(client.own), kind=GET_CERT)).fail_info == "4"
    for name in names:
        tenant = await scene.contoso.emulator.runner.tenant(name)
        rows = await scene.contoso.look(ra_certificate_rows, tenant.id)
        assert {row.purpose: row.file[:7] for row in rows} == {"encryption": "shared-", "signing": "shared-"}
