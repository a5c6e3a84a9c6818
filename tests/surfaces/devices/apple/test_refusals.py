"""What Apple's doors refuse: with which status, in which words, and that nothing has changed by it."""

from __future__ import annotations

import base64
import plistlib
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from starlette.requests import Request

from fauxtune.core import errors
from fauxtune.operations.devices import actions as device_actions
from fauxtune.surfaces.devices.apple.errors import refuse
from tests.surfaces.devices.apple import pkimessages
from tests.surfaces.devices.apple.clients import Client, Fleet, Refused
from tests.surfaces.devices.apple.company import BASE, Company
from tests.surfaces.devices.apple.wire import example

SERVER, CHECKIN = f"{BASE}/server", f"{BASE}/checkin"
BOMB = b'<?xml version="1.0"?><!DOCTYPE plist [<!ENTITY a "x">]><plist><dict><key>&a;</key><true/></dict></plist>'


async def send(device: Client, body: bytes, *, signature: str | None = None, url: str = SERVER) -> httpx.Response:
    """A signed body, whatever it is."""
    return await device.http.put(url, content=body, headers={"Mdm-Signature": signature or device.signature(body)})


def idle(device: Client, **more: Any) -> bytes:
    return plistlib.dumps({"UDID": device.udid, "Status": "Idle", **more})


async def with_identity(company: Company, n: int = 1) -> Fleet:
    """A device that has an identity and has said nothing yet."""
    device = company.fleet(n)
    await device.request_identity(f"{BASE}/scep", await company.enrollment_token())
    device.server_url, device.topic = SERVER, "com.apple.mgmt.x"
    return device


@pytest.mark.parametrize(
    "body", [b"", b"{}", BOMB, b"bplist00\xff", b"<plist><dict>", b"\x00" * 100, example("idle")[:-20]]
)
@pytest.mark.parametrize("url", [SERVER, CHECKIN])
async def test_what_is_no_message_is_400_and_never_401(company: Company, body: bytes, url: str) -> None:
    """Apple: a device that is answered 401 unenrols itself."""
    device = await company.enrolled_fleet()
    answer = await send(device, body, url=url)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/plain; charset=utf-8")
    assert "property list" in answer.text or "entities" in answer.text
    assert await company.live() == 1


async def test_a_body_that_its_signature_does_not_fit_is_400(company: Company) -> None:
    device = await company.enrolled_fleet()
    answer = await send(device, idle(device), signature=device.signature(b"another body"))
    assert answer.status_code == 400
    attached = device.signature(idle(device, Note="the embedded content does not count"), embed=True)
    assert (await send(device, idle(device), signature=attached)).status_code == 400


@pytest.mark.parametrize("signature", ["", "?", "AAAA", base64.b64encode(b"0" * 500).decode()])
async def test_a_signature_that_is_none_is_400(company: Company, signature: str) -> None:
    device = await company.enrolled_fleet()
    answer = await company.http.put(SERVER, content=idle(device), headers={"Mdm-Signature": signature})
    assert answer.status_code == 400
    assert answer.text


async def test_without_any_identity_it_says_how_a_device_proves_itself(company: Company) -> None:
    answer = await company.http.put(SERVER, content=example("idle"))
    assert answer.status_code == 400
    assert "Mdm-Signature" in answer.text


async def test_a_certificate_of_somebody_else_is_400(company: Company) -> None:
    """NanoMDM: 400, or 500; an identity that cannot be proved is no reason to unenrol."""
    device = await company.enrolled_fleet()
    device.certificate = pkimessages.throw_away(device.key, company.clock.now())
    answer = await send(device, idle(device))
    assert answer.status_code == 400
    assert "not issued by this tenant" in answer.text


async def test_an_identity_of_ours_that_nothing_is_known_of_is_to_be_forgotten(company: Company) -> None:
    device = await company.issued_elsewhere()
    answer = await send(device, idle(device))
    assert answer.status_code == 403
    assert plistlib.loads(answer.content)["code"] == "com.apple.unrecognized.device"


async def test_an_expired_identity_is_400_on_the_tenants_clock(company: Company) -> None:
    await company.switch(identityValidity="P30D")
    device = await company.enrolled_fleet()
    company.clock.forward(days=31)
    answer = await send(device, idle(device))
    assert answer.status_code == 400
    assert "outside" in answer.text


async def test_a_bound_certificate_cannot_authenticate_another_device(company: Company) -> None:
    """NanoMDM: a hash that is bound to one id is refused for another (service/certauth)."""
    device, other = await company.enrolled_fleet(0), company.fleet(1)
    other.key, other.certificate, other.server_url, other.topic = device.key, device.certificate, SERVER, "t"
    with pytest.raises(Refused, match=r"400: .*another device"):
        await other.authenticate()
    assert await company.live() == 1
    assert await device.report("Idle") is not None


@pytest.mark.parametrize("message", ["TokenUpdate", "CheckOut", "SetBootstrapToken", "GetBootstrapToken", "Idle"])
async def test_nothing_that_names_another_device_is_believed(company: Company, message: str) -> None:
    device, other = await company.enrolled_fleet(0), await company.enrolled_fleet(1, name="bob")
    kind = {"Status": "Idle"} if message == "Idle" else {"MessageType": message}
    said = {**kind, "UDID": other.udid, "Topic": "t", "Token": b"x" * 32, "PushMagic": "m", "BootstrapToken": b"b"}
    before = await company.row(other)
    answer = await send(device, plistlib.dumps(said))
    assert answer.status_code == 400
    assert "another device" in answer.text
    assert await company.row(other) == before


async def test_before_authenticate_nothing_else_is_taken(company: Company) -> None:
    device = await with_identity(company)
    for body in (idle(device), plistlib.dumps({"MessageType": "CheckOut", "UDID": device.udid})):
        answer = await send(device, body)
        assert (answer.status_code, "Authenticate" in answer.text) == (400, True)
    with pytest.raises(Refused, match="400"):
        await device.token_update()
    assert await company.live() == 0


async def test_authenticate_alone_enrols_nobody(company: Company) -> None:
    device = await with_identity(company)
    await device.authenticate()
    assert await company.live() == 0


async def test_a_licence_that_was_taken_meanwhile_is_no_reason_to_forget_anything(company: Company) -> None:
    device = await with_identity(company)
    await device.authenticate()
    await company.take_licence("alice")
    with pytest.raises(Refused, match=r"400: .*licence"):
        await device.token_update()
    assert await company.live() == 0


async def test_a_channel_of_a_users_own_is_declined(company: Company) -> None:
    """Apple: 410 to UserAuthenticate; NanoMDM does the same."""
    device = await company.enrolled_fleet()
    user = {"UDID": device.udid, "UserID": "1D9A3C1E-6A1B-4E0B-9C8A-0B1F2E3D4C5B"}
    answer = await send(device, plistlib.dumps({"MessageType": "UserAuthenticate", **user}))
    assert (answer.status_code, answer.content) == (410, b"")
    for said in ({"Status": "Idle"}, {"MessageType": "TokenUpdate", "Topic": "t", "Token": b"u", "PushMagic": "m"}):
        taken = await send(device, plistlib.dumps({**said, **user}))
        assert (taken.status_code, taken.headers["content-length"]) == (200, "0")
    assert (await company.wire_state(device))["push"] == {"mdm": "pushmagic"}


@pytest.mark.parametrize("name", ["declarative-management", "get-token"])
async def test_what_is_not_emulated_is_501(company: Company, name: str) -> None:
    device = await company.enrolled_fleet()
    body = plistlib.dumps(plistlib.loads(example(name)) | {"UDID": device.udid})
    answer = await send(device, body)
    assert answer.status_code == 501
    assert "not emulated" in answer.text


async def test_an_answer_of_another_shape_changes_nothing(company: Company) -> None:
    device = await company.enrolled_fleet()
    message = await device.report("Idle")
    assert message is not None
    with pytest.raises(Refused, match="400: ProfileList"):
        await device.report("Acknowledged", message["CommandUUID"], ProfileList=[1])
    again = await device.report("Idle")
    assert again is not None
    assert again["CommandUUID"] == message["CommandUUID"]


async def test_tokens_that_are_too_long_are_refused(company: Company) -> None:
    device = await company.enrolled_fleet()
    with pytest.raises(Refused, match="400: UnlockToken"):
        await device.token_update(UnlockToken=b"u" * 70_000, embed=False)
    huge = {"MessageType": "SetBootstrapToken", "UDID": device.udid, "BootstrapToken": b"b" * 70_000}
    with pytest.raises(Refused, match="400: BootstrapToken"):
        await device.send(huge, embed=False)
    await device.token_update(Token=b"t" * 100_000, embed=False)
    assert len((await company.row(device)).push_token) == 64


async def test_two_devices_cannot_listen_under_one_token(company: Company) -> None:
    one, other = await company.enrolled_fleet(0), await company.enrolled_fleet(1)
    await one.token_update(Token=b"T" * 32)
    await other.token_update(Token=b"T" * 32)
    assert (await company.row(one)).push_token == (b"T" * 32).hex()
    assert (await company.row(other)).push_token != (b"T" * 32).hex()


async def test_who_asks_for_json_is_told_in_json_that_it_is_over(company: Company) -> None:
    """Apple: ErrorUnrecognizedDevice is JSON or a property list, and the Content-Type says which."""
    device = await company.enrolled_fleet()
    await company.perform(device, device_actions.retire)
    message = await device.report("Idle")
    assert message is not None
    assert await device.report("Acknowledged", message["CommandUUID"]) is None
    body = idle(device)
    for accept, kind in (("application/json", "application/json"), ("*/*", "application/xml")):
        headers = {"Mdm-Signature": device.signature(body), "accept": accept}
        answer = await company.http.put(SERVER, content=body, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (403, kind)
        said = answer.json() if kind.endswith("json") else plistlib.loads(answer.content)
        assert said["code"] == "com.apple.unrecognized.device"


async def test_another_tenant_knows_nothing_of_the_device(company: Company) -> None:
    device = await company.enrolled_fleet()
    assert (await send(device, idle(device), url=SERVER.replace("contoso", "nobody"))).status_code == 404


@pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH"])
async def test_other_methods_are_405(company: Company, method: str) -> None:
    answer = await company.http.request(method, SERVER)
    assert answer.status_code == 405


# ------------------------------------------------------------------------------------------- the enrolment profile


@pytest.mark.parametrize("query", [{}, {"token": ""}, {"token": "wrong"}, {"token": "x" * 10_000}])
async def test_without_a_token_that_is_good_there_is_no_profile(company: Company, query: dict[str, str]) -> None:
    for more in ({}, {"signed": "1"}, {"identity": "pkcs12"}):
        answer = await company.http.get(f"{BASE}/enroll", params={**query, **more})
        assert (answer.status_code, "token" in answer.text) == (401, True)


async def test_a_user_without_a_licence_gets_no_profile_and_the_token_stays(company: Company) -> None:
    token = await company.enrollment_token()
    await company.take_licence("alice")
    answer = await company.http.get(f"{BASE}/enroll", params={"token": token})
    assert (answer.status_code, "licence" in answer.text) == (403, True)


async def test_reading_the_profile_does_not_use_the_token_up(company: Company) -> None:
    token = await company.enrollment_token()
    for _ in range(2):
        assert (await company.http.get(f"{BASE}/enroll", params={"token": token})).status_code == 200


@pytest.mark.parametrize("query", [{"signed": "perhaps"}, {"identity": "acme"}])
async def test_other_parameters_are_400(company: Company, query: dict[str, str]) -> None:
    token = await company.enrollment_token()
    assert (await company.http.get(f"{BASE}/enroll", params={"token": token, **query})).status_code == 400


async def test_an_identity_in_the_profile_enrols_without_scep(company: Company) -> None:
    token = await company.enrollment_token()
    answer = await company.http.get(f"{BASE}/enroll", params={"token": token, "identity": "pkcs12"})
    assert answer.headers["content-type"] == "application/x-apple-aspen-config"
    payload = plistlib.loads(answer.content)["PayloadContent"][0]
    device = company.fleet()
    key, certificate = pkimessages.identity_in(payload["PayloadContent"], payload["Password"])
    device.key, device.certificate, device.server_url, device.topic = key, certificate, SERVER, "t"
    await device.authenticate()
    await device.token_update()
    assert (await company.record(device))["userPrincipalName"] == "alice@contoso.example"
    again = await company.http.get(f"{BASE}/enroll", params={"token": token})
    assert again.status_code == 401, "the token was used"


async def test_a_signed_profile_is_the_same_one_in_an_envelope(company: Company) -> None:
    token = await company.enrollment_token()
    plain, signed = [
        (await company.http.get(f"{BASE}/enroll", params={"token": token, **more})).content
        for more in ({}, {"signed": "true"})
    ]
    assert signed.startswith(b"\x30")
    assert pkimessages.content_of(signed) == plain


# -------------------------------------------------------------------------------------------------------------- SCEP


async def test_what_the_authority_can_do_and_who_it_is(company: Company) -> None:
    """mdmb compares the whole Content-Type of GetCACert; the Go clients take one RSA certificate."""
    caps = await company.http.get(f"{BASE}/scep", params={"operation": "GetCACaps", "message": "any"})
    assert {"POSTPKIOperation", "SHA-256", "AES", "Renewal", "SCEPStandard"} <= set(caps.text.split())
    answer = await company.http.get(f"{BASE}/scep", params={"operation": "GetCACert"})
    assert answer.headers["content-type"] == "application/x-x509-ca-cert"
    assert x509.load_der_x509_certificate(answer.content).public_key()


@pytest.mark.parametrize(("operation", "status"), [("", 400), ("GetCACrap", 400), ("GetNextCACert", 501)])
async def test_other_operations_are_refused(company: Company, operation: str, status: int) -> None:
    for method in ("GET", "POST") if status == 400 else ("GET",):
        answer = await company.http.request(method, f"{BASE}/scep", params={"operation": operation})
        assert answer.status_code == status


@pytest.mark.parametrize("body", [b"", b"\x30\x00", b"hello", b"\x30\x84\xff\xff\xff\xff"])
async def test_what_no_certrep_can_answer_is_400(company: Company, body: bytes) -> None:
    url, query = f"{BASE}/scep", {"operation": "PKIOperation"}
    assert (await company.http.post(url, params=query, content=body)).status_code == 400
    by_get = {**query, "message": base64.b64encode(body).decode()}
    assert (await company.http.get(url, params=by_get)).status_code == 400
    assert (await company.http.get(url, params={**query, "message": "%%%"})).status_code == 400


async def scep_status(company: Company, device: Client, challenge: str, *, kind: str = "19") -> tuple[str, str | None]:
    """pkiStatus and failInfo of a request."""
    answer = await company.http.get(f"{BASE}/scep", params={"operation": "GetCACert"})
    authority = x509.load_der_x509_certificate(answer.content)
    message, nonce, transaction = device.pki_message(device.csr(challenge, "x"), authority, kind=kind)
    done = await company.http.post(f"{BASE}/scep", params={"operation": "PKIOperation"}, content=message)
    assert (done.status_code, done.headers["content-type"]) == (200, "application/x-pki-message")
    found = pkimessages.read_certrep(done.content, signer=authority)
    assert (found.transaction, found.recipient_nonce) == (transaction, nonce)
    return found.status, found.fail_info


@pytest.mark.parametrize("challenge", ["", "wrong", "x" * 200])
async def test_a_wrong_challenge_is_a_failure_bad_request(company: Company, challenge: str) -> None:
    assert await scep_status(company, company.fleet(), challenge) == ("2", "2")


async def test_a_challenge_is_good_once(company: Company) -> None:
    token = await company.enrollment_token()
    device = company.fleet()
    assert await scep_status(company, device, token) == ("0", None)
    assert await scep_status(company, device, token) == ("2", "2")


async def test_a_key_that_is_too_short_leaves_the_token_usable(company: Company) -> None:
    token, device = await company.enrollment_token(), company.fleet()
    good = device.key
    device.key = pkimessages.short_key()
    assert await scep_status(company, device, token) == ("2", "2")
    device.key = good
    assert await scep_status(company, device, token) == ("0", None)


@pytest.mark.parametrize(("kind", "reason"), [("17", "4"), ("20", "4"), ("21", "2"), ("99", "2")])
async def test_what_is_no_first_request_is_refused(company: Company, kind: str, reason: str) -> None:
    """A renewal by a signer that nobody knows, a poll for nothing, GetCert, and what does not exist."""
    token = await company.enrollment_token()
    assert await scep_status(company, company.fleet(), token, kind=kind) == ("2", reason)


@pytest.mark.parametrize("kind", ["17", "18", "19"])
async def test_a_device_renews_its_identity_by_the_one_that_it_has(company: Company, kind: str) -> None:
    """RenewalReq, the drafts' update, and PKCSReq without a challenge, as sscep and jscep send it."""
    device = await company.enrolled_fleet()
    old = device.certificate
    assert old is not None
    answer = await company.http.get(f"{BASE}/scep", params={"operation": "GetCACert"})
    authority = x509.load_der_x509_certificate(answer.content)
    message, nonce, transaction = device.pki_message(device.csr("", "x"), authority, kind=kind, by=(device.key, old))
    done = await company.http.post(f"{BASE}/scep", params={"operation": "PKIOperation"}, content=message)
    device.signer_key = device.key
    device.granted(done.content, authority=authority, nonce=nonce, transaction=transaction)
    assert device.certificate is not None
    assert device.certificate.public_bytes(Encoding.DER) != old.public_bytes(Encoding.DER)
    await device.authenticate()
    await device.token_update()
    assert await company.live() == 1


@pytest.mark.parametrize("kind", ["17", "18", "19"])
async def test_an_expired_identity_renews_nothing(company: Company, kind: str) -> None:
    """On the tenant's clock; the drafts' update is no other thing."""
    await company.switch(identityValidity="P30D")
    device = await company.enrolled_fleet()
    assert device.certificate is not None
    answer = await company.http.get(f"{BASE}/scep", params={"operation": "GetCACert"})
    authority = x509.load_der_x509_certificate(answer.content)
    for days, expected in ((29, ("0", None)), (2, ("2", "3"))):
        company.clock.forward(days=days)
        by = (device.key, device.certificate)
        message, _, _ = device.pki_message(device.csr("", "x"), authority, kind=kind, by=by)
        done = await company.http.post(f"{BASE}/scep", params={"operation": "PKIOperation"}, content=message)
        found = pkimessages.read_certrep(done.content, signer=authority)
        assert (found.status, found.fail_info) == expected


async def test_16_kilobytes_of_query_are_read(company: Company) -> None:
    query = {"operation": "GetCACaps", "message": "x" * 16_384}
    assert (await company.http.get(f"{BASE}/scep", params=query)).status_code == 200


# ---------------------------------------------------------------------------------------------------- which status


@pytest.mark.parametrize(
    ("path", "error", "status"),
    [
        ("checkin", errors.Unauthenticated("x"), 400),
        ("server", errors.NotLicensed("x"), 400),
        ("server", errors.Conflict("x"), 400),
        ("server", errors.Unavailable("x"), 503),
        ("server", errors.NotEmulated("x"), 501),
        ("server", errors.EnrollmentEnded("x"), 403),
        ("server", RuntimeError("x"), 500),
        ("scep", errors.Unauthenticated("x"), 400),
        ("enroll", errors.Unauthenticated("x"), 401),
        ("enroll", errors.NotLicensed("x"), 403),
    ],
)
def test_each_error_has_its_status_and_401_is_for_people_only(path: str, error: Exception, status: int) -> None:
    scope = {"type": "http", "path": f"/mdm/contoso/apple/{path}", "headers": []}
    answer = refuse(Request(scope), error)
    assert answer.status_code == status
