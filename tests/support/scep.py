"""A SCEP authority as others build them (RFC 8894), and the device authority behind it: for clients to be tested.

It answers with single DES, as those do that stand on Go's common libraries, and it can misbehave.
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

_FROM, _UNTIL = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_SCEP = "2.16.840.1.113733.1.9."
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
        kind, name = attributes[_SCEP + "2"], attributes[_SCEP + "7"]
        self.requests.append({"kind": kind, "cipher": cipher, "digest": digest, "method": method, "signer": signer})
        csr = self.waiting[name] if kind == "20" else x509.load_der_x509_csr(content)
        assert csr.is_signature_valid
        self.waiting[name] = csr
        self.requests[-1]["csr"] = csr
        if kind == "19" and self._challenge(csr) not in self.challenges:
            return self._rep(attributes, status="2", failure="2")
        if self.pending:
            self.pending -= 1
            return self._rep(attributes, status="3")
        key = self.ca.stranger.public_key() if self.behaves == "for another key" else csr.public_key()
        names = csr.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        issued = self.ca.issue(key, str(names[0].value) if names else "device")
        return self._rep(attributes, status="0", content=self._enveloped(certificates_only(issued), signer))

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

    def _enveloped(self, content: bytes, recipient: x509.Certificate) -> bytes:
        """Single DES, as Go's SCEP servers answer."""
        key, iv, padder = b"8 bytes.", b"iviviviv", PKCS7(64).padder()
        writer = Cipher(TripleDES(key * 3), modes.CBC(iv)).encryptor()
        sealed = writer.update(padder.update(content) + padder.finalize()) + writer.finalize()
        public = recipient.public_key()
        assert isinstance(public, rsa.RSAPublicKey)
        recipient_info = {
            "version": "v0",
            "rid": cms.RecipientIdentifier("issuer_and_serial_number", _named(recipient)),
            "key_encryption_algorithm": {"algorithm": "rsaes_pkcs1v15"},
            "encrypted_key": public.encrypt(key, padding.PKCS1v15()),
        }
        inner = {
            "content_type": "data",
            "content_encryption_algorithm": {"algorithm": "des", "parameters": iv},
            "encrypted_content": sealed,
        }
        content_info = {
            "version": "v0",
            "recipient_infos": [cms.RecipientInfo("ktri", recipient_info)],
            "encrypted_content_info": inner,
        }
        return bytes(cms.ContentInfo({"content_type": "enveloped_data", "content": content_info}).dump())

    def _rep(
        self, asked: dict[str, Any], *, status: str, failure: str | None = None, content: bytes | None = None
    ) -> bytes:
        transaction = "another" if self.behaves == "for another transaction" else asked[_SCEP + "7"]
        nonce = b"0" * 16 if self.behaves == "with another nonce" else asked[_SCEP + "5"]
        kind = "19" if self.behaves == "with another kind" else "3"
        key, certificate = self.ca.key, self.ca.certificate
        if self.behaves == "as a stranger":
            key = self.ca.stranger
            certificate = _certificate("Device CA", key.public_key(), issuer="Device CA", key=key, ca=True)
        hashed = hashlib.sha256(content or b"").digest()
        attributes = [
            {"type": "content_type", "values": ["data"]},
            {"type": "message_digest", "values": [hashed]},
            _attribute("2", core.PrintableString(kind)),
            _attribute("3", core.PrintableString(status)),
            _attribute("5", core.OctetString(b"s" * 16)),
            _attribute("6", core.OctetString(nonce)),
            _attribute("7", core.PrintableString(transaction)),
        ]
        if failure is not None:
            attributes.append(_attribute("4", core.PrintableString(failure)))
        signed_attributes = cms.CMSAttributes(attributes)
        inside = {"content_type": "data"} if content is None else {"content_type": "data", "content": content}
        signature = key.sign(signed_attributes.dump(), padding.PKCS1v15(), hashes.SHA256())
        info = {
            "version": "v1",
            "sid": cms.SignerIdentifier("issuer_and_serial_number", _named(certificate)),
            "digest_algorithm": {"algorithm": "sha256"},
            "signed_attrs": signed_attributes,
            "signature_algorithm": {"algorithm": "rsassa_pkcs1v15"},
            "signature": signature,
        }
        signed = {
            "version": "v1",
            "digest_algorithms": [{"algorithm": "sha256"}],
            "encap_content_info": inside,
            "certificates": [asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))],
            "signer_infos": [info],
        }
        return bytes(cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump())


def _attribute(number: str, value: Any) -> dict[str, Any]:
    return {"type": _SCEP + number, "values": cms.SetOfAny([core.Any(value)])}


def _named(certificate: x509.Certificate) -> dict[str, Any]:
    issuer = asn1_x509.Name.load(certificate.issuer.public_bytes())
    return {"issuer": issuer, "serial_number": certificate.serial_number}


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
    digest = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256()}[name]
    attributes = {one["type"].native: one["values"][0].native for one in info["signed_attrs"]}
    assert attributes["message_digest"] == hashlib.new(name, content).digest()
    public = signer.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    public.verify(info["signature"].native, b"\x31" + info["signed_attrs"].dump()[1:], padding.PKCS1v15(), digest)
