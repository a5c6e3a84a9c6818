"""A certificate from an authority that speaks SCEP, as a profile wishes (RFC 8894; Apple: com.apple.security.scep).

GetCACaps, GetCACert, then PKIOperation until it is answered with yes or no. What the payload leaves out has Apple's
defaults: 1,024 bits, three retries, ten seconds apart.
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

from fauxtune_sim.apple import scep_messages
from fauxtune_sim.apple.faults import Code, Fault
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
    """What a payload says: where, who, and with what words. `key_usage`: 1 signs, 4 encrypts."""

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
    """Asks one authority. `pause` waits between polls: an argument, so that tests need not wait."""

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

    async def enrol(self, key: rsa.RSAPrivateKey, *, renews: DeviceIdentity | None = None) -> DeviceIdentity:
        """A certificate for this key; with `renews`, asked for by the identity that it is to follow.

        The request of a renewal is signed by the present identity where the authority knows renewal (RFC 8894 3.3.1.2),
        and is a first request where it does not. Fault (domain MCSCEPErrorDomain) if there is none to be had.
        """
        can = scep_messages.capabilities((await self._ask("GetCACaps")).body.decode("latin-1"))
        try:
            authority = scep_messages.authority(
                (await self._ask("GetCACert")).body, fingerprint=self._settings.fingerprint
            )
        except AnswerBroken as broken:
            raise Fault(Code.SCEP_CA_CERTIFICATE, str(broken)) from broken
        csr = request(key, self._settings)
        kind, signer = (
            scep_messages.MessageType.PKCS,
            scep_messages.temporary_identity(key, csr.subject, moment=self._moment),
        )
        if renews is not None and can.renews:
            kind, signer = scep_messages.MessageType.RENEWAL, renews
        content = csr.public_bytes(Encoding.DER)
        first = scep_messages.new_request(kind, content, signer=signer, name=scep_messages.transaction(key))
        try:
            answer = await self._until_decided(first, content, of=authority, can=can)
        except AnswerBroken as broken:
            raise Fault(Code.SCEP_ANSWER, str(broken)) from broken
        try:
            return DeviceIdentity(certificate=scep_messages.issued(answer, key), key=key)
        except AnswerBroken as broken:
            raise Fault(Code.SCEP_CERTIFICATE, str(broken)) from broken

    async def _until_decided(
        self,
        message: scep_messages.Request,
        csr: bytes,
        *,
        of: scep_messages.Authority,
        can: scep_messages.Capabilities,
    ) -> scep_messages.CertRep:
        for attempt in range(self._settings.retries + 1):
            if attempt:
                await self._pause(self._settings.retry_delay)
                asked = scep_messages.poll_content(of.certificates[0], csr)
                message = scep_messages.new_request(
                    scep_messages.MessageType.POLL, asked, signer=message.signer, name=message.transaction
                )
            data = scep_messages.write(message, of.recipient, can=can, moment=self._moment)
            answer = scep_messages.read((await self._operate(data, posts=can.posts)).body, message, of=of)
            if answer.failure is not None:
                raise Fault(Code.SCEP_ANSWER, f"the SCEP authority refused: {answer.failure}")
            if not answer.pending:
                return answer
        raise Fault(Code.SCEP_ANSWER, f"the SCEP authority had not decided after {self._settings.retries} retries")

    async def _ask(self, operation: str) -> Answer:
        name = f"&message={quote(self._settings.name, safe='')}" if self._settings.name else ""
        answer = await self._send("GET", f"{operation}{name}")
        if operation == "GetCACaps" and answer.status != 200:
            # RFC 8894 3.5.2: an authority that does not know the question has the legacy capabilities.
            return Answer(status=200, body=b"", url=answer.url)
        return _accepted(answer)

    async def _operate(self, message: bytes, *, posts: bool) -> Answer:
        if posts:
            return _accepted(await self._send("POST", "PKIOperation", body=message))
        text = quote(base64.b64encode(message).decode(), safe="")
        return _accepted(await self._send("GET", f"PKIOperation&message={text}"))

    async def _send(self, method: str, query: str, *, body: bytes | None = None) -> Answer:
        join = "&" if "?" in self._settings.url else "?"
        url = f"{self._settings.url}{join}operation={query}"
        try:
            return await self._transport.send(method, url, body=body, content_type=None if body is None else _PKI_TYPE)
        except ServerUnreachable as gone:
            raise Fault(Code.SCEP_NETWORK, f"the SCEP authority cannot be reached: {gone}") from gone


def _accepted(answer: Answer) -> Answer:
    if answer.status != 200:
        raise Fault(Code.SCEP_NETWORK, f"the SCEP authority answered {answer.status} for {answer.url[:200]}")
    return answer


def request(key: rsa.RSAPrivateKey, settings: ScepSettings) -> x509.CertificateSigningRequest:
    """The PKCS#10 request, with the challenge in it (RFC 2985 5.4.1). Fault if the payload's values make none."""
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
    found: list[tuple[x509.ExtensionType, bool]] = []
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
        found.append((usage, True))
    names: list[x509.GeneralName] = [x509.RFC822Name(one) for one in settings.mail_names]
    names += [x509.DNSName(one) for one in settings.dns_names]
    names += [x509.UniformResourceIdentifier(one) for one in settings.uris]
    names += [x509.OtherName(_PRINCIPAL_NAME, _utf8(one)) for one in settings.principal_names]
    if names:
        found.append((x509.SubjectAlternativeName(names), False))
    return found


def _utf8(text: str) -> bytes:
    return bytes(core.UTF8String(text).dump())
