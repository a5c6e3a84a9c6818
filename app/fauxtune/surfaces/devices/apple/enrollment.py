"""The enrolment of an Apple device: the profile that begins it, a request of the device, and its check-in messages.

The enrolment profile is opened by a user. Authenticate names the device, the first TokenUpdate completes its enrolment,
CheckOut ends it. Messages on the channel of a user are accepted and change nothing: nothing is sent on that channel.

Apple: "Device Management", MDM and SCEP payloads, Check-in.
"""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import assert_never

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from starlette.requests import Request

from fauxtune.core.errors import EnrollmentEnded, Invalid, NotEmulated
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.pki import signed
from fauxtune.core.pki.pfx import write_pfx
from fauxtune.operations.devices import apple, enrollment
from fauxtune.operations.devices import apple as apple_devices
from fauxtune.operations.devices.apple import device_authority
from fauxtune.operations.devices.caller import DeviceCaller, digest
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.runtime.wire import Caller
from fauxtune.surfaces.devices.apple import messages, mobileconfig, translate
from fauxtune.surfaces.devices.apple.messages import Sender
from fauxtune.surfaces.devices.client_certificate import caller_certificate, valid_at
from fauxtune.surfaces.http import caller_of, emulator_of

_NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Device identity")])
#: Apple's unlock and bootstrap tokens have some kilobytes.
LONGEST_TOKEN = 64 * 1024


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


def answer(tx: Transaction, call: DeviceCall, *, message: messages.CheckIn) -> bytes:
    """Handle a check-in message and return the body of the answer. Raises NotEmulated for one that is not served."""
    if isinstance(message, messages.Unsupported):
        about = f" ({message.detail[:80]})" if message.detail else ""
        raise NotEmulated(f"The check-in message {message.type[:80]}{about} is not emulated.")
    if message.sender.user is not None:
        _enrollment_id(tx, call, sender=message.sender)
        return b""
    match message:
        case messages.Authenticate():
            authenticate(tx, call, message=message)
        case messages.TokenUpdate():
            token_update(tx, call, message=message)
        case messages.CheckOut():
            check_out(tx, call, message=message)
        case messages.SetBootstrapToken():
            set_bootstrap_token(tx, call, message=message)
        case messages.GetBootstrapToken():
            return get_bootstrap_token(tx, call, message=message)
        case messages.UserAuthenticate():
            raise Invalid("UserID is missing: UserAuthenticate is about a user.", target="UserID")
        case _:
            assert_never(message)
    return b""


def authenticate(tx: Transaction, call: DeviceCall, *, message: messages.Authenticate) -> None:
    """Bind the identity certificate to the device."""
    identity = apple_devices.holder(tx, call.certificate)
    apple_devices.authenticate(tx, identity, request=translate.enrollment_request(message))


def token_update(tx: Transaction, call: DeviceCall, *, message: messages.TokenUpdate) -> None:
    """Note where the device can be pushed; the first time this completes the enrolment."""
    hardware_key = translate.hardware_key(message.sender.id)
    identity = apple_devices.authenticated(tx, call.certificate, hardware_key=hardware_key)
    state: JsonObject = {"push": {"mdm": message.push_magic}, "topic": message.topic}
    if message.unlock_token is not None:
        # The device sends it only when it has changed: without it the former one stays.
        state["unlockToken"] = _base64("UnlockToken", message.unlock_token)
    enrolled = apple_devices.token_update(tx, identity, token=message.token, wire_state=state)
    device = identity.enrollment or enrolled
    call.caller.device = None if device is None else device.id


def check_out(tx: Transaction, call: DeviceCall, *, message: messages.CheckOut) -> None:
    """End the enrolment. After a retire the device may confirm the command, send CheckOut, or both."""
    try:
        enrollment_id = _enrollment_id(tx, call, sender=message.sender)
    except EnrollmentEnded:
        return
    apple_devices.check_out(tx, DeviceCaller(enrollment_id, call.digest))


def set_bootstrap_token(tx: Transaction, call: DeviceCall, *, message: messages.SetBootstrapToken) -> None:
    """Keep the bootstrap token of a Mac, or delete it."""
    enrollment_id = _enrollment_id(tx, call, sender=message.sender)
    token = None if message.token is None else _base64("BootstrapToken", message.token)
    apple_devices.set_bootstrap_token(tx, enrollment_id, token=token)


def get_bootstrap_token(tx: Transaction, call: DeviceCall, *, message: messages.GetBootstrapToken) -> bytes:
    """Return the answer with the Mac's bootstrap token; empty if it has set none."""
    token = apple_devices.bootstrap_token(tx, _enrollment_id(tx, call, sender=message.sender))
    return b"" if token is None else messages.bootstrap_token(base64.b64decode(token))


def _enrollment_id(tx: Transaction, call: DeviceCall, *, sender: Sender) -> EnrollmentId:
    row = apple_devices.enrolled(tx, call.certificate, hardware_key=translate.hardware_key(sender.id))
    call.caller.device = row.id
    return row.id


def _base64(key: str, token: bytes) -> str:
    if len(token) > LONGEST_TOKEN:
        raise Invalid(f"{key} must not have more than {LONGEST_TOKEN} bytes.", target=key)
    return base64.b64encode(token).decode()
