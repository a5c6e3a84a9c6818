"""Which device is calling, and whether it is the one that it says: the rules of binding.

An identity certificate is bound to one device when that authenticates. What a message says of itself is believed only
as far as it agrees with that; NanoMDM does the same (service/certauth).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from starlette.requests import Request

from fauxtune.core.errors import EnrollmentEnded, Invalid, NotAllowed, NotFound
from fauxtune.core.model.states import EnrollmentState
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.ca import authorities
from fauxtune.operations.devices import apple_enrollment
from fauxtune.operations.devices.caller import DeviceCaller
from fauxtune.operations.devices.enrollment import digest
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import devices as queries
from fauxtune.surfaces.devices.apple import translate
from fauxtune.surfaces.devices.apple.messages import Sender
from fauxtune.surfaces.devices.client_certificate import caller_certificate, valid_at
from fauxtune.surfaces.http import emulator_of

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DeviceCall:
    """One request of a device: where it goes, what it says, and the certificate that it proves to have the key of."""

    emulator: Emulator
    tenant: Tenant
    body: bytes
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        """The certificate as it is kept."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def digest(self) -> str:
        """By which the device is known."""
        return digest(self.der)


async def device_call(request: Request) -> DeviceCall:
    """The call. Invalid for one that brings no identity, or one that is not valid on the tenant's clock; NotFound for
    an unknown tenant.
    """
    emulator = emulator_of(request)
    tenant = await emulator.runner.tenant(request.path_params["tenant_key"])
    body = await request.body()
    certificate = caller_certificate(request, body, proxies=emulator.trusted_proxies)
    if certificate is None:
        raise Invalid(
            "The request brings no identity: a device signs it (header Mdm-Signature), or presents its certificate in "
            "TLS."
        )
    if not valid_at(certificate, emulator.runner.now(tenant)):
        raise Invalid(
            f"The identity certificate is valid from {certificate.not_valid_before_utc} to "
            f"{certificate.not_valid_after_utc}, which is not now."
        )
    return DeviceCall(emulator, tenant, body=body, certificate=certificate)


async def enrolled(call: DeviceCall, sender: Sender) -> Row:
    """The live enrolment that is calling: one indexed read. Otherwise as `live`."""
    row = await call.emulator.runner.read(queries.enrollment_by_credential, call.digest)
    good = row is not None and row["tenant_id"] == call.tenant.id and row["state"] != EnrollmentState.ENDED.value
    if row is not None and good and row["hardware_key"] == translate.hardware_key(sender.id):
        return row
    return (await call.emulator.runner.run(call.tenant, live, call, sender=sender)).enrollment or {}


def recognised(tx: Transaction, call: DeviceCall) -> apple_enrollment.Known:
    """Whose certificate it is. Invalid for a foreign one; EnrollmentEnded for one of ours that nothing is known of any
    more.
    """
    try:
        return apple_enrollment.recognise(tx, call.der)
    except NotFound:
        authority = authorities.certificate(tx.connection, tx.tenant, name="devices")
    try:
        call.certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        raise Invalid("The identity certificate was not issued by this tenant's device authority.") from None
    raise EnrollmentEnded("The identity certificate is one of ours, but no enrolment belongs to it any more.")


def bound(tx: Transaction, call: DeviceCall, *, sender: Sender) -> apple_enrollment.Known:
    """As `recognised`, for a message of the device to which the certificate is bound. NotAllowed for another device's;
    Invalid before Authenticate.
    """
    known = recognised(tx, call)
    hardware = known.identity["hardware_key"]
    if hardware is None:
        raise Invalid("This identity belongs to no device yet: the first message is Authenticate.")
    if hardware != translate.hardware_key(sender.id):
        raise NotAllowed("The identity certificate belongs to another device than the one that the message names.")
    return known


def live(tx: Transaction, call: DeviceCall, *, sender: Sender) -> apple_enrollment.Known:
    """As `bound`, for a device that is enrolled. EnrollmentEnded for one that is not any more; Invalid for one that is
    not yet.
    """
    known = bound(tx, call, sender=sender)
    if known.enrollment is None:
        raise Invalid("The device is not enrolled yet: after Authenticate comes TokenUpdate.")
    if not known.is_live:
        raise EnrollmentEnded(f"The enrolment of this device has ended ({known.enrollment['cause']}).")
    return known


def caller(known: apple_enrollment.Known) -> DeviceCaller:
    """The enrolment as operations ask for it."""
    assert known.enrollment is not None
    return DeviceCaller(known.enrollment["id"], known.digest)
