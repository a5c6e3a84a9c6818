"""What Apple's doors refuse: with which status, in which words, and that nothing has changed by it.

What a refused device sent is on record, with the reason, under the device if that is known.
"""

from __future__ import annotations

import base64
import json
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
from tests.support import pkimessages
from tests.support.apple_examples import example
from tests.support.apple_tenant import BASE, AppleTenant
from tests.support.devices.apple import AppleDevice, Fleet, Refused
from tests.support.wire import all_parts, recorded, whole

SERVER, CHECKIN = f"{BASE}/server", f"{BASE}/checkin"
BOMB = b'<?xml version="1.0"?><!DOCTYPE plist [<!ENTITY a "x">]><plist><dict><key>&a;</key><true/></dict></plist>'


async def send(device: AppleDevice, body: bytes, *, signature: str | None = None, url: str = SERVER) -> httpx.Response:
    """A signed body, whatever it is."""
    return await device.http.put(url, content=body, headers={"Mdm-Signature": signature or device.signature(body)})


def idle(device: AppleDevice, **more: Any) -> bytes:
    return plistlib.dumps({"UDID": device.udid, "Status": "Idle", **more})


async def with_identity(contoso: AppleTenant, n: int = 1) -> Fleet:
    """A device that has an identity and has said nothing yet."""
    device = contoso.fleet(n)
    await device.request_identity(f"{BASE}/scep", await contoso.token("alice"))
    device.server_url, device.topic = SERVER, "com.apple.mgmt.x"
    return device


@pytest.mark.parametrize(
    "body", [b"", b"{}", BOMB, b"bplist00\xff", b"<plist><dict>", b"\x00" * 100, example("idle")[:-20]]
)
@pytest.mark.parametrize("url", [SERVER, CHECKIN])
async def test_what_is_no_message_is_400_and_never_401(contoso: AppleTenant, body: bytes, url: str) -> None:
    """Apple: a device that is answered 401 unenrols itself."""
    device = await contoso.enrolled_fleet()
    answer = await send(device, body, url=url)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/plain; charset=utf-8")
    assert "property list" in answer.text or "entities" in answer.text
    assert await contoso.live() == 1


async def test_a_body_that_its_signature_does_not_fit_is_400(contoso: AppleTenant) -> None:
    device = await contoso.enrolled_fleet()
    answer = await send(device, idle(device), signature=device.signature(b"another body"))
    assert answer.status_code == 400
    attached = device.signature(idle(device, Note="the embedded content does not count"), embed=True)
    assert (await send(device, idle(device), signature=attached)).status_code == 400


@pytest.mark.parametrize("signature", ["", "?", "AAAA", base64.b64encode(b"0" * 500).decode()])
async def test_a_signature_that_is_none_is_400(contoso: AppleTenant, signature: str) -> None:
    device = await contoso.enrolled_fleet()
    answer = await contoso.http.put(SERVER, content=idle(device), headers={"Mdm-Signature": signature})
    assert answer.status_code == 400
    assert answer.text


async def test_without_any_identity_it_says_how_a_device_proves_itself(contoso: AppleTenant) -> None:
    answer = await contoso.http.put(SERVER, content=example("idle"))
    assert answer.status_code == 400
    assert "Mdm-Signature" in answer.text


async def test_a_certificate_of_somebody_else_is_400(contoso: AppleTenant) -> None:
    """NanoMDM: 400, or 500; an identity that cannot be proved is no reason to unenrol."""
    device = await contoso.enrolled_fleet()
    device.certificate = pkimessages.throw_away(device.key, contoso.clock.now())
    answer = await send(device, idle(device))
    assert answer.status_code == 400
    assert "not issued by this tenant" in answer.text


async def test_an_identity_of_ours_that_nothing_is_known_of_is_to_be_forgotten(contoso: AppleTenant) -> None:
    device = await contoso.issued_elsewhere()
    answer = await send(device, idle(device))
    assert answer.status_code == 403
    assert plistlib.loads(answer.content)["code"] == "com.apple.unrecognized.device"


async def test_an_expired_identity_is_400_on_the_tenants_clock(contoso: AppleTenant) -> None:
    await contoso.switch(identityValidity="P30D")
    device = await contoso.enrolled_fleet()
    contoso.clock.forward(days=31)
    answer = await send(device, idle(device))
    assert answer.status_code == 400
    assert "outside" in answer.text


async def test_a_bound_certificate_cannot_authenticate_another_device(contoso: AppleTenant) -> None:
    """NanoMDM: a hash that is bound to one id is refused for another (service/certauth)."""
    device, other = await contoso.enrolled_fleet(0), contoso.fleet(1)
    other.key, other.certificate, other.server_url, other.topic = device.key, device.certificate, SERVER, "t"
    with pytest.raises(Refused, match=r"400: .*another device"):
        await other.authenticate()
    assert await contoso.live() == 1
    assert await device.report("Idle") is not None


@pytest.mark.parametrize("message", ["TokenUpdate", "CheckOut", "SetBootstrapToken", "GetBootstrapToken", "Idle"])
async def test_nothing_that_names_another_device_is_believed(contoso: AppleTenant, message: str) -> None:
    device, other = await contoso.enrolled_fleet(0), await contoso.enrolled_fleet(1, name="bob")
    kind = {"Status": "Idle"} if message == "Idle" else {"MessageType": message}
    results = {**kind, "UDID": other.udid, "Topic": "t", "Token": b"x" * 32, "PushMagic": "m", "BootstrapToken": b"b"}
    before = await contoso.row(other)
    answer = await send(device, plistlib.dumps(results))
    assert answer.status_code == 400
    assert "another device" in answer.text
    assert await contoso.row(other) == before


async def test_before_authenticate_nothing_else_is_taken(contoso: AppleTenant) -> None:
    device = await with_identity(contoso)
    for body in (idle(device), plistlib.dumps({"MessageType": "CheckOut", "UDID": device.udid})):
        answer = await send(device, body)
        assert (answer.status_code, "Authenticate" in answer.text) == (400, True)
    with pytest.raises(Refused, match="400"):
        await device.token_update()
    assert await contoso.live() == 0


async def test_authenticate_alone_enrols_nobody(contoso: AppleTenant) -> None:
    device = await with_identity(contoso)
    await device.authenticate()
    assert await contoso.live() == 0


async def test_a_licence_that_was_taken_meanwhile_is_no_reason_to_forget_anything(contoso: AppleTenant) -> None:
    device = await with_identity(contoso)
    await device.authenticate()
    await contoso.take_licence("alice")
    with pytest.raises(Refused, match=r"400: .*licence"):
        await device.token_update()
    assert await contoso.live() == 0


async def test_a_channel_of_a_users_own_is_declined(contoso: AppleTenant) -> None:
    """Apple: 410 to UserAuthenticate; NanoMDM does the same."""
    device = await contoso.enrolled_fleet()
    user = {"UDID": device.udid, "UserID": "1D9A3C1E-6A1B-4E0B-9C8A-0B1F2E3D4C5B"}
    answer = await send(device, plistlib.dumps({"MessageType": "UserAuthenticate", **user}))
    assert (answer.status_code, answer.content) == (410, b"")
    for said in ({"Status": "Idle"}, {"MessageType": "TokenUpdate", "Topic": "t", "Token": b"u", "PushMagic": "m"}):
        taken = await send(device, plistlib.dumps({**said, **user}))
        assert (taken.status_code, taken.headers["content-length"]) == (200, "0")
    assert (await contoso.wire_state(device))["push"] == {"mdm": "pushmagic"}


@pytest.mark.parametrize("name", ["declarative-management", "get-token"])
async def test_what_is_not_emulated_is_501(contoso: AppleTenant, name: str) -> None:
    device = await contoso.enrolled_fleet()
    body = plistlib.dumps(plistlib.loads(example(name)) | {"UDID": device.udid})
    answer = await send(device, body)
    assert answer.status_code == 501
    assert "not emulated" in answer.text


async def test_an_answer_of_another_shape_changes_nothing(contoso: AppleTenant) -> None:
    device = await contoso.enrolled_fleet()
    message = await device.report("Idle")
    assert message is not None
    with pytest.raises(Refused, match="400: ProfileList"):
        await device.report("Acknowledged", message["CommandUUID"], ProfileList=[1])
    again = await device.report("Idle")
    assert again is not None
    assert again["CommandUUID"] == message["CommandUUID"]


async def test_tokens_that_are_too_long_are_refused(contoso: AppleTenant) -> None:
    device = await contoso.enrolled_fleet()
    with pytest.raises(Refused, match="400: UnlockToken"):
        await device.token_update(UnlockToken=b"u" * 70_000, embed=False)
    huge = {"MessageType": "SetBootstrapToken", "UDID": device.udid, "BootstrapToken": b"b" * 70_000}
    with pytest.raises(Refused, match="400: BootstrapToken"):
        await device.send(huge, embed=False)
    await device.token_update(Token=b"t" * 100_000, embed=False)
    assert len((await contoso.row(device)).push_token) == 64


async def test_two_devices_cannot_listen_under_one_token(contoso: AppleTenant) -> None:
    one, other = await contoso.enrolled_fleet(0), await contoso.enrolled_fleet(1)
    await one.token_update(Token=b"T" * 32)
    await other.token_update(Token=b"T" * 32)
    assert (await contoso.row(one)).push_token == (b"T" * 32).hex()
    assert (await contoso.row(other)).push_token != (b"T" * 32).hex()


async def test_who_asks_for_json_is_told_in_json_that_it_is_over(contoso: AppleTenant) -> None:
    """Apple: ErrorUnrecognizedDevice is JSON or a property list, and the Content-Type says which."""
    device = await contoso.enrolled_fleet()
    await contoso.perform(device, device_actions.retire)
    message = await device.report("Idle")
    assert message is not None
    assert await device.report("Acknowledged", message["CommandUUID"]) is None
    body = idle(device)
    for accept, kind in (("application/json", "application/json"), ("*/*", "application/xml")):
        headers = {"Mdm-Signature": device.signature(body), "accept": accept}
        answer = await contoso.http.put(SERVER, content=body, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (403, kind)
        document = answer.json() if kind.endswith("json") else plistlib.loads(answer.content)
        assert document["code"] == "com.apple.unrecognized.device"


async def test_another_tenant_knows_nothing_of_the_device(contoso: AppleTenant) -> None:
    device = await contoso.enrolled_fleet()
    assert (await send(device, idle(device), url=SERVER.replace("contoso", "nobody"))).status_code == 404


@pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH"])
async def test_other_methods_are_405(contoso: AppleTenant, method: str) -> None:
    answer = await contoso.http.request(method, SERVER)
    assert answer.status_code == 405


# ------------------------------------------------------------------------------------------- the enrolment profile


@pytest.mark.parametrize("query", [{}, {"token": ""}, {"token": "wrong"}, {"token": "x" * 10_000}])
async def test_without_a_token_that_is_good_there_is_no_profile(contoso: AppleTenant, query: dict[str, str]) -> None:
    for more in ({}, {"signed": "1"}, {"identity": "pkcs12"}):
        answer = await contoso.http.get(f"{BASE}/enroll", params={**query, **more})
        assert (answer.status_code, "token" in answer.text) == (401, True)


async def test_a_user_without_a_licence_gets_no_profile_and_the_token_stays(contoso: AppleTenant) -> None:
    token = await contoso.token("alice")
    await contoso.take_licence("alice")
    answer = await contoso.http.get(f"{BASE}/enroll", params={"token": token})
    assert (answer.status_code, "licence" in answer.text) == (403, True)


async def test_reading_the_profile_does_not_use_the_token_up(contoso: AppleTenant) -> None:
    token = await contoso.token("alice")
    for _ in range(2):
        assert (await contoso.http.get(f"{BASE}/enroll", params={"token": token})).status_code == 200


@pytest.mark.parametrize("query", [{"signed": "perhaps"}, {"identity": "acme"}])
async def test_other_parameters_are_400(contoso: AppleTenant, query: dict[str, str]) -> None:
    token = await contoso.token("alice")
    assert (await contoso.http.get(f"{BASE}/enroll", params={"token": token, **query})).status_code == 400


async def test_an_identity_in_the_profile_enrols_without_scep(contoso: AppleTenant) -> None:
    token = await contoso.token("alice")
    answer = await contoso.http.get(f"{BASE}/enroll", params={"token": token, "identity": "pkcs12"})
    assert answer.headers["content-type"] == "application/x-apple-aspen-config"
    payload = plistlib.loads(answer.content)["PayloadContent"][0]
    device = contoso.fleet()
    key, certificate = pkimessages.identity_in(payload["PayloadContent"], payload["Password"])
    device.key, device.certificate, device.server_url, device.topic = key, certificate, SERVER, "t"
    await device.authenticate()
    await device.token_update()
    assert (await contoso.record(device))["userPrincipalName"] == "alice@contoso.example"
    again = await contoso.http.get(f"{BASE}/enroll", params={"token": token})
    assert again.status_code == 401, "the token was used"


async def test_a_signed_profile_is_the_same_one_in_an_envelope(contoso: AppleTenant) -> None:
    token = await contoso.token("alice")
    plain, signed = [
        (await contoso.http.get(f"{BASE}/enroll", params={"token": token, **more})).content
        for more in ({}, {"signed": "true"})
    ]
    assert signed.startswith(b"\x30")
    assert pkimessages.content_of(signed) == plain


# -------------------------------------------------------------------------------------------------------------- SCEP


async def test_what_the_authority_can_do_and_who_it_is(contoso: AppleTenant) -> None:
    """mdmb compares the whole Content-Type of GetCACert; the Go clients take one RSA certificate."""
    caps = await contoso.http.get(f"{BASE}/scep", params={"operation": "GetCACaps", "message": "any"})
    assert {"POSTPKIOperation", "SHA-256", "AES", "Renewal", "SCEPStandard"} <= set(caps.text.split())
    answer = await contoso.http.get(f"{BASE}/scep", params={"operation": "GetCACert"})
    assert answer.headers["content-type"] == "application/x-x509-ca-cert"
    assert x509.load_der_x509_certificate(answer.content).public_key()


@pytest.mark.parametrize(("operation", "status"), [("", 400), ("GetCACrap", 400), ("GetNextCACert", 501)])
async def test_other_operations_are_refused(contoso: AppleTenant, operation: str, status: int) -> None:
    for method in ("GET", "POST") if status == 400 else ("GET",):
        answer = await contoso.http.request(method, f"{BASE}/scep", params={"operation": operation})
        assert answer.status_code == status


@pytest.mark.parametrize("body", [b"", b"\x30\x00", b"hello", b"\x30\x84\xff\xff\xff\xff"])
async def test_what_no_certrep_can_answer_is_400(contoso: AppleTenant, body: bytes) -> None:
    url, query = f"{BASE}/scep", {"operation": "PKIOperation"}
    assert (await contoso.http.post(url, params=query, content=body)).status_code == 400
    by_get = {**query, "message": base64.b64encode(body).decode()}
    assert (await contoso.http.get(url, params=by_get)).status_code == 400
    assert (await contoso.http.get(url, params={**query, "message": "%%%"})).status_code == 400


async def scep_status(
    contoso: AppleTenant, device: AppleDevice, challenge: str, *, kind: str = "19"
) -> tuple[str, str | None]:
    """pkiStatus and failInfo of a request."""
    answer = await contoso.http.get(f"{BASE}/scep", params={"operation": "GetCACert"})
    authority = x509.load_der_x509_certificate(answer.content)
    message, nonce, transaction = device.pki_message(device.csr(challenge, "x"), authority, kind=kind)
    done = await contoso.http.post(f"{BASE}/scep", params={"operation": "PKIOperation"}, content=message)
    assert (done.status_code, done.headers["content-type"]) == (200, "application/x-pki-message")
    certrep = pkimessages.read_certrep(done.content, signer=authority)
    assert (certrep.transaction, certrep.recipient_nonce) == (transaction, nonce)
    return certrep.status, certrep.fail_info


@pytest.mark.parametrize("challenge", ["", "wrong", "x" * 200])
async def test_a_wrong_challenge_is_a_failure_bad_request(contoso: AppleTenant, challenge: str) -> None:
    assert await scep_status(contoso, contoso.fleet(), challenge) == ("2", "2")


async def test_a_challenge_is_good_once(contoso: AppleTenant) -> None:
    token = await contoso.token("alice")
    device = contoso.fleet()
    assert await scep_status(contoso, device, token) == ("0", None)
    assert await scep_status(contoso, device, token) == ("2", "2")


async def test_a_key_that_is_too_short_leaves_the_token_usable(contoso: AppleTenant) -> None:
    token, device = await contoso.token("alice"), contoso.fleet()
    good = device.key
    device.key = pkimessages.short_key()
    assert await scep_status(contoso, device, token) == ("2", "2")
    device.key = good
    assert await scep_status(contoso, device, token) == ("0", None)


@pytest.mark.parametrize(("kind", "reason"), [("17", "4"), ("20", "4"), ("21", "2"), ("99", "2")])
async def test_what_is_no_first_request_is_refused(contoso: AppleTenant, kind: str, reason: str) -> None:
    """A renewal by a signer that nobody knows, a poll for nothing, GetCert, and what does not exist."""
    token = await contoso.token("alice")
    assert await scep_status(contoso, contoso.fleet(), token, kind=kind) == ("2", reason)


@pytest.mark.parametrize("kind", ["17", "18", "19"])
async def test_a_device_renews_its_identity_by_the_one_that_it_has(contoso: AppleTenant, kind: str) -> None:
    """RenewalReq, the drafts' update, and PKCSReq without a challenge, as sscep and jscep send it."""
    device = await contoso.enrolled_fleet()
    old = device.certificate
    assert old is not None
    answer = await contoso.http.get(f"{BASE}/scep", params={"operation": "GetCACert"})
    authority = x509.load_der_x509_certificate(answer.content)
    message, nonce, transaction = device.pki_message(device.csr("", "x"), authority, kind=kind, by=(device.key, old))
    done = await contoso.http.post(f"{BASE}/scep", params={"operation": "PKIOperation"}, content=message)
    device.signer_key = device.key
    device.granted(done.content, authority=authority, nonce=nonce, transaction=transaction)
    assert device.certificate is not None
    assert device.certificate.public_bytes(Encoding.DER) != old.public_bytes(Encoding.DER)
    await device.authenticate()
    await device.token_update()
    assert await contoso.live() == 1


@pytest.mark.parametrize("kind", ["17", "18", "19"])
async def test_an_expired_identity_renews_nothing(contoso: AppleTenant, kind: str) -> None:
    """On the tenant's clock; the drafts' update is no other thing."""
    await contoso.switch(identityValidity="P30D")
    device = await contoso.enrolled_fleet()
    assert device.certificate is not None
    answer = await contoso.http.get(f"{BASE}/scep", params={"operation": "GetCACert"})
    authority = x509.load_der_x509_certificate(answer.content)
    for days, expected in ((29, ("0", None)), (2, ("2", "3"))):
        contoso.clock.forward(days=days)
        by = (device.key, device.certificate)
        message, _, _ = device.pki_message(device.csr("", "x"), authority, kind=kind, by=by)
        done = await contoso.http.post(f"{BASE}/scep", params={"operation": "PKIOperation"}, content=message)
        certrep = pkimessages.read_certrep(done.content, signer=authority)
        assert (certrep.status, certrep.fail_info) == expected


async def test_16_kilobytes_of_query_are_read(contoso: AppleTenant) -> None:
    query = {"operation": "GetCACaps", "message": "x" * 16_384}
    assert (await contoso.http.get(f"{BASE}/scep", params=query)).status_code == 200


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


async def test_a_device_that_is_no_longer_managed_is_named(contoso: AppleTenant) -> None:
    device = await contoso.enrolled_fleet()
    row = await contoso.row(device)
    await device.check_out()
    body = plistlib.dumps({"UDID": device.udid, "Status": "Idle"})
    answer = await contoso.http.put(f"{BASE}/server", content=body, headers={"Mdm-Signature": device.signature(body)})
    assert answer.status_code == 403
    (exchange,) = await recorded(contoso.http, device=row.id, status="error")
    assert exchange["surface"] == "devices/apple"
    assert exchange["refusal"] == f"The enrolment of the device '{row.id}' has ended (unenroll)."
    assert exchange["caller"]["userPrincipalName"] == "alice@contoso.example"
    document = await whole(contoso.http, exchange)
    assert device.udid in json.dumps(list(all_parts(document["request"]["parts"])))
    # Its messages before were those of the device, too.
    assert len(await recorded(contoso.http, device=row.id, status="200")) == 2  # TokenUpdate, CheckOut


async def test_a_message_without_an_identity_is_there_with_the_reason(contoso: AppleTenant) -> None:
    body = plistlib.dumps({"MessageType": "Authenticate", "UDID": "a-udid-to-find"})
    answer = await contoso.http.put(f"{BASE}/checkin", content=body)
    assert answer.status_code == 400
    (exchange,) = await recorded(contoso.http, surface="apple", status="400")
    assert exchange["refusal"].startswith("The request brings no identity")
    assert exchange["caller"]["device"] is None
    assert "a-udid-to-find" in json.dumps((await whole(contoso.http, exchange))["request"])


async def test_the_challenge_of_an_enrolment_is_not_shown(contoso: AppleTenant) -> None:
    profile = await contoso.enrollment_profile()
    (exchange,) = await recorded(contoso.http, text="/apple/enroll")
    challenges = [
        payload["PayloadContent"]["Challenge"]
        for payload in plistlib.loads(profile)["PayloadContent"]
        if payload["PayloadType"] == "com.apple.security.scep"
    ]
    document = json.dumps([exchange, await whole(contoso.http, exchange)])
    assert challenges
    assert not [challenge for challenge in challenges if challenge in document]
