"""What the control surface says of a user's certificates, and of the way to a device."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tests.support.certificates import encrypt_password
from tests.support.clock import FixedClock
from tests.support.control import ABSENT, Json, create, error_code, members, only_connector
from tests.support.devices.android import AndroidOverHttp
from tests.surfaces.control.conftest import Assign, Enroll

ALICE = "alice@contoso.example"
KEY = "PFXEncryptionKey"


@dataclass(slots=True)
class Desk:
    """An administrator with both ways in: the control surface, and Graph."""

    control: httpx.AsyncClient
    http: httpx.AsyncClient
    token: str
    phone: AndroidOverHttp
    profiles: dict[str, str]

    async def graph(self, method: str, path: str, body: Json) -> Json:
        answer = await self.http.request(
            method, f"/beta/deviceManagement{path}", json=body, headers={"authorization": f"Bearer {self.token}"}
        )
        assert answer.is_success, answer.text
        document: Json = answer.json()
        return document

    async def bring(self, *, template: str = "SmimeEncryption", key_name: str = KEY, **asked: str) -> str:
        """A certificate of the CA's counter, imported for encryption."""
        issued = await create(self.control, "/certificates", template=template, userPrincipalName=ALICE, **asked)
        keys = await members(self.control, f"/connectors/{(await only_connector(self.control))['id']}/keys")
        public = load_pem_public_key(keys[0]["publicKey"].encode())
        assert isinstance(public, RSAPublicKey)
        password = encrypt_password(issued["pfxPassword"], public, algorithm=hashes.SHA256())
        record = {
            "thumbprint": issued["thumbprint"],
            "userPrincipalName": ALICE,
            "intendedPurpose": "smimeEncryption",
            "providerName": keys[0]["providerName"],
            "keyName": key_name,
            "paddingScheme": "oaepSha256",
            "encryptedPfxBlob": issued["pfx"],
            "encryptedPfxPassword": base64.b64encode(password).decode(),
        }
        await self.graph("POST", "/userPfxCertificates", record)
        return str(issued["thumbprint"])

    async def profile(self, kind: str, **document: str) -> str:
        body = {"@odata.type": f"#microsoft.graph.{kind}", "displayName": kind, **document}
        result = str((await self.graph("POST", "/deviceConfigurations", body))["id"])
        target = {"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}
        await self.graph("POST", f"/deviceConfigurations/{result}/assign", {"assignments": [target]})
        return result

    async def diagnosis(self, **asked: str) -> Json:
        answer = await self.control.get("/diagnose", params=asked or {"user": ALICE})
        assert answer.status_code == 200, answer.text
        document: Json = answer.json()
        return document

    async def history(self, user: str = ALICE) -> Json:
        answer = await self.control.get(f"/users/{user}/certificates")
        assert answer.status_code == 200, answer.text
        document: Json = answer.json()
        return document


@pytest.fixture
async def desk(
    contoso: httpx.AsyncClient, http: httpx.AsyncClient, app_token: str, *, enroll: Enroll, assign: Assign
) -> Desk:
    """Alice's phone with a root and an encryption certificate, at rest."""
    result = Desk(contoso, http, app_token, await enroll(contoso), {"root": await assign("root")})
    result.profiles["imported"] = await result.profile(
        "androidForWorkImportedPFXCertificateProfile", intendedPurpose="smimeEncryption"
    )
    await result.bring()
    await result.phone.settle()
    return result


async def test_a_healthy_user_has_certificates_and_no_findings(desk: Desk) -> None:
    history = await desk.history()
    assert history["findings"] == []
    assert history["user"]["userPrincipalName"] == ALICE
    assert history["user"]["mail"] == ALICE
    (one,) = history["value"]
    assert (one["source"], one["intendedPurpose"], one["status"]) == ("imported", "smimeEncryption", "good")
    assert (one["keyUsage"], one["usage"]) == (["keyEncipherment"], "encryption")
    assert one["emailAddresses"] == [ALICE]
    assert [held["device"] for held in one["holders"]] == [desk.phone.enrollment_id]
    assert (await desk.history(history["user"]["id"])) == history


async def test_a_certificate_of_a_profile_is_shown_with_the_profiles_name(desk: Desk, assign: Assign) -> None:
    made_by = await assign("pkcs")
    await desk.phone.settle()
    (one,) = [entry for entry in (await desk.history())["value"] if entry["source"] == "pkcs"]
    assert (one["profile"], one["profileName"]) == (made_by, "pkcs")


async def test_a_healthy_chain_is_ok_link_by_link(desk: Desk) -> None:
    diagnosis = await desk.diagnosis(device=desk.phone.enrollment_id, profile=desk.profiles["imported"])
    assert (diagnosis["healthy"], diagnosis["findings"], diagnosis["devicesLeftOut"]) == (True, [], 0)
    (chain,) = diagnosis["chains"]
    assert (chain["status"], chain["brokenAt"], chain["user"]) == ("ok", None, ALICE)
    assert chain["device"]["variant"] == "android/work-profile"
    assert [link["status"] for link in chain["links"]] == ["ok"] * len(chain["links"])
    assert chain["links"][0]["link"] == "enrollment"
    assert chain["links"][-1]["link"] == "installed"


async def test_a_certificate_that_is_not_valid_yet_is_not_called_good(desk: Desk, clock: FixedClock) -> None:
    """As after the tenant's clock was put back. Who looks for a certificate to encrypt to takes a good one."""
    mark = await desk.bring(notBefore=f"{clock.now() + timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}")
    statuses = {entry["thumbprint"]: entry["status"] for entry in (await desk.history())["value"]}
    assert (statuses.pop(mark), *statuses.values()) == ("notYetValid", "good")
    listed_as = {member["thumbprint"]: member["status"] for member in await members(desk.control, "/certificates")}
    assert listed_as == {mark: "notYetValid", **statuses}
    (chain,) = (await desk.diagnosis(profile=desk.profiles["imported"]))["chains"]
    (validity,) = [link for link in chain["links"] if link["link"] == "validity"]
    assert validity["status"] == "waiting"
    assert "not valid before" in validity["message"]


async def test_what_is_not_yet_told_is_waiting(desk: Desk) -> None:
    await desk.bring()
    diagnosis = await desk.diagnosis(profile=desk.profiles["imported"])
    (chain,) = diagnosis["chains"]
    assert (diagnosis["healthy"], chain["status"]) == (True, "waiting")
    assert {link["link"] for link in chain["links"] if link["status"] == "waiting"} == {"checkIn", "installed"}


async def test_a_missing_key_breaks_the_link_of_the_connectors_key(desk: Desk) -> None:
    mark = await desk.bring(key_name="Lost")
    await desk.phone.settle()
    diagnosis = await desk.diagnosis()
    assert [finding["code"] for finding in diagnosis["findings"]] == ["key-missing"]
    (finding,) = diagnosis["findings"]
    assert finding["certificate"] == mark
    assert finding["evidence"]["keyName"] == "Lost"
    assert KEY in finding["fix"]
    (broken,) = [chain for chain in diagnosis["chains"] if chain["status"] == "broken"]
    assert (broken["brokenAt"], broken["why"], broken["fix"]) == ("connectorKey", finding["message"], finding["fix"])
    history = await desk.history()
    (named,) = [entry for entry in history["value"] if entry["findings"]]
    assert (named["thumbprint"], named["findings"]) == (mark, [finding])


async def test_an_error_number_stands_in_words_beside_it(desk: Desk) -> None:
    await desk.profile(
        "androidWorkProfilePkcsCertificateProfile",
        certificationAuthority="ca.contoso.example",
        certificationAuthorityName="Contoso Issuing CA",
        certificateTemplateName="NoSuchTemplate",
        subjectNameFormat="commonName",
    )
    await desk.phone.settle()
    diagnosis = await desk.diagnosis()
    (finding,) = diagnosis["findings"]
    assert finding["code"] == "connector-refused"
    (broken,) = [chain for chain in diagnosis["chains"] if chain["status"] == "broken"]
    assert broken["brokenAt"] == "connector"
    assert "(0x87D11010, connector 4112: " in broken["why"]
    assert finding["evidence"]["errorCode"] == -2016342000
    error = finding["evidence"]["error"]
    assert (error["hexadecimal"], error["family"], error["number"]) == ("0x87D11010", "connector", 0x1010)
    assert "template" in error["words"]


@pytest.mark.parametrize(
    ("query", "status", "word"),
    [
        ("", 400, "Invalid"),
        ("?user=", 400, "Invalid"),
        (f"?user={ABSENT}", 404, "NotFound"),
        ("?user=nobody@contoso.example", 404, "NotFound"),
        (f"?device={ABSENT}", 404, "NotFound"),
        (f"?profile={ABSENT}", 404, "NotFound"),
        ("?user=a%00b", None, None),
        ("?device=%27%20OR%201=1", 404, "NotFound"),
        ("?profile=" + "x" * 501, 400, "Invalid"),
        ("?profile=%F0%9F%98%80", 404, "NotFound"),
    ],
)
async def test_hostile_and_empty_questions_are_refused(
    contoso: httpx.AsyncClient, query: str, status: int | None, word: str | None
) -> None:
    answer = await contoso.get(f"/diagnose{query}")
    assert answer.status_code in ((400, 404) if status is None else (status,)), answer.text
    assert error_code(answer) in (("Invalid", "NotFound") if word is None else (word,))


async def test_a_device_of_somebody_else_is_refused(desk: Desk) -> None:
    answer = await desk.control.get(
        "/diagnose", params={"user": "bob@contoso.example", "device": desk.phone.enrollment_id}
    )
    assert answer.status_code == 400
    assert ALICE in answer.json()["error"]["message"]


async def test_nobody_has_no_history(contoso: httpx.AsyncClient) -> None:
    for user in ("nobody@contoso.example", ABSENT, "a%00b", "x" * 501):
        answer = await contoso.get(f"/users/{user}/certificates")
        assert answer.status_code in (400, 404), answer.text


async def test_another_tenant_is_not_looked_into(desk: Desk, fabrikam: httpx.AsyncClient) -> None:
    for query in (f"?user={ALICE}", f"?device={desk.phone.enrollment_id}", f"?profile={desk.profiles['imported']}"):
        assert (await fabrikam.get(f"/diagnose{query}")).status_code == 404
    assert (await fabrikam.get(f"/users/{ALICE}/certificates")).status_code == 404
