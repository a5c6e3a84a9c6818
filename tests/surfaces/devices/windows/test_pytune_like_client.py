"""A client with the habits of pytune, a client of the real Intune, in our own words: an Entra token, a certificate
request without extensions, the third certificate of the provisioning document taken by counting, sessions that the TLS
certificate alone proves, another name in each header (`imei:` and a random UUID), no LoginStatus alert, a status to the
server's statuses, and answers sorted by the kind of command.
"""

from __future__ import annotations

import base64
import itertools
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.server.factory import Application
from tests.support.devices import windows_messages
from tests.support.devices.windows import ALICE, PASSWORD, Answer, Assign, Json, ServerCommand, anywhere

EXAMPLE = Path(__file__).parents[3] / "wire" / "windows" / "device-session-no-login-status.xml"
KINDS = ("Get", "Atomic", "Add", "Replace", "Exec", "Sequence", "Delete")
FACTS = {
    "./DevDetail/SwV": "10.0.19045.2006",
    "./DevDetail/Ext/Microsoft/DeviceName": "pytune-pc",
    "./DevDetail/Ext/Microsoft/SMBIOSSerialNumber": "VMware-42",
    "./DevInfo/Man": "VMware, Inc.",
    "./DevInfo/Mod": "VMware7,1",
}


@dataclass(slots=True)
class PytuneLike:
    """`over_tls` is the connection whose certificate proves the device."""

    app: Application
    key: rsa.RSAPrivateKey
    over_tls: httpx.AsyncClient | None = None
    address: str = ""
    session: int = 0
    told: list[ServerCommand] = field(default_factory=list)

    async def enroll(self, http: httpx.AsyncClient, *, jwt: str) -> None:
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "0c8d5a34-5a5f-4a52-9d0e-6a4c2fb1f0d3")])
        csr = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(self.key, hashes.SHA256())
        items = [
            ("DeviceType", "CIMClient_Windows"),
            ("DeviceName", "pytune-pc"),
            ("OSEdition", "48"),
            ("OSVersion", "10.0.19045.2006"),
            ("DeviceID", "0c8d5a34"),
            ("HWDevID", "AB" * 32),
            ("EnrollmentType", "Device"),
        ]
        body = windows_messages.request_token(
            csr.public_bytes(Encoding.DER), items, security=windows_messages.by_token(jwt, kind=windows_messages.JWT)
        )
        headers = {"content-type": "application/soap+xml; charset=utf-8"}
        intune = "/v1.0/myorganization/servicePrincipals/appId=0000000a-0000-0000-c000-000000000000"
        listed = await http.get(f"{intune}/endpoints", headers={"authorization": f"Bearer {jwt}"})
        address = next(item["uri"] for item in listed.json()["value"] if item["providerName"] == "WindowsEnrollment")
        answer = await http.post(address, content=body, headers=headers)
        assert answer.status_code == 200, answer.text
        packed = anywhere(ElementTree.fromstring(answer.content), "BinarySecurityToken").text or ""
        document = ElementTree.fromstring(base64.b64decode(packed))
        match = document.findall("characteristic/characteristic/characteristic/characteristic/parm")[2]
        self.address = next(
            element.get("value", "") for element in document.iter("parm") if element.get("name") == "ADDR"
        )
        self._connect(base64.b64decode(match.get("value", "")))

    def _connect(self, certificate: bytes) -> None:
        proof = {"tls": {"client_cert": certificate, "version": "TLSv1.3"}}

        async def over_tls(scope: Any, receive: Any, send: Any) -> None:
            await self.app({**scope, "extensions": proof}, receive, send)

        self.over_tls = httpx.AsyncClient(transport=httpx.ASGITransport(over_tls))

    async def check_in(self) -> None:
        """A session, as long as the server has commands."""
        self.session += 1
        name = f"imei:{uuid.uuid4()}"
        body = EXAMPLE.read_text()
        body = body.replace("<SessionID>7<", f"<SessionID>{self.session}<")
        answer = await self._post(body.encode())
        for number in range(2, 30):
            if not answer.commands:
                return
            self.told += answer.commands
            answers = self._answers(answer, reference=number - 1)
            answer = await self._post(windows_messages.sync(str(self.session), number, answers, source=name))
        raise AssertionError("the session does not end")

    async def _post(self, body: bytes) -> Answer:
        assert self.over_tls is not None
        headers = {"user-agent": "MSFT Windows OMA DM Client/2.7", "content-type": "application/vnd.syncml.dm+xml"}
        answer = await self.over_tls.post(self.address, content=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return Answer.of(answer.content)

    def _answers(self, answer: Answer, *, reference: int) -> str:
        numbers = itertools.count(8)
        body = windows_messages.status(1, message=reference, command="0", name="SyncHdr", code=200)
        body += windows_messages.status(3, message=reference, command="1", name="Status", code=200)
        flat = [one for command in answer.commands for one in (command, *command.parts)]
        for told in sorted(flat, key=lambda each: KINDS.index(each.name)):
            result = FACTS.get(told.uri) if told.name == "Get" else None
            code = 404 if told.name == "Get" and result is None else 200
            body += windows_messages.status(
                next(numbers), message=reference, command=told.id, name=told.name, code=code
            )
            if result is not None:
                number = next(numbers)
                body += windows_messages.results(number, message=reference, command=told.id, uri=told.uri, data=result)
        return body


@pytest.fixture
async def jwt(http: httpx.AsyncClient) -> str:
    """Alice's token."""
    form = {
        "grant_type": "password",
        "client_id": "c0ffee00-0000-4000-8000-00000000a991",
        "client_secret": "fauxtune-not-a-secret",
        "username": ALICE,
        "password": PASSWORD,
        "scope": "https://graph.microsoft.com/.default",
    }
    return str((await http.post("/contoso/oauth2/v2.0/token", data=form)).json()["access_token"])


async def test_it_enrols_settles_is_known_by_model_and_serial_and_is_not_asked_twice(
    app: Application,
    http: httpx.AsyncClient,
    keys: Iterator[rsa.RSAPrivateKey],
    jwt: str,
    assign: Assign,
    app_token: str,
) -> None:
    await assign("windows81TrustedRootCertificate", destinationStore="computerCertStoreRoot")
    await assign("windows10PkcsCertificateProfile", keyStorageProvider="useSoftwareKsp")
    client = PytuneLike(app, next(keys))
    await client.enroll(http, jwt=jwt)
    await client.check_in()
    url = "/beta/deviceManagement/managedDevices"
    entries = (await http.get(url, headers={"authorization": f"Bearer {app_token}"})).json()["value"]
    record: Json = entries[0]
    assert (record["model"], record["serialNumber"], record["deviceName"]) == ("VMware7,1", "VMware-42", "pytune-pc")
    result = len(client.told)
    await client.check_in()
    await client.check_in()
    assert len(client.told) == result
    assert not [command for command in client.told if "./User/" in command.uri]
    assert [command.name for command in client.told if "/Root/" in command.uri] == ["Add"]
