"""What an authority, or somebody in its name, should not send: each is refused as documented, and nothing is noted."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.model.ids import ProfileId
from fauxtune.operations.checkin import scep_challenges
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune_sim.scep.csr import ENCRYPTION, SIGNING, RequestSettings, certificate_request
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.devices.android import AndroidOverHttp
from tests.support.partner import Scene
from tests.support.scep_clients import CONTROL, Csr, scep_profile

pytestmark = ON_BOTH_DATABASES

SCEP, CONNECTOR = "ScepRequestValidationFEService", "PkiConnectorFEService"
NOTED = "scepRequestValidated,scepRequestRefused,scepCertificateIssued,scepIssuanceFailed"
#: What is no request: some of it small, and costly to read for who does not look first.
BOMBS: dict[str, bytes] = {
    "empty": b"",
    "text": b"a request",
    "levels": b"\x30\x80" * 10_000,
    "pieces": b"\x24\x80" + b"\x04\x00" * 10_000 + b"\x00\x00",
    "length": b"\x30\x84\xff\xff\xff\xff",
    "identifier": b"\x30\x82\x9c\x44\x06\x82\x9c\x40" + b"\xff" * 39_999 + b"\x01",
}


async def noted(scene: Scene) -> list[dict[str, Any]]:
    answer = await scene.http.get(f"{CONTROL}/journal", params={"type": NOTED})
    return list(answer.json()["events"])


async def still_granted(scene: Scene) -> None:
    """The device's own request is granted, and is all that was ever noted."""
    before = len(await noted(scene))
    assert await scene.partner.validate(await scene.csr()) == "Success"
    assert len(await noted(scene)) == before + 1


def notification(csr: str) -> dict[str, Any]:
    """A notification with everything that either of the two needs."""
    return {
        "transactionId": "t",
        "certificateRequest": csr,
        "certificateThumbprint": "A" * 40,
        "certificateSerialNumber": "0F",
        "issuingCertificateAuthority": "CN=Partner",
        "hResult": 1,
        "errorDescription": "no",
    }


async def test_what_is_no_request_is_told_in_every_call(scene: Scene, subtests: pytest.Subtests) -> None:
    for name, content in BOMBS.items():
        with subtests.test(name):
            csr = base64.b64encode(content).decode()
            body = {"request": {"transactionId": "t", "certificateRequest": csr}}
            assert (await scene.partner.scep("validateRequest", body))["code"] == "CertificateRequestDecodingFailed"
            for action in ("successNotification", "failureNotification"):
                answer = await scene.partner.scep(action, {"notification": notification(csr)})
                assert answer["code"] == "CertificateRequestDecodingFailed"
            assert await noted(scene) == []
    await still_granted(scene)


async def test_a_request_that_is_cut_off_is_no_request(scene: Scene) -> None:
    text = base64.b64encode(await scene.csr()).decode()
    for cut in (1, 2, 3, 1000):
        for csr in (text[:-cut].rstrip("="), text[cut:], f"!{text}"):
            body = {"request": {"transactionId": "t", "certificateRequest": csr}}
            code = (await scene.partner.scep("validateRequest", body))["code"]
            assert code == "CertificateRequestDecodingFailed", cut
    await still_granted(scene)


@pytest.mark.parametrize("size", [50_000, 300_000, 1_500_000])
async def test_a_challenge_of_a_megabyte_is_refused(scene: Scene, size: int) -> None:
    csr = base64.b64encode(Csr(scene.key, "Q" * size).der()).decode()
    body = {"request": {"transactionId": "t", "certificateRequest": csr}}
    answer = await scene.partner.post(SCEP, "ScepActions/validateRequest", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")
    assert await noted(scene) == []
    await still_granted(scene)


async def test_a_challenge_of_another_tenant_is_not_signed_by_this_one(scene: Scene, emulator: Emulator) -> None:
    created = await scene.http.post("/_fauxtune/v1/tenants", json={"name": "fabrikam", "keys": "shared"})
    assert created.status_code == 201
    there = replace(scene.contoso, tenant=await emulator.runner.tenant("fabrikam"))
    profile = await there.profile_for_devices("androidWorkProfileScepCertificateProfile", **scep_profile())
    phone = await AndroidOverHttp.enrolled(
        scene.http, key=scene.contoso.device_keys[3], tenant="fabrikam", user="alice"
    )
    given = await there.do(
        scep_challenges.give_challenge,
        device=phone.managed_device_id,
        profile=ProfileId(profile),
        keys=emulator.keys,
    )
    assert await scene.partner.validate(Csr(scene.key, given.password).der()) == "SignatureValidationFailed"
    assert await noted(scene) == []


async def test_a_challenge_for_another_device_asks_for_the_names_of_its_user(scene: Scene) -> None:
    phone = await AndroidOverHttp.enrolled(scene.http, key=scene.contoso.device_keys[3], tenant="contoso", user="bob")
    body = {"device": phone.managed_device_id, "profile": scene.profile}
    given = (await scene.http.post(f"{CONTROL}/scep/challenges", json=body)).json()
    assert await scene.partner.validate(Csr(scene.key, given["challenge"]).der()) == "SubjectNameMismatch"


async def test_a_request_that_another_key_has_signed_proves_no_possession(scene: Scene) -> None:
    settings = RequestSettings(
        subject=((("E", "alice@contoso.example"),), (("CN", "alice"),)),
        challenge=await scene.challenge(),
        key_usages=(SIGNING, ENCRYPTION),
        extended_key_usages=("1.3.6.1.5.5.7.3.4",),
        mail_names=("alice@contoso.example",),
    )
    own = certificate_request(scene.key, settings).public_bytes(Encoding.DER)
    foreign = certificate_request(scene.key, settings, signed_by=scene.contoso.device_keys[4])
    assert await scene.partner.validate(foreign.public_bytes(Encoding.DER)) == "SignatureValidationFailed"
    assert await noted(scene) == []
    assert await scene.partner.validate(own) == "Success"


async def test_a_challenge_that_was_given_before_the_tenant_was_restored_is_unknown(scene: Scene) -> None:
    (await scene.http.post(f"{CONTROL}/snapshots", json={"name": "before"})).raise_for_status()
    csr = await scene.csr()
    assert await scene.partner.validate(csr) == "Success"
    (await scene.http.post(f"{CONTROL}/snapshots/before/restore")).raise_for_status()
    assert await scene.partner.validate(csr) == "BadCertificateRequestIdInChallenge"


@pytest.mark.parametrize("change", [gzip.compress, lambda content: content.decode().encode("utf-16")])
async def test_a_body_in_another_form_is_no_json(scene: Scene, change: Callable[[bytes], bytes]) -> None:
    content = change(json.dumps({"request": {"transactionId": "t", "certificateRequest": "AA=="}}).encode())
    headers = {"authorization": f"Bearer {scene.partner.token}", "content-encoding": "gzip"}
    answer = await scene.partner.send(SCEP, "ScepActions/validateRequest", content=content, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")
    await still_granted(scene)


async def test_the_content_type_does_not_matter(scene: Scene) -> None:
    for kind in ("application/xml", "multipart/form-data; boundary=x", "text/plain", "x;\x01", ""):
        csr = base64.b64encode(await scene.csr()).decode()
        content = json.dumps({"request": {"transactionId": "t", "certificateRequest": csr}}).encode()
        headers = {"authorization": f"Bearer {scene.partner.token}", "content-type": kind}
        answer = await scene.partner.send(SCEP, "ScepActions/validateRequest", content=content, headers=headers)
        assert answer.json()["code"] == "Success", kind


async def test_a_number_of_revocations_is_1_to_500(scene: Scene) -> None:
    body = {"serialNumber": "01", "issuerName": "CN=Partner"}
    assert (await scene.http.post(f"{CONTROL}/scep/revocations", json=body)).status_code == 201
    path = "CertificateAuthorityRequests/downloadRevocationRequests"
    for number in ("0", "501", "-1", "true", '"5"', "1.5", "1e400", "9" * 5000, "null"):
        content = f'{{"downloadParameters": {{"maxRequests": {number}, "issuerName": null}}}}'.encode()
        answer = await scene.partner.post(CONNECTOR, path, None, content=content)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest"), number
        (row,) = (await scene.http.get(f"{CONTROL}/scep/revocations")).json()["value"]
        assert (row["state"], row["leasedUntilDateTime"]) == ("open", None), number


async def test_results_for_what_was_not_asked_change_nothing(scene: Scene) -> None:
    body = {"serialNumber": "01", "issuerName": "CN=Partner"}
    asked = (await scene.http.post(f"{CONTROL}/scep/revocations", json=body)).json()["id"]
    good = {"requestContext": asked, "succeeded": True, "errorCode": "None"}
    for results in (
        [good, {**good, "requestContext": "unknown"}],
        [good, {**good, "requestContext": None}],
        [good, {**good, "errorCode": "Frobnicated"}],
        [good] * 501,
        [good, 1],
        {"requestContext": asked},
        None,
    ):
        refused = await scene.partner.revocations("uploadRevocationResults", {"results": results})
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "BadRequest")
        (row,) = (await scene.http.get(f"{CONTROL}/scep/revocations")).json()["value"]
        assert row["state"] == "open"
    assert (await scene.partner.revocations("uploadRevocationResults", {"results": [good]})).json() == {"value": True}
    late = {**good, "succeeded": False, "errorCode": "CertificateNotFoundError"}
    assert (await scene.partner.revocations("uploadRevocationResults", {"results": [late]})).json() == {"value": True}
    (row,) = (await scene.http.get(f"{CONTROL}/scep/revocations")).json()["value"]
    assert row["state"] == "revoked"


async def test_another_tenants_revocations_are_not_known(scene: Scene, http: httpx.AsyncClient) -> None:
    created = await http.post("/_fauxtune/v1/tenants", json={"name": "fabrikam", "keys": "shared"})
    assert created.status_code == 201
    body = {"serialNumber": "01", "issuerName": "CN=Partner"}
    theirs = (await http.post("/_fauxtune/v1/tenants/fabrikam/scep/revocations", json=body)).json()["id"]
    everything = {"downloadParameters": {"maxRequests": 500, "issuerName": None}}
    answer = await scene.partner.revocations("downloadRevocationRequests", everything)
    assert answer.json() == {"value": []}
    result = {"requestContext": theirs, "succeeded": True, "errorCode": "None"}
    refused = await scene.partner.revocations("uploadRevocationResults", {"results": [result]})
    assert refused.status_code == 400


async def test_a_device_whose_user_was_deleted_has_another_user_than_the_challenge(scene: Scene) -> None:
    csr = await scene.csr()
    await scene.contoso.do(users_and_groups.delete_user, "alice@contoso.example")
    assert await scene.partner.validate(csr) == "BadUserIdInChallenge"
