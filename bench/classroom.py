"""A classroom of forty seats: opened, set to a step, checked by forty students, one seat reset.

Every student checks a step of a lab of three devices, waits two to six seconds, and checks again: five times as often
as people do. Some of them have a step done meanwhile. Then all check at the same moment.
"""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import httpx

from bench import older, world
from bench.rows import Row, medians

_SEATS, _CHECKS, _OPENINGS = 40, 4, 2
_LAB = "import-once"
_CONTROL = "/_fauxtune/v1"
_ROOM = f"{_CONTROL}/classrooms/class"
#: Milliseconds of a check at the median, and of a reset.
_MOST_CHECK, _MOST_RESET = 300, 1000
_PATIENCE = 600


def rows() -> Iterator[Row]:
    """Rows: opening, setting all to a step, a check at forty seats, all checks at once, a reset, the page's answer; and
    opening at the earlier commit.
    """
    with tempfile.TemporaryDirectory(prefix="fauxtune-bench-") as name, world.server(folder=Path(name)) as server:
        client = _client(server)
        seats: list[str] = []

        opened = _seconds(lambda: seats.extend(_open(client)))
        yield Row(f"{_SEATS} seats are opened, the first time", f"{opened:.1f} s")
        step = {"lab": _LAB, "step": 2}
        took = _seconds(lambda: client.post(f"{_ROOM}/step", json=step).raise_for_status())
        yield Row(f"{_SEATS} seats start a lab and do a step", f"{took:.1f} s", f"{took / _SEATS:.2f} s a seat")
        memory = server.memory()
        times = _students(client, seats)
        yield _row(f"a check, {_SEATS} students at work", statistics.median(times), most=_MOST_CHECK)
        yield Row("the slowest of twenty of these", f"{statistics.quantiles(times, n=20)[-1]:.0f} ms")
        together = _at_once(client, seats)
        yield Row(f"a check, {_SEATS} at the same moment", f"{statistics.median(together):.0f} ms")
        resets = [_seconds(lambda: client.post(f"{_ROOM}/seats/7/reset", json={}).raise_for_status()) for _ in range(5)]
        yield _row("a seat is reset", statistics.median(resets) * 1000, most=_MOST_RESET)
        answers = [_seconds(lambda: client.get(_ROOM).raise_for_status()) for _ in range(10)]
        yield Row(f"the progress of {_SEATS} seats", f"{statistics.median(answers) * 1000:.0f} ms")
        yield Row(f"memory of the server, {_SEATS} seats", f"{memory:.0f} MiB")
    with older.checked_out() as old:
        pairs = [(_opening(None), _opening(old.commands)) for _ in range(_OPENINGS)]
    ours, before, _ = medians(pairs)
    yield older.row(f"{_SEATS} seats opened: server's time", ours, before, goal=0.45, unit="s")


def _opening(commands: Path | None) -> float:
    """The processor time in seconds of a new server, or of the one in this folder, that opens a room: first a small
    room, which loads the code.
    """
    with world.server(commands=commands) as server, _client(server) as client:
        _open(client, seats=1)
        client.delete(_ROOM).raise_for_status()
        server.until_idle()
        before = server.cpu()
        _open(client)
        return server.cpu() - before


def _client(server: world.Server) -> httpx.Client:
    return httpx.Client(base_url=server.endpoints["http"].replace("localhost", "127.0.0.1"), timeout=_PATIENCE)


def _open(client: httpx.Client, *, seats: int = _SEATS) -> list[str]:
    """Open the room. Returns the passwords of its seats."""
    answer = client.post(f"{_CONTROL}/classrooms", json={"seats": seats, "labs": [_LAB]}).raise_for_status()
    return [seat["password"] for seat in answer.json()["seats"]]


def _row(name: str, milliseconds: float, *, most: int) -> Row:
    return Row(name, f"{milliseconds:.0f} ms", f"{most} ms", milliseconds / most, 1.0, at_most=True)


def _students(client: httpx.Client, seats: list[str]) -> list[float]:
    """The milliseconds of all checks, while every student checks and waits, and some have a step done."""

    def student(number: int) -> list[float]:
        chance, times = Random(number), []
        for turn in range(_CHECKS):
            time.sleep(chance.uniform(2, 6))
            if turn == number % _CHECKS and number % 4 == 0:
                _post(client, seats, number, do="solve", step=3)
            times.append(_seconds(lambda: _post(client, seats, number, do="check", step=2)) * 1000)
        return times

    with ThreadPoolExecutor(len(seats)) as threads:
        return [each for times in threads.map(student, range(len(seats))) for each in times]


def _at_once(client: httpx.Client, seats: list[str]) -> list[float]:
    """The milliseconds of a check of each student, all of them begun together."""
    barrier = threading.Barrier(len(seats))

    def student(number: int) -> float:
        barrier.wait()
        return _seconds(lambda: _post(client, seats, number, do="check", step=2)) * 1000

    with ThreadPoolExecutor(len(seats)) as threads:
        return list(threads.map(student, range(len(seats))))


def _post(client: httpx.Client, seats: list[str], number: int, *, do: str, step: int) -> None:
    url = f"{_CONTROL}/tenants/class-{number + 1:02}/labs/{_LAB}/{do}"
    headers = {"authorization": f"Bearer {seats[number]}"}
    client.post(url, json={"step": step}, headers=headers).raise_for_status()


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
