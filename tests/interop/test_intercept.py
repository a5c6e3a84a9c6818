"""Unmodified clients of the real service, sent here by their proxy setting: Microsoft's Graph SDK, and the PFX cmdlets.

The cmdlets (Intune-Resource-Access: PFXImportPowershell) run on Windows alone; what they send is sent byte for byte as
.NET Framework does, in their order. OpenSSL looks at the chain.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.certificates import PASSWORD, encrypt_password, make_pfx, self_signed, thumbprint
from tests.support.running_server import SECONDS, Running, serving

LOGIN, GRAPH = "login.microsoftonline.com", "graph.microsoft.com"
SCRIPT = Path(__file__).with_name("through_the_proxy.py")

Run = Any


@pytest.fixture(scope="module")
def server(commands: Path) -> Iterator[Running]:
    """A server that intercepts."""
    with serving("--ephemeral", "--intercept", "--proxy-port", "0", commands=commands) as running:
        yield running


def through(server: Running) -> httpx.Client:
    """httpx as a user of the proxy sets it up."""
    return httpx.Client(proxy=server.endpoints["proxy"], verify=server.trusting(), timeout=SECONDS)


def test_the_graph_sdk_does_the_main_job_with_nothing_but_a_proxy_and_a_ca(server: Running, tmp_path: Path) -> None:
    key_file = tmp_path / "connector.pem"
    key_file.write_text(server.connector_key())
    known = server.endpoints
    environment = {
        "HTTPS_PROXY": known["proxy"],
        "SSL_CERT_FILE": known["caFile"],
        "REQUESTS_CA_BUNDLE": known["caFile"],
        "AZURE_TENANT_ID": known["tenantId"],
        "AZURE_CLIENT_ID": known["clientId"],
        "AZURE_CLIENT_SECRET": known["clientSecret"],
        "PATH": os.environ["PATH"],
    }
    upn = "erin@contoso.example"
    command = [sys.executable, "-W", "ignore", str(SCRIPT), str(key_file), upn]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["nextLink"].startswith("https://graph.microsoft.com/beta/users?")
    assert {"alice@contoso.example", upn} <= set(document["users"])
    assert document["certificate"] == f"{document['userId'].replace('-', '')}-{document['thumbprint']}"
    assert document["assignment"].endswith(f"_{document['groupId']}")
    assert document["issuer"] == f"https://sts.windows.net/{known['tenantId']}/"


def test_both_doors_lead_to_one_emulator(server: Running) -> None:
    known = server.endpoints
    form = {"grant_type": "client_credentials", "client_id": known["clientId"], "scope": f"https://{GRAPH}/.default"}
    form["client_secret"] = known["clientSecret"]
    with through(server) as client, server.client() as direct:
        answer = client.post(f"https://{LOGIN}/{known['tenantId']}/oauth2/v2.0/token", data=form)
        headers = {"authorization": f"Bearer {answer.json()['access_token']}"}
        ids = [
            each.get(url, headers=headers).json()["id"]
            for each, url in (
                (client, f"https://{GRAPH}/v1.0/users/alice@contoso.example"),
                (direct, "/v1.0/users/alice@contoso.example"),
            )
        ]
        assert ids[0] == ids[1]
        page = direct.get("/v1.0/users?$top=1", headers=headers).json()
        assert page["@odata.nextLink"].startswith(f"{server.https}/v1.0/users?")


def test_discovery_under_the_public_name_speaks_of_public_names(server: Running) -> None:
    with through(server) as client:
        result = f"https://{LOGIN}/organizations/oauth2/v2.0/authorize"
        params = {"api-version": "1.1", "authorization_endpoint": result}
        instance = client.get(f"https://{LOGIN}/common/discovery/instance", params=params).json()
        assert instance["metadata"][0]["preferred_network"] == LOGIN
        document = client.get(instance["tenant_discovery_endpoint"]).json()
        assert document["token_endpoint"] == f"https://{LOGIN}/organizations/oauth2/v2.0/token"
        assert document["msgraph_host"] == GRAPH


def test_an_authority_of_a_partner_whose_addresses_are_microsofts_asks_and_fetches(server: Running) -> None:
    """Both service discoveries, the token authority, and the advertised addresses: nothing in it is ours."""
    tenant, intune = server.endpoints["tenantId"], "0000000a-0000-0000-c000-000000000000"
    with server.client() as direct, through(server) as client:
        roles = {"roles": ["Application.Read.All", "scep_challenge_provider"]}
        application = direct.post("/_fauxtune/v1/tenants/contoso/applications", json=roles).json()
        form = {"grant_type": "client_credentials", "client_id": application["clientId"]}
        form |= {"client_secret": application["secret"], "client_info": "1"}

        def bearer(version: str, **target: str) -> dict[str, str]:
            answer = client.post(f"https://{LOGIN}/{tenant}/oauth2/{version}token", data={**form, **target})
            return {"authorization": f"Bearer {answer.raise_for_status().json()['access_token']}"}

        found = client.get(
            f"https://{GRAPH}/v1.0/servicePrincipals/appId={intune}/endpoints",
            headers=bearer("v2.0/", scope=f"openid profile offline_access https://{GRAPH}/.default"),
        ).json()
        services = {item["providerName"]: item["uri"] for item in found["value"]}
        assert {urllib.parse.urlsplit(uri).hostname for uri in services.values()} == {
            "fef.emulator.manage.microsoft.com"
        }
        older = client.get(
            f"https://graph.windows.net/{tenant}/servicePrincipalsByAppId/{intune}/serviceEndpoints?api-version=1.6",
            headers=bearer("", resource="https://graph.windows.net/"),
        ).json()
        assert {item["serviceName"]: item["uri"] for item in older["value"]} == services
        headers = bearer("v2.0/", scope="https://api.manage.microsoft.com//.default")
        body = {"request": {"transactionId": "t", "certificateRequest": "AA==", "callerInfo": "Partner"}}
        action = "ScepActions/validateRequest"
        answer = client.post(f"{services['ScepRequestValidationFEService']}/{action}", json=body, headers=headers)
        assert answer.json()["code"] == "CertificateRequestDecodingFailed"
        action = "CertificateAuthorityRequests/downloadRevocationRequests"
        wanted = {"downloadParameters": {"maxRequests": 1, "issuerName": None}}
        answer = client.post(f"{services['PkiConnectorFEService']}/{action}", json=wanted, headers=headers)
        assert answer.json() == {"value": []}
        assert direct.get(f"/v1.0/servicePrincipals/appId={intune}/endpoints").status_code == 401


@pytest.mark.parametrize("host", ["graph.windows.net", "api.manage.microsoft.com"])
def test_hosts_without_resources_of_their_own_answer_that_there_is_nothing(server: Running, host: str) -> None:
    with through(server) as client:
        answer = client.get(f"https://{host}/myorganization/tenantDetails")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NotFound")


@pytest.mark.parametrize(
    ("url", "status"),
    [("https://example.com/", 403), ("https://graph.microsoft.com:8443/", 403), ("http://graph.microsoft.com/", 405)],
)
def test_a_client_learns_that_nothing_is_passed_on(server: Running, url: str, status: int) -> None:
    with through(server) as client:
        if status == 405:
            answer = client.get(url)
            assert (answer.status_code, answer.headers["allow"]) == (405, "CONNECT")
        else:
            with pytest.raises(httpx.ProxyError, match=str(status)):
                client.get(url)


@pytest.mark.program("openssl", package="openssl")
@pytest.mark.parametrize("host", [LOGIN, GRAPH])
def test_openssl_trusts_the_chain_with_the_ca_file_alone(server: Running, openssl: Run, host: str) -> None:
    proxy = urllib.parse.urlsplit(server.endpoints["proxy"]).netloc
    trusting = ("-CAfile", server.endpoints["caFile"], "-verify_return_error", "-verify_hostname", host, "-x509_strict")
    words = openssl("s_client", "-proxy", proxy, "-connect", f"{host}:443", "-servername", host, *trusting)
    assert b"Verify return code: 0 (ok)" in words
    assert b"Fauxtune Interception CA" in words


# ------------------------------------------------------------------------------------------------------- the cmdlets


@dataclass(slots=True)
class Cmdlets:
    """The module's HTTP: .NET's HttpWebRequest behind a proxy, one connection a host, `Expect` on every body."""

    server: Running
    token: str = ""
    _connections: dict[str, http.client.HTTPSConnection] = field(default_factory=dict)

    def send(self, method: str, url: str, *, body: bytes = b"", media: str = "application/json") -> tuple[int, bytes]:
        """Status and body."""
        split = urllib.parse.urlsplit(url)
        wire = self._to(split.netloc)
        wire.putrequest(method, url.removeprefix(f"https://{split.netloc}"), skip_accept_encoding=True)
        if self.token:
            wire.putheader("Authorization", f"Bearer {self.token}")
        if body:
            wire.putheader("Content-Type", media)
            wire.putheader("Content-Length", str(len(body)))
            wire.putheader("Expect", "100-continue")
        wire.endheaders()
        if body:
            assert wire.sock is not None
            interim = b""
            while not interim.endswith(b"\r\n\r\n"):
                interim += wire.sock.recv(1)
            assert interim.startswith(b"HTTP/1.1 100 "), interim
            wire.send(body)
        answer = wire.getresponse()
        return answer.status, answer.read()

    def _to(self, host: str) -> http.client.HTTPSConnection:
        if host not in self._connections:
            proxy = urllib.parse.urlsplit(self.server.endpoints["proxy"])
            wire = http.client.HTTPSConnection(
                str(proxy.hostname), proxy.port, context=self.server.trusting(), timeout=SECONDS
            )
            wire.set_tunnel(host, 443, headers={"Host": f"{host}:443", "Proxy-Connection": "Keep-Alive"})
            self._connections[host] = wire
        return self._connections[host]

    def sign_in(self, upn: str, password: str) -> None:
        """`Set-IntuneAuthenticationToken -AdminUserName -AdminPassword`: MSAL.NET at /organizations."""
        authorize = urllib.parse.quote(f"https://{LOGIN}/organizations/oauth2/v2.0/authorize", safe="")
        instance = f"/common/discovery/instance?api-version=1.1&authorization_endpoint={authorize}"
        status, answer = self.send("GET", f"https://{LOGIN}{instance}")
        aliases = {alias for entry in json.loads(answer)["metadata"] for alias in entry["aliases"]}
        assert (status, LOGIN in aliases) == (200, True)
        realm = f"/common/UserRealm/{urllib.parse.quote(upn)}?api-version=1.0"
        assert json.loads(self.send("GET", f"https://{LOGIN}{realm}")[1])["account_type"] == "Managed"
        form = {
            "client_id": self.server.endpoints["clientId"],
            "client_info": "1",
            "scope": f"openid profile offline_access https://{GRAPH}/.default",
            "grant_type": "password",
            "username": upn,
            "password": password,
        }
        status, answer = self.send(
            "POST",
            f"https://{LOGIN}/organizations/oauth2/v2.0/token",
            body=urllib.parse.urlencode(form).encode(),
            media="application/x-www-form-urlencoded",
        )
        document = json.loads(answer)
        assert status == 200, document
        assert {"id_token", "refresh_token", "client_info"} <= document.keys()
        self.token = document["access_token"]

    def close(self) -> None:
        """The session ends."""
        for connection in self._connections.values():
            connection.close()


def new_pfx(server: Running, upn: str, *, key: rsa.RSAPrivateKey) -> dict[str, Any]:
    """What `New-IntuneUserPfxCertificate` makes: enums in .NET's spelling, times local, the password sealed."""
    certificate = self_signed(key, upn, begin=datetime.now(UTC), serial=7)
    connector = serialization.load_pem_public_key(server.connector_key().encode())
    assert isinstance(connector, rsa.RSAPublicKey)
    return {
        "thumbprint": thumbprint(certificate),
        "intendedPurpose": "SmimeEncryption",
        "userPrincipalName": upn,
        "startDateTime": "2026-01-31T10:00:00+01:00",
        "expirationDateTime": "2027-01-31T10:00:00+01:00",
        "providerName": "Microsoft Software Key Storage Provider",
        "keyName": "PFXEncryptionKey",
        "paddingScheme": "OaepSha512",
        "encryptedPfxBlob": base64.b64encode(make_pfx(key, certificate)).decode(),
        "encryptedPfxPassword": base64.b64encode(encrypt_password(PASSWORD, connector)).decode(),
        "createdDateTime": "2026-01-31T10:00:00.1234567+01:00",
        "lastModifiedDateTime": "2026-01-31T10:00:00.1234567+01:00",
    }


def pretty(document: dict[str, Any]) -> bytes:
    """Newtonsoft's indented form, with Windows' line ends."""
    return json.dumps(document, indent=2).replace("\n", "\r\n").encode()


def test_the_cmdlets_requests_in_their_order(server: Running, raw_rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    upn = "bob@contoso.example"
    root = f"https://{GRAPH}/beta"
    certificates = f"{root}/deviceManagement/userPfxCertificates"
    with closing(Cmdlets(server)) as cmdlets:
        cmdlets.sign_in("alice@contoso.example", "Fauxtune1!")

        # Import-IntuneUserPfxCertificate
        pfx = new_pfx(server, upn, key=raw_rsa_keys[8])
        status, answer = cmdlets.send("POST", certificates, body=pretty(pfx))
        assert status == 201, answer

        # Get-IntuneUserId
        result = cmdlets.send("GET", f"{root}/users?$filter=userPrincipalName%20eq%20'{upn}'")
        user_id = json.loads(result[1])["value"][0]["id"].replace("-", "")
        key = f"{user_id}-{pfx['thumbprint']}"

        # Import-IntuneUserPfxCertificate -IsUpdate: parentheses without quotes
        status, answer = cmdlets.send("PATCH", f"{certificates}({key})", body=pretty({**pfx, "keyName": "Other"}))
        assert status in {200, 204}, answer

        # Get-IntuneUserPfxCertificate, by user and by thumbprint
        by_user = f"{certificates}?$filter=tolower(userPrincipalName)%20eq%20'{upn}'"
        for url in (by_user, f"{by_user}%20and%20tolower(thumbprint)%20eq%20'{pfx['thumbprint']}'"):
            status, answer = cmdlets.send("GET", url)
            (one,) = json.loads(answer)["value"]
            assert (status, one["id"], one["keyName"]) == (200, key, "Other")
            assert (one["intendedPurpose"], one["paddingScheme"]) == ("smimeEncryption", "oaepSha512")
            assert (one["encryptedPfxBlob"], one["encryptedPfxPassword"]) == ("AA==", "")

        # Remove-IntuneUserPfxCertificate: a slash
        assert cmdlets.send("DELETE", f"{certificates}/{key}") == (204, b"")
        assert json.loads(cmdlets.send("GET", by_user)[1])["value"] == []
