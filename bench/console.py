"""Every page of the console in a tenant of 10,000 devices and 1,000 people, on SQLite and PostgreSQL.

The rows of one settled device and of its user are copied; half of the devices have still to plan, so that half of what
the profiles deliver waits. On SQLite the time of a page is the processor time of the whole application, which does not
depend on the load of the machine; on PostgreSQL it is what a browser waits, for another process works there too. The
floor of each page is one that shows a form and reads nothing. A small tenant of the same kind is read by
tests/surfaces/console/test_many_devices.py, so that a page which is added is here, too.
"""

from __future__ import annotations

import asyncio
import re
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import event

from bench import inside
from bench.console_tenant import build, multiply, things
from bench.postgres import postgresql
from bench.rows import Row
from fauxtune.connector.keypool import KeyRing
from fauxtune.server.bootstrap import Environment, assemble
from fauxtune.server.factory import Application
from fauxtune.server.system import SystemClock, SystemIds
from fauxtune.storage.database import Database, sqlite_url
from fauxtune_console.app import PAGES

_PEOPLE, _DEVICES_EACH = 1_000, 10
_TURNS = 3
#: Exchanges that the window on the wire has: the most that it keeps.
_EXCHANGES = 500
_MOST_MS = 200
#: Seconds of readings of one address after which it is not read again.
_LONG = 1.0
#: How the addresses of files end.
_FILES = (".har", ".eml", ".pem", ".json", "/files/{name}")
_STATIC = "/users/new"
#: data. Pages that compare all that the tenant has with a snapshot, or with what a lab began with.
_WHOLE = {"/labs/{lab}", "/labs/{lab}/start", "/snapshots/reset", "/snapshots/{snapshot}/restore"}
#: data. Pages of the other kind of device: the server's own process has those that it simulates, and none is here.
_ELSEWHERE = {"/devices/{device}/owner"}
#: data. Pages with a query: a filter, a search, a last page, a step of a form. Digits are so many that no certificate
#: begins with them: a page that finds one sends a statement more.
_QUERIES: tuple[str, ...] = (
    "?page=50", "?text=person", "?text=nobody",
    "/devices?page=200", "/devices?state=waiting", "/devices?state=failed", "/devices?text=person1",
    "/devices?platform=android&sort=check-in",
    "/users?page=20", "/users?text=son09",
    "/groups?page=3", "/groups?text=staff", "/groups/{group}?page=20", "/groups/{group}?text=son09",
    "/groups/{group}/add?text=person", "/groups/{group}/add?member={device_object}",
    "/profiles?page=2", "/profiles?text=1",
    "/profiles/{profile}?page=200", "/profiles/{profile}?status=pending&page=100", "/profiles/{profile}?text=person1",
    "/profiles/new?kind=pkcs",
    "/authority/certificates?page=200", "/authority/certificates?state=revoked",
    "/authority/certificates?text=person1", "/authority/certificates?text=ab12ab12ab12",
    "/authority/certificates?state=good&template=SmimeP256&page=100",
    "/authority/imported?page=20", "/authority/imported?text=person1",
    "/authority/{authority}?page=40", "/authority/{authority}?ask={certificate}",
    "/journal?before=1000", "/journal?type=enrolled", "/journal?type=wiped", "/journal?device={device}",
    "/journal?user={address}",
    "/connectors/{connector}?before=1000", "/connectors/{connector}?event=1",
    "/why?user={address}", "/why?device={device}", "/why?profile={profile}",
    "/wire?text=nothing",
)  # fmt: skip
#: data. Pages that need a query, or a thing in another state, than `things` names.
_OTHERWISE: dict[str, str] = {
    "/address-book/{address}/{thumbprint}/certificate.pem": "/address-book/{alice}/{published}/certificate.pem",
    "/address-book/{address}/{thumbprint}/withdraw": "/address-book/{alice}/{published}/withdraw",
    "/authority/certificates/{certificate}/release": "/authority/certificates/{held}/release",
    "/connectors/{connector}/delete": "/connectors/{offline}/delete",
    "/connectors/{connector}/keys/delete": "/connectors/{connector}/keys/delete?provider={provider}&name={key}",
    "/devices/{device}/lock": "/devices/{owned}/lock",
    "/devices/{device}/wipe": "/devices/{owned}/wipe",
    "/groups/{group}/remove": "/groups/{group}/remove?member={user}",
    "/states/reach": "/states/reach?state={sentence}",
    **{
        f"/users/{{user}}/mail/{{uid}}{rest}": f"/users/{{alice}}/mail/1{rest}"
        for rest in ("", "/delete", "/message.eml", "/source")
    },
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One address: milliseconds and statements of a reading."""

    path: str
    milliseconds: float
    statements: int


def rows() -> Iterator[Row]:
    """A row for each address, then the slowest page of SQLite and of PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="fauxtune-bench-") as name:
        folder = Path(name)
        yield from _rows("SQLite", sqlite_url(folder / "fauxtune.sqlite"), folder=folder)
    with tempfile.TemporaryDirectory(prefix="fauxtune-bench-") as name, postgresql() as url:
        yield from _rows("PostgreSQL", url, folder=Path(name))


def _rows(database: str, url: str, *, folder: Path) -> Iterator[Row]:
    build(url, folder=folder)
    multiply(url, people=_PEOPLE, devices=_DEVICES_EACH)
    measured = asyncio.run(read_all(url, folder, turns=_TURNS, exchanges=_EXCHANGES))
    floor = next(each.milliseconds for each in measured if each.path == _STATIC)
    measured.sort(key=lambda each: -each.milliseconds)
    for each in measured:
        yield Row(f"{database} {each.path}"[:46], f"{each.milliseconds:.1f} ms", f"{each.statements} statements")
    # A file is not waited for as a page is: it is streamed, and has all exchanges whole.
    pages = [each for each in measured if not each.path.endswith(_FILES)]
    listing = [page for page in pages if page.path not in _WHOLE]
    slowest = listing[0]
    yield _slowest(f"{len(listing)} pages of the console, {database}: the slowest", slowest)
    yield Row("the slowest / a page that reads nothing", f"{slowest.milliseconds:.1f} ms", f"{floor:.1f} ms",
              slowest.milliseconds / floor)  # fmt: skip
    yield _slowest(f"the slowest that read the whole tenant, {database}", next(p for p in pages if p.path in _WHOLE))


def _slowest(name: str, page: Measured) -> Row:
    ratio = page.milliseconds / _MOST_MS
    return Row(name, f"{page.milliseconds:.0f} ms", f"{_MOST_MS} ms", ratio, 1.0, at_most=True)


@asynccontextmanager
async def _console(database: Database, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    around = Environment(clock=SystemClock(), ids=SystemIds(), addresses=inside.ADDRESSES)
    emulator = assemble(database, folder, around=around, key_source=KeyRing([rsa.generate_private_key(65537, 2048)]))
    transport = httpx.ASGITransport(Application(emulator))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost/console/contoso") as client:
        yield client


async def read_all(url: str, folder: Path, *, turns: int, exchanges: int) -> list[Measured]:
    """Read every address so often, or for a second; return the median of the times and the last turn's statements.

    `exchanges`: so many are in the window on the wire.
    """
    database = Database(url)
    clock = time.process_time if database.is_sqlite else time.perf_counter
    names = {**database.run_now(things), "number": str(exchanges)}
    sent: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *values: sent.append(values[2]))
    pages = [path for path, method, _page in PAGES if method == "GET" and path not in _ELSEWHERE]
    measured = []
    async with _console(database, folder) as client:
        for _ in range(exchanges):
            (await client.get("http://localhost/pki/contoso/root/ca.cer")).raise_for_status()
        for path in [*(_OTHERWISE.get(path, path) for path in pages), *_QUERIES]:
            address = path.format(**names)
            times: list[float] = []
            while len(times) < turns and sum(times) < _LONG:
                sent.clear()
                times.append(await _seconds(client, address, clock=clock))
            measured.append(Measured(path, statistics.median(times) * 1000, len(sent)))
    database.close()
    return measured


async def _seconds(client: httpx.AsyncClient, address: str, *, clock: Callable[[], float]) -> float:
    start = clock()
    answer = await client.get(address, follow_redirects=True)  # a smaller tenant has fewer pages
    seconds = clock() - start
    if answer.status_code != 200:
        words = re.sub(r"<[^>]*>|\s+", " ", answer.text)[-800:]
        raise RuntimeError(f"{address}: {answer.status_code} {words}")
    return seconds
