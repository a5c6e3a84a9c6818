"""The enrolment profile, which a user opens to enrol a device. Apple: "Device Management", MDM and SCEP payloads."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.model.tenants import Tenant
from fauxtune.core.pki import signed
from fauxtune.core.pki.pfx import write_pfx
from fauxtune.operations.devices import apple, enrollment
from fauxtune.operations.devices.apple import device_authority
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.surfaces.devices.apple import mobileconfig

_NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Device identity")])


async def profile(
    emulator: Emulator, tenant: Tenant, *, token: str, origin: str, with_identity: bool, by_user: bool = False
) -> bytes:
    """Return the enrolment profile for the user of an enrolment token; `by_user`: for a User Enrollment.

    With `with_identity` it holds a PKCS#12 in place of SCEP; that takes a use of the token. Raises Unauthenticated for
    a token that is not valid, NotLicensed for a user who may not enrol devices.
    """
    user = await emulator.runner.run(tenant, enrollment.token_holder, token)
    identity = await _identity(emulator, tenant, token=token) if with_identity else None
    base = f"{origin}/mdm/{tenant.id}/apple"
    content = mobileconfig.Enrollment(
        tenant_id=tenant.id,
        organization=tenant.name,
        user=str(user.document["userPrincipalName"]),
        scep_url=f"{base}/scep",
        check_in_url=f"{base}/checkin",
        server_url=f"{base}/server",
        challenge=token,
        authorities=_server_authorities(emulator.ca_file),
        identity=identity,
        by_user=by_user,
    )
    return mobileconfig.enrollment_profile(content)


async def sign(emulator: Emulator, tenant: Tenant, *, profile: bytes) -> bytes:
    """Return the profile, signed (CMS) by the authority that issues the identities."""
    authority = await device_authority(emulator, tenant)
    return signed.sign(profile, certificate=authority.certificate, key=authority.key, chain=authority.chain)


async def _identity(emulator: Emulator, tenant: Tenant, *, token: str) -> mobileconfig.Identity:
    key = await asyncio.wrap_future(emulator.workers.submit(tenant.id, emulator.key_source.take))
    csr = x509.CertificateSigningRequestBuilder(_NAME).sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    certificate = await emulator.runner.run(tenant, apple.issue, csr, token=token, keys=emulator.keys)
    password = emulator.runner.ids.token(24)
    file = emulator.workers.submit(tenant.id, partial(_file, key, certificate, password=password))
    return await asyncio.wrap_future(file)


def _file(key: RSAPrivateKey, der: bytes, *, password: str) -> mobileconfig.Identity:
    """In the older ciphers, which every release of iOS and macOS reads."""
    certificate = x509.load_der_x509_certificate(der)
    data = write_pfx(key=key, certificate=certificate, chain=(), password=password, name="Device identity", legacy=True)
    return mobileconfig.Identity(data, password)


def _server_authorities(file: str) -> tuple[bytes, ...]:
    """The authorities that a device must trust to reach the server; none if its certificate is not from this file."""
    if not file or not Path(file).is_file():
        return ()
    authorities = x509.load_pem_x509_certificates(Path(file).read_bytes())
    return tuple(authority.public_bytes(Encoding.DER) for authority in authorities)
