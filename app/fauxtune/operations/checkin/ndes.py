"""NDES with Intune's policy module: the SCEP server of the tenant's certification authority (RFC 8894).

A connector with the role `scep` serves it. What it decides about requests is in `ndes_requests`; here are messages and
answers. Without the connector nothing is answered, and with RA certificates that have expired neither (in IIS, the
application does not start).
"""

from __future__ import annotations

import uuid

from fauxtune.core.model.tenants import Tenant
from fauxtune.core.pki import scep, signed
from fauxtune.core.pki.scep import Kind, Refusal, Rules
from fauxtune.operations.checkin.ndes_certificates import chain_of, next_of, requested
from fauxtune.operations.checkin.ndes_requests import Outcome, Pending, decide
from fauxtune.operations.connectors.ra_certificates import RegistrationAuthority, registration_authority
from fauxtune.operations.runtime.emulator import Emulator

_CAPABILITIES = (
    "POSTPKIOperation", "Renewal", "SHA-1", "SHA-256", "SHA-512", "AES", "DES3", "SCEPStandard", "GetNextCACert",
)  # fmt: skip
_ALL = frozenset(Kind)


async def capabilities(emulator: Emulator, tenant: Tenant) -> str:
    """Return the answer to GetCACaps: a word on each line."""
    await registration_authority(emulator, tenant)
    refused = {"SHA-1"} if tenant.setting("ndes.strict") else set()
    return "".join(f"{word}\n" for word in _CAPABILITIES if word not in refused)


async def ca_certificates(emulator: Emulator, tenant: Tenant) -> bytes:
    """Return the answer to GetCACert: the RA certificates, and those of the authority and its root (PKCS#7)."""
    ra = await registration_authority(emulator, tenant)
    chain = await emulator.runner.run(tenant, chain_of, [ra.encryption.certificate, ra.signing.certificate])
    return signed.certificates_only(chain)


async def next_ca_certificate(emulator: Emulator, tenant: Tenant) -> bytes:
    """Return the answer to GetNextCACert: the authority's new certificate, signed by the RA that the old one certified.

    Raises NotFound if the authority has no newer one. (It issues with a new key at once; until the RA certificates are
    renewed, the client learns of it here.)
    """
    ra = await registration_authority(emulator, tenant)
    chain = await emulator.runner.run(tenant, next_of, ra.signing.certificate)
    return signed.sign(signed.certificates_only(chain), certificate=ra.signing.certificate, key=ra.signing.key)


async def answer(emulator: Emulator, tenant: Tenant, *, message: bytes) -> bytes:
    """Return the CertRep for a pkiMessage. Raises Invalid for bytes to which SCEP has no answer, and what
    `registration_authority` raises.
    """
    ra = await registration_authority(emulator, tenant)
    rules = Rules(_ALL, strict=bool(emulator.runner.current(tenant).setting("ndes.strict")))
    request = scep.read(message, certificate=ra.encryption.certificate, key=ra.encryption.key, rules=rules)
    result = request if isinstance(request, Refusal) else await _result(emulator, tenant, request=request, ra=ra)
    nonce = uuid.UUID(emulator.runner.ids.uuid()).bytes
    certificate, key = ra.signing.certificate, ra.signing.key
    match result:
        case Refusal():
            return scep.refuse(result, certificate=certificate, key=key, nonce=nonce)
        case Pending():
            return scep.postpone(request.exchange, certificate=certificate, key=key, nonce=nonce)
        case bytes():
            return scep.succeed(request.exchange, result, certificate=certificate, key=key, nonce=nonce)
        case _:
            return scep.grant(request.exchange, result, certificate=certificate, key=key, nonce=nonce)


async def _result(
    emulator: Emulator, tenant: Tenant, *, request: scep.Request, ra: RegistrationAuthority
) -> Outcome | bytes:
    """Return what the message is answered with; for a GetCert or GetCRL a SignedData."""
    if request.kind in (Kind.GET_CERTIFICATE, Kind.GET_CRL):
        return await requested(emulator, tenant, request=request)
    return await emulator.runner.run(tenant, decide, request, connector=ra.connector, keys=emulator.keys)
