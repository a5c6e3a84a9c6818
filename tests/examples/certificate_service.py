"""A service as companies write it: it imports encryption certificates, assigns them, reports, and retires leavers."""

from __future__ import annotations

import base64
import ssl
import time
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key, pkcs12

DEVICES, PROFILES = "/beta/deviceManagement/managedDevices", "/beta/deviceManagement/deviceConfigurations"
PFX = "/beta/deviceManagement/userPfxCertificates"
BUSY = {429, 503, 504}


class GaveUp(Exception):
    """Graph refused too often, or for good."""


class Settings(Protocol):
    """The tenant and its application; `ca_file`: an authority to trust besides the system's."""

    id: str
    client_id: str
    client_secret: str
    ca_file: Any


class Connector(Protocol):
    """The certificate connector's key, as its administrator exported it."""

    public_key: str
    provider_name: str
    key_name: str


@dataclass
class Service:
    """One tenant, reached with its application's secret."""

    settings: Settings
    connector: Connector
    graph: str = "https://graph.microsoft.com"
    authority: str = "https://login.microsoftonline.com"
    tries: int = 4
    waited: list[float] = field(default_factory=list)
    _token: str = ""

    def __post_init__(self) -> None:
        self._http = httpx.Client(verify=ssl.create_default_context(cafile=self.settings.ca_file), timeout=10)

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *error: object) -> None:
        self._http.close()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request; repeat it as Graph's guidance says, and sign in again once if the token has expired."""
        for attempt in range(1, self.tries + 1):
            try:
                headers = {"Authorization": f"Bearer {self._token or self._sign_in()}"}
                answer = self._http.request(method, f"{self.graph}{path}", json=body, headers=headers)
            except httpx.TransportError as broken:
                if attempt == self.tries or method == "POST":
                    raise GaveUp(f"{method} {path}: {broken!r}") from broken
                continue
            if answer.is_success:
                return answer.json() if answer.content else None
            if answer.status_code == 401 and attempt == 1:
                self._token = ""
            elif answer.status_code in BUSY and attempt < self.tries:
                self._wait(float(answer.headers.get("Retry-After", 2 ** (attempt - 3))))
            else:
                break
        raise GaveUp(f"{method} {path}: {answer.status_code} {answer.text[:200]}")

    def import_pfx(self, user: str, data: bytes, password: str) -> str:
        """Import a PFX file for a user; the connector alone can read its password."""
        certificate = pkcs12.load_key_and_certificates(data, password.encode())[1]
        key = load_pem_public_key(self.connector.public_key.encode())
        assert certificate is not None
        assert isinstance(key, RSAPublicKey)
        sealed = key.encrypt(password.encode(), OAEP(MGF1(hashes.SHA256()), hashes.SHA256(), None))
        record = {
            "thumbprint": certificate.fingerprint(hashes.SHA1()).hex().upper(),
            "intendedPurpose": "smimeEncryption",
            "userPrincipalName": user,
            "startDateTime": f"{certificate.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}",
            "expirationDateTime": f"{certificate.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
            "providerName": self.connector.provider_name,
            "keyName": self.connector.key_name,
            "paddingScheme": "oaepSha256",
            "encryptedPfxBlob": base64.b64encode(data).decode(),
            "encryptedPfxPassword": base64.b64encode(sealed).decode(),
        }
        return str(self.call("POST", PFX, record)["thumbprint"])

    def assign(self, profile: str, group: str) -> None:
        """Assign a profile to a group, by their names."""
        profiles = {row["displayName"]: row["id"] for row in self.call("GET", PROFILES)["value"]}
        groups = self.call("GET", f"/v1.0/groups?$filter=displayName eq '{group}'")["value"]
        target = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": groups[0]["id"]}
        self.call("POST", f"{PROFILES}/{profiles[profile]}/assign", {"assignments": [{"target": target}]})

    def report(self, profile: str) -> dict[str, str]:
        """Return the status of a profile on each device, by the devices' names."""
        profiles = {row["displayName"]: row["id"] for row in self.call("GET", PROFILES)["value"]}
        rows = self.call("GET", f"{PROFILES}/{profiles[profile]}/deviceStatuses")["value"]
        return {row["deviceDisplayName"]: row["status"] for row in rows}

    def wait(self, profile: str, device: str, timeout: float = 10.0) -> str:
        """Return the status of a profile on a device as soon as it is a final one."""
        ends = time.monotonic() + timeout
        while time.monotonic() < ends:
            if (status := self.report(profile).get(device, "pending")) in {"compliant", "error"}:
                return status
            time.sleep(0.05)
        raise GaveUp(f"{profile} on {device}: no status after {timeout} seconds")

    def retire(self, user: str) -> list[str]:
        """Retire all devices of a user who leaves, and return their names."""
        devices = self.call("GET", f"{DEVICES}?$filter=userPrincipalName eq '{user}'")["value"]
        for device in devices:
            self.call("POST", f"{DEVICES}/{device['id']}/retire")
        return sorted(device["deviceName"] for device in devices)

    def _sign_in(self) -> str:
        form = {"grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default"}
        form |= {"client_id": self.settings.client_id, "client_secret": self.settings.client_secret}
        answer = self._http.post(f"{self.authority}/{self.settings.id}/oauth2/v2.0/token", data=form)
        if not answer.is_success:
            raise GaveUp(f"sign-in: {answer.json().get('error_description', answer.status_code)}")
        self._token = str(answer.json()["access_token"])
        return self._token

    def _wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        time.sleep(seconds)
