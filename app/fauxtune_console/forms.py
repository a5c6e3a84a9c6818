"""Tasks of the emulator itself, which Graph has no request for: their pages, with the request of the control surface
that each stands for. The tasks are carried out by operations.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import Response

from fauxtune.core.administration.requests import AdminRequest
from fauxtune_console.call import TenantCall
from fauxtune_console.tasks import snippets


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
