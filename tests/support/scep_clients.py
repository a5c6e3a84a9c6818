"""A SCEP client for tests of the tenant's NDES, built here byte by byte, and the request that a profile asks for."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from asn1crypto import cms, core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers.algorithms import AES128, AES256
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import AttributeOID, ExtendedKeyUsageOID, NameOID

from tests.support import pkimessages
from tests.support.pkimessages import CertRep, attribute

NDES = "/pki/contoso/certsrv/mscep/mscep.dll"
CONTROL = "/_fauxtune/v1/tenants/contoso"
PKCS_REQ, RENEWAL_REQ, UPDATE_REQ, POLL, GET_CERT, GET_CRL = "19", "17", "18", "20", "21", "22"
SUCCESS, FAILURE, PENDING = "0", "2", "3"
_FROM = datetime(2020, 1, 1, tzinfo=UTC)
_OTHER_USAGES = ("content_commitment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign")


@dataclass(frozen=True, slots=True)
class Csr:
    """A certificate request: by default the one that the profile of `scep_profile` asks of Alice's device."""

    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    challenge: str | None
    subject: tuple[tuple[x509.ObjectIdentifier, str], ...] = (
        (NameOID.EMAIL_ADDRESS, "alice@contoso.example"),
        (NameOID.COMMON_NAME, "alice"),
    )
    names: tuple[str, ...] = ("alice@contoso.example",)
    signs: bool = True
    encrypts: bool = True
    usages: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.EMAIL_PROTECTION,)

    def der(self) -> bytes:
        """The request, DER."""
        name = x509.Name([x509.NameAttribute(oid, value) for oid, value in self.subject])
        builder = x509.CertificateSigningRequestBuilder().subject_name(name)
        usage = dict.fromkeys((*_OTHER_USAGES, "encipher_only", "decipher_only"), False)
        usage |= {"digital_signature": self.signs, "key_encipherment": self.encrypts}
        builder = builder.add_extension(x509.KeyUsage(**usage), critical=True)
        if self.names:
            alternatives = x509.SubjectAlternativeName([x509.RFC822Name(each) for each in self.names])
            builder = builder.add_extension(alternatives, critical=False)
        if self.usages:
            builder = builder.add_extension(x509.ExtendedKeyUsage(self.usages), critical=False)
        if self.challenge is not None:
            builder = builder.add_attribute(AttributeOID.CHALLENGE_PASSWORD, self.challenge.encode())
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)


def scep_profile(**changes: Any) -> dict[str, Any]:
    """Return the settings of a SCEP profile, without its type."""
    return {
        "displayName": "Signing by SCEP",
        "scepServerUrls": [f"http://localhost:8080{NDES}"],
        "subjectNameFormat": "custom",
        "subjectNameFormatString": "CN={{UserName}},E={{EmailAddress}}",
        "subjectAlternativeNameType": "emailAddress",
        "extendedKeyUsages": [{"name": "Secure Email", "objectIdentifier": "1.3.6.1.5.5.7.3.4"}],
        "keyUsage": "keyEncipherment,digitalSignature",
        "keySize": "size2048",
        "hashAlgorithm": "sha2",
        "certificateValidityPeriodValue": 6,
        "certificateValidityPeriodScale": "months",
    } | changes


def signer(key: rsa.RSAPrivateKey, **changes: Any) -> x509.Certificate:
    """A certificate that a client makes itself, for its first message."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, changes.get("name", "SCEP"))])
    return (
        x509.CertificateBuilder(name, name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FROM)
        .not_valid_after(_FROM + timedelta(days=36500))
        .sign(key, hashes.SHA256())
    )


def named(certificate: x509.Certificate) -> bytes:
    """Issuer and serial number of a certificate, DER: what GetCert and GetCRL ask with."""
    read = cms.Certificate.load(certificate.public_bytes(Encoding.DER))
    name = cms.IssuerAndSerialNumber({"issuer": read.issuer, "serial_number": read.serial_number})
    return bytes(name.dump())


@dataclass(slots=True)
class ScepClient:
    """A client with a key of its own. `own` signs its messages."""

    http: httpx.AsyncClient
    key: rsa.RSAPrivateKey
    url: str = NDES
    own: x509.Certificate = field(init=False)

    def __post_init__(self) -> None:
        self.own = signer(self.key)

    async def certificates(self) -> list[x509.Certificate]:
        answer = await self.http.get(self.url, params={"operation": "GetCACert", "message": "default"})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-x509-ca-ra-cert")
        message = cms.ContentInfo.load(answer.content)["content"]
        return [x509.load_der_x509_certificate(certificate.chosen.dump()) for certificate in message["certificates"]]

    async def message(
        self,
        content: bytes,
        *,
        kind: str = PKCS_REQ,
        transaction: str = "first",
        cipher: str = "aes256",
        digest: str = "sha256",
        key: rsa.RSAPrivateKey | None = None,
        certificate: x509.Certificate | None = None,
    ) -> bytes:
        """Return a pkiMessage for the RA certificate that encrypts."""
        (recipient,) = [each for each in await self.certificates() if encrypts(each)]
        if cipher == "des":
            sealed = pkimessages.des_envelope(content, recipient)
        else:
            builder = pkcs7.PKCS7EnvelopeBuilder().set_data(content).add_recipient(recipient)
            builder = builder.set_content_encryption_algorithm(AES128 if cipher == "aes128" else AES256)
            sealed = builder.encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])
        return pkimessages.signed(
            sealed,
            key=key or self.key,
            certificate=certificate or self.own,
            embed=True,
            digest=digest,
            attributes=self.attributes(kind=kind, transaction=transaction),
        )

    def attributes(self, *, kind: str = PKCS_REQ, transaction: str = "first") -> list[bytes]:
        """Return the signed attributes of a pkiMessage."""
        return [
            attribute(pkimessages.MESSAGE_TYPE, core.PrintableString(kind)),
            attribute(pkimessages.TRANSACTION, core.PrintableString(transaction)),
            attribute(pkimessages.SENDER_NONCE, core.OctetString(os.urandom(16))),
        ]

    async def send(self, message: bytes, *, by_get: bool = False) -> CertRep:
        """Send a message, and return the CertRep, which one of the RA certificates signed."""
        params = {"operation": "PKIOperation"}
        if by_get:
            params["message"] = base64.b64encode(message).decode()
            answer = await self.http.get(self.url, params=params)
        else:
            answer = await self.http.post(self.url, params=params, content=message)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/x-pki-message"
        (ra,) = [certificate for certificate in await self.certificates() if signs(certificate)]
        return pkimessages.read_certrep(answer.content, signer=ra)

    async def ask(self, csr: bytes, **how: Any) -> CertRep:
        """Send a certificate request."""
        return await self.send(await self.message(csr, **how))

    def issued(self, answer: CertRep, *, key: rsa.RSAPrivateKey | None = None) -> x509.Certificate:
        """Return the certificate in a SUCCESS."""
        assert answer.status == SUCCESS, answer
        assert answer.content is not None
        return pkimessages.first_certificate(pkimessages.opened(answer.content, key or self.key))

    def renewing(self, certificate: x509.Certificate) -> ScepClient:
        """Return a client that signs with this certificate of the same key."""
        client = replace(self)
        client.own = certificate
        return client


def encrypts(certificate: x509.Certificate) -> bool:
    """Whether messages are encrypted for it."""
    return _usage(certificate).key_encipherment and not _is_authority(certificate)


def signs(certificate: x509.Certificate) -> bool:
    """Whether it signs the answers."""
    return _usage(certificate).digital_signature and not _is_authority(certificate)


def _usage(certificate: x509.Certificate) -> x509.KeyUsage:
    return certificate.extensions.get_extension_for_class(x509.KeyUsage).value


def _is_authority(certificate: x509.Certificate) -> bool:
    return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
