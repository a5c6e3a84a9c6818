"""The request that an administrator's task stands for, and how people read it before it is sent.

It goes to Graph (https://graph.microsoft.com/beta), or to the control surface (`/_fauxtune/v1`) where Graph has none.
Where people read a request that is not sent yet, a placeholder stands in the place of an id that an earlier answer will
bring, and a note says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from fauxtune.core.model.mail_accounts import MESSAGE

Json = dict[str, Any]


class Service(StrEnum):
    """The place below which the path of a request begins."""

    #: `/beta`
    GRAPH = "graph"
    #: `/_fauxtune/v1/tenants/{tenant}`
    CONTROL = "control"
    #: `/_fauxtune/v1`: what belongs to no tenant.
    EMULATOR = "emulator"


@dataclass(frozen=True, slots=True)
class AdminRequest:
    """One request. `path` begins with a slash, below the place of the service; `body` is JSON, or None without one.
    `file`: the name of a file whose content is the body; `media`: its media type, a message of mail by default.
    `headers`: further ones, whose names and values are plain ASCII.

    `notes` say, in words for people, what this request cannot carry of the task.
    """

    method: str
    path: str
    body: Json | None = None
    service: Service = Service.GRAPH
    notes: tuple[str, ...] = ()
    file: str | None = None
    media: str = MESSAGE
    headers: Mapping[str, str] = field(default_factory=dict)


def key(value: str) -> str:
    """The value as one segment of a path."""
    return quote(value, safe="@")


def object_url(collection: str, object_id: str) -> str:
    """The address of a thing of Graph, by which a body refers to it. The emulator ignores its host."""
    return f"https://graph.microsoft.com/beta{collection}/{key(object_id)}"


def delete_object(collection: str, object_id: str) -> AdminRequest:
    """Delete an object of a collection of Graph; what devices lose by that is what docs/removal.md says."""
    return AdminRequest("DELETE", f"{collection}/{key(object_id)}")


def placeholder(number: int) -> str:
    """Return what stands for the id that the answer to the `number`-th request of a task will bring."""
    return f"ID-{number:02}"


def with_notes(request: AdminRequest, *, number: int, readable: AdminRequest | None = None) -> AdminRequest:
    """Return the `number`-th request of a task as people read it, with a note for each placeholder in it. `readable`:
    the request without its secrets.
    """
    text, known = f"{request.path} {request.body}", readable or request
    notes = (
        f"In place of {placeholder(count)} put the id that the answer to request {count} contains."
        for count in range(1, number)
        if placeholder(count) in text
    )
    return replace(known, notes=(*known.notes, *notes))
