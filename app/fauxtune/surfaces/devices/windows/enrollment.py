"""Enrolling a Windows device: from RequestSecurityToken to an enrolment and its provisioning document.

MS-MDE2 3.4; its context items. Phones of the 8.1 era leave out HWDevID, EnrollmentType and DeviceType.
"""

from __future__ import annotations

import re

import orjson
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.clock import parse_duration
from fauxtune.core.errors import Invalid, Unauthenticated
from fauxtune.core.graph.device_facts import mac_address
from fauxtune.core.model.platforms import Platform
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.pki import signed
from fauxtune.core.pki.authority import Authority
from fauxtune.operations.ca import authorities
from fauxtune.operations.devices import windows
from fauxtune.operations.devices.enrollment import EnrollmentRequest
from fauxtune.operations.devices.windows import LAX, Claimant
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.runtime.wire import Caller
from fauxtune.surfaces.devices.windows.csp import DESKTOP_PROVIDER, PHONE_PROVIDER
from fauxtune.surfaces.devices.windows.messages import provisioning
from fauxtune.surfaces.devices.windows.messages.mde2 import TokenRequest
from fauxtune.surfaces.devices.windows.messages.provisioning import Cadence, Provisioning
from fauxtune.surfaces.devices.windows.messages.soap import JWT, Proof
from fauxtune.surfaces.devices.windows.tenant_lookup import claims_of

#: OSEdition of Windows 10 Mobile (PRODUCT_MOBILE_CORE).
_MOBILE_EDITION = "104"
_LONGEST = 1024
#: Unverified: the names of these context items, which MS-MDE2 does not have. Windows tells manufacturer, model and
#: serial number since 2024 ("Identify devices as corporate-owned"), and its deployment service what it was told.
MANUFACTURER, MODEL, SERIAL, AUTOPILOT = "DeviceManufacturer", "DeviceModel", "SerialNumber", "ZtdCorrelationId"
#: Windows Phone 8.1 reports the version 8.10; the desktop of that time reports 6.3.
_PHONE_VERSION = "8."
#: Intune: "Common questions with device profiles": check-in intervals after the enrolment, and later.
_DESKTOP_CADENCE = Cadence((5, 3), (8, 15))
_PHONE_CADENCE = Cadence((3, 5), (8, 15))


def claimant(emulator: Emulator, tenant: Tenant, *, proof: Proof) -> Claimant:
    """Return the claim of a proof. Raises Unauthenticated for an access token that names no user of the tenant."""
    if proof.kind == JWT:
        return Claimant(user=_user_of(emulator, tenant, token=proof.token))
    if proof.token:
        return Claimant(token=_unwrapped(proof.token))
    return Claimant(name=proof.username, password=proof.password)


def validity_days(tenant: Tenant) -> int:
    """Return the validity of identity certificates in days."""
    return max(parse_duration(str(tenant.setting("identityValidity"))).days, 1)


def enroll(
    tx: Transaction, message: TokenRequest, *, claimant: Claimant, origin: str, caller: Caller, emulator: Emulator
) -> str:
    """Enrol a device, note in `caller` which one it is, and return its provisioning document. Raises Invalid for
    missing or too long context items.
    """
    device_id = message.item("DeviceID")
    if not device_id:
        raise Invalid("The context item DeviceID is missing.", target="context")
    if any(len(value) > _LONGEST for values in message.items.values() for value in values):
        raise Invalid(f"A context item is longer than {_LONGEST} characters.", target="context")
    platform = platform_of(message)
    hardware = message.item("HWDevID") or message.item("IMEI") or device_id
    request = EnrollmentRequest(
        platform=platform,
        mode=None,
        hardware_key=f"windows/{hardware.lower()}",
        facts={
            "deviceId": device_id,
            "deviceName": message.item("DeviceName"),
            "osVersion": message.item("OSVersion"),
            "imei": message.item("IMEI"),
            "wiFiMacAddress": mac_address(message.item("MAC")),
            "manufacturer": message.item(MANUFACTURER) or ("Microsoft" if platform is Platform.WINDOWS else ""),
            **({"serialNumber": message.item(SERIAL), "model": message.item(MODEL)} if message.item(SERIAL) else {}),
            **({"skuNumber": int(edition)} if re.fullmatch("[0-9]{1,9}", edition := message.item("OSEdition")) else {}),
        },
        autopilot=message.item(AUTOPILOT).lower(),
    )
    per_machine = message.item("EnrollmentType").lower() == "device"
    csr = _certificate_request(message)
    state = {"perMachine": per_machine}
    enrolled = windows.enroll(tx, request, claimant=claimant, csr=csr, wire_state=state, keys=emulator.keys)
    caller.device = enrolled.id
    is_phone = platform is not Platform.WINDOWS
    authority = authorities.load(tx.connection, tx.tenant, name="devices", keys=emulator.keys)
    return provisioning.document(
        Provisioning(
            root=_anchor(authority),
            issuer=_issuer(authority),
            identity=enrolled.identity_certificate,
            common_name=enrolled.id,
            per_machine=per_machine,
            provider=PHONE_PROVIDER if is_phone else DESKTOP_PROVIDER,
            management_url=f"{origin}/mdm/{tx.tenant.id}/windows/ManagementServer/MDM.svc",
            push_url=f"{origin}/push/{tx.tenant.id}/{enrolled.push_token}",
            device_id=enrolled.id,
            device_name=request.facts["deviceName"],
            user=enrolled.user_principal_name,
            cadence=_PHONE_CADENCE if is_phone else _DESKTOP_CADENCE,
            nonce=tx.ids.token(16),
        )
    )


def renew_identity(tx: Transaction, request: TokenRequest, *, caller: Caller, emulator: Emulator) -> str:
    """Renew the certificate of a device, which signs the request with its present one (MS-WSTEP: PKCS#7). Notes in
    `caller` which device it is.
    """
    if not request.signed:
        raise Invalid(
            "A renewal must be signed with the present certificate: send a BinarySecurityToken #PKCS7.", target="csr"
        )
    message = signed.read(request.certificate_request)
    if message.content is None:
        raise Invalid("The signed renewal holds no certificate request.", target="csr")
    message.verify(message.content)
    row, certificate = windows.renew(
        tx, message.content, signer=message.certificate.public_bytes(Encoding.DER), keys=emulator.keys
    )
    caller.device = row.id
    authority = authorities.load(tx.connection, tx.tenant, name="devices", keys=emulator.keys)
    per_machine = bool((row.wire_state or {}).get("perMachine"))
    return provisioning.renewed(
        certificate, root=_anchor(authority), issuer=_issuer(authority), per_machine=per_machine
    )


def platform_of(request: TokenRequest) -> Platform:
    """Return the platform: by version, kind and edition."""
    version, kind = request.item("OSVersion"), request.item("DeviceType").lower()
    is_phone = "phone" in kind or request.item("OSEdition") == _MOBILE_EDITION
    if version.startswith(_PHONE_VERSION) or (is_phone and not version):
        return Platform.WINDOWS_PHONE_81
    return Platform.WINDOWS_10_MOBILE if is_phone else Platform.WINDOWS


def _anchor(authority: Authority) -> bytes:
    """The root above the devices' authority, which the device must trust."""
    top = authority.chain[-1] if authority.chain else authority.certificate
    return top.public_bytes(Encoding.DER)


def _issuer(authority: Authority) -> bytes:
    """The devices' authority. Differs from Intune: there it is below a root; here it may be self-signed, and then the
    same certificate is in both stores.
    """
    return authority.certificate.public_bytes(Encoding.DER)


def _certificate_request(request: TokenRequest) -> bytes:
    """The PKCS#10 request; it may be in CMS, whose signature is not needed: the message has another proof."""
    if not request.signed:
        return request.certificate_request
    message = signed.read(request.certificate_request)
    if message.content is None:
        raise Invalid("The signed message holds no certificate request.", target="csr")
    return message.content


def _unwrapped(token: str) -> str:
    """An enrolment token. Some clients put theirs into JSON: {"payload": {"orbit_node_key" or "host_uuid": token}}."""
    try:
        document = orjson.loads(token)
    except orjson.JSONDecodeError:
        return token
    payload = document.get("payload") if isinstance(document, dict) else None
    if not isinstance(payload, dict):
        return token
    return str(payload.get("orbit_node_key") or payload.get("host_uuid") or token)


def _user_of(emulator: Emulator, tenant: Tenant, *, token: str) -> str:
    """The id of the user of an access token. If the tenant is lax, the user name in any token."""
    try:
        principal = emulator.tokens.check(token)
    except Unauthenticated:
        if not tenant.setting(LAX):
            raise
        claims = claims_of(token)
        name = claims.get("upn") or claims.get("unique_name")
        if not isinstance(name, str) or not name or "\0" in name:
            raise Unauthenticated("The token names no user (upn, unique_name).") from None
        return name
    if principal.tenant_id != tenant.id or principal.user_id is None:
        raise Unauthenticated(f"The token does not belong to a user of the tenant '{tenant.name}'.")
    return principal.user_id
