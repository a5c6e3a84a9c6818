"""The window on the wire when strangers look for ways to harm its readers: hosts, addresses, bodies that take long."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import TypeVar

import httpx
import pytest

from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.turns import Workers
from fauxtune.operations.runtime.wire import Bounds, Wire
from fauxtune.server.factory import Application
from fauxtune_wire import recording as insight
from tests.support.wire import recorded, whole

T = TypeVar("T")


async def test_a_command_of_curl_sends_a_token_to_this_server_alone_and_expands_no_pattern(
    http: httpx.AsyncClient,
) -> None:
    url = "/pki/contoso/root/crl?a={b,c}[1-9999]"
    for host in ("evil.example", "localhost.evil.example", "evil.example#localhost", "localhost:8080"):
        await http.get(url, headers={"host": host, "authorization": "Bearer abc123"})
    commands = [(await whole(http, each))["asCurl"] for each in await recorded(http)]
    assert ["$TOKEN" in command for command in commands] == [False, False, False, True]
    assert all(command.startswith("curl -sS -g -X GET ") for command in commands)


async def test_an_address_that_is_no_url_is_listed(http: httpx.AsyncClient, app: Application) -> None:
    async def send(message: object) -> None:
        pass

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b""}

    for path in ("//[", "//a[b]c", "/\xbd@[::1", "//user:word@host/"):
        scope: dict[str, object] = {
            "type": "http",
            "scheme": "http",
            "method": "GET",
            "path": path,
            "raw_path": path.encode("latin-1"),
            "headers": [],
        }
        await app({**scope, "query_string": b"[?#&=%", "client": ("127.0.0.1", 1)}, receive, send)
    exchanges = await recorded(http, None)
    assert len(exchanges) == 4
    for exchange in exchanges:
        assert (await whole(http, exchange, None))["asCurl"].startswith("curl ")
    assert (await http.get("/_fauxtune/v1/wire?format=har")).json()["log"]["entries"]


class _Counting(Workers):
    """A thread that counts what it is given."""

    count = 0

    def submit(self, tenant: str, work: Callable[[], T]) -> Future[T]:
        self.count += 1
        return super().submit(tenant, work)


async def test_what_strangers_sent_is_read_in_a_thread_and_by_a_waiting_reader_once(
    http: httpx.AsyncClient, contoso: httpx.AsyncClient, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(insight, "_TURN", 60)  # on a busy machine a turn could end before all is read
    readers = emulator.readers = _Counting(1)
    for _ in range(3):
        await contoso.post("/whatif", json={"needle": "hay"})
    for path, count in (("/wire", 1), ("/wire/1", 1), ("/wire?text=needle", 2), ("/wire?format=har", 1)):
        readers.count = 0
        assert (await contoso.get(path)).status_code == 200
        assert readers.count == count, path
    readers.count = 0
    waiting = asyncio.create_task(contoso.get("/wire?wait=30&text=found"))
    await asyncio.sleep(0.05)
    await contoso.get("/clock")
    await asyncio.sleep(0.05)
    await contoso.get("/found")
    assert len((await asyncio.wait_for(waiting, 5)).json()["exchanges"]) == 1
    assert readers.count <= 3 + 3, "a search for each that came, and at most as many pages"


async def test_a_search_that_reads_too_long_stops_and_says_where_to_go_on(
    app: Application, contoso: httpx.AsyncClient, emulator: Emulator
) -> None:
    wire = Wire(emulator.runner, Bounds(search_seconds=0))
    app.state.emulator = replace(emulator, wire=wire)
    for number in (1, 2, 3, 4):
        await contoso.post("/whatif", json={"needle": "hay" if number % 2 else "straw"})
    assert await _pages(contoso, "before={stoppedAt}") == ([4, 2], [4, 3, 2, None])
    assert await _pages(contoso, "after={next}", first="&after=1") == ([2, 4], [2, 3, None])
    page = (await contoso.get("/wire?text=nothing&after=1&wait=30")).json()
    assert (page["exchanges"], page["next"], page["stoppedAt"]) == ([], 2, 2)
    assert (await contoso.get("/wire?before=3")).json()["stoppedAt"] is None
    archive = (await contoso.get("/wire?text=straw&format=har")).json()["log"]
    assert archive["comment"].endswith("the search stopped at request 4.")
    assert len(archive["entries"]) == 1
    console = "http://localhost:8080/console/contoso/wire"
    shown = (await contoso.get(f"{console}?text=nothing")).text
    assert "the search stopped at request 4" in shown
    assert 'href="/console/contoso/wire?before=4&amp;text=nothing"' in shown
    assert "No request fits" not in shown
    assert 'data-key="3"' in (await contoso.get(f"{console}?before=4&text=hay")).text


async def _pages(contoso: httpx.AsyncClient, onward: str, first: str = "") -> tuple[list[int], list[int | None]]:
    """The numbers of the exchanges with "straw" on all pages, and where each search stopped."""
    numbers: list[int] = []
    stops: list[int | None] = []
    query = first
    while not stops or stops[-1] is not None:
        page = (await contoso.get(f"/wire?text=straw{query}")).json()
        numbers += [exchange["number"] for exchange in page["exchanges"]]
        stops.append(page["stoppedAt"])
        query = "&" + onward.format_map(page)
    return numbers, stops


async def test_an_archive_leaves_out_what_is_forgotten_while_it_is_read(
    http: httpx.AsyncClient, emulator: Emulator
) -> None:
    for _ in range(70):
        await http.get("/pki/contoso/root/crl")
    tenant = await emulator.runner.tenant("contoso")
    every = b"".join([piece async for piece in await insight.har(emulator, tenant, wanted=insight.Wanted())])
    assert [entry["_number"] for entry in json.loads(every)["log"]["entries"]] == [*range(1, 71)]
    pieces = await insight.har(emulator, tenant, wanted=insight.Wanted())
    text = await anext(pieces) + await anext(pieces)
    await insight.clear(emulator, tenant)
    text += b"".join([piece async for piece in pieces])
    assert 0 < len(json.loads(text)["log"]["entries"]) < 70, "a piece has fifty at most"


async def test_a_long_address_is_cut_in_lists_and_pages(http: httpx.AsyncClient, contoso: httpx.AsyncClient) -> None:
    await contoso.get("/nothing?" + "&" * 50_000)
    (exchange,) = await recorded(http)
    assert len(exchange["url"]) < 2100
    assert len((await whole(http, exchange))["url"]) < 17_000
    assert len((await http.get("http://localhost:8080/console/contoso/wire")).text) < 20_000
