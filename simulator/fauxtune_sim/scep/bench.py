"""`python -m fauxtune_sim.scep.bench`: the devices' SCEP client for a test bench, which orders it by JSON lines.

An order is one line on standard input, `{"do", "url", ...}`; its answer is one line on standard output. Certificates
and messages are base64. What the SCEP server does wrong is part of an answer (`problem`), not an error. Keys never
leave this process, which ends with its input.

authority   capabilities and certificates
request     a new key, a certificate request and a pkiMessage, with all that is wrong on purpose; kept by its `name`
again       the message of an earlier request, byte by byte
poll        CertPoll for an earlier request, or with `unknown` for one that was never sent
raw         bytes that are no message, or the query of a GET
fetch       any address, such as that of a CRL
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune_sim.errors import SimulatorError
from fauxtune_sim.keys.certificates import PrivateKey
from fauxtune_sim.keys.keystore import DeviceIdentity, new_key
from fauxtune_sim.scep.client import address, send_operation
from fauxtune_sim.scep.csr import RequestSettings, ScepFailed, certificate_request, read_subject
from fauxtune_sim.scep.messages import (
    CaCertificates,
    Capabilities,
    CertRep,
    MessageType,
    PkiRequest,
    cert_poll_content,
    certificate_for_key,
    new_request,
    read_ca_certificates,
    read_capabilities,
    read_cert_rep,
    temporary_identity,
    write_pki_message,
)
from fauxtune_sim.server.transport import Answer, Transport, read_ca

Order = dict[str, Any]
#: The byte of a message that is changed to spoil its signature, counted from the end.
_IN_SIGNATURE = -20
#: Bytes of what is fetched that an answer has: a CRL with thousands of entries.
_MOST_FETCHED = 4 * 1024 * 1024
_MOST_LINE = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Sent:
    """A request that was sent, with its message and the key of the certificate request."""

    request: PkiRequest
    message: bytes
    key: PrivateKey
    csr: bytes


class Bench:
    """The client of one SCEP server."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._known: CaCertificates | None = None
        self._can = Capabilities()
        self._sent: dict[str, _Sent] = {}
        self._identities: dict[str, DeviceIdentity] = {}
        self._orders: dict[str, Callable[[Order], Awaitable[Order]]] = {
            "authority": self._authority,
            "request": self._request,
            "again": self._again,
            "poll": self._poll,
            "raw": self._raw,
            "fetch": self._fetch,
        }

    async def answer(self, order: Order) -> Order:
        """Carry out an order. Returns `problem` for whatever is wrong with the server's answer."""
        carry_out = self._orders.get(order["do"])
        if carry_out is None:
            return {"problem": f"there is no order {order['do']!r}"}
        try:
            return await carry_out(order)
        except SimulatorError as error:
            return {"problem": str(error)}

    async def _authority(self, order: Order) -> Order:
        can = await self._transport.get(address(order["url"], "GetCACaps"))
        about = await self._transport.get(address(order["url"], "GetCACert"))
        text = can.body[:10_000].decode("latin-1") if can.status == 200 else ""
        self._can = read_capabilities(text)
        document: Order = {
            "capabilities": {**_head(can), "text": text},
            "certificates": {**_head(about), "all": [], "recipient": None, "problem": None},
        }
        try:
            self._known = read_ca_certificates(about.body)
        except ScepFailed as failed:
            document["certificates"]["problem"] = str(failed)
            return document
        document["certificates"] |= {
            "all": [_text(certificate.public_bytes(Encoding.DER)) for certificate in self._known.certificates],
            "recipient": _text(self._known.recipient.public_bytes(Encoding.DER)),
        }
        return document

    async def _request(self, order: Order) -> Order:
        """`request`: the content; `type`: 19 or 17; `signer`: the name of an earlier request whose certificate signs,
        or `stranger`. `spoiled`: the signature of the message; `foreign`: the request's, by another key.
        """
        known = self._authorities()
        key = await asyncio.to_thread(_new_key, order["request"].get("key", "rsa2048"))
        settings = _settings(order["request"])
        other = await asyncio.to_thread(_new_key, "rsa2048") if order.get("foreign") else None
        digest = order["request"].get("digest")
        csr = certificate_request(key, settings, signed_by=other, signed_with=digest).public_bytes(Encoding.DER)
        signer = await self._signer(order, key, csr=csr)
        transaction = os.urandom(20).hex()
        request = new_request(MessageType(order.get("type", "19")), csr, signer=signer, transaction=transaction)
        message = bytearray(self._message(request, known))
        if order.get("spoiled"):
            message[_IN_SIGNATURE] ^= 1
        sent = self._sent[order["name"]] = _Sent(request, bytes(message), key, csr)
        return await self._exchange(order, sent)

    async def _signer(self, order: Order, key: PrivateKey, *, csr: bytes) -> DeviceIdentity:
        name = order.get("signer")
        if name in self._identities:
            return self._identities[name]
        if name is not None and name != "stranger":
            raise SimulatorError(f"the request {name!r} brought no certificate that could sign")
        if name == "stranger" or not isinstance(key, rsa.RSAPrivateKey):
            key = await asyncio.to_thread(_new_key, "rsa2048")
        assert isinstance(key, rsa.RSAPrivateKey)
        return temporary_identity(key, x509.load_der_x509_csr(csr).subject, moment=datetime.now(UTC))

    async def _again(self, order: Order) -> Order:
        return await self._exchange(order, self._sent[order["name"]])

    async def _poll(self, order: Order) -> Order:
        sent = self._sent[order["name"]]
        known = self._authorities()
        content = cert_poll_content(known.issuer, sent.csr)
        transaction = os.urandom(20).hex() if order.get("unknown") else sent.request.transaction_id
        request = new_request(MessageType.CERT_POLL, content, signer=sent.request.signer, transaction=transaction)
        return await self._exchange(order, _Sent(request, self._message(request, known), sent.key, sent.csr))

    async def _raw(self, order: Order) -> Order:
        if "query" in order:
            return _head(await self._transport.get(address(order["url"], order["query"])))
        answer = await self._send(order, base64.b64decode(order["content"]))
        return _head(answer) | {"looksSigned": answer.body[:1] == b"\x30"}

    async def _fetch(self, order: Order) -> Order:
        answer = await self._transport.get(order["url"])
        return _head(answer) | {"body": _text(answer.body[:_MOST_FETCHED])}

    async def _exchange(self, order: Order, sent: _Sent) -> Order:
        """Send a message, and read its answer; an issued certificate is kept by the order's name."""
        known = self._authorities()
        answer = await self._send(order, sent.message)
        document = {**_head(answer), "transaction": sent.request.transaction_id}
        if answer.status != 200:
            return document
        try:
            read = read_cert_rep(answer.body, sent.request, of=known)
            document |= _read(read)
            if not read.pending and read.failure is None:
                certificate = certificate_for_key(read, sent.key)
                document["certificate"] = _text(certificate.public_bytes(Encoding.DER))
                if isinstance(sent.key, rsa.RSAPrivateKey):
                    self._identities[order["name"]] = DeviceIdentity(certificate, sent.key)
        except ScepFailed as failed:
            document["problem"] = str(failed)
        return document

    def _authorities(self) -> CaCertificates:
        if self._known is None:
            raise SimulatorError("the SCEP server has given no certificate to which a message can be encrypted")
        return self._known

    def _message(self, request: PkiRequest, known: CaCertificates) -> bytes:
        return write_pki_message(
            request,
            known.recipient,
            cipher=self._can.cipher,
            digest=self._can.digest(),
            moment=datetime.now(UTC),
        )

    async def _send(self, order: Order, message: bytes) -> Answer:
        return await send_operation(self._transport, order["url"], message=message, posts=self._can.posts)


def _settings(request: Order) -> RequestSettings:
    def names(kind: str) -> tuple[str, ...]:
        return tuple(value for each, value in request.get("names", ()) if each == kind)

    try:
        subject = read_subject(request["subject"])
    except ValueError as broken:
        raise SimulatorError(str(broken)) from broken
    return RequestSettings(
        subject=subject,
        challenge=request.get("challenge") or "",
        key_usages=tuple(request.get("keyUsages", ())),
        extended_key_usages=tuple(request.get("extendedKeyUsages", ())),
        mail_names=names("emailAddress"),
        principal_names=names("userPrincipalName"),
        dns_names=names("domainNameService"),
        uris=names("universalResourceIdentifier"),
        is_authority=request.get("isAuthority") is True,
    )


def _new_key(kind: str) -> PrivateKey:
    if kind == "ec256":
        return ec.generate_private_key(ec.SECP256R1())
    return new_key(int(kind.removeprefix("rsa")))


def _read(read: CertRep) -> Order:
    status = "PENDING" if read.pending else "FAILURE" if read.failure is not None else "SUCCESS"
    return {"pkiStatus": status, "failInfo": read.failure, "failInfoText": read.failure_text}


def _head(answer: Answer) -> Order:
    return {"status": answer.status, "type": answer.headers.get("content-type", "").partition(";")[0].strip().lower()}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


async def serve(transport: Transport, *, orders: BinaryIO, answers: BinaryIO) -> None:
    """Carry out orders, one after the other, until the input ends."""
    bench = Bench(transport)
    while line := await asyncio.to_thread(orders.readline, _MOST_LINE):
        answer = await bench.answer(json.loads(line))
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()


def main() -> None:
    """Run with the arguments of the command line."""
    parser = argparse.ArgumentParser(prog="fauxtune_sim.scep.bench", description=__doc__)
    parser.add_argument("--ca-file", type=Path, help="PEM of the authorities to trust, for an https address")
    parser.add_argument("--timeout", type=float, default=30.0, help="seconds that an answer may take")
    arguments = parser.parse_args()
    # Only answers go to standard output: what any library prints goes where errors go.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with answers:
        asyncio.run(_run(arguments, answers))


async def _run(arguments: argparse.Namespace, answers: BinaryIO) -> None:
    ca = None if arguments.ca_file is None else read_ca(arguments.ca_file)
    async with Transport(ca=ca, timeout=arguments.timeout) as transport:
        await serve(transport, orders=sys.stdin.buffer, answers=answers)


if __name__ == "__main__":
    main()
