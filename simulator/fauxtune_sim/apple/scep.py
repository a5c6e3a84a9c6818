"""A SCEP client for the settings of a profile (RFC 8894; Apple: com.apple.security.scep).

GetCACaps, GetCACert, then PKIOperation until the CertRep is SUCCESS or FAILURE. Defaults are Apple's: 1,024 bits, three
retries, ten seconds apart.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AttributeOID, NameOID

from fauxtune_sim.apple.faults import Code, Fault
from fauxtune_sim.apple.scep_messages import (
    CaCertificates,
    Capabilities,
    CertRep,
    MessageType,
    PkiRequest,
    cert_poll_content,
    certificate_for_key,
    new_request,
    read_ca_certificates,
    read_capabilities,
    read_cert_rep,
    temporary_identity,
    transaction_id,
    write_pki_message,
)
from fauxtune_sim.errors import AnswerBroken, ServerUnreachable
from fauxtune_sim.identity import DeviceIdentity
from fauxtune_sim.transport import Answer, Transport

_PKI_TYPE = "application/x-pki-message"
_PRINCIPAL_NAME = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
_NAMES = {
    "C": NameOID.COUNTRY_NAME,
    "CN": NameOID.COMMON_NAME,
    "DC": NameOID.DOMAIN_COMPONENT,
    "E": NameOID.EMAIL_ADDRESS,
    "L": NameOID.LOCALITY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "SN": NameOID.SURNAME,
    "ST": NameOID.STATE_OR_PROVINCE_NAME,
    "UID": NameOID.USER_ID,
}
KEY_SIZES = (1024, 2048, 4096)


@dataclass(frozen=True, slots=True)
class ScepSettings:
    """The settings of a scep payload. `key_usage`: 1 for signing, 4 for encryption, 5 for both."""

    url: str
    name: str = ""
    subject: tuple[tuple[tuple[str, str], ...], ...] = ()
    challenge: str = field(default="", repr=False)
    key_size: int = 1024
    key_usage: int = 0
    fingerprint: bytes | None = None
    retries: int = 3
    retry_delay: float = 10.0
    mail_names: tuple[str, ...] = ()
    dns_names: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()
    principal_names: tuple[str, ...] = ()


class ScepClient:
    """A client of one authority. `pause` waits between polls; it is an argument so that tests need not wait."""

    def __init__(
        self,
        transport: Transport,
        settings: ScepSettings,
        *,
        moment: datetime,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._transport = transport
        self._settings = settings
        self._moment = moment
        self._pause = pause

    async def enroll(self, key: rsa.RSAPrivateKey, *, renews: DeviceIdentity | None = None) -> DeviceIdentity:
        """Request a certificate for this key, as the renewal of `renews` or as a new one.

        A RenewalReq is signed by the present identity (RFC 8894 3.3.1.2); an authority without that capability gets a
        PKCSReq. Raises Fault (domain MCSCEPErrorDomain) if no certificate is issued.
        """
        can = read_capabilities((await self._get("GetCACaps")).body.decode("latin-1"))
        try:
            authority = read_ca_certificates(
                (await self._get("GetCACert")).body, fingerprint=self._settings.fingerprint
            )
        except AnswerBroken as broken:
            raise Fault(Code.SCEP_CA_CERTIFICATE, str(broken)) from broken
        csr = certificate_request(key, self._settings)
        if renews is not None and can.renews:
            message_type, signer = MessageType.RENEWAL_REQ, renews
        else:
            message_type = MessageType.PKCS_REQ
            signer = temporary_identity(key, csr.subject, moment=self._moment)
        content = csr.public_bytes(Encoding.DER)
        transaction = transaction_id(key)
        first = new_request(message_type, content, signer=signer, transaction=transaction)
        try:
            answer = await self._until_decided(first, content, of=authority, can=can)
        except AnswerBroken as broken:
            raise Fault(Code.SCEP_ANSWER, str(broken)) from broken
        try:
            return DeviceIdentity(certificate=certificate_for_key(answer, key), key=key)
        except AnswerBroken as broken:
            raise Fault(Code.SCEP_CERTIFICATE, str(broken)) from broken

    async def _until_decided(
        self,
        message: PkiRequest,
        csr: bytes,
        *,
        of: CaCertificates,
        can: Capabilities,
    ) -> CertRep:
        for attempt in range(self._settings.retries + 1):
            if attempt:
                await self._pause(self._settings.retry_delay)
                message = new_request(
                    MessageType.CERT_POLL,
                    cert_poll_content(of.certificates[0], csr),
                    signer=message.signer,
                    transaction=message.transaction_id,
                )
            data = write_pki_message(message, of.recipient, can=can, moment=self._moment)
            answer = read_cert_rep((await self._pki_operation(data, posts=can.posts)).body, message, of=of)
            if answer.failure is not None:
                raise Fault(Code.SCEP_ANSWER, f"the SCEP authority refused: {answer.failure}")
            if not answer.pending:
                return answer
        raise Fault(Code.SCEP_ANSWER, f"the SCEP authority had not decided after {self._settings.retries} retries")

    async def _get(self, operation: str) -> Answer:
        name = f"&message={quote(self._settings.name, safe='')}" if self._settings.name else ""
        answer = await self._send("GET", f"{operation}{name}")
        if operation == "GetCACaps" and answer.status != 200:
            # RFC 8894 3.5.2: an authority that does not implement GetCACaps has the legacy capabilities.
            return Answer(status=200, body=b"", url=answer.url)
        return _checked(answer)

    async def _pki_operation(self, message: bytes, *, posts: bool) -> Answer:
        if posts:
            return _checked(await self._send("POST", "PKIOperation", body=message))
        text = quote(base64.b64encode(message).decode(), safe="")
        return _checked(await self._send("GET", f"PKIOperation&message={text}"))

    async def _send(self, method: str, query: str, *, body: bytes | None = None) -> Answer:
        join = "&" if "?" in self._settings.url else "?"
        url = f"{self._settings.url}{join}operation={query}"
        try:
            return await self._transport.send(method, url, body=body, content_type=None if body is None else _PKI_TYPE)
        except ServerUnreachable as gone:
            raise Fault(Code.SCEP_NETWORK, f"the SCEP authority cannot be reached: {gone}") from gone


def _checked(answer: Answer) -> Answer:
    if answer.status != 200:
        raise Fault(Code.SCEP_NETWORK, f"the SCEP authority answered {answer.status} for {answer.url[:200]}")
    return answer


def certificate_request(key: rsa.RSAPrivateKey, settings: ScepSettings) -> x509.CertificateSigningRequest:
    """The PKCS#10 request with the challenge (RFC 2985 5.4.1). Raises Fault if the payload's values are not valid."""
    try:
        builder = x509.CertificateSigningRequestBuilder().subject_name(_subject(settings))
        if settings.challenge:
            builder = builder.add_attribute(AttributeOID.CHALLENGE_PASSWORD, settings.challenge.encode())
        for extension, critical in _extensions(settings):
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(key, hashes.SHA256())
    except ValueError as broken:
        raise Fault(Code.PAYLOAD_VALUE, f"the certificate request cannot be made: {broken}") from broken


def _subject(settings: ScepSettings) -> x509.Name:
    parts = []
    for part in settings.subject:
        attributes = [
            x509.NameAttribute(_NAMES.get(name.upper()) or x509.ObjectIdentifier(name), value) for name, value in part
        ]
        parts.append(x509.RelativeDistinguishedName(attributes))
    return x509.Name(parts)


def _extensions(settings: ScepSettings) -> list[tuple[x509.ExtensionType, bool]]:
    extensions: list[tuple[x509.ExtensionType, bool]] = []
    if settings.key_usage:
        usage = x509.KeyUsage(
            digital_signature=bool(settings.key_usage & 1),
            content_commitment=False,
            key_encipherment=bool(settings.key_usage & 4),
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=False,
            crl_sign=False,
            encipher_only=False,
            decipher_only=False,
        )
        extensions.append((usage, True))
    names: list[x509.GeneralName] = [x509.RFC822Name(name) for name in settings.mail_names]
    names += [x509.DNSName(name) for name in settings.dns_names]
    names += [x509.UniformResourceIdentifier(uri) for uri in settings.uris]
    names += [x509.OtherName(_PRINCIPAL_NAME, _utf8(name)) for name in settings.principal_names]
    if names:
        extensions.append((x509.SubjectAlternativeName(names), False))
    return extensions


def _utf8(text: str) -> bytes:
    return bytes(core.UTF8String(text).dump())
