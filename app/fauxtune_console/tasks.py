"""Tasks of an administrator: the requests that a form stands for, what they would do, and carrying them out.

Everything that Graph offers is done by the request to Graph that a client would send: so the console has no rules of
its own, and what it shows to copy is what it does. A task of several requests, of which a later one contains the id
that an earlier one was answered, is a function that is given `send`: with three different ones it is shown, foreseen
and carried out.

Tasks of the emulator itself, which Graph has no request for: their pages, with the request of the control surface
that each stands for. The tasks are carried out by operations.

A page's module tells a task once, as a function from a call to a `Question`. `asked` makes its two pages: GET shows
the question, POST carries the task out.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from fastapi import Response

from fauxtune.core.administration.requests import AdminRequest, Service, placeholder, with_notes
from fauxtune.core.administration.snippets import Addresses, as_curl, as_powershell, as_python
from fauxtune.core.errors import GraphRefused, Invalid
from fauxtune.core.model.ids import UserId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.tenant_administration import CODE
from fauxtune.core.profiles.kind_words import references_in_words
from fauxtune.operations.insight.unreadable import unreadable
from fauxtune.operations.insight.whatif import Foresight, Limits, foresee
from fauxtune.operations.runtime.emulator import ProposedRequest
from fauxtune.operations.runtime.emulator import Send as GraphSend
from fauxtune.surfaces.http import origin
from fauxtune_console.call import TenantCall

#: The application in the audit log.
CLIENT = "console"
#: A page shows the first devices only, so that it comes at once in a tenant of many; on demand it shows more.
_FEW, _MORE = Limits(devices=25, seconds=0.1), Limits(devices=1000, seconds=10.0)

#: Sends one request, and returns Graph's answer; {} for an empty one.
Send = Callable[[AdminRequest], Awaitable[JsonObject]]
#: Several requests in a row, of which a later one may contain the id that an earlier one was answered.
Task = Callable[[Send], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Snippet:
    """A request as people copy it: method and path in one line, and as a command in three languages."""

    line: str
    curl: str
    python: str
    powershell: str
    notes: tuple[str, ...]


def snippets(call: TenantCall, requests: Sequence[AdminRequest]) -> list[Snippet]:
    """Return the requests as people copy them; secrets stand there as variables."""
    https = call.emulator.addresses.public_url or call.emulator.addresses.https or origin(call.request)
    where = Addresses(https, call.tenant.name, control_token=call.emulator.control_token is not None)
    return [
        Snippet(
            f"{request.method} {where.url(request).removeprefix(https)}",
            as_curl(request, where),
            as_python(request, where),
            as_powershell(request, where),
            request.notes,
        )
        for request in requests
    ]


def one_by_one(requests: Sequence[AdminRequest]) -> Task:
    """Return the task of sending these requests, which do not depend on one another's answers."""

    async def task(send: Send) -> None:
        for request in requests:
            await send(request)

    return task


async def requests_of(task: Task) -> list[AdminRequest]:
    """Return the requests of a task, without sending them: with placeholders for ids that are not known yet."""
    requests: list[AdminRequest] = []

    async def send(request: AdminRequest) -> JsonObject:
        requests.append(with_notes(request, number=len(requests) + 1))
        return {"id": placeholder(len(requests))}

    await task(send)
    return requests


class Waits(Invalid):
    """The request waits for an approval, whose request has this `code`."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


async def send(
    call: TenantCall, request: AdminRequest, *, client: str = CLIENT, user: UserId | None = None
) -> JsonObject:
    """Send one request to Graph, as this application or this user of it, and return its answer; {} for an empty one.
    Raises Invalid with Graph's reason, Waits for what an approval policy guards.
    """
    proposed = replace(_proposed(request, client=client), user=user, needs_approval=True)
    try:
        answer = await call.emulator.graph(call.emulator.for_administrator(), call.tenant, request=proposed)
    except GraphRefused as error:
        if CODE in error.headers:
            raise Waits(reason(error), code=error.headers[CODE]) from None
        raise Invalid(reason(error)) from None
    return answer or {}


async def carry_out(call: TenantCall, task: Task) -> None:
    """Send the requests of a task. Raises Invalid with Graph's reason for the first that is refused: those before it
    were carried out.
    """
    await task(partial(send, call))


async def consequences(call: TenantCall, work: Sequence[AdminRequest] | Task) -> Foresight:
    """Return what these requests to Graph would do together, device by device, within the limits of a page. Raises
    Invalid with Graph's reason.
    """
    task = work if callable(work) else one_by_one(work)

    async def proposed(dry_send: GraphSend) -> None:
        async def send(request: AdminRequest) -> JsonObject:
            return await dry_send(_proposed(request, client=CLIENT)) or {}

        await task(send)

    try:
        result = await foresee(call.emulator, call.tenant, task=proposed, limits=_limits(call))
    except GraphRefused as error:
        raise Invalid(reason(error)) from None
    return replace(result, unreadable=await call.run(unreadable, result.devices))


def _limits(call: TenantCall) -> Limits:
    """Return the limits: a page that is asked for more devices may take longer."""
    return _MORE if call.query("effects") == "more" else _FEW


def _proposed(request: AdminRequest, *, client: str) -> ProposedRequest:
    assert request.service is Service.GRAPH
    return ProposedRequest(request.method, f"/beta{request.path}", request.body, client=client, headers=request.headers)


async def confirm(
    call: TenantCall, work: Sequence[AdminRequest] | Task, *, template: str = "confirm.html", **values: Any
) -> Response:
    """Return the page that shows what requests to Graph would do, before the button that sends them.

    Values of the page: `title`, `sentence`, `button`; `back`: the address of "Cancel"; `danger`: whether data is lost;
    `warning`: what else to think of; `fields`: hidden fields of the form, by name; `waits`: what an approval policy
    wants first. The form is posted to the page's own address. `template`: one that extends confirm.html.
    """
    given = {"danger": False, "fields": {}, "warning": "", "waits": None, **values}
    requests = await requests_of(work) if callable(work) else work
    return call.page(
        template,
        affected=await consequences(call, work),
        requests=snippets(call, requests),
        **given,
    )


def reason(error: GraphRefused) -> str:
    """Return Graph's own words for a refusal, with words for the names of references. Intune's are JSON, with numbers
    for support behind the sentence.
    """
    message: Any = error.document.get("error")
    words = message.get("message") if isinstance(message, dict) else None
    with suppress(ValueError, KeyError, TypeError):
        words = str(json.loads(str(words))["Message"]).partition(" - Operation ID")[0]
    return references_in_words(str(words or error.message))


def task_page(
    call: TenantCall, requests: Sequence[AdminRequest], *, template: str = "task.html", error: str = "", **values: Any
) -> Response:
    """Return the page of a task, before it is carried out, or after it was refused with this `error`.

    Values of the page: `title`, `sentence`, `points`: what it means, in sentences; `button`; `back`: the address of
    "Cancel"; `danger`: whether something is lost. The form is posted to the page's own address. `template`: one that
    extends task.html.
    """
    given = {"danger": False, "sentence": "", "points": (), **values}
    return call.page(template, status=400 if error else 200, error=error, requests=snippets(call, requests), **given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A task, before it is carried out. `request`: what a client would send for it, which the page shows.

    `sentence` and `points` say what it means. Without `points` a request to Graph is tried out, and the page shows what
    it would do to each device. `back`: the address of "Cancel"; `danger`: whether something is lost.

    `done`: what is said afterwards, on the page of `leads_to`. `work` carries the task out where this is no request to
    Graph.
    """

    request: AdminRequest
    title: str
    button: str
    back: str
    done: str
    leads_to: tuple[str, ...]
    sentence: str = ""
    points: tuple[str, ...] = ()
    danger: bool = True
    work: Callable[[], Awaitable[Any]] | None = None

    async def page(self, call: TenantCall) -> Response:
        """Return the page that asks."""
        values: dict[str, Any] = {
            "title": self.title,
            "sentence": self.sentence,
            "button": self.button,
            "back": self.back,
            "danger": self.danger,
        }
        if self.points or self.work is not None:
            return task_page(call, [self.request], points=self.points, **values)
        return await confirm(call, [self.request], **values)

    async def carry_out(self, call: TenantCall) -> None:
        """Do what was asked. Raises Invalid with Graph's reason, and what `work` raises."""
        if self.work is None:
            await send(call, self.request)
        else:
            await self.work()


Page = Callable[[TenantCall], Awaitable[Response]]


def asked(path: str, question: Callable[[TenantCall], Awaitable[Question]]) -> tuple[tuple[str, str, Page], ...]:
    """Return the two pages of a task: path, method and page."""

    async def ask(call: TenantCall) -> Response:
        return await (await question(call)).page(call)

    async def answer(call: TenantCall) -> Response:
        form = await call.form()
        task = await question(call)
        await task.carry_out(call)
        return call.back(*task.leads_to, form=form, done=task.done)

    return (path, "GET", ask), (path, "POST", answer)
