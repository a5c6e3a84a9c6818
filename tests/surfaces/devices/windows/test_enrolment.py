"""Enrolling a Windows device over the wire: every proof, every kind of device, renewal, and what is refused."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.model.tenants import Tenant
from fauxtune.core.pki import signed
from fauxtune.operations.runtime.emulator import Emulator
from tests.support.clock import FixedClock
from tests.support.devices import windows_messages
from tests.support.devices.windows import ALICE, PASSWORD, Enroll, MakeToken, Switch, WindowsDevice, anywhere, text

PATH = "/mdm/contoso/windows/EnrollmentServer"
SOAP = {"content-type": "application/soap+xml; charset=utf-8"}


def fault(answer: httpx.Response) -> tuple[str, str, str]:
    """Subcode, reason, and the type of the error."""
    result = anywhere(ElementTree.fromstring(answer.content), "Fault")
    kind = text(result, "Detail", "DeviceEnrollmentServiceError", "ErrorType")
    return text(result, "Code", "Subcode", "Value"), text(result, "Reason", "Text"), kind


@pytest.fixture
def pc(http: httpx.AsyncClient, keys: Iterator[rsa.RSAPrivateKey]) -> WindowsDevice:
    """A device that has not enrolled yet."""
    return WindowsDevice(http, next(keys))


async def managed(http: httpx.AsyncClient, app_token: str) -> list[dict[str, Any]]:
    url = "/beta/deviceManagement/managedDevices"
    answer = await http.get(url, headers={"authorization": f"Bearer {app_token}"})
    entries: list[dict[str, Any]] = answer.json()["value"]
    return entries


async def test_a_device_enrols_with_name_and_password_and_graph_shows_it(
    enroll: Enroll, http: httpx.AsyncClient, app_token: str
) -> None:
    await enroll()
    (found,) = await managed(http, app_token)
    by_key = {name: found[name] for name in ("operatingSystem", "deviceName", "osVersion", "userPrincipalName")}
    assert by_key == {
        "operatingSystem": "Windows",
        "deviceName": "DESKTOP-TEST",
        "osVersion": "10.0.19045.3803",
        "userPrincipalName": ALICE,
    }
    assert found["wiFiMacAddress"] == "00155D000001"


@pytest.mark.parametrize("platform", ["windows10mobile", "windowsphone81"])
async def test_phones_are_windows_phones(
    enroll: Enroll, http: httpx.AsyncClient, app_token: str, platform: str
) -> None:
    pc = await enroll(platform)
    (found,) = await managed(http, app_token)
    assert (found["operatingSystem"], found["deviceType"]) == ("Windows Phone", "windowsPhone")
    assert pc.parameters("PROVIDER-ID") == ["SCConfigMgr"]
    assert pc.parameters("IntervalForFirstSetOfRetries") == ["5"]


async def test_the_third_certificate_of_the_document_is_the_devices(enroll: Enroll) -> None:
    """Clients of the real Intune (pytune, AADInternals) count: root, the authority that issues, their own."""
    pc = await enroll()
    assert pc.document is not None
    assert pc.certificate is not None
    level = "characteristic/characteristic"
    counted = [match.get("value", "") for match in pc.document.findall(f"{level}/{level}/parm")]
    root, issuer, own = [x509.load_der_x509_certificate(base64.b64decode(each)) for each in counted[:3]]
    assert own == pc.certificate
    own.verify_directly_issued_by(issuer)
    issuer.verify_directly_issued_by(root)
    stores = pc.document.findall("characteristic[@type='CertificateStore']/characteristic")
    assert [store.get("type") for store in stores] == ["Root", "CA", "My"]


async def test_a_token_enrols_once_and_stays_good_after_a_refusal(pc: WindowsDevice, token: MakeToken) -> None:
    security = windows_messages.by_token(await token())
    refused = await pc.http.post(
        f"{PATH}/Enrollment.svc",
        content=windows_messages.request_token(b"no request", pc.context(), security=security),
        headers=SOAP,
    )
    assert fault(refused)[0] == "s:CertificateRequest"
    answer = await pc.http.post(f"{PATH}/Policy.svc", content=windows_messages.get_policies(security), headers=SOAP)
    assert answer.status_code == 200
    assert (await pc.enroll(security)).status_code == 200
    assert fault(await pc.enroll(security))[0] == "s:Authentication"


async def test_an_entra_token_of_a_user_enrols(pc: WindowsDevice, http: httpx.AsyncClient) -> None:
    form = {
        "grant_type": "password",
        "client_id": "c0ffee00-0000-4000-8000-00000000a991",
        "client_secret": "fauxtune-not-a-secret",
        "username": ALICE,
        "password": PASSWORD,
        "scope": "https://graph.microsoft.com/.default",
    }
    jwt = (await http.post("/contoso/oauth2/v2.0/token", data=form)).json()["access_token"]
    answer = await pc.enroll(windows_messages.by_token(jwt, kind=windows_messages.JWT))
    assert answer.status_code == 200, answer.text
    assert pc.parameters("UPN") == [ALICE]


async def test_the_token_of_an_application_enrols_nobody(pc: WindowsDevice, app_token: str) -> None:
    assert (
        fault(await pc.enroll(windows_messages.by_token(app_token, kind=windows_messages.JWT)))[0] == "s:Authentication"
    )


async def test_an_unsigned_token_counts_only_where_the_tenant_is_lax(pc: WindowsDevice, switch: Switch) -> None:
    claims = base64.urlsafe_b64encode(b'{"upn":"alice@contoso.example","tid":"x"}').decode().rstrip("=")
    jwt = windows_messages.by_token(f"eyJhbGciOiJIUzI1NiJ9.{claims}.c2ln", kind=windows_messages.JWT)
    assert fault(await pc.enroll(jwt))[0] == "s:Authentication"
    await switch({"windows.laxIdentity": True})
    assert (await pc.enroll(jwt)).status_code == 200
    for broken in (base64.b64encode(b'{"upn":"a\\u0000b"}').decode(), "e30", "bnVsbA", "W10", "eyJ1cG4iOjd9", "!"):
        assert (
            fault(await pc.enroll(windows_messages.by_token(f"a.{broken}.c", kind=windows_messages.JWT)))[0]
            == "s:Authentication"
        )


@pytest.mark.parametrize(
    ("security", "subcode"),
    [
        ("", "s:Authentication"),
        (windows_messages.by_password(ALICE, "wrong"), "s:Authentication"),
        (windows_messages.by_password("nobody@contoso.example", PASSWORD), "s:Authentication"),
        (windows_messages.by_token("unknown"), "s:Authentication"),
        (windows_messages.by_token("", packed="!"), "a:InvalidSecurity"),
        (windows_messages.by_token("t", kind="urn:other"), "a:InvalidSecurity"),
    ],
)
async def test_who_proves_nothing_does_not_come_in(pc: WindowsDevice, security: str, subcode: str) -> None:
    answer = await pc.enroll(security)
    assert (answer.status_code, fault(answer)[0]) == (500, subcode)
    result = await pc.http.post(f"{PATH}/Policy.svc", content=windows_messages.get_policies(security), headers=SOAP)
    assert fault(result)[0] == subcode


async def test_a_user_without_a_licence_is_told_so(pc: WindowsDevice, http: httpx.AsyncClient, app_token: str) -> None:
    body = {
        "accountEnabled": True,
        "displayName": "Dora",
        "mailNickname": "dora",
        "userPrincipalName": "dora@contoso.example",
        "passwordProfile": {"password": "Fauxtune1!"},
    }
    answer = await http.post("/v1.0/users", json=body, headers={"authorization": f"Bearer {app_token}"})
    assert answer.status_code == 201, answer.text
    subcode, _, kind = fault(await pc.enroll(windows_messages.by_password("dora@contoso.example", "Fauxtune1!")))
    assert (subcode, kind) == ("s:Authorization", "UserLicense")


@pytest.mark.parametrize(
    ("items", "kind"),
    [
        ([], "InvalidEnrollmentData"),
        ([("DeviceID", " ")], "InvalidEnrollmentData"),
        ([("DeviceID", "x" * 2000)], "InvalidEnrollmentData"),
    ],
)
async def test_a_device_without_an_id_is_refused(pc: WindowsDevice, items: list[tuple[str, str]], kind: str) -> None:
    assert fault(await pc.enroll(windows_messages.by_password(ALICE, PASSWORD), items=items))[2] == kind


async def test_a_phone_of_the_old_days_says_little_and_comes_in(pc: WindowsDevice) -> None:
    answer = await pc.enroll(
        windows_messages.by_password(ALICE, PASSWORD), items=[("DeviceID", "D"), ("DeviceType", "WindowsPhone")]
    )
    assert answer.status_code == 200
    assert pc.parameters("PROVIDER-ID") == ["SCConfigMgr"]


async def test_the_same_hardware_takes_the_place_of_what_it_was(
    enroll: Enroll, http: httpx.AsyncClient, app_token: str
) -> None:
    first = await enroll()
    await enroll(hardware=first.hardware)
    await enroll()
    assert len(await managed(http, app_token)) == 2
    first.session += 1
    assert (await first.say(1, windows_messages.opening())).statuses == {"0": "403"}


async def test_a_machine_enrols_into_the_machines_store(pc: WindowsDevice) -> None:
    items = [("DeviceID", "D"), ("EnrollmentType", "Device")]
    await pc.enroll(windows_messages.by_password(ALICE, PASSWORD), items=items)
    assert pc.document is not None
    own = next(element for element in pc.document.iter() if element.get("type") == "My")
    assert next(element.get("type") for element in own) == "System"
    assert pc.parameters("SSLCLIENTCERTSEARCHCRITERIA")[0].endswith("Stores=MY%5CSystem")


async def renewal(
    pc: WindowsDevice, *, signer: WindowsDevice | None = None, content: bytes | None = None
) -> httpx.Response:
    """A renewal for the device, signed by what `signer` has."""
    who = signer or pc
    assert who.certificate is not None
    csr = windows_messages.certificate_request(pc.key) if content is None else content
    message = signed.sign(csr, certificate=who.certificate, key=who.key)
    body = windows_messages.request_token(message, [], security="", kind="Renew")
    return await pc.http.post(f"{PATH}/Enrollment.svc", content=body, headers=SOAP)


async def test_a_certificate_is_renewed_and_the_former_one_stays_good(enroll: Enroll, clock: FixedClock) -> None:
    pc = await enroll()
    before = pc.certificate
    assert before is not None
    clock.forward(days=1)
    answer = await renewal(pc)
    assert answer.status_code == 200, answer.text
    pc.take(answer)
    after = pc.certificate
    assert after is not None
    assert (after.subject, after.serial_number != before.serial_number) == (before.subject, True)
    assert not pc.parameters("ADDR")
    for certificate in (after, before, after):
        pc.certificate = certificate
        assert (await pc.check_in()).statuses["0"] in ("200", "212")
    # Again, by the former one: its answer may have been lost.
    pc.certificate = before
    assert (await renewal(pc)).status_code == 200


async def test_a_renewal_that_nobody_of_ours_signed_is_refused(
    enroll: Enroll, keys: Iterator[rsa.RSAPrivateKey], emulator: Emulator, tenant: Tenant
) -> None:
    pc = await enroll()
    assert fault(await renewal(pc, content=b"no request"))[0] == "s:CertificateRequest"
    bare = windows_messages.request_token(windows_messages.certificate_request(pc.key), [], security="", kind="Renew")
    answer = await pc.http.post(f"{PATH}/Enrollment.svc", content=bare, headers=SOAP)
    assert answer.status_code == 500
    await pc.check_in(more=windows_messages.UNENROLLED)
    assert fault(await renewal(pc))[2] == "NotEligibleToRenew"


async def test_discovery_answers_with_the_tenants_own_addresses(http: httpx.AsyncClient, tenant: Tenant) -> None:
    for path in (f"{PATH}/Discovery.svc", "/EnrollmentServer/Discovery.svc"):
        answer = await http.post(path, content=windows_messages.discover(policies=("Federated",)), headers=SOAP)
        root = ElementTree.fromstring(answer.content)
        base = f"https://localhost:8443/mdm/{tenant.id}/windows"
        assert anywhere(root, "EnrollmentPolicyServiceUrl").text == f"{base}/EnrollmentServer/Policy.svc"
        assert anywhere(root, "EnrollmentServiceUrl").text == f"{base}/EnrollmentServer/Enrollment.svc"
        assert anywhere(root, "AuthenticationServiceUrl").text == f"{base}/auth"


async def test_a_path_without_a_tenant_needs_somebody_of_one_or_the_switch(
    http: httpx.AsyncClient, switch: Switch, pc: WindowsDevice
) -> None:
    async def discovered(email: str) -> httpx.Response:
        return await http.post(
            "/EnrollmentServer/Discovery.svc", content=windows_messages.discover(email), headers=SOAP
        )

    assert (await discovered("x@contoso.example")).status_code == 200
    for unknown in ("", "x@elsewhere.example"):
        assert "windows.rootPaths" in fault(await discovered(unknown))[1]
    result = await http.post("/_fauxtune/v1/tenants", json={"name": "fabrikam"})
    assert result.status_code == 201
    await switch({"windows.rootPaths": True})
    assert (await discovered("")).status_code == 200
    await switch({"windows.rootPaths": True}, of="fabrikam")
    assert "more than one tenant" in fault(await discovered(""))[1]
    answer = await pc.enroll(windows_messages.by_password("bob@fabrikam.example", PASSWORD), path="")
    assert answer.status_code == 200
    assert pc.parameters("UPN") == ["bob@fabrikam.example"]


async def test_the_page_gives_a_token_to_whoever_signs_in(http: httpx.AsyncClient, pc: WindowsDevice) -> None:
    url, returns = "/mdm/contoso/windows/auth", "ms-app://s-1-15-2-1"
    page = await http.get(url, params={"appru": returns, "login_hint": 'a"<b'})
    assert (page.status_code, 'value="a&quot;&lt;b"' in page.text) == (200, True)
    form = {"appru": returns, "login": ALICE, "password": "wrong"}
    assert (await http.post(url, data=form)).status_code == 401
    assert (await http.post(url, data=form | {"login": "alice\0"})).status_code in (400, 401)
    page = await http.post(url, data=form | {"password": PASSWORD})
    assert f'action="{returns}"' in page.text
    assert "form-action ms-app:" in page.headers["content-security-policy"]
    token = page.text.partition('name="wresult" value="')[2].partition('"')[0]
    assert (await pc.enroll(windows_messages.by_token(token))).status_code == 200


@pytest.mark.parametrize(
    "returns", ["", "https://elsewhere.example/", "javascript:alert(1)", "http://localhost.evil/", "ms-app://a b"]
)
async def test_the_page_sends_a_token_nowhere_but_to_the_device(http: httpx.AsyncClient, returns: str) -> None:
    url = "/mdm/contoso/windows/auth"
    assert (await http.get(url, params={"appru": returns})).status_code == 400
    form = {"appru": returns, "login": ALICE, "password": PASSWORD}
    assert (await http.post(url, data=form)).status_code == 400


@pytest.mark.parametrize("file", ["Discovery.svc", "Policy.svc", "Enrollment.svc"])
@pytest.mark.parametrize(
    "document",
    [b"", b"{}", b"<a>", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b"\x00" * 100],
)
async def test_what_is_no_xml_is_a_bad_request(http: httpx.AsyncClient, file: str, document: bytes) -> None:
    answer = await http.post(f"{PATH}/{file}", content=document, headers=SOAP)
    assert (answer.status_code, fault(answer)[0]) == (400, "s:MessageFormat")


@pytest.mark.parametrize("file", ["Discovery.svc", "Policy.svc", "Enrollment.svc"])
async def test_an_unknown_action_is_a_fault(http: httpx.AsyncClient, file: str) -> None:
    document = windows_messages.envelope("urn:unknown", "<a/>")
    answer = await http.post(f"{PATH}/{file}", content=document, headers=SOAP)
    assert (answer.status_code, fault(answer)[0]) == (500, "s:MessageFormat")
    assert anywhere(ElementTree.fromstring(answer.content), "RelatesTo").text == windows_messages.MESSAGE_ID
    unnamed = await http.post(f"{PATH}/{file}", content=document)
    assert (unnamed.status_code, fault(unnamed)[0]) == (200, "s:MessageFormat")


async def test_an_unknown_tenant_another_method_and_too_much_are_faults(http: httpx.AsyncClient) -> None:
    unknown = await http.post(
        "/mdm/nowhere/windows/EnrollmentServer/Discovery.svc", content=windows_messages.discover(), headers=SOAP
    )
    assert fault(unknown)[0] == "s:EnrollmentServer"
    assert (await http.get("/mdm/nowhere/windows/EnrollmentServer/Discovery.svc")).status_code == 404
    assert (await http.get(f"{PATH}/Policy.svc")).status_code == 405
    assert (await http.post(f"{PATH}/Policy.svc", content=b"x" * 5_000_000, headers=SOAP)).status_code == 413


async def test_the_identity_names_the_enrolment_and_is_found_by_the_search_criteria(enroll: Enroll) -> None:
    pc = await enroll()
    assert pc.certificate is not None
    name = pc.certificate.subject.rfc4514_string()
    assert pc.parameters("SSLCLIENTCERTSEARCHCRITERIA") == [f"Subject={name.replace('=', '%3D')}&Stores=MY%5CUser"]
    assert name == f"CN={pc.enrollment_id}"
    assert pc.certificate.public_bytes(Encoding.DER)
