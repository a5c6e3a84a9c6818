"""A SCEP authority (RFC 8894) and the device authority behind it, for tests of clients.

It answers with single DES, as authorities built on Go's common libraries do, and it can misbehave.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from aiohttp import web
from asn1crypto import cms, core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AttributeOID, ExtendedKeyUsageOID, NameOID

from tests.support import pkimessages

_FROM, _UNTIL = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_SERIALS = count(1)


def _certificate(
    name: str,
    public: Any,
    *,
    issuer: str,
    key: rsa.RSAPrivateKey,
    ca: bool = False,
) -> x509.Certificate:
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (name, issuer)]
    builder = (
        x509.CertificateBuilder()
        .subject_name(names[0])
        .issuer_name(names[1])
        .public_key(public)
        .serial_number(next(_SERIALS))
        .not_valid_before(_FROM)
        .not_valid_after(_UNTIL)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if not ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    return builder.sign(key, hashes.SHA256())


@dataclass(slots=True)
class DeviceCa:
    """The authority of device identities."""

    key: rsa.RSAPrivateKey
    stranger: rsa.RSAPrivateKey
    certificate: x509.Certificate = field(init=False)

    def __post_init__(self) -> None:
        self.certificate = _certificate("Device CA", self.key.public_key(), issuer="Device CA", key=self.key, ca=True)

    def issue(self, public: Any, name: str = "device") -> x509.Certificate:
        return _certificate(name, public, issuer="Device CA", key=self.key)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)


@dataclass
class Scep:
    """A SCEP authority. `behaves` names one thing that it does wrong, or `pending` for how often it puts one off."""

    ca: DeviceCa
    capabilities: str = "Renewal\nSHA-1\nSHA-256\nAES\nDES3\nSCEPStandard\nPOSTPKIOperation"
    challenges: set[str] = field(default_factory=lambda: {"good"})
    pending: int = 0
    behaves: str = "well"
    requests: list[dict[str, Any]] = field(default_factory=list)
    waiting: dict[str, x509.CertificateSigningRequest] = field(default_factory=dict)
    extra: tuple[x509.Certificate, ...] = ()

    async def answer(self, request: web.Request) -> web.Response:
        operation = request.query.get("operation")
        if operation == "GetCACaps":
            if self.behaves == "without capabilities":
                raise web.HTTPNotFound
            return web.Response(text=self.capabilities)
        if operation == "GetCACert":
            if self.behaves == "without certificate":
                return web.Response(body=b"nothing")
            return web.Response(body=self._certificates(), content_type="application/x-x509-ca-cert")
        if self.behaves == "broken":
            raise web.HTTPInternalServerError
        body = await request.read() if request.method == "POST" else base64.b64decode(request.query["message"])
        return web.Response(body=self._operate(body, method=request.method), content_type="application/x-pki-message")

    def _certificates(self) -> bytes:
        if not self.extra:
            return self.ca.der
        return certificates_only(self.ca.certificate, *self.extra)

    def _operate(self, body: bytes, *, method: str) -> bytes:
        signed = cms.ContentInfo.load(body)["content"]
        info = signed["signer_infos"][0]
        attributes = {one["type"].dotted: one["values"][0].native for one in info["signed_attrs"]}
        signer = x509.load_der_x509_certificate(signed["certificates"][0].chosen.dump())
        enveloped = signed["encap_content_info"]["content"].native
        digest = info["digest_algorithm"]["algorithm"].native
        check_signature(info, enveloped, signer=signer)
        content, cipher = self._opened(enveloped)
        kind, name = attributes[pkimessages.MESSAGE_TYPE], attributes[pkimessages.TRANSACTION]
        recipient = cms.ContentInfo.load(enveloped)["content"]["recipient_infos"][0].chosen["rid"].chosen
        request = {"kind": kind, "cipher": cipher, "digest": digest, "method": method, "signer": signer}
        self.requests.append({**request, "recipient": recipient["serial_number"].native})
        csr = self.waiting[name] if kind == "20" else x509.load_der_x509_csr(content)
        assert csr.is_signature_valid
        self.waiting[name] = csr
        self.requests[-1]["csr"] = csr
        self.requests[-1]["signing time"] = attributes[cms.CMSAttributeType.unmap("signing_time")]
        if kind == "19" and self._challenge(csr) not in self.challenges:
            return self._rep(attributes, status="2", failure="2")
        if self.pending:
            self.pending -= 1
            return self._rep(attributes, status="3")
        key = self.ca.stranger.public_key() if self.behaves == "for another key" else csr.public_key()
        names = csr.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        issued = self.ca.issue(key, str(names[0].value) if names else "device")
        return self._rep(attributes, status="0", content=pkimessages.des_envelope(certificates_only(issued), signer))

    def _challenge(self, csr: x509.CertificateSigningRequest) -> str:
        try:
            return csr.attributes.get_attribute_for_oid(AttributeOID.CHALLENGE_PASSWORD).value.decode()
        except x509.AttributeNotFound:
            return ""

    def _opened(self, enveloped: bytes) -> tuple[bytes, str]:
        inside = cms.ContentInfo.load(enveloped)["content"]
        key = self.ca.key.decrypt(inside["recipient_infos"][0].chosen["encrypted_key"].native, padding.PKCS1v15())
        info = inside["encrypted_content_info"]
        algorithm = info["content_encryption_algorithm"]
        name = algorithm["algorithm"].native
        cipher = algorithms.AES(key) if name.startswith("aes") else TripleDES(key * (24 // len(key)))
        reader = Cipher(cipher, modes.CBC(algorithm.encryption_iv)).decryptor()
        unpadder = PKCS7(cipher.block_size).unpadder()
        plain = unpadder.update(reader.update(info["encrypted_content"].native) + reader.finalize())
        return plain + unpadder.finalize(), name

    def _rep(
        self, asked: dict[str, Any], *, status: str, failure: str | None = None, content: bytes | None = None
    ) -> bytes:
        transaction = "another" if self.behaves == "for another transaction" else asked[pkimessages.TRANSACTION]
        nonce = b"0" * 16 if self.behaves == "with another nonce" else asked[pkimessages.SENDER_NONCE]
        kind = "19" if self.behaves == "with another kind" else "3"
        key, certificate = self.ca.key, self.ca.certificate
        if self.behaves == "as a stranger":
            key = self.ca.stranger
            certificate = _certificate("Device CA", key.public_key(), issuer="Device CA", key=key, ca=True)
        values = {
            pkimessages.MESSAGE_TYPE: core.PrintableString(kind),
            pkimessages.STATUS: core.PrintableString(status),
            pkimessages.SENDER_NONCE: core.OctetString(b"s" * 16),
            pkimessages.RECIPIENT_NONCE: core.OctetString(nonce),
            pkimessages.TRANSACTION: core.PrintableString(transaction),
        }
        if failure is not None:
            values[pkimessages.FAIL_INFO] = core.PrintableString(failure)
        attributes = [pkimessages.attribute(name, value) for name, value in values.items()]
        return pkimessages.signed(
            content, key=key, certificate=certificate, embed=True, digest="sha256", attributes=attributes
        )


def certificates_only(*certificates: x509.Certificate) -> bytes:
    """A CMS that is nothing but certificates."""
    signed = {
        "version": "v1",
        "digest_algorithms": [],
        "encap_content_info": {"content_type": "data"},
        "certificates": [asn1_x509.Certificate.load(one.public_bytes(Encoding.DER)) for one in certificates],
        "signer_infos": [],
    }
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump())


def check_signature(info: Any, content: bytes, *, signer: x509.Certificate) -> None:
    """RFC 5652 5.4 and 5.6, for RSA."""
    name = info["digest_algorithm"]["algorithm"].native
    digest = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}[
        name
    ]
    attributes = {one["type"].native: one["values"][0].native for one in info["signed_attrs"]}
    assert attributes["message_digest"] == hashlib.new(name, content).digest()
    public = signer.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    public.verify(info["signature"].native, b"\x31" + info["signed_attrs"].dump()[1:], padding.PKCS1v15(), digest)
