"""The enrolment of a Windows device: Discover, GetPolicies, RequestSecurityToken, wap-provisioningdoc (MS-MDE2 1.3,
3.1 to 3.6).
"""

from __future__ import annotations

import asyncio
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fauxtune_sim.agent.agent import EnrollmentParameters
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import AnswerBroken, ServerRefused
from fauxtune_sim.facts.windows import WindowsHardware
from fauxtune_sim.keys.certificates import public_key_bytes
from fauxtune_sim.keys.keystore import key_to_der, new_key
from fauxtune_sim.platforms import Platform
from fauxtune_sim.server.transport import Answer, Transport
from fauxtune_sim.windows import machine, soap
from fauxtune_sim.windows.nodes import Path, is_phone
from fauxtune_sim.windows.provisioning import (
    ProvisioningDocument,
    certificate_request,
    read_provisioning_document,
    read_renewed_certificate,
    renewal_request,
)
from fauxtune_sim.windows.state import WindowsEnrollment, WindowsState
from fauxtune_sim.windows.tree import Tree

_VERSIONS = {Platform.WINDOWS: "5.0", Platform.WINDOWS_10_MOBILE: "4.0", Platform.WINDOWS_PHONE_81: "2.0"}
_PROBES = {Platform.WINDOWS: "ENROLLClient"}
_PHONE_PROBE = "Windows Phone 8 Enrollment Client"
#: Where Windows looks for an enrolment service (MS-MDE2 3.1.4.1).
_DISCOVERY = "/EnrollmentServer/Discovery.svc"
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class EnrollmentResult:
    """The record of an enrolment, the nodes that the provisioning document set, the defects that were tolerated, and
    the name of the device from now on.
    """

    enrollment: WindowsEnrollment
    state: WindowsState
    remarks: tuple[str, ...]
    name: str


async def enroll(device: Device, transport: Transport, *, parameters: EnrollmentParameters) -> EnrollmentResult:
    """Enrol, without changing the device. Raises ServerRefused for a fault, with the HRESULT that Windows shows."""
    deployment = await machine.ask(device, transport, parameters=parameters) if parameters.autopilot else None
    credentials = _credentials(parameters)
    addresses = await _discover(device, transport, parameters=parameters)
    request = soap.get_policies(to=addresses.policy_url, credentials=credentials)
    answer = await _post(transport, addresses.policy_url, body=request)
    bits, remarks = _minimal_key_length(answer)
    key = await _key_with_length(parameters.key, bits)
    device_id = str(uuid.uuid4()).upper()
    csr = certificate_request(key, device_id=device_id, hardware_id=_hardware(device).hardware_id)
    items = [*context_items(device, device_id=device_id), *machine.context_items(device, deployment)]
    name = device.name if deployment is None else deployment.computer_name
    context = [(item, name if item == "DeviceName" else value) for item, value in items]
    request = soap.request_security_token(
        to=addresses.enrollment_url, credentials=credentials, csr=csr, context=context
    )
    answer = await _post(transport, addresses.enrollment_url, body=request)
    document = read_provisioning_document(soap.provisioning_document(answer.status, answer.body))
    _check_key(document.identity, key)
    state = WindowsState()
    _provision(device, state, document=document)
    enrollment = _enrollment(
        parameters, device_id=device_id, key=key, document=document, enrollment_url=addresses.enrollment_url
    )
    return EnrollmentResult(enrollment, state, remarks, name)


def _minimal_key_length(answer: Answer) -> tuple[int, tuple[str, ...]]:
    """The minimal key length of the policy; for a policy that cannot be read, the default and a remark.

    Unverified: that Windows tolerates such a policy. The author of a public demonstration server says so, whose answer
    has a prefix without a namespace.
    """
    try:
        return soap.minimal_key_length(answer.status, answer.body), ()
    except AnswerBroken as broken:
        return soap.DEFAULT_KEY_LENGTH, (
            f"the policy was passed over, the key has {soap.DEFAULT_KEY_LENGTH} bits: {broken}",
        )


def _enrollment(
    parameters: EnrollmentParameters,
    *,
    device_id: str,
    key: rsa.RSAPrivateKey,
    document: ProvisioningDocument,
    enrollment_url: str,
) -> WindowsEnrollment:
    channel = document.settings.get(("Push", "PFN"), "")
    return WindowsEnrollment(
        server=parameters.server,
        tenant=parameters.tenant,
        name=document.settings.get(("EntDMID",)) or device_id,
        user_principal_name=document.settings.get(("UPN",)) or parameters.user or "",
        push_token=channel.rpartition("/")[2] if channel.startswith(("http://", "https://")) else "",
        identity_certificate=document.identity,
        identity_key=key_to_der(key),
        device_id=device_id,
        provider=document.provider,
        address=document.address,
        enrollment_url=enrollment_url,
        renews=document.renew_days is not None,
        renew_days=document.renew_days or 0,
        retry_days=document.retry_days,
    )


def _provision(device: Device, state: WindowsState, *, document: ProvisioningDocument) -> None:
    """Set the nodes of the management server, except those that the device does not have."""
    tree = Tree(device.platform, lambda name, path: None, provider=document.provider)
    above: Path = ("Vendor", "MSFT", "DMClient", "Provider", document.provider)
    for name, value in document.settings.items():
        rule = tree.rule((*above, *name))
        if rule is None or rule.is_interior:
            continue
        for length in range(1, len(name)):
            state.nodes[(*above, *name[:length])] = None
        state.nodes[(*above, *name)] = value


def _credentials(parameters: EnrollmentParameters) -> soap.Credentials:
    if parameters.token is not None:
        return soap.Token(parameters.token, jwt=_JWT.fullmatch(parameters.token) is not None)
    assert parameters.user is not None
    assert parameters.password is not None
    return soap.UserPassword(parameters.user, parameters.password)


async def _discover(device: Device, transport: Transport, *, parameters: EnrollmentParameters) -> soap.DiscoverResult:
    url = await _discovery_address(device, transport, parameters=parameters)
    hardware = _hardware(device)
    request = soap.discover(
        to=url,
        email=parameters.user or "",
        version=_VERSIONS[device.platform],
        device_type=_device_type(device.platform),
        os_version=hardware.os_version,
        edition=str(hardware.os_edition),
        how="OnPremise" if parameters.token is None else "Federated",
    )
    answer = await _post(transport, url, body=request)
    return soap.read_discover_response(answer.status, answer.body)


async def _discovery_address(device: Device, transport: Transport, *, parameters: EnrollmentParameters) -> str:
    """Find the enrolment service: at the server's address itself if that has a path; else at the tenant's address of a
    Fauxtune server, or at the usual address of any server. Raises ServerRefused if no address answers or on a fault.
    """
    urls = [parameters.server]
    if urlsplit(parameters.server).path in ("", "/"):
        urls = [f"{parameters.server}/mdm/{quote(parameters.tenant, safe='')}/windows{_DISCOVERY}"]
        urls += [f"{parameters.server}{_DISCOVERY}"]
    headers = {"User-Agent": _PROBES.get(device.platform, _PHONE_PROBE), "Pragma": "no-cache"}
    statuses = []
    for url in urls:
        answer = await transport.send("GET", url, headers=headers)
        if answer.status == 200:
            return url
        refusal = soap.fault(answer.status, answer.body)
        if refusal is not None:
            raise refusal
        statuses.append(f"{url} ({answer.status})")
    raise ServerRefused(f"no enrolment service at {' or '.join(statuses)}", status=answer.status)


async def _post(transport: Transport, url: str, *, body: bytes) -> Answer:
    return await transport.send("POST", url, body=body, content_type=soap.CONTENT_TYPE)


async def _key_with_length(key: rsa.RSAPrivateKey, bits: int) -> rsa.RSAPrivateKey:
    if key.key_size >= bits:
        return key
    if bits > 4096:
        raise AnswerBroken(f"the policy demands keys of {bits} bits; devices make at most 4096")
    return await asyncio.to_thread(rsa.generate_private_key, 65537, bits)


def context_items(device: Device, *, device_id: str) -> list[tuple[str, str]]:
    """The items of AdditionalContext in the certificate request. Windows Phone 8.1 sends fewer."""
    hardware = _hardware(device)
    items = [
        ("UXInitiated", "true"),
        ("HWDevID", hardware.hardware_id),
        ("Locale", "en-US"),
        ("TargetedUserLoggedIn", "true"),
        ("OSEdition", str(hardware.os_edition)),
        ("DeviceName", device.name),
        ("MAC", "-".join(re.findall("..", hardware.wifi_mac_address.upper()))),
        *([("IMEI", hardware.imei)] if hardware.imei else []),
        ("DeviceID", device_id),
        ("EnrollmentType", "Full"),
        ("DeviceType", _device_type(device.platform)),
        ("OSVersion", hardware.os_version),
        ("ApplicationVersion", hardware.os_version),
        ("NotInOobe", "true"),
        ("RequestVersion", _VERSIONS[device.platform]),
    ]
    if device.platform is Platform.WINDOWS_PHONE_81:
        names = {"DeviceID", "DeviceName", "DeviceType", "OSVersion", "ApplicationVersion", "HWDevID", "IMEI"}
        return [item for item in items if item[0] in names]
    return items


def _device_type(platform: Platform) -> str:
    return "WindowsPhone" if is_phone(platform) else "CIMClient_Windows"


def _hardware(device: Device) -> WindowsHardware:
    assert isinstance(device.hardware, WindowsHardware)
    return device.hardware


def _check_key(der: bytes, key: rsa.RSAPrivateKey) -> None:
    try:
        certificate = x509.load_der_x509_certificate(der)
    except ValueError as broken:
        raise AnswerBroken(f"the provisioning document's certificate cannot be read: {broken}") from broken
    if public_key_bytes(certificate) != key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo):
        raise AnswerBroken("the provisioning document's certificate is not for this device's key")


def is_renewal_due(enrollment: WindowsEnrollment, now: datetime) -> bool:
    """Whether the identity certificate must be renewed: in the renewal period, but not soon after the last attempt, not
    even a successful one: some servers name a period that is as long as the certificate is valid.
    """
    end = enrollment.identity().certificate.not_valid_after_utc
    tried_at = enrollment.renewal_tried_at
    must_wait = tried_at is not None and now < datetime.fromisoformat(tried_at) + timedelta(days=enrollment.retry_days)
    return enrollment.renews and not must_wait and (end - now).days < enrollment.renew_days


async def renew(device: Device, transport: Transport) -> None:
    """Renew the identity certificate without the user (MS-WSTEP). After ServerRefused the present one stays."""
    enrollment = device.enrollment
    assert isinstance(enrollment, WindowsEnrollment)
    key = await asyncio.to_thread(new_key)
    csr = certificate_request(key, device_id=enrollment.device_id, hardware_id=_hardware(device).hardware_id)
    # The computer's clock, not the tenant's time, as for every signature in a message.
    signed = renewal_request(csr, identity=enrollment.identity(), now=datetime.now(UTC))
    context = [*context_items(device, device_id=enrollment.device_id), *machine.context_items(device, None)]
    request = soap.renew_security_token(to=enrollment.enrollment_url, signed_request=signed, context=context)
    answer = await _post(transport, enrollment.enrollment_url, body=request)
    certificate = read_renewed_certificate(soap.provisioning_document(answer.status, answer.body))
    _check_key(certificate, key)
    enrollment.renew(certificate, key=key_to_der(key))
    device.save(keys=False, state=False)
