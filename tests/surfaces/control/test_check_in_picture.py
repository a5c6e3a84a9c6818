"""The picture of a check-in in docs/architecture.md: a real one makes the calls that it shows, in that order."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import httpx

from tests.surfaces.control.conftest import Assign, Enroll

PAGE = Path(__file__).resolve().parents[3] / "docs" / "architecture.md"


def arrows() -> list[tuple[str, str]]:
    """The arrows of the picture, in order: the package that is called, and the function."""
    picture = PAGE.read_text(encoding="utf-8").partition("sequenceDiagram")[2].partition("```")[0]
    packages = dict(re.findall(r"participant (\w+)(?: as ([\w.]+))?", picture))
    calls = re.findall(r"^ +\w+->>(\w+): (\w+)$", picture, re.MULTILINE)
    return [(f"fauxtune.{packages[name] or name}", function) for name, function in calls]


@contextmanager
def traced(functions: set[str]) -> Iterator[list[tuple[str, str]]]:
    """Collect the module and name of each function of these names that is called, in this thread and in new ones."""
    calls: list[tuple[str, str]] = []

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code.co_name in functions:
            calls.append((frame.f_globals.get("__name__", ""), frame.f_code.co_name))

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


# On PostgreSQL transactions run in threads that exist already, where nothing can be traced.
async def test_a_check_in_makes_the_calls_of_the_picture(
    contoso: httpx.AsyncClient, enroll: Enroll, assign: Assign
) -> None:
    expected = arrows()
    assert len(expected) > 10, "the picture is gone from docs/architecture.md, or is written in another form"
    phone = await enroll(contoso, "alice")
    await assign("root")
    await phone.settle()
    await assign("pkcs")
    with traced({function for _, function in expected}) as calls:
        await phone.settle()
    remaining = iter(calls)
    for package, function in expected:
        assert any(name == function and module.startswith(package) for module, name in remaining), (
            f"{package}: {function} is not called, or not in this place"
        )
