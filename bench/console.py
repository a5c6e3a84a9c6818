"""Every page of the console in a tenant of 10,000 devices and 1,000 people, on SQLite and PostgreSQL.

The rows of one settled device and of its user are copied; half of the devices have still to plan, so that half of what
the profiles deliver waits. On SQLite the time of a page is the processor time of the whole application, which does not
depend on the load of the machine; on PostgreSQL it is what a browser waits, for another process works there too. The
floor of each page is one that shows a form and reads nothing.
"""

from __future__ import annotations

import asyncio
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import Connection, event, func, select, text

from bench import inside, world
from bench.copies import copy_people
from bench.postgres import postgresql
from bench.rows import Row
from fauxtune.connector.keypool import KeyRing
from fauxtune.core.administration import directory, emulation, mail, profiles
from fauxtune.core.administration.assignments import assign, to_group
from fauxtune.core.administration.choices import Purpose
from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.model.platform_words import ProfilePlatform
from fauxtune.core.model.platforms import Variant
from fauxtune.server.bootstrap import Environment, assemble
from fauxtune.server.clock import SystemClock
from fauxtune.server.factory import create_app
from fauxtune.server.ids import SystemIds
from fauxtune.storage.database import Database, sqlite_url
from fauxtune.storage.tables import (
    authorities,
    certificates,
    connector_keys,
    connectors,
    directory_devices,
    enrollments,
    groups,
    ledger,
    managed_devices,
    pfx_certificates,
    published_certificates,
)
from fauxtune.storage.tables import profiles as profile_table
from fauxtune.surfaces.console.app import PAGES

_PEOPLE, _DEVICES_EACH = 1_000, 10
_PROFILES, _GROUPS = 28, 120
_PHONES = ProfilePlatform.ANDROID
#: As many as the window on the wire keeps.
_EXCHANGES = 500
_TURNS = 5
_MOST_MS = 200
#: How the addresses of files end.
_FILES = (".har", ".eml", ".pem")
_CONTROL = "/_fauxtune/v1/tenants/contoso"
_STATIC = "/users/new"
#: data. Pages with a query: a filter, a search, a last page, a step of a form.
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
    "/authority/certificates?text=person1", "/authority/certificates?text=ab12",
    "/authority/certificates?state=good&template=SmimeP256&page=100",
    "/authority/imported?page=20", "/authority/imported?text=person1",
    "/authority/{authority}?page=40", "/authority/{authority}?ask={certificate}",
    "/journal?before=1000", "/journal?type=enrolled", "/journal?type=wiped", "/journal?device={device}",
    "/journal?user={address}",
    "/connectors/{connector}?before=1000", "/connectors/{connector}?event=1",
    "/why?user={address}", "/why?device={device}", "/why?profile={profile}",
    "/wire?text=nothing",
)  # fmt: skip
#: data. Pages that need a query, or a thing in another state, than `_filled` would name.
_OTHERWISE: dict[str, str] = {
    "/address-book/{address}/{thumbprint}/certificate.pem": "/address-book/{alice}/{published}/certificate.pem",
    "/address-book/{address}/{thumbprint}/withdraw": "/address-book/{alice}/{published}/withdraw",
    "/authority/certificates/{certificate}/release": "/authority/certificates/{held}/release",
    "/connectors/{connector}/delete": "/connectors/{offline}/delete",
    "/connectors/{connector}/keys/delete": "/connectors/{connector}/keys/delete?provider={provider}&name={key}",
    "/devices/{device}/lock": "/devices/{owned}/lock",
    "/devices/{device}/wipe": "/devices/{owned}/wipe",
    "/groups/{group}/remove": "/groups/{group}/remove?member={user}",
    **{
        f"/users/{{user}}/mail/{{uid}}{rest}": f"/users/{{alice}}/mail/1{rest}"
        for rest in ("", "/delete", "/message.eml", "/source")
    },
}


@dataclass(frozen=True, slots=True)
class _Measured:
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
    _build(url, folder=folder)
    measured, floor = asyncio.run(_read_all(url, folder))
    measured.sort(key=lambda each: -each.milliseconds)
    for each in measured:
        yield Row(f"{database} {each.path}"[:46], f"{each.milliseconds:.1f} ms", f"{each.statements} statements")
    # A file is not waited for as a page is: it is streamed, and has all exchanges whole.
    pages = [each for each in measured if not each.path.endswith(_FILES)]
    slowest = pages[0]
    yield Row(
        f"{len(pages)} pages of the console, {database}: the slowest",
        f"{slowest.milliseconds:.0f} ms",
        f"{_MOST_MS} ms",
        slowest.milliseconds / _MOST_MS,
        1.0,
        at_most=True,
    )
    yield Row("the slowest / a page that reads nothing", f"{slowest.milliseconds:.1f} ms", f"{floor:.1f} ms",
              slowest.milliseconds / floor)  # fmt: skip


# ------------------------------------------------------------------------------------------------------ the tenant


def _build(url: str, *, folder: Path) -> None:
    with world.server("--database-url", url, folder=folder) as server:
        client = server.client()
        _furnish(client)
        fleet = (sys.executable, "-m", "fauxtune_sim", "fleet", "--devices", "1", "--user", world.ALICE)
        where = ("--server", server.endpoints["http"], "--tenant", "contoso", "--mix", "android:1", "--output", "json")
        subprocess.run([*fleet, *where], check=True, capture_output=True)
        _correspond(client)
    copy_people(url, people=_PEOPLE, devices=_DEVICES_EACH)
    database = Database(url)
    database.run_now(_disturb)
    if not database.is_sqlite:
        database.run_now(lambda connection: connection.execute(text("ANALYZE")))
    database.close()


def _furnish(client: httpx.Client) -> None:
    """Create profiles for everybody, groups, an imported certificate, and what single pages show."""
    graph, control = "/beta", _CONTROL

    def send(base: str, request: AdminRequest) -> Any:
        return _send(client, base, request=request)

    root = client.get("/pki/contoso/root/ca.cer").raise_for_status().content
    issuer = profiles.Issuer("ca.contoso.example", "Contoso Issuing CA", kind=None)
    requests = [
        *profiles.create_root("Root", platforms=[_PHONES], certificate=root),
        *profiles.create_pkcs("Signing", platforms=[_PHONES], issuer=issuer, template="SmimeP256"),
    ]
    for number in range(_PROFILES // 2):
        requests += profiles.create_imported(f"Files {number}", platforms=[_PHONES], purpose=Purpose.ENCRYPTION)
        requests += profiles.create_root(f"Other root {number}", platforms=[ProfilePlatform.IOS], certificate=root)
    targets = [to_group(world.group_id(client, name)) for name in ("All Staff", "SMIME Pilot")]
    for request in requests:
        send(graph, assign(str(send(graph, request)["id"]), present=(), targets=targets))
    for number in range(_GROUPS):
        send(graph, directory.create_group(f"Group {number}"))
    world.import_pfx(client, world.pfx_document(client))
    send(control, emulation.create_template("issuing", name="Ours"))
    send(control, emulation.create_connector("Spare", roles=["revocation"], mode="polling"))


def _send(client: httpx.Client, base: str, *, request: AdminRequest) -> Any:
    answer = client.request(request.method, f"{base}{request.path}", json=request.body).raise_for_status()
    return answer.json() if answer.content else None


def _correspond(client: httpx.Client) -> None:
    """Publish a certificate of Alice, and send her a letter."""
    issued = client.get(f"{_CONTROL}/certificates", params={"userPrincipalName": world.ALICE}).raise_for_status().json()
    mark = issued["value"][0]["thumbprint"]
    _send(client, _CONTROL, request=mail.publish_certificate(world.ALICE, thumbprint=mark))
    _send(client, _CONTROL, request=mail.send_text(world.ALICE, to=[world.ALICE], subject="Hello", text="A letter."))


def _disturb(connection: Connection) -> None:
    """Let every second device be behind, some items fail, and some certificates be revoked or on hold."""
    connection.execute(
        enrollments.update().where(_share(enrollments.c.id, "01234567")).values(generation=enrollments.c.generation + 1)
    )
    connection.execute(
        ledger.update().where(_share(ledger.c.enrollment_id, "8")).values(state="failed", message="no room")
    )
    moment = select(func.max(certificates.c.not_before)).scalar_subquery()
    for digits, reason in (("ab", "superseded"), ("c", "certificateHold")):
        connection.execute(
            certificates.update()
            .where(_share(certificates.c.serial, digits), certificates.c.authority == "issuing")
            .values(revoked_at=moment, reason=reason)
        )
    connection.execute(connectors.update().where(connectors.c.name == "Spare").values(state="offline"))
    last = select(func.max(enrollments.c.id)).scalar_subquery()
    owned = {"variant": Variant.ANDROID_FULLY_MANAGED, "mode": "fully-managed"}
    connection.execute(enrollments.update().where(enrollments.c.id == last).values(owned))


def _share(column: Any, digits: str) -> Any:
    """Whether a random hexadecimal number begins with one of these digits."""
    return func.substr(column, 1, 1).in_(list(digits))


# ------------------------------------------------------------------------------------------------------- the pages


def _things(connection: Connection) -> dict[str, str]:
    """The names of things by the words of addresses."""

    def one(column: Any, *where: Any) -> str:
        return str(connection.execute(select(column).where(*where).order_by(column).limit(1)).scalar_one())

    record = managed_devices.c
    device = connection.execute(
        select(record.enrollment_id, record.user_id, record.user_principal_name)
        .where(record.user_principal_name.like("person%"))
        .order_by(record.enrollment_id)
        .limit(1)
    ).one()
    issuing = certificates.c.authority == "issuing"
    key = connection.execute(select(connector_keys.c.provider, connector_keys.c.key_name)).one()
    return {
        "device": device[0],
        "owned": one(enrollments.c.id, enrollments.c.variant == Variant.ANDROID_FULLY_MANAGED),
        "user": device[1],
        "device_object": one(directory_devices.c.id, directory_devices.c.enrollment_id == device[0]),
        "address": device[2],
        "group": one(groups.c.id, groups.c.document["displayName"].as_string() == "All Staff"),
        "profile": one(profile_table.c.id, profile_table.c.kind.contains("Pkcs")),
        "alice": world.ALICE,
        "published": one(published_certificates.c.thumbprint),
        "certificate": one(certificates.c.serial, issuing, certificates.c.revoked_at.is_(None)),
        "held": one(certificates.c.serial, issuing, certificates.c.reason == "certificateHold"),
        "authority": one(authorities.c.name, authorities.c.role == "issuing"),
        "template": "Ours",
        "connector": one(connectors.c.id, connectors.c.state == "online"),
        "offline": one(connectors.c.id, connectors.c.state == "offline"),
        "thumbprint": one(pfx_certificates.c.thumbprint, pfx_certificates.c.user_id == device[1]),
        "number": str(_EXCHANGES),
        "provider": key.provider,
        "key": key.key_name,
    }


@asynccontextmanager
async def _console(database: Database, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    around = Environment(clock=SystemClock(), ids=SystemIds(), addresses=inside.ADDRESSES)
    emulator = assemble(database, folder, around=around, key_source=KeyRing([rsa.generate_private_key(65537, 2048)]))
    transport = httpx.ASGITransport(create_app(emulator))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost/console/contoso") as client:
        yield client


async def _read_all(url: str, folder: Path) -> tuple[list[_Measured], float]:
    database = Database(url)
    clock = time.process_time if database.is_sqlite else time.perf_counter
    things = database.run_now(_things)
    sent: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *values: sent.append(values[2]))
    async with _console(database, folder) as client:
        paths = [*(_OTHERWISE.get(path, path) for path, method, _page in PAGES if method == "GET"), *_QUERIES]
        for _ in range(_EXCHANGES):
            (await client.get("http://localhost/pki/contoso/root/ca.cer")).raise_for_status()
        addresses = {path: path.format(**things) for path in paths}
        measured = [
            await _measure(client, path, address, clock=clock, sent=sent) for path, address in addresses.items()
        ]
        floor = next(each.milliseconds for each in measured if each.path == _STATIC)
    database.close()
    return measured, floor


async def _measure(
    client: httpx.AsyncClient, path: str, address: str, *, clock: Callable[[], float], sent: list[str]
) -> _Measured:
    times, count = [], 0
    for _ in range(_TURNS):
        sent.clear()
        start = clock()
        answer = await client.get(address)
        times.append(clock() - start)
        count = len(sent)
        if answer.status_code != 200:
            words = re.sub(r"<[^>]*>|\s+", " ", answer.text)[-800:]
            raise RuntimeError(f"{path}: {answer.status_code} {words}")
    return _Measured(path, statistics.median(times) * 1000, count)
