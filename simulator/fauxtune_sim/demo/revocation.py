"""A client of the certification authority's CRL (RFC 5280 5) and OCSP responder (RFC 6960)."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from fauxtune_sim.errors import AnswerBroken, ServerRefused
from fauxtune_sim.keys.certificates import subject
from fauxtune_sim.server.transport import Transport


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
