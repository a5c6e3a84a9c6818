"""Short forms of steps and checks, for expectations that tests write in Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fauxtune_probe.core.checks import Code, Each, Equal, Has, Header, Matches, Status
from fauxtune_probe.core.model import Check, Step


def get(path: str, *checks: Check, headers: Mapping[str, str] | None = None, **more: Any) -> Step:
    """Return a read that is answered with 200; the options are those of `Step`."""
    return Step(method="GET", path=path, checks=(status(200), *checks), headers=headers or {}, **more)


def post(path: str, body: Any, *checks: Check, **more: Any) -> Step:
    """Return a POST of JSON."""
    return Step(method="POST", path=path, body=body, checks=checks, **more)


def patch(path: str, body: Any, *checks: Check, **more: Any) -> Step:
    """Return a PATCH."""
    return Step(method="PATCH", path=path, body=body, checks=checks, **more)


def delete(path: str, *checks: Check, **more: Any) -> Step:
    """Return a DELETE, answered with 204 unless the checks say more."""
    return Step(method="DELETE", path=path, checks=checks or (status(204),), **more)


def status(*codes: int) -> Status:
    """Return the check of the status."""
    return Status(codes)


def refused(number: int, *codes: str) -> tuple[Check, ...]:
    """Return the checks of a refusal: status, code (if any is given) and a message."""
    code = (Code(codes),) if codes else ()
    return (status(number), *code, Has("error/message", "text"))


def says(pattern: str) -> Matches:
    """Return the check of the error's message."""
    return Matches("error/message", pattern)


def each(check: Check, path: str = "value") -> Each:
    """Return the check of every element of a list."""
    return Each(path, check)


def some(check: Check, path: str = "value") -> Each:
    """Return the check of at least one element of a list."""
    return Each(path, check, some=True)


def equal(path: str, *values: Any) -> Equal:
    """Return the check of a value."""
    return Equal(path, values)


def header(name: str, pattern: str | None) -> Header:
    """Return the check of a header; None: it is absent."""
    return Header(name, pattern)
