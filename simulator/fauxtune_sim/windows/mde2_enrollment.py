"""How a Windows device enrols: discovery, policy, certificate, provisioning document (MS-MDE2 1.3, 3.1 to 3.6)."""

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

from fauxtune_sim.agent import EnrollmentParameters
from fauxtune_sim.certificates import public_key_bytes
from fauxtune_sim.device import Device
from fauxtune_sim.errors import AnswerBroken, ServerRefused
from fauxtune_sim.hardware import WindowsHardware
from fauxtune_sim.identity import key_to_der, new_key
from fauxtune_sim.platforms import Platform
from fauxtune_sim.transport import Answer, Transport
from fauxtune_sim.windows import soap
from fauxtune_sim.windows.certificate_request import certificate_request, renewal_request
from fauxtune_sim.windows.provisioning import Provisioned, provisioned, renewed
from fauxtune_sim.windows.state import WindowsEnrollment, WindowsState
from fauxtune_sim.windows.tree import Path, Tree
from fauxtune_sim.windows.variants import is_phone

_VERSIONS = {Platform.WINDOWS: "5.0", Platform.WINDOWS_10_MOBILE: "4.0", Platform.WINDOWS_PHONE_81: "2.0"}
_PROBES = {Platform.WINDOWS: "ENROLLClient"}
_PHONE_PROBE = "Windows Phone 8 Enrollment Client"
#: Where Windows looks for an enrolment service (MS-MDE2 3.1.4.1).
_DISCOVERY = "/EnrollmentServer/Discovery.svc"
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Joined:
    """What enrolment brought: the record, the nodes that the provisioning document set, and what was not as it should
    be and was passed over, in words.
    """

    enrollment: WindowsEnrollment
    state: WindowsState
    remarks: tuple[str, ...]


async def join(device: Device, transport: Transport, *, parameters: EnrollmentParameters) -> Joined:
    """Enrol; nothing of the device is changed. ServerRefused for a fault, with the HRESULT that Windows shows."""
    right = _right(parameters)
    found = await _discover(device, transport, parameters=parameters)
    request = soap.get_policies(to=found.policy_url, right=right)
    answer = await _post(transport, found.policy_url, body=request)
    bits, remarks = _smallest_key(answer)
    key = await _long_enough(parameters.key, bits)
    device_id = str(uuid.uuid4()).upper()
    csr = certificate_request(key, device_id=device_id, hardware_id=_hardware(device).hardware_id)
    context = context_items(device, device_id=device_id)
    request = soap.request_token(to=found.enrollment_url, right=right, csr=csr, context=context)
    answer = await _post(transport, found.enrollment_url, body=request)
    made = provisioned(soap.provisioning_document(answer.status, answer.body))
    _check_certificate(made.identity, key)
    state = WindowsState()
    _provision(device, state, made=made)
    enrollment = _enrollment(parameters, device_id=device_id, key=key, made=made, enrollment_url=found.enrollment_url)
    return Joined(enrollment, state, remarks)


def _smallest_key(answer: Answer) -> tuple[int, tuple[str, ...]]:
    """The bits of a key, by the policy; and what is to be said of a policy that cannot be read.

    Unverified: that Windows passes over such a policy. The author of a public demonstration server says so, whose
    answer has a prefix without a namespace.
    """
    try:
        return soap.smallest_key(answer.status, answer.body), ()
    except AnswerBroken as broken:
        return soap.USUAL_KEY, (f"the policy was passed over, the key has {soap.USUAL_KEY} bits: {broken}",)


def _enrollment(
    parameters: EnrollmentParameters, *, device_id: str, key: rsa.RSAPrivateKey, made: Provisioned, enrollment_url: str
) -> WindowsEnrollment:
    channel = made.settings.get(("Push", "PFN"), "")
    return WindowsEnrollment(
        server=parameters.server,
        tenant=parameters.tenant,
        name=made.settings.get(("EntDMID",)) or device_id,
        user_principal_name=made.settings.get(("UPN",)) or parameters.user or "",
        push_token=channel.rpartition("/")[2] if channel.startswith(("http://", "https://")) else "",
        identity_certificate=made.identity,
        identity_key=key_to_der(key),
        device_id=device_id,
        provider=made.provider,
        address=made.address,
        enrollment_url=enrollment_url,
        renews=made.renew_days is not None,
        renew_days=made.renew_days or 0,
        retry_days=made.retry_days,
    )


def _provision(device: Device, state: WindowsState, *, made: Provisioned) -> None:
    """Set the nodes of the management server; what the device does not know is left out."""
    tree = Tree(device.platform, lambda name, path: None, provider=made.provider)
    above: Path = ("Vendor", "MSFT", "DMClient", "Provider", made.provider)
    for name, value in made.settings.items():
        rule = tree.rule((*above, *name))
        if rule is None or rule.is_interior:
            continue
        for length in range(1, len(name)):
            state.nodes[(*above, *name[:length])] = None
        state.nodes[(*above, *name)] = value


def _right(parameters: EnrollmentParameters) -> soap.Right:
    if parameters.token is not None:
        return soap.Token(parameters.token, jwt=_JWT.fullmatch(parameters.token) is not None)
    assert parameters.user is not None
    assert parameters.password is not None
    return soap.UserPassword(parameters.user, parameters.password)


async def _discover(device: Device, transport: Transport, *, parameters: EnrollmentParameters) -> soap.Discovered:
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
    return soap.discovered(answer.status, answer.body)


async def _discovery_address(device: Device, transport: Transport, *, parameters: EnrollmentParameters) -> str:
    """Where the enrolment service is: at the server's address itself if that has a path; else at the tenant's place of
    a Fauxtune server, or where Windows looks for it at any server. A fault comes from a service that is there.
    """
    places = [parameters.server]
    if urlsplit(parameters.server).path in ("", "/"):
        places = [f"{parameters.server}/mdm/{quote(parameters.tenant, safe='')}/windows{_DISCOVERY}"]
        places += [f"{parameters.server}{_DISCOVERY}"]
    headers = {"User-Agent": _PROBES.get(device.platform, _PHONE_PROBE), "Pragma": "no-cache"}
    statuses = []
    for url in places:
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


async def _long_enough(key: rsa.RSAPrivateKey, bits: int) -> rsa.RSAPrivateKey:
    if key.key_size >= bits:
        return key
    if bits > 4096:
        raise AnswerBroken(f"the policy wants keys of {bits} bits, which no device makes")
    return await asyncio.to_thread(rsa.generate_private_key, 65537, bits)


def context_items(device: Device, *, device_id: str) -> list[tuple[str, str]]:
    """What the certificate request tells of the device. Phones of the 8.1 era say less."""
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
        said = {"DeviceID", "DeviceName", "DeviceType", "OSVersion", "ApplicationVersion", "HWDevID", "IMEI"}
        return [item for item in items if item[0] in said]
    return items


def _device_type(platform: Platform) -> str:
    return "WindowsPhone" if is_phone(platform) else "CIMClient_Windows"


def _hardware(device: Device) -> WindowsHardware:
    assert isinstance(device.hardware, WindowsHardware)
    return device.hardware


def _check_certificate(der: bytes, key: rsa.RSAPrivateKey) -> None:
    try:
        certificate = x509.load_der_x509_certificate(der)
    except ValueError as broken:
        raise AnswerBroken(f"what enrolment gave is not a certificate: {broken}") from broken
    if public_key_bytes(certificate) != key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo):
        raise AnswerBroken("enrolment gave a certificate for another key than this device's")


def is_due(enrollment: WindowsEnrollment, now: datetime) -> bool:
    """Whether it is time for the next identity certificate: in the renewal period, but not soon after an attempt. That
    counts after success too: some servers name a period that is as long as the certificate is valid.
    """
    ends = enrollment.identity().certificate.not_valid_after_utc
    tried = enrollment.renewal_tried_at
    rests = tried is not None and now < datetime.fromisoformat(tried) + timedelta(days=enrollment.retry_days)
    return enrollment.renews and not rests and (ends - now).days < enrollment.renew_days


async def renew(device: Device, transport: Transport) -> None:
    """Get the next identity certificate without asking the user; ServerRefused leaves the present one (MS-WSTEP)."""
    enrollment = device.enrollment
    assert isinstance(enrollment, WindowsEnrollment)
    key = await asyncio.to_thread(new_key)
    csr = certificate_request(key, device_id=enrollment.device_id, hardware_id=_hardware(device).hardware_id)
    # A computer's own watch, not the tenant's time, as for every signature on the wire.
    signed = renewal_request(csr, identity=enrollment.identity(), now=datetime.now(UTC))
    context = context_items(device, device_id=enrollment.device_id)
    request = soap.renew_token(to=enrollment.enrollment_url, signed_request=signed, context=context)
    answer = await _post(transport, enrollment.enrollment_url, body=request)
    certificate = renewed(soap.provisioning_document(answer.status, answer.body))
    _check_certificate(certificate, key)
    enrollment.renew(certificate, key=key_to_der(key))
    device.save(keys=False, state=False)
