"""An iPhone made of openssl: it verifies the signed enrolment profile, signs what it says, and opens what it is given.

Apple: "Mobile Device Management Protocol". The running service, `openssl cms` and `openssl pkcs12`; no code of ours in
between but the property lists of Python.
"""

from __future__ import annotations

import base64
import plistlib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.interop.programs import OpenSsl
from tests.support.running_server import Running

pytestmark = pytest.mark.program("openssl")
PROFILES = "/beta/deviceManagement/deviceConfigurations"
UDID = "00008110-000A1C2E3F40801E"


@dataclass(frozen=True, slots=True)
class Company:
    """A tenant of this module's own."""

    http: httpx.Client
    name: str
    domain: str

    def enrollment_profile(self, **query: str) -> httpx.Response:
        control = f"/_fauxtune/v1/tenants/{self.name}/enrollmentTokens"
        body = {"userPrincipalName": f"alice@{self.domain}"}
        token = self.http.post(control, json=body).raise_for_status().json()["token"]
        return self.http.get(f"/mdm/{self.name}/apple/enroll", params={"token": token, **query}).raise_for_status()

    def profile(self, kind: str, **document: Any) -> None:
        body = {"@odata.type": f"#microsoft.graph.{kind}", "displayName": kind, **document}
        result = self.http.post(PROFILES, json=body).raise_for_status().json()
        target = {"target": {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}}
        path = f"{PROFILES}/{result['id']}/assign"
        self.http.post(path, json={"assignments": [target]}).raise_for_status()


@pytest.fixture(scope="module")
def company(server: Running) -> Iterator[Company]:
    with server.client() as http:
        document = http.post("/_fauxtune/v1/tenants", json={"seed": "contoso"}).raise_for_status().json()
        form = {
            "grant_type": "client_credentials",
            "client_id": document["clientId"],
            "client_secret": document["clientSecret"],
            "scope": "https://graph.microsoft.com/.default",
        }
        answer = http.post(f"/{document['name']}/oauth2/v2.0/token", data=form).raise_for_status().json()
        http.headers["authorization"] = f"Bearer {answer['access_token']}"
        result = Company(http, document["name"], document["domain"])
        root = http.get(f"/pki/{result.name}/root/ca.cer").raise_for_status().content
        result.profile("iosTrustedRootCertificate", trustedRootCertificate=base64.b64encode(root).decode())
        tenant = http.get(f"/_fauxtune/v1/tenants/{result.name}").raise_for_status().json()
        result.profile(
            "iosPkcsCertificateProfile",
            certificationAuthority=tenant["certificationAuthority"],
            certificationAuthorityName=tenant["certificationAuthorityName"],
            certificateTemplateName="SmimeP256",
            subjectNameFormat="commonNameIncludingEmail",
            subjectAlternativeNameType="emailAddress",
        )
        yield result
        http.delete(f"/_fauxtune/v1/tenants/{result.name}").raise_for_status()


@dataclass(slots=True)
class Phone:
    """id.pem and id.key in openssl's folder are its identity."""

    openssl: OpenSsl
    folder: Path
    trusting: ssl.SSLContext
    mdm: dict[str, Any]
    digest: str = "sha256"
    signed: tuple[str, ...] = ()
    profiles: dict[str, dict[str, Any]] = field(default_factory=dict)

    def say(self, message: dict[str, Any]) -> dict[str, Any] | None:
        body = plistlib.dumps({"UDID": UDID, **message})
        files = ("-signer", "id.pem", "-inkey", "id.key")
        how = ("-sign", "-binary", "-outform", "DER", "-md", self.digest, *self.signed)
        header = base64.b64encode(self.openssl("cms", *how, *files, input=body)).decode()
        url = self.mdm["CheckInURL" if "MessageType" in message else "ServerURL"]
        answer = httpx.put(url, content=body, headers={"Mdm-Signature": header}, verify=self.trusting)
        assert answer.status_code == 200, answer.text
        return plistlib.loads(answer.content) if answer.content else None

    def connect(self) -> int:
        """Until there is nothing more: how much it was told. It installs profiles, lists them, and can do no more."""
        answer = 0
        message = self.say({"Status": "Idle"})
        while message is not None and (answer := answer + 1) < 50:
            result = {"Status": "Acknowledged", **self._obey(message["Command"])}
            message = self.say({"CommandUUID": message["CommandUUID"], **result})
        return answer

    def _obey(self, command: dict[str, Any]) -> dict[str, Any]:
        match command["RequestType"]:
            case "InstallProfile":
                document = plistlib.loads(command["Payload"])
                self.profiles[document["PayloadIdentifier"]] = document
                return {}
            case "ProfileList":
                names = ("PayloadIdentifier", "PayloadUUID")
                return {"ProfileList": [{name: profile[name] for name in names} for profile in self.profiles.values()]}
            case kind:
                link = {"ErrorCode": 12021, "ErrorDomain": "MCMDMErrorDomain", "LocalizedDescription": kind}
                return {"Status": "Error", "ErrorChain": [link]}


@pytest.fixture
def phone(company: Company, server: Running, openssl: OpenSsl, tmp_path: Path) -> Phone:
    """Enrolled, by a profile that carries its identity."""
    profile = plistlib.loads(company.enrollment_profile(identity="pkcs12").content)
    identity, mdm = profile["PayloadContent"][:2]
    (tmp_path / "id.p12").write_bytes(identity["PayloadContent"])
    secret = ("-legacy", "-in", "id.p12", "-passin", f"pass:{identity['Password']}")
    openssl("pkcs12", *secret, "-nokeys", "-clcerts", "-out", "id.pem")
    openssl("pkcs12", *secret, "-nocerts", "-noenc", "-out", "id.key")
    phone = Phone(openssl, tmp_path, trusting=server.trusting(), mdm=mdm)
    ids = {"Topic": mdm["Topic"]}
    system = {"ProductName": "iPhone15,2", "OSVersion": "17.5.1", "SerialNumber": "F2LX30QJN70M"}
    assert phone.say({"MessageType": "Authenticate", **ids, **system}) is None
    assert phone.say({"MessageType": "TokenUpdate", **ids, "Token": b"token", "PushMagic": "magic"}) is None
    return phone


def test_openssl_verifies_the_signed_enrolment_profile(company: Company, openssl: OpenSsl, tmp_path: Path) -> None:
    """`?signed=1`; the signature is that of the authority which GetCACert names."""
    answer = company.enrollment_profile(signed="1")
    assert answer.headers["content-type"] == "application/x-apple-aspen-config"
    query = {"operation": "GetCACert"}
    authority = company.http.get(f"/mdm/{company.name}/apple/scep", params=query).raise_for_status().content
    (tmp_path / "ca.der").write_bytes(authority)
    openssl("x509", "-inform", "DER", "-in", "ca.der", "-out", "ca.pem")
    verify = ("cms", "-verify", "-inform", "DER", "-binary", "-CAfile", "ca.pem", "-purpose", "any")
    content = plistlib.loads(openssl(*verify, input=answer.content))["PayloadContent"]
    assert [each["PayloadType"] for each in content[:2]] == ["com.apple.security.scep", "com.apple.mdm"]
    forged = answer.content.replace(b"com.apple.mdm", b"com.apple.mdn")
    assert forged != answer.content
    openssl(*verify, input=forged, fails=True)


def test_openssl_opens_the_content_of_an_encrypted_profile_with_the_devices_key(phone: Phone) -> None:
    """EncryptedPayloadContent: a CMS of the array that PayloadContent would be. Inside, a certificate with its key."""
    for _ in range(5):
        phone.connect()
    (pkcs,) = (profile for name, profile in phone.profiles.items() if ".pkcs." in name)
    assert (pkcs["IsEncrypted"], "PayloadContent" in pkcs) == (True, False)
    opened = phone.openssl(
        "cms", "-decrypt", "-inform", "DER", "-binary", "-recip", "id.pem", "-inkey", "id.key",
        input=pkcs["EncryptedPayloadContent"],
    )  # fmt: skip
    (identity,) = plistlib.loads(opened)
    assert identity["PayloadType"] == "com.apple.security.pkcs12"
    (phone.folder / "smime.p12").write_bytes(identity["PayloadContent"])
    secret = ("-in", "smime.p12", "-passin", f"pass:{identity['Password']}")
    phone.openssl("pkcs12", *secret, "-nokeys", "-clcerts", "-out", "smime.pem")
    phone.openssl("pkcs12", *secret, "-nocerts", "-noenc", "-out", "smime.key")
    public = phone.openssl("x509", "-in", "smime.pem", "-noout", "-pubkey")
    assert phone.openssl("pkey", "-in", "smime.key", "-pubout") == public


@pytest.mark.parametrize("digest", ["sha1", "sha256"])
@pytest.mark.parametrize("signed", [(), ("-nodetach",)], ids=["detached", "attached"])
def test_what_openssl_signs_is_the_device_speaking(phone: Phone, digest: str, signed: tuple[str, ...]) -> None:
    phone.digest, phone.signed = digest, signed
    first, again = phone.say({"Status": "Idle"}), phone.say({"Status": "Idle"})
    assert first is not None
    assert first == again
