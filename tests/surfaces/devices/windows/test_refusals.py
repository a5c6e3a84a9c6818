"""Which fault says what, and what is answered where no fault can be.

Who comes to the Windows doors with what is not a Windows device's, or is too much of it; and the record of what a
refused device sent, though its session is refused with status 200.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from xml.etree import ElementTree

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.exceptions import HTTPException
from starlette.requests import Request

from fauxtune.core import errors
from fauxtune.core.errors import Invalid
from fauxtune.core.formats.xml import Malformed
from fauxtune.core.model.platforms import Platform, Variant
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.pki import signed
from fauxtune.operations.devices import apple, enrollment
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import devices as queries
from fauxtune.surfaces.devices.windows import csp, sign_in
from fauxtune.surfaces.devices.windows.adapter import WindowsAdapter
from fauxtune.surfaces.devices.windows.errors import refuse
from fauxtune.surfaces.devices.windows.messages import mde2, soap, syncml
from tests.support.clock import FixedClock
from tests.support.devices import windows_messages
from tests.support.devices.windows import ALICE, Answer, Enroll, MakeToken, Switch, WindowsDevice, anywhere, text
from tests.support.wire import recorded, whole

ENROLL, MANAGE = "/mdm/contoso/windows/EnrollmentServer/Enrollment.svc", "/mdm/contoso/windows/ManagementServer/MDM.svc"


def request(path: str, *, named: bool = True, method: str = "POST") -> Request:
    headers = [(b"content-type", b"application/soap+xml")] if named else []
    state = {"message_id": "urn:uuid:1", "request_id": "r"}
    return Request(
        {"type": "http", "method": method, "path": path, "headers": headers, "query_string": b"", "state": state}
        | {"scheme": "https", "server": ("localhost", 8443)}
    )


BASE = "/mdm/contoso/windows"
SOAP = {"content-type": "application/soap+xml; charset=utf-8"}


async def renewal(pc: WindowsDevice) -> str:
    """The subcode of the fault that a renewal is answered with; empty for a new certificate."""
    assert pc.certificate is not None
    packed = signed.sign(windows_messages.certificate_request(pc.key), certificate=pc.certificate, key=pc.key)
    body = windows_messages.request_token(packed, [], security="", kind="Renew")
    answer = await pc.http.post(f"{BASE}/EnrollmentServer/Enrollment.svc", content=body, headers=SOAP)
    if answer.status_code == 200:
        return ""
    return text(anywhere(ElementTree.fromstring(answer.content), "Fault"), "Code", "Subcode", "Value")


@pytest.fixture
async def macs(
    http: httpx.AsyncClient, keys: Iterator[rsa.RSAPrivateKey], emulator: Emulator, tenant: Tenant, token: MakeToken
) -> WindowsDevice:
    """What an enrolled Mac has, in the hands of somebody who speaks Windows."""
    pc = WindowsDevice(http, next(keys), management=f"{BASE}/ManagementServer/MDM.svc")
    challenge = await token()
    facts = {"udid": "mac"}
    enrollment_request = enrollment.EnrollmentRequest(
        platform=Platform.MACOS, mode=None, hardware_key="apple/mac", facts=facts
    )

    def come(tx: Transaction) -> bytes:
        csr = windows_messages.certificate_request(pc.key)
        der = apple.issue(tx, csr, token=challenge, keys=emulator.keys)
        apple.authenticate(tx, apple.recognise(tx, der), request=enrollment_request)
        apple.complete(tx, apple.recognise(tx, der), push_token="p", wire_state={})
        return der

    pc.certificate = x509.load_der_x509_certificate(await emulator.runner.run(tenant, come))
    return pc


@pytest.mark.parametrize(
    ("error", "subcode", "kind"),
    [
        (errors.Unauthenticated("No."), "s:Authentication", ""),
        (errors.NotLicensed("No."), "s:Authorization", "UserLicense"),
        (errors.NotAllowed("No."), "s:Authorization", ""),
        (errors.EnrollmentRestricted("No.", ground="deviceLimitReached"), "s:Authorization", "DeviceCapReached"),
        (errors.EnrollmentRestricted("No.", ground="platformBlocked"), "s:Authorization", "DeviceNotSupported"),
        (errors.EnrollmentEnded("No."), "s:EnrollmentServer", "NotEligibleToRenew"),
        (errors.Invalid("No."), "s:MessageFormat", ""),
        (errors.Invalid("No.", target="csr"), "s:CertificateRequest", ""),
        (errors.Invalid("No.", target="security"), "a:InvalidSecurity", ""),
        (errors.Invalid("No.", target="context"), "s:EnrollmentServer", "InvalidEnrollmentData"),
        (errors.Invalid("No.", target="policies"), "s:EnrollmentServer", "NotSupported"),
        (errors.Unavailable("No."), "s:EnrollmentServer", "InMaintenance"),
        (errors.NotEmulated("No."), "s:EnrollmentServer", "NotSupported"),
        (errors.Conflict("No."), "s:EnrollmentServer", ""),
    ],
)
def test_a_fault_says_what_is_wrong(error: Exception, subcode: str, kind: str) -> None:
    for named, status in ((True, 500), (False, 200)):
        answer = refuse(request(ENROLL, named=named), error)
        assert (answer.status_code, answer.media_type) == (status, "application/soap+xml; charset=utf-8")
        root = ElementTree.fromstring(bytes(answer.body))
        fault = anywhere(root, "Fault")
        assert (text(fault, "Code", "Subcode", "Value"), text(fault, "Reason", "Text")) == (subcode, "No.")
        assert text(fault, "Detail", "DeviceEnrollmentServiceError", "ErrorType") == kind
        assert anywhere(root, "RelatesTo").text == "urn:uuid:1"


@pytest.mark.parametrize(
    ("error", "status", "subcode"),
    [
        (Malformed("No."), 400, "s:MessageFormat"),
        (HTTPException(413, "No."), 413, "s:MessageFormat"),
        (HTTPException(500, "No."), 500, "a:InternalServiceFault"),
        (HTTPException(503, "No."), 503, "a:InternalServiceFault"),
    ],
)
def test_what_is_no_message_keeps_its_status(error: Exception, status: int, subcode: str) -> None:
    answer = refuse(request(ENROLL, named=False), error)
    fault = anywhere(ElementTree.fromstring(bytes(answer.body)), "Fault")
    assert (answer.status_code, text(fault, "Code", "Subcode", "Value")) == (status, subcode)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Malformed("No."), 400),
        (errors.NotFound("No."), 404),
        (errors.NotAllowed("No."), 403),
        (errors.Unavailable("No."), 503),
        (errors.NotEmulated("No."), 501),
        (HTTPException(413, "No."), 413),
    ],
)
def test_a_message_of_a_session_that_cannot_be_answered_gets_words(error: Exception, status: int) -> None:
    answer = refuse(request(MANAGE), error)
    assert (answer.status_code, answer.body, answer.headers["content-length"]) == (status, b"No.", "3")
    broken = refuse(request(MANAGE), RuntimeError("a secret"))
    assert (broken.status_code, b"secret" in bytes(broken.body)) == (500, False)


async def test_a_refused_session_says_why_though_its_status_is_200(http: httpx.AsyncClient, enroll: Enroll) -> None:
    pc = await enroll()
    await pc.check_in()
    (enrolment,) = await recorded(http, text="RequestSecurityToken", surface="windows")
    body = windows_messages.sync("9", 1, windows_messages.opening(), source="a device to find")
    answer = await pc.post(body, sign=False)
    assert answer.status_code == 200
    (exchange,) = await recorded(http, status="error")
    assert (exchange["status"], exchange["surface"]) == (200, "devices/windows")
    assert exchange["refusal"].startswith("The device has sent no proof of identity")
    assert "a device to find" in json.dumps((await whole(http, exchange))["request"])
    ids = {each["caller"]["device"] for each in await recorded(http, text="MDM.svc", status="2xx")} - {None}
    assert ids == {enrolment["caller"]["device"]} == {pc.enrollment_id}


async def test_a_refused_enrolment_has_its_fault_and_no_password(
    http: httpx.AsyncClient, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    pc = WindowsDevice(http, raw_rsa_keys[0])
    answer = await pc.enroll(windows_messages.by_password(ALICE, "a-wrong-password"))
    assert answer.status_code == 500
    exchange = (await recorded(http, status="5xx"))[-1]
    assert (exchange["surface"], bool(exchange["refusal"])) == ("devices/windows", True)
    document = json.dumps(await whole(http, exchange))
    assert ALICE in document
    assert "a-wrong-password" not in document


async def test_the_identity_of_a_mac_opens_no_session_and_is_not_renewed(
    macs: WindowsDevice, emulator: Emulator, tenant: Tenant
) -> None:
    """One authority issues to all devices of a tenant."""
    answer = await macs.post(windows_messages.sync("1", 1, windows_messages.opening(), source="mac"))
    assert answer.status_code == 200
    result = Answer.of(answer.content)
    assert (result.statuses["0"], result.commands) == ("401", ())
    (before,) = await emulator.runner.read(queries.live_enrollments, tenant.id)
    assert await renewal(macs) == "s:Authentication"
    assert await emulator.runner.read(queries.live_enrollments, tenant.id) == [before]


async def test_a_pcs_former_identity_is_none_of_apples(enroll: Enroll, http: httpx.AsyncClient) -> None:
    pc = await enroll()
    assert await renewal(pc) == ""
    body = b"<plist><dict><key>MessageType</key><string>Authenticate</string><key>Topic</key><string>t</string>"
    body += b"<key>UDID</key><string>x</string></dict></plist>"
    answer = await http.put("/mdm/contoso/apple/checkin", content=body, headers=pc.signed(body))
    assert (answer.status_code, "unrecognized" in answer.text) == (403, True)
    assert (await pc.check_in()).statuses["0"] in ("200", "212")


async def test_a_certificate_that_is_over_renews_nothing(enroll: Enroll, switch: Switch, clock: FixedClock) -> None:
    await switch({"identityValidity": "P30D"})
    pc = await enroll()
    clock.forward(days=29)
    assert await renewal(pc) == ""
    clock.forward(days=2)
    assert await renewal(pc) == "s:Authentication"


async def test_a_form_that_is_not_the_pages_is_refused_before_it_is_taken_apart(http: httpx.AsyncClient) -> None:
    for body in (b"a=b&" * 100, b"login=" + b"x" * 70_000):
        answer = await http.post(f"{BASE}/auth", content=body)
        assert (answer.status_code, "form" in answer.text) == (400, True)
    with pytest.raises(Invalid, match="64 KiB"):
        sign_in.form(b"a" * 100_000)
    assert sign_in.form(b"login=a%40b&login=c&password=+") == {"login": "a@b", "password": " "}


def test_a_sessions_name_has_an_end() -> None:
    """It is kept with the device."""
    assert syncml.read(windows_messages.sync("x" * 255, 1, "", source="pc")).session == "x" * 255
    with pytest.raises(Malformed, match="SessionID"):
        syncml.read(windows_messages.sync("x" * 256, 1, "", source="pc"))


def test_what_a_device_says_of_itself_has_an_end() -> None:
    results = {"./DevDetail/Ext/Microsoft/DeviceName": "x" * 5_000, "./DevDetail/SwV": "10.0.22631.1"}
    facts = WindowsAdapter().facts({csp.FACTS: {"values": results}}, variant=Variant.WINDOWS)
    assert facts == {"osVersion": "10.0.22631.1"}


def test_thousands_of_context_items_of_one_name_are_read_in_one_pass() -> None:
    items = [("MAC", f"{number}") for number in range(3_000)]
    body = windows_messages.request_token(b"csr", items, security=windows_messages.by_token("t"))
    read = mde2.token_request(soap.read(body, soap.REQUEST_TOKEN))
    assert read.items["mac"] == tuple(value for _, value in items)
    assert read.certificate_request == b"csr"


async def test_the_token_of_the_page_is_its_users(http: httpx.AsyncClient, keys: Iterator[rsa.RSAPrivateKey]) -> None:
    """And stands in no header: nothing on the way keeps it."""
    form = {"appru": "ms-app://broker", "login": ALICE, "password": "Fauxtune1!"}
    answer = await http.post(f"{BASE}/auth", data=form)
    token = answer.text.partition('name="wresult" value="')[2].partition('"')[0]
    assert token
    assert token not in str(answer.headers)
    pc = WindowsDevice(http, next(keys))
    packed = base64.b64encode(token.encode()).decode()
    assert (await pc.enroll(windows_messages.by_token("", packed=packed))).status_code == 200
    assert (await pc.enroll(windows_messages.by_token("", packed=packed))).status_code == 500
