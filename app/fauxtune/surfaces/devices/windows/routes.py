"""The Windows doors: three steps of enrolment, the page to sign in on, and the sessions of management.

Each stands below `/mdm/{tenant}/windows`, at the root (where real devices and test clients have the paths built in),
and under the names that Fleet's test client uses, where the tenant wants that.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from fauxtune.core.errors import EnrollmentEnded, Invalid, NotFound, NotLicensed, Unauthenticated
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.devices.caller import live
from fauxtune.operations.devices.enrollment_tokens import create_token
from fauxtune.operations.devices.windows_enrollment import Claimant, claimed_by, holder
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries.devices import enrollment_by_wire_id
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.surfaces.devices.client_certificate import caller_certificate, valid_at
from fauxtune.surfaces.devices.windows import enrollment, session, sign_in
from fauxtune.surfaces.devices.windows.messages import mde2, soap, syncml
from fauxtune.surfaces.devices.windows.messages.syncml import Message
from fauxtune.surfaces.devices.windows.messages.xml import parse
from fauxtune.surfaces.devices.windows.tenant_lookup import LAX, names_in, served_by_some, tenant_of
from fauxtune.surfaces.http import emulator_of, origin

Row = dict[str, Any]

#: Seconds for which the token of the page is good.
_TOKEN_SECONDS = 600

router = APIRouter(tags=["windows"])


class EnrollmentCall:
    """One call of a device that enrols."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.emulator = emulator_of(request)
        self.key: str | None = request.path_params.get("tenant_key")

    async def read(self, step: soap.Step) -> soap.Request:
        """The request of this step; what it is called is kept for the answer, also where that is a refusal."""
        envelope = parse(await self.request.body())
        self.request.state.message_id = soap.message_id(envelope)
        return soap.of_step(envelope, step)

    async def tenant(self, *names: str) -> Tenant:
        """The tenant of the path, or of whom the request mentions."""
        return await tenant_of(self.emulator, self.request.url.path, key=self.key, names=names)

    def answer(self, step: soap.Step, content: str, *, tenant: Tenant | None = None) -> Response:
        """The answer; with the tenant's time where the step gives a token."""
        now = None if tenant is None else self.emulator.runner.now(tenant)
        state = self.request.state
        document = soap.answer(step, content, relates_to=state.message_id, activity=state.request_id, now=now)
        return Response(document, media_type=soap.MEDIA_TYPE)


async def probe(request: Request) -> Response:
    """The answer to a probe: a device asks whether there is a service before it says anything. At a path without a
    tenant any tenant may be meant.
    """
    call = EnrollmentCall(request)
    if call.key is not None:
        await call.tenant()
    else:
        await served_by_some(call.emulator, request.url.path)
    return Response(b"")


async def discover(request: Request) -> Response:
    """Where to enrol, and how to prove oneself: always the tenant's own addresses."""
    call = EnrollmentCall(request)
    asked = mde2.discover(await call.read(soap.DISCOVER))
    tenant = await call.tenant(*([asked.email] if asked.email else []))
    base = f"{origin(request)}/mdm/{tenant.id}/windows"
    content = mde2.discovered(
        asked,
        policy_url=f"{base}/EnrollmentServer/Policy.svc",
        enrollment_url=f"{base}/EnrollmentServer/Enrollment.svc",
        sign_in_url=f"{base}/auth",
    )
    return call.answer(soap.DISCOVER, content)


async def policies(request: Request) -> Response:
    """What the certificate request is to be like."""
    call = EnrollmentCall(request)
    message = await call.read(soap.GET_POLICIES)
    mde2.check_policies_request(message)
    proof = soap.proof(message.security)
    tenant = await call.tenant(*names_in(proof))
    who = enrollment.claimant(call.emulator, tenant, proof=proof)
    await call.emulator.runner.run(tenant, enrollment.check, who)
    return call.answer(soap.GET_POLICIES, mde2.policies(tenant.id, days=enrollment.validity_days(tenant)))


async def request_token(request: Request) -> Response:
    """A device comes in, or renews its certificate. A refusal changes nothing: the token is good as before."""
    call = EnrollmentCall(request)
    message = await call.read(soap.REQUEST_TOKEN)
    asked = mde2.token_request(message)
    run = call.emulator.runner.run
    if asked.renews:
        tenant = await call.tenant()
        document = await run(tenant, enrollment.renew_identity, asked, emulator=call.emulator)
    else:
        proof = soap.proof(message.security)
        tenant = await call.tenant(*names_in(proof))
        who = enrollment.claimant(call.emulator, tenant, proof=proof)
        document = await run(tenant, enrollment.enroll, asked, who=who, origin=origin(request), emulator=call.emulator)
    return call.answer(soap.REQUEST_TOKEN, mde2.token_answer(document), tenant=tenant)


async def sign_in_page(request: Request) -> Response:
    """Name and password, please."""
    await EnrollmentCall(request).tenant()
    query = request.query_params
    return sign_in.asking(returns=sign_in.return_address(query.get("appru", "")), name=query.get("login_hint", ""))


async def sign_in_click(request: Request) -> Response:
    """A token for the user who signed in, on its way to the device."""
    call = EnrollmentCall(request)
    form = sign_in.form(await request.body())
    returns, name = sign_in.return_address(form.get("appru", "")), form.get("login", "")
    tenant = await call.tenant(*([name] if name else []))

    def give(tx: Transaction) -> str:
        user = claimed_by(tx, Claimant(name=name, password=form.get("password", "")))
        return create_token(tx, user.id, seconds=_TOKEN_SECONDS)

    try:
        token = await call.emulator.runner.run(tenant, give)
    except (Unauthenticated, NotLicensed) as error:
        return sign_in.asking(returns=returns, name=name, problem=error.message)
    return sign_in.handing_over(token, returns=returns)


async def manage(request: Request) -> Response:
    """One message of a session. A device that is none of ours is told so in the header of the answer."""
    emulator = emulator_of(request)
    body = await request.body()
    message = syncml.read(body)
    try:
        tenant, enrollment = await _caller(request, body, message=message)
        answer = await session.exchange(emulator, tenant, enrollment=enrollment, message=message)
    except EnrollmentEnded:
        answer = session.refused(message, syncml.FORBIDDEN)
    except Unauthenticated as error:
        wrong = syncml.MISSING_CREDENTIALS if error.target == "missing" else syncml.INVALID_CREDENTIALS
        answer = session.refused(message, wrong)
    return Response(answer, media_type=syncml.MEDIA_TYPE)


async def _caller(request: Request, body: bytes, *, message: Message) -> tuple[Tenant, EnrollmentRow]:
    """Who calls: known by its certificate; where the tenant is lax, by what it calls itself."""
    emulator = emulator_of(request)
    key = request.path_params.get("tenant_key")
    try:
        certificate = caller_certificate(request, body, proxies=emulator.trusted_proxies)
    except Invalid as error:
        raise Unauthenticated(error.message) from None
    if certificate is None:
        return await _believed(request, message, key=key)
    row = await emulator.runner.read(holder, certificate.public_bytes(Encoding.DER))
    if row is None:
        raise Unauthenticated("The device's certificate was not issued here.")
    tenant = await tenant_of(emulator, request.url.path, key=key or row.tenant_id)
    if row.tenant_id != tenant.id:
        raise Unauthenticated("The device's certificate is that of another tenant's device.")
    live(row)
    if not valid_at(certificate, emulator.runner.now(tenant)):
        raise Unauthenticated("The device's certificate is not valid at this time.")
    return tenant, row


async def _believed(request: Request, message: Message, *, key: str | None) -> tuple[Tenant, EnrollmentRow]:
    emulator = emulator_of(request)
    try:
        tenant = await tenant_of(emulator, request.url.path, key=key)
    except NotFound:
        if key is not None:
            raise
        raise Unauthenticated("The device proves nothing, and no tenant is meant.", target="missing") from None
    if not tenant.setting(LAX):
        raise Unauthenticated(f"The device proves nothing, and the switch {LAX} is off.", target="missing")
    row = await emulator.runner.read(enrollment_by_wire_id, tenant.id, wire_id=message.source)
    if row is None:
        raise Unauthenticated(f"No device calls itself '{message.source}'.")
    return tenant, live(row)


_Handler = Callable[[Request], Awaitable[Response]]
#: What is served: the method, the path, the path that Fleet's client has built in, who answers.
_DOORS: tuple[tuple[str, str, str, _Handler], ...] = (
    ("POST", "/ManagementServer/MDM.svc", "management", manage),
    ("GET", "/EnrollmentServer/Discovery.svc", "discovery", probe),
    ("POST", "/EnrollmentServer/Discovery.svc", "discovery", discover),
    ("POST", "/EnrollmentServer/Policy.svc", "policy", policies),
    ("POST", "/EnrollmentServer/Enrollment.svc", "enroll", request_token),
    ("GET", "/auth", "auth", sign_in_page),
    ("POST", "/auth", "auth", sign_in_click),
)

for _method, _path, _alias, _handler in _DOORS:
    _places = ["/mdm/{tenant_key}/windows" + _path, f"/mdm/{{tenant_key}}/windows/api/mdm/microsoft/{_alias}"]
    _places += [_path] if _path != "/auth" else []
    for _place in (*_places, f"/api/mdm/microsoft/{_alias}"):
        router.add_route(_place, _handler, methods=[_method], include_in_schema=False)
