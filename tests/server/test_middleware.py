"""What every request passes through: limits, an id, and an answer in the surface's own words when something breaks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from fauxtune.server.middleware import BODY_LIMIT, Guard
from tests.support.ids import SeededIds


async def refuse(_request: Request, error: Exception) -> Response:
    return JSONResponse({"refused": str(getattr(error, "detail", error))}, getattr(error, "status_code", 500))


def application() -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.post("/echo")
    async def echo(request: Request) -> dict[str, object]:
        return {"length": len(await request.body()), "id": request.state.request_id}

    @app.get("/broken")
    async def broken() -> None:
        raise KeyError("a secret detail")

    @app.get("/own-id")
    async def own_id() -> Response:
        return Response(headers={"request-id": "mine"})

    @app.get("/forever")
    async def forever() -> None:
        await asyncio.sleep(3600)

    app.add_middleware(Guard, refuse=refuse, ids=SeededIds(1))
    return app


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application()), base_url="https://test") as client:
        yield client


async def chunks(total: int) -> AsyncIterator[bytes]:
    for _ in range(total // 65536 + 1):
        yield b"x" * 65536


async def test_every_answer_carries_the_id_that_its_handler_sees(client: httpx.AsyncClient) -> None:
    answer = await client.post("/echo", content=b"12345")
    assert answer.json() == {"length": 5, "id": answer.headers["request-id"]}
    assert (await client.get("/own-id")).headers.get_list("request-id") == ["mine"]


async def test_a_body_up_to_the_limit_is_taken(client: httpx.AsyncClient) -> None:
    assert (await client.post("/echo", content=b"x" * BODY_LIMIT)).json()["length"] == BODY_LIMIT


async def test_a_body_that_announces_too_much_is_refused_unread(client: httpx.AsyncClient) -> None:
    unread = True

    async def body() -> AsyncIterator[bytes]:
        nonlocal unread
        unread = False
        yield b"x"

    headers = {"content-length": str(BODY_LIMIT + 1)}
    answer = await client.post("/echo", content=body(), headers=headers)
    assert (answer.status_code, unread) == (413, True)
    assert "4 MiB" in answer.json()["refused"]
    assert "connection" not in answer.headers


async def test_who_waits_for_a_go_ahead_is_told_that_it_ends_here(client: httpx.AsyncClient) -> None:
    headers = {"content-length": str(BODY_LIMIT + 1), "expect": "100-continue"}
    answer = await client.post("/echo", content=chunks(1), headers=headers)
    assert (answer.status_code, answer.headers["connection"]) == (413, "close")


async def test_a_body_without_a_length_is_refused_when_it_grows_too_long(client: httpx.AsyncClient) -> None:
    answer = await client.post("/echo", content=chunks(2 * BODY_LIMIT))
    assert answer.status_code == 413


async def test_a_head_that_is_too_long_is_refused_in_the_surface_s_words(client: httpx.AsyncClient) -> None:
    assert (await client.post("/echo", headers={"x-long": "y" * 65536})).status_code == 431
    both = await client.post(f"/echo?{'y' * 40000}", headers={"x-long": "y" * 40000})
    assert both.json()["refused"].startswith("Request line")


async def test_a_length_that_is_no_number_is_refused(client: httpx.AsyncClient) -> None:
    assert (await client.post("/echo", content=chunks(1), headers={"content-length": "-1"})).status_code == 400


async def test_a_defect_is_answered_with_an_id_and_logged_under_it(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = await client.get("/broken")
    assert answer.status_code == 500
    assert answer.headers["request-id"] in answer.json()["refused"]
    assert "secret" not in answer.text
    (record,) = caplog.records
    assert answer.headers["request-id"] in record.getMessage()
    assert record.exc_info is not None


async def test_a_request_that_a_stopping_server_cuts_off_is_told_so(client: httpx.AsyncClient) -> None:
    request = asyncio.create_task(client.get("/forever"))
    for _ in range(100):
        await asyncio.sleep(0)
    request.cancel()
    answer = await request
    assert (answer.status_code, answer.headers["connection"]) == (503, "close")
