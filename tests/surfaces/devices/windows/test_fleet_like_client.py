"""A client with the habits of Fleet's test client, written anew: no content types, no certificate, built-in paths,
faults expected with HTTP 200, one certificate request for all devices, an empty address, SessionID read as a number,
MsgID one more than the server's, answers without Final, and statuses only for what it was told to answer.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.devices import windows_messages
from tests.support.devices.windows import Answer, Assign, MakeToken, ServerCommand, Switch, text
from tests.support.wire import recorded

pytestmark = ON_BOTH_DATABASES

BASE = "/api/mdm/microsoft"
#: Where the status of SyncHdr says in words why a session is refused.
_REASON = ("SyncBody", "Status", "Item", "Data")
ON = {"windows.pathAliases": True, "windows.laxIdentity": True, "windows.rootPaths": True}


@dataclass(slots=True)
class FleetLike:
    """`csr` is the same for all of them."""

    http: httpx.AsyncClient
    csr: bytes
    security: str
    device_id: str
    base: str = BASE
    hardware: str = "HW"
    session: int = 0
    message: int = 1
    queued: list[str] = field(default_factory=list)

    async def post(self, path: str, body: bytes) -> httpx.Response:
        """No content type; whatever is not 200 is a failure."""
        answer = await self.http.post(f"{self.base}/{path}", content=body)
        assert "content-type" not in answer.request.headers
        assert answer.status_code == 200, answer.text
        return answer

    async def enroll(self) -> httpx.Response:
        """It reads none of the answers but their status."""
        await self.post("discovery", windows_messages.discover("", policies=("OnPremise", "Federated")))
        await self.post("policy", windows_messages.get_policies(self.security))
        items = [
            ("UXInitiated", "false"),
            ("HWDevID", self.hardware),
            ("Locale", "en-US"),
            ("TargetedUserLoggedIn", "true"),
            ("OSEdition", "48"),
            ("DeviceName", "DESKTOP-H1T20J1"),
            ("MAC", "00-15-5D-4F-5E-7C"),
            ("DeviceID", self.device_id),
            ("EnrollmentType", "Full"),
            ("DeviceType", "CIMClient_Windows"),
            ("OSVersion", "10.0.22598.1"),
            ("ApplicationVersion", "10.0.22598.1"),
            ("NotInOobe", "false"),
            ("RequestVersion", "5.0"),
        ]
        return await self.post("enroll", windows_messages.request_token(self.csr, items, security=self.security))

    async def start(self) -> dict[str, ServerCommand]:
        """A session: the commands by their numbers."""
        self.session += 1
        self.message = 1
        return await self._say(windows_messages.opening())

    def respond(self, command: ServerCommand, code: int, *, found: str | None = None) -> None:
        """Queue an answer."""
        number = len(self.queued) + 2
        self.queued.append(
            windows_messages.status(number, message=self.message, command=command.id, name=command.name, code=code)
        )
        if found is not None:
            number += 1
            self.queued.append(
                windows_messages.results(number, message=self.message, command=command.id, uri=command.uri, data=found)
            )

    async def send(self) -> dict[str, ServerCommand]:
        """Only what is queued, and no Final."""
        body, self.queued = "".join(self.queued), []
        body = windows_messages.status(1, message=self.message, command="0", name="SyncHdr", code=200) + body
        self.message += 1
        return await self._say(body, final=False)

    async def _say(self, body: str, *, final: bool = True) -> dict[str, ServerCommand]:
        document = windows_messages.sync(str(self.session), self.message, body, source=self.device_id, final=final)
        content = (await self.post("management", document)).content
        # It keeps statuses and commands in one map, by their CmdIDs.
        numbers = re.findall(rb"<CmdID>([^<]*)</CmdID>", content)
        assert len(numbers) == len(set(numbers)) > 0
        answer = Answer.of(content)
        assert int(answer.session) == self.session
        self.message = int(answer.number)
        commands = {command.id: command for command in answer.commands}
        assert len(commands) == len(answer.commands)
        return commands


def orbit(token: str) -> str:
    """Its programmatic token: URL-safe base64 of JSON."""
    document = json.dumps({"type": 1, "payload": {"orbit_node_key": token}}).encode()
    return windows_messages.by_token("", packed=base64.urlsafe_b64encode(document).decode())


def automatic(upn: str) -> str:
    """Its automatic token: URL-safe base64 of a JWT that nobody here signed."""
    claims = {"upn": upn, "tid": "tenant", "unique_name": "x", "scp": "mdm_delegation"}
    parts = [
        base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=") for each in ({"alg": "HS256"}, claims)
    ]
    jwt = ".".join((*parts, base64.urlsafe_b64encode(b"signature" * 3).decode()))
    return windows_messages.by_token(
        "", kind=windows_messages.JWT, packed=base64.urlsafe_b64encode(jwt.encode()).decode()
    )


@pytest.fixture
def csr(keys: Iterator[rsa.RSAPrivateKey]) -> bytes:
    """The one request."""
    return windows_messages.certificate_request(next(keys))


@pytest.mark.parametrize("base", [BASE, f"/mdm/contoso/windows{BASE}"])
async def test_it_enrols_with_its_own_token_and_is_told_what_to_hold(
    http: httpx.AsyncClient, csr: bytes, token: MakeToken, switch: Switch, assign: Assign, base: str
) -> None:
    await switch(ON)
    await assign("windows81TrustedRootCertificate", destinationStore="computerCertStoreRoot")
    client = FleetLike(http, csr, orbit(await token()), "DEVICE-A", base=base)
    assert b"DeviceEnrollmentProvisionDoc" in (await client.enroll()).content
    add, *gets = (await client.start()).values()
    assert (add.name, {command.name for command in gets}) == ("Add", {"Get"})
    client.respond(add, 200)
    # It answers nothing else of that: the session ends, and the next is told the rest again.
    assert await client.send() == {}
    again = await client.start()
    assert [command.uri for command in again.values()] == [command.uri for command in gets]
    for command in again.values():
        is_store = command.uri.endswith("/Root")
        client.respond(command, 200 if is_store else 404, found="FF" if is_store else None)
    # The device confirmed the root, was then asked for it, and its store does not show it: it is told no second time
    # in this session.
    assert await client.send() == {}


async def test_it_enrols_with_a_web_token_that_nobody_signed_and_the_name_in_it_is_the_user(
    http: httpx.AsyncClient, csr: bytes, switch: Switch
) -> None:
    await switch(ON | {"windows.rootPaths": False})
    client = FleetLike(http, csr, automatic("bob@contoso.example"), "DEVICE-B")
    with pytest.raises(AssertionError):
        # Its discovery names nobody, so the tenant must be the one that answers there; a fault has HTTP 200 for it.
        assert b"DiscoverResult" in (await client.post("discovery", windows_messages.discover(""))).content
    assert b"DeviceEnrollmentProvisionDoc" in (await client.enroll()).content


async def test_devices_that_share_one_request_are_told_apart_by_what_they_call_themselves(
    http: httpx.AsyncClient, csr: bytes, token: MakeToken, switch: Switch, assign: Assign
) -> None:
    await switch(ON)
    await assign("windows81TrustedRootCertificate", destinationStore="computerCertStoreRoot")
    first, second = [
        FleetLike(http, csr, orbit(await token()), name, hardware=name) for name in ("DEVICE-A", "DEVICE-B")
    ]
    for fleet_like in (first, second):
        await fleet_like.enroll()
    told = next(iter((await first.start()).values()))
    # The same session number and the same answer, but of the other device: it was told nothing yet.
    second.session, second.message = first.session, first.message
    second.respond(told, 500)
    names = [command.name for command in (await second.send()).values()]
    assert (names[0], set(names[1:])) == ("Add", {"Get"})
    first.respond(told, 200)
    assert await first.send() == {}
    assert {command.name for command in (await first.start()).values()} == {"Get"}


@pytest.mark.parametrize("base", [BASE, f"/mdm/contoso/windows{BASE}"])
async def test_a_path_that_is_switched_off_is_refused_to_the_probe_as_to_the_message(
    http: httpx.AsyncClient, switch: Switch, base: str
) -> None:
    typed = {"content-type": "application/soap+xml"}
    for is_on, probed, asked in ((False, 404, 500), (True, 200, 200)):
        await switch({"windows.pathAliases": is_on})
        probe = await http.get(f"{base}/discovery")
        assert probe.status_code == probed
        assert (b"windows.pathAliases" in probe.content) is not is_on
        assert (
            await http.post(f"{base}/discovery", content=windows_messages.discover(), headers=typed)
        ).status_code == asked


async def test_without_the_switches_it_is_refused(
    http: httpx.AsyncClient, csr: bytes, token: MakeToken, switch: Switch
) -> None:
    client = FleetLike(http, csr, orbit(await token()), "DEVICE-A")
    await switch({"windows.rootPaths": True})
    # It looks at the status only: a fault with 200 would be an enrolment for it.
    refused = await http.post(f"{BASE}/enroll", content=windows_messages.request_token(csr, [], security="<x/>"))
    assert (refused.status_code, b"windows.pathAliases" in refused.content) == (500, True)
    await switch({"windows.pathAliases": True})
    assert b"DeviceEnrollmentProvisionDoc" in (await client.enroll()).content
    document = windows_messages.sync("1", 1, windows_messages.opening(), source="DEVICE-A")
    assert Answer.of((await client.post("management", document)).content).statuses == {"0": "407"}
    await switch({"windows.laxIdentity": True})
    assert Answer.of((await client.post("management", document)).content).statuses["0"] == "212"
    unknown = windows_messages.sync("1", 1, windows_messages.opening(), source="DEVICE-X")
    assert Answer.of((await client.post("management", unknown)).content).statuses == {"0": "401"}


async def test_at_the_root_a_device_is_found_by_its_id_and_a_refusal_says_which_switch_is_off(
    http: httpx.AsyncClient, csr: bytes, token: MakeToken, switch: Switch
) -> None:
    await switch(ON | {"windows.laxIdentity": False})
    client = FleetLike(http, csr, orbit(await token()), "DEVICE-A")
    await client.enroll()
    await switch({"windows.rootPaths": False})

    async def manage(source: str) -> tuple[str, str]:
        document = windows_messages.sync("1", 1, windows_messages.opening(), source=source)
        content = (await client.post("management", document)).content
        return Answer.of(content).statuses["0"], text(ElementTree.fromstring(content), *_REASON)

    code, why = await manage("DEVICE-A")
    assert (code, "windows.laxIdentity is off" in why) == ("407", True)
    assert "windows.laxIdentity is off" in (await recorded(http))[-1]["refusal"]
    code, why = await manage("DEVICE-X")
    assert (code, "'DEVICE-X'" in why, "windows.rootPaths" in why) == ("407", True, True)
    await switch({"windows.laxIdentity": True})
    assert (await manage("DEVICE-A"))[0] == "212"
