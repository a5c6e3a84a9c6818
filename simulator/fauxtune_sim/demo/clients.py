"""Clients of the parts of the server that the demonstration needs: of Microsoft Graph (beta) with an application's
token, and of the certification authority's CRL (RFC 5280 5) and OCSP responder (RFC 6960).

Token: OAuth 2.0 client credentials. Device management: deviceConfigurations, their assignment, userPfxCertificates,
managedDevices and the remote actions on them.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from fauxtune_sim.errors import AnswerBroken, NotFoundHere, ServerRefused
from fauxtune_sim.keys.certificates import subject
from fauxtune_sim.server.control import ConnectorKey, IssuedCertificate
from fauxtune_sim.server.transport import Answer, Transport

_FORM = "application/x-www-form-urlencoded"
_CONFIGURATIONS = "/deviceManagement/deviceConfigurations"


@dataclass(frozen=True, slots=True)
class GraphRequest:
    """A POST request of the administrator: a path below `/beta`, and a body or None."""

    path: str
    body: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Graph:
    """A Graph client for one application of one tenant. `base` ends in `/beta`."""

    transport: Transport
    base: str
    token: str

    @classmethod
    async def sign_in(
        cls, transport: Transport, *, origin: str, tenant: str, client_id: str, client_secret: str
    ) -> Graph:
        """Sign in as an application. Raises ServerRefused with the identity platform's reason."""
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
            "scope": "https://graph.microsoft.com/.default",
        }
        url = f"{origin}/{quote(tenant, safe='')}/oauth2/v2.0/token"
        answer = await transport.send("POST", url, body=urlencode(form).encode(), content_type=_FORM)
        document = answer.json()
        if answer.status != 200:
            why = str(document.get("error_description") or document.get("error") or answer.status)
            raise ServerRefused(f"the sign-in was refused: {why}", status=answer.status)
        token = document.get("access_token")
        if not isinstance(token, str):
            raise AnswerBroken("the token endpoint's answer has no access_token")
        return cls(transport, f"{origin}/beta", token)

    async def get(self, path: str) -> dict[str, Any]:
        """GET a path below the base. Raises ServerRefused with Graph's message."""
        return _checked(await self.transport.get(self.base + path, bearer=self.token))

    async def post(self, path: str, document: dict[str, Any] | None = None) -> dict[str, Any]:
        """POST to a path below the base. Raises ServerRefused with Graph's message."""
        return _checked(await self.transport.post(self.base + path, document, bearer=self.token))

    async def group(self, name: str) -> str:
        """The id of the group with this name. Raises NotFoundHere if there is no such group."""
        query = urlencode({"$filter": f"displayName eq '{name}'"}, quote_via=quote, safe="$'")
        for row in (await self.get(f"/groups?{query}")).get("value", []):
            if row.get("displayName") == name:
                return _identifier(row)
        raise NotFoundHere(f"there is no group {name}")

    async def send(self, request: GraphRequest) -> dict[str, Any]:
        """Send a POST request. Raises ServerRefused with Graph's message."""
        return await self.post(request.path, request.body)

    async def assign(self, profile: dict[str, Any], *, group: str) -> str:
        """Create a profile and assign it to a group. Returns the profile's id."""
        identifier = _identifier(await self.send(creation(profile)))
        await self.send(assignment(identifier, group=group))
        return identifier

    async def managed_device(self, *, identifier: str, name: str) -> str:
        """The id of a managed device, found by this id or else by its name. Raises NotFoundHere if there is no such
        device.
        """
        rows = (await self.get("/deviceManagement/managedDevices")).get("value", [])
        for row in rows:
            if row.get("id") == identifier:
                return identifier
        for row in rows:
            if row.get("deviceName") == name:
                return _identifier(row)
        raise NotFoundHere(f"Graph lists no device {name}")

    def configuration(self, identifier: str) -> str:
        """The address of a profile, by which another profile refers to it."""
        return f"{self.base}{_CONFIGURATIONS}/{quote(identifier, safe='')}"


def creation(profile: dict[str, Any]) -> GraphRequest:
    """The request that creates a profile."""
    return GraphRequest(_CONFIGURATIONS, profile)


def assignment(profile: str, *, group: str) -> GraphRequest:
    """The request that assigns a profile to a group, both by their ids."""
    target = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": group}
    return GraphRequest(f"{_CONFIGURATIONS}/{profile}/assign", {"assignments": [{"target": target}]})


def pfx_import(issued: IssuedCertificate, *, password: str, user: str, purpose: str, key: ConnectorKey) -> GraphRequest:
    """The request that imports a user's PFX with its password encrypted to the connector's key, as the import cmdlets
    do.
    """
    oaep = padding.OAEP(padding.MGF1(hashes.SHA512()), hashes.SHA512(), None)
    encrypted_password = key.public_key.encrypt(password.encode("latin-1"), oaep)
    return GraphRequest(
        "/deviceManagement/userPfxCertificates",
        {
            "thumbprint": issued.thumbprint,
            "intendedPurpose": purpose,
            "userPrincipalName": user,
            "startDateTime": issued.certificate.not_valid_before_utc.isoformat(),
            "expirationDateTime": issued.certificate.not_valid_after_utc.isoformat(),
            "providerName": key.provider_name,
            "keyName": key.key_name,
            "paddingScheme": "oaepSha512",
            "encryptedPfxBlob": base64.b64encode(issued.pfx).decode(),
            "encryptedPfxPassword": base64.b64encode(encrypted_password).decode(),
        },
    )


def wipe(device: str) -> GraphRequest:
    """The order of a wipe, which devices that cannot be wiped are refused for."""
    return GraphRequest(f"/deviceManagement/managedDevices/{quote(device, safe='')}/wipe", {})


def retirement(device: str) -> GraphRequest:
    """The order of a retirement, which removes the company's data."""
    return GraphRequest(f"/deviceManagement/managedDevices/{quote(device, safe='')}/retire")


def _identifier(document: dict[str, Any]) -> str:
    identifier = document.get("id")
    if not isinstance(identifier, str):
        raise AnswerBroken("Graph's answer has no id")
    return identifier


def _checked(answer: Answer) -> dict[str, Any]:
    if 200 <= answer.status < 300:
        return answer.json()
    try:
        error = answer.json().get("error", {})
        code, message = str(error.get("code", "")), str(error.get("message", ""))
    except (AnswerBroken, AttributeError):
        code, message = "", ""
    raise ServerRefused(_readable(message) or f"Graph answered {answer.status}", status=answer.status, code=code)


def _readable(message: str) -> str:
    """Unwrap the message: Graph's device management puts JSON with the readable text into the message."""
    try:
        inner = json.loads(message)
    except ValueError:
        return message
    text = str(inner.get("Message", message)) if isinstance(inner, dict) else message
    return text.partition(" - Operation ID")[0]


@dataclass(frozen=True, slots=True)
class RevocationService:
    """The CRL and OCSP services of one authority; `base` is its address (`.../pki/{tenant}/issuing`)."""

    transport: Transport
    base: str
    authority: x509.Certificate

    async def revoked_serials(self) -> set[int]:
        """The serial numbers on the CRL. Raises AnswerBroken if its signature does not verify."""
        data = await self._fetch("GET", "crl")
        try:
            crl = x509.load_der_x509_crl(data)
        except ValueError as broken:
            raise AnswerBroken(f"{self.base}/crl is not a CRL: {broken}") from broken
        public = self.authority.public_key()
        if not isinstance(public, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) or not crl.is_signature_valid(public):
            raise AnswerBroken(f"{self.base}/crl was not signed by {subject(self.authority)}")
        return {entry.serial_number for entry in crl}

    async def ocsp_status(self, certificate: x509.Certificate) -> str:
        """The status by OCSP: `good`, `revoked` or `unknown`. Raises AnswerBroken if the signature does not verify."""
        builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, self.authority, hashes.SHA256())
        data = await self._fetch("POST", "ocsp", body=builder.build().public_bytes(Encoding.DER))
        try:
            answer = ocsp.load_der_ocsp_response(data)
        except ValueError as broken:
            raise AnswerBroken(f"{self.base}/ocsp did not send an OCSP response: {broken}") from broken
        if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise AnswerBroken(f"{self.base}/ocsp answered {answer.response_status.name}")
        self._verify(answer)
        if answer.serial_number != certificate.serial_number:
            raise AnswerBroken(f"{self.base}/ocsp answered about another certificate")
        return answer.certificate_status.name.lower()

    def _verify(self, answer: ocsp.OCSPResponse) -> None:
        """Verify the signature of the authority itself or of a responder that it authorized (RFC 6960 4.2.2.2)."""
        signer = next((responder for responder in answer.certificates if self._is_responder(responder)), self.authority)
        public, digest = signer.public_key(), answer.signature_hash_algorithm
        signature, signed = answer.signature, answer.tbs_response_bytes
        try:
            if digest is None:
                raise AnswerBroken(f"{self.base}/ocsp does not name its signature algorithm")
            if isinstance(public, rsa.RSAPublicKey):
                public.verify(signature, signed, padding.PKCS1v15(), digest)
            elif isinstance(public, ec.EllipticCurvePublicKey):
                public.verify(signature, signed, ec.ECDSA(digest))
        except InvalidSignature as forged:
            raise AnswerBroken(f"{self.base}/ocsp was not signed by {subject(self.authority)}") from forged

    def _is_responder(self, certificate: x509.Certificate) -> bool:
        try:
            certificate.verify_directly_issued_by(self.authority)
            usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        except (InvalidSignature, ValueError, TypeError, x509.ExtensionNotFound):
            return False
        return ExtendedKeyUsageOID.OCSP_SIGNING in usages

    async def _fetch(self, method: str, name: str, *, body: bytes | None = None) -> bytes:
        answer = await self.transport.send(
            method,
            f"{self.base}/{name}",
            body=body,
            content_type=None if body is None else "application/ocsp-request",
        )
        if answer.status != 200:
            raise ServerRefused(f"{self.base}/{name} answered {answer.status}", status=answer.status)
        return answer.body
