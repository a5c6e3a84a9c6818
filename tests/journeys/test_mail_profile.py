"""Alice's phone gets a mail account that signs in with her certificate: whichever profile the administrator makes
first, the account comes last; without the certificate it says what is missing, and it heals by itself.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from fauxtune_sim.android.client import AndroidAgent
from fauxtune_sim.device import Device
from fauxtune_sim.transport import Transport
from tests.server.running import Running, serving

PROFILES = "/beta/deviceManagement/deviceConfigurations"
ALICE = "alice@contoso.example"
MAIL: dict[str, Any] = {
    "hostName": "mail.contoso.example",
    "authenticationMethod": "certificate",
    "emailAddressSource": "primarySmtpAddress",
    "usernameSource": "userPrincipalName",
    "requireSsl": True,
}


@dataclass
class Administrator:
    """Who makes profiles and assigns them to everybody."""

    graph: httpx.AsyncClient

    async def profile(self, kind: str, **settings: Any) -> str:
        body = {"@odata.type": f"#microsoft.graph.{kind}", "displayName": kind, **settings}
        return str((await self.graph.post(PROFILES, json=body)).raise_for_status().json()["id"])

    async def root(self) -> str:
        der = (await self.graph.get("/pki/contoso/root/ca.cer")).content
        kind = "androidWorkProfileTrustedRootCertificate"
        return await self.profile(kind, trustedRootCertificate=base64.b64encode(der).decode())

    async def pkcs(self, root: str) -> str:
        return await self.profile(
            "androidWorkProfilePkcsCertificateProfile",
            certificationAuthority="ca.contoso.example",
            certificationAuthorityName="Contoso Issuing CA",
            certificateTemplateName="SmimeP256",
            **{"rootCertificate@odata.bind": f"https://graph.microsoft.com{PROFILES}('{root}')"},
        )

    async def assign(self, *profiles: str, to_everybody: bool = True) -> None:
        target = {"target": {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}}
        for profile in profiles:
            body = {"assignments": [target] if to_everybody else []}
            (await self.graph.post(f"{PROFILES}/{profile}/assign", json=body)).raise_for_status()

    async def statuses(self, profile: str) -> list[str]:
        answer = (await self.graph.get(f"{PROFILES}/{profile}/deviceStatuses")).raise_for_status()
        return [each["status"] for each in answer.json()["value"]]

    async def why(self, phone: AndroidAgent, profile: str) -> str:
        """What the journal says last of why the profile failed on the phone."""
        assert phone.device.enrollment is not None
        device = phone.device.enrollment.name.rpartition("/")[2]
        answer = await self.graph.get("/_fauxtune/v1/tenants/contoso/journal", params={"device": device})
        events = answer.raise_for_status().json()["events"]
        failed = [each for each in events if (each["type"], each["profile"]) == ("failed", profile)]
        return str(failed[-1]["detail"]["reason"])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with serving("--data-dir", tmp_path / "data") as running:
        yield running


@pytest.fixture
async def administrator(server: Running) -> AsyncIterator[Administrator]:
    async with httpx.AsyncClient(base_url=server.https, verify=server.trusting(), timeout=60) as graph:
        form = {
            "grant_type": "client_credentials",
            "client_id": server.endpoints["clientId"],
            "client_secret": server.endpoints["clientSecret"],
            "scope": "https://graph.microsoft.com/.default",
        }
        answer = (await graph.post("/contoso/oauth2/v2.0/token", data=form)).raise_for_status()
        graph.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        yield Administrator(graph)


@pytest.fixture
async def phone(server: Running, administrator: Administrator) -> AsyncIterator[AndroidAgent]:
    """Alice's phone with a work profile."""
    body = {"userPrincipalName": ALICE}
    answer = await administrator.graph.post("/_fauxtune/v1/tenants/contoso/enrollmentTokens", json=body)
    ca = Path(server.endpoints["caFile"]).read_bytes()
    async with Transport(ca=ca) as transport:
        agent = AndroidAgent(Device.new("Alice's phone"), transport)
        token = answer.raise_for_status().json()["token"]
        await agent.enroll(server=server.https, tenant="contoso", token=token)
        yield agent


@pytest.mark.parametrize("mail_first", [False, True], ids=["certificate first", "mail first"])
async def test_a_mail_account_with_its_certificate(
    administrator: Administrator, phone: AndroidAgent, *, mail_first: bool
) -> None:
    root = await administrator.root()
    if mail_first:
        mail = await administrator.profile("androidWorkProfileGmailEasConfiguration", **MAIL)
        await administrator.assign(mail, root)
        await phone.check_in()
        assert (phone.device.accounts, await administrator.statuses(mail)) == ({}, ["error"])
        pkcs = await administrator.pkcs(root)
        reference = {"@odata.id": f"https://graph.microsoft.com{PROFILES}('{pkcs}')"}
        path = f"{PROFILES}/{mail}/microsoft.graph.androidWorkProfileGmailEasConfiguration/identityCertificate/$ref"
        (await administrator.graph.put(path, json=reference)).raise_for_status()
        await administrator.assign(pkcs)
    else:
        pkcs = await administrator.pkcs(root)
        bind = {"identityCertificate@odata.bind": f"deviceManagement/deviceConfigurations('{pkcs}')"}
        mail = await administrator.profile("androidWorkProfileGmailEasConfiguration", **MAIL, **bind)
        await administrator.assign(root, pkcs, mail)
    assert (await phone.check_in()).settled
    (account,) = phone.device.accounts.values()
    assert account.configuration == {
        "email_address": ALICE,
        "exchange_host": "mail.contoso.example",
        "exchange_username": ALICE,
        "exchange_ssl_required": True,
        "exchange_login_certificate_alias": f"pkcs-{pkcs}",
    }
    identity = phone.device.keystore.identity(f"pkcs-{pkcs}")
    assert identity.certificate.subject.rfc4514_string()
    assert [await administrator.statuses(each) for each in (root, pkcs, mail)] == [["compliant"]] * 3

    await administrator.assign(pkcs, to_everybody=False)
    assert (await phone.check_in()).settled
    assert (phone.device.accounts, await administrator.statuses(mail)) == ({}, ["error"])
    why = await administrator.why(phone, mail)
    assert "'androidWorkProfilePkcsCertificateProfile', which does not reach this device" in why

    await administrator.assign(pkcs)
    assert (await phone.check_in()).settled
    assert list(phone.device.accounts) == [f"email-{mail}"]
    assert await administrator.statuses(mail) == ["compliant"]

    refused = await administrator.graph.delete(f"{PROFILES}/{pkcs}")
    assert (refused.status_code, "identityCertificate" in refused.text) == (400, True)
    await administrator.assign(mail, to_everybody=False)
    assert (await phone.check_in()).settled
    assert phone.device.accounts == {}
