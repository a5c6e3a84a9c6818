"""A SCEP client (RFC 8894): GetCACaps, GetCACert, then PKIOperation until the CertRep is SUCCESS or FAILURE.

A device calls `authority`, `first_request` and `poll`; `enroll`, which tests call, is all three. A test bench, which
sends wrong messages too, uses only `address` and `send_operation`.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune_sim.errors import ServerUnreachable
from fauxtune_sim.keys.keystore import DeviceIdentity
from fauxtune_sim.scep.csr import Failure, ScepFailed, ScepSettings, certificate_request
from fauxtune_sim.scep.messages import (
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
from fauxtune_sim.server.transport import Answer, Transport

_PKI_TYPE = "application/x-pki-message"


@dataclass(frozen=True, slots=True)
class Authority:
    """What a server says of itself: capabilities, and certificates."""

    can: Capabilities
    certificates: CaCertificates


class ScepClient:
    """A client of one server. `known` are certificates that the device trusts. `pause` waits between polls; it is an
    argument so that tests need not wait.
    """

    def __init__(
        self,
        transport: Transport,
        settings: ScepSettings,
        *,
        moment: datetime,
        known: Iterable[x509.Certificate] = (),
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._transport = transport
        self._settings = settings
        self._moment = moment
        self._known = tuple(known)
        self._pause = pause

    async def enroll(self, key: rsa.RSAPrivateKey, *, renews: DeviceIdentity | None = None) -> DeviceIdentity:
        """Request a certificate for this key, as the renewal of `renews` or as a new one.

        A RenewalReq is signed by the present identity (RFC 8894 3.3.1.2); an authority without that capability gets a
        PKCSReq. Raises ScepFailed if no certificate is issued.
        """
        authority = await self.authority()
        return await self.poll(self.first_request(key, authority.can, renews=renews), key=key, authority=authority)

    async def authority(self) -> Authority:
        """Ask for capabilities and certificates. Raises ScepFailed for an answer without a usable certificate."""
        can = read_capabilities((await self._get("GetCACaps")).body.decode("latin-1"))
        body = (await self._get("GetCACert")).body
        certificates = read_ca_certificates(body, fingerprint=self._settings.fingerprint, known=self._known)
        return Authority(can, certificates)

    def first_request(
        self, key: rsa.RSAPrivateKey, can: Capabilities, *, renews: DeviceIdentity | None = None
    ) -> PkiRequest:
        """The request for a certificate. Raises ScepFailed if the settings make no certificate request."""
        csr = certificate_request(key, self._settings.request)
        if renews is not None and can.renews:
            message_type, signer = MessageType.RENEWAL_REQ, renews
        else:
            message_type = MessageType.PKCS_REQ
            signer = temporary_identity(key, csr.subject, moment=self._moment)
        content = csr.public_bytes(Encoding.DER)
        return new_request(message_type, content, signer=signer, transaction=transaction_id(content))

    async def poll(
        self, first: PkiRequest, *, key: rsa.RSAPrivateKey, authority: Authority, again: bool = False
    ) -> DeviceIdentity:
        """Send a request, and CertPoll while the answer is PENDING; only CertPoll if it was sent before (`again`).

        Raises ScepFailed if no certificate is issued.
        """
        message = self._poll_request(first, authority) if again else first
        for attempt in range(self._settings.retries + 1):
            if attempt:
                if attempt > 1 or not self._settings.at_once:
                    await self._pause(self._settings.retry_delay)
                message = self._poll_request(first, authority)
            answer = await self._request(message, authority)
            if answer.failure is not None:
                raise _refused(answer)
            if not answer.pending:
                return DeviceIdentity(certificate=certificate_for_key(answer, key), key=key)
        retries = self._settings.retries
        text = (
            f"the SCEP authority had not decided after {retries} retries"
            if retries
            else "the SCEP authority has not decided yet"
        )
        raise ScepFailed(Failure.PENDING, text)

    def _poll_request(self, first: PkiRequest, authority: Authority) -> PkiRequest:
        """The CertPoll for a request that is PENDING."""
        content = cert_poll_content(authority.certificates.issuer, first.content)
        return new_request(MessageType.CERT_POLL, content, signer=first.signer, transaction=first.transaction_id)

    async def _request(self, message: PkiRequest, authority: Authority) -> CertRep:
        """Send one request, and read its answer. Raises ScepFailed if it cannot be read; a FAILURE is an answer."""
        data = write_pki_message(
            message,
            authority.certificates.recipient,
            cipher=authority.can.cipher,
            digest=authority.can.digest(self._settings.request.digest),
            moment=self._moment,
        )
        sending = send_operation(self._transport, self._settings.url, message=data, posts=authority.can.posts)
        answer = _checked(await _reached(sending))
        return read_cert_rep(answer.body, message, of=authority.certificates)

    async def _get(self, operation: str) -> Answer:
        name = f"&message={quote(self._settings.name, safe='')}" if self._settings.name else ""
        answer = await _reached(self._transport.get(f"{address(self._settings.url, operation)}{name}"))
        if operation == "GetCACaps" and answer.status != 200:
            # RFC 8894 3.5.2: an authority that does not implement GetCACaps has the legacy capabilities.
            return Answer(status=200, body=b"", url=answer.url)
        return _checked(answer)


def address(url: str, operation: str) -> str:
    """The address of an operation of the server at `url` (RFC 8894 4.1)."""
    return f"{url}{'&' if '?' in url else '?'}operation={operation}"


async def send_operation(transport: Transport, url: str, *, message: bytes, posts: bool) -> Answer:
    """Send the bytes of a PKIOperation by POST if the server `posts`, else by GET."""
    where = address(url, "PKIOperation")
    if posts:
        return await transport.send("POST", where, body=message, content_type=_PKI_TYPE)
    return await transport.get(f"{where}&message={quote(base64.b64encode(message).decode(), safe='')}")


async def _reached(sending: Awaitable[Answer]) -> Answer:
    try:
        return await sending
    except ServerUnreachable as gone:
        raise ScepFailed(Failure.NETWORK, f"the SCEP authority cannot be reached: {gone}") from gone


def _refused(answer: CertRep) -> ScepFailed:
    """The error for a FAILURE."""
    why = f"{answer.failure} ({answer.failure_text})" if answer.failure_text else answer.failure
    return ScepFailed(
        Failure.REFUSED,
        f"the SCEP authority refused: {why}",
        fail_info=answer.failure or "",
        fail_info_text=answer.failure_text,
    )


def _checked(answer: Answer) -> Answer:
    if answer.status != 200:
        text = f"the SCEP authority answered {answer.status} for {answer.url[:200]}"
        raise ScepFailed(Failure.NETWORK, text)
    return answer
