"""What people read of requests that are not sent yet: in the place of an id that an earlier answer will bring stands a
placeholder, and a note says so.
"""

from __future__ import annotations

from dataclasses import replace

from fauxtune.core.administration.requests import AdminRequest


def placeholder(number: int) -> str:
    """Return what stands for the id that the answer to the `number`-th request of a task will bring."""
    return f"ID-{number:02}"


def with_notes(request: AdminRequest, *, number: int, readable: AdminRequest | None = None) -> AdminRequest:
    """Return the `number`-th request of a task as people read it, with a note for each placeholder in it. `readable`:
    the request without its secrets.
    """
    text, known = f"{request.path} {request.body}", readable or request
    notes = (
        f"In place of {placeholder(each)} put the id that the answer to request {each} contains."
        for each in range(1, number)
        if placeholder(each) in text
    )
    return replace(known, notes=(*known.notes, *notes))
