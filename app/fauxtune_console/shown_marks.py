"""The marks that a page shows: those of its tenant, which the console reads once for each request.

They belong to the request (a context variable), so that what draws a certificate needs nothing but its thumbprint.
"""

from __future__ import annotations

from contextvars import ContextVar

from fauxtune.core.model.certificates import Mark, Marks, name_of

_SHOWN: ContextVar[Marks] = ContextVar("marks")


def show(marks: Marks) -> None:
    """Let the rest of this request show these marks."""
    _SHOWN.set(marks)


def mark(identity: str) -> Mark:
    """Return the mark of a certificate, by its thumbprint, or the colour of anything else."""
    return _SHOWN.get(Marks()).of(identity)


def name(thumbprint: str) -> str:
    """Return the mark with the first digits of the thumbprint, as commands write it."""
    return name_of(mark(thumbprint).letters, thumbprint)
