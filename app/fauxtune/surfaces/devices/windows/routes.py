"""The Windows endpoints: three steps of enrolment, the sign-in page, and the sessions of management.

Each is below `/mdm/{tenant}/windows`, at the root (real devices and test clients have fixed paths), and at the paths of
Fleet's test client if the tenant allows it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Concatenate, ParamSpec, TypeVar

import orjson
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel
from starlette.requests import Request
from starlette.responses import Response

from fauxtune.core.errors import EnrollmentEnded, Invalid, NotFound, NotLicensed, Unauthenticated
from fauxtune.core.formats.xml import parse
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import Text
from fauxtune.core.policies.autopilot import is_hash
from fauxtune.internals.fastapi_routes import Router
from fauxtune.operations.devices import autopilot, windows
from fauxtune.operations.devices.caller import check_certificate, digest
from fauxtune.operations.devices.escrow import keep
from fauxtune.operations.devices.windows import PLATFORMS, Claimant, claimed_by, token_for
from fauxtune.operations.runtime.runner import Runner
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.visits.left import in_conversation
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.surfaces.devices.agent_notice import agent_header
from fauxtune.surfaces.devices.client_certificate import caller_certificate
from fauxtune.surfaces.devices.windows import enrollment, escrow, session, sign_in
from fauxtune.surfaces.devices.windows.messages import mde2, soap, syncml
from fauxtune.surfaces.devices.windows.messages.syncml import Message
from fauxtune.surfaces.devices.windows.tenant_lookup import ROOT_PATHS, names_in, served_by_some, tenant_of
from fauxtune.surfaces.http import caller_of, emulator_of, note_refusal, origin, peer_of

# What a Windows device asks before its set-up: whether it is registered with Autopilot, and its deployment profile.
#
# Differs from Intune: the messages of Windows' deployment service, which finds the tenant by the hardware hash, are not
# published. This address and these messages are the emulator's own.


class _Deployment(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, validate_by_alias=True, frozen=True)

    serial_number: Text = Field(min_length=1, max_length=128)
    hardware_hash: Text = Field(min_length=1, max_length=16 * 1024, repr=False)


def deployment_question(body: bytes) -> str:
    """Return the serial number of the device that asks. Raises Invalid for another body, or no hardware hash."""
    try:
        message = _Deployment.model_validate_json(body)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"]) or "the body"
        raise Invalid(f"This is no question for a deployment profile: {where[:80]} is wrong.") from None
    if not is_hash(message.hardware_hash):
        raise Invalid("hardwareHash is not the base64 of a hardware hash, which begins with OA.", target="hardwareHash")
    return message.serial_number


T = TypeVar("T")
P = ParamSpec("P")

#: The lifetime of a token from the sign-in page, in seconds.
_TOKEN_SECONDS = 600

#: The mode, in the query, of a session that is not a scheduled one (those have Maintenance). Unverified: that a session
#: which the user begins has it.
_OF_USER = "Machine"

router = Router(tags=["windows"], redirect_slashes=False)


class EnrollmentCall:
    """One request of a device that enrols."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.emulator = emulator_of(request)
        self.caller = caller_of(request)
        self.key: str | None = request.path_params.get("tenant_key")

    async def read(self, step: soap.Step) -> soap.Request:
        """Read the request of this step. Its MessageID is kept for the answer, also for a refusal."""
        envelope = parse(await self.request.body())
        self.request.state.message_id = soap.message_id(envelope)
        return soap.of_step(envelope, step)

    async def tenant(self, *names: str) -> Tenant:
        """Return the tenant of the path, or that of the names in the request."""
        tenant = await tenant_of(self.emulator, self.request.url.path, key=self.key, names=names)
        self.caller.tenant = tenant
        return tenant

    async def prove(
        self, tenant: Tenant, operation: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run an operation for which somebody proves an identity, perhaps by a password. Raises Unavailable for an
        address that guesses.
        """
        source, guesses = peer_of(self.request), self.emulator.guesses
        guesses.check(source, tenant=tenant.id)
        try:
            return await self.emulator.runner.run(tenant, operation, *args, **kwargs)
        except Unauthenticated:
            await guesses.wrong(source, tenant=tenant.id)
            raise

    def answer(self, step: soap.Step, content: str, *, tenant: Tenant | None = None) -> Response:
        """Return the answer, with the tenant's time if the step issues a token."""
        now = None if tenant is None else self.emulator.runner.now(tenant)
        state = self.request.state
        document = soap.answer(step, content, relates_to=state.message_id, activity=state.request_id, now=now)
        return Response(document, media_type=soap.MEDIA_TYPE)


async def probe(request: Request) -> Response:
    """Answer a probe, by which a device looks for a service before it sends anything. At a path without a tenant any
    tenant may be meant.
    """
    call = EnrollmentCall(request)
    if call.key is not None:
        await call.tenant()
    else:
        await served_by_some(call.emulator, request.url.path)
    return Response(b"")


async def discover(request: Request) -> Response:
    """Answer Discover with the tenant's own addresses and the way to authenticate."""
    call = EnrollmentCall(request)
    message = mde2.discover(await call.read(soap.DISCOVER))
    tenant = await call.tenant(*([message.email] if message.email else []))
    base = f"{origin(request)}/mdm/{tenant.id}/windows"
    content = mde2.discovered(
        message,
        policy_url=f"{base}/EnrollmentServer/Policy.svc",
        enrollment_url=f"{base}/EnrollmentServer/Enrollment.svc",
        sign_in_url=f"{base}/auth",
    )
    return call.answer(soap.DISCOVER, content)


async def get_policies(request: Request) -> Response:
    """Answer GetPolicies with the demands on the certificate request."""
    call = EnrollmentCall(request)
    message = await call.read(soap.GET_POLICIES)
    mde2.check_policies_request(message)
    proof = soap.proof(message.security)
    tenant = await call.tenant(*names_in(proof))
    claimant = enrollment.claimant(call.emulator, tenant, proof=proof)
    await call.prove(tenant, claimed_by, claimant)
    return call.answer(soap.GET_POLICIES, mde2.policies(tenant.id, days=enrollment.validity_days(tenant)))


async def request_security_token(request: Request) -> Response:
    """Answer RequestSecurityToken: enrol a device, or renew its certificate. A refusal changes nothing: an enrolment
    token stays valid.
    """
    call = EnrollmentCall(request)
    envelope = await call.read(soap.REQUEST_TOKEN)
    message = mde2.token_request(envelope)
    if message.renews:
        tenant = await call.tenant()
        document = await call.emulator.runner.run(
            tenant, enrollment.renew_identity, message, caller=call.caller, emulator=call.emulator
        )
    else:
        proof = soap.proof(envelope.security)
        tenant = await call.tenant(*names_in(proof))
        claimant = enrollment.claimant(call.emulator, tenant, proof=proof)
        document = await call.prove(
            tenant,
            enrollment.enroll,
            message,
            claimant=claimant,
            origin=origin(request),
            caller=call.caller,
            emulator=call.emulator,
        )
    return call.answer(soap.REQUEST_TOKEN, mde2.token_answer(document), tenant=tenant)


async def sign_in_page(request: Request) -> Response:
    """Return the page that asks for name and password."""
    await EnrollmentCall(request).tenant()
    query = request.query_params
    return sign_in.credentials_page(
        returns=sign_in.return_address(query.get("appru", "")), name=query.get("login_hint", "")
    )


async def sign_in_with_password(request: Request) -> Response:
    """Sign the user in; return the page that posts an enrolment token to the device."""
    call = EnrollmentCall(request)
    form = sign_in.form(await request.body())
    returns, name = sign_in.return_address(form.get("appru", "")), form.get("login", "")
    tenant = await call.tenant(*([name] if name else []))

    claimant = Claimant(name=name, password=form.get("password", ""))
    try:
        token = await call.prove(tenant, token_for, claimant, seconds=_TOKEN_SECONDS)
    except (Unauthenticated, NotLicensed) as error:
        return sign_in.credentials_page(returns=returns, name=name, problem=error.message)
    return sign_in.token_page(token, returns=returns)


async def manage(request: Request) -> Response:
    """Answer one message of a session. A device that is not enrolled is refused in the header of the answer, with the
    reason beside the status.
    """
    emulator = emulator_of(request)
    body, headers = await request.body(), {}
    message = syncml.read(body)
    try:
        tenant, enrollment = await _caller(request, body, message=message)
        by_user = request.query_params.get("mode") == _OF_USER
        answer = await session.exchange(emulator, tenant, enrollment=enrollment, message=message, by_user=by_user)
        headers = agent_header(emulator.runner.current(tenant))
    except EnrollmentEnded as error:
        note_refusal(request, error)
        answer = session.refused(message, syncml.FORBIDDEN, why=error.message)
    except Unauthenticated as error:
        note_refusal(request, error)
        status = syncml.MISSING_CREDENTIALS if error.target == "missing" else syncml.INVALID_CREDENTIALS
        answer = session.refused(message, status, why=error.message)
    return Response(answer, media_type=syncml.MEDIA_TYPE, headers=headers)


async def take_escrow(request: Request) -> Response:
    """Keep a secret of the calling device, which proves its identity. 401 without a proof."""
    emulator, body = emulator_of(request), await request.body()
    certificate = caller_certificate(request, body, proxies=emulator.trusted_proxies)
    if certificate is None:
        raise Unauthenticated("The device has sent no proof of identity.", target="missing")
    row = await windows.read_holder(emulator.runner, certificate)
    tenant = caller_of(request).tenant = await tenant_of(
        emulator, request.url.path, key=request.path_params.get("tenant_key") or row.tenant_id
    )
    row = check_certificate(row, tenant, certificate=certificate, now=emulator.runner.now(tenant))
    caller_of(request).device = row.id
    await emulator.runner.run(tenant, keep, row, escrow=escrow.read(body))
    return Response(status_code=204)


async def deploy(request: Request) -> Response:
    """Tell a device its Autopilot deployment profile, before its set-up. 404 if it has none."""
    emulator, content = emulator_of(request), deployment_question(await request.body())
    key = request.path_params.get("tenant_key")
    tenant = caller_of(request).tenant = await tenant_of(emulator, request.url.path, key=key)
    answer = await emulator.runner.run(tenant, autopilot.configuration, content)
    return Response(orjson.dumps(answer), media_type="application/json")


async def _caller(request: Request, body: bytes, *, message: Message) -> tuple[Tenant, EnrollmentRow]:
    """The calling device: by its certificate, or if the tenant is lax by the id in its message."""
    emulator, runner, caller = emulator_of(request), emulator_of(request).runner, caller_of(request)
    key = request.path_params.get("tenant_key")
    try:
        certificate = caller_certificate(request, body, proxies=emulator.trusted_proxies)
    except Invalid as error:
        raise Unauthenticated(error.message) from None
    if certificate is None:
        tenant = caller.tenant = await _tenant_without_proof(request, key=key, wire_id=message.source)
        row = await windows.read_unproved(runner, tenant, wire_id=message.source)
        caller.device = row.id
        return tenant, row
    row = _in_session(runner, certificate, key=key) or await windows.read_holder(runner, certificate)
    tenant = caller.tenant = await tenant_of(emulator, request.url.path, key=key or row.tenant_id)
    row = check_certificate(row, tenant, certificate=certificate, now=runner.now(tenant))
    caller.device = row.id
    return tenant, row


def _in_session(runner: Runner, certificate: x509.Certificate, *, key: str | None) -> EnrollmentRow | None:
    """The device with this certificate, if it is in a session with the tenant of the path."""
    tenant = None if key is None else runner.known(key)
    if tenant is None:
        return None
    row = in_conversation(runner, tenant, credential=digest(certificate.public_bytes(Encoding.DER)))
    return row if row is not None and row.platform in PLATFORMS else None


async def _tenant_without_proof(request: Request, *, key: str | None, wire_id: str) -> Tenant:
    """The tenant of the path, else that of the device with the id in the message, else the one that answers there."""
    emulator, path = emulator_of(request), request.url.path
    meant = key or await windows.tenant_of_unproved(emulator.runner, wire_id=wire_id)
    try:
        return await tenant_of(emulator, path, key=meant)
    except NotFound:
        if meant is not None:
            raise
        raise Unauthenticated(
            f"The device '{wire_id}' has sent no proof of identity (a TLS certificate or a signature), its address "
            f"names no tenant, and no tenant whose switch {windows.LAX} is on has such a device. A tenant "
            f"with this switch knows its devices by their ids; with {ROOT_PATHS} as well it also enrols them here.",
            target="missing",
        ) from None


_Handler = Callable[[Request], Awaitable[Response]]
#: The endpoints: method, path, the fixed path of Fleet's client, handler.
_ENDPOINTS: tuple[tuple[str, str, str, _Handler], ...] = (
    ("POST", "/ManagementServer/MDM.svc", "management", manage),
    ("GET", "/EnrollmentServer/Discovery.svc", "discovery", probe),
    ("POST", "/EnrollmentServer/Discovery.svc", "discovery", discover),
    ("POST", "/EnrollmentServer/Policy.svc", "policy", get_policies),
    ("POST", "/EnrollmentServer/Enrollment.svc", "enroll", request_security_token),
    ("GET", "/auth", "auth", sign_in_page),
    ("POST", "/auth", "auth", sign_in_with_password),
)

router.add_route("/mdm/{tenant_key}/windows/autopilot", deploy, methods=["POST"], include_in_schema=False)
router.add_route("/mdm/{tenant_key}/windows/escrow", take_escrow, methods=["POST"], include_in_schema=False)
for _method, _path, _alias, _handler in _ENDPOINTS:
    _paths = ["/mdm/{tenant_key}/windows" + _path, f"/mdm/{{tenant_key}}/windows/api/mdm/microsoft/{_alias}"]
    _paths += [_path] if _path != "/auth" else []
    for _served in (*_paths, f"/api/mdm/microsoft/{_alias}"):
        router.add_route(_served, _handler, methods=[_method], include_in_schema=False)
