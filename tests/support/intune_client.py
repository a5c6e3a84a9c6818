"""Intune's service as an authority of a partner calls it, by the properties that `fauxtune scep client-config` prints.

A new token for each call, as Microsoft's client in Java does.
"""

from __future__ import annotations

import base64
import ssl
from dataclasses import dataclass, field
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes

SECONDS = 30.0


@dataclass(slots=True)
class IntuneClient:
    """Calls as one application."""

    properties: dict[str, str]
    context: ssl.SSLContext
    services: dict[str, str] = field(default_factory=dict)
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx.Client(verify=self.context, timeout=SECONDS)

    def validate(self, csr: bytes, transaction: str) -> str:
        """The code of the answer. Raises httpx.HTTPError if there is none."""
        body = {"request": self._described(csr, transaction)}
        return str(self._call("ScepRequestValidationFEService", "ScepActions/validateRequest", body)["code"])

    def succeeded(self, csr: bytes, transaction: str, *, certificate: x509.Certificate, **said: Any) -> None:
        """Report an issued certificate. `said` replaces members."""
        body = {
            **self._described(csr, transaction),
            "certificateThumbprint": certificate.fingerprint(hashes.SHA1()).hex().upper(),
            "certificateSerialNumber": f"{certificate.serial_number:X}",
            "certificateExpirationDateUtc": certificate.not_valid_after_utc.isoformat(),
            "issuingCertificateAuthority": certificate.issuer.rfc4514_string(),
            **said,
        }
        self._call("ScepRequestValidationFEService", "ScepActions/successNotification", {"notification": body})

    def failed(self, csr: bytes, transaction: str, reason: str) -> None:
        """Report a certificate that was not issued."""
        body = {**self._described(csr, transaction), "hResult": -2147418113, "errorDescription": reason}
        self._call("ScepRequestValidationFEService", "ScepActions/failureNotification", {"notification": body})

    def revocations(self) -> list[dict[str, Any]]:
        """What is to be revoked."""
        body = {"downloadParameters": {"maxRequests": 50, "issuerName": None}}
        path = "CertificateAuthorityRequests/downloadRevocationRequests"
        return list(self._call("PkiConnectorFEService", path, body)["value"])

    def revoked(self, context: str, *, succeeded: bool) -> None:
        """Report what became of a revocation."""
        code = "None" if succeeded else "CertificateNotFoundError"
        body = {"results": [{"requestContext": context, "succeeded": succeeded, "errorCode": code}]}
        self._call("PkiConnectorFEService", "CertificateAuthorityRequests/uploadRevocationResults", body)

    def _described(self, csr: bytes, transaction: str) -> dict[str, Any]:
        return {
            "transactionId": transaction,
            "certificateRequest": base64.b64encode(csr).decode(),
            "callerInfo": self.properties["PROVIDER_NAME_AND_VERSION"],
        }

    def _call(self, service: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if not self.services:
            self._discover()
        resource = self.properties["INTUNE_RESOURCE_URL"]
        answer = self.http.post(f"{self.services[service]}/{path}", json=body, headers=self._token(resource))
        document: dict[str, Any] = answer.raise_for_status().json()
        return document

    def _discover(self) -> None:
        graph = self.properties["MS_GRAPH_RESOURCE_URL"]
        url = f"{graph}v1.0/servicePrincipals/appId={self.properties['INTUNE_APP_ID']}/endpoints"
        answer = self.http.get(url, headers=self._token(graph)).raise_for_status()
        self.services = {item["providerName"]: item["uri"] for item in answer.json()["value"]}

    def _token(self, resource: str) -> dict[str, str]:
        form = {
            "grant_type": "client_credentials",
            "scope": f"{resource}/.default",
            "client_id": self.properties["AAD_APP_ID"],
            "client_secret": self.properties["AAD_APP_KEY"],
        }
        url = f"{self.properties['AUTH_AUTHORITY']}{self.properties['TENANT']}/oauth2/v2.0/token"
        answer = self.http.post(url, data=form).raise_for_status()
        return {"authorization": f"Bearer {answer.json()['access_token']}"}
