"""An administrator who works over Graph, and simulated devices that enrol for Alice."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from fauxtune_sim.agent.agent import Agent
from fauxtune_sim.agent.by_platform import agent_for
from fauxtune_sim.device.device import Device
from fauxtune_sim.platforms import Platform
from fauxtune_sim.server.transport import Transport
from tests.support.control import say_json_of
from tests.support.running_server import Served

PROFILES = "/beta/deviceManagement/deviceConfigurations"
DEVICES = "/beta/deviceManagement/managedDevices"
ALICE = "alice@contoso.example"
#: The settings of every e-mail profile.
MAIL: dict[str, Any] = {
    "hostName": "mail.contoso.example",
    "accountName": "Work",
    "emailAddressSource": "primarySmtpAddress",
    "usernameSource": "userPrincipalName",
    "requireSsl": True,
}
#: The kinds of the profiles that give an iPhone a mail account: root, certificate, account.
IOS_MAIL = ("iosTrustedRootCertificate", "iosPkcsCertificateProfile", "iosEasEmailProfileConfiguration")
#: The kinds of root and SCEP profile of each platform, and the settings that only it has.
SCEP_KINDS: dict[Platform, tuple[str, str, dict[str, Any]]] = {
    Platform.ANDROID: (
        "androidWorkProfileTrustedRootCertificate",
        "androidWorkProfileScepCertificateProfile",
        {"hashAlgorithm": "sha2"},
    ),
    Platform.IOS: ("iosTrustedRootCertificate", "iosScepCertificateProfile", {}),
    Platform.MACOS: ("macOSTrustedRootCertificate", "macOSScepCertificateProfile", {"hashAlgorithm": "sha2"}),
    Platform.WINDOWS: (
        "windows81TrustedRootCertificate",
        "windows81SCEPCertificateProfile",
        {"hashAlgorithm": "sha2", "certificateStore": "machine", "keyStorageProvider": "useSoftwareKsp"},
    ),
    Platform.WINDOWS_PHONE_81: (
        "windowsPhone81TrustedRootCertificate",
        "windowsPhone81SCEPCertificateProfile",
        {"hashAlgorithm": "sha2"},
    ),
}


@dataclass
class Administrator:
    """Creates profiles, assigns them to all users, and performs actions on devices."""

    graph: httpx.AsyncClient

    async def profile(self, kind: str, **settings: Any) -> str:
        """Create a profile; its id."""
        body = {"@odata.type": f"#microsoft.graph.{kind}", "displayName": kind, **settings}
        answer = await self.graph.post(PROFILES, json=body)
        assert answer.is_success, answer.text
        return str(answer.json()["id"])

    async def root(self, kind: str, *, authority: str = "root") -> str:
        """Create a trusted-root profile of an authority of the tenant; its id."""
        der = (await self.graph.get(f"/pki/contoso/{authority}/ca.cer")).raise_for_status().content
        return await self.profile(kind, trustedRootCertificate=base64.b64encode(der).decode())

    async def pkcs(self, kind: str, **settings: Any) -> str:
        """Create a PKCS profile whose certificates have elliptic keys, which cost little to make; its id."""
        return await self.profile(
            kind,
            certificationAuthority="ca.contoso.example",
            certificationAuthorityName="Contoso Issuing CA",
            certificateTemplateName="SmimeP256",
            **settings,
        )

    async def scep(self, platform: Platform, url: str, *, root: bytes | None = None, **settings: Any) -> str:
        """Create and assign a SCEP profile with a trusted root (DER; None: the tenant's own); its id."""
        root_kind, kind, own = SCEP_KINDS[platform]
        text = {} if root is None else {"trustedRootCertificate": base64.b64encode(root).decode()}
        trusted = await (self.profile(root_kind, **text) if text else self.root(root_kind))
        usual = {
            "scepServerUrls": [url],
            "subjectNameFormat": "commonName",
            "subjectAlternativeNameType": "emailAddress",
            "extendedKeyUsages": [{"name": "Secure Email", "objectIdentifier": "1.3.6.1.5.5.7.3.4"}],
            "keyUsage": "keyEncipherment,digitalSignature",
            "keySize": "size2048",
            "certificateValidityPeriodValue": 1,
            "certificateValidityPeriodScale": "years",
            "renewalThresholdPercentage": 20,
            "rootCertificate@odata.bind": reference(trusted),
        }
        profile = await self.profile(kind, **{**usual, **own, **settings})
        await self.assign(trusted, profile)
        return profile

    async def assign(self, *profiles: str, to_everybody: bool = True) -> None:
        """Assign the profiles to all licensed users, or take their assignments away."""
        target = {"target": {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}}
        for profile in profiles:
            body = {"assignments": [target] if to_everybody else []}
            (await self.graph.post(f"{PROFILES}/{profile}/assign", json=body)).raise_for_status()

    async def statuses(self, profile: str) -> list[str]:
        """Return the statuses of a profile on the devices."""
        answer = (await self.graph.get(f"{PROFILES}/{profile}/deviceStatuses")).raise_for_status()
        return [entry["status"] for entry in answer.json()["value"]]

    async def reasons(self, profile: str) -> list[tuple[int, str]]:
        """Return the error code and the description of each setting of a profile that failed on the only device."""
        (device,) = await self.devices()
        path = f"{DEVICES}/{device['id']}/deviceConfigurationStates/{profile}/settingStates"
        answer = (await self.graph.get(path)).raise_for_status()
        return [(item["errorCode"], item["errorDescription"]) for item in answer.json()["value"]]

    async def devices(self) -> list[dict[str, Any]]:
        """Return the managed devices."""
        return list((await self.graph.get(DEVICES)).raise_for_status().json()["value"])

    async def perform(self, action: str, **body: Any) -> None:
        """Perform an action on the only device."""
        (device,) = await self.devices()
        answer = await self.graph.post(f"{DEVICES}/{device['id']}/{action}", json=body or None)
        assert answer.is_success, answer.text

    async def token(self, user: str = ALICE) -> str:
        """Create a token with which a device enrols for a user."""
        body = {"userPrincipalName": user}
        answer = await self.graph.post("/_fauxtune/v1/tenants/contoso/enrollmentTokens", json=body)
        return str(answer.raise_for_status().json()["token"])

    async def mail_accounts(self, kinds: tuple[str, str, str], *, method: str = "certificate") -> None:
        """Create and assign profiles of these kinds for a root, a certificate and a mail account, which logs in with
        the certificate. That is for S/MIME and for clients of TLS.
        """
        root_kind, certificate_kind, mail_kind = kinds
        root = await self.root(root_kind)
        issued_by = {} if certificate_kind.startswith("ios") else {"rootCertificate@odata.bind": reference(root)}
        certificate = await self.profile(
            certificate_kind,
            certificationAuthority="ca.contoso.example",
            certificationAuthorityName="Contoso Issuing CA",
            certificateTemplateName="User",
            subjectAlternativeNameType="emailAddress",
            **issued_by,
        )
        bound = {"identityCertificate@odata.bind": reference(certificate)} if method == "certificate" else {}
        settings = {name: value for name, value in MAIL.items() if name != "accountName" or "ios" in mail_kind}
        mail = await self.profile(mail_kind, **settings, authenticationMethod=method, **bound)
        await self.assign(root, certificate, mail)

    async def publish(self, address: str, *, thumbprint: str) -> None:
        """Publish a certificate of the tenant for an address."""
        body = {"address": address, "thumbprint": thumbprint}
        answer = await self.graph.post("/_fauxtune/v1/tenants/contoso/address-book", json=body)
        assert answer.is_success, answer.text


@asynccontextmanager
async def administrator_of(server: Served) -> AsyncIterator[Administrator]:
    """An administrator of the tenant that is there from the start."""
    hooks = {"request": [say_json_of]}
    async with httpx.AsyncClient(
        base_url=server.https, verify=server.trusting(), timeout=60, event_hooks=hooks
    ) as graph:
        form = {
            "grant_type": "client_credentials",
            "client_id": server.endpoints["clientId"],
            "client_secret": server.endpoints["clientSecret"],
            "scope": "https://graph.microsoft.com/.default",
        }
        answer = (await graph.post("/contoso/oauth2/v2.0/token", data=form)).raise_for_status()
        graph.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        yield Administrator(graph)


def reference(profile: str) -> str:
    """Return the address of a profile, as another refers to it."""
    return f"https://graph.microsoft.com{PROFILES}('{profile}')"


@dataclass
class AgentEnroller:
    """Enrols simulated devices, for Alice or another user: `await enrol_agent(Platform.IOS)`."""

    server: Served
    administrator: Administrator
    transport: Transport

    async def __call__(self, platform: Platform, device: Device | None = None, *, user: str = ALICE) -> Agent:
        agent = agent_for(device or Device.new(platform=platform), self.transport)
        await agent.enroll(server=self.server.https, tenant="contoso", token=await self.administrator.token(user))
        return agent
