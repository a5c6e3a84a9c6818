"""NDES beside enrolment: its addresses, certificates and CRLs; and what it answers while something is missing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.x509.oid import NameOID

from tests.support import pkimessages
from tests.support.scep_clients import (
    CONTROL,
    FAILURE,
    GET_CERT,
    GET_CRL,
    NDES,
    RENEWAL_REQ,
    SUCCESS,
    Csr,
    ScepClient,
    encrypts,
    named,
    signs,
)
from tests.surfaces.ndes.conftest import Scene

PLACE = "/pki/contoso/certsrv/mscep"


async def change_connector(scene: Scene, **changes: Any) -> None:
    (connector,) = (await scene.http.get(f"{CONTROL}/connectors")).json()["value"]
    (await scene.http.patch(f"{CONTROL}/connectors/{connector['id']}", json=changes)).raise_for_status()


@pytest.mark.parametrize(
    "path",
    [
        NDES,
        f"{NDES}/",
        f"{NDES}/pkiclient.exe",
        f"{NDES}/scep",
        f"{PLACE}",
        f"{PLACE}/pkiclient.exe",
        f"{PLACE}/MSCEP.DLL/PKIClient.exe/",
    ],
)
async def test_it_is_served_under_every_spelling(scene: Scene, path: str) -> None:
    answer = await scene.http.get(path, params={"OPERATION": "getcacaps", "message": "x"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert {"POSTPKIOperation", "Renewal", "AES", "SHA-256", "SHA-512", "GetNextCACert"} <= set(answer.text.split())
    client = ScepClient(scene.http, scene.client.key, url=path)
    assert len(await client.certificates()) == 4


@pytest.mark.parametrize(
    ("method", "path", "query", "status"),
    [
        ("GET", NDES, "", 403),
        ("GET", "/pki/contoso/certsrv/mscep_admin/", "", 404),
        ("GET", "/pki/nobody/certsrv/mscep/mscep.dll", "operation=GetCACaps", 404),
        ("GET", NDES, "operation=Dance", 400),
        ("POST", NDES, "operation=GetCACert", 400),
        ("POST", NDES, "", 400),
        ("DELETE", NDES, "", 405),
        ("GET", NDES, "operation=GetNextCACert", 404),
    ],
)
async def test_what_it_does_not_serve_has_a_status(
    scene: Scene, method: str, path: str, query: str, status: int
) -> None:
    answer = await scene.http.request(method, f"{path}?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/plain; charset=utf-8")


async def test_get_ca_cert_names_both_ra_certificates_and_their_issuers(scene: Scene) -> None:
    certificates = await scene.client.certificates()
    ra = [certificate for certificate in certificates if encrypts(certificate) or signs(certificate)]
    assert (len(certificates), len(ra)) == (4, 2)
    (issuer,) = [certificate for certificate in certificates if certificate.subject == ra[0].issuer]
    for each in ra:
        each.verify_directly_issued_by(issuer)
        assert each.not_valid_after_utc - each.not_valid_before_utc > timedelta(days=700)
    assert await scene.client.certificates() == certificates
    shown = (await scene.http.get(f"{CONTROL}/scep/ndes")).json()
    assert (shown["url"], shown["problem"]) == (f"http://localhost:8080{NDES}", None)
    assert {row["purpose"] for row in shown["raCertificates"]} == {"encryption", "signing"}


async def test_a_renewal_has_a_new_key_and_is_signed_with_the_present_certificate(scene: Scene) -> None:
    first = scene.client.issued(await scene.client.ask(await scene.csr()))
    for number, kind in ((0, RENEWAL_REQ), (1, "19")):
        new = scene.keys[number]
        csr = Csr(new, await scene.challenge()).der()
        client = scene.client.renewing(first)
        second = client.issued(await client.ask(csr, kind=kind, transaction=str(number)))
        assert second.public_key() == new.public_key()
    (event, *more) = await scene.events("renewed")
    assert event["certificate"]["source"] == "scep"
    assert len(more) == 1
    rows = (await scene.http.get(f"{CONTROL}/scep/requests", params={"state": "issued"})).json()["value"]
    assert [row["renews"] for row in rows if row["renews"]] == [f"{first.serial_number:x}"] * 2


async def test_get_cert_and_get_crl_are_answered_for_certificates_of_the_tenant(scene: Scene) -> None:
    certificate = scene.client.issued(await scene.client.ask(await scene.csr()))
    answer = await scene.client.ask(named(certificate), kind=GET_CERT)
    assert scene.client.issued(answer) == certificate
    revoked = f"{CONTROL}/certificates/{certificate.serial_number:x}/revoke"
    (await scene.http.post(revoked, json={})).raise_for_status()
    answer = await scene.client.ask(named(certificate), kind=GET_CRL)
    assert answer.status == SUCCESS
    assert answer.content is not None
    message = cms.ContentInfo.load(pkimessages.opened(answer.content, scene.client.key))["content"]
    (crl,) = [x509.load_der_x509_crl(each.chosen.dump()) for each in message["crls"]]
    assert crl.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None


@pytest.mark.parametrize("kind", [GET_CERT, GET_CRL])
async def test_a_certificate_that_nobody_here_issued_is_not_named(scene: Scene, kind: str) -> None:
    unknown = await scene.client.ask(named(scene.client.own), kind=kind)
    assert (unknown.status, unknown.fail_info) == (FAILURE, "4")
    nonsense = await scene.client.ask(b"\x30\x03\x02\x01\x05", kind=kind)
    assert (nonsense.status, nonsense.fail_info) == (FAILURE, "2")


async def test_after_a_rollover_the_next_ca_certificate_is_told(scene: Scene) -> None:
    await scene.client.certificates()
    name = "issuing"
    for _ in range(3):  # the ring's keys come round: with the key that it had, an authority has no successor
        name = (await scene.http.post(f"{CONTROL}/authorities/{name}/rollover")).raise_for_status().json()["name"]
        answer = await scene.http.get(NDES, params={"operation": "GetNextCACert"})
        if answer.status_code == 200:
            break
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-x509-next-ca-cert")
    inner = cms.ContentInfo.load(pkimessages.content_of(answer.content))["content"]
    told = {x509.load_der_x509_certificate(each.chosen.dump()) for each in inner["certificates"]}
    certificate = scene.client.issued(await scene.client.ask(await scene.csr()))
    (issuer,) = [each for each in told if each.subject != each.issuer]
    certificate.verify_directly_issued_by(issuer)
    await scene.http.post(f"{CONTROL}/scep/ndes/renew")
    assert (await scene.http.get(NDES, params={"operation": "GetNextCACert"})).status_code == 404


async def test_without_a_connector_on_line_it_is_unavailable(scene: Scene) -> None:
    message = await scene.client.message(await scene.csr())
    await change_connector(scene, state="offline")
    for operation in ("GetCACaps", "GetCACert"):
        answer = await scene.http.get(NDES, params={"operation": operation})
        assert (answer.status_code, "NDES does not answer: the connector" in answer.text) == (503, True)
    assert (await scene.http.post(NDES, params={"operation": "PKIOperation"}, content=message)).status_code == 503
    assert "NDES does not answer" in (await scene.http.get(f"{CONTROL}/scep/ndes")).json()["problem"]
    await change_connector(scene, state="online")
    scene.client.issued(await scene.client.send(message))


async def test_without_a_connector_of_that_role_there_is_no_ndes(scene: Scene) -> None:
    await change_connector(scene, roles=["pkcs", "revocation"])
    answer = await scene.http.get(NDES, params={"operation": "GetCACaps"})
    assert (answer.status_code, "has the role SCEP: there is no NDES" in answer.text) == (404, True)


@pytest.mark.parametrize(
    ("name", "word"),
    [("Nothing", "has no certificate template 'Nothing'"), ("SmimeBoth", "does not let the connector enrol")],
)
async def test_a_template_that_is_missing_or_closed_is_a_failure_that_the_service_learns(
    scene: Scene, name: str, word: str
) -> None:
    await scene.settings(ndes__generalPurposeTemplate=name)
    if name == "SmimeBoth":
        place = f"{CONTROL}/authorities/issuing/templates/SmimeBoth"
        (await scene.http.patch(place, json={"connectorMayEnroll": False})).raise_for_status()
    csr = await scene.csr()
    answer = await scene.client.ask(csr)
    assert (answer.status, answer.fail_info) == (FAILURE, "2")
    assert await scene.log() == [4003, 4004, 4007, 4001]
    (failed,) = await scene.events("scepIssuanceFailed")
    assert word in failed["detail"]["reason"]
    await scene.settings(ndes__generalPurposeTemplate="SmimeSigning")
    scene.client.issued(await scene.client.ask(csr))


async def test_an_authority_that_is_off_line_is_a_failure_and_the_request_may_come_again(scene: Scene) -> None:
    await scene.client.certificates()
    csr, place = await scene.csr(), f"{CONTROL}/authorities/issuing"
    (await scene.http.patch(place, json={"state": "unavailable"})).raise_for_status()
    answer = await scene.client.ask(csr)
    assert (answer.status, answer.fail_info) == (FAILURE, "2")
    (await scene.http.patch(place, json={"state": "available"})).raise_for_status()
    scene.client.issued(await scene.client.ask(csr))


async def test_expired_ra_certificates_stop_it_until_they_are_renewed(scene: Scene) -> None:
    before = await scene.client.certificates()
    scene.contoso.clock.forward(days=731)
    answer = await scene.http.get(NDES, params={"operation": "GetCACert"})
    assert (answer.status_code, "expired on" in answer.text) == (500, True)
    assert "expired on" in (await scene.http.get(f"{CONTROL}/scep/ndes")).json()["problem"]
    renewed = await scene.http.post(f"{CONTROL}/scep/ndes/renew")
    assert renewed.status_code == 200, renewed.text
    after = await scene.client.certificates()
    assert not {certificate for certificate in before if encrypts(certificate) or signs(certificate)} & set(after)
    scene.client.issued(await scene.client.ask(await scene.csr()))


async def test_a_removed_connector_takes_its_ra_certificates_along(scene: Scene) -> None:
    await scene.client.certificates()
    (connector,) = (await scene.http.get(f"{CONTROL}/connectors")).json()["value"]
    body = {"name": "second", "roles": ["scep"], "mode": "immediate"}
    (await scene.http.post(f"{CONTROL}/connectors", json=body)).raise_for_status()
    place = f"{CONTROL}/connectors/{connector['id']}"
    (await scene.http.patch(place, json={"state": "offline"})).raise_for_status()
    (await scene.http.delete(place)).raise_for_status()
    assert (await scene.http.get(f"{CONTROL}/scep/ndes")).json()["connector"] == "second"
    scene.client.issued(await scene.client.ask(await scene.csr()))


async def test_the_policy_module_of_2020_writes_its_own_events(scene: Scene) -> None:
    await scene.settings(edition="2020-04")
    # In that edition a user's name is the userPrincipalName.
    address = "alice@contoso.example"
    subject = ((NameOID.EMAIL_ADDRESS, address), (NameOID.COMMON_NAME, address))
    scene.client.issued(await scene.client.ask(await scene.csr(subject=subject)))
    await scene.client.ask(await scene.csr(names=()), transaction="second")
    events = (await scene.http.get(f"{CONTROL}/connectors/-/events")).json()["events"]
    assert [event["id"] for event in events if event["id"] >= 20500] == [20500, 20600, 20502]
    assert events[-1]["diagnosticCode"] == "0x0FFFFFFF"


async def test_a_fault_on_its_surface_strikes_and_a_retried_message_succeeds(scene: Scene) -> None:
    message = await scene.client.message(await scene.csr())
    rule = {"match": {"surface": "ndes", "method": "POST"}, "when": {"nth": 1}, "effect": {"status": 503}}
    (await scene.http.post(f"{CONTROL}/faults", json=rule)).raise_for_status()
    struck = await scene.http.post(NDES, params={"operation": "PKIOperation"}, content=message)
    assert struck.status_code == 503
    scene.client.issued(await scene.client.send(message))
