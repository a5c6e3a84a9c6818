"""The client through which what-if and the console send requests to Graph; `server.bootstrap` injects the real one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from fauxtune.core.model.ids import UserId
from fauxtune.core.model.text import JsonObject


@dataclass(frozen=True, slots=True)
class ProposedRequest:
    """A request that the emulator itself sends. `url` may be absolute, of any host; `body`: JSON; `client`: the name of
    the application in the audit log; `user`: whom it acts for. Approval policies hold it up if it `needs_approval`.
    """

    method: str
    url: str
    body: Any = None
    client: str = "what-if"
    user: UserId | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    needs_approval: bool = False


#: Sends one request, and returns Graph's answer.
Send = Callable[[ProposedRequest], Awaitable[JsonObject | None]]
#: Several requests in a row, of which a later one may contain what an earlier one was answered, such as an id.
Task = Callable[[Send], Coroutine[Any, Any, None]]
