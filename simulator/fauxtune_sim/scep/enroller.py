"""How a device gets a certificate by SCEP: with a key of its own, from the server that its management names.

When it requests one, also to renew it, its management says: `android/scep.py`, `apple/payloads.py` and
`windows/scep.py` read that.

A request that is PENDING is kept in the key store. When the device is to request the same thing again, it asks what
became of it, and does not send another one.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune_sim.device.device import Device
from fauxtune_sim.keys.certificates import is_ca, issuer_of
from fauxtune_sim.keys.keystore import (
    DeviceIdentity,
    KeyEntry,
    KeyRing,
    KeyStore,
    PendingRequest,
    key_from_der,
    key_to_der,
)
from fauxtune_sim.scep.client import Authority, ScepClient
from fauxtune_sim.scep.csr import Failure, ScepFailed, ScepSettings
from fauxtune_sim.scep.messages import MessageType, PkiRequest, new_request
from fauxtune_sim.server.transport import Transport

#: The most requests that wait for a decision; the oldest is forgotten first.
_MOST_PENDING = 16


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with its key, and the certificates of its issuers as far as the server has sent them."""

    identity: DeviceIdentity
    chain: tuple[x509.Certificate, ...] = ()

    def entry(
        self,
        alias: str,
        *,
        digest: str,
        profile_id: str | None = None,
        open_to_all: bool = False,
        extractable: bool = True,
    ) -> KeyEntry:
        """The key store's entry with this alias; `digest` says what was requested."""
        return KeyEntry(
            alias=alias,
            source="scep",
            certificate=self.identity.certificate.public_bytes(Encoding.DER),
            key=key_to_der(self.identity.key),
            chain=tuple(certificate.public_bytes(Encoding.DER) for certificate in self.chain),
            profile_id=profile_id,
            digest=digest,
            open_to_all=open_to_all,
            extractable=extractable,
        )


class Enroller:
    """Requests certificates for one device. `now`: the time of its clock."""

    def __init__(self, device: Device, transport: Transport, *, keys: KeyRing, now: datetime) -> None:
        self._device = device
        self._transport = transport
        self._keys = keys
        self._now = now

    async def enroll(
        self, settings: ScepSettings, *, renews: DeviceIdentity | None = None, key: rsa.RSAPrivateKey | None = None
    ) -> Issued:
        """Request a certificate for a new key (or `key`), as the successor of `renews` or as the first one.

        Raises ScepFailed if the server issues no certificate. If it answered PENDING, the request and its key are kept,
        and the next call for the same settings polls for it. The first server that can be reached is asked.
        """
        for url in settings.other_urls:
            try:
                return await self._enroll(settings, renews=renews, key=key)
            except ScepFailed as failed:
                if failed.failure is not Failure.NETWORK:
                    raise
            settings = replace(settings, url=url)
        return await self._enroll(settings, renews=renews, key=key)

    async def _enroll(
        self, settings: ScepSettings, *, renews: DeviceIdentity | None, key: rsa.RSAPrivateKey | None
    ) -> Issued:
        store = self._device.keystore
        async with self._connected(settings.url) as transport:
            client = ScepClient(
                transport,
                settings if settings.waits else replace(settings, retries=0),
                moment=self._now,
                known=store.trusted_certificates(),
            )
            authority = await client.authority()
            waiting = store.pending.get(settings.identifier)
            if waiting is None:
                key = await self._keys.take(settings.request.key_size) if key is None else key
                message = client.first_request(key, authority.can, renews=self._valid(renews))
            else:
                key, message = key_from_der(waiting.key), _message(waiting)
            try:
                identity = await client.poll(message, key=key, authority=authority, again=waiting is not None)
            except ScepFailed as failed:
                raise self._after_failure(failed, settings, message=message, key=key) from failed
        store.pending.pop(settings.identifier, None)
        return Issued(identity, _chain(identity.certificate, authority))

    def _connected(self, url: str) -> AbstractAsyncContextManager[Transport]:
        """A transport that trusts what the device trusts, too."""
        roots = tuple(self._device.keystore.trusted.values())
        if url.lower().startswith("https:") and roots:
            return Transport(ca=self._transport.ca, roots=roots)
        return nullcontext(self._transport)

    def _valid(self, identity: DeviceIdentity | None) -> DeviceIdentity | None:
        """The identity if it can still sign: no authority renews a certificate that has expired."""
        if identity is None or self._now >= identity.certificate.not_valid_after_utc:
            return None
        return identity

    def _after_failure(
        self, failed: ScepFailed, settings: ScepSettings, *, message: PkiRequest, key: rsa.RSAPrivateKey
    ) -> ScepFailed:
        """Keep or forget the request, and return the error to raise."""
        pending, name = self._device.keystore.pending, settings.identifier
        if failed.failure is not Failure.PENDING:
            if failed.failure is not Failure.NETWORK:
                pending.pop(name, None)
            return failed
        since = pending[name].since if name in pending else self._now.isoformat()
        patience = timedelta(seconds=settings.retries * settings.retry_delay)
        if not settings.waits and self._now - datetime.fromisoformat(since) >= patience:
            pending.pop(name, None)
            text = f"the SCEP authority had not decided after {patience}"
            return ScepFailed(Failure.TOO_LATE, text)
        if name in pending:
            return failed
        while len(pending) >= _MOST_PENDING:
            del pending[next(iter(pending))]
        pending[name] = PendingRequest(
            request=message.content,
            key=key_to_der(key),
            certificate=message.signer.certificate.public_bytes(Encoding.DER),
            signer=key_to_der(message.signer.key),
            message_type=message.message_type.value,
            transaction=message.transaction_id,
            since=since,
        )
        return failed


def present_identity(store: KeyStore, alias: str | None) -> DeviceIdentity | None:
    """The certificate with its key that an alias has, to sign the request for its successor; None if it cannot."""
    if alias is None or alias not in store.entries:
        return None
    identity = store.identity(alias)
    return DeviceIdentity(identity.certificate, identity.key) if isinstance(identity.key, rsa.RSAPrivateKey) else None


def _message(waiting: PendingRequest) -> PkiRequest:
    signer = DeviceIdentity(x509.load_der_x509_certificate(waiting.certificate), key_from_der(waiting.signer))
    return new_request(
        MessageType(waiting.message_type), waiting.request, signer=signer, transaction=waiting.transaction
    )


def _chain(certificate: x509.Certificate, authority: Authority) -> tuple[x509.Certificate, ...]:
    """The issuers of a certificate that the server has sent, from its own to the root."""
    return tuple(_issuers(certificate, [each for each in authority.certificates.certificates if is_ca(each)]))


def _issuers(certificate: x509.Certificate, known: list[x509.Certificate]) -> Iterable[x509.Certificate]:
    while certificate.issuer != certificate.subject:
        issuer = issuer_of(certificate, known)
        if issuer is None:
            return
        yield issuer
        known, certificate = [each for each in known if each != issuer], issuer
