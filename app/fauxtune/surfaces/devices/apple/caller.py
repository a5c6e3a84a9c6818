"""One request of an Apple device: the tenant, the body, and the certificate whose key the device proves to have."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from starlette.requests import Request

from fauxtune.core.errors import Invalid
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.devices.caller import digest
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.wire import Caller
from fauxtune.surfaces.devices.client_certificate import caller_certificate, valid_at
from fauxtune.surfaces.http import caller_of, emulator_of


@dataclass(frozen=True, slots=True)
class DeviceCall:
    """One request of a device. `certificate` is valid now on the tenant's clock; who issued it is not checked yet.
    `caller` notes which device it is.
    """

    emulator: Emulator
    tenant: Tenant
    body: bytes
    certificate: x509.Certificate
    caller: Caller

    @property
    def digest(self) -> str:
        """The digest of the certificate, by which the device is known."""
        return digest(self.certificate.public_bytes(Encoding.DER))


async def device_call(request: Request, tenant_key: str) -> DeviceCall:
    """Read the request. Raises Invalid for a request without an identity or with one that is not valid on the tenant's
    clock, NotFound for an unknown tenant.
    """
    emulator = emulator_of(request)
    caller = caller_of(request)
    tenant = caller.tenant = await emulator.runner.tenant(tenant_key)
    body = await request.body()
    certificate = caller_certificate(request, body, proxies=emulator.trusted_proxies)
    if certificate is None:
        raise Invalid(
            "The request brings no identity: a device signs the body (header Mdm-Signature), or presents its "
            "certificate in TLS."
        )
    if not valid_at(certificate, emulator.runner.now(tenant)):
        raise Invalid(
            f"The identity certificate is valid from {certificate.not_valid_before_utc} to "
            f"{certificate.not_valid_after_utc}; the tenant's clock is outside of that."
        )
    return DeviceCall(emulator, tenant, body=body, certificate=certificate, caller=caller)
