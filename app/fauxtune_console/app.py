"""The console's application: who may look, which page answers, and what a refusal looks like.

THE list of pages is here. A page is a function from a call to an answer, in a module of `pages/`, and names its
template.
"""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import quote

from fastapi import Request, Response
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from fauxtune.core.errors import (
    Conflict,
    FauxtuneError,
    Invalid,
    NotAllowed,
    NotEmulated,
    NotFound,
    Unauthenticated,
    Unavailable,
)
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.transaction import LABS
from fauxtune.operations.tenants.seats import check_opens
from fauxtune.storage.queries.connectors import connector_rows
from fauxtune.surfaces.http import check_is_no_notification, check_local, emulator_of
from fauxtune_console import templating
from fauxtune_console.addresses import CLASSROOMS, LANGUAGE, LEAVE, PATH, SEATS
from fauxtune_console.call import Call, TenantCall
from fauxtune_console.live import Streams
from fauxtune_console.pages import approvals, classrooms, clock, faults, journal, labs, overview, sign_in, states
from fauxtune_console.pages.certificates import (
    address_book,
    authorities,
    certificate,
    certificates,
    connector,
    connectors,
    importing,
    scep,
    templates,
)
from fauxtune_console.pages.devices import device, device_actions, devices, hosted_devices
from fauxtune_console.pages.people import groups, mail, mail_writing, user, users
from fauxtune_console.pages.profiles import managed, new_profile, profile_edit, profiles
from fauxtune_console.paging import PageBehindTheLast
from fauxtune_console.session import Session, SessionKey
from fauxtune_console.tasks import Page, asked
from fauxtune_labs.operations.classrooms.opening import classroom_named
from fauxtune_labs.operations.labs.runs import look_before_a_change

#: data. Below /console/{tenant}: path, methods, page.
PAGES: tuple[tuple[str, str, Page], ...] = (
    ("", "GET", overview.overview),
    ("/address-book", "GET", address_book.entries),
    ("/address-book/publish", "GET", address_book.ask_publish),
    ("/address-book/publish", "POST", address_book.publish),
    ("/address-book/{address}/{thumbprint}/certificate.pem", "GET", address_book.certificate_file),
    *asked("/address-book/{address}/{thumbprint}/withdraw", address_book.withdraw),
    ("/approvals", "GET", approvals.approvals),
    ("/approvals/policies/new", "GET", approvals.new),
    ("/approvals/policies/new", "POST", approvals.create),
    *asked("/approvals/policies/{policy}/delete", approvals.delete),
    ("/approvals/{approval}", "GET", approvals.approval),
    ("/approvals/{approval}", "POST", approvals.decide),
    ("/authority", "GET", authorities.authorities),
    ("/authority/authorities.pem", "GET", address_book.authorities_file),
    ("/authority/certificates", "GET", certificates.certificates),
    ("/authority/certificates/{certificate}", "GET", certificate.certificate),
    *asked("/authority/certificates/{certificate}/release", certificate.release),
    ("/authority/certificates/{certificate}/revoke", "GET", certificate.ask_revoke),
    ("/authority/certificates/{certificate}/revoke", "POST", certificate.revoke),
    ("/authority/digicert/new", "GET", authorities.ask_digicert),
    ("/authority/digicert/new", "POST", authorities.subscribe),
    ("/authority/imported", "GET", certificates.imported),
    ("/authority/issue", "GET", certificates.new),
    ("/authority/issue", "POST", certificates.issue),
    ("/authority/scep", "GET", scep.scep),
    ("/authority/scep", "POST", scep.open_challenge),
    ("/authority/scep/requests/{request}", "POST", scep.decide),
    ("/authority/scep/server", "POST", scep.press),
    ("/authority/templates", "GET", templates.templates),
    ("/authority/templates/new", "GET", templates.new),
    ("/authority/templates/new", "POST", templates.create),
    ("/authority/templates/{template}", "GET", templates.template),
    ("/authority/templates/{template}", "POST", templates.change),
    *asked("/authority/templates/{template}/delete", templates.delete),
    ("/authority/{authority}", "GET", authorities.authority),
    ("/authority/{authority}/rollover", "GET", authorities.ask_roll_over),
    ("/authority/{authority}/rollover", "POST", authorities.roll_over),
    ("/authority/{authority}/state", "GET", authorities.ask_state),
    ("/authority/{authority}/state", "POST", authorities.change_state),
    ("/clock", "POST", clock.move),
    ("/connectors", "GET", connectors.connectors),
    ("/connectors/new", "GET", connectors.new),
    ("/connectors/new", "POST", connectors.create),
    ("/connectors/software/{program}.json", "GET", connectors.software),
    ("/connectors/{connector}", "GET", connector.connector),
    ("/connectors/{connector}", "POST", connector.press),
    ("/connectors/{connector}/change", "GET", connector.change),
    ("/connectors/{connector}/change", "POST", connector.save),
    ("/connectors/{connector}/delete", "GET", connector.ask_remove),
    ("/connectors/{connector}/delete", "POST", connector.remove),
    *asked("/connectors/{connector}/keys/delete", connector.delete_key),
    ("/connectors/{connector}/keys/new", "GET", connector.new_key),
    ("/connectors/{connector}/keys/new", "POST", connector.create_key),
    ("/connectors/{connector}/ra", "GET", connector.ask_ra),
    ("/connectors/{connector}/ra", "POST", connector.change_ra),
    ("/devices", "GET", devices.devices),
    ("/devices/new", "GET", hosted_devices.new),
    ("/devices/new", "POST", hosted_devices.create),
    ("/devices/{device}", "GET", device.device),
    ("/devices/{device}/delete", "GET", device_actions.ask_delete),
    ("/devices/{device}/delete", "POST", device_actions.delete),
    ("/devices/{device}/lock", "GET", device_actions.ask_lock),
    ("/devices/{device}/lock", "POST", device_actions.lock),
    ("/devices/{device}/owner", "GET", hosted_devices.owner),
    ("/devices/{device}/owner", "POST", hosted_devices.act),
    ("/devices/{device}/retire", "GET", device_actions.ask_retire),
    ("/devices/{device}/retire", "POST", device_actions.retire),
    ("/devices/{device}/sync", "POST", device_actions.sync),
    ("/devices/{device}/wipe", "GET", device_actions.ask_wipe),
    ("/devices/{device}/wipe", "POST", device_actions.wipe),
    ("/enrollment", "GET", devices.enrollment),
    ("/faults", "GET", faults.faults),
    *asked("/faults/clear", faults.clear),
    ("/faults/new", "GET", faults.new),
    ("/faults/new", "POST", faults.create),
    ("/faults/{fault}", "POST", faults.press),
    ("/groups", "GET", groups.groups),
    ("/groups/new", "GET", groups.new),
    ("/groups/new", "POST", groups.create),
    ("/groups/{group}", "GET", groups.group),
    ("/groups/{group}/add", "GET", groups.choose),
    ("/groups/{group}/add", "POST", groups.add),
    *asked("/groups/{group}/delete", groups.delete),
    *asked("/groups/{group}/remove", groups.remove),
    ("/journal", "GET", journal.journal),
    ("/managed", "GET", managed.things),
    ("/managed/{noun}/new", "GET", managed.new),
    ("/managed/{noun}/new", "POST", managed.create),
    ("/managed/{noun}/{managed}", "GET", managed.thing),
    ("/managed/{noun}/{managed}/assign", "GET", managed.assign),
    ("/managed/{noun}/{managed}/assign", "POST", managed.change),
    *asked("/managed/{noun}/{managed}/delete", managed.delete),
    ("/labs", "GET", labs.labs),
    ("/labs/{lab}", "GET", labs.lab),
    ("/labs/{lab}", "POST", labs.press),
    ("/labs/{lab}/files/{name}", "GET", labs.file),
    ("/labs/{lab}/start", "GET", labs.ask_start),
    ("/labs/{lab}/start", "POST", labs.start),
    ("/profiles", "GET", profiles.profiles),
    ("/profiles/new", "GET", new_profile.new),
    ("/profiles/new", "POST", new_profile.create),
    ("/profiles/{profile}", "GET", profiles.profile),
    ("/profiles/{profile}/assign", "GET", profile_edit.show_assignments),
    ("/profiles/{profile}/assign", "POST", profile_edit.change_assignments),
    *asked("/profiles/{profile}/delete", profile_edit.delete),
    ("/profiles/{profile}/edit", "GET", profile_edit.edit),
    ("/profiles/{profile}/edit", "POST", profile_edit.change),
    ("/snapshots", "GET", clock.snapshots),
    ("/snapshots", "POST", clock.create),
    ("/snapshots/export.json", "GET", clock.export),
    ("/snapshots/reset", "GET", clock.ask_reset),
    ("/snapshots/reset", "POST", clock.reset),
    *asked("/snapshots/{snapshot}/delete", clock.delete),
    ("/snapshots/{snapshot}/restore", "GET", clock.ask_restore),
    ("/snapshots/{snapshot}/restore", "POST", clock.restore),
    ("/states", "GET", states.states),
    ("/states", "POST", states.say),
    ("/states/reach", "GET", states.ask),
    ("/states/reach", "POST", states.reach),
    ("/users", "GET", users.users),
    ("/users/new", "GET", users.new),
    ("/users/new", "POST", users.create),
    ("/users/{user}", "GET", user.user),
    ("/users/{user}/readability", "GET", mail_writing.matrix),
    *asked("/users/{user}/delete", users.delete),
    ("/users/{user}/enroll", "GET", users.ask_enroll),
    ("/users/{user}/enroll", "POST", users.enroll),
    ("/users/{user}/import", "GET", importing.form),
    ("/users/{user}/import", "POST", importing.import_),
    *asked("/users/{user}/imported/{thumbprint}/delete", certificates.delete),
    ("/users/{user}/licence", "GET", users.ask_licence),
    ("/users/{user}/licence", "POST", users.licence),
    ("/users/{user}/mail", "GET", mail.mailbox),
    ("/users/{user}/mail/new", "GET", mail_writing.new),
    ("/users/{user}/mail/new", "POST", mail_writing.send),
    ("/users/{user}/mail/{uid}", "GET", mail.message),
    *asked("/users/{user}/mail/{uid}/delete", mail.delete),
    ("/users/{user}/mail/{uid}/message.eml", "GET", mail.file),
    ("/users/{user}/mail/{uid}/source", "GET", mail.source),
    ("/why", "GET", overview.why),
    ("/wire", "GET", journal.wire),
    ("/wire.har", "GET", journal.archive),
    ("/wire/clear", "POST", journal.clear),
    ("/wire/{number}", "GET", journal.exchange),
)

#: data. An error of the core -> the page's status and headline; the first match counts.
_HEADLINES: tuple[tuple[type[FauxtuneError], int, str], ...] = (
    (NotFound, 404, "That is not here"),
    (Conflict, 409, "It was changed meanwhile"),
    (Unauthenticated, 401, "Please sign in"),
    (NotAllowed, 403, "That is not allowed"),
    (Unavailable, 503, "Not at this moment"),
    (NotEmulated, 501, "This is not emulated"),
    (Invalid, 400, "That cannot be done"),
)


class Console:
    """The pages of one emulator's console."""

    def __init__(self) -> None:
        self._own_key = SessionKey()
        self._streams = Streams()
        self._works: classrooms.Works = {}
        self._routes = [
            *(
                Route(f"{PATH}/{{tenant}}{path}", page, methods=[method])  # `_page` calls the endpoint
                for path, method, page in PAGES
            ),
            Route(f"{PATH}/{{tenant}}/events", self._streams.events),
        ]

    def _key(self, request: Request) -> SessionKey:
        """Return the key of sessions: this run's own, or the one of all processes that share the database."""
        secret = emulator_of(request).session_secret
        return self._own_key if secret is None else SessionKey(secret)

    def is_signed_in(self, request: Request) -> bool:
        """Whether the request comes from a browser that has sent the control token, or the password of a seat."""
        session = self._key(request).read(request)
        return session is not None and (session.signed_in or session.seat is not None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: PLR0917 - ASGI
        """Answer one request."""
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except (FauxtuneError, HTTPException) as error:
            response = refusal(Call(request, self._key(request).new(signed_in=False)), error)
        finally:
            await request.close()  # files of a form
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        path = request.scope["path"] = request.scope["path"].rstrip("/")
        static = templating.file_at(path, request)
        if static is not None:
            _check_method(request, "GET", "HEAD")
            return static
        session = self._key(request).read(request)
        fresh = session is None
        session = session or self._key(request).new(signed_in=False)
        response = await self._guarded(request, session, path=path)
        if fresh and "set-cookie" not in response.headers:
            self._key(request).write(response, session, request=request)
        return response

    async def _guarded(self, request: Request, session: Session, *, path: str) -> Response:
        check_is_no_notification(request)
        call, key, token = Call(request, session), self._key(request), emulator_of(request).control_token
        if token is None:
            check_local(request)
        if path in {LANGUAGE, LEAVE}:
            _check_method(request, "POST")
            return await (sign_in.choose_language(call) if path == LANGUAGE else sign_in.leave(call, key))
        seat = await self._seat(request, session)
        has_access = seat is not None or (session.seat is None and (token is None or session.signed_in))
        if path == SEATS or not has_access:
            _check_method(request, "GET", "HEAD", "POST")
            return await sign_in.sign_in(call, key)
        if path == PATH:
            _check_method(request, "GET", "HEAD")
            return await sign_in.choose(call, seat)
        try:
            if seat is not None:
                await check_opens(call.emulator, seat, key=None if path.startswith(f"{PATH}/-") else _tenant_key(path))
            if path.startswith(CLASSROOMS):
                return await self._classroom_page(request, session)
            return await self._page(request, session)
        except (FauxtuneError, HTTPException) as error:
            return refusal(call, error, back=quote(path) if request.method == "POST" else "")

    async def _seat(self, request: Request, session: Session) -> Tenant | None:
        """Return the seat that the browser has signed in to; None without one, or if its classroom was closed."""
        with suppress(NotFound):
            return None if session.seat is None else await emulator_of(request).runner.tenant(session.seat)
        return None

    async def _classroom_page(self, request: Request, session: Session) -> Response:
        name, _, rest = request.scope["path"].removeprefix(CLASSROOMS).strip("/").partition("/")
        emulator = emulator_of(request)
        room = await classroom_named(emulator, name)
        seen = classrooms.seen(room, self._streams, emulator=emulator, works=self._works)
        call = classrooms.ClassroomCall(request, session, room, seen, self._works)
        match rest, request.method:
            case "", "GET":
                return await classrooms.classroom(call)
            case "", "POST":
                return await classrooms.press(call)
            case "events", "GET":
                return self._streams.stream(classrooms.source(call, self._streams), before=call.query("since"))
            case "" | "events", _:
                raise _not_allowed(request, {"GET"} if rest else {"GET", "POST"})
            case _:
                raise NotFound(f"The console has no page {request.url.path[:200]}.")

    async def _page(self, request: Request, session: Session) -> Response:
        call, others = await self._tenant_call(request, session), set[str]()
        try:
            for route in self._routes:
                match, more = route.matches(request.scope)
                if match is Match.PARTIAL:
                    others |= route.methods or set()
                if match is Match.FULL:
                    request.scope.update(more)
                    if request.method == "POST" and call.tenant.setting(LABS) and route.endpoint is not labs.press:
                        await look_before_a_change(call.emulator, call.tenant)
                    response: Response = await route.endpoint(call)
                    return response
            if others:
                raise _not_allowed(request, others)
            raise NotFound(f"The console has no page {request.url.path[:200]}.")
        except PageBehindTheLast as behind:
            return RedirectResponse(behind.last, 303)
        except NotFound as error:
            return refusal(call, error)
        except (FauxtuneError, HTTPException) as error:
            return refusal(call, error, back=self._page_above(request))

    def _page_above(self, request: Request) -> str:
        """Return the address of the page that a task is about, such as that of the device; empty without one."""
        path = request.scope["path"]
        while (path := path.rpartition("/")[0]).count("/") > PATH.count("/") + 1:
            scope = {**request.scope, "path": path, "method": "GET"}
            if any(route.matches(scope)[0] is Match.FULL for route in self._routes):
                return quote(path)
        return ""

    async def _tenant_call(self, request: Request, session: Session) -> TenantCall:
        """Return the call of the tenant that the address names. Raises NotFound."""
        emulator = emulator_of(request)
        tenant = await emulator.runner.tenant(_tenant_key(request.scope["path"]))
        seen = self._streams.seen(emulator, tenant.id)
        connectors = await emulator.runner.read(connector_rows, tenant.id)
        call = TenantCall(request, session, tenant, seen, connectors)
        await call.marks()
        return call


def _tenant_key(path: str) -> str:
    """Return what stands for the tenant in the address of a page."""
    return path.removeprefix(f"{PATH}/").partition("/")[0]


def refusal(call: Call, error: Exception, *, back: str = "") -> Response:
    """Return the page of a refusal: what was wrong, and the way `back`; with the tenant's navigation if it is known."""
    status, headline = 500, "Something went wrong"
    for kind, code, words in _HEADLINES:
        if isinstance(error, kind):
            status, headline = code, words
            break
    message = getattr(error, "message", "") or getattr(error, "detail", "") or str(error)
    if isinstance(error, HTTPException):
        status, headline = error.status_code, "That cannot be done"
    frame = "tenant.html" if isinstance(call, TenantCall) else "base.html"
    response = call.page("refusal.html", status=status, frame=frame, headline=headline, message=message, back=back)
    response.headers.update(getattr(error, "headers", None) or {})
    return response


def _check_method(request: Request, *allowed: str) -> None:
    """Raise HTTPException if the address that is asked for knows other methods only."""
    if request.method not in allowed:
        raise _not_allowed(request, set(allowed))


def _not_allowed(request: Request, allowed: set[str]) -> HTTPException:
    message = f"This page knows no {request.method[:20]}. It knows: {', '.join(sorted(allowed))}."
    return HTTPException(405, message, headers={"Allow": ", ".join(sorted(allowed))})
