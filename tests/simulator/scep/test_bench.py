"""The devices' SCEP client of a test bench: its orders and answers as lines, in pipes, against an authority."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from fauxtune_sim.scep import bench
from tests.support.scep import DeviceCa, Scep

if TYPE_CHECKING:
    from fauxtune_sim.server.transport import Transport

GOOD = {"subject": "CN=alice,O=Contoso", "challenge": "good"}


@dataclass(slots=True)
class Orders:
    """What sends orders to the bench, and reads its answers."""

    url: str
    orders: BinaryIO
    answers: BinaryIO

    async def __call__(self, do: str, **members: Any) -> dict[str, Any]:
        self.orders.write(json.dumps({"do": do, "url": self.url, **members}).encode() + b"\n")
        answer: dict[str, Any] = json.loads(await asyncio.to_thread(self.answers.readline))
        return answer

    async def request(self, name: str = "first", *, request: dict[str, Any] | None = None, **members: Any) -> Any:
        """Order a request with a new key."""
        return await self("request", name=name, request={**GOOD, **(request or {})}, **members)


@pytest.fixture
def scep(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> Scep:
    return Scep(DeviceCa(raw_rsa_keys[0], raw_rsa_keys[1]))


@pytest.fixture
async def order(scep: Scep, transport: Transport) -> AsyncIterator[Orders]:
    """A bench that has ended by itself when the test is over."""
    app = web.Application()
    app.router.add_route("*", "/scep", scep.answer)
    running = TestServer(app)
    await running.start_server()
    (orders_in, orders_out), (answers_in, answers_out) = os.pipe(), os.pipe()
    with os.fdopen(orders_in, "rb") as read, os.fdopen(answers_out, "wb") as written:
        serving = asyncio.create_task(bench.serve(transport, orders=read, answers=written))
        with os.fdopen(answers_in, "rb") as answers:
            with os.fdopen(orders_out, "wb", buffering=0) as orders:
                yield Orders(str(running.make_url("/scep")), orders, answers)
            await asyncio.wait_for(serving, 20)
    await running.close()


def certificate_of(answer: dict[str, Any]) -> x509.Certificate:
    assert answer["pkiStatus"] == "SUCCESS", answer
    return x509.load_der_x509_certificate(base64.b64decode(answer["certificate"]))


async def test_the_authority_is_shown_as_it_answers(order: Orders, scep: Scep) -> None:
    answer = await order("authority")
    assert answer["capabilities"] == {"status": 200, "type": "text/plain", "text": scep.capabilities}
    der = base64.b64encode(scep.ca.der).decode()
    assert (answer["certificates"]["all"], answer["certificates"]["recipient"]) == ([der], der)
    assert await order("raw", query="GetCACaps") == {"status": 200, "type": "text/plain"}
    fetched = await order("fetch", url=f"{order.url}?operation=GetCACert")
    assert (fetched["status"], base64.b64decode(fetched["body"])) == (200, scep.ca.der)


async def test_an_authority_without_a_certificate_is_no_error_and_gets_no_request(order: Orders, scep: Scep) -> None:
    scep.behaves = "without certificate"
    answer = await order("authority")
    assert (answer["certificates"]["all"], answer["certificates"]["recipient"]) == ([], None)
    assert "holds no certificates" in answer["certificates"]["problem"]
    assert "no certificate to which a message can be encrypted" in (await order.request())["problem"]
    assert scep.requests == []


async def test_a_request_carries_what_was_ordered_and_brings_its_certificate(order: Orders, scep: Scep) -> None:
    await order("authority")
    names = [["emailAddress", "alice@contoso.example"], ["userPrincipalName", "alice@contoso.example"]]
    names += [["domainNameService", "a.contoso.example"], ["universalResourceIdentifier", "urn:device"]]
    answer = await order.request(request={"names": names, "digest": "sha512"})
    (asked,) = scep.requests
    alternatives = asked["csr"].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert alternatives.get_values_for_type(x509.RFC822Name) == ["alice@contoso.example"]
    assert alternatives.get_values_for_type(x509.DNSName) == ["a.contoso.example"]
    assert alternatives.get_values_for_type(x509.UniformResourceIdentifier) == ["urn:device"]
    assert asked["csr"].signature_hash_algorithm.name == "sha512"
    assert certificate_of(answer).public_key() == asked["csr"].public_key() == asked["signer"].public_key()
    assert (answer["status"], answer["type"], answer["failInfo"]) == (200, "application/x-pki-message", None)


async def test_a_renewal_is_signed_by_the_certificate_of_an_earlier_request_or_by_a_stranger(
    order: Orders, scep: Scep
) -> None:
    await order("authority")
    first = certificate_of(await order.request())
    certificate_of(await order.request("second", type="17", signer="first"))
    assert (scep.requests[1]["kind"], scep.requests[1]["signer"]) == ("17", first)
    await order.request("third", signer="stranger")
    assert scep.requests[2]["signer"].public_key() != scep.requests[2]["csr"].public_key()
    answer = await order.request("fourth", type="17", signer="nobody")
    assert answer == {"problem": "the request 'nobody' brought no certificate that could sign"}
    assert len(scep.requests) == 3


async def test_a_request_for_an_ec_key_is_signed_by_an_rsa_key(order: Orders, scep: Scep) -> None:
    await order("authority")
    certificate = certificate_of(await order.request(request={"key": "ec256"}))
    assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)
    assert isinstance(scep.requests[0]["signer"].public_key(), rsa.RSAPublicKey)
    answer = await order.request("next", signer="first")
    assert "brought no certificate that could sign" in answer["problem"]


async def test_the_same_message_is_sent_again_and_a_pending_request_is_polled(order: Orders, scep: Scep) -> None:
    await order("authority")
    scep.pending = 1
    waiting = await order.request()
    assert (waiting["pkiStatus"], waiting["failInfo"]) == ("PENDING", None)
    answer = await order("poll", name="first")
    certificate_of(answer)
    assert (scep.requests[1]["kind"], answer["transaction"]) == ("20", waiting["transaction"])
    again = await order("again", name="first")
    assert (scep.requests[2]["csr"], again["transaction"]) == (scep.requests[0]["csr"], waiting["transaction"])
    unknown = await order("poll", name="first", unknown=True)
    assert unknown["transaction"] != waiting["transaction"]


async def test_refusals_and_answers_that_are_wrong_are_told_apart(order: Orders, scep: Scep) -> None:
    await order("authority")
    refused = await order.request(request={"challenge": "used up"})
    assert (refused["pkiStatus"], refused["failInfo"], "problem" in refused) == ("FAILURE", "badRequest", False)
    scep.behaves = "with another nonce"
    assert "may be an old one" in (await order.request())["problem"]
    scep.behaves = "broken"
    assert await order.request() | {"transaction": ""} == {"status": 500, "type": "text/plain", "transaction": ""}


@pytest.mark.parametrize("wrong", ["spoiled", "foreign"])
async def test_a_signature_is_wrong_where_the_order_says_so(order: Orders, scep: Scep, wrong: str) -> None:
    """The authority of these tests refuses a wrong signature with an error of its own."""
    await order("authority")
    members: dict[str, Any] = {wrong: True}
    assert (await order.request("first", **members))["status"] == 500
    assert len(scep.requests) == (1 if wrong == "foreign" else 0)
    assert (await order.request())["status"] == 200


@pytest.mark.parametrize("capabilities", ["POSTPKIOperation\nAES", "AES"])
async def test_bytes_that_are_no_message_are_sent_as_they_are(order: Orders, scep: Scep, capabilities: str) -> None:
    scep.capabilities = capabilities
    await order("authority")
    answer = await order("raw", content=base64.b64encode(b"\xffgarbage+/").decode())
    assert (answer["status"], answer["looksSigned"]) == (500, False)
    scep.requests.clear()
    certificate_of(await order.request())
    assert scep.requests[0]["method"] == ("POST" if "POST" in capabilities else "GET")


async def test_an_order_that_cannot_be_carried_out_has_a_problem(order: Orders) -> None:
    assert await order("dance") == {"problem": "there is no order 'dance'"}
    await order("authority")
    assert "alice" in (await order.request(request={"subject": "alice"}))["problem"]
    gone = await order("fetch", url="http://127.0.0.1:1/crl")
    assert "cannot be reached" in gone["problem"]
