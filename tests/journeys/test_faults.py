"""Faults beyond Graph, end to end: connectors, the authority, CRLs, and devices with their own answers."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from fauxtune_sim.agent.agent import Agent
from fauxtune_sim.errors import SimulatorError
from fauxtune_sim.platforms import Platform
from tests.support.administrator import ALICE, Administrator, AgentEnroller
from tests.support.certificates import pfx_import
from tests.support.control import connector_key
from tests.support.running_server import EDITION

Json = dict[str, Any]
TENANT = "/_fauxtune/v1/tenants/contoso"
IMPORTED = "iosImportedPFXCertificateProfile"
#: The connector that serves PKCS profiles (in 2020 it was a program of its own), and its event of a failed download.
ISSUES, NOT_DOWNLOADED = (
    ("Certificate Connector 1 (PKCS)", 20402) if EDITION == "2020-04" else ("Certificate Connector 1", 1003)
)


async def fault(
    graph: httpx.AsyncClient,
    kind: str,
    *,
    match: Json | None = None,
    when: Json | None = None,
    effect: Json | None = None,
) -> str:
    """Add a fault; its id. `effect`: its other members."""
    body = {"match": match or {}, "when": when or {}, "effect": {"kind": kind, **(effect or {})}}
    answer = await graph.post(f"{TENANT}/faults", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["warnings"] == []
    return str(answer.json()["id"])


async def without(graph: httpx.AsyncClient, fault_id: str) -> None:
    """Delete a fault, which must have struck."""
    assert (await graph.get(f"{TENANT}/faults/{fault_id}")).json()["fired"]
    assert (await graph.delete(f"{TENANT}/faults/{fault_id}")).status_code == 204


async def come(agent: Agent, times: int = 3) -> None:
    """Check in so many times."""
    for _ in range(times):
        await agent.check_in()


async def later(graph: httpx.AsyncClient, by: str) -> None:
    """Put the tenant's clock forward."""
    (await graph.post(f"{TENANT}/clock/advance", json={"by": by})).raise_for_status()


async def item(graph: httpx.AsyncClient, source: str) -> Json:
    """Return the only item of this source on the only device."""
    (device,) = (await graph.get(f"{TENANT}/devices")).json()["value"]
    ledger = (await graph.get(f"{TENANT}/devices/{device['id']}/ledger")).json()
    (entry,) = [each for each in ledger["items"] if each["source"] == source]
    return dict(entry)


@pytest.fixture
async def iphone(administrator: Administrator, enrol_agent: AgentEnroller) -> Agent:
    """Alice's iPhone, for which a root is assigned, and a PKCS certificate."""
    root = await administrator.root("iosTrustedRootCertificate")
    pkcs = await administrator.pkcs("iosPkcsCertificateProfile", subjectAlternativeNameType="emailAddress")
    await administrator.assign(root, pkcs)
    return await enrol_agent(Platform.IOS)


async def test_what_a_connector_and_its_authority_refuse_is_issued_once_the_faults_are_gone(
    administrator: Administrator, iphone: Agent
) -> None:
    graph = administrator.graph
    offline = await fault(graph, "connectorOffline")
    await come(iphone)
    assert (await item(graph, "pkcs"))["state"] == "wanted"
    await without(graph, offline)
    for kind, word in (
        ("templateGone", "has no certificate template 'SmimeP256'"),
        ("authorityRefuses", "policy module"),
    ):
        refusing = await fault(graph, kind, match={"user": ALICE})
        await later(graph, "PT2H")
        await come(iphone)
        failed = await item(graph, "pkcs")
        assert failed["state"] == "failed"
        assert word in failed["error"]
        await without(graph, refusing)
    await later(graph, "PT2H")
    await come(iphone)
    assert (await item(graph, "pkcs"))["state"] == "installed"
    assert len(list(iphone.device.keystore.identities())) == 1
    hits = (await graph.get(f"{TENANT}/journal?type=faultHit")).json()["events"]
    assert {event["detail"]["effect"] for event in hits} == {"connectorOffline", "templateGone", "authorityRefuses"}
    assert {event["user"] for event in hits} == {ALICE}


async def test_a_firewall_keeps_a_connector_and_devices_alike_from_the_service_and_each_place_says_which_host(
    administrator: Administrator, iphone: Agent
) -> None:
    graph = administrator.graph

    async def connector() -> Json:
        rows = (await graph.get("/beta/deviceManagement/ndesConnectors")).json()["value"]
        return next(row for row in rows if row["displayName"] == ISSUES)

    blocked: Json = {"hosts": ["*.manage.microsoft.com"]}
    only_it = await fault(graph, "networkBlocked", match={"connector": ISSUES}, effect=blocked)
    await come(iphone)
    assert (await item(graph, "pkcs"))["state"] == "wanted"
    assert ((await connector())["state"], (await connector())["healthStatus"]) == ("inactive", "disconnected")
    events = (await graph.get(f"{TENANT}/connectors/-/events?id={NOT_DOWNLOADED}")).json()["events"]
    assert "cannot reach r.manage.microsoft.com:443" in events[-1]["detail"]["message"]
    findings = (await graph.get(f"{TENANT}/diagnose", params={"user": ALICE})).json()["findings"]
    said = {finding["code"]: finding["message"] for finding in findings}
    assert said.keys() == {"connector-offline"}
    assert "cannot reach r.manage.microsoft.com:443; devices need the same" in said["connector-offline"]
    await without(graph, only_it)

    everything = await fault(graph, "networkBlocked", effect=blocked)
    with pytest.raises(SimulatorError):
        await iphone.check_in()
    findings = (await graph.get(f"{TENANT}/diagnose", params={"user": ALICE})).json()["findings"]
    assert {finding["code"] for finding in findings} == {"connector-offline", "network-blocked"}
    await without(graph, everything)
    await come(iphone)
    assert (await item(graph, "pkcs"))["state"] == "installed"
    assert (await connector())["state"] == "active"


async def test_a_locked_phone_answers_not_now_until_it_comes_again(administrator: Administrator, iphone: Agent) -> None:
    graph = administrator.graph
    locked = await fault(graph, "deviceNotNow", when={"next": 2})
    await iphone.check_in()
    await iphone.check_in()
    assert [*iphone.device.keystore.identities()] == []
    await come(iphone)
    assert len(list(iphone.device.keystore.identities())) == 1
    await without(graph, locked)


async def test_a_connector_without_the_key_and_a_cipher_that_nobody_knows_fail_an_imported_certificate(
    administrator: Administrator, enrol_agent: AgentEnroller, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    graph = administrator.graph
    file = pfx_import(raw_rsa_keys[0], await connector_key(graph))
    profile = await administrator.profile(IMPORTED, intendedPurpose="smimeEncryption")
    await administrator.assign(profile)
    body = {**file.body(ALICE), "intendedPurpose": "smimeEncryption"}
    assert (await graph.post("/beta/deviceManagement/userPfxCertificates", json=body)).status_code == 201
    phone = await enrol_agent(Platform.IOS)
    missing = await fault(graph, "connectorKeyMissing", match={"connector": "Certificate Connector 1"})
    await come(phone)
    failed = await item(graph, "imported")
    assert failed["state"] == "failed"
    assert "has no RSA key" in failed["error"]
    await without(graph, missing)
    cipher = await fault(graph, "deviceRefusesCipher", when={"nth": 1})
    await later(graph, "PT2H")
    await come(phone)
    refused = await item(graph, "imported")
    assert refused["state"] == "failed"
    assert refused["error"].startswith("The device refused it")
    assert [*phone.device.keystore.identities()] == []
    await without(graph, cipher)


async def test_a_revoked_certificate_is_given_again_where_intune_did(
    administrator: Administrator, iphone: Agent
) -> None:
    graph = administrator.graph
    await come(iphone)
    first = await item(graph, "pkcs")
    again = await fault(graph, "staleRevokedReissue")
    (profile,) = first["profiles"]
    await administrator.assign(profile, to_everybody=False)
    await come(iphone)
    assert [*iphone.device.keystore.identities()] == []
    revoked = await graph.post(
        f"{TENANT}/certificates/{first['serial']}/revoke", json={"reason": "cessationOfOperation"}
    )
    assert revoked.is_success, revoked.text
    await administrator.assign(profile)
    await come(iphone)
    after = await item(graph, "pkcs")
    assert (after["state"], after["serial"]) == ("installed", first["serial"])
    assert len(list(iphone.device.keystore.identities())) == 1
    certificate = (await graph.get(f"{TENANT}/certificates/{first['serial']}")).json()
    assert certificate["status"] == "revoked"
    await without(graph, again)


async def test_a_crl_has_ended_or_cannot_be_reached(administrator: Administrator, server: Any) -> None:
    graph = administrator.graph
    address = "/pki/contoso/issuing/crl"
    expired = await fault(graph, "crlExpired", when={"nth": 1})
    now = (await graph.get(f"{TENANT}/clock")).json()["now"]
    crls = [x509.load_der_x509_crl((await graph.get(address)).content) for _ in range(2)]
    ends = [crl.next_update_utc.isoformat() if crl.next_update_utc else "" for crl in crls]
    assert ends[0] < now[:19] < ends[1]
    await without(graph, expired)
    unreachable = await fault(graph, "crlUnreachable", match={"path": "/pki/{tenant}/issuing/crl"}, when={"nth": 1})
    with pytest.raises(httpx.TransportError):
        await graph.get(address)
    assert (await graph.get(address)).status_code == 200
    assert (await graph.get("/pki/contoso/root/crl")).status_code == 200
    await without(graph, unreachable)
