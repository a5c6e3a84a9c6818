"""SCEP (RFC 8894) for devices: the tenant's device authority answers requests for identity certificates.

The challenge is an enrolment token, and the identity's user is the token's. A token is used up when an identity is
issued, not when the enrolment profile that holds it is read. Apple: "Device Management", SCEP.
"""

from __future__ import annotations

import uuid

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.errors import EnrollmentEnded, Invalid, NotAllowed, NotFound
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.pki import scep
from fauxtune.core.pki.authority import Authority
from fauxtune.operations.ca import authorities
from fauxtune.operations.devices import apple_enrollment
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction


async def authority_certificate(emulator: Emulator, tenant: Tenant) -> bytes:
    """Return the answer to GetCACert: the one certificate (DER) that decrypts and signs."""

    def read(tx: Transaction) -> bytes:
        return authorities.certificate(tx.connection, tx.tenant, name="devices").public_bytes(Encoding.DER)

    return await emulator.runner.run(tenant, read)


async def device_authority(emulator: Emulator, tenant: Tenant) -> Authority:
    """Return the authority that issues the identities, with its key."""

    def load(tx: Transaction) -> Authority:
        return authorities.load(tx.connection, tx.tenant, name="devices", keys=emulator.keys)

    return await emulator.runner.run(tenant, load)


async def answer(emulator: Emulator, tenant: Tenant, *, message: bytes) -> bytes:
    """Return the CertRep for a pkiMessage. Raises Invalid for bytes to which SCEP has no answer."""
    authority = await device_authority(emulator, tenant)
    nonce = uuid.UUID(emulator.runner.ids.uuid()).bytes
    certificate, key = authority.certificate, authority.key
    request = scep.read(message, certificate=certificate, key=key)
    result = request if isinstance(request, scep.Refusal) else await _decide(emulator, tenant, request=request)
    if isinstance(result, scep.Refusal):
        return scep.refuse(result, certificate=certificate, key=key, nonce=nonce)
    return scep.grant(request.exchange, result, certificate=certificate, key=key, nonce=nonce)


async def _decide(emulator: Emulator, tenant: Tenant, *, request: scep.Request) -> x509.Certificate | scep.Refusal:
    """The certificate, or the refusal. A refusal changes nothing: it is written after the transaction that failed."""
    has_expired = request.exchange.signer.not_valid_after_utc < emulator.runner.now(tenant)
    if _is_renewal(request) and has_expired:
        return scep.Refusal(
            request.exchange, scep.FailInfo.BAD_TIME, "The certificate that signed this renewal has expired."
        )
    try:
        return await emulator.runner.run(tenant, _issue, request, emulator=emulator)
    except (NotFound, EnrollmentEnded) as error:
        return scep.Refusal(request.exchange, scep.FailInfo.BAD_CERTIFICATE_ID, error.message)
    except (Invalid, NotAllowed) as error:
        return scep.Refusal(request.exchange, scep.FailInfo.BAD_REQUEST, error.message)


def _is_renewal(request: scep.Request) -> bool:
    """Whether the certificate that signed the message proves who the caller is. Before RFC 8894 a renewal was a PKCSReq
    that the present certificate signs (draft-nourse-scep); sscep and jscep still send that, without a challenge.
    """
    is_first = request.kind is scep.Kind.REQUEST and request.challenge
    return not is_first and request.kind is not scep.Kind.POLL


def _issue(tx: Transaction, request: scep.Request, *, emulator: Emulator) -> x509.Certificate:
    """Issue the certificate for a request. Raises the error that refuses it."""
    if request.kind is scep.Kind.POLL:
        raise NotFound("No request is pending: each is answered at once.")
    if _is_renewal(request):
        der = _renew(tx, request, emulator=emulator)
    else:
        der = apple_enrollment.issue(tx, request.csr, token=request.challenge or "", keys=emulator.keys)
    return x509.load_der_x509_certificate(der)


def _renew(tx: Transaction, request: scep.Request, *, emulator: Emulator) -> bytes:
    signer = request.exchange.signer.public_bytes(Encoding.DER)
    try:
        return apple_enrollment.renew(tx, request.csr, signer=signer, keys=emulator.keys)
    except NotFound:
        if request.kind is not scep.Kind.REQUEST:
            raise
        raise Invalid(
            "The request has no challengePassword (the one in the enrolment profile), and the certificate that signed "
            "it is not one that this service issued to a device."
        ) from None
