"""How a device gets its identity: the profile to begin with, and SCEP.

The enrolment token is the profile's SCEP challenge; the identity's user is the token's. A token is used up when an
identity is issued, not when the profile is read. RFC 8894; Apple: "Device Management", SCEP.
"""

from __future__ import annotations

import asyncio
import uuid
from functools import partial
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.errors import EnrollmentEnded, Invalid, NotAllowed, NotFound
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.pki import scep, signed
from fauxtune.core.pki.authority import Authority
from fauxtune.core.pki.pfx import write_pfx
from fauxtune.operations.ca import authorities
from fauxtune.operations.devices import apple_enrollment, enrollment
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.surfaces.devices.apple import mobileconfig

_NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Device identity")])


async def profile(emulator: Emulator, tenant: Tenant, *, token: str, origin: str, with_identity: bool) -> bytes:
    """The enrolment profile for the user of a token. Unauthenticated for a token that is none, NotLicensed for a user
    who may not. `with_identity`: a PKCS#12 in place of SCEP; that takes a use of the token.
    """
    user = await emulator.runner.run(tenant, enrollment.token_holder, token)
    identity = await _made_identity(emulator, tenant, token=token) if with_identity else None
    base = f"{origin}/mdm/{tenant.id}/apple"
    wanted = mobileconfig.Enrollment(
        tenant_id=tenant.id,
        organization=tenant.name,
        user=str(user["document"]["userPrincipalName"]),
        scep_url=f"{base}/scep",
        check_in_url=f"{base}/checkin",
        server_url=f"{base}/server",
        challenge=token,
        authorities=_server_authorities(emulator.ca_file),
        identity=identity,
    )
    return mobileconfig.enrollment_profile(wanted)


async def sign(emulator: Emulator, tenant: Tenant, *, profile: bytes) -> bytes:
    """The profile, signed (CMS) by the authority that signs identities too."""
    authority = await _authority(emulator, tenant)
    return signed.sign(profile, certificate=authority.certificate, key=authority.key, chain=authority.chain)


async def authority_certificate(emulator: Emulator, tenant: Tenant) -> bytes:
    """The answer to GetCACert: the one certificate that seals and signs, DER."""

    def read(tx: Transaction) -> bytes:
        found = authorities.certificate(tx.connection, tx.tenant, name="devices")
        return found.public_bytes(Encoding.DER)

    return await emulator.runner.run(tenant, read)


async def answer(emulator: Emulator, tenant: Tenant, *, message: bytes) -> bytes:
    """The CertRep for a pkiMessage. Invalid for bytes that none can answer."""
    authority = await _authority(emulator, tenant)
    nonce = uuid.UUID(emulator.runner.ids.uuid()).bytes
    certificate, key = authority.certificate, authority.key
    asked = scep.read(message, certificate=certificate, key=key)
    found = asked if isinstance(asked, scep.Refusal) else await _decide(emulator, tenant, asked=asked)
    if isinstance(found, scep.Refusal):
        return scep.refuse(found, certificate=certificate, key=key, nonce=nonce)
    return scep.grant(asked.exchange, found, certificate=certificate, key=key, nonce=nonce)


async def _decide(emulator: Emulator, tenant: Tenant, *, asked: scep.Request) -> x509.Certificate | scep.Refusal:
    """A refusal leaves everything as it was: it is written after the transaction that found the reason."""
    over = asked.exchange.signer.not_valid_after_utc < emulator.runner.now(tenant)
    if _renews(asked) and over:
        return scep.Refusal(
            asked.exchange, scep.FailInfo.BAD_TIME, "The certificate that signed this renewal has expired."
        )
    try:
        return await emulator.runner.run(tenant, _issue, asked, emulator=emulator)
    except (NotFound, EnrollmentEnded) as error:
        return scep.Refusal(asked.exchange, scep.FailInfo.BAD_CERTIFICATE_ID, error.message)
    except (Invalid, NotAllowed) as error:
        return scep.Refusal(asked.exchange, scep.FailInfo.BAD_REQUEST, error.message)


def _renews(asked: scep.Request) -> bool:
    """True if the certificate that signed the message says who the caller is. Before RFC 8894 a renewal was a PKCSReq
    that the present certificate signs (draft-nourse-scep); sscep and jscep still ask so, without a challenge.
    """
    first = asked.kind is scep.Kind.REQUEST and asked.challenge
    return not first and asked.kind is not scep.Kind.POLL


def _issue(tx: Transaction, asked: scep.Request, *, emulator: Emulator) -> x509.Certificate:
    """The certificate for a request, or the error that says why there is none."""
    if asked.kind is scep.Kind.POLL:
        raise NotFound("No request waits here: each is answered at once.")
    if _renews(asked):
        der = _renewed(tx, asked, emulator=emulator)
    else:
        der = apple_enrollment.issue(tx, asked.csr, token=asked.challenge or "", keys=emulator.keys)
    return x509.load_der_x509_certificate(der)


def _renewed(tx: Transaction, asked: scep.Request, *, emulator: Emulator) -> bytes:
    signer = asked.exchange.signer.public_bytes(Encoding.DER)
    try:
        return apple_enrollment.renew(tx, asked.csr, signer=signer, keys=emulator.keys)
    except NotFound:
        if asked.kind is not scep.Kind.REQUEST:
            raise
        raise Invalid(
            "The request has no challengePassword, which is the one of the enrolment profile, and the certificate that "
            "signed it is not one of ours that could be renewed."
        ) from None


async def _authority(emulator: Emulator, tenant: Tenant) -> Authority:
    def load(tx: Transaction) -> Authority:
        return authorities.load(tx.connection, tx.tenant, name="devices", keys=emulator.keys)

    return await emulator.runner.run(tenant, load)


async def _made_identity(emulator: Emulator, tenant: Tenant, *, token: str) -> mobileconfig.Identity:
    key = await asyncio.wrap_future(emulator.workers.submit(tenant.id, emulator.key_source.take))
    request = x509.CertificateSigningRequestBuilder(_NAME).sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    issued = await emulator.runner.run(tenant, apple_enrollment.issue, request, token=token, keys=emulator.keys)
    password = emulator.runner.ids.token(24)
    made = emulator.workers.submit(tenant.id, partial(_file, key, issued, password=password))
    return await asyncio.wrap_future(made)


def _file(key: RSAPrivateKey, issued: bytes, *, password: str) -> mobileconfig.Identity:
    """In the older ciphers: nobody knows which system will read it."""
    certificate = x509.load_der_x509_certificate(issued)
    data = write_pfx(key=key, certificate=certificate, chain=(), password=password, name="Device identity", legacy=True)
    return mobileconfig.Identity(data, password)


def _server_authorities(file: str) -> tuple[bytes, ...]:
    """What a device must trust to call back; nothing where the server's certificate is not ours."""
    if not file or not Path(file).is_file():
        return ()
    return tuple(each.public_bytes(Encoding.DER) for each in x509.load_pem_x509_certificates(Path(file).read_bytes()))
