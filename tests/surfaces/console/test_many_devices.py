"""No page of the console sends more statements to the database for many devices than for few.

Every page that PAGES lists is read, and has to answer: so a page that is added cannot break `bench.console` either,
whose tenant this is, smaller.
"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from bench.console import read_all
from bench.console_tenant import build, multiply
from fauxtune.operations.insight.whatif import Limits
from fauxtune.storage.database import sqlite_url
from fauxtune_console import tasks


def statements(folder: Path, *, people: int, devices: int) -> dict[str, int]:
    """Return how many statements each page sends, with so many copies of the person and of the device."""
    url = sqlite_url(folder / "fauxtune.sqlite")
    multiply(url, people=people, devices=devices)
    # The first turn finds nothing in a cache. The window on the wire is in memory, the same for few and for many.
    measured = asyncio.run(read_all(url, folder, turns=2, exchanges=20))
    return {each.path: each.statements for each in measured}


def test_a_page_reads_as_often_for_200_devices_as_for_32(
    tmp_path: Path, commands: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A page that foresees effects examines 25 devices, and as many again until its time is over.
    monkeypatch.setattr(tasks, "_FEW", Limits(devices=25, seconds=0))
    first = tmp_path / "first"
    first.mkdir()
    build(sqlite_url(first / "fauxtune.sqlite"), folder=first, commands=commands)
    few, many = (Path(shutil.copytree(first, tmp_path / name)) for name in ("few", "many"))
    of_few, of_many = statements(few, people=2, devices=16), statements(many, people=20, devices=10)
    # Fewer where an answer is in a cache by then.
    assert {path: (of_few[path], number) for path, number in of_many.items() if number > of_few[path]} == {}
