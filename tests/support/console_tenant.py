"""A tenant of a running server for one test of the console: its pages, its administrator over HTTP, its devices."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from fauxtune.core.administration.assignments import Target, assign
from fauxtune.core.administration.emulation import issue_certificate
from fauxtune.core.administration.imported import ConnectorKey, import_pfx, record
from fauxtune.core.administration.requests import AdminRequest, Service
from fauxtune_sim.agent.agent import Agent
from fauxtune_sim.platforms import Platform
from tests.support.running_server import SECONDS
from tests.support.simulated_devices import SimulatedDevices

_CONTROL = "/_fauxtune/v1/tenants"


@dataclass(slots=True)
class ConsoleTenant:
    """One tenant. `url` of its pages is a path: the browser's context has the server's address."""

    http: httpx.Client
    devices: SimulatedDevices
    document: dict[str, Any]
    phones: list[Agent] = field(default_factory=list)
    _token: str = ""

    @classmethod
    def created(cls, http: httpx.Client, devices: SimulatedDevices, **seed: Any) -> ConsoleTenant:
        """Create a tenant with Alice, Bob and Carol, or of another seed."""
        answer = http.post(_CONTROL, json={"seed": seed or "contoso"})
        assert answer.status_code == 201, answer.text
        return cls(http, devices, answer.json())

    @property
    def name(self) -> str:
        return str(self.document["name"])

    def url(self, *parts: str) -> str:
        """Return the path of a page."""
        return "/".join([f"/console/{quote(self.name)}", *(quote(part, safe="") for part in parts)])

    def upn(self, user: str) -> str:
        return user if "@" in user else f"{user}@{self.document['domain']}"

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the control surface of this tenant; the JSON of its answer."""
        answer = self.http.request(method, f"{_CONTROL}/{self.name}{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def graph(self, method: str, path: str, body: Any = None) -> Any:
        """Call Graph (beta) as this tenant's application; the JSON of its answer."""
        answer = self.answer(AdminRequest(method, path, body))
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def answer(self, request: AdminRequest) -> httpx.Response:
        """Return Graph's answer to a request of this tenant's application, whatever it is."""
        headers = {"authorization": f"Bearer {self._access_token()}", **request.headers}
        return self.http.request(request.method, f"/beta{request.path}", json=request.body, headers=headers)

    def send(self, *requests: AdminRequest) -> Any:
        """Send requests of an administrator; the answer to the last one."""
        answer = None
        for request in requests:
            call = self.graph if request.service is Service.GRAPH else self.control
            answer = call(request.method, request.path, request.body)
        return answer

    def group_id(self, name: str) -> str:
        (group,) = self.graph("GET", f"/groups?$filter=displayName eq '{name}'")["value"]
        return str(group["id"])

    def user_id(self, user: str) -> str:
        return str(self.graph("GET", f"/users/{self.upn(user)}")["id"])

    def enroll(self, user: str = "alice", *, platform: Platform = Platform.ANDROID, name: str = "") -> Agent:
        """Enrol a device of this user; it stays connected."""
        token = self.control("POST", "/enrollmentTokens", {"userPrincipalName": self.upn(user)})["token"]
        phone = self.devices.enroll(tenant=self.name, token=token, platform=platform, name=name)
        self.phones.append(phone)
        return phone

    def import_certificate(self, user: str = "alice", *, purpose: str = "smimeEncryption") -> None:
        """Issue an encryption certificate to a user, and import it for all of the user's devices."""
        password = "a-password-of-24-letters"
        issued = self.send(issue_certificate("SmimeEncryption", user=self.upn(user), pfx_password=password))
        connectors = self.control("GET", "/connectors")["value"]
        (connector,) = (each for each in connectors if "imported-pfx" in each["roles"])
        (key,) = self.control("GET", f"/connectors/{connector['id']}/keys")["value"]
        public = load_pem_public_key(key["publicKey"].encode())
        assert isinstance(public, RSAPublicKey)
        body = record(
            base64.b64decode(issued["pfx"]),
            certificate=x509.load_pem_x509_certificate(issued["certificate"].encode()),
            password=password,
            connector_key=ConnectorKey(key["providerName"], key["keyName"], public),
            user_principal_name=self.upn(user),
            purpose=purpose,
        )
        self.send(import_pfx(body))

    def give(self, *requests: AdminRequest, to: Target) -> list[str]:
        """Create profiles and assign them; their ids."""
        created = [str(self.send(request)["id"]) for request in requests]
        for profile in created:
            self.send(assign(profile, present=(), targets=[to]))
        return created

    def settle(self) -> None:
        """Wait until every connected device holds what it should hold."""
        settled = self.control("POST", "/settle", {"timeout": 30})
        assert settled["settled"], settled
        self.devices.finish_check_ins(self.name)

    def _access_token(self) -> str:
        if not self._token:
            form = {
                "grant_type": "client_credentials",
                "client_id": self.document["clientId"],
                "client_secret": self.document["clientSecret"],
                "scope": "https://graph.microsoft.com/.default",
            }
            answer = self.http.post(f"/{self.document['id']}/oauth2/v2.0/token", data=form, timeout=SECONDS)
            self._token = answer.raise_for_status().json()["access_token"]
        return self._token
