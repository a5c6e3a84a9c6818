"""Tasks that the console asks about first: what a task would do, the button that does it, and what is said afterwards.

A page's module tells a task once, as a function from a call to a `Question`. `asked` makes its two pages: GET shows the
question, POST carries the task out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Response

from fauxtune.core.administration.requests import AdminRequest
from fauxtune_console.call import TenantCall
from fauxtune_console.forms import task_page
from fauxtune_console.tasks import confirm, send


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
