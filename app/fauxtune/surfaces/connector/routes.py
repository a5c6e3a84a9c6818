"""The channel of connectors, and the bodies of its requests.

The endpoints below `/connector/{tenant}/v1`, which demand a connector's credential (`Authorization: Bearer`).

POST   /sessions                                            start a session
POST   /sessions/{session}/lease                            wait for work
POST   /sessions/{session}/requests/{request}/certificate   have the CA issue a certificate
PUT    /sessions/{session}/requests/{request}/result        deliver a result
PUT    /sessions/{session}/revocations/{serial}             have the CA revoke a certificate
DELETE /sessions/{session}                                  end the session

The bodies of a connector's requests.
"""

from __future__ import annotations

from typing import Annotated, Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_public_key
from fastapi import Depends, Request, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

from fauxtune.connector import wire
from fauxtune.connector.issue import PkcsAnswer
from fauxtune.connector.work import Done
from fauxtune.core.clock import iso
from fauxtune.core.errors import ConnectorRefused, Invalid, Unavailable
from fauxtune.core.formats.json_text import MOST_FROM_CONNECTOR
from fauxtune.core.model.text import STORABLE, Text
from fauxtune.core.pki.foreign import certificate_from
from fauxtune.internals.fastapi_routes import BoundedRoute, Router
from fauxtune.operations.checkin import connector_channel
from fauxtune.operations.checkin.connector_channel import ConnectorResources, ConnectorSession, Leased
from fauxtune.operations.connectors import registry as connector_registry
from fauxtune.surfaces.http import bearer_token, caller_of, emulator_of

#: A request is waited for no longer than this, in seconds.
LONGEST_WAIT = 25.0


def _bytes(value: object) -> bytes:
    try:
        return wire.data(value)
    except Invalid as error:
        raise ValueError(error.message) from None


Bytes = Annotated[bytes, BeforeValidator(_bytes), Field(json_schema_extra={"type": "string", "format": "byte"})]
#: A certificate: much larger than any that is in use.
SmallBytes = Annotated[Bytes, Field(max_length=1 << 16)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=256), STORABLE]


class _Body(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class Key(_Body):
    """The public key (PEM) of a key of the connector."""

    provider_name: Word
    key_name: Word
    public_key: Text

    def rsa(self) -> RSAPublicKey:
        """Return the key. Raises Invalid if it is not an RSA key of 2048 bits or more."""
        try:
            key = load_pem_public_key(self.public_key.encode())
        except (ValueError, UnsupportedAlgorithm):
            raise Invalid("publicKey is PEM (SubjectPublicKeyInfo).", target="publicKey") from None
        if not isinstance(key, RSAPublicKey) or not 2048 <= key.key_size <= 16384:
            raise Invalid("A connector's key is an RSA key of 2048 bits or more.", target="publicKey")
        return key


class Greeting(_Body):
    """The first request of a connector."""

    version: Word = Field(examples=["6.2406.0.1001"])
    machine_name: Word
    keys: list[Key] = Field(default=[], max_length=100)


class Ask(_Body):
    """At most `most` requests; waits up to `wait` seconds for the first."""

    most: int = Field(default=8, ge=1, le=16)
    wait: float = Field(default=0, ge=0, le=LONGEST_WAIT)


class CertificateRequest(_Body):
    """PKCS#10, DER; for DigiCert's CA with the signature of the RA key over it (RSA PKCS#1 v1.5, SHA-256)."""

    csr: Bytes
    proof: Bytes | None = None


class Refusal(_Body):
    """The reason of a refusal: Graph's error code and a text."""

    code: int = Field(ge=-(2**31), le=2**31 - 1)
    message: Annotated[str, StringConstraints(min_length=1, max_length=4096), STORABLE]
    diagnostic: int | None = Field(default=None, ge=0, le=0x0FFFFFFF)


class Result(_Body):
    """The result of a request: a certificate with its files, encrypted content, or a refusal. `opened`: the
    certificates (DER) of the imported files that had to be opened for it.
    """

    certificate: Bytes | None = None
    pfx: Bytes | None = Field(default=None, repr=False)
    sealed: Bytes | None = Field(default=None, repr=False)
    kept_password: Bytes | None = Field(default=None, repr=False)
    refusal: Refusal | None = None
    opened: list[SmallBytes] = Field(default=[], max_length=8)

    @model_validator(mode="after")
    def _is_one(self) -> Result:
        if (self.refusal is None) == (self.sealed is None):
            raise ValueError("a result is something sealed, or a refusal")
        if (self.certificate is None) != (self.pfx is None):
            raise ValueError("certificate and pfx go together")
        if self.certificate is not None and self.sealed is None:
            raise ValueError("a certificate comes with its sealed password")
        return self

    def done(self) -> Done:
        """Return the result as operations use it."""
        if self.refusal is not None:
            refusal = ConnectorRefused(self.refusal.message, code=self.refusal.code)
            if self.refusal.diagnostic is not None:
                refusal.diagnostic = self.refusal.diagnostic
            return Done(refusal=refusal)
        if self.certificate is None:
            opened = tuple(certificate_from(each, target="opened") for each in self.opened)
            return Done(sealed=self.sealed, opened=opened)
        assert self.pfx is not None
        assert self.sealed is not None
        certificate = certificate_from(self.certificate, target="certificate")
        return Done(issued=PkcsAnswer(certificate, self.pfx, self.sealed, kept_password=self.kept_password))


class _ConnectorRoute(BoundedRoute):
    """A route whose callers are not authenticated before the body is parsed."""

    most_elements = MOST_FROM_CONNECTOR


router = Router(
    prefix="/connector/{tenant_key}/v1", tags=["connector"], route_class=_ConnectorRoute, redirect_slashes=False
)


class ConnectorCall:
    """One request of a connector."""

    def __init__(self, request: Request, tenant_key: str) -> None:
        self.emulator = emulator_of(request)
        self.tenant_key = tenant_key
        self.digest = connector_registry.digest(bearer_token(request))
        self.note = caller_of(request)

    def caller(self, session: str = "") -> ConnectorSession:
        """Return the session that the path names, with the digest of the credential."""
        return ConnectorSession(self.digest, session)

    @property
    def resources(self) -> ConnectorResources:
        """The keys and packagings with which its work is prepared."""
        return ConnectorResources(self.emulator.keys, self.emulator.packagings)

    async def run(self, operation: Any, *args: Any, **kwargs: Any) -> Any:
        """Run an operation of this tenant."""
        tenant = self.note.tenant = await self.emulator.runner.tenant(self.tenant_key)
        return await self.emulator.runner.run(tenant, operation, *args, **kwargs)


async def connector_call(request: Request, tenant_key: str) -> ConnectorCall:
    """The request, as a dependency. (FastAPI would call a plain function in a worker thread.)"""
    return ConnectorCall(request, tenant_key)


Call = Annotated[ConnectorCall, Depends(connector_call)]


def _unreachable() -> Unavailable:
    """The refusal of a connector that a firewall keeps from the service: a real one would get no answer at all."""
    return Unavailable("A firewall keeps the connector from the service; devices need the same hosts and ports.")


@router.post("/sessions", status_code=201)
async def start(call: Call, body: Greeting) -> dict[str, Any]:
    """Start a session. Unfinished work of the connector's former session is released. 403 for a version that is no
    longer served.
    """
    keys = [(key.provider_name, key.key_name, key.rsa()) for key in body.keys]
    hello = connector_channel.Hello(version=body.version, machine=body.machine_name, keys=keys)
    answer: connector_channel.HelloAnswer = await call.run(connector_channel.start_session, call.caller(), hello=hello)
    if answer.is_blocked:
        raise _unreachable()
    row = answer.connector
    return {
        "session": answer.session,
        "connector": {
            "id": row.id,
            "name": row.name,
            "program": row.program,
            "mode": row.mode,
            "roles": row.roles,
        },
    }


@router.post("/sessions/{session}/lease")
async def lease(call: Call, session: str, body: Ask) -> dict[str, Any]:
    """`requests` are leased to the session for a minute; any connector may do the `revocations`. 409 if the session has
    ended.
    """
    leased = Leased()

    async def has_work() -> bool:
        nonlocal leased
        leased = await call.run(connector_channel.lease, call.caller(session), most=body.most, resources=call.resources)
        return not leased.is_empty

    if not await has_work() and body.wait and not leased.is_blocked:
        runner = call.emulator.runner
        tenant = await runner.tenant(call.tenant_key)
        seconds = body.wait
        if leased.next_poll is not None:
            seconds = min(seconds, max(0.0, (leased.next_poll - runner.now(tenant)).total_seconds()))
        await runner.signals.wait_for_requests(tenant.id, seconds=seconds, unless=has_work)
        if leased.is_empty and not leased.is_blocked:
            await has_work()
    if leased.is_blocked:
        raise _unreachable()
    return {
        "requests": [
            {
                "id": task.request.id,
                "role": task.request.role,
                "digicert": task.is_for_digicert,
                "work": wire.work_document(task.work),
            }
            for task in leased.tasks
            if task.work is not None
        ],
        "revocations": [
            {"serial": row.serial, "thumbprint": row.thumbprint, "authority": row.authority}
            for row in leased.revocations
        ],
        "nextPoll": None if leased.next_poll is None else iso(leased.next_poll),
    }


@router.post("/sessions/{session}/requests/{request_id}/certificate")
async def certify(call: Call, session: str, request_id: str, body: CertificateRequest) -> dict[str, Any]:
    """The certificate for the request's key and its issuers, nearest first (DER). 422 if the authority refuses."""
    results = {"request_id": request_id, "csr": body.csr, "proof": body.proof}
    chain = await call.run(connector_channel.certify, call.caller(session), **results, resources=call.resources)
    return {"certificates": [wire.text(certificate.public_bytes(Encoding.DER)) for certificate in chain]}


@router.put("/sessions/{session}/requests/{request_id}/result")
async def bring(call: Call, session: str, request_id: str, body: Result) -> dict[str, Any]:
    """`taken`: false if the request was answered meanwhile, or is no longer needed. Safe to repeat."""
    taken = await call.run(connector_channel.answer, call.caller(session), request_id=request_id, done=body.done())
    return {"taken": taken}


@router.put("/sessions/{session}/revocations/{serial}", status_code=204)
async def revoke(call: Call, session: str, serial: str) -> Response:
    """The authority revokes the certificate; the result is in the connector's log. Safe to repeat."""
    await call.run(connector_channel.revoke, call.caller(session), serial=serial)
    return Response(status_code=204)


@router.delete("/sessions/{session}", status_code=204)
async def stop(call: Call, session: str) -> Response:
    """End the session and release its work."""
    await call.run(connector_channel.stop_session, call.caller(session))
    return Response(status_code=204)
